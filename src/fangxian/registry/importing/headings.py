"""Finds which column of a sheet is which of the template: as it was chosen, by the names that offices use
(below a title, over one row or two), and where a heading says nothing, by what stands in the column."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .columns import UNREMARKED, Column
from .looks import column_of, letters_of
from .problems import HeadingMissing, HeadingTwice
from .result import FileRefused
from .text import Broken, Cell, as_text, is_blank

DEPTH = 40  # non-blank rows that are searched
_ABOVE = 5  # rows that may stand above a table without headings
_NOISE = re.compile(r"\(.*?\)|[\s*:：.。、_/\\\-]")
_COLUMNS = 16_384  # of a sheet
_LETTERS = re.compile(r"[A-Z]{1,3}")
_LEFT_ASIDE = "\0"  # the name of a column that is not to be read

Chosen = Mapping[str, str]  # heading (or letters) of a column in the file -> field, "" for none
Numbered = tuple[int, Sequence[Cell]]
# (rows below, {free place: its heading}, columns that are wanted) -> {field: place}
ByContent = Callable[[Sequence[Sequence[Cell]], Mapping[int, str], Sequence[Column]], Mapping[str, int]]


def heading_key(cell: Cell) -> str:
    """“＊ 手机 号（必填）：” is 手机号."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", as_text(cell)[:200])).casefold()


@dataclass(frozen=True, slots=True)
class Headings:
    """`places` gives for each column of the template its place in a row of cells, or None. `rows` is 0 where
    the table has no headings. `guessed` (template's heading -> what stands over it) went by content alone."""

    row: int
    rows: int
    places: tuple[int | None, ...]
    found: dict[str, str]
    unread: tuple[str, ...] = ()
    guessed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Template:
    """The columns of a kind, what was chosen for this file, and how to tell the rest."""

    columns: Sequence[Column]
    chosen: Chosen
    by_content: ByContent

    def named(self, cells: Sequence[Cell]) -> list[str]:
        """The keys of a row of headings; a chosen column has the key of its field's own heading."""
        keys = [heading_key(cell) for cell in cells]
        chosen = {heading_key(text): wanted for text, wanted in self.chosen.items()}
        return self.placed(keys, {i: chosen[key] for i, key in enumerate(keys) if key and key in chosen})

    def lettered(self, keys: Sequence[str]) -> list[str]:
        """The same for columns that were chosen by their letters."""
        places = {place_of_letters(text): wanted for text, wanted in self.chosen.items()}
        return self.placed(keys, {place: wanted for place, wanted in places.items() if place is not None})

    def placed(self, keys: Sequence[str], chosen: Mapping[int, str]) -> list[str]:
        own = {column.field: heading_key(column.heading) for column in self.columns}
        taken = {own[wanted] for wanted in chosen.values() if wanted}
        keys = [_LEFT_ASIDE if key in taken else key for key in keys]
        keys += [""] * (max(chosen, default=-1) + 1 - len(keys))
        for place, wanted in chosen.items():
            keys[place] = own[wanted] if wanted else _LEFT_ASIDE
        return keys


def place_of_letters(text: str) -> int | None:
    """“C” is 2; None for what names no column of a sheet."""
    letters = text.strip().upper()
    place = column_of(letters.encode()) if _LETTERS.fullmatch(letters) else _COLUMNS
    return place if place < _COLUMNS else None


def find_headings(sheet: str, top: Sequence[Numbered], template: Template) -> Headings | None:
    """The row, or pair of rows, that names most columns; a table without headings where the columns are told
    by content alone; None where neither is found.

    Raises FileRefused with HeadingMissing or HeadingTwice, at the row of the headings.
    """
    columns = template.columns
    best: tuple[int, list[Numbered], list[str]] | None = None
    for rows, names in _candidates(top[:DEPTH], template):
        score = sum(1 for c in columns if _is_named(c, names)) * 2 - len(rows)
        if best is None or score > best[0]:
            best = (score, rows, names)
    named = (best[0] + len(best[1])) // 2 if best is not None else 0
    if best is None or not named:
        return _without_headings(top, template)
    try:
        return _settled(sheet, best[1], best[2], top, template)
    except FileRefused:
        if named >= _least(columns):
            raise
        return _without_headings(top, template)


def _least(columns: Sequence[Column]) -> int:
    """Two headings make a table; a list of phones alone has one."""
    return 2 if any(column.required for column in columns) else 1


def _candidates(top: Sequence[Numbered], template: Template) -> Iterator[tuple[list[Numbered], list[str]]]:
    for place, (number, cells) in enumerate(top):
        names = template.named(cells)
        if not any(names):
            continue
        yield [(number, cells)], names
        below = top[place + 1] if place + 1 < len(top) else None
        if below is not None and _can_be_second(names, below[1], template.columns):
            yield [(number, cells), below], _joined(names, below[1], template)


def _can_be_second(names: Sequence[str], cells: Sequence[Cell], columns: Sequence[Column]) -> bool:
    """A second row of headings names a column of the template, and holds words alone."""
    known = _all_names(columns)
    under, spread = [heading_key(cell) for cell in cells], _spread(names)
    if any(not isinstance(cell, str) for cell in cells if not is_blank(cell)):
        return False
    return any(key in known or above + key in known for above, key in zip(spread, under, strict=False) if key)


def _all_names(columns: Sequence[Column]) -> set[str]:
    return {heading_key(name) for column in columns for name in column.names}


def _spread(names: Sequence[str]) -> list[str]:
    """A heading merged over several columns stands in the first of them, and means each."""
    spread: list[str] = []
    for name in names:
        spread.append(name or (spread[-1] if spread else ""))
    return spread


def _joined(names: Sequence[str], cells: Sequence[Cell], template: Template) -> list[str]:
    known, spread, under = _all_names(template.columns), _spread(names), template.named(cells)
    joined = []
    for place in range(max(len(names), len(under))):
        below = under[place] if place < len(under) else ""
        above = names[place] if place < len(names) else ""
        over = spread[place] if place < len(spread) else spread[-1] if spread else ""
        choices = (over + below, below, above) if below else (above,)
        joined.append(next((name for name in choices if name in known), above + below))
    return joined


def _is_named(column: Column, names: Sequence[str]) -> bool:
    return any(heading_key(name) in names for name in column.names)


# ---- each column of the template to its place -------------------------------------------------------


def _settled(
    sheet: str, rows: list[Numbered], names: list[str], top: Sequence[Numbered], template: Template
) -> Headings:
    """A column goes to the first of its names that stands there; the template's own name comes first."""
    columns, row, names = template.columns, rows[0][0], template.lettered(names)
    exact = {heading_key(column.heading) for column in columns}
    taken: dict[int, Column] = {}
    for column in columns:
        place = _place_of(column, names, exact, taken)
        if place is not None:
            _refuse_twice(sheet, row, column, names)
            taken[place] = column
    below = [cells for number, cells in top if number > rows[-1][0]]
    guessed = _guessed(names, below, taken, template)
    for column in columns:
        if column.required and column not in (*taken.values(), *guessed.values()):
            raise FileRefused(
                HeadingMissing(column=column.heading), sheet=sheet, row=row, column=column.heading
            )
    return _made(rows, len(rows), names, taken, guessed, template)


def _guessed(
    names: Sequence[str], below: Sequence[Sequence[Cell]], taken: Mapping[int, Column], template: Template
) -> dict[int, Column]:
    width = max([len(names), *map(len, below)], default=0)
    free = {}
    for place in range(min(width, 200)):
        name = names[place] if place < len(names) else ""
        if place not in taken and name != _LEFT_ASIDE and name not in UNREMARKED:
            free[place] = name
    wanted = [column for column in template.columns if column not in taken.values()]
    by_field = {column.field: column for column in wanted}
    found = template.by_content(below, free, wanted)
    return {place: by_field[name] for name, place in found.items()}


def _without_headings(top: Sequence[Numbered], template: Template) -> Headings | None:
    """A table that begins with its first record: every required column, or a key of a list, must be told."""
    names = template.lettered([])
    keys = {heading_key(column.heading): column for column in template.columns}
    taken = {place: keys[name] for place, name in enumerate(names) if name in keys}
    required = {column.field for column in template.columns if column.required}
    for skipped, (number, first) in enumerate(top[:_ABOVE]):
        guessed = _guessed(names, [cells for _number, cells in top[skipped:]], taken, template)
        fields = {column.field for column in (*taken.values(), *guessed.values())}
        enough = required <= fields if required else bool(fields & {"id_number", "phone"})
        if enough and _is_whole(first, {**taken, **guessed}):
            return _made([(number, ())], 0, names, taken, guessed, template)
    return None


def _is_whole(cells: Sequence[Cell], placed: Mapping[int, Column]) -> bool:
    """The first record fills the columns that were told: a title does not."""
    return all(place < len(cells) and not is_blank(cells[place]) for place in placed)


def _made(
    rows: Sequence[Numbered],
    count: int,
    names: Sequence[str],
    taken: Mapping[int, Column],
    guessed: Mapping[int, Column],
    template: Template,
) -> Headings:
    placed = {**taken, **guessed}
    by_field = {column.field: place for place, column in placed.items()}
    labels = {place: _label(rows, place) for place in {*range(len(names)), *placed}}
    return Headings(
        rows[0][0],
        count,
        tuple(by_field.get(column.field) for column in template.columns),
        {column.heading: labels[place] for place, column in sorted(placed.items())},
        tuple(
            label
            for place, label in sorted(labels.items())
            if place < len(names) and names[place] and place not in placed and names[place] not in UNREMARKED
        ),
        {column.heading: labels[place] for place, column in sorted(guessed.items())},
    )


def _place_of(
    column: Column, names: Sequence[str], exact: set[str], taken: Mapping[int, Column]
) -> int | None:
    for name in column.names:
        key = heading_key(name)
        if key != heading_key(column.heading) and key in exact:
            continue  # another column of this template has it as its own name
        for place, given in enumerate(names):
            if given == key and place not in taken:
                return place
    return None


def _refuse_twice(sheet: str, row: int, column: Column, names: Sequence[str]) -> None:
    if list(names).count(heading_key(column.heading)) > 1:
        raise FileRefused(HeadingTwice(column=column.heading), sheet=sheet, row=row, column=column.heading)


def _label(rows: Sequence[Numbered], place: int) -> str:
    """What stands over a column; its letters where nothing does."""
    parts = [as_text(cells[place]) for _number, cells in rows if place < len(cells)]
    shown = " ".join(part for part in parts if part and not isinstance(part, Broken))
    return shown or letters_of(place).decode()
