"""ID numbers under GB 11643: what passes, and what each wrong one is told."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.kernel.problems import Problem
from fangxian.registry.id_numbers import birth_of, check_digit, read_id_number, sex_of, widen

from .import_files import TODAY, number


def test_a_number_says_birth_and_sex() -> None:
    read = read_id_number(number(7, "19991231"), today=TODAY)
    assert (read.birth, read.sex) == (date(1999, 12, 31), "m")
    assert sex_of(number(8)) == "f"
    assert birth_of(number(8, "20040229")) == date(2004, 2, 29)


def test_the_check_digit_is_that_of_the_standards_example() -> None:
    """GB 11643-1999 works through 11010519491231002X and 440524188001010014."""
    assert check_digit("11010519491231002") == "X"
    assert check_digit("44052418800101001") == "4"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "id-number-length"),
        (number(1)[:17], "id-number-length"),
        (number(1) + "0", "id-number-length"),
        (number(1)[:17] + "Y", "id-number-length"),
        (number(1)[:10] + "X" + number(1)[11:], "id-number-length"),
        ("５３" + number(1)[2:], "id-number-length"),
        ("539881800101001", "id-number-old"),
        (number(1, region="009881"), "id-number-region"),
        (number(1, region="993001"), "id-number-region"),
        (number(1, "19800230"), "id-number-birth"),
        (number(1, "19801301"), "id-number-birth"),
        (number(1, "20200216"), "id-number-birth"),
        (number(1, "18991231"), "id-number-birth"),
    ],
)
def test_a_wrong_number_gets_its_problem(text: str, code: str) -> None:
    with pytest.raises(Problem) as caught:
        read_id_number(text, today=TODAY)
    assert caught.value.code == code
    assert caught.value.sentence()


def test_the_demonstrations_region_passes_only_where_people_are_invented() -> None:
    invented = number(1, region="993001")
    assert read_id_number(invented, today=TODAY, invented=True).number == invented


def test_a_number_of_15_digits_is_widened() -> None:
    assert widen("539881800101001") == number(1)
    with pytest.raises(Problem):
        widen("53988180010100")


@given(st.integers(0, 999), st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_caught(serial: int, place: int, shift: int) -> None:
    right = number(serial)
    if right[place] == "X":
        wrong = right[:place] + str(shift)
    else:
        wrong = right[:place] + str((int(right[place]) + shift) % 10) + right[place + 1 :]
    with pytest.raises(Problem):
        read_id_number(wrong, today=TODAY)


@given(st.integers(0, 999), st.integers(0, 16))
def test_two_swapped_neighbours_are_always_caught(serial: int, place: int) -> None:
    right = number(serial)
    wrong = right[:place] + right[place + 1] + right[place] + right[place + 2 :]
    if wrong != right:
        with pytest.raises(Problem):
            read_id_number(wrong, today=TODAY)
