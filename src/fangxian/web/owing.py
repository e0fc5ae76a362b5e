"""Who owes what: each unit that answers for reports, what is missing of it, who is responsible, who was
reminded. All of a city at once, from the values that the board has counted anyway."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import override

from fangxian.campaigns.actions import Owed
from fangxian.campaigns.models import Reminder
from fangxian.figures import inside
from fangxian.figures.opening import masked
from fangxian.figures.results import ByUnit
from fangxian.kernel.moments import day_of
from fangxian.registry.holding import holding
from fangxian.registry.models import PersonState, Post
from fangxian.registry.tree import Node

from .asking import Asked
from .coverage import LATE, OPEN, Board, Line
from .days import days
from .wording import in_a_row

# Units that answer for reports; what hangs on the other lines is owed by the school or office that hosts it.
DEBTORS = ("school", "teaching_point", "kindergarten", "office", "institution", "venue")
LOOKED_BACK = 8  # days
ABOVE = ("centre",)  # answer for what none of the schools under them does


@dataclass(frozen=True, slots=True)
class Debt:
    line: Line
    missing: int
    days: int = 1  # of a daily campaign: for how many days in a row, this one included

    @property
    def late(self) -> bool:
        return self.line.state == LATE


@dataclass(frozen=True, slots=True)
class Debtor:
    """`href` leads to what is missing first."""

    unit: Node
    zone: str
    debts: tuple[Debt, ...]
    responsible: int | None = None
    name: str = ""
    reminded: datetime | None = None
    times: int = 0

    @property
    def late(self) -> tuple[Debt, ...]:
        return tuple(debt for debt in self.debts if debt.late)

    @property
    def shown(self) -> tuple[Debt, ...]:
        """What is late; of whom nothing is, all."""
        return self.late or self.debts

    @property
    def other(self) -> int:
        return len(self.debts) - len(self.shown)


@dataclass(frozen=True, slots=True)
class Owing:
    """`units` in the order of worth: most things late, then most reports missing."""

    lines: tuple[Line, ...]
    units: tuple[Node, ...]
    missing: Any  # int[lines, units]
    in_a_row: Any  # int[lines, units]: days, of daily campaigns

    def __len__(self) -> int:
        return len(self.units)

    def by_campaign(self) -> list[tuple[Line, int]]:
        """Each line that somebody owes, and how many do."""
        counts = (self.missing > 0).sum(axis=1).tolist()
        return [(line, count) for line, count in zip(self.lines, counts, strict=True) if count]

    @property
    def stopped_line(self) -> Line | None:
        """The first daily campaign to which some units have not reported in full for days."""
        return next((self.lines[p] for p in np.flatnonzero((self.in_a_row > 1).any(axis=1)).tolist()), None)

    @property
    def _stopped(self) -> Any:
        return [line is self.stopped_line for line in self.lines], self.in_a_row > 1

    @property
    def stopped(self) -> int:
        lines, rows = self._stopped
        return int(rows[lines].sum())

    @property
    def stopped_missing(self) -> int:
        lines, rows = self._stopped
        return int(self.missing[lines][rows[lines]].sum())

    @property
    def late(self) -> int:
        """How many units owe what is late."""
        late = [place for place, line in enumerate(self.lines) if line.state == LATE]
        return int((self.missing[late] > 0).any(axis=0).sum()) if late else 0


def owing(asked: Asked, counted: dict[str, ByUnit], board: Board, campaign: str = "") -> Owing:
    """Of the lines that are late or open; of one campaign's alone where its code is given."""
    lines = tuple(
        line
        for state in (LATE, OPEN)
        for line in board.groups[state]
        if not campaign or line.campaign.code == campaign
    )
    units = _debtors(asked)
    missing = _missing(lines, units, counted, asked)
    owe = np.flatnonzero(missing.sum(axis=0) > 0)
    order = owe[np.lexsort(_weights(lines, missing[:, owe]))]
    owed = tuple(units[place] for place in order.tolist())
    return Owing(lines, owed, missing[:, order], _in_a_row(lines, owed, missing[:, order], asked))


def _in_a_row(lines: Sequence[Line], units: Sequence[Node], missing: Any, asked: Asked) -> Any:
    """For how many days up to today something is missing; of the days that were counted."""
    found = (missing > 0).astype(np.int64)
    ids = np.array([unit.id for unit in units], dtype=np.int64)
    for place, line in enumerate(lines):
        if not line.daily or line.within_days:
            continue
        still = found[place] > 0
        for back in range(1, LOOKED_BACK):
            still &= days().missing_of(line.whole.id, ids, asked.at.day - timedelta(days=back)) > 0
            if not still.any():
                break
            found[place] += still
    return found


def _weights(lines: Sequence[Line], missing: Any) -> tuple[Any, ...]:
    """Keys of lexsort, the last first: things late, then the parts of what is missing everywhere."""
    late = np.array([line.state == LATE for line in lines], dtype=bool)
    wholes = np.array([[max(line.whole.missing or 1, 1)] for line in lines], dtype=float).reshape(-1, 1)
    parts = (missing / wholes) if len(lines) else missing
    return (-parts.sum(axis=0), -(missing[late] > 0).sum(axis=0))


def _debtors(asked: Asked) -> list[Node]:
    nodes = asked.tree.nodes
    under = [nodes[unit] for unit in inside.under(asked.engine, asked.unit.id, asked.at) if unit in nodes]
    found = [node for node in under if node.kind in (*DEBTORS, *ABOVE)]
    return sorted(found, key=lambda node: node.code) or [asked.unit]


def _missing(lines: Sequence[Line], units: Sequence[Node], counted: dict[str, ByUnit], asked: Asked) -> Any:
    found = np.zeros((len(lines), len(units)), dtype=np.int64)
    for place, line in enumerate(lines):
        by_unit = counted[line.whole.id]
        if by_unit.of is None or not len(by_unit.units):
            continue
        ids = np.array([unit.id for unit in units], dtype=np.int64)
        places = np.searchsorted(by_unit.units, ids).clip(max=len(by_unit.units) - 1)
        there = (by_unit.units[places] == ids) & by_unit.answers[places]
        found[place] = np.where(there, by_unit.of[places] - by_unit.counted[places], 0)
    return _without_parts(found, units)


def _without_parts(missing: Any, units: Sequence[Node]) -> Any:
    """Of a centre what none of its schools owes."""
    column = {unit.id: place for place, unit in enumerate(units)}
    own = missing.copy()
    for place, unit in enumerate(units):
        if unit.parent in column:
            own[:, column[unit.parent]] -= missing[:, place]
    return own.clip(min=0)


# ------------------------------------------------------------------------------------ as shown


def debtors(found: Owing, asked: Asked, start: int, stop: int) -> list[Debtor]:
    """Some of them, with who is responsible and what was sent: three queries, however many."""
    shown = [_debtor(found, asked, place) for place in range(start, min(stop, len(found)))]
    heads = responsible({debtor.unit.id for debtor in shown}, asked)
    sent = _sent([debtor.unit.id for debtor in shown], asked)
    return [
        replace(
            debtor,
            responsible=heads.get(debtor.unit.id, (None, ""))[0],
            name=heads.get(debtor.unit.id, (None, ""))[1],
            reminded=max(sent.get(debtor.unit.id, []), default=None),
            times=len(set(sent.get(debtor.unit.id, []))),
        )
        for debtor in shown
    ]


def _debtor(found: Owing, asked: Asked, place: int) -> Debtor:
    columns = zip(
        found.lines, found.missing[:, place].tolist(), found.in_a_row[:, place].tolist(), strict=True
    )
    debts = [Debt(line, missing, in_a_row) for line, missing, in_a_row in columns if missing]
    return Debtor(found.units[place], zone_of(asked, found.units[place].id), tuple(debts))


def zone_of(asked: Asked, unit: int) -> str:
    """Names of the zones in which it lies."""
    tree = asked.tree
    zones = next((tree.zones[above] for above in tree.path(unit) if above in tree.zones), [])
    return in_a_row(tree.nodes[zone].name for zone in zones if zone in tree.nodes)


def responsible(units: Iterable[int], asked: Asked) -> dict[int, tuple[int, str]]:
    """Unit -> (person, name, masked) of its first responsible person."""
    held = Post.objects.filter(
        holding(asked.at.day, asked.at.position), role="first_responsible", unit__in=list(units)
    )
    posts = dict(held.order_by("id").values_list("unit_id", "person_id"))
    states = PersonState.objects.filter(
        holding(asked.at.day, asked.at.position), person__in=set(posts.values())
    )
    names = dict(states.values_list("person_id", "name"))
    return {unit: (person, masked(names.get(person, ""))) for unit, person in posts.items()}


def _sent(units: list[int], asked: Asked) -> dict[int, list[datetime]]:
    """Unit -> when it was reminded on the day, by the moment."""
    found: dict[int, list[datetime]] = {}
    sent = Reminder.objects.filter(unit__in=units, at__lte=asked.known).order_by("at")
    for unit, at in sent.values_list("unit_id", "at"):
        if day_of(at) == asked.at.day:
            found.setdefault(unit, []).append(at)
    return found


def to_remind(found: Owing, asked: Asked, codes: set[str] | None = None) -> list[Owed]:
    """What the units (those of these codes, or all) are to be reminded of: of what is late, else of all."""
    shown = [
        _debtor(found, asked, place)
        for place, unit in enumerate(found.units)
        if codes is None or unit.code in codes
    ]
    heads = responsible({debtor.unit.id for debtor in shown}, asked)
    return [
        Owed(debt.line.campaign.pk, debtor.unit.id, missing, heads.get(debtor.unit.id, (None, ""))[0], text)
        for debtor in shown
        for debt, missing, text in _told(debtor)
    ]


def _told(debtor: Debtor) -> Iterable[tuple[Debt, int, str]]:
    """One reminder a campaign, however many kinds of reports it asks; in Chinese, as offices write."""
    by_campaign: dict[int, list[Debt]] = {}
    for debt in debtor.shown:
        by_campaign.setdefault(debt.line.campaign.pk, []).append(debt)
    with override("zh-hans"):
        for debts in by_campaign.values():
            missing = sum(debt.missing for debt in debts)
            text = _(
                "{unit}: {campaign} still lacks {missing}. Please report, or say why you cannot."
            ).format(unit=debtor.unit.name, campaign=debts[0].line.campaign.name, missing=missing)
            yield debts[0], missing, text
