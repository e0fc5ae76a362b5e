"""Every page: its status, its numbers against the engine's, its queries, its problems."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern
from lxml import html

from fangxian.access.policy import Scope
from fangxian.campaigns.models import Campaign
from fangxian.figures import definitions
from fangxian.figures.problems import UnitNotThere
from fangxian.kernel.models import Change
from fangxian.registry.actions import close_unit
from fangxian.registry.models import PersonState, UnitState
from fangxian.web import asking, clock, counting, remembered, style
from fangxian.web.urls import urlpatterns
from fangxian.web.ways import ways

from .conftest import LONELY, City, css

pytestmark = [pytest.mark.once, pytest.mark.django_db]


def parsed(response: Any) -> Any:
    return html.fromstring(response.content.decode())


def number(element: Any) -> float:
    return float("".join(element.itertext()).replace("−", "-"))


def engine_values(unit: str = "xw") -> tuple[Any, Any, Any]:
    found = counting.counted()
    at = asking.of_moment(clock.now(), None, found, clock.latest())
    from fangxian.registry.tree import tree

    units = tree(at.day, at.position)
    return found.engine, at, units.by_code[unit]


# ------------------------------------------------------------------------------------ routes

PAGES = {
    "board": ["/", "/?unit=z1"],
    "changes": ["/changes/"],
    "trend": ["/trend/"],
    "wall": ["/wall/", "/wall/?unit=z1&still=1"],
    "figures": ["/figures/"],
    "figure": ["/figures/students.pupils/", "/figures/coverage.ten-ones/?part=missing&by=zone"],
    "records": ["/figures/students.pupils/records.csv", "/figures/party.members/records.xlsx"],
    "by-unit": ["/figures/students.pupils/units.xlsx", "/figures/coverage.screening/units.csv"],
    "units": ["/units/", "/units/?q=小学&next=/figures/students.pupils/"],
    "campaigns": ["/campaigns/"],
    "campaign": ["/campaigns/screening/", "/campaigns/double-five/?unit=c01"],
    "bulletins": ["/bulletins/"],
    "bulletins-file": ["/bulletins/bulletins.csv", "/bulletins/bulletins.xlsx"],
    "workbooks": ["/workbooks/"],
    "paper-style": ["/bulletins/paper.css"],
    "draft": ["/bulletins/draft.docx"],
    "attested": ["/attested/", "/attested/?unit=z1&figure=students.pupils"],
    "proof": ["/proof/"],
    "problems": ["/problems/"],
    "owing": ["/owing/", "/owing/?unit=z1&campaign=ten-ones"],
    "outbox": ["/outbox/"],
}
ELSEWHERE = {
    "bulletin",
    "changed",
    "against",
    "bulletin-file",
    "language",
    "remind",
    "contact",
    "record",
    "proof-file",
    "attested-back",
    *("new-draft", "signoff", "draft-paper", "draft-step", "draft-approval"),  # test_signoff
    *("new-workbook", "workbook", "workbook-step", "workbook-version", "workbook-look", "workbook-map"),
    *("filling", "filling-file"),  # test_workbooks
    *(
        "fill",
        "fill-campaign",
        "fill-sheet",
        "queue",
        "worker",
        "slips",
        "family",
        "family-form",
    ),  # tests/filling
    *("hand-in", "sheet", "sheet-back", "confirm-sheet", "chain"),  # tests/desk
}  # tested below, and where it is said


def test_every_route_is_tested() -> None:
    """Those of accounts, which are included, are in the matrix of tests/access; the doors' in tests/doors."""
    named = {pattern.name for pattern in urlpatterns if isinstance(pattern, URLPattern)}
    assert named == set(PAGES) | ELSEWHERE


@pytest.mark.parametrize("address", [address for each in PAGES.values() for address in each])
def test_pages_answer(board: Any, address: str) -> None:
    response = board.get(address)
    assert response.status_code == 200
    assert response["Cache-Control"]
    assert "'unsafe" not in response["Content-Security-Policy"]
    list(response) if response.streaming else response.content


def test_the_style_stands_in_the_first_page_and_is_a_file_for_the_next(board: Any) -> None:
    first = board.get("/figures/")
    assert "<style>" in first.content.decode() and style.style().digest in first["Content-Security-Policy"]
    again = board.get("/figures/").content.decode()
    assert "<style>" not in again and f"style.css?v={style.style().edition}" in again


@pytest.mark.parametrize(
    "address", ["/", "/figures/staff.mobilised/", "/units/", "/campaigns/", "/nope/", "/?unit=x"]
)
def test_every_page_says_that_it_is_a_demonstration_and_on_loopback(board: Any, address: str) -> None:
    text = board.get(address).content.decode()
    assert "演示数据" in text
    assert "2020年2月12日" in text
    assert "只在本机打开" in text
    assert not re.search(r"<[^>]*\sstyle=", text) and "onclick" not in text
    assert re.findall(r"<style[^>]*>(.*?)</style>", text, re.S) in ([], [style.style().text])
    assert re.findall(r"<script(?![^>]*src=)", text) == []


def test_without_a_demonstration_nothing_says_so(board: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fangxian.web.context.demonstration_of", lambda home: None)
    assert "演示数据" not in board.get("/").content.decode()


# ------------------------------------------------------------------------------------ numbers


@pytest.mark.parametrize("unit", ["xw", "z1"])
def test_the_board_shows_the_engines_values(board: Any, unit: str) -> None:
    engine, at, id = engine_values(unit)
    shown = {}
    for line in css(parsed(board.get(f"/?unit={unit}")), "a.line"):
        figure = re.match(r"/figures/([^/]+)/", line.get("href")).group(1)
        value = css(line, ".line-v b")
        shown[figure] = number(value[0]) if value else None
    expected = {
        figure: value.value if value else None
        for figure, value in engine.values(at, id).items()
        if not figure.startswith("coverage.")
    }
    assert shown == expected
    assert sum(value is not None for value in shown.values()) > 20


def test_coverage_by_zone_is_the_engines(board: Any) -> None:
    engine, at, _id = engine_values()
    table = css(parsed(board.get("/")), "table.cover")[0]
    seen = 0
    for link in css(table, "td.zone a.gap"):
        figure, zone = re.match(r"/figures/([^/]+)/\?unit=([^&]+)", link.get("href")).groups()
        value = engine.value(figure, engine_values(zone)[2], at)
        assert number(css(link, ".n")[0]) == value.missing
        seen += 1
    assert seen > 5


def test_what_is_late_comes_first_and_the_worst_of_it(board: Any, city: City) -> None:
    page = parsed(board.get("/"))
    states = [body.get("class") for body in css(page, "table.cover tbody")]
    assert states == sorted(states, key=["late", "open", "complete", "voluntary"].index)
    rows = css(page, "table.cover tbody.open tr:not(.grp)")
    shares = [float(css(row, "td.whole .pct")[0].text.rstrip("%")) for row in rows]
    assert shares == sorted(shares) and shares[0] < 100


def test_a_late_campaign_is_said_to_be_late(board: Any) -> None:
    campaign = Campaign.objects.get(code="ten-ones")
    assert "due" in campaign.schedule
    schedule = {**campaign.schedule, "due": (clock.now() - timedelta(hours=1)).isoformat()}
    Campaign.objects.filter(pk=campaign.pk).update(schedule=schedule)
    late = css(parsed(board.get("/")), "table.cover tbody.late tr:not(.grp)")
    assert "ten-ones" in [css(row, "th a")[0].get("href").split("/")[2] for row in late]


def test_what_is_due_is_late_from_then_on_and_not_before(board: Any) -> None:
    def late(moment: str) -> set[str]:
        rows = css(parsed(board.get(f"/?as_of={moment}")), "table.cover tbody.late tr:not(.grp) th a")
        return {row.get("href").split("/")[2] for row in rows}

    assert "learning-at-home" in late("2020-02-12T17:00") - late("2020-02-12T16:59")


@pytest.mark.parametrize(
    "figure", ["students.pupils", "party.members", "coverage.ten-ones", "supplies.delivered_value"]
)
def test_a_figures_page_shows_value_denominator_and_a_sum_that_agrees(board: Any, figure: str) -> None:
    engine, at, id = engine_values()
    value = engine.value(figure, id, at)
    page = parsed(board.get(f"/figures/{figure}/"))
    assert number(css(page, ".hv .n")[0]) == value.value
    assert number(css(page, ".checks li b .n")[0]) == value.value
    if value.of is not None:
        assert number(css(page, ".hd .of .n")[0]) == value.of


def test_exclusions_are_told_with_their_reasons_and_open(board: Any) -> None:
    engine, at, id = engine_values()
    excluded = engine.value("coverage.ten-ones", id, at).excluded
    rows = css(parsed(board.get("/figures/coverage.ten-ones/")), "section[aria-labelledby=h-ex] tbody tr")
    assert [number(css(row, "td .n")[0]) for row in rows] == list(excluded.values())
    links = [link for row in rows for link in css(row, "a")]
    assert len(links) == sum(bool(count) for count in excluded.values()) > 0
    for link in links:
        opened = board.get("/figures/coverage.ten-ones/" + link.get("href").split("#")[0])
        assert len(css(parsed(opened), "table.recs tbody tr")) > 0


def test_parts_drill_down_from_the_bureau_to_a_class(board: Any) -> None:
    address, kinds = "/figures/students.pupils/", []
    for _level in range(3):
        link = css(parsed(board.get(address)), "table.parts tbody th a")[0]
        address = link.get("href")
        engine, at, id = engine_values(re.search(r"unit=([^&]+)", address).group(1))
        kinds.append(engine.units(at)[id].kind)
        shown = number(css(parsed(board.get(address)), ".hv .n")[0])
        assert shown == engine.value("students.pupils", id, at).value
    assert kinds == ["centre", "school", "class"]


def test_what_is_not_counted_here_is_no_zero(board: Any) -> None:
    page = parsed(board.get(f"/figures/students.pupils/?unit={party()}"))
    assert not css(page, ".hv .n")
    assert "此处不统计" in css(page, ".hv")[0].text
    assert css(page, ".note a.btn"), "there is a way on"


def party() -> str:
    from fangxian.registry.models import Unit

    return Unit.objects.filter(kind="party_branch").values_list("code", flat=True)[0]


# ------------------------------------------------------------------------------------ records


def test_no_name_is_shown_in_full(board: Any) -> None:
    names = {name for name in PersonState.objects.values_list("name", flat=True) if len(name) >= 3}
    for address in (
        "/figures/students.pupils/",
        "/figures/party.pledges_signed/",
        "/figures/coverage.screening/",
    ):
        text = board.get(address).content.decode()
        rows = [row.text_content() for row in css(html.fromstring(text), "table.recs tbody th")]
        assert rows and all("*" in row for row in rows)
        assert not [name for name in names if name in text]
    file = b"".join(board.get("/figures/students.pupils/records.csv")).decode()
    assert not [name for name in names if name in file]


def test_records_are_searched_by_unit_and_by_surname_and_paged(board: Any) -> None:
    page = parsed(board.get("/figures/students.pupils/"))
    assert len(css(page, "table.recs tbody tr")) == 50
    second = parsed(board.get("/figures/students.pupils/" + css(page, "a[rel=next]")[0].get("href")))
    first_names, second_names = (
        [r.text_content() for r in css(p, "table.recs tbody tr")] for p in (page, second)
    )
    assert first_names != second_names
    by_name = css(parsed(board.get("/figures/students.pupils/?q=李")), "table.recs tbody th")
    assert by_name and all(row.text_content().startswith("李") for row in by_name)
    place = css(page, "table.recs tbody tr td")[0].text
    by_unit = css(parsed(board.get(f"/figures/students.pupils/?q={place}")), "table.recs tbody tr")
    assert by_unit and all(css(row, "td")[0].text == place for row in by_unit)
    assert "没有记录的单位名称" in board.get("/figures/students.pupils/?q=zzz").content.decode()


def test_files_say_what_they_are_of_and_hold_no_formula(board: Any) -> None:
    text = b"".join(board.get("/figures/students.schools/records.csv")).decode("utf-8-sig")
    head = text.split("\r\n\r\n")[0]
    assert "演示数据" in head and "students.schools" in head and "2020-02-12T18:20:00+08:00" in head
    assert "'=1+1孤山小学" in text and "\n=1" not in text and ",=1" not in text


def test_sheets_hold_strings_where_formulas_lurk(board: Any, tmp_path: Any) -> None:
    from openpyxl import load_workbook

    file = tmp_path / "units.xlsx"
    file.write_bytes(b"".join(board.get(f"/figures/students.schools/units.xlsx?unit={LONELY}")))
    cells = [cell for row in load_workbook(file).active for cell in row]
    assert "=1+1孤山小学" in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells if cell.value} <= {"s", "n"}


def test_a_files_rows_sum_to_the_figure(board: Any) -> None:
    import csv

    engine, at, id = engine_values()
    text = b"".join(board.get("/figures/supplies.delivered_value/records.csv")).decode("utf-8-sig")
    rows = list(csv.reader(text.split("\r\n\r\n")[1].splitlines()))[1:]
    assert sum(float(row[4]) for row in rows) == pytest.approx(
        engine.value("supplies.delivered_value", id, at).value
    )


# ------------------------------------------------------------------------------------ queries


def queries(board: Any, address: str) -> int:
    board.get(address)  # trees and figures are made once a moment
    remembered.PAGES.forget()
    with CaptureQueriesContext(connection) as captured:
        assert board.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("figure", ["students.pupils", "coverage.screening", "supervision.person_times"])
def test_one_record_costs_as_many_queries_as_fifty(board: Any, figure: str) -> None:
    page = parsed(board.get(f"/figures/{figure}/"))
    smallest = css(page, "table.parts tbody th a")[-1].get("href")
    few, many = queries(board, smallest), queries(board, re.sub("unit=[^&]+", "unit=xw", smallest))
    assert few == many < 32


def test_the_board_costs_as_many_queries_for_a_school_as_for_the_city(board: Any) -> None:
    assert queries(board, f"/?unit={LONELY}") <= queries(board, "/") < 30


# ------------------------------------------------------------------------------------ what is not in order


def test_the_board_and_the_list_name_what_is_not_in_order(board: Any) -> None:
    for address in ("/", "/problems/"):
        text = board.get(address).content.decode()
        assert text.count("=1+1孤山小学") >= 2
        assert "不归任何战区" in text
    refused = css(parsed(board.get("/problems/")), "#refused tbody tr")
    assert len(refused) > 5
    codes = {css(row, ".meta")[0].text for row in refused}
    assert {"campaign-closed", "answers-against-form", "happened-in-future"} <= codes
    for row in refused:
        said = css(row, "td")[1].text.strip()
        assert re.search("[\u4e00-\u9fff]", said), f"not told in words: {said}"


PROBLEMS = {
    "/?as_of=2031-01-01T00:00": (400, "moment-in-future"),
    "/?known_by=2031-01-01T00:00": (400, "moment-in-future"),
    "/?as_of=2019-01-01T00:00": (404, "nothing-known-yet"),
    "/?as_of=tomorrow": (400, "moment-unreadable"),
    "/?unit=nowhere": (404, "unit-not-there"),
    "/figures/none.such/": (404, "unknown-figure"),
    "/figures/students.pupils/?part=odd": (404, "unknown-part"),
    "/figures/students.pupils/?page=9999": (404, "page-not-there"),
    "/figures/students.pupils/?page=x": (404, "page-not-there"),
    "/figures/students.pupils/records.pdf": (404, "unknown-format"),
    "/campaigns/none/": (404, "unknown-campaign"),
    "/owing/?page=99": (404, "page-not-there"),
    "/bulletins/77/": (404, "unknown-bulletin"),
    "/bulletins/draft.odt": (404, "unknown-format"),
}


@pytest.mark.parametrize(("address", "expected"), PROBLEMS.items())
def test_problems_are_pages_with_a_sentence_a_status_and_a_way_on(
    board: Any, address: str, expected: tuple[int, str]
) -> None:
    response = board.get(address)
    page = parsed(response)
    assert response.status_code == expected[0]
    assert expected[1] in page.text_content()
    assert re.search("[\u4e00-\u9fff].*。", css(page, "[role=alert]")[0].text_content())
    assert "/" in [link.get("href") for link in css(page, "main a")]


def test_before_the_first_record_the_way_on_is_to_it(board: Any) -> None:
    page = parsed(board.get("/?as_of=2019-01-01T00:00&unit=z1"))
    way = next(a.get("href") for a in css(page, ".ways a") if "as_of=2020-01-20" in a.get("href"))
    assert "unit=z1" in way and board.get("/?as_of=2020-01-20T09:00").status_code == 200


@pytest.mark.parametrize("rest", ["", "records.csv"])
def test_a_figure_that_was_renamed_leads_on_from_its_old_address(
    board: Any, monkeypatch: pytest.MonkeyPatch, rest: str
) -> None:
    was = definitions.Renamed("students.children", "students.pupils", date(2026, 12, 1))
    monkeypatch.setattr(definitions, "renamed", lambda: {was.was: was})
    asked = "?unit=z1&as_of=2020-02-10T18%3A00"
    response = board.get(f"/figures/students.children/{rest}{asked}")
    page = parsed(response)
    assert response.status_code == 410 and "figure-renamed" in page.text_content()
    assert "2026-12-01" in css(page, "[role=alert]")[0].text_content()
    way = next(a.get("href") for a in css(page, ".ways a") if "students.pupils" in a.get("href"))
    assert way == f"/figures/students.pupils/{rest}{asked}"
    assert board.get(way).status_code == 200


def test_a_unit_closed_since_is_shown_as_of_its_last_day(board: Any) -> None:
    unit = UnitState.objects.get(unit__code=LONELY).unit_id
    close_unit(unit=unit, day=date(2020, 2, 10), by="test", now=clock.latest())
    request = RequestFactory().get(f"/figures/students.pupils/?unit={LONELY}")
    request.scope = Scope(frozenset(), whole=True)
    gone = UnitNotThere(unit=LONELY, day="2020-02-12")
    ((_words, way),) = ways(request, gone)
    assert way.startswith("/figures/students.pupils/") and "as_of=2020-02-09" in way
    assert board.get(way).status_code == 200
    request.scope = Scope(frozenset(), whole=False)
    assert ways(request, gone) == [], "who does not reach it does not learn that it was there"


def test_htmx_gets_a_problem_as_a_fragment(board: Any) -> None:
    response = board.get("/?unit=nowhere", headers={"HX-Request": "true"})
    assert response.status_code == 404
    assert b"<html" not in response.content and b'role="alert"' in response.content


def test_an_unknown_page_is_told_in_words(board: Any) -> None:
    response = board.get("/no/such/page")
    assert response.status_code == 404
    assert "没有这一页" in response.content.decode()


# ------------------------------------------------------------------------------------ what is asked


def test_an_earlier_moment_is_shown_as_it_was_and_stays_in_every_link(board: Any) -> None:
    engine, _at, id = engine_values()
    page = parsed(board.get("/?as_of=2020-02-03T12:00"))
    links = {link.get("href") for link in css(page, "main a") if link.get("href", "").startswith("/figures/")}
    assert links and all("as_of=2020-02-03T12%3A00" in link for link in links)
    early = asking.of_moment(asking.read_moment("2020-02-03T12:00"), None, counting.counted(), clock.latest())
    shown = number(css(parsed(board.get("/figures/screening.rounds/?as_of=2020-02-03T12:00")), ".hv .n")[0])
    assert shown == engine.value("screening.rounds", id, early).value < 12


def test_hindsight_is_asked_with_known_by(board: Any) -> None:
    page = parsed(board.get("/?as_of=2020-02-03T12:00&known_by=2020-02-12T18:00"))
    links = [link.get("href") for link in css(page, "a.line")]
    assert links and all("known_by=2020-02-12T18%3A00" in link for link in links)


def test_the_unit_picker_leads_back_to_where_one_was(board: Any) -> None:
    page = parsed(board.get("/units/?q=孤山&next=/figures/students.pupils/"))
    links = [link.get("href") for link in css(page, "#choices a.line")]
    assert links == [f"/figures/students.pupils/?unit={LONELY}&as_of=2020-02-12T18%3A20"]
    for elsewhere in ("https://example.org/", "//example.org/x", "javascript:alert(1)"):
        page = parsed(board.get("/units/", {"q": "孤山", "next": elsewhere}))
        assert [link.get("href")[:7] for link in css(page, "#choices a.line")] == ["/?unit="]


def test_a_lake_behind_the_ledger_is_noticed_and_said(board: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    known = counting.counted().known_at
    head = Change.objects.order_by("-position").first()
    Change.objects.create(position=head.position + 1, at=head.at, action="test", by="test", detail={})
    monkeypatch.setattr(counting.Mirror, "catch_up", lambda self, patience: None)
    page = parsed(board.get("/"))
    assert f"数字截至{known.month}月{known.day}日" in css(page, "[role=status]")[0].text_content()


def test_the_language_switch_keeps_the_page(board: Any) -> None:
    response = board.post("/language/", {"language": "en", "next": "/figures/?unit=z1"})
    assert response.status_code == 302 and response["Location"] == "/figures/?unit=z1"
    text = board.get("/").content.decode()
    assert '<html lang="en">' in text and "Who is accounted for" in text and "已超时" not in text
    assert "演示数据" in text
    board.post("/language/", {"language": "zh-hans", "next": "/"})
    assert "查清了谁" in board.get("/").content.decode()


def test_a_browsers_own_language_does_not_decide(board: Any) -> None:
    assert "查清了谁" in board.get("/", headers={"Accept-Language": "en"}).content.decode()
