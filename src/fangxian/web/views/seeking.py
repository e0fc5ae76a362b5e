"""Somebody out of one's reach, in an emergency: asked for by an exact sign, opened by who reaches them."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from fangxian.access import glass, seeking
from fangxian.access.actor import Actor
from fangxian.access.problems import CaseUnnamed, SoughtInexactly, TooManySought
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.kernel.problems import Problem

from .. import people
from ..disclosure import looked

FIELDS = ("number", "name", "unit", "born", "case", "reason")


@require_http_methods(["GET", "HEAD", "POST"])
def seek(request: HttpRequest) -> HttpResponse:
    """The form, and what one has asked for. Whoever is not there is asked for alike: no answer tells."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    moment: datetime = request.moment  # type: ignore[attr-defined]
    problem: Problem | None = None
    if request.method == "POST":
        try:
            _ask(request, actor)
            return redirect("seek")
        except (CaseUnnamed, SoughtInexactly, TooManySought) as found:
            problem = found
    rows = [(row, row.until is not None and row.until > moment) for row in glass.own(actor, moment=moment)]
    typed = {field: request.POST.get(field, "")[:200] for field in FIELDS}
    shown = {"rows": rows, "problem": problem, "typed": typed}
    return render(request, "web/seek.html", shown, status=problem.status if problem else 200)


def _ask(request: HttpRequest, actor: Actor) -> None:
    """Raises CaseUnnamed, SoughtInexactly, TooManySought."""
    now: datetime = request.now  # type: ignore[attr-defined]
    told = {field: request.POST.get(field, "").strip() for field in FIELDS}
    at: dict[str, Any] = {"day": day_of(now), "position": head_position()}
    if told["number"]:
        sought, person = seeking.NUMBER, seeking.by_number(told["number"], **at)
    else:
        sought, person = seeking.NAME, seeking.by_name(told["name"], told["unit"], told["born"], **at)
    glass.ask(
        actor=actor,
        person=person,
        case=told["case"],
        reason=told["reason"],
        sought=sought,
        now=now,
        moment=request.moment,  # type: ignore[attr-defined]
    )


@require_safe
def sought(request: HttpRequest, number: int) -> HttpResponse:
    """The one person, while it is open, as the policy shows a person who was sought. Raises NotThere."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row = glass.opened(actor, number, moment=request.moment)  # type: ignore[attr-defined]
    card = people.sought_card(actor, row, now=request.now)  # type: ignore[attr-defined]
    looked(
        request,
        card.classes,
        "read-glass",
        subject=f"person:{card.id}",
        detail={"request": str(row.pk)},
        always=True,
    )
    return render(request, "web/person.html", {"card": card, "secrets": (), "sought": True})
