"""Figures as of the ends of past days, as they were known then. Nothing that comes later changes these, so
each day is counted once and kept, a file a day; a trend reads them.

A file holds the units down to the school or branch; for classes, key areas and squadrons nothing is kept.
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np
import pyarrow as pa

from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import position_at
from fangxian.kernel.home import Home
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.kernel.problems import NothingKnownYet
from fangxian.screening import rules

from .engine import Engine
from .results import ByUnit, Floats, Ints, Number, Value, number

TOO_SMALL = ("class", "key_area", "squadron")
OPENED = 400  # files that stay open


def end_of(day: date) -> AsOf | None:
    """The end of a day, as known then; None where nothing had been recorded."""
    midnight = datetime.combine(day + timedelta(days=1), time(), OFFICE_ZONE)
    known_by = midnight - timedelta(milliseconds=1)
    try:
        return AsOf(day, known_by, position_at(known_by))
    except NothingKnownYet:
        return None


class Days:
    """The days that were counted, of one data folder. Only days that are over are asked about."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = Lock()
        self._kept = 0
        self._opened: dict[Path, Kept] = {}
        self._ends: dict[date, AsOf | None] = {}

    def is_counted(self, day: date) -> bool:
        """Also where there is nothing to count: before the first record."""
        at = self._end(day)
        return at is None or self._file(at).exists()

    def missing(self, first: date, last: date) -> list[date]:
        """Days that were not counted yet, the latest first."""
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return [day for day in reversed(days) if not self.is_counted(day)]

    def count(self, day: date) -> None:
        """Count a day that is over, unless it was. Raises what the engine raises."""
        at = self._end(day)
        if at is None or self._file(at).exists():
            return
        with self._lock:
            if not self._file(at).exists():
                engine = Engine(self._home)  # of its own: what others have counted stays with them
                _write(self._file(at), engine.all(at), _large(engine, at))
                self._kept += 1

    def value(self, figure: str, unit: int, day: date) -> Value | None:
        """None: not counted there, not kept for such a unit, or not counted yet."""
        kept = self._kept_day(day)
        return None if kept is None else kept.value(figure, unit)

    def missing_of(self, figure: str, units: Ints, day: date) -> Ints:
        """Of each unit how many of the denominator were not counted; 0 where that is not known."""
        kept, found = self._kept_day(day), np.zeros(len(units), dtype=np.int64)
        if kept is None or not len(kept.units):
            return found
        counted, of = kept.column(figure), kept.column(f"{figure}/of")
        if counted is None or of is None:
            return found
        places = np.searchsorted(kept.units, units).clip(max=len(kept.units) - 1)
        missing = np.nan_to_num(of - counted)
        found[:] = np.where(kept.units[places] == units, missing[places], 0)
        return found

    def series(self, figure: str, unit: int, first: date, last: date) -> Iterator[tuple[date, Number]]:
        """The days of which a value is known."""
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            value = self.value(figure, unit, day)
            if value is not None:
                yield day, value.value

    @property
    def kept(self) -> int:
        """Changes when another day was counted here."""
        return self._kept

    def _end(self, day: date) -> AsOf | None:
        if day not in self._ends:
            self._ends[day] = end_of(day)
        return self._ends[day]

    def _kept_day(self, day: date) -> "Kept | None":
        at = self._end(day)
        path = None if at is None else self._file(at)
        if path is None:
            return None
        kept = self._opened.get(path)
        if kept is None and path.exists():
            if len(self._opened) >= OPENED:
                self._opened.clear()
            kept = self._opened[path] = Kept(pa.ipc.open_file(pa.memory_map(str(path))).read_all())
        return kept

    def _file(self, at: AsOf) -> Path:
        return self._home.days / f"{at.day.isoformat()}-{at.position}-{program()}.arrow"


class Kept:
    """A day's file, its columns read as they are asked for; not a number where nothing is counted."""

    def __init__(self, table: pa.Table) -> None:
        self._table, self._names = table, frozenset(table.column_names)
        self._columns: dict[str, Floats] = {}
        self.units: Ints = table["unit"].to_numpy()

    def column(self, name: str) -> Floats | None:
        if name not in self._columns and name in self._names:
            self._columns[name] = self._table[name].to_numpy()
        return self._columns.get(name)

    def value(self, figure: str, unit: int) -> Value | None:
        place, counted = int(np.searchsorted(self.units, unit)), self.column(figure)
        if counted is None or place == len(counted) or self.units[place] != unit or np.isnan(counted[place]):
            return None
        of = self.column(f"{figure}/of")
        return Value(number(counted[place]), None if of is None else number(of[place]))


@cache
def program() -> str:
    """Of the code and rules that count: another program counts the days anew."""
    told = hashlib.sha256()
    for folder in (Path(__file__).parent, Path(rules.__file__).parent):
        for file in sorted(folder.rglob("*")):
            if file.suffix in (".py", ".toml", ".json", ".yaml"):
                told.update(file.read_bytes())
    return told.hexdigest()[:12]


def _large(engine: Engine, at: AsOf) -> set[int]:
    return {row.unit for row in engine.units(at).values() if row.kind not in TOO_SMALL}


def _write(path: Path, counted: dict[str, ByUnit], units: set[int]) -> None:
    """Whole or not at all: written beside, then moved there."""
    every = next(iter(counted.values())).units
    kept = np.isin(every, np.array(sorted(units), dtype=np.int64))
    columns = {"unit": pa.array(every[kept])}
    for id, figure in counted.items():
        columns[id] = pa.array(figure.counted[kept], mask=~figure.answers[kept])
        if figure.of is not None:
            columns[f"{id}/of"] = pa.array(figure.of[kept])
    table = pa.table(columns)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    with pa.OSFile(str(beside), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    beside.replace(path)
