"""Keeps the lake abreast of the ledger: what the change log has beyond the lake's position is appended.

Files are written first and listed afterwards, so a mirror that is interrupted leaves the lake as it was.
"""

import fcntl
import hashlib
import itertools
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from urllib.parse import quote

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from fangxian.kernel.home import Home
from fangxian.kernel.secrets import Keyring, keyring

from . import answers, engine, files, fold
from .ledger import Address, Ledger, open_ledger
from .manifest import Dataset, File, Manifest, load
from .problems import LakeBroken, LakeBusy, LakeMissing
from .sources import ARROW, ENDS, AnswerSource, Columns, Source, Sources
from .surrogates import shape

PATIENCE = 300  # seconds that one mirror waits for another
KEPT_GENERATIONS = 2  # a reader may still read files that are listed no longer


@dataclass(frozen=True, slots=True)
class Synced:
    """`position` of the change log that the lake now has, with its moment (ms UTC); `rows` mirrored by
    this call. `rebuilt` says why it began from nothing: "" (it did not), "asked", "missing", "broken",
    "other ledger" or "other columns"."""

    position: int
    rows: int
    known_at: int = 0
    generation: int = 0
    rebuilt: str = ""
    unreadable: int = 0


def sync(home: Home, *, ledger: Address, sources: Sources) -> Synced:
    """Mirror what is new. A lake that is missing, broken or of another ledger is built from nothing.

    Raises LedgerMissing, KeysMissing, LakeBusy, QuestionChanged; the lake is then as it was.
    """
    return _mirror(home, ledger, sources, afresh=False)


def rebuild(home: Home, *, ledger: Address, sources: Sources) -> Synced:
    """Mirror everything from nothing. The old lake is read until the new one is whole. Raises as `sync`."""
    return _mirror(home, ledger, sources, afresh=True)


def _mirror(home: Home, address: Address, sources: Sources, *, afresh: bool) -> Synced:
    ring = keyring(home.keys)
    with _alone(home.lake), open_ledger(address) as ledger:
        old, why = _start(home.lake, ledger, ring, sources, afresh)
        if not why and old.position == ledger.position:
            return Synced(old.position, 0, old.known_at, old.generation)
        run = _Run(home.lake, ledger, ring, old)
        run.mirror(sources)
        fresh = run.finish()
        return Synced(
            position=fresh.position,
            rows=run.rows,
            known_at=fresh.known_at,
            generation=fresh.generation,
            rebuilt=why,
            unreadable=sum(dataset.unreadable for dataset in fresh.datasets.values()),
        )


@contextmanager
def _alone(lake: Path) -> Iterator[None]:
    """One mirror at a time, over all processes; the lock goes with its process."""
    files.make_folder(lake)
    handle = os.open(lake / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for(handle)
        yield
    finally:
        os.close(handle)


def _wait_for(handle: int) -> None:
    for _attempt in range(PATIENCE * 20):
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
    raise LakeBusy(seconds=PATIENCE)


def _start(lake: Path, ledger: Ledger, ring: Keyring, sources: Sources, afresh: bool) -> tuple[Manifest, str]:
    """The manifest to go on from, and why from nothing where so."""
    try:
        old = load(lake)
    except LakeMissing:
        return Manifest(keys=fingerprint(ring)), "missing"
    except LakeBroken:
        return Manifest(keys=fingerprint(ring)), "broken"
    why = "asked" if afresh else _stranger(old, ledger, ring, sources)
    if not why:
        return old, ""
    retired = [*old.retired, *((old.generation + 1, file.path) for file in old.files())]
    return Manifest(generation=old.generation, keys=fingerprint(ring), retired=retired), why


def _stranger(old: Manifest, ledger: Ledger, ring: Keyring, sources: Sources) -> str:
    """Why this lake does not continue: another ledger, other keys, or a program that mirrors otherwise."""
    if old.keys != fingerprint(ring) or old.ledger != ledger.fingerprint(old.position):
        return "other ledger"
    held = {name: dataset.columns() for name, dataset in old.datasets.items()}
    plain = all(held.get(source.dataset) == source.lake_columns() for source in sources.plain)
    sheets = all(old.sheets == source.lake_columns() for source in sources.answers)
    return "" if plain and sheets else "other columns"


def fingerprint(ring: Keyring) -> str:
    return hashlib.blake2b(b"", digest_size=8, key=ring.laking, person=b"lake-keys").hexdigest()


@dataclass
class _Run:
    """One mirror under way. Nothing of it is seen before `finish`."""

    lake: Path
    ledger: Ledger
    ring: Keyring
    manifest: Manifest
    rows: int = 0
    fresh: list[File] = field(default_factory=list)
    mark: str = field(default_factory=lambda: secrets.token_hex(4))  # no two runs write the same names
    numbers: Iterator[int] = field(default_factory=itertools.count)
    sorts: dict[str, list[str]] = field(default_factory=dict)

    def mirror(self, sources: Sources) -> None:
        for source in sources.plain:
            self._append_rows(source)
            if source.bitemporal:
                self._append_ends(source)
        with engine.engine(self.lake) as connection:
            for sheets in sources.answers:
                self._append_answers(sheets, connection)

    def finish(self) -> Manifest:
        """Fold what has piled up, and make the result the lake."""
        manifest = self.manifest
        manifest.generation += 1
        self._fold()
        manifest.position, manifest.known_at = self.ledger.position, self.ledger.at
        manifest.ledger = self.ledger.fingerprint(manifest.position)
        manifest.retired = [
            entry for entry in manifest.retired if entry[0] > manifest.generation - KEPT_GENERATIONS
        ]
        listed = {file.path for file in manifest.files()}
        files.publish(self.lake, manifest, [file for file in self.fresh if file.path in listed])
        files.sweep(self.lake, manifest)
        return manifest

    def _fold(self) -> None:
        for name, dataset in self.manifest.datasets.items():
            for old, new in fold.fold(self.lake, dataset, self.sorts[name], partial(self._path, name)):
                self.fresh.append(new)
                self.manifest.retired += [(self.manifest.generation, file.path) for file in old]

    def _append_rows(self, source: Source) -> None:
        dataset = self._dataset(source.dataset, source.lake_columns(), source.sort)
        order = [(name, "ascending") for name in source.sort]
        for wave in self._waves(source):
            if source.days:
                self._write_days(source.dataset, wave.sort_by(order), by=source.days)
            else:
                self._list(dataset, [self._write(source.dataset, dataset, wave.sort_by(order))])

    def _waves(self, source: Source) -> Iterator[pa.Table]:
        """What was recorded since the lake's position, as the lake holds it."""
        shaped = partial(shape, columns=source.columns, ring=self.ring)
        return self.ledger.waves(self.ledger.select(source, self.manifest.position), shaped)

    def _append_ends(self, source: Source) -> None:
        if not self.manifest.position:
            return
        dataset = self.manifest.datasets[source.dataset]
        sql = self.ledger.ends(source, self.manifest.position)
        target = pa.schema([(name, ARROW[kind]) for name, kind in ENDS])
        for wave in self.ledger.waves(sql, lambda table: table.cast(target)):
            self._list(dataset, [self._write(source.dataset, dataset, wave.sort_by("row"), ends=True)])

    def _append_answers(self, sheets: AnswerSource, connection: duckdb.DuckDBPyConnection) -> None:
        forms = answers.read_forms(
            self.ledger.rows(f"{sheets.forms} WHERE recorded <= {self.ledger.position} ORDER BY id")
        )
        self.manifest.sheets, sort = sheets.lake_columns(), sheets.source.sort
        for form in forms.values():
            columns = [*self.manifest.sheets, *form.columns()]
            self._dataset(form_dataset(sheets, form.code), columns, sort)
        for wave in self._waves(sheets.source):
            for form, table, unreadable in answers.typed(connection, wave, forms.values(), sort):
                self.manifest.datasets[form_dataset(sheets, form.code)].unreadable += unreadable
                self._write_days(form_dataset(sheets, form.code), table)

    def _write_days(self, name: str, table: pa.Table, by: str = "day") -> None:
        """A file a day; the table is sorted by day. Two are encoded at a time."""
        dataset = self.manifest.datasets[name]
        with ThreadPoolExecutor(engine.THREADS) as pool:
            days = _by_day(table, by)
            self._list(dataset, pool.map(lambda part: self._write(name, dataset, part[1], day=part[0]), days))

    def _dataset(self, name: str, columns: Columns, sort: Sequence[str]) -> Dataset:
        self.sorts[name] = list(sort)
        dataset = self.manifest.datasets.setdefault(name, Dataset())
        if dataset.columns() != columns:
            dataset.schemas.append(columns)
        return dataset

    def _write(
        self, name: str, dataset: Dataset, table: pa.Table, *, day: date | None = None, ends: bool = False
    ) -> File:
        label = day.isoformat() if day else ""
        return files.write_table(
            self.lake,
            self._path(name, "ends" if ends else label),
            table,
            schema=len(dataset.schemas) - 1,
            day=label,
            ends=ends,
        )

    def _list(self, dataset: Dataset, written: Iterable[File]) -> None:
        for file in written:
            dataset.files.append(file)
            self.fresh.append(file)
            self.rows += file.rows

    def _path(self, name: str, label: str) -> str:
        folder = quote(name, safe="").replace(".", "%2E")
        return f"data/{folder}/{label or 'all'}.{self.mark}-{next(self.numbers)}.parquet"


def _by_day(table: pa.Table, by: str) -> Iterator[tuple[date, pa.Table]]:
    start = 0
    counts = {entry["values"]: entry["counts"] for entry in pc.value_counts(table[by]).to_pylist()}
    for day in sorted(counts):
        yield day, table.slice(start, counts[day])
        start += counts[day]


def form_dataset(sheets: AnswerSource, form: str) -> str:
    return f"{sheets.source.dataset}/{form}"
