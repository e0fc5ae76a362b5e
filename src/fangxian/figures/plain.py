"""The plain meaning of every figure: loops over the ledger's rows, slow and obvious.

It shares nothing with the engine but the names of the figures, the rules as data and the classes that hold
answers. Where the two disagree, one of them is wrong.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, cached_property
from typing import Any

from fangxian.kernel.asof import AsOf
from fangxian.kernel.moments import day_of
from fangxian.registry.kinds import UNIT_KINDS
from fangxian.screening.rules import Category, as_predicate, load_rules

from . import definitions
from .problems import UnitNotThere
from .results import Value, number
from .world import Row, World

Leaves = dict[Any, set[int]]  # id -> the units at which it stands
LINES_OF_ROLES = {
    "party_member": "party",
    "secretary": "party",
    "league_member": "league",
    "youth_commando": "league",
    "pioneer": "pioneers",
}
EVERYWHERE = {"administrative", "response"}


@dataclass
class Plain:
    """Records of a figure: counted id -> leaves, what each contributes (1 unless told)."""

    counted: Leaves
    of: Leaves | None = None
    excluded: dict[str, Leaves] = field(default_factory=dict)
    contributions: Mapping[Any, Decimal] | None = None

    def contribution(self, id: Any) -> Decimal:
        return Decimal(1) if self.contributions is None else self.contributions[id]


@dataclass
class PlainRounds:
    """Whom each round asked, and whom of them it misses: both id -> leaves, by number."""

    asked: dict[int, Leaves]
    missing: dict[int, Leaves]


Meaning = Callable[["PlainFigures"], Plain | PlainRounds]


class PlainFigures:
    """All figures as of one time, over the rows of a world."""

    def __init__(self, world: World, at: AsOf) -> None:
        self.world, self.at = world, at
        self._results: dict[str, Plain | PlainRounds] = {}
        self._inside: dict[int, set[int]] = {}
        self._sheets: tuple[str, list[Row]] = ("", [])

    # ------------------------------------------------------------------------------ questions

    @cached_property
    def meanings(self) -> dict[str, tuple[set[str], Meaning]]:
        """Id -> (lines on which it is counted, how)."""
        return MEANINGS | self._coverage_meanings()

    def value(self, id: str, unit: int) -> Value | None:
        if id not in self.meanings:
            raise definitions.unknown(id)
        if unit not in self.units:
            raise UnitNotThere(unit=unit, day=self.at.day.isoformat())
        lines, _meaning = self.meanings[id]
        if self.units[unit]["line"] not in lines:
            return None
        result = self.result(id)
        return self._rounds(result, unit) if isinstance(result, PlainRounds) else self._sum(result, unit)

    def values(self, unit: int) -> dict[str, Value | None]:
        return {id: self.value(id, unit) for id in self.meanings}

    def result(self, id: str) -> Plain | PlainRounds:
        if id not in self._results:
            self._results[id] = self.meanings[id][1](self)
        return self._results[id]

    def _sum(self, result: Plain, unit: int) -> Value:
        total = sum((result.contribution(id) for id in self.here(result.counted, unit)), Decimal(0))
        of = None if result.of is None else len(self.here(result.of, unit))
        excluded = {reason: len(self.here(leaves, unit)) for reason, leaves in result.excluded.items()}
        return Value(number(float(total)), of, excluded)

    def _rounds(self, result: PlainRounds, unit: int) -> Value:
        asked = [n for n, leaves in result.asked.items() if self.here(leaves, unit)]
        complete = [n for n in asked if not self.here(result.missing[n], unit)]
        return Value(len(complete), len(asked))

    def here(self, leaves: Leaves, unit: int) -> list[Any]:
        """The ids of which a leaf reaches the unit."""
        if unit not in self._inside:
            self._inside[unit] = {leaf for leaf in self.units if unit in self.reach(leaf)}
        inside = self._inside[unit]
        return [id for id, units in leaves.items() if not inside.isdisjoint(units)]

    # ------------------------------------------------------------------------------ both times

    def known(self, row: Row, position: int | None = None) -> bool:
        position = self.at.position if position is None else position
        ended = row["recorded_until"]
        return bool(row["recorded"] <= position and (ended is None or ended > position))

    def holds(self, row: Row, day: date | None = None, position: int | None = None) -> bool:
        day = day or self.at.day
        until = row["valid_until"]
        return self.known(row, position) and row["valid_from"] <= day and (until is None or until > day)

    # ------------------------------------------------------------------------------ units

    @cached_property
    def units(self) -> dict[int, Row]:
        return self._units_at(self.at.day, self.at.position)

    def _units_at(self, day: date, position: int) -> dict[int, Row]:
        identity = {row["id"]: row for row in self.world.units}
        return {
            row["unit_id"]: identity[row["unit_id"]] | row
            for row in self.world.unit_states
            if self.holds(row, day, position)
        }

    @cached_property
    def reach(self) -> Callable[[int], frozenset[int]]:
        return self._reach_at(self.at.day, self.at.position)

    def _reach_at(self, day: date, position: int) -> Callable[[int], frozenset[int]]:
        units = self._units_at(day, position)
        covers = [row for row in self.world.covers if self.holds(row, day, position)]
        hosts = {row["covered_id"]: row["coverer_id"] for row in covers if row["kind"] == "host"}

        def path(unit: int | None) -> list[int]:
            found: list[int] = []
            while unit is not None and unit in units:
                found.append(unit)
                unit = units[unit]["parent_id"]
            return found

        def zones(unit: int) -> list[int]:
            return [r["coverer_id"] for r in covers_of.get(unit, ()) if r["kind"] == "zone"]

        covers_of: dict[int, list[Row]] = {}
        for row in covers:
            covers_of.setdefault(row["covered_id"], []).append(row)

        def across(unit: int) -> list[int]:
            """Hosts and zones of the nearest above that has any."""
            host = [hosts[above] for above in path(unit) if above in hosts][:1]
            return host + next((zones(above) for above in path(unit) if zones(above)), [])

        @cache
        def reach(unit: int) -> frozenset[int]:
            visited: set[int] = set()
            waiting = {unit}
            while waiting:
                entry = waiting.pop()
                visited.add(entry)
                waiting |= set(across(entry)) - visited
            return frozenset(above for entry in visited for above in path(entry))

        return reach

    def of_kind(self, *kinds: str) -> Leaves:
        return {u: {u} for u, row in self.units.items() if row["kind"] in kinds and not row["absent"]}

    def in_school(self, unit: int) -> bool:
        at: int | None = unit
        while at is not None and at in self.units:
            if self.units[at]["kind"] in ("school", "teaching_point"):
                return True
            at = self.units[at]["parent_id"]
        return False

    # ------------------------------------------------------------------------------ people

    @cached_property
    def person(self) -> Callable[[int], int]:
        """Into whom somebody was merged in the end."""
        into = {row["person_id"]: row["into_id"] for row in self.world.merges if self.holds(row)}

        @cache
        def follow(person: int) -> int:
            walked = [person]
            while walked[-1] in into:
                step = into[walked[-1]]
                if step in walked:  # a circle
                    return min(walked[walked.index(step) :])
                walked.append(step)
            return walked[-1]

        return follow

    @cached_property
    def posts(self) -> dict[str, Leaves]:
        """Role -> person -> units."""
        found: dict[str, Leaves] = {}
        for row in self.world.posts:
            if self.holds(row):
                people = found.setdefault(row["role"], {})
                people.setdefault(self.person(row["person_id"]), set()).add(row["unit_id"])
        return found

    def with_role(self, role: str) -> Leaves:
        return self.posts.get(role, {})

    @cached_property
    def members(self) -> dict[int, set[int]]:
        """Household -> persons."""
        found: dict[int, set[int]] = {}
        for row in self.world.memberships:
            if self.holds(row):
                found.setdefault(row["household_id"], set()).add(self.person(row["person_id"]))
        return found

    @cached_property
    def homes(self) -> Leaves:
        """Person -> units of the own posts as pupil or staff, or else of those of the household's members."""
        own: Leaves = {}
        for role in ("pupil", "staff"):
            for person, units in self.with_role(role).items():
                own.setdefault(person, set()).update(units)
        homes = dict(own)
        for people in self.members.values():
            units = {unit for person in people for unit in own.get(person, ())}
            for person in people:
                if person not in own and units:
                    homes[person] = homes.get(person, set()) | units
        return homes

    # ------------------------------------------------------------------------------ submissions

    @cached_property
    def _revised(self) -> set[int]:
        return {
            row["submission_id"]
            for row in self.world.revisions
            if row["recorded"] <= self.at.position
            and (row["kind"] in ("superseded", "retracted") or row["day"] <= self.at.day)
        }

    @cached_property
    def _verified(self) -> set[int]:
        return {row["submission_id"] for row in self.world.verifications if self.known(row)}

    def live(self, code: str) -> list[Row]:
        """Live submissions, persons as those into whom they were merged, with `day` and `verified`."""
        if self._sheets[0] != code:
            self._sheets = (code, [self._sheet(row) for row in self.world.sheets(code) if self._is_live(row)])
        return self._sheets[1]

    def _is_live(self, row: Row) -> bool:
        return (
            row["recorded"] <= self.at.position
            and day_of(row["happened"]) <= self.at.day
            and row["id"] not in self._revised
        )

    def _sheet(self, row: Row) -> Row:
        subject = self.person(row["subject"]) if row["subject_kind"] == "person" else row["subject"]
        reporter = None if row["reporter"] is None else self.person(row["reporter"])
        own = {"subject": subject, "reporter": reporter, "day": day_of(row["happened"])}
        return row | own | {"verified": row["id"] in self._verified}

    def latest(self, code: str) -> list[Row]:
        """Of each subject and round the live submission that happened last."""
        found: dict[Any, Row] = {}
        for row in self.live(code):
            key = (row["round"], row["subject_kind"], row["subject"])
            if key not in found or _when(row) > _when(found[key]):
                found[key] = row
        return list(found.values())

    # ------------------------------------------------------------------------------ campaigns

    def campaign(self, code: str) -> Row | None:
        for row in self.world.campaigns:
            if row["code"] == code and row["recorded"] <= self.at.position:
                return row
        return None

    def closes(self, campaign: Row) -> datetime | None:
        """When it stops taking reports, as was last said."""
        closes: datetime | None = campaign["closes"]
        for row in self.world.closings:
            if row["campaign_id"] == campaign["id"] and row["recorded"] <= self.at.position:
                closes = row["closes"]
        return closes

    def opened(self, campaign: Row) -> list[Row]:
        return [
            row
            for row in self.world.rounds
            if row["campaign_id"] == campaign["id"]
            and row["recorded"] <= self.at.position
            and day_of(row["opens"]) <= self.at.day
        ]

    def audience(self, selector: Row, day: date, position: int) -> Leaves:
        """Whom a selector asks on a day as known as of a position: id -> leaves."""
        found: Leaves = {}
        allowed = self._allowed(selector, day, position)
        kinds = selector.get("unit_kind", [])
        kind_of = {row["id"]: row["kind"] for row in self.world.units}
        if selector["kind"] == "units":
            units = self._units_at(day, position)
            chosen = [u for u, row in units.items() if row["kind"] in kinds and not row["absent"]]
            return {u: {u} for u in chosen if allowed(u)}
        for row in self.world.posts:
            asked = row["role"] in selector["role"] and (not kinds or kind_of[row["unit_id"]] in kinds)
            if asked and self.holds(row, day, position) and allowed(row["unit_id"]):
                found.setdefault(self.person(row["person_id"]), set()).add(row["unit_id"])
        return found if selector["kind"] == "persons" else self._households_of(found, day, position)

    def _households_of(self, people: Leaves, day: date, position: int) -> Leaves:
        found: Leaves = {}
        for row in self.world.memberships:
            person = self.person(row["person_id"])
            if person in people and self.holds(row, day, position):
                found.setdefault(row["household_id"], set()).update(people[person])
        return found

    def _allowed(self, selector: Row, day: date, position: int) -> Callable[[int], bool]:
        if not selector.get("under"):
            return lambda _unit: True
        reach = self._reach_at(day, position)
        units = self._units_at(day, position)
        roots = {u for u, row in units.items() if row["code"] == selector["under"]}
        return lambda unit: bool(roots & reach(unit))

    def asked(self, campaign: Row, selector: Row, round_: Row | None) -> tuple[Leaves, Leaves]:
        """(at the opening, as of the day) of a round, or of the day itself."""
        today = self.audience(selector, self.at.day, self.at.position)
        if round_ is None:
            return today, today
        opening = self.audience(selector, day_of(round_["opens"]), round_["recorded"])
        if round_["listed"]:
            rows = [row for row in self.world.round_members if row["round_id"] == round_["id"]]
            persons = selector["kind"] == "persons"
            listed = {self.person(row["subject"]) if persons else row["subject"] for row in rows}
            opening, today = _only(opening, listed), _only(today, listed)
        return opening, today

    def _coverage_meanings(self) -> dict[str, tuple[set[str], Meaning]]:
        found: dict[str, tuple[set[str], Meaning]] = {}
        for row in self.world.campaigns:
            if row["recorded"] <= self.at.position:
                for selector in row["audience"]:
                    several = len(row["audience"]) > 1
                    key = f".{selector.get('key', selector['kind'])}" if several else ""
                    lines = {UNIT_KINDS[kind].line for kind in selector.get("unit_kind", ())}
                    lines |= {LINES_OF_ROLES[r] for r in selector.get("role", ()) if r in LINES_OF_ROLES}
                    found[f"coverage.{row['code']}{key}"] = (lines | EVERYWHERE, _coverage_of(row, selector))
        return found


# ------------------------------------------------------------------------------------ coverage


def _coverage_of(campaign: Row, selector: Row) -> Meaning:
    return lambda figures: coverage(figures, campaign, selector)


def coverage(figures: PlainFigures, campaign: Row, selector: Row) -> Plain:
    owed = not campaign["schedule"].get("voluntary")
    day = figures.at.day
    rounds = sorted(figures.opened(campaign), key=lambda row: (day_of(row["opens"]), row["number"]))
    if campaign["schedule"]["kind"] == "daily":
        closes = figures.closes(campaign)
        closed = closes is not None and day_of(closes) < day
        if closed or day < day_of(campaign["opens"]):
            return Plain({}, {} if owed else None, {"left": {}, "joined": {}})
        good_for = timedelta(days=campaign["schedule"].get("within_days", 1))
        sheets = [row for row in figures.live(campaign["code"]) if row["day"] > day - good_for]
        opening, today = figures.asked(campaign, selector, None)
    elif rounds:
        sheets = [row for row in figures.live(campaign["code"]) if row["round"] == rounds[-1]["number"]]
        opening, today = figures.asked(campaign, selector, rounds[-1])
    else:
        return Plain({}, {} if owed else None, {"left": {}, "joined": {}})
    reported = {_asked_in(row, selector["kind"]) for row in sheets}
    base = _only(today, opening)
    left = {id: units for id, units in opening.items() if id not in today}
    joined = {id: units for id, units in today.items() if id not in opening}
    return Plain(_only(base, reported), base if owed else None, {"left": left, "joined": joined})


def _asked_in(row: Row, kind: str) -> int | None:
    """Whom of the audience a submission is about."""
    if kind == "households":
        if row["household"] is not None:
            return int(row["household"])
        return row["subject"] if row["subject_kind"] == "household" else None
    return row["subject"] if row["subject_kind"] == kind.removesuffix("s") else None


def _only(leaves: Leaves, ids: Iterable[Any]) -> Leaves:
    wanted = set(ids)
    return {id: units for id, units in leaves.items() if id in wanted}


def _when(row: Row) -> tuple[Any, ...]:
    return (row["happened"], row["recorded"], row["id"])


# ------------------------------------------------------------------------------------ the figures

MEANINGS: dict[str, tuple[set[str], Meaning]] = {}


def _means(id: str, *lines: str) -> Callable[[Meaning], Meaning]:
    def declare(meaning: Meaning) -> Meaning:
        MEANINGS[id] = (EVERYWHERE | set(lines), meaning)
        return meaning

    return declare


def _units_of_kind(id: str, kinds: Iterable[str], *lines: str) -> None:
    chosen = tuple(kinds)
    MEANINGS[id] = (EVERYWHERE | set(lines), lambda figures: Plain(figures.of_kind(*chosen)))


def _people_with(id: str, role: str, *lines: str) -> None:
    MEANINGS[id] = (EVERYWHERE | set(lines), lambda figures: Plain(figures.with_role(role)))


_units_of_kind("command.zones", ["zone"])
_units_of_kind("command.temporary_branches", ["temporary_branch"])
_units_of_kind("command.commando_teams", ["commando_team"])
_units_of_kind("party.general_branches", ["party_general_branch"], "party")
_units_of_kind("party.branches", ["party_branch"], "party")
_units_of_kind("league.general_branches", ["league_general_branch"], "league")
_units_of_kind("league.branches", ["league_branch"], "league")
_units_of_kind("pioneers.brigades", ["brigade"], "pioneers")
_units_of_kind("pioneers.squadrons", ["squadron"], "pioneers")
_units_of_kind("students.schools", ["school", "teaching_point"])
_people_with("party.members", "party_member", "party")
_people_with("league.members", "league_member", "league")
_people_with("pioneers.members", "pioneer", "pioneers")


@_means("command.commandos")
def commandos(figures: PlainFigures) -> Plain:
    teams = set(figures.of_kind("commando_team"))
    people = {person: units & teams for person, units in figures.with_role("commando").items()}
    return Plain({person: units for person, units in people.items() if units})


@_means("students.pupils")
def pupils(figures: PlainFigures) -> Plain:
    people = {
        person: {unit for unit in units if figures.in_school(unit)}
        for person, units in figures.with_role("pupil").items()
    }
    return Plain({person: units for person, units in people.items() if units})


@_means("supplies.delivered_value", "party")
def delivered_value(figures: PlainFigures) -> Plain:
    rows = [r for r in figures.live("supplies") if r["answers"].get("amount") is not None]
    return _amount(rows, "amount")


def _goods(code: str) -> Meaning:
    def count(figures: PlainFigures) -> Plain:
        rows = [r for r in figures.live("supplies") if r["answers"].get("goods") == code]
        return _amount([r for r in rows if r["answers"].get("amount") is not None], "amount")

    return count


for _code in ("masks", "disinfectant", "study_materials"):
    MEANINGS[f"supplies.{_code}_value"] = (EVERYWHERE | {"party"}, _goods(_code))


def _amount(rows: Iterable[Row], question: str) -> Plain:
    rows = [row for row in rows if row["unit"] is not None]
    amounts = {row["id"]: Decimal(str(row["answers"][question])) for row in rows}
    return Plain({row["id"]: {row["unit"]} for row in rows}, contributions=amounts)


@_means("party.oath_attendance", "party")
def oath_attendance(figures: PlainFigures) -> Plain:
    counted: Leaves = {}
    for row in figures.latest("oath"):
        if row["subject_kind"] == "person" and row["answers"].get("attended") == "yes":
            then = set() if row["unit"] is None else {row["unit"]}
            now = figures.with_role("party_member").get(row["subject"], set())
            counted.setdefault(row["subject"], set()).update(now or then)
    return Plain(counted)


@_means("party.pledges_signed", "party")
def pledges_signed(figures: PlainFigures) -> Plain:
    signed = [row for row in figures.latest("pledge") if row["answers"].get("signed") == "yes"]
    return Plain({row["id"]: {row["unit"]} for row in signed if row["unit"] is not None})


@_means("staff.mobilised")
def staff_mobilised(figures: PlainFigures) -> Plain:
    staff = figures.with_role("staff")
    return Plain(_only(staff, {row["reporter"] for row in figures.live("screening")}), of=staff)


@_means("screening.rounds")
def screening_rounds(figures: PlainFigures) -> Plain | PlainRounds:
    outcomes: dict[tuple[int, int | None], list[str]] = {}
    for row in figures.live("screening"):
        household = row["household"] or (row["subject"] if row["subject_kind"] == "household" else None)
        outcomes.setdefault((row["round"], household), []).append(row["answers"].get("outcome"))

    def settled(round_: Row, household: int) -> bool:
        closes = round_["closes"]
        if closes is None or closes > figures.at.known_by or day_of(closes) > figures.at.day:
            return False
        found = outcomes.get((round_["number"], household), [])
        failures = [outcome for outcome in found if outcome in ("no_answer", "wrong_number")]
        return "reached" in found or "refused" in found or len(failures) >= 3

    return _rounds_of(figures, "screening", settled)


@_means("supervision.training_rounds")
def training_rounds(figures: PlainFigures) -> Plain | PlainRounds:
    sheets = figures.live("training-institutions")
    checked = {(row["round"], row["subject"]) for row in sheets if row["subject_kind"] == "unit"}
    return _rounds_of(figures, "training-institutions", lambda r, unit: (r["number"], unit) in checked)


def _rounds_of(figures: PlainFigures, code: str, settled: Callable[[Row, int], bool]) -> PlainRounds:
    campaign = figures.campaign(code)
    found = PlainRounds({}, {})
    for round_ in figures.opened(campaign) if campaign else ():
        opening, today = figures.asked(campaign or {}, (campaign or {})["audience"][0], round_)
        asked = _only(today, opening)
        found.asked[round_["number"]] = asked
        found.missing[round_["number"]] = {id: u for id, u in asked.items() if not settled(round_, id)}
    return found


# ------------------------------------------------------------------------------------ screening


def _screened_rows(figures: PlainFigures) -> list[Row]:
    """Live answers about persons who were reached, in the order in which they happened, with attributes."""
    staff = figures.with_role("staff")
    near = {person for people in figures.members.values() if people & set(staff) for person in people}
    return [
        {
            **{name: value for name, value in row["answers"].items() if value != ""},
            "person": row["subject"],
            "verified": row["verified"],
            "staff": row["subject"] in staff,
            "pupil": row["subject"] in figures.with_role("pupil"),
            "staff_in_household": row["subject"] in near,
        }
        for row in sorted(figures.live("screening"), key=_when)
        if row["subject_kind"] == "person" and row["answers"].get("outcome") == "reached"
    ]


def _counted(figures: PlainFigures, rule: Category) -> set[int]:
    if rule.from_registry:
        natives = {
            figures.person(row["person_id"])
            for row in figures.world.person_states
            if figures.holds(row) and row["native_place"].startswith(rule.native_place)
        }
        return natives & set(figures.with_role(rule.role))
    last = {row["person"]: row for row in _screened_rows(figures) if row["verified"]}
    return {person for person, row in last.items() if as_predicate(rule)(row)}


def _leads(figures: PlainFigures, rule: Category) -> set[int]:
    last = {row["person"]: row for row in _screened_rows(figures)}
    claimed = {person for person, row in last.items() if as_predicate(rule)(row)}
    return claimed - _counted(figures, rule)


def _category(figures: PlainFigures, rule: Category) -> Plain:
    counted = _counted(figures, rule)
    if rule.from_registry:
        return Plain(_only(figures.homes, counted))
    waiting = _leads(figures, rule)
    ever = {row["person"] for row in _screened_rows(figures) if as_predicate(rule)(row)}
    reasons = {"unverified": waiting, "said-otherwise": ever - counted - waiting}
    excluded = {reason: _only(figures.homes, people) for reason, people in reasons.items()}
    return Plain(_only(figures.homes, counted), excluded=excluded)


def _declare(rule: Category) -> None:
    MEANINGS[f"screening.{rule.id}"] = (EVERYWHERE, lambda figures: _category(figures, rule))
    if not rule.from_registry:
        MEANINGS[f"leads.{rule.id}"] = (
            EVERYWHERE,
            lambda figures: Plain(_only(figures.homes, _leads(figures, rule))),
        )


for _rule in load_rules():
    _declare(_rule)


@_means("screening.any_category")
def any_category(figures: PlainFigures) -> Plain:
    people = {person for rule in load_rules() for person in _counted(figures, rule)}
    return Plain(_only(figures.homes, people))


# ------------------------------------------------------------------------------------ observation


def _about_hubei(figures: PlainFigures) -> dict[int, list[Row]]:
    """Person -> all answers, in the order in which they happened, of whoever was ever said to be in Hubei."""
    told: dict[int, list[Row]] = {}
    for row in sorted(figures.live("screening"), key=_when):
        if row["subject_kind"] == "person" and row["answers"].get("outcome") == "reached":
            told.setdefault(row["subject"], []).append(row)
    return {
        person: rows
        for person, rows in told.items()
        if any(row["answers"].get("place") == "hubei" for row in rows)
    }


def _days_back(figures: PlainFigures, students: bool) -> dict[int, int | None]:
    """Person -> days since the return; None where there was none yet."""
    found: dict[int, int | None] = {}
    for person, rows in _about_hubei(figures).items():
        verified = [row["answers"] for row in rows if row["verified"]]
        if not verified or verified[-1].get("place") != "hubei":
            continue
        if students and verified[-1].get("occupation") != "university":
            continue
        on = verified[-1].get("returned_on")
        days = (figures.at.day - date.fromisoformat(on)).days if on else -1
        found[person] = days if days >= 0 else None
    return found


def _ill(figures: PlainFigures, person: int) -> bool:
    last = _about_hubei(figures)[person][-1]["answers"]
    symptoms = last.get("symptoms") or []
    return (last.get("temperature") or 0) >= 37.3 or bool(symptoms and "none" not in symptoms)


def _silent(figures: PlainFigures, person: int) -> bool:
    last = max(row["day"] for row in _about_hubei(figures)[person])
    return bool(last < figures.at.day - timedelta(days=1))


def _observed(students: bool, low: int, high: int, narrowed: Any = None, of: str = "") -> Meaning:
    def count(figures: PlainFigures) -> Plain:
        days = _days_back(figures, students)

        def chosen(least: int, most: int) -> set[int]:
            return {person for person, since in days.items() if since is not None and least <= since <= most}

        counted = chosen(low, high)
        if narrowed is not None:
            counted = {person for person in counted if narrowed(figures, person)}
        out_of = {"back": chosen(0, 10**6), "within": chosen(0, 13), "": set()}[of]
        return Plain(_only(figures.homes, counted), of=_only(figures.homes, out_of) if of else None)

    return count


for _key, _students in (("all", False), ("students", True)):
    for _part, _low, _high, _narrowed, _of in (
        ("returned", 0, 10**6, None, ""),
        ("within_14_days", 0, 13, None, "back"),
        ("days_0_6", 0, 6, None, "back"),
        ("days_7_13", 7, 13, None, "back"),
        ("past", 14, 10**6, None, "back"),
        ("ill", 0, 13, _ill, "within"),
        ("not_reached", 0, 13, _silent, "within"),
    ):
        _means(f"observed.{_key}_{_part}")(_observed(_students, _low, _high, _narrowed, _of))


@_means("observed.away")
def still_away(figures: PlainFigures) -> Plain:
    days = _days_back(figures, False)
    return Plain(_only(figures.homes, {person for person, since in days.items() if since is None}))


# ------------------------------------------------------------------------------------ difficulties


def _difficulties(figures: PlainFigures) -> list[Row]:
    return [row for row in figures.live("difficulties") if row["unit"] is not None]


def _documents(rows: Iterable[Row]) -> Leaves:
    return {row["id"]: {row["unit"]} for row in rows}


@_means("difficulties.raised")
def difficulties_raised(figures: PlainFigures) -> Plain:
    return Plain(_documents(_difficulties(figures)))


@_means("difficulties.open")
def difficulties_open(figures: PlainFigures) -> Plain:
    rows = _difficulties(figures)
    unsolved = [row for row in rows if row["answers"].get("state") != "solved"]
    return Plain(_documents(unsolved), of=_documents(rows))


@_means("difficulties.overdue")
def difficulties_overdue(figures: PlainFigures) -> Plain:
    unsolved = [row for row in _difficulties(figures) if row["answers"].get("state") != "solved"]
    late = [row for row in unsolved if (row["answers"].get("due") or "9") < figures.at.day.isoformat()]
    return Plain(_documents(late), of=_documents(unsolved))


# ------------------------------------------------------------------------------------ supervision


@_means("supervision.person_times")
def person_times(figures: PlainFigures) -> Plain:
    events: Leaves = {}
    for row in figures.live("supervision"):
        if row["unit"] is not None:
            events.setdefault((row["envelope"] or row["id"], row["reporter"]), set()).add(row["unit"])
    return Plain(events)


@_means("supervision.training_institutions")
def training_institutions(figures: PlainFigures) -> Plain:
    institutions = figures.of_kind("institution")
    return Plain(_only(institutions, _reported(figures, "training-institutions")), of=institutions)


@_means("supervision.venues_checked")
def venues_checked(figures: PlainFigures) -> Plain:
    return Plain(_only(figures.of_kind("venue"), _reported(figures, "sports-venues")))


def _reported(figures: PlainFigures, code: str) -> set[int]:
    return {row["subject"] for row in figures.live(code) if row["subject_kind"] == "unit"}


@_means("supervision.training_violations")
def training_violations(figures: PlainFigures) -> Plain:
    rows = figures.latest("training-institutions")
    return _amount([row for row in rows if row["answers"].get("violations") is not None], "violations")


@_means("supervision.venue_gatherings")
def venue_gatherings(figures: PlainFigures) -> Plain:
    rows = figures.latest("sports-venues")
    return _amount([row for row in rows if row["answers"].get("gatherings") is not None], "gatherings")


# ------------------------------------------------------------------------------------ environment


@_means("environment.schools_disinfected")
def schools_disinfected(figures: PlainFigures) -> Plain:
    recent = figures.at.day - timedelta(days=6)
    last: dict[int, Row] = {}
    for row in sorted(figures.live("disinfection"), key=_when):
        if row["day"] >= recent and row["subject_kind"] == "unit":
            last[row["subject"]] = row
    done = {area for area, row in last.items() if row["answers"].get("done") == "yes"}
    schools = figures.of_kind("school", "teaching_point")
    counted: Leaves = {}
    none: Leaves = {}
    areas_of: dict[int, list[tuple[int, Row]]] = {}
    for unit, row in figures.units.items():
        if row["kind"] == "key_area" and row["parent_id"] is not None:
            areas_of.setdefault(row["parent_id"], []).append((unit, row))
    for school in schools:
        areas = areas_of.get(school, [])
        if not areas:
            none[school] = {school}
        elif len({row["stage"] for _area, row in areas}) >= 5 and all(
            row["absent"] or area in done for area, row in areas
        ):
            counted[school] = {school}
    return Plain(counted, of=schools, excluded={"none-declared": none})


@_means("environment.hygiene_schools")
def hygiene_schools(figures: PlainFigures) -> Plain:
    done = {
        row["subject"]
        for row in figures.latest("hygiene")
        if row["subject_kind"] == "unit" and row["answers"].get("done") == "yes"
    }
    schools = figures.of_kind("school")
    return Plain(_only(schools, done), of=schools)
