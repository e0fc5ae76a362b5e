"""The desk in a browser: four clicks to an answer, back in time, a reminder, a number; axe on every page."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest

from fangxian.access.models import Event
from fangxian.campaigns.models import Reminder
from fangxian.web import days

from .conftest import City

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BACK = "/figures/screening.university_students_back_from_hubei/"


def violations(page: Any) -> list[str]:
    """What axe finds, in words. It is evaluated beside the page, whose policy lets no other script in."""
    page.evaluate(AXE)
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})",
        RULES,
    )
    return [
        f"{one['id']}: {node['html'][:120]} {node.get('failureSummary', '')[:200]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.fixture(scope="module", autouse=True)
def counted(city: City, django_db_blocker: Any) -> Iterator[None]:
    """So that every page has its courses drawn."""
    with django_db_blocker.unblock():
        for day in days.days().missing(date(2020, 1, 24), date(2020, 2, 11)):
            days.days().count(day)
    yield


def test_three_wrong_numbers_in_a_text_are_found(page: Any) -> None:
    """Pasted at 18:40, mended, pasted again."""
    draft = "近期从湖北返回大学生{}人，少先队员{}名，签订疫情防控承诺书{}份。"
    page.goto("/bulletins/")
    page.get_by_role("link", name="核对稿件").click()
    page.get_by_label("粘贴文字").fill(draft.format("八百七十九", "１６０", "56"))
    page.get_by_role("button", name="核对数字").click()
    assert page.locator("h2").first.inner_text() == "3处数字不符"
    assert page.locator(".draft a.v-differs").all_inner_texts() == ["八百七十九1", "１６０2", "563"]
    assert violations(page) == []
    said = " ".join(page.locator(".verdicts").first.locator("li").all_inner_texts())
    right = re.findall(r"应为(\d+)", said)
    assert len(right) == 3
    page.get_by_label("粘贴文字").fill(draft.format(*right))
    page.keyboard.press("Tab")
    page.get_by_role("button", name="核对数字").click()
    assert page.locator("h2").first.inner_text() == "每个数字都对得上"


def test_from_the_board_to_one_persons_answers_in_four_clicks(page: Any) -> None:
    page.goto("/")
    clicks = [
        "#headlines a.fig[href*='university_students']",
        "table.parts tbody th a",
        "table.recs tbody th a",
    ]
    for target in clicks:
        page.locator(target).first.click()
        page.wait_for_load_state()
    assert len(clicks) < 4
    assert re.search(r"/records/\d+/", page.url) and "*" in page.locator("h1").inner_text()
    assert "湖北省" in page.locator("article.sheet-a").first.inner_text()


def test_back_to_the_30th_of_january_and_forward(page: Any) -> None:
    page.goto(BACK)
    now = page.locator(".hv .n").inner_text()
    page.fill("#as_of", "2020-01-30T18:20")
    page.get_by_role("button", name="查看", exact=True).click()
    page.wait_for_url("**as_of=2020-01-30T18**")
    page.get_by_label("后一天").click()
    page.wait_for_url("**as_of=2020-01-31T18**")
    assert page.locator(".hv .n").inner_text()
    page.get_by_role("link", name="指挥板").first.click()
    page.wait_for_load_state()
    assert "as_of=2020-01-31" in page.url, "the moment stays while one moves about"
    page.get_by_role("link", name="回到现在").click()
    page.goto(BACK)
    assert page.locator(".hv .n").inner_text() == now


def test_by_what_is_known_now_is_a_link_and_stays(page: Any) -> None:
    page.goto(f"{BACK}?as_of=2020-02-03T12:00")
    page.locator("details.known summary").click()
    page.get_by_role("link", name="改按现在所知").click()
    page.wait_for_url("**known_by=2020-02-12**")
    assert "2月12日" in page.locator("details.known summary").inner_text()


def test_a_reminder_is_sent_with_one_tap_and_stays(page: Any, writing: None) -> None:
    page.goto("/")
    row = page.locator("li.debtor", has=page.get_by_text("尚未提醒")).first
    unit = row.get_attribute("id")
    row.get_by_role("button", name="提醒").click()
    done = page.locator(f"[id='{unit}']", has_text="18:20已提醒")
    done.wait_for()
    assert done.get_by_role("button", name="已提醒").is_disabled()
    assert Reminder.objects.filter(unit__code=unit.removeprefix("u-")).exists()
    page.reload()
    assert "18:20已提醒" in page.locator(f"[id='{unit}']").inner_text()


def test_a_phone_is_masked_until_asked_for_and_the_look_is_written_down(page: Any, writing: None) -> None:
    page.goto("/owing/")
    looks = Event.objects.filter(classes="BC", subject__startswith="person:")
    before, row = looks.count(), page.locator("li.debtor").first
    assert "tel:" not in page.content()
    row.get_by_role("button", name="电话").click()
    row.locator("a[href^='tel:100']").wait_for()
    assert looks.count() == before + 1
    page.reload()
    assert "tel:" not in page.content(), "the next who opens it asks again"


def test_without_scripts_reminders_and_numbers_work_too(visit: Any) -> None:
    page = visit(java_script_enabled=False).new_page()
    page.goto("/owing/?campaign=learning-at-home")
    page.locator("li.debtor").last.get_by_role("button", name="电话").click()
    assert page.locator("a[href^='tel:100']").count() == 1
    page.get_by_role("link", name="返回").click()
    assert "/owing/" in page.url


def test_records_are_narrowed_without_leaving_the_page(page: Any) -> None:
    """The address and the files follow; back shows all of them again."""
    page.goto("/figures/staff.mobilised/")
    everybody = page.locator(".pager p").first.inner_text()
    page.get_by_label("上报方式").select_option("several")
    page.locator("#records input[name=to]").fill("2020-02-10")
    page.locator("#records").get_by_role("button", name="查找").click()
    page.locator("a.chip", has_text="多种方式").wait_for()
    assert "how=several" in page.url and "to=2020-02-10" in page.url
    assert page.locator(".pager p").first.inner_text() != everybody
    assert "how=several" in page.locator("#downloads a", has_text="CSV").get_attribute("href")
    page.locator("a.chip", has_text="多种方式").click()
    page.locator("a.chip", has_text="填报日").wait_for()
    assert page.locator("a.chip").count() == 1 and "how=" not in page.url


def test_the_keyboard_goes_through_the_map_and_opens_a_township(page: Any) -> None:
    page.goto("/")
    page.locator("svg.map a").first.focus()
    stroke = "e => getComputedStyle(e.querySelector('.cell')).strokeWidth"
    assert page.evaluate(f"({stroke})(document.activeElement)") == "3px", "focus is seen"
    page.keyboard.press("Enter")
    page.wait_for_url("**/owing/?unit=c**")


PAGES = [
    "/",
    "/owing/",
    "/outbox/",
    "/trend/",
    "/wall/",
    "/figures/",
    BACK,
    f"{BACK}?sort=day&from=2020-01-10&how=phone",
    "/figures/coverage.ten-ones/?part=missing",
    "/campaigns/",
    "/units/",
    "/proof/",
    "/attested/",
]


@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_nothing(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
    assert violations(page) == []


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_axe_finds_nothing_on_a_phone_and_in_the_dark(
    visit: Any,
    site: str,
    width: int,
    scheme: str,
) -> None:
    context = visit(viewport={"width": width, "height": 844}, color_scheme=scheme)
    if width == 390:  # English is the longer of the two
        context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page = context.new_page()
    page.goto(BACK)
    record = page.locator("table.recs tbody th a").first.get_attribute("href")
    for address in ("/", BACK, record, "/?as_of=2019-01-01T00:00"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
