"""The two times that every question carries."""

from dataclasses import dataclass
from datetime import date, datetime

from .moments import day_of


@dataclass(frozen=True, slots=True)
class AsOf:
    """The day that is asked about, and what was known by when.

    `position` is the place in the change log that `known_by` resolves to (see `changes.position_at`);
    issuing stores it, so that a bulletin recounts exactly what was known then.
    """

    day: date
    known_by: datetime
    position: int

    @classmethod
    def at(cls, moment: datetime, *, position: int, known_by: datetime | None = None) -> "AsOf":
        return cls(day=day_of(moment), known_by=known_by or moment, position=position)
