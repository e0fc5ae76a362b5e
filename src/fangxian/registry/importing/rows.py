"""Rows below the headings: totals, notes and numbered blanks are told from people and units."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

from django.utils.translation import gettext as _

from fangxian.kernel.problems import Problem

from .cells import Setting
from .columns import TEMPLATES, Column
from .content import told_by_content
from .delimited import CONTROL
from .directory import Directory
from .files import open_table
from .headings import Headings, Numbered, Template, find_headings, heading_key, place_of_letters
from .looks import letters_of
from .problems import (
    CellError,
    CellMissing,
    CellTooLong,
    ChosenNotFound,
    ColumnsNotRead,
    ColumnsTold,
    ControlSigns,
    FileEmpty,
    FormulaNotComputed,
    HeadingsNotFound,
    HiddenColumns,
    HiddenRows,
    HiddenSheet,
    MergedCells,
    NoRows,
    SheetNotRead,
)
from .result import Examined, FileRefused, Heading, Ignored, Remark, Row, ranges, unraised
from .sheets import Sheet
from .text import Broken, Cell, as_text, is_blank, is_nothing, quoted

Tick = Callable[[int], None]  # is told how many rows were read since
_STEP = 2_000
_SAMPLE = 240  # non-blank rows in which headings are looked for and columns told by content


@dataclass(frozen=True, slots=True)
class Choices:
    """What whoever brings the file has chosen: `mapping`, headings of the file to fields of the template
    ("" for a column that is not to be read); and whether what is hidden is left out."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    leave_hidden: bool = False


def read_file(
    path: Path,
    kind: str,
    setting: Setting,
    directory: Directory,
    choices: Choices | None = None,
    tick: Tick | None = None,
) -> Examined:
    """The rows of a file after the checks of their cells. What is wrong with the whole file is its
    `file_error`, and then no row of it counts."""
    columns = TEMPLATES[kind]
    examined = Examined(kind, [column.heading for column in columns])
    reader = _Reader(columns, setting, directory, choices or Choices(), examined, tick or (lambda rows: None))
    try:
        for sheet in open_table(path):
            reader.read(sheet)
        if not examined.found:
            _refuse_without_headings(examined, columns)
    except FileRefused as refused:
        return Examined(kind, examined.headings, file_error=refused)
    reader.tell_chosen()
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


class _Reader:
    def __init__(
        self,
        columns: Sequence[Column],
        setting: Setting,
        directory: Directory,
        choices: Choices,
        examined: Examined,
        tick: Tick,
    ) -> None:
        self.columns, self.setting, self.directory = columns, setting, directory
        self.choices, self.examined, self.tick = choices, examined, tick
        self.labels: set[str] = set()

    def read(self, sheet: Sheet) -> None:
        if sheet.hidden and self.choices.leave_hidden:
            self._leave(sheet, _("on a hidden sheet"))
            return
        setting = replace(self.setting, epoch=sheet.epoch)
        seen = _Seen(sheet, self)
        filled = seen.filled()
        top = list(islice(filled, _SAMPLE))
        headings = find_headings(sheet.name, top, self._template(setting))
        if headings is None:
            seen.leave(chain(top, filled))
            return
        self._tell_headings(sheet, headings)
        self.examined.filled -= headings.rows
        last = _last_row_of(headings, top)
        above = [number for number, _cells in top if number < headings.row]
        self.examined.ignored += [Ignored(sheet.name, number, _("above the headings")) for number in above]
        below = chain((row for row in top if row[0] > last), filled)
        readers = [Taken(c, p, setting) for c, p in zip(self.columns, headings.places, strict=True)]
        _read_rows(sheet.name, seen.filled_down(below), readers, self.examined)
        seen.tell(headings, self.columns)

    def _template(self, setting: Setting) -> Template:
        by_content = partial(told_by_content, setting=setting, directory=self.directory)
        return Template(self.columns, self.choices.mapping, by_content)

    def _tell_headings(self, sheet: Sheet, headings: Headings) -> None:
        self.examined.found.append(
            Heading(
                sheet.name, headings.row, headings.found, headings.rows, headings.guessed, headings.unread
            )
        )
        self.labels |= {heading_key(label) for label in (*headings.found.values(), *headings.unread)}
        if headings.guessed:
            pairs = "、".join(f"{quoted(theirs)} → {mine}" for mine, theirs in headings.guessed.items())
            self.warn(sheet.name, headings.row, ColumnsTold(columns=pairs))
        if headings.unread:
            told = ColumnsNotRead(columns=quoted("、".join(headings.unread), 200))
            self.warn(sheet.name, headings.row, told)

    def tell_chosen(self) -> None:
        """What was chosen and stands nowhere in the file."""
        for text in self.choices.mapping:
            if heading_key(text) not in self.labels and place_of_letters(text) is None:
                first = self.examined.found[0]
                self.warn(first.sheet, first.row, ChosenNotFound(column=quoted(text)))

    def warn(self, sheet: str, row: int | None, problem: Problem) -> None:
        self.examined.warnings.append(Remark(sheet, row, "", problem))

    def _leave(self, sheet: Sheet, why: str) -> None:
        for number, cells in sheet.rows:
            if not all(map(is_blank, cells)):
                self.examined.filled += 1
                self.examined.ignored.append(Ignored(sheet.name, number, why))


class _Seen:
    """One sheet's rows that are not blank, with what was hidden or merged among them."""

    def __init__(self, sheet: Sheet, reader: _Reader) -> None:
        self.sheet, self.reader = sheet, reader
        self.hidden: list[int] = []
        self.odd: list[int] = []  # rows with signs that no text has
        self.spread: set[int] = set()  # columns that were filled from a merged cell
        self._down = _merged_down(sheet)
        self._merged: dict[int, tuple[int, Cell]] = {}  # column -> (last row, value)

    def filled(self) -> Iterator[Numbered]:
        number = told = 0
        tick, hidden = self.reader.tick, self.sheet.hidden_rows
        for number, cells in self.sheet.rows:
            if number - told >= _STEP:
                tick(number - told)
                told = number
            for cell in cells:
                if cell != "" and not is_blank(cell):
                    break
            else:
                continue
            self.reader.examined.filled += 1
            if number in hidden:
                if self.reader.choices.leave_hidden:
                    self.reader.examined.ignored.append(Ignored(self.sheet.name, number, _("a hidden row")))
                    continue
                self.hidden.append(number)
            if self.sheet.control_signs and any(isinstance(c, str) and CONTROL.search(c) for c in cells):
                self.odd.append(number)
            yield number, self._shown(cells)
        tick(number - told)

    def _shown(self, cells: Sequence[Cell]) -> Sequence[Cell]:
        if not self.reader.choices.leave_hidden or not self.sheet.hidden_columns:
            return cells
        return [None if place in self.sheet.hidden_columns else cell for place, cell in enumerate(cells)]

    def filled_down(self, rows: Iterator[Numbered]) -> Iterator[Numbered]:
        """A value merged over rows counts in each of them that has something else."""
        if not self._down:
            return rows
        return ((number, self._fill_down(number, cells)) for number, cells in rows)

    def _fill_down(self, number: int, cells: Sequence[Cell]) -> Sequence[Cell]:
        for column, last in self._down.get(number, ()):
            self._merged[column] = (last, cells[column] if column < len(cells) else None)
        gaps = {
            column: value
            for column, (last, value) in self._merged.items()
            if number <= last and not is_blank(value) and (column >= len(cells) or is_blank(cells[column]))
        }
        if not gaps:
            return cells
        self.spread |= set(gaps)
        whole = [*cells, *[None] * (max(gaps) + 1 - len(cells))]
        for column, value in gaps.items():
            whole[column] = value
        return whole

    def leave(self, rows: Iterator[Numbered]) -> None:
        name, examined = self.sheet.name, self.reader.examined
        left = [Ignored(name, number, _("on a sheet without headings")) for number, _cells in rows]
        if left:
            examined.ignored += left
            self.reader.warn(name, left[0].row, SheetNotRead(rows=len(left)))

    def tell(self, headings: Headings, columns: Sequence[Column]) -> None:
        name, warn = self.sheet.name, self.reader.warn
        placed = {p: c.heading for p, c in zip(headings.places, columns, strict=True) if p is not None}
        if self.sheet.hidden:
            warn(name, headings.row, HiddenSheet())
        if self.hidden:
            warn(name, self.hidden[0], HiddenRows(rows=ranges(self.hidden)))
        unseen = [title for place, title in sorted(placed.items()) if place in self.sheet.hidden_columns]
        if unseen and not self.reader.choices.leave_hidden:
            warn(name, headings.row, HiddenColumns(columns="、".join(unseen)))
        if self.spread:
            told = "、".join(placed.get(p) or letters_of(p).decode() for p in sorted(self.spread))
            warn(name, headings.row, MergedCells(columns=told))
        for number in self.odd:
            warn(name, number, ControlSigns())


def _merged_down(sheet: Sheet) -> dict[int, list[tuple[int, int]]]:
    """First row -> [(column, last row)] of cells merged over several rows of one column."""
    down: dict[int, list[tuple[int, int]]] = {}
    for first, left, last, right in sheet.merged:
        if last > first and left == right:
            down.setdefault(first, []).append((left, last))
    return down


def _last_row_of(headings: Headings, top: Sequence[Numbered]) -> int:
    """Of the headings; the row before the first record where there are none."""
    if not headings.rows:
        return headings.row - 1
    numbers = [number for number, _cells in top]
    return numbers[numbers.index(headings.row) + headings.rows - 1]


# ---- a row ------------------------------------------------------------------------------------------

Readers = Sequence["Taken"]
Faults = list[tuple[str, Problem]]
_REMEMBERED = 20_000  # texts a column


class Taken:
    """A column of the template, and the place in a row of cells that it is taken from. What its texts were
    read as is remembered: schools, classes and days come thousands of times, and so do the same mistakes."""

    def __init__(self, column: Column, place: int | None, setting: Setting) -> None:
        self.column, self.place, self.setting = column, place, setting
        self.missing = CellMissing(column=column.heading)
        self.known: dict[str, str | Problem] = {}

    def read(self, cell: Cell) -> str | Problem:
        """ "" where there is nothing."""
        if type(cell) is not str:
            return "" if cell is None else self._read(cell)
        found = self.known.get(cell)
        if found is None:
            found = "" if is_nothing(cell) else self._read(cell)
            if len(self.known) < _REMEMBERED:
                self.known[cell] = found
        return found

    def _read(self, cell: Cell) -> str | Problem:
        try:
            return self.column.read(_sound(cell, self.column), self.setting)
        except Problem as fault:
            if isinstance(fault, CellTooLong):
                fault.facts["column"] = self.column.heading
            return unraised(fault)


def _read_rows(sheet: str, rows: Iterator[Numbered], readers: Readers, examined: Examined) -> None:
    for number, cells in rows:
        values, faults = _read_cells(cells, readers)
        doubtful = faults is not None or not values[1] or _TOTAL.fullmatch(values[0])
        why = _why_ignored(cells, readers) if doubtful else ""
        if faults is None and not why:
            examined.rows.append(Row(sheet, number, values))
        elif why:
            examined.ignored.append(Ignored(sheet, number, why))
        else:
            examined.faulty.append(Row(sheet, number, values))
            examined.rejected += [Remark(sheet, number, column, fault) for column, fault in faults or ()]


def _read_cells(cells: Sequence[Cell], readers: Readers) -> tuple[tuple[str, ...], Faults | None]:
    """The row's normalised values, and None or what is wrong with its cells."""
    values: list[str] = []
    faults: Faults | None = None
    width = len(cells)
    any_filled = False
    for taken in readers:
        place = taken.place
        read = taken.read(cells[place]) if place is not None and place < width else ""
        if isinstance(read, Problem):
            faults = [*(faults or ()), (taken.column.heading, read)]
            any_filled, read = True, ""
        elif read:
            any_filled = True
        elif taken.column.required:
            faults = [*(faults or ()), (taken.column.heading, taken.missing)]
        values.append(read)
    return tuple(values), faults if any_filled else faults or []


_ERRORS = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA)")


def _sound(cell: Cell, column: Column) -> Cell:
    """Raises FormulaNotComputed, CellError."""
    if isinstance(cell, Broken):
        if cell is Broken.FORMULA:
            raise FormulaNotComputed(column=column.heading)
        raise CellError(column=column.heading, shown=quoted(cell.shown))
    if isinstance(cell, str) and cell[0] == "#" and _ERRORS.fullmatch(cell.strip()):
        raise CellError(column=column.heading, shown=cell.strip())
    return cell


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


def _why_ignored(cells: Sequence[Cell], readers: Readers) -> str:
    """Why a row that is no good record is none at all; "" where it is one, and so rejected."""
    mapped = [cells[t.place] for t in readers if t.place is not None and t.place < len(cells)]
    filled = [cell for cell in mapped if not is_nothing(cell)]
    if _TOTAL.fullmatch(_first_word(cells)) and not _has_key(cells, readers):
        return _("totals")
    if _is_note(cells):
        return _("a note")
    if not filled:
        return _("nothing in the columns that are read")
    if len(filled) > 1 and _repeats_headings(cells, readers):
        return _("the headings again")
    return ""


def _first_word(cells: Sequence[Cell]) -> str:
    """The first text of the row, without blanks: 合  计 is 合计."""
    words = (as_text(cell).replace(" ", "") for cell in cells if isinstance(cell, str))
    return next((word for word in words if word), "")


def _has_key(cells: Sequence[Cell], readers: Readers) -> bool:
    """A row with something like an ID number is a person, whatever it is called."""
    places = [t.place for t in readers if t.column.field == "id_number"]
    keys = (place for place in places if place is not None and place < len(cells))
    return any(len(as_text(cells[place])) >= 15 for place in keys)


def _is_note(cells: Sequence[Cell]) -> bool:
    words = {as_text(cell) for cell in cells if not is_blank(cell)}
    first = _first_word(cells)
    if len(words) == 1:
        return bool(_NOTE.fullmatch(first)) or len(first) > _LONG
    return len(words) <= 4 and bool(_NOTE.fullmatch(first)) and first not in ("说明", "备注", "注")


def _repeats_headings(cells: Sequence[Cell], readers: Readers) -> bool:
    for taken in readers:
        place = taken.place
        if place is not None and place < len(cells) and not is_blank(cells[place]):
            names = {heading_key(name) for name in taken.column.names}
            if heading_key(cells[place]) not in names:
                return False
    return True
