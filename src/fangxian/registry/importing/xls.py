"""Reads .xls of Excel 5 to 2003."""

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import xlrd
from xlrd import biffh, xldate

from .problems import FileBroken, FileLocked
from .result import FileRefused
from .sheets import Sheet
from .text import EPOCH, EPOCH_1904, Broken, Cell


def sheets(path: Path) -> Iterator[Sheet]:
    """Raises FileRefused."""
    book = _opened(path)
    for sheet in book.sheets():
        yield Sheet(
            sheet.name,
            _rows(sheet, book.datemode),
            hidden=sheet.visibility != 0,
            hidden_rows={row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden},
            hidden_columns={column for column, info in sheet.colinfo_map.items() if info.hidden},
            merged=[(a + 1, c, b, d - 1) for a, b, c, d in sheet.merged_cells],
            epoch=EPOCH_1904 if book.datemode else EPOCH,
        )


def _opened(path: Path) -> xlrd.Book:
    try:
        return xlrd.open_workbook(
            path,
            logfile=io.StringIO(),
            formatting_info=True,
            ragged_rows=True,
            ignore_workbook_corruption=False,
        )
    except Exception as error:  # whatever a damaged file makes it stumble over
        if isinstance(error, biffh.XLRDError) and "encrypted" in str(error):
            raise FileRefused(FileLocked()) from error
        raise FileRefused(FileBroken()) from error


def _rows(sheet: xlrd.sheet.Sheet, datemode: int) -> Iterator[tuple[int, Sequence[Cell]]]:
    for row in range(sheet.nrows):
        kinds, values = sheet.row_types(row), sheet.row_values(row)
        yield row + 1, [_cell(kind, value, datemode) for kind, value in zip(kinds, values, strict=True)]


def _cell(kind: int, value: str | float, datemode: int) -> Cell:
    if kind in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    if kind == xlrd.XL_CELL_BOOLEAN:
        return bool(value)
    if kind == xlrd.XL_CELL_ERROR:
        return Broken(biffh.error_text_from_code.get(int(value), "#?"))
    if kind == xlrd.XL_CELL_DATE:
        return _moment(float(value), datemode)
    return value


def _moment(value: float, datemode: int) -> datetime | float:
    try:
        return xldate.xldate_as_datetime(value, datemode)
    except (ValueError, OverflowError):
        return value
