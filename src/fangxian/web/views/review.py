"""The review: one row at a time and who it may be, by keyboard; the next one comes with the answer."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from fangxian.access.actor import Actor
from fangxian.access.people import aliases
from fangxian.access.problems import NotThere
from fangxian.matching import actions
from fangxian.matching.models import NOT_SAME, SAME, UNDONE, UNSETTLED, Decision, Row
from fangxian.matching.problems import NothingToUndo, RowNotThere
from fangxian.matching.reviewing import Work, agreement, pace, work

from ..disclosure import looked
from ..problems import ChoiceMissing, ReasonMissing
from ..reviewing import origin, side

REASON = 10  # signs of a reason at least
CHOICES = {"none": NOT_SAME, "unsettled": UNSETTLED}


def _listing(request: HttpRequest) -> int | None:
    """The list that is worked through; None for all of them."""
    text = request.GET.get("list", "") or request.POST.get("list", "")
    return int(text) if text.isdecimal() and len(text) < 12 else None


def _address(row: int | None, listing: int | None) -> str:
    path = reverse("review-row", args=[row]) if row is not None else reverse("review")
    return path + (f"?{urlencode({'list': listing})}" if listing is not None else "")


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """The first row of the queue; where there is none, that all is done."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    listing = _listing(request)
    told = work(actor.name, listing)
    first = told.first()
    if first is not None:
        return redirect(_address(first, listing))
    return render(request, "web/reviewed.html", _done(request, listing, told))


def _done(request: HttpRequest, listing: int | None, told: Any) -> dict[str, Any]:
    return {"work": told, "agreement": agreement(listing), "listing": listing, "undoable": _last(request)}


@require_safe
def row(request: HttpRequest, row: int) -> HttpResponse:
    return _shown(request, row, _listing(request))


def _shown(
    request: HttpRequest,
    row: int,
    listing: int | None,
    *,
    whole: bool = False,
    fresh: bool = False,
    told: Work | None = None,
) -> HttpResponse:
    """`fresh`: it comes in the place of another, by HTMX. Raises NotThere."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    everybody = bool(request.GET.get("all"))
    try:
        found = side(actor, row, now=request.now, everybody=everybody, whole=whole)  # type: ignore[attr-defined]
    except RowNotThere as problem:
        raise NotThere() from problem
    told = told or work(actor.name, listing)
    people = ",".join(str(column.known.person) for column in found.columns)
    what = "unmask" if whole else "read"
    detail = {"people": people, "reason": request.POST.get("reason", "").strip()[:200]}
    looked(request, found.classes, what, subject=f"list-row:{row}", count=len(found.columns), detail=detail)
    seconds, after = pace(actor.name), told.after(row)
    shown = {
        "side": found,
        "work": told,
        "listing": listing,
        "minutes": round(seconds * told.progress.left / 60) if seconds else 0,
        "before": _neighbour(told.before(row), listing),
        "after": _neighbour(after, listing),
        "next": after or "",
        "mine": next((v for v in found.sheet.voices if v.by == actor.name), None),
        "undoable": _last(request),
        "fresh": fresh,
        "origin": origin(actor, row) if request.GET.get("origin") else None,
    }
    page = "web/parts/review.html" if fresh else "web/review.html"
    response = render(request, page, shown)
    if fresh:
        response["HX-Push-Url"] = _address(row, listing)
    return response


def _neighbour(row: int | None, listing: int | None) -> str:
    return _address(row, listing) if row is not None else ""


@require_POST
def decided(request: HttpRequest, row: int) -> HttpResponse:
    """Raises ChoiceMissing, NotThere and what `actions.decide` raises."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    listing, choice = _listing(request), request.POST.get("choice", "")
    proposal = request.POST.get("proposal", "")
    person = int(choice) if choice.isdecimal() and len(choice) < 19 else None
    if not proposal.isdecimal() or (person is None and choice not in CHOICES):
        raise ChoiceMissing()
    if not Row.objects.filter(pk=row).exists():
        raise NotThere()
    actions.decide(
        row=row,
        proposal=int(proposal),
        verdict=SAME if person is not None else CHOICES[choice],
        person=person,
        by=actor.name,
        also=aliases(actor),
        now=request.now,  # type: ignore[attr-defined]
    )
    wanted = request.POST.get("next", "")
    return _next(request, int(wanted) if wanted.isdecimal() and len(wanted) < 19 else None, listing)


def _next(request: HttpRequest, wanted: int | None, listing: int | None) -> HttpResponse:
    """The row that stood next in the queue, if it still waits; else the first that does."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    told = work(actor.name, listing)
    row = wanted if wanted is not None and told.waits(wanted) else told.first()
    if not request.headers.get("HX-Request"):
        return redirect(_address(row, listing))
    if row is None:
        response = HttpResponse(status=200)
        response["HX-Redirect"] = _address(None, listing)
        return response
    return _shown(request, row, listing, fresh=True, told=told)


def _last(request: HttpRequest) -> Decision | None:
    """The visitor's last decision that stands."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    held = Decision.objects.filter(by=actor.name, undone_by=None, reopened=None)
    return held.exclude(verdict=UNDONE).order_by("-id").first()


@require_POST
def undo_last(request: HttpRequest) -> HttpResponse:
    """Takes back the visitor's last decision, or the one that is named; its row is shown. Raises
    NothingToUndo."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    named = request.POST.get("decision", "")
    last = _last(request)
    key = int(named) if named.isdecimal() and len(named) < 19 else last.pk if last else None
    if key is None:
        raise NothingToUndo()
    row = actions.undo(decision=key, by=actor.name, now=request.now)  # type: ignore[attr-defined]
    return _next(request, row, _listing(request))


@require_POST
def numbers(request: HttpRequest, row: int) -> HttpResponse:
    """The numbers of a row and its candidates in full, once, saying why. Raises ReasonMissing, NotThere."""
    if len(request.POST.get("reason", "").strip()) < REASON:
        raise ReasonMissing()
    return _shown(request, row, _listing(request), whole=True)
