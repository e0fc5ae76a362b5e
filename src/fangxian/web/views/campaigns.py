"""Campaigns: what is asked of whom by when, and who has reported."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fangxian.access import policy
from fangxian.campaigns.audiences import read_audience
from fangxian.campaigns.models import Campaign, CampaignText, Round
from fangxian.campaigns.problems import UnknownCampaign
from fangxian.submissions.notices import code_of

from .. import asking, coverage, shown
from ..asking import Asked
from .common import children, page, parts_of, zones


@require_safe
def campaigns(request: HttpRequest) -> HttpResponse:
    asked = asking.read(request)
    engine = asked.engine
    board = coverage.board(asked, engine.figures(asked.at), engine.all(asked.at), parts_of(asked))
    return page(request, "web/campaigns.html", asked, coverage=board)


@require_safe
def campaign(request: HttpRequest, code: str) -> HttpResponse:
    asked = asking.read(request)
    row = _campaign(asked, code)
    return page(
        request,
        "web/campaign.html",
        asked,
        campaign=row,
        name=coverage.campaign_name(row),
        text=_text(asked, row),
        audience=[_audience(asked, entry) for entry in read_audience(row.code, row.audience)],
        rounds=_rounds(asked, row),
        coverages=_coverages(asked, row),
        voluntary=bool(row.schedule.get("voluntary")),
        mine=row.issuer_id in policy.scope(asked.actor, "build"),
        closing=row.closings.filter(recorded__lte=asked.at.position).order_by("-id").first(),
        notice=_notice(asked, row),
    )


def _campaign(asked: Asked, code: str) -> Campaign:
    found = (
        Campaign.objects.select_related("issuer").filter(code=code, recorded__lte=asked.at.position).first()
    )
    if found is None:
        raise UnknownCampaign(campaign=code)
    return found


def _notice(asked: Asked, row: Campaign) -> str:
    """The code of the notice about it, where one had been sent by then."""
    found = Campaign.objects.filter(code=code_of(row.code), recorded__lte=asked.at.position)
    return found.values_list("code", flat=True).first() or ""


def _text(asked: Asked, row: Campaign) -> CampaignText | None:
    texts = CampaignText.objects.filter(campaign=row, recorded__lte=asked.at.position)
    return texts.order_by("-version").first()


def _rounds(asked: Asked, row: Campaign) -> list[Round]:
    if row.schedule["kind"] != "rounds":
        return []
    return list(Round.objects.filter(campaign=row, recorded__lte=asked.at.position).order_by("-number"))


def _audience(asked: Asked, selector: Any) -> dict[str, Any]:
    under = asked.tree.by_code.get(selector.under)
    return {
        "kind": selector.kind,
        "roles": [shown.role_name(role) for role in selector.roles],
        "unit_kinds": [shown.kind_name(kind) for kind in selector.unit_kinds],
        "under": asked.tree.nodes[under].name if under else "",
    }


def _coverages(asked: Asked, row: Campaign) -> list[dict[str, Any]]:
    """Each selector's coverage: the unit, its parts worst first."""
    figures = asked.engine.figures(asked.at)
    found = []
    for figure in figures.values():
        if figure.id == f"coverage.{row.code}" or figure.id.startswith(f"coverage.{row.code}."):
            counted = asked.engine.by_unit(figure.id, asked.at)
            found.append(
                {"whole": shown.show(figure, counted.get(asked.unit.id), asked)}
                | _by_part(asked, figure, counted)
            )
    return found


def _by_part(asked: Asked, figure: Any, counted: Any) -> dict[str, Any]:
    units = zones(asked) if asked.unit.kind == "bureau" else children(asked)
    values = [(unit, counted.get(unit.id)) for unit in units]
    rows = [(u, shown.show(figure, v, asked, u.code)) for u, v in values if v and (v.value or v.of)]
    rows.sort(key=lambda row: (-(row[1].missing or 0), row[0].code))
    return {"rows": rows}
