"""A caller with a phone in the hand: three households, one reached with children in two schools, one that
does not answer, one whose number is wrong; the board counts along, and the class teacher mends the number."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from tests.browsers import serving, shoot
from tests.matching.world import bring, propose, rows_of
from tests.web.test_desk_in_browser import violations

from fangxian.access.models import Event
from fangxian.desk import queries
from fangxian.desk.models import Attempt, Lease
from fangxian.figures.engine import Engine
from fangxian.figures.moments import as_of
from fangxian.figures.sync import sync_lake
from fangxian.kernel.home import Home
from fangxian.kernel.secrets import make_keys
from fangxian.lake import apart
from fangxian.matching.actions import add_list
from fangxian.matching.models import Lead
from fangxian.registry.tree import forget_trees
from fangxian.submissions.models import Submission
from fangxian.web import clock, counting, remembered

from .conftest import NOW, SOUND, Desk, at, build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LATER = at(12, 11)


@pytest.fixture
def open_desk(
    transactional_db: None, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Desk, Home]]:
    """Committed, in a data folder with a lake."""
    home = Home(tmp_path / "home").make()
    make_keys(home.keys, bytes(range(96)))
    monkeypatch.setenv("FANGXIAN_HOME", str(home.path))
    for name in ("now", "latest"):
        monkeypatch.setattr(f"fangxian.web.clock.{name}", lambda: LATER)
    _forget()
    desk = build()
    sync_lake(home)
    yield desk, home
    _forget()
    apart.close()


def _forget() -> None:
    counting.forget()
    forget_trees()
    queries.forget()
    remembered.PAGES.forget()


@pytest.fixture
def served(open_desk: Any) -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.fixture
def visit(open_desk: tuple[Desk, Home], served: str, chromium: Any) -> Iterator[Callable[..., Any]]:
    opened = []

    def visiting(name: str, language: str = "zh-hans", **options: Any) -> Any:
        client = Client()
        client.force_login(open_desk[0].accounts[name])
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context = chromium.new_context(**{"base_url": served, "locale": "zh-CN"} | options)
        opened.append(context)
        context.set_default_timeout(20_000)
        cookies = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: language}
        context.add_cookies([{"name": n, "value": value, "url": served} for n, value in cookies.items()])
        return context.new_page()

    yield visiting
    for context in opened:
        context.close()


def coverage(home: Home) -> tuple[int, int]:
    """Households with a report in the round, out of those asked, as the figure has it."""
    sync_lake(home)
    value = Engine(home).all(as_of(LATER))["coverage.screening"]
    return int(value.counted.max()), int(value.of.max())


PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def test_a_caller_through_three_households(open_desk: tuple[Desk, Home], visit: Callable[..., Any]) -> None:
    desk, home = open_desk
    assert coverage(home) == (0, 5)
    page = visit("caller", **PHONE)
    page.goto("/calls/")
    assert violations(page) == []
    assert "丁" not in page.inner_text("main"), "nobody is named before a lease"
    page.get_by_role("button", name="下一户").click()

    assert page.inner_text("h1") == "丁一、丁二"
    assert page.locator("a[href='tel:10000000000']").is_visible()
    assert violations(page) == []
    for child in ("丁一", "丁二"):
        answer(page.locator("fieldset.member", has_text=child))
    shoot(page, "call")
    page.get_by_role("button", name="已联系上").click()
    other_than(page, "丁一、丁二")

    unanswered = page.inner_text("h1")
    page.get_by_role("button", name="无人接听").click()
    other_than(page, unanswered)
    wrong = page.inner_text("h1")
    page.keyboard.press("3")
    other_than(page, wrong)

    assert {unanswered, wrong} == {"王三", "钱六"}
    assert coverage(home) == (3, 5)
    sheets = Submission.objects.filter(household=desk.homes["丁"])
    assert {row.answers["outcome"] for row in sheets} == {"reached"} and sheets.count() == 2
    assert list(Attempt.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "reached",
        "no_answer",
        "wrong_number",
    ]
    looks = Event.objects.filter(actor="caller", classes="C", subject__startswith="household:")
    assert looks.values("subject").distinct().count() == 4, "each look at a number is written down"

    page.goto("/calls/")
    page.get_by_role("button", name="交班").click()
    page.wait_for_url("**/home/**")
    assert not Lease.objects.filter(until__gt=clock.machine()).exists()

    mending = visit("teacher", **PHONE)
    mending.goto("/numbers/")
    assert violations(mending) == []
    row = mending.locator("ul.mend li")
    assert row.count() == 1 and wrong in row.inner_text()
    mending.select_option("select[name=person]", index=1)
    mending.fill("input[name=phone]", "1000-0007 777")
    mending.get_by_role("button", name="登记").click()
    mending.wait_for_selector(".empty")
    home_of = {child: family for family, child in (("王", "王三"), ("钱", "钱六"))}
    numbers = queries.numbers([desk.homes[home_of[wrong]]], day=NOW.date(), position=queries.head_position())
    assert [len(found) for found in numbers.values()] == [1]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_whom_a_list_names_is_called_and_is_somebody_else(
    open_desk: tuple[Desk, Home], visit: Callable[..., Any], tmp_path: Any, language: str
) -> None:
    desk, _home = open_desk
    listing = add_list(source="交通局", title="火车旅客", topic="returnees_hubei", by="office", now=at(12, 8))
    bring(tmp_path, listing, [("李四", "男", "", "", "", "")], 12)
    propose(listing, *rows_of(listing), desk.people["李四"], decision="auto", probability=0.99, day=12)
    office = visit("officer", viewport={"width": 1280, "height": 800}, language=language)
    office.goto(f"/lists/{listing}/")
    office.locator("form[action$='/call/'] button").click()
    office.wait_for_url("**called=1-0-0")
    assert violations(office) == []
    shoot(office, f"list-called-{language}")

    page = visit("caller", **PHONE, language=language)
    page.goto("/calls/")
    page.locator("form.take button").click()
    assert page.inner_text("h1") == "李四"
    assert "交通局" in page.inner_text("fieldset.member >> nth=0")
    assert violations(page) == []
    for question, value in SOUND.items():
        code = value if isinstance(value, str) else value[0]
        page.locator(f"input[name=p{desk.people['李四']}-{question}][value={code}]").check()
    page.locator("input[name=denied]").check()
    shoot(page, f"call-claimed-{language}")
    page.locator("button[value=reached]").click()
    other_than(page, "李四")
    assert not Lead.objects.filter(recorded_until=None).exists()
    office.goto("/review/")
    assert ("电话核实" if language == "zh-hans" else "a call told") in office.inner_text("main")
    assert violations(office) == []
    shoot(office, f"review-denied-{language}")


def other_than(page: Any, named: str) -> None:
    """Wait until another household is open."""
    from playwright.sync_api import expect

    expect(page.locator("h1")).not_to_have_text(named)


def answer(member: Any) -> None:
    member.get_by_label("本市中小学（幼儿园）学生").check()
    member.get_by_label("未离开宣威").check()
    member.get_by_label("在家", exact=True).check()
    member.get_by_role("group", name="是否与湖北返回人员接触过").get_by_label("否").check()
    member.get_by_label("无", exact=True).check()


def test_what_is_asked_follows_the_answers_and_faults_lose_nothing(
    open_desk: tuple[Desk, Home], visit: Callable[..., Any]
) -> None:
    page = visit("caller", viewport={"width": 1280, "height": 900})
    page.goto("/calls/")
    page.get_by_role("button", name="下一户").click()
    child = page.locator("fieldset.member").first
    assert child.get_by_text("返回宣威日期").count() == 0
    child.get_by_label("湖北省", exact=True).check()
    child.get_by_text("返回宣威日期").wait_for()
    page.fill("#note", "晚上再问爷爷")
    shoot(page, "call-wide")
    page.get_by_role("button", name="已联系上").click()
    page.get_by_role("alert").wait_for()
    assert child.get_by_label("湖北省", exact=True).is_checked()
    assert page.input_value("#note") == "晚上再问爷爷"
    assert violations(page) == []
    assert not Submission.objects.exists()
    page.get_by_role("alert").get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.name || location.hash")


def test_another_callers_household_is_not_there(
    open_desk: tuple[Desk, Home], visit: Callable[..., Any]
) -> None:
    desk, _home = open_desk
    visit("caller").goto("/calls/")
    page = visit("second")
    answer = page.goto(f"/calls/{desk.homes['丁']}/")
    assert answer.status == 404 and "丁" not in page.inner_text("main")
