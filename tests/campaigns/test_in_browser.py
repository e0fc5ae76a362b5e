"""An officer in a browser: from an XLSForm to a campaign that every school has, to its first answers on the
board."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from tests.browsers import serving
from tests.web.test_desk_in_browser import violations

from fangxian.campaigns.models import Campaign
from fangxian.submissions.actions import Sheet, receive
from fangxian.submissions.models import Submission

from .conftest import BY, CLOCK, Town
from .test_builder import book, envelope

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOTICE = "各校即日起实行门岗检查，12日18时前报首份。"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def served(lake: Any) -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.fixture
def browse(chromium: Any, served: str, visitor: Any) -> Iterator[Any]:
    """A page of a browser in which somebody has signed in; what the page's own policy objects to fails."""
    contexts, said = [], []

    def browsing(name: str, **options: Any) -> Any:
        context = chromium.new_context(base_url=served, locale="zh-CN", **options)
        contexts.append(context)
        value = visitor(name).cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": served}])
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield browsing
    for context in contexts:
        context.close()
    assert [text for text in said if "422" not in text] == []


def go_on(page: Any) -> None:
    page.get_by_role("button", name="保存并继续").click()
    page.wait_for_load_state()
    assert violations(page) == []


def test_from_an_xlsform_to_first_answers_on_the_board(browse: Any, town: Town, lake: Any) -> None:
    page = browse("bureau")
    page.goto("/campaigns/")
    page.get_by_role("link", name="新建活动").click()
    wrong = book(["integer", "x", "问", "Ask", "", "${nobody} > 1"])
    page.set_input_files("#f-file", {"name": "gate.xlsx", "mimeType": XLSX, "buffer": wrong})
    page.get_by_role("button", name="上传").click()
    assert "survey工作表第5行relevant列" in page.locator("#e-file").inner_text()
    page.set_input_files("#f-file", {"name": "gate.xlsx", "mimeType": XLSX, "buffer": book()})
    page.get_by_role("button", name="上传").click()
    page.wait_for_url("**/audience/")
    page.get_by_label("中小学校", exact=True).check()
    page.locator("#size b", has_text="3").wait_for()
    page.get_by_label("只限这个单位之下").fill("c1")
    page.locator("#size b", has_text="2").wait_for()
    page.get_by_label("只限这个单位之下").fill("")
    page.locator("#size b", has_text="3").wait_for()
    go_on(page)
    page.get_by_label("截止时间").fill("2020-02-14T18:00")
    go_on(page)
    assert "多少人？" in page.locator(".phone").inner_text()
    page.get_by_role("link", name="继续").click()
    page.wait_for_url("**/burden/")
    go_on(page)
    page.get_by_label("代码").fill("gate-check")
    page.get_by_label("英文名称").fill("Gate check")
    page.locator("#f-notice").fill(NOTICE)
    page.get_by_role("button", name="发布", exact=True).click()
    page.wait_for_url("**/campaigns/gate-check/")
    assert Campaign.objects.filter(code="gate-check").exists()

    head = browse("head", viewport={"width": 390, "height": 844})
    head.goto("/home/")
    assert NOTICE in head.locator(".notices").inner_text() and violations(head) == []
    head.get_by_role("button", name="已收到并读过").click()
    head.wait_for_load_state()
    assert head.locator(".notices").count() == 0
    assert Submission.objects.get().by == "head"

    sheet = Sheet("i-1", "unit", town.units["s1"], {"open": "yes", "people": 40})
    assert receive(envelopes=[envelope(sheet)], by=BY, now=CLOCK)[0].accepted
    lake()
    page.goto("/campaigns/")
    rows = page.locator("table.cover tbody tr").all_inner_texts()
    assert any("门岗检查" in row and "通知" not in row and "1" in row and "3" in row for row in rows), rows
    page.goto("/figures/coverage.gate-check/")
    assert page.locator(".hv .n").inner_text() == "1"
    page.goto("/figures/coverage.gate-check-notice/?part=missing")
    assert "单位s2" in page.locator("table.recs").inner_text()


@pytest.mark.once
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_axe_finds_nothing_on_any_step(browse: Any, town: Town, width: int, scheme: str) -> None:
    page = browse("bureau", viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto("/campaigns/new/")
    assert violations(page) == []
    page.locator("button[value=canteen]").click()
    page.wait_for_url("**/audience/")
    number = page.url.split("/")[5]
    for step in ("form", "audience", "schedule", "preview", "publish"):
        page.goto(f"/campaigns/new/{number}/{step}/")
        assert violations(page) == [], step
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, step


def test_without_scripts_it_works_too(browse: Any, town: Town) -> None:
    page = browse("bureau", java_script_enabled=False)
    page.goto("/campaigns/new/")
    page.locator("button[value=canteen]").click()
    page.get_by_label("中小学校", exact=True).check()
    page.get_by_role("button", name="保存并继续").click()
    assert page.url.endswith("/schedule/")
