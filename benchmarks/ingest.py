"""Durable submissions a second through the JSON door: `python benchmarks/ingest.py [--seconds N]`.

Each is a request of its own at 64 connections: with sign-in, scope, audience, the form's rules and the change
log, durable when it is answered. Beside it, of the same run: the rate of bare durable inserts of single rows
into the same table's twin, one a transaction; batches of 500 beside a bare COPY; and how long after its
acknowledgement a submission is in its figure, under that load. The server has been up for a while, so that
what it counts of past days at its start is counted; the rate during that is shown too. On SQLite, and on
PostgreSQL where it is installed (a throwaway cluster with fsync on).

What is asked: 2,000/s; on SQLite no less than the bare insert, on PostgreSQL half of it; p99 below 150 ms;
batches no less than half of COPY; a lag below 5 s. Compare within one run alone: the client is here too.
"""

import argparse
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).parent))

import _load  # noqa: E402
from tests import postgres  # noqa: E402
from tests.doors import town  # noqa: E402
from tests.doors.served import Served  # noqa: E402

CONNECTIONS, RATE, P99, LAG = 64, 2_000, 0.150, 5.0
HALVES = {"SQLite": 1.0, "PostgreSQL": 0.5}
ROW = (
    "INSERT INTO bare (instance_id, subject, unit, happened, received, answers, hash) "
    "VALUES ({0}, {0}, {0}, {0}, {0}, {0}, {0})"
)
TABLE = (
    "CREATE TABLE bare (id {0}, instance_id varchar(64) NOT NULL UNIQUE, subject bigint, unit bigint, "
    "happened bigint, received bigint, answers {1}, hash varchar(32))"
)


def bare_row(at: int) -> tuple[Any, ...]:
    answers = json.dumps({"state": "here", "temperature": 36.5, "symptoms": ["none"]})
    return (str(uuid.uuid4()), at, at // 50, 1581292800000, 1581296400000, answers, uuid.uuid4().hex)


def bare_sqlite(home: Path, seconds: float) -> float:
    """One connection, one transaction a row, WAL with full synchronisation: SQLite has one writer anyway."""
    import sqlite3

    connection = sqlite3.connect(home / "bare.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(TABLE.format("integer PRIMARY KEY", "text"))
    done, end = 0, time.perf_counter() + seconds
    begun = time.perf_counter()
    while time.perf_counter() < end:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(ROW.format("?"), bare_row(done))
        connection.execute("COMMIT")
        done += 1
    return done / (time.perf_counter() - begun)


BARE = """
import sys, time, psycopg; sys.path[:0] = [{root!r}, {root!r} + "/benchmarks"]
from ingest import ROW, bare_row
connection = psycopg.connect(sys.argv[1], autocommit=True)
done, begun = 0, time.perf_counter()
while time.perf_counter() < begun + float(sys.argv[2]):
    connection.execute(ROW.format("%s"), bare_row(done)); done += 1
print(done / (time.perf_counter() - begun))
"""


def bare_postgres(dsn: str, seconds: float, writers: int = 8) -> float:
    """Connections of several processes, each autocommitting a row at a time."""
    import psycopg

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(TABLE.format("bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "jsonb"))
    command = [sys.executable, "-c", BARE.format(root=str(ROOT)), dsn, str(seconds)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(writers)]
    return sum(float(process.communicate(timeout=seconds + 60)[0]) for process in running)


def bare_copy(dsn: str, rows: int) -> float:
    """COPY by 500 rows a transaction."""
    import psycopg

    made = [bare_row(at) for at in range(rows)]
    begun = time.perf_counter()
    with psycopg.connect(dsn) as connection:
        for start in range(0, rows, 500):
            columns = "instance_id, subject, unit, happened, received, answers, hash"
            with connection.cursor().copy(f"COPY bare ({columns}) FROM STDIN") as copy:
                for row in made[start : start + 500]:
                    copy.write_row(row)
            connection.commit()
    return rows / (time.perf_counter() - begun)


def bare_many_sqlite(home: Path, rows: int) -> float:
    """What SQLite has in COPY's place: executemany, 500 rows a transaction."""
    import sqlite3

    made = [bare_row(at) for at in range(rows)]
    connection = sqlite3.connect(home / "bare.sqlite3", isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    begun = time.perf_counter()
    for start in range(0, rows, 500):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(ROW.format("?"), made[start : start + 500])
        connection.execute("COMMIT")
    return rows / (time.perf_counter() - begun)


def entries(count: int, pupils: int, offset: int) -> Iterator[dict[str, Any]]:
    for at in range(count):
        answers = {"state": "here", "temperature": 36 + at % 30 / 10, "symptoms": ["none"]}
        yield town.morning(1 + (offset + at) % pupils, str(uuid.uuid4()), **answers)


def requests(bodies: Iterator[Any]) -> list[bytes]:
    header = "Authorization: Basic " + base64.b64encode(b"xw:demonstration").decode()
    return [_load.post("/api/submissions", json.dumps(body).encode(), header) for body in bodies]


def in_parts(rows: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


WATCH = """
import django, sys, time; django.setup()
from datetime import date
from fangxian.figures.engine import Engine
from fangxian.figures.sync import sync_lake
from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import head_position
from fangxian.kernel.home import current_home
from fangxian.kernel.models import Change
home = current_home(); sync_lake(home); engine = Engine(home)
end = time.time() + float(sys.argv[1])
while time.time() < end:
    head, seen = head_position(), time.time()
    sync_lake(home)
    at = Change.objects.get(position=head).at
    result = engine.all(AsOf(date(2020, 2, 10), at, head))
    print(time.time() - seen, flush=True)
"""


def lag(served: Served, pupils: int, seconds: float) -> list[float]:
    """Under the load of the door: from a position that was acknowledged to all figures counted with it."""
    command = [sys.executable, "-c", WATCH, str(seconds)]
    watcher = subprocess.Popen(
        command, env=served.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    said = watcher.communicate(timeout=seconds + 120)
    if watcher.returncode:
        raise SystemExit(said[1][-2000:])
    return [float(line) for line in said[0].split()]


def show(name: str, value: str, limit: str = "", held: bool | None = None) -> None:
    mark = "" if held is None else "  met" if held else "  MISSED"
    print(f"  {name:<58} {value:>14}   {limit}{mark}")


def measure(database: str, served: Served, dsn: str, seconds: float, pupils: int) -> bool:
    print(f"{database}, {os.cpu_count()} processors, load before {os.getloadavg()[0]:.1f}")
    bare = bare_postgres(dsn, seconds) if dsn else bare_sqlite(served.home, seconds)
    served.start()
    early = _load.run(served.port, requests(entries(int(seconds * 1_000), pupils, 0)), CONNECTIONS)
    served.settle()
    singles = requests(entries(int(seconds * 3_000), pupils, 1_000))
    spent = served.cpu
    load = _load.run(served.port, singles, CONNECTIONS)
    spent = served.cpu - spent
    count = max(4_000, min(40_000, int(seconds * 5_000)))
    parts = requests(in_parts(list(entries(count, pupils, 0)), 500))
    many_spent = served.cpu
    many = _load.run(served.port, parts, 2)
    many_spent = served.cpu - many_spent
    copy = bare_copy(dsn, count) if dsn else bare_many_sqlite(served.home, count)
    lags = under_load(served, pupils, seconds)
    served.stop()
    batches = count / many.wall
    part, wanted = load.rate / bare, HALVES[database]
    fine = [
        load.rate >= RATE,
        part >= wanted,
        load.percentile(0.99) < P99,
        batches >= copy / 2,
        max(lags) < LAG,
        set(load.statuses) == {201},
        set(many.statuses) == {200},
    ]
    show("submissions/s, one a request, 64 connections", f"{load.rate:,.0f}", f"{RATE:,}", fine[0])
    show("just after its start, past days being counted beside it", f"{early.rate:,.0f}")
    show("bare durable single-row inserts/s, same run", f"{bare:,.0f}")
    show("of it", f"{part:.2f}", f"{wanted}", fine[1])
    show(
        "p50 / p99 (ms)",
        f"{load.percentile(0.5) * 1e3:.0f} / {load.percentile(0.99) * 1e3:.0f}",
        "150",
        fine[2],
    )
    show("answered 201, of how many", f"{load.statuses.get(201, 0):,} / {len(singles):,}", "", fine[5])
    client = load.client_cpu / len(singles) * 1e6
    show(
        "client's CPU (microseconds a request; share of a core)",
        f"{client:.0f}; {load.client_cpu / load.wall:.2f}",
    )
    one, many_spent = spent / len(singles) * 1e6, many_spent / count * 1e6
    show("server's CPU (microseconds a submission; in batches of 500)", f"{one:.0f}; {many_spent:.0f}")
    show("submissions/s in batches of 500", f"{batches:,.0f}", "", fine[6])
    show("bare COPY/s by 500" if dsn else "bare executemany/s by 500", f"{copy:,.0f}")
    show("of it", f"{batches / copy:.2f}", "0.5", fine[3])
    lag_shown = f"{statistics.median(lags):.1f} / {max(lags):.1f}"
    show("from acknowledgement to figure under load: median / most (s)", lag_shown, "5", fine[4])
    return all(fine)


def under_load(served: Served, pupils: int, seconds: float) -> list[float]:
    over = threading.Event()

    def go() -> None:
        while not over.is_set():
            _load.run(served.port, requests(entries(2_000, pupils, 0)), CONNECTIONS)

    loader = threading.Thread(target=go, daemon=True)
    loader.start()
    try:
        return lag(served, pupils, seconds)
    finally:
        over.set()
        loader.join(60)


@contextmanager
def durable_cluster() -> Iterator[str]:
    """The tests' throwaway cluster, but one that would outlive a power cut."""
    found = postgres.programs()
    if found is None:
        raise SystemExit("PostgreSQL is not installed here: it was not measured.")
    careless, postgres.CARELESS = postgres.CARELESS, "-c listen_addresses="
    try:
        with postgres.cluster(found) as dsn:
            yield dsn
    finally:
        postgres.CARELESS = careless


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement")
    parser.add_argument("--pupils", type=int, default=20_000)
    parser.add_argument("--only", choices=list(HALVES))
    asked = parser.parse_args()
    fine = []
    with tempfile.TemporaryDirectory(prefix="fangxian-ingest-") as folder:
        if asked.only != "PostgreSQL":
            served = Served(Path(folder) / "sqlite", "")
            served.run("-m", "tests.doors.town", str(asked.pupils))
            fine.append(measure("SQLite", served, "", asked.seconds, asked.pupils))
        if asked.only != "SQLite":
            with durable_cluster() as dsn:
                served = Served(Path(folder) / "postgres", dsn)
                served.run("-m", "tests.doors.town", str(asked.pupils))
                fine.append(measure("PostgreSQL", served, dsn, asked.seconds, asked.pupils))
    sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()
