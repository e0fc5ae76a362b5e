from datetime import date, datetime

import pytest

from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.registry.actions import NewCover, NewPerson, NewUnit, add_covers, add_units, enrol

START = date(2020, 1, 1)


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2020, 2, day, hour, tzinfo=OFFICE_ZONE)


@pytest.fixture
def small_city(db: None) -> dict[str, int]:
    """A bureau, a centre, two schools with a class each, an office, a zone; unit ids by code."""
    by, now = "test", at(1)
    units = [
        NewUnit("xw", "bureau", "局", None, START),
        NewUnit("office", "office", "办公室", "xw", START),
        NewUnit("c1", "centre", "中心学校", "xw", START),
        NewUnit("s1", "school", "一小", "c1", START, stage="primary"),
        NewUnit("s2", "teaching_point", "二点", "c1", START, stage="primary"),
        NewUnit("s1-1", "class", "一班", "s1", START),
        NewUnit("s2-1", "class", "一班", "s2", START),
        NewUnit("hq", "headquarters", "指挥部", None, START),
        NewUnit("z1", "zone", "第一战区", "hq", START),
        NewUnit("z2", "zone", "第二战区", "hq", START),
        NewUnit("pb", "party_branch", "一小支部", None, START),
    ]
    ids = add_units(units=units, by=by, now=now)
    covers = [NewCover("z1", code, "zone", START) for code in ("c1", "office")]
    add_covers(covers=[*covers, NewCover("s1", "pb", "host", START)], by=by, now=now)
    return ids


@pytest.fixture
def pupil(small_city: dict[str, int]) -> int:
    person = NewPerson("丁一", "m", date(2010, 5, 1), posts=[(small_city["s1-1"], "pupil", START)])
    return enrol(people=[person], by="test", now=at(1))[0]
