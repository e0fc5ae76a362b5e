"""The lake holds what the ledger holds, however often it was mirrored, and is whole at every moment."""

import dataclasses
import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.figures.sync import check_lake, current_lake, ledger_address, rebuild_lake, sources, sync_lake
from fangxian.kernel import secrets
from fangxian.kernel.home import Home
from fangxian.kernel.models import Change, Head
from fangxian.kernel.problems import Problem
from fangxian.kernel.secrets import make_keys
from fangxian.lake import apart, files, fold, mirror
from fangxian.lake import manifest as manifests
from fangxian.lake.problems import (
    LakeBroken,
    LakeBusy,
    LakeMissing,
    LakeStopped,
    LedgerMissing,
)
from fangxian.lake.reader import Lake
from fangxian.lake.sources import Sources
from fangxian.registry import actions as registry
from fangxian.registry.models import PersonState

from .world import START, World, lake_rows, plain_lake

FEVER = {"outcome": "reached", "symptoms": ["fever", "cough"], "temperature": 37.5}
VERBS = [
    "enrol",
    "transfer",
    "house",
    "merge",
    "split",
    "submit",
    "correct",
    "withdraw",
    "verify",
    "unverify",
    "sync",
]
DAYS = st.integers(1, 20).map(lambda n: START + timedelta(days=n))


def sync_here(home: Home) -> mirror.Synced:
    """In this process, where a test can interfere; so the ledger must not be open in it."""
    connection.close()
    return mirror.sync(home, ledger=ledger_address(), sources=sources())


def codes(home: Home) -> list[str]:
    return [problem.code for problem in check_lake(home)]


def listed(home: Home) -> set[str]:
    lake = Lake(home)
    return {path for name in lake.datasets() for path in lake.files(name)}


# ------------------------------------------------------------------------------------------- what it holds


def test_each_row_of_the_ledger_is_there_once_under_its_surrogate(lake_home: Home, world: World) -> None:
    one, other = world.enrol(2)
    world.house(one, other)
    world.open_round(1, [one])
    sheet, later = world.submit(
        {
            "subject": one,
            "answers": {"outcome": "reached", "symptoms": ["fever", "cough"], "temperature": 37.5},
        },
        {
            "subject_kind": "household",
            "subject": world.households[0],
            "household": world.households[0],
            "reporter": other,
            "late": True,
            "answers": {"returned_on": "2020-01-20", "people": 3, "note": "王老师"},
        },
    )
    world.revise(sheet, "withdrawn", date(2020, 2, 3))
    world.verify(later)
    synced = sync_lake(lake_home)
    assert lake_rows(lake_home) == plain_lake(lake_home)
    assert synced.rebuilt == "missing"
    assert synced.rows == sum(len(rows) for rows in plain_lake(lake_home).values())
    assert codes(lake_home) == []


def test_rows_that_ended_after_they_were_mirrored_end_in_the_lake(lake_home: Home, world: World) -> None:
    pupil, other = world.enrol(2)
    sync_lake(lake_home)
    before = Lake(lake_home).position
    world.transfer(pupil, "k2", date(2020, 2, 5))
    registry.merge_persons(person=other, into=pupil, day=START, by="test", now=world.tick())
    sync_lake(lake_home)
    registry.split_person(person=other, by="test", now=world.tick())
    synced = sync_lake(lake_home)
    ended = Lake(lake_home).relation("posts").filter("recorded_until IS NOT NULL")
    assert [row[0] for row in ended.project("recorded_until").fetchall()] == [before + 1]
    assert lake_rows(lake_home) == plain_lake(lake_home)
    assert (synced.rows, synced.rebuilt) == (2, "")  # the end of the merge, and the change itself
    assert codes(lake_home) == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        st.integers(0, 5),
        DAYS,
    ),
    min_size=1,
    max_size=8,
)


def step(world: World, home: Home, verb: str, which: int, day: date) -> None:
    """One thing that happens; what its checks refuse does not."""
    person = world.people[which % len(world.people)]
    sheet = world.sheets[which % len(world.sheets)]
    now = world.now
    if verb == "enrol":
        world.enrol(which % 2 + 1, unit=["k1", "k2"][which % 2])
    elif verb == "transfer":
        world.transfer(person, ["k1", "k2"][which % 2], day)
    elif verb == "house":
        world.house(person, world.people[-1])
    elif verb == "merge":
        registry.merge_persons(person=person, into=world.people[-1], day=day, by="test", now=now)
    elif verb == "split":
        registry.split_person(person=person, by="test", now=now)
    elif verb == "submit":
        answers = {
            "outcome": ["reached", "refused"][which % 2],
            "symptoms": ["fever"] * (which % 2),
            "people": which,
        }
        happened = now.replace(month=1, day=day.day)
        world.submit({"subject": person, "answers": answers}, {"answers": {}}, happened=happened)
    elif verb == "correct":
        world.revise(sheet, "superseded")
        world.submit({"subject": person, "answers": {"temperature": 36.5 + which}})
    elif verb == "withdraw":
        world.revise(sheet, "withdrawn", day)
    elif verb == "verify":
        world.verify(sheet)
    elif verb == "unverify":
        world.unverify(sheet)
    elif verb == "sync":
        sync_lake(home)


def test_it_agrees_with_the_ledger_after_any_history(lake_home: Home, world: World) -> None:
    """One ledger and one lake that go on from example to example, so that files pile up and are folded."""
    world.enrol(2)
    world.submit({}, {})

    @settings(max_examples=settings.default.max_examples)
    @given(STEPS)
    def agrees(steps: list[tuple[str, int, date]]) -> None:
        for verb, which, day in steps:
            try:
                step(world, lake_home, verb, which, day)
            except Problem as refused:
                assert refused.code in ("merge-impossible", "unknown-person", "two-classes", "no-such-post")
        sync_lake(lake_home)
        assert lake_rows(lake_home) == plain_lake(lake_home)

    agrees()
    assert codes(lake_home) == []
    assert Lake(lake_home).generation > fold.LIMIT
    incremental = lake_rows(lake_home)
    assert rebuild_lake(lake_home).rebuilt == "asked"
    assert lake_rows(lake_home) == incremental
    assert codes(lake_home) == []


def test_small_files_are_folded_and_old_ones_deleted_a_generation_late(lake_home: Home, world: World) -> None:
    people = world.enrol(60)
    world.submit(*({} for _ in range(5)))
    sync_lake(lake_home)
    for turn in range(2 * fold.LIMIT):
        world.transfer(people[turn], "k2", date(2020, 2, 1))
        world.submit({"subject": people[turn]})
        before = listed(lake_home)
        sync_lake(lake_home)
        assert all(Path(path).exists() for path in before), "a reader of the last generation lost a file"
        lake = Lake(lake_home)
        assert all(len(lake.files(name)) <= fold.LIMIT for name in lake.datasets())
    told = manifests.load(lake_home.lake)
    on_disk = {path.relative_to(lake_home.lake).as_posix() for path in lake_home.lake.rglob("*.parquet")}
    assert on_disk == {file.path for file in told.files()} | {path for _generation, path in told.retired}
    assert all(generation > told.generation - 2 for generation, _path in told.retired)
    assert lake_rows(lake_home) == plain_lake(lake_home)
    assert codes(lake_home) == []


def test_many_ends_are_folded_into_their_rows(lake_home: Home, world: World) -> None:
    people = world.enrol(fold.LIMIT + 1)
    sync_lake(lake_home)
    for person in people:
        world.transfer(person, "k2", date(2020, 2, 1))
        sync_lake(lake_home)
    assert "LEFT JOIN" not in Lake(lake_home).sql("posts")
    assert lake_rows(lake_home) == plain_lake(lake_home)


def test_nothing_new_writes_nothing(lake_home: Home, world: World) -> None:
    sync_lake(lake_home)
    stamp = (lake_home.lake / "manifest.json").stat().st_mtime_ns
    assert sync_lake(lake_home).rows == 0
    assert (lake_home.lake / "manifest.json").stat().st_mtime_ns == stamp


def test_a_large_mirror_is_written_in_waves(
    lake_home: Home, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.enrol(25)
    world.submit(*({"subject": person} for person in world.people))
    monkeypatch.setattr("fangxian.lake.ledger.BATCH", 4)
    monkeypatch.setattr("fangxian.lake.ledger.WAVE", 8)
    sync_here(lake_home)
    lake = Lake(lake_home)
    on_sqlite = connection.vendor == "sqlite"  # PostgreSQL's batches are counted in bytes
    assert len(lake.files("posts")) == (4 if on_sqlite else 1)
    assert lake_rows(lake_home) == plain_lake(lake_home)


# --------------------------------------------------------------------------------- what goes wrong with it


def test_a_mirror_that_is_interrupted_leaves_the_lake_as_it_was(
    lake_home: Home, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.enrol(3)
    sync_lake(lake_home)
    held, before = lake_rows(lake_home), listed(lake_home)
    world.enrol(2)
    for place, name in ((os, "replace"), (files, "write_table"), (files, "sync_folder")):
        with monkeypatch.context() as broken:
            broken.setattr(place, name, _fails)
            with pytest.raises(OSError, match="power cut"):
                sync_here(lake_home)
        assert lake_rows(lake_home) == held
        assert listed(lake_home) == before
    assert sync_lake(lake_home).rebuilt == ""
    assert lake_rows(lake_home) == plain_lake(lake_home)
    left = {str(path) for path in (lake_home.lake / "data").rglob("*.parquet")}
    assert left == listed(lake_home), "what the interrupted mirrors wrote is still there"


def _fails(*_: Any, **__: Any) -> None:
    raise OSError("power cut")


def test_a_child_that_dies_is_said_so_and_another_takes_its_place(
    lake_home: Home, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync_lake(lake_home)
    world.enrol(3)
    with monkeypatch.context() as hasty:
        hasty.setattr(apart, "PATIENCE", 0)
        with pytest.raises(LakeStopped):
            sync_lake(lake_home)
    sync_lake(lake_home)
    assert lake_rows(lake_home) == plain_lake(lake_home)


def test_a_child_killed_at_any_moment_leaves_a_whole_lake(
    lake_home: Home, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each position after the first adds two posts, so a torn lake would not have two a position."""
    sync_lake(lake_home)
    first, stopped = Lake(lake_home).position, 0
    for milliseconds in (2, 8, 15, 25):
        world.enrol(2)
        sync_lake(lake_home)  # the child has started and knows the way
        world.enrol(2)
        with monkeypatch.context() as hasty:
            hasty.setattr(apart, "PATIENCE", milliseconds / 1000)
            try:
                sync_lake(lake_home)
            except LakeStopped:
                stopped += 1
        lake = Lake(lake_home)
        assert len(lake.relation("posts").fetchall()) == 2 * (lake.position - first)
    assert stopped
    sync_lake(lake_home)
    assert lake_rows(lake_home) == plain_lake(lake_home)
    assert codes(lake_home) == []


@pytest.mark.parametrize(
    ("damage", "reason"), [("cut", "cut short"), ("gone", "missing"), ("flip", "changed")]
)
def test_a_damaged_file_is_noticed_and_the_lake_built_anew(
    lake_home: Home, world: World, damage: str, reason: str
) -> None:
    world.enrol(3)
    sync_lake(lake_home)
    path = Path(Lake(lake_home).files("posts")[0])
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    if damage != "gone":
        path.write_bytes(content if damage == "flip" else content[:-5])
    found = check_lake(lake_home)
    assert [(problem.code, problem.facts["reason"]) for problem in found] == [("lake-broken", reason)]
    assert "posts" in found[0].sentence()
    with pytest.raises(LakeBroken):
        Lake(lake_home)
    _lake, synced = current_lake(lake_home)
    assert synced.rebuilt == "broken"
    assert lake_rows(lake_home) == plain_lake(lake_home)
    assert codes(lake_home) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format":0}', b'{"format":1}'])
def test_a_manifest_that_cannot_be_read_is_noticed(lake_home: Home, world: World, content: bytes) -> None:
    sync_lake(lake_home)
    (lake_home.lake / "manifest.json").write_bytes(content)
    with pytest.raises(LakeBroken):
        Lake(lake_home)
    assert codes(lake_home) == ["lake-broken"]
    assert sync_lake(lake_home).rebuilt == "broken"
    assert codes(lake_home) == []


def test_a_lake_that_is_missing_is_said_so(lake_home: Home, world: World) -> None:
    with pytest.raises(LakeMissing):
        Lake(lake_home)
    assert codes(lake_home) == ["lake-missing"]


def test_a_lake_older_than_the_ledger_is_noticed(lake_home: Home, world: World) -> None:
    sync_lake(lake_home)
    world.enrol(1)
    found = check_lake(lake_home)
    assert [problem.code for problem in found] == ["lake-behind"]
    assert Lake(lake_home).known_at.isoformat() in found[0].sentence()


@pytest.mark.parametrize("change", ["rows lost in the lake", "rows lost in the ledger", "ends lost"])
def test_counts_are_held_against_the_ledger_and_its_log(lake_home: Home, world: World, change: str) -> None:
    people = world.enrol(4)
    registry.correct_person(person=people[0], sex="f", by="test", now=world.tick())
    sync_lake(lake_home)
    if change == "rows lost in the ledger":
        PersonState.objects.filter(person=people[1]).delete()
        sync_lake(lake_home)
        rebuild_lake(lake_home)  # even a lake that follows the ledger: the log knows better
    elif change == "ends lost":
        PersonState.objects.exclude(recorded_until=None).update(recorded_until=None)
    else:
        _lose_a_row(lake_home)
    found = [problem for problem in check_lake(lake_home) if problem.code == "lake-miscounted"]
    assert [problem.facts["dataset"].split()[0] for problem in found] == ["person_states"]


def _lose_a_row(home: Home) -> None:
    """A lake that is whole by its own account, with a row less than it was told to hold."""
    told = manifests.load(home.lake)
    dataset = told.datasets["person_states"]
    old = dataset.files.pop()
    table = pq.read_table(home.lake / old.path).slice(1)
    dataset.files.append(files.write_table(home.lake, f"{old.path}.less.parquet", table, schema=0))
    files.publish(home.lake, told, [])


def test_another_ledger_or_other_keys_are_noticed(lake_home: Home, world: World, tmp_path: Path) -> None:
    sync_lake(lake_home)
    (lake_home.keys / "keys.1").unlink()
    apart.close()  # a process reads its keys once
    make_keys(lake_home.keys, bytes(96))
    secrets._read.cache_clear()
    try:
        assert codes(lake_home) == ["lake-of-another-ledger"]
        assert sync_lake(lake_home).rebuilt == "other ledger"
        assert lake_rows(lake_home) == plain_lake(lake_home)
    finally:
        apart.close()
        secrets._read.cache_clear()


def test_a_ledger_put_back_from_an_older_copy_is_noticed(lake_home: Home, world: World) -> None:
    world.enrol(1)
    sync_lake(lake_home)
    last = Change.objects.order_by("-position").first()
    assert last is not None
    Change.objects.filter(position=last.position).delete()
    Head.objects.update(position=last.position - 1)
    assert codes(lake_home) == ["lake-of-another-ledger"]
    assert sync_lake(lake_home).rebuilt == "other ledger"
    assert Lake(lake_home).position == last.position - 1


def test_a_program_that_mirrors_other_columns_builds_its_own_lake(lake_home: Home, world: World) -> None:
    world.enrol(2)
    connection.close()
    whole = sources()
    fewer = dataclasses.replace(whole.plain[-1], columns=whole.plain[-1].columns[:-1])
    for other in (whole.plain[:-1], (*whole.plain[:-1], fewer)):  # a dataset less, a column less
        older = Sources(plain=other, answers=whole.answers)
        mirror.rebuild(lake_home, ledger=ledger_address(), sources=older)
        assert sync_here(lake_home).rebuilt == "other columns"
        assert lake_rows(lake_home) == plain_lake(lake_home)
        connection.close()


def test_without_a_ledger_nothing_is_built(other_home: Home) -> None:
    with pytest.raises(LedgerMissing):
        mirror.sync(other_home, ledger=f"sqlite:{other_home.ledger}", sources=sources())


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="it is told from /proc")
def test_a_process_that_has_the_ledger_open_does_not_mirror_it(lake_home: Home, world: World) -> None:
    """Two copies of SQLite in one process: the end of one would drop the other's locks, and the next process
    would take the WAL away, with what was committed there."""
    connection.close()
    if connection.vendor != "sqlite":
        return
    with closing(sqlite3.connect(ledger_address().removeprefix("sqlite:"))) as other:
        other.execute("SELECT count(*) FROM kernel_change").fetchall()
        with pytest.raises(RuntimeError, match="another SQLite library"):
            mirror.sync(lake_home, ledger=ledger_address(), sources=sources())
        sync_lake(lake_home)  # the mirror's own process does
    assert lake_rows(lake_home) == plain_lake(lake_home)


# -------------------------------------------------------------------------------------- several at a time


def test_two_mirrors_at_once_take_turns(lake_home: Home, world: World) -> None:
    world.enrol(5)
    connection.close()
    address, rooms = ledger_address(), sources()
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: mirror.sync(lake_home, ledger=address, sources=rooms), range(4)))
    assert sorted(bool(synced.rows) for synced in done) == [False, False, False, True]
    assert lake_rows(lake_home) == plain_lake(lake_home)


def test_a_mirror_that_takes_too_long_does_not_hold_others_for_ever(
    lake_home: Home, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "PATIENCE", 1)
    connection.close()
    with mirror._alone(lake_home.lake), pytest.raises(LakeBusy):
        sync_here(lake_home)


def test_readers_see_one_whole_generation_while_others_are_published(lake_home: Home, world: World) -> None:
    """Each position after the first adds two sheets and a change: a torn read would count otherwise."""
    sync_lake(lake_home)
    first = Lake(lake_home).position
    wrong: list[tuple[int, int]] = []
    reads: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            lake = Lake(lake_home)
            sheets = lake.relation("answers/screening").aggregate("count(*)").fetchall()[0][0]
            reads.append(sheets)
            if sheets != 2 * (lake.position - first):
                wrong.append((lake.position, sheets))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(20):
            world.submit({}, {})
            sync_lake(lake_home)
    finally:
        done.set()
        reader.join(30)
    assert wrong == []
    assert len(set(reads)) > 1
