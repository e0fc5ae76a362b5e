"""Tables as files: what they are of stands in them, names stay masked, nothing in them is a formula."""

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import IO, Any

import xlsxwriter
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

Row = Sequence[Any]
# What a spreadsheet may take for the beginning of a formula, also behind blanks (OWASP, "CSV injection").
_FORMULA = re.compile(r"^\s*[=+\-@\t\r＝＋－＠]")
FORMATS = ("csv", "xlsx")


def neutral(value: Any) -> Any:
    """Numbers as they are; text that could be a formula with an apostrophe before it."""
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) else text


def as_csv(name: str, head: Iterable[Row], columns: Row, rows: Iterable[Row]) -> HttpResponseBase:
    """UTF-8 with a mark that Excel reads; the head stands above the table, an empty line between."""
    lines = _lines([*head, (), columns], rows)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _lines(first: Iterable[Row], rows: Iterable[Row]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield "\ufeff".encode()
    for place, row in enumerate(chain(first, rows)):
        writer.writerow([neutral(cell) for cell in row])
        if place % 500 == 499:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def as_xlsx(name: str, head: Iterable[Row], columns: Row, rows: Iterable[Row]) -> HttpResponseBase:
    """A sheet that is written row by row; strings stay strings."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    _write(file, head, columns, rows)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx")


def _write(file: IO[bytes], head: Iterable[Row], columns: Row, rows: Iterable[Row]) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, len(columns), 20)
        place = 0
        for row in head:
            sheet.write_row(place, 0, row)
            place += 1
        sheet.write_row(place + 1, 0, columns, bold)
        for offset, row in enumerate(rows, start=place + 2):
            for column, cell in enumerate(row):
                _cell(sheet, offset, column, cell)


def _cell(sheet: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, int | float):
        sheet.write_number(row, column, value)
    elif value is not None:
        sheet.write_string(row, column, str(value))
