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

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        sql, told = self.process_lhs(compiler, connection)
        values = json.dumps(self.rhs, ensure_ascii=False)
        if "\\u0000" in values:  # SQLite's texts of JSON end at a NUL, its other texts do not
            return f"{sql} IN ({', '.join(['%s'] * len(self.rhs))})", [*told, *self.rhs]
        return f"{sql} IN (SELECT value FROM json_each(%s))", [*told, values]  # noqa: S608

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        sql, told = self.process_lhs(compiler, connection)
        texts = isinstance(self.rhs[0], str)
        kind = "text" if texts else "bigint"
        return f"{sql} = ANY(%s::{kind}[])", [*told, _array(map(_element if texts else str, self.rhs))]


def _array(elements: Iterable[str]) -> str:
    """PostgreSQL's text of an array; the driver's own is made value by value, at ten times the cost."""
    return "{" + ",".join(elements) + "}"


def _element(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


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
