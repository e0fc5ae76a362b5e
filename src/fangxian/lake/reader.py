"""The lake as relations: typed, snapshot by snapshot, on an in-process DuckDB."""

import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

import duckdb

from fangxian.kernel.home import Home
from fangxian.kernel.moments import from_ms

from .answers import quoted, text
from .engine import engine
from .files import verify
from .manifest import NAME, Dataset, File, load
from .problems import LakeBehind
from .sources import DUCKDB, Columns

ANSWERS = "answers/"
Days = tuple[date, date]  # first and last, both included


class Lake:
    """One generation of the lake. What is read stays as of its position, whatever is mirrored meanwhile.

    Raises LakeMissing, LakeBroken (a file is absent, cut short or changed) when opened: a process reads
    each file once to compare its hash. Open it anew (cheap) to see what was mirrored since; `stale()` tells
    whether to.
    Its relations are lazy and belong to the thread that asked for them: each thread has its own cursor.
    """

    def __init__(self, home: Home) -> None:
        self._path = home.lake
        self._stamp = _stamp(home)
        self._home = home
        self._manifest = load(home.lake)
        for file in self._manifest.files():
            verify(home.lake, file)
        self._engine = engine(home.lake)
        self._mine = threading.local()

    @property
    def position(self) -> int:
        """Of the change log: the last one that is mirrored."""
        return self._manifest.position

    @property
    def generation(self) -> int:
        return self._manifest.generation

    @property
    def known_at(self) -> datetime:
        """The moment of its position: figures from it are as of then."""
        return from_ms(self._manifest.known_at)

    def require(self, position: int) -> None:
        """Raises LakeBehind unless all that was known at this position is mirrored."""
        if position > self.position:
            raise LakeBehind(known_at=self.known_at.isoformat())

    def stale(self) -> bool:
        """Another generation has been published since this one was opened."""
        return _stamp(self._home) != self._stamp

    def forms(self) -> list[str]:
        """Codes of the forms that were published, whether answered or not."""
        return sorted(
            name.removeprefix(ANSWERS) for name in self._manifest.datasets if name.startswith(ANSWERS)
        )

    def datasets(self) -> list[str]:
        return sorted(self._manifest.datasets)

    def columns(self, name: str) -> Columns:
        """(name, type) of a dataset's columns; types as in `sources.DUCKDB`. KeyError where unknown."""
        return self._dataset(name).columns()

    def files(self, name: str, days: Days | None = None) -> list[str]:
        """Paths of the Parquet files with a dataset's rows; which of them ended, other files tell."""
        return [f"{self._path}/{file.path}" for file in _within(self._dataset(name).data(), days)]

    def parts(self, name: str, days: Days | None = None) -> list[tuple[Columns, list[str]]]:
        """A dataset's files with the columns that they hold, for readers of another kind; `ends` is to be
        joined to them, and `columns_with` is what all together have."""
        dataset = self._dataset(name)
        found: dict[int, list[str]] = {}
        for file in _within(dataset.data(), days):
            found.setdefault(file.schema, []).append(f"{self._path}/{file.path}")
        return [(dataset.schemas[schema], paths) for schema, paths in sorted(found.items())]

    def ends(self, name: str) -> list[str]:
        """Paths of the files with (row, recorded_until) of rows that ended after they were mirrored."""
        return [f"{self._path}/{file.path}" for file in self._dataset(name).ends()]

    def columns_with(self, name: str, expecting: Mapping[str, str] | None = None) -> Columns:
        """Those of a dataset, and those that are expected of it."""
        held = self._dataset(name).columns()
        return [*held, *_missing(held, expecting or {})]

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """This thread's own."""
        if not hasattr(self._mine, "cursor"):
            self._mine.cursor = self._engine.cursor()
        cursor: duckdb.DuckDBPyConnection = self._mine.cursor
        return cursor

    def relation(
        self,
        name: str,
        days: Days | None = None,
        *,
        known_by: int | None = None,
        columns: Sequence[str] = (),
        expecting: Mapping[str, str] | None = None,
    ) -> duckdb.DuckDBPyRelation:
        """A dataset's rows; of answers (`answers/<form>`), those that happened on `days`.

        `known_by`: those recorded by this position. All columns are there and typed, or those that are
        named, whatever files exist. `expecting` names columns with their types that are null where no version
        of the form has them; a form that was never published then has no rows. KeyError for an unknown
        dataset.
        """
        rows = self.sql(name, days, expecting=expecting)
        if columns or known_by is not None:
            chosen = ", ".join(map(quoted, columns)) or "*"
            known = "true" if known_by is None else f"recorded <= {known_by:d}"
            rows = f"SELECT {chosen} FROM ({rows}) WHERE {known}"  # noqa: S608 - names are quoted
        return self.cursor().sql(rows)

    def sql(self, name: str, days: Days | None = None, *, expecting: Mapping[str, str] | None = None) -> str:
        """What `relation` runs, for queries of one's own."""
        columns = self.columns_with(name, expecting)
        held = self.parts(name, days)
        parts = [_nothing(columns), *(_read(paths, schema, columns) for schema, paths in held)]
        rows = parts[1] if len(parts) == 2 else " UNION ALL ".join(parts)
        return _with_ends(rows, self.ends(name))

    def _dataset(self, name: str) -> Dataset:
        if name not in self._manifest.datasets and name.startswith(ANSWERS):
            return self._unanswered()
        return self._manifest.datasets[name]

    def _unanswered(self) -> Dataset:
        """A form that was not published: the columns that all forms share, and no rows."""
        return Dataset(schemas=[list(self._manifest.sheets)])


def _stamp(home: Home) -> tuple[int, int]:
    """Changes whenever a manifest is put in another's place."""
    try:
        status = (home.lake / NAME).stat()
    except FileNotFoundError:
        return (0, 0)
    return (status.st_ino, status.st_mtime_ns)


def _within(files: Collection[File], days: Days | None) -> list[File]:
    if days is None:
        return list(files)
    first, last = days[0].isoformat(), days[1].isoformat()
    return [file for file in files if not file.day or first <= file.day <= last]


def _missing(columns: Columns, expecting: Mapping[str, str]) -> Columns:
    held = {name for name, _kind in columns}
    return [(name, kind) for name, kind in expecting.items() if name not in held]


def _with_ends(rows: str, paths: list[str]) -> str:
    if not paths:
        return rows
    return (
        "SELECT b.* REPLACE (coalesce(b.recorded_until, e.recorded_until) AS recorded_until)"  # noqa: S608
        f" FROM ({rows}) b LEFT JOIN {_parquet(paths)} e USING (row)"
    )


def _parquet(paths: list[str]) -> str:
    return f"read_parquet([{', '.join(map(text, paths))}])"


def _read(paths: list[str], schema: Columns, columns: Columns) -> str:
    """These files' rows in the dataset's columns: widened, and null where the files are older than one."""
    held = dict(schema)
    chosen = ", ".join(_column(name, kind, held.get(name)) for name, kind in columns)
    return f"SELECT {chosen} FROM {_parquet(paths)}"  # noqa: S608 - from the manifest


def _column(name: str, kind: str, held: str | None) -> str:
    if held == kind:
        return quoted(name)
    return f"CAST({quoted(name) if held else 'NULL'} AS {DUCKDB[kind]}) AS {quoted(name)}"


def _nothing(columns: Columns) -> str:
    nulls = ", ".join(f"CAST(NULL AS {DUCKDB[kind]}) AS {quoted(name)}" for name, kind in columns)
    return f"SELECT {nulls} WHERE false"  # noqa: S608 - names are quoted
