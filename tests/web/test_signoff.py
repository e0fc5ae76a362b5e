"""A bulletin's way on pages: each step a press, by whoever may; the list, its search, its file; copies."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from docx import Document
from tests.officer import leader

from fangxian.access.models import Event
from fangxian.publishing.make_template import TEMPLATE
from fangxian.publishing.models import Bulletin, Draft, Step
from fangxian.publishing.signoff import standing

from .conftest import css
from .test_desk_in_browser import violations
from .test_pages import parsed

pytestmark = pytest.mark.django_db
CUT_OFF = {"as_of": "2020-02-12T18:20"}


@pytest.fixture
def signatory(board: Any) -> Client:
    client = Client()
    client.force_login(leader())
    return client


def seen() -> dict[str, int]:
    return {"seen": Step.objects.order_by("-pk").first().number}


def begun(board: Any, **told: str) -> str:
    answer = board.post("/bulletins/drafts/", told)
    assert answer.status_code == 302
    return answer["Location"]


def checked(board: Any, **told: str) -> str:
    there = begun(board, **told)
    board.post(f"{there}step/", {"do": "check"} | CUT_OFF | seen())
    return there


def approved(board: Any, signatory: Any, **told: str) -> str:
    there = checked(board, **told)
    signatory.post(f"{there}approval/", {"do": "approve"} | seen())
    return there


def issued(board: Any, signatory: Any, **told: str) -> int:
    there = approved(board, signatory, **told)
    answer = board.post(f"{there}step/", {"do": "issue"} | seen())
    return int(re.fullmatch(r"/bulletins/(\d+)/", answer["Location"])[1])


def buttons(page: Any) -> list[str]:
    return [button.text_content() for button in css(page, ".nextstep button")]


def test_each_state_offers_its_next_step_to_whoever_may(board: Any, signatory: Any) -> None:
    there = begun(board)
    page = parsed(board.get(there))
    assert buttons(page)[0] == "核对" and css(page, "article.gongwen"), "the draft is seen before its check"
    assert buttons(parsed(signatory.get(there))) == []
    board.post(f"{there}step/", {"do": "check"} | CUT_OFF | seen())
    assert "等待审签：签发人" in css(parsed(board.get(there)), ".nextstep")[0].text_content()
    assert buttons(parsed(signatory.get(there))) == ["同意签发", "退回"]
    signatory.post(f"{there}approval/", {"do": "approve"} | seen())
    assert buttons(parsed(board.get(there)))[0] == "印发" and buttons(parsed(signatory.get(there))) == []
    answer = board.post(f"{there}step/", {"do": "issue"} | seen())
    assert answer["Location"] == "/bulletins/2/"
    stations = [li.text_content() for li in css(parsed(board.get(there)), "ol.stations li")]
    assert ["值班员" in s for s in stations] == [True, True, False, True] and "签发人" in stations[2]


def test_a_signatory_neither_drafts_nor_issues_and_an_officer_does_not_approve(
    board: Any, signatory: Any
) -> None:
    there = checked(board)
    assert board.post(f"{there}approval/", {"do": "approve"} | seen()).status_code == 403
    for address, told in (("/bulletins/drafts/", {}), (f"{there}step/", {"do": "check"} | CUT_OFF | seen())):
        assert signatory.post(address, told).status_code == 403
    assert Step.objects.count() == 2


def test_the_paper_that_is_approved_is_the_one_that_was_checked(board: Any, signatory: Any) -> None:
    there = checked(board)
    [check] = Step.objects.filter(kind="checked")
    shown = css(parsed(signatory.get(there)), "article.gongwen")[0]
    assert [a.text for a in css(shown, "a.fx")] and "草稿，未签发" in shown.text_content()
    assert f"按变更日志第{check.position}号以前的记录计数" in shown.text_content()
    word = signatory.get(f"{there}paper.docx")
    assert check.content_sha256 and Document(io.BytesIO(word.content)).core_properties.identifier


def test_what_is_pressed_on_a_page_that_is_no_longer_true_is_told(board: Any, signatory: Any) -> None:
    there = checked(board)
    old = seen()
    board.post(f"{there}step/", {"do": "check", "as_of": "2020-02-12T12:00"} | seen())
    answer = signatory.post(f"{there}approval/", {"do": "approve"} | old)
    assert answer.status_code == 409 and "draft-moved" in answer.content.decode()
    assert standing(Draft.objects.get()).state == "checked"


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"do": "check", "as_of": "2030-01-01T00:00"}, 400),
        ({"do": "check", "as_of": "2019-01-01T00:00"}, 404),
        ({"do": "check", "as_of": "yesterday"}, 400),
        ({"do": "issue"}, 409),
        ({"do": "give-up", "note": ""}, 422),
        ({"do": "change"}, 422),
        ({"do": "publish"}, 422),
    ],
)
def test_bad_presses_are_told_and_do_nothing(board: Any, told: dict[str, str], status: int) -> None:
    there = begun(board)
    answer = board.post(f"{there}step/", told | seen())
    assert answer.status_code == status and css(parsed(answer), "[role=alert]")
    assert Step.objects.count() == 1


def test_another_template_brings_the_draft_back(board: Any, signatory: Any) -> None:
    there = approved(board, signatory)
    file = io.BytesIO(TEMPLATE.read_bytes())
    file.name = "ours.docx"
    assert board.post(f"{there}step/", {"do": "change", "template": file} | seen()).status_code == 302
    assert standing(Draft.objects.get()).state == "draft"
    file = io.BytesIO(b"no Word file")
    file.name = "ours.docx"
    assert board.post(f"{there}step/", {"do": "change", "template": file} | seen()).status_code == 422


def test_a_correction_is_told_on_both(board: Any, signatory: Any) -> None:
    number = issued(board, signatory, corrects="1", reason="漏抄送部门")
    new, old = (parsed(board.get(f"/bulletins/{n}/")) for n in (number, 1))
    assert "更正并代替第1期" in css(new, ".note")[0].text_content()
    assert "更正原因：漏抄送部门" in css(new, ".gw-correction")[0].text_content()
    assert "已由第2期更正" in css(old, ".note")[0].text_content()
    assert css(old, "form input[name=corrects]") == [], "it has its correction"
    assert board.post("/bulletins/drafts/", {"corrects": "1", "reason": "漏抄送部门"}).status_code == 409


def test_ones_own_page_says_what_waits(board: Any, signatory: Any) -> None:
    there = begun(board)
    link = f"/bulletins/drafts/{Draft.objects.get().pk}/"
    assert link in board.get("/home/").content.decode()
    assert link not in signatory.get("/home/").content.decode()
    board.post(f"{there}step/", {"do": "check"} | CUT_OFF | seen())
    assert link not in board.get("/home/").content.decode()
    assert link in signatory.get("/home/").content.decode()


# ------------------------------------------------------------------------------------ the list


def listed(board: Any, query: str = "") -> list[str]:
    rows = css(parsed(board.get(f"/bulletins/{query}")), "table.papers tbody tr")
    return [css(row, "th a")[0].text_content() for row in rows]


def test_the_list_is_searched_sorted_and_narrowed(board: Any, signatory: Any) -> None:
    issued(board, signatory, corrects="1", reason="漏抄送部门")
    issued(board, signatory)
    assert listed(board) == ["第3期", "第2期", "第1期"]
    assert listed(board, "?sort=oldest") == ["第1期", "第2期", "第3期"]
    assert listed(board, "?q=签发人") == ["第3期", "第2期"], "by who approved"
    assert listed(board, "?q=漏抄送") == ["第2期"]
    assert listed(board, "?q=第3期") == ["第3期"]
    assert listed(board, "?state=corrected") == ["第1期"] and listed(board, "?state=correction") == ["第2期"]
    assert listed(board, "?state=at-once") == ["第1期"] and listed(board, "?state=holds") == [
        "第3期",
        "第2期",
    ]
    assert listed(board, "?q=nobody") == [] and listed(board, "?state=x&sort=y") == listed(board)


def test_drafts_under_way_stand_above_the_list(board: Any, signatory: Any) -> None:
    checked(board, corrects="1", reason="漏抄送部门")
    way = css(parsed(board.get("/bulletins/")), "ul.way")[0].text_content()
    assert "对第1期的更正" in way and "已核对" in way and "漏抄送部门" in way
    board.post("/bulletins/drafts/1/step/", {"do": "give-up", "note": "另行通知"} | seen())
    assert css(parsed(board.get("/bulletins/")), "ul.way") == []


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_list_is_a_file_with_states_persons_and_a_copy(board: Any, signatory: Any, kind: str) -> None:
    issued(board, signatory, corrects="1", reason="漏抄送部门")
    answer = board.get(f"/bulletins/bulletins.{kind}")
    content = b"".join(answer)
    if kind == "csv":
        text = content.decode("utf-8-sig")
    else:
        from openpyxl import load_workbook

        rows = load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
        text = "\n".join(",".join(str(cell) for cell in row if cell is not None) for row in rows)
    assert "更正第1期" in text and "已由第2期更正" in text and "签发人" in text
    [event] = Event.objects.filter(subject="bulletins")
    assert event.copy and event.copy in text and event.what == "export"


def test_a_list_costs_as_many_queries_for_few_as_for_many(
    board: Any, signatory: Any, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    issued(board, signatory)
    checked(board)
    with django_assert_max_num_queries(40) as captured:
        board.get("/bulletins/")
    one, first = len(captured), Bulletin.objects.get(number=2)
    for number in range(10, 40):
        first.pk, first.number = None, number
        first.save(force_insert=True)
    for _ in range(3):
        checked(board)
    with django_assert_max_num_queries(one):
        board.get("/bulletins/?sort=oldest")


@pytest.mark.parametrize("kind", ["docx", "pdf", "html"])
def test_each_copy_of_a_paper_bears_an_id_that_finds_who_took_it(board: Any, kind: str) -> None:
    import pymupdf

    copies = []
    for _ in range(2):
        content = board.get(f"/bulletins/1/bulletin.{kind}").content
        if kind == "docx":
            feet = [s.footer for s in Document(io.BytesIO(content)).sections]
            text = "".join(p.text for foot in feet for p in foot.paragraphs)
        elif kind == "pdf":
            text = pymupdf.open(stream=content)[-1].get_text()
        else:
            text = content.decode()
        copies.append(re.search(r"副本编号 ([a-z2-7]{8})", text)[1])
    assert copies[0] != copies[1]
    events = {event.copy: event for event in Event.objects.filter(what="export", subject="bulletin:1")}
    assert set(copies) <= set(events) and events[copies[0]].actor == "duty-officer"


# ------------------------------------------------------------------------------------ in a browser


@pytest.mark.browser
def test_from_draft_to_issued_to_corrected(page: Any, visit: Any, signing: str, site: str) -> None:
    context = visit()
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": signing, "url": site}])
    approving = context.new_page()

    def to_issue() -> None:
        page.get_by_role("button", name="核对", exact=True).click()
        page.locator("ol.stations li.at", has_text="已核对").wait_for()
        assert violations(page) == []
        approving.goto(page.url)
        assert violations(approving) == []
        approving.get_by_role("button", name="同意签发").press("Enter")
        approving.locator("ol.stations li.at", has_text="已审签").wait_for()
        page.reload()
        page.get_by_role("button", name="印发", exact=True).press("Enter")
        page.wait_for_url(re.compile(r"/bulletins/\d+/$"))

    page.goto("/bulletins/")
    page.get_by_role("button", name="开始起草").click()
    page.locator("article.gongwen").wait_for()
    to_issue()
    assert page.url.endswith("/bulletins/2/")
    if not page.get_by_label("更正原因").is_visible():  # it stands open where something has changed since
        page.get_by_text("另发更正").click()
    page.get_by_label("更正原因").fill("同一人在两校各报一次，已合并")
    page.get_by_role("button", name="起草更正").click()
    page.locator(".gw-correction", has_text="更正原因").wait_for()
    to_issue()
    assert page.url.endswith("/bulletins/3/") and violations(page) == []
    page.get_by_role("link", name="逐字看差别").first.click()
    page.locator(".diff ins", has_text="本期更正并代替").wait_for()
    assert violations(page) == []
    page.get_by_role("link", name="打开第2期").click()
    page.locator(".note.red", has_text="已由第3期更正").wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    for address in ("/bulletins/", "/bulletins/3/", "/bulletins/3/against/1/", "/bulletins/drafts/1/"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
