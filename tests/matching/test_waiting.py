"""The review's queues, brought up to date step by step, against the same read anew from the ledger."""

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.kernel.changes import head_position
from fangxian.matching import waiting
from fangxian.matching.actions import (
    add_list,
    answer,
    bring_issue,
    decide,
    open_questions,
    undo,
    withdraw_list,
)
from fangxian.matching.models import Decision, Proposal, RowState
from fangxian.matching.problems import (
    DecidedAlready,
    NothingToUndo,
    PersonNotProposed,
    ProposalChanged,
    SettledAlready,
)
from fangxian.matching.reviewing import work
from fangxian.registry.actions import NewPerson, enrol

from .world import at, bring, propose, read, rows_of, written

pytestmark = pytest.mark.django_db
REVIEWERS = ("a", "b", "c")
REFUSED = (DecidedAlready, NothingToUndo, PersonNotProposed, ProposalChanged, SettledAlready)


@pytest.fixture
def people() -> list[int]:
    return enrol(people=[NewPerson(f"丁{sign}") for sign in "一二三四五六"], by="test", now=at(4))


def listed(*, topic: str) -> int:
    return add_list(source="疾控中心", title=topic, topic=topic, by="office", now=at(4))


class Week:
    """Two lists, one of them sensitive, that are issued again, matched and reviewed as chance has it."""

    def __init__(self, seed: int, folder: Path, people: list[int]) -> None:
        self.draw, self.folder, self.people = random.Random(seed), folder, people
        self.lists = [listed(topic="contacts"), listed(topic="other")]
        self.phones = {listing: [f"1001234{n:04}" for n in range(5)] for listing in self.lists}
        self.issues = 0
        for listing in self.lists:
            self.issue(listing)
            for row in rows_of(listing):
                self.propose(listing, row)

    def issue(self, listing: int) -> None:
        self.issues += 1
        phones = self.phones[listing]
        phones[self.draw.randrange(5)] = f"1009{self.issues:07}"
        gone = self.draw.choice([None, *range(5)])
        lines = [(f"王{n}", "", "", phones[n], "", "") for n in range(5) if n != gone]
        lines.append(("新", "", "", f"1008{self.issues:07}", "", ""))
        path = written(self.folder, f"{self.issues}.csv", lines)
        bring_issue(listing=listing, imported=read(path), by="office", now=at(4))

    def propose(self, listing: int, row: int) -> None:
        if RowState.objects.filter(row=row, recorded_until=None).exists():
            ones = self.draw.sample(self.people, 2)
            how = self.draw.choice(["review", "review", "auto", "none"])
            seen = self.draw.choice(["e", "f"])
            probability = self.draw.choice([0.3, 0.6, 0.6])
            propose(listing, row, *ones, decision=how, probability=probability, evidence=seen, day=4)

    def step(self) -> None:
        listing = self.draw.choice(self.lists)
        row, by = self.draw.choice(rows_of(listing)), self.draw.choice(REVIEWERS)
        match self.draw.randrange(8):
            case 0:
                self.issue(listing)
            case 1:
                self.propose(listing, row)
            case 2:
                made = list(Decision.objects.filter(by=by).order_by("id"))
                if made:
                    undo(decision=self.draw.choice(made).pk, by=by, now=at(4))
            case 3:
                question = open_questions().order_by("id").first()
                if question is not None:
                    answer(question=question.pk, told="unknown", by=by, now=at(4))
            case _:
                row = work(by, listing).first() or row
                proposal = Proposal.objects.filter(row=row, recorded_until=None).first()
                if proposal is not None:
                    verdict = self.draw.choice(["same", "not_same", "not_same", "unsettled"])
                    person = self.draw.choice(proposal.candidates.order_by("rank")).person_id
                    say = {"person": person, "by": by, "now": at(4)}
                    decide(row=row, proposal=proposal.pk, verdict=verdict, **say)


def anew() -> waiting.Queues:
    return waiting._all(head_position())


def assert_alike(held: waiting.Queues, fresh: waiting.Queues, lists: list[int]) -> None:
    assert held.rows == fresh.rows
    for listing in (None, *lists):
        assert +held.counted[listing] == +fresh.counted[listing]
        for reviewer in REVIEWERS:
            assert held.order(reviewer, listing) == fresh.order(reviewer, listing)


@pytest.mark.parametrize("seed", range(4))
def test_step_by_step_the_queues_are_what_they_are_read_anew(
    seed: int, tmp_path: Path, people: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    week, seen = Week(seed, tmp_path, people), set()
    waiting.queues()
    read_anew = waiting._all
    for _ in range(50):
        with suppress(*REFUSED):
            week.step()
        with monkeypatch.context() as patch:
            patch.setattr(waiting, "_all", None)
            held = waiting.queues()
        assert_alike(held, read_anew(held.position), week.lists)
        seen |= {(told.what, told.why) for told in held.rows.values()}
    assert len({what for what, _why in seen}) >= 3
    assert {why for _what, why in seen} >= {"open", "second", "evidence"}


@pytest.fixture
def line(tmp_path: Path, people: list[int]) -> Callable[[int], int]:
    def brought(rows: int) -> int:
        listing = add_list(source="车站", title=f"{rows}", topic="other", by="office", now=at(4))
        bring(tmp_path, listing, [(f"王{n}", "", "", f"1001{rows:03}{n:04}", "", "") for n in range(rows)], 4)
        for place, row in enumerate(rows_of(listing)):
            propose(listing, row, *people[:2], probability=0.9 - place / 1_000, day=4)
        return listing

    return brought


def test_a_step_costs_the_same_in_a_long_queue(line: Callable[[int], int]) -> None:
    counts = set()
    for rows in (3, 40):
        listing = line(rows)
        first = work("a", listing).first()
        held = Proposal.objects.get(row=first, recorded_until=None).pk
        decide(row=first, proposal=held, verdict="not_same", by="a", now=at(4))
        with CaptureQueriesContext(connection) as queries:
            told = work("a", listing)
        assert (told.size, told.progress.not_same, told.progress.left) == (rows - 1, 1, rows - 1)
        counts.add(len(queries))
    assert len(counts) == 1


def test_the_neighbours_of_a_row(line: Callable[[int], int]) -> None:
    listing = line(3)
    first, second, third = rows_of(listing)
    told = work("a", listing)
    assert (told.first(), told.after(first), told.before(first)) == (first, second, third)
    assert (told.after(third), told.before(third)) == (first, second)
    held = Proposal.objects.get(row=second, recorded_until=None).pk
    decide(row=second, proposal=held, verdict="not_same", by="b", now=at(4))
    told = work("a", listing)
    assert [each.row for each in told.queue] == [first, third]
    assert not told.waits(second)
    assert (told.after(second), told.before(second), told.after(first)) == (first, None, third)


def test_a_list_that_is_withdrawn_waits_for_nobody(line: Callable[[int], int]) -> None:
    listing, other = line(3), line(2)
    assert work("a").size == 5
    withdraw_list(listing=listing, reason="发错了", by="office", now=at(4))
    assert (work("a", listing).size, work("a").size) == (0, 2)
    assert_alike(waiting.queues(), anew(), [listing, other])


def test_many_rows_matched_at_once_are_read_anew(
    line: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MANY", 5)
    waiting.queues()
    listing = line(6)
    assert work("a", listing).size == 6
    assert_alike(waiting.queues(), anew(), [listing])


def test_no_more_queues_are_kept_than_are_looked_at(
    line: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "ORDERS", 2)
    listing = line(3)
    told = [work(reviewer, listing) for reviewer in REVIEWERS]
    assert {each.size for each in told} == {3}
    assert len(waiting.queues().orders) == 2
