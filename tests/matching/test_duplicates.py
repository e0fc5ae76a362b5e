"""Two people of the register who are one: merged, split, decided otherwise; figures as known before stay."""

from datetime import date, datetime

import pytest

from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.matching.duplicates import NewTwin, find_twins, is_merged, record_twins, settle, undo
from fangxian.matching.models import NOT_SAME, SAME, Twin, TwinDecision
from fangxian.matching.problems import TwinNotThere, TwinSettled, TwinUndecided, VerdictUnknown
from fangxian.registry.actions import NewPerson, NewUnit, add_units, enrol
from fangxian.registry.problems import MergeIntoSelf
from fangxian.registry.tree import forget_trees

SINCE = date(2019, 9, 1)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2020, 2, 12, hour, minute, tzinfo=OFFICE_ZONE)


@pytest.fixture
def pupils(db: None) -> list[int]:
    forget_trees()
    units = [
        NewUnit("xw", "bureau", "试验市教育体育局", None, SINCE),
        NewUnit("s1", "school", "第一小学", "xw", SINCE, stage="primary"),
    ]
    school = add_units(units=units, by="test", now=at(8))["s1"]
    people = [NewPerson(name, posts=[(school, "pupil", SINCE)]) for name in ("甲某", "甲某", "乙某")]
    return list(enrol(people=people, by="test", now=at(8)))


@pytest.fixture
def twin(pupils: list[int]) -> Twin:
    found = [NewTwin(pupils[0], pupils[1], 0.97, [("name", "equal"), ("phone", "equal")])]
    assert record_twins(found=found, by="test", now=at(9)) == 1
    assert record_twins(found=found, by="test", now=at(9)) == 0, "what is kept stays as it was decided"
    return Twin.objects.get()


def test_nobody_is_compared_with_themselves(db: None, pupils: list[int]) -> None:
    found = find_twins(day=date(2020, 2, 12), position=10)
    assert all(one.person < one.other for one in found)


def test_merged_undone_and_decided_otherwise(twin: Twin) -> None:
    settle(twin=twin.pk, verdict=SAME, by="a", now=at(11))
    assert is_merged(twin)
    with pytest.raises(TwinSettled):
        settle(twin=twin.pk, verdict=NOT_SAME, by="b", now=at(11))
    undo(twin=twin.pk, by="a", now=at(12))
    assert not is_merged(twin)
    with pytest.raises(TwinUndecided):
        undo(twin=twin.pk, by="a", now=at(12))
    settle(twin=twin.pk, verdict=NOT_SAME, by="b", now=at(12, 30))
    assert not is_merged(twin)
    told = TwinDecision.objects.order_by("pk").values_list("verdict", flat=True)
    assert list(told) == ["same", "undone", "not_same"]


def test_a_chain_is_refused_and_nothing_of_it_is_kept(twin: Twin, pupils: list[int]) -> None:
    settle(twin=twin.pk, verdict=SAME, by="a", now=at(11))
    record_twins(found=[NewTwin(pupils[1], pupils[2], 0.5, [])], by="test", now=at(11))
    other = Twin.objects.get(person=pupils[1])
    with pytest.raises(MergeIntoSelf):
        settle(twin=other.pk, verdict=SAME, by="a", now=at(12))
    assert not other.decisions.exists()


def test_what_is_no_pair_or_no_verdict_is_refused(twin: Twin) -> None:
    with pytest.raises(VerdictUnknown):
        settle(twin=twin.pk, verdict="perhaps", by="a", now=at(11))
    for no_pair in (
        lambda: settle(twin=10**6, verdict=SAME, by="a", now=at(11)),
        lambda: undo(twin=10**6, by="a", now=at(11)),
    ):
        with pytest.raises(TwinNotThere):
            no_pair()
