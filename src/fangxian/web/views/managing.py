"""A campaign that is under way, for the office that issued it: the next version of its form, the next
round, a notice, closing and reopening. And the one press with which a unit acknowledges a notice."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.access.actor import Actor
from fangxian.access.policy import Scope, purposes
from fangxian.campaigns.actions import close_campaign, closes_of, open_round, reopen_campaign
from fangxian.campaigns.models import Campaign, Closing, Round
from fangxian.campaigns.problems import UnknownCampaign
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.kernel.problems import Problem
from fangxian.registry.tree import tree
from fangxian.submissions import notices
from fangxian.submissions.actions import acknowledge, issue_notice, publish_form
from fangxian.submissions.models import FormVersion
from fangxian.submissions.problems import NoticeNotYours

from .. import building as b
from ..building import Area
from ..coverage import campaign_name
from ..problems import NoticeEmpty, RoundsAlone

LONGEST = 4_000  # characters of a notice


@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, code: str) -> HttpResponse:
    """Raises UnknownCampaign: what others issued cannot be managed, and is not said to be there."""
    where = b.area(request)
    row = Campaign.objects.select_related("issuer").filter(code=code).first()
    if row is None or row.issuer_id not in where.scope:
        raise UnknownCampaign(campaign=code)
    faults: dict[str, str] = {}
    if request.method == "POST":
        act = ACTS.get(request.POST.get("do", ""))
        try:
            if act is not None:
                act(request, row, where)
                return redirect("manage-campaign", code)
        except Problem as problem:
            faults[request.POST["do"]] = problem.sentence()
    return render(
        request, "web/manage.html", _shown(row, where) | {"faults": faults}, status=422 if faults else 200
    )


def _shown(row: Campaign, where: Area) -> dict[str, Any]:
    closes = closes_of(row)
    notice = Campaign.objects.filter(code=notices.code_of(row.code)).first()
    return {
        "campaign": row,
        "name": campaign_name(row),
        "closes": closes,
        "closed": closes is not None and closes <= where.now,
        "closings": Closing.objects.filter(campaign=row).order_by("-id"),
        "versions": FormVersion.objects.filter(form=row.code)
        .defer("xlsform", "xform", "fields")
        .order_by("-pk"),
        "rounds": Round.objects.filter(campaign=row).order_by("-number") if _numbered(row) else None,
        "notice": notice,
        "texts": notice.texts.order_by("-version") if notice else [],
        "is_notice": "notice" in row.schedule,
    }


def _numbered(row: Campaign) -> bool:
    return row.schedule["kind"] == "rounds" and "notice" not in row.schedule


# ------------------------------------------------------------------------------------------- acts


def _form(request: HttpRequest, row: Campaign, where: Area) -> None:
    content, _form, _told = b.read_form(request)
    publish_form(code=row.code, content=content, by=where.actor.name, now=where.now)


def _round(request: HttpRequest, row: Campaign, where: Area) -> None:
    if not _numbered(row):
        raise RoundsAlone()
    number = (
        Round.objects.filter(campaign=row).order_by("-number").values_list("number", flat=True).first() or 0
    ) + 1
    closes = b.read_moment_of("closes", request.POST, where.now)
    open_round(campaign=row.code, number=number, closes=closes, by=where.actor.name, now=where.now)


def _notice(request: HttpRequest, row: Campaign, where: Area) -> None:
    body = request.POST.get("body", "").strip()
    if not 5 <= len(body) <= LONGEST:
        raise NoticeEmpty(longest=LONGEST)
    issue_notice(campaign=row.code, body=body, by=where.actor.name, now=where.now)


def _close(request: HttpRequest, row: Campaign, where: Area) -> None:
    reason = request.POST.get("reason", "")
    close_campaign(campaign=row.code, reason=reason, by=where.actor.name, now=where.now)


def _reopen(request: HttpRequest, row: Campaign, where: Area) -> None:
    closes = b.read_moment_of("closes", request.POST, where.now)
    reason = request.POST.get("reason", "")
    reopen_campaign(campaign=row.code, closes=closes, reason=reason, by=where.actor.name, now=where.now)


ACTS: dict[str, Callable[[HttpRequest, Campaign, Area], None]] = {
    "form": _form,
    "round": _round,
    "notice": _notice,
    "close": _close,
    "reopen": _reopen,
}


# ------------------------------------------------------------------------------------------- one press


def to_acknowledge(actor: Actor, *, now: datetime) -> list[dict[str, Any]]:
    """The notices that the actor's own units have still to acknowledge."""
    asked, units = purposes()["acknowledge"], tree(day_of(now), head_position())
    own = {held.unit for held in actor.held if asked.of(held.role) is not None}
    return [
        {"name": campaign_name(one.campaign), "one": one, "unit": units.nodes[one.unit]}
        for one in notices.pending(own, now=now)
        if one.unit in units.nodes
    ]


@require_POST
def acknowledged(request: HttpRequest, code: str) -> HttpResponse:
    """Raises NoticeNotYours."""
    found: Any = request
    actor: Actor = found.actor
    scope: Scope = found.scope
    text = request.POST.get("unit", "")
    unit = int(text) if text.isdecimal() and len(text) < 18 else 0
    if unit not in scope or not unit:
        raise NoticeNotYours()
    acknowledge(notice=code, unit=unit, by=actor.name, person=actor.person, now=found.now)
    return redirect("home")
