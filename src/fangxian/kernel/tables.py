"""Bulk appends and look-ups of many values, one way for both databases: the dialects' own features live here
alone."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models

from .fields import MomentField
from .moments import to_ms

Rows = list[Sequence[Any]]


@models.ForeignObject.register_lookup
@models.Field.register_lookup
class Among(models.Lookup):  # type: ignore[type-arg]
    """`field__among=values`: as `in`, with all values in one parameter, so that a thousand cost hardly more
    than one. Values: a set (Django looks into each value of a list) of whole numbers, or of texts."""

    lookup_name = "among"
    prepare_rhs = False

    def get_prep_lookup(self) -> list[Any]:
        return sorted(self.rhs)

    def process_lhs(self, compiler: Any, connection: Any, lhs: Any = None) -> Any:
        if not self.rhs:
            raise EmptyResultSet  # nobody is among none: then Django asks nothing
        return super().process_lhs(compiler, connection, lhs)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        sql, told = self.process_lhs(compiler, connection)
        text, values = among(sql, self.rhs)
        return text, (*told, *values)


def among(column: str, values: Sequence[int] | Sequence[str]) -> tuple[str, list[Any]]:
    """The condition that the column is one of at least one value, and its parameters."""
    if connection.vendor == "sqlite":
        told = json.dumps(values, ensure_ascii=False)
        if "\\u0000" in told:  # SQLite's texts of JSON end at a NUL, its other texts do not
            return f"{column} IN ({', '.join(['%s'] * len(values))})", list(values)
        return f"{column} IN (SELECT value FROM json_each(%s))", [told]  # noqa: S608 - our own names
    texts = isinstance(values[0], str)
    written = (_element(value) if isinstance(value, str) else str(value) for value in values)
    return f"{column} = ANY(%s::{'text' if texts else 'bigint'}[])", [_array(written)]


def fetch(query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a query in the words of both databases: for what every batch and every page asks, where
    compiling a queryset costs more than answering it. Values come as the driver has them."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def fetch_first(query: str) -> list[tuple[Any, ...]]:
    """As `fetch`, of a transaction's first query: PostgreSQL begins and answers in one exchange."""
    if connection.vendor != "postgresql":
        return fetch(query)
    with connection.cursor() as cursor:
        raw = connection.connection
        with connection.wrap_database_errors, raw.pipeline():
            cursor.cursor.execute(query)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def execute(*statements: tuple[str, Sequence[Any]]) -> None:
    """One after another; of PostgreSQL, which is another process, all are asked at once."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            together = "; ".join(text for text, _parameters in statements)
            cursor.execute(together, [value for _text, parameters in statements for value in parameters])
            return
        for text, parameters in statements:
            cursor.execute(text, parameters)


def _array(elements: Iterable[str]) -> str:
    """PostgreSQL's text of an array; the driver's own is made value by value, at ten times the cost."""
    return "{" + ",".join(elements) + "}"


def _element(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


MANY = 5_000  # rows at once, after which a table is another one to who plans queries


def survey(table: str) -> None:
    """Tell PostgreSQL's planner what the table holds now. Until its own daemon comes round, within a minute,
    each batch of submissions would read all of a table that was just filled. SQLite plans well without."""
    if connection.vendor == "postgresql":
        execute((f"ANALYZE {connection.ops.quote_name(table)}", ()))


def insert(model: type[models.Model], columns: Sequence[str], rows: Rows) -> None:
    """Append rows (tuples in the order of `columns`, which are attnames). Raises IntegrityError whole."""
    if not rows:
        return
    fields = {f.attname: f for f in model._meta.concrete_fields}
    chosen = [fields[name] for name in columns]
    converters = [(i, c) for i, f in enumerate(chosen) if (c := _converter(f)) is not None]
    if converters:
        rows = [_converted(row, converters) for row in rows]
    names = [connection.ops.quote_name(str(f.column)) for f in chosen]
    _INSERTERS[connection.vendor](connection.ops.quote_name(model._meta.db_table), names, rows)


def _converted(row: Sequence[Any], converters: list[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    values = list(row)
    for i, convert in converters:
        value = values[i]
        if value is not None:
            values[i] = convert(value)
    return values


def _converter(field: Any) -> Callable[[Any], Any] | None:
    """How this field's Python value is written, or None where the driver takes it as it is."""
    if isinstance(field, MomentField):
        return lambda v: to_ms(v) if isinstance(v, datetime) else v
    if isinstance(field, models.JSONField):
        return lambda v: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False, sort_keys=True)
    if isinstance(field, models.DateField) and connection.vendor == "sqlite":
        return _iso
    return None


@lru_cache(maxsize=4_096)
def _iso(day: date | str) -> str:
    return day if isinstance(day, str) else day.isoformat()


def _insert_sqlite(table: str, names: list[str], rows: Rows) -> None:
    marks = ",".join("?" * len(names))
    sql = f"INSERT INTO {table} ({','.join(names)}) VALUES ({marks})"  # noqa: S608 - names come from models
    with connection.cursor() as cursor, connection.wrap_database_errors:
        # Past Django's cursor, which rewrites each statement's parameters: four times the cost of a row.
        cursor.cursor.connection.executemany(sql, rows)


def _insert_postgresql(table: str, names: list[str], rows: Rows) -> None:
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f"COPY {table} ({','.join(names)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


_INSERTERS = {"sqlite": _insert_sqlite, "postgresql": _insert_postgresql}
