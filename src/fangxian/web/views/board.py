"""The board: what is known, what is missing and where, as of a moment."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fangxian.access import policy
from fangxian.figures.results import Value, number
from fangxian.kernel.asof import AsOf
from fangxian.registry.queries import without_first_responsible, zone_faults

from .. import asking, coverage, shown
from ..asking import Asked
from . import bulletins
from .common import page, parts_of

SHOWN_FAULTS = 5


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    asked = asking.read(request)
    engine, figures = asked.engine, asked.engine.figures(asked.at)
    counted = engine.all(asked.at)
    values = {id: by_unit.get(asked.unit.id) for id, by_unit in counted.items()}
    return page(
        request,
        "web/board.html",
        asked,
        headlines=headlines(asked, figures, values),
        coverage=coverage.board(asked, figures, counted, parts_of(asked)),
        groups=shown.grouped(figures, values, asked),
        faults=faults(asked),
        bulletins=bulletins.newest(3) if policy.may(asked.actor, "issue") else [],
    )


def headlines(asked: Asked, figures: Any, values: dict[str, Value | None]) -> list[shown.Shown]:
    """The first figures that are counted at this unit."""
    wanted = [id for id in shown.HEADLINES if id in figures and values[id] is not None]
    return [shown.show(figures[id], values[id], asked) for id in wanted]


@dataclass(frozen=True, slots=True)
class Faults:
    """What is not in order in the registry, as of the moment: the first few of each, and how many."""

    unzoned: list[Any]
    unzoned_count: int
    unheaded: list[Any]
    unheaded_count: int

    def __bool__(self) -> bool:
        return bool(self.unzoned_count or self.unheaded_count)


def faults(asked: Asked, limit: int = SHOWN_FAULTS) -> Faults:
    day, position = asked.at.day, asked.at.position
    under = under_of(asked)
    unzoned = [fault for fault in zone_faults(day, position) if fault.unit.id in under]
    unheaded = [node for node in without_first_responsible(day, position) if node.id in under]
    return Faults(unzoned[:limit], len(unzoned), unheaded[:limit], len(unheaded))


def under_of(asked: Asked) -> frozenset[int]:
    """Units that count under the one asked; at the top, all."""
    if asked.scope.whole and asked.unit.id == asking.root(asked.tree).id:
        return frozenset(asked.tree.nodes)
    return asked.tree.under(asked.unit.id)


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """The large figures with their change since the day before, as known now: asked for after the page."""
    asked = asking.read(request)
    figures, before = asked.engine.figures(asked.at), _day_before(asked)
    values = asked.engine.values(asked.at, asked.unit.id)
    earlier = (
        asked.engine.values(before, asked.unit.id) if asked.unit.id in asked.engine.units(before) else {}
    )
    told = [
        (figure, _change(figure.value, earlier.get(figure.id)))
        for figure in headlines(asked, figures, values)
    ]
    return page(request, "web/parts/headlines.html", asked, changed=told)


def _day_before(asked: Asked) -> AsOf:
    return asked.on(asked.moment - timedelta(days=1))


def _change(now: Value | None, then: Value | None) -> float | None:
    return None if now is None or then is None else number(now.value - then.value)
