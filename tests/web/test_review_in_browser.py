"""The review in a browser: a hundred decisions by keyboard, undo, the list issued again with 5 % changed."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from tests.apart import committed_apart

from fangxian.access.models import Event, Seal
from fangxian.kernel.changes import head_position
from fangxian.kernel.models import Change, Head
from fangxian.matching import models as matching
from fangxian.matching.actions import NewCandidate, NewProposal, NewRun, add_list, bring_issue, record_run
from fangxian.matching.bringing import read_issue
from fangxian.matching.queries import one_list
from fangxian.matching.reviewing import work
from fangxian.registry.models import KeptContent, KeptFile, PersonState, Post
from fangxian.web import under_way

from .conftest import CLOCK, City
from .test_desk_in_browser import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
ROWS, CHANGED = 105, 5
HEADINGS = ["姓名", "性别", "身份证号", "手机号", "到达日期"]
TABLES = (
    matching.Answer, matching.Question, matching.Lead, matching.Reopening, matching.Decision,
    matching.Candidate, matching.Proposal, matching.Run, matching.Appearance, matching.RowState,
    matching.Row, matching.Issue, matching.List, matching.Source, KeptFile,
)  # fmt: skip


class Town:
    """A list of the city's pupils as an office wrote them, each with two candidates."""

    def __init__(self, listing: int) -> None:
        self.listing = listing
        pupils = Post.objects.filter(role="pupil", recorded_until=None).order_by("person_id")
        self.people = list(pupils.values_list("person_id", flat=True)[: ROWS + 1])
        names = dict(PersonState.objects.filter(person__in=self.people).values_list("person_id", "name"))
        self.lines = [
            [names[person], "女", "", f"1009000{place:04}", "2020-01-21"]
            for place, person in enumerate(self.people[:ROWS])
        ]

    def file(self) -> bytes:
        text = io.StringIO()
        csv.writer(text).writerows([HEADINGS, *self.lines])
        return text.getvalue().encode()

    def match(self, mark: str, stale_only: bool = False) -> None:
        """In the place of the matcher: the same candidates; `mark` where what was compared has changed."""
        states = list(
            matching.RowState.objects.filter(row__list=self.listing, recorded_until=None).order_by("row_id")
        )
        held = dict(
            matching.Proposal.objects.filter(recorded_until=None).values_list("row_id", "state__evidence")
        )
        made = [
            NewProposal(
                state.row_id,
                state.pk,
                "review",
                0.9 - place / 200,
                candidates=[
                    NewCandidate(self.people[place], 0.6, [("name", "equal")], f"{mark}{place}"),
                    NewCandidate(self.people[place + 1], 0.3, [("name", "different")], f"{mark}-{place}"),
                ],
            )
            for place, state in enumerate(states)
            if not stale_only or held.get(state.row_id) != state.evidence
        ]
        record_run(run=NewRun(self.listing, "1", 1, not stale_only, 9, made), by="matcher", now=CLOCK)


@pytest.fixture(scope="module")
def town(city: City, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Committed, so that the server's threads know it; taken away afterwards."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setattr(under_way, "launch", lambda work: None)
        start = head_position()
        listing = add_list(source="交通局", title="旅客名单", topic="returnees", by="officer", now=CLOCK)
        town = Town(listing)
        path = tmp_path_factory.mktemp("lists") / "旅客1.csv"
        path.write_bytes(town.file())
        imported = read_issue(listing, path, now=CLOCK)
        bring_issue(listing=listing, imported=imported, by="officer", now=CLOCK)
        town.match("a")
        yield town
        if connection.vendor == "sqlite":
            connection.ensure_connection()
        matching.Answer.objects.filter(recorded__gt=start).delete()
        matching.Question.objects.filter(recorded__gt=start).delete()
        matching.Decision.objects.filter(recorded__gt=start).exclude(undoes=None).delete()
        KeptContent.objects.filter(file__recorded__gt=start).delete()
        for model in TABLES:
            model._base_manager.filter(recorded__gt=start).delete()
        for log in (Event, Seal):
            log._base_manager.all().delete()
        Change.objects.filter(action__startswith="matching.", position__gt=start).delete()
        Head.objects.update(position=Change.objects.order_by("-position").first().position)
        under_way._runs.clear()


def decide(page: Any, key: str) -> None:
    here = page.locator("#decide").get_attribute("action")
    page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "here => document.querySelector('#decide') === null"
        " || document.querySelector('#decide').getAttribute('action') !== here",
        arg=here,
    )


def test_a_hundred_decisions_undo_and_the_next_issue(page: Any, town: Town) -> None:
    page.goto(f"/review/?list={town.listing}")
    page.locator("#c-1").wait_for()
    page.keyboard.press("Enter")
    assert page.locator(".prog b").inner_text() == "还剩105行", "Enter alone decides nothing"
    page.keyboard.press("1")
    assert "确认后：" in page.locator(".then-1").inner_text(), "what follows is said before it is confirmed"
    assert not page.locator(".then-0").is_visible()
    for number in range(100):
        decide(page, "1" if number % 3 else "0")
    assert page.locator(".prog b").inner_text() == "还剩5行"
    page.keyboard.press("u")
    page.get_by_text("还剩6行").wait_for()
    decide(page, "p")
    assert page.locator(".prog b").inner_text() == "还剩5行"
    done = work("somebody else", town.listing).progress
    assert (done.same, done.not_same, done.asked, done.left) == (66, 33, 1, 5)

    for line in town.lines[:CHANGED]:
        line[3] = line[3].replace("1009", "1008")
    town.lines[CHANGED][4] = "2020-01-22"  # no evidence of who it is
    page.goto(f"/lists/{town.listing}/")
    page.set_input_files(
        "input[type=file]", {"name": "旅客2.csv", "mimeType": "text/csv", "buffer": town.file()}
    )
    page.get_by_role("button", name="读取文件").click()
    page.get_by_role("button", name="保存 105 行").click()
    page.get_by_role("link", name="第2期").click()
    assert "改6行，新0行，重现0行，消失0行；不变99行" in page.locator("h2").first.inner_text().replace(
        " ", ""
    )
    committed_apart(lambda: town.match("b", stale_only=True))
    again = work("somebody else", town.listing)
    assert [each.why for each in again.queue[:CHANGED]] == ["evidence"] * CHANGED
    assert again.progress.done == 100 - CHANGED, "decisions of rows that did not change hold"
    assert matching.Decision.objects.filter(reopened=None, verdict="same").count() == 66 - 3
    page.goto(f"/review/?list={town.listing}")
    assert "重新打开" in page.locator(".note").first.inner_text()
    assert one_list(town.listing).counts.rows == ROWS


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(1440, "light", "zh-hans"), (1280, "dark", "en"), (390, "light", "en"), (390, "dark", "zh-hans")],
)
def test_axe_finds_nothing(
    visit: Callable[..., Any], site: str, town: Town, width: int, scheme: str, language: str
) -> None:
    context = visit(viewport={"width": width, "height": 844}, color_scheme=scheme)
    context.add_cookies([{"name": "django_language", "value": language, "url": site}])
    page = context.new_page()
    for address in (
        "/lists/",
        f"/lists/{town.listing}/",
        f"/lists/{town.listing}/issues/1/",
        "/lists/rosters/",
        f"/review/?list={town.listing}",
    ):
        page.goto(address)
        if page.locator("#c-0").count():
            page.keyboard.press("0")
        assert violations(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    page.goto(f"/lists/{town.listing}/")
    page.set_input_files("input[type=file]", {"name": "x.csv", "mimeType": "text/csv", "buffer": town.file()})
    page.locator("form[enctype] button").click()
    page.wait_for_load_state()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_a_row_is_decided_too(visit: Callable[..., Any], town: Town) -> None:
    page = visit(java_script_enabled=False).new_page()
    page.goto(f"/review/?list={town.listing}")
    left = page.locator(".prog b").inner_text()
    page.locator("#c-0").check()
    page.locator("fieldset.decide button").click()
    assert page.locator(".prog b").inner_text() != left
    page.locator("#undo button").click()
    assert page.locator(".prog b").inner_text() == left
