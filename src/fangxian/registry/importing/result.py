"""What came of reading a file: every non-blank row is accepted, rejected or ignored, and they add up."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fangxian.kernel.problems import Problem


class Row(NamedTuple):
    """A row that passed the checks of its cells. `row` is the number that Excel shows; `values` are
    normalised texts in the order of the template's columns."""

    sheet: str
    row: int
    values: tuple[str, ...]


def place_of(row: Row, seen_from: Row) -> str:
    """The row's number, with its sheet where that is another."""
    return str(row.row) if row.sheet == seen_from.sheet else f"{row.row} ({row.sheet})"


class Remark(NamedTuple):
    """Something about a row, or about one cell of it; `column` is the template's heading or ""."""

    sheet: str
    row: int | None
    column: str
    problem: Problem


def unraised(problem: Problem) -> Problem:
    """Without the frames in which it was raised: one of a million must not hold them, nor gather more."""
    problem.__traceback__ = problem.__context__ = problem.__cause__ = None
    return problem


class Ignored(NamedTuple):
    sheet: str
    row: int
    why: str


class FileRefused(Exception):
    """The file as a whole cannot be read; a row and a column where one is to blame."""

    def __init__(
        self, problem: Problem, *, sheet: str = "", row: int | None = None, column: str | None = None
    ) -> None:
        self.problem, self.sheet, self.row, self.column = problem, sheet, row, column
        super().__init__(problem.code)


@dataclass(frozen=True, slots=True)
class Heading:
    """Where the headings of a sheet stand, and which column of the sheet was taken for which."""

    sheet: str
    row: int
    found: dict[str, str]  # template's heading -> what the sheet says
    rows: int = 1  # that the headings take up; 0 where there are none
    guessed: dict[str, str] = field(default_factory=dict)  # of those, the ones told by content alone
    unread: tuple[str, ...] = ()  # what else stands in the headings


@dataclass(slots=True)
class Examined:
    """A file after all checks. `rows` are those that passed; nothing is stored yet."""

    kind: str
    headings: Sequence[str]
    rows: list[Row] = field(default_factory=list)
    faulty: list[Row] = field(default_factory=list)  # with a wrong cell; its other cells are checked too
    rejected: list[Remark] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)
    found: list[Heading] = field(default_factory=list)
    filled: int = 0  # rows that are neither blank nor headings, as they were met
    file_error: FileRefused | None = None

    def reject(self, remarks: Sequence[Remark]) -> None:
        """Move the rows that these remarks speak of from the good ones to the rejected."""
        if not remarks:
            return
        bad = {(each.sheet, each.row) for each in remarks}
        self.rejected += remarks
        self.rows = [row for row in self.rows if (row.sheet, row.row) not in bad]

    def order(self) -> Callable[[Row | Remark], int]:
        """Sorts by sheet, as in the file, and row. One number, as there may be millions of keys."""
        sheets = {heading.sheet: place << 32 for place, heading in enumerate(self.found)}
        return lambda each: sheets.get(each.sheet, 0) + (each.row or 0)

    @property
    def rejected_rows(self) -> int:
        return len({(each.sheet, each.row) for each in self.rejected})

    def passes(self, policy: str) -> bool:
        """Whether there is something to store: under `atomic` all rows must be good, under `partial` one."""
        if self.file_error is not None:
            return False
        return not self.rejected or (policy == "partial" and bool(self.rows))

    def values(self) -> Iterator[dict[str, Any]]:
        """The good rows as the JSON object has them: the columns that stand in their sheet."""
        found = {heading.sheet: heading.found for heading in self.found}
        for row in self.rows:
            there = found[row.sheet]
            pairs = zip(self.headings, row.values, strict=True)
            yield {"sheet": row.sheet, "row": row.row, "values": {h: v for h, v in pairs if h in there}}


def ranges(numbers: Sequence[int]) -> str:
    """“3, 5–8”; at most ten of them."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = [str(a) if a == b else f"{a}–{b}" for a, b in runs[:10]]
    return ", ".join(shown) + (" …" if len(runs) > 10 else "")


def told(remark: Remark) -> dict[str, Any]:
    return {
        "sheet": remark.sheet,
        "row": remark.row,
        "column": remark.column or None,
        "message": remark.problem.sentence(),
    }


def told_row(remark: Remark) -> dict[str, Any]:
    """Without its column, as warnings have it."""
    return {"sheet": remark.sheet, "row": remark.row, "message": remark.problem.sentence()}


def told_refusal(refused: FileRefused | None) -> dict[str, Any] | None:
    if refused is None:
        return None
    return {
        "sheet": refused.sheet,
        "row": refused.row,
        "column": refused.column,
        "message": refused.problem.sentence(),
    }
