"""What the engine promises beside numbers: records, checks, and what it refuses."""

from collections.abc import Callable
from datetime import date

import pyarrow.compute as pc
import pytest

from fangxian.figures.engine import Engine
from fangxian.figures.problems import NotCountedHere, UnitNotThere, UnknownFigure, UnknownPart
from fangxian.figures.reach import UnitRow, reach_of
from fangxian.figures.results import ByUnit, Value, number
from fangxian.kernel.problems import MomentInFuture, NothingKnownYet
from fangxian.lake.problems import LakeBehind

from .town import Town
from .worlds import IDS, MemorySource

Make = Callable[[str], Engine]
AT = Town.at()

MEMBERS = """
post p1 party_member pb1
post p1 party_member pb2
post p2 party_member pb2
post p3 party_member pb1 until 11
report oath p1 unit pb1 attended=yes
"""


def test_records_are_each_once_and_sum_to_the_value(engine_of: Make) -> None:
    engine = engine_of(MEMBERS)
    for code in ("xw", "pc", "pb2", "o1", "z1", "s1"):
        value = engine.value("party.members", IDS[code], AT)
        table = engine.records("party.members", IDS[code], AT)
        assert value is not None
        assert value.value == pc.sum(table["contribution"]).as_py() == len(set(table["id"].to_pylist()))
        assert all(IDS[code] in reached(engine, unit) for unit in table["unit"].to_pylist())


def reached(engine: Engine, unit: int) -> frozenset[int]:
    return engine._moment(AT).reach.of(unit)


def test_parts_of_a_coverage_are_the_denominator_and_who_is_outside_it(engine_of: Make) -> None:
    engine = engine_of(MEMBERS)
    parts = {part: ids(engine, "coverage.oath", part) for part in engine.parts("coverage.oath", AT)}
    assert parts == {
        "counted": [1],
        "of": [1, 2],
        "missing": [2],
        "excluded:left": [3],
        "excluded:joined": [],
    }


def test_parts_of_a_set_with_exclusions(engine_of: Make) -> None:
    engine = engine_of("unit s2-0 until 10")
    assert ids(engine, "environment.schools_disinfected", "missing") == [IDS["s1"]]
    assert ids(engine, "environment.schools_disinfected", "excluded:none-declared") == [IDS["s2"]]


def ids(engine: Engine, figure: str, part: str, code: str = "xw") -> list[object]:
    return sorted(engine.records(figure, IDS[code], AT, part)["id"].to_pylist())


def test_records_say_because_of_which_submissions(engine_of: Make) -> None:
    engine = engine_of(
        """
        post p1 staff s1
        report screening p1 outcome=reached place=hubei
        report screening p1 outcome=reached place=hubei on 11
        report screening p1 outcome=reached place=none on 9
        verify 1
        verify 2
        verify 3
        """
    )
    figure = "screening.staff_from_hubei_or_contact"
    assert engine.records(figure, IDS["xw"], AT)["because"].to_pylist() == [[1, 2]]


def test_an_amount_has_what_each_record_adds(engine_of: Make) -> None:
    engine = engine_of("report supplies pb1 amount=0.1\nreport supplies pb1 amount=0.2")
    table = engine.records("supplies.delivered_value", IDS["xw"], AT)
    assert sorted(table["contribution"].to_pylist()) == [0.1, 0.2]
    assert engine.value("supplies.delivered_value", IDS["xw"], AT) == Value(0.3)


def test_rounds_open_to_those_that_are_complete_at_the_unit(engine_of: Make) -> None:
    engine = engine_of(
        """
        round training-institutions 1
        round training-institutions 2 opens 10
        report training-institutions i1 round 2
        """
    )
    assert ids(engine, "supervision.training_rounds", "counted", "i1") == [2]
    assert ids(engine, "supervision.training_rounds", "missing", "i1") == [1]
    assert ids(engine, "supervision.training_rounds", "counted") == []


def test_a_unit_of_another_line_is_not_counted_here(engine_of: Make) -> None:
    engine = engine_of("post p1 pupil k1")
    assert engine.value("students.pupils", IDS["pb1"], AT) is None
    assert engine.values(AT, IDS["pb1"])["students.pupils"] is None
    assert engine.value("students.pupils", IDS["o1"], AT) == Value(0)
    with pytest.raises(NotCountedHere):
        engine.records("students.pupils", IDS["pb1"], AT)


def test_what_is_unknown_is_refused_by_name(engine_of: Make) -> None:
    engine = engine_of("unit s2 until 12")
    with pytest.raises(UnknownFigure):
        engine.by_unit("students.pupil", AT)
    with pytest.raises(UnitNotThere):
        engine.value("students.pupils", IDS["s2"], AT)
    with pytest.raises(UnitNotThere):
        engine.records("students.pupils", IDS["s2"], AT)
    with pytest.raises(UnknownPart):
        engine.records("students.pupils", IDS["xw"], AT, "missing")
    assert engine.value("students.pupils", IDS["s2"], Town.at(11)) == Value(0)


def test_a_lake_that_does_not_know_the_position_yet_is_behind(engine_of: Make) -> None:
    with pytest.raises(LakeBehind):
        engine_of("").all(Town.at(12, position=21))


def test_a_campaign_has_no_coverage_before_it_is_launched(engine_of: Make) -> None:
    engine = engine_of("")
    assert "coverage.oath" not in engine.all(Town.at(12, position=1))
    assert "coverage.oath" in engine.all(AT)


def test_add_up_checks_list_what_the_parts_share(engine_of: Make) -> None:
    engine = engine_of(MEMBERS.replace("pb2", "pg"))
    check = next(c for c in engine.add_up_checks(AT) if (c.figure, c.unit) == ("party.members", IDS["pc"]))
    assert check.ok and (check.value, check.parts, check.shared, check.own) == (2, 2, 0, 0)
    engine = engine_of(MEMBERS)  # pb1 lies under pg, pb2 beside it: one person is in both
    check = next(c for c in engine.add_up_checks(AT) if (c.figure, c.unit) == ("party.members", IDS["pc"]))
    assert check.ok and (check.value, check.parts, check.shared, check.sharing) == (2, 3, 1, (1,))


def test_checks_notice_a_total_that_its_parts_do_not_give(engine_of: Make) -> None:
    engine = engine_of(MEMBERS)
    good = engine.by_unit("party.members", AT)
    wrong = ByUnit(good.units, good.answers, good.counted + 1, good.of, good.excluded)
    engine._moment(AT).by_unit["party.members"] = wrong
    failed = {check.figure for check in engine.add_up_checks(AT) if not check.ok}
    assert failed == {"party.members"}


def test_moments_are_kept_and_few(engine_of: Make) -> None:
    engine = engine_of(MEMBERS)
    first = engine.by_unit("party.members", AT)
    assert engine.by_unit("party.members", AT) is first
    for position in range(1, 9):
        engine.by_unit("party.members", Town.at(12, position=position))
    assert engine.by_unit("party.members", AT) is not first


def test_an_office_may_host_the_headquarters_in_one_of_whose_zones_it_lies() -> None:
    rows = [
        UnitRow(1, "administrative", "bureau", "xw", None, "", False),
        UnitRow(2, "administrative", "office", "o1", 1, "", False),
        UnitRow(3, "response", "headquarters", "hq", None, "", False),
        UnitRow(4, "response", "zone", "z1", 3, "", False),
    ]
    reach = reach_of(rows, [(2, 3, "host"), (4, 2, "zone")])
    assert reach.of(2) == reach.of(4) == {1, 2, 3, 4}
    assert all(list(reach.of(u)) and reach.of(u) == closure(reach, u) for u in (1, 2, 3, 4))


def closure(reach: object, unit: int) -> set[int]:
    leaf, above = reach.pairs  # type: ignore[attr-defined]
    units = reach.units  # type: ignore[attr-defined]
    return set(units[above[units[leaf] == unit]].tolist())


def test_numbers_are_whole_where_they_can_be() -> None:
    assert [number(0.1 + 0.2), number(3.0), number(105_800.004)] == [0.3, 3, 105_800]
    assert isinstance(number(3.0), int)


def test_moments_outside_what_is_known_are_refused(db: None) -> None:
    from fangxian.figures.moments import as_of

    with pytest.raises(NothingKnownYet):
        as_of(Town.at().known_by)
    with pytest.raises(MomentInFuture):
        as_of(Town.at(12).known_by, clock=Town.at(11).known_by)


def test_of_a_daily_campaign_only_the_days_that_can_count_are_read(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report of the disinfection holds good for two days here; what revised sheets lies by their day."""
    source = MemorySource(Town("post p1 pupil k1\nreport daily-check p1 on 11").draft)
    read: list[tuple[str, object]] = []
    relation = source.relation

    def watched(name: str, days: object = None, **wanted: object) -> object:
        read.append((name, days))
        return relation(name, days, **wanted)  # type: ignore[arg-type]

    monkeypatch.setattr(source, "relation", watched)
    engine = Engine(source=source)
    assert engine.value("coverage.daily-check", IDS["c1"], Town.at(11)) == Value(
        1, 1, {"left": 0, "joined": 0}
    )
    engine.value("coverage.disinfection", IDS["c1"], Town.at(12))
    days = {name: asked for name, asked in read if asked}
    assert days["answers/daily-check"] == (date(2020, 2, 11), date(2020, 2, 11))
    assert days["answers/disinfection"] == days["revisions"] == (date(2020, 2, 11), date(2020, 2, 12))


def test_moments_of_one_knowledge_read_it_once(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    source = MemorySource(Town("post p1 pupil k1").draft)
    read: list[str] = []
    relation = source.relation
    monkeypatch.setattr(
        source, "relation", lambda name, *a, **w: read.append(name) or relation(name, *a, **w)
    )
    engine = Engine(source=source)
    engine.value("students.pupils", IDS["c1"], Town.at(11))
    engine.value("students.pupils", IDS["c1"], Town.at(12))
    assert read.count("posts") == read.count("unit_states") == 1
    engine.value("students.pupils", IDS["c1"], Town.at(12, position=19))
    assert read.count("posts") == 2
