"""Validity is half-open; two times are always passed; moments are exact to the millisecond."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.kernel.asof import AsOf
from fangxian.kernel.moments import OFFICE_ZONE, day_of, from_ms, read_moment, to_ms
from fangxian.kernel.problems import MomentUnreadable, SpanReversed
from fangxian.kernel.span import Span

FIRST = date(2020, 1, 24)
DAYS = st.integers(0, 12).map(lambda n: FIRST + timedelta(days=n))
MOMENTS = st.datetimes(
    datetime(1971, 1, 1),  # noqa: DTZ001 - the zone is drawn
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, OFFICE_ZONE]),
).map(lambda m: m.replace(microsecond=m.microsecond // 1000 * 1000))


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(DAYS)
    return Span(start, draw(st.none() | st.integers(1, 6).map(lambda n: start + timedelta(days=n))))


def days(span: Span) -> set[date]:
    """The plain meaning: the days that the span holds, out of the twenty that matter here."""
    window = [FIRST + timedelta(days=n) for n in range(20)]
    return {day for day in window if day >= span.start and (span.end is None or day < span.end)}


@given(spans(), DAYS)
def test_a_span_holds_the_days_from_its_start_up_to_its_end(span: Span, day: date) -> None:
    assert (day in span) == (day in days(span))


@given(spans(), spans())
def test_spans_overlap_where_they_share_a_day(one: Span, other: Span) -> None:
    assert one.overlaps(other) == bool(days(one) & days(other)) == other.overlaps(one)


@pytest.mark.parametrize("length", [0, -1, -30])
def test_a_span_without_a_day_is_refused(length: int) -> None:
    with pytest.raises(SpanReversed) as refused:
        Span(FIRST, FIRST + timedelta(days=length))
    assert refused.value.code == "span-reversed"
    assert "2020-01-24" in refused.value.sentence()


@given(MOMENTS)
def test_a_moment_survives_milliseconds(moment: datetime) -> None:
    assert from_ms(to_ms(moment)) == moment


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(MomentUnreadable):
        to_ms(datetime(2020, 2, 12, 18, 50))  # noqa: DTZ001 - that is the mistake


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2020-02-12T18:50:00+08:00", datetime(2020, 2, 12, 10, 50, tzinfo=UTC)),
        ("2020-02-12T18:50", datetime(2020, 2, 12, 10, 50, tzinfo=UTC)),  # the office's zone
        ("2020-02-12T10:50Z", datetime(2020, 2, 12, 10, 50, tzinfo=UTC)),
        (" 2020-02-12 ", datetime(2020, 2, 12, 15, 59, 59, 999000, tzinfo=UTC)),  # to the end of the day
    ],
)
def test_moments_as_people_write_them(text: str, meant: datetime) -> None:
    assert read_moment(text) == meant


@pytest.mark.parametrize("text", ["", "yesterday", "2020-02-30", "12.02.2020", "2020-02-12T25:00"])
def test_what_is_no_moment_is_refused_by_name(text: str) -> None:
    with pytest.raises(MomentUnreadable) as refused:
        read_moment(text)
    assert text in refused.value.sentence()


def test_the_day_of_a_moment_is_the_offices_day() -> None:
    evening_in_utc = datetime(2020, 2, 12, 17, 30, tzinfo=UTC)
    assert day_of(evening_in_utc) == date(2020, 2, 13)
    assert day_of(evening_in_utc.astimezone(timezone(timedelta(hours=-5)))) == date(2020, 2, 13)


def test_as_of_takes_the_day_from_the_moment_and_knows_by_it_unless_told() -> None:
    moment, later = read_moment("2020-02-12T18:50"), read_moment("2020-02-14T09:00")
    assert AsOf.at(moment, position=7) == AsOf(date(2020, 2, 12), moment, 7)
    assert AsOf.at(moment, position=9, known_by=later) == AsOf(date(2020, 2, 12), later, 9)
