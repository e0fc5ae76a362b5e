"""A list held against the registry: all of it at first, then what changed, and what comes out is the same."""

import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.matching.actions import add_list, bring_issue, decide
from fangxian.matching.models import Candidate, Lead, Proposal, Reopening, Run
from fangxian.matching.queries import lists, one_list
from fangxian.matching.rematching import match_list
from fangxian.registry.actions import (
    NewHousehold,
    NewPerson,
    NewPost,
    NewUnit,
    add_households,
    add_units,
    appoint,
    correct_person,
    enrol,
)

from .city import TOWNS, City, Mix
from .world import at, read, written

pytestmark = pytest.mark.django_db
COLUMNS = {
    "姓名": "姓名",
    "性别": "性别",
    "证件号码": "身份证号",
    "手机": "手机号",
    "出生年月": "出生日期",
    "现住址": "住址",
}


class Town:
    """The city of the matching tests in a registry; `person` of each uid of its roster."""

    def __init__(self, people: int) -> None:
        self.city = City(7, people)
        since, by, now = date(2020, 1, 1), "test", at(1)
        units = [NewUnit("xw", "bureau", "局", None, since)]
        for number, town in enumerate(TOWNS):
            units.append(NewUnit(f"c{number}", "centre", f"{town}中心学校", "xw", since))
            units.append(NewUnit(f"c{number}-1", "class", "一班", f"c{number}", since))
        ids = add_units(units=units, by=by, now=now)
        roster = self.city.roster
        people_of = [
            NewPerson(
                p.name, "m" if p.sex == "男" else "f", p.born, id_number=self._once(p.number), phone=p.phone
            )
            for p in roster
        ]
        found = enrol(people=people_of, by=by, now=now)
        self.person = dict(zip((p.uid for p in roster), found, strict=True))
        posts = [
            NewPost(
                self.person[p.uid],
                ids[f"c{TOWNS.index(p.town)}-1"],
                "pupil" if p.role == "student" else "staff",
                since,
            )
            for p in roster
            if p.role != "family"
        ]
        appoint(posts=posts, by=by, now=now)
        homes: dict[str, list[int]] = {}
        for p in roster:
            homes.setdefault(p.phone or p.uid, []).append(self.person[p.uid])
        households = [NewHousehold([(one, "child") for one in members], since) for members in homes.values()]
        add_households(households=households, by=by, now=now)

    _seen: set[str] = set()

    def _once(self, number: str) -> str:
        known = number in self._seen
        self._seen.add(number)
        return "" if known else number


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    Town._seen = set()
    yield Town(600)


def lines_of(rows: list[dict[str, str]]) -> list[list[str]]:
    return [[row[name] for name in COLUMNS] for row in rows]


def bring_rows(folder: Path, listing: int, rows: list[list[str]], day: int) -> None:
    path = written(folder, f"{day}.csv", rows, tuple(COLUMNS.values()))
    bring_issue(listing=listing, imported=read(path, "partial"), by="office", now=at(day))


def proposals(listing: int) -> dict[int, tuple[str, float, int | None]]:
    """row -> decision, probability, best person."""
    held = Proposal.objects.filter(row__list=listing, recorded_until=None)
    best = dict(Candidate.objects.filter(rank=1).values_list("proposal_id", "person_id"))
    return {p.row_id: (p.decision, p.probability, best.get(p.pk)) for p in held}


def test_what_changed_is_matched_as_the_whole_would_be(tmp_path: Path, town: Town) -> None:
    rows, truth = town.city.list(200, Mix())
    listing = add_list(source="交通局", title="旅客", topic="returnees", by="t", now=at(1))
    written_rows = lines_of(rows)
    bring_rows(tmp_path, listing, written_rows, day=2)
    first = match_list(listing, by="t", now=at(2), threads=1)
    assert first.whole
    assert first.matched == first.rows
    right = sum(1 for uid in truth if uid)
    leads = Lead.objects.filter(recorded_until=None)
    assert leads.count() > right * 0.7
    before = proposals(listing)
    review = next(row for row, (decision, _p, person) in before.items() if decision == "review" and person)
    held = Proposal.objects.get(row=review, recorded_until=None)
    decide(row=review, proposal=held.pk, verdict="not_same", by="a", now=at(2))

    draw = random.Random(1)
    for place in draw.sample(range(len(written_rows)), 13):
        written_rows[place][3] = "" if written_rows[place][3] else "10099999999"
    bring_rows(tmp_path, listing, written_rows, day=3)
    assert 0 < one_list(listing).counts.waiting <= 13
    again = match_list(listing, by="t", now=at(3), threads=1)
    assert not again.whole
    assert 0 < again.matched <= 40
    assert one_list(listing).counts.waiting == 0
    some = proposals(listing)
    unchanged = [row for row in before if before[row] == some[row]]
    assert len(unchanged) >= len(before) - again.matched
    assert Reopening.objects.filter(why="evidence").count() <= 1

    match_list(listing, by="t", now=at(4), whole=True, threads=1)
    whole = proposals(listing)
    alike = sum(whole[row][2] == some[row][2] for row in whole)
    assert alike >= 0.98 * len(whole)
    assert sum(whole[row][0] == some[row][0] for row in whole) >= 0.95 * len(whole)


def test_a_person_who_changed_brings_back_the_rows_that_may_be_theirs(tmp_path: Path, town: Town) -> None:
    rows, _truth = town.city.list(120, Mix())
    listing = add_list(source="交通局", title="旅客", topic="returnees", by="t", now=at(1))
    bring_rows(tmp_path, listing, lines_of(rows), day=2)
    match_list(listing, by="t", now=at(2), threads=1)
    assert match_list(listing, by="t", now=at(2, 10), threads=1).matched == 0
    row, (_decision, _p, person) = next(
        (row, told) for row, told in proposals(listing).items() if told[0] == "auto"
    )
    correct_person(person=person, name="改名了", by="t", now=at(3))
    again = match_list(listing, by="t", now=at(3), threads=1)
    assert not again.whole
    assert 1 <= again.matched < 60
    assert Proposal.objects.filter(row=row).count() == 2
    assert Run.objects.count() == 3


def test_lists_cost_the_same_queries() -> None:
    counts = []
    for number in range(3):
        add_list(source=f"局{number}", title="旅客", topic="returnees", by="t", now=at(1))
        with CaptureQueriesContext(connection) as queries:
            assert len(lists()) == number + 1
        counts.append(len(queries))
    assert len(set(counts)) == 1
