"""Two schools, five families, a round of calls that is open: one family has children in both schools."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pytest
from tests.browsers import chromium_, playwright_  # noqa: F401

from fangxian.access.actions import NewAccount, open_accounts
from fangxian.access.actor import actor_of
from fangxian.access.authentication import reporter
from fangxian.access.models import Account
from fangxian.campaigns.actions import launch_campaign, open_round
from fangxian.desk import actions, queries
from fangxian.desk.actions import Called
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.registry.actions import NewHousehold, NewPerson, NewUnit, add_households, add_units, enrol
from fangxian.scenario.forms import form_bytes
from fangxian.submissions.actions import publish_form

START = date(2020, 1, 1)
BY = "test"
SOUND = {
    "occupation": "pupil",
    "place": "none",
    "now_at": "home",
    "contact_hubei": "no",
    "symptoms": ["none"],
}


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2020, 2, day, hour, minute, tzinfo=OFFICE_ZONE)


NOW = at(12, 10)
UNITS = {"xw": ("bureau", None), "c1": ("centre", "xw"), "c2": ("centre", "xw"), "s1": ("school", "c1")}
UNITS |= {"s2": ("school", "c1"), "s3": ("school", "c2"), "k1": ("class", "s1"), "k2": ("class", "s2")}
UNITS |= {"k3": ("class", "s3")}
# Family: its children with their classes; each has a mother with a phone, the first a father too.
FAMILIES = {
    "丁": {"丁一": "k1", "丁二": "k2"},
    "王": {"王三": "k1"},
    "李": {"李四": "k2"},
    "赵": {"赵五": "k3"},
    "钱": {"钱六": "k1"},
}
ACCOUNTS = {"caller": ("caller", "c1"), "second": ("caller", "c1"), "other": ("caller", "c2")}
ACCOUNTS |= {"teacher": ("class_teacher", "k1"), "officer": ("bureau_office", "xw")}


@dataclass
class Desk:
    units: dict[str, int]
    people: dict[str, int]
    homes: dict[str, int]
    accounts: dict[str, Account]

    @property
    def calling(self) -> queries.Calling:
        return queries.callings(NOW)[0]

    def reach(self, name: str) -> frozenset[int]:
        return actor_of(self.accounts[name], now=NOW).units()

    def take(self, name: str = "caller", now: datetime = NOW, moment: datetime | None = None) -> str | None:
        lease = actions.take_next(
            calling=self.calling, reach=self.reach(name), holder=name, now=now, moment=moment or now
        )
        families = {home: family for family, home in self.homes.items()}
        return None if lease is None else families[lease.household_id]

    def call(self, family: str, outcome: str, name: str = "caller", now: datetime = NOW, **more: Any) -> Any:
        children = [self.people[child] for child in FAMILIES[family]] if outcome == "reached" else []
        called = Called(outcome, **{"answers": {child: dict(SOUND) for child in children}} | more)
        return actions.record_call(
            calling=self.calling,
            household=self.homes[family],
            called=called,
            sender=reporter(actor_of(self.accounts[name], now=NOW)),
            reporter=None,
            now=now,
            moment=now,
        )

    def phone(self, n: int) -> str:
        return f"1000000{n:04}"


def build(more: int = 0) -> Desk:
    """`more`: families of one pupil each in the class k2."""
    now = at(1)
    names = {code: (kind, parent) for code, (kind, parent) in UNITS.items()}
    units = add_units(
        units=[NewUnit(code, kind, f"位{code}", parent, START) for code, (kind, parent) in names.items()],
        by=BY,
        now=now,
    )
    new: list[NewPerson] = []
    for n, (family, children) in enumerate(FAMILIES.items()):
        new += [NewPerson(child, posts=[(units[room], "pupil", START)]) for child, room in children.items()]
        new.append(NewPerson(f"{family}母", phone=f"1000000{n:04}"))
    new.append(NewPerson("丁父", phone="10000000100"))
    people = dict(zip((one.name for one in new), enrol(people=new, by=BY, now=now), strict=True))
    homes = [
        NewHousehold(
            [(people[c], "child") for c in children]
            + [(people[f"{family}{who}"], "parent") for who in "母父" if f"{family}{who}" in people],
            START,
        )
        for family, children in FAMILIES.items()
    ]
    households = dict(zip(FAMILIES, add_households(households=homes, by=BY, now=now), strict=True))
    _more(more, units, now)
    launch_campaign(
        code="screening",
        name="精准排查",
        name_en="Screening",
        issuer=units["xw"],
        audience=[{"key": "households", "kind": "households", "role": ["pupil", "staff"]}],
        schedule={"kind": "rounds"},
        opens=now,
        text="您好，这里是学校。请问家里有人从湖北回来吗？",
        by=BY,
        now=now,
    )
    publish_form(code="screening", content=form_bytes("screening"), by=BY, now=now)
    opened = [
        NewAccount(name, f"号{name}", grants=[(role, units[unit], START)])
        for name, (role, unit) in ACCOUNTS.items()
    ]
    ids = open_accounts(accounts=opened, by=BY, now=now)
    open_round(campaign="screening", number=1, closes=at(12, 20), by=BY, now=at(12, 8))
    accounts = {name: Account.objects.get(pk=pk) for name, pk in zip(ACCOUNTS, ids, strict=True)}
    return Desk(units, people, households, accounts)


def _more(count: int, units: dict[str, int], now: datetime) -> None:
    posts = [(units["k2"], "pupil", START)]
    new = [NewPerson(f"孙{n}", phone=f"1000001{n:04}", posts=posts) for n in range(count)]
    people = enrol(people=new, by=BY, now=now)
    add_households(households=[NewHousehold([(person, "child")], START) for person in people], by=BY, now=now)


@pytest.fixture
def desk(db: None) -> Desk:
    return build()


@pytest.fixture(autouse=True)
def _forget_rounds() -> Iterator[None]:
    """A test's ledger is rolled back, so positions come again with other contents."""
    queries.forget()
    yield
    queries.forget()
