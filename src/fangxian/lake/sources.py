"""What the rooms say of their tables: dataset, columns, and the SQL that both databases understand.

The lake knows these words alone; the rooms' `facts.py` know the tables. Where the databases differ (days),
the difference is in `ledger`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from types import ModuleType

import pyarrow as pa

# Names of types as the manifest writes them: how Arrow and DuckDB call them.
ARROW: dict[str, pa.DataType] = {
    "int64": pa.int64(),
    "int32": pa.int32(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "day": pa.date32(),
    "float64": pa.float64(),
    "strings": pa.list_(pa.string()),
}
DUCKDB: dict[str, str] = {
    "int64": "BIGINT",
    "int32": "INTEGER",
    "bool": "BOOLEAN",
    "string": "VARCHAR",
    "day": "DATE",
    "float64": "DOUBLE",
    "strings": "VARCHAR[]",
}

Columns = list[tuple[str, str]]  # name, type
ENDS: Columns = [("row", "int64"), ("recorded_until", "int64")]  # of rows mirrored before they ended


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a dataset. `sql` speaks of the source's tables (the source's own is `t`).

    `surrogate`: "person" or "household", or the name of an earlier column that says which of them (or
    "unit", which keeps its id) each row is about; "token" turns a text that people choose into a number.
    `codes` and `shape` (a regular expression) keep free text out: what does not fit becomes `other`.
    A "day" is a date column, or with `counted` a number of days since 1970.
    """

    name: str
    sql: str
    type: str = "int64"
    surrogate: str = ""
    codes: Collection[str] = ()
    shape: str = ""
    other: str | None = "other"
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """One dataset of the lake. `recorded` is the position at which a row was recorded.

    Of a bitemporal source the rows that are known to hold no longer are mirrored as ends: `row` is its id.
    `sort` orders the rows within a file: what readers ask for together lies together. `days` names a day
    column: there is a file a day then, and readers who ask for days read no others. `sort` begins with it.
    """

    dataset: str
    table: str
    columns: tuple[Column, ...]
    sort: tuple[str, ...]
    joins: str = ""
    recorded: str = "t.recorded"
    bitemporal: bool = False
    days: str = ""

    def lake_columns(self) -> Columns:
        return [(column.name, column.type) for column in self.columns]


@dataclass(frozen=True, slots=True)
class AnswerSource:
    """Answer sheets: a dataset a form, with a typed column a coded question, partitioned by day.

    `source.columns` include `day`, `version_id` and `answers` (JSON text); these two stay behind.
    `forms` selects (id, form, version, fields JSON text) of the versions; `joins` leads to the form's code.
    """

    source: Source
    forms: str

    def lake_columns(self) -> Columns:
        """Those of every form, before its questions' own."""
        shared = [(c.name, c.type) for c in self.source.columns if c.name not in ("version_id", "answers")]
        return [*shared, ("version", "string")]


BITEMPORAL = (
    Column("valid_from", "t.valid_from", "day"),
    Column("valid_until", "t.valid_until", "day"),
    Column("recorded", "t.recorded"),
    Column("recorded_until", "t.recorded_until"),
)
RECORDED = Column("recorded", "t.recorded")
ROW = Column("row", "t.id")

# The change log belongs to the kernel, below all rooms.
CHANGES = Source(
    dataset="changes",
    table="kernel_change",
    columns=(Column("position", "t.position"), Column("at", "t.at")),
    sort=("position",),
    recorded="t.position",
)


@dataclass(frozen=True, slots=True)
class Sources:
    """All that is mirrored, in the order of the rooms."""

    plain: tuple[Source, ...]
    answers: tuple[AnswerSource, ...]


def gather(rooms: Collection[ModuleType]) -> Sources:
    """The sources of the rooms' `facts` modules (each has SOURCES), and the kernel's own."""
    found = [source for room in rooms for source in room.SOURCES]
    return Sources(
        plain=(CHANGES, *(s for s in found if isinstance(s, Source))),
        answers=tuple(s for s in found if isinstance(s, AnswerSource)),
    )
