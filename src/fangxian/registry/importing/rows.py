"""Rows below the headings: totals, notes and numbered blanks are told from people and units."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from django.utils.translation import gettext as _

from fangxian.kernel.problems import Problem

from .cells import Setting
from .columns import TEMPLATES, Column
from .files import Sheet, open_table
from .headings import DEPTH, Headings, Numbered, find_headings, heading_key
from .problems import (
    CellMissing,
    CellTooLong,
    ColumnsNotRead,
    FileEmpty,
    HeadingsNotFound,
    NoRows,
    SheetNotRead,
)
from .result import Examined, FileRefused, Heading, Ignored, Remark, Row
from .text import Cell, as_text, is_blank

Tick = Callable[[int], None]  # is told how many rows were read since
_STEP = 2_000


def read_file(path: Path, kind: str, setting: Setting, tick: Tick | None = None) -> Examined:
    """The rows of a file after the checks of their cells. What is wrong with the whole file is its
    `file_error`, and then no row of it counts."""
    columns = TEMPLATES[kind]
    examined = Examined(kind, [column.heading for column in columns])
    try:
        for sheet in open_table(path):
            _read_sheet(sheet, columns, setting, examined, tick or (lambda rows: None))
        if not examined.found:
            _refuse_without_headings(examined, columns)
    except FileRefused as refused:
        return Examined(kind, examined.headings, file_error=refused)
    if not examined.rows and not examined.rejected:
        first = examined.found[0]
        examined.warnings.append(Remark(first.sheet, first.row, "", NoRows()))
    return examined


def _refuse_without_headings(examined: Examined, columns: Sequence[Column]) -> None:
    if not examined.ignored:
        raise FileRefused(FileEmpty())
    first = examined.ignored[0]
    wanted = [column.heading for column in columns if column.required] or examined.headings
    raise FileRefused(HeadingsNotFound(headings="、".join(wanted)), sheet=first.sheet, row=first.row)


def _read_sheet(
    sheet: Sheet, columns: Sequence[Column], setting: Setting, examined: Examined, tick: Tick
) -> None:
    filled = _filled(sheet, tick)
    top = list(islice(filled, DEPTH))
    headings = find_headings(sheet.name, top, columns)
    if headings is None:
        _leave_sheet(sheet.name, chain(top, filled), examined)
        return
    examined.found.append(Heading(sheet.name, headings.row, headings.found, headings.rows))
    if headings.unread:
        told = ColumnsNotRead(columns="、".join(headings.unread))
        examined.warnings.append(Remark(sheet.name, headings.row, "", told))
    last = _last_row_of(headings, top)
    above = [number for number, _cells in top if number < headings.row]
    examined.ignored += [Ignored(sheet.name, number, _("above the headings")) for number in above]
    below = chain((row for row in top if row[0] > last), filled)
    _read_rows(sheet.name, below, headings, columns, setting, examined)


def _filled(sheet: Sheet, tick: Tick) -> Iterator[Numbered]:
    """Rows that are not blank."""
    number = told = 0
    for number, cells in sheet.rows:
        if number - told >= _STEP:
            tick(number - told)
            told = number
        for cell in cells:
            if cell != "" and not is_blank(cell):
                yield number, cells
                break
    tick(number - told)


def _leave_sheet(name: str, rows: Iterator[Numbered], examined: Examined) -> None:
    left = [Ignored(name, number, _("on a sheet without headings")) for number, _cells in rows]
    if left:
        examined.ignored += left
        examined.warnings.append(Remark(name, left[0].row, "", SheetNotRead(rows=len(left))))


def _last_row_of(headings: Headings, top: Sequence[Numbered]) -> int:
    numbers = [number for number, _cells in top]
    return numbers[numbers.index(headings.row) + headings.rows - 1]


def _read_rows(
    sheet: str,
    rows: Iterator[Numbered],
    headings: Headings,
    columns: Sequence[Column],
    setting: Setting,
    examined: Examined,
) -> None:
    readers = [(column, place) for column, place in zip(columns, headings.places, strict=True)]
    for number, cells in rows:
        values, faults = _read_cells(cells, readers, setting)
        doubtful = faults is not None or not values[1] or _TOTAL.fullmatch(values[0])
        why = _why_ignored(cells, readers) if doubtful else ""
        if faults is None and not why:
            examined.rows.append(Row(sheet, number, values))
        elif why:
            examined.ignored.append(Ignored(sheet, number, why))
        else:
            examined.faulty.append(Row(sheet, number, values))
            examined.rejected += [Remark(sheet, number, column, fault) for column, fault in faults or ()]


Faults = list[tuple[str, Problem]]


def _read_cells(
    cells: Sequence[Cell], readers: Sequence[tuple[Column, int | None]], setting: Setting
) -> tuple[tuple[str, ...], Faults | None]:
    """The row's normalised values, and None or what is wrong with its cells."""
    values: list[str] = []
    faults: Faults | None = None
    width = len(cells)
    any_filled = False
    for column, place in readers:
        cell = cells[place] if place is not None and place < width else None
        text = ""
        if cell is not None and cell != "" and not is_blank(cell):
            any_filled = True
            try:
                text = column.read(cell, setting)
            except Problem as fault:
                if isinstance(fault, CellTooLong):
                    fault.facts["column"] = column.heading
                faults = [*(faults or ()), (column.heading, fault)]
        elif column.required:
            faults = [*(faults or ()), (column.heading, CellMissing(column=column.heading))]
        values.append(text)
    return tuple(values), faults if any_filled else faults or []


# ---- what is no record ------------------------------------------------------------------------------

_TOTAL = re.compile(
    r"(?:合计|总计|小计|共计|总数|总人数|合计人数|全校合计|total)(?:[:：0-9(（].*|人数?)?", re.IGNORECASE
)
_NOTE = re.compile(
    r"(?:注|备注|说明|填表说明|注意|附注|note)(?:[:：、.．0-9(（].*)?"
    r"|(?:填表|制表|填报|审核|复核|经办|联系|报送|单位负责|负责)(?:人|单位|日期|时间|电话).*"
    r"|(?:单位|学校)?[（(]?(?:盖章|公章)[）)]?.*",
    re.IGNORECASE,
)
_LONG = 40


def _why_ignored(cells: Sequence[Cell], readers: Sequence[tuple[Column, int | None]]) -> str:
    """Why a row that is no good record is none at all; "" where it is one, and so rejected."""
    mapped = [cells[place] for _c, place in readers if place is not None and place < len(cells)]
    filled = [cell for cell in mapped if not is_blank(cell)]
    if _TOTAL.fullmatch(_first_word(cells)) and not _has_key(cells, readers):
        return _("totals")
    if _is_note(cells):
        return _("a note")
    if not filled:
        return _("blank but for columns that are not read")
    if len(filled) > 1 and _repeats_headings(cells, readers):
        return _("the headings again")
    return ""


def _first_word(cells: Sequence[Cell]) -> str:
    """The first text of the row, without blanks: 合  计 is 合计."""
    words = (as_text(cell).replace(" ", "") for cell in cells if isinstance(cell, str))
    return next((word for word in words if word), "")


def _has_key(cells: Sequence[Cell], readers: Sequence[tuple[Column, int | None]]) -> bool:
    """A row with something like an ID number is a person, whatever it is called."""
    keys = (p for c, p in readers if c.field == "id_number" and p is not None and p < len(cells))
    return any(len(as_text(cells[place])) >= 15 for place in keys)


def _is_note(cells: Sequence[Cell]) -> bool:
    words = {as_text(cell) for cell in cells if not is_blank(cell)}
    first = _first_word(cells)
    if len(words) == 1:
        return bool(_NOTE.fullmatch(first)) or len(first) > _LONG
    return len(words) <= 4 and bool(_NOTE.fullmatch(first)) and first not in ("说明", "备注", "注")


def _repeats_headings(cells: Sequence[Cell], readers: Sequence[tuple[Column, int | None]]) -> bool:
    for column, place in readers:
        if place is not None and place < len(cells) and not is_blank(cells[place]):
            names = {heading_key(name) for name in column.names}
            if heading_key(cells[place]) not in names:
                return False
    return True
