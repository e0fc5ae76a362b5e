"""The tree of units as of a time, in memory: some twenty thousand units in a city."""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from django.db import connection

from fangxian.kernel.tables import fetch

from .holding import holding
from .models import Cover, Unit, UnitState


@dataclass(frozen=True, slots=True)
class Node:
    id: int
    code: str
    line: str
    kind: str
    name: str
    parent: int | None
    stage: str
    absent: bool
    place: tuple[float, float] | None = None  # longitude, latitude


@dataclass(slots=True)
class Tree:
    nodes: dict[int, Node]
    by_code: dict[str, int]
    hosts: dict[int, int]  # hosted unit -> host
    zones: dict[int, list[int]]  # covered unit -> zones (more than one is an overlap)
    _reach: dict[int, frozenset[int]] = field(default_factory=dict)
    _under: dict[int, frozenset[int]] = field(default_factory=dict)
    _everything: frozenset[int] = frozenset()
    _parts: dict[int, list[int]] = field(default_factory=dict)

    def path(self, unit: int) -> Iterator[int]:
        """The unit and its ancestors on its own line."""
        at: int | None = unit
        while at is not None and at in self.nodes:
            yield at
            at = self.nodes[at].parent

    def reach(self, unit: int) -> frozenset[int]:
        """All units that this one counts under: see "Reach" in docs/architecture.md."""
        known = self._reach.get(unit)
        if known is None:
            known = self._reach[unit] = frozenset(self._reached(unit))
        return known

    def _reached(self, unit: int) -> Iterator[int]:
        own = list(self.path(unit))
        yield from own
        host = next((self.hosts[u] for u in own if u in self.hosts), None)
        if host is not None and host != unit:
            yield from self.reach(host)
        zones = next((self.zones[u] for u in own if u in self.zones), ())
        for zone in zones:
            yield from self.reach(zone)

    def under(self, unit: int) -> frozenset[int]:
        """All units that reach this one, itself included."""
        known = self._under.get(unit)
        if known is None:
            known = self._under[unit] = frozenset(u for u in self.nodes if unit in self.reach(u))
        return known

    def parts(self, unit: int) -> list[int]:
        """The units right under this one on its own line, and those that a zone covers, in order."""
        if not self._parts:
            found: dict[int, list[int]] = {}
            for id, node in self.nodes.items():
                for above in {node.parent, *self.zones.get(id, ())} - {None}:
                    found.setdefault(above, []).append(id)  # type: ignore[arg-type]
            self._parts = found
        return self._parts.get(unit, [])

    @property
    def everything(self) -> frozenset[int]:
        if not self._everything:
            self._everything = frozenset(self.nodes)
        return self._everything

    def within(self, units: Container[int]) -> "Tree":
        """What of the tree somebody sees who sees these units: nothing of the rest, not even its names."""
        nodes = {id: node for id, node in self.nodes.items() if id in units}
        return Tree(
            nodes,
            {node.code: node.id for node in nodes.values()},
            {hosted: host for hosted, host in self.hosts.items() if hosted in nodes and host in nodes},
            {
                covered: seen
                for covered, zones in self.zones.items()
                if covered in nodes and (seen := [zone for zone in zones if zone in nodes])
            },
        )


def tree(day: date, position: int) -> Tree:
    """The tree of a day as known as of a position. Cached until the structure changes."""
    [tops] = fetch(_SHAPE, [position] * 4)
    shape = tuple(top or 0 for top in tops)
    return _load(str(connection.settings_dict["NAME"]), shape, day)


_TOPS = [
    f"(SELECT MAX({column}) FROM {model._meta.db_table} WHERE {column} <= %s)"  # noqa: S608 - our own names
    for model in (UnitState, Cover)
    for column in ("recorded", "recorded_until")
]
_SHAPE = f"SELECT {', '.join(_TOPS)}"  # noqa: S608


@lru_cache(maxsize=32)
def _load(database: str, shape: tuple[int, ...], day: date) -> Tree:
    at = holding(day, max(shape))
    units = {row[0]: row for row in Unit.objects.values_list("id", "code", "line", "kind")}
    nodes = {
        unit: Node(*units[unit], name, parent, stage, absent, None if x is None or y is None else (x, y))
        for unit, name, parent, stage, absent, x, y in UnitState.objects.filter(at).values_list(
            "unit_id", "name", "parent_id", "stage", "absent", "longitude", "latitude"
        )
    }
    hosts: dict[int, int] = {}
    zones: dict[int, list[int]] = {}
    for coverer, covered, kind in (
        Cover.objects.filter(at).order_by("id").values_list("coverer_id", "covered_id", "kind")
    ):
        if kind == "host":
            hosts[covered] = coverer
        else:
            zones.setdefault(covered, []).append(coverer)
    return Tree(nodes, {node.code: node.id for node in nodes.values()}, hosts, zones)


def forget_trees() -> None:
    """For tests that roll the ledger back."""
    _load.cache_clear()
