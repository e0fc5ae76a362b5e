"""Text tables: which encoding, which separator, and rows numbered as Excel would show them."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import count

from .problems import CellHuge, EncodingUnknown, QuotesUnbalanced, TextDamaged
from .result import FileRefused
from .text import Cell

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
SEPARATORS = ",\t;，|"
FIELD_LIMIT = 1 << 20


def looks_like_text(head: bytes) -> bool:
    if head.startswith(tuple(mark for mark, _ in _MARKS)) or _wide_without_mark(head):
        return True
    return sum(byte < 9 or 13 < byte < 32 for byte in head) * 50 < len(head)


def decoded(content: bytes) -> str:
    """UTF-8 or UTF-16 with or without a mark, or GB18030. Raises FileRefused: EncodingUnknown, or TextDamaged
    at the row from which the text is no longer of its encoding."""
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            _refuse_damaged(content, encoding, error)
            continue
        if len(CONTROL.findall(text)) * 50 <= len(text):
            return text
    raise FileRefused(EncodingUnknown())


def _encodings(content: bytes) -> list[str]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return [encoding]
    wide = _wide_without_mark(content[:4096])
    return [wide] if wide else ["utf-8", "gb18030"]


def _refuse_damaged(content: bytes, encoding: str, error: UnicodeDecodeError) -> None:
    """Several Chinese characters that read well are no accident: then this is the encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    before = decoder.decode(content[: error.start])
    if sum(sign > "\x7f" for sign in before) >= 4 and any("一" <= sign <= "龥" for sign in before):
        row = len(before.splitlines()) or 1
        name = encoding.removesuffix("-sig").upper()
        raise FileRefused(TextDamaged(encoding=name), row=row) from error


def _wide_without_mark(head: bytes) -> str:
    """Line ends, separators and digits of UTF-16 have a zero byte: on its side lies the high half."""
    high, low = head[0::2].count(0), head[1::2].count(0)
    if max(high, low) * 50 < len(head) or min(high, low) * 4 > max(high, low):
        return ""
    return "utf-16-be" if high > low else "utf-16-le"


def rows(text: str, *, tabs: bool = False) -> Iterator[tuple[int, list[Cell]]]:
    """(number, cells) a record. A record with line ends within quotes is one row, as in Excel.

    Raises FileRefused(QuotesUnbalanced), lest a stray quotation mark swallow the rows after it.
    """
    csv.field_size_limit(FIELD_LIMIT)
    declared, text = _declared(text)
    tabs = tabs and "\t" in text[:20_000]
    separator = "\t" if tabs else declared or separator_of(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    as_formula = '="' in text or '=""' in text
    for number in count(1):
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileRefused(_what_is_wrong(error, number), row=number) from error
        yield number, [_unwrapped(cell) for cell in cells] if as_formula else list(cells)


def _what_is_wrong(error: csv.Error, row: int) -> CellHuge | QuotesUnbalanced:
    if "field limit" in str(error):
        return CellHuge(row=row, limit=FIELD_LIMIT)
    return QuotesUnbalanced(row=row)


_FORMULA = re.compile(r'="([^"]*)"')


def _unwrapped(cell: str) -> str:
    """`="0123"` is how programs keep Excel from rounding a number."""
    found = _FORMULA.fullmatch(cell)
    return found[1] if found else cell


def _declared(text: str) -> tuple[str, str]:
    """Excel's own first line `sep=;`, which it does not show."""
    found = re.match(r"sep=(.)\r?\n", text)
    return (found[1], text[found.end() :]) if found else ("", text)


def separator_of(text: str) -> str:
    """The separator that splits most of the first lines into the same number of cells."""
    lines = [line for line in text[:20_000].splitlines()[:40] if line.strip()]
    return max(SEPARATORS, key=lambda sign: _agreement(lines, sign))


def _agreement(lines: list[str], sign: str) -> tuple[int, int]:
    counts = Counter(line.count(sign) for line in lines)
    counts.pop(0, None)
    if not counts:
        return 0, 0
    width, times = max(counts.items(), key=lambda pair: (pair[1], pair[0]))
    return times, width
