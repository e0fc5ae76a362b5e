"""Forms in a browser: a class in a few taps, a family by its link, an inspector without signal."""

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from tests.apart import committed_apart
from tests.browsers import shoot
from tests.web.test_desk_in_browser import violations

from fangxian.kernel.home import current_home
from fangxian.kernel.sealed_files import open_sealed, place
from fangxian.submissions.models import Attachment, Submission

from .conftest import sign_in
from .town import PUPILS, Town

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
Phone = Callable[..., Any]
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}  # bytes/s
LARGEST = 60_000


def photo(path: Path) -> Path:
    """Larger than what is sent."""
    wide, high = 2400, 1800
    grain = random.Random(1).randbytes(wide * high)
    pymupdf.Pixmap(pymupdf.csGRAY, wide, high, grain, 0).save(path, "jpeg")
    return path


def ready(page: Any) -> None:
    """The page and what it needs lie on the phone."""
    page.wait_for_selector("body[data-offline=ready]", state="attached")


ROWS = """() => new Promise((done) => {
  const asked = indexedDB.open("fangxian", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("queue", { keyPath: "id" });
  asked.onsuccess = () => {
    const all = asked.result.transaction("queue").objectStore("queue").getAll();
    const told = (row) => new TextDecoder("latin1").decode(row.sealed) + Object.keys(row);
    all.onsuccess = () => { asked.result.close(); done(all.result.map(told)); };
  };
})"""


def unsent(page: Any) -> int:
    return len(page.evaluate(ROWS))


def test_a_class_teacher_marks_two_and_signs_for_the_rest(town: Town, phone: Phone) -> None:
    page = phone("teacher").new_page()
    page.goto("/fill/morning/")
    assert page.locator("#send").inner_text() == f"{PUPILS}人健康，0人异常，签字上报"
    for at in (2, 30):
        page.locator(f"input[data-key='{town.pupils[at]}']").tap()
    assert page.locator("#send").inner_text() == f"{PUPILS - 2}人健康，2人异常，签字上报"
    ill, away = (page.locator(f"[data-sheet='{town.pupils[at]}']") for at in (2, 30))
    assert not ill.get_by_label("体温").is_visible(), "it is asked of whoever is ill"
    page.locator("#send").click()
    errors = page.locator("#errors li")
    assert errors.count() == 2 and "学生03" in errors.first.inner_text()
    ill.get_by_text("异常").click()
    ill.get_by_label("体温").press_sequentially("50")
    away.get_by_text("缺勤").click()
    page.locator("#send").click()
    assert page.locator("#errors li").inner_text() == "学生03: “体温”：体温应在34到43之间。"
    assert violations(page) == []
    ill.get_by_label("体温").fill("37.8")
    page.locator("#send").click()
    page.wait_for_url("**/fill/morning/?sent=yes")
    rows = Submission.objects.filter(campaign__code="morning", subject__in=town.pupils)
    assert rows.count() == PUPILS and len({row.envelope_id for row in rows}) == 1
    assert rows.get(subject=town.pupils[2]).answers == {"state": "ill", "temperature": 37.8}
    assert unsent(page) == 0
    assert violations(page) == []


def test_a_father_by_his_link_answers_once_for_two_schools(town: Town, phone: Phone) -> None:
    page = phone().new_page()
    page.goto(f"/h/{town.link}/")
    page.get_by_role("link", name="今日健康填报").click()
    one, two = (page.locator(f"[data-sheet='{who}']") for who in (town.pupils[0], town.others[0]))
    for label in ("有没有不舒服？", "有没有离开宣威？"):
        one.get_by_role("group", name=label).get_by_text("没有", exact=True).click()
    one.get_by_label("今天早上的体温").fill("36.5")
    page.get_by_role("button", name="和学生01一样").click()
    assert two.get_by_label("今天早上的体温").input_value() == "36.5"
    assert not two.get_by_label("哪里不舒服？").is_visible()
    two.get_by_role("group", name="有没有不舒服？").get_by_text("有", exact=True).click()
    two.get_by_label("哪里不舒服？").fill("咳嗽")
    assert violations(page) == []
    page.locator("#send").click()
    page.wait_for_url("**?sent=yes")
    rows = Submission.objects.filter(campaign__code="at-home", household=None, by=f"household:{town.family}")
    assert {row.subject: row.answers["unwell"] for row in rows} == {
        town.pupils[0]: "no",
        town.others[0]: "yes",
    }
    assert len({row.envelope_id for row in rows}) == 1


def test_an_inspector_without_signal_closes_the_browser_and_the_photo_arrives_once(
    town: Town, phone: Phone, tmp_path: Path
) -> None:
    taken = photo(tmp_path / "gate.jpg")
    away = phone("inspector", "inspector")
    page = away.new_page()
    page.goto("/fill/visit/unit/s2/")
    ready(page)
    away.set_offline(True)
    page.reload()
    assert page.locator("#send").inner_text() == "存好，有网时自动上报"
    assert page.locator("#offline").is_visible()
    page.get_by_role("group", name="校门有人值守吗？").get_by_text("有", exact=True).click()
    page.get_by_label("几个人？").fill("2")
    page.set_input_files("input[type=file]", taken)
    page.get_by_label("地点").fill("26.22，104.10")
    page.locator("#send").click()
    page.get_by_text("还有1份没有上报").wait_for()
    assert unsent(page) == 1 and not Submission.objects.filter(campaign__code="visit").exists()
    held = page.evaluate(ROWS)
    assert "id,owner,state,iv,sealed" in held[0] and "s2-open" not in held[0], "it lies there sealed"
    away.close()
    back = phone("", "inspector")
    back.set_offline(True)
    page = back.new_page()
    page.goto("/fill/visit/unit/s2/")
    page.get_by_text("还有1份没有上报").wait_for()
    back.set_offline(False)
    page.get_by_text("已全部上报。").wait_for()
    row = Submission.objects.get(campaign__code="visit")
    assert row.answers["count"] == 2 and row.answers["place"] == "26.22 104.10" and row.by == "inspector"
    kept = Attachment.objects.get(submission=row)
    assert kept.media == "image/jpeg" and kept.size < taken.stat().st_size
    content = b"".join(open_sealed(place(current_home().attachments, kept.digest)))
    shrunk = pymupdf.Pixmap(content)
    assert (shrunk.width, shrunk.height) == (1600, 1200)
    assert unsent(page) == 0
    page.goto("/fill/visit/")
    assert page.locator("li", has_text="第2小学").get_by_text("更正").count() == 1


def trip(page: Any, number: int) -> Any:
    return page.get_by_role("group", name=f"行程 {number}")


def test_rows_filled_in_without_signal_arrive_as_rows(town: Town, phone: Phone, tmp_path: Path) -> None:
    ticket = photo(tmp_path / "ticket.jpg")
    who = town.third[0]
    address = f"/fill/travel/person/{who}/"
    away = phone("teacher3", "teacher3")
    page = away.new_page()
    page.goto(address)
    ready(page)
    away.set_offline(True)
    page.reload()
    add = page.get_by_role("button", name="加一行")
    assert not add.is_visible(), "rows are asked of whoever was away"
    page.get_by_role("group", name="一月以来离开过吗？").get_by_text("有", exact=True).tap()
    page.get_by_label("家里几口人？").fill("4")
    for where in ("武汉", "不去了", "曲靖"):
        add.tap()
        row = page.locator("[data-row]:visible").last
        row.get_by_label("去了哪里？").fill(where)
    trip(page, 2).get_by_role("button", name="去掉这一行").tap()
    assert trip(page, 2).get_by_label("去了哪里？").input_value() == "曲靖"
    trip(page, 1).get_by_label("哪天去的？").fill("2020-01-20")
    assert not trip(page, 1).get_by_label("几号车厢？").is_visible()
    assert not trip(page, 1).get_by_role("heading", name="火车").is_visible(), "nothing of the group is asked"
    trip(page, 1).get_by_role("radio", name="火车").check()
    trip(page, 2).get_by_label("哪天去的？").fill("2031-01-01")
    trip(page, 2).locator("input[type=file]").set_input_files(ticket)
    page.locator("#send").tap()
    told = page.locator("#errors li").all_inner_texts()
    assert len(told) == 2 and "几号车厢" in told[0] and "那天还没有到。" in told[1]
    assert violations(page) == []
    shoot(page, "rows")
    trip(page, 1).get_by_label("几号车厢？").fill("7")
    trip(page, 2).get_by_label("哪天去的？").fill("2020-02-01")
    add.tap()
    page.locator("#send").tap()
    page.get_by_text("还有1份没有上报").wait_for()
    assert not Submission.objects.filter(campaign__code="travel").exists()
    away.close()
    back = phone("", "teacher3")
    page = back.new_page()
    page.goto(address)
    page.get_by_text("已全部上报。").wait_for()
    row = Submission.objects.get(campaign__code="travel", subject=who)
    photos = list(Attachment.objects.filter(submission=row).values_list("name", flat=True))
    assert len(photos) == 1
    assert row.answers == {
        "away": "yes",
        "people": 4,
        "trips": [
            {"where": "武汉", "left": "2020-01-20", "how": "train", "coach": 7},
            {"where": "曲靖", "left": "2020-02-01", "ticket": photos[0]},
        ],
    }
    assert unsent(page) == 0
    page.goto(address)
    assert trip(page, 2).get_by_label("去了哪里？").input_value() == "曲靖"


def test_rows_that_were_refused_come_back_as_they_were(town: Town, phone: Phone) -> None:
    who = town.third[1]
    address = f"/fill/travel/person/{who}/"
    away = phone("teacher3")
    page = away.new_page()
    page.goto(address)
    ready(page)
    page.get_by_role("group", name="一月以来离开过吗？").get_by_text("有", exact=True).tap()
    page.get_by_label("家里几口人？").fill("4")
    for where in ("武汉", "曲靖"):
        page.get_by_role("button", name="加一行").tap()
        row = page.locator("[data-row]:visible").last
        row.get_by_label("去了哪里？").fill(where)
        row.get_by_label("哪天去的？").fill("2020-01-20")
    refuse = {
        "outcome": "refused",
        "faults": {str(who): {"trips[2].where": "“去了哪里？”：不对。"}},
        "problems": [],
    }
    away.route(
        f"**{address}",
        lambda route: (
            route.fulfill(status=422, json=refuse) if route.request.method == "POST" else route.continue_()
        ),
    )
    away.set_offline(True)
    page.locator("#send").tap()
    page.get_by_text("还有1份没有上报").wait_for()
    away.set_offline(False)
    page.get_by_text("这一份没有收下").wait_for()
    page.reload()
    page.get_by_role("link", name="修改").click()
    page.locator("#errors:not([hidden])").wait_for()
    assert [trip(page, at).get_by_label("去了哪里？").input_value() for at in (1, 2)] == ["武汉", "曲靖"]
    assert trip(page, 2).locator(".err:visible").inner_text() == "“去了哪里？”：不对。"
    away.unroute(f"**{address}")
    trip(page, 2).get_by_label("去了哪里？").fill("昆明")
    page.locator("#send").tap()
    page.wait_for_url("**?sent=yes")
    row = Submission.objects.get(campaign__code="travel", subject=who)
    assert [one["where"] for one in row.answers["trips"]] == ["武汉", "昆明"] and unsent(page) == 0


def test_what_waits_is_the_owners_alone_and_goes_dark_at_sign_out(town: Town, phone: Phone) -> None:
    shared = phone("teacher2")
    page = shared.new_page()
    page.goto("/fill/morning/")
    ready(page)
    shared.set_offline(True)
    page.locator("#send").click()
    page.get_by_text("还有1份没有上报").wait_for()
    shared.set_offline(False)
    before = Submission.objects.filter(by="teacher2", campaign__code="morning").count()
    page.get_by_text("已全部上报。").wait_for()
    assert Submission.objects.filter(by="teacher2", campaign__code="morning").count() == before + 5
    page.goto(f"/fill/at-home/person/{town.others[2]}/")
    ready(page)
    shared.set_offline(True)
    fill_at_home(page)
    page.get_by_text("还有1份没有上报").wait_for()
    assert kept_pages(page) > 0
    shared.route("**/fill/at-home/**", lambda route: route.abort())
    shared.set_offline(False)
    page.goto("/accounts/logout/")
    page.locator("main button").first.click()
    page.wait_for_url(lambda address: "logout" not in address)
    assert kept_pages(page) == 0, "with the pages goes the key"
    shared.unroute("**/fill/at-home/**")
    sign_in(shared, "teacher3")
    page.goto("/fill/morning/")
    ready(page)
    assert page.locator("#queue").is_hidden() and unsent(page) == 1
    assert not Submission.objects.filter(by="teacher2", campaign__code="at-home").exists()
    sign_in(shared, "teacher2")
    page.goto("/fill/morning/")
    page.get_by_text("已全部上报。").wait_for()
    assert Submission.objects.get(campaign__code="at-home", subject=town.others[2]).by == "teacher2"
    assert unsent(page) == 0


def kept_pages(page: Any) -> int:
    return page.evaluate(
        "async () => (await caches.has('fangxian-pages-1')) ? (await (await caches.open('fangxian-pages-1'))"
        ".keys()).filter((one) => one.url.includes('/fill/')).length : 0"
    )


def test_what_was_refused_is_shown_and_can_be_mended(town: Town, phone: Phone) -> None:
    from fangxian.submissions.actions import retract

    from .town import CLOCK

    away = phone("teacher")
    page = away.new_page()
    who = town.pupils[7]
    page.goto(f"/fill/at-home/person/{who}/")
    ready(page)
    fill_at_home(page)
    page.wait_for_url("**?sent=yes")
    page.goto(f"/fill/at-home/person/{who}/")
    ready(page)
    away.set_offline(True)
    fill_at_home(page)
    page.get_by_text("还有1份没有上报").wait_for()
    old = Submission.objects.get(campaign__code="at-home", subject=who)
    withdrawn = [old.instance_id]
    committed_apart(lambda: retract(instance_ids=withdrawn, reason="test", by="test", now=CLOCK))
    away.set_offline(False)
    page.get_by_text("这一份没有收下").wait_for()
    page.reload()
    assert unsent(page) == 1
    page.get_by_role("link", name="修改").click()
    page.wait_for_load_state()
    page.locator("#errors:not([hidden])").wait_for()
    assert page.get_by_label("今天早上的体温").input_value() == "36.5"
    page.locator("#send").click()
    page.wait_for_url("**?sent=yes")
    assert unsent(page) == 0


def fill_at_home(page: Any) -> None:
    for label in ("有没有不舒服？", "有没有离开宣威？"):
        page.get_by_role("group", name=label).get_by_text("没有", exact=True).click()
    page.get_by_label("今天早上的体温").fill("36.5")
    page.locator("#send").click()


@pytest.mark.once
@pytest.mark.parametrize(
    "address", ["/fill/", "/fill/morning/", "/fill/visit/unit/s3/", "/fill/visit/", "/fill/travel/person/{}/"]
)
def test_light_enough_for_a_slow_phone(town: Town, phone: Phone, address: str) -> None:
    """All that the first load brings, and when something is drawn: 3G, a processor four times slower."""
    name = "inspector" if "visit" in address else "teacher3"
    address = address.format(town.third[2])
    context = phone(name, reduced_motion="reduce")
    page = context.new_page()
    page.goto("about:blank")
    tools = context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.send("Network.emulateNetworkConditions", SLOW)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    brought: list[float] = []
    tools.on("Network.loadingFinished", lambda told: brought.append(told["encodedDataLength"]))
    page.goto(address, wait_until="load")
    page.wait_for_timeout(500)
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    began = page.evaluate("performance.getEntriesByType('navigation')[0].responseStart")
    print(address, sum(brought), painted, began)  # noqa: T201
    assert sum(brought) < LARGEST
    assert painted > 0


LOOKS = """() => [...document.querySelectorAll("body, body *")].map((one) => {
  const style = getComputedStyle(one);
  const told = [...style].map((name) => `${name}: ${style.getPropertyValue(name)}`);
  return `${one.tagName}.${one.className} ${told.join("; ")}`;
})"""


@pytest.mark.once
def test_the_first_page_looks_as_every_later_one(town: Town, phone: Phone) -> None:
    """It brings what forms need of the stylesheet; those after it have the whole."""
    context = phone("teacher3", service_workers="block", reduced_motion="reduce")
    page = context.new_page()
    who = town.third[4]
    for address in (
        "/fill/",
        "/fill/morning/",
        f"/fill/travel/person/{who}/",
        f"/fill/morning/person/{who}/",
    ):
        context.clear_cookies(name="style")
        looks = []
        for inline in (1, 0):
            page.goto(address)
            assert page.locator("head style").count() == inline
            page.wait_for_selector("#queue.info", state="attached")  # the script has looked what waits
            if "travel" in address:
                page.get_by_role("group", name="一月以来离开过吗？").get_by_text("有", exact=True).tap()
                page.get_by_role("button", name="加一行").tap()
            looks.append(page.evaluate(LOOKS))
        pairs = [(one.split("; "), other.split("; ")) for one, other in zip(*looks, strict=True)]
        differ = [(one[0], sorted({*one} ^ {*other})) for one, other in pairs if one != other]
        assert not differ, (address, differ[:3])


@pytest.mark.once
def test_english_and_large_type(town: Town, phone: Phone) -> None:
    context = phone("teacher3", viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto("/fill/morning/")
    page.get_by_role("button", name="English").click()
    page.wait_for_load_state()
    assert re.search(r"6 well, 0 not", page.locator("#send").inner_text())
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 320, "nothing is to be scrolled sideways"
    sizes = page.eval_on_selector_all(
        ".seat, #send", "all => all.map((one) => one.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 44
