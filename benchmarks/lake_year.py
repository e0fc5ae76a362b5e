"""A school year of daily checks read through the figures, beside the best bare SQL over the same files.

    python benchmarks/lake_year.py [--rows 1000000 10000000] [--home FOLDER]

Builds a lake of each size in a temporary folder (see `_year`), asks it for what pages ask, and prints each
measure beside its limit; the exit code is 1 where one is missed, or where the two ways of counting differ.
100 million (`--rows 1000000 100000000`) take 2.5 GB of disk while they last, and five minutes to build. Each
measure is of a moment that nobody asked for before, in a process that has asked for another; --home keeps the
lake of the (one) size there, and reads it where it is there already.
"""

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import _year

ROWS = (1_000_000, 10_000_000)
FIGURE = f"coverage.{_year.CODE}"
ASKED = (100, 133, 166, 199, 232)  # days of the year; each measure is the median over them
TREND = 30
LIMITS = {  # seconds, of the engine
    "day": 0.3,
    "day, known by a past moment": 0.6,
    "trend": 2.0,
    "trend, known by a past moment": 4.0,
}
WORDS = {
    "day": "one day's coverage by school",
    "day, known by a past moment": "  the same as known by a past moment",
    "trend": "30-day trend, city and zones",
    "trend, known by a past moment": "  the same as known by a past moment",
    "units": "one figure for all units in one pass",
    "records": "one school's records of a figure",
}
MEMORY_LIMIT = 2_048  # MB, of the process that reads
LINEAR = 1.1  # growth that is called linear still: of the measure, for that of the rows


def main(sizes: list[int], kept: Path | None) -> int:
    told = {rows: one_size(rows, kept) for rows in sizes}
    fine = [table(rows, ours, bare) for rows, (ours, bare) in told.items()]
    if len(told) > 1:
        fine.append(growth(told))
    return int(not all(fine))


def one_size(rows: int, kept: Path | None) -> tuple[Any, Any]:
    with tempfile.TemporaryDirectory(prefix="fangxian-year-") as folder:
        home = kept or Path(folder) / "home"
        if not (home / "lake").exists():
            start = time.perf_counter()
            print(f"{rows:,} asked for:", said(home, "build", str(rows)), end=" ", flush=True)
            print(f"in {time.perf_counter() - start:.0f} s,", f"{size(home / 'lake') / 1e6:,.0f} MB")
        return json.loads(said(home, "ours")), json.loads(said(home, "bare"))


def said(home: Path, *words: str) -> str:
    """By a process of its own: its memory is its own, too."""
    command = [sys.executable, __file__, "--child", str(home), *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


# ------------------------------------------------------------------------------------ the table


def table(rows: int, ours: Any, bare: Any) -> bool:
    fine = [ours["answers"] == bare["answers"]]
    print(f"\n{rows:,} sheets, {ours['files']:,} files, {'equal answers' if fine[0] else 'ANSWERS DIFFER'}")
    print(f"{'warm, s (its CPU)':<42}{'figures':>15}{'bare SQL':>16}{'limit':>7}")
    for name, words in WORDS.items():
        limit = LIMITS.get(name)
        fine.append(limit is None or ours["seconds"][name] <= limit)
        told = "" if limit is None else f"{limit:>7.1f}   {'within' if fine[-1] else 'MISSED'}"
        print(f"{words:<42}{spent(ours, name)} {spent(bare, name)}{told}")
    fine.append(ours["memory"] <= MEMORY_LIMIT)
    verdict = "within" if fine[-1] else "MISSED"
    print(f"{'peak memory, MB':<42}{ours['memory']:>15,}{bare['memory']:>16,}{MEMORY_LIMIT:>7,}   {verdict}")
    return all(fine)


def spent(told: Any, name: str) -> str:
    return f"{told['seconds'][name]:>7.3f} ({told['cpu'][name]:.3f})"


def growth(told: dict[int, tuple[Any, Any]]) -> bool:
    """In CPU, so that a busy machine does not tell."""
    sizes = sorted(told)
    rows = sizes[-1] / sizes[0]
    fine = []
    print(f"\ngrowth from {sizes[0]:,} to {sizes[-1]:,} sheets: {rows:.0f} times the rows (at most linear)")
    for name, words in WORDS.items():
        times = told[sizes[-1]][0]["cpu"][name] / told[sizes[0]][0]["cpu"][name]
        fine.append(times <= LINEAR * rows)
        print(f"{words:<42}{times:>9.1f} times   {'within' if fine[-1] else 'MISSED'}")
    return all(fine)


# ------------------------------------------------------------------------------------ what is asked


def asked(lake: Any, place: int, past: bool) -> list[Any]:
    """Moments of each measure's own: days as known at the end of the year, or two days later."""
    last = _year.FIRST + timedelta(days=_year.DAYS - 1)
    days = [_year.FIRST + timedelta(days=day + 3 * place) for day in ASKED]
    return [known(lake, day, day + timedelta(days=2) if past else last) for day in days]


def known(lake: Any, day: date, by: date) -> Any:
    from fangxian.kernel.asof import AsOf

    at = _year.moment(by, 23)
    changes = f'SELECT max(position) FROM ({lake.sql("changes")}) WHERE "at" <= {at.timestamp() * 1000:.0f}'
    return AsOf(day, at, lake.cursor().execute(changes).fetchall()[0][0])


def days_before(at: Any) -> list[date]:
    return [at.day - timedelta(days=back) for back in reversed(range(TREND))]


def told_by(ways: dict[str, Callable[[Any], Any]], lake: Any) -> dict[str, Any]:
    """Median seconds of each measure, and the first answer of each."""
    seconds: dict[str, float] = {}
    cpu: dict[str, float] = {}
    answers: dict[str, Any] = {}
    ways["day"](asked(lake, -1, past=False)[0])  # the process has asked before
    for place, name in enumerate(WORDS):
        way = ways[name.split(",")[0]]
        past = "known by" in name
        runs = [timed(lambda way=way, at=at: way(at)) for at in asked(lake, place, past)]
        seconds[name], cpu[name] = (statistics.median(run[i] for run in runs) for i in (0, 1))
        answers[name] = runs[0][2]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    files = len(lake.files(_year.FORM)) + len(lake.files("revisions"))
    return {"seconds": seconds, "cpu": cpu, "answers": answers, "memory": peak, "files": files}


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds, seconds of CPU of all its threads, and what came of it."""
    start, spent = time.perf_counter(), time.process_time()
    done = work()
    return time.perf_counter() - start, time.process_time() - spent, done


# ------------------------------------------------------------------------------------ by the figures


def ours(home: Path) -> dict[str, Any]:
    folder = _year.prepare(home)
    from fangxian.figures.engine import Engine
    from fangxian.lake.reader import Lake

    lake = Lake(folder)
    engine = Engine(source=lake)
    units = engine.units(known(lake, _year.FIRST, _year.FIRST + timedelta(days=_year.DAYS - 1)))
    by_code = {row.code: id for id, row in units.items()}
    schools = [by_code[f"s{place}"] for place in range(_year.SCHOOLS)]
    above = [by_code[code] for code in ("xw", *(f"z{place}" for place in range(_year.ZONES)))]

    def values(counted: Any, chosen: list[int]) -> list[list[int]]:
        return [[counted[unit].value, counted[unit].of] for unit in chosen]

    def trend(at: Any) -> Any:
        return [values(counted, above) for _day, counted in engine.course(FIGURE, days_before(at), at)]

    def everywhere(at: Any) -> Any:
        counted = engine.by_unit(FIGURE, at)
        return [int(counted.counted.sum()), len(list(counted.values()))]

    def records(at: Any) -> Any:
        table = engine.records(FIGURE, schools[0], at)
        because = sorted(table["because"].combine_chunks().flatten().to_pylist())
        return [len(table), len(because), because[:10]]

    ways = {
        "day": lambda at: values(engine.by_unit(FIGURE, at), schools),
        "trend": trend,
        "units": everywhere,
        "records": records,
    }
    return told_by(ways, lake)


# ------------------------------------------------------------------------------------ by SQL


LIVE = """
    SELECT submission, subject, day FROM read_parquet([{files}])
    ANTI JOIN (SELECT submission FROM read_parquet([{revised}]) WHERE recorded <= {position})
    USING (submission)
    WHERE recorded <= {position}
"""


def bare(home: Path) -> dict[str, Any]:
    folder = _year.prepare(home)
    from fangxian.lake.reader import Lake

    lake = Lake(folder)
    sql = lake.cursor()
    sql.execute(
        f"""CREATE TEMP TABLE unit AS SELECT s.unit, s.parent, u.code FROM ({lake.sql("unit_states")}) s
            JOIN ({lake.sql("units")}) u USING (unit);
        CREATE TEMP TABLE pupil AS SELECT p.person, k.unit AS class, k.parent AS school, c.unit AS centre,
            z.coverer AS zone FROM ({lake.sql("posts")}) p JOIN unit k USING (unit)
            JOIN unit s ON s.unit = k.parent JOIN unit c ON c.unit = s.parent
            JOIN ({lake.sql("covers")}) z ON z.covered = c.unit"""
    )
    order = dict(sql.execute("SELECT code, unit FROM unit").fetchall())
    schools = [order[f"s{place}"] for place in range(_year.SCHOOLS)]
    zones = [order[f"z{place}"] for place in range(_year.ZONES)]

    def live(at: Any, first: date) -> str:
        files, revised = (
            ", ".join(f"'{path}'" for path in lake.files(name, (first, at.day)))
            for name in (_year.FORM, "revisions")
        )
        return LIVE.format(files=files, revised=revised, position=at.position)

    def run(query: str) -> list[Any]:
        return sql.execute(query).fetchall()

    def day(at: Any) -> Any:
        found = run(
            f"""SELECT school, count(l.subject), count(*) FROM pupil LEFT JOIN
                (SELECT DISTINCT subject FROM ({live(at, at.day)})) l ON l.subject = person GROUP BY school"""
        )
        by_school = {school: [value, of] for school, value, of in found}
        return [by_school.get(school, [0, 0]) for school in schools]

    def trend(at: Any) -> Any:
        days = days_before(at)
        found = run(
            f"""SELECT day, zone, count(*) FROM pupil JOIN
                (SELECT DISTINCT day, subject FROM ({live(at, days[0])})) l ON l.subject = person
                GROUP BY day, zone"""
        )
        of = dict(run("SELECT zone, count(*) FROM pupil GROUP BY zone"))
        value = {(when, zone): count for when, zone, count in found}
        rows = [[[value.get((when, zone), 0), of[zone]] for zone in zones] for when in days]
        return [[[sum(v for v, _of in row), sum(of.values())], *row] for row in rows]

    def everywhere(at: Any) -> Any:
        found = run(
            f"""SELECT class, school, centre, zone, count(*) FROM pupil JOIN
                (SELECT DISTINCT subject FROM ({live(at, at.day)})) l ON l.subject = person
                GROUP BY class, school, centre, zone"""
        )
        levels: dict[int, int] = {}
        for *path, count in found:
            for unit in path:
                levels[unit] = levels.get(unit, 0) + count
        total = sum(count for *_path, count in found)
        return [sum(levels.values()) + 2 * total, len(order)]  # the bureau and the headquarters have all

    def records(at: Any) -> Any:
        found = run(
            f"""SELECT person, list(submission) FROM pupil JOIN ({live(at, at.day)}) l ON l.subject = person
                WHERE school = {schools[0]} GROUP BY person"""
        )
        because = sorted(submission for _person, group in found for submission in group)
        return [len(found), len(because), because[:10]]

    return told_by({"day": day, "trend": trend, "units": everywhere, "records": records}, lake)


def child(home: Path, what: str, *words: str) -> None:
    if what == "build":
        shutil.rmtree(home, ignore_errors=True)
        told = _year.build(home, int(words[0]))
        print(", ".join(f"{count:,} {name}" for name, count in told.items()))
    else:
        print(json.dumps({"ours": ours, "bare": bare}[what](home)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS))
    parser.add_argument("--home", type=Path, help="keep the lake of the one size here")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(Path(given.child[0]), *given.child[1:])
    else:
        sys.exit(main(given.rows, given.home))
