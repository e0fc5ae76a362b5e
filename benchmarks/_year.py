"""A school year of daily checks, as a lake: its units and pupils from a ledger, by the mirror; its sheets
drawn a day at a time and written by the mirror's own hands, a mirror a night.

Every pupil answers nearly every day. 5 % of the sheets arrive one to seven days late; 2 % are corrected
within three days, by another sheet that supersedes the first.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

DAYS = 365
FIRST = date(2019, 9, 2)
BEFORE = date(2019, 8, 1)
SCHOOLS, CENTRES, ZONES, CLASSES = 781, 26, 6, 6_000
REPORTING, LATE, CORRECTED = 0.97, 0.05, 0.02
A_POSITION = 200  # sheets that one change records
CODE = "daily-check"
FORM = f"answers/{CODE}"
QUESTIONS = (
    ("temperature", "decimal", "E"),
    ("symptoms", "select_one", "E"),
    ("at_school", "select_one", "A"),
)


def prepare(folder: Path) -> Any:
    os.environ |= {"FANGXIAN_HOME": str(folder), "DJANGO_SETTINGS_MODULE": "fangxian.settings"}
    os.environ.pop("FANGXIAN_POSTGRES", None)
    import django

    django.setup()
    from fangxian.kernel.home import current_home

    return current_home()


def build(folder: Path, rows: int) -> dict[str, int]:
    """How many sheets there are, how many of them corrections, how many late."""
    home = prepare(folder)
    pupils = round(rows / DAYS / REPORTING / (1 + CORRECTED))
    _found(home, pupils)
    return Year(home, pupils).grow()


# ------------------------------------------------------------------------------------ what the ledger holds


def _found(home: Any, pupils: int) -> None:
    from django.core.management import call_command

    from fangxian.figures.sync import sync_lake
    from fangxian.kernel.changes import recording
    from fangxian.kernel.secrets import make_keys
    from fangxian.registry import actions as registry
    from fangxian.registry.models import Person, Post

    make_keys(home.make().keys)
    call_command("migrate", verbosity=0)
    ids = registry.add_units(units=list(_units()), by="benchmark", now=moment(BEFORE))
    registry.add_covers(covers=list(_covers(registry)), by="benchmark", now=moment(BEFORE))
    with recording("benchmark.enrol", by="benchmark", now=moment(BEFORE)) as change:
        people = change.ids(Person, pupils)
        change.append(
            Person, ("id", "surrogate"), zip(people, _surrogates(home, people).tolist(), strict=True)
        )
        classes = [ids[f"k{place}"] for place in _classes(pupils)]
        posts = zip(people, classes, strict=True)
        columns = ("person_id", "unit_id", "role", "valid_from")
        change.append(Post, columns, ((p, unit, "pupil", BEFORE) for p, unit in posts))
    _launch(ids["xw"])
    sync_lake(home, here=True)


def _units() -> Iterator[Any]:
    from fangxian.registry.actions import NewUnit

    yield NewUnit("xw", "bureau", "教育局", None, BEFORE)
    yield NewUnit("hq", "headquarters", "指挥部", None, BEFORE)
    for place in range(ZONES):
        yield NewUnit(f"z{place}", "zone", f"战区{place}", "hq", BEFORE)
    for place in range(CENTRES):
        yield NewUnit(f"c{place}", "centre", f"中心{place}", "xw", BEFORE)
    for place in range(SCHOOLS):
        yield NewUnit(f"s{place}", "school", f"学校{place}", f"c{place % CENTRES}", BEFORE)
    for place in range(CLASSES):
        yield NewUnit(f"k{place}", "class", f"班{place}", f"s{place % SCHOOLS}", BEFORE)


def _covers(registry: Any) -> Iterator[Any]:
    for place in range(CENTRES):
        yield registry.NewCover(f"z{place % ZONES}", f"c{place}", "zone", BEFORE)


def _classes(pupils: int) -> list[int]:
    """The class of each: those of a class follow one another."""
    return (np.arange(pupils) * CLASSES // pupils).tolist()


def _launch(bureau: int) -> None:
    from fangxian.campaigns.models import Campaign
    from fangxian.kernel.changes import recording
    from fangxian.submissions.models import FormVersion

    with recording("benchmark.launch", by="benchmark", now=moment(BEFORE)) as change:
        told = {"id": change.ids(Campaign, 1)[0], "recorded": change.position, "code": CODE}
        Campaign.objects.create(
            **told,
            name="晨检",
            name_en="daily check",
            issuer_id=bureau,
            audience=[{"kind": "persons", "role": ["pupil"]}],
            schedule={"kind": "daily"},
            opens=moment(BEFORE),
        )
        questions = [{"name": name, "type": kind, "class": field} for name, kind, field in QUESTIONS]
        FormVersion.objects.create(
            id=change.ids(FormVersion, 1)[0],
            recorded=change.position,
            form=CODE,
            version="1",
            title="",
            sha256="",
            xlsform=b"",
            xform="",
            fields={"questions": questions},
        )


def _surrogates(home: Any, people: Any) -> Any:
    from fangxian.kernel.secrets import keyring

    return keyring(home.keys).surrogates("person", np.asarray(people))


def moment(day: date, hour: int = 8) -> datetime:
    from fangxian.kernel.moments import OFFICE_ZONE

    return datetime.combine(day, time(hour), OFFICE_ZONE)


# ------------------------------------------------------------------------------------ the year


@dataclass
class Known:
    """Where the ledger would stand, for the mirror."""

    position: int
    at: int
    mark: list[Any]

    def fingerprint(self, _position: int) -> list[Any]:
        return self.mark


@dataclass
class Arriving:
    """Sheets of one day that arrive together: places of pupils, and what each supersedes (0: nothing)."""

    day: int
    pupils: Any
    supersedes: Any
    ids: Any = None
    recorded: Any = None


@dataclass
class Year:
    home: Any
    pupils: int
    coming: dict[int, list[Arriving]] = field(default_factory=lambda: defaultdict(list))
    last: int = 0  # the last submission
    since: tuple[int, int] = (0, 0)  # the first position of the night, and the first submission
    told: dict[str, int] = field(default_factory=lambda: {"sheets": 0, "late": 0, "corrections": 0})

    def grow(self) -> dict[str, int]:
        from fangxian.lake.manifest import load
        from fangxian.lake.reader import Lake

        self.draw = np.random.default_rng(2020)
        self.sorts = _sorts()
        lake = Lake(self.home)
        posts = lake.relation("posts").order("row").project("person, unit").to_arrow_table()
        self.subjects, self.units = posts["person"].to_numpy(), posts["unit"].to_numpy()
        self.order = np.argsort(self.units, kind="stable")
        manifest = load(self.home.lake)
        self.known = Known(manifest.position, manifest.known_at, manifest.ledger)
        for night in range(DAYS):
            self._morning(night)
            manifest = self._mirror(night, manifest)
        return self.told

    def _morning(self, day: int) -> None:
        """Who answers about the day, and when it arrives."""
        here = self.order[self.draw.random(self.pupils) < REPORTING]
        late = self.draw.random(len(here)) < LATE
        self._arrive(day, day, here[~late])
        after = self.draw.integers(1, 8, len(here))
        for days in range(1, 8):
            self._arrive(day + days, day, here[late & (after == days)])
        self.told["late"] += int(late.sum())

    def _arrive(self, night: int, day: int, pupils: Any, supersedes: Any = None) -> None:
        nothing = np.zeros(len(pupils), dtype=np.int64)
        self.coming[night].append(Arriving(day, pupils, nothing if supersedes is None else supersedes))

    def _mirror(self, night: int, manifest: Any) -> Any:
        """All that arrived on a day, as one mirror writes it, and folds what has piled up."""
        from fangxian.kernel.secrets import keyring
        from fangxian.lake.mirror import _Run

        first = self.known.position + 1
        groups = sorted(self.coming.pop(night), key=lambda group: group.day)
        groups = [self._recorded(group, self.last, first) for group in groups if len(group.pupils)]
        positions = np.arange(first, groups[-1].recorded[-1] + 1)
        self.known = Known(int(positions[-1]), _ms(night, 18), self.known.mark)
        for group in groups:
            self._correct(night, group)
        run = _Run(self.home.lake, self.known, keyring(self.home.keys), manifest, sorts=self.sorts)  # type: ignore[arg-type]
        self._write(run, FORM, [self._sheets(group, night) for group in groups], by="day")
        self._write(run, "revisions", [_revisions(group) for group in groups], by="of_day")
        at = np.linspace(_ms(night, 8), _ms(night, 18), len(positions)).astype(np.int64)
        changes = pa.table({"position": positions, "at": at})
        run._list(
            manifest.datasets["changes"], [run._write("changes", manifest.datasets["changes"], changes)]
        )
        return run.finish()

    def _write(self, run: Any, name: str, parts: list[pa.Table], *, by: str) -> None:
        order = [(column, "ascending") for column in self.sorts[name]]
        run._write_days(name, pa.concat_tables(parts).sort_by(order), by=by)

    def _recorded(self, group: Arriving, last: int, first: int) -> Arriving:
        """With its submissions' ids and positions; the night's first position is that of its first id."""
        count = len(group.pupils)
        group.ids = np.arange(last + 1, last + 1 + count)
        self.since = self.since if self.since[0] == first else (first, last + 1)
        group.recorded = first + (group.ids - self.since[1]) // A_POSITION
        self.last += count
        self.told["sheets"] += count
        return group

    def _correct(self, night: int, group: Arriving) -> None:
        """Which of them will be corrected, and when."""
        wrong = (self.draw.random(len(group.ids)) < CORRECTED) & (group.supersedes == 0)
        after = self.draw.integers(1, 4, len(group.ids))
        for days in (days for days in range(1, 4) if night + days < DAYS):
            chosen = wrong & (after == days)
            self._arrive(night + days, group.day, group.pupils[chosen], group.ids[chosen])
            self.told["corrections"] += int(chosen.sum())

    def _sheets(self, group: Arriving, night: int) -> pa.Table:
        """Sorted by unit, as the pupils are."""
        count = len(group.pupils)
        seconds = self.draw.random((2, count))
        columns = {
            "submission": pa.array(group.ids),
            "envelope": pa.nulls(count, pa.int64()),
            "campaign": pa.array(np.ones(count, np.int64)),
            "round": pa.array(np.zeros(count, np.int32)),
            "subject_kind": _word("person", count),
            "subject": pa.array(self.subjects[group.pupils]),
            "household": pa.nulls(count, pa.int64()),
            "unit": pa.array(self.units[group.pupils]),
            "reporter": pa.array(self.units[group.pupils] + 10**12),
            "channel": _word("class", count),
            "day": pa.array(np.full(count, _day(group.day)), pa.date32()),
            "happened": pa.array(_ms(group.day, 7) + (seconds[0] * 3_600_000).astype(np.int64)),
            "received": pa.array(_ms(night, 8) + (seconds[1] * 36_000_000).astype(np.int64)),
            "late": pa.array(np.full(count, night > group.day)),
            "text": pa.nulls(count, pa.int64()),
            "recorded": pa.array(group.recorded),
            "version": _word("1", count),
            "a_temperature": pa.array(np.round(36 + self.draw.random(count), 1)),
            "a_symptoms": _word("none", count),
            "a_at_school": _word("yes", count),
        }
        return pa.table(columns)


def _revisions(group: Arriving) -> pa.Table:
    """Of the sheets that it supersedes; recorded with it."""
    kept = np.flatnonzero(group.supersedes)
    return pa.table(
        {
            "submission": pa.array(group.supersedes[kept]),
            "form": _word(CODE, len(kept)),
            "kind": _word("superseded", len(kept)),
            "day": pa.nulls(len(kept), pa.date32()),
            "of_day": pa.array(np.full(len(kept), _day(group.day)), pa.date32()),
            "recorded": pa.array(group.recorded[kept]),
        }
    )


def _sorts() -> dict[str, list[str]]:
    """How the mirror sorts each dataset."""
    from fangxian.figures.sync import sources

    rooms = sources()
    sorts = {source.dataset: list(source.sort) for source in rooms.plain}
    return sorts | {FORM: list(rooms.answers[0].source.sort)}


def _word(word: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(word), count)


def _day(place: int) -> Any:
    return np.int32((FIRST - date(1970, 1, 1)).days + place)


def _ms(place: int, hour: int) -> int:
    return int(moment(FIRST + timedelta(days=place), hour).timestamp() * 1000)
