"""The functions that rules may call: those of XPath 1.0 and of the XForms that ODK's tools know.

Each takes values and gives one; none raises. `DEVICE` are those whose outcome the device alone knows:
they may stand in a calculation, whose answer is then taken as given.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from .values import Day, Value, number, read_day, read_moment, text, truth, words


class Function(NamedTuple):
    """`least` and `most` arguments; None: any number."""

    call: Callable[..., Value]
    least: int
    most: int | None


FIRST, LAST = Day.of(date.min), Day.of(date.max)
DEVICE = frozenset({"once", "random", "uuid"})
CLOCK = frozenset({"today", "now"})  # see `rules`: they read what the rule is asked with


def _round(value: Value, places: Value = 0.0) -> float:
    """Halves go up, as XPath has it."""
    given, scale = number(value), _power(10.0, places)
    if not 0 < scale < math.inf or not math.isfinite(given * scale):
        return given
    return math.floor(given * scale + 0.5) / scale


def _whole(how: Callable[[float], int]) -> Callable[[Value], float]:
    def call(value: Value) -> float:
        given = number(value)
        return float(how(given)) if math.isfinite(given) else given

    return call


def _substring(value: Value, start: Value, length: Value = math.inf) -> str:
    """Counted from 1."""
    first = _round(start)
    end = first + _round(length)
    return "".join(letter for at, letter in enumerate(text(value), 1) if first <= at < end)


def _substr(value: Value, start: Value, end: Value = math.inf) -> str:
    """Counted from 0; a negative position counts from the end."""
    letters = text(value)
    return letters[_place(start, len(letters)) : _place(end, len(letters))]


def _place(value: Value, length: int) -> int:
    given = number(value)
    return int(given) if math.isfinite(given) else length


def _translate(value: Value, old: Value, new: Value) -> str:
    put = text(new)
    table: dict[int, str | None] = {}
    for at, letter in enumerate(text(old)):
        table.setdefault(ord(letter), put[at] if at < len(put) else None)
    return text(value).translate(table)


@lru_cache(maxsize=512)
def pattern(source: str) -> re.Pattern[str] | None:
    """None where it is no regular expression."""
    try:
        return re.compile(source)
    except (re.error, OverflowError, RecursionError):
        return None


def _regex(value: Value, source: Value) -> bool:
    """The whole text must match, as in ODK."""
    compiled = pattern(text(source))
    return compiled is not None and compiled.fullmatch(text(value)) is not None


def _date(value: Value) -> Value:
    moment = _date_time(value)
    return Day(math.floor(moment)) if isinstance(moment, Day) else moment


def _date_time(value: Value) -> Value:
    if value == "" or isinstance(value, Day):
        return value
    if isinstance(value, str):
        day = read_day(value)
        moment = read_moment(value) if day is None else day
        return math.nan if moment is None else moment
    given = number(value)
    return Day(given) if FIRST <= given < LAST else math.nan


_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "%Y": "{0.year:04}",
        "%y": "{0.year:04}",
        "%m": "{0.month:02}",
        "%n": "{0.month}",
        "%b": "{0:%b}",
        "%d": "{0.day:02}",
        "%e": "{0.day}",
        "%H": "{0.hour:02}",
        "%h": "{0.hour}",
        "%M": "{0.minute:02}",
        "%S": "{0.second:02}",
        "%3": "{1:03}",
        "%a": "{0:%a}",
    }
)


def _format_date(value: Value, form: Value) -> str:
    day = _date_time(value)
    if not isinstance(day, Day):
        return ""
    moment = day.moment
    fill = [moment, moment.microsecond // 1000]
    parts = re.split(r"(%.)", text(form))
    return "".join(_PARTS[part].format(*fill) if part in _PARTS else part for part in parts)


def _selected_at(value: Value, at: Value) -> str:
    codes, given = words(value), number(at)
    return codes[int(given)] if math.isfinite(given) and 0 <= given < len(codes) else ""


def _checklist(least: Value, most: Value, *given: Value) -> bool:
    low, high, count = number(least), number(most), sum(map(truth, given))
    return (low < 0 or count >= low) and (high < 0 or count <= high)


def _power(base: Value, exponent: Value) -> float:
    try:
        return float(math.pow(number(base), number(exponent)))
    except (ValueError, OverflowError):
        return math.nan


def _root(value: Value) -> float:
    given = number(value)
    return math.sqrt(given) if given >= 0 else math.nan


def _extreme(how: Callable[..., float]) -> Callable[..., float]:
    """Of the numbers given; what was not answered is passed over, as an empty node is."""

    def call(*given: Value) -> float:
        numbers = [number(value) for value in given if value is not None and value != ""]
        return how(numbers) if numbers and not any(map(math.isnan, numbers)) else math.nan

    return call


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "true": Function(lambda: True, 0, 0),
        "false": Function(lambda: False, 0, 0),
        "not": Function(lambda value: not truth(value), 1, 1),
        "boolean": Function(truth, 1, 1),
        "if": Function(lambda when, then, other: then if truth(when) else other, 3, 3),
        "coalesce": Function(lambda one, other: one if text(one) != "" else other, 2, 2),
        "checklist": Function(_checklist, 2, None),
        "number": Function(number, 1, 1),
        "int": Function(_whole(math.trunc), 1, 1),
        "floor": Function(_whole(math.floor), 1, 1),
        "ceiling": Function(_whole(math.ceil), 1, 1),
        "round": Function(_round, 1, 2),
        "abs": Function(lambda value: abs(number(value)), 1, 1),
        "pow": Function(_power, 2, 2),
        "sqrt": Function(_root, 1, 1),
        "min": Function(_extreme(min), 1, None),
        "max": Function(_extreme(max), 1, None),
        "string": Function(text, 1, 1),
        "concat": Function(lambda *given: "".join(map(text, given)), 1, None),
        "join": Function(lambda mark, *given: text(mark).join(map(text, given)), 2, None),
        "contains": Function(lambda value, part: text(part) in text(value), 2, 2),
        "starts-with": Function(lambda value, part: text(value).startswith(text(part)), 2, 2),
        "ends-with": Function(lambda value, part: text(value).endswith(text(part)), 2, 2),
        "substring": Function(_substring, 2, 3),
        "substr": Function(_substr, 2, 3),
        "substring-before": Function(lambda value, part: _around(value, part)[0], 2, 2),
        "substring-after": Function(lambda value, part: _around(value, part)[1], 2, 2),
        "string-length": Function(lambda value: float(len(text(value))), 1, 1),
        "normalize-space": Function(lambda value: " ".join(words(value)), 1, 1),
        "translate": Function(_translate, 3, 3),
        "regex": Function(_regex, 2, 2),
        "selected": Function(lambda value, code: text(code).strip() in words(value), 2, 2),
        "selected-at": Function(_selected_at, 2, 2),
        "count-selected": Function(lambda value: float(len(words(value))), 1, 1),
        "date": Function(_date, 1, 1),
        "date-time": Function(_date_time, 1, 1),
        "decimal-date-time": Function(lambda value: number(_date_time(value)), 1, 1),
        "format-date": Function(_format_date, 2, 2),
        "format-date-time": Function(_format_date, 2, 2),
        "once": Function(lambda value: value, 1, 1),
        "random": Function(lambda: "", 0, 0),
        "uuid": Function(lambda length="": "", 0, 1),
    }
)


def _around(value: Value, part: Value) -> tuple[str, str]:
    before, found, after = text(value).partition(text(part)) if text(part) else ("", " ", text(value))
    return (before, after) if found else ("", "")
