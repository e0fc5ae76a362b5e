"""Counts the catalogue: every figure for every unit in one pass, and any figure's records."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from threading import RLock
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fangxian.kernel.asof import AsOf
from fangxian.kernel.home import Home
from fangxian.lake.problems import LakeBehind
from fangxian.lake.reader import Lake

from . import catalogue, definitions
from .facts import Facts, Knowledge
from .figure import Figure
from .frames import ENGINES, Source, collected
from .kinds import Counted, Rows
from .problems import NotCountedHere, UnitNotThere, UnknownPart
from .reach import Reach
from .results import ByUnit, Check, Ints, Value, number

KEPT_MOMENTS = 6
FEW = 1_000  # so many ids are looked up, of more all are read
SHARED_SHOWN = 100  # ids that several children count, listed in a check

__all__ = ["ByUnit", "Check", "Engine", "Value"]


@dataclass
class Moment:
    """What was counted as of one time, in one generation of the lake."""

    facts: Facts
    results: dict[str, Counted] = field(default_factory=dict)
    by_unit: dict[str, ByUnit] = field(default_factory=dict)
    opened: dict[tuple[str, str], Rows] = field(default_factory=dict)
    checks: list[Check] | None = None

    @cached_property
    def figures(self) -> dict[str, Figure]:
        return catalogue.figures(self.facts)

    @property
    def reach(self) -> Reach:
        return self.facts.reach

    def figure(self, id: str) -> Figure:
        if id not in self.figures:
            raise definitions.unknown(id)
        return self.figures[id]

    def result(self, id: str) -> Counted:
        if id not in self.results:
            self.results[id] = self.figure(id).count(self.facts)
        return self.results[id]

    def rows(self, id: str, part: str) -> Rows:
        """A figure's records, of all units. Raises UnknownPart."""
        result = self.result(id)
        if part not in result.parts():
            raise UnknownPart(figure=id, part=part, parts=", ".join(result.parts()))
        if (id, part) not in self.opened:
            self.opened[id, part] = result.rows(part, self.facts)
        return self.opened[id, part]

    def counted(self, id: str) -> ByUnit:
        if id not in self.by_unit:
            sums = self.result(id).sums(self.facts)
            excluded = {
                part.removeprefix("excluded:"): counts
                for part, counts in sums.items()
                if part.startswith("excluded:")
            }
            answers = self.reach.on_lines(self.figure(id).lines)
            self.by_unit[id] = ByUnit(self.reach.units, answers, sums["counted"], sums.get("of"), excluded)
        return self.by_unit[id]


class Engine:
    """Figures over the lake of one data folder, or over another source.

    What is asked is counted once a moment and kept for a few moments. Safe to use from several threads: one
    counts at a time. The lake is opened anew when another generation of it has been published; it is not
    synced here (see `sync.current_lake`).

    Every question raises LakeMissing, LakeBroken, LakeBehind (the lake does not know the position asked),
    and where they apply UnknownFigure, UnitNotThere.
    """

    def __init__(
        self, home: Home | None = None, *, source: Source | None = None, frames: str = "polars"
    ) -> None:
        """`frames`: where expressions run, of `frames.ENGINES`."""
        if home is None and source is None:
            raise ValueError("an engine wants a data folder or a source")
        self._frames = ENGINES[frames]
        self._home, self._source = home, source
        self._moments: OrderedDict[tuple[Any, ...], Moment] = OrderedDict()
        self._lock = RLock()

    # ------------------------------------------------------------------------------ questions

    def value(self, figure_id: str, unit_id: int, at: AsOf) -> Value | None:
        """One figure at one unit; None: it is not counted there."""
        return self._lookup(self.by_unit(figure_id, at), unit_id, at)

    def values(self, at: AsOf, unit_id: int) -> dict[str, Value | None]:
        """All figures at one unit, by id, in the order of the catalogue."""
        return {id: self._lookup(counted, unit_id, at) for id, counted in self.all(at).items()}

    def by_unit(self, figure_id: str, at: AsOf) -> ByUnit:
        """One figure for every unit that exists on the day."""
        with self._lock:
            return self._moment(at).counted(figure_id)

    def course(self, figure_id: str, days: Iterable[date], at: AsOf) -> Iterator[tuple[date, ByUnit]]:
        """One figure for every unit on each of these days, all as known at `at`'s position: what was known is
        read once, and of a daily campaign the sheets of each day. Nothing of it is kept.

        (`trend.Days` has days as they were known then.)"""
        with self._lock:
            source, knowledge = self._known_at(at)
        for day in days:
            with self._lock:
                moment = Moment(Facts(source, AsOf(day, at.known_by, at.position), knowledge))
                counted = moment.counted(figure_id)
                moment.facts.forget()
            yield day, counted

    def all(self, at: AsOf) -> dict[str, ByUnit]:
        """The whole catalogue for every unit."""
        with self._lock:
            moment = self._moment(at)
            return {id: moment.counted(id) for id in moment.figures}

    def figures(self, at: AsOf) -> dict[str, Figure]:
        """The catalogue as of a time, with the coverage of the campaigns that had been launched."""
        with self._lock:
            return self._moment(at).figures

    def units(self, at: AsOf) -> Mapping[int, Any]:
        """The units that exist on the day: id -> `reach.UnitRow` (line, kind, code, parent ...)."""
        with self._lock:
            return self._moment(at).reach.rows

    def parts(self, figure_id: str, at: AsOf) -> list[str]:
        """Which sets of records of a figure can be opened."""
        with self._lock:
            return self._moment(at).result(figure_id).parts()

    def records(self, figure_id: str, unit_id: int, at: AsOf, part: str = "counted") -> pa.Table:
        """The records of a figure at a unit, each once: id (int64; of events text), kind (what the id is),
        unit (the first of its leaves under the unit), contribution (float64), because (list of submissions).

        `part`: counted, of, missing, or excluded:<reason>. The contributions of `counted` sum to the value.
        Persons and households come as the lake's surrogates: `opening.open_records` tells who they are.
        Raises also UnknownPart, NotCountedHere.
        """
        with self._lock:
            moment = self._moment(at)
            self._require(moment, figure_id, unit_id)
            rows = moment.rows(figure_id, part).at(unit_id, moment.reach)
            return _table(rows, moment.result(figure_id), moment.reach, part)

    def add_up_checks(self, at: AsOf) -> list[Check]:
        """For every figure, at each unit without a parent: see `results.Check`. Kept with the moment."""
        with self._lock:
            moment = self._moment(at)
            if moment.checks is None:
                moment.checks = [check for id in moment.figures for check in _checks(moment, id)]
            return moment.checks

    # ------------------------------------------------------------------------------ moments

    def source(self) -> Source:
        """The lake as it is now."""
        with self._lock:
            if self._home is not None and (self._source is None or _is_stale(self._source)):
                self._source = Lake(self._home)
                self._moments.clear()
            assert self._source is not None
            return self._source

    def _moment(self, at: AsOf) -> Moment:
        source, knowledge = self._known_at(at)
        key = (source.generation, at.day, at.position, at.known_by)
        if key not in self._moments:
            self._moments[key] = Moment(Facts(source, at, knowledge))
            while len(self._moments) > KEPT_MOMENTS:
                self._forget(self._moments.popitem(last=False)[1])
        self._moments.move_to_end(key)
        return self._moments[key]

    def _known_at(self, at: AsOf) -> tuple[Source, Knowledge]:
        """What was known: that of another moment which was asked by the same, or else made anew."""
        source = self.source()
        if at.position > source.position:
            known_at = source.known_at.isoformat() if isinstance(source, Lake) else str(source.position)
            raise LakeBehind(known_at=known_at)
        for moment in self._moments.values():
            known = moment.facts.knowledge
            if known.source is source and known.position == at.position:
                return source, known
        return source, Knowledge(source, at.position, self._frames)

    def _forget(self, moment: Moment) -> None:
        """With what it knew, unless others know it too."""
        moment.facts.forget()
        known = moment.facts.knowledge
        if all(other.facts.knowledge is not known for other in self._moments.values()):
            known.forget()

    def _lookup(self, counted: ByUnit, unit: int, at: AsOf) -> Value | None:
        try:
            return counted[unit]
        except KeyError as error:
            raise UnitNotThere(unit=unit, day=at.day.isoformat()) from error

    def _require(self, moment: Moment, id: str, unit: int) -> None:
        figure, rows = moment.figure(id), moment.reach.rows
        if unit not in rows:
            raise UnitNotThere(unit=unit, day=moment.facts.at.day.isoformat())
        if rows[unit].line not in figure.lines:
            raise NotCountedHere(figure=id, unit=rows[unit].code, lines=", ".join(figure.lines))


def _is_stale(source: Source) -> bool:
    return isinstance(source, Lake) and source.stale()


# ------------------------------------------------------------------------------------ records


def _table(rows: Rows, result: Counted, reach: Reach, part: str) -> pa.Table:
    units = reach.units[rows.places] if len(rows.places) else np.array([], dtype=np.int64)
    because = _because(rows.ids, result) if part == "counted" else [[] for _ in range(len(rows.ids))]
    return pa.table(
        {
            "id": rows.ids,
            "kind": pa.array([result.record] * len(rows.ids), pa.string()),
            "unit": pa.array(units, pa.int64()),
            "contribution": pa.array(rows.contributions, pa.float64()),
            "because": pa.array(because, pa.list_(pa.int64())),
        }
    )


def _because(ids: pa.Array, result: Counted) -> list[list[int]]:
    """Of each id the submissions that put it there, in their order; of submissions themselves, itself."""
    if result.because is None:
        return [[id] if result.record == "submission" else [] for id in ids.to_pylist()]
    few = len(ids) < FEW
    table = collected(result.because.filter(nw.col("id").is_in(ids.to_pylist())) if few else result.because)
    table = table if few else table.filter(pc.is_in(table["id"], ids))
    found: dict[Any, set[int]] = {}
    for id, because in zip(table["id"].to_pylist(), table["because"].to_pylist(), strict=True):
        found.setdefault(id, set()).add(because)
    return [sorted(found.get(id, ())) for id in ids.to_pylist()]


# ------------------------------------------------------------------------------------ checks


def _checks(moment: Moment, id: str) -> list[Check]:
    """At each root that the figure answers on and that has children."""
    reach, lines = moment.reach, moment.figure(id).lines
    roots = [row.unit for row in reach.rows.values() if row.parent is None and row.line in lines]
    rows = moment.rows(id, "counted")
    if not rows.reaching:  # rounds are complete at each unit by itself: there is nothing to add up
        return [_own_check(moment, id, root, rows) for root in roots]
    ids, which, above = rows.pairs(reach)
    return [_check(moment, id, root, rows, ids, which, above) for root in roots]


def _own_check(moment: Moment, id: str, unit: int, rows: Rows) -> Check:
    value = _value(moment, id, unit)
    records = number(rows.at(unit, moment.reach).contributions.sum())
    return Check(id, unit, value, value, 0, 0, records)


def _check(moment: Moment, id: str, unit: int, rows: Rows, ids: Ints, which: Ints, above: Ints) -> Check:
    reach = moment.reach
    here = np.flatnonzero(above == np.searchsorted(reach.units, unit))
    weights = np.zeros(len(rows.ids))
    weights[ids[here]] = rows.contributions[which[here]]
    children = [row.unit for row in reach.rows.values() if row.parent == unit]
    below = np.flatnonzero(np.isin(above, np.searchsorted(reach.units, np.array(children, dtype=np.int64))))
    times = np.bincount(ids[below], minlength=len(rows.ids))
    shared = np.flatnonzero((times > 1) & (weights != 0))
    return Check(
        figure=id,
        unit=unit,
        value=_value(moment, id, unit),
        parts=number(sum(_value(moment, id, child) for child in children)),
        shared=number(float(((times[shared] - 1) * weights[shared]).sum())),
        own=number(float(weights[times == 0].sum())),
        records=number(float(rows.contributions[which[here]].sum())),
        sharing=tuple(_named(rows, ids, which, shared[:SHARED_SHOWN])),
    )


def _named(rows: Rows, ids: Ints, which: Ints, codes: Ints) -> list[int | str]:
    """The ids behind their codes."""
    known, first = np.unique(ids, return_index=True)
    return [rows.ids[int(which[first[np.searchsorted(known, code)]])].as_py() for code in codes]


def _value(moment: Moment, id: str, unit: int) -> float:
    value = moment.counted(id)[unit]
    return 0 if value is None else value.value
