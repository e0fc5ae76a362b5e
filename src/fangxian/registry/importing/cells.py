"""One cell to one normalised text: what each column takes, and the Problem of what it does not take."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta

from fangxian.kernel.problems import Problem

from ..id_numbers import read_id_number
from ..kinds import KEY_AREAS, RELATIONS, STAGES, UNIT_KINDS
from ..problems import UnknownKind
from .problems import (
    CellBecameDate,
    CellTooLong,
    CodeUnreadable,
    IdNumberLength,
    IdNumberRounded,
    KeyAreaUnknown,
    NameDamaged,
    NameUnreadable,
    PhoneUnreadable,
    SexUnreadable,
    StageUnknown,
)
from .text import EPOCH, Cell, as_text, has_letter, person_name, quoted, read_day, unit_key

NAME_LIMIT = 80
TEXT_LIMIT = 1_000
CODE_LIMIT = 40


@dataclass(frozen=True, slots=True)
class Setting:
    """What cells are read against: dates against `today`; `invented` lets the prefix 99 pass; serial days
    count from the file's `epoch`."""

    today: date
    invented: bool = False
    epoch: date = EPOCH


Reader = Callable[[Cell, Setting], str]


def plain(cell: Cell, setting: Setting) -> str:
    return _limited(as_text(cell), TEXT_LIMIT)


def short(cell: Cell, setting: Setting) -> str:
    """Text that a name's column can keep. A class 1-2 that Excel took for 2 January is refused."""
    if isinstance(cell, date | time | timedelta):
        raise CellBecameDate(text=as_text(cell))
    return _limited(as_text(cell), NAME_LIMIT)


def _limited(text: str, limit: int) -> str:
    if len(text) > limit:
        raise CellTooLong(column="", length=len(text), limit=limit)
    return text


_LONG_NUMBER = re.compile(r"[0-9]{5,}")
_LOST = re.compile(
    "[?？□\ufffd\ue000-\uf8ff]"
)  # what stands for a rare character that a program did not know


def name(cell: Cell, setting: Setting) -> str:
    text = person_name(_limited(as_text(cell), NAME_LIMIT))
    if not isinstance(cell, str) or not has_letter(text) or _LONG_NUMBER.search(text):
        raise NameUnreadable(text=quoted(text))
    if _LOST.search(text):
        raise NameDamaged(text=quoted(text))
    return text


def listed_name(cell: Cell, setting: Setting) -> str:
    """As somebody's list has it, with lost or hidden characters, for matching to judge."""
    text = person_name(_limited(as_text(cell), NAME_LIMIT))
    if not isinstance(cell, str) or not has_letter(text) or _LONG_NUMBER.search(text):
        raise NameUnreadable(text=quoted(text))
    return text


_SEXES = {
    "男": "男",
    "女": "女",
    "男性": "男",
    "女性": "女",
    "m": "男",
    "f": "女",
    "male": "男",
    "female": "女",
}


def sex(cell: Cell, setting: Setting) -> str:
    """男 or 女."""
    text = as_text(cell)
    found = _SEXES.get(text) or _SEXES.get(text.casefold())
    if found is None:
        raise SexUnreadable(text=quoted(text))
    return found


_EXPONENT = re.compile(r"([0-9])[.,]?([0-9]*)[eE]\+?([0-9]{1,2})")
_BETWEEN_DIGITS = re.compile(r"[\s'’‘`\"“”\-—–_.·]")


def digits_of(cell: Cell) -> str:
    """A number that was written with blanks, hyphens or the text mark '."""
    text = as_text(cell).translate(_LOOKALIKE)
    return text if text.isalnum() else _BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", text[:100]))


_LOOKALIKE = str.maketrans(
    {"х": "X", "Х": "X", "×": "X", "Ⅹ": "X", "ⅹ": "X", "x": "X"}
)  # Cyrillic, times, ten


def id_number(cell: Cell, setting: Setting) -> str:
    """18 characters. A number cell of more than 15 digits was rounded by Excel, whatever it shows."""
    if _was_rounded(cell):
        raise IdNumberRounded()
    text = digits_of(cell)
    if len(text) == 18 and text.endswith("000") and not _fits(text, setting):
        raise IdNumberRounded()
    return read_id_number(text, today=setting.today, invented=setting.invented).number


def _was_rounded(cell: Cell) -> bool:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return abs(cell) >= 1e15
    return isinstance(cell, str) and _exponent(cell) is not None


def _exponent(text: str) -> re.Match[str] | None:
    if "e" not in text and "E" not in text and text.isascii():
        return None
    return _EXPONENT.fullmatch(unicodedata.normalize("NFKC", text[:60]).strip())


def _fits(text: str, setting: Setting) -> bool:
    try:
        read_id_number(text, today=setting.today, invented=setting.invented)
    except Problem:
        return False
    return True


_MASKED = re.compile(r"[0-9*?•●xX]{15,18}")


def listed_id_number(cell: Cell, setting: Setting) -> str:
    """As somebody's list has it: masked, of 15 digits, or with a wrong digit, for matching to judge. What
    Excel has rounded away is masked."""
    text = _what_is_left(cell) if _was_rounded(cell) else digits_of(cell).upper()
    if not _MASKED.fullmatch(text):
        raise IdNumberLength(length=len(text))
    return text


def _what_is_left(cell: Cell) -> str:
    """Excel keeps 15 digits of a number; what it shows as 5.39E+17 keeps three."""
    if isinstance(cell, str):
        found = _exponent(cell)
        assert found is not None
        return (found[1] + found[2]).ljust(int(found[3]) + 1, "*")
    assert isinstance(cell, int | float)
    digits, power = f"{abs(cell):.14e}".split("e")
    return digits.replace(".", "").ljust(int(power) + 1, "*")


_PHONE = re.compile(r"1[0-9]{10}")
_COUNTRY = re.compile(r"^(?:\+|00?)?86(?=1[0-9]{10}$)")


def phone(cell: Cell, setting: Setting) -> str:
    return read_phone(as_text(cell))


def read_phone(text: str) -> str:
    """11 digits; +86, blanks and hyphens are dropped. Raises PhoneUnreadable."""
    if not _PHONE.fullmatch(text):
        tight = re.sub(r"[\s\-—–'’‘\".()（）]", "", text[:60].removesuffix(".0"))
        text = _COUNTRY.sub("", tight)
    if not _PHONE.fullmatch(text):
        raise PhoneUnreadable(digits=sum(map(str.isdigit, text)))
    return text


def day(cell: Cell, setting: Setting) -> str:
    """ISO 8601."""
    return read_day(cell, setting.epoch).isoformat()


def listed_phone(cell: Cell, setting: Setting) -> str:
    """As somebody's list has it: the first of several, with a word before it, perhaps with a digit too many
    or too few, for matching to judge."""
    try:
        return phone(cell, setting)
    except PhoneUnreadable:
        found = _LISTED_PHONE.search(re.sub(r"(?<=[0-9])[\s\-—–](?=[0-9])", "", as_text(cell)[:100]))
        if found is None:
            raise
        return _COUNTRY.sub("", found[0])


_LISTED_PHONE = re.compile(r"(?<![0-9*])[0-9]{7,13}(?![0-9*])")
_MONTH = re.compile(r"((?:19|20)\d{2})(?:[年\-/.](0?[1-9]|1[0-2])月?|年)?(?:生|出生)?")


def listed_birth(cell: Cell, setting: Setting) -> str:
    """A day, or the month or year that is all somebody's list has: 2009-02, 2009."""
    text = as_text(cell).replace(" ", "")
    found = _MONTH.fullmatch(text)
    if found is None:
        return day(cell, setting)
    return f"{found[1]}-{int(found[2]):02d}" if found[2] else found[1]


# ---- units ------------------------------------------------------------------------------------------

# What offices write for a kind, with the stage that it implies.
KINDS: dict[str, tuple[str, str]] = {
    **{unit_key(kind.zh): (code, "") for code, kind in UNIT_KINDS.items()},
    **{unit_key(kind.en): (code, "") for code, kind in UNIT_KINDS.items()},
    **{unit_key(code): (code, "") for code in UNIT_KINDS},
    **{unit_key(zh): ("school", code) for code, (zh, _en) in STAGES.items()},
    "学校": ("school", ""),
    "中学": ("school", ""),
    "初中": ("school", "junior"),
    "高中": ("school", "senior"),
    "完全小学": ("school", "primary"),
    "完小": ("school", "primary"),
    "九年一贯制学校": ("school", "nine_year"),
    "职业中学": ("school", "vocational"),
    "职业高中": ("school", "vocational"),
    "教学点": ("teaching_point", "primary"),
    "班": ("class", ""),
    "科室": ("office", ""),
    "股室": ("office", ""),
    "培训机构": ("institution", ""),
    "教育局": ("bureau", ""),
}
_STAGES = {unit_key(zh): code for code, (zh, _en) in STAGES.items()} | {
    **{code: code for code in STAGES},
    "初中": "junior",
    "高中": "senior",
    "完中": "complete",
    "九年一贯制学校": "nine_year",
    "职高": "vocational",
    "职业中学": "vocational",
}
_AREAS = {unit_key(zh): code for code, (zh, _en) in KEY_AREAS.items()} | {code: code for code in KEY_AREAS}
_AREAS |= {
    "厕": "toilets",
    "卫生间": "toilets",
    "宿": "dormitory",
    "学生宿舍": "dormitory",
    "大门": "entrance",
}
NONE_HERE = ("无", "没有", "none")
_CODE = re.compile(rf"[0-9A-Za-z][0-9A-Za-z._\-]{{0,{CODE_LIMIT - 1}}}")


def kind_of(text: str) -> tuple[str, str]:
    """(kind, the stage that it implies or "")."""
    return KINDS[unit_key(text)]


def kind(cell: Cell, setting: Setting) -> str:
    text = as_text(cell)
    if unit_key(text) not in KINDS:
        raise UnknownKind(kind=quoted(text))
    return text


def stage_of(text: str) -> str:
    return _STAGES[unit_key(text)]


def stage(cell: Cell, setting: Setting) -> str:
    text = as_text(cell)
    if unit_key(text) not in _STAGES:
        raise StageUnknown(text=quoted(text), stages="、".join(zh for zh, _ in STAGES.values()))
    return text


_LIST_SIGNS = re.compile(r"[、,，;；/\s]+")


def areas_of(text: str) -> list[str]:
    """Codes of key areas: 教室、食堂."""
    if unit_key(text) in NONE_HERE:
        return []
    return [_AREAS[unit_key(part)] for part in _LIST_SIGNS.split(text) if part]


def areas(cell: Cell, setting: Setting) -> str:
    text = as_text(cell)
    if unit_key(text) not in NONE_HERE:
        for part in filter(None, _LIST_SIGNS.split(text)):
            if unit_key(part) not in _AREAS:
                raise KeyAreaUnknown(text=quoted(part), areas="、".join(zh for zh, _ in KEY_AREAS.values()))
    return text


def code(cell: Cell, setting: Setting) -> str:
    text = as_text(cell)
    if not _CODE.fullmatch(text):
        raise CodeUnreadable(text=quoted(text), limit=CODE_LIMIT)
    return text


# ---- relations --------------------------------------------------------------------------------------

_RELATIONS = {unit_key(zh): code for code, (zh, _en) in RELATIONS.items()} | {
    **dict.fromkeys(
        ["父亲", "母亲", "父", "母", "爸爸", "妈妈", "父子", "父女", "母子", "母女", "继父", "继母"], "parent"
    ),
    **dict.fromkeys(["养父", "养母", "家长"], "parent"),
    **dict.fromkeys(["祖父", "祖母", "爷爷", "奶奶", "外公", "外婆", "外祖父", "外祖母"], "grandparent"),
    **dict.fromkeys(["祖孙", "爷孙", "姥姥", "姥爷", "外祖父母"], "grandparent"),
    **dict.fromkeys(["哥哥", "姐姐", "兄", "姐", "兄长"], "grown_child"),
}


def relation_of(text: str) -> str:
    """What the guardian is in the household; what is not known is "other"."""
    return _RELATIONS.get(unit_key(text), "other")


# ---- posts ------------------------------------------------------------------------------------------


def roles_of(text: str) -> list[str]:
    """The roles of a staff member: staff always, head and first responsible person where the post says so."""
    parts = {unit_key(part) for part in _LIST_SIGNS.split(text) if part}
    roles = ["staff"]
    if parts & {"校长", "园长", "head", "principal"}:
        roles.append("head")
    if parts & {"第一责任人", "firstresponsibleperson"}:
        roles.append("first_responsible")
    return roles
