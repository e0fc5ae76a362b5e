"""Birth dates in parts: 2009-02-26, 2009年2月, 2009; what is not given is 0."""

import re
from datetime import date, datetime
from typing import NamedTuple

from fangxian.kernel.problems import Problem
from fangxian.registry.importing.text import Cell, as_text, read_day


class Birth(NamedTuple):
    year: int
    month: int = 0
    day: int = 0


_PARTS = re.compile(r"(\d{4})[年\-/.．。](\d{1,2})(?:[月\-/.．。](\d{1,2})[日号]?)?月?(?:[ T].*)?")
_REVERSED = re.compile(r"(\d{1,2})[\-/.](\d{1,2})[\-/.](\d{4})")
_TIGHT = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_YEAR = re.compile(r"(\d{4})年?")


def read_birth(cell: Cell) -> Birth | None:
    """None where the cell holds no date. Impossible days are kept: somebody may have swapped the parts."""
    if isinstance(cell, datetime | date):
        return Birth(cell.year, cell.month, cell.day)
    text = as_text(cell).replace(" 00:00:00", "").replace(" ", "")
    found = _PARTS.fullmatch(text) or _TIGHT.fullmatch(text) or _YEAR.fullmatch(text)
    if found and 1900 <= int(found[1]) <= 2100:
        return Birth(*(int(part) for part in found.groups() if part))
    turned = _REVERSED.fullmatch(text)
    if turned:
        return Birth(int(turned[3]), int(turned[1]), int(turned[2]))
    try:
        day = read_day(text)
    except Problem:
        return None
    return Birth(day.year, day.month, day.day)


def birth_in(digits: str) -> Birth | None:
    """Of the digits 7 to 14 of an ID number, as many as are seen."""
    if len(digits) < 4 or not digits.isdigit() or not 1900 <= int(digits[:4]) <= 2100:
        return None
    month = int(digits[4:6]) if len(digits) >= 6 else 0
    return Birth(int(digits[:4]), month, int(digits[6:8]) if len(digits) >= 8 else 0)
