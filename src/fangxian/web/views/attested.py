"""A number told by telephone: written down, taken back, chased."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.access import policy
from fangxian.figures.problems import NotCountedHere
from fangxian.kernel.problems import Problem
from fangxian.publishing.attesting import attest, take_back

from .. import asking, clock, shown
from ..asking import Asked
from ..attested import counted, told
from ..problems import RemindToday
from .common import page
from .figures import declared_figure


@require_http_methods(["GET", "HEAD", "POST"])
def attested(request: HttpRequest) -> HttpResponse:
    """All that stand within scope, those that lack most first; and the form for another one."""
    asked = asking.read(request)
    given: dict[str, Any] = {"figure": request.GET.get("figure", ""), **request.POST.dict()}
    status, problem = 200, None
    if request.method == "POST":
        try:
            return _written(request, asked)
        except Problem as found:
            problem, status = found, int(found.status)
    answer = page(request, "web/attested.html", asked, given=given, problem=problem, **_shown(asked))
    answer.status_code = status
    return answer


def _shown(asked: Asked) -> dict[str, Any]:
    found = told(asked)
    values = asked.engine.values(asked.at, asked.unit.id)
    here = [f for f in asked.engine.figures(asked.at).values() if values[f.id] is not None]
    return {
        "open": sorted((t for t in found if not t.one.replaced), key=lambda t: -t.one.difference),
        "replaced": [t for t in found if t.one.replaced],
        "figures": [(shown.group_name([group]), of) for group, of in _by_group(here)],
        "may_attest": asked.present and asked.unit.id in policy.scope(asked.actor, "attest"),
    }


def _by_group(figures: list[Any]) -> list[tuple[str, list[Any]]]:
    groups: dict[str, list[Any]] = {}
    for figure in figures:
        groups.setdefault(figure.group, []).append(figure)
    return list(groups.items())


def _written(request: HttpRequest, asked: Asked) -> HttpResponse:
    """Of the unit that is asked about, and of today. Raises as `attest`, RemindToday, UnknownFigure,
    NotCountedHere."""
    if not asked.present:
        raise RemindToday()
    id = request.POST.get("figure", "")
    declared = declared_figure(asked, id)
    here = counted(asked, id, asked.unit.id)
    if here is None:
        raise NotCountedHere(figure=declared.name, unit=asked.unit.name, lines=", ".join(declared.lines))
    attest(
        figure=id,
        unit=asked.unit.id,
        day=asked.at.day,
        value=request.POST.get("value", ""),
        counted=here,
        said_by=request.POST.get("said_by", ""),
        heard_by=asked.actor.title,
        note=request.POST.get("note", ""),
        by=asked.actor.name,
        now=clock.latest(),
    )
    return HttpResponseRedirect(asked.address(f"/figures/{id}/", as_of=None) + "#attested")


@require_POST
def back(request: HttpRequest) -> HttpResponse:
    """It was not so."""
    asked = asking.read(request)
    if not asked.present:
        raise RemindToday()
    take_back(
        figure=request.POST.get("figure", ""),
        unit=asked.unit.id,
        day=asked.at.day,
        note=request.POST.get("note", ""),
        by=asked.actor.name,
        now=clock.latest(),
    )
    return HttpResponseRedirect(asked.address("/attested/", as_of=None))
