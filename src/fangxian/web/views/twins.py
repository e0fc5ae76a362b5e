"""Possible duplicates of the register: one person or two, and back again."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from fangxian.access.actor import Actor
from fangxian.matching.duplicates import settle, undo

from .. import clock
from ..disclosure import looked
from ..problems import ChoiceMissing, PageNotThere
from ..twins import pairs, queue

SIZE = 10


@require_safe
def twins(request: HttpRequest) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    decided = request.GET.get("decided") == "1"
    waiting, done = queue(decided=False), queue(decided=True)
    paginator = Paginator(done if decided else waiting, SIZE)
    text = request.GET.get("page", "1")
    number = int(text) if text.isdecimal() and len(text) < 8 else 0
    if not 1 <= number <= paginator.num_pages:
        raise PageNotThere(page=text[:20], pages=paginator.num_pages)
    now: Any = request.now  # type: ignore[attr-defined]
    found = pairs(actor, list(paginator.page(number).object_list), now=now)
    if found:
        people = ",".join(f"{p.twin.person_id},{p.twin.other_id}" for p in found)
        looked(request, "CD", subject="duplicates", count=2 * len(found), detail={"people": people})
    shown = {
        "pairs": found,
        "decided": decided,
        "waiting": len(waiting),
        "done": len(done),
        "number": number,
        "pages": paginator.num_pages,
    }
    return render(request, "web/twins.html", shown)


@require_POST
def twin(request: HttpRequest, id: int) -> HttpResponse:
    """One person (`same`), two (`not_same`), or back (`undo`)."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    choice = request.POST.get("choice", "")
    if choice == "undo":
        undo(twin=id, by=actor.name, now=clock.latest())
        return redirect("/duplicates/?decided=1")
    if choice not in ("same", "not_same"):
        raise ChoiceMissing()
    settle(twin=id, verdict=choice, by=actor.name, now=clock.latest())
    return redirect("/duplicates/")
