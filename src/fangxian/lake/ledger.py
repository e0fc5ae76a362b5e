"""Reads the ledger's tables as Arrow, by ADBC: one snapshot, in batches, on either database.

A process that has the SQLite ledger open through Python's own library must not open it here as well: two
copies of SQLite in one process drop each other's locks (https://sqlite.org/howtocorrupt.html, 2.2.1).
`apart` runs the mirror in a process of its own.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from .problems import LedgerMissing
from .sources import Column, Source

BATCH = 65_536
# What is held in memory at a time: some 200 MB of answer sheets.
WAVE = 8 * BATCH

Address = str  # "sqlite:/path/to/ledger.sqlite3", or a PostgreSQL connection string


@dataclass(frozen=True, slots=True)
class Ledger:
    """An open snapshot. `position` is the last one in it, `at` that one's moment (milliseconds UTC)."""

    connection: Any
    vendor: str
    position: int
    at: int

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()]

    def waves(self, sql: str, shaped: Callable[[pa.Table], pa.Table]) -> Iterator[pa.Table]:
        """The rows, shaped, in tables of about WAVE rows; none where there are none."""
        held: list[pa.Table] = []
        for batch in self._batches(sql):
            held.append(shaped(batch))
            if sum(table.num_rows for table in held) >= WAVE:
                yield pa.concat_tables(held)
                held = []
        if held:
            yield pa.concat_tables(held)

    def _batches(self, sql: str) -> Iterator[pa.Table]:
        """The next is read while one is worked on."""
        with self.connection.cursor() as cursor, ThreadPoolExecutor(1) as reading:
            if self.vendor == "sqlite":
                cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(BATCH)})
            cursor.execute(sql)
            reader = cursor.fetch_record_batch()
            coming = reading.submit(_next, reader)
            while (batch := coming.result()) is not None:
                coming = reading.submit(_next, reader)
                if batch.num_rows:
                    yield pa.Table.from_batches([batch])

    def select(self, source: Source, after: int) -> str:
        """SQL for the rows recorded after a position, up to the snapshot's."""
        columns = ", ".join(f'{self.expression(c)} AS "{c.name}"' for c in source.columns)
        return f"SELECT {columns} {self.tail(source, after)}"  # noqa: S608 - from the rooms' facts

    def tail(self, source: Source, after: int, until: int | None = None) -> str:
        joins = f" {source.joins}" if source.joins else ""
        upto = f"{source.recorded} <= {self.position if until is None else until}"
        # From nothing the whole table is read, in its own order: an index would only scatter the reads.
        window = f"{source.recorded} > {after} AND {upto}" if after else f"+{upto}"
        return f"FROM {source.table} t{joins} WHERE {window}"

    def ends(self, source: Source, after: int) -> str:
        """SQL for the rows mirrored earlier that are known since to hold no longer."""
        return (
            f'SELECT t.id AS "row", t.recorded_until AS "recorded_until" FROM {source.table} t'  # noqa: S608
            f" WHERE t.recorded_until > {after} AND t.recorded_until <= {self.position}"
            f" AND t.recorded <= {after}"
        )

    def expression(self, column: Column) -> str:
        if column.type != "day" or column.counted:
            return column.sql
        if self.vendor == "sqlite":
            return f"CAST(julianday({column.sql}) - 2440587.5 AS INTEGER)"
        return f"({column.sql} - DATE '1970-01-01')"

    def fingerprint(self, position: int) -> list[Any]:
        """Tells a ledger from others: its first change, and the one at `position`; empty where missing."""
        columns = 'position, at, action, "by", CAST(detail AS text)'
        marks = self.rows(
            f"SELECT {columns} FROM kernel_change WHERE position IN (1, {position}) ORDER BY position"  # noqa: S608
        )
        return [list(mark) for mark in marks] if marks and marks[-1][0] == position else []

    def count(self, source: Source, until: int) -> int:
        return int(self.rows(f"SELECT count(*) {self.tail(source, 0, until)}")[0][0])  # noqa: S608


def _next(reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
    try:
        return reader.read_next_batch()
    except StopIteration:
        return None


@contextmanager
def open_ledger(address: Address) -> Iterator[Ledger]:
    """A snapshot of the ledger, up to its last position. Raises LedgerMissing."""
    vendor = "sqlite" if address.startswith("sqlite:") else "postgresql"
    with _one_library(address, vendor), _connect(address, vendor) as connection:
        last = Ledger(connection, vendor, 0, 0).rows(
            "SELECT position, at FROM kernel_change ORDER BY position DESC LIMIT 1"
        )
        position, at = last[0] if last else (0, 0)
        yield Ledger(connection, vendor, int(position), int(at))


_opened = Counter[Path]()  # how often this module has each SQLite ledger open
_counting = threading.Lock()


@contextmanager
def _one_library(address: Address, vendor: str) -> Iterator[None]:
    """Raises RuntimeError where Python's SQLite library has the ledger open in this process.

    It would lose its locks when ours is closed, and the next process that comes would take the WAL away from
    under it: committed rows would be lost. Where there is no /proc to look at, nothing is noticed.
    """
    if vendor != "sqlite":
        yield
        return
    path = Path(address.removeprefix("sqlite:")).resolve()  # as /proc names it
    with _counting:
        _refuse_others(path)
        _opened[path] += 1
    try:
        yield
    finally:
        with _counting:
            _opened[path] -= 1
            _refuse_others(path)


def _refuse_others(path: Path) -> None:
    if not _opened[path] and path in _open_files():
        raise RuntimeError(f"this process has {path} open through another SQLite library: use lake.apart")


def _open_files() -> set[Path]:
    found = set()
    for link in Path("/proc/self/fd").glob("*"):
        with suppress(OSError):  # closed meanwhile
            found.add(link.readlink())
    return found


def _connect(address: Address, vendor: str) -> Any:
    if vendor == "sqlite":
        import adbc_driver_sqlite.dbapi as sqlite

        path = Path(address.removeprefix("sqlite:"))
        if not path.exists():
            raise LedgerMissing(ledger=path)
        # ADBC begins a transaction with the connection; in WAL mode its first read fixes the snapshot.
        return sqlite.connect(f"{path.absolute().as_uri()}?mode=ro")
    import adbc_driver_postgresql.dbapi as postgresql

    connection = postgresql.connect(address)
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    return connection
