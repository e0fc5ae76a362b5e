"""Finds the headings of a sheet: below a title, over one row or two, by the names that offices use."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .columns import UNREMARKED, Column
from .problems import HeadingMissing, HeadingTwice
from .result import FileRefused
from .text import Cell, as_text, is_blank

DEPTH = 40  # non-blank rows that are searched
_NOISE = re.compile(r"\(.*?\)|[\s*:：.。、_/\\\-]")


def heading_key(cell: Cell) -> str:
    """“＊ 手机 号（必填）：” is 手机号."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", as_text(cell))).casefold()


@dataclass(frozen=True, slots=True)
class Headings:
    """`places` gives for each column of the template its place in a row of cells, or None."""

    row: int
    rows: int
    places: tuple[int | None, ...]
    found: dict[str, str]
    unread: tuple[str, ...]


Numbered = tuple[int, Sequence[Cell]]


def find_headings(sheet: str, top: Sequence[Numbered], columns: Sequence[Column]) -> Headings | None:
    """The row, or pair of rows, that names most columns; None where none names two.

    Raises FileRefused with HeadingMissing or HeadingTwice, at the row of the headings.
    """
    best: tuple[int, list[Numbered], list[str]] | None = None
    for rows, names in _candidates(top, columns):
        score = sum(1 for c in columns if _is_named(c, names)) * 2 - len(rows)
        if best is None or score > best[0]:
            best = (score, rows, names)
    if best is None or (best[0] + len(best[1])) // 2 < _least(columns):
        return None
    return _settled(sheet, best[1], best[2], columns)


def _least(columns: Sequence[Column]) -> int:
    """Two headings make a table; a list of phones alone has one."""
    return 2 if any(column.required for column in columns) else 1


def _candidates(
    top: Sequence[Numbered], columns: Sequence[Column]
) -> Iterator[tuple[list[Numbered], list[str]]]:
    for place, (number, cells) in enumerate(top):
        names = [heading_key(cell) for cell in cells]
        if not any(names):
            continue
        yield [(number, cells)], names
        below = top[place + 1] if place + 1 < len(top) else None
        if below is not None and _can_be_second(names, below[1], columns):
            yield [(number, cells), below], _joined(names, below[1], columns)


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


def _joined(names: Sequence[str], cells: Sequence[Cell], columns: Sequence[Column]) -> list[str]:
    known, spread = _all_names(columns), _spread(names)
    joined = []
    for place, cell in enumerate(cells):
        below = heading_key(cell)
        above = names[place] if place < len(names) else ""
        over = spread[place] if place < len(spread) else ""
        choices = (over + below, below, above) if below else (above,)
        joined.append(next((name for name in choices if name in known), above + below))
    return joined


def _is_named(column: Column, names: Sequence[str]) -> bool:
    return any(heading_key(name) in names for name in column.names)


def _settled(sheet: str, rows: list[Numbered], names: list[str], columns: Sequence[Column]) -> Headings:
    """A column goes to the first of its names that stands there; the template's own name comes first."""
    taken: dict[int, Column] = {}
    exact = {heading_key(column.heading) for column in columns}
    row = rows[0][0]
    for column in columns:
        place = _place_of(column, names, exact, taken)
        if place is None and column.required:
            raise FileRefused(
                HeadingMissing(column=column.heading), sheet=sheet, row=row, column=column.heading
            )
        if place is not None:
            _refuse_twice(sheet, row, column, names)
            taken[place] = column
    by_field = {column.field: place for place, column in taken.items()}
    labels = [_label(rows, place) for place in range(len(names))]
    return Headings(
        row,
        len(rows),
        tuple(by_field.get(column.field) for column in columns),
        {column.heading: labels[place] for place, column in sorted(taken.items())},
        tuple(
            label
            for place, label in enumerate(labels)
            if label and place not in taken and names[place] not in UNREMARKED
        ),
    )


def _place_of(column: Column, names: Sequence[str], exact: set[str], taken: dict[int, Column]) -> int | None:
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
    parts = [as_text(cells[place]) for _number, cells in rows if place < len(cells)]
    return " ".join(part for part in parts if part)
