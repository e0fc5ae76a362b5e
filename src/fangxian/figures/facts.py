"""What holds as of a time, made once and shared by all figures.

Expressions are Narwhals, so that the same run in memory and on DuckDB, and on Spark when a province outgrows
one machine: see `frames`. Two things are not: following merges to their end, and the reach of units (both
plain Python over small tables).
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import narwhals as nw
import pyarrow as pa

from fangxian.campaigns.audiences import Selector, read_audience
from fangxian.kernel.asof import AsOf
from fangxian.kernel.moments import day_of, from_ms

from .frames import Frame, Frames, InMemory, Source, collected, fetched
from .reach import Reach, UnitRow, reach_of
from .standing import Standing

# The questions that figures read, with their lake types: null where no version of a form has them.
QUESTIONS: dict[str, dict[str, str]] = {
    "screening": {
        "a_outcome": "string",
        "a_place": "string",
        "a_purpose": "string",
        "a_returned_on": "day",
        "a_contact_hubei": "string",
        "a_occupation": "string",
    },
    "pledge": {"a_signed": "string"},
    "oath": {"a_attended": "string"},
    "disinfection": {"a_done": "string"},
    "hygiene": {"a_done": "string"},
    "training-institutions": {"a_violations": "int64"},
    "sports-venues": {"a_gatherings": "int64"},
    "supplies": {"a_amount": "float64", "a_goods": "string"},
    "difficulties": {"a_state": "string", "a_due": "day"},
}
HEALTH = {"a_temperature": "float64", "a_symptoms": "strings"}  # read on their own: few are unwell
TIMES = ("valid_from", "valid_until", "recorded", "recorded_until")
BELONGING = ("pupil", "staff")  # the posts whose units a household counts under
EVER = date(1, 1, 1)
SHEET = (
    "submission",
    "envelope",
    "round",
    "subject_kind",
    "subject",
    "household",
    "unit",
    "reporter",
    "day",
    "happened",
    "recorded",
)
ABOUT = ("submission", "subject_kind", "subject")
ORDER = ["happened", "recorded", "submission"]  # which of a subject's answers is the later one


@dataclass(frozen=True, slots=True)
class CampaignFact:
    """What figures need of a campaign."""

    campaign: int
    code: str
    audience: Sequence[dict[str, Any]]
    schedule: Mapping[str, Any]
    opens: datetime
    closes: datetime | None

    @property
    def selectors(self) -> list[Selector]:
        return read_audience(self.code, self.audience)

    @property
    def daily(self) -> bool:
        return bool(self.schedule["kind"] == "daily")

    @property
    def within_days(self) -> int:
        """For how many days a report of a daily campaign holds good, its own included."""
        return int(self.schedule.get("within_days", 1))

    @property
    def voluntary(self) -> bool:
        return bool(self.schedule.get("voluntary", False))


@dataclass(frozen=True, slots=True)
class Window:
    """A round that has opened, or of a daily campaign the day itself (number 0) with the `days - 1` before
    it: how long a report holds good."""

    number: int
    day: date  # on which its audience was resolved
    position: int  # as of which it was resolved
    closes: datetime | None = None
    listed: bool = False
    days: int = 1


def known(position: int) -> nw.Expr:
    """Of rows that may be known to hold no longer, those that are known to as of a position."""
    return (nw.col("recorded") <= position) & (
        nw.col("recorded_until").is_null() | (nw.col("recorded_until") > position)
    )


def holds(day: date, position: int) -> nw.Expr:
    """Of bitemporal rows, those that hold on a day as known as of a position."""
    return (
        known(position)
        & (nw.col("valid_from") <= day)
        & (nw.col("valid_until").is_null() | (nw.col("valid_until") > day))
    )


class Knowledge:
    """What was known at a position, whatever the day: moments that are asked by the same share it."""

    def __init__(self, source: Source, position: int, make: Callable[[Source], Frames] = InMemory) -> None:
        self.source, self.position, self.make = source, position, make
        self._frames = make(source)
        self._reaches: dict[tuple[int, int], Reach] = {}
        self._standing: dict[Any, Standing] = {}

    def rows(self, name: str) -> Frame:
        """All rows recorded by the position, whether they hold or not."""
        return self._kept(f"known {name}", lambda: self._frames.read(name, known_by=self.position))

    @property
    def kinds(self) -> Frame:
        """unit, line, kind, code of all units that there ever were."""
        columns = ("unit", "line", "kind", "code")
        return self._kept("kinds", lambda: self._frames.read("units", columns=columns))

    def reach_at(self, day: date, position: int) -> Reach:
        """The same on all days between which no unit or cover begins or ends."""
        key = bisect_right(self._turns, day), position
        if key not in self._reaches:
            self._reaches[key] = self._reach_at(holds(day, position))
        return self._reaches[key]

    def _reach_at(self, held: nw.Expr) -> Reach:
        covers = self.rows("covers").filter(held).sort("row").select("coverer", "covered", "kind")
        return reach_of(map(UnitRow._make, fetched(self.states(held))), fetched(covers))

    @cached_property
    def _turns(self) -> list[date]:
        """The days on which a unit or a cover begins or ends."""
        spans = [self.rows(name).select("valid_from", "valid_until") for name in ("unit_states", "covers")]
        days = {
            day
            for span in spans
            for row in fetched(span.unique(span.collect_schema().names()))
            for day in row
        }
        return sorted(day for day in days if day is not None)

    def standing(self, key: Any, make: Callable[[], Standing]) -> Standing:
        if key not in self._standing:
            self._standing[key] = make()
        return self._standing[key]

    def states(self, held: nw.Expr) -> Frame:
        states = self.rows("unit_states").filter(held).join(self.kinds, on="unit")
        return states.select(*UnitRow._fields).sort("unit")

    @cached_property
    def campaigns(self) -> dict[str, CampaignFact]:
        """Those that had been launched, by code."""
        rows = self.rows("campaigns").sort("campaign")
        columns = ("campaign", "code", "audience", "schedule", "opens", "closes")
        closed = dict(fetched(self.rows("closings").sort("closing").select("campaign", "closes")))
        return {
            code: CampaignFact(
                campaign,
                code,
                json.loads(audience),
                json.loads(schedule),
                from_ms(opens),
                _moment(closed.get(campaign, closes)),
            )
            for campaign, code, audience, schedule, opens, closes in fetched(rows.select(*columns))
        }

    @cached_property
    def rounds(self) -> list[tuple[str, Window]]:
        known = self.rows("rounds").select("code", "number", "opens", "recorded", "closes", "listed")
        rows = sorted(fetched(known), key=lambda row: row[:2])
        return [
            (code, Window(number, day_of(from_ms(opens)), recorded, _moment(closes), listed))
            for code, number, opens, recorded, closes, listed in rows
        ]

    def forget(self) -> None:
        self._frames.forget()

    def _kept(self, name: str, make: Callable[[], Frame]) -> Frame:
        return keep(self._frames, name, make)


def keep(frames: Frames, name: str, make: Callable[[], Frame]) -> Frame:
    """The frame, computed once: later ones read the result."""
    kept = frames.kept(name)
    if kept is None:
        frames.keep(name, make())
        kept = frames.kept(name)
        assert kept is not None
    return kept


class Facts:
    """Frames of what holds as of (day, position). Merges are applied: whoever was merged is the other."""

    def __init__(self, source: Source, at: AsOf, knowledge: Knowledge | None = None) -> None:
        self.source, self.at = source, at
        self.knowledge = knowledge or Knowledge(source, at.position)
        self._frames = self.knowledge.make(source)

    # ------------------------------------------------------------------------------ keeping

    def kept(self, name: str, make: Callable[[], Frame]) -> Frame:
        """The frame, computed once: later figures read the result."""
        return keep(self._frames, name, make)

    def forget(self) -> None:
        self._frames.forget()

    def _given(self, name: str, make: Callable[[], pa.Table]) -> Frame:
        return self.kept(name, lambda: self._frames.given(make()))

    def _known(self, name: str) -> Frame:
        return self.knowledge.rows(name)

    def _holding(self, name: str) -> Frame:
        return self._known(name).filter(holds(self.at.day, self.at.position))

    # ------------------------------------------------------------------------------ units

    @cached_property
    def reach(self) -> Reach:
        return self.reach_at(self.at.day, self.at.position)

    def reach_at(self, day: date, position: int) -> Reach:
        return self.knowledge.reach_at(day, position)

    @property
    def units(self) -> Frame:
        """unit, line, kind, code, parent, stage, absent, school (that it is or lies in): those that exist."""
        return self.kept("units", self._units_with_schools)

    def _units_with_schools(self) -> Frame:
        inside = self.reach.schools >= 0
        named = {"unit": self.reach.units[inside], "school": self.reach.schools[inside]}
        schools = self._frames.given(pa.table(named))
        return self.knowledge.states(holds(self.at.day, self.at.position)).join(
            schools, on="unit", how="left"
        )

    def units_of(self, *kinds: str) -> Frame:
        """id, unit of the units of these kinds that exist and are not declared absent."""
        chosen = self.units.filter(nw.col("kind").is_in(kinds), ~nw.col("absent"))
        return chosen.select("unit", id="unit")

    # ------------------------------------------------------------------------------ people

    @cached_property
    def merged(self) -> dict[int, int]:
        """Who is somebody else -> who that is, followed to the end."""
        step = dict(fetched(self._holding("merges").sort("row").select("person", "into")))
        return {person: _end(person, step) for person in step}

    def _canonical(self, frame: Frame, column: str) -> Frame:
        """The column's persons, each as the one into whom all were merged."""
        if not self.merged:
            return frame
        merges = self._given("merged", self._merge_table)
        joined = frame.join(merges, left_on=column, right_on="merged_person", how="left")
        one = nw.coalesce("merged_into", column).alias(column)
        return joined.with_columns(one).select(*frame.collect_schema().names())

    def _merge_table(self) -> pa.Table:
        return pa.table(
            {
                "merged_person": pa.array(list(self.merged), pa.int64()),
                "merged_into": pa.array(list(self.merged.values()), pa.int64()),
            }
        )

    @property
    def _post_rows(self) -> Frame:
        return self._canonical_rows("posts")

    @property
    def _membership_rows(self) -> Frame:
        return self._canonical_rows("memberships")

    def _canonical_rows(self, name: str) -> Frame:
        if not self.merged:
            return self._known(name)
        return self.kept(f"{name} canonical", lambda: self._canonical(self._known(name), "person"))

    def posts(self, *roles: str) -> Frame:
        """id (person), unit, role of the posts that hold; a person may come several times."""
        rows = self.kept(
            "posts",
            lambda: self._post_rows.filter(holds(self.at.day, self.at.position)).select(
                "unit", "role", id="person"
            ),
        )
        return rows.filter(nw.col("role").is_in(roles)) if roles else rows

    @property
    def members(self) -> Frame:
        """household, person of the memberships that hold."""
        return self._membership_rows.filter(holds(self.at.day, self.at.position)).select(
            "household", "person"
        )

    @property
    def _household_rows(self) -> Frame:
        """household, unit, role with both times: memberships and posts of one person, where both hold."""
        return self.kept("household_rows", self._households_in_both_times)

    def _households_in_both_times(self) -> Frame:
        selectors = [s for c in self.campaigns.values() for s in c.selectors if s.kind == "household"]
        roles = {role for selector in selectors for role in selector.roles}
        posts = self._post_rows.filter(nw.col("role").is_in(sorted(roles.union(BELONGING))))
        posts = posts.select(
            "person", "unit", "role", *(nw.col(name).alias(f"post_{name}") for name in TIMES)
        )
        both = self._membership_rows.select("household", "person", *TIMES).join(posts, on="person")
        later = [nw.max_horizontal(name, f"post_{name}").alias(name) for name in ("valid_from", "recorded")]
        earlier = [
            nw.min_horizontal(name, f"post_{name}").alias(name) for name in ("valid_until", "recorded_until")
        ]
        return both.select("household", "unit", "role", *later, *earlier)

    @property
    def households(self) -> Frame:
        """id (household), unit: the units of its members' pupil and staff posts."""
        return self._household_rows.filter(
            holds(self.at.day, self.at.position), nw.col("role").is_in(BELONGING)
        ).select("unit", id="household")

    def homes(self, ids: Frame) -> Frame:
        """id (person), unit of these: of those on a roster, their posts as pupil or staff; of others, their
        households' units."""
        own = self.posts(*BELONGING).select("id", "unit").join(ids, on="id", how="semi")
        others = self.members.join(ids, left_on="person", right_on="id", how="semi").join(
            own, left_on="person", right_on="id", how="anti"
        )
        through = self.households.join(others, left_on="id", right_on="household")
        return nw.concat([own, through.select(nw.col("person").alias("id"), "unit")])

    def natives(self, prefix: str) -> Frame:
        """id of the persons whose native place begins so (GB/T 2260); an attribute, not a risk."""
        states = self._holding("person_states").filter(nw.col("native_place").str.starts_with(prefix))
        return self._canonical(states.select("person"), "person").select(id="person").unique("id")

    # ------------------------------------------------------------------------------ campaigns

    @property
    def campaigns(self) -> dict[str, CampaignFact]:
        """Those that had been launched, by code."""
        return self.knowledge.campaigns

    def rounds(self, code: str) -> list[Window]:
        """The rounds that have opened by the end of the day, in the order of their numbers."""
        return [
            window for name, window in self.knowledge.rounds if name == code and window.day <= self.at.day
        ]

    def window(self, campaign: CampaignFact) -> Window | None:
        """The latest opened round, or of a daily campaign the day itself; None where nothing is asked."""
        if not campaign.daily:
            opened = self.rounds(campaign.code)
            return max(opened, key=lambda w: (w.day, w.number), default=None)
        closed = campaign.closes is not None and day_of(campaign.closes) < self.at.day
        if closed or self.at.day < day_of(campaign.opens):
            return None
        return Window(0, self.at.day, self.at.position, days=campaign.within_days)

    def asked(self, campaign: CampaignFact, selector: Selector, window: Window) -> Frame:
        """id, unit, opening, today: the leaves of those whom the window asked when it opened, and of those
        whom it asks as of the day (the audience resolved anew, within the list where there is one)."""
        opening = holds(window.day, window.position) & self._under(selector, window.day, window.position)
        today = holds(self.at.day, self.at.position) & self._under(selector, self.at.day, self.at.position)
        rows = self._subjects(selector)
        if window.listed:
            rows = rows.join(self._listed(campaign, window), on="id", how="semi")
        return rows.filter(opening | today).select("id", "unit", opening=opening, today=today)

    def standing(self, campaign: CampaignFact, selector: Selector) -> Standing:
        """All whom a daily campaign asks on some day, as known at the position."""
        merged = tuple(sorted(self.merged.items()))
        return self.knowledge.standing(
            (campaign.code, selector.key, merged), lambda: self._standing_of(selector)
        )

    def _standing_of(self, selector: Selector) -> Standing:
        position = self.at.position
        known = (nw.col("recorded") <= position) & (
            nw.col("recorded_until").is_null() | (nw.col("recorded_until") > position)
        )
        rows = self._subjects(selector).filter(known)
        return Standing(collected(rows.select("id", "unit", "valid_from", "valid_until")))

    def _listed(self, campaign: CampaignFact, window: Window) -> Frame:
        rows = self.kept(f"listed {campaign.code}", lambda: self._listed_rows(campaign))
        return rows.filter(nw.col("number") == window.number).select("id")

    def _listed_rows(self, campaign: CampaignFact) -> Frame:
        rows = self._known("round_members").filter(nw.col("campaign") == campaign.campaign)
        return self._each(rows.select("number", "subject_kind", "subject")).select("number", id="subject")

    def _subjects(self, selector: Selector) -> Frame:
        """id, unit and both times of all that a selector could ever ask."""
        if selector.kind == "unit":
            present = self._known("unit_states").filter(~nw.col("absent"))
            return self._of_kinds(present, selector).select("unit", *TIMES, id="unit")
        rows = self._post_rows if selector.kind == "person" else self._household_rows
        posts = rows.filter(nw.col("role").is_in(selector.roles))
        if selector.unit_kinds:
            posts = self._of_kinds(posts, selector)
        return posts.select("unit", *TIMES, id=selector.kind)

    def _of_kinds(self, rows: Frame, selector: Selector) -> Frame:
        kinds = self.knowledge.kinds.filter(nw.col("kind").is_in(selector.unit_kinds)).select("unit")
        return rows.join(kinds, on="unit", how="semi")

    def _under(self, selector: Selector, day: date, position: int) -> nw.Expr:
        """Whether a unit lies under the selector's subtree at a time."""
        units = under(selector, self.reach_at(day, position))
        return nw.lit(True) if units is None else nw.col("unit").is_in(units or [-1])

    # ------------------------------------------------------------------------------ submissions

    def live(self, code: str, since: date = EVER) -> Frame:
        """Live submissions of a campaign, with the questions that figures read; `since`: of that day and
        later, and no other files are read. Kept where questions are read."""
        if code in QUESTIONS:
            return self.kept(f"live {code} {since}", lambda: self._whole(code, since))
        return self._whole(code, since)

    def unwell(self, code: str, fever: float) -> Frame:
        """submission of a campaign's answers that tell a temperature of `fever` °C or more, or a symptom."""
        return self.kept(f"unwell {code}", lambda: self._unwell(code, fever))

    def _unwell(self, code: str, fever: float) -> Frame:
        told = self._frames.read(
            f"answers/{code}",
            (EVER, self.at.day),
            known_by=self.at.position,
            columns=["submission", *HEALTH],
            expecting=HEALTH,
        )
        some = nw.col("a_symptoms").list.len() > 0
        symptoms = some & ~nw.col("a_symptoms").list.contains("none")
        feverish = (nw.col("a_temperature") >= fever).fill_null(False)
        return told.filter(feverish | symptoms.fill_null(False)).select("submission")

    def _whole(self, code: str, since: date) -> Frame:
        return self._canonical(self._live(code, since, SHEET), "reporter")

    def _live(self, code: str, since: date, columns: Sequence[str]) -> Frame:
        questions = QUESTIONS.get(code, {})
        known = self._frames.read(
            f"answers/{code}",
            (since, self.at.day),
            known_by=self.at.position,
            columns=[*columns, *questions],
            expecting=questions,
        )
        return self._each(known.join(self._revised(since), on="submission", how="anti"))

    def _revised(self, since: date) -> Frame:
        """submission of those that do not hold: superseded, retracted, or withdrawn by the day."""
        return self.kept(f"revised {since}", lambda: self._revised_since(since))

    def _revised_since(self, since: date) -> Frame:
        never = nw.col("kind").is_in(["superseded", "retracted"])
        withdrawn = (nw.col("kind") == "withdrawn") & (nw.col("day") <= self.at.day)
        rows = self._frames.read(
            "revisions",
            (since, self.at.day),
            known_by=self.at.position,
            columns=["submission", "kind", "day"],
        )
        return rows.filter(never | withdrawn).select("submission")

    def _each(self, frame: Frame) -> Frame:
        """Their subjects, where these are persons, each as the one into whom all were merged."""
        if not self.merged:
            return frame
        as_person = self._canonical(frame.with_columns(as_person=nw.col("subject")), "as_person")
        subject = nw.when(nw.col("subject_kind") == "person").then(nw.col("as_person"))
        return as_person.with_columns(subject=subject.otherwise(nw.col("subject"))).drop("as_person")

    def latest(self, code: str, *, within_days: int | None = None) -> Frame:
        """Of each subject and round the latest live submission, by when it happened."""
        return self.kept(f"latest {code} {within_days}", lambda: self._latest(code, within_days))

    def _latest(self, code: str, within_days: int | None) -> Frame:
        since = EVER if within_days is None else _first_of(self.at.day, within_days)
        return self.live(code, since).unique(
            ["round", "subject_kind", "subject"], keep="last", order_by=ORDER
        )

    @property
    def verified(self) -> Frame:
        """submission of those that a second call, a seen document or an office's list confirms."""
        rows = self._known("verifications")
        return self.kept("verified", lambda: rows.filter(known(self.at.position)).select("submission"))

    def reports(self, code: str, selector: Selector, window: Window) -> Frame:
        """id, because (submission) of those about whom the window has live submissions: a household also
        where one of its members was answered for."""
        sheets = self._window_sheets(code, window, selector.kind)
        if selector.kind == "household":
            own = nw.when(nw.col("subject_kind") == "household").then(nw.col("subject"))
            sheets = sheets.with_columns(asked=nw.coalesce(nw.col("household"), own))
        else:
            sheets = sheets.filter(nw.col("subject_kind") == selector.kind).with_columns(asked="subject")
        return sheets.filter(~nw.col("asked").is_null()).select(id="asked", because="submission")

    def _window_sheets(self, code: str, window: Window, kind: str) -> Frame:
        daily = window.number == 0
        since = _first_of(window.day, window.days) if daily else EVER
        if code in QUESTIONS:  # then it is kept; of the others only whom they are about is read
            sheets = self.live(code, since)
        else:
            more = {"household": kind == "household", "round": not daily}
            sheets = self._live(code, since, [*ABOUT, *(name for name, wanted in more.items() if wanted)])
        return sheets if daily else sheets.filter(nw.col("round") == window.number)


def under(selector: Selector, reach: Reach) -> list[int] | None:
    """The units under the selector's subtree; None where it names none."""
    if not selector.under:
        return None
    root = next((row.unit for row in reach.rows.values() if row.code == selector.under), None)
    return [] if root is None else reach.under(root)


def _first_of(last: date, days: int) -> date:
    """The first of so many days that end with the last."""
    return last - timedelta(days=days - 1)


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)


def _end(person: int, step: Mapping[int, int]) -> int:
    """Where a chain of merges ends; of a circle, its smallest member."""
    seen = [person]
    while seen[-1] in step:
        into = step[seen[-1]]
        if into in seen:
            return min(seen[seen.index(into) :])
        seen.append(into)
    return seen[-1]
