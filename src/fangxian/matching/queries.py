"""Lists with their issues, what one issue changed, and where a row came from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Count, F, Q

from fangxian.kernel.models import Change
from fangxian.kernel.secrets import keyring
from fangxian.registry.holding import in_chunks
from fangxian.registry.models import KeptContent

from .actions import open_questions
from .models import AUTO, NONE, REVIEW, Appearance, Issue, Lead, List, Proposal, Row, RowState
from .problems import IssueNotThere, ListNotThere
from .rows import Fields, differing, unseal


@dataclass(frozen=True, slots=True)
class Counts:
    """Of the rows that a list has now; `waiting` were never matched as they are, `bare` have nothing but a
    name, `asked` wait for an answer; `leads` are of all rows that it ever had."""

    rows: int = 0
    auto: int = 0
    review: int = 0
    waiting: int = 0
    asked: int = 0
    leads: int = 0
    bare: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    of: List
    issues: list["Brought"]
    counts: Counts

    @property
    def last(self) -> "Brought | None":
        return self.issues[-1] if self.issues else None


@dataclass(frozen=True, slots=True)
class Brought:
    """An issue, who brought it when, and whether its file is still kept."""

    issue: Issue
    by: str
    at: datetime
    kept: bool

    @property
    def total(self) -> int:
        return self.issue.accepted + self.issue.rejected + self.issue.ignored


def lists() -> list[Listed]:
    """All lists, by office and title. The same number of queries for one and for thirty."""
    return _listed(None)


def one_list(listing: int) -> Listed:
    """Raises ListNotThere."""
    found = _listed(listing)
    if not found:
        raise ListNotThere(list=listing)
    return found[0]


def _listed(listing: int | None) -> list[Listed]:
    held = List.objects.select_related("source", "withdrawal").order_by("source__name", "title")
    held = held if listing is None else held.filter(pk=listing)
    brought = Issue.objects.select_related("file").order_by("list", "number")
    issues: dict[int, list[Brought]] = {}
    for each in _brought(_of(listing, brought, "list")):
        issues.setdefault(each.issue.list_id, []).append(each)
    counts = _counts(listing)
    return [Listed(each, issues.get(each.pk, []), counts.get(each.pk, Counts())) for each in held]


def _of(listing: int | None, rows: Any, field: str) -> Any:
    """Those of one list; of all where it is None."""
    return rows if listing is None else rows.filter(**{field: listing})


def _brought(issues: Iterable[Issue]) -> list[Brought]:
    issues = list(issues)
    changes = Change.objects.in_bulk([issue.recorded for issue in issues])
    kept = set(KeptContent.objects.filter(file__in=[i.file_id for i in issues]).values_list("pk", flat=True))
    return [
        Brought(issue, changes[issue.recorded].by, changes[issue.recorded].at, issue.file_id in kept)
        for issue in issues
    ]


def _counts(listing: int | None) -> dict[int, Counts]:
    there = Q(states__recorded_until=None)
    proposed = Q(proposals__recorded_until=None)
    held = _of(listing, Row.objects.all(), "list")
    rows = _by_list(held.filter(there))
    auto = _by_list(held.filter(there, proposed, proposals__decision=AUTO))
    review = _by_list(held.filter(there, proposed, proposals__decision=REVIEW))
    bare = _by_list(held.filter(there, proposed, proposals__bare=True, proposals__decision=NONE))
    matched = _by_list(held.filter(there, proposed, proposals__state__evidence=F("states__evidence")))
    of_rows = (open_questions(), Lead.objects.filter(recorded_until=None))
    asked, leads = (_by_row(_of(listing, each, "row__list")) for each in of_rows)
    return {
        key: Counts(
            count,
            auto.get(key, 0),
            review.get(key, 0),
            count - matched.get(key, 0),
            asked.get(key, 0),
            leads.get(key, 0),
            bare.get(key, 0),
        )
        for key, count in rows.items()
    }


def _by_list(rows: Any) -> dict[int, int]:
    return dict(rows.values_list("list").annotate(n=Count("pk", distinct=True)).order_by())


def _by_row(rows: Any) -> dict[int, int]:
    return dict(rows.values_list("row__list").annotate(n=Count("pk")).order_by())


# ---- what an issue changed --------------------------------------------------------------------------

NEW, RETURNED, CHANGED, GONE = "new", "returned", "changed", "gone"
Sealed = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Cell:
    field: str
    was: str
    now: str


@dataclass(frozen=True)
class Differing:
    """A row that an issue changed. `number` is where it stands in the issue's file, or for one that is gone
    where it stood in the file that had it last. What it says, or said, is unsealed when it is asked for: of a
    list that is all new, a page shows a hundred rows."""

    row: int
    what: str
    sheet: str
    number: int
    sealed: Sealed
    before: Sealed | None = None

    @cached_property
    def fields(self) -> Fields:
        return unseal(self.sealed, keyring())

    @cached_property
    def cells(self) -> list[Cell]:
        """Which were something else."""
        if self.before is None:
            return []
        was = unseal(self.before, keyring())
        return [Cell(f, was.get(f, ""), self.fields.get(f, "")) for f in differing(was, self.fields)]


@dataclass(frozen=True, slots=True)
class Difference:
    """What an issue changed against all before it; `same` rows say what they said."""

    brought: Brought
    rows: list[Differing]
    same: int

    def count(self, what: str) -> int:
        return sum(row.what == what for row in self.rows)


def difference(listing: int, number: int) -> Difference:
    """Raises ListNotThere, IssueNotThere."""
    listed = one_list(listing)
    found = next((each for each in listed.issues if each.issue.number == number), None)
    if found is None:
        raise IssueNotThere(number=number, last=len(listed.issues))
    issue = found.issue
    fresh = dict(RowState.objects.filter(issue=issue).values_list("row_id", "sealed"))
    ended = RowState.objects.filter(row__list=listing, recorded_until=issue.recorded)
    rows = _differing(issue, fresh, dict(ended.values_list("row_id", "sealed")))
    return Difference(found, rows, issue.accepted - len(fresh))


def _differing(issue: Issue, fresh: dict[int, Sealed], ended: dict[int, Sealed]) -> list[Differing]:
    before = _first_seen(list(fresh), issue)
    places = _places(issue, [*fresh, *ended])
    rows = []
    for row, sealed in fresh.items():
        what = CHANGED if row in ended else RETURNED if row in before else NEW
        rows.append(Differing(row, what, *places[row], sealed, ended.get(row)))
    rows += [Differing(row, GONE, *places[row], said) for row, said in ended.items() if row not in fresh]
    order = (CHANGED, NEW, RETURNED, GONE)
    return sorted(rows, key=lambda row: (order.index(row.what), row.sheet, row.number))


def _first_seen(rows: list[int], issue: Issue) -> set[int]:
    """Those that an earlier issue had."""
    found: set[int] = set()
    if issue.number == 1:
        return found
    for chunk in in_chunks(rows):
        earlier = Appearance.objects.filter(row__in=chunk, issue__number__lt=issue.number)
        found.update(earlier.values_list("row_id", flat=True))
    return found


def _places(issue: Issue, rows: list[int]) -> dict[int, tuple[str, int]]:
    """Sheet and number in the issue, else in the last one before it that had the row."""
    places: dict[int, tuple[str, int]] = {}
    for chunk in in_chunks(rows):
        seen = Appearance.objects.filter(row__in=chunk, issue__number__lte=issue.number)
        for row, sheet, number in seen.order_by("issue__number").values_list("row_id", "sheet", "number"):
            places[row] = (sheet, number)
    return places


def stale(rows: Iterable[int]) -> set[int]:
    """Rows that say something else than when they were matched, or never were."""
    found: set[int] = set()
    for chunk in in_chunks(sorted(rows)):
        there = dict(
            RowState.objects.filter(row__in=chunk, recorded_until=None).values_list("row_id", "evidence")
        )
        held = Proposal.objects.filter(row__in=chunk, recorded_until=None)
        matched = dict(held.values_list("row_id", "state__evidence"))
        found.update(row for row, evidence in there.items() if matched.get(row) != evidence)
    return found


@dataclass(frozen=True, slots=True)
class Said:
    """What a row said from an issue on, and where it stood in each issue's file."""

    brought: Brought
    fields: Fields


def history(row: int) -> tuple[list[Said], list[tuple[Brought, str, int]]]:
    """What the row said in which issue, and where it stood in each: where a fact came from."""
    ring = keyring()
    states = list(RowState.objects.filter(row=row).order_by("recorded"))
    seen = list(Appearance.objects.filter(row=row).select_related("issue__file").order_by("issue__number"))
    brought = {each.issue.pk: each for each in _brought(each.issue for each in seen)}
    said = [Said(brought[state.issue_id], unseal(state.sealed, ring)) for state in states]
    return said, [(brought[each.issue_id], each.sheet, each.number) for each in seen]
