"""A small town with an officer of the bureau and one of a centre school, to make campaigns in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client
from tests.browsers import chromium_, playwright_  # noqa: F401

from fangxian.access.actions import NewAccount, open_accounts
from fangxian.access.models import Account
from fangxian.figures.sync import sync_lake
from fangxian.kernel.home import Home
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.lake import apart
from fangxian.registry.actions import (
    NewHousehold,
    NewPerson,
    NewUnit,
    add_households,
    add_units,
    enrol,
)
from fangxian.registry.tree import forget_trees
from fangxian.web import counting, remembered

START = date(2020, 1, 1)
BY = "test"
UNITS = (
    ("xw", "bureau", None),
    ("c1", "centre", "xw"),
    ("c2", "centre", "xw"),
    ("s1", "school", "c1"),
    ("s2", "school", "c1"),
    ("s3", "school", "c2"),
    ("s1-1", "class", "s1"),
    ("s1-2", "class", "s1"),
    ("s3-1", "class", "s3"),
)
PEOPLE = {  # unit -> how many pupils; a household each two
    "s1-1": 3,
    "s1-2": 2,
    "s3-1": 4,
}


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2020, 2, day, hour, minute, tzinfo=OFFICE_ZONE)


CLOCK = at(12, 12)


@dataclass
class Town:
    units: dict[str, int]
    pupils: list[int]
    heads: dict[str, int]  # school -> its first responsible person
    households: list[int]


def build() -> Town:
    now = at(1)
    named = [NewUnit(code, kind, f"单位{code}", parent, START) for code, kind, parent in UNITS]
    units = add_units(units=named, by=BY, now=now)
    people = [
        NewPerson(f"丁{code}{n}", posts=[(units[code], "pupil", START)])
        for code, many in PEOPLE.items()
        for n in range(many)
    ]
    pupils = enrol(people=people, by=BY, now=now)
    schools = ("s1", "s2", "s3")
    responsible = [
        NewPerson(f"王{code}", phone=f"1000000{n:04}", posts=[(units[code], "first_responsible", START)])
        for n, code in enumerate(schools)
    ]
    heads = dict(zip(schools, enrol(people=responsible, by=BY, now=now), strict=True))
    homes = [NewHousehold([(person, "child") for person in pupils[n : n + 2]], START) for n in range(0, 8, 2)]
    households = add_households(households=homes, by=BY, now=now)
    accounts = [
        NewAccount("bureau", "局办公室", grants=[("bureau_office", units["xw"], START)]),
        NewAccount("centre", "中心学校", grants=[("centre_school", units["c1"], START)]),
        NewAccount("other", "另一所中心学校", grants=[("centre_school", units["c2"], START)]),
        NewAccount("head", "校长", person=heads["s1"], grants=[("head", units["s1"], START)]),
    ]
    open_accounts(accounts=accounts, by=BY, now=now)
    return Town(units, pupils, heads, households)


def forget() -> None:
    counting.forget()
    forget_trees()
    remembered.PAGES.forget()


@pytest.fixture
def town(db: None, other_home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    for name in ("now", "latest"):
        monkeypatch.setattr(f"fangxian.web.clock.{name}", lambda: CLOCK)
    forget()
    built = build()
    yield built
    forget()


@pytest.fixture
def lake(transactional_db: None, town: Town, other_home: Home) -> Iterator[Callable[[], None]]:
    """Mirrors what is recorded; called after each change that a figure is to know of."""

    def mirrored() -> None:
        sync_lake(other_home)

    mirrored()
    yield mirrored
    apart.close()


@pytest.fixture
def visitor(town: Town) -> Callable[[str], Client]:
    def of(name: str) -> Client:
        client = Client()
        client.force_login(Account.objects.get(username=name))
        return client

    return of


@pytest.fixture
def bureau(visitor: Any) -> Client:
    return visitor("bureau")
