"""Where expressions run: the same Narwhals frames on Polars, in memory, or on DuckDB.

Polars is the default at a city's size: a step costs microseconds to state, where every step of a DuckDB
relation is bound anew (see docs/adr). DuckDB is for what does not fit the memory. The lake itself is always
read by DuckDB.
"""

import itertools
from collections.abc import Callable
from typing import Any, Protocol

import duckdb
import narwhals as nw
import polars as pl
import pyarrow as pa

Frame = nw.LazyFrame[Any]


class Frames(Protocol):
    """One moment's working memory."""

    def read(self, relation: duckdb.DuckDBPyRelation) -> Frame: ...
    def given(self, table: pa.Table) -> Frame: ...
    def keep(self, name: str, frame: Frame) -> None: ...
    def kept(self, name: str) -> Frame | None: ...
    def forget(self) -> None: ...


class InMemory:
    """On Polars."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._kept: dict[str, pl.DataFrame] = {}

    def read(self, relation: duckdb.DuckDBPyRelation) -> Frame:
        return self.given(relation.to_arrow_table())

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

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._tables: dict[str, str] = {}

    def read(self, relation: duckdb.DuckDBPyRelation) -> Frame:
        return nw.from_native(relation)

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


ENGINES: dict[str, Callable[[duckdb.DuckDBPyConnection], Frames]] = {"polars": InMemory, "duckdb": OnDuckDB}


def collected(frame: Frame) -> pa.Table:
    """Its rows; texts as Arrow's plain ones."""
    native = frame.to_native()
    if isinstance(native, pl.LazyFrame):
        return native.collect().to_arrow(compat_level=pl.CompatLevel.oldest())
    table: pa.Table = native.to_arrow_table()
    return table


def fetched(frame: Frame) -> list[tuple[Any, ...]]:
    native = frame.to_native()
    return list(native.collect().rows() if isinstance(native, pl.LazyFrame) else native.fetchall())
