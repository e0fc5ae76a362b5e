"""A school with two pupils, a Party branch with a member, and three campaigns under way."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pytest

from fangxian.campaigns.actions import launch_campaign, open_round
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.registry.actions import (
    NewHousehold,
    NewPerson,
    NewUnit,
    add_households,
    add_units,
    enrol,
)
from fangxian.scenario.forms import form_bytes
from fangxian.submissions.actions import Envelope, Receipt, Sheet, publish_form, receive

START = date(2020, 1, 1)


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2020, 2, day, hour, tzinfo=OFFICE_ZONE)


@dataclass
class World:
    units: dict[str, int]
    pupils: list[int]
    member: int
    household: int
    grandmother: int

    def send(self, *sheets: Sheet, now: datetime | None = None, **changes: Any) -> Receipt:
        return self.send_all([self.envelope(*sheets, **changes)], now=now or at(10))[0]

    def send_all(self, envelopes: list[Envelope], now: datetime) -> list[Receipt]:
        return receive(envelopes=envelopes, by="test", now=now)

    def envelope(self, *sheets: Sheet, **changes: Any) -> Envelope:
        fields = {"campaign": "pledge", "round": 1, "version": "1", "happened": at(10, 8), "channel": "web"}
        return Envelope(sheets=sheets, **(fields | changes))

    def pledge(self, instance: str = "p-1", **changes: Any) -> Sheet:
        fields = {"subject_kind": "person", "subject": self.member, "answers": {"signed": "yes"}}
        return Sheet(instance, **(fields | changes))

    def screened(self, instance: str, person: int, **answers: Any) -> Sheet:
        sound = {"outcome": "reached", "place": "none", "contact_hubei": "no", "occupation": "pupil"}
        sound |= {"symptoms": ["none"], "temperature": 36.5, "now_at": "home"}
        return Sheet(instance, "person", person, sound | answers, household=self.household)


@pytest.fixture
def world(db: None) -> World:
    by, now = "test", at(1)
    units = add_units(
        units=[
            NewUnit("xw", "bureau", "局", None, START),
            NewUnit("s1", "school", "一小", "xw", START, stage="primary"),
            NewUnit("k1", "class", "一班", "s1", START),
            NewUnit("k2", "class", "二班", "s1", START),
            NewUnit("pb", "party_branch", "支部", None, START),
        ],
        by=by,
        now=now,
    )
    people = [
        NewPerson("丁一", posts=[(units["k1"], "pupil", START)]),
        NewPerson("丁二", posts=[(units["k2"], "pupil", START)]),
        NewPerson("王三", posts=[(units["pb"], "party_member", START)]),
        NewPerson("丁奶奶"),
    ]
    one, two, member, grandmother = enrol(people=people, by=by, now=now)
    members = [(one, "child"), (two, "child"), (grandmother, "grandparent")]
    household = add_households(households=[NewHousehold(members, START)], by=by, now=now)[0]
    for code, audience, schedule, closes in (
        ("pledge", [{"kind": "persons", "role": ["party_member"]}], {"kind": "once"}, at(11)),
        ("screening", [{"kind": "households", "role": ["pupil", "staff"]}], {"kind": "rounds"}, None),
        ("hygiene", [{"kind": "units", "unit_kind": ["school"]}], {"kind": "once"}, None),
    ):
        launch_campaign(
            code=code,
            name=code,
            name_en=code,
            issuer=units["xw"],
            audience=audience,
            schedule=schedule,
            opens=now,
            closes=closes,
            text="",
            by=by,
            now=now,
        )
        publish_form(code=code, content=form_bytes(code), by=by, now=now)
    open_round(campaign="screening", number=1, closes=at(5), by=by, now=at(1))
    open_round(campaign="screening", number=2, closes=at(12), listed=[], by=by, now=at(1, 10))
    return World(units, [one, two], member, household, grandmother)
