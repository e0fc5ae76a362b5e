"""What a leader asks about whoever came back from Hubei: since when, within observation or past, ill at the
last answer, not reached for two days.

Of everybody, and of the university students alone. Back is whose latest live verified answer says Hubei and a
day of return that has come; away is whose says Hubei and none. The last answer is the latest live one of
somebody who was reached, verified or not: an illness is not to wait for a second call.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import narwhals as nw

from fangxian.screening.rules import as_expression, load_rules

from .facts import ORDER, Facts
from .figure import figure
from .frames import Frame
from .kinds import People

HUBEI = "hubei"
STUDENTS = "university_students_back_from_hubei"
OBSERVATION = 14  # days, that of the return the first (national protocol, 2nd edition, 2020-01-22)
FEVER = 37.3  # °C under the arm and more (national protocol on diagnosis, 5th trial edition, 2020-02-04)
SILENCE = 2  # days, the day asked included, without an answer


@dataclass(frozen=True, slots=True)
class Group:
    """Whom the questions are asked about. `rule`: of the screening's categories; "" is everybody."""

    key: str
    zh: str
    en: str
    rule: str = ""


GROUPS_ASKED = (
    Group("all", "从湖北返回人员", "People back from Hubei"),
    Group("students", "从湖北返回大学生", "University students back from Hubei", STUDENTS),
)


# ------------------------------------------------------------------------------------ who


def answers(facts: Facts) -> Frame:
    """All live answers of somebody who was reached, about those of whom one ever said Hubei."""
    return facts.kept("observed answers", lambda: _answers(facts))


def _answers(facts: Facts) -> Frame:
    reached = facts.live("screening").filter(
        nw.col("subject_kind") == "person", nw.col("a_outcome") == "reached"
    )
    columns = ("place", "returned_on", "occupation")
    told = reached.select(*ORDER, "day", person="subject", **{name: f"a_{name}" for name in columns})
    return told.join(told.filter(nw.col("place") == HUBEI).select("person"), on="person", how="semi")


def _settled(facts: Facts) -> Frame:
    """Of each of them the latest verified answer, where it says Hubei."""
    return facts.kept(
        "observed settled",
        lambda: (
            answers(facts)
            .join(facts.verified, on="submission", how="semi")
            .unique("person", keep="last", order_by=ORDER)
            .filter(nw.col("place") == HUBEI)
        ),
    )


def returned(facts: Facts, group: Group) -> Frame:
    """person, submission, returned_on."""
    rules = [as_expression(rule) for rule in load_rules() if rule.id == group.rule]
    return _settled(facts).filter(nw.col("returned_on") <= facts.at.day, *rules)


def away(facts: Facts) -> Frame:
    not_back = nw.col("returned_on").is_null() | (nw.col("returned_on") > facts.at.day)
    return _settled(facts).filter(not_back)


def within(facts: Facts, group: Group) -> Frame:
    """Those whose observation is not over."""
    return returned(facts, group).filter(_since(facts, 0, OBSERVATION))


def _since(facts: Facts, least: int, below: int | None = None) -> nw.Expr:
    """The return lies so many days back, the day of the return being 0."""
    not_later = nw.col("returned_on") <= facts.at.day - timedelta(days=least)
    if below is None:
        return not_later
    return not_later & (nw.col("returned_on") > facts.at.day - timedelta(days=below))


def ill(facts: Facts, group: Group) -> Frame:
    """Of those within observation whose last answer tells fever or symptoms; with that answer."""
    last = answers(facts).unique("person", keep="last", order_by=ORDER).select("person", "submission")
    unwell = last.join(facts.unwell("screening", FEVER), on="submission", how="semi")
    return unwell.join(within(facts, group).select("person"), on="person", how="semi")


def silent(facts: Facts, group: Group) -> Frame:
    """Of those within observation who gave no answer on the day asked nor on the one before."""
    lately = answers(facts).filter(nw.col("day") > facts.at.day - timedelta(days=SILENCE))
    return within(facts, group).join(lately.select("person"), on="person", how="anti")


# ------------------------------------------------------------------------------------ figures


def _people(facts: Facts, who: Frame, of: Frame | None = None) -> People:
    homes = facts.kept("observed homes", lambda: facts.homes(answers(facts).select(id="person").unique("id")))

    def at_home(people: Frame) -> Frame:
        return homes.join(people.select(id="person"), on="id", how="semi")

    because = who.select(id="person", because="submission")
    return People(at_home(who), of=None if of is None else at_home(of), because=because)


Counting = Callable[[Facts, Group], People]


def _declare(part: str, zh: str, en: str, definition: str, count: Counting) -> None:
    """One figure for each group."""
    for group in GROUPS_ASKED:

        def counted(facts: Facts, group: Group = group) -> People:
            return count(facts, group)

        counted.__doc__ = definition
        named = f"observed.{group.key}_{part}"
        figure(named, zh=f"{group.zh}{zh}", en=f"{group.en}{en}")(counted)


_declare(
    "returned",
    "",
    "",
    "Persons, each once, whose latest live verified answer of the screening says that they were in Hubei and "
    "came back by the day. Of university students: those whom that category counts.",
    lambda facts, group: _people(facts, returned(facts, group)),
)
_declare(
    "within_14_days",
    "：14天观察期内",
    ": within 14 days' observation",
    "Of those who are back, those whose day of return lies less than 14 days before the day asked: the day "
    "of return is the first day of observation.",
    lambda facts, group: _people(facts, within(facts, group), returned(facts, group)),
)
_declare(
    "days_0_6",
    "：返回0—6天",
    ": back for 0 to 6 days",
    "Of those who are back, those whose day of return lies less than 7 days before the day asked.",
    lambda facts, group: _people(
        facts, returned(facts, group).filter(_since(facts, 0, 7)), returned(facts, group)
    ),
)
_declare(
    "days_7_13",
    "：返回7—13天",
    ": back for 7 to 13 days",
    "Of those who are back, those whose day of return lies 7 to 13 days before the day asked.",
    lambda facts, group: _people(
        facts, returned(facts, group).filter(_since(facts, 7, OBSERVATION)), returned(facts, group)
    ),
)
_declare(
    "past",
    "：已满14天",
    ": past 14 days' observation",
    "Of those who are back, those whose day of return lies 14 days or more before the day asked.",
    lambda facts, group: _people(
        facts, returned(facts, group).filter(_since(facts, OBSERVATION)), returned(facts, group)
    ),
)
_declare(
    "ill",
    "：最近一次答复有发热或症状",
    ": fever or symptoms at the last answer",
    "Of those within 14 days' observation, those whose last live answer, verified or not, tells a "
    "temperature of 37.3 °C or more, or any symptom.",
    lambda facts, group: _people(facts, ill(facts, group), within(facts, group)),
)
_declare(
    "not_reached",
    "：两天没有联系上",
    ": not reached for two days",
    "Of those within 14 days' observation, those about whom nobody who was reached gave an answer on the day "
    "asked or on the day before.",
    lambda facts, group: _people(facts, silent(facts, group), within(facts, group)),
)


@figure("observed.away", zh="仍在湖北人员", en="People who are still in Hubei")
def still_away(facts: Facts) -> People:
    """Persons, each once, whose latest live verified answer of the screening says that they are in Hubei and
    names no day of return that has come."""
    return _people(facts, away(facts))
