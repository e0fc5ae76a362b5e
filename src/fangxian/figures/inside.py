"""What pages ask of a moment beyond its values: which units lie under one, and a figure's records as columns,
of which only those that are shown are told with their submissions."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any
from weakref import ref

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fangxian.kernel.asof import AsOf

from .engine import Engine, Moment, _because, _checks
from .frames import collected
from .results import Check, Floats, Ints

KEPT_FROM = 2_000  # records: fewer are found anew each time
KEPT = 24
CHECKED = 400


@dataclass(frozen=True, slots=True)
class Records:
    """Each record once: its id, what it is, the first of its units under the one asked, what it adds."""

    record: str
    ids: pa.Array
    units: Ints
    contributions: Floats

    def __len__(self) -> int:
        return len(self.units)


_kept: OrderedDict[tuple[Any, ...], Records] = OrderedDict()
_reasons: "OrderedDict[tuple[Any, ...], Reasons]" = OrderedDict()
_checked: OrderedDict[tuple[Any, ...], list[Check]] = OrderedDict()
_lock = Lock()


def under(engine: Engine, unit: int, at: AsOf) -> list[int]:
    """All units that count under this one, itself included."""
    with engine._lock:
        return _moment(engine, at).reach.under(unit)


def records(engine: Engine, figure: str, unit: int, at: AsOf, part: str = "counted") -> Records:
    """Raises what `Engine.records` raises."""
    with engine._lock:
        moment = _moment(engine, at)
        engine._require(moment, figure, unit)
        key = (ref(moment.facts.source), at, figure, unit, part)
        found = _kept.get(key)
        if found is None:
            rows = moment.rows(figure, part).at(unit, moment.reach)
            units = moment.reach.units[rows.places] if len(rows.places) else np.array([], dtype=np.int64)
            found = Records(moment.result(figure).record, rows.ids, units, rows.contributions)
            _keep(key, found)
        return found


def because(engine: Engine, figure: str, at: AsOf, ids: pa.Array) -> list[list[int]]:
    """Of each of these ids of the counted the submissions that put it there."""
    with engine._lock:
        moment = _moment(engine, at)
        result = moment.result(figure)
        if result.because is None:
            return _because(ids, result)
        key = (ref(moment.facts.source), moment.facts.source.generation, at, figure)
        known = _reasons.get(key)
        if known is None:
            known = _reasons[key] = Reasons.of(collected(result.because.select("id", "because")))
            while len(_reasons) > KEPT:
                _reasons.popitem(last=False)
        _reasons.move_to_end(key)
    return [known.of_record(id) for id in ids.to_pylist()]


@dataclass(frozen=True, slots=True)
class Reasons:
    """The submissions behind all records of a figure, in the order of the records' ids: one is found by
    halving."""

    ids: npt.NDArray[Any]
    submissions: Ints

    @classmethod
    def of(cls, pairs: pa.Table) -> "Reasons":
        ids = pairs["id"].to_numpy()
        submissions = pairs["because"].to_numpy().astype(np.int64, copy=False)
        order = np.lexsort((submissions, ids)) if ids.dtype != object else np.argsort(ids, kind="stable")
        return cls(ids[order], submissions[order])

    def of_record(self, id: Any) -> list[int]:
        first, last = np.searchsorted(self.ids, id, "left"), np.searchsorted(self.ids, id, "right")
        return sorted(set(self.submissions[first:last].tolist()))


def _moment(engine: Engine, at: AsOf) -> Moment:
    return engine._moment(at)


def _keep(key: tuple[Any, ...], found: Records) -> None:
    if len(found) < KEPT_FROM:
        return
    with _lock:
        _kept[key] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)


def checks(engine: Engine, figure: str, unit: int, at: AsOf) -> list[Check]:
    """A figure's add-up checks at a unit: there are some where the unit has nothing above it."""
    with engine._lock:
        moment = _moment(engine, at)
        key = (ref(moment.facts.source), at, figure)
        found = _checked.get(key)
        if found is None:
            found = _checked[key] = _checks(moment, figure)
            while len(_checked) > CHECKED:
                _checked.popitem(last=False)
        return [check for check in found if check.unit == unit]
