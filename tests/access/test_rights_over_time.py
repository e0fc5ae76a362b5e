"""Grants, revocations, transfers, moved schools and closed accounts, in any order: after each step a visit
answers as a plain model says. What was revoked is gone at the next request."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from fangxian.access.actions import NewAccount, close_account, grant, open_accounts, revoke
from fangxian.access.models import Account
from fangxian.access.problems import GrantOverlaps
from fangxian.kernel.home import Home
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.registry.actions import (
    NewCover,
    NewPerson,
    NewUnit,
    add_covers,
    add_units,
    change_unit,
    end_posts,
    enrol,
    transfer,
)
from fangxian.registry.models import Post
from fangxian.registry.tree import forget_trees

pytestmark = pytest.mark.django_db
START = date(2020, 2, 1)
PARENTS = {"xw": None, "c1": "xw", "c2": "xw", "s1": "c1", "s2": "c2", "k1": "s1", "k2": "s1", "k3": "s2"}
PARENTS |= {"hq": None, "z1": "hq", "z2": "hq"}
KINDS = {"x": "bureau", "c": "centre", "s": "school", "k": "class", "h": "headquarters", "z": "zone"}
ZONES = {"c1": "z1", "c2": "z2"}
ROLES = {"bureau": "bureau_office", "zone": "zone_lead", "centre": "centre_school", "school": "head"}
ROLES |= {"class": "class_teacher"}
OVER = [unit for unit in PARENTS if unit != "hq"]
CLASSES, PUPILS, VISITORS = ("k1", "k2", "k3"), ("p1", "p2", "p3"), ("a", "b")


@dataclass
class Held:
    account: str
    unit: str
    since: date
    until: date | None
    id: int


@dataclass
class Plain:
    """The whole truth, in dictionaries."""

    day: date = START
    parents: dict[str, str | None] = field(default_factory=lambda: dict(PARENTS))
    where: dict[str, str | None] = field(default_factory=lambda: dict(zip(PUPILS, CLASSES, strict=True)))
    held: list[Held] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)

    def above(self, unit: str | None) -> set[str]:
        found: set[str] = set()
        zone = None
        while unit is not None:
            found.add(unit)
            zone = zone or ZONES.get(unit)
            unit = self.parents[unit]
        return found | ({zone, "hq"} if zone else set())

    def sees(self, account: str, pupil: str) -> bool:
        in_force = [h for h in self.held if h.account == account and self.holds(h)]
        over = {h.unit for h in in_force}
        return "xw" in over or not over.isdisjoint(self.above(self.where[pupil]))

    def holds(self, held: Held) -> bool:
        return held.since <= self.day and (held.until is None or self.day < held.until)

    def status(self, account: str, pupil: str) -> int:
        if account in self.closed:
            return 401
        if not any(self.holds(h) for h in self.held if h.account == account):
            return 403
        return 200 if self.sees(account, pupil) else 404


class Rights(RuleBasedStateMachine):
    clock: datetime

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        forget_trees()
        self.plain = Plain()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)
        forget_trees()

    @property
    def say(self) -> dict[str, Any]:
        return {"by": "test", "now": Rights.clock}

    @initialize()
    def build(self) -> None:
        Rights.clock = datetime(2020, 2, 1, 9, tzinfo=OFFICE_ZONE)
        units = [NewUnit(c, KINDS[c[0]], c, parent, START) for c, parent in PARENTS.items()]
        self.units = add_units(units=units, **self.say)
        add_covers(covers=[NewCover(z, c, "zone", START) for c, z in ZONES.items()], **self.say)
        posts = [[(self.units[room], "pupil", START)] for room in CLASSES]
        people = [NewPerson(p, posts=held) for p, held in zip(PUPILS, posts, strict=True)]
        self.people = dict(zip(PUPILS, enrol(people=people, **self.say), strict=True))
        accounts = [NewAccount(f"visitor-{name}", name) for name in VISITORS]
        ids = open_accounts(accounts=accounts, **self.say)
        self.accounts = {n: Account.objects.get(pk=pk) for n, pk in zip(VISITORS, ids, strict=True)}
        self.browsers = {name: Client() for name in VISITORS}
        for name in VISITORS:
            self.browsers[name].force_login(self.accounts[name])

    @rule(
        account=st.sampled_from(VISITORS),
        unit=st.sampled_from(OVER),
        since=st.integers(-2, 2),
        days=st.none() | st.integers(1, 4),
    )
    def grant(self, account: str, unit: str, since: int, days: int | None) -> None:
        start = self.plain.day + timedelta(since)
        until = None if days is None else start + timedelta(days)
        role = ROLES[KINDS[unit[0]]]
        say = {"account": self.accounts[account], "role": role, "unit": self.units[unit], **self.say}
        overlapping = [
            h
            for h in self.plain.held
            if (h.account, h.unit) == (account, unit)
            and (h.until is None or start < h.until)
            and (until is None or h.since < until)
        ]
        if overlapping:
            with pytest.raises(GrantOverlaps):
                grant(since=start, until=until, **say)
        else:
            id = grant(since=start, until=until, **say)
            self.plain.held.append(Held(account, unit, start, until, id))

    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        open_ended = [h for h in self.plain.held if h.until is None or h.until > self.plain.day]
        if open_ended:
            held = data.draw(st.sampled_from(open_ended))
            revoke(grant=held.id, day=self.plain.day, **self.say)
            if held.since >= self.plain.day:
                self.plain.held.remove(held)
            else:
                held.until = self.plain.day

    @rule(pupil=st.sampled_from(PUPILS), room=st.sampled_from(CLASSES))
    def transfer(self, pupil: str, room: str) -> None:
        if self.plain.where[pupil] not in (None, room):
            say = {"day": self.plain.day, **self.say}
            transfer(person=self.people[pupil], to_unit=self.units[room], **say)
            self.plain.where[pupil] = room

    @rule(pupil=st.sampled_from(PUPILS))
    def leave(self, pupil: str) -> None:
        held = Post.objects.filter(person=self.people[pupil], recorded_until=None, valid_until=None)
        end_posts(posts=list(held.values_list("pk", flat=True)), day=self.plain.day, **self.say)
        self.plain.where[pupil] = None

    @rule(school=st.sampled_from(("s1", "s2")), centre=st.sampled_from(("c1", "c2")))
    def move_school(self, school: str, centre: str) -> None:
        if self.plain.parents[school] != centre:
            ids = {"unit": self.units[school], "parent": self.units[centre]}
            change_unit(day=self.plain.day, **ids, **self.say)
            self.plain.parents[school] = centre

    @rule(account=st.sampled_from(VISITORS))
    def close(self, account: str) -> None:
        close_account(account=self.accounts[account], **self.say)
        self.plain.closed.add(account)

    @rule()
    def next_day(self) -> None:
        Rights.clock += timedelta(days=1)
        self.plain.day += timedelta(days=1)

    @rule(account=st.sampled_from(VISITORS), pupil=st.sampled_from(PUPILS))
    def visit(self, account: str, pupil: str) -> None:
        told = self.browsers[account].get(f"/people/{self.people[pupil]}.json")
        assert told.status_code == self.plain.status(account, pupil)

    @rule(account=st.sampled_from(VISITORS))
    def look_at_all(self, account: str) -> None:
        for pupil in PUPILS:
            self.visit(account, pupil)


def run(home: Home, monkeypatch: pytest.MonkeyPatch, examples: int, steps: int) -> None:
    for name in ("now", "latest"):
        monkeypatch.setattr(f"fangxian.web.clock.{name}", lambda: Rights.clock)
    checks = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    given = settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=checks)
    run_state_machine_as_test(Rights, settings=given)


def test_rights_follow_every_change(other_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    run(other_home, monkeypatch, 20, 20)


@pytest.mark.long
def test_rights_follow_every_change_at_length(other_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    run(other_home, monkeypatch, 300, 40)
