"""The kinds of results, and how each is summed for every unit of the tree in one pass.

A result is a set of records: `counted` has id and unit (a leaf; an id may have several), an amount also
`contribution`. The value at a unit is the sum of the contributions of the distinct ids whose leaves reach it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .facts import Facts
from .frames import Frame, collected
from .reach import Reach
from .results import Bools, Floats, Ints
from .standing import Asked, Standing


@dataclass(frozen=True, slots=True)
class Result:
    """`of` is the denominator (it holds the counted), `excluded` tells reason -> records that are not
    counted for that reason, `because` (id, because) the submissions that put a record there."""

    counted: Frame
    of: Frame | None = None
    excluded: Mapping[str, Frame] = field(default_factory=dict)
    because: Frame | None = None

    record: ClassVar[str] = ""  # what one record is

    def parts(self) -> list[str]:
        """Names of the sets of records that can be opened."""
        some = ["counted"] if self.of is None else ["counted", "of", "missing"]
        return [*some, *(f"excluded:{reason}" for reason in self.excluded)]

    def part(self, name: str) -> Frame:
        if name == "missing":
            return self._missing()
        parts = {"counted": self.counted, "of": self.of}
        found = self.excluded[name.removeprefix("excluded:")] if ":" in name else parts[name]
        assert found is not None
        return found

    def _missing(self) -> Frame:
        """Of the denominator those that are neither counted nor excluded."""
        assert self.of is not None
        missing = self.of
        for frame in (self.counted, *self.excluded.values()):
            missing = missing.join(frame.select("id"), on="id", how="anti")
        return missing

    def sums(self, facts: Facts) -> dict[str, Floats]:
        """counted, of (where there is one) and excluded:<reason>: the sum at every unit of the reach."""
        parts = [part for part in self.parts() if part != "missing"]
        return {part: read_rows(self.part(part), facts.reach).sums(facts.reach) for part in parts}

    def rows(self, part: str, facts: Facts) -> "Rows":
        return read_rows(self.part(part), facts.reach)


class People(Result):
    """Distinct persons."""

    record = "person"


class Units(Result):
    """Distinct units."""

    record = "unit"


class Households(Result):
    """Distinct households."""

    record = "household"


class Documents(Result):
    """Distinct submissions, each a document."""

    record = "submission"


class Events(Result):
    """Distinct events, by their key: the ids are texts."""

    record = "event"


class Amount(Result):
    """A sum over a set of submissions; `contribution` is what each adds."""

    record = "submission"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Who of an audience reported. `asked` has id, unit, opening, today: a leaf of somebody who was asked
    at the opening, or is as of the day, or both; `because` (id, because) the reports.

    The base is who was asked at both times, by the leaves of the day; counted are those with a report. Who
    left or joined is excluded. With nothing `owed` there is no denominator.
    """

    record: str  # person, unit or household
    asked: Frame
    because: Frame
    owed: bool = True

    def parts(self) -> list[str]:
        return ["counted", *(["of", "missing"] if self.owed else []), "excluded:left", "excluded:joined"]

    def sums(self, facts: Facts) -> dict[str, Floats]:
        rows = self._rows(facts.reach)
        return {part: rows[part].sums(facts.reach) for part in self.parts() if part != "missing"}

    def rows(self, part: str, facts: Facts) -> "Rows":
        return self._rows(facts.reach)[part]

    def _rows(self, reach: Reach) -> "dict[str, Rows]":
        table = collected(self.asked)
        every = _rows_of(table, reach)
        opening, today = _flags(table, "opening"), _flags(table, "today")
        codes, ids = _coded(every.ids)
        was_asked, is_asked = _any_of(codes, opening, len(ids)), _any_of(codes, today, len(ids))
        reported = _among(ids, collected(self.because.select("id"))["id"])[codes]
        base = today & was_asked[codes]
        every = replace(every, codes=codes)
        chosen = {
            "counted": base & reported,
            "of": base,
            "missing": base & ~reported,
            "excluded:left": opening & ~is_asked[codes],
            "excluded:joined": today & ~was_asked[codes],
        }
        return {part: every.take(np.flatnonzero(mask)) for part, mask in chosen.items()}


@dataclass(frozen=True, slots=True)
class DailyCoverage:
    """Who of those whom a day asks reported. It asks whom it asks: nobody leaves or joins meanwhile."""

    record: str
    asked: Standing
    because: Frame
    day: date
    under: Collection[int] | None = None
    owed: bool = True

    def parts(self) -> list[str]:
        return ["counted", *(["of", "missing"] if self.owed else []), "excluded:left", "excluded:joined"]

    def sums(self, facts: Facts) -> dict[str, Floats]:
        asked, reported = self._asked(facts.reach)
        nobody = np.zeros(len(facts.reach.units))
        told = {"counted": asked.sums(reported), "of": asked.whole}
        return {part: told.get(part, nobody) for part in self.parts() if part != "missing"}

    def rows(self, part: str, facts: Facts) -> "Rows":
        asked, reported = self._asked(facts.reach)
        chosen = {"counted": reported, "missing": ~reported, "of": np.ones_like(reported)}
        rows = np.flatnonzero(chosen.get(part, np.zeros_like(reported))[asked.codes])
        codes = asked.codes[rows]
        ids = self.asked.ids.take(pa.array(codes))
        return Rows(ids, asked.places[rows], np.ones(len(rows)), codes=codes)

    def _asked(self, reach: Reach) -> tuple[Asked, Bools]:
        """Those whom the day asks, and by code whether they reported."""
        asked = self.asked.on(self.day, reach, self.under)
        return asked, self.asked.among(collected(self.because.select("id"))["id"])


@dataclass(frozen=True, slots=True)
class Rounds:
    """Rounds that are complete. `asked` tells of each round whom it asked, as in Coverage; `settled` (id,
    round) of whom it wants nothing more; what is `open` is complete nowhere. A round is complete at a unit
    when of those it asked under it, and still asks, at least one is there and none is missing; the
    denominator is the rounds that ask somebody under it."""

    asked: Mapping[int, Frame]
    settled: Frame
    open: Collection[int] = ()

    record: ClassVar[str] = "round"
    because: ClassVar[Frame | None] = None

    def parts(self) -> list[str]:
        return ["counted", "of", "missing"]

    def sums(self, facts: Facts) -> dict[str, Floats]:
        asked, complete = self._by_round(facts.reach)
        nothing = np.zeros(len(facts.reach.units))
        return {
            "counted": sum((done.astype(float) for done in complete.values()), nothing),
            "of": sum((some.astype(float) for some in asked.values()), nothing),
        }

    def rows(self, part: str, facts: Facts) -> "Rows":
        """One row for each round and unit: a round is complete, or not, at each unit by itself."""
        asked, complete = self._by_round(facts.reach)
        chosen = {
            number: {"counted": complete[number], "of": some, "missing": some & ~complete[number]}[part]
            for number, some in asked.items()
        }
        places = [np.flatnonzero(units) for units in chosen.values()]
        ids = np.repeat(np.array(list(chosen), dtype=np.int64), [len(p) for p in places])
        every = np.concatenate([*places, np.array([], dtype=np.int64)])
        return Rows(pa.array(ids), every, np.ones(len(ids)), reaching=False)

    def _by_round(self, reach: Reach) -> tuple[dict[int, Bools], dict[int, Bools]]:
        """Whether the round asks somebody under the unit, and whether it is complete there."""
        table = collected(self.settled)
        settled = table["id"].combine_chunks(), table["round"].to_numpy()
        asked: dict[int, Bools] = {}
        complete: dict[int, Bools] = {}
        for number, frame in self.asked.items():
            done = settled[0].filter(pa.array(settled[1] == number))
            asked[number], missing = _round_at(frame, done, reach)
            complete[number] = asked[number] & ~missing & (number not in self.open)
        return asked, complete


Counted = Result | Coverage | DailyCoverage | Rounds


@dataclass(frozen=True, slots=True)
class Rows:
    """Records as arrays: ids, the places of their units in the reach (-1: it does not exist), contributions.

    `reaching`: the units are leaves; else each row speaks of its unit alone. `codes`: a small number for
    each row, alike for like ids, where they are known already.
    """

    ids: pa.Array
    places: Ints
    contributions: Floats
    reaching: bool = True
    codes: Ints | None = None

    def take(self, chosen: Ints) -> "Rows":
        ids, codes = self.ids.take(pa.array(chosen)), None if self.codes is None else self.codes[chosen]
        return Rows(ids, self.places[chosen], self.contributions[chosen], self.reaching, codes)

    def at(self, unit: int, reach: Reach) -> "Rows":
        """The distinct ids that count at a unit, each once, with the first of its units under it."""
        wanted = np.zeros(len(reach.units) + 1, dtype=bool)  # the last place is for -1
        place = int(np.searchsorted(reach.units, unit))
        leaf, above = reach.pairs
        wanted[leaf[above == place] if self.reaching else [place]] = True
        here = np.flatnonzero(wanted[self.places])
        here = here[np.argsort(self.places[here], kind="stable")]
        _, first = np.unique(_codes(self.ids.take(pa.array(here))), return_index=True)
        return self.take(here[np.sort(first)])

    def sums(self, reach: Reach) -> Floats:
        """The sum at every unit: ids with one leaf are counted at it and rolled up, the others are made
        distinct at each unit that they reach."""
        rows = self.take(np.flatnonzero(self.places >= 0)) if (self.places < 0).any() else self
        if not len(rows.places):
            return np.zeros(len(reach.units))
        ids = _codes(rows.ids) if rows.codes is None else rows.codes
        several = np.bincount(ids)[ids] > 1
        one = np.bincount(
            rows.places[~several], weights=rows.contributions[~several], minlength=len(reach.units)
        )
        return reach.roll_up(one.astype(np.float64, copy=False)) + reach.distinct(
            ids[several], rows.places[several], rows.contributions[several]
        )

    def pairs(self, reach: Reach) -> tuple[Ints, Ints, Ints]:
        """(id codes, rows, places above): each id once at each unit that it reaches."""
        known = np.flatnonzero(self.places >= 0)
        ids = _codes(self.ids)
        which, above = reach.spread(self.places[known])
        key = ids[known][which] * np.int64(len(reach.units)) + above
        _, first = np.unique(key, return_index=True)
        return ids[known][which][first], known[which][first], above[first]


def read_rows(frame: Frame, reach: Reach) -> Rows:
    return _rows_of(collected(frame), reach)


def _rows_of(table: pa.Table, reach: Reach) -> Rows:
    """Its id, unit and, where it has it, contribution."""
    units = table["unit"].to_numpy().astype(np.int64, copy=False)
    contributions = np.ones(len(units))
    if "contribution" in table.column_names:
        contributions = table["contribution"].to_numpy().astype(float)
    return Rows(table["id"].combine_chunks(), reach.places(units), contributions)


def _codes(ids: pa.Array) -> Ints:
    """Small numbers, alike for like ids."""
    return _coded(ids)[0]


def _coded(ids: pa.Array) -> tuple[Ints, pa.Array]:
    """(a small number for each, the ids by these numbers)."""
    encoded = pc.dictionary_encode(ids)
    codes: Ints = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary


def _any_of(codes: Ints, flags: Bools, count: int) -> Bools:
    """By code, whether any of its rows has the flag."""
    found = np.zeros(count, dtype=np.bool_)
    found[codes[flags]] = True
    return found


def _among(ids: pa.Array, others: pa.ChunkedArray) -> Bools:
    found: Bools = pc.is_in(ids, others).to_numpy(zero_copy_only=False)
    return found


def _flags(table: pa.Table, name: str) -> Bools:
    flags: Bools = table[name].to_numpy().astype(np.bool_, copy=False)
    return flags


def _round_at(frame: Frame, settled: pa.Array, reach: Reach) -> tuple[Bools, Bools]:
    """(whether the round asks somebody under the unit, whether one of these is missing), for every unit."""
    table = collected(frame)
    every = _rows_of(table, reach)
    codes, ids = _coded(every.ids)
    was_asked = _any_of(codes, _flags(table, "opening"), len(ids))
    asked = _flags(table, "today") & was_asked[codes] & (every.places >= 0)
    missing = asked & ~_among(ids, settled)[codes]
    return _reached(every.places[asked], reach), _reached(every.places[missing], reach)


def _reached(leaves: Ints, reach: Reach) -> Bools:
    at_leaves = np.bincount(leaves, minlength=len(reach.units)).astype(float)
    return reach.roll_up(at_leaves) > 0
