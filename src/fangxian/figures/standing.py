"""Whom a daily campaign asks, whatever the day: arrays that the days share, made once for what was known."""

from collections.abc import Collection
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .reach import Reach
from .results import Bools, Ints

NEVER = np.iinfo(np.int32).max


class Standing:
    """Rows of who could be asked (id), where (unit), over which days. `ids` are distinct, by rows' codes."""

    def __init__(self, table: pa.Table) -> None:
        """`table` has id, unit, valid_from, valid_until."""
        encoded = pc.dictionary_encode(table["id"].combine_chunks())
        self.ids: pa.Array = encoded.dictionary
        self._codes: Ints = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        self._units: Ints = table["unit"].to_numpy().astype(np.int64, copy=False)
        self._since = _days(table["valid_from"])
        self._until = _days(table["valid_until"])
        self._placed: tuple[Reach, Ints] | None = None

    def on(self, day: date, reach: Reach, under: Collection[int] | None) -> tuple[Ints, Ints]:
        """(codes, places) of those whom the day asks, in the units under these."""
        number = (day - date(1970, 1, 1)).days
        asked = (self._since <= number) & (self._until > number)
        if under is not None:
            asked &= np.isin(self._units, np.array(sorted(under), dtype=np.int64))
        chosen = np.flatnonzero(asked)
        return self._codes[chosen], self._places(reach)[chosen]

    def among(self, reported: pa.ChunkedArray) -> Bools:
        """By code, whether the id is among these."""
        found: Bools = pc.is_in(self.ids, reported).to_numpy(zero_copy_only=False)
        return found

    def _places(self, reach: Reach) -> Ints:
        placed = self._placed
        if placed is None or placed[0] is not reach:
            placed = self._placed = reach, reach.places(self._units)
        return placed[1]


def _days(column: pa.ChunkedArray) -> Ints:
    """Days since 1970; null is never."""
    numbers = pc.fill_null(column.cast(pa.int32()), NEVER)
    return np.asarray(numbers.to_numpy(), dtype=np.int64)
