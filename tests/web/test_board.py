"""The board: courses that are the engine's, the map, the order of what is late, pages that are remembered."""

import gzip
import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.access import policy
from fangxian.access.models import Event
from fangxian.figures.engine import Engine
from fangxian.figures.trend import end_of
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.registry.models import Unit
from fangxian.web import courses, days, drawn, remembered
from fangxian.web.days import Trend

from .conftest import LONELY, City, css
from .test_pages import engine_values, number, parsed

pytestmark = [pytest.mark.once, pytest.mark.django_db]
DAY = date(2020, 2, 11)


@pytest.fixture
def counted_day(city: City, db: None) -> Any:
    days.days().count(DAY)
    return Engine(city.home), end_of(DAY)


def test_a_kept_day_is_the_engines_as_known_at_its_end(counted_day: Any) -> None:
    engine, at = counted_day
    assert at.known_by.astimezone(OFFICE_ZONE).isoformat() == "2020-02-11T23:59:59.999000+08:00"
    units = list(
        Unit.objects.exclude(kind__in=("class", "key_area", "squadron")).values_list("pk", flat=True)
    )
    seen = 0
    for figure, by_unit in engine.all(at).items():
        for unit in units:
            value = by_unit.get(unit)
            kept = days.days().value(figure, unit, DAY)
            assert (kept is None) == (value is None)
            if value is not None and kept is not None:
                assert (kept.value, kept.of) == (value.value, value.of)
                seen += 1
    assert seen > 1_000


def test_what_was_missing_of_many_is_what_was_missing_of_each(counted_day: Any) -> None:
    engine, at = counted_day
    import numpy as np

    units = np.array(sorted(Unit.objects.filter(kind="school").values_list("pk", flat=True)), dtype=np.int64)
    missing = days.days().missing_of("coverage.learning-at-home", units, DAY)
    by_unit = engine.by_unit("coverage.learning-at-home", at)
    expected = [value.missing if (value := by_unit.get(unit)) else 0 for unit in units.tolist()]
    assert missing.tolist() == expected and sum(expected) > 0


def test_the_large_picture_is_the_engines_and_says_what_it_shows(board: Any, counted_day: Any) -> None:
    for day in (DAY - timedelta(days=2), DAY - timedelta(days=1)):
        days.days().count(day)
    engine, at = counted_day
    now, moment, id = engine_values()
    page = parsed(board.get("/"))
    [section] = [each for each in css(page, "section") if each.get("aria-labelledby") == "h-pict"]
    told = [number(value) for value in css(section, ".legend b .n")]
    assert told == [now.value(figure, id, moment).value for figure in (courses.FOUND, courses.WITHIN)]
    [picture] = css(page, ".picture [role=img]")
    assert picture.get("aria-label") == css(page, "#h-pict")[0].text_content()
    course = css(page, ".picture path.course")[0].get("d")
    base, top = (float(css(page, ".across")[n].get("y1")) for n in (0, -1))
    most = int(re.sub(r"\D", "", [t.text for t in css(page, ".picture text")][len(css(page, ".across")) - 1]))
    heights = [(base - float(spot.split()[1])) / (base - top) * most for spot in course[1:].split("L")]
    last = [of.value(courses.FOUND, id, then).value for of, then in ((engine, at), (now, moment))]
    assert heights[-2:] == pytest.approx(last, abs=most / 200)


def marks(values: Sequence[int]) -> courses.Course:
    places = (drawn.Point(DAY + timedelta(days=n), value, n, 0) for n, value in enumerate(values))
    return courses.Course(None, tuple(places))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([0, 90, 180, 270, 360, 450, 451, 452, 453, 454, 455], "在减少"),
        ([5, 5, 5, 5, 5, 5, 5], "没有新查到"),
        ([0, 1, 2, 3, 4, 5, 50, 100, 150, 200, 250], "比前些天都多"),
        ([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100], "仍有新查到"),
        ([100, 90, 80, 70, 60], "少"),
        ([1, 2, 3, 4], "仍有新查到"),
    ],
)
def test_what_is_found_is_said_in_words(found: list[int], said: str) -> None:
    assert said in courses.Picture(marks(found), None, (), (), 0).finding


@pytest.mark.parametrize(
    ("within", "said"),
    [
        ([1, 9, 4], "2月12日达到9后回落"),
        ([9, 5, 4], "越来越少"),
        ([1, 4, 9], "最多"),
        ([9, 0, 0], "没有"),
    ],
)
def test_those_within_14_days_are_said_to_be_past_their_peak_or_not(within: list[int], said: str) -> None:
    assert said in courses.Picture(marks([1, 2, 3]), marks(within), (), (), 0).finding


@given(st.integers(1, 10**9))
def test_lines_across_are_round_few_and_reach_the_highest(highest: int) -> None:
    lines = courses.across(highest)
    step = lines[1]
    assert lines[0] == 0 and lines[-1] >= highest > lines[-2] and len(lines) <= courses.LINES + 1
    assert str(step).rstrip("0") in ("1", "2", "5")


def test_what_was_added_of_late_is_said_where_something_was() -> None:
    assert "不超过3" in courses.Picture(marks([90, 91, 94, 95]), None, (), (), 0).recent
    assert courses.Picture(marks([9, 7, 5, 5]), None, (), (), 0).recent == ""


def test_the_largest_rise_is_none_where_two_days_rose_alike() -> None:
    assert marks([0, 3, 6, 7]).largest_rise is None
    assert marks([0, 3, 7, 8]).largest_rise[0] == 4


def test_a_day_is_counted_once_and_days_before_the_first_record_are_none(counted_day: Any) -> None:
    kept = days.days().kept
    days.days().count(DAY)
    assert days.days().kept == kept
    assert days.days().missing(date(2019, 12, 1), date(2019, 12, 3)) == []


def test_the_change_is_against_the_end_of_yesterday(board: Any, counted_day: Any) -> None:
    engine, at = counted_day
    now, moment, id = engine_values()
    page = parsed(board.get("/"))
    for box in css(page, "#headlines .figbox"):
        figure = re.match(r"/figures/([^/]+)/", css(box, "a.fig")[0].get("href")).group(1)
        change = now.value(figure, id, moment).value - engine.value(figure, id, at).value
        told = css(box, ".fig-d")[0]
        assert number(css(told, ".n")[0]) == change if change else "相同" in told.text_content()


def test_a_course_has_a_point_a_day_and_zero_at_the_bottom() -> None:
    course = Trend(tuple(DAY + timedelta(days=n) for n in range(4)), (0, 10, 40, 20), 0)
    line = drawn.line(course)
    assert [point.value for point in line.points] == [0, 10, 40, 20]
    assert line.first.y == line.height - drawn.MARGIN and line.peak == line.points[2]
    assert line.points[2].y == drawn.MARGIN
    heights = [line.first.y - point.y for point in line.points]
    assert heights[1] * 4 == pytest.approx(heights[2]) and heights[3] * 2 == pytest.approx(heights[2])


def test_the_map_shows_each_school_once_and_what_each_lacks(board: Any) -> None:
    page = parsed(board.get("/?map=coverage.learning-at-home"))
    engine, at, _id = engine_values()
    schools = Unit.objects.filter(kind__in=("school", "teaching_point", "kindergarten")).count()
    points = [path.get("d").count("M") for path in css(page, "svg.map path.dots")]
    assert sum(points) == schools == sum(int(b.text) for b in css(page, "#map .legend b"))
    rows = css(page, "#map tbody tr")
    assert sum(int(css(row, "td.num")[0].text_content()) for row in rows) == schools
    told = {link.get("href") for row in rows for link in css(row, "td a")}
    by_unit = engine.by_unit("coverage.learning-at-home", at)
    lacking = {
        unit.code
        for unit in Unit.objects.filter(kind__in=("school", "teaching_point"))
        if (value := by_unit.get(unit.pk)) and value.missing
    }
    assert {re.search("unit=([^&]+)", href).group(1) for href in told} == lacking


def test_cells_share_the_plane_and_dots_stay_apart() -> None:
    outline = drawn.rounded(100, 80)
    cells = drawn.cells([(20, 20), (70, 30), (40, 60)], outline)
    whole = drawn.Cell(tuple(outline), (-1,) * len(outline))
    assert sum(map(area, cells)) == pytest.approx(area(whole), rel=1e-6)
    spots = drawn.sunflower((0, 0), 60, 40, 15)
    near = min(
        ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5 for i, a in enumerate(spots) for b in spots[:i]
    )
    assert near > 5 and max(x * x + y * y for x, y in spots) <= 40**2


def area(cell: drawn.Cell) -> float:
    around = (*cell.corners[1:], cell.corners[0])
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(cell.corners, around, strict=True))) / 2


def test_a_remembered_page_is_the_page_with_a_token_of_ones_own(board: Any, client: Any) -> None:
    board.get("/figures/")  # the style is in the first page
    first = board.get("/owing/")
    again = board.get("/owing/")
    token = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')
    one, two = token.findall(first.content)[0], token.findall(again.content)[0]
    assert one != two and remembered._PLACE not in again.content
    packed = board.get("/owing/", headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip" and len(packed.content) < len(again.content) / 3
    assert token.sub(b"", gzip.decompress(packed.content)) == token.sub(b"", again.content)
    assert token.sub(b"", first.content) == token.sub(b"", again.content)
    assert first["Content-Security-Policy"] == again["Content-Security-Policy"]


@given(pieces=st.lists(st.binary(max_size=300), min_size=1, max_size=4), token=st.binary(max_size=80))
def test_packed_in_pieces_it_is_what_it_would_be_in_one(pieces: list[bytes], token: bytes) -> None:
    body = token.join(pieces)
    packed = remembered.gzipped([remembered.deflated(piece) for piece in pieces], token, body)
    assert gzip.decompress(packed) == body


def test_each_look_at_a_remembered_page_of_health_is_in_the_log(board: Any) -> None:
    address = "/figures/screening.any_category/"
    assert policy.of_health("screening.any_category")
    board.get("/figures/")  # the style is in the first page
    remembered.PAGES.forget()
    first = board.get(address).content
    rendered = remembered.PAGES._size
    told = Event.objects.order_by("-pk").values(
        "actor", "what", "route", "classes", "unit", "subject", "count"
    )
    [one] = told[:1]
    assert rendered and one["classes"] == "E" and one["subject"] == "figure:screening.any_category"
    before = told.count()
    again = board.get(address).content
    token = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')
    assert token.sub(b"", again) == token.sub(b"", first)
    assert remembered.PAGES._size == rendered and told.count() == before + 1 and told[0] == one


def test_what_bears_phones_and_what_bears_an_id_of_its_own_copy_is_not_remembered(board: Any) -> None:
    remembered.PAGES.forget()
    for address in ("/bulletins/draft.html", "/duplicates/", "/figures/screening.any_category/records.csv"):
        b"".join(board.get(address))
    assert remembered.PAGES._size == 0


def test_a_remembered_page_is_forgotten_when_something_is_recorded(board: Any) -> None:
    code = css(parsed(board.get("/owing/")), "li.debtor")[0].get("id").removeprefix("u-")
    assert "18:20已提醒" not in board.get("/owing/").content.decode()
    board.post("/owing/remind/", {"debtor": code})
    assert "18:20已提醒" in board.get("/owing/").content.decode()


def test_a_school_has_a_board_of_its_own(board: Any) -> None:
    page = parsed(board.get(f"/?unit={LONELY}"))
    assert not css(page, "svg.map") and css(page, "h1")
