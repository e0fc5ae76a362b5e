"""The figures' speed: the whole catalogue for every unit, beside SQL written by hand over the same files.

    python benchmarks/figures.py [--home HOME | --scale 1] [--compare]

Without --home a demonstration city is built in a temporary folder, by the command that people use. Prints
each measure beside its limit; the exit code is 1 where one is missed, or where a figure differs at a unit
between the two. Compare the ratios of one run, not the seconds of two. With --compare nothing is measured.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RATIO_LIMIT, SECONDS_LIMIT = 1.5, 3.0
MOMENTS = (  # day asked, known by; the first is measured
    ("2020-02-12T18:50:00+08:00", None),
    ("2020-02-05T12:00:00+08:00", "2020-02-12T18:20:00+08:00"),
    ("2020-01-28T20:00:00+08:00", None),
)
RUNS = 5
SHARED = "(what figures share)"
COMMAND = [sys.executable, "-c", "from fangxian.cli import main; main()"]


def prepare(home: Path) -> Any:
    os.environ |= {"FANGXIAN_HOME": str(home), "DJANGO_SETTINGS_MODULE": "fangxian.settings"}
    os.environ.pop("FANGXIAN_POSTGRES", None)
    import django

    django.setup()
    from fangxian.kernel.home import current_home

    return current_home()


def moment(text: str, known_by: str | None = None) -> Any:
    from fangxian.figures.moments import as_of
    from fangxian.kernel.moments import read_moment

    return as_of(read_moment(text), read_moment(known_by) if known_by else None)


# ------------------------------------------------------------------------------------ both ways


def by_engine(home: Any, at: Any) -> tuple[float, Any]:
    """Seconds, and all answers: by a lake just opened, of which nothing was asked yet."""
    from fangxian.figures.engine import Engine

    engine = Engine(home)
    engine.source().cursor().execute("SELECT 1").fetchall()
    return timed(lambda: engine.all(at))


def by_hand(home: Any, at: Any) -> tuple[float, Any, dict[str, float]]:
    """The same by SQL, with the seconds of each step."""
    from _figures_sql import ByHand

    from fangxian.lake.engine import engine
    from fangxian.lake.reader import Lake

    lake = Lake(home)
    with engine(home.lake) as connection:
        connection.execute("SELECT 1").fetchall()
        counting = ByHand(lake, at, connection)
        seconds, answers = timed(counting.all)
    return seconds, answers, counting.seconds


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    done = work()
    return time.perf_counter() - start, done


def engine_shares(home: Any, at: Any) -> dict[str, float]:
    """Seconds of each figure by itself, when all that figures share is there; and the rest."""
    from fangxian.figures.engine import Moment
    from fangxian.figures.facts import Facts
    from fangxian.lake.reader import Lake

    facts = Facts(Lake(home), at)
    first = Moment(facts)
    total = sum(timed(lambda id=id: first.counted(id))[0] for id in first.figures)
    again = Moment(facts)
    own = {id: timed(lambda id=id: again.counted(id))[0] for id in again.figures}
    return {SHARED: total - sum(own.values())} | own


# ------------------------------------------------------------------------------------ the same numbers


def differences(counted: Any, told: Any) -> dict[str, list[str]]:
    """Figure -> what differs at which unit."""
    found = {id: ["counted one way only"] for id in sorted(counted.keys() ^ told.keys())}
    for id in (id for id in counted if id in told):
        engine, hand = counted_by_engine(counted[id]), counted_by_hand(told[id])
        differing = [unit for unit in sorted(engine | hand) if engine.get(unit) != hand.get(unit)]
        if differing:
            found[id] = [f"@{u}: engine {engine.get(u)}, by hand {hand.get(u)}" for u in differing]
    return found


Answers = dict[int, dict[str, float]]


def counted_by_engine(figure: Any) -> Answers:
    columns = {"value": figure.counted, **figure.excluded}
    if figure.of is not None:
        columns["of"] = figure.of
    return {
        int(unit): {name: round(float(values[place]), 2) for name, values in columns.items()}
        for place, unit in enumerate(figure.units)
        if figure.answers[place]
    }


def counted_by_hand(columns: Any) -> Answers:
    told = {name: values.tolist() for name, values in columns.items() if name != "unit"}
    return {
        int(unit): {name: round(float(values[place]), 2) for name, values in told.items()}
        for place, unit in enumerate(columns["unit"])
    }


def require_equal(counted: Any, told: Any) -> int:
    """How many answers were compared. Raises AssertionError, which names the first that differ."""
    found = differences(counted, told)
    first = [f"  {id} ({len(units)} answers) {units[0]}" for id, units in list(found.items())[:12]]
    assert not found, f"{len(found)} figures differ:\n" + "\n".join(first)
    return sum(int(figure.answers.sum()) for figure in counted.values())


# ------------------------------------------------------------------------------------ one run


def compare(home: Any, at: Any) -> tuple[Any, int]:
    """The engine's answers, and how many were compared."""
    counted, told = by_engine(home, at)[1], by_hand(home, at)[1]
    return counted, require_equal(counted, told)


def measure(home: Any, shown: int) -> bool:
    at = moment(*MOMENTS[0])
    counted, compared = compare(home, at)  # and all files were read once
    runs = [(by_engine(home, at)[0], by_hand(home, at)) for _run in range(RUNS)]
    engine = statistics.median(engine for engine, _hand in runs)
    hand = statistics.median(seconds for _engine, (seconds, *_rest) in runs)
    describe(home, counted, compared)
    fine = [
        row("the catalogue for every unit (s)", engine, SECONDS_LIMIT),
        row("  by SQL written by hand (s)", hand),
        row("  engine / by hand", engine / hand, RATIO_LIMIT),
    ]
    steps = [steps for _engine, (*_rest, steps) in runs]
    shares(
        engine_shares(home, at), {step: statistics.median(s[step] for s in steps) for step in steps[0]}, shown
    )
    return all(fine)


def describe(home: Any, counted: Any, compared: int) -> None:
    from fangxian.lake.manifest import load

    rows = sum(dataset.rows() for dataset in load(home.lake).datasets.values())
    units = len(next(iter(counted.values())))
    print(
        f"{len(counted)} figures, {units:,} units, {rows:,} rows of the lake: {compared:,} answers, all equal"
    )


def row(what: str, value: float, limit: float | None = None) -> bool:
    fine = limit is None or value <= limit
    told = "" if limit is None else f"   limit {limit:>6.2f}   {'within' if fine else 'MISSED'}"
    print(f"{what:<40}{value:>10.2f}{told}")
    return fine


def shares(engine: dict[str, float], hand: dict[str, float], shown: int) -> None:
    """What figures share, and the figures that take the engine most; the tables that take SQL most."""
    shared = {step: seconds for step, seconds in hand.items() if step.startswith("(")}
    own = {SHARED: sum(shared.values())} | {step: s for step, s in hand.items() if step not in shared}
    engine_total, hand_total = sum(engine.values()), sum(own.values())
    print(f"{'where the time goes':<48}{'engine':>14}{'by hand':>16}")
    for step in sorted(engine, key=lambda step: (step != SHARED, -engine[step]))[: shown + 1]:
        print(f"  {step:<46}{share(engine[step], engine_total)}  {share(own[step], hand_total)}")
    print("of what figures share, by hand")
    for step in sorted(shared, key=lambda step: -shared[step])[:shown]:
        print(f"  {step:<62}{share(shared[step], hand_total)}")


def share(seconds: float, total: float) -> str:
    return f"{seconds * 1000:>6.0f} ms {seconds / total:>4.0%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, help="a data folder (default: a city is built)")
    parser.add_argument("--scale", type=float, default=1.0, help="of the city that is built")
    parser.add_argument("--shown", type=int, default=8, help="how many figures' shares are printed")
    parser.add_argument("--compare", action="store_true", help="only compare the answers, at several moments")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fangxian-figures-") as folder:
        home = asked.home or build(Path(folder) / "city", asked.scale)
        sys.exit(0 if run(home, asked) else 1)


def build(home: Path, scale: float) -> Path:
    words = ["--home", str(home), "--lang", "en", "demo", "--scale", str(scale)]
    told = {name: value for name, value in os.environ.items() if name != "FANGXIAN_POSTGRES"}
    subprocess.run([*COMMAND, *words], check=True, env=told)
    return home


def run(home: Path, asked: argparse.Namespace) -> bool:
    folder = prepare(home)
    if not asked.compare:
        return measure(folder, asked.shown)
    for times in MOMENTS:
        describe(folder, *compare(folder, moment(*times)))
    return True


if __name__ == "__main__":
    main()
