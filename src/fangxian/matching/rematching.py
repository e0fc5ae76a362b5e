"""Holds a list against the registry: all of it the first time, afterwards what changed.

A row is matched again where what it says has changed, or who it may be: where it, or a row that is the same
person, has a candidate who changed, or shares a block with somebody who did. These rows are weighed with what
the last run over the whole list learnt of its office and its strangers. The cost is that of reading roster
and list, which is fixed, and of the rows that are weighed (`benchmarks/rematching.py`).
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.kernel.secrets import Keyring, keyring

from .actions import NewCandidate, NewProposal, NewRun, record_run, standing_list
from .comparing import COMPARISONS
from .deciding import LEAST_REVIEW, WORDS, best_of, decisions, nothing_but_a_name
from .features import Features, of_list
from .linking import Array, find_pairs
from .models import Candidate, Proposal, RowState, Run
from .pooling import same_person
from .problems import NoRowsToMatch
from .reading import Table
from .replies import hear
from .roster import Roster, changed_people, read_roster
from .rows import FIELDS, Fields, unseal
from .weighing import Learnt, Seen, Weighed, weigh, weigh_as_learnt

VERSION = "1"  # of the model: a run of another one starts anew
SHOWN = 5  # candidates of a row that a reviewer is shown
ANEW = 0.3  # share of rows, or of people, from which on all of the list is matched
OF_FIELDS = {
    "name": ("name",), "letters": ("name",), "id": ("id_number",), "masked": ("id_number",),
    "phone": ("phone",), "born": ("birth", "id_number"), "born_month": ("birth", "id_number"),
    "born_year": ("birth", "id_number"), "sex": ("sex", "id_number"),
    "area": ("town", "address"), "town": ("town", "address"), "group": ("address",), "house": ("address",),
}  # fmt: skip

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows that a list has now, in order."""

    rows: list[int]
    states: list[int]
    evidence: list[str]
    fields: list[Fields]

    def table(self) -> Table:
        columns: dict[str, Any] = {
            field: [fields.get(field, "") for fields in self.fields]
            for field in FIELDS
            if any(field in fields for fields in self.fields)
        }
        columns.setdefault("name", [""] * len(self.rows))
        return Table("", columns, dict.fromkeys(columns, ""), len(self.rows))


@dataclass(frozen=True, slots=True)
class Outcome:
    """`matched` of `rows` were weighed in this run."""

    run: int
    rows: int
    matched: int
    whole: bool


def match_list(
    listing: int,
    *,
    by: str,
    now: datetime,
    whole: bool = False,
    roster: Roster | None = None,
    step: Step = lambda words: None,
    threads: int = 2,
) -> Outcome:
    """Match what changed, or all (`whole`, or where much changed).

    Raises ListNotThere, ListWithdrawn, NoRowsToMatch.
    """
    held = standing_list(listing)
    step(_("Reading the list"))
    listed = read_listed(listing)
    if not listed.rows:
        raise NoRowsToMatch(path=held.title)
    if roster is None:
        step(_("Reading the roster"))
        roster = read_roster(day_of(now), head_position())
    features = of_list(listed.table(), roster.readings, roster.gazetteer)
    last = None if whole else _last_run(listing, roster)
    chosen = _to_match(listing, listed, features, roster, last, threads) if last is not None else None
    if last is None or chosen is None or len(chosen) > ANEW * len(listed.rows):
        run = _all(listing, listed, features, roster, step, threads)
    else:
        run = _some(listing, listed, features, roster, last, sorted(chosen), step, threads)
    key = record_run(run=run, by=by, now=now)
    hear(by=by, now=now)
    return Outcome(key, len(listed.rows), len(run.proposals), run.whole)


def read_listed(listing: int) -> Listed:
    ring = keyring()
    states = RowState.objects.filter(row__list=listing, recorded_until=None).order_by("row_id")
    columns = ("row_id", "id", "evidence", "sealed")
    told = list(states.values_list(*columns).iterator(chunk_size=5_000))
    fields: list[Fields] = [unseal(row[3], ring) for row in told]
    return Listed([r[0] for r in told], [r[1] for r in told], [r[2] for r in told], fields)


# ---- which rows -------------------------------------------------------------------------------------


def _last_run(listing: int, roster: Roster) -> Run | None:
    """That over the whole list, where this one can go on with what it learnt."""
    last = Run.objects.filter(list=listing, whole=True).order_by("-id").first()
    if last is None or last.version != VERSION:
        return None
    fits = last.taught["gazetteer"] == roster.gazetteer.mark and last.taught["role_names"] == _roles(roster)
    return last if fits else None


def _to_match(
    listing: int, listed: Listed, features: Features, roster: Roster, last: Run, threads: int
) -> set[int] | None:
    """Places of the rows to be matched; None: all."""
    latest = Run.objects.filter(list=listing).order_by("-id").first()
    assert latest is not None
    changed = changed_people(latest.position, roster.position)
    if changed is None or len(changed) > ANEW * len(roster.people):
        return None
    chosen = _stale(listing, listed) | _with_candidates(listing, listed, changed)
    there = [roster.place[person] for person in sorted(changed) if person in roster.place]
    if there:
        shares = _arrays(last.taught["strangers"])
        pairs = find_pairs(features, roster.features.only(there), threads=threads, shares=shares)
        chosen |= set(pairs.rows.tolist())
    return _with_the_same_person(chosen, same_person(features))


def _stale(listing: int, listed: Listed) -> set[int]:
    """Rows without a proposal, or that say something else than when they were matched."""
    held = Proposal.objects.filter(row__list=listing, recorded_until=None)
    matched = dict(held.values_list("row_id", "state__evidence"))
    rows = enumerate(zip(listed.rows, listed.evidence, strict=True))
    return {place for place, (row, evidence) in rows if matched.get(row) != evidence}


def _with_candidates(listing: int, listed: Listed, people: set[int]) -> set[int]:
    held = Candidate.objects.filter(proposal__row__list=listing, proposal__recorded_until=None)
    rows = {
        row
        for row, person in held.values_list("proposal__row_id", "person_id").iterator()
        if person in people
    }
    return {place for place, row in enumerate(listed.rows) if row in rows}


def _with_the_same_person(chosen: set[int], groups: Array) -> set[int]:
    touched = {int(groups[place]) for place in chosen} - {-1}
    return chosen | {place for place, group in enumerate(groups.tolist()) if group in touched}


# ---- weighing ---------------------------------------------------------------------------------------


def _all(
    listing: int, listed: Listed, features: Features, roster: Roster, step: Step, threads: int
) -> NewRun:
    told = _("Comparing {rows} rows with {people} people")
    step(told.format(rows=features.height, people=len(roster.people)))
    pairs = find_pairs(features, roster.features, threads=threads)
    weighed = weigh(features, roster.features, pairs)
    bare = nothing_but_a_name(features)
    _best, probability = best_of(features.height, weighed)
    decision = decisions(probability, bare)
    places = range(features.height)
    proposals = _proposals(listed, roster, weighed, places, probability, decision, bare)
    taught = _taught(weighed, roster)
    return NewRun(listing, VERSION, roster.position, True, len(roster.people), proposals, taught)


def _some(
    listing: int,
    listed: Listed,
    features: Features,
    roster: Roster,
    last: Run,
    places: Sequence[int],
    step: Step,
    threads: int,
) -> NewRun:
    told = _("Comparing {rows} rows with {people} people")
    step(told.format(rows=len(places), people=len(roster.people)))
    bare = nothing_but_a_name(features)
    probability = _held_probabilities(listing, listed)
    proposals: list[NewProposal] = []
    if places:
        few = features.only(places)
        shares = _arrays(last.taught["strangers"])
        pairs = find_pairs(few, roster.features, threads=threads, shares=shares)
        weighed = weigh_as_learnt(few, roster.features, pairs, *_learnt(last.taught), same_person(few))
        _best, found = best_of(few.height, weighed)
        probability[list(places)] = found
        decision = decisions(probability, bare)
        chosen = list(places)
        proposals = _proposals(listed, roster, weighed, places, found, decision[chosen], bare[chosen])
    return NewRun(listing, VERSION, roster.position, False, len(roster.people), proposals)


def _held_probabilities(listing: int, listed: Listed) -> Array:
    held = dict(
        Proposal.objects.filter(row__list=listing, recorded_until=None).values_list("row_id", "probability")
    )
    return np.array([held.get(row, 0.0) for row in listed.rows])


# ---- what is kept of it -----------------------------------------------------------------------------


def _proposals(
    listed: Listed,
    roster: Roster,
    weighed: Weighed,
    places: Iterable[int],
    probability: Array,
    decision: Array,
    bare: Array,
) -> list[NewProposal]:
    """`probability`, `decision` and `bare` of the rows at `places`, in their order."""
    ring = keyring()
    by_row = _pairs_of(weighed)
    made = []
    for number, place in enumerate(places):
        pairs = by_row.get(number, [])
        made.append(
            NewProposal(
                listed.rows[place],
                listed.states[place],
                WORDS[decision[number]],
                round(float(probability[number]), 6),
                bool(bare[number]),
                [_candidate(listed.fields[place], roster, weighed, pair, ring) for pair in pairs],
            )
        )
    return made


def _pairs_of(weighed: Weighed) -> dict[int, list[int]]:
    """Row -> its likeliest pairs, the likeliest first."""
    near = np.flatnonzero(weighed.probability >= LEAST_REVIEW)
    order = near[np.lexsort((weighed.pairs.people[near], -weighed.probability[near]))]
    found: dict[int, list[int]] = {}
    for pair, row in zip(order.tolist(), weighed.pairs.rows[order].tolist(), strict=True):
        mine = found.setdefault(row, [])
        if len(mine) < SHOWN:
            mine.append(pair)
    return found


def _candidate(fields: Fields, roster: Roster, weighed: Weighed, pair: int, ring: Keyring) -> NewCandidate:
    place = int(weighed.pairs.people[pair])
    levels = [
        (abs(float(weighed.evidence[each.name][pair])), each.name, each.level(gamma).name)
        for each in COMPARISONS
        if (gamma := int(weighed.pairs.gammas[each.name][pair])) >= 0
    ]
    reasons = [(name, level) for _weight, name, level in sorted(levels, key=lambda each: -each[0])]
    pooled = bool(weighed.groups[weighed.pairs.rows[pair]] >= 0)
    evidence = _evidence(fields, roster.fields(place), reasons, pooled, ring)
    return NewCandidate(roster.people[place], round(float(weighed.probability[pair]), 6), reasons, evidence)


def _evidence(
    row: Fields, person: Fields, reasons: Sequence[tuple[str, str]], pooled: bool, ring: Keyring
) -> str:
    """Of the fields that were compared, of both; and what other rows of the list said, where they did."""
    fields = sorted({field for name, _level in reasons for field in OF_FIELDS[name]})
    told = [[field, row.get(field, ""), person.get(field, "")] for field in fields]
    return ring.first_digest(json.dumps([told, sorted(reasons) if pooled else []], ensure_ascii=False))


# ---- what a run teaches the next --------------------------------------------------------------------


def _roles(roster: Roster) -> list[str]:
    return sorted(set(roster.features.roles))


def _taught(weighed: Weighed, roster: Roster) -> dict[str, Any]:
    learnt, seen = weighed.learnt, weighed.seen
    return {
        "match": {name: table.tolist() for name, table in learnt.match.items()},
        "kin": {name: table.tolist() for name, table in learnt.kin.items()},
        "surname": learnt.surname,
        "ours": learnt.ours.tolist(),
        "related": learnt.related.tolist(),
        "roles": learnt.roles.tolist(),
        "role_names": _roles(roster),
        "strangers": {name: share.tolist() for name, share in weighed.pairs.strangers.items()},
        "age": [[year, share] for year, share in seen.age.items()],
        "homes": {name: [[key, share] for key, share in of.items()] for name, of in seen.homes.items()},
        "gazetteer": roster.gazetteer.mark,
    }


def _arrays(told: Mapping[str, Any]) -> dict[str, Array]:
    return {name: np.array(values) for name, values in told.items()}


def _learnt(taught: Mapping[str, Any]) -> tuple[Learnt, Seen]:
    learnt = Learnt(
        _arrays(taught["match"]),
        _arrays(taught["kin"]),
        taught["surname"],
        np.array(taught["ours"]),
        np.array(taught["related"]),
        np.array(taught["roles"]),
    )
    homes = {name: {int(key): share for key, share in pairs} for name, pairs in taught["homes"].items()}
    return learnt, Seen({int(year): share for year, share in taught["age"]}, homes)
