"""Slips with a family's link for a class: printed, printed anew, or made void. Each time is in the log."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from fangxian.access import policy, tokens
from fangxian.access.actor import Actor
from fangxian.access.problems import NotThere
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.registry.tree import Node, Tree, tree

from ..disclosure import looked
from ..doors.taking import now as clock_now
from ..filling.slips import families, holding_links, name_of, print_slips


@require_http_methods(["GET", "HEAD", "POST"])
def slips(request: HttpRequest) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    now = clock_now()
    area, units = policy.scope(actor, "slips"), tree(day_of(now), head_position())
    units = units if area.whole else units.within(area.units)
    unit = _unit(request, actor, units)
    if unit.kind != "class":
        return render(request, "web/fill/slips.html", {"unit": unit, "classes": _classes(units, unit)})
    found = families(unit, now=now)
    if request.method != "POST":
        shown = {"unit": unit, "families": found, "holding": holding_links(found)}
        return render(request, "web/fill/slips.html", shown)
    if request.POST.get("revoke"):
        name, by = name_of(unit), actor.name
        count = tokens.revoke_households(households=list(found.pupils), name=name, by=by, now=now)
        looked(request, "B", "revoke-links", unit=unit.code, subject=name, count=count, always=True)
        return redirect(f"{reverse('slips')}?unit={unit.code}")
    moment: datetime = request.moment  # type: ignore[attr-defined]

    def address(token: str) -> str:
        return request.build_absolute_uri(reverse("family", args=[token]))

    made = print_slips(found, actor, address, now=now, moment=moment)
    looked(request, "B", "issue-links", unit=unit.code, subject=name_of(unit), count=len(made), always=True)
    return render(request, "web/fill/slips.html", {"unit": unit, "families": found, "slips": made})


def _unit(request: HttpRequest, actor: Actor, units: Tree) -> Node:
    """Raises NotThere."""
    code = request.GET.get("unit", "").strip()
    if code:
        if code not in units.by_code:
            raise NotThere()
        return units.nodes[units.by_code[code]]
    own = next((held.unit for held in actor.held if held.unit in units.nodes), None)
    if own is None:
        raise NotThere()
    return units.nodes[own]


def _classes(units: Tree, unit: Node) -> list[Node]:
    under = units.under(unit.id)
    found = [node for node in units.nodes.values() if node.kind == "class" and node.id in under]
    return sorted(found, key=lambda node: node.code)
