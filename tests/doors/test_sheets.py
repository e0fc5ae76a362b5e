"""The prefilled sheet: a class list down, filled in as a teacher does, up, and up again."""

import io
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from fangxian.submissions.models import Submission
from fangxian.web.doors import api

from .conftest import admit
from .town import basic, moment


@pytest.fixture
def client(town: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(api, "now", lambda: moment(10, 9))
    monkeypatch.setattr(api.who, "admit", admit)
    return Client(headers={"Authorization": basic("k1"), "Accept-Language": "en"})


def download(client: Client) -> Any:
    response = client.get("/api/campaigns/morning/sheet.xlsx")
    assert response.status_code == 200, response.content
    return load_workbook(io.BytesIO(response.content))


def upload(client: Client, book: Any) -> Any:
    made = io.BytesIO()
    book.save(made)
    return client.post("/api/sheets", made.getvalue(), content_type=api.WORKBOOK)


def fill(book: Any, row: int, **answers: object) -> None:
    page = book["填报"]
    names = {cell.value: cell.column for cell in page[1]}
    for name, value in answers.items():
        page.cell(row, names[name], value)


def test_a_sheet_has_a_row_a_pupil_and_lists_to_pick_from(client: Client) -> None:
    book = download(client)
    page = book["填报"]
    assert page.max_row == 2 + 12 and page["C3"].value == "学生0 · 1班"
    assert page.column_dimensions["A"].hidden and page.row_dimensions[1].hidden
    assert [v.formula1 for v in page.data_validations.dataValidation] == ["'选项'!$A$2:$A$4"]
    assert len({page.cell(row, 1).value for row in range(3, 15)}) == 12
    assert [cell.value for cell in page[1]][3:] == ["state", "temperature", "symptoms", "since", "note"]


def test_uploaded_twice_it_is_taken_once(client: Client, town: Any) -> None:
    book = download(client)
    fill(book, 3, state="在校", temperature=36.5, symptoms="发热、咳嗽")
    fill(book, 4, state="病假", since=moment(9).replace(tzinfo=None))
    fill(book, 5, state="在校")
    first, again = upload(client, book), upload(client, book)
    assert [row["status"] for row in first.json()["results"]] == [201, 201, 422], first.content
    assert [row["status"] for row in again.json()["results"]] == [200, 200, 422]
    stored = {row.subject: row.answers for row in Submission.objects.all()}
    assert stored == {
        town.pupils[0]: {"state": "here", "temperature": 36.5, "symptoms": ["fever", "cough"]},
        town.pupils[1]: {"state": "ill", "since": "2020-02-09"},
    }
    fill(book, 3, temperature=37.0)
    assert upload(client, book).json()["results"][0]["problems"][0]["code"] == "instance-conflict"


def test_what_is_no_sheet_of_ours_is_told(client: Client) -> None:
    assert client.post("/api/sheets", b"PK", content_type=api.WORKBOOK).status_code == 422
    book = download(client)
    book["填报"].cell(1, 5, "invented")
    fill(book, 3, state="在校")
    assert upload(client, book).json()["code"] == "sheet-of-other-form"
    book = download(client)
    book["填报"].append(["", "", "somebody else", "在校"])
    assert upload(client, book).json()["code"] == "sheet-unreadable"
    assert not Submission.objects.exists()
