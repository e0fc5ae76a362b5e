"""The burden by example; what was answered lately, and what is put in beforehand."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from fangxian.campaigns.audiences import Selector, count_asked
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.submissions.actions import Envelope, Sheet, publish_form, receive, retract, withdraw
from fangxian.submissions.burden import RECENT, SECONDS, SHEET, answered, prefilled, seconds
from fangxian.submissions.forms import Form, Question, compile_xlsform
from fangxian.submissions.models import BurdenChoice, FormVersion

from .conftest import BY, CLOCK, Town
from .test_builder import book, decided, named

pytestmark = pytest.mark.django_db
SCHOOLS = Selector("units", "unit", unit_kinds=("school",))


def form(*types: str, **more: Any) -> Form:
    return Form("表", "f", tuple(Question(f"q{n}", type, **more) for n, type in enumerate(types)))


@pytest.mark.parametrize(
    ("types", "found"),
    [
        ((), SHEET),
        (("select_one",), SHEET + 5),
        (("integer", "text"), SHEET + 33),
        (("note", "calculate"), SHEET + 4),
    ],
)
def test_seconds_by_type(types: tuple[str, ...], found: float) -> None:
    assert seconds(form(*types)) == found


@given(st.lists(st.sampled_from(sorted(SECONDS)), max_size=12), st.sets(st.integers(0, 11)))
def test_dropping_never_adds(types: list[str], dropped: set[int]) -> None:
    made = form(*types)
    names = {f"q{n}" for n in dropped}
    left = [type for n, type in enumerate(types) if n not in dropped]
    assert seconds(made, names) == seconds(form(*left)) <= seconds(made)


# ------------------------------------------------------------------------------------------- answered lately


@pytest.fixture
def asked_before(bureau: Client, town: Town) -> Town:
    bureau.post(f"/campaigns/new/{decided(bureau)}/publish/", named())
    return town


def send(town: Town, school: str, instance: str, people: int, *, hours: float = 0) -> None:
    sheet = Sheet(instance, "unit", town.units[school], {"open": "yes", "people": people})
    at = CLOCK + timedelta(hours=hours)
    envelope = Envelope(
        campaign="gate-check", round=1, version="1", happened=at, channel="web", sheets=[sheet]
    )
    [receipt] = receive(envelopes=[envelope], by=BY, now=at)
    assert receipt.accepted, receipt.problems


def known(content: bytes, *, days: float = 0) -> dict[str, int]:
    now = CLOCK + timedelta(days=days)
    asked = count_asked(SCHOOLS, None, day=day_of(now), position=head_position())
    found = answered(compile_xlsform(content), SCHOOLS, asked, now=now)
    return {one.question.name: one.people for one in found}


def test_the_same_question_is_found_and_another_under_its_name_is_not(asked_before: Town) -> None:
    send(asked_before, "s1", "i-1", 40)
    send(asked_before, "s2", "i-2", 50)
    assert known(book()) == {"open": 2, "people": 2}
    assert "guards" not in known(book(["integer", "guards", "保安几人？", "How many guards?", "", ""]))


def test_what_is_older_than_two_weeks_is_not_known_any_more(asked_before: Town) -> None:
    send(asked_before, "s1", "i-1", 40)
    assert known(book(), days=RECENT) == {"open": 1, "people": 1}
    assert known(book(), days=RECENT + 0.01) == {}


def test_what_was_taken_back_is_not_known(asked_before: Town) -> None:
    for school, instance in (("s1", "i-1"), ("s2", "i-2"), ("s3", "i-3")):
        send(asked_before, school, instance, 40)
    retract(instance_ids=["i-1"], reason="填错学校", by=BY, now=CLOCK)
    withdraw(instance_ids=["i-2"], day=day_of(CLOCK) + timedelta(days=1), reason="停办", by=BY, now=CLOCK)
    assert known(book()) == {"open": 2, "people": 2}
    assert known(book(), days=1) == {"open": 1, "people": 1}


def test_what_is_put_in_beforehand_is_the_latest_answer_to_those_questions_alone(asked_before: Town) -> None:
    send(asked_before, "s1", "i-1", 40)
    send(asked_before, "s2", "i-3", 50)
    send(asked_before, "s1", "i-2", 45, hours=1)
    from fangxian.campaigns.actions import launch_campaign

    launch_campaign(
        code="gate-2", name="再查", name_en="Again", issuer=asked_before.units["xw"],
        audience=[{"kind": "units", "unit_kind": ["school"]}], schedule={"kind": "once"},
        opens=CLOCK, by=BY, now=CLOCK + timedelta(hours=1),
    )  # fmt: skip
    publish_form(code="gate-2", content=book(), by=BY, now=CLOCK + timedelta(hours=1))
    version = FormVersion.objects.get(form="gate-2")
    later = CLOCK + timedelta(hours=2)

    schools = [asked_before.units[school] for school in ("s1", "s2", "s3")]
    assert prefilled(version.pk, "unit", schools, now=later) == {}, "nothing was decided"
    row = {"version": version, "choice": "prefill", "people": 2, "recorded": version.recorded}
    BurdenChoice.objects.create(pk=1, question="people", **row)

    def put_in() -> dict[int, dict[str, Any]]:
        found = prefilled(version.pk, "unit", schools, now=later)
        return {unit: {name: one.answer for name, one in told.items()} for unit, told in found.items()}

    assert put_in() == {schools[0]: {"people": 45}, schools[1]: {"people": 50}}
    BurdenChoice.objects.create(pk=2, question="open", **row)
    assert put_in()[schools[0]] == {"open": "yes", "people": 45}
