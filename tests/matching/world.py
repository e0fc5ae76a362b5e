"""Lists of invented people brought to a small registry, and reviewers who decide about their rows."""

import csv
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.matching.actions import Brought, NewCandidate, NewProposal, NewRun, bring_issue, record_run
from fangxian.matching.models import Proposal, Row, RowState
from fangxian.registry.importing.cells import Setting
from fangxian.registry.importing.directory import NamedUnits
from fangxian.registry.importing.examine import Import, examine

HEADINGS = ("姓名", "性别", "身份证号", "手机号", "住址", "备注")
Line = Sequence[str]


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2020, 2, day, hour, tzinfo=OFFICE_ZONE)


def written(folder: Path, name: str, lines: Sequence[Line], headings: Line = HEADINGS) -> Path:
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([headings, *lines])
    return path


def read(path: Path, policy: str = "atomic") -> Import:
    setting = Setting(date(2020, 2, 15), invented=True)
    return examine(path, "list", directory=NamedUnits([]), setting=setting, policy=policy)


def bring(folder: Path, listing: int, lines: Sequence[Line], day: int = 2, policy: str = "atomic") -> Brought:
    path = written(folder, f"list-{listing}-{day}.csv", lines)
    return bring_issue(listing=listing, imported=read(path, policy), by="office", now=at(day))


def rows_of(listing: int) -> list[int]:
    """In the order in which they first came."""
    return list(Row.objects.filter(list=listing).order_by("id").values_list("id", flat=True))


def propose(
    listing: int,
    row: int,
    *people: int,
    decision: str = "review",
    probability: float = 0.6,
    evidence: str = "e",
    day: int = 3,
) -> int:
    """What a matcher says of a row; the proposal's id."""
    candidates = [
        NewCandidate(person, probability / rank, [("name", "equal")], f"{evidence}{person}")
        for rank, person in enumerate(people, start=1)
    ]
    state = RowState.objects.get(row=row, recorded_until=None).pk
    made = NewProposal(row, state, decision, probability, candidates=candidates)
    record_run(run=NewRun(listing, "test", 1, False, 3, [made]), by="matcher", now=at(day))
    return Proposal.objects.get(row=row, recorded_until=None).pk
