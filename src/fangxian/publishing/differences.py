"""What differs in words between two bulletins: paragraph by paragraph, what was taken out and put in.

A Chinese character is a word of its own; a number, in figures or in characters, is never cut: 879 that became
897 is one number for another, not two digits. What the office worded and what was counted are told apart: a
paragraph in which other numbers alone stand says the same of another moment.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from .blocks import Block, Run

_NUMERAL = "〇零一二三四五六七八九十百千万亿两"
TOKEN = re.compile(
    rf"\d+(?:[.,．]\d+)*[%％‰]?|[{_NUMERAL}]{{2,}}|[A-Za-z]+(?:['’-][A-Za-z]+)*|\s+|.", re.DOTALL
)
ALIKE = 0.5  # share of their words from which two paragraphs are versions of one
PLACE = "\ue000"  # where a counted number stands, when the wording alone is compared
Runs = tuple[Run, ...]


class Fate(StrEnum):
    SAME = "same"
    GONE = "gone"
    NEW = "new"


class Change(StrEnum):
    """Of a paragraph: `numbers` of the same wording, or the `words` too; or it is `new`, or `gone`."""

    SAME = "same"
    NUMBERS = "numbers"
    WORDS = "words"
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Piece:
    fate: Fate
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, or a row of a table or chart, in both versions. `under`: the heading above it."""

    change: Change
    pieces: tuple[Piece, ...]
    kind: str
    under: str

    def words(self, fate: Fate) -> str:
        """As it stood (all but what is new), or stands (all but what is gone)."""
        return "".join(piece.text for piece in self.pieces if piece.fate in (Fate.SAME, fate))


@dataclass(frozen=True, slots=True)
class _Line:
    runs: Runs
    kind: str
    under: str

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)

    @property
    def wording(self) -> str:
        """Without the numbers that were counted."""
        return "".join(PLACE if run.figure else run.text for run in self.runs)


def differences(old: Sequence[Block], new: Sequence[Block]) -> list[Paragraph]:
    """All paragraphs of both, in the order of the new one; what is gone stands where it stood."""
    before, after = list(_lines(old)), list(_lines(new))
    matcher = SequenceMatcher(None, _named(before), _named(after), False)
    found: list[Paragraph] = []
    for same, i1, i2, j1, j2 in matcher.get_opcodes():
        if same == "equal":
            found += [_alone(line, Change.SAME, Fate.SAME) for line in after[j1:j2]]
        else:
            found += _paired(before[i1:i2], after[j1:j2])
    return found


def pieces(old: str, new: str) -> tuple[Piece, ...]:
    """The words of both, those that are gone before those that are new in their place."""
    before, after = TOKEN.findall(old), TOKEN.findall(new)
    found: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, False).get_opcodes():
        if tag == "equal":
            found.append(Piece(Fate.SAME, "".join(after[j1:j2])))
        else:
            told = ((Fate.GONE, before[i1:i2]), (Fate.NEW, after[j1:j2]))
            found += [Piece(fate, "".join(words)) for fate, words in told if words]
    return tuple(found)


def _named(lines: Sequence[_Line]) -> list[tuple[str, str]]:
    return [(line.kind, line.text) for line in lines]


# ------------------------------------------------------------------------------------ lines


def _lines(blocks: Sequence[Block]) -> Iterator[_Line]:
    under = ""
    for block in blocks:
        if block.kind.startswith("heading") or block.kind == "heading_of_table":
            under = block.text
        for runs in _rows(block):
            yield _Line(runs, block.kind, "" if block.text == under else under)


def _rows(block: Block) -> Iterator[Runs]:
    """A paragraph as it is; of a table its rows; of a chart its title, and what each label has."""
    if block.rows:
        yield from (_beside(row) for row in block.rows)
    elif block.chart:
        yield (Run(block.chart.title),)
        for place, (label, _reference) in enumerate(block.chart.series[0].points):
            points = [series.points[place][1] for series in block.chart.series]
            yield _beside([(Run(label),), *((Run(point.text, point),) for point in points)])
    else:
        yield block.runs


def _beside(cells: Sequence[Runs]) -> Runs:
    """The cells of a row, a gap between them."""
    told = [run for cell in cells for run in (*cell, Run(" · "))]
    return tuple(told[:-1])


# ------------------------------------------------------------------------------------ pairs


def _paired(before: Sequence[_Line], after: Sequence[_Line]) -> Iterator[Paragraph]:
    """Lines of both in their order, those that are versions of one as one."""
    i = j = 0
    for at, other in [*_matches(before, after), (len(before), len(after))]:
        yield from (_alone(line, Change.GONE, Fate.GONE) for line in before[i:at])
        yield from (_alone(line, Change.NEW, Fate.NEW) for line in after[j:other])
        if at < len(before) and other < len(after):
            yield _both(before[at], after[other])
        i, j = at + 1, other + 1


def _matches(before: Sequence[_Line], after: Sequence[_Line]) -> list[tuple[int, int]]:
    """Which are versions of which, none crossing another: the pairs that are alike most in all."""
    best: list[list[tuple[float, tuple[tuple[int, int], ...]]]] = [[(0.0, ())] * (len(after) + 1)]
    for i, old in enumerate(before):
        row: list[tuple[float, tuple[tuple[int, int], ...]]] = [(0.0, ())]
        for j, new in enumerate(after):
            alike = _alike(old, new)
            whole, pairs = best[i][j]
            taken = (whole + alike, (*pairs, (i, j))) if alike else (0.0, ())
            row.append(max(taken, best[i][j + 1], row[j], key=lambda one: one[0]))
        best.append(row)
    return list(best[-1][-1][1])


def _alike(old: _Line, new: _Line) -> float:
    """0 where they are not versions of one: of the same kind, and the same wording or most of the words."""
    if old.kind != new.kind:
        return 0.0
    if old.wording == new.wording:
        return 1.0
    matcher = SequenceMatcher(None, TOKEN.findall(old.wording), TOKEN.findall(new.wording), False)
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= ALIKE else 0.0


def _alone(line: _Line, change: Change, fate: Fate) -> Paragraph:
    return Paragraph(change, (Piece(fate, line.text),), line.kind, line.under)


def _both(old: _Line, new: _Line) -> Paragraph:
    change = Change.NUMBERS if old.wording == new.wording else Change.WORDS
    return Paragraph(change, pieces(old.text, new.text), new.kind, new.under)
