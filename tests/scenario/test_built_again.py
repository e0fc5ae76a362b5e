"""Builds of a small city, held against one another: the same seed, and other facts."""

import pytest

from fangxian.scenario.expected import expected
from fangxian.scenario.facts import read_facts

from .conftest import CHANGED, tried, with_values

pytestmark = [pytest.mark.once, pytest.mark.django_db]


def test_a_seed_gives_the_same_rows_again_and_three_facts_changed_change_three_figures() -> None:
    facts = read_facts()
    (rows, counted), (again, _counted) = tried(facts, seed=1), tried(facts, seed=1)
    assert rows == again
    other = with_values(facts, CHANGED)
    _rows, changed = tried(other, seed=1)
    assert changed == expected(other, 0.01)
    assert {id for id in counted if counted[id] != changed[id]} == set(CHANGED)
