"""What every reader of a format gives: sheets with numbered rows, and what the eye would see of them."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from .text import EPOCH, Cell


@dataclass(frozen=True, slots=True)
class Sheet:
    """`name` is "" for text tables. `rows` gives (the number that Excel shows, cells); blank ones too.

    `merged` are (first row, first column, last row, last column), columns from 0. Serial days count from
    `epoch`. `control_signs`: whether there are signs in it that no text has.
    """

    name: str
    rows: Iterator[tuple[int, Sequence[Cell]]]
    hidden: bool = False
    hidden_rows: Container[int] = ()
    hidden_columns: Container[int] = ()
    merged: Sequence[tuple[int, int, int, int]] = ()
    epoch: date = EPOCH
    control_signs: bool = False
