"""Rows by many values in one parameter: the same rows as Django's own `in`."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from fangxian.kernel.models import Change
from fangxian.kernel.moments import from_ms
from fangxian.kernel.tables import insert
from fangxian.registry.models import Post

pytestmark = pytest.mark.django_db
AWKWARD = ["", "a", 'a"b', "a\\b", '\\"', "{a,b}", "NULL", "a,b", "a\nb", "甲", "'", "%s", "\\u0000"]
AWKWARD += [] if connection.vendor == "postgresql" else ["a\0b", "a\0c"]  # PostgreSQL has no NUL in texts
NUMBERS = [-(2**63), -1, 0, 1, 2**31, 2**63 - 1]


@pytest.fixture
def changes() -> None:
    columns = ("position", "at", "action", "by", "detail")
    told = [
        (NUMBERS[at % 6] if at < 6 else at, from_ms(at), text, "t", {}) for at, text in enumerate(AWKWARD)
    ]
    insert(Change, columns, told)


@given(values=st.sets(st.sampled_from([*AWKWARD, "b", " "])))
def test_texts_are_found_as_by_in(changes: None, values: set[str]) -> None:
    found = Change.objects.filter(action__among=values).values_list("action", flat=True)
    assert sorted(found) == sorted(values & set(AWKWARD))


@given(values=st.sets(st.sampled_from([*NUMBERS, 5, 7, 99])))
def test_whole_numbers_are_found_as_by_in(changes: None, values: set[int]) -> None:
    found = Change.objects.filter(position__among=values).values_list("position", flat=True)
    assert sorted(found) == sorted(
        Change.objects.filter(position__in=values).values_list("position", flat=True)
    )


def test_nobody_is_among_none(changes: None) -> None:
    assert not Change.objects.filter(position__among=set()).exists()
    assert not Change.objects.filter(action__among=frozenset()).exists()


def test_however_many_they_are_one_parameter() -> None:
    """Also where the column is a foreign key."""
    posts = Post.objects.filter(person__among=set(range(100_000)), role="pupil")
    assert len(posts.query.sql_with_params()[1]) == 2
    assert not posts.exists()
