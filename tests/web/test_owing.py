"""Who owes what: the engine's numbers by unit, reminders that are kept, looks that are written down."""

from typing import Any

import pytest
from lxml import html

from fangxian.access.models import Event
from fangxian.campaigns.models import Reminder
from fangxian.kernel.changes import head_position
from fangxian.kernel.models import Change
from fangxian.registry.models import PersonState, Unit
from fangxian.web import clock

from .conftest import City, css
from .test_pages import engine_values, number, parsed

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def rows(page: Any) -> list[Any]:
    return css(page, "li.debtor")


def code(row: Any) -> str:
    return row.get("id").removeprefix("u-")


def test_what_a_unit_owes_is_what_the_engine_misses_of_it(board: Any) -> None:
    seen = 0
    for row in rows(parsed(board.get("/owing/?campaign=learning-at-home"))):
        unit = Unit.objects.get(code=code(row))
        engine, at, id = engine_values(unit.code)
        missing = engine.value("coverage.learning-at-home", id, at).missing
        assert number(css(row, ".d-what b .n")[0]) == missing > 0
        seen += 1
    assert seen > 1


def test_all_that_is_missing_is_somebodys(board: Any) -> None:
    engine, at, id = engine_values()
    page = parsed(board.get("/owing/?campaign=learning-at-home"))
    owed = sum(number(css(row, ".d-what b .n")[0]) for row in rows(page))
    assert owed == engine.value("coverage.learning-at-home", id, at).missing


def test_what_is_late_comes_first(board: Any) -> None:
    late = [len(css(row, ".d-what b.alarm")) for row in rows(parsed(board.get("/owing/")))]
    assert late == sorted(late, reverse=True) and late[0] > 0


def test_a_reminder_is_kept_shown_and_changes_no_figure(board: Any) -> None:
    first, before = rows(parsed(board.get("/")))[0], head_position()
    response = board.post("/owing/remind/", {"debtor": code(first)}, headers=HTMX)
    assert response.status_code == 200
    row = html.fromstring(response.content.decode())
    assert "18:20已提醒" in row.text_content()
    kept = Reminder.objects.filter(unit__code=code(first))
    assert {r.at for r in kept} == {clock.latest()} and all(r.missing > 0 and r.text for r in kept)
    assert Change.objects.get(position=kept[0].recorded).action == "campaigns.remind"
    assert head_position() == before, "nothing is counted anew for a reminder"
    outbox = parsed(board.get("/outbox/")).text_content()
    assert kept[0].text in outbox and "演示不会真的发送" in outbox
    assert "18:20已提醒" in parsed(board.get("/")).text_content()


def test_nobody_is_reminded_of_the_same_twice_in_half_an_hour(board: Any) -> None:
    first = code(rows(parsed(board.get("/")))[0])
    assert board.post("/owing/remind/", {"debtor": first, "next": "/owing/"}).status_code == 302
    again = board.post("/owing/remind/", {"debtor": first})
    assert again.status_code == 409 and "30分钟内" in again.content.decode()


def test_all_that_are_late_are_reminded_at_once_and_then_nobody_is_left(board: Any) -> None:
    page = parsed(board.get("/"))
    late = int("".join(filter(str.isdigit, css(page, "#h-owe")[0].text)))
    response = board.post("/owing/remind/", {"debtor": "*"})
    assert response.status_code == 302 and response["Location"].endswith("#owing")
    assert Reminder.objects.values("unit").distinct().count() == late
    assert board.post("/owing/remind/", {"debtor": "*"}).status_code == 409


def test_reminders_are_of_today(board: Any) -> None:
    first = code(rows(parsed(board.get("/?as_of=2020-02-11T18:00")))[0])
    response = board.post("/owing/remind/?as_of=2020-02-11T18:00", {"debtor": first})
    assert response.status_code == 409 and "remind-today" in response.content.decode()


def test_a_number_is_shown_once_it_is_written_down(board: Any) -> None:
    first = code(rows(parsed(board.get("/")))[0])
    before = board.get("/owing/").content.decode()
    response = board.post("/owing/contact/", {"debtor": first}, headers=HTMX)
    phone = css(html.fromstring(response.content.decode()), "a")[0].text
    assert phone.startswith("100") and phone not in before
    look = Event.objects.get(subject__startswith="person:")
    assert (look.actor, look.classes, look.detail["fields"]) == ("duty-officer", "BC", "name phone")
    person = look.subject.removeprefix("person:")
    assert PersonState.objects.get(person=person, recorded_until=None).name in response.content.decode()
    assert Unit.objects.get(code=first).states.get().name in look.detail["purpose"]
    assert phone not in str(look.detail), "that it was seen, not what"


def test_without_scripts_a_number_has_a_page_of_its_own(board: Any) -> None:
    first = code(rows(parsed(board.get("/")))[0])
    page = parsed(board.post("/owing/contact/", {"debtor": first, "next": "/owing/"}))
    assert css(page, "main .shown a")[0].get("href").startswith("tel:100")
    assert css(page, "main a.btn")[0].get("href").startswith("/owing/?unit=")


@pytest.mark.parametrize(("debtor", "status"), [("nowhere", 404), ("lonely", 404)])
def test_who_is_not_there_or_has_nobody_is_told(board: Any, debtor: str, status: int) -> None:
    response = board.post("/owing/contact/", {"debtor": debtor})
    assert response.status_code == status and css(parsed(response), "[role=alert]")
    assert not Event.objects.filter(subject__startswith="person:").exists()


def test_the_list_costs_as_many_queries_for_many_as_for_one(
    board: Any, city: City, django_assert_max_num_queries: Any
) -> None:
    board.get("/owing/")
    with django_assert_max_num_queries(25):
        board.get("/owing/")


def test_one_press_on_ones_own_page_reminds_all_who_are_late(board: Any) -> None:
    """Whoever chases has it there, and it is gone once all are reminded."""
    reminding = '//form[starts-with(@action, "/owing/remind/")]'
    [form] = parsed(board.get("/home/")).xpath(reminding)
    [button] = form.iter("button")
    told = {one.get("name"): one.get("value") for one in form.iter("input")} | {"debtor": button.get("value")}
    before = set(Reminder.objects.values_list("pk", flat=True))
    answer = board.post(form.get("action"), told)
    assert answer.status_code == 302 and answer["Location"].startswith("/home/")
    reminded = Reminder.objects.exclude(pk__in=before).values("unit").distinct().count()
    assert str(reminded) in button.text_content() and reminded > 0
    assert not parsed(board.get("/home/")).xpath(reminding)
