"""Build a demonstration: a city of a scale and seed, entered and played, in a folder of its own."""

import fcntl
import gc
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management import call_command
from django.db import connection

from fangxian.figures.sync import sync_lake
from fangxian.kernel.changes import head_position
from fangxian.kernel.demonstration import Demonstration, demonstration_of
from fangxian.kernel.home import Home
from fangxian.kernel.models import Head
from fangxian.kernel.secrets import make_keys

from .accounts import demonstrated, open_demonstration_accounts
from .city import populate
from .clockwork import CLOCK
from .evening import open_evening_calls
from .facts import Facts, Targets
from .findings import draw_findings
from .layout import lay_out
from .lines import draw_lines
from .moves import draw_moves
from .problems import DemonstrationBusy, LedgerNotEmpty, NotADemonstration
from .register import register
from .replay import Played, Told, prepare_replay


@dataclass(frozen=True, slots=True)
class Built:
    """Seconds by stage; what was played; how many people and households the registry holds; the expected
    number of reports by campaign and selector."""

    seconds: dict[str, float]
    played: Played
    people: int
    households: int
    reported: dict[str, int]


def silent(_stage: str, _done: int, _total: int) -> None:
    """Tells nobody how far the build is."""


def build_city(facts: Facts, *, scale: float, seed: int, told: Told = silent) -> Built:
    """Plan a city and play its response into the ledger that Django is set up for, which must be empty.

    Raises ImpossibleFacts, ReplayRefused.
    """
    watch = _Watch()
    targets = Targets(facts, scale)
    rounds = targets.of("screening.rounds")
    with watch("plan"):
        city = populate(lay_out(targets, seed), seed)
        lines = draw_lines(city, seed)
        findings = draw_findings(city, lines, seed, rounds)
        moves = draw_moves(city, lines, findings, seed)
    told("plan", 1, 1)
    with watch("register"):
        ledger = register(city, lines, findings, moves, seed, told)
    with watch("replay"):
        replay = prepare_replay(city, lines, findings, moves, ledger, seed, rounds, told)
        played = replay.play()
    return Built(watch.seconds, played, city.people, city.households, dict(replay.reports.reported))


class _Watch:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = perf_counter()
        yield
        self.seconds[stage] = round(perf_counter() - start, 2)


def demo_keys(seed: int) -> bytes:
    """Keys from the seed, so that a demonstration is built alike everywhere. No office's keys are so."""
    return b"".join(hashlib.sha256(f"demonstration {seed} {part}".encode()).digest() for part in range(3))


def build_demonstration(home: Home, facts: Facts, *, scale: float, seed: int, told: Told = silent) -> Built:
    """Build a demonstration beside `home` and put it there when it is whole.

    Raises NotADemonstration where `home` holds anything else, LedgerNotEmpty where a PostgreSQL database
    does, DemonstrationBusy, and as `build_city`.
    """
    refuse_others(home)
    with _site(home) as site, _ledger_of(site), _without_collector():
        make_keys(site.keys, demo_keys(seed))
        call_command("migrate", verbosity=0, interactive=False)
        if head_position():
            raise LedgerNotEmpty
        built = build_city(facts, scale=scale, seed=seed, told=told)
        now = Head.objects.get().at
        open_demonstration_accounts(now=now)
        open_evening_calls(demonstrated(now=now)["caller"], now=now)
        watch = _Watch()
        with watch("lake"):
            told("lake", 0, 1)
            sync_lake(site)
        told("lake", 1, 1)
        built.seconds.update(watch.seconds)
        Demonstration("xuanwei-2020", scale, seed, facts.sha256, CLOCK).write(site.path)
    return built


def refuse_others(home: Home) -> None:
    """Raises NotADemonstration where the folder holds what no build of ours has put there."""
    holds_files = home.path.exists() and any(path.is_file() for path in home.path.rglob("*"))
    if holds_files and demonstration_of(home) is None:
        raise NotADemonstration(home=home.path)


@contextmanager
def _site(home: Home) -> Iterator[Home]:
    """A folder beside `home` to build in. It takes the place of `home` at the end; not if it failed."""
    target = home.path
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone(target):
        site = Home(target.with_name(f".{target.name}.building"))
        shutil.rmtree(site.path, ignore_errors=True)  # what an interrupted build left
        try:
            yield site.make()
            _put_in_place(site.path, target)
        finally:
            shutil.rmtree(site.path, ignore_errors=True)


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    lock = target.with_name(f".{target.name}.lock")
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise DemonstrationBusy(home=target) from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(handle)


def _put_in_place(site: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    os.sync()  # what was written in haste is on the disk before it counts
    if target.exists():
        target.rename(old)
    site.rename(target)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _ledger_of(site: Home) -> Iterator[None]:
    """Django's ledger is that of the site meanwhile; on PostgreSQL there is one database, and it is it."""
    before, ledger = os.environ.get("FANGXIAN_HOME"), dict(connection.settings_dict)
    connection.close()
    os.environ["FANGXIAN_HOME"] = str(site.path)
    if connection.vendor == "sqlite":
        connection.settings_dict.update(NAME=site.ledger, OPTIONS=_hasty(ledger["OPTIONS"]))
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(NAME=ledger["NAME"], OPTIONS=ledger["OPTIONS"])
        os.environ.pop("FANGXIAN_HOME")
        if before is not None:
            os.environ["FANGXIAN_HOME"] = before


def _hasty(options: dict[str, Any]) -> dict[str, Any]:
    """Of a build that a power cut interrupts nothing is kept, so no commit need wait for the disk; and
    its keys are looked up all over the ledger, so much of that is kept in memory (256 MB)."""
    pragmas = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
    return {**options, "init_command": pragmas + " PRAGMA cache_size=-262144;"}


@contextmanager
def _without_collector() -> Iterator[None]:
    """Millions of small records that refer to nothing in a circle: looking for circles costs a tenth."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
