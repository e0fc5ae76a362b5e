"""Reads .xlsx: values by calamine, which holds a sheet as one rectangle; so a sheet whose few values lie far
apart is given to it with the blank rows and columns left out."""

import io
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import python_calamine as calamine
from lxml import etree

from .archive import check_archive, pieces
from .looks import Looks, RowCutter, filled_cells, letters_of
from .problems import FileBroken, FileLocked, FileTooWide
from .result import FileRefused
from .sheets import Sheet
from .text import EPOCH, EPOCH_1904, Cell

CELLS = 30_000_000  # of a rectangle: 28 columns to Excel's last row
_SPARSE = 1_000_000  # of a rectangle, and not a quarter of it filled
_KNOWN = (
    calamine.CalamineError,
    etree.XMLSyntaxError,
    BadZipFile,
    OSError,
    ValueError,
    LookupError,
    OverflowError,
)
_WORKBOOK = "xl/workbook.xml"
_XML = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)


def sheets(path: Path) -> Iterator[Sheet]:
    """Raises FileRefused."""
    looks = check_archive(path)
    with _refusing():
        places, epoch = _workbook(path)
        book = calamine.CalamineWorkbook.from_object(path)
    for each in _tables(book):
        member = places.get(each.name, "")
        seen = looks.get(member, Looks())
        yield Sheet(
            each.name,
            _rows(path, book, each.name, member, seen),
            hidden=each.visible != calamine.SheetVisibleEnum.Visible,
            hidden_rows=seen.hidden_rows,
            hidden_columns=seen.hidden_columns,
            merged=seen.merged,
            epoch=epoch,
        )


def _workbook(path: Path) -> tuple[dict[str, str], date]:
    """The members that hold the sheets, by the sheets' names; and the epoch of its days."""
    with ZipFile(path) as archive:
        tree = etree.fromstring(archive.read(_WORKBOOK), _XML)
        related = "xl/_rels/workbook.xml.rels"
        links = etree.fromstring(archive.read(related), _XML) if related in archive.namelist() else ()
    targets = {link.get("Id"): str(link.get("Target", "")) for link in links}
    places = {}
    for sheet in tree.iter("{*}sheet"):
        key = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), "")
        target = targets.get(key, "")
        places[sheet.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    is_1904 = any(each.get("date1904") in ("1", "true") for each in tree.iter("{*}workbookPr"))
    return places, EPOCH_1904 if is_1904 else EPOCH


def _tables(book: calamine.CalamineWorkbook) -> list[calamine.SheetMetadata]:
    return [each for each in book.sheets_metadata if each.typ == calamine.SheetTypeEnum.WorkSheet]


class _refusing:
    """What is raised over a file that cannot be read, calamine's panics among it, refuses the file."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: object) -> None:
        if isinstance(error, calamine.PasswordError):
            raise FileRefused(FileLocked()) from error
        known = isinstance(error, _KNOWN)
        if known or (kind is not None and kind.__name__ == "PanicException"):
            raise FileRefused(FileBroken()) from error


def _rows(
    path: Path, book: calamine.CalamineWorkbook, name: str, member: str, looks: Looks
) -> Iterator[tuple[int, Sequence[Cell]]]:
    cells = looks.rows * looks.columns
    if cells > _SPARSE and looks.values * 4 < cells:
        rows = _sparse_rows(path, name, member)
    else:
        _refuse_wide(looks.rows, looks.columns)
        rows = _dense_rows(book, name)
    return _with_broken(rows, looks) if looks.broken else rows


def _dense_rows(book: calamine.CalamineWorkbook, name: str) -> Iterator[tuple[int, Sequence[Cell]]]:
    with _refusing():
        yield from enumerate(book.get_sheet_by_name(name).iter_rows(), start=1)


def _refuse_wide(rows: int, columns: int) -> None:
    if rows * columns > CELLS:
        raise FileRefused(FileTooWide(rows=rows, columns=columns))


def _with_broken(
    rows: Iterator[tuple[int, Sequence[Cell]]], looks: Looks
) -> Iterator[tuple[int, Sequence[Cell]]]:
    """The rows with what is missing in them; those of which calamine gives nothing, too."""
    by_row: dict[int, dict[int, Cell]] = {}
    for (row, column), cell in looks.broken.items():
        by_row.setdefault(row, {})[column] = cell
    for number, cells in rows:
        odd = by_row.pop(number, None)
        yield number, _overlaid(cells, odd) if odd else cells
    for number in sorted(by_row):
        yield number, _overlaid((), by_row[number])


def _overlaid(cells: Sequence[Cell], odd: dict[int, Cell]) -> list[Cell]:
    whole = [*cells, *[None] * (max(odd) + 1 - len(cells))]
    for column, cell in odd.items():
        whole[column] = cell
    return whole


# ---- few values, far apart --------------------------------------------------------------------------


def _sparse_rows(path: Path, name: str, member: str) -> Iterator[tuple[int, Sequence[Cell]]]:
    rows, columns = _filled(path, member)
    _refuse_wide(len(rows), len(columns))
    with _refusing():
        compact = calamine.CalamineWorkbook.from_object(_compacted(path, member, rows, columns))
    for place, cells in _dense_rows(compact, name):
        yield rows[place - 1], _spread(columns, cells)


def _spread(columns: Sequence[int], cells: Sequence[Cell]) -> list[Cell]:
    filled = [(column, cell) for column, cell in zip(columns, cells, strict=False) if cell != ""]
    whole: list[Cell] = [None] * (filled[-1][0] + 1 if filled else 0)
    for column, cell in filled:
        whole[column] = cell
    return whole


def _filled(path: Path, member: str) -> tuple[list[int], list[int]]:
    rows: set[int] = set()
    columns: set[int] = set()
    for xml in _whole_rows(path, member):
        for row, column, _element in filled_cells(xml):
            rows.add(row)
            columns.add(column)
    return sorted(rows), sorted(columns)


def _whole_rows(path: Path, member: str) -> Iterator[bytes]:
    cutter = RowCutter()
    with ZipFile(path) as archive:
        for piece in pieces(archive, archive.getinfo(member)):
            if whole := cutter.feed(piece):
                yield whole
    yield cutter.close()


_START = re.compile(rb"<([^\s<>/!?:\"']+:)?sheetData\b[^>]*>")
_PLACE = re.compile(rb'\br="[A-Za-z]+[0-9]+"')


def _compacted(path: Path, member: str, rows: Sequence[int], columns: Sequence[int]) -> io.BytesIO:
    """The workbook, in memory, with this sheet's rows and columns counted without the blank ones."""
    row_of = {row: place for place, row in enumerate(rows, start=1)}
    letters = {column: letters_of(place) for place, column in enumerate(columns)}
    out = io.BytesIO()
    with ZipFile(path) as archive, ZipFile(out, "w", ZIP_STORED) as packed:
        for each in archive.namelist():
            if each.startswith("xl/worksheets/sheet") or "media/" in each:
                continue
            packed.writestr(each, archive.read(each))
        with packed.open(member, "w") as sheet:
            head, prefix = b"", b""
            at = 0
            for xml in _whole_rows(path, member):
                if not head:
                    start = _START.search(xml)
                    if start is None:
                        raise FileRefused(FileBroken())
                    head, prefix = xml[: start.end()], start[1] or b""
                    sheet.write(head)
                for row, column, element in filled_cells(xml):
                    if row_of[row] != at:
                        sheet.write(b"</%srow>" % prefix if at else b"")
                        at = row_of[row]
                        sheet.write(b'<%srow r="%d">' % (prefix, at))
                    place = b'r="%s%d"' % (letters[column], at)
                    rest = _PLACE.sub(b"", element[1])
                    sheet.write(b"<%sc %s%s>%s</%sc>" % (prefix, place, rest, element[2], prefix))
            sheet.write((b"</%srow>" % prefix if at else b"") + b"</%ssheetData>" % prefix)
            sheet.write(b"</%sworksheet>" % prefix)
    out.seek(0)
    return out
