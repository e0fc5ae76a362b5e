"""Which bitemporal rows hold: one filter for every room."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet


def known(position: int) -> Q:
    """Rows known as of a position in the change log."""
    return Q(recorded__lte=position) & (Q(recorded_until=None) | Q(recorded_until__gt=position))


def holding(day: date, position: int) -> Q:
    """Rows that hold on a day, as known as of a position."""
    return known(position) & Q(valid_from__lte=day) & (Q(valid_until=None) | Q(valid_until__gt=day))


# The same as text with `holding_parameters`: for what is asked at every visit.
HOLDING = (
    "recorded <= %s AND (recorded_until IS NULL OR recorded_until > %s)"
    " AND valid_from <= %s AND (valid_until IS NULL OR valid_until > %s)"
)


def holding_parameters(day: date, position: int) -> list[Any]:
    asked = connection.ops.adapt_datefield_value(day)
    return [position, position, asked, asked]


def in_chunks(ids: list[int] | list[str], size: int = 10_000) -> list[list]:  # type: ignore[type-arg]
    """Lists short enough for one IN clause on either database."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]


_MANY = 20_000


def among(
    rows: "QuerySet[Any]", field: str, values: Collection[Any], *columns: str
) -> Iterator[tuple[Any, ...]]:
    """(the field, the columns) of the rows whose field is one of the values. Where very many are asked for,
    reading the table and leaving out the rest is quicker than naming them all in queries."""
    wanted = values if isinstance(values, set | frozenset | dict) else set(values)
    if len(wanted) > _MANY and rows.count() < 4 * len(wanted):
        for row in rows.values_list(field, *columns).iterator(chunk_size=_MANY):
            if row[0] in wanted:
                yield row
        return
    for chunk in in_chunks(list(wanted)):
        yield from rows.filter(**{f"{field}__in": chunk}).values_list(field, *columns)
