"""The lake's speed: new submissions mirrored, and a rebuild beside a bare copy of the same rows.

    python benchmarks/lake.py [--rows 271058]

Prints each measure beside its limit; the exit code is 1 where one is missed. Everything happens in a
temporary folder, with invented answers; compare the ratios of one run, not the seconds of two.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

ROWS = 271_058  # households' members and staff who answer on one day of the city
APPEND_LIMIT = 2.0  # seconds until they are visible
REBUILD_LIMIT = 1 / 3  # of the speed of a bare copy

QUESTIONS = {
    "outcome": ("select_one", "A"),
    "place": ("select_one", "E"),
    "purpose": ("select_one", "A"),
    "returned_on": ("date", "A"),
    "contact_hubei": ("select_one", "E"),
    "occupation": ("select_one", "A"),
    "temperature": ("decimal", "E"),
    "symptoms": ("select_multiple", "E"),
    "now_at": ("select_one", "A"),
    "note": ("text", "F"),
}
SHEET = [
    "id",
    "instance_id",
    "envelope_id",
    "campaign_id",
    "round",
    "form_version_id",
    "subject_kind",
    "subject",
    "household",
    "unit",
    "by",
    "channel",
    "happened",
    "received",
    "late",
    "content_hash",
    "answers",
]


def prepare(folder: Path) -> None:
    os.environ["FANGXIAN_HOME"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "fangxian.settings"
    os.environ.pop("FANGXIAN_POSTGRES", None)
    import django

    django.setup()
    from django.core.management import call_command

    from fangxian.kernel.home import current_home
    from fangxian.kernel.secrets import make_keys

    make_keys(current_home().make().keys)
    call_command("migrate", verbosity=0)


def found(people: int) -> None:
    """A campaign with its form, and a city's posts and households."""
    from fangxian.campaigns.models import Campaign
    from fangxian.kernel.changes import recording
    from fangxian.registry.models import Household, Membership, Person, Post, Unit
    from fangxian.submissions.models import FormVersion

    questions = [{"name": name, "type": kind, "class": field} for name, (kind, field) in QUESTIONS.items()]
    start = date(2019, 9, 1)
    with recording("benchmark.found", by="benchmark", now=moment(0)) as change:
        codes = [(i, f"u{i}", "administrative", "class") for i in range(1, 6_815)]
        change.append(Unit, ("id", "code", "line", "kind"), codes)
        ids = change.ids(Person, people)
        change.append(Person, ("id", "surrogate"), [(i, i) for i in ids])
        posts = [(i, i % 6_814 + 1, "pupil", start, None) for i in ids]
        change.append(Post, ("person_id", "unit_id", "role", "valid_from", "valid_until"), posts)
        homes = change.ids(Household, people // 3 + 1)
        change.append(Household, ("id", "surrogate"), [(i, i) for i in homes])
        members = [(i // 3 + 1, i, "child", start, None) for i in ids]
        columns = ("household_id", "person_id", "relation", "valid_from", "valid_until")
        change.append(Membership, columns, members)
        Campaign.objects.create(
            id=1,
            recorded=change.position,
            code="screening",
            name="screening",
            name_en="screening",
            issuer_id=1,
            audience=[{"kind": "households", "role": ["pupil"]}],
            schedule={"kind": "rounds"},
            opens=moment(0),
        )
        FormVersion.objects.create(
            id=1,
            recorded=change.position,
            form="screening",
            version="1",
            title="",
            sha256="",
            xlsform=b"",
            xform="",
            fields={"questions": questions},
        )


def moment(day: int) -> datetime:
    from fangxian.kernel.moments import OFFICE_ZONE

    return datetime(2020, 1, 27, 18, tzinfo=OFFICE_ZONE) + timedelta(days=day)


def submit(first: int, rows: int, day: int, draw: random.Random) -> None:
    """A day's sheets, in batches as they come in."""
    from fangxian.kernel.changes import recording
    from fangxian.submissions.models import Submission

    for start in range(first, first + rows, 20_000):
        end = min(start + 20_000, first + rows)
        with recording("benchmark.receive", by="benchmark", now=moment(day)) as change:
            change.append(Submission, SHEET, sheets(start, end, first, day, draw))


def sheets(start: int, end: int, first: int, day: int, draw: random.Random) -> Iterator[tuple[Any, ...]]:
    received = moment(day)
    for key in range(start, end):
        person = key - first + 1
        yield (
            key,
            f"uuid:{key:032x}",
            f"uuid:{day:02x}{person // 3:030x}",
            1,
            day,
            1,
            "person",
            person,
            person // 3 + 1,
            person % 6_814 + 1,
            "benchmark",
            "phone",
            received - timedelta(seconds=draw.randrange(36_000)),
            received,
            False,
            f"{key:032x}",
            json.dumps(answers(draw), ensure_ascii=False),
        )


def answers(draw: random.Random) -> dict[str, Any]:
    given: dict[str, Any] = {
        "outcome": "reached",
        "place": draw.choice(["none", "in_province", "other_province"]),
        "contact_hubei": "no",
        "occupation": draw.choice(["pupil", "staff", "other"]),
        "temperature": round(36 + draw.random(), 1),
        "symptoms": ["none"],
        "now_at": "home",
    }
    if draw.random() < 0.1:
        given |= {"purpose": "home", "returned_on": "2020-01-20", "symptoms": ["fever", "cough"]}
        given["note"] = "电话里说没有不舒服"
    return given


def timed(what: Callable[[], Any]) -> float:
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def visible(rows: int, day: int) -> None:
    """Mirror, open the lake and find the day's rows in it."""
    from fangxian.figures.sync import current_lake
    from fangxian.kernel.home import current_home

    lake, _synced = current_lake(current_home())
    today = moment(day).date()
    counted = lake.relation("answers/screening", (today, today)).aggregate("count(*)").fetchall()
    assert counted == [(rows,)], counted


def bare_copy(folder: Path) -> tuple[float, float]:
    """Seconds to copy the rows that the lake mirrors, as the ledger has them, to one Parquet file a table;
    and the part of that after they were read."""
    import duckdb

    from fangxian.figures.sync import ledger_address, sources
    from fangxian.lake.ledger import open_ledger

    rooms = sources()
    reading = writing = 0.0
    with open_ledger(ledger_address()) as ledger, duckdb.connect(config={"threads": 2}) as engine:
        for source in [*rooms.plain, *(sheets.source for sheets in rooms.answers)]:
            waves = iter(ledger.waves(ledger.select(source, 0), lambda table: table))
            for number in range(1_000_000):
                start = time.perf_counter()
                wave = next(waves, None)
                reading += time.perf_counter() - start
                if wave is None:
                    break
                start = time.perf_counter()
                engine.register("wave", wave)
                path = folder / f"{source.dataset}-{number}.parquet"
                engine.execute(f"COPY wave TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
                writing += time.perf_counter() - start
    return reading + writing, writing


def main(rows: int) -> int:
    with tempfile.TemporaryDirectory(prefix="fangxian-lake-") as folder:
        prepare(Path(folder))
        return measure(Path(folder), rows)


def measure(folder: Path, rows: int) -> int:
    from django.db import connections

    from fangxian.figures.sync import rebuild_lake, sync_lake
    from fangxian.kernel.home import current_home
    from fangxian.lake import apart

    draw = random.Random(2020)
    found(rows)
    submit(1, rows, 1, draw)
    sync_lake(current_home())
    cold = []
    for day in (2, 3):
        submit((day - 1) * rows + 1, rows, day, draw)
        apart.close()  # the first mirror of a process has to start another
        cold.append(timed(lambda day=day: visible(rows, day)))
    submit(3 * rows + 1, rows, 4, draw)
    append, again = min(cold), timed(lambda: visible(rows, 4))
    nothing = timed(lambda: visible(rows, 4))
    connections.close_all()  # from here on this process reads the ledger by ADBC
    (folder / "bare").mkdir()
    bare, written = min(bare_copy(folder / "bare") for _ in range(2))
    mirrored: list[int] = []
    rebuild = min(timed(lambda: mirrored.append(rebuild_lake(current_home()).rows)) for _ in range(2))
    total, ratio = mirrored[-1], bare / rebuild
    print(f"{rows:,} new submissions visible      {append:6.2f} s    limit {APPEND_LIMIT:.2f} s")
    print(f"  again, the mirror's process warm   {again:6.2f} s    limit {APPEND_LIMIT:.2f} s")
    print(f"  nothing new                        {nothing:6.3f} s")
    print(f"rebuild of {total:,} rows           {rebuild:6.2f} s    {total / rebuild:,.0f} rows/s")
    print(f"  bare copy of them, ledger to files {bare:6.2f} s    {total / bare:,.0f} rows/s")
    print(f"  rebuild / bare copy                {ratio:6.2f}      limit {REBUILD_LIMIT:.2f}")
    print(f"  (of the copy, after reading        {written:6.2f} s)")
    apart.close()
    return int(append > APPEND_LIMIT or again > APPEND_LIMIT or ratio < REBUILD_LIMIT)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    sys.exit(main(parser.parse_args().rows))
