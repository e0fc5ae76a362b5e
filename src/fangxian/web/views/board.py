"""The board: what is known, what is missing and where, as of a moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fangxian.access import policy
from fangxian.figures import inside
from fangxian.figures.results import Number, Value, number
from fangxian.registry.queries import without_first_responsible, zone_faults
from fangxian.registry.tree import tree

from .. import asking, attested, courses, coverage, days, drawn, map, shown
from ..asking import Asked
from . import bulletins, owing
from .common import page, parts_of

SHOWN_FAULTS = 5
KEPT_FAULTS = 8
_faults: dict[Any, tuple[Any, tuple[list[Any], list[Any]]]] = {}


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    asked = asking.read(request)
    engine, figures = asked.engine, asked.engine.figures(asked.at)
    counted = engine.all(asked.at)
    values = {id: by_unit.get(asked.unit.id) for id, by_unit in counted.items()}
    covered = coverage.board(asked, figures, counted, parts_of(asked))
    return page(
        request,
        "web/board.html",
        asked,
        **course(asked, headlines(asked, figures, values)),
        asked_next=_at_unit(shown.ASKED_NEXT, asked, figures, values),
        coverage=covered,
        **owing.summary(asked, covered),
        map=map.of_board(asked, counted, covered, request.GET.get("map", "")),
        picture=courses.picture(asked, figures, values),
        groups=shown.grouped(figures, values, asked),
        faults=faults(asked),
        bulletins=bulletins.newest(3) if policy.may(asked.actor, "issue") else [],
    )


def headlines(asked: Asked, figures: Any, values: dict[str, Value | None]) -> list[shown.Shown]:
    """The first figures that are counted at this unit."""
    return _at_unit(shown.HEADLINES, asked, figures, values)


def _at_unit(
    wanted: Iterable[str], asked: Asked, figures: Any, values: dict[str, Value | None]
) -> list[shown.Shown]:
    found = [id for id in wanted if id in figures and values[id] is not None]
    return [shown.show(figures[id], values[id], asked) for id in found]


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
    under = under_of(asked)
    every_unzoned, every_unheaded = every_fault(asked)
    unzoned = [fault for fault in every_unzoned if fault.unit.id in under]
    unheaded = [node for node in every_unheaded if node.id in under]
    return Faults(unzoned[:limit], len(unzoned), unheaded[:limit], len(unheaded))


def every_fault(asked: Asked) -> tuple[list[Any], list[Any]]:
    """Of the whole register, remembered for the last few moments (and the trees that they are of)."""
    whole = tree(asked.at.day, asked.at.position)
    key = (id(whole), asked.at.day, asked.at.position)
    known = _faults.get(key)
    if known is None:
        day, position = asked.at.day, asked.at.position
        found = zone_faults(day, position), without_first_responsible(day, position)
        while len(_faults) >= KEPT_FAULTS:
            _faults.pop(next(iter(_faults)))
        known = _faults[key] = (whole, found)
    return known[1]


def under_of(asked: Asked) -> set[int]:
    """Units that count under the one asked; at the top, all; of those in scope."""
    if asked.scope.whole and asked.unit.id == asking.root(asked.tree).id:
        return set(asked.tree.nodes)
    return asked.tree.nodes.keys() & inside.under(asked.engine, asked.unit.id, asked.at)


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """The large figures and their course: asked for after a page whose past days were not counted yet."""
    asked = asking.read(request)
    first, yesterday = days.first_day(asked), asked.at.day - timedelta(days=1)
    lacking = days.days().missing(first, yesterday)
    if days.COUNTER.at_work:
        days.COUNTER.want(lacking)
    for day in [] if days.COUNTER.at_work else lacking:
        days.days().count(day)
    figures = asked.engine.figures(asked.at)
    values = asked.engine.values(asked.at, asked.unit.id)
    return page(
        request, "web/parts/headlines.html", asked, **course(asked, headlines(asked, figures, values))
    )


@require_safe
def wall(request: HttpRequest) -> HttpResponse:
    """For a screen on a wall: large, without controls; refreshed until it is told to stand still."""
    asked = asking.read(request)
    figures, counted = asked.engine.figures(asked.at), asked.engine.all(asked.at)
    values = {id: by_unit.get(asked.unit.id) for id, by_unit in counted.items()}
    covered = coverage.board(asked, figures, counted, parts_of(asked))
    return page(
        request,
        "web/wall.html",
        asked,
        still=request.GET.get("still") == "1",
        coverage=covered,
        owing=owing.found(asked, covered),
        **course(asked, headlines(asked, figures, values)),
    )


@require_safe
def trend(request: HttpRequest) -> HttpResponse:
    """The courses of the large figures as a table."""
    asked = asking.read(request)
    figures = asked.engine.figures(asked.at)
    told = course(asked, headlines(asked, figures, asked.engine.values(asked.at, asked.unit.id)))
    known = {
        (one.figure.id, point.day): point.value
        for one in told["headlines"]
        for point in (one.line.points if one.line else ())
    }
    every = sorted({day for _figure, day in known}, reverse=True)
    rows = [(day, [known.get((one.figure.id, day)) for one in told["headlines"]]) for day in every]
    return page(request, "web/trend.html", asked, days=rows, **told)


@dataclass(frozen=True, slots=True)
class Headline:
    """A large figure, how it changed since the end of yesterday, and its course. `change` None: not known."""

    figure: shown.Shown
    change: Number | None
    line: drawn.Line | None
    told: Any = None  # a number known only by telephone


def course(asked: Asked, figures: list[shown.Shown]) -> dict[str, Any]:
    first = days.first_day(asked)
    trends = {figure.id: days.trend(asked, figure.id, figure.value, first) for figure in figures}
    by_phone = {t.figure.id: t.one for t in attested.told(asked, unit=asked.unit.id) if not t.one.replaced}
    told = [
        Headline(
            figure,
            _change(asked, figure),
            drawn.line(trends[figure.id]) if trends[figure.id] else None,
            by_phone.get(figure.id),
        )
        for figure in figures
    ]
    return {"headlines": told, "lacking": max((t.lacking for t in trends.values()), default=0)}


def _change(asked: Asked, figure: shown.Shown) -> Number | None:
    then = days.yesterday(asked, figure.id)
    return None if figure.value is None or then is None else number(figure.value.value - then.value)
