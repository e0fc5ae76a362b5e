"""The registry's verbs by example: what they store, and what they refuse."""

from datetime import date, datetime

import pytest
from django.db import connection

from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.kernel.problems import SpanReversed
from fangxian.kernel.secrets import keyring
from fangxian.registry import problems
from fangxian.registry.actions import (
    NewCover,
    NewHousehold,
    NewPerson,
    NewPost,
    NewUnit,
    add_covers,
    add_households,
    add_member,
    add_units,
    appoint,
    change_unit,
    close_unit,
    correct_person,
    enrol,
    erase_secrets,
    merge_persons,
    split_person,
    transfer,
)
from fangxian.registry.holding import HOLDING, holding, holding_parameters
from fangxian.registry.models import Membership, Merge, Person, PersonSecret, PersonState, Post, Unit
from fangxian.registry.queries import likely_pairs, without_first_responsible, zone_faults
from fangxian.registry.tree import tree

START = date(2020, 1, 1)
TODAY = date(2020, 2, 12)


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2020, 2, day, hour, tzinfo=OFFICE_ZONE)


def posts_on(person: int, day: date, position: int) -> list[int]:
    rows = Post.objects.filter(holding(day, position), person=person)
    return list(rows.values_list("unit_id", flat=True))


def test_what_holds_is_the_same_as_text(small_city: dict[str, int], pupil: int) -> None:
    first = head_position()
    transfer(person=pupil, to_unit=small_city["s2-1"], day=TODAY, by="test", now=at(12))
    table, found = Post._meta.db_table, set()
    for position in range(first - 1, head_position() + 1):
        for day in (date(2019, 12, 31), START, date(2020, 2, 11), TODAY, date(2020, 3, 1)):
            with connection.cursor() as cursor:
                sql = f"SELECT unit_id FROM {table} WHERE person_id = %s AND {HOLDING}"
                cursor.execute(sql, [pupil, *holding_parameters(day, position)])
                told = [unit for (unit,) in cursor.fetchall()]
            assert told == posts_on(pupil, day, position)
            found.update(told)
    assert found == {small_city["s1-1"], small_city["s2-1"]}


def test_a_unit_reaches_its_ancestors_its_host_and_its_zone(small_city: dict[str, int]) -> None:
    units = tree(TODAY, head_position())
    codes = {units.nodes[u].code for u in units.reach(small_city["s1-1"])}
    assert codes == {"s1-1", "s1", "c1", "xw", "z1", "hq"}
    codes = {units.nodes[u].code for u in units.reach(small_city["pb"])}
    assert codes == {"pb", "s1", "c1", "xw", "z1", "hq"}


@pytest.mark.parametrize(
    ("unit", "problem"),
    [
        (NewUnit("n", "palace", "宫", "xw", START), problems.UnknownKind),
        (NewUnit("n", "school", "新", "nowhere", START), problems.UnknownUnit),
        (NewUnit("s1", "school", "新", "c1", START), problems.UnitCodeTaken),
        (NewUnit("n", "zone", "新", "xw", START), problems.WrongLine),
        (NewUnit("n", "school", "新", "n", START), problems.UnitCycle),
        (NewUnit("n", "school", "新", "c1", START, until=START), SpanReversed),
    ],
)
def test_a_wrong_unit_is_refused_and_nothing_stored(small_city, unit, problem) -> None:
    before = (Unit.objects.count(), head_position())
    with pytest.raises(problem):
        add_units(units=[NewUnit("good", "school", "好", "c1", START), unit], by="test", now=at(2))
    assert (Unit.objects.count(), head_position()) == before


def test_a_cycle_is_refused_when_a_parent_changes(small_city) -> None:
    with pytest.raises(problems.UnitCycle):
        change_unit(unit=small_city["c1"], parent=small_city["s1"], day=TODAY, by="test", now=at(2))


def test_a_unit_changes_its_name_from_a_day_on(small_city) -> None:
    known = head_position()
    change_unit(unit=small_city["s1"], name="新一小", day=date(2020, 2, 5), by="test", now=at(6))
    name = {
        (day, position): tree(date(2020, 2, day), position).nodes[small_city["s1"]].name
        for day in (4, 5)
        for position in (known, head_position())
    }
    assert set(name.values()) == {"一小", "新一小"}
    assert name[5, head_position()] == "新一小"


def test_a_closed_unit_is_gone_from_that_day(small_city) -> None:
    close_unit(unit=small_city["s2"], day=date(2020, 2, 5), by="test", now=at(6))
    assert small_city["s2"] in tree(date(2020, 2, 4), head_position()).nodes
    assert small_city["s2"] not in tree(date(2020, 2, 5), head_position()).nodes


def test_a_transfer_is_known_from_its_recording_on(small_city, pupil) -> None:
    before = head_position()
    transfer(person=pupil, to_unit=small_city["s2-1"], day=date(2020, 2, 5), by="test", now=at(7))
    after = head_position()
    assert posts_on(pupil, date(2020, 2, 6), before) == [small_city["s1-1"]]
    assert posts_on(pupil, date(2020, 2, 6), after) == [small_city["s2-1"]]
    assert posts_on(pupil, date(2020, 2, 4), after) == [small_city["s1-1"]]


def test_a_pupil_in_two_classes_at_once_is_refused(small_city, pupil) -> None:
    with pytest.raises(problems.TwoClasses) as refused:
        appoint(posts=[NewPost(pupil, small_city["s2-1"], "pupil", TODAY)], by="test", now=at(2))
    assert "一班" in refused.value.sentence()


def test_a_unit_has_one_first_responsible_person_at_a_time(small_city, pupil) -> None:
    other = enrol(people=[NewPerson("王二")], by="test", now=at(2))[0]
    post = NewPost(pupil, small_city["s1"], "first_responsible", START)
    appoint(posts=[post], by="test", now=at(2))
    with pytest.raises(problems.TwoResponsible):
        again = NewPost(other, small_city["s1"], "first_responsible", TODAY)
        appoint(posts=[again], by="test", now=at(2))
    missing = {node.code for node in without_first_responsible(TODAY, head_position())}
    assert "s1" not in missing
    assert "s2" in missing


def test_zone_gaps_are_listed_and_overlaps_refused(small_city) -> None:
    add_units(units=[NewUnit("s9", "school", "城九", "xw", START)], by="test", now=at(2))
    assert [fault.unit.code for fault in zone_faults(TODAY, head_position())] == ["s9"]
    with pytest.raises(problems.TwoZones):
        add_covers(covers=[NewCover("z2", "c1", "zone", START)], by="test", now=at(2))
    twice = [NewCover("z1", "s9", "zone", START), NewCover("z2", "s9", "zone", START)]
    with pytest.raises(problems.TwoZones):
        add_covers(covers=twice, by="test", now=at(2))


def test_secrets_are_sealed_found_and_erased_without_changing_a_count(small_city) -> None:
    number, phone = "990101201005010012", "10012345678"
    person = NewPerson("丁一", id_number=number, phone=phone, posts=[(small_city["s1-1"], "pupil", START)])
    pk = enrol(people=[person], by="test", now=at(2))[0]
    kept = PersonSecret.objects.get(person=pk, field="id_number")
    assert number.encode() not in bytes(kept.sealed)
    assert keyring().open(kept.sealed) == number
    counts = (Person.objects.count(), Post.objects.count(), PersonState.objects.count())
    assert erase_secrets(persons=[pk], by="test", now=at(3)) == 2
    assert not PersonSecret.objects.filter(person=pk).exists()
    assert (Person.objects.count(), Post.objects.count(), PersonState.objects.count()) == counts


def test_an_id_number_belongs_to_one_person(small_city) -> None:
    person = NewPerson("丁一", id_number="990101201005010012")
    enrol(people=[person], by="test", now=at(2))
    with pytest.raises(problems.DuplicateSecret):
        enrol(people=[NewPerson("丁二", id_number="990101201005010012")], by="test", now=at(2))
    with pytest.raises(problems.DuplicateSecret):
        two = [
            NewPerson("甲", id_number="990101201005010020"),
            NewPerson("乙", id_number="990101201005010020"),
        ]
        enrol(people=two, by="test", now=at(2))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (
            NewPerson("丁大", id_number="990101199905010012"),
            NewPerson("丁达", id_number="990101199905010012"),
            True,
        ),
        (NewPerson("丁大", phone="10012345678"), NewPerson("丁大", phone="10012345678"), True),
        (NewPerson("丁大", phone="10012345678"), NewPerson("丁小", phone="10012345678"), False),
        (NewPerson("丁大", phone="10012345678"), NewPerson("丁大"), False),
        (
            NewPerson("丁大", phone="10012345678", id_number="990101199905010012"),
            NewPerson("丁大", phone="10012345678", id_number="990101199905010020"),
            False,
        ),
    ],
)
def test_a_member_added_twice_is_one_person(small_city, pupil, first, second, same) -> None:
    home = add_households(households=[NewHousehold([(pupil, "child")], START)], by="test", now=at(2))[0]
    a, b = (
        add_member(household=home, member=m, relation="grown_child", since=TODAY, by="test", now=at(12))
        for m in (first, second)
    )
    assert (a == b) is same
    assert Membership.objects.filter(household=home).count() == (2 if same else 3)
    pairs = likely_pairs(head_position())
    assert [(p.first, p.second) for p in pairs] == (
        [(a, b)] if not same and first.name == second.name else []
    )


def test_merges_do_not_chain_and_can_be_split(small_city, pupil) -> None:
    a, b = enrol(people=[NewPerson("甲"), NewPerson("乙")], by="test", now=at(2))
    merge_persons(person=a, into=pupil, day=TODAY, by="test", now=at(3))
    for person, into in ((a, b), (pupil, b), (b, a), (b, b)):
        with pytest.raises(problems.MergeIntoSelf):
            merge_persons(person=person, into=into, day=TODAY, by="test", now=at(3))
    merge_persons(person=b, into=pupil, day=TODAY, by="test", now=at(3))
    split_person(person=a, by="test", now=at(4))
    assert list(Merge.objects.filter(recorded_until=None).values_list("person_id", flat=True)) == [b]


def test_a_corrected_name_keeps_the_old_row(small_city, pupil) -> None:
    correct_person(person=pupil, name="丁乙", by="test", now=at(3))
    rows = PersonState.objects.filter(person=pupil).order_by("id")
    assert [(row.name, row.recorded_until is None) for row in rows] == [("丁一", False), ("丁乙", True)]
