"""ID numbers and phones as they stand in lists: masked, of 15 digits, with signs between, with 86 before."""

import re
from typing import NamedTuple

from fangxian.registry.id_numbers import widen
from fangxian.registry.importing.cells import digits_of
from fangxian.registry.importing.text import Cell, as_text

_MASK = re.compile(r"[*?•●＊#]|(?<=[0-9])[xX]{2,}(?=[0-9*]|$)")
_WHOLE = re.compile(r"[0-9]{17}[0-9X]")
_OLD = re.compile(r"[0-9]{15}")
_NEAR = re.compile(r"[0-9]{16,18}X?")


class IdNumber(NamedTuple):
    """`whole` has 18 characters, or "" where some are masked: then `head` and `tail` are what is seen."""

    whole: str = ""
    head: str = ""
    tail: str = ""


NOTHING = IdNumber()


def read_id(cell: Cell) -> IdNumber:
    """What a cell tells of an ID number; nothing where it is none, or Excel has rounded it."""
    if isinstance(cell, float) and abs(cell) >= 1e15:
        return IdNumber(head=f"{cell:.0f}"[:15])
    text = digits_of(cell).upper()
    if _WHOLE.fullmatch(text):
        return IdNumber(text)
    if _OLD.fullmatch(text):
        return IdNumber(widen(text))
    masked = _MASK.search(text)
    if masked:
        last = list(_MASK.finditer(text))[-1]
        head, tail = text[: masked.start()], text[last.end() :]
        return IdNumber(head=_seen(head)[:14], tail=_seen(tail)[-8:]) if head or tail else NOTHING
    return IdNumber(head=text[:14]) if _NEAR.fullmatch(text) else NOTHING


def _seen(text: str) -> str:
    return text if re.fullmatch(r"[0-9]*X?", text) else ""


_MOBILE = re.compile(r"(?:\+|00)?(?:86)?-?(1[0-9]{10})(?![0-9])")
_SIGNS = re.compile(r"[\s\-—–'’.()（）+/_]")


def read_phone(cell: Cell) -> str:
    """11 digits, or "" where there are none. Of several numbers the first."""
    if isinstance(cell, str) and len(cell) == 11 and cell.isascii() and cell.isdigit():
        return cell
    text = as_text(cell)
    if text.endswith(".0"):
        text = text[:-2]
    tight = _SIGNS.sub("", text)
    found = _MOBILE.search(tight if len(tight) <= 16 else text) or _MOBILE.search(tight)
    if found:
        return found[1]
    digits = re.sub(r"[^0-9]", "", tight)
    return digits if 10 <= len(digits) <= 12 else ""
