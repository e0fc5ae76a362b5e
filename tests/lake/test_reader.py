"""Relations are typed whatever files exist, stay of their generation, and work in Narwhals and threads."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import narwhals as nw
import pytest
from click.testing import CliRunner
from django.utils import translation

from fangxian.cli.main import _build
from fangxian.figures.sync import current_lake, rebuild_lake, sync_lake
from fangxian.kernel.home import Home
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.lake.problems import LakeBehind
from fangxian.lake.reader import Lake

from .world import World

TIMES = {"valid_from": "DATE", "valid_until": "DATE", "recorded": "BIGINT", "recorded_until": "BIGINT"}
ROW = {"row": "BIGINT"}
DATASETS = {
    "units": {
        "unit": "BIGINT",
        "line": "VARCHAR",
        "kind": "VARCHAR",
        "code": "VARCHAR",
        "recorded": "BIGINT",
    },
    "unit_states": ROW
    | {"unit": "BIGINT", "parent": "BIGINT", "stage": "VARCHAR", "absent": "BOOLEAN"}
    | TIMES,
    "covers": ROW | {"coverer": "BIGINT", "covered": "BIGINT", "kind": "VARCHAR"} | TIMES,
    "person_states": ROW
    | {"person": "BIGINT", "sex": "VARCHAR", "birth_year": "INTEGER", "native_place": "VARCHAR"}
    | TIMES,
    "posts": ROW | {"person": "BIGINT", "unit": "BIGINT", "role": "VARCHAR"} | TIMES,
    "memberships": ROW | {"household": "BIGINT", "person": "BIGINT", "relation": "VARCHAR"} | TIMES,
    "merges": ROW | {"person": "BIGINT", "into": "BIGINT"} | TIMES,
    "campaigns": {
        "campaign": "BIGINT",
        "code": "VARCHAR",
        "audience": "VARCHAR",
        "schedule": "VARCHAR",
        "opens": "BIGINT",
        "closes": "BIGINT",
        "issuer": "BIGINT",
        "recorded": "BIGINT",
    },
    "rounds": {
        "campaign": "BIGINT",
        "code": "VARCHAR",
        "number": "INTEGER",
        "opens": "BIGINT",
        "closes": "BIGINT",
        "listed": "BOOLEAN",
        "recorded": "BIGINT",
    },
    "closings": {"closing": "BIGINT", "campaign": "BIGINT", "closes": "BIGINT", "recorded": "BIGINT"},
    "round_members": {
        "campaign": "BIGINT",
        "number": "INTEGER",
        "subject_kind": "VARCHAR",
        "subject": "BIGINT",
        "recorded": "BIGINT",
    },
    "revisions": {
        "submission": "BIGINT",
        "form": "VARCHAR",
        "kind": "VARCHAR",
        "day": "DATE",
        "of_day": "DATE",
        "recorded": "BIGINT",
    },
    "verifications": {
        "row": "BIGINT",
        "submission": "BIGINT",
        "form": "VARCHAR",
        "how": "VARCHAR",
        "recorded": "BIGINT",
        "recorded_until": "BIGINT",
    },
    "changes": {"position": "BIGINT", "at": "BIGINT"},
}
ANSWERS = {
    "submission": "BIGINT",
    "envelope": "BIGINT",
    "campaign": "BIGINT",
    "round": "INTEGER",
    "subject_kind": "VARCHAR",
    "subject": "BIGINT",
    "household": "BIGINT",
    "unit": "BIGINT",
    "reporter": "BIGINT",
    "channel": "VARCHAR",
    "day": "DATE",
    "happened": "BIGINT",
    "received": "BIGINT",
    "late": "BOOLEAN",
    "text": "BIGINT",
    "recorded": "BIGINT",
    "version": "VARCHAR",
}
ASKED = {
    "a_outcome": "VARCHAR",
    "a_symptoms": "VARCHAR[]",
    "a_temperature": "DOUBLE",
    "a_people": "BIGINT",
    "a_returned_on": "DATE",
}


def types(lake: Lake, name: str, **options: object) -> dict[str, str]:
    relation = lake.relation(name, **options)  # type: ignore[arg-type]
    return dict(zip(relation.columns, map(str, relation.types), strict=True))


def test_all_datasets_are_typed_before_there_is_a_row(lake_home: Home) -> None:
    sync_lake(lake_home)
    lake = Lake(lake_home)
    assert {name: types(lake, name) for name in lake.datasets()} == DATASETS
    assert all(lake.relation(name).fetchall() == [] for name in lake.datasets())
    assert (lake.position, lake.forms()) == (0, [])


def test_all_datasets_are_typed_once_there_are_rows(lake_home: Home, world: World) -> None:
    people = world.enrol(2)
    world.house(*people)
    world.open_round(1, people)
    (sheet,) = world.submit({})
    world.revise(sheet, "retracted")
    world.verify(sheet)
    for _ in range(2):  # whole, and in two files
        sync_lake(lake_home)
        lake = Lake(lake_home)
        assert {name: types(lake, name) for name in DATASETS} == DATASETS
        assert types(lake, "answers/screening") == ANSWERS | ASKED
        world.transfer(people[0], "k2", date(2020, 2, 3))
        world.submit({})


def test_forms_and_questions_that_were_never_published_are_there_where_expected(
    lake_home: Home, world: World
) -> None:
    world.submit({"answers": {"outcome": "reached"}})
    sync_lake(lake_home)
    lake = Lake(lake_home)
    assert types(lake, "answers/pledge", expecting={"a_signed": "string"}) == ANSWERS | {
        "a_signed": "VARCHAR"
    }
    assert lake.relation("answers/pledge", expecting={"a_signed": "string"}).fetchall() == []
    expected = lake.relation("answers/screening", expecting={"a_outcome": "string", "a_places": "strings"})
    assert expected.project("a_outcome, a_places").fetchall() == [("reached", None)]
    assert lake.forms() == ["screening"]
    with pytest.raises(KeyError):
        lake.relation("secrets")


def test_days_choose_files_and_rows_alike(lake_home: Home, world: World) -> None:
    """Midnight is the office's: 16:30 UTC on the 3rd is the 4th in the office."""
    for day in (2, 3, 4):
        world.submit({}, happened=datetime(2020, 2, day, 0, 30, tzinfo=OFFICE_ZONE))
    sync_lake(lake_home)
    lake = Lake(lake_home)
    chosen = (
        lake.relation("answers/screening", (date(2020, 2, 3), date(2020, 2, 4))).project("day").fetchall()
    )
    assert sorted(row[0] for row in chosen) == [date(2020, 2, 3), date(2020, 2, 4)]
    assert len(lake.files("answers/screening")) == 3
    assert len(lake.files("answers/screening", (date(2020, 2, 3), date(2020, 2, 3)))) == 1
    assert lake.relation("answers/screening", (date(2020, 3, 1), date(2020, 3, 2))).fetchall() == []


def test_what_revised_the_submissions_of_a_day_lies_apart(lake_home: Home, world: World) -> None:
    """By the day of the submission, not by that of the revision."""
    for day in (2, 3):
        (sheet,) = world.submit({}, happened=datetime(2020, 2, day, 9, tzinfo=OFFICE_ZONE))
        world.revise(sheet, "withdrawn", date(2020, 2, 9))
    sync_lake(lake_home)
    lake, third = Lake(lake_home), (date(2020, 2, 3), date(2020, 2, 3))
    assert len(lake.files("revisions")) == 2
    assert len(lake.files("revisions", third)) == 1
    assert lake.relation("revisions", third).project("submission").fetchall() == [(world.sheets[1],)]


def test_a_lake_stays_as_of_its_generation_and_tells_that_there_is_another(
    lake_home: Home, world: World
) -> None:
    world.enrol(2)
    sync_lake(lake_home)
    old = Lake(lake_home)
    relation = old.relation("posts")
    assert not old.stale()
    world.enrol(1)
    new, synced = current_lake(lake_home)
    assert old.stale() and not new.stale()
    assert new.generation > old.generation
    assert (len(relation.fetchall()), len(new.relation("posts").fetchall())) == (2, 3)
    assert (old.position + 1, new.position) == (new.position, synced.position)
    assert new.known_at == world.now
    old.require(old.position)
    with pytest.raises(LakeBehind) as behind:
        old.require(new.position)
    assert old.known_at.isoformat() in behind.value.sentence()


def test_a_relation_works_in_narwhals_joined_with_another(lake_home: Home, world: World) -> None:
    people = world.enrol(3)
    world.submit({"subject": people[0], "answers": {"symptoms": ["fever"]}}, {"subject": people[1]})
    sync_lake(lake_home)
    lake = Lake(lake_home)
    posts, sheets = nw.from_native(lake.relation("posts")), nw.from_native(lake.relation("answers/screening"))
    answered = posts.join(sheets, left_on="person", right_on="subject", how="semi")
    counted = answered.group_by("unit").agg(nw.len().alias("people")).collect("pyarrow")
    assert counted.rows() == [(world.units["k1"], 2)]


def test_threads_read_side_by_side(lake_home: Home, world: World) -> None:
    world.enrol(5)
    sync_lake(lake_home)
    lake = Lake(lake_home)
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: len(lake.relation("posts").fetchall()), range(40)))
    assert set(counts) == {5}


def test_a_data_folder_may_have_any_name(world: World, lake_home: Home) -> None:
    """Also one in which a file name could be taken for a pattern or end a quotation."""
    home = Home(lake_home.path.parent / "it's [a] *city* ?").make()
    (home.keys / "keys.1").write_bytes((lake_home.keys / "keys.1").read_bytes())
    world.enrol(2)
    sync_lake(home)
    assert len(Lake(home).relation("posts").fetchall()) == 2


# --------------------------------------------------------------------------------------- the command line


def fangxian(home: Home, *words: str) -> tuple[int, str]:
    with translation.override("en"):
        done = CliRunner().invoke(_build(), ["--home", str(home.path), "--lang", "en", "lake", *words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_the_command_line_mirrors_and_checks(lake_home: Home, world: World) -> None:
    assert fangxian(lake_home, "check") == (
        1,
        "The lake has not been built yet. Build it with: fangxian lake rebuild [lake-missing]\n",
    )
    code, said = fangxian(lake_home, "sync")
    assert code == 0
    assert f"position {Lake(lake_home).position}" in said
    assert world.now.isoformat(timespec="seconds") in said
    assert fangxian(lake_home, "check") == (0, "The lake agrees with the ledger.\n")
    world.enrol(1)
    code, said = fangxian(lake_home, "check", "--json")
    assert (code, [finding["code"] for finding in json.loads(said)]) == (1, ["lake-behind"])
    code, said = fangxian(lake_home, "rebuild", "--json")
    assert (code, json.loads(said)["rebuilt"]) == (0, "asked")
    assert json.loads(said)["position"] == Lake(lake_home).position
    assert fangxian(lake_home, "check", "--json") == (0, "[]\n")


def test_the_command_line_says_when_it_had_to_begin_from_nothing(lake_home: Home, world: World) -> None:
    rebuild_lake(lake_home)
    (lake_home.lake / "manifest.json").write_text("{")
    code, said = fangxian(lake_home, "sync")
    assert code == 0
    assert "built from nothing" in said
