"""What must stay in the ledger is in no byte of the lake, and the lake is its owner's alone."""

import stat
from pathlib import Path

import pyarrow.parquet as pq

from fangxian.figures.sync import sync_lake
from fangxian.kernel.home import Home
from fangxian.lake.answers import quoted
from fangxian.lake.reader import Lake
from fangxian.registry import actions as registry
from fangxian.registry.models import Person

from .world import QUESTIONS, World, relation_rows

NAME, OTHER, NUMBER, PHONE = "欧阳丁一", "司马丙", "990001201001010011", "10012345678"
WORDS = "家住东门三号"
CANARIES = [NAME, OTHER, NUMBER, PHONE, WORDS, "instance-canary", "reason-canary", "by-canary", "名k1"]
PRIVATE = [
    {"name": "id_number", "type": "text", "class": "D"},
    {"name": "phone", "type": "integer", "class": "C"},
    {"name": "birthday", "type": "date", "class": "D"},
    {"name": "kind_of_note", "type": "select_one", "class": "F"},
    {"name": "who", "type": "text", "class": "B"},
]


def plant(world: World) -> None:
    """Canaries wherever somebody could write something: answers, ids, channels, relations, reasons."""
    world.publish("screening", [*QUESTIONS, *PRIVATE])
    pupil, parent = world.enrol(2, name=NAME)
    registry.correct_person(person=parent, name=OTHER, native_place=OTHER, by="by-canary", now=world.tick())
    registry.erase_secrets(persons=[parent], by="by-canary", now=world.tick())
    one = registry.NewPerson(NAME, id_number=NUMBER, phone=PHONE)
    member = registry.enrol(people=[one], by="by-canary", now=world.tick())[0]
    home = registry.NewHousehold([(pupil, "child"), (member, OTHER)], world.now.date())
    registry.add_households(households=[home], by="by-canary", now=world.tick())
    private = {"id_number": NUMBER, "phone": int(PHONE), "birthday": "1901-02-03", "who": NAME}
    (sheet,) = world.submit(
        {
            "subject": pupil,
            "reporter": member,
            "instance_id": "instance-canary",
            "envelope_id": PHONE,
            "channel": PHONE,
            "by": "by-canary",
            "answers": {"outcome": "reached", "note": WORDS, "kind_of_note": WORDS, **private},
        }
    )
    world.revise(sheet, "withdrawn", world.now.date(), reason=f"reason-canary {NAME}")


def contents(home: Home) -> str:
    """All bytes of the lake as text, as they lie and decoded."""
    told = []
    for path in home.lake.rglob("*"):
        if path.is_file():
            told.append(path.name + path.read_bytes().decode("utf-8", "replace"))
        if path.suffix == ".parquet":
            told.append(str(pq.read_table(path).to_pylist()))
    return "\n".join(told)


def test_no_name_number_phone_or_free_text_is_in_the_lake(lake_home: Home, world: World) -> None:
    plant(world)
    sync_lake(lake_home)
    found = contents(lake_home)
    assert "reached" in found, "the search does not see what is there"
    assert [canary for canary in CANARIES if canary in found] == []
    assert "datetime.date(1901, 2, 3)" not in found
    columns = {name for name, _type in Lake(lake_home).columns("answers/screening")}
    asked = {f"a_{question['name']}" for question in QUESTIONS if question["type"] != "text"}
    assert {name for name in columns if name.startswith("a_")} == asked


def test_what_is_no_code_becomes_other(lake_home: Home, world: World) -> None:
    plant(world)
    sync_lake(lake_home)
    lake = Lake(lake_home)
    assert {row[0] for row in lake.relation("answers/screening").project("channel").fetchall()} == {"other"}
    relations = lake.relation("memberships").project("relation").fetchall()
    assert {row[0] for row in relations} == {"child", "other"}
    places = lake.relation("person_states").project("native_place").fetchall()
    assert {row[0] for row in places} == {""}


def test_people_and_households_appear_under_surrogates_alone(lake_home: Home, world: World) -> None:
    """Ids of the ledger are small and dense; none of them stands where a person or household should."""
    people = world.enrol(5)
    world.house(*people)
    world.submit({"subject": people[0], "household": world.households[0], "reporter": people[1]})
    sync_lake(lake_home)
    lake = Lake(lake_home)
    known = set(Person.objects.values_list("surrogate", flat=True))
    for name in lake.datasets():
        for column in {"person", "into", "subject", "reporter"} & set(lake.relation(name).columns):
            found = {row[0] for row in lake.relation(name).project(quoted(column)).fetchall()}
            assert found <= known | {None}, f"{name}.{column}"


def test_envelopes_are_told_apart_but_not_named(lake_home: Home, world: World) -> None:
    plain = world.submit({"envelope_id": "e1"}, {"envelope_id": "e1"}, {"envelope_id": "e2"}, {})
    sync_lake(lake_home)
    (later,) = world.submit({"envelope_id": "e1"})  # a correction keeps its envelope
    sync_lake(lake_home)
    relation = Lake(lake_home).relation("answers/screening")
    envelope = dict(relation.project("submission, envelope").fetchall())
    first, second, third, none = (envelope[sheet] for sheet in plain)
    assert first == second == envelope[later] != third
    assert none is None
    assert first >= 0


def test_files_are_their_owners_alone(lake_home: Home, world: World) -> None:
    world.submit({})
    sync_lake(lake_home)
    world.submit({})
    sync_lake(lake_home)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [lake_home.lake, *lake_home.lake.rglob("*")]}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert any(Path(path).suffix == ".parquet" for path in modes)


def test_rows_are_sorted_by_unit(lake_home: Home, world: World) -> None:
    for unit in ("k2", "k1", "k2", "k1"):
        world.enrol(1, unit=unit)
    world.submit(*({"unit": unit} for unit in (9, 3, 7, 3)))
    sync_lake(lake_home)
    for name in ("posts", "answers/screening"):
        (path,) = Lake(lake_home).files(name)
        units = pq.read_table(path)["unit"].to_pylist()
        assert units == sorted(units)
    assert relation_rows(Lake(lake_home), "posts")
