"""The engine against the plain meaning, on small worlds in which everything overlaps."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.figures.engine import Engine
from fangxian.figures.frames import ENGINES
from fangxian.figures.plain import PlainFigures
from fangxian.kernel.asof import AsOf

from .worlds import DAYS, Draft, MemorySource, dense_world, moment

pytestmark = [pytest.mark.once, pytest.mark.django_db]


def agree(draft: Draft, at: AsOf, frames: str) -> None:
    """Every figure at every unit, its records, and that they add up."""
    engine, plain = Engine(source=MemorySource(draft), frames=frames), PlainFigures(draft.world(), at)
    counted = engine.all(at)
    assert list(counted) and set(counted) == set(plain.meanings)
    for id, by_unit in counted.items():
        for unit in plain.units:
            assert by_unit[unit] == plain.value(id, unit), (id, unit)
    assert all(check.ok for check in engine.add_up_checks(at))


COURSES = ("coverage.daily-check", "coverage.disinfection", "coverage.supplies", "party.members")


def courses_agree(draft: Draft, at: AsOf, frames: str) -> None:
    """A course counts each day as a question about the day does, and as the plain meaning does."""
    engine = Engine(source=MemorySource(draft), frames=frames)
    plain = {day: PlainFigures(draft.world(), AsOf(day, at.known_by, at.position)) for day in DAYS}
    for id in (id for id in COURSES if id in engine.figures(at)):
        for day, by_unit in engine.course(id, DAYS, at):
            assert dict(by_unit) == dict(engine.by_unit(id, AsOf(day, at.known_by, at.position)))
            assert dict(by_unit) == {unit: plain[day].value(id, unit) for unit in plain[day].units}


@st.composite
def questions(draw: st.DrawFn) -> AsOf:
    day = draw(st.sampled_from(DAYS))
    known_by = moment(day + timedelta(days=draw(st.integers(0, 2))), 18)
    return AsOf(day, known_by, draw(st.integers(1, 16)))


@given(st.randoms(use_true_random=False), st.lists(questions(), min_size=2, max_size=2))
@settings(max_examples=settings.default.max_examples // 3)
def test_the_engine_counts_as_the_plain_meaning_does(random: Random, asked: list[AsOf]) -> None:
    draft = dense_world(random)
    for at, frames in zip(asked, ENGINES, strict=False):
        agree(draft, at, frames)


@given(st.randoms(use_true_random=False), questions(), st.sampled_from(["polars", "duckdb"]))
@settings(max_examples=settings.default.max_examples // 3)
def test_a_course_of_days_counts_as_each_day_does(random: Random, at: AsOf, frames: str) -> None:
    """With sheets that came late, that were corrected later, and people who came and went."""
    courses_agree(dense_world(random), at, frames)
