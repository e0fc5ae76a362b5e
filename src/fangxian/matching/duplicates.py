"""People who stand in the register twice: found by the model that matches lists, merged by people, and split
again.

The register is held against itself: each person is a row whose candidates are all others. Nothing is merged
by itself, however likely. A merge is the register's own (`registry.actions.merge_persons`): figures count the
two as one from then on, and as two for whoever asks as known before; a split says that it was never so.

    find_twins     the pairs worth a look, likeliest first
    record_twins   keep them for people to decide; those that are kept already stay as they were decided
    settle, undo   one person or two, and back again
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db import transaction

from fangxian.kernel.changes import recording
from fangxian.registry.actions import merge_persons, split_person
from fangxian.registry.models import Merge

from .comparing import COMPARISONS
from .linking import Pairs, find_pairs
from .models import NOT_SAME, SAME, UNDONE, Twin, TwinDecision
from .problems import TwinNotThere, TwinSettled, TwinUndecided, VerdictUnknown
from .roster import Roster, read_roster
from .weighing import Weighed, weigh

LEAST = 0.2  # probability from which on two people are worth a look
TOLD = 5  # reasons that are kept
NAMES = ("name", "letters")

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class NewTwin:
    """`person` < `other`; `reasons`: [[comparison, level], …], the weightiest first."""

    person: int
    other: int
    probability: float
    reasons: list[tuple[str, str]]


def find_twins(*, day: date, position: int, threads: int = 2) -> list[NewTwin]:
    """Everybody against everybody whom the register knows on the day. In memory alone."""
    roster = read_roster(day, position)
    if len(roster.people) < 2:
        return []
    people = roster.features
    pairs = _of_two(find_pairs(people, people, threads=threads))
    if not len(pairs.rows):
        return []
    nobody_pooled = np.full(people.height, -1, dtype=np.int64)
    return _likely(weigh(people, people, pairs, groups=nobody_pooled), roster)


def _of_two(pairs: Pairs) -> Pairs:
    """Without everybody's pair with themselves."""
    return pairs.only(np.flatnonzero(pairs.rows != pairs.people))


def _likely(weighed: Weighed, roster: Roster) -> list[NewTwin]:
    """Each two people once, by the likelier of the two ways of asking."""
    found: dict[tuple[int, int], NewTwin] = {}
    pairs = weighed.pairs
    for at in np.flatnonzero(weighed.probability >= LEAST).tolist():
        told = _reasons(weighed, at)
        if not _is_somebody(told):
            continue
        one, two = sorted((roster.people[pairs.rows[at]], roster.people[pairs.people[at]]))
        twin = NewTwin(one, two, round(float(weighed.probability[at]), 4), told)
        held = found.get((one, two))
        if held is None or held.probability < twin.probability:
            found[one, two] = twin
    return sorted(found.values(), key=lambda twin: (-twin.probability, twin.person))


def _reasons(weighed: Weighed, at: int) -> list[tuple[str, str]]:
    told = []
    for comparison in COMPARISONS:
        gamma = int(weighed.pairs.gammas[comparison.name][at])
        if gamma >= 0:
            level = list(reversed(comparison.levels))[gamma].name
            told.append((abs(float(weighed.evidence[comparison.name][at])), comparison.name, level))
    return [(name, level) for _weight, name, level in sorted(told, reverse=True)[:TOLD]]


def _is_somebody(reasons: Iterable[tuple[str, str]]) -> bool:
    """Something besides a name, a sex and a township speaks for it."""
    telling = {name for name, level in reasons if level not in ("different", "surname")}
    return bool(telling - {*NAMES, "sex", "town", "area"})


# ---- what is kept, and decided ----------------------------------------------------------------------


def record_twins(*, found: Iterable[NewTwin], by: str, now: datetime) -> int:
    """Keep those that are not kept yet; how many these are."""
    with recording("matching.record_twins", by=by, now=now) as change:
        held = set(Twin.objects.values_list("person_id", "other_id"))
        fresh = [twin for twin in found if (twin.person, twin.other) not in held]
        ids = change.ids(Twin, len(fresh))
        columns = ("id", "person_id", "other_id", "probability", "reasons")
        rows = [
            (pk, twin.person, twin.other, twin.probability, [list(r) for r in twin.reasons])
            for pk, twin in zip(ids, fresh, strict=True)
        ]
        change.append(Twin, columns, rows)
    return len(fresh)


@transaction.atomic
def settle(*, twin: int, verdict: str, by: str, now: datetime) -> None:
    """They are one person (`same`: the one registered later is taken for the other), or two (`not_same`).

    Raises TwinNotThere, TwinSettled, VerdictUnknown; MergeIntoSelf where one of them is merged already.
    """
    if verdict not in (SAME, NOT_SAME):
        raise VerdictUnknown(verdict=verdict)
    held = _held(twin)
    last = standing(held)
    if last is not None:
        raise TwinSettled(by=last.by)
    _decide(held, verdict, by, now)
    if verdict == SAME:
        merge_persons(person=held.other_id, into=held.person_id, day=now.date(), by=by, now=now)


@transaction.atomic
def undo(*, twin: int, by: str, now: datetime) -> None:
    """Back to undecided; who was merged is two people again. Raises TwinNotThere, TwinUndecided."""
    held = _held(twin)
    last = standing(held)
    if last is None:
        raise TwinUndecided()
    _decide(held, UNDONE, by, now)
    if last.verdict == SAME and is_merged(held):
        split_person(person=held.other_id, by=by, now=now)


def _held(twin: int) -> Twin:
    found = Twin.objects.select_for_update().filter(pk=twin).first()
    if found is None:
        raise TwinNotThere()
    return found


def _decide(held: Twin, verdict: str, by: str, now: datetime) -> None:
    with recording("matching.settle_twin", by=by, now=now) as change:
        row = (change.ids(TwinDecision, 1)[0], held.pk, verdict, by[:80])
        change.append(TwinDecision, ("id", "twin_id", "verdict", "by"), [row])


def standing(twin: Twin) -> TwinDecision | None:
    """The decision that stands."""
    last = twin.decisions.order_by("-pk").first()
    return None if last is None or last.verdict == UNDONE else last


def is_merged(twin: Twin) -> bool:
    rows = Merge.objects.filter(person=twin.other_id, into=twin.person_id, recorded_until=None)
    return rows.exists()


__all__ = ["NewTwin", "find_twins", "is_merged", "record_twins", "settle", "standing", "undo"]
