"""What only a browser shows: the way from the board to a record, the switch, the controls, a phone."""

from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db]


def test_from_the_board_to_a_figure_its_part_and_its_records(page: Any) -> None:
    page.goto("/")
    page.locator("a.line[href*='/students.pupils/']").click()
    whole = page.locator(".hv .n").inner_text()
    page.locator("table.parts tbody th a").first.click()
    part = page.locator(".hv .n").inner_text()
    assert 0 < int(part) < int(whole)
    assert "unit=" in page.url and "as_of=2020-02-12" in page.url
    assert "*" in page.locator("table.recs tbody th").first.inner_text()
    page.go_back()
    assert page.locator(".hv .n").inner_text() == whole


def test_records_are_searched_in_place(page: Any) -> None:
    page.goto("/figures/students.pupils/")
    page.fill("input[name=q]", "李")
    page.locator("form.filters button").click()
    page.wait_for_url("**q=**")
    page.wait_for_function(
        "[...document.querySelectorAll('table.recs tbody th')].every(e => e.textContent.startsWith('李'))"
    )
    assert page.locator("table.recs tbody tr").count() > 0


def test_the_switch_changes_the_language_and_keeps_the_page(page: Any) -> None:
    page.goto("/figures/?unit=z1")
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="Which figures are counted here?").wait_for()
    assert "unit=z1" in page.url
    assert "演示数据" in page.locator(".demo").inner_text()
    page.get_by_role("button", name="简体中文").click()
    page.get_by_role("heading", name="这里统计哪些数字？").wait_for()


def test_the_moment_is_changed_by_its_control(page: Any) -> None:
    page.goto("/figures/screening.rounds/")
    now = int(page.locator(".hv .n").inner_text())
    page.fill("#as_of", "2020-02-03T12:00")
    page.get_by_role("button", name="查看").click()
    page.wait_for_url("**as_of=2020-02-03T12**")
    assert int(page.locator(".hv .n").inner_text()) < now
    page.get_by_label("前一天").click()
    page.wait_for_url("**as_of=2020-02-02T12**")


def test_the_board_tells_the_change_since_the_day_before(page: Any) -> None:
    page.goto("/")
    page.locator("#headlines .fig-d", has_text="昨日24时").first.wait_for()


@pytest.mark.parametrize(
    "address", ["/", "/figures/coverage.ten-ones/", "/campaigns/", "/problems/", "/units/"]
)
def test_a_phone_scrolls_tables_not_the_page(page: Any, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.evaluate(
        "[...document.querySelectorAll('.btn, .nav a, .line, .step, .pick, button')]"
        ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 41)"
        ".map(e => e.outerHTML.slice(0, 80))"
    )
    assert small == [], "what a finger hits is large enough"


def test_the_keyboard_reaches_the_content_first(page: Any) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
