"""A list and a roster in, a line for each row of the list out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from .deciding import WORDS, Decided, decide
from .features import Features, of_list, of_roster
from .linking import Pairs, find_pairs
from .problems import KeyTwice, RosterWithoutKeys, RosterWithoutNames
from .reading import Table, read_table
from .reasons import reasons
from .weighing import Weighed, weigh

Step = Callable[[str], None]
COLUMNS = ("row", "uid", "probability", "decision", "reasons")


@dataclass(frozen=True, slots=True)
class Matched:
    """`lines` in the order of the list, each as COLUMNS has it."""

    listed: Features
    roster: Features
    weighed: Weighed
    decided: Decided

    def lines(self) -> list[tuple[int, str, str, str, str]]:
        told = reasons(self.listed, self.roster, self.weighed, self.decided, get_language() or "en")
        people, uids = self.weighed.pairs.people, self.roster.uids
        return [
            (
                row + 1,
                uids[people[best]] if decision else "",
                f"{probability:.4f}",
                WORDS[decision],
                why,
            )
            for row, (best, decision, probability, why) in enumerate(
                zip(self.decided.best, self.decided.decision, self.decided.probability, told, strict=True)
            )
        ]


def match_files(
    listed: Path, roster: Path, *, step: Step, threads: int = 2, engine: str = "duckdb"
) -> Matched:
    """`engine`: where pairs are compared, of `engines.ENGINES`.

    Raises the Problems of reading, RosterWithoutKeys, RosterWithoutNames, KeyTwice; and what
    `lake.spark.session` raises."""
    step(_("Reading the roster"))
    people = read_table(roster)
    _refuse_roster(people)
    of_people, readings, gazetteer = of_roster(people)
    _refuse_twice(people.path, of_people.uids)
    del people
    step(_("Reading the list"))
    of_rows = of_list(read_table(listed), readings, gazetteer)
    return match_features(of_rows, of_people, step=step, threads=threads, engine=engine)


def match_features(
    listed: Features, roster: Features, *, step: Step, threads: int = 2, engine: str = "duckdb"
) -> Matched:
    step(_("Comparing {rows} rows with {people} people").format(rows=listed.height, people=roster.height))
    pairs: Pairs = find_pairs(listed, roster, threads=threads, engine=engine)
    step(_("Weighing {pairs} pairs").format(pairs=len(pairs.rows)))
    weighed = weigh(listed, roster, pairs)
    return Matched(listed, roster, weighed, decide(listed, weighed))


def _refuse_roster(table: Table) -> None:
    if "uid" not in table.columns:
        raise RosterWithoutKeys(path=table.path)
    if "name" not in table.columns:
        raise RosterWithoutNames(path=table.path)


def _refuse_twice(path: str, uids: list[str]) -> None:
    seen: set[str] = set()
    for uid in uids:
        if uid in seen:
            raise KeyTwice(uid=uid, path=path)
        seen.add(uid)
