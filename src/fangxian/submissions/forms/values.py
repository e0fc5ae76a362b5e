"""What rules reckon with, and how one kind of value is read as another.

A value is a text, a number, a yes or no, a `Day`, or None: a column that a choice lacks. What was not
answered, or was not to be asked, is the empty text, as in ODK.
"""

import math
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fangxian.kernel.moments import OFFICE_ZONE

Value = Any

EPOCH = date(1970, 1, 1).toordinal()
NUMBER = re.compile(r"\s*-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*\Z")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
LIMIT = 1e15  # whole numbers below it print without an exponent


class Day(float):
    """A date or a moment, as days since 1970 began by the office's clock; prints as ISO 8601 does."""

    __slots__ = ()

    @classmethod
    def of(cls, day: date) -> "Day":
        return cls(day.toordinal() - EPOCH)

    @classmethod
    def at(cls, moment: datetime) -> "Day":
        """A moment without a zone is taken to be the office's."""
        local = moment.astimezone(OFFICE_ZONE) if moment.tzinfo else moment
        since = local.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
        return cls(since / timedelta(days=1))

    @property
    def moment(self) -> datetime:
        """By the office's clock, to the millisecond; without a zone."""
        return datetime(1970, 1, 1) + timedelta(milliseconds=round(self * 86_400_000))  # noqa: DTZ001

    def __str__(self) -> str:
        if self.is_integer():
            return date.fromordinal(EPOCH + int(self)).isoformat()
        return self.moment.isoformat(timespec="milliseconds") + "+08:00"


def read_day(text: str) -> Day | None:
    if not DAY.match(text):
        return None
    try:
        return Day.of(date.fromisoformat(text))
    except ValueError:
        return None


def read_moment(text: str) -> Day | None:
    """An ISO moment, `2020-02-12T18:50:00+08:00`."""
    if "T" not in text:
        return None
    try:
        return Day.at(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def number(value: Value) -> float:
    """NaN for what is no number. A text that is a date or a moment is the number of its day."""
    if isinstance(value, str):
        if NUMBER.match(value):
            return float(value)
        day = read_day(value) or read_moment(value)
        return math.nan if day is None else float(day)
    return math.nan if value is None else float(value)


def text(value: Value) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Day):
        return str(value)
    return _number_text(float(value))


def _number_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value.is_integer() and abs(value) < LIMIT else repr(value)


def truth(value: Value) -> bool:
    if isinstance(value, str):
        return value != ""
    if isinstance(value, Day):
        return True
    return value is not None and value == value and value != 0


def equal(one: Value, other: Value) -> bool:
    """As in ODK: by truth where one is a truth, by number where one is a number, else by text."""
    if isinstance(one, bool) or isinstance(other, bool):
        return truth(one) == truth(other)
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    return number(one) == number(other)


def words(value: Value) -> list[str]:
    """The codes of a multiple choice."""
    return text(value).split()
