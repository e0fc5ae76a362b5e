"""Where expressions run: the same Narwhals frames on Polars, in memory, on DuckDB, or on Spark.

Polars is the default at a city's size: a step costs microseconds to state, where every step of a DuckDB
relation is bound anew (see docs/adr). DuckDB is for what does not fit the memory; both have the lake read by
DuckDB. Spark is for what does not fit one machine, and reads the lake's files itself.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

import duckdb
import narwhals as nw
import polars as pl
import pyarrow as pa

from fangxian.lake import spark
from fangxian.lake.reader import Lake

Frame = nw.LazyFrame[Any]


class Source(Protocol):
    """The lake, or a world of a test."""

    @property
    def position(self) -> int: ...
    @property
    def generation(self) -> int: ...
    def cursor(self) -> duckdb.DuckDBPyConnection: ...
    def relation(
        self,
        name: str,
        days: tuple[date, date] | None = None,
        *,
        known_by: int | None = None,
        columns: Sequence[str] = (),
        expecting: Mapping[str, str] | None = None,
    ) -> duckdb.DuckDBPyRelation: ...


class Frames(Protocol):
    """One moment's working memory."""

    def read(self, name: str, days: tuple[date, date] | None = None, **wanted: Any) -> Frame:
        """A dataset's rows: asked for as of `Source.relation`."""

    def given(self, table: pa.Table) -> Frame: ...
    def keep(self, name: str, frame: Frame) -> None: ...
    def kept(self, name: str) -> Frame | None: ...
    def forget(self) -> None: ...


class InMemory:
    """On Polars."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._kept: dict[str, pl.DataFrame] = {}

    def read(self, name: str, days: tuple[date, date] | None = None, **wanted: Any) -> Frame:
        return self.given(self._source.relation(name, days, **wanted).to_arrow_table())

    def given(self, table: pa.Table) -> Frame:
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        return nw.from_native(frame.lazy())

    def keep(self, name: str, frame: Frame) -> None:
        self._kept[name] = frame.to_native().collect()

    def kept(self, name: str) -> Frame | None:
        return nw.from_native(self._kept[name].lazy()) if name in self._kept else None

    def forget(self) -> None:
        self._kept.clear()


class OnDuckDB:
    """On the engine that reads the lake; what is kept are its tables, which may spill to the disk."""

    _numbers = itertools.count()

    def __init__(self, source: Source) -> None:
        self._source, self._cursor = source, source.cursor()
        self._tables: dict[str, str] = {}

    def read(self, name: str, days: tuple[date, date] | None = None, **wanted: Any) -> Frame:
        return nw.from_native(self._source.relation(name, days, **wanted))

    def given(self, table: pa.Table) -> Frame:
        return nw.from_native(self._cursor.from_arrow(table))

    def keep(self, name: str, frame: Frame) -> None:
        table = f"facts_{next(self._numbers)}"
        frame.to_native().create(table)
        self._tables[name] = table

    def kept(self, name: str) -> Frame | None:
        return nw.from_native(self._cursor.table(self._tables[name])) if name in self._tables else None

    def forget(self) -> None:
        for table in self._tables.values():
            self._cursor.execute(f"DROP TABLE IF EXISTS {table}")
        self._tables.clear()


class OnSpark:
    """On Spark: in this process's own session, or in one that was started before."""

    def __init__(self, source: Source) -> None:
        self._source, self._session = source, spark.session()
        self._kept: dict[str, Any] = {}

    def read(self, name: str, days: tuple[date, date] | None = None, **wanted: Any) -> Frame:
        if isinstance(self._source, Lake):
            found: Frame = nw.from_native(spark.rows(self._session, self._source, name, days, **wanted))
            return found
        return self.given(self._source.relation(name, days, **wanted).to_arrow_table())

    def given(self, table: pa.Table) -> Frame:
        found: Frame = nw.from_native(self._session.createDataFrame(table))
        return found

    def keep(self, name: str, frame: Frame) -> None:
        """Computed once and held by the session; later plans begin from there, and stay short."""
        self._kept[name] = frame.to_native().localCheckpoint()

    def kept(self, name: str) -> Frame | None:
        return nw.from_native(self._kept[name]) if name in self._kept else None

    def forget(self) -> None:
        self._kept.clear()


ENGINES: dict[str, Callable[[Source], Frames]] = {"polars": InMemory, "duckdb": OnDuckDB, "spark": OnSpark}


def collected(frame: Frame) -> pa.Table:
    """Its rows; texts as Arrow's plain ones."""
    native = frame.to_native()
    if isinstance(native, pl.LazyFrame):
        return native.collect().to_arrow(compat_level=pl.CompatLevel.oldest())
    on_duckdb = isinstance(native, duckdb.DuckDBPyRelation)
    table: pa.Table = native.to_arrow_table() if on_duckdb else native.toArrow()
    return table


def fetched(frame: Frame) -> list[tuple[Any, ...]]:
    native = frame.to_native()
    if isinstance(native, pl.LazyFrame):
        return list(native.collect().rows())
    on_duckdb = isinstance(native, duckdb.DuckDBPyRelation)
    return list(native.fetchall()) if on_duckdb else [tuple(row) for row in native.collect()]
