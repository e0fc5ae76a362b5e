"""What a figure answers: a value with its denominator and exclusions, for one unit or for all at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Number = int | float
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Value:
    """At one unit. `of` is None where nothing is out of anything; `excluded` tells reason -> how many.

    Amounts are in the unit that the figure's definition names, to the hundredth; all else is whole.
    """

    value: Number
    of: Number | None = None
    excluded: Mapping[str, Number] = field(default_factory=dict)

    @property
    def missing(self) -> Number | None:
        """How many of the denominator are not counted, be it that they are missing or excluded."""
        return None if self.of is None else number(self.of - self.value)


@dataclass(frozen=True, slots=True)
class ByUnit(Mapping[int, "Value | None"]):
    """One figure at every unit that exists on the day, by ledger id; None is "not counted here"."""

    units: Ints  # sorted
    answers: Bools  # whether the figure is counted at the unit
    counted: Floats
    of: Floats | None
    excluded: Mapping[str, Floats]

    def __getitem__(self, unit: int) -> Value | None:
        place = int(np.searchsorted(self.units, unit))
        if place == len(self.units) or self.units[place] != unit:
            raise KeyError(unit)
        return self._at(place)

    def __iter__(self) -> Iterator[int]:
        return iter(self.units.tolist())

    def __len__(self) -> int:
        return len(self.units)

    def _at(self, place: int) -> Value | None:
        if not self.answers[place]:
            return None
        of = None if self.of is None else number(self.of[place])
        excluded = {reason: number(counts[place]) for reason, counts in self.excluded.items()}
        return Value(number(self.counted[place]), of, excluded)


@dataclass(frozen=True, slots=True)
class Check:
    """One add-up check of a figure at a unit: its children's sum, less what they share, with what is the
    unit's own, is its value; and so is the sum of its records' contributions, each id once."""

    figure: str
    unit: int
    value: Number
    parts: Number
    shared: Number
    own: Number
    records: Number
    sharing: tuple[int | str, ...] = ()  # the ids that several children count, the first hundred

    @property
    def ok(self) -> bool:
        return self.value == self.records and self.value == number(self.parts - self.shared + self.own)

    def __str__(self) -> str:
        return (
            f"{self.figure} @{self.unit}: {self.value} = {self.parts} - {self.shared} + {self.own};"
            f" {self.records}"
        )


def number(value: float) -> Number:
    """Whole numbers as int, others to the hundredth."""
    rounded = round(float(value), 2)
    return int(rounded) if rounded == int(rounded) else rounded
