"""Citizen identification numbers (GB 11643-1999): region, birth date, serial, check digit.

The first two digits name a province (GB/T 2260). The prefix 99 is given to no region: demonstrations and
tests use it, and it passes only where the caller says that such people are `invented`.
"""

import re
from datetime import date
from functools import lru_cache
from operator import mul
from typing import NamedTuple

from .importing.problems import (
    IdNumberBirth,
    IdNumberCheck,
    IdNumberLength,
    IdNumberOld,
    IdNumberRegion,
)

PROVINCES = frozenset(
    map(
        str,
        (
            *range(11, 16),
            *range(21, 24),
            *range(31, 38),
            *range(41, 47),
            *range(50, 55),
            *range(61, 66),
            71,
            81,
            82,
            83,
        ),
    )
)
INVENTED = "99"
_WHOLE = re.compile(r"[0-9]{17}[0-9X]")
_OLD = re.compile(r"[0-9]{15}")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"  # by the weighted sum modulo 11
EARLIEST = date(1900, 1, 1)


class IdNumber(NamedTuple):
    """`sex` is m or f: the 17th digit is odd for men, even for women."""

    number: str
    birth: date
    sex: str


def check_digit(stem: str) -> str:
    """The 18th character for the first 17 digits."""
    return _CHECKS[sum(map(mul, map(int, stem), _WEIGHTS)) % 11]


def read_id_number(text: str, *, today: date, invented: bool = False) -> IdNumber:
    """An 18-character number, its X in upper case. `today` bounds the birth date.

    Raises IdNumberLength, IdNumberOld (15 digits), IdNumberRegion, IdNumberBirth, IdNumberCheck.
    """
    if not _WHOLE.fullmatch(text):
        raise IdNumberOld() if _OLD.fullmatch(text) else IdNumberLength(length=len(text))
    if text[:2] not in PROVINCES and not (invented and text[:2] == INVENTED):
        raise IdNumberRegion(region=text[:2])
    born = _birth(text[6:14])
    if born is None or not EARLIEST <= born <= today:
        raise IdNumberBirth()
    if check_digit(text[:17]) != text[17]:
        raise IdNumberCheck()
    return IdNumber(text, born, sex_of(text))


def widen(old: str) -> str:
    """The 18 characters of a number of 15 digits (before 1999; the century is the 20th).

    Raises IdNumberLength for anything else.
    """
    if not _OLD.fullmatch(old):
        raise IdNumberLength(length=len(old))
    stem = f"{old[:6]}19{old[6:]}"
    return stem + check_digit(stem)


def sex_of(number: str) -> str:
    return "m" if int(number[16]) % 2 else "f"


def birth_of(number: str) -> date:
    """Of a number that was read before."""
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


@lru_cache(maxsize=65_536)
def _birth(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
