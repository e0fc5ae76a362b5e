"""Reads a list or a roster: any spreadsheet of the importer, packed or not; columns by heading or content."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from fangxian.registry.importing import delimited
from fangxian.registry.importing.columns import LIST, Column
from fangxian.registry.importing.files import open_table
from fangxian.registry.importing.headings import DEPTH, Numbered, Template, find_headings, heading_key
from fangxian.registry.importing.result import FileRefused
from fangxian.registry.importing.text import Cell, as_text, is_blank

from .guessing import GUESSED, guess_columns
from .problems import FileMissing, FileNotRead, NoRowsToMatch, NothingToMatchBy

UNPACKED = 1 << 30  # bytes of a packed text table

_FROM_LIST = {column.field: column for column in LIST}


def _column(field: str, heading: str, also: str = "") -> Column:
    """A column as the importer's lists know it, with the further names that offices give it."""
    known = _FROM_LIST.get(field)
    names = " ".join([*known.names, also]) if known else also
    return Column(field, heading, lambda cell, setting: as_text(cell), names)


COLUMNS: Sequence[Column] = (
    _column("uid", "uid", "人员编号 唯一编号 personid"),
    _column(
        "name", "姓名",
        "乘车人 乘车人姓名 乘机人 乘机人姓名 机主 机主姓名 用户姓名 客户姓名 学生姓名 教师姓名 被排查人"
        " 当事人 返乡人员 返乡人员姓名 人员 本人姓名 购票人 fullname xm",
    ),
    _column("sex", "性别", "xb"),
    _column(
        "id_number", "身份证号",
        "身份证件 身份证号码或证件号码 有效证件号码 有效证件号 证件 身份号码 身份证编号 公民身份号 idcard"
        " idcardno id_no sfzh 学生身份证号 乘车人证件号 旅客证件号",
    ),
    _column(
        "phone", "手机号",
        "联系手机号 联系手机号码 联系号码 手机或电话 用户号码 机主号码 号码 tel telephone mobilephone sjh"
        " 本人电话 家长电话 监护人电话",
    ),
    _column("birth", "出生日期", "出生年月 出生 出生时间 birth birthday dob dateofbirth csrq"),
    _column(
        "address", "住址",
        "居住地址 详细地址 家庭地址 现居住地 现居住地址 户籍地 户籍住址 户籍所在地 常住地址 居住住址 来源地址"
        " 家庭详细住址 目的地 目的地址 返回地址 去向地址 addr",
    ),
    _column("town", "乡镇", "乡镇街道 镇街 所属乡镇 乡镇(街道) township town"),
    _column("source", "来源", "数据来源 来源单位 来源部门 报送单位 提供单位 渠道 source"),
    _column("unit", "单位"),  # not compared, but not to be taken for an address either
    _column("role", "身份", "人员类别 类别 人员类型 身份类别 role"),
)  # fmt: skip
FIELDS = tuple(column.field for column in COLUMNS)
KEYS = ("name", "id_number", "phone")

Tick = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of the columns that were recognised, a list of one length a field; "" or None where blank.

    `headings` says what the file calls each, "" where the column was known by its content alone.
    """

    path: str
    columns: dict[str, list[Cell]]
    headings: dict[str, str]
    height: int


def read_table(path: Path, tick: Tick | None = None) -> Table:
    """Rows are counted from the first below the headings; blank lines of text tables do not count.

    Raises FileMissing, FileNotRead, NothingToMatchBy, NoRowsToMatch.
    """
    if not path.is_file():
        raise FileMissing(path=path.name)
    try:
        for rows in _sheets(path):
            table = _read_sheet(path.name, rows, tick or (lambda rows: None))
            if table is not None:
                return table
    except FileRefused as refused:
        raise FileNotRead(path=path.name, reason=refused.problem.sentence()) from refused
    raise NothingToMatchBy(path=path.name)


def _sheets(path: Path) -> Iterator[Iterator[Numbered]]:
    if path.suffix.lower() == ".gz":
        yield delimited.rows(delimited.decoded(_unpacked(path)), tabs=".tsv" in path.suffixes)
    else:
        yield from (sheet.rows for sheet in open_table(path))


def _unpacked(path: Path) -> bytes:
    from fangxian.registry.importing.problems import FileBomb, FileBroken, FileEmpty

    try:
        with gzip.open(path) as file:
            content = file.read(UNPACKED + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise FileRefused(FileBroken()) from error
    if len(content) > UNPACKED:
        raise FileRefused(FileBomb(megabytes=len(content) >> 20, limit=UNPACKED >> 20))
    if not content.strip():
        raise FileRefused(FileEmpty())
    return content


def _read_sheet(name: str, rows: Iterator[Numbered], tick: Tick) -> Table | None:
    top = list(islice(rows, DEPTH))
    filled = [line for line in top if not all(map(is_blank, line[1]))]
    if not filled:
        return None
    headings = find_headings("", filled, Template(COLUMNS, {}, _by_name_alone))
    places: dict[str, int] = {}
    labels: dict[str, str] = {}
    start = filled[0][0]
    if headings is not None:
        start = headings.row + headings.rows
        below = [cells for number, cells in filled if number >= start]
        places = {f: p for f, p in zip(FIELDS, headings.places, strict=True) if p is not None}
        row = next(cells for number, cells in filled if number == headings.row)
        labels = {field: as_text(row[place]) for field, place in places.items() if place < len(row)}
    else:
        below = [cells for _number, cells in filled]
    guessed = guess_columns(
        below, taken=set(places.values()), wanted=[each for each in GUESSED if each not in places]
    )
    places |= guessed
    if headings is None and guessed and _is_heading(filled[0][1], below[1:], guessed):
        start = filled[0][0] + 1
    if not any(key in places for key in KEYS):
        return None
    return _columns(name, chain((line for line in top if line[0] >= start), rows), places, labels, tick)


def _by_name_alone(*_table: object) -> dict[str, int]:
    """What no heading tells is guessed afterwards, for what matching compares: see `guessing`."""
    return {}


def _is_heading(first: Sequence[Cell], rest: Sequence[Sequence[Cell]], places: dict[str, int]) -> bool:
    """Words that none of the columns below would hold: 乘客, 证号."""
    return bool(rest) and guess_columns([first], taken=set(), wanted=list(places)) == {}


def _columns(
    path: str, rows: Iterable[Numbered], places: dict[str, int], labels: dict[str, str], tick: Tick
) -> Table:
    width = max(places.values()) + 1
    wanted = list(places.values())
    kept: list[tuple[Cell, ...]] = []
    blank = 0
    padding: list[Cell] = [None] * width
    for _number, cells in rows:
        if not cells:
            continue
        row = cells if len(cells) >= width else [*cells, *padding]
        kept.append(tuple(row[place] for place in wanted))
        blank = blank + 1 if all(cell is None or cell == "" for cell in cells) else 0
        if len(kept) % 20_000 == 0:
            tick(20_000)
    if blank:
        del kept[-blank:]
    if not kept:
        raise NoRowsToMatch(path=path)
    tick(len(kept) % 20_000)
    columns = [list(column) for column in zip(*kept, strict=True)]
    return Table(
        path, dict(zip(places, columns, strict=True)), {f: labels.get(f, "") for f in places}, len(kept)
    )


__all__ = ["COLUMNS", "FIELDS", "Table", "heading_key", "read_table"]
