"""A household's call as its caller sees it, while it is leased to that caller: nothing that the call does not
need, as the policy's purpose `call` says."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from fangxian.access import policy
from fangxian.access.actor import Actor
from fangxian.campaigns.models import CampaignText
from fangxian.desk import actions, queries
from fangxian.desk.models import Ask, Attempt, Lease
from fangxian.desk.problems import NotLeased
from fangxian.desk.queries import Calling
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.kernel.secrets import keyring
from fangxian.matching.calling import Named, naming
from fangxian.matching.topics import TOPICS
from fangxian.registry.holding import holding, in_chunks
from fangxian.registry.models import Membership, PersonState, Post
from fangxian.registry.tree import Tree, tree
from fangxian.submissions.forms import Fault, Form
from fangxian.submissions.models import Submission

from .filling.drawn import Asked, asked_by_word, draw
from .filling.posted import read_answers
from .wording import chinese, in_a_row

ASKED = ("pupil", "staff")  # who of a household is always answered for
OUTCOME = frozenset({actions.OUTCOME})


@dataclass(frozen=True, slots=True)
class Claim:
    """A list that names somebody, or may. As the caller put it in: `denied`, or `told` of its question."""

    of: Named
    topic: str
    title: str
    row: str
    denied: bool
    told: str

    @property
    def mark(self) -> str:
        return f"{self.of.lead or ''}-{self.of.question or ''}"


@dataclass(slots=True)
class Member:
    """One of the household. `always`: a sheet is wanted, of pupils, staff and whom a list names; of others
    only where there is something to say."""

    id: int
    name: str
    relation: str
    place: str
    always: bool
    fields: list[Asked] = field(default_factory=list)
    known_on: datetime | None = None
    claims: list[Claim] = field(default_factory=list)

    @property
    def faults(self) -> list[Asked]:
        return [f for f in self.fields if f.fault]

    @property
    def asked(self) -> str:
        return " ".join(f.id for f in self.fields)


@dataclass(frozen=True, slots=True)
class Phone:
    person: int
    of: str
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    lease: Lease
    calling: Calling
    members: list[Member]
    phones: list[Phone]
    script: str
    attempts: list[Attempt]
    asks: list[Ask]
    unit: str
    form: Form

    @property
    def faults(self) -> list[Asked]:
        return [f for member in self.members for f in member.faults]


def leased(actor: Actor, household: int, *, now: datetime, moment: datetime) -> tuple[Calling, Lease]:
    """Raises NotLeased: also of whoever is out of reach by now."""
    for calling in queries.callings(now):
        lease = Lease.objects.filter(
            round=calling.round, household=household, holder=actor.name, until__gt=moment
        ).first()
        if lease is not None and _reached(actor, queries.roster(calling, now).get(household, frozenset())):
            return calling, lease
    raise NotLeased()


def _reached(actor: Actor, units: Collection[int]) -> bool:
    area = policy.scope(actor, "call")
    return area.whole or not area.units.isdisjoint(units)


def call_of(
    actor: Actor,
    calling: Calling,
    lease: Lease,
    *,
    now: datetime,
    answers: dict[int, dict[str, Any]] | None = None,
    faults: dict[int, dict[str, Fault]] | None = None,
    posted: QueryDict | None = None,
) -> Call:
    """`answers`: what the caller has put in so far; without it, what is known from before; `posted`: all of
    the page."""
    day, position = day_of(now), head_position()
    home, form = lease.household_id, actions.form_of(calling)
    units = tree(day, position)
    places = queries.roster(calling, now).get(home, frozenset())
    members = _members(actor, home, places, units, day, position)
    before = _before(actor, calling, members, places, form) if answers is None else {}
    for member in members:
        known, member.known_on = before.get(member.id, ({}, None))
        given = known if answers is None else answers.get(member.id, {})
        told = _reached_answers(calling, given)
        wrong = {name: fault.sentence() for name, fault in (faults or {}).get(member.id, {}).items()}
        asked = asked_by_word(form, told, today=day) - (OUTCOME if actions.takes_outcome(calling) else set())
        marks = {name: _("known") for name in known}
        member.fields = draw(form, f"p{member.id}", told, wrong, known=marks, only=asked)
    _add_claims(actor, members, places, form, posted if posted is not None else QueryDict())
    names = {member.id: member.name for member in members}
    attempts, asks = queries.history(calling.round, home)
    phones = _phones(actor, home, places, names, day, position)
    unit = units.nodes[min(places)].code if places and min(places) in units.nodes else ""
    return Call(lease, calling, members, phones, _script(calling, form), attempts, asks, unit, form)


def _reached_answers(calling: Calling, given: dict[str, Any]) -> dict[str, Any]:
    return {actions.OUTCOME: "reached"} | given if actions.takes_outcome(calling) else given


def read(call: Call, posted: QueryDict, *, now: datetime) -> dict[int, dict[str, Any]]:
    """Person -> answers, as the page has them; of who is not always asked only where something is said."""
    found = {}
    with_outcome = actions.takes_outcome(call.calling)
    for member in call.members:
        form = posted.copy()
        if with_outcome:
            form[f"p{member.id}-{actions.OUTCOME}"] = "reached"
        told = read_answers(call.form, f"p{member.id}", form, today=day_of(now))
        told.pop(actions.OUTCOME, None) if with_outcome else None
        if told or member.always:
            found[member.id] = told
    return found


def denied(call: Call) -> frozenset[int]:
    """Leads of which the caller was told: it is somebody else."""
    claims = [claim for member in call.members for claim in member.claims if claim.denied]
    return frozenset(claim.of.lead for claim in claims if claim.of.lead is not None)


def same_claims(call: Call, posted: QueryDict) -> bool:
    """Whether what lists say is what the page showed that was sent."""
    now = {claim.mark for member in call.members for claim in member.claims}
    return now == set(posted.getlist("claim"))


def told(call: Call) -> dict[int, str]:
    """Question about a list's row -> what the caller was told."""
    claims = [claim for member in call.members for claim in member.claims if claim.told]
    return {claim.of.question: claim.told for claim in claims if claim.of.question is not None}


def _add_claims(
    actor: Actor, members: Sequence[Member], places: Collection[int], form: Form, posted: QueryDict
) -> None:
    """What lists say of each, once, where the form asks about it: the office always; of what, and which list,
    as far as the policy shows that class for a call."""
    questions = {question.name for question in form.questions}
    named, seen = naming([member.id for member in members]), set()
    for member in members:
        for one in named.get(member.id, ()):
            topic = TOPICS[one.topic]
            if one in seen or (one.lead and not topic.claims.keys() <= questions):
                continue
            seen.add(one)
            of_list, of_person = (
                policy.verdict(actor, each, places, purpose="call") == policy.SHOWN
                for each in (topic.field_class, "B")
            )
            claim = Claim(
                one,
                str(topic.name) if of_list else "",
                one.title if of_list else "",
                " · ".join(one.row.values()) if of_person else "",
                str(one.lead) in posted.getlist("denied"),
                posted.get(f"told-{one.question}", ""),
            )
            member.claims.append(claim)
            member.always |= bool(one.lead) and not claim.denied


def _members(
    actor: Actor, home: int, places: Collection[int], units: Tree, day: date, position: int
) -> list[Member]:
    at = holding(day, position)
    belongs = list(
        Membership.objects.filter(at, household=home).order_by("pk").values_list("person_id", "relation")
    )
    people = [person for person, _relation in belongs]
    names = dict(PersonState.objects.filter(at, person__in=people).values_list("person_id", "name"))
    posts: dict[int, list[str]] = {}
    asked: set[int] = set()
    rows = Post.objects.filter(at, person__in=people, role__in=ASKED).order_by("pk")
    for person, unit, _role in rows.values_list("person_id", "unit_id", "role"):
        asked.add(person)
        posts.setdefault(person, []).append(_place(units, unit))
    said = policy.verdict(actor, "B", places, purpose="call")
    found = [
        Member(
            person,
            policy.told(said, "B", names.get(person, "")),
            relations().get(relation, ""),
            in_a_row(posts.get(person, [])) if said != policy.NO else "",
            person in asked,
        )
        for person, relation in belongs
    ]
    return sorted(found, key=lambda member: not member.always)


def _place(units: Tree, unit: int) -> str:
    """A class with its school."""
    path = [units.nodes[one] for one in units.path(unit) if one in units.nodes]
    names = (
        [node.name for node in path[:2]] if path and path[0].kind == "class" else [n.name for n in path[:1]]
    )
    return " ".join(reversed(names))


def relations() -> dict[str, str]:
    return {
        "child": _("child"),
        "parent": _("parent"),
        "grandparent": _("grandparent"),
        "grown_child": _("grown child"),
        "spouse": _("husband or wife"),
        "self": _("the member of staff"),
        "other": _("other"),
    }


def _phones(
    actor: Actor, home: int, places: Collection[int], names: dict[int, str], day: date, position: int
) -> list[Phone]:
    if policy.verdict(actor, "C", places, purpose="call") != policy.SHOWN:
        return []
    ring = keyring()
    found = queries.numbers([home], day=day, position=position)[home]
    return [
        Phone(n.persons[0], in_a_row(names.get(p, "") for p in n.persons), ring.open(n.sealed)) for n in found
    ]


def _before(
    actor: Actor, calling: Calling, members: Sequence[Member], places: Collection[int], form: Form
) -> dict[int, tuple[dict[str, Any], datetime]]:
    """The last live answers about each in this campaign, as far as the policy shows them for a call."""
    shown = {
        q.name
        for q in form.questions
        if policy.verdict(actor, q.field_class, places, purpose="call") == policy.SHOWN
    } - OUTCOME
    rows = Submission.objects.filter(
        campaign=calling.campaign, subject_kind="person", subject__in=[m.id for m in members]
    ).exclude(revisions__kind__in=("superseded", "retracted"))
    found: dict[int, tuple[dict[str, Any], datetime]] = {}
    for person, happened, answers in rows.order_by("happened", "pk").values_list(
        "subject", "happened", "answers"
    ):
        if answers.get(actions.OUTCOME, "reached") == "reached":
            found[person] = ({k: v for k, v in answers.items() if k in shown}, happened)
    return found


def _script(calling: Calling, form: Form) -> str:
    """What is said at the phone: the campaign's text, else what the form says above its questions."""
    text = CampaignText.objects.filter(campaign=calling.campaign).order_by("-version").first()
    if text is not None:
        return text.body
    notes = [q.label_in("zh" if chinese() else "en") for q in form.questions if q.type == "note"]
    return "\n".join(notes)


# ------------------------------------------------------------------------------------ numbers to be mended


@dataclass(frozen=True, slots=True)
class ToMend:
    """A household that nobody can call. `persons`: (id, name, relation) of its members."""

    household: int
    calling: Calling
    place: str
    wrong: str  # whose number was wrong
    since: datetime | None
    persons: list[tuple[int, str, str]]


def to_mend(actor: Actor, *, now: datetime) -> list[ToMend]:
    """Of all open rounds, within the actor's reach: a few queries, however many there are."""
    area, day, position = policy.scope(actor, "mend"), day_of(now), head_position()
    units, found = tree(day, position), []
    for calling in queries.callings(now):
        rows = queries.unreachable(calling, None if area.whole else area.units, now)
        homes = _homes([row.household for row in rows], day, position)
        places = queries.roster(calling, now)
        for row in rows:
            inside = [unit for unit in places[row.household] if unit in area]
            people = homes.get(row.household, [])
            wrong = next((name for person, name, _relation in people if person == row.wrong), "")
            place = _place(units, min(inside or places[row.household]))
            found.append(ToMend(row.household, calling, place, wrong, row.since, people))
    return found


def _homes(homes: list[int], day: date, position: int) -> dict[int, list[tuple[int, str, str]]]:
    at = holding(day, position)
    belongs: list[tuple[int, int, str]] = []
    for chunk in in_chunks(homes):
        rows = Membership.objects.filter(at, household__in=chunk).order_by("pk")
        belongs += rows.values_list("household_id", "person_id", "relation")
    names: dict[int, str] = {}
    for chunk in in_chunks([person for _home, person, _relation in belongs]):
        states = PersonState.objects.filter(at, person__in=chunk)
        names |= dict(states.values_list("person_id", "name"))
    found: dict[int, list[tuple[int, str, str]]] = {}
    words = relations()
    for home, person, relation in belongs:
        found.setdefault(home, []).append((person, names.get(person, ""), words.get(relation, relation)))
    return found
