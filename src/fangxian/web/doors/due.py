"""What is open for a sender, and whom it may report on: for devices' lists, the JSON door and sheets."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from fangxian.campaigns.audiences import asked_within
from fangxian.campaigns.models import Campaign, Round
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.registry.holding import holding, in_chunks
from fangxian.registry.models import Membership, PersonState
from fangxian.registry.tree import tree
from fangxian.submissions.envelopes import Sender
from fangxian.submissions.known import Terms, read_all_terms, read_terms

from .problems import ScopeTooWide

MOST = 5_000  # subjects of one list


@dataclass(frozen=True, slots=True)
class Due:
    """A campaign that takes reports now, its current round, and the form's latest version."""

    terms: Terms
    round: int
    opens: datetime
    closes: datetime | None
    version: str

    @property
    def campaign(self) -> Campaign:
        return self.terms.campaign

    @property
    def form(self) -> tuple[int, str]:
        return self.terms.versions[self.version]


@dataclass(frozen=True, slots=True)
class Subject:
    """`key` is how submissions name it: a unit by its code, others by number."""

    kind: str
    id: int
    unit: int
    key: str
    label: str
    name: str = ""  # without the unit's


def due(sender: Sender, *, now: datetime) -> Iterator[Due]:
    """Campaigns open now that have a form and ask somebody whom the sender reaches."""
    day, position = day_of(now), head_position()
    within = _within(sender, day, position)
    for found in open_now(now=now):
        if asked_within(found.terms.selectors, within, day=day, position=position, limit=0):
            yield found


def open_now(*, now: datetime) -> list[Due]:
    """All that is open, whomever it asks."""
    codes = list(Campaign.objects.filter(opens__lte=now).values_list("code", flat=True))
    found = (_due(terms, now) for terms in read_all_terms(codes).values())
    return [one for one in found if one is not None]


def find_due(code: str, *, now: datetime) -> Due | None:
    """None where there is no such campaign, or it has no form or no open round."""
    terms = read_terms(code)
    return _due(terms, now) if terms else None


def _due(terms: Terms, now: datetime) -> Due | None:
    if terms.latest_version is None:
        return None
    campaign = terms.campaign
    if campaign.closes is not None and campaign.closes < now:
        return None
    if campaign.schedule["kind"] == "daily":
        return Due(terms, 0, campaign.opens, campaign.closes, terms.latest_version)
    opened = [row for row in terms.rounds.values() if row.opens <= now]
    latest: Round | None = max(opened, key=lambda row: row.number, default=None)
    if latest is None or (latest.closes is not None and latest.closes < now):
        return None
    return Due(terms, latest.number, latest.opens, latest.closes, terms.latest_version)


def subjects(found: Due, sender: Sender, *, now: datetime) -> list[Subject]:
    """Whom the campaign asks within the sender's reach, by unit. Raises ScopeTooWide."""
    asked = _asked(found, sender, now, MOST)
    if len(asked) > MOST:
        raise ScopeTooWide(limit=MOST)
    labels = _labels(asked, day_of(now), head_position())
    units = tree(day_of(now), head_position()).nodes
    return [
        Subject(
            kind,
            one,
            unit,
            units[one].code if kind == "unit" else str(one),
            f"{labels.get((kind, one), one)} · {units[unit].name}",
            str(labels.get((kind, one), one)),
        )
        for kind, one, unit in asked
        if unit in units
    ]


def own_unit_alone(found: Due, sender: Sender, *, now: datetime) -> bool:
    """Whether the only one whom the sender can report on is its own unit: then no list is needed."""
    asked = _asked(found, sender, now, 1)
    return sender.unit is not None and [(kind, one) for kind, one, _unit in asked] == [("unit", sender.unit)]


def _asked(found: Due, sender: Sender, now: datetime, limit: int) -> list[tuple[str, int, int]]:
    day, position = day_of(now), head_position()
    within = _within(sender, day, position)
    return asked_within(found.terms.selectors, within, day=day, position=position, limit=limit)


def _within(sender: Sender, day: date, position: int) -> list[int] | None:
    """The units that the sender reaches; None where these are all."""
    units = tree(day, position).nodes
    reached = [unit for unit in units if sender.reaches(unit)]
    return None if len(reached) == len(units) else reached


def _labels(asked: list[tuple[str, int, int]], day: date, position: int) -> dict[tuple[str, int], str]:
    """Persons by name, units by name, households by the names of their members."""
    units = tree(day, position).nodes
    labels = {("unit", one): units[one].name for kind, one, _unit in asked if kind == "unit" and one in units}
    homes = [one for kind, one, _unit in asked if kind == "household"]
    belongs: list[tuple[int, int]] = []
    for chunk in in_chunks(homes):
        rows = Membership.objects.filter(holding(day, position), household__in=chunk).order_by("pk")
        belongs += rows.values_list("household_id", "person_id")
    persons = {one for kind, one, _unit in asked if kind == "person"} | {person for _home, person in belongs}
    names = _names(sorted(persons), day, position)
    labels |= {("person", one): name for one, name in names.items()}
    for home, person in belongs:
        before = labels.get(("household", home))
        name = names.get(person, str(person))
        labels["household", home] = f"{before}、{name}" if before else name
    return labels


def _names(persons: list[int], day: date, position: int) -> dict[int, str]:
    names: dict[int, str] = {}
    for chunk in in_chunks(persons):
        rows = PersonState.objects.filter(holding(day, position), person__in=chunk)
        names |= dict(rows.values_list("person_id", "name"))
    return names
