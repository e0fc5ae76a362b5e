"""For auditors: the log of what was seen, whether it is whole, and the policy as the table that it is."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from fangxian.access import audit, policy
from fangxian.access.models import Account, BreakGlass, Event
from fangxian.access.roles import roles

from ..guard import routes
from ..problems import PageNotThere

SIZE = 100
RECENT = 200  # seals that the page follows; `fangxian audit check` follows all


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """The newest first; sought by actor, or by the id of a copy that was found somewhere."""
    actor, copy = (request.GET.get(name, "").strip()[:80] for name in ("actor", "copy"))
    rows = Event.objects.order_by("-pk")
    rows = rows.filter(actor=actor) if actor else rows
    rows = rows.filter(copy=copy.lower()) if copy else rows
    shown = {
        "page": _page(rows, request.GET.get("page", "1")),
        "sought": {"actor": actor, "copy": copy},
        "checked": audit.check(moment=request.moment, last=RECENT),  # type: ignore[attr-defined]
    }
    return render(request, "web/audit.html", shown)


def _page(rows: Any, text: str) -> Any:
    pages = Paginator(rows, SIZE)
    number = int(text) if text.isdecimal() and len(text) < 8 else 0
    if not 1 <= number <= pages.num_pages:
        raise PageNotThere(page=text[:20], pages=pages.num_pages)
    return pages.page(number)


@require_safe
def glasses(request: HttpRequest) -> HttpResponse:
    """Every emergency, the newest first: who asked, what for, who consented, how often it was looked at."""
    rows = BreakGlass.objects.select_related("account", "second").order_by("-pk")
    page = _page(rows, request.GET.get("page", "1"))
    looks = {row.pk: _looks(row) for row in page.object_list}
    moment = request.moment  # type: ignore[attr-defined]
    shown = {"page": page, "rows": [(row, looks[row.pk]) for row in page.object_list], "moment": moment}
    return render(request, "web/glass_log.html", shown)


def _looks(row: BreakGlass) -> int:
    seen = Event.objects.filter(
        what="read-glass", actor=row.account.username, subject=f"person:{row.person_id}"
    )
    return seen.filter(at__gte=row.opened, at__lte=row.until).count() if row.opened else 0


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """Role by purpose and class; and which route serves which purpose."""
    tables = [
        (purpose, [(role, _cells(verdicts)) for role, verdicts in purpose.roles.items()])
        for purpose in policy.purposes().values()
    ]
    shown = {
        "tables": tables,
        "classes": policy.CLASSES,
        "routes": sorted(routes().items(), key=lambda row: (row[1].purpose, row[0])),
        "roles": roles(),
    }
    return render(request, "web/policy.html", shown)


def _cells(verdicts: dict[str, str]) -> list[str]:
    return [verdicts.get(c, policy.NO) for c in policy.CLASSES]


@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """Who may sign in, and in which roles."""
    rows = Account.objects.order_by("username").prefetch_related("grants__unit")
    return render(request, "web/accounts.html", {"accounts": rows})
