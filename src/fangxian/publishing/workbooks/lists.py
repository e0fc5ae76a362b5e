"""A mapping as a CSV file: for templates with more cells than anybody wants to click."""

import csv
import io
from collections.abc import Iterable, Mapping

from .package import Cell
from .problems import CellTwice, MappingUnreadable
from .targets import Target, read

COLUMNS = ("sheet", "cell", "kind", "figure", "unit", "part")


def read_mapping(text: str) -> dict[Cell, Target]:
    """Raises MappingUnreadable, CellTwice, TargetUnreadable."""
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    if not set(COLUMNS[:2]) <= set(rows.fieldnames or ()):
        raise MappingUnreadable(columns=", ".join(COLUMNS))
    found: dict[Cell, Target] = {}
    lines: dict[Cell, int] = {}
    for line, row in enumerate(rows, start=2):
        told = {name: (value or "").strip() for name, value in row.items() if name}
        cell = (told["sheet"], told["cell"].upper())
        if cell in found:
            raise CellTwice(sheet=cell[0], cell=cell[1], first=lines[cell], second=line)
        found[cell] = read(told | {"kind": told.get("kind") or "figure"})
        lines[cell] = line
    return found


def write_mapping(mapped: Mapping[Cell, Target] | Iterable[tuple[Cell, Target]]) -> str:
    """As `read_mapping` reads it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for (sheet, cell), target in sorted(mapped.items() if isinstance(mapped, Mapping) else mapped):
        writer.writerow({"sheet": sheet, "cell": cell} | target.dump())
    return out.getvalue()
