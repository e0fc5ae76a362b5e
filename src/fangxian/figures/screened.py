"""Who is in which category of the screening rules: counted where verified, shown apart where not.

A person is in a category when, of the person's live verified answers that reached somebody, the latest (by
when it happened, then by when it was recorded) satisfies the category's conditions: so at least one verified
answer puts the person there, and no later verified one says otherwise. Answers that nobody verified neither
add nor remove anyone; where the latest live answer of somebody who is not counted satisfies the conditions,
that person is a lead.
"""

from collections.abc import Iterable
from functools import reduce
from operator import or_

import narwhals as nw

from fangxian.screening.rules import Category, as_expression, load_rules

from .facts import ORDER, Facts
from .frames import Frame
from .kinds import People

ANSWERS = ("place", "purpose", "returned_on", "contact_hubei", "occupation")


def category(facts: Facts, rule: Category) -> People:
    """Those whom a rule counts, with the verified answers that put them there; and why others are not in it
    whom some answer would have put there."""
    excluded = {} if rule.from_registry else _not_counted(facts, rule)
    return People(_at_home(facts, _ids(facts, rule)), excluded=excluded, because=_because(facts, [rule]))


def leads(facts: Facts, rule: Category) -> People:
    """Those whose latest answer satisfies a rule, without being counted by it."""
    because = _claimed_last(facts, rule).select(id="person", because="submission")
    return People(_at_home(facts, _waiting(facts, rule)), because=because)


def _not_counted(facts: Facts, rule: Category) -> dict[str, Frame]:
    """Who waits to be verified, and whose later answers say otherwise."""
    ever = _answers(facts).filter(as_expression(rule)).select(id="person").unique("id")
    waiting = _waiting(facts, rule)
    otherwise = ever.join(_ids(facts, rule), on="id", how="anti").join(waiting, on="id", how="anti")
    return {"unverified": _at_home(facts, waiting), "said-otherwise": _at_home(facts, otherwise)}


def _waiting(facts: Facts, rule: Category) -> Frame:
    return _claimed_last(facts, rule).select(id="person").join(_ids(facts, rule), on="id", how="anti")


def _claimed_last(facts: Facts, rule: Category) -> Frame:
    """The latest answers, verified or not, that satisfy a rule."""
    return _latest(facts, "screening latest", _answers(facts)).filter(as_expression(rule))


def union(facts: Facts) -> People:
    """Those who are in any category, each once."""
    ids = nw.concat([_ids(facts, rule) for rule in load_rules()]).unique("id")
    return People(_at_home(facts, ids), because=_because(facts, load_rules()))


def _at_home(facts: Facts, ids: Frame) -> Frame:
    """id, unit of these: the homes of all who could be in a category are looked up at once."""
    homes = facts.kept("screening homes", lambda: facts.homes(_candidates(facts)))
    return homes.join(ids, on="id", how="semi")


def _candidates(facts: Facts) -> Frame:
    asked = _answers(facts).select(id="person")
    return nw.concat([asked, *(_ids(facts, rule) for rule in load_rules() if rule.from_registry)]).unique(
        "id"
    )


def _ids(facts: Facts, rule: Category) -> Frame:
    if rule.from_registry:
        return (
            facts.posts(rule.role)
            .select("id")
            .unique("id")
            .join(facts.natives(rule.native_place), on="id", how="semi")
        )
    latest = _latest(facts, "screening latest verified", _verified(facts))
    return latest.filter(as_expression(rule)).select(id="person")


def _because(facts: Facts, rules: Iterable[Category]) -> Frame:
    """id, because: the live verified answers that satisfy a rule of these."""
    satisfying = [
        _verified(facts).filter(as_expression(rule)).select(id="person", because="submission")
        for rule in rules
        if not rule.from_registry
    ]
    nothing = _verified(facts).head(0).select(id="person", because="submission")
    return nw.concat([nothing, *satisfying]).unique(["id", "because"])


def _latest(facts: Facts, name: str, answers: Frame) -> Frame:
    return facts.kept(name, lambda: answers.unique("person", keep="last", order_by=ORDER))


def _verified(facts: Facts) -> Frame:
    return facts.kept(
        "screening verified",
        lambda: _answers(facts).join(facts.verified, on="submission", how="semi"),
    )


def _answers(facts: Facts) -> Frame:
    """Live answers about persons who were reached, with what the registry says of the persons: all answers of
    those of whom at least one, by itself, could put them into a category."""
    return facts.kept("screening answers", lambda: _with_attributes(facts))


def _with_attributes(facts: Facts) -> Frame:
    sheets = facts.live("screening").filter(
        nw.col("subject_kind") == "person", nw.col("a_outcome") == "reached"
    )
    answers = sheets.select(*ORDER, person="subject", **{name: f"a_{name}" for name in ANSWERS})
    answering = [as_expression(rule, ANSWERS) for rule in load_rules() if not rule.from_registry]
    named = facts.kept("screening named", lambda: answers.filter(reduce(or_, answering)).select("person"))
    answers = answers.join(named, on="person", how="semi")
    for name, persons in _attributes(facts, named).items():
        marked = persons.unique("person").with_columns(nw.lit(True).alias(name))
        answers = answers.join(marked, on="person", how="left").with_columns(nw.col(name).fill_null(False))
    return answers


def _attributes(facts: Facts, named: Frame) -> dict[str, Frame]:
    """Attribute -> person of those of the named who have it."""
    staff = facts.posts("staff").select(person="id")
    households = facts.members.join(named, on="person", how="semi")
    near = facts.members.join(staff, on="person", how="semi").select("household")
    return {
        "staff": staff.join(named, on="person", how="semi"),
        "pupil": facts.posts("pupil").select(person="id").join(named, on="person", how="semi"),
        "staff_in_household": households.join(near, on="household", how="semi").select("person"),
    }
