"""The way on from a problem: to the moment or day at which what was asked can be shown."""

from datetime import datetime, time, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _

from fangxian.figures.problems import FigureRenamed, UnitNotThere, UnknownFigure
from fangxian.kernel.models import Change
from fangxian.kernel.moments import OFFICE_ZONE, day_of
from fangxian.kernel.problems import NothingKnownYet, Problem
from fangxian.registry.models import UnitState

from . import clock
from .asking import told
from .problems import DayUnreadable, NotNarrowable, UnitNotInside

Way = tuple[str, str]  # words, address


def ways(request: HttpRequest, problem: Problem) -> list[Way]:
    """Besides the board as of now, which is always one."""
    match problem:
        case UnitNotThere():
            return _when_it_was(request, str(problem.facts.get("unit", "")))
        case NothingKnownYet():
            return _first_record(request) if Change.objects.exists() else []
        case FigureRenamed():
            return [_by_its_new_name(request, **problem.facts)]
        case UnitNotInside() | DayUnreadable() | NotNarrowable():
            return [(_("All records"), _without_filters(request))]
        case UnknownFigure():
            return [(_("All figures"), "/figures/")]
    return _back(request)


def _back(request: HttpRequest) -> list[Way]:
    """To the page of all that this one is one of, for whoever may open it."""
    first = f"/{request.path.split('/')[1]}/"
    words = {
        "/workbooks/": _("All workbooks"),
        "/bulletins/": _("All bulletins"),
        "/campaigns/": _("All campaigns"),
        "/lists/": _("All lists"),
    }
    failed = request.method == "GET" and request.path == first
    return [(words[first], first)] if first in words and not failed else []


def _when_it_was(request: HttpRequest, code: str) -> list[Way]:
    """The last day on which the unit existed, where it is known and closed; else its first. For whoever sees
    everything alone: to others a unit out of their scope does not exist, and never did."""
    if not request.scope.whole:  # type: ignore[attr-defined]
        return []
    states = UnitState.objects.filter(unit__code=code, recorded_until=None)
    spans = list(states.values_list("valid_from", "valid_until"))
    if not spans:
        return []
    ends = [until for _start, until in spans]
    last = None if None in ends else max(until for until in ends if until) - timedelta(days=1)
    day = last or max(min(start for start, _until in spans), day_of(_first()))
    words = _("As of {day}, when it was there").format(day=day.isoformat())
    evening = datetime.combine(day, time(18), OFFICE_ZONE)
    return [(words, _at(request, evening, known_by=told(clock.latest())))]  # it may have been entered later


def _by_its_new_name(request: HttpRequest, figure: object, now: object, **_since: object) -> Way:
    """The same page of it, at the same unit and moment."""
    path = request.path.replace(f"/figures/{figure}/", f"/figures/{now}/")
    query = request.GET.urlencode()
    return _("Open “{figure}”").format(figure=now), f"{path}?{query}" if query else path


def _without_filters(request: HttpRequest) -> str:
    """The page of the figure with what is asked, and all its records."""
    kept = {name: request.GET[name] for name in ("unit", "as_of", "known_by", "part") if name in request.GET}
    return f"{request.path.rpartition('/')[0]}/?{urlencode(kept)}#records"


def _first_record(request: HttpRequest) -> list[Way]:
    return [(_("As of the first record"), _at(request, _first()))]


def _first() -> datetime:
    return Change.objects.order_by("position").values_list("at", flat=True)[0]


def _at(request: HttpRequest, moment: datetime, **known: str) -> str:
    asked = {name: value for name, value in request.GET.items() if name != "known_by"}
    asked |= {"as_of": told(moment)} | known
    return f"{request.path}?{urlencode(asked)}"
