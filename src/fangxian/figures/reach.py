"""What every unit counts under, as arrays: the closure of docs/architecture.md, "Reach".

Made in plain Python from some twenty thousand rows; the sums over it are numpy's.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .results import Bools, Floats, Ints

SCHOOLS = ("school", "teaching_point")


class UnitRow(NamedTuple):
    """A unit that exists as of the time."""

    unit: int
    line: str
    kind: str
    code: str
    parent: int | None
    stage: str
    absent: bool


@dataclass
class Reach:
    """The units of a time, sorted by id, and for each the units that it counts under, itself included."""

    rows: Mapping[int, UnitRow]
    hosts: Mapping[int, int]
    zones: Mapping[int, Collection[int]]
    _sets: dict[int, frozenset[int]] = field(default_factory=dict)
    _paths: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def path(self, unit: int) -> tuple[int, ...]:
        """The unit and its ancestors on its own line, nearest first; empty where it does not exist."""
        known = self._paths.get(unit)
        if known is None:
            row = self.rows.get(unit)
            above = () if row is None or row.parent is None else self.path(row.parent)
            known = self._paths[unit] = () if row is None else (unit, *above)
        return known

    def of(self, unit: int) -> frozenset[int]:
        known = self._sets.get(unit)
        if known is None:
            known = self._sets[unit] = frozenset(self._reached(unit))
        return known

    def _reached(self, unit: int) -> set[int]:
        """Paths from the unit, from its host and zones, from theirs ... each once: an office may host the
        headquarters in one of whose zones it lies."""
        reached: set[int] = set()
        entries = [unit]
        for entry in entries:
            reached.update(self.path(entry))
            entries += [other for other in self._across(entry) if other not in entries]
        return reached

    def _across(self, unit: int) -> tuple[int, ...]:
        """The unit's nearest host and nearest zones, going up its path."""
        path = self.path(unit)
        host = next(((self.hosts[u],) for u in path if u in self.hosts), ())
        return (*host, *next((self.zones[u] for u in path if u in self.zones), ()))

    def under(self, unit: int) -> list[int]:
        """All units that count under this one, itself included."""
        leaf, above = self.pairs
        found: list[int] = self.units[leaf[above == self.places(np.array([unit]))[0]]].tolist()
        return found

    @cached_property
    def schools(self) -> Ints:
        """By place, the school or teaching point that the unit is or lies in; -1 where there is none."""
        nearest = self._nearest({row.unit for row in self.rows.values() if row.kind in SCHOOLS})
        return np.where(nearest >= 0, self.units[nearest], -1)

    @cached_property
    def units(self) -> Ints:
        return np.array(sorted(self.rows), dtype=np.int64)

    @cached_property
    def pairs(self) -> tuple[Ints, Ints]:
        """(leaf, above): places in `units`, one pair for each unit that a leaf counts under, by leaf.

        The same as `of` for each unit, for all at once.
        """
        leaf, entry = self._entries()
        above = [(leaf, entry)]
        for _ in range(len(self.units)):
            leaf, entry = _known(leaf, self._parents[entry])
            if not len(leaf):
                break
            above.append((leaf, entry))
        return _distinct_pairs(above, len(self.units))

    def _entries(self) -> tuple[Ints, Ints]:
        """(unit, from where paths go up): itself, its host and zones, theirs ..., each once."""
        every = np.arange(len(self.units))
        found = fresh = (every, every)
        while len(fresh[0]):
            leaf, entry = fresh
            hosts = _known(leaf, self._nearest_hosts[entry])
            which, zones = self._nearest_zones(entry)
            wider = _distinct_pairs([found, hosts, (leaf[which], zones)], len(self.units))
            fresh = _without(wider, found, len(self.units))
            found = wider
        return found

    @cached_property
    def _parents(self) -> Ints:
        """Place of the parent of each; -1 where it has none that exists."""
        above = [self.rows[u].parent for u in self.units.tolist()]
        return self.places(np.array([-1 if p is None else p for p in above], dtype=np.int64))

    @cached_property
    def _nearest_hosts(self) -> Ints:
        """Place of the host of the nearest self-or-ancestor that has one; -1 where none has or it is gone."""
        owner = self._nearest(set(self.hosts))
        return self._places_through(owner, self.hosts)

    def _nearest_zones(self, entries: Ints) -> tuple[Ints, Ints]:
        """(which of the entries, place of a zone of the nearest self-or-ancestor that has any)."""
        owners = self._zone_owners[entries]
        covered = np.flatnonzero(owners >= 0)
        zones = [list(self.zones[u]) for u in self.units[owners[covered]].tolist()]
        which = np.repeat(covered, [len(z) for z in zones])
        places = self.places(np.array([zone for z in zones for zone in z], dtype=np.int64))
        return which[places >= 0], places[places >= 0]

    @cached_property
    def _zone_owners(self) -> Ints:
        return self._nearest(set(self.zones))

    def _nearest(self, wanted: set[int]) -> Ints:
        """Place of the nearest self-or-ancestor that is among these; -1 where none is."""
        has = np.isin(self.units, np.array(sorted(wanted), dtype=np.int64))
        found = np.where(has, np.arange(len(self.units)), -1)
        at = np.arange(len(self.units))
        while True:
            at = np.where(at >= 0, self._parents[at], -1)
            if (at < 0).all():
                return found
            found = np.where((found < 0) & (at >= 0) & has[at], at, found)

    def _places_through(self, owners: Ints, into: Mapping[int, int]) -> Ints:
        units = [into[int(self.units[owner])] if owner >= 0 else -1 for owner in owners.tolist()]
        return self.places(np.array(units, dtype=np.int64))

    @cached_property
    def starts(self) -> Ints:
        """Where each leaf's pairs begin, and the end of the last."""
        return np.searchsorted(self.pairs[0], np.arange(len(self.units) + 1))

    def places(self, units: Ints) -> Ints:
        """Their places in `units`; -1 for those that do not exist."""
        if not len(self.units):
            return np.full(len(units), -1, dtype=np.int64)
        places = np.searchsorted(self.units, units)
        places[places == len(self.units)] = 0
        places[self.units[places] != units] = -1
        return places

    def on_lines(self, lines: Collection[str]) -> Bools:
        return np.isin(self._lines, list(lines))

    @cached_property
    def _lines(self) -> npt.NDArray[np.str_]:
        return np.array([self.rows[u].line for u in self.units.tolist()], dtype=np.str_)

    def roll_up(self, at_leaves: Floats) -> Floats:
        """Sums at leaves -> sums at every unit."""
        leaf, above = self.pairs
        sums = np.bincount(above, weights=at_leaves[leaf], minlength=len(self.units))
        return sums.astype(np.float64, copy=False)

    def distinct(self, ids: Ints, leaves: Ints, contributions: Floats) -> Floats:
        """Sums at every unit of each id once, where one of its leaves reaches it."""
        which, above = self.spread(leaves)
        _, first = np.unique(ids[which] * np.int64(len(self.units)) + above, return_index=True)
        sums = np.bincount(above[first], weights=contributions[which[first]], minlength=len(self.units))
        return sums.astype(np.float64, copy=False)

    def spread(self, leaves: Ints) -> tuple[Ints, Ints]:
        """For leaves (places, repeated as they come): (which of them, place above), all pairs of each."""
        lengths = self.starts[leaves + 1] - self.starts[leaves]
        which = np.repeat(np.arange(len(leaves)), lengths)
        first = np.repeat(self.starts[leaves] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
        return which, self.pairs[1][np.arange(len(which)) + first]


def reach_of(rows: Iterable[UnitRow], covers: Iterable[tuple[int, int, str]]) -> Reach:
    """From the units that exist and the covers that hold, (coverer, covered, kind), in the order recorded:
    of several hosts of a unit the last one recorded is meant; of zones, all."""
    hosts: dict[int, int] = {}
    zones: dict[int, list[int]] = {}
    for coverer, covered, kind in covers:
        if kind == "host":
            hosts[covered] = coverer
        else:
            zones.setdefault(covered, []).append(coverer)
    return Reach({row.unit: row for row in rows}, hosts, zones)


def _known(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """The pairs of which the second is there."""
    there = right >= 0
    return left[there], right[there]


def _distinct_pairs(pairs: list[tuple[Ints, Ints]], width: int) -> tuple[Ints, Ints]:
    """Each pair once, by the first."""
    keys = np.sort(np.concatenate([left * np.int64(width) + right for left, right in pairs]))
    keys = keys[np.diff(keys, prepend=-1) > 0]  # np.unique hashes whole numbers, which takes longer
    return keys // max(width, 1), keys % max(width, 1)


def _without(pairs: tuple[Ints, Ints], others: tuple[Ints, Ints], width: int) -> tuple[Ints, Ints]:
    """Both sorted, each pair once; the others are among the pairs."""
    keys = pairs[0] * np.int64(width) + pairs[1]
    fresh = np.ones(len(keys), dtype=np.bool_)
    fresh[np.searchsorted(keys, others[0] * np.int64(width) + others[1])] = False
    return pairs[0][fresh], pairs[1][fresh]
