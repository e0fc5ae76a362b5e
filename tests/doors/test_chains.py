"""A pasted chain: what it proposes, and what it leaves to the person who confirms."""

from typing import Any

import pytest
from django.test import Client
from tests.forms import xlsform

from fangxian.submissions.chains import Proposal, read_chain
from fangxian.submissions.forms import Form, compile_xlsform
from fangxian.submissions.models import Submission
from fangxian.submissions.sheets import Row
from fangxian.web.doors import api

from .conftest import Door, admit
from .town import MORNING, basic, moment

ROWS: list[Row] = [
    ("person", "1", "王小明 · 1班"),
    ("person", "2", "李丽 · 1班"),
    ("person", "3", "李丽 · 2班"),
    ("person", "4", "王小 · 1班"),
]


@pytest.fixture(scope="module")
def form() -> Form:
    return compile_xlsform(xlsform(MORNING))


def read(form: Form, text: str) -> list[Proposal]:
    return read_chain(text, form, ROWS, today=moment(10).date())


def test_numbered_lines_become_rows_and_the_rest_is_left_out(form: Form) -> None:
    found = read(
        form, "#接龙\n各位家长请报体温\n1. 王小明 36.5 在校 无\n２、王小　在校，３６度７，咳嗽\n谢谢"
    )
    assert [(p.number, p.subjects[0][1], p.answers, p.sure) for p in found] == [
        (1, "1", {"temperature": 36.5, "state": "here", "symptoms": ["none"]}, True),
        (2, "4", {"temperature": 36.7, "state": "here", "symptoms": ["cough"]}, True),
    ]


@pytest.mark.parametrize(
    ("line", "doubt"),
    [
        ("1. 赵某 36.5 在校", "nobody"),
        ("1. 李丽 36.5 在校", "several"),
        ("1. 王小明 36.5 在校 挺好的", "挺好的"),
        ("1. 王小明 36.5 37.5 在校", "37.5"),
        ("1. 王小明 36.5 在校 事假", "事假"),
        ("1. 王小明36.5在校", "36.5在校"),
    ],
)
def test_what_is_not_understood_is_said_and_not_guessed(form: Form, line: str, doubt: str) -> None:
    from django.utils import translation

    with translation.override("en"):
        (proposal,) = read(form, line)
    assert not proposal.sure and any(doubt in told for told in proposal.doubts)


def test_who_stands_there_twice_is_a_doubt_and_what_the_form_refuses_a_fault(form: Form) -> None:
    first, again, hot, bare = read(
        form, "1. 王小明 36.5 在校\n2. 王小明 36.9 在校\n3. 王小 99 在校\n4. 王小明"
    )
    assert first.sure and not again.sure and again.doubts
    assert [fault.question for fault in hot.faults] == ["temperature"]
    assert [fault.question for fault in bare.faults] == ["state"]


def test_a_chain_is_proposed_then_confirmed_and_twice_is_once(door: Door, monkeypatch: Any) -> None:
    monkeypatch.setattr(api, "now", lambda: moment(10, 9))
    monkeypatch.setattr(api.who, "admit", admit)
    client = Client(headers={"Authorization": basic("k1"), "Accept-Language": "en"})
    text = "1. 学生3 36.5 在校\n2. 学生4 36.6 在校 无\n3. 学生99 36.6"
    told = client.post("/api/campaigns/morning/chain", {"text": text}, content_type="application/json")
    assert told.status_code == 200, told.content
    proposals = told.json()
    assert [p["sure"] for p in proposals] == [True, True, False]
    assert not Submission.objects.exists()
    confirmed = [p["entry"] for p in proposals if p["sure"]]
    for status in (201, 200):
        results = door.post(confirmed, by="k1").json["results"]
        assert [result["status"] for result in results] == [status, status], results
    assert {row.answers["temperature"] for row in Submission.objects.all()} == {36.5, 36.6}
