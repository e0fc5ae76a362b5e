"""Coverage of every campaign for the board: who owes what by when, late first, worst first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from fangxian.campaigns.models import Campaign, Closing, Round
from fangxian.campaigns.schedules import due_on
from fangxian.figures.catalogue import Figure
from fangxian.figures.results import ByUnit
from fangxian.kernel.moments import OFFICE_ZONE, day_of
from fangxian.registry.tree import Node

from .asking import Asked
from .shown import Shown, show
from .wording import chinese

LATE, OPEN, COMPLETE, VOLUNTARY = "late", "open", "complete", "voluntary"
ORDER = (LATE, OPEN, COMPLETE, VOLUNTARY)


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked at the moment: a numbered round, or (0) the day."""

    number: int
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """One campaign and selector: the whole unit, and its parts."""

    campaign: Campaign
    name: str
    whole: Shown
    parts: tuple[Shown | None, ...]
    window: Window
    state: str
    path: str = ""

    @property
    def daily(self) -> bool:
        return self.campaign.schedule["kind"] == "daily"

    @property
    def within_days(self) -> int:
        """For how many days a report holds good; 0 where that is the day alone."""
        return int(self.campaign.schedule.get("within_days", 0))

    @property
    def rounds(self) -> bool:
        return self.campaign.schedule["kind"] == "rounds"

    @property
    def worst(self) -> Shown | None:
        """The part that misses most."""
        owing = [part for part in self.parts if part and part.missing]
        return max(owing, key=lambda part: part.missing or 0, default=None)


@dataclass(slots=True)
class Board:
    units: list[Node]
    groups: dict[str, list[Line]] = field(default_factory=lambda: {state: [] for state in ORDER})

    @property
    def worst(self) -> tuple[Node, int] | None:
        """The unit of the columns that lags in most campaigns: of late ones, else of open ones."""
        lines = self.groups[LATE] or self.groups[OPEN]
        short = [
            sum(1 for line in lines if (part := line.parts[n]) and part.missing)
            for n in range(len(self.units))
        ]
        if not short or not max(short):
            return None
        return self.units[short.index(max(short))], max(short)

    @property
    def owed(self) -> list[tuple[str, list[Line]]]:
        return [(state, self.groups[state]) for state in (LATE, OPEN) if self.groups[state]]

    @property
    def rest(self) -> list[tuple[str, list[Line]]]:
        return [(state, self.groups[state]) for state in (COMPLETE, VOLUNTARY) if self.groups[state]]

    def __bool__(self) -> bool:
        return any(self.groups.values())


def board(
    asked: Asked, figures: Mapping[str, Figure], counted: Mapping[str, ByUnit], parts: list[Node]
) -> Board:
    """All campaigns launched by the moment; `parts` are the units that the columns show."""
    found = Board(parts)
    for line in _lines(asked, figures, counted, parts):
        found.groups[line.state].append(line)
    for lines in found.groups.values():
        lines.sort(key=lambda line: (line.whole.share is None, line.whole.share or 0, line.campaign.code))
    return found


def _lines(
    asked: Asked, figures: Mapping[str, Figure], counted: Mapping[str, ByUnit], parts: list[Node]
) -> Iterable[Line]:
    windows = open_windows(asked)
    for campaign in Campaign.objects.filter(recorded__lte=asked.at.position).order_by("id"):
        for figure in _figures(campaign, figures):
            value = counted[figure.id].get(asked.unit.id)
            if value is None or campaign.pk not in windows:
                continue
            window, columns = windows[campaign.pk], _parts(figure, counted[figure.id], asked, parts)
            yield _line(asked, campaign, show(figure, value, asked), columns, window)


def _figures(campaign: Campaign, figures: Mapping[str, Figure]) -> list[Figure]:
    """One a selector, or one alone."""
    own = f"coverage.{campaign.code}"
    return [figure for id, figure in figures.items() if id == own or id.startswith(f"{own}.")]


def _parts(figure: Figure, counted: ByUnit, asked: Asked, units: list[Node]) -> tuple[Shown | None, ...]:
    values = [(unit, counted.get(unit.id)) for unit in units]
    return tuple(show(figure, value, asked, unit.code) if value else None for unit, value in values)


def _line(asked: Asked, campaign: Campaign, whole: Shown, parts: Any, window: Window) -> Line:
    return Line(
        campaign,
        whole.name,
        whole,
        parts,
        window,
        _state(asked, campaign, whole, window),
        asked.address(f"/campaigns/{campaign.code}/"),
    )


def _state(asked: Asked, campaign: Campaign, whole: Shown, window: Window) -> str:
    if campaign.schedule.get("voluntary") or whole.of is None:
        return VOLUNTARY
    if whole.complete:
        return COMPLETE
    return LATE if window.due and window.due <= asked.known else OPEN


def open_windows(asked: Asked) -> dict[int, Window]:
    """Campaign id -> what it asks at the moment; campaigns that ask nothing yet are not there."""
    found: dict[int, Window] = {}
    campaigns = _as_closed(asked)
    rounds = Round.objects.filter(recorded__lte=asked.at.position).order_by("number")
    for asking, number, opens, closes in rounds.values_list("campaign_id", "number", "opens", "closes"):
        if day_of(opens) <= asked.at.day:
            closing = campaigns[asking].last_closing  # type: ignore[attr-defined]
            found[asking] = Window(number, campaigns[asking].closes if closing else closes)
    for campaign in campaigns.values():
        due = due_on(campaign.code, campaign.schedule, asked.at.day)
        if campaign.schedule["kind"] == "daily" and day_of(campaign.opens) <= asked.at.day:
            found[campaign.pk] = Window(0, due or _end_of_day(asked, campaign))
        elif campaign.pk in found and found[campaign.pk].due is None:
            found[campaign.pk] = Window(found[campaign.pk].number, due or campaign.closes)
    return found


def _as_closed(asked: Asked) -> dict[int, Campaign]:
    """All campaigns, each with when it closes as was last said."""
    last = Closing.objects.filter(campaign=OuterRef("pk"), recorded__lte=asked.at.position).order_by("-id")
    rows = Campaign.objects.filter(recorded__lte=asked.at.position)
    rows = rows.annotate(
        last_closing=Subquery(last.values("id")[:1]), last_closes=Subquery(last.values("closes")[:1])
    )
    found: dict[int, Campaign] = {}
    for row in rows:
        if row.last_closing is not None:
            row.closes = row.last_closes
        found[row.pk] = row
    return found


def _end_of_day(asked: Asked, campaign: Campaign) -> datetime:
    """A daily window closes with its day, or with the campaign."""
    day = asked.at.day
    end = datetime(day.year, day.month, day.day, 23, 59, tzinfo=OFFICE_ZONE)
    return min(end, campaign.closes) if campaign.closes else end


def campaign_name(campaign: Campaign) -> str:
    return campaign.name if chinese() or not campaign.name_en else campaign.name_en
