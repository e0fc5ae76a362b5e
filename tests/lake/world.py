"""A small ledger that grows, and what the lake must then hold: counted over the ledger's rows, in Python."""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from fangxian.campaigns.models import Campaign, Closing, Round, RoundMember
from fangxian.kernel.changes import recording
from fangxian.kernel.home import Home
from fangxian.kernel.models import Change
from fangxian.kernel.moments import OFFICE_ZONE, day_of, to_ms
from fangxian.kernel.secrets import Keyring, keyring
from fangxian.lake.reader import Lake
from fangxian.registry import actions as registry
from fangxian.registry.models import (
    Cover,
    Membership,
    Merge,
    PersonState,
    Post,
    Unit,
    UnitState,
)
from fangxian.submissions.models import FormVersion, Revision, Submission, Verification

START = date(2020, 1, 1)
QUESTIONS: list[dict[str, str]] = [
    {"name": "outcome", "type": "select_one", "class": "A"},
    {"name": "symptoms", "type": "select_multiple", "class": "E"},
    {"name": "temperature", "type": "decimal", "class": "E"},
    {"name": "people", "type": "integer", "class": "A"},
    {"name": "returned_on", "type": "date", "class": "A"},
    {"name": "note", "type": "text", "class": "F"},
]
SHEET = (
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
    "reporter",
    "by",
    "channel",
    "happened",
    "received",
    "late",
    "text_id",
    "supersedes_id",
    "content_hash",
    "answers",
)


class World:
    """Writes with its own clock; each verb is one position of the change log, a minute after the last."""

    def __init__(self) -> None:
        self.now = datetime(2020, 2, 1, 9, tzinfo=OFFICE_ZONE)
        self.people: list[int] = []
        self.households: list[int] = []
        self.sheets: list[int] = []
        self.form_version = 0

    def tick(self, **by: int) -> datetime:
        self.now += timedelta(**(by or {"minutes": 1}))
        return self.now

    def found(self) -> "World":
        """A bureau with two classes, a zone, a campaign with its form."""
        kinds = [("xw", "bureau", None), ("s1", "school", "xw"), ("k1", "class", "s1"), ("k2", "class", "s1")]
        kinds += [("hq", "headquarters", None), ("z1", "zone", "hq")]
        units = [registry.NewUnit(code, kind, f"名{code}", parent, START) for code, kind, parent in kinds]
        self.units = registry.add_units(units=units, by="test", now=self.tick())
        cover = registry.NewCover("z1", "s1", "zone", START)
        registry.add_covers(covers=[cover], by="test", now=self.tick())
        self.publish("screening", QUESTIONS)
        return self

    def campaign(self, code: str) -> int:
        row = Campaign.objects.filter(code=code).first()
        if row is None:
            with recording("campaigns.launch", by="test", now=self.tick()) as change:
                row = Campaign.objects.create(
                    id=change.ids(Campaign, 1)[0],
                    recorded=change.position,
                    code=code,
                    name="名",
                    name_en="name",
                    issuer_id=self.units["xw"],
                    audience=[{"kind": "persons", "role": ["pupil"]}],
                    schedule={"kind": "rounds"},
                    opens=self.now,
                )
        return int(row.pk)

    def publish(self, form: str, questions: list[dict[str, str]]) -> int:
        self.campaign(form)
        with recording("submissions.publish_form", by="test", now=self.tick()) as change:
            number = FormVersion.objects.filter(form=form).count() + 1
            version = FormVersion.objects.create(
                id=change.ids(FormVersion, 1)[0],
                recorded=change.position,
                form=form,
                version=str(number),
                title="名",
                sha256="",
                xlsform=b"",
                xform="",
                fields={"questions": questions},
            )
        self.form_version = int(version.pk)
        return self.form_version

    def open_round(self, number: int, subjects: Iterable[int]) -> None:
        campaign = self.campaign("screening")
        with recording("campaigns.open_round", by="test", now=self.tick()) as change:
            row = Round.objects.create(
                id=change.ids(Round, 1)[0],
                recorded=change.position,
                campaign_id=campaign,
                number=number,
                opens=self.now,
                listed=True,
            )
            change.append(RoundMember, ("round_id", "subject"), [(row.pk, subject) for subject in subjects])

    def enrol(self, count: int = 1, unit: str = "k1", **fields: Any) -> list[int]:
        name = fields.pop("name", "丁一")
        posts = [(self.units[unit], "pupil", START)]
        person = registry.NewPerson(name, "m", birth_year=2010, posts=posts, **fields)
        ids = registry.enrol(people=[person] * count, by="test", now=self.tick())
        self.people += ids
        return ids

    def transfer(self, person: int, unit: str, day: date) -> None:
        registry.transfer(person=person, to_unit=self.units[unit], day=day, by="test", now=self.tick())

    def house(self, *people: int) -> int:
        home = registry.NewHousehold([(person, "child") for person in people], START)
        self.households += registry.add_households(households=[home], by="test", now=self.tick())
        return self.households[-1]

    def submit(self, *sheets: dict[str, Any], happened: datetime | None = None) -> list[int]:
        """Sheets of one position; each a dict of what differs from a plain one."""
        moment = happened or self.now
        with recording("submissions.receive", by="test", now=self.tick()) as change:
            ids = list(change.ids(Submission, len(sheets)))
            rows = [self._row(pk, sheet, moment) for pk, sheet in zip(ids, sheets, strict=True)]
            change.append(Submission, SHEET, rows)
        self.sheets += ids
        return ids

    def _row(self, pk: int, sheet: dict[str, Any], moment: datetime) -> list[Any]:
        plain = {
            "id": pk,
            "instance_id": f"uuid:{pk}",
            "envelope_id": "",
            "campaign_id": self.campaign("screening"),
            "round": 1,
            "form_version_id": self.form_version,
            "subject_kind": "person",
            "subject": self.people[0] if self.people else 1,
            "unit": self.units["k1"],
            "by": "test",
            "channel": "phone",
            "happened": moment,
            "received": self.now,
            "late": False,
            "content_hash": "",
            "answers": {},
        }
        return [{**plain, **sheet}.get(name) for name in SHEET]

    def revise(self, sheet: int, kind: str, day: date | None = None, reason: str = "") -> None:
        with recording("submissions.revise", by="test", now=self.tick()) as change:
            columns = ("submission_id", "kind", "day", "reason", "by")
            change.append(Revision, columns, [(sheet, kind, day, reason, "test")])

    def verify(self, sheet: int) -> None:
        with recording("submissions.verify", by="test", now=self.tick()) as change:
            columns = ("submission_id", "how", "by", "at")
            change.append(Verification, columns, [(sheet, "second_call", "test", self.now)])

    def unverify(self, sheet: int) -> None:
        with recording("submissions.unverify", by="test", now=self.tick()) as change:
            held = Verification.objects.filter(submission=sheet, recorded_until=None)
            change.end(Verification, list(held.values_list("pk", flat=True)))


# ------------------------------------------------------------------------------------- the plain meaning

TIMES = ("valid_from", "valid_until", "recorded", "recorded_until")


def plain_lake(home: Home) -> dict[str, set[tuple[Any, ...]]]:
    """The rows that the lake must hold, dataset by dataset, in the order of their columns."""
    ring = keyring(home.keys)

    def person(key: int | None) -> int | None:
        return _surrogate(ring, "person", key)

    def household(key: int | None) -> int | None:
        return _surrogate(ring, "household", key)

    def times(row: Any) -> tuple[Any, ...]:
        return tuple(getattr(row, name) for name in TIMES)

    def ms(moment: datetime | None) -> int | None:
        return None if moment is None else to_ms(moment)

    forms = {v.pk: v for v in FormVersion.objects.all()}
    form_of = {pk: forms[key].form for pk, key in Submission.objects.values_list("id", "form_version_id")}
    rows: dict[str, set[tuple[Any, ...]]] = {
        "changes": {(c.position, ms(c.at)) for c in Change.objects.all()},
        "units": {(u.pk, u.line, u.kind, u.code, u.recorded) for u in Unit.objects.all()},
        "unit_states": {
            (s.pk, s.unit_id, s.parent_id, s.stage, s.absent, *times(s)) for s in UnitState.objects.all()
        },
        "covers": {(c.pk, c.coverer_id, c.covered_id, c.kind, *times(c)) for c in Cover.objects.all()},
        "person_states": {
            (s.pk, person(s.person_id), s.sex, s.birth_year, s.native_place, *times(s))
            for s in PersonState.objects.all()
        },
        "posts": {(p.pk, person(p.person_id), p.unit_id, p.role, *times(p)) for p in Post.objects.all()},
        "memberships": {
            (m.pk, household(m.household_id), person(m.person_id), m.relation, *times(m))
            for m in Membership.objects.all()
        },
        "merges": {(m.pk, person(m.person_id), person(m.into_id), *times(m)) for m in Merge.objects.all()},
        "campaigns": {
            (
                c.pk,
                c.code,
                _json(c.audience),
                _json(c.schedule),
                ms(c.opens),
                ms(c.closes),
                c.issuer_id,
                c.recorded,
            )
            for c in Campaign.objects.all()
        },
        "rounds": {
            (r.campaign_id, r.campaign.code, r.number, ms(r.opens), ms(r.closes), r.listed, r.recorded)
            for r in Round.objects.select_related("campaign")
        },
        "closings": {(c.pk, c.campaign_id, ms(c.closes), c.recorded) for c in Closing.objects.all()},
        "round_members": {
            (m.round.campaign_id, m.round.number, "person", person(m.subject), m.recorded)
            for m in RoundMember.objects.select_related("round")
        },
        "revisions": {
            (
                r.submission_id,
                form_of[r.submission_id],
                r.kind,
                r.day,
                day_of(r.submission.happened),
                r.recorded,
            )
            for r in Revision.objects.select_related("submission")
        },
        "verifications": {
            (v.pk, v.submission_id, form_of[v.submission_id], v.how, v.recorded, v.recorded_until)
            for v in Verification.objects.all()
        },
    }
    subject = {"person": person, "household": household, "unit": lambda key: key}
    for version in forms.values():
        rows.setdefault(f"answers/{version.form}", set())
    for s in Submission.objects.all():
        version = forms[s.form_version_id]
        questions = [q["name"] for q in version.fields["questions"] if q["class"] in "ABE"]
        rows[f"answers/{version.form}"].add(
            (
                s.pk,
                s.campaign_id,
                s.round,
                s.subject_kind,
                subject[s.subject_kind](s.subject),
                household(s.household),
                s.unit,
                person(s.reporter),
                s.channel,
                day_of(s.happened),
                ms(s.happened),
                ms(s.received),
                s.late,
                s.text_id,
                s.recorded,
                version.version,
                *(_answer(s.answers.get(name)) for name in questions),
            )
        )
    return rows


def lake_rows(home: Home) -> dict[str, set[tuple[Any, ...]]]:
    """What the lake holds; envelopes, which are keyed otherwise, are left to a test of their own."""
    lake = Lake(home)
    return {name: relation_rows(lake, name) for name in lake.datasets()}


def relation_rows(lake: Lake, name: str) -> set[tuple[Any, ...]]:
    relation = lake.relation(name)
    keep = [i for i, column in enumerate(relation.columns) if column != "envelope"]
    rows = [tuple(_cell(row[i], relation.columns[i]) for i in keep) for row in relation.fetchall()]
    assert len(rows) == len(set(rows)), f"{name} holds a row twice"
    return set(rows)


def _cell(value: Any, column: str) -> Any:
    if column in ("audience", "schedule"):
        return _json(json.loads(value))
    return _answer(value)


def _answer(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, str) and len(value) == 10 and value[4:5] == "-":
        return date.fromisoformat(value)
    return value


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _surrogate(ring: Keyring, kind: str, key: int | None) -> int | None:
    return None if key is None else int(ring.surrogates(kind, np.array([key]))[0])
