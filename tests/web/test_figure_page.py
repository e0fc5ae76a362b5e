"""A figure's page and its records' pages: the engine's numbers, and several ways to them."""

import csv
import re
from typing import Any

import pytest
from lxml import html

from fangxian.access.models import Event
from fangxian.figures import inside
from fangxian.figures.trend import program
from fangxian.matching.replies import Confirmed
from fangxian.publishing.models import Bulletin
from fangxian.publishing.queries import FigureChange
from fangxian.publishing.references import Reference
from fangxian.registry.models import PersonState
from fangxian.submissions.models import Submission, Verification
from fangxian.web import asking, counting, remembered
from fangxian.web.views import bulletins

from .conftest import LONELY, css
from .test_pages import engine_values, number, parsed

pytestmark = [pytest.mark.once, pytest.mark.django_db]
BACK = "/figures/screening.university_students_back_from_hubei/"


def ways(page: Any) -> list[float]:
    return [number(css(way, "b .n")[0]) for way in css(page, ".checks li")]


def test_every_figure_is_reckoned_in_several_ways_that_agree(board: Any) -> None:
    engine, at, id = engine_values()
    several = 0
    for figure in engine.figures(at):
        value = engine.value(figure, id, at)
        if value is not None:
            found = ways(parsed(board.get(f"/figures/{figure}/")))
            assert set(found) == {value.value}, figure
            several += len(found) > 1
    assert several > 20


def test_a_way_that_comes_to_another_number_is_said(board: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fangxian.web.views.figures.inside.checks", lambda *_all: [wrong()])
    page = parsed(board.get("/figures/students.pupils/"))
    assert css(page, ".checks b.alarm") and "不能写进通报" in page.text_content()


def wrong() -> Any:
    from fangxian.figures.results import Check

    return Check("students.pupils", 1, 7, 7, 0, 0, 7)


def test_where_it_comes_from_is_what_the_ledger_says_of_its_answers(board: Any) -> None:
    engine, at, id = engine_values()
    table = engine.records("screening.university_students_back_from_hubei", id, at)
    channels = [
        set(Submission.objects.filter(pk__in=because).values_list("channel", flat=True))
        for because in table["because"].to_pylist()
    ]
    confirmed = [
        set(
            Verification.objects.filter(submission__in=because, recorded_until=None).values_list(
                "how", flat=True
            )
        )
        for because in table["because"].to_pylist()
    ]
    shown = [
        sorted(int(css(part, "b")[0].text_content()) for part in css(figure, "li"))
        for figure in css(parsed(board.get(BACK)), "figure.origin")
    ]
    both = ["both" if "list" in how and len(how) > 1 else how for how in confirmed]
    assert shown == [counts(channels), counts(both)]


def test_what_calls_and_what_lists_confirm_overlaps_and_adds_up_in_each_unit(
    board: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(sheets: Any, _position: int) -> dict[int, Confirmed]:
        hows = (frozenset({"list"}), frozenset({"list", "second_call"}), frozenset({"document"}))
        of = ((7, "铁路局", "到站名单"),)
        return {pk: Confirmed(hows[pk % 3], of if "list" in hows[pk % 3] else ()) for pk in sheets}

    monkeypatch.setattr("fangxian.web.origins.confirmations", told)
    monkeypatch.setattr(remembered, "KEPT", ())
    engine, at, id = engine_values()
    table = engine.records(BACK.split("/")[2], id, at)
    reasons = table["because"].to_pylist()
    hows = [{how for one in told(each, 0).values() for how in one.how} for each in reasons]
    alone = sum(how == {"list"} for how in hows)
    both = sum("list" in how for how in hows) - alone
    page = parsed(board.get(BACK))
    [picture] = css(page, "svg.overlap")
    shown = [number(css(item, ".n")[0]) for item in css(picture.getparent(), ".legend li")]
    assert shown == [len(hows) - alone - both, both, alone] and alone and both
    widths = [float(part.get("width").rstrip("%")) for part in css(picture, "rect")]
    assert widths == pytest.approx([100 * n / len(hows) for n in shown], abs=0.02)
    words = [int(words.text.split("：")[1]) for words in css(picture, "text")]
    assert words == [shown[0] + both, both + alone]
    total = [number(cell) for cell in css(page, "table.parts tfoot .extra .n")]
    rows = [[number(cell) for cell in css(row, ".extra .n")] for row in css(page, "table.parts tbody tr")]
    assert total == shown and rows
    for row, split in zip(css(page, "table.parts tbody tr"), rows, strict=True):
        assert number(css(row, "td.num b")[0]) == sum(split)
        assert len(css(row, "svg.mini rect")) == 3


def test_records_say_how_they_came_and_by_what_they_are_confirmed(board: Any) -> None:
    engine, at, id = engine_values()
    table = engine.records(BACK.split("/")[2], id, at)
    rows = css(parsed(board.get(BACK)), "table.recs tbody tr")
    assert rows and len(rows) <= len(table)
    said = {"电话", "网上", "班级", "上门", "名单"}
    for row in rows:
        came = css(row, "td.extra")[-1].text_content()
        assert any(word in came for word in said), came


def counts(kinds: list[set[str] | str]) -> list[int]:
    keys = [
        kind if isinstance(kind, str) else "several" if len(kind) > 1 else next(iter(kind)) for kind in kinds
    ]
    return sorted(keys.count(key) for key in set(keys))


def test_what_is_counted_from_the_register_alone_says_so(board: Any) -> None:
    assert "只从名册数出" in board.get("/figures/students.pupils/").content.decode()


def test_a_figure_names_the_bulletins_that_print_it_and_its_program(board: Any) -> None:
    page = parsed(board.get(BACK))
    assert {link.get("href").split("?")[0] for link in css(page, ".figside .plain a")} == {"/bulletins/1/"}
    said = css(page, ".figside .plain li")[0].text_content()
    printed = next(
        one["value"] for one in Bulletin.objects.get().frozen["figures"]
        if (one["figure"], one["unit"], one["part"]) == (BACK.split("/")[2], "xw", "value")
    )  # fmt: skip
    assert (
        "写进第1期" in said and str(printed) in said and "截至2月12日 18:20" in said and "定义第1版" in said
    )
    held = board.get(css(page, ".figside .plain li .chg")[0].get("hx-get")).content.decode()
    assert "数字不变" in held
    assert "def count" in css(page, "pre.code")[0].text_content() and program() in page.text_content()


def test_a_share_that_a_bulletin_prints_is_named_too(board: Any) -> None:
    told = next(one for one in Bulletin.objects.get().frozen["figures"] if one["part"] == "share")
    page = parsed(board.get(f"/figures/{told['figure']}/?unit={told['unit']}"))
    said = css(page, ".figside .plain li")[0].text_content()
    assert f"{told['value']}%" in said


def test_a_number_that_would_be_another_now_says_which(board: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = BACK.split("/")[2]
    change = FigureChange(Reference(figure, "xw", "value", 5), 4, "试验局", ())
    other = FigureChange(Reference("students.pupils", "xw", "value", 8), 9, "试验局", ())
    monkeypatch.setattr(bulletins, "changes_of", lambda number, asked: [change, other])
    held = board.get(f"/bulletins/1/changed/?figure={figure}").content.decode()
    assert change.sentence() in held and other.sentence() not in held


# ------------------------------------------------------------------------------------ records


def first_record(board: Any, address: str = BACK) -> str:
    return css(parsed(board.get(address)), "table.recs tbody th a")[0].get("href")


def test_a_records_page_shows_the_answers_that_count_it(board: Any) -> None:
    engine, at, id = engine_values()
    table = engine.records("screening.university_students_back_from_hubei", id, at)
    because = dict(zip(map(str, table["id"].to_pylist()), table["because"].to_pylist(), strict=True))
    for link in css(parsed(board.get(BACK)), "table.recs tbody th a")[:5]:
        page = parsed(board.get(link.get("href")))
        key = re.search(r"/records/(\d+)/", link.get("href")).group(1)
        marked = [s for s in css(page, "article.sheet-a") if css(s, ".tag.blue")]
        told = {css(sheet, "header code")[0].text for sheet in marked}
        known = Submission.objects.filter(pk__in=because[key])
        assert told == set(known.values_list("instance_id", flat=True))
        assert all("湖北省" in sheet.text_content() for sheet in marked)


def test_a_record_of_another_unit_or_figure_is_not_there(board: Any) -> None:
    address = first_record(board)
    elsewhere = re.sub("unit=[^&]+", f"unit={LONELY}", address)
    other = address.replace("screening.university_students_back_from_hubei", "students.pupils")
    for wrong_address in (elsewhere, other, re.sub(r"/records/\d+/", "/records/1/", address)):
        response = board.get(wrong_address)
        assert response.status_code == 404 and "record-not-there" in response.content.decode()


@pytest.mark.parametrize(
    "figure",
    ["coverage.screening", "supervision.person_times", "supplies.delivered_value", "screening.rounds",
     "environment.schools_disinfected", "coverage.ten-ones/?part=missing"],
)  # fmt: skip
def test_records_of_every_kind_open(board: Any, figure: str) -> None:
    address = f"/figures/{figure}" if "?" in figure else f"/figures/{figure}/"
    response = board.get(first_record(board, address))
    assert response.status_code == 200 and css(parsed(response), "h1")


def test_a_name_is_kept_back_until_it_is_said_what_for(board: Any) -> None:
    address = first_record(board)
    page = parsed(board.get(address))
    assert "*" in css(page, "h1")[0].text_content()
    action = css(page, "#whole form")[0].get("action")
    assert board.post(action, {"purpose": "  "}).status_code == 422
    looks = Event.objects.filter(subject__startswith="person:").order_by("pk")
    assert not looks.exists()
    shown = parsed(board.post(action, {"purpose": "二次核实"}))
    look = looks.get()
    assert (look.actor, look.classes, look.detail["purpose"]) == ("duty-officer", "BC", "二次核实")
    person = look.subject.removeprefix("person:")
    name = PersonState.objects.filter(person=person, recorded_until=None).first().name
    assert css(shown, "h1")[0].text_content() == name
    assert name not in board.get(address).content.decode()


def test_answers_are_shown_as_the_policy_says_of_their_class(board: Any) -> None:
    """Free text is for nobody who reads figures, health not for who reads none: on any figure's record."""
    from fangxian.access import policy
    from fangxian.web.views.record import _answers

    noted = Submission.objects.filter(campaign__code="screening", answers__has_key="note").first()
    assert noted is not None
    for role, health in (("bureau_office", True), ("inspector", False)):
        said = {c: policy.purposes()["count"].of(role).get(c, policy.NO) for c in "ABCDEF"}
        kept = {a.question for a in _answers(noted, said) if a.kept_back}
        told = {a.answer for a in _answers(noted, said)}
        assert kept and noted.answers["note"] not in told
        assert (str(noted.answers["temperature"]) in told) is health


# ------------------------------------------------------------------------------------ files


def test_a_copy_has_a_number_that_the_log_knows(board: Any) -> None:
    text = b"".join(board.get(f"{BACK}records.csv")).decode("utf-8-sig")
    head = dict((row + [""])[:2] for row in csv.reader(text.split("\r\n\r\n")[0].splitlines()))
    copy = head["副本编号"]
    written = Event.objects.get(what="export", copy=copy)
    assert written.subject == f"figure:{BACK.split('/')[2]}"
    assert head["程序版本"] == program()


def test_a_search_is_in_the_file_too(board: Any) -> None:
    every = css(parsed(board.get(BACK)), "table.recs tbody th")
    surname = every[0].text_content()[0]
    page = parsed(board.get(f"{BACK}?q={surname}"))
    found = css(page, "table.recs tbody tr")
    link = next(a.get("href") for a in css(page, ".dl a") if ".csv" in a.get("href"))
    rows = list(csv.reader(b"".join(board.get(link)).decode("utf-8-sig").split("\r\n\r\n")[1].splitlines()))
    assert 0 < len(found) == len(rows) - 1 < len(every)


# ------------------------------------------------------------------------------------ beside the engine


def test_records_and_units_inside_are_the_engines(board: Any) -> None:
    engine, at, id = engine_values()
    for figure in ("students.pupils", "coverage.ten-ones", "party.members"):
        table, found = engine.records(figure, id, at), inside.records(engine, figure, id, at)
        assert found.ids.to_pylist() == table["id"].to_pylist()
        assert found.units.tolist() == table["unit"].to_pylist()
        some = table.slice(0, 20)
        assert inside.because(engine, figure, at, some["id"].combine_chunks()) == some["because"].to_pylist()
    from fangxian.registry.tree import tree

    assert set(inside.under(engine, id, at)) == tree(at.day, at.position).under(id)


def test_between_two_records_all_moments_are_one(board: Any) -> None:
    found = counting.counted()
    latest = asking.read_moment("2020-02-12T18:20")
    one, two = (
        asking.of_moment(asking.read_moment(f"2020-02-11T{time}"), None, found, latest)
        for time in ("22:30", "22:41")
    )
    assert one == two and one.known_by < asking.read_moment("2020-02-11T22:30")


def test_fragments_of_the_page_are_html(board: Any) -> None:
    assert html.fromstring(board.get("/changes/").content.decode()).get("id") == "headlines"
