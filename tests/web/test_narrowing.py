"""A figure's records, narrowed: what a filter leaves and what it leaves out are all, in pages and files."""

import csv
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from openpyxl import load_workbook

from fangxian.access.models import Event
from fangxian.kernel.moments import day_of
from fangxian.submissions.models import Submission

from .conftest import css
from .test_pages import engine_values, parsed

pytestmark = [pytest.mark.once, pytest.mark.django_db]
BACK = "screening.university_students_back_from_hubei"
MOBILISED = "staff.mobilised"  # reported by several channels, more than a page of them
SUPPLIES = "supplies.delivered_value"


def address(figure: str, rest: str = "", **wanted: Any) -> str:
    return f"/figures/{figure}/{rest}?{urlencode(wanted)}"


def rows_of(board: Any, figure: str, **wanted: Any) -> list[str]:
    """The keys of all records on all pages."""
    found: list[str] = []
    link = address(figure, **wanted)
    while link:
        page = parsed(board.get(link))
        keys = (re.search(r"/records/([^/]+)/", a.get("href")) for a in css(page, "table.recs tbody th a"))
        found += [key.group(1) for key in keys]
        link = next((f"/figures/{figure}/{a.get('href')}" for a in css(page, "a[rel=next]")), "")
    return found


def file_of(board: Any, figure: str, **wanted: Any) -> tuple[dict[str, str], list[list[str]]]:
    """Head and rows, the first of these the columns."""
    text = b"".join(board.get(address(figure, "records.csv", **wanted))).decode("utf-8-sig")
    head, table = text.split("\r\n\r\n")
    told = dict((row + [""])[:2] for row in csv.reader(head.splitlines()))
    return told, list(csv.reader(table.splitlines()))


def reasons(figure: str) -> dict[str, list[Submission]]:
    """Of each record of the engine the submissions behind it, from the ledger."""
    engine, at, id = engine_values()
    table = engine.records(figure, id, at)
    known = Submission.objects.select_related("campaign").in_bulk(
        [pk for because in table["because"].to_pylist() for pk in because]
    )
    return {
        str(key): [known[pk] for pk in because]
        for key, because in zip(table["id"].to_pylist(), table["because"].to_pylist(), strict=True)
    }


def returned(sheets: list[Submission]) -> date:
    return max(date.fromisoformat(sheet.answers["returned_on"]) for sheet in sheets)


# ------------------------------------------------------------------------------------ days


def test_days_of_return_leave_those_who_came_back_then_and_the_other_days_the_others(board: Any) -> None:
    days = {key: returned(sheets) for key, sheets in reasons(BACK).items()}
    split = sorted(days.values())[len(days) // 2]
    until = rows_of(board, BACK, to=split.isoformat())
    after = rows_of(board, BACK, **{"from": (split + timedelta(days=1)).isoformat()})
    assert set(until) == {key for key, day in days.items() if day <= split}
    assert 0 < len(until) < len(days) and sorted(until + after) == sorted(days)


def test_the_day_of_the_report_is_another_day(board: Any) -> None:
    days = {key: max(day_of(s.happened) for s in sheets) for key, sheets in reasons(BACK).items()}
    split = sorted(days.values())[0]
    found = rows_of(board, BACK, day="report", to=split.isoformat())
    assert set(found) == {key for key, day in days.items() if day <= split}
    assert found != rows_of(board, BACK, to=split.isoformat())


def test_a_rows_day_is_the_one_that_it_is_chosen_by(board: Any) -> None:
    days = {returned(sheets).isoformat() for sheets in reasons(BACK).values()}
    _head, (columns, *rows) = file_of(board, BACK)
    assert columns[-1] == "返回宣威日期" and {row[-1] for row in rows} == days
    _head, (columns, *rows) = file_of(board, BACK, day="report")
    assert columns[-1] == "填报日" and not {row[-1] for row in rows} & days


def test_records_are_sorted_by_day(board: Any) -> None:
    _head, (_columns, *rows) = file_of(board, MOBILISED, sort="day", day="report")
    days = [row[-1] for row in rows]
    assert days == sorted(days, reverse=True) and len(set(days)) > 1


def test_a_figure_of_the_register_has_no_days(board: Any) -> None:
    page = parsed(board.get(address("students.pupils")))
    assert css(page, "form.filters") and not css(page, "form.filters [type=date]")


# ------------------------------------------------------------------------------------ units, channels


def test_units_inside_leave_what_counts_at_them(board: Any) -> None:
    engine, at, _id = engine_values()
    page = parsed(board.get(address(SUPPLIES)))
    codes = [option.get("value") for option in css(page, "select[name=in] option")][1:]
    units = {unit.code: id for id, unit in engine.units(at).items()}
    assert len(codes) > 3
    for code in codes:
        kept = rows_of(board, SUPPLIES, **{"in": code})
        assert sorted(kept) == sorted(map(str, engine.records(SUPPLIES, units[code], at)["id"].to_pylist()))


def test_a_unit_inside_offers_its_own_parts(board: Any) -> None:
    offered = css(parsed(board.get(address("students.pupils"))), "select[name=in] option")
    centre = next(o.get("value") for o in offered if "中心学校" in o.text)
    inside = css(parsed(board.get(address("students.pupils", **{"in": centre}))), "select[name=in] option")
    assert inside[1].get("value") == centre and inside[1].get("selected") is not None
    assert len(inside) > 2 and not {o.get("value") for o in inside[2:]} & {
        o.get("value") for o in offered[1:]
    }


def test_channels_part_the_records_as_the_bar_does(board: Any) -> None:
    page = parsed(board.get(address(MOBILISED)))
    links = css(css(page, "figure.origin")[0], "li a")
    told = [int(css(part, "b")[0].text_content()) for part in css(css(page, "figure.origin")[0], "li")]
    keys = [re.search(r"how=(\w+)", link.get("href")).group(1) for link in links]
    parts = [rows_of(board, MOBILISED, how=key) for key in keys]
    assert len(keys) > 1 and [len(part) for part in parts] == told
    assert sorted(key for part in parts for key in part) == sorted(reasons(MOBILISED))


def test_a_campaign_leaves_the_records_that_its_answers_put_there(board: Any) -> None:
    every = sorted(reasons(BACK))
    assert sorted(rows_of(board, BACK, campaign="screening")) == every
    assert rows_of(board, BACK, campaign="pledge") == []
    assert "没有" in board.get(address(BACK, campaign="pledge")).content.decode()


# ------------------------------------------------------------------------------------ together, and in files


@pytest.fixture
def narrow(board: Any) -> Iterator[dict[str, str]]:
    """Several filters at once, which leave more than a page and not all."""
    days = sorted(max(day_of(s.happened) for s in sheets) for sheets in reasons(MOBILISED).values())
    offered = css(parsed(board.get(address(MOBILISED))), "select[name=in] option")[1:]
    yield {
        "day": "report",
        "to": days[-1].isoformat(),
        "how": "several",
        "sort": "day",
        "in": "",
        "q": "",
    } | {"in": next(o.get("value") for o in offered if rows_of(board, MOBILISED, **{"in": o.get("value")}))}


def test_filters_hold_together_and_the_file_is_the_page(board: Any, narrow: dict[str, str]) -> None:
    rows = rows_of(board, MOBILISED, **narrow)
    page = parsed(board.get(address(MOBILISED, **narrow)))
    link = next(a.get("href") for a in css(page, ".dl a") if "records.csv" in a.get("href"))
    text = b"".join(board.get(link)).decode("utf-8-sig")
    told, (_columns, *lines) = file_of(board, MOBILISED, **narrow)
    assert 0 < len(rows) == len(lines) == len(list(csv.reader(text.split("\r\n\r\n")[1].splitlines()))) - 1
    sheets = reasons(MOBILISED)
    shown = {" ".join(sorted(sheet.instance_id for sheet in sheets[key])) for key in rows}
    assert {" ".join(sorted(line[5].split())) for line in lines} == shown
    for word in ("下属单位", "填报日", "上报方式"):
        assert any(word in name for name in told), word
    assert any("多种方式" in value for value in told.values()), told


def test_every_page_of_the_list_keeps_its_filters(board: Any) -> None:
    page = parsed(board.get(address(MOBILISED, sort="day", to="2020-02-12")))
    link = css(page, "a[rel=next]")[0].get("href")
    assert "to=2020-02-12" in link and "sort=day" in link
    without = next(a.get("href") for a in css(page, "a.chip"))
    assert "to=" not in without and "sort=day" in without


def test_a_workbook_says_which_filters_it_has(board: Any, tmp_path: Any) -> None:
    file = tmp_path / "records.xlsx"
    file.write_bytes(b"".join(board.get(address(BACK, "records.xlsx", **{"from": "2020-01-20"}))))
    head = {row[0].value: row[1].value for row in load_workbook(file).active.iter_rows(max_row=16, max_col=2)}
    assert head["返回宣威日期"] == "1月20日起"


# ------------------------------------------------------------------------------------ what cannot be


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({"in": "nowhere"}, 404, "unit-not-inside"),
        ({"from": "2020-02-31"}, 400, "day-unreadable"),
        ({"to": "gestern"}, 400, "day-unreadable"),
        ({"day": "birthday"}, 404, "not-narrowable"),
        ({"campaign": "nothing"}, 404, "not-narrowable"),
        ({"how": "pigeon"}, 404, "not-narrowable"),
    ],
)
@pytest.mark.parametrize("rest", ["", "records.csv"])
def test_a_filter_that_cannot_be_is_said_and_leads_on(
    board: Any, wanted: dict[str, str], status: int, code: str, rest: str
) -> None:
    response = board.get(address(BACK, rest, **wanted))
    page = parsed(response)
    assert response.status_code == status and code in page.text_content()
    way = next(a.get("href") for a in css(page, ".ways a") if "/figures/" in a.get("href"))
    assert board.get(way.partition("#")[0]).status_code == 200


def test_a_unit_that_lies_elsewhere_is_not_inside(board: Any) -> None:
    response = board.get(address("students.pupils", unit="lonely", **{"in": "xw"}))
    assert response.status_code == 404 and "unit-not-inside" in response.content.decode()


def test_the_missing_have_no_answers_to_choose_them_by(board: Any) -> None:
    page = parsed(board.get(address("coverage.ten-ones", part="missing", to="2020-02-01", how="web")))
    assert not css(page, "form.filters [type=date]") and not css(page, "a.chip")
    assert css(page, "select[name=in]") and css(page, "table.recs tbody tr")


def test_a_narrowed_copy_is_logged_as_every_copy_is(board: Any) -> None:
    told, _rows = file_of(board, BACK, campaign="screening")
    assert Event.objects.get(what="export", copy=told["副本编号"]).subject == f"figure:{BACK}"
