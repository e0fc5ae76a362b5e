"""Nobody in a demonstration can be taken for a person that exists."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fangxian.scenario.people import id_numbers, phones

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def check_digit(body: str) -> str:
    """GB 11643-1999, section 4: the worked example of the standard is in the test below."""
    return "10X98765432"[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


def test_the_standards_own_examples() -> None:
    assert check_digit("11010519491231002") == "X"
    assert check_digit("44052418800101001") == "4"


@given(
    st.lists(st.tuples(st.dates(), st.booleans()), min_size=1, max_size=40).map(
        lambda rows: [
            (day.replace(year=max(1900, min(day.year, 2020)), day=min(day.day, 28)), f) for day, f in rows
        ]
    ),
    st.integers(0, 4_000_000),
)
def test_id_numbers_are_sound_and_of_no_region(rows: list, first: int) -> None:
    births = np.array([day for day, _female in rows], dtype="datetime64[D]")
    female = np.array([f for _day, f in rows])
    numbers = id_numbers(births, female, first)
    assert len(set(numbers)) == len(numbers)
    for number, (day, is_female) in zip(numbers, rows, strict=True):
        assert number[:2] == "99"
        assert number[6:14] == day.strftime("%Y%m%d")
        assert int(number[16]) % 2 == (0 if is_female else 1)
        assert number[17] == check_digit(number[:17])


def test_phones_differ_and_start_where_no_mobile_does() -> None:
    some = phones(0, 200_000)
    assert len(set(some)) == len(some)
    assert all(len(phone) == 11 and phone.startswith("100") for phone in some[:1000])
