"""A list issued again with 5 % of its rows changed: what matching that costs, beside matching all of it.

    python benchmarks/rematching.py [--people 311058] [--rows 20000] [--changed 0.05]

The people are the roster of `shared/cases` beside the project, or where that is not there of the city that
the tests invent, enrolled in a ledger of this run's own. CPU seconds of all threads. Fixed, whatever changed,
are reading the roster (decrypting it, and what is compared of each person) and reading the list; the rest is
the rows' part. The exit code is 1 where the rows' part of a run over the change is more than three times its
share.
"""

import argparse
import csv
import gzip
import os
import random
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CASE = ROOT.parent / "shared" / "cases" / "matching" / "city-a"
MOST = 3.0


def prepare(folder: Path) -> None:
    os.environ["FANGXIAN_HOME"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "fangxian.settings"
    import django

    django.setup()
    from django.core.management import call_command

    from fangxian.kernel.home import current_home
    from fangxian.kernel.secrets import make_keys

    make_keys(current_home().make().keys)
    call_command("migrate", verbosity=0)


def records(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def case(people: int, rows: int) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Roster and list; the roster's columns are uid, name, sex, birth, id_no, phone, role, township."""
    if CASE.exists():
        roster = list(records(CASE / "roster.csv.gz"))[:people]
        return roster, list(records(CASE / "list.csv.gz"))[:rows]
    sys.path.insert(0, str(ROOT))
    from tests.matching.city import HEADINGS, City, Mix

    city = City(2020, people)
    return [dict(zip(HEADINGS, row, strict=True)) for row in city.rows()], city.list(rows, Mix())[0]


def enrol_all(roster: list[dict[str, str]], now: datetime) -> None:
    from fangxian.registry.actions import (
        NewHousehold,
        NewPerson,
        NewPost,
        NewUnit,
        add_households,
        add_units,
        appoint,
        enrol,
    )

    since, say = date(2019, 9, 1), {"by": "benchmark", "now": now}
    towns = sorted({row["township"] for row in roster if row["township"]})
    units = [NewUnit("top", "bureau", "局", None, since)]
    for number, town in enumerate(towns):
        units.append(NewUnit(f"c{number}", "centre", f"{town}中心学校", "top", since))
        units.append(NewUnit(f"k{number}", "class", "一班", f"c{number}", since))
    ids = add_units(units=units, **say)
    seen: set[str] = set()
    people = []
    for row in roster:
        number = row["id_no"] if row["id_no"] not in seen else ""
        seen.add(number)
        born = date.fromisoformat(row["birth"]) if len(row["birth"]) == 10 else None
        sex = {"男": "m", "女": "f"}.get(row["sex"], "")
        people.append(NewPerson(row["name"], sex, born, id_number=number, phone=row["phone"]))
    keys = enrol(people=people, **say)
    posts, homes = [], {}
    for key, row in zip(keys, roster, strict=True):
        homes.setdefault(row["phone"] or row["uid"], []).append(key)
        if row["role"] in ("student", "staff") and row["township"]:
            role = "pupil" if row["role"] == "student" else "staff"
            posts.append(NewPost(key, ids[f"k{towns.index(row['township'])}"], role, since))
    appoint(posts=posts, **say)
    add_households(
        households=[NewHousehold([(k, "child") for k in home], since) for home in homes.values()], **say
    )


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    before = cpu()
    done = work()
    return cpu() - before, done


def main() -> int:
    asked = argparse.ArgumentParser()
    asked.add_argument("--people", type=int, default=311_058)
    asked.add_argument("--rows", type=int, default=20_000)
    asked.add_argument("--changed", type=float, default=0.05)
    args = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="fangxian-rematching-") as folder:
        prepare(Path(folder) / "home")
        return run(args.people, args.rows, args.changed, Path(folder))


def review(listing: int, now: datetime) -> list[tuple[str, float, str]]:
    """What a reviewer waits for: a decision kept and the next row found, and that row with its candidates."""
    from fangxian.kernel.changes import head_position
    from fangxian.matching.actions import decide
    from fangxian.matching.candidates import sheet_of
    from fangxian.matching.reviewing import work

    spent: list[list[float]] = [[], [], []]
    queue = work("benchmark", listing).queue
    for waiting in queue[:30]:
        took, sheet = timed(lambda: sheet_of(waiting.row, day=now.date(), position=head_position()))  # noqa: B023
        spent[0].append(took)
        chosen = {"row": waiting.row, "proposal": sheet.proposal.pk, "verdict": "not_same"}
        spent[1].append(timed(lambda: decide(**chosen, by="benchmark", now=now))[0])  # noqa: B023
        spent[2].append(timed(lambda: work("benchmark", listing))[0])
    names = ("a row and its candidates", "a decision kept", "the queue after it")
    of = f"middle of {len(spent[0])}; {len(queue):,} rows in the queue"
    return [(name, sorted(each)[len(each) // 2], of) for name, each in zip(names, spent, strict=True) if each]


def run(people: int, rows: int, changed: float, folder: Path) -> int:
    from fangxian.kernel.changes import head_position
    from fangxian.kernel.moments import OFFICE_ZONE
    from fangxian.matching.actions import add_list, bring_issue
    from fangxian.matching.bringing import read_issue
    from fangxian.matching.rematching import match_list
    from fangxian.matching.roster import read_roster

    now = datetime(2020, 2, 10, 9, tzinfo=OFFICE_ZONE)
    roster, listed = case(people, rows)
    print(f"{len(roster):,} people, {len(listed):,} rows", flush=True)
    enrol_all(roster, now)
    say = {"by": "benchmark", "now": now}
    listing = add_list(source="办公室", title="名单", topic="other", **say)
    draw = random.Random(5)

    def bring(number: int) -> Any:
        path = folder / f"{number}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(listed[0]))
            writer.writeheader()
            writer.writerows(listed)
        imported = read_issue(listing, path, policy="partial", now=now)
        return bring_issue(listing=listing, imported=imported, **say)

    def match(people_of: Any, **how: Any) -> Any:
        return match_list(listing, roster=people_of, **how, **say)

    told: list[tuple[str, float, str]] = []
    spent, brought = timed(lambda: bring(1))
    told.append(("bring an issue", spent, f"{brought.rows:,} rows"))
    spent, read = timed(lambda: read_roster(now.date(), head_position()))
    told.append(("fixed: read the roster", spent, f"{len(read.people):,} people"))
    whole, done = timed(lambda: match(read))
    told.append(("match all of it", whole, f"{done.matched:,} rows"))
    read = read_roster(now.date(), head_position())
    fixed, done = timed(lambda: match(read))
    told.append(("fixed: nothing changed", fixed, f"{done.matched:,} rows"))
    phone = next(name for name in listed[0] if "电话" in name or "手机" in name)
    for row in draw.sample(listed, int(changed * len(listed))):
        row[phone] = f"199{draw.randrange(10**8):08d}"
    spent, brought = timed(lambda: bring(2))
    told.append(("bring the next issue", spent, f"{brought.changed:,} changed"))
    read = read_roster(now.date(), head_position())
    some, done = timed(lambda: match(read))
    told.append(("match what changed", some, f"{done.matched:,} rows"))
    told += review(listing, now)
    for what, seconds, of in told:
        print(f"{what:28} {seconds:9.3f} s  {of}")
    share = (some - fixed) / (whole - fixed)
    matched = done.matched / done.rows
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"rows' part: {whole - fixed:.1f} s, of {matched:.1%} of them {some - fixed:.1f} s: {share:.1%} of it"
    )
    print(f"peak memory {peak:.1f} GiB")
    return int(share > MOST * max(changed, matched))


if __name__ == "__main__":
    sys.exit(main())
