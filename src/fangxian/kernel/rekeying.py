"""New keys for what is sealed: a key is added, all that is kept comes under it, the old one is retired.

Each room says in its `keyed.py` what it keeps under keys (`KEYED`). It is brought over in small batches, each
a transaction of its own under the head's lock; which rows are still to be done is read from the rows, so one
that was killed is simply run again. Everything opens meanwhile, under whichever key it lies, and look-ups ask
for the digests of both (`Keyring.digests`).
"""

import importlib
import importlib.util
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from django.apps import apps
from django.db import connection, models

from .changes import recording
from .home import Home
from .sealed_files import files_under_old_keys, number_of, place, seal_anew
from .secrets import Keyring, add_keys, keyring, numbers_of, retire_keys
from .tables import fetch

Clock = Callable[[], datetime]
Told = Callable[[str, int], None]  # what, and how much of it since it was told last
ACTION = "kernel.rekey"
SETTLE = 60.0  # seconds: whoever took the keys before the new ones were there has come to an end by then
LAST_LOOK = 2.0  # seconds, for pages that had read what they write again


class Keyed(Protocol):
    """Something that is kept under keys. `name` is told while it is worked on."""

    @property
    def name(self) -> str: ...

    def left(self, ring: Keyring) -> int:
        """How much of it is not under the newest key."""
        ...

    def rekey(self, ring: Keyring, *, by: str, clock: Clock) -> Iterator[int]:
        """Bring it under the newest key; after each batch how much that was."""
        ...


@dataclass(frozen=True, slots=True)
class Sealed:
    """Rows with a `sealed` column; `digests` are columns made with the same keys. Rows with the same `within`
    are done together: their digests are compared with one another."""

    model: type[models.Model]
    digests: tuple[str, ...] = ()
    within: str = ""
    size: int = 500

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    def left(self, ring: Keyring) -> int:
        sql = f"SELECT count(*) FROM {self.name} WHERE {_OLD}"  # noqa: S608 - names come from models
        return int(fetch(sql, [bytes([ring.number])])[0][0])

    def rekey(self, ring: Keyring, *, by: str, clock: Clock) -> Iterator[int]:
        last: Any = None
        while True:
            with recording(ACTION, by=by, now=clock()) as change:
                rows = self._batch(ring, last)
                _update(self.name, self._key, ("sealed", *self.digests), [self._anew(r, ring) for r in rows])
                change.detail["rekeyed"] = {self.name: len(rows)}
            if not rows:
                return
            last = rows[-1][0]
            yield len(rows)

    @property
    def _key(self) -> str:
        assert self.model._meta.pk is not None
        return str(self.model._meta.pk.column)

    def _batch(self, ring: Keyring, last: Any) -> list[tuple[Any, ...]]:
        """The place in the order, the key, what is sealed, the digests; in the order of `within`."""
        order = self.within or self._key
        columns = ", ".join((order, self._key, "sealed", *self.digests))
        after, told = ("", []) if last is None else (f"AND {order} > %s", [last])
        sql = f"SELECT {columns} FROM {self.name} WHERE {_OLD} {after} ORDER BY {order}, {self._key} LIMIT %s"  # noqa: S608
        rows = fetch(sql, [bytes([ring.number]), *told, self.size])
        if not self.within or len(rows) < self.size:
            return rows
        sql = f"SELECT {columns} FROM {self.name} WHERE {_OLD} AND {order} = %s AND {self._key} > %s"  # noqa: S608
        return rows + fetch(sql, [bytes([ring.number]), rows[-1][0], rows[-1][1]])

    def _anew(self, row: tuple[Any, ...], ring: Keyring) -> tuple[Any, ...]:
        _place, key, sealed, *digests = row
        lifted = [ring.lifted(digest, since=bytes(sealed)[0]) for digest in digests]
        return (ring.seal_bytes(ring.open_bytes(sealed)), *lifted, key)


@dataclass(frozen=True, slots=True)
class Digested:
    """Rows with a digest of what is not kept beside it, and the number of its keys in the column `keys`."""

    model: type[models.Model]
    digest: str
    size: int = 2_000

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    def left(self, ring: Keyring) -> int:
        return self.model._base_manager.filter(keys__lt=ring.number).count()

    def rekey(self, ring: Keyring, *, by: str, clock: Clock) -> Iterator[int]:
        old = self.model._base_manager.filter(keys__lt=ring.number).order_by("pk")
        while True:
            with recording(ACTION, by=by, now=clock()) as change:
                rows = list(old.values_list("pk", "keys", self.digest)[: self.size])
                anew = [(ring.lifted(told, since=number), ring.number, pk) for pk, number, told in rows]
                _update(self.name, "id", (self.digest, "keys"), anew)
                change.detail["rekeyed"] = {self.name: len(rows)}
            if not rows:
                return
            yield len(rows)


@dataclass(frozen=True, slots=True)
class Files:
    """Sealed files of a folder; `model` has their names in its column `digest`, where it is given."""

    folder: Callable[[], Path]
    model: type[models.Model] | None = None

    @property
    def name(self) -> str:
        return self.folder().name

    def left(self, ring: Keyring) -> int:
        return sum(1 for _path in files_under_old_keys(self.folder(), ring))

    def rekey(self, ring: Keyring, *, by: str, clock: Clock) -> Iterator[int]:
        for path in files_under_old_keys(self.folder(), ring):
            if self.model is None:
                with recording(ACTION, by=by, now=clock()):
                    if path.exists():  # whoever confirmed it has dropped it
                        seal_anew(self.folder(), path, path.name, ring)
            else:
                self._under_a_new_name(self.model, path, ring, by=by, clock=clock)
            yield 1

    def _under_a_new_name(
        self, model: type[models.Model], path: Path, ring: Keyring, *, by: str, clock: Clock
    ) -> None:
        """First the file, then the rows that name it, then the old one goes, where still no row names it."""
        name = ring.lifted(path.name, since=number_of(path))
        if not place(self.folder(), name).exists():
            seal_anew(self.folder(), path, name, ring)
        rows = model._base_manager.filter(digest=path.name)
        with recording(ACTION, by=by, now=clock()) as change:
            change.detail["rekeyed"] = {self.name: rows.update(digest=name)}
        with recording(ACTION, by=by, now=clock()):
            if not rows.exists():
                path.unlink(missing_ok=True)


_OLD = "length(sealed) > 0 AND substr(sealed, 1, 1) <> %s"


def _update(table: str, key: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows are the columns' values and then the key."""
    if rows:
        told = ", ".join(f"{column} = %s" for column in columns)
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {table} SET {told} WHERE {key} = %s", rows)  # noqa: S608


def everything() -> list[Keyed]:
    """What all rooms keep under keys."""
    found: list[Keyed] = []
    for app in apps.get_app_configs():
        if app.name.startswith("fangxian.") and importlib.util.find_spec(f"{app.name}.keyed"):
            found += importlib.import_module(f"{app.name}.keyed").KEYED
    return found


# ---- the steps --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """`numbers`: the keys that are there, the newest last; `left`: by name, what is not under the newest."""

    numbers: tuple[int, ...]
    left: dict[str, int]


def standing(home: Home) -> Standing:
    """Raises KeysMissing."""
    ring = keyring(home.keys)
    return Standing(numbers_of(home.keys), {keyed.name: keyed.left(ring) for keyed in everything()})


def begin(home: Home) -> None:
    """Add a key, where none was added that is not through. Raises KeysMissing, KeysUsedUp."""
    if len(numbers_of(home.keys)) < 2:
        add_keys(home.keys)


def rotate(
    home: Home,
    *,
    by: str,
    clock: Clock,
    machine: Clock,
    told: Told = lambda name, count: None,
    settle: float = SETTLE,
    pause: float = 0.0,
) -> int:
    """Add a key, or go on with one that was added; bring everything under it; retire the others. Its number.

    `machine` is the machine's clock, by which keys settle. `told` is called after each batch; between two
    batches writers have `pause` seconds to themselves. Raises KeysMissing, KeysUsedUp.
    """
    begin(home)
    ring = keyring(home.keys)
    _settle(home.keys / f"keys.{ring.number}", settle, machine)
    while not _retired(home, ring, by=by, now=clock()):
        for keyed in everything():
            for count in _rekeyed(keyed, ring, by=by, clock=clock):
                told(keyed.name, count)
                time.sleep(pause)
        time.sleep(min(settle, LAST_LOOK))
    return ring.number


def _rekeyed(keyed: Keyed, ring: Keyring, *, by: str, clock: Clock) -> Iterable[int]:
    """Nothing is written about what is done already."""
    return keyed.rekey(ring, by=by, clock=clock) if keyed.left(ring) else ()


def _settle(path: Path, settle: float, machine: Clock) -> None:
    while (rest := path.stat().st_mtime + settle - machine().timestamp()) > 0:
        time.sleep(min(rest, 1.0))


def _retired(home: Home, ring: Keyring, *, by: str, now: datetime) -> bool:
    """Under the lock nobody writes under an old key any more; so nothing can come after this look."""
    with recording("kernel.retire_keys", by=by, now=now) as change:
        left = {keyed.name: count for keyed in everything() if (count := keyed.left(ring))}
        change.detail |= {"number": ring.number, "left": left}
        if not left:
            retire_keys(home.keys)
    return not left
