"""A template as a page draws it: its cells with their words, and a stylesheet with its look."""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any
from weakref import WeakKeyDictionary

from lxml import etree
from openpyxl import load_workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.utils import get_column_letter, range_boundaries

from .problems import NoSuchCell, WorkbookUnreadable

ROWS, COLUMNS = 120, 40  # drawn of a sheet; the command maps cells beyond
_COLOUR = re.compile(r"[0-9A-Fa-f]{8}")
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """One cell; `wants`: it looks like one that is to be filled with a number."""

    reference: str
    text: str
    formula: bool
    look: str  # a class of the stylesheet
    columns: int = 1
    rows: int = 1
    wants: bool = False
    head: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    sheet: str
    rows: tuple[tuple[int, tuple[Drawn, ...]], ...]
    columns: tuple[str, ...]  # their letters
    cut: bool  # there is more than is drawn
    protected: bool

    def cells(self) -> Iterator[Drawn]:
        for _number, cells in self.rows:
            yield from cells


@dataclass
class Template:
    """The workbook, read for its looks. Raises WorkbookUnreadable."""

    content: bytes
    _looks: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            self.book = load_workbook(io.BytesIO(self.content), keep_links=False)
        except Exception as error:  # the library has no class for what it cannot read
            raise WorkbookUnreadable(reason=f"{type(error).__name__}") from error
        self._theme = _theme_colours(self.book.loaded_theme)

    @property
    def names(self) -> list[str]:
        return [sheet.title for sheet in self.book.worksheets if sheet.sheet_state == "visible"]

    def sheet(self, name: str) -> Any:
        found = next((sheet for sheet in self.book.worksheets if sheet.title == name), None)
        if found is None:
            raise NoSuchCell(sheet=name, cell="A1")
        return found

    def number_format(self, name: str, reference: str) -> str:
        return str(self.sheet(name)[reference].number_format or "")

    def draw(self, name: str) -> Drawing:
        sheet = self.sheet(name)
        last_row, last_column = min(sheet.max_row, ROWS), min(sheet.max_column, COLUMNS)
        spans = {span.coord.split(":")[0]: span for span in sheet.merged_cells.ranges}
        bordered = any(
            _bordered(cell) for row in sheet.iter_rows(max_row=last_row, max_col=last_column) for cell in row
        )
        rows = [
            (number, tuple(self._cells(sheet, number, last_column, spans, bordered)))
            for number in range(1, last_row + 1)
            if not sheet.row_dimensions[number].hidden
        ]
        letters = tuple(get_column_letter(n) for n in range(1, last_column + 1))
        cut = sheet.max_row > ROWS or sheet.max_column > COLUMNS
        return Drawing(name, tuple(rows), letters, cut, bool(sheet.protection.sheet))

    def _cells(
        self, sheet: Any, row: int, last: int, spans: Mapping[str, Any], bordered: bool
    ) -> Iterator[Drawn]:
        for column in range(1, last + 1):
            cell = sheet.cell(row, column)
            if isinstance(cell, MergedCell):
                continue
            span = spans.get(cell.coordinate)
            yield Drawn(
                reference=cell.coordinate,
                text=_text(cell),
                formula=cell.data_type == "f",
                look=self._look(cell),
                columns=min(span.max_col, last) - column + 1 if span else 1,
                rows=min(span.max_row, ROWS) - row + 1 if span else 1,
                wants=_is_empty(cell)
                and (not bordered or _bordered(cell) or _is_named(sheet, row, column))
                and any(_word(sheet, row, before) for before in range(column - 1, 0, -1)),
            )

    # ------------------------------------------------------------------------------ looks

    def _look(self, cell: Any) -> str:
        told = ";".join(self._declarations(cell))
        if told not in self._looks:
            self._looks[told] = f"x{len(self._looks)}"
        return self._looks[told]

    def stylesheet(self) -> str:
        """A class for each look that `draw` met, and the widths of columns."""
        for name in self.names:
            self.draw(name)
        rules = [f".xl .{name}{{{told}}}" for told, name in self._looks.items() if told]
        for place, name in enumerate(self.names):
            for letter, width in self.sheet(name).column_dimensions.items():
                if width.width and not width.hidden:
                    rules.append(f".xl.s{place} col.c{letter}{{width:{min(width.width, 60):.0f}ch}}")
                elif width.hidden:
                    rules.append(f".xl.s{place} col.c{letter}{{visibility:collapse}}")
        return "\n".join(rules)

    def _declarations(self, cell: Any) -> Iterator[str]:
        font, fill, alignment = cell.font, cell.fill, cell.alignment
        if font and font.b:
            yield "font-weight:600"
        if font and font.sz and float(font.sz) >= 14:
            yield f"font-size:{min(float(font.sz), 28):g}px"
        ink = self._colour(font.color) if font else None
        if ink:
            yield f"color:{ink}"
        if fill and fill.fill_type == "solid" and (paper := self._colour(fill.fgColor)):
            yield f"background:{paper}"
        if alignment and alignment.horizontal in ("center", "right", "left"):
            yield f"text-align:{alignment.horizontal}"
        if _bordered(cell):
            yield "border-color:#454d57"

    def _colour(self, colour: Any) -> str | None:
        if colour is None:
            return None
        if colour.type == "rgb" and isinstance(colour.rgb, str) and _COLOUR.fullmatch(colour.rgb):
            return f"#{colour.rgb[2:].lower()}"
        if colour.type == "theme" and isinstance(colour.theme, int) and colour.theme < len(self._theme):
            return _tinted(self._theme[colour.theme], float(colour.tint or 0))
        return None


@dataclass(frozen=True, slots=True)
class Labels:
    """The words left of a cell and above it, the nearest first."""

    left: tuple[str, ...]
    above: tuple[str, ...]


def labels(sheet: Any, row: int, column: int) -> Labels:
    """Of a merged area, its words count for each of its cells. A row without anything ends a table."""
    left = (_word(sheet, row, c) for c in range(column - 1, 0, -1))
    above = (_word(sheet, r, column) for r in takewhile(lambda r: _holds(sheet, r), range(row - 1, 0, -1)))
    return Labels(tuple(dict.fromkeys(w for w in left if w)), tuple(dict.fromkeys(w for w in above if w)))


_HELD: WeakKeyDictionary[Any, dict[int, bool]] = WeakKeyDictionary()


def _holds(sheet: Any, row: int) -> bool:
    """Whether anything stands in a row of a sheet, which is read once and does not change."""
    known = _HELD.setdefault(sheet, {})
    if row not in known:
        last = min(sheet.max_column, COLUMNS)
        known[row] = any(sheet.cell(row, column).value is not None for column in range(1, last + 1))
    return known[row]


def _is_named(sheet: Any, row: int, column: int) -> bool:
    """Right behind words like 填报单位："""
    return column > 1 and _word(sheet, row, column - 1).endswith(("：", ":"))


def _word(sheet: Any, row: int, column: int) -> str:
    cell = sheet.cell(row, column)
    if isinstance(cell, MergedCell):
        reference = cell.coordinate
        area = next((a for a in sheet.merged_cells.ranges if reference in a), None)
        cell = sheet.cell(area.min_row, area.min_col) if area else cell
    value = getattr(cell, "value", None)
    if not isinstance(value, str) or value.startswith("=") or not re.search(r"[^\W\d_]", value):
        return ""
    return re.sub(r"\s+", "", value)


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    return str(getattr(value, "text", value)).strip()[:120]


def _is_empty(cell: Any) -> bool:
    return cell.value is None or (isinstance(cell.value, str) and cell.value.strip(" 　-—_/0") == "")


def _bordered(cell: Any) -> bool:
    border = cell.border
    sides = (border.left, border.right, border.top, border.bottom) if border else ()
    return sum(1 for side in sides if side is not None and side.style) >= 2


def area_of(areas: list[str], reference: str) -> str | None:
    """The merged area in which a cell lies without being its first."""
    from .package import split

    column, row = split(reference)
    for area in areas:
        first_column, first_row, last_column, last_row = range_boundaries(area)
        inside = first_column <= column <= last_column and first_row <= row <= last_row
        if inside and (column, row) != (first_column, first_row):
            return area
    return None


def _theme_colours(theme: bytes | None) -> list[str]:
    """In the order in which cells name them: light 1, dark 1, light 2, dark 2, accents."""
    if not theme:
        return []
    try:
        root = etree.fromstring(theme, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return []
    told = root.find(f".//{_DRAWING}clrScheme")
    found = [
        child[0].get("lastClr") or child[0].get("val") or "000000"
        for child in (told if told is not None else ())
        if len(child)
    ]
    return [*found[1::-1], *found[3:1:-1], *found[4:]]


def _tinted(colour: str, tint: float) -> str:
    parts = [int(colour[place : place + 2], 16) for place in (0, 2, 4)]
    shifted = [p + (255 - p) * tint if tint > 0 else p * (1 + tint) for p in parts]
    return "#" + "".join(f"{min(255, max(0, round(p))):02x}" for p in shifted)
