"""A figure's records as a page shows them: searched and sorted as columns, a page of them opened."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.http import HttpRequest

from fangxian.figures import inside
from fangxian.registry.holding import holding
from fangxian.registry.models import PersonState
from fangxian.registry.tree import Tree

from . import narrowing
from .asking import Asked
from .narrowing import COUNTED, Wanted
from .opened import Known, Shown, open_records
from .problems import PageNotThere

SIZE = 50
CHUNK = 5_000  # records that are opened at a time for a file
ORDERED = 48
TREES = 8
_orders: dict[int, tuple[Tree, pa.Array]] = {}
_ordered: dict[Any, pa.Table] = {}


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a set of records. `total` counts those found, `all` those of the set."""

    wanted: Wanted
    rows: list[Shown]
    all: int
    total: int
    number: int
    pages: int
    kind: str
    weighed: bool  # not every record counts for 1

    @property
    def part(self) -> str:
        return self.wanted.part

    @property
    def first(self) -> int:
        return (self.number - 1) * SIZE + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.number * SIZE, self.total)


def listed(request: HttpRequest, wanted: Wanted) -> Listed:
    """Raises PageNotThere, and what `inside.records` raises."""
    asked = wanted.asked
    every = inside.records(asked.engine, wanted.figure, asked.unit.id, asked.at, wanted.part)
    found = chosen(wanted)
    pages = max(1, math.ceil(len(found) / SIZE))
    number = _number(request.GET.get("page", "1"), pages)
    rows = _opened(found.slice((number - 1) * SIZE, SIZE), wanted)
    weighed = bool(len(every)) and bool((every.contributions != 1).any())
    return Listed(wanted, rows, len(every), len(found), number, pages, every.record, weighed)


def _opened(table: pa.Table, wanted: Wanted) -> list[Shown]:
    """With the submissions that put them there, where they are counted."""
    asked = wanted.asked
    reasons: list[list[int]] = [[]] * len(table)
    if wanted.part == COUNTED and len(table):
        reasons = inside.because(asked.engine, wanted.figure, asked.at, table["id"].combine_chunks())
    because = pa.array(reasons, pa.list_(pa.int64()))
    columns = table.select(["id", "kind", "unit", "contribution"]).append_column("because", because)
    rows = open_records(columns, asked.at, Known(asked.scope, asked.latest))
    return _dated(rows, wanted.day) if wanted.day else rows


def _dated(rows: list[Shown], kind: narrowing.DayKind) -> list[Shown]:
    days = narrowing.days_of(kind, {pk for row in rows for pk in row.record.because})
    told = ([days[pk] for pk in row.record.because if pk in days] for row in rows)
    return [replace(row, day=max(each, default=None)) for row, each in zip(rows, told, strict=True)]


def _number(text: str, pages: int) -> int:
    number = int(text) if text.isdecimal() and len(text) < 8 else 0
    if not 1 <= number <= pages:
        raise PageNotThere(page=text[:20], pages=pages)
    return number


def chosen(wanted: Wanted) -> pa.Table:
    """The records that are wanted, in order; where only the unit narrows them, the order is remembered."""
    asked, at = wanted.asked, wanted.at
    free = not wanted.q and not wanted.by_answers
    key = (asked.counted.position, asked.at, wanted.figure, at.id, wanted.part, wanted.sort)
    if free and key in _ordered:
        return _ordered[key]
    table = _table(inside.records(asked.engine, wanted.figure, at.id, asked.at, wanted.part))
    table = narrowing.narrowed(table, wanted)
    found = _sorted(_sought(table, asked, wanted.q) if wanted.q else table, asked.tree, wanted.sort)
    if free:
        _ordered[key] = found
        while len(_ordered) > ORDERED:
            _ordered.pop(next(iter(_ordered)))
    return found


def _table(records: inside.Records) -> pa.Table:
    kinds = pa.array([records.record] * len(records), pa.string())
    return pa.table(
        {
            "id": records.ids,
            "kind": kinds,
            "unit": pa.array(records.units, pa.int64()),
            "contribution": pa.array(records.contributions, pa.float64()),
        }
    )


def _sought(table: pa.Table, asked: Asked, q: str) -> pa.Table:
    """Records whose unit, or a unit above it, has `q` in its name or code, or whose person bears it as the
    surname. A name is never searched further than it is shown."""
    units = pa.array(_units_named(asked.tree, q), pa.int64())
    here = pc.is_in(table["unit"], units)
    if len(table) and table["kind"][0].as_py() == "person" and len(q) == 1:
        here = pc.or_(here, pc.is_in(table["id"], pa.array(_surnamed(asked, q), pa.int64())))
    return table.filter(here)


def _units_named(tree: Tree, q: str) -> list[int]:
    wanted = q.casefold()
    named = {n.id for n in tree.nodes.values() if wanted in n.name.casefold() or wanted == n.code.casefold()}
    return [unit for unit in tree.nodes if named and not named.isdisjoint(tree.path(unit))]


def _surnamed(asked: Asked, q: str) -> list[int]:
    """Surrogates of those whose visible part of the name is `q`."""
    held = holding(asked.at.day, asked.at.position)
    states = PersonState.objects.filter(held, name__startswith=q)
    found = dict(states.values_list("person_id", "person__surrogate"))
    strangers = Known(asked.scope, asked.latest).strangers(found)
    return [surrogate for person, surrogate in found.items() if person not in strangers]


def _sorted(table: pa.Table, tree: Tree, sort: str) -> pa.Table:
    if not len(table):
        return table
    if sort == "contribution":
        return table.sort_by([("contribution", "descending"), ("id", "ascending")])
    if sort == "day":
        return table.sort_by([("day", "descending"), ("id", "ascending")])
    return _by_unit(table, tree)


def _by_unit(table: pa.Table, tree: Tree) -> pa.Table:
    """In the order of the tree: school by school, in each class by class."""
    places = pc.index_in(table["unit"], _order(tree))
    return (
        table.append_column("place", places)
        .sort_by([("place", "ascending"), ("id", "ascending")])
        .drop_columns("place")
    )


def _order(tree: Tree) -> pa.Array:
    """All units of a tree, each before those under it; worked out once for the trees last asked of."""
    known = _orders.get(id(tree))
    if known is None or known[0] is not tree:
        units = sorted(tree.nodes, key=lambda unit: _place(tree, unit))
        known = _orders[id(tree)] = tree, pa.array(units, pa.int64())
        while len(_orders) > TREES:
            _orders.pop(next(iter(_orders)))
    return known[1]


def _place(tree: Tree, unit: int) -> tuple[str, ...]:
    return tuple(tree.nodes[above].code for above in reversed(list(tree.path(unit))))


def opened(table: pa.Table, wanted: Wanted) -> Iterator[Shown]:
    """All records, opened piece by piece, for a file."""
    for start in range(0, len(table), CHUNK):
        yield from _opened(table.slice(start, CHUNK), wanted)
