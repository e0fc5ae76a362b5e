"""Validity as half-open spans of days."""

from dataclasses import dataclass
from datetime import date

from .problems import SpanReversed


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `start` up to, not including, `end`; `end=None` is open.

    Raises SpanReversed when the span would hold no day.
    """

    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise SpanReversed(start=self.start.isoformat(), end=self.end.isoformat())

    def __contains__(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)

    def overlaps(self, other: "Span") -> bool:
        return (self.end is None or other.start < self.end) and (other.end is None or self.start < other.end)
