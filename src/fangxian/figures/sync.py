"""The lake of this installation: which rooms it mirrors, and where its ledger is."""

from dataclasses import replace
from importlib import import_module
from typing import Any

from django.db import connection

from fangxian.kernel.home import Home
from fangxian.kernel.problems import Problem
from fangxian.lake import apart
from fangxian.lake.mirror import Synced
from fangxian.lake.problems import LakeBroken
from fangxian.lake.reader import Lake
from fangxian.lake.sources import Sources, gather

ROOMS = ("registry", "campaigns", "submissions")


def sync_lake(home: Home, *, here: bool = False) -> Synced:
    """Mirror what the ledger has beyond the lake's position; a lake that cannot be continued is rebuilt.

    Only what was committed is seen. `here` does it in this process, not in the mirror's own: for commands
    that do nothing else (no other thread may have the ledger open).

    Raises LedgerMissing, KeysMissing, LakeBusy, QuestionChanged, LakeStopped.
    """
    synced: Synced = _run("sync", home, here)
    return synced


def rebuild_lake(home: Home, *, here: bool = False) -> Synced:
    """Mirror the ledger from nothing. `here` and what is raised: as `sync_lake`."""
    synced: Synced = _run("rebuild", home, here)
    return synced


def check_lake(home: Home, *, here: bool = False) -> list[Problem]:
    """What is wrong with the lake; empty where nothing is. `here`: as `sync_lake`."""
    findings: list[Problem] = _run("check", home, here)
    return findings


def current_lake(home: Home, *, here: bool = False) -> tuple[Lake, Synced]:
    """A lake abreast of the ledger, and what had to be mirrored for it. One that is damaged is built anew,
    and `rebuilt` says so. `here` and what is raised: as `sync_lake`."""
    synced = sync_lake(home, here=here)
    try:
        return Lake(home), synced
    except LakeBroken:
        synced = replace(rebuild_lake(home, here=here), rebuilt="broken")
        return Lake(home), synced


def sources() -> Sources:
    return gather([import_module(f"fangxian.{room}.facts") for room in ROOMS])


def ledger_address() -> str:
    """Where Django has the ledger, in the words of `lake.ledger`."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:{settings['NAME']}"
    parts = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    return " ".join(f"{word}={_quoted(settings[key])}" for word, key in parts.items() if settings[key])


def _quoted(value: object) -> str:
    """As a PostgreSQL connection string wants its values."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def _run(verb: str, home: Home, here: bool) -> Any:
    if not here:
        return apart.run(verb, home, ledger=ledger_address(), sources=sources())
    connection.close()  # two copies of SQLite must not have one file open in one process
    return apart.VERBS[verb](home, ledger=ledger_address(), sources=sources())
