"""A class teacher hands in many at once: a sheet down and up, a chain pasted; each row is shown before."""

import io
import re
from typing import Any

import openpyxl
import pytest
from django.test import Client
from tests.doors.town import MORNING
from tests.forms import xlsform

from fangxian.campaigns.actions import launch_campaign
from fangxian.submissions.actions import publish_form
from fangxian.submissions.models import Submission

from .conftest import NOW, Desk, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def teacher(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Of the class k1, whose pupils are asked for the morning's check."""
    for name in ("now", "latest"):
        monkeypatch.setattr(f"fangxian.web.clock.{name}", lambda: NOW)
    launch_campaign(
        code="morning",
        name="晨检",
        name_en="Morning check",
        issuer=desk.units["xw"],
        audience=[{"kind": "persons", "role": ["pupil"]}],
        schedule={"kind": "daily"},
        opens=at(1),
        by="test",
        now=at(12, 9),
    )
    publish_form(code="morning", content=xlsform(MORNING), by="test", now=at(12, 9))
    client = Client()
    client.force_login(desk.accounts["teacher"])
    return client


def filled(client: Client, rows: dict[str, dict[str, Any]]) -> io.BytesIO:
    """The sheet as it was downloaded, with these answers in the rows of these names."""
    book = openpyxl.load_workbook(io.BytesIO(client.get("/hand-in/morning/sheet.xlsx").content))
    page = book.worksheets[0]
    columns = {cell.value: cell.column for cell in page[1] if cell.value}
    for row in page.iter_rows(min_row=3):
        for name, answers in rows.items():
            if str(row[2].value).startswith(name):
                for question, value in answers.items():
                    page.cell(row[0].row, columns[question], value)
    made = io.BytesIO()
    book.save(made)
    made.seek(0)
    made.name = "morning.xlsx"
    return made


def test_the_sheet_has_one_row_for_each_within_reach(teacher: Client) -> None:
    book = openpyxl.load_workbook(io.BytesIO(teacher.get("/hand-in/morning/sheet.xlsx").content))
    names = [str(row[2].value).split(" ")[0] for row in book.worksheets[0].iter_rows(min_row=3)]
    assert sorted(names) == ["丁一", "王三", "钱六"]
    page = teacher.get("/hand-in/").content.decode()
    assert "/hand-in/morning/sheet.xlsx" in page and "/hand-in/morning/chain/" in page


def test_a_sheet_is_shown_row_by_row_and_stored_when_confirmed(teacher: Client, desk: Desk) -> None:
    sound = {"temperature": 36.5, "state": "here", "symptoms": "none"}
    sheet = filled(teacher, {"丁一": sound, "王三": sound | {"temperature": 99}})
    answer = teacher.post("/hand-in/sheet/", {"sheet": sheet})
    page = re.sub("<[^>]+>", "", answer.content.decode())
    assert "可保存1行" in page and "1行不接受" in page and "王三" in page
    assert not Submission.objects.exists(), "nothing before somebody confirms"
    entries = answer.context["entries"]
    stored = teacher.post("/hand-in/confirm/", {"entries": entries}).content.decode()
    assert "已保存1行" in stored
    [row] = Submission.objects.all()
    assert (row.subject, row.by, row.channel) == (desk.people["丁一"], "teacher", "import")
    teacher.post("/hand-in/confirm/", {"entries": entries})
    assert Submission.objects.count() == 1, "confirmed twice, it is stored once"


def test_what_is_out_of_reach_is_refused_though_it_was_written_in(teacher: Client, desk: Desk) -> None:
    sheet = filled(teacher, {"丁一": {"temperature": 36.5, "state": "here", "symptoms": "none"}})
    entries = teacher.post("/hand-in/sheet/", {"sheet": sheet}).context["entries"]
    forged = entries.replace(f'"{desk.people["丁一"]}"', f'"{desk.people["赵五"]}"')
    assert forged != entries
    assert "已保存0行" in teacher.post("/hand-in/confirm/", {"entries": forged}).content.decode()
    assert not Submission.objects.exists()


@pytest.mark.parametrize("posted", [{}, {"sheet": io.BytesIO(b"PK nonsense")}])
def test_what_is_no_sheet_gets_a_sentence(teacher: Client, posted: dict[str, Any]) -> None:
    answer = teacher.post("/hand-in/sheet/", posted)
    assert 400 <= answer.status_code < 500 and not Submission.objects.exists()


@pytest.mark.parametrize("entries", ["", "[]", "{}", "[1]", '[{"campaign": "none"}]', '"x"'])
def test_what_is_confirmed_without_a_sheet_gets_a_sentence(teacher: Client, entries: str) -> None:
    assert 400 <= teacher.post("/hand-in/confirm/", {"entries": entries}).status_code < 500


def test_a_chain_is_proposed_mended_and_stored(teacher: Client, desk: Desk) -> None:
    text = "#接龙\n1. 丁一 36.5 在校 无\n2. 王三 36.6\n3. 赵五 36.5 在校 无"
    answer = teacher.post("/hand-in/morning/chain/", {"text": text})
    lines = answer.context["lines"]
    assert [(line.number, line.sure, line.taken) for line in lines] == [
        (1, True, True),
        (2, False, False),
        (3, False, False),
    ]
    assert not Submission.objects.exists()
    assert "赵五" not in [label for line in lines for _key, label in line.subjects], "whom one does not reach"

    posted = fields_of(answer.content.decode())
    again = teacher.post("/hand-in/morning/chain/", posted | {"take-1": "1"})
    assert "已保存1行" in again.content.decode()
    assert {line.number for line in again.context["lines"]} == {2, 3}
    assert any(f.fault for line in again.context["lines"] if line.number == 2 for f in line.fields)

    mended = fields_of(again.content.decode())
    mended |= {"take-1": "1", "r1-state": "here", "r1-symptoms": "none", "lines": ["1"]}
    last = teacher.post("/hand-in/morning/chain/", mended)
    assert [f.fault for line in last.context["lines"] for f in line.fields if f.fault] == []
    assert "已保存1行" in last.content.decode(), [line.doubts for line in last.context["lines"]]
    stored = {row.subject: row.answers for row in Submission.objects.all()}
    assert set(stored) == {desk.people["丁一"], desk.people["王三"]}
    assert stored[desk.people["王三"]] == {"temperature": 36.6, "state": "here", "symptoms": ["none"]}


def fields_of(page: str) -> dict[str, Any]:
    """What a browser would send of the form, as it came."""
    import lxml.html

    form = lxml.html.fromstring(page).xpath("//form[.//input[@name='lines']]")[0]
    found: dict[str, Any] = {}
    for name, value in form.form_values():
        found.setdefault(name, []).append(value)
    return found


def test_a_text_without_numbers_says_so(teacher: Client) -> None:
    page = teacher.post("/hand-in/morning/chain/", {"text": "大家好"}).content.decode()
    assert re.search('role="alert"', page) and "大家好" in page
