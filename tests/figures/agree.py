"""Holds every figure of a data folder against the plain meaning: python -m tests.figures.agree HOME [UNITS]

At three moments, at the city and at units drawn at random: the value, the sum of the records' contributions,
the number of distinct ids and the plain count over the ledger's rows. Prints what disagrees, as JSON.
"""

import json
import os
import random
import sys
from collections.abc import Iterator
from typing import Any

MOMENTS = (  # day asked, known by
    ("2020-02-12T18:50:00+08:00", None),
    ("2020-02-05T12:00:00+08:00", None),
    ("2020-02-05T12:00:00+08:00", "2020-02-12T18:20:00+08:00"),
)


def main(home: str, units: int = 20) -> dict[str, Any]:
    os.environ |= {"FANGXIAN_HOME": home, "DJANGO_SETTINGS_MODULE": "fangxian.settings"}
    import django

    django.setup()
    from fangxian.figures.engine import Engine
    from fangxian.figures.moments import as_of
    from fangxian.figures.sync import current_lake
    from fangxian.figures.world import world_of_ledger
    from fangxian.kernel.home import current_home
    from fangxian.kernel.moments import read_moment

    engine, world = Engine(source=current_lake(current_home())[0]), world_of_ledger()
    found: list[dict[str, Any]] = []
    compared = 0
    for day, known_by in MOMENTS:
        at = as_of(read_moment(day), read_moment(known_by) if known_by else None)
        for told in disagreements(engine, world, at, units):
            compared += 1
            if told["differs"]:
                found.append({"as_of": day, "known_by": known_by, **told})
        found += [{"check": str(check)} for check in engine.add_up_checks(at) if not check.ok]
    return {"compared": compared, "disagreements": found}


def disagreements(engine: Any, world: Any, at: Any, count: int) -> Iterator[dict[str, Any]]:
    from fangxian.figures.plain import PlainFigures, PlainRounds

    plain = PlainFigures(world, at)
    rows = engine.units(at)
    drawn = random.Random(at.position).sample(sorted(rows), min(count, len(rows)))
    for unit in [next(u for u, row in rows.items() if row.kind == "bureau"), *drawn]:
        for id, value in engine.values(at, unit).items():
            meant = plain.value(id, unit)
            told = {"figure": id, "unit": rows[unit].code, "engine": str(value), "plain": str(meant)}
            if value is None:
                yield told | {"differs": meant is not None}
                continue
            table = engine.records(id, unit, at)
            ids = set(table["id"].to_pylist())
            result = plain.result(id)
            distinct = (
                value.value if isinstance(result, PlainRounds) else len(plain.here(result.counted, unit))
            )
            total = round(sum(table["contribution"].to_pylist()), 2)
            told |= {"records": len(ids), "sum": total}
            differs = value != meant or total != value.value or not table.num_rows == len(ids) == distinct
            yield told | {"differs": differs}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], *map(int, sys.argv[2:3])), ensure_ascii=False, indent=1))
