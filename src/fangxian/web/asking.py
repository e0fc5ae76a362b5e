"""What a page is asked: as of when, as known by when, of which unit. All of it stands in the address."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

from django.http import HttpRequest

from fangxian.access.actor import Actor
from fangxian.access.policy import Scope
from fangxian.campaigns.models import Round
from fangxian.figures.moments import as_of
from fangxian.figures.problems import UnitNotThere
from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import head_position, position_at
from fangxian.kernel.models import Change
from fangxian.kernel.moments import OFFICE_ZONE, day_of, read_moment
from fangxian.registry.tree import Node, Tree, tree

from . import clock
from .counting import Counted, counted
from .problems import NothingRecorded


@dataclass(frozen=True, slots=True)
class Asked:
    """`at` is what figures are counted as of; it is the same for all moments between which nothing happened,
    so that they are counted once. Where the lake is behind, `known` is its time, not the address's."""

    moment: datetime
    known_by: datetime | None  # as given; None: as known at the moment
    known: datetime
    at: AsOf
    tree: Tree
    unit: Node
    counted: Counted
    latest: datetime
    live: bool  # the address names no moment
    behind: bool  # the figures shown lack records that were asked for
    actor: Actor
    scope: Scope  # the units that the actor may ask about; `tree` holds no others

    @property
    def engine(self) -> Any:
        return self.counted.engine

    @property
    def present(self) -> bool:
        """The day asked is today, by all that is known: what is missing can be asked for."""
        return self.at.day == day_of(self.latest) and not self.known_by and not self.behind

    @property
    def cut_off(self) -> datetime:
        """What is offered as a cut-off: the moment asked, and where none is, all that is known."""
        return self.latest if self.live else self.moment

    def address(self, path: str = "", **changes: object) -> str:
        """`path` with what is asked; `changes` replace or (None) leave out parts of it."""
        asked: dict[str, object] = {"unit": self.unit.code, "as_of": told(self.moment)}
        if self.known_by:
            asked["known_by"] = told(self.known_by)
        asked |= changes
        return f"{path}?{'&'.join(f'{k}={_quoted(str(v))}' for k, v in asked.items() if v not in (None, ''))}"

    @property
    def query(self) -> str:
        return self.address()

    @property
    def day_before(self) -> str:
        return self.address(as_of=told(self.moment - timedelta(days=1)))

    @property
    def day_after(self) -> str | None:
        after = self.moment + timedelta(days=1)
        return self.address(as_of=told(after)) if after <= self.latest else None

    def on(self, moment: datetime) -> AsOf:
        """The same question as of another day, by what is known now."""
        return replace(self.at, day=moment.astimezone(OFFICE_ZONE).date())


@lru_cache(maxsize=16_384)
def _quoted(text: str) -> str:
    return quote_plus(text)


@lru_cache(maxsize=1_024)
def told(moment: datetime) -> str:
    """As it stands in an address: office time, to the minute where that is all."""
    local = moment.astimezone(OFFICE_ZONE).replace(tzinfo=None)
    if local.microsecond:
        return local.isoformat(timespec="milliseconds")
    return local.isoformat(timespec="seconds" if local.second else "minutes")


def read(request: HttpRequest, *, latest: datetime | None = None) -> Asked:
    """What the address asks. Raises MomentUnreadable, MomentInFuture, NothingKnownYet, NothingRecorded,
    UnitNotThere, LakeMissing."""
    if not head_position():
        raise NothingRecorded()
    latest = latest or getattr(request, "now", None) or clock.latest()
    given = request.GET.get("as_of", "").strip()
    moment = _moment(given, latest) if given else clock.now()
    known_text = request.GET.get("known_by", "").strip()
    known_by = _moment(known_text, latest) if known_text else None
    found = counted()
    at = of_moment(moment, known_by, found, latest)
    known = known_by or moment
    behind = found.behind and position_at(known) > found.position
    if behind:
        known = min(known, found.known_at)
    actor: Actor = request.actor  # type: ignore[attr-defined]
    scope: Scope = request.scope  # type: ignore[attr-defined]
    units = tree(at.day, at.position)
    units = units if scope.whole else units.within(scope.units)
    unit = unit_of(request.GET.get("unit", "").strip(), units, at, actor)
    return Asked(moment, known_by, known, at, units, unit, found, latest, not given, behind, actor, scope)


def _moment(text: str, latest: datetime) -> datetime:
    """A bare day means its end, or now where it has not ended."""
    moment = read_moment(text)
    return latest if len(text) <= 10 and moment.date() == latest.date() and moment > latest else moment


def of_moment(moment: datetime, known_by: datetime | None, found: Counted, latest: datetime) -> AsOf:
    """What the lake cannot know yet is not asked of it; the page says so.

    Raises MomentInFuture, NothingKnownYet.
    """
    at = as_of(moment, known_by, clock=latest)
    if at.position > found.position:
        at = replace(at, position=found.position, known_by=min(at.known_by, found.known_at))
    return replace(at, known_by=_last_happened(at))


def _last_happened(at: AsOf) -> datetime:
    """When something was recorded, or a round closed, for the last time by then: what figures hang on."""
    recorded = Change.objects.values_list("at", flat=True).get(position=at.position)
    closed = Round.objects.filter(closes__lte=at.known_by).order_by("-closes")
    return max(recorded, closed.values_list("closes", flat=True).first() or recorded)


def unit_of(code: str, units: Tree, at: AsOf, actor: Actor) -> Node:
    """The unit named; else the actor's own. What is out of scope is not there. Raises UnitNotThere,
    NothingRecorded."""
    if code:
        if code not in units.by_code:
            raise UnitNotThere(unit=code, day=at.day.isoformat())
        return units.nodes[units.by_code[code]]
    own = next((held.unit for held in actor.held if held.unit in units.nodes), None)
    return root(units) if own is None else units.nodes[own]


def root(units: Tree) -> Node:
    """The bureau; where there is none, the first unit without a parent here. Raises NothingRecorded."""
    roots = sorted(
        (node for node in units.nodes.values() if node.parent not in units.nodes),
        key=lambda node: (node.kind != "bureau", node.code),
    )
    if not roots:
        raise NothingRecorded()
    return roots[0]
