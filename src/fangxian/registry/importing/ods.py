"""Reads .ods row by row: a file may repeat a row or a cell, blank ones mostly, a million times."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from lxml import etree

from .archive import check_archive
from .problems import FileBroken, FileTooWide
from .result import FileRefused
from .sheets import Sheet
from .text import EPOCH, Broken, Cell

ROWS, COLUMNS = 1_048_576, 16_384  # of the largest sheet that there is
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_MORE = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_WATCHED = [
    *(_TABLE + name for name in ("table", "table-row", "table-column", "null-date")),
    _STYLE + "table-properties",
]


def sheets(path: Path) -> Iterator[Sheet]:
    """Raises FileRefused. A sheet's rows must be taken before the next sheet is asked for."""
    check_archive(path)
    try:
        with ZipFile(path) as archive, archive.open("content.xml") as content:
            yield from _Reader(content).sheets()
    except (KeyError, etree.XMLSyntaxError, RecursionError) as error:
        raise FileRefused(FileBroken()) from error


class _Reader:
    def __init__(self, content: Any) -> None:
        self.events = etree.iterparse(
            content,
            events=("start", "end"),
            tag=_WATCHED,
            resolve_entities=False,
            no_network=True,
            huge_tree=True,
        )
        self.unseen: set[str] = set()  # styles of sheets that are not displayed
        self.epoch = EPOCH

    def sheets(self) -> Iterator[Sheet]:
        for event, element in self.events:
            if event == "end" and element.tag == _STYLE + "table-properties":
                style = element.getparent()
                if element.get(_TABLE + "display") == "false" and style is not None:
                    self.unseen.add(style.get(_STYLE + "name"))
            elif event == "end" and element.tag == _TABLE + "null-date":
                self.epoch = date.fromisoformat(element.get(_TABLE + "date-value") or EPOCH.isoformat())
            elif event == "start" and element.tag == _TABLE + "table":
                yield self._sheet(element)

    def _sheet(self, element: Any) -> Sheet:
        hidden_rows: set[int] = set()
        hidden_columns: set[int] = set()
        return Sheet(
            element.get(_TABLE + "name", ""),
            self._rows(element, hidden_rows, hidden_columns),
            hidden=element.get(_TABLE + "style-name") in self.unseen,
            hidden_rows=hidden_rows,
            hidden_columns=hidden_columns,
            epoch=self.epoch,
        )

    def _rows(
        self, table: Any, hidden_rows: set[int], hidden_columns: set[int]
    ) -> Iterator[tuple[int, Sequence[Cell]]]:
        """Rows that hold something; what is hidden is told before the row that it concerns."""
        number = column = 0
        for event, element in self.events:
            if event == "start":
                continue
            if element is table:
                table.clear()
                return
            if element.tag == _TABLE + "table-column":
                repeated = _repeated(element, "number-columns-repeated")
                if element.get(_TABLE + "visibility", "visible") != "visible":
                    hidden_columns.update(range(column, min(column + repeated, COLUMNS)))
                column += repeated
            elif element.tag == _TABLE + "table-row":
                cells, repeated = _cells(element), _repeated(element, "number-rows-repeated")
                if cells:
                    if number + repeated > ROWS:
                        raise FileRefused(FileTooWide(rows=number + repeated, columns=len(cells)))
                    for place in range(number + 1, number + repeated + 1):
                        if element.get(_TABLE + "visibility", "visible") != "visible":
                            hidden_rows.add(place)
                        yield place, cells
                number += repeated
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]


def _repeated(element: Any, name: str) -> int:
    text = element.get(_TABLE + name, "1")
    return int(text) if text.isdecimal() else 1


def _cells(row: Any) -> list[Cell]:
    """The row's cells up to the last one that holds something."""
    cells: list[Cell] = []
    blank = 0
    for element in row:
        repeated = _repeated(element, "number-columns-repeated")
        cell = _cell(element) if element.tag == _TABLE + "table-cell" else None
        if cell is None:
            blank += repeated
            continue
        repeated = min(repeated, COLUMNS - len(cells) - blank)
        if repeated <= 0:
            break
        cells += [None] * blank + [cell] * repeated
        blank = 0
    return cells


def _cell(element: Any) -> Cell:
    kind = element.get(_OFFICE + "value-type", "")
    text = _text(element)
    if _is_error(element, text):
        return Broken(text or "#?")
    if kind == "date":
        return _day(element.get(_OFFICE + "date-value", ""), text)
    if kind in ("float", "percentage", "currency"):
        return _number(element.get(_OFFICE + "value", ""), text)
    if kind == "boolean":
        return bool(element.get(_OFFICE + "boolean-value") == "true")
    if kind == "string":
        return element.get(_OFFICE + "string-value") or text or None
    if text:
        return text
    return Broken.FORMULA if not kind and element.get(_TABLE + "formula") else None


def _is_error(element: Any, text: str) -> bool:
    if element.get(_MORE + "value-type") == "error":
        return True
    return bool(element.get(_TABLE + "formula")) and text.startswith(("#", "Err:"))


def _day(value: str, text: str) -> Cell:
    try:
        return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    except ValueError:
        return text or value


def _number(value: str, text: str) -> Cell:
    try:
        return float(value)
    except ValueError:
        return text or value


def _text(cell: Any) -> str:
    """The paragraphs of a cell itself; those of a note at it are not its value."""
    return "\n".join("".join(_runs(each)) for each in cell.iterchildren(_TEXT + "p"))


def _runs(element: Any) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag == _TEXT + "s":
            yield " " * min(_spaces(child), 1_000)
        elif child.tag in (_TEXT + "tab", _TEXT + "line-break"):
            yield " "
        elif child.tag != _OFFICE + "annotation":
            yield from _runs(child)
        yield child.tail or ""


def _spaces(element: Any) -> int:
    text = element.get(_TEXT + "c", "1")
    return int(text) if text.isdecimal() else 1
