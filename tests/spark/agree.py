"""Counts the catalogue on Polars, DuckDB and Spark: python -m tests.spark.agree HOME [WORLDS]

Every figure at every unit of a data folder, as of a past day by what is known later, and then of a few dense
worlds. Prints what differs, as JSON.
"""

import json
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

DAY, KNOWN_BY = "2020-02-05T12:00:00+08:00", "2020-02-12T18:50:00+08:00"


def main(home: str, worlds: int = 2) -> dict[str, Any]:
    os.environ |= {"FANGXIAN_HOME": home, "DJANGO_SETTINGS_MODULE": "fangxian.settings"}
    import django

    django.setup()
    from fangxian.lake import spark

    from .settings import SMALL

    spark.SETTINGS.update(SMALL)
    first = spark.session()
    told = [compared(*question) for question in [of_the_city(), *dense_worlds(worlds)]]
    return {
        "compared": [count for count, _differing in told],
        "differing": [each for _count, differing in told for each in differing],
        "sessions": 1 if spark.session() is first else 2,
    }


def of_the_city() -> tuple[Any, Any]:
    from fangxian.figures.moments import as_of
    from fangxian.figures.sync import current_lake
    from fangxian.kernel.home import current_home
    from fangxian.kernel.moments import read_moment

    return current_lake(current_home())[0], as_of(read_moment(DAY), read_moment(KNOWN_BY))


def dense_worlds(count: int) -> Iterator[tuple[Any, Any]]:
    from tests.figures.worlds import DAYS, MemorySource, dense_world, moment

    from fangxian.kernel.asof import AsOf

    for seed in range(count):
        day = DAYS[-1 - seed % 2]
        yield (
            MemorySource(dense_world(Random(seed))),
            AsOf(day, moment(day + timedelta(days=1), 18), 14),
        )


def compared(source: Any, at: Any) -> tuple[int, list[str]]:
    """How many answers, and which differ from those on Polars."""
    from fangxian.figures.engine import Engine

    told = {frames: Engine(source=source, frames=frames).all(at) for frames in ("polars", "duckdb", "spark")}
    right = told.pop("polars")
    differing = [
        f"{frames}: {id} @{unit}: {answers[id][unit]}, on Polars {value}"
        for frames, answers in told.items()
        for id, by_unit in right.items()
        for unit, value in by_unit.items()
        if answers[id][unit] != value
    ]
    differing += [
        f"{frames}: other figures" for frames, answers in told.items() if list(answers) != list(right)
    ]
    return sum(len(by_unit) for by_unit in right.values()), differing


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], *map(int, sys.argv[2:3]))))
