"""Which columns hold names, numbers, birth dates and addresses, by what stands in them."""

import re
from collections.abc import Callable, Sequence

from fangxian.registry.importing.text import Cell, as_text, is_blank

from .days import read_birth
from .numbers import NOTHING, read_id, read_phone

_COMMON = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_NAME = re.compile(r"[一-鿿](?:[ ·•]*[一-鿿]){1,3}")


def _is_name(cell: Cell) -> bool:
    text = as_text(cell)
    return bool(_NAME.fullmatch(text)) and text[0] in _COMMON


def _is_phone(cell: Cell) -> bool:
    found = read_phone(cell)
    return len(found) == 11 and found[0] == "1" and len(as_text(cell)) < 20 and read_id(cell) == NOTHING


_PLACE = re.compile(r"[镇乡村街组号路县区寨屯]")
_SEXES = frozenset("男女")


def _is_address(cell: Cell) -> bool:
    text = as_text(cell)
    return len(text) >= 5 and len(_PLACE.findall(text)) >= 2


def _is_birth(cell: Cell) -> bool:
    return read_birth(cell) is not None and len(as_text(cell)) >= 4


_KINDS: dict[str, tuple[Callable[[Cell], bool], float]] = {
    "id_number": (lambda cell: read_id(cell) != NOTHING and len(as_text(cell)) >= 15, 0.6),
    "phone": (_is_phone, 0.6),
    "name": (_is_name, 0.4),
    "sex": (lambda cell: as_text(cell) in _SEXES, 0.9),
    "birth": (_is_birth, 0.8),
    "address": (_is_address, 0.7),
}
GUESSED = tuple(_KINDS)
SPREAD = 3  # years at least, or it is the day of a journey


def guess_columns(
    rows: Sequence[Sequence[Cell]], *, taken: set[int], wanted: Sequence[str]
) -> dict[str, int]:
    """field -> place, for the wanted fields that a column's cells speak for; the best column of each."""
    width = max(map(len, rows), default=0)
    found: dict[str, int] = {}
    for field, (fits, least) in _KINDS.items():
        if field not in wanted:
            continue
        shares = {
            place: _share(rows, place, fits)
            for place in range(width)
            if place not in taken and place not in found.values()
        }
        best = max(shares, key=lambda place: (shares[place], -place), default=None)
        if best is not None and shares[best] >= least:
            found[field] = best
    return found


def _share(rows: Sequence[Sequence[Cell]], place: int, fits: Callable[[Cell], bool]) -> float:
    filled = [row[place] for row in rows if place < len(row) and not is_blank(row[place])]
    if fits is _is_birth and len({birth.year for cell in filled if (birth := read_birth(cell))}) < SPREAD:
        return 0.0
    return sum(map(fits, filled)) / len(filled) if filled else 0.0
