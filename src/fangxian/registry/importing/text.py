"""Cells as offices fill them in: every kind of blank, full-width signs, floats, dates in four spellings."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar

from .problems import DayImpossible, DayUnreadable


@dataclass(frozen=True, slots=True)
class Broken:
    """A cell without a value: an error such as #N/A, as `shown`, or a formula that was never computed."""

    FORMULA: ClassVar["Broken"]
    shown: str


Broken.FORMULA = Broken("")

Cell = str | int | float | bool | date | datetime | time | timedelta | Broken | None

# What looks blank but is not a space to Python: zero-width signs, fillers, marks, private line ends.
_INVISIBLE = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\ufeff\uffa0" + "".join(
    map(chr, [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10)])
)
_WIDE = {
    wide: wide - 0xFEE0
    for a, b in ((0xFF10, 0xFF1A), (0xFF21, 0xFF3B), (0xFF41, 0xFF5B))
    for wide in range(a, b)
}
_CONTROL = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " ")
_TABLE = str.maketrans({**_CONTROL, **_WIDE, **dict.fromkeys(map(ord, _INVISIBLE), None)})
_ODD = re.compile(rf"[\s\x00-\x20\x7f-\x9f{_INVISIBLE}\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]|_x000D_")


def squeezed(text: str) -> str:
    """Without what cannot be seen; blanks in a row become one; full-width digits and letters narrow."""
    if not _ODD.search(text):
        return text
    return " ".join(text.replace("_x000D_", " ").translate(_TABLE).split())


def as_text(cell: Cell) -> str:
    """A cell of any type as squeezed text; whole floats without their “.0”, dates as ISO 8601."""
    if isinstance(cell, str):
        return squeezed(cell)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, Broken):
        return cell.shown
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time(0) else cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not squeezed(cell))


_NOTHING = re.compile(r"[-‐‑–—―_~/\\\\|.,·・…*、。]{1,20}")
_NOTHING_WORDS = frozenset(("无", "無", "没有", "暂无", "空", "空白", "n/a", "null", "none", "nil", "nan"))
_LONGEST_NOTHING = 20


def is_nothing(cell: Cell) -> bool:
    """Blank, or a sign that people put where they have nothing to say: —, /, 无."""
    if not isinstance(cell, str):
        return cell is None
    if len(cell) > _LONGEST_NOTHING or (len(cell) > 4 and cell.isalnum()):
        return not squeezed(cell)
    text = unicodedata.normalize("NFKC", squeezed(cell))
    return not text or bool(_NOTHING.fullmatch(text)) or text.casefold() in _NOTHING_WORDS


# ---- names ------------------------------------------------------------------------------------------

_DOTS = re.compile(r" ?[·•・‧∙⋅●･᛫\u0387\ua78f\u25e6] ?")
_HAN = r"[\u2e80-\u2fff\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_STOPS = re.compile(rf"(?<={_HAN}) ?[.．。․] ?(?={_HAN})")
_GAP = re.compile(rf"(?<={_HAN}) (?={_HAN})")


def person_name(text: str) -> str:
    """“张 三” is 张三; all middle dots are one. Characters stay as they are: NFKC would change rare ones."""
    if text.isalnum() and text.isascii() is False:
        return text
    return _DOTS.sub("·", _STOPS.sub("·", _GAP.sub("", text)))


_LETTER = re.compile(_HAN)


def has_letter(text: str) -> bool:
    """A letter or a Chinese character, those that Python's tables do not have yet among them."""
    return any(map(str.isalpha, text)) or bool(_LETTER.search(text))


_BETWEEN = re.compile(r"\s+")


def unit_key(text: str) -> str:
    """Equal for spellings of one unit's name that differ in width, blanks, brackets or case alone."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _BETWEEN.sub("", folded).translate(_BRACKETS)


_BRACKETS = str.maketrans("[]【】〔〕{}", "()()()()")

# ---- what a message may quote -----------------------------------------------------------------------

_NUMBER = re.compile(r"[0-9](?:[0-9\s.\-—_/*]*[0-9]){6,}[\s\-]*[xX]?")


def quoted(text: object, limit: int = 30) -> str:
    """Text for a message: long runs of digits masked, whatever stands between them, and cut."""
    narrow = squeezed(unicodedata.normalize("NFKC", str(text)[:200]))
    masked = _NUMBER.sub(_mask, narrow)
    return masked if len(masked) <= limit else masked[:limit] + "…"


def _mask(match: re.Match[str]) -> str:
    run = match[0]
    if sum(sign.isdigit() for sign in run) <= 8:  # a date, a code
        return run
    return f"{run[:3]}…{run[-2:]}"


# ---- days -------------------------------------------------------------------------------------------

EPOCH = date(1899, 12, 30)  # serial 60 is a day that never was; dates before March 1900 do not occur
EPOCH_1904 = date(1904, 1, 1)
_YEARS = range(1900, 2101)
_CLOCK = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_PLAIN = re.compile(rf"(\d{{4}})(?:年|[-/.。])(\d{{1,2}})(?:月|[-/.。])(\d{{1,2}})[日号]?{_CLOCK}")
_TIGHT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_CHINESE = re.compile(
    r"([〇零○Oo0一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})[日号]?"
)
_DIGITS = {sign: str(i) for i, sign in enumerate("〇一二三四五六七八九")} | dict.fromkeys("零○Oo0", "0")
_TENS = str.maketrans({"廿": "二十", "卅": "三十", "◯": "〇"})


def read_day(cell: Cell, epoch: date = EPOCH) -> date:
    """A date cell, a serial of Excel, or text: 2020-02-12, 2020/2/12, 20200212, 2020年2月12日,
    二〇二〇年二月十二日; a time of day after it is dropped. Raises DayUnreadable, DayImpossible."""
    if isinstance(cell, date):
        found = cell.date() if isinstance(cell, datetime) else cell
    elif isinstance(cell, float | int) and not isinstance(cell, bool) and cell < 100_000:
        found = _serial(cell, epoch)
    else:
        found = _written(as_text(cell), epoch)
    if found.year not in _YEARS:
        raise DayImpossible(text=found.isoformat())
    return found


def _written(text: str, epoch: date) -> date:
    text = unicodedata.normalize("NFKC", text[:60])
    if text.isdecimal() and len(text) in (4, 5):
        return _serial(int(text), epoch)
    parts = _parts(text)
    if parts is None:
        raise DayUnreadable(text=quoted(text))
    try:
        return date(*parts)
    except ValueError as error:
        raise DayImpossible(text=quoted(text)) from error


def _parts(text: str) -> tuple[int, int, int] | None:
    found = _PLAIN.fullmatch(text) or _TIGHT.fullmatch(text)
    if found is None and "年" in text:
        tight = text.replace(" ", "").translate(_TENS)
        found = _PLAIN.fullmatch(tight)
        spelt = _CHINESE.fullmatch(tight)
        if spelt:
            year = int("".join(_DIGITS[sign] for sign in spelt[1]))
            return year, _small(spelt[2]), _small(spelt[3])
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _small(signs: str) -> int:
    """Chinese numerals to 99: 二十九 is 29."""
    tens, ten, ones = signs.rpartition("十")
    value = int(_DIGITS.get(ones, "0")) if len(ones) <= 1 else 99
    return value + (10 * int(_DIGITS.get(tens, "1")) if ten else 0)


def _serial(number: float, epoch: date) -> date:
    if not 1_000 <= number < 80_000:
        raise DayUnreadable(text=quoted(as_text(number)))
    return epoch + timedelta(days=int(number))
