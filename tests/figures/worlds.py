"""Small worlds: rows of the ledger, and the same rows as a lake in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import duckdb
import pyarrow as pa

from fangxian.figures.world import World
from fangxian.kernel.moments import OFFICE_ZONE, day_of, to_ms
from fangxian.registry.kinds import UNIT_KINDS

Row = dict[str, Any]
INT, TEXT, DAY, BOOL = pa.int64(), pa.string(), pa.date32(), pa.bool_()
TIMES = {"valid_from": DAY, "valid_until": DAY, "recorded": INT, "recorded_until": INT}
COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "units": {"unit": INT, "line": TEXT, "kind": TEXT, "code": TEXT, "recorded": INT},
    "unit_states": {"row": INT, "unit": INT, "parent": INT, "stage": TEXT, "absent": BOOL, **TIMES},
    "covers": {"row": INT, "coverer": INT, "covered": INT, "kind": TEXT, **TIMES},
    "person_states": {"row": INT, "person": INT, "native_place": TEXT, **TIMES},
    "posts": {"row": INT, "person": INT, "unit": INT, "role": TEXT, **TIMES},
    "memberships": {"row": INT, "household": INT, "person": INT, **TIMES},
    "merges": {"row": INT, "person": INT, "into": INT, **TIMES},
    "campaigns": {
        "campaign": INT,
        "code": TEXT,
        "audience": TEXT,
        "schedule": TEXT,
        "opens": INT,
        "closes": INT,
        "recorded": INT,
    },
    "rounds": {
        "campaign": INT,
        "code": TEXT,
        "number": pa.int32(),
        "opens": INT,
        "closes": INT,
        "listed": BOOL,
        "recorded": INT,
    },
    "closings": {"closing": INT, "campaign": INT, "closes": INT, "recorded": INT},
    "round_members": {
        "campaign": INT,
        "number": pa.int32(),
        "subject_kind": TEXT,
        "subject": INT,
        "recorded": INT,
    },
    "revisions": {"submission": INT, "form": TEXT, "kind": TEXT, "day": DAY, "of_day": DAY, "recorded": INT},
    "verifications": {
        "submission": INT,
        "form": TEXT,
        "how": TEXT,
        "recorded": INT,
        "recorded_until": INT,
    },
}
SHEET = {
    "submission": INT,
    "envelope": INT,
    "round": pa.int32(),
    "subject_kind": TEXT,
    "subject": INT,
    "household": INT,
    "unit": INT,
    "reporter": INT,
    "day": DAY,
    "happened": INT,
    "recorded": INT,
}
ANSWERS = {"strings": pa.list_(TEXT), "string": TEXT, "int64": INT, "float64": pa.float64(), "day": DAY}
DUCKDB = {"string": "VARCHAR", "int64": "BIGINT", "float64": "DOUBLE", "day": "DATE"}


class MemorySource:
    """A world's rows as the lake has them; persons and households keep their ids for surrogates."""

    generation = 1

    def __init__(self, world: "Draft") -> None:
        self.position = world.position
        self._engine = duckdb.connect()
        self._sheets = world.all_sheets
        for name, table in world.tables().items():
            self._engine.from_arrow(table).create(name)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        return self._engine

    def relation(
        self,
        name: str,
        days: Any = None,
        *,
        known_by: int | None = None,
        columns: Sequence[str] = (),
        expecting: Mapping[str, str] | None = None,
    ) -> duckdb.DuckDBPyRelation:
        found = self._rows(name, days, expecting)
        found = found if known_by is None else found.filter(f"recorded <= {known_by}")
        return found.select(", ".join(columns)) if columns else found

    def _rows(self, name: str, days: Any, expecting: Mapping[str, str] | None) -> duckdb.DuckDBPyRelation:
        if not name.startswith("answers/"):
            found = self._engine.table(name)
            return found if days is None else found.filter(f"of_day BETWEEN '{days[0]}' AND '{days[1]}'")
        expecting = expecting or {}
        table = "_".join(["sheets", name.removeprefix("answers/"), *expecting]).replace("-", "_")
        if table not in self._tables:
            self._tables.add(table)
            rows = [sheet_row(row) for row in self._sheets.get(name.removeprefix("answers/"), [])]
            types = SHEET | {column: ANSWERS[kind] for column, kind in expecting.items()}
            self._engine.from_arrow(arrow(rows, types)).create(table)
        found = self._engine.table(table)
        return found if days is None else found.filter(f"day BETWEEN '{days[0]}' AND '{days[1]}'")

    @property
    def _tables(self) -> set[str]:
        return self.__dict__.setdefault("_made", set())


def arrow(rows: list[Row], types: Mapping[str, pa.DataType]) -> pa.Table:
    return pa.table({name: pa.array([row.get(name) for row in rows], kind) for name, kind in types.items()})


def sheet_row(row: Row) -> Row:
    """As the lake mirrors a submission."""
    answers = {
        f"a_{name}": date.fromisoformat(value) if name.endswith("_on") or name == "due" else value
        for name, value in row["answers"].items()
    }
    return {
        **row,
        **answers,
        "submission": row["id"],
        "envelope": abs(hash(row["envelope"])) if row["envelope"] else None,
        "day": day_of(row["happened"]),
        "happened": to_ms(row["happened"]),
    }


@dataclass
class Draft:
    """Rows under way, in the columns of the ledger."""

    position: int = 20
    units: list[Row] = field(default_factory=list)
    unit_states: list[Row] = field(default_factory=list)
    covers: list[Row] = field(default_factory=list)
    person_states: list[Row] = field(default_factory=list)
    posts: list[Row] = field(default_factory=list)
    memberships: list[Row] = field(default_factory=list)
    merges: list[Row] = field(default_factory=list)
    campaigns: list[Row] = field(default_factory=list)
    rounds: list[Row] = field(default_factory=list)
    closings: list[Row] = field(default_factory=list)
    round_members: list[Row] = field(default_factory=list)
    revisions: list[Row] = field(default_factory=list)
    verifications: list[Row] = field(default_factory=list)
    all_sheets: dict[str, list[Row]] = field(default_factory=dict)
    form_of: dict[int, str] = field(default_factory=dict)

    def add(self, table: str, **row: Any) -> int:
        rows: list[Row] = getattr(self, table)
        rows.append({"id": len(rows) + 1, **row})
        return len(rows)

    def sheet(self, code: str, **row: Any) -> int:
        id = len(self.form_of) + 1
        self.form_of[id] = code
        blank = {"round": 1, "household": None, "reporter": None, "envelope": "", "recorded": 1, "unit": None}
        self.all_sheets.setdefault(code, []).append(blank | {"id": id, "answers": {}} | row)
        return id

    def world(self) -> World:
        tables = {name: getattr(self, name) for name in World.__dataclass_fields__ if name != "sheets"}
        return World(**tables, sheets=lambda code: self.all_sheets.get(code, []))

    def tables(self) -> dict[str, pa.Table]:
        return {name: arrow(getattr(self, f"_{name}", self._lake)(name), COLUMNS[name]) for name in COLUMNS}

    def _lake(self, table: str) -> list[Row]:
        """Ids without their tails, and what the lake adds."""
        return [
            {"row": row["id"], **{name.removesuffix("_id"): value for name, value in row.items()}}
            for row in getattr(self, table)
        ]

    def _units(self, _table: str) -> list[Row]:
        return [{**row, "unit": row["id"]} for row in self.units]

    def _campaigns(self, _table: str) -> list[Row]:
        import json

        return [
            {
                **row,
                "campaign": row["id"],
                "audience": json.dumps(row["audience"]),
                "schedule": json.dumps(row["schedule"]),
                "opens": to_ms(row["opens"]),
                "closes": row["closes"] and to_ms(row["closes"]),
            }
            for row in self.campaigns
        ]

    def _rounds(self, _table: str) -> list[Row]:
        code = {row["id"]: row["code"] for row in self.campaigns}
        return [
            {
                **row,
                "campaign": row["campaign_id"],
                "code": code[row["campaign_id"]],
                "opens": to_ms(row["opens"]),
                "closes": row["closes"] and to_ms(row["closes"]),
            }
            for row in self.rounds
        ]

    def _closings(self, _table: str) -> list[Row]:
        return [
            {
                **row,
                "closing": row["id"],
                "campaign": row["campaign_id"],
                "closes": row["closes"] and to_ms(row["closes"]),
            }
            for row in self.closings
        ]

    def _round_members(self, _table: str) -> list[Row]:
        rounds = {row["id"]: row for row in self.rounds}
        kind = {row["id"]: row["audience"][0]["kind"].removesuffix("s") for row in self.campaigns}
        return [
            {
                **row,
                "campaign": rounds[row["round_id"]]["campaign_id"],
                "number": rounds[row["round_id"]]["number"],
                "subject_kind": kind[rounds[row["round_id"]]["campaign_id"]],
            }
            for row in self.round_members
        ]

    def _revisions(self, _table: str) -> list[Row]:
        return self._of_forms(self.revisions)

    def _verifications(self, _table: str) -> list[Row]:
        return self._of_forms(self.verifications)

    def _of_forms(self, rows: list[Row]) -> list[Row]:
        day = {
            sheet["id"]: day_of(sheet["happened"]) for sheets in self.all_sheets.values() for sheet in sheets
        }
        return [
            {
                **row,
                "submission": row["submission_id"],
                "form": self.form_of[row["submission_id"]],
                "of_day": day[row["submission_id"]],
            }
            for row in rows
        ]


# ------------------------------------------------------------------------------------ dense worlds

FIRST = date(2020, 2, 9)
DAYS = [FIRST + timedelta(days=i) for i in range(4)]
POSITIONS = range(1, 13)
PERSONS = range(1, 10)
HOUSEHOLDS = range(1, 5)
UNITS = (  # code, kind, parent
    ("xw", "bureau", None),
    ("c1", "centre", "xw"),
    ("s1", "school", "c1"),
    ("s2", "teaching_point", "c1"),
    ("k1", "class", "s1"),
    ("k2", "class", "s2"),
    ("o1", "office", "xw"),
    ("i1", "institution", "c1"),
    ("i2", "institution", "xw"),
    ("v1", "venue", "c1"),
    ("hq", "headquarters", None),
    ("z1", "zone", "hq"),
    ("z2", "zone", "hq"),
    ("b1", "temporary_branch", "z1"),
    ("t1", "commando_team", "z1"),
    ("pc", "party_committee", None),
    ("pg", "party_general_branch", "pc"),
    ("pb1", "party_branch", "pg"),
    ("pb2", "party_branch", "pc"),
    ("lb", "league_branch", None),
    ("br", "brigade", None),
    ("sq", "squadron", "br"),
    ("kg", "kindergarten", "c1"),
    ("kc", "class", "kg"),
    *((f"s1-{i}", "key_area", "s1") for i in range(5)),
    ("s2-0", "key_area", "s2"),
)
IDS = {code: number for number, (code, _kind, _parent) in enumerate(UNITS, start=1)}
STAGES = ("classrooms", "canteen", "toilets", "dormitory", "entrance")
AUDIENCES: dict[str, tuple[list[Row], Row]] = {
    "screening": ([{"kind": "households", "role": ["pupil", "staff"]}], {"kind": "rounds"}),
    "pledge": ([{"kind": "persons", "role": ["party_member"], "under": "o1"}], {"kind": "once"}),
    "oath": ([{"kind": "persons", "role": ["party_member"]}], {"kind": "once"}),
    "double-five": (
        [
            {"key": "branches", "kind": "units", "unit_kind": ["party_branch"]},
            {"key": "members", "kind": "persons", "role": ["party_member"], "unit_kind": ["party_branch"]},
        ],
        {"kind": "once"},
    ),
    "disinfection": ([{"kind": "units", "unit_kind": ["key_area"]}], {"kind": "daily", "within_days": 2}),
    "hygiene": ([{"kind": "units", "unit_kind": ["school"]}], {"kind": "once"}),
    "training-institutions": ([{"kind": "units", "unit_kind": ["institution"]}], {"kind": "rounds"}),
    "sports-venues": ([{"kind": "units", "unit_kind": ["venue"]}], {"kind": "rounds"}),
    "supervision": (
        [{"kind": "units", "unit_kind": ["school", "teaching_point"]}],
        {"kind": "daily", "voluntary": True},
    ),
    "supplies": ([{"kind": "units", "unit_kind": ["party_branch"]}], {"kind": "daily", "voluntary": True}),
    "ten-ones": ([{"kind": "persons", "role": ["pupil"], "under": "c1"}], {"kind": "once"}),
    "daily-check": ([{"kind": "persons", "role": ["pupil"], "under": "c1"}], {"kind": "daily"}),
    "care": ([{"kind": "persons", "role": ["pupil", "staff"]}], {"kind": "once", "voluntary": True}),
    "difficulties": (
        [{"kind": "units", "unit_kind": ["school", "teaching_point"]}],
        {"kind": "once", "voluntary": True},
    ),
}
PLACES = {  # role -> units where such a post may be
    "pupil": ("k1", "k2", "kc", "s2"),
    "staff": ("s1", "s2", "o1"),
    "party_member": ("pb1", "pb2"),
    "commando": ("t1", "o1"),
    "league_member": ("lb",),
    "pioneer": ("sq", "br"),
}


def moment(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=OFFICE_ZONE)


def dense_world(draw: Random) -> Draft:
    """Few days, few units, few people; everything overlaps."""
    draft = Draft()
    _draw_units(draft, draw)
    _draw_people(draft, draw)
    _draw_campaigns(draft, draw)
    for code in AUDIENCES:
        for _ in range(draw.randint(0, 14 if code == "screening" else 5)):
            _draw_sheet(draft, code, draw)
    return draft


def _times(draw: Random) -> Row:
    """Mostly from the first day on and known at once; else any span, learnt and unlearnt at any position."""
    if draw.random() < 0.5:
        return {"valid_from": FIRST, "valid_until": None, "recorded": 1, "recorded_until": None}
    start = draw.choice(DAYS)
    recorded = draw.choice(POSITIONS)
    return {
        "valid_from": start,
        "valid_until": draw.choice([None, None, start + timedelta(days=draw.randint(1, 3))]),
        "recorded": recorded,
        "recorded_until": draw.choice([None, None, recorded + draw.randint(1, 6)]),
    }


def _draw_units(draft: Draft, draw: Random) -> None:
    for code, kind, parent in UNITS:
        draft.add("units", line=UNIT_KINDS[kind].line, kind=kind, code=code, recorded=1)
        stage = STAGES[int(code[-1])] if kind == "key_area" else ""
        absent = kind == "key_area" and draw.random() < 0.3
        times = {"valid_from": FIRST, "valid_until": None, "recorded": 1, "recorded_until": None}
        if draw.random() < 0.2 and code not in ("xw", "hq"):
            times = _times(draw)
        state = {"unit_id": IDS[code], "parent_id": IDS.get(parent or ""), "stage": stage, "absent": absent}
        draft.add("unit_states", **state, **times)
    for covered in ("hq", "pc", "pb1", "pb2", "lb", "br", "sq"):
        if draw.random() < 0.85:
            host = draw.choice(["xw", "c1", "s1", "s2", "o1", "k1"])
            draft.add("covers", coverer_id=IDS[host], covered_id=IDS[covered], kind="host", **_times(draw))
    for covered in ("c1", "s1", "o1", "xw"):
        if draw.random() < 0.7:
            zone = draw.choice(["z1", "z2"])
            draft.add("covers", coverer_id=IDS[zone], covered_id=IDS[covered], kind="zone", **_times(draw))


def _draw_people(draft: Draft, draw: Random) -> None:
    for person in PERSONS:
        native = draw.choice(["420100", "530381", ""])
        draft.add("person_states", person_id=person, native_place=native, **_times(draw))
        for _ in range(draw.randint(0, 3)):
            role = draw.choice(list(PLACES))
            unit = IDS[draw.choice(PLACES[role])]
            draft.add("posts", person_id=person, unit_id=unit, role=role, **_times(draw))
        for _ in range(draw.randint(0, 2)):
            draft.add("memberships", household_id=draw.choice(HOUSEHOLDS), person_id=person, **_times(draw))
    for _ in range(draw.randint(0, 3)):
        person, into = draw.sample(PERSONS, 2)
        draft.add("merges", person_id=person, into_id=into, **_times(draw))


def _draw_campaigns(draft: Draft, draw: Random) -> None:
    for code, (audience, schedule) in AUDIENCES.items():
        opens = moment(draw.choice(DAYS[:2]), 8)
        closes = draw.choice([None, None, moment(draw.choice(DAYS), 17)])
        recorded = draw.randint(1, 4)
        campaign = draft.add(
            "campaigns",
            code=code,
            audience=audience,
            schedule=schedule,
            opens=opens,
            closes=closes,
            recorded=recorded,
        )
        if schedule["kind"] == "daily":
            _draw_closings(draft, draw, campaign, recorded)
        for number in range(1, {"once": 1, "rounds": 3, "daily": 0}[schedule["kind"]] + 1):
            _draw_round(draft, draw, campaign, number, recorded)


def _draw_closings(draft: Draft, draw: Random, campaign: int, recorded: int) -> None:
    """Closed before its time, perhaps opened again, perhaps until a moment."""
    for _ in range(draw.choice([0, 0, 1, 2])):
        recorded += draw.randint(1, 4)
        closes = draw.choice([None, moment(draw.choice(DAYS), 17)])
        draft.add("closings", campaign_id=campaign, closes=closes, recorded=recorded)


def _draw_round(draft: Draft, draw: Random, campaign: int, number: int, recorded: int) -> None:
    row = draft.campaigns[campaign - 1]
    listed = row["schedule"]["kind"] == "rounds" and draw.random() < 0.5
    times = {"opens": row["opens"], "closes": row["closes"], "recorded": recorded}
    if row["schedule"]["kind"] == "rounds":
        times = {
            "opens": moment(draw.choice(DAYS), 8),
            "closes": draw.choice([None, moment(draw.choice(DAYS), 17)]),
            "recorded": recorded + number,
        }
    id = draft.add("rounds", campaign_id=campaign, number=number, listed=listed, **times)
    for subject in _subjects(row["code"]) if listed else ():
        if draw.random() < 0.5:
            draft.add("round_members", round_id=id, subject=subject, recorded=times["recorded"])


def _subjects(code: str) -> list[int]:
    selector = AUDIENCES[code][0][0]
    if selector["kind"] == "units":
        return [IDS[c] for c, kind, _parent in UNITS if kind in selector["unit_kind"]]
    return list(HOUSEHOLDS if selector["kind"] == "households" else PERSONS)


def _draw_sheet(draft: Draft, code: str, draw: Random) -> None:
    daily = AUDIENCES[code][1]["kind"] == "daily"
    row: Row = {
        "round": 0 if daily else draw.randint(1, 3 if AUDIENCES[code][1]["kind"] == "rounds" else 1),
        "subject_kind": AUDIENCES[code][0][0]["kind"].removesuffix("s"),
        "subject": draw.choice(_subjects(code)),
        "unit": draw.choice([None, *(IDS[c] for c in ("s1", "s2", "k1", "pb1", "pb2", "i1", "v1"))]),
        "reporter": draw.choice([None, *PERSONS]),
        "envelope": draw.choice(["", "e1", "e2", "e3"]),
        "happened": moment(draw.choice(DAYS), draw.randint(8, 12)),
        "recorded": draw.choice(POSITIONS),
        "answers": _answers(code, draw),
    }
    if code == "double-five" and draw.random() < 0.5:
        row |= {"subject_kind": "person", "subject": draw.choice(PERSONS)}
    if code == "screening" and draw.random() < 0.8:
        row |= {"household": row["subject"], "subject_kind": "person", "subject": draw.choice(PERSONS)}
    id = draft.sheet(code, **row)
    if draw.random() < 0.25:
        kind = draw.choice(["superseded", "retracted", "withdrawn"])
        day = draw.choice(DAYS) if kind == "withdrawn" else None
        later = row["recorded"] + draw.randint(1, 5)
        draft.add("revisions", submission_id=id, kind=kind, day=day, recorded=later)
    if draw.random() < 0.5:
        confirmed = row["recorded"] + draw.randint(0, 4)
        how = draw.choice(["second_call", "document", "list"])
        until = confirmed + draw.randint(1, 5) if how == "list" and draw.random() < 0.4 else None
        draft.add("verifications", submission_id=id, how=how, recorded=confirmed, recorded_until=until)


def _answers(code: str, draw: Random) -> Row:
    if code == "screening":
        outcome = draw.choice(["reached", "reached", "reached", "no_answer", "refused", "wrong_number"])
        if outcome != "reached":
            return {"outcome": outcome}
        answers = {
            "outcome": outcome,
            "place": draw.choice(["none", "hubei", "hubei", "other_province"]),
            "purpose": draw.choice(["tourism", "internship", "home"]),
            "contact_hubei": draw.choice(["yes", "no"]),
            "occupation": draw.choice(["pupil", "staff", "university", "other"]),
        }
        since = draw.choice(["2020-01-25", "2020-01-29", "2020-02-04", "2020-02-09", "2020-02-11"])
        answers |= {"returned_on": since} if draw.random() < 0.8 else {}
        answers |= {"temperature": draw.choice([36.5, 37.2, 37.3, 38])} if draw.random() < 0.6 else {}
        return answers | draw.choice([{}, {"symptoms": ["none"]}, {"symptoms": ["fever", "cough"]}])
    return {
        "pledge": {"signed": "yes"},
        "oath": {"attended": draw.choice(["yes", "no"])},
        "disinfection": {"done": draw.choice(["yes", "yes", "no"])},
        "hygiene": {"done": draw.choice(["yes", "no"])},
        "training-institutions": draw.choice([{}, {"violations": draw.randint(0, 2)}]),
        "sports-venues": draw.choice([{}, {"gatherings": draw.randint(0, 2)}]),
        "supplies": {
            "amount": draw.choice([0.1, 0.2, 1234.56, 99.99]),
            "goods": draw.choice(["masks", "disinfectant", "study_materials"]),
        },
        "difficulties": {
            "state": draw.choice(["open", "open", "solved"]),
            "due": draw.choice(["2020-02-09", "2020-02-10", "2020-02-12", "2020-02-20"]),
        },
    }.get(code, {})
