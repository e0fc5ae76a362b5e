"""A number in a bulletin: not a text, but a reference to a figure, until the very last step.

While the Word template is filled, a reference prints as a mark (private-use characters around its place in
the list), so that the filled file still knows which number stands where. Word, PDF and HTML are made from it.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .problems import NotCountable

Number = int | float
MARK = re.compile("\ue000([0-9]+)\ue001")
PARTS = ("value", "of", "missing", "share")


@dataclass(frozen=True, slots=True)
class Reference:
    """One number of a figure at a unit. `share` is in percent; `value` None means "not counted here"."""

    figure: str
    unit: str  # its code
    part: str
    value: Number | None

    @property
    def text(self) -> str:
        if self.value is None:
            return "—"
        return f"{self.value}%" if self.part == "share" else str(self.value)

    def dump(self) -> dict[str, Any]:
        return {"figure": self.figure, "unit": self.unit, "part": self.part, "value": self.value}


def plain(value: Any) -> Number | None:
    """Whole numbers as int, amounts to the hundredth: alike whichever engine counted them."""
    if value is None:
        return None
    rounded = round(float(value), 2)
    return int(rounded) if rounded == int(rounded) else rounded


def share(value: Number | None, of: Number | None) -> Number | None:
    """Percent to one place, rounded down: only what is complete shows 100."""
    if value is None or not of:
        return None
    return plain(math.floor(1000 * value / of + 1e-9) / 10)


@dataclass(frozen=True, slots=True)
class Count:
    value: Number | None
    of: Number | None = None

    def part(self, part: str) -> Number | None:
        if part == "value":
            return self.value
        if part == "of":
            return self.of
        if part == "share":
            return share(self.value, self.of)
        return None if self.value is None or self.of is None else plain(self.of - self.value)


class References:
    """Collects what a template asks for, in order; `count(figure, unit code)` is what counts."""

    def __init__(self, count: Callable[[str, str], Count]) -> None:
        self._count = count
        self.all: list[Reference] = []

    def refer(self, figure: str, unit: str, part: str = "value") -> "Mark":
        count = self._count(figure, unit)
        if part != "value" and count.value is not None and count.of is None:
            raise NotCountable(figure=figure, part=part)
        return self.keep(Reference(figure, unit, part, count.part(part)))

    def keep(self, reference: Reference) -> "Mark":
        self.all.append(reference)
        return Mark(self, len(self.all) - 1)


class Mark:
    """What `f(...)` gives a template: prints as a mark, compares as the number, and offers the other parts.

    It has no arithmetic: a sum of two figures is a figure of its own, with records of its own.
    """

    def __init__(self, references: References, place: int) -> None:
        self._references, self._place = references, place

    @property
    def _reference(self) -> Reference:
        return self._references.all[self._place]

    def _part(self, part: str) -> "Mark":
        return self._references.refer(self._reference.figure, self._reference.unit, part)

    @property
    def of(self) -> "Mark":
        return self._part("of")

    @property
    def missing(self) -> "Mark":
        return self._part("missing")

    @property
    def share(self) -> "Mark":
        return self._part("share")

    def __str__(self) -> str:
        return f"\ue000{self._place}\ue001"

    def __html__(self) -> str:
        return str(self)

    def __bool__(self) -> bool:
        return bool(self._reference.value)

    def __eq__(self, other: object) -> bool:
        return self._reference.value == _value(other)

    def __lt__(self, other: object) -> bool:
        return (self._reference.value or 0) < _value(other)

    def __gt__(self, other: object) -> bool:
        return (self._reference.value or 0) > _value(other)

    __hash__ = None  # type: ignore[assignment]


def _value(other: object) -> Any:
    return other._reference.value if isinstance(other, Mark) else other
