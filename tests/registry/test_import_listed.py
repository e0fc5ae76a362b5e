"""Cells of a list, as offices write them: what matching can judge by is kept, not refused."""

from datetime import date

import pytest

from fangxian.kernel.problems import Problem
from fangxian.registry.importing.cells import Setting, listed_birth, listed_phone

SETTING = Setting(date(2020, 2, 15))


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("电话10012345678", "10012345678"),
        ("10012345678/", "10012345678"),
        ("100-1234-5678/10087654321", "10012345678"),
        ("86 100 1234 5678", "10012345678"),
        (10012345678.0, "10012345678"),
        ("1001234567", "1001234567"),
        ("0874-7123456", "08747123456"),
    ],
)
def test_a_phone_of_a_list(cell: str | float, read: str) -> None:
    assert listed_phone(cell, SETTING) == read


@pytest.mark.parametrize("cell", ["打不通", "100****5678", "12345"])
def test_what_is_no_phone(cell: str) -> None:
    with pytest.raises(Problem):
        listed_phone(cell, SETTING)


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("2009年2月", "2009-02"),
        ("2009.2", "2009-02"),
        ("2009-02", "2009-02"),
        ("2009", "2009"),
        ("2009年出生", "2009"),
        ("2009年2月26日", "2009-02-26"),
        ("20090226", "2009-02-26"),
    ],
)
def test_a_birth_date_in_parts(cell: str, read: str) -> None:
    assert listed_birth(cell, SETTING) == read


def test_an_impossible_day_is_refused() -> None:
    with pytest.raises(Problem):
        listed_birth("2009-02-30", SETTING)
