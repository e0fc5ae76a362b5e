"""What is not in order: refused submissions, units outside the zones, units that nobody answers for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fangxian.campaigns.models import Campaign
from fangxian.kernel.problems import Problem
from fangxian.submissions import actions as _catalogue  # noqa: F401 - intake's problems, to be told again
from fangxian.submissions.models import Refusal

from .. import asking, coverage
from ..asking import Asked
from ..problems import PageNotThere
from .board import every_fault, under_of
from .common import page

SIZE = 50


@dataclass(frozen=True, slots=True)
class Refused:
    at: datetime
    instance_id: str
    campaign: str
    code: str
    sentence: str


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    asked = asking.read(request)
    under, (unzoned, unheaded) = under_of(asked), every_fault(asked)
    rows = Refusal.objects.filter(at__lte=asked.known).order_by("-at", "-id")
    rows = rows if asked.scope.whole else rows.none()  # what was refused says of no unit whose it is
    refused = _page(rows, request.GET.get("page", "1"))
    names = {row.code: coverage.campaign_name(row) for row in Campaign.objects.all()}
    return page(
        request,
        "web/problems.html",
        asked,
        unzoned=[fault for fault in unzoned if fault.unit.id in under],
        unheaded=[node for node in unheaded if node.id in under],
        refused=[_refused(row, names) for row in refused],
        refused_page=refused,
        links=_links(asked, refused),
    )


def _page(rows: Any, text: str) -> Any:
    pages = Paginator(rows, SIZE)
    number = int(text) if text.isdecimal() and len(text) < 8 else 0
    if not 1 <= number <= pages.num_pages:
        raise PageNotThere(page=text[:20], pages=pages.num_pages)
    return pages.page(number)


def _links(asked: Asked, page: Any) -> dict[str, str]:
    links = {}
    if page.has_previous():
        links["previous"] = asked.address(page=page.number - 1) + "#refused"
    if page.has_next():
        links["next"] = asked.address(page=page.number + 1) + "#refused"
    return links


def _refused(row: Refusal, names: dict[str, str]) -> Refused:
    return Refused(row.at, row.instance_id, names.get(row.campaign, row.campaign), row.code, sentence(row))


def sentence(row: Refusal) -> str:
    """The problem's sentence in the language that is active, from what was kept of it."""
    kind = Problem.catalogue.get(row.code)
    try:
        return kind(**row.facts).sentence() if kind else row.code
    except (KeyError, IndexError, ValueError, TypeError):
        return row.code  # a fact is missing that a later version's sentence wants
