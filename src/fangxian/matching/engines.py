"""Where Splink compares: DuckDB in this process's memory, or Spark where a province outgrows one machine."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import duckdb
import pyarrow as pa

MEMORY = "6GB"


class Comparer(Protocol):
    """`api` is Splink's; `said` puts DuckDB's words into the engine's own."""

    api: Any

    def said(self, sql: str) -> str: ...
    def rows(self, sql: str) -> pa.Table: ...
    def drop(self, table: str) -> None: ...


class OnDuckDB:
    """In memory, and never on disk: names and numbers lie in its tables."""

    def __init__(self, engine: duckdb.DuckDBPyConnection) -> None:
        from splink.backends.duckdb import DuckDBAPI

        self._engine, self.api = engine, DuckDBAPI(connection=engine)

    def said(self, sql: str) -> str:
        return sql

    def rows(self, sql: str) -> pa.Table:
        return self._engine.sql(sql).to_arrow_table()

    def drop(self, table: str) -> None:
        self._engine.execute(f"DROP TABLE {table}")


class OnSpark:
    """What it puts on the disk meanwhile it encrypts (`lake.spark`)."""

    # Of texts of one length, as DuckDB's; it has none of its own.
    HAMMING = """CREATE OR REPLACE TEMPORARY FUNCTION hamming(one STRING, other STRING) RETURNS INT RETURN
        size(filter(sequence(1, length(one)), i -> substring(one, i, 1) <> substring(other, i, 1)))"""

    def __init__(self, session: Any) -> None:
        from splink.backends.spark import SparkAPI

        self._session = session
        self.api = SparkAPI(spark_session=session, break_lineage_method="persist")
        session.sql(self.HAMMING)

    def said(self, sql: str) -> str:
        import sqlglot

        return sqlglot.transpile(sql, read="duckdb", write="spark")[0]

    def rows(self, sql: str) -> pa.Table:
        found: pa.Table = self._session.sql(self.said(sql)).toArrow()
        return found

    def drop(self, table: str) -> None:
        self._session.catalog.dropTempView(table)


@contextmanager
def _duckdb(threads: int) -> Iterator[Comparer]:
    engine = duckdb.connect(":memory:", config={"threads": threads, "memory_limit": MEMORY})
    try:
        engine.execute("SET temp_directory = ''")
        engine.execute("SET enable_progress_bar = false")
        engine.execute("SET preserve_insertion_order = false")
        yield OnDuckDB(engine)
    finally:
        engine.close()


@contextmanager
def _spark(threads: int) -> Iterator[Comparer]:
    """`threads` are the session's own affair."""
    from fangxian.lake import spark

    absent = spark.missing()
    if absent is not None:
        raise absent
    from splink.backends.spark import similarity_jar_location

    session = spark.session(similarity_jar_location()).newSession()  # its views go with it
    try:
        yield OnSpark(session)
    finally:
        session.catalog.clearCache()


Engine = Callable[[int], AbstractContextManager[Comparer]]
ENGINES: dict[str, Engine] = {"duckdb": _duckdb, "spark": _spark}


def comparer(engine: str, threads: int) -> AbstractContextManager[Comparer]:
    """Raises what `lake.spark.session` raises."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    return ENGINES[engine](threads)


__all__ = ["ENGINES", "Comparer", "comparer"]
