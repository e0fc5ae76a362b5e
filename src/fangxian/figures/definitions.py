"""The versions of each figure's definition, as data: a definition is changed by adding a version.

`definitions.toml` holds them, oldest first; the last one of each figure is its docstring, and a test says so.
To add what has changed: `python -m fangxian.figures.definitions 2026-12-01`. A figure that gets another id
and counts the same is named there too, so that addresses in files and letters lead on:

    [[renamed]]
    was = "students.children"
    figure = "students.pupils"
    since = 2026-12-01
"""

import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from .problems import FigureRenamed, UnknownFigure

VERSIONS = Path(__file__).with_name("definitions.toml")
HEAD = """\
# Every version of every figure's definition, oldest first. Add, never change: an issued bulletin was
# counted under the version of its day. `python -m fangxian.figures.definitions DAY` adds what has changed.
"""


@dataclass(frozen=True, slots=True)
class Version:
    """`since`: the day from which the program counts so."""

    figure: str
    number: int
    since: date
    definition: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """`since`: the day from which the program calls it so."""

    was: str
    figure: str
    since: date


@cache
def renamed() -> dict[str, Renamed]:
    """Former id -> what it is called since."""
    rows = tomllib.loads(VERSIONS.read_text("utf-8")).get("renamed", [])
    return {row["was"]: Renamed(row["was"], row["figure"], row["since"]) for row in rows}


def unknown(figure: str) -> UnknownFigure:
    """What is wrong with an id that no figure has: it never was one, or it is called otherwise by now."""
    last = renamed().get(figure)
    if last is None:
        return UnknownFigure(figure=figure)
    seen = {figure}
    while last.figure in renamed() and last.figure not in seen:
        seen.add(last.figure)
        last = renamed()[last.figure]
    return FigureRenamed(figure=figure, now=last.figure, since=last.since.isoformat())


@cache
def versions() -> dict[str, tuple[Version, ...]]:
    """Figure -> its versions, oldest first."""
    found: dict[str, list[Version]] = {}
    for row in tomllib.loads(VERSIONS.read_text("utf-8"))["version"]:
        of = found.setdefault(row["figure"], [])
        of.append(Version(row["figure"], len(of) + 1, row["since"], row["definition"]))
    return {figure: tuple(of) for figure, of in found.items()}


def versions_of(figure: str) -> tuple[Version, ...]:
    """Of a campaign's coverage, those that all coverage shares."""
    return versions().get("coverage" if figure.startswith("coverage.") else figure, ())


def in_force(figure: str, day: date) -> Version | None:
    """Under which version a day was counted; the first one for days before it."""
    of = versions_of(figure)
    return next((one for one in reversed(of) if one.since <= day), of[0] if of else None)


def current() -> dict[str, str]:
    """What the program says now."""
    from . import coverage
    from .catalogue import CATALOGUE

    return {id: figure.definition for id, figure in CATALOGUE.items()} | {"coverage": coverage.DEFINITION}


def changed() -> dict[str, str]:
    """The definitions that the last version of the file does not have."""
    last = {figure: of[-1].definition for figure, of in versions().items()}
    return {figure: text for figure, text in current().items() if last.get(figure) != text}


def written(rows: Iterable[tuple[str, str, str]]) -> str:
    return "".join(
        f'\n[[version]]\nfigure = "{figure}"\nsince = {since}\ndefinition = """{text}"""\n'
        for figure, since, text in rows
    )


def main() -> None:
    day = date.fromisoformat(sys.argv[1])
    rows = [(figure, day.isoformat(), text) for figure, text in changed().items()]
    with VERSIONS.open("a", encoding="utf-8") as file:
        file.write(written(rows))
    sys.stdout.write(f"{len(rows)} versions added\n")


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fangxian.settings")
    django.setup()
    main()
