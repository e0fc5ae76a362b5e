"""What the reader of .xlsx does not tell of a sheet, found in its XML as it streams by: what is hidden or
merged, formulas that were never computed, errors, and how far its cells lie apart.

Regular expressions over whole megabytes, as a parser in Python would take the time of all else together. As
they also bound the memory, XML that they might misread (attributes in single quotes, say, which no office
program writes) is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .problems import FileBroken
from .result import FileRefused
from .text import Broken

_LONGEST = 32 << 20  # of one row
_PREFIX = rb"(?:[^\s<>/!?:\"']+:)?"
_TAG = rb"<" + _PREFIX
_END = rb"</" + _PREFIX
_ROW = re.compile(_TAG + rb"row\b([^>]*)>")
_COLUMN = re.compile(_TAG + rb"col\b([^>]*)>")
_MERGED = re.compile(_TAG + rb'mergeCell\b[^>]*\bref="([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)"')
_UNCOMPUTED = re.compile(
    _TAG + rb"c\b([^>]*)>\s*" + _TAG + rb"f\b(?:[^>]*/>|[^>]*>[^<]*" + _END + rb"f>)\s*"
    rb"(" + _TAG + rb"v\s*/>|" + _TAG + rb"v>" + _END + rb"v>)?\s*" + _END + rb"c>"
)
_ERROR = re.compile(
    _TAG + rb'c\b([^>]*\bt="e"[^>]*)>(?:' + _TAG + rb"f\b[^<]*(?:" + _END + rb"f>)?)?"
    rb"\s*" + _TAG + rb"v>([^<]*)<"
)
_PLACE = re.compile(rb'\br="([A-Za-z]+)([0-9]+)"')
_NUMBER = re.compile(rb'\br="([0-9]+)"')
_BOUNDS = re.compile(rb'\b(min|max)="([0-9]+)"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_NUMBERS = re.compile(_TAG + rb'row\b[^>]*?\br="([0-9]+)"')
_LETTERS = re.compile(rb'\br="([A-Za-z]{1,3})[0-9]')
_CELL_ROWS = re.compile(rb'\br="[A-Za-z]{1,3}([0-9]+)"')
_GREATER = re.compile(rb'="[^"<]*>')
_SIGNS = (b"='", b"= ", b" =", b"=\t", b"\t=", b"=\n", b"\n=", b"=\r", b"\r=")
_UNUSUAL = re.compile(_TAG + rb"(?:row|c|col|mergeCell)\s[^<>]*?(?:=['\s]|\s=|=\"[^\"<>]*>)")


@dataclass(slots=True)
class Looks:
    """Rows count from 1, columns from 0. `broken` are cells whose value is missing or an error. `rows` and
    `columns` bound the rectangle that holds all cells, `values` is about how many hold something."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    broken: dict[tuple[int, int], Broken] = field(default_factory=dict)
    rows: int = 1
    columns: int = 1
    values: int = 0


class Scanner:
    """Feed it the pieces of a sheet's XML."""

    def __init__(self) -> None:
        self.looks = Looks()
        self._rest = RowCutter()
        self._seen = 0
        self._wider = _wider_than(-1)

    def feed(self, piece: bytes) -> None:
        whole = self._rest.feed(piece)
        if whole:
            self._look(whole)

    def close(self) -> Looks:
        self._look(self._rest.close())
        return self.looks

    def _look(self, xml: bytes) -> None:
        _refuse_unusual(xml)
        looks = self.looks
        looks.values += (xml.count(b"v>") + xml.count(b"is>")) // 2
        self._widen(xml)
        self._count(xml)
        if b"hidden=" in xml:
            self._columns(xml)
        if b"mergeCell" in xml:
            looks.merged += [
                (int(r1), column_of(c1), int(r2), column_of(c2)) for c1, r1, c2, r2 in _MERGED.findall(xml)
            ]
        self._broken(xml)

    def _widen(self, xml: bytes) -> None:
        """`columns` reaches to the last cell. Only where one lies beyond is each looked at."""
        if self._wider.search(xml):
            last = max(map(column_of, set(_LETTERS.findall(xml))), default=0)
            self.looks.columns = max(self.looks.columns, last + 1)
            self._wider = _wider_than(self.looks.columns - 1)

    def _count(self, xml: bytes) -> None:
        """`rows` reaches to the last row, in whatever order they come; rows without a number count on."""
        looks, tags = self.looks, xml.count(b"<row") + xml.count(b":row ") + xml.count(b":row>")
        numbers = _NUMBERS.findall(xml)
        if b"hidden=" not in xml and tags == len(numbers):
            self._seen += tags
            looks.rows = max([looks.rows, *map(int, numbers)])
        else:
            self._count_each(xml)
        if _beyond(looks.rows).search(xml):  # a cell may say another row than the row that it is in
            looks.rows = max([looks.rows, *map(int, _CELL_ROWS.findall(xml))])

    def _count_each(self, xml: bytes) -> None:
        looks = self.looks
        for match in _ROW.finditer(xml):
            self._seen += 1
            given = _NUMBER.search(match[1])
            number = int(given[1]) if given else self._seen
            looks.rows = max(looks.rows, number)
            if _HIDDEN.search(match[1]):
                looks.hidden_rows.add(number)

    def _columns(self, xml: bytes) -> None:
        for match in _COLUMN.finditer(xml):
            if _HIDDEN.search(match[1]):
                bounds = dict(_BOUNDS.findall(match[1]))
                first, last = int(bounds.get(b"min", 1)), int(bounds.get(b"max", 1))
                self.looks.hidden_columns.update(range(first - 1, min(last, 16_384)))

    def _broken(self, xml: bytes) -> None:
        for match in _UNCOMPUTED.finditer(xml) if b"<f" in xml or b":f" in xml else ():
            # Excel keeps a computed "" as t="str" with an empty value.
            if not (match[2] and b't="str"' in match[1]):
                self._keep(match[1], Broken.FORMULA)
        for match in _ERROR.finditer(xml) if b't="e"' in xml else ():
            self._keep(match[1], Broken(match[2].decode(errors="replace")))

    def _keep(self, attributes: bytes, broken: Broken) -> None:
        place = _PLACE.search(attributes)
        if place is None:
            raise FileRefused(FileBroken())
        self.looks.broken[int(place[2]), column_of(place[1])] = broken


class RowCutter:
    """Cuts a stream so that no row is in two pieces, up to a length that no row of a table has."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._length = 0

    def feed(self, piece: bytes) -> bytes:
        """All whole rows so far; b"" where there is none yet."""
        end = max(piece.rfind(b"</row>"), piece.rfind(b":row>"))
        if end < 0 and self._length < _LONGEST:
            self._held.append(piece)
            self._length += len(piece)
            return b""
        cut = piece.index(b">", end) + 1 if end >= 0 else len(piece)
        whole = b"".join((*self._held, piece[:cut]))
        self._held, self._length = [piece[cut:]], len(piece) - cut
        return whole

    def close(self) -> bytes:
        return b"".join(self._held)


def _refuse_unusual(xml: bytes) -> None:
    if (_GREATER.search(xml) or any(sign in xml for sign in _SIGNS)) and _UNUSUAL.search(xml):
        raise FileRefused(FileBroken())


def _wider_than(column: int) -> re.Pattern[bytes]:
    """A cell to the right of this column; of those with two letters, any."""
    near = b"[%c-Z%c-z][0-9]|" % (66 + column, 98 + column) if column < 25 else b""
    return re.compile(rb'\br="(?:' + near + rb"[A-Za-z]{2})")


def _beyond(row: int) -> re.Pattern[bytes]:
    """A cell below this row."""
    digits = b"%d" % row
    longer = rb"[0-9]{%d,}" % (len(digits) + 1)
    larger = [
        digits[:place] + b"[%c-9]" % (digit + 1) + rb"[0-9]{%d}" % (len(digits) - place - 1)
        for place, digit in enumerate(digits)
        if digit < ord("9")
    ]
    return re.compile(rb'\br="[A-Za-z]{1,3}(?:' + b"|".join([longer, *larger]) + rb')"')


def column_of(letters: bytes) -> int:
    """From 0: b"A" is 0."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number - 1


def letters_of(column: int) -> bytes:
    letters = b""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = bytes([65 + rest]) + letters
    return letters


# ---- cells far apart --------------------------------------------------------------------------------

_FILLED = re.compile(_TAG + rb"c\b([^>]*[^/>])>(.*?)" + _END + rb"c>", re.DOTALL)
_HOLDS = re.compile(_TAG + rb"(?:v>[^<]|is\b)")


def filled_cells(xml: bytes) -> Iterator[tuple[int, int, re.Match[bytes]]]:
    """(row, column, element) of the cells that hold a value and say where they stand."""
    for match in _FILLED.finditer(xml):
        place = _PLACE.search(match[1])
        if place is not None and _HOLDS.search(match[2]):
            yield int(place[2]), column_of(place[1]), match
