"""Every figure by hand: DuckDB's SQL over the lake's files, as an analyst who knows the tables writes it.

What several figures share is a temporary table; then there is one query a figure, which answers for every
unit of its lines: unit, value, and where the figure has them `of` and a column for each reason of exclusion.
The meanings are those of docs/architecture.md and of the figures' definitions; nothing here is the engine's.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import _figures_queries as sql
import duckdb

from fangxian.kernel.asof import AsOf
from fangxian.kernel.moments import day_of, from_ms, to_ms
from fangxian.lake.reader import Lake
from fangxian.registry.kinds import UNIT_KINDS

EVER = date(1, 1, 1)
ADMINISTRATIVE = ("administrative", "response")
PARTY, LEAGUE, PIONEERS = (
    ("party", *ADMINISTRATIVE),
    ("league", *ADMINISTRATIVE),
    ("pioneers", *ADMINISTRATIVE),
)
LINES_OF_ROLES = {
    "party_member": "party",
    "secretary": "party",
    "league_member": "league",
    "youth_commando": "league",
    "pioneer": "pioneers",
}
BELONGING = ("pupil", "staff")
SCHOOLS = ("school", "teaching_point")
SUBJECTS = {"persons": "person", "units": "unit", "households": "household"}


@dataclass(frozen=True, slots=True)
class Window:
    """When an audience was resolved, and which answer sheets report for it."""

    day: date
    position: int
    sheets: str = "false"
    number: int = 0
    closes: int | None = None
    listed: bool = False

    @property
    def asks(self) -> bool:
        return self.sheets != "false"


class ByHand:
    """All figures as of a time, over one lake and one connection. `seconds` tells what each step took."""

    def __init__(self, lake: Lake, at: AsOf, connection: duckdb.DuckDBPyConnection) -> None:
        self.lake, self.at, self.connection = lake, at, connection
        self.holds = holds(at.day, at.position)
        self.seconds: dict[str, float] = {}

    def all(self) -> dict[str, dict[str, Any]]:
        """Figure -> its answers at the units of its lines, as columns."""
        for name, query in self.shared().items():
            self.timed(f"({name})", f"CREATE TEMP TABLE {name} AS {query}")
        self.read_campaigns()
        return {figure: self.timed(figure, query) for figure, query in self.figures()}

    def timed(self, step: str, query: str) -> dict[str, Any]:
        start = time.perf_counter()
        columns = self.connection.execute(query).fetchnumpy()
        self.seconds[step] = time.perf_counter() - start
        return columns

    # ------------------------------------------------------------------------------ what is shared

    def scan(self, dataset: str) -> str:
        return f"({self.lake.sql(dataset)})"

    def shared(self) -> dict[str, str]:
        """Temporary table -> its query, in the order in which they are made."""
        position, day = self.at.position, self.at.day
        known = {name: self.scan(name) for name in self.lake.datasets() if "/" not in name}
        given = known | {"holds": self.holds, "position": position, "day": day}
        return {
            "merged": sql.MERGED.format(**given),
            "units": sql.UNITS.format(**given),
            "up": sql.UP,
            "across": sql.ACROSS.format(**given),
            "reach": sql.REACH,
            "states": sql.STATES.format(**given),
            "posts": sql.POSTS.format(**given),
            "memberships": sql.MEMBERSHIPS.format(**given),
            "household_posts": sql.HOUSEHOLD_POSTS,
            "revised": sql.REVISED.format(**given),
            "verified": sql.VERIFIED.format(**given),
            "screening": self.live("screening", sql.SCREENING, reporter=True),
            "answers": sql.ANSWERS,
            "latest_verified": sql.LATEST.format(rows="answers SEMI JOIN verified USING (submission)"),
            "latest_answers": sql.LATEST.format(rows="answers"),
            "categories": self.categories(),
            "homes": sql.HOMES.format(people="categories"),
            "hubei": sql.HUBEI,
            "observed": sql.OBSERVED.format(
                day=day, latest=sql.LATEST.format(rows="hubei SEMI JOIN verified USING (submission)")
            ),
            "observed_homes": sql.HOMES.format(people="observed"),
            "disinfection": self.live("disinfection", "s.day, a_done AS done"),
            "institutions": self.live("training-institutions", "s.unit, a_violations AS found"),
            "venues": self.live("sports-venues", "s.unit, a_gatherings AS found"),
        }

    def live(self, code: str, columns: str = "", *, reporter: bool = False) -> str:
        """Live answer sheets, of persons under the one into whom they were merged."""
        days, extra = (EVER, self.at.day), f", {columns}" if columns else ""
        sheets = self.lake.sql(f"answers/{code}", days, expecting=sql.EXPECTED.get(code))
        return f"""SELECT submission, subject_kind, s.round,
                CASE subject_kind WHEN 'person' THEN coalesce(m.one, s.subject) ELSE s.subject END AS subject,
                s.household, s.happened, s.recorded
                {", coalesce(r.one, s.reporter) AS reporter" if reporter else ""}{extra}
            FROM ({sheets}) s
                ANTI JOIN revised USING (submission)
                LEFT JOIN merged m ON m.person = s.subject
                {"LEFT JOIN merged r ON r.person = s.reporter" if reporter else ""}
            WHERE s.recorded <= {self.at.position} AND s.day <= DATE '{self.at.day}'"""

    def categories(self) -> str:
        """figure, person: who is counted in each category, who is a lead, and who said otherwise later."""
        parts = []
        for name, condition in sql.CATEGORIES.items():
            counted = f"SELECT person FROM latest_verified WHERE {condition}"
            parts.append(f"SELECT 'screening.{name}' AS figure, person FROM ({counted})")
            parts.append(
                f"""SELECT 'leads.{name}' AS figure, person FROM latest_answers
                WHERE {condition} AND person NOT IN ({counted})"""
            )
            parts.append(
                f"""SELECT DISTINCT 'otherwise.{name}' AS figure, person FROM answers
                WHERE {condition} AND person NOT IN ({counted})
                  AND person NOT IN (SELECT person FROM latest_answers WHERE {condition})"""
            )
        parts.append(
            f"""SELECT DISTINCT 'screening.{sql.NATIVES}' AS figure, coalesce(one, s.person) AS person
            FROM {self.scan("person_states")} s LEFT JOIN merged ON merged.person = s.person
            WHERE native_place LIKE '42%' AND {self.holds}
              AND coalesce(one, s.person) IN (SELECT person FROM posts WHERE held AND role = 'staff')"""
        )
        return " UNION ALL ".join(parts)

    def read_campaigns(self) -> None:
        """The few rows that say what is asked of whom, as Python has them."""
        position = self.at.position
        self.campaigns = self.connection.execute(
            f"""SELECT campaign, code, audience, schedule, opens, closes FROM {self.scan("campaigns")}
            WHERE recorded <= {position} ORDER BY campaign"""
        ).fetchall()
        self.rounds = [
            (code, Window(day_of(from_ms(opens)), recorded, f"round = {number}", number, closes, listed))
            for code, number, opens, closes, listed, recorded in self.connection.execute(
                f"""SELECT code, number, opens, closes, listed, recorded FROM {self.scan("rounds")}
                WHERE recorded <= {position} ORDER BY code, number"""
            ).fetchall()
            if day_of(from_ms(opens)) <= self.at.day
        ]

    # ------------------------------------------------------------------------------ the figures

    def figures(self) -> Iterator[tuple[str, str]]:
        yield from self.organisations().items()
        yield from self.screened()
        yield from self.observed()
        yield from self.reports().items()
        for campaign, code, audience, schedule, opens, closes in self.campaigns:
            selectors = json.loads(audience)
            window = self.window(code, json.loads(schedule), opens, closes)
            for selector in selectors:
                key = f".{selector.get('key', selector['kind'])}" if len(selectors) > 1 else ""
                owed = not json.loads(schedule).get("voluntary")
                yield f"coverage.{code}{key}", self.coverage(campaign, code, selector, window, owed)

    def organisations(self) -> dict[str, str]:
        """What is counted from the registry alone."""
        in_schools = f"""SELECT up.unit FROM up JOIN units ON units.unit = above
            WHERE kind IN {words(SCHOOLS)}"""
        in_teams = "SELECT unit FROM units WHERE kind = 'commando_team' AND NOT absent"
        return {
            "command.zones": units("zone"),
            "command.temporary_branches": units("temporary_branch"),
            "command.commando_teams": units("commando_team"),
            "command.commandos": roll(f"{posts('commando')} AND unit IN ({in_teams})"),
            "party.general_branches": units("party_general_branch", lines=PARTY),
            "party.branches": units("party_branch", lines=PARTY),
            "party.members": roll(posts("party_member"), PARTY),
            "league.general_branches": units("league_general_branch", lines=LEAGUE),
            "league.branches": units("league_branch", lines=LEAGUE),
            "league.members": roll(posts("league_member"), LEAGUE),
            "pioneers.brigades": units("brigade", lines=PIONEERS),
            "pioneers.squadrons": units("squadron", lines=PIONEERS),
            "pioneers.members": roll(posts("pioneer"), PIONEERS),
            "students.schools": units(*SCHOOLS),
            "students.pupils": roll(f"{posts('pupil')} AND unit IN ({in_schools})"),
        }

    def screened(self) -> Iterator[tuple[str, str]]:
        yield "screening.rounds", self.screening_rounds()
        for name in (*sql.CATEGORIES, sql.NATIVES):
            if name == sql.NATIVES:
                yield f"screening.{name}", at_home(f"figure = 'screening.{name}'")
                continue
            yield f"screening.{name}", in_category(name)
            yield f"leads.{name}", at_home(f"figure = 'leads.{name}'")
        yield "screening.any_category", at_home("figure LIKE 'screening.%'")
        yield "staff.mobilised", roll(sql.MOBILISED.format(staff=posts("staff")), measures=("value", "of"))

    def observed(self) -> Iterator[tuple[str, str]]:
        yield "observed.away", observed("back IS NULL OR back < 0", "true", "")
        for key, group in (("all", "back >= 0"), ("students", "back >= 0 AND student")):
            for part, (value, of) in sql.OBSERVED_PARTS.items():
                yield f"observed.{key}_{part}", observed(value, group, of)

    def reports(self) -> dict[str, str]:
        """What is counted from answers other than those of the screening."""
        hygiene = latest(f"({self.live('hygiene', 'a_done AS done')})")
        pledges = latest(f"({self.live('pledge', 's.unit, a_signed AS signed')})")
        supplies = self.live("supplies", "s.unit, a_amount AS amount, a_goods AS goods")
        raised = self.live("difficulties", "s.unit, a_state AS state, a_due AS due")
        unsolved = f"SELECT * FROM ({raised}) WHERE state IS DISTINCT FROM 'solved'"
        visits = self.live("supervision", "s.unit, s.envelope", reporter=True)
        return {
            "supplies.delivered_value": amount(f"SELECT unit, amount AS value FROM ({supplies})", PARTY),
            **{
                f"supplies.{goods}_value": amount(
                    f"SELECT unit, amount AS value FROM ({supplies}) WHERE goods = '{goods}'", PARTY
                )
                for goods in ("masks", "disinfectant", "study_materials")
            },
            "difficulties.raised": amount(f"SELECT unit, 1 AS value FROM ({raised})"),
            "difficulties.open": documents(raised, "state IS DISTINCT FROM 'solved'"),
            "difficulties.overdue": documents(unsolved, f"coalesce(due < DATE '{self.at.day}', false)"),
            "party.oath_attendance": self.oath(),
            "party.pledges_signed": amount(
                f"SELECT unit, 1 AS value FROM ({pledges}) WHERE signed = 'yes'", PARTY
            ),
            "supervision.person_times": roll(
                f"""SELECT (coalesce(envelope, -submission), coalesce(reporter, 0)) AS id, unit,
                true AS several, 1 AS value FROM ({visits})"""
            ),
            "supervision.training_institutions": checked(
                "institution", "SELECT * FROM institutions", of=True
            ),
            "supervision.training_rounds": self.training_rounds(),
            "supervision.training_violations": found("institutions"),
            "supervision.venues_checked": checked("venue", "SELECT * FROM venues"),
            "supervision.venue_gatherings": found("venues"),
            "environment.schools_disinfected": self.schools_disinfected(),
            "environment.hygiene_schools": checked(
                "school", f"SELECT * FROM ({hygiene}) WHERE done = 'yes'", of=True
            ),
        }

    def oath(self) -> str:
        """Of those who attended: the Party branches of the day, or where there are none, that of the oath."""
        attended = latest(f"({self.live('oath', 's.unit, a_attended AS attended')})")
        return f"""WITH attended AS (
                SELECT subject AS id, unit FROM ({attended})
                WHERE subject_kind = 'person' AND attended = 'yes'
            ), records AS (
                SELECT a.id, coalesce(p.unit, a.unit) AS unit, true AS several, 1 AS value
                FROM attended a LEFT JOIN posts p ON p.person = a.id AND p.role = 'party_member' AND p.held
            ) {rolled(PARTY)}"""

    def schools_disinfected(self) -> str:
        """Five kinds of key area declared, and each present one, by its last report of a week, done."""
        since = self.at.day - timedelta(days=6)
        return roll(sql.SCHOOLS_DISINFECTED.format(since=since), measures=("value", "of", '"none-declared"'))

    # ------------------------------------------------------------------------------ rounds

    def screening_rounds(self) -> str:
        return sql.SCREENING_ROUNDS.format(
            windows=self.windows("screening", must_close=True),
            round_members=self.scan("round_members"),
            campaigns=self.scan("campaigns"),
            position=self.at.position,
            opening=sql.HOLDS_AT_OPENING,
            lines=words(ADMINISTRATIVE),
        )

    def training_rounds(self) -> str:
        return sql.TRAINING_ROUNDS.format(
            windows=self.windows("training-institutions", must_close=False),
            opening=sql.HOLDS_AT_OPENING,
            lines=words(ADMINISTRATIVE),
        )

    def windows(self, code: str, *, must_close: bool) -> str:
        """The rounds that have opened, as rows."""
        rows = [
            f"({w.number}, DATE '{w.day}', {w.position}, {w.listed}, {not must_close or self.has_closed(w)})"
            for name, w in self.rounds
            if name == code
        ]
        values = (
            f"VALUES {', '.join(rows)}" if rows else f"SELECT 0, DATE '{EVER}', 0, false, false WHERE false"
        )
        return f"windows(number, day, position, listed, closed) AS ({values})"

    def has_closed(self, window: Window) -> bool:
        if window.closes is None or window.closes > to_ms(self.at.known_by):
            return False
        return day_of(from_ms(window.closes)) <= self.at.day

    # ------------------------------------------------------------------------------ coverage

    def window(self, code: str, schedule: dict[str, Any], opens: int, closes: int | None) -> Window:
        """The latest round that has opened; of a daily campaign the days for which a report holds good."""
        day, position = self.at.day, self.at.position
        if schedule["kind"] == "daily":
            asks = day_of(from_ms(opens)) <= day and not (closes and day_of(from_ms(closes)) < day)
            since = day - timedelta(days=schedule.get("within_days", 1) - 1)
            return Window(day, position, f"day >= DATE '{since}'" if asks else "false")
        opened = [window for name, window in self.rounds if name == code]
        return max(opened, key=lambda w: (w.day, w.number), default=Window(day, position))

    def coverage(self, campaign: int, code: str, selector: dict[str, Any], window: Window, owed: bool) -> str:
        """Of those asked at the opening and still asked, those with a live report in the window."""
        kind = SUBJECTS[selector["kind"]]
        measures = ["value", *(["of"] if owed else []), '"left"', "joined"]
        opening = f"{holds(window.day, window.position)} AND {self.under(selector, window)}"
        today = f"held AND {self.under(selector, self.at)}"
        listed = self.listed(campaign, window) if window.listed else ""
        reported = self.reported(code, kind, window)
        if kind == "unit":
            return sql.COVERAGE_OF_UNITS.format(
                opening=opening,
                today=today,
                asked=f"kind IN {words(selector['unit_kind'])} AND {window.asks}",
                listed=listed,
                reported=reported,
            ) + rolled(lines_of(selector), measures)
        subject, table = ("person", "posts") if kind == "person" else ("household", "household_posts")
        roles = selector["role"]
        return sql.COVERAGE_OF_PEOPLE.format(
            subject=subject,
            several="several" if len(roles) == 1 or set(roles) <= set(BELONGING) else "true",
            opening=opening,
            today=today,
            table=table,
            asked=f"role IN {words(roles)} AND {self.of_kinds(selector)} AND {window.asks}",
            listed=listed,
            reported=reported,
        ) + rolled(lines_of(selector), measures)

    def listed(self, campaign: int, window: Window) -> str:
        """Narrows those who are asked to the round's list."""
        return f"""SEMI JOIN (
                SELECT coalesce(one, subject) AS id FROM {self.scan("round_members")}
                    LEFT JOIN merged ON person = subject AND subject_kind = 'person'
                WHERE campaign = {campaign} AND number = {window.number} AND recorded <= {self.at.position}
            ) USING (id)"""

    def reported(self, code: str, kind: str, window: Window) -> str:
        """id of those about whom there is a live report; of households also about a member."""
        sheets = sql.LIVE.get(code, f"({self.live(code, 's.day')})")
        if kind == "household":
            return f"SELECT DISTINCT {sql.ASKED} AS id FROM {sheets} WHERE {window.sheets}"
        condition = f"{window.sheets} AND subject_kind = '{kind}'"
        return f"SELECT DISTINCT subject AS id FROM {sheets} WHERE {condition}"

    def of_kinds(self, selector: dict[str, Any]) -> str:
        """Posts in units of the kinds that the selector names, where it names any."""
        if not (kinds := selector.get("unit_kind")):
            return "true"
        return f"unit IN (SELECT unit FROM {self.scan('units')} WHERE kind IN {words(kinds)})"

    def under(self, selector: dict[str, Any], at: "Window | AsOf") -> str:
        """Whether the unit lies under the selector's subtree. No line's units but the administrative and the
        response ones host or zone others: so it is a walk down the tree."""
        if not (code := selector.get("under")):
            return "true"
        root = self.connection.execute("SELECT line FROM units WHERE code = ?", [code]).fetchall()
        assert not {line for (line,) in root} & set(ADMINISTRATIVE), f"{code}: the reach is wanted here"
        return sql.UNDER.format(
            units=self.scan("units"),
            unit_states=self.scan("unit_states"),
            holds=holds(at.day, at.position),
            code=quoted(code),
        )


# ------------------------------------------------------------------------------ what queries are made of


def holds(day: date, position: int) -> str:
    """Of bitemporal rows, those that hold on a day as known as of a position."""
    return f"""(recorded <= {position} AND (recorded_until IS NULL OR recorded_until > {position})
        AND valid_from <= DATE '{day}' AND (valid_until IS NULL OR valid_until > DATE '{day}'))"""


def words(values: Any) -> str:
    return f"({', '.join(quoted(value) for value in values)})"


def quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def lines_of(selector: dict[str, Any]) -> tuple[str, ...]:
    own = {UNIT_KINDS[kind].line for kind in selector.get("unit_kind", ())}
    own |= {LINES_OF_ROLES[role] for role in selector.get("role", ()) if role in LINES_OF_ROLES}
    return (*(own - set(ADMINISTRATIVE)), *ADMINISTRATIVE)


def latest(rows: str) -> str:
    """Of each subject and round the live answer that happened last."""
    return f"""SELECT * FROM {rows}
        QUALIFY row_number() OVER (PARTITION BY round, subject_kind, subject
            ORDER BY happened DESC, recorded DESC, submission DESC) = 1"""


# ------------------------------------------------------------------------------ sums for every unit


def rolled(lines: Any, measures: Any = ("value",)) -> str:
    """The end of a query whose `records` have id, unit, several, and measures (1, 0 or a flag).

    Who has one record is counted at its unit, and the counts go up; who may have several is made distinct at
    each unit that these reach.
    """
    sums = ", ".join(f"sum({name}::INT) AS {name}" for name in measures)
    once = ", ".join(f"max({name}::INT) AS {name}" for name in measures)
    totals = ", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in measures)
    return f""", at_units AS (
            SELECT above AS unit, {", ".join(measures)}
            FROM (SELECT unit, {sums} FROM records WHERE NOT several GROUP BY unit) n
                JOIN reach ON leaf = n.unit
            UNION ALL
            SELECT above AS unit, {once} FROM records JOIN reach ON leaf = records.unit
            WHERE several GROUP BY above, id
        ) SELECT unit, {totals} FROM units LEFT JOIN at_units USING (unit)
        WHERE line IN {words(lines)} GROUP BY unit"""


def roll(records: str, lines: Any = ADMINISTRATIVE, measures: Any = ("value",)) -> str:
    return f"WITH records AS ({records}) {rolled(lines, measures)}"


def amount(rows: str, lines: Any = ADMINISTRATIVE) -> str:
    """Rows of unit and value, each of which adds its own."""
    return f"""WITH at_units AS (
            SELECT above AS unit, value
            FROM (SELECT unit, sum(value) AS value FROM ({rows}) GROUP BY unit) n JOIN reach ON leaf = n.unit
        ) SELECT unit, coalesce(sum(value), 0) AS value FROM units LEFT JOIN at_units USING (unit)
        WHERE line IN {words(lines)} GROUP BY unit"""


def units(*kinds: str, lines: Any = ADMINISTRATIVE) -> str:
    return amount(f"SELECT unit, 1 AS value FROM units WHERE kind IN {words(kinds)} AND NOT absent", lines)


def posts(role: str) -> str:
    return f"SELECT person AS id, unit, several, 1 AS value FROM posts WHERE role = '{role}' AND held"


def in_category(name: str) -> str:
    """Who is counted, and why others are not, at their homes."""
    told = {"value": "screening", '"unverified"': "leads", '"said-otherwise"': "otherwise"}
    measures = ", ".join(f"figure = '{figure}.{name}' AS {measure}" for measure, figure in told.items())
    names = words(f"{figure}.{name}" for figure in told.values())
    return roll(
        f"""SELECT person AS id, unit, true AS several, {measures}
        FROM homes JOIN (FROM categories WHERE figure IN {names}) USING (person)""",
        measures=tuple(told),
    )


def at_home(condition: str) -> str:
    """People of categories, at their homes."""
    people = f"SELECT person FROM categories WHERE {condition}"
    return roll(
        f"""SELECT person AS id, unit, true AS several, 1 AS value
        FROM homes SEMI JOIN ({people}) USING (person)"""
    )


def observed(value: str, group: str, of: str) -> str:
    """People of a group that is observed, at their homes; `of`: out of those of whom this holds."""
    records = f"""SELECT person AS id, unit, true AS several, {value} AS value, 1 AS of
        FROM observed_homes JOIN observed USING (person) WHERE {group} AND {of or value}"""
    return roll(records, measures=("value", "of") if of else ("value",))


def documents(sheets: str, value: str) -> str:
    """Answer sheets of which something holds, out of all of them."""
    records = f"SELECT submission AS id, unit, false AS several, {value} AS value, 1 AS of FROM ({sheets})"
    return roll(records, measures=("value", "of"))


def checked(kind: str, reports: str, *, of: bool = False) -> str:
    """Units of a kind that a report is about; `of`: out of all of the kind."""
    done = f"unit IN (SELECT subject FROM ({reports}) WHERE subject_kind = 'unit')"
    records = f"""SELECT unit AS id, unit, false AS several, {done} AS value, 1 AS of
        FROM units WHERE kind = '{kind}' AND NOT absent"""
    return roll(records, measures=("value", "of") if of else ("value",))


def found(table: str) -> str:
    """The sum of what the latest report of each unit and round tells."""
    return amount(f"SELECT unit, found AS value FROM ({latest(table)})")
