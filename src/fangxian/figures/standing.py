"""Whom a daily campaign asks, whatever the day: arrays that the days share, made once for what was known."""

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .reach import Reach
from .results import Bools, Floats, Ints

NEVER = np.iinfo(np.int32).max


@dataclass
class Asked:
    """Whom a day asks: for each leaf the code of who it is, and its place (-1: it is not there)."""

    codes: Ints
    places: Ints
    reach: Reach

    def sums(self, chosen: Bools) -> Floats:
        """At every unit how many of the chosen (by code) it asks: as `kinds.Rows.sums`, with what does not
        depend on the chosen done once."""
        codes, places = self._alone
        one = np.bincount(places, weights=chosen[codes], minlength=len(self.reach.units))
        codes, places = self._several
        kept = chosen[codes]
        several = self.reach.distinct(codes[kept], places[kept], np.ones(int(kept.sum())))
        return self.reach.roll_up(one.astype(np.float64, copy=False)) + several

    @cached_property
    def whole(self) -> Floats:
        """At every unit how many it asks."""
        return self.sums(np.ones(self.codes.max(initial=-1) + 1, dtype=np.bool_))

    @cached_property
    def _alone(self) -> tuple[Ints, Ints]:
        """(codes, places) of those who have one leaf that exists."""
        return self._with(1, 1)

    @cached_property
    def _several(self) -> tuple[Ints, Ints]:
        return self._with(2, NEVER)

    def _with(self, least: int, most: int) -> tuple[Ints, Ints]:
        there = np.flatnonzero(self.places >= 0)
        leaves = np.bincount(self.codes[there])[self.codes[there]]
        chosen = there[(leaves >= least) & (leaves <= most)]
        return self.codes[chosen], self.places[chosen]


class Standing:
    """Rows of who could be asked (id), where (unit), over which days. `ids` are distinct, by rows' codes."""

    def __init__(self, table: pa.Table) -> None:
        """`table` has id, unit, valid_from, valid_until."""
        self._sorted, codes = np.unique(table["id"].to_numpy(), return_inverse=True)
        self.ids: pa.Array = pa.array(self._sorted)
        self._codes: Ints = codes.astype(np.int64, copy=False)
        self._units: Ints = table["unit"].to_numpy().astype(np.int64, copy=False)
        self._since = _days(table["valid_from"])
        self._until = _days(table["valid_until"])
        self._turns: list[int] = np.unique(np.concatenate([self._since, self._until])).tolist()
        self._last: tuple[int, Reach, Collection[int] | None, Asked] | None = None

    def on(self, day: date, reach: Reach, under: Collection[int] | None) -> Asked:
        """Whom the day asks, in the units under these. Days between which nobody comes or goes share it."""
        number = (day - date(1970, 1, 1)).days
        turn = bisect_right(self._turns, number)
        last = self._last
        if last is not None and last[0] == turn and last[1] is reach and last[2] == under:
            return last[3]
        asked = self._on(number, reach, under)
        self._last = turn, reach, under, asked
        return asked

    def _on(self, number: int, reach: Reach, under: Collection[int] | None) -> Asked:
        held = (self._since <= number) & (self._until > number)
        if under is not None:
            held &= np.isin(self._units, np.array(sorted(under), dtype=np.int64))
        rows = np.flatnonzero(held)
        return Asked(self._codes[rows], reach.places(self._units[rows]), reach)

    def among(self, reported: pa.ChunkedArray) -> Bools:
        """By code, whether the id is among these."""
        found = np.zeros(len(self._sorted), dtype=np.bool_)
        if len(found):
            others = np.sort(reported.to_numpy())  # so that each look-up is near the last one
            places = np.searchsorted(self._sorted, others).clip(max=len(found) - 1)
            found[places[self._sorted[places] == others]] = True
        return found


def _days(column: pa.ChunkedArray) -> Ints:
    """Days since 1970; null is never."""
    numbers = pc.fill_null(column.cast(pa.int32()), NEVER)
    return np.asarray(numbers.to_numpy(), dtype=np.int64)
