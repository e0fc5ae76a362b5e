"""Numbers known only by telephone: appended, corrected, taken back, replaced by records."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import head_position
from fangxian.kernel.problems import MomentInFuture
from fangxian.publishing.attesting import Attested, attest, beside, standing, take_back
from fangxian.publishing.models import Attestation
from fangxian.publishing.problems import AttestedAlready, NobodyNamed, NoNumberAttested, NothingAttested
from fangxian.registry.models import Unit

from .conftest import DAY, EVENING

pytestmark = pytest.mark.django_db
FIGURE = "students.pupils"


@pytest.fixture
def zone(city: AsOf) -> int:
    return Unit.objects.get(code="z1").pk


def told(zone: int, value: Any = "880", **more: Any) -> Attestation:
    given = {"said_by": "王主任", "heard_by": "值班员", "day": DAY, "counted": 870, "now": EVENING}
    return attest(figure=FIGURE, unit=zone, value=value, by="test", **given | more)


def stand(**more: Any) -> list[Attestation]:
    return standing(**{"known": EVENING + timedelta(hours=1), "day": DAY} | more)


def test_it_stands_beside_and_says_what_the_records_lack(zone: int) -> None:
    row = told(zone, "1,234.5", note="断网")
    assert (row.said_by, row.heard_by, row.note, row.value) == (
        "王主任",
        "值班员",
        "断网",
        Decimal("1234.50"),
    )
    [one] = beside(stand(), lambda _figure, _unit: 1200)
    assert (one.value, one.replaced, one.difference) == (1234.5, False, 34.5)


@pytest.mark.parametrize(
    ("counted", "replaced", "difference"), [(879, False, 1), (880, True, 0), (885, True, -5)]
)
def test_records_replace_it_once_they_say_as_much(
    zone: int, counted: int, replaced: bool, difference: int
) -> None:
    one = Attested(told(zone), counted)
    assert (one.replaced, one.difference) == (replaced, difference)


def test_a_later_one_supersedes_and_the_past_keeps_what_was_said(zone: int) -> None:
    first = told(zone, "880")
    later = EVENING + timedelta(minutes=30)
    second = told(zone, "890", now=later)
    assert second.supersedes == first
    assert [row.value for row in stand()] == [Decimal("890.00")]
    assert [row.value for row in stand(known=EVENING)] == [Decimal("880.00")]


def test_taken_back_it_stands_no_longer_and_stays_written(zone: int) -> None:
    told(zone)
    take_back(figure=FIGURE, unit=zone, day=DAY, note="听错了", by="test", now=EVENING + timedelta(minutes=5))
    assert stand() == []
    assert len(stand(known=EVENING)) == 1
    assert Attestation.objects.count() == 2
    with pytest.raises(NothingAttested):
        take_back(figure=FIGURE, unit=zone, day=DAY, by="test", now=EVENING + timedelta(minutes=6))


def test_of_each_figure_and_unit_the_latest_day_is_meant(zone: int) -> None:
    told(zone, "875", day=DAY - timedelta(days=1))
    told(zone, "880")
    assert [row.value for row in stand()] == [Decimal("880.00")]
    assert [row.value for row in stand(day=DAY - timedelta(days=1))] == [Decimal("875.00")]
    assert stand(units=set()) == [] and stand(figure="students.schools") == []


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"value": "许多"}, NoNumberAttested),
        ({"value": "-1"}, NoNumberAttested),
        ({"value": "NaN"}, NoNumberAttested),
        ({"value": ""}, NoNumberAttested),
        ({"said_by": " "}, NobodyNamed),
        ({"heard_by": ""}, NobodyNamed),
        ({"day": date(2020, 2, 13)}, MomentInFuture),
        ({"value": "870"}, AttestedAlready),
    ],
)
def test_what_cannot_stand_is_refused_and_nothing_is_written(
    zone: int, more: dict[str, Any], problem: type[Exception]
) -> None:
    with pytest.raises(problem):
        told(zone, **more)
    assert not Attestation.objects.exists()


def test_no_figure_is_counted_anew_for_it(zone: int) -> None:
    before = head_position()
    told(zone)
    assert head_position() == before
