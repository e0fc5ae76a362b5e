"""Pages of lists and their review: a file brought, what an issue changed, whom a row may be."""

import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook

from fangxian.access.models import Event
from fangxian.matching.actions import NewCandidate, NewProposal, NewRun, add_list, decide, record_run
from fangxian.matching.models import Decision, Issue, Lead, Proposal, Question, RowState
from fangxian.matching.reviewing import agreed
from fangxian.registry.models import KeptFile, PersonSecret, PersonState, Post, UnitState
from fangxian.web import under_way

from .conftest import CLOCK

pytestmark = pytest.mark.django_db
HEADINGS = ["姓名", "性别", "身份证号", "联系电话", "到达日期", "家里电话"]
DING = ["丁一", "男", "99**************15", "10012345671", "2020-01-20", ""]
WANG = ["王二", "女", "", "10012345672", "2020-01-21", ""]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Callable[[], None]]]:
    """Matching is not run beside these tests: what was asked for is kept."""
    asked: list[Callable[[], None]] = []
    monkeypatch.setattr(under_way, "launch", asked.append)
    under_way._runs.clear()
    yield asked
    under_way._runs.clear()


@pytest.fixture
def listing(city: Any, db: None) -> int:
    return add_list(source="交通局", title="旅客", topic="returnees", by="officer", now=CLOCK)


def spreadsheet(*rows: list[str], headings: list[str] = HEADINGS) -> SimpleUploadedFile:
    book = Workbook()
    for row in (headings, *rows):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return SimpleUploadedFile("旅客.xlsx", content.getvalue())


def token(page: Any) -> str:
    return re.search(r'name="file" value="([^"]+)"', page.content.decode())[1]


def brought(board: Any, listing: int, *rows: list[str], **more: str) -> Any:
    page = board.post(f"/lists/{listing}/bring/", {"file": spreadsheet(*rows)})
    sent = {"file": token(page), "policy": "atomic", "store": "1"} | more
    return board.post(f"/lists/{listing}/confirm/", sent)


# ------------------------------------------------------------------------------------ bringing


def test_nothing_is_stored_until_it_is_confirmed(board: Any, listing: int) -> None:
    page = board.post(f"/lists/{listing}/bring/", {"file": spreadsheet(DING, WANG)})
    text = re.sub("<[^>]+>", "", page.content.decode())
    assert "合格2 + 退回0 + 忽略0 = 非空行2" in text
    assert "100******71" in text and "10012345671" not in page.content.decode()
    assert not Issue.objects.filter(list=listing).exists()
    assert not KeptFile.objects.filter(kind="list", source="交通局").exists()
    done = board.post(f"/lists/{listing}/confirm/", {"file": token(page), "policy": "atomic", "store": "1"})
    assert done.status_code == 302
    assert Issue.objects.get(list=listing).accepted == 2
    assert under_way.run_of(listing).running
    again = board.post(f"/lists/{listing}/confirm/", {"file": token(page), "store": "1"})
    assert again.status_code == 410, "what was stored is no longer waiting"


def test_a_fault_while_matching_is_told_in_a_sentence(
    board: Any, listing: int, at_once: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_asked: Any, **_more: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(under_way, "match_list", broken)
    page = board.post(f"/lists/{listing}/bring/", {"file": spreadsheet(DING)})
    board.post(f"/lists/{listing}/confirm/", {"file": token(page), "store": "1"})
    at_once[0]()
    text = re.sub("<[^>]+>", "", board.get(f"/lists/{listing}/").content.decode())
    assert "程序出了故障（MemoryError）" in text and "重新比对" in text


def test_a_mapping_is_changed_and_remembered_for_the_office(board: Any, listing: int) -> None:
    page = board.post(f"/lists/{listing}/bring/", {"file": spreadsheet(DING, WANG)})
    taken = dict(re.findall(r'name="was-(\w+)" value="([^"]*)"', page.content.decode()))
    assert taken["phone"] == "联系电话"
    chosen = {f"was-{field}": label for field, label in taken.items()}
    chosen |= {f"map-{field}": label for field, label in taken.items()} | {"map-phone": "家里电话"}
    page = board.post(f"/lists/{listing}/confirm/", {"file": token(page)} | chosen)
    taken = dict(re.findall(r'name="was-(\w+)" value="([^"]*)"', page.content.decode()))
    assert taken["phone"] == "家里电话"
    same = {f"was-{f}": label for f, label in taken.items()} | {
        f"map-{f}": label for f, label in taken.items()
    }
    board.post(f"/lists/{listing}/confirm/", {"file": token(page), "store": "1"} | same)
    assert Issue.objects.get(list=listing).file.mapping["家里电话"] == "phone"
    page = board.post(f"/lists/{listing}/bring/", {"file": spreadsheet(DING)})
    assert 'name="was-phone" value="家里电话"' in page.content.decode()


def test_a_rejected_row_is_told_with_its_place_and_the_rest_can_go_on(board: Any, listing: int) -> None:
    bad = ["", "男", "", "", "2020-01-20", ""]
    page = board.post(f"/lists/{listing}/bring/", {"file": spreadsheet(DING, bad)})
    text = page.content.decode()
    assert "退回" in text and 'name="store"' not in text
    page = board.post(f"/lists/{listing}/confirm/", {"file": token(page), "policy": "partial"})
    assert 'name="store"' in page.content.decode()
    board.post(f"/lists/{listing}/confirm/", {"file": token(page), "policy": "partial", "store": "1"})
    issue = Issue.objects.get(list=listing)
    assert (issue.accepted, issue.rejected, issue.ignored) == (1, 1, 0)


def test_no_file_and_a_file_of_another_kind(board: Any, listing: int) -> None:
    assert board.post(f"/lists/{listing}/bring/", {}).status_code == 422
    page = board.post(f"/lists/{listing}/bring/", {"file": SimpleUploadedFile("a.xlsx", b"%PDF-1.4 ...")})
    assert page.status_code == 200 and "PDF" in page.content.decode()
    assert 'name="store"' not in page.content.decode()


def test_a_roster_is_brought_the_same_way(board: Any) -> None:
    headings = ["单位名称", "类别", "上级单位"]
    row = ["试验办公室", "科室", "xw"]
    page = board.post("/lists/rosters/", {"kind": "units", "file": spreadsheet(row, headings=headings)})
    assert 'name="store"' in page.content.decode()
    sent = {"file": token(page), "kind": "units", "policy": "atomic", "store": "1"}
    done = board.post("/lists/rosters/confirm/", sent)
    assert "已保存" in done.content.decode()
    assert UnitState.objects.filter(name="试验办公室").exists()


def test_the_next_issue_shows_cells_that_were_and_are(board: Any, listing: int) -> None:
    brought(board, listing, DING, WANG)
    brought(board, listing, [*DING[:3], "10012345699", *DING[4:]], ["新来", "女", "", "10012345673", "", ""])
    page = board.get(f"/lists/{listing}/issues/2/").content.decode()
    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))
    assert "100******71 → 100******99" in text
    assert "新来" in text and "王二" in text and "消失" in text
    assert Event.objects.filter(route="issue", subject=f"list:{listing}:2").count() == 1
    assert board.get(f"/lists/{listing}/issues/9/").status_code == 404
    assert board.get(f"/lists/{listing}/issues/2/?page=7").status_code == 404


def test_where_a_row_came_from_is_shown_with_all_that_it_said(board: Any, listing: int) -> None:
    brought(board, listing, DING)
    brought(board, listing, WANG, [*DING[:3], "10012345699", *DING[4:]])
    row = proposed(listing, "review", "review")[0]
    page = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", board.get(f"/review/{row}/?origin=1").content.decode()))
    assert "从第1期起" in page.replace(" ", "") and "从第2期起" in page.replace(" ", "")
    assert "100******71" in page and "100******99" in page
    assert page.count("旅客.xlsx") == 2
    assert "officer" in page


# ------------------------------------------------------------------------------------ the review


def people(count: int) -> list[int]:
    pupils = Post.objects.filter(role="pupil", recorded_until=None).order_by("person_id")
    return list(pupils.values_list("person_id", flat=True)[:count])


def proposed(listing: int, *decisions: str) -> list[int]:
    """A proposal for each row of the list, with two candidates each; the rows."""
    ones = people(2 * len(decisions))
    states = list(RowState.objects.filter(row__list=listing, recorded_until=None).order_by("row_id"))
    made = [
        NewProposal(
            state.row_id,
            state.pk,
            decision,
            0.6 - place / 1_000,
            candidates=[
                NewCandidate(ones[2 * place], 0.6, [("name", "blur"), ("phone", "near")], f"a{place}"),
                NewCandidate(ones[2 * place + 1], 0.3, [("name", "different")], f"b{place}"),
            ],
        )
        for place, (state, decision) in enumerate(zip(states, decisions, strict=True))
    ]
    record_run(run=NewRun(listing, "1", 1, True, 9, made), by="matcher", now=CLOCK)
    return [state.row_id for state in states]


@pytest.fixture
def rows(board: Any, listing: int) -> list[int]:
    brought(board, listing, DING, WANG, ["李三", "女", "", "10012345674", "", ""])
    return proposed(listing, "review", "review", "review")


def confirm(board: Any, row: int, choice: object, **more: str) -> Any:
    proposal = Proposal.objects.get(row=row, recorded_until=None).pk
    return board.post(f"/review/{row}/decide/", {"proposal": proposal, "choice": choice} | more)


def test_the_costliest_row_comes_first_and_the_next_with_the_answer(board: Any, rows: list[int]) -> None:
    assert board.get("/review/").headers["Location"] == f"/review/{rows[0]}/"
    page = board.get(f"/review/{rows[0]}/").content.decode()
    person = re.findall(r'name="choice" value="(\d+)"', page)[0]
    done = confirm(board, rows[0], person)
    assert done.headers["Location"] == f"/review/{rows[1]}/"
    assert Lead.objects.get(recorded_until=None, row=rows[0]).person_id == int(person)
    after = board.post(
        f"/review/{rows[1]}/decide/",
        {"proposal": Proposal.objects.get(row=rows[1]).pk, "choice": "none"},
        headers={"HX-Request": "true"},
    )
    assert after.headers["HX-Push-Url"] == f"/review/{rows[2]}/"
    assert "李三" in after.content.decode() and "<html" not in after.content.decode()
    back = board.post("/review/undo/", {})
    assert back.headers["Location"] == f"/review/{rows[1]}/"
    assert confirm(board, rows[1], "").status_code == 422


def test_numbers_are_masked_with_what_differs_marked(board: Any, rows: list[int]) -> None:
    page = board.get(f"/review/{rows[0]}/").content.decode()
    from fangxian.kernel.secrets import keyring

    ring = keyring()
    for secret in PersonSecret.objects.filter(person__in=people(2)):
        assert ring.open(bytes(secret.sealed)) not in page
    assert "10012345671" not in page and "100******71" in page
    assert '<mark class="near">' in page
    look = Event.objects.get(route="review-row")
    assert (look.classes, look.subject) == ("CDE", f"list-row:{rows[0]}")
    assert set(look.detail["people"].split(",")) == set(map(str, people(2)))
    assert all(f">{word}<" in page for word in ("近似", "不同", "没有"))


def test_whole_numbers_are_shown_once_for_a_reason(board: Any, rows: list[int]) -> None:
    assert board.post(f"/review/{rows[0]}/numbers/", {"reason": "短"}).status_code == 422
    page = board.post(f"/review/{rows[0]}/numbers/", {"reason": "两人号码中段不同，需要核对"})
    assert "10012345671" in page.content.decode()
    assert Event.objects.get(route="whole-numbers").what == "unmask"


def test_the_second_reviewer_does_not_see_the_first(board: Any, city: Any) -> None:
    listing = add_list(source="疾控", title="密接", topic="contacts", by="officer", now=CLOCK)
    brought(board, listing, DING)
    (row,) = proposed(listing, "review")
    before = board.get(f"/review/{row}/?list={listing}").content.decode()
    (person,) = people(1)
    held = Proposal.objects.get(row=row).pk
    decide(row=row, proposal=held, verdict="same", person=person, by="somebody", now=CLOCK)
    after = board.get(f"/review/{row}/?list={listing}").content.decode()

    def said(page: str) -> str:
        return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)

    assert said(before) == said(after), "nothing on the page tells what the first one said"
    assert not Lead.objects.filter(recorded_until=None, row=row).exists()
    confirm(board, row, person)
    assert Lead.objects.get(recorded_until=None, row=row).how == "reviewed"
    page = board.get(f"/lists/{listing}/").content.decode()
    assert "两人一致" in page and "100%" in page


def test_what_cannot_be_told_is_asked_and_comes_back_first(board: Any, rows: list[int], listing: int) -> None:
    confirm(board, rows[2], "unsettled")
    (question,) = Question.objects.filter(row=rows[2])
    assert "要打电话问清的" in board.get(f"/lists/{listing}/").content.decode()
    sent = {"told": "yes", "note": "母亲说是", "list": str(listing)}
    assert board.post(f"/lists/questions/{question.pk}/", sent).status_code == 302
    assert board.get("/review/").headers["Location"] == f"/review/{rows[2]}/"
    assert "母亲说是" in board.get(f"/review/{rows[2]}/").content.decode()
    assert board.post(f"/lists/questions/{question.pk}/", sent).status_code == 409


def test_a_row_that_is_not_there(board: Any, rows: list[int]) -> None:
    assert board.get("/review/999999/").status_code == 404
    sent = {"proposal": "1", "choice": "none"}
    assert board.post("/review/999999/decide/", sent).status_code == 404
    assert board.get("/lists/999999/").status_code == 404


def test_a_page_costs_the_same_for_one_row_and_for_thirty(board: Any, listing: int) -> None:
    counts = []
    for number in (1, 30):
        lines = [[f"人{i}", "女", "", f"1001234{i + number:04}", "", ""] for i in range(number)]
        brought(board, listing, *lines)
        first = proposed(listing, *["review"] * number)[0]
        for address in (f"/review/{first}/", f"/lists/{listing}/", "/lists/"):
            board.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert board.get(address).status_code == 200
            counts.append((number, address.replace(str(first), "x"), len(queries)))
    by_page = {page: {count for _n, at, count in counts if at == page} for _n, page, _c in counts}
    assert all(len(each) == 1 for each in by_page.values()), by_page


def test_nobody_else_may_review(client: Any, city: Any, listing: int) -> None:
    assert client.get("/lists/").status_code == 302
    assert client.post(f"/lists/{listing}/bring/", {}).status_code in (302, 401)


@pytest.mark.parametrize(
    ("pairs", "alike", "kappa"),
    [
        ([], 0, None),
        ([(("same", 1), ("same", 1))] * 3, 3, None),
        ([(("same", 1), ("same", 2)), (("not_same", None), ("not_same", None))], 1, 0.0),
        ([(("same", 1), ("same", 1)), (("not_same", None), ("not_same", None))], 2, 1.0),
        ([(("same", 1), ("not_same", None)), (("not_same", None), ("same", 1))], 0, -1.0),
    ],
)
def test_agreement(pairs: list[Any], alike: int, kappa: float | None) -> None:
    found = agreed(pairs)
    assert (found.rows, found.alike) == (len(pairs), alike)
    assert found.kappa == pytest.approx(kappa) if kappa is not None else found.kappa is None


def test_a_run_that_fails_is_told_and_can_be_tried_again(
    board: Any, listing: int, at_once: list[Any]
) -> None:
    brought(board, listing, DING)
    assert "正在比对" in board.get(f"/lists/{listing}/").content.decode()
    RowState.objects.filter(row__list=listing).delete()
    at_once[0]()
    assert "没有完成" in board.get(f"/lists/{listing}/").content.decode()
    assert board.post(f"/lists/{listing}/match/").status_code == 302
    assert len(at_once) == 2
    assert not Decision.objects.filter(row__list=listing).exists() and PersonState.objects.exists()
