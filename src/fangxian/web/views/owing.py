"""Who owes what: the list, a reminder, a look at a number; what these two do is written down."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fangxian.access import policy
from fangxian.access.problems import NotYours
from fangxian.campaigns.actions import remind
from fangxian.campaigns.models import Delivery, Reminder
from fangxian.kernel.moments import day_of

from .. import asking, attested, clock, coverage, disclosure
from ..asking import Asked
from ..owing import Owing, debtors, owing, responsible, to_remind, zone_of
from ..problems import NobodyResponsible, NothingOwed, PageNotThere, RemindToday
from ..wording import in_a_row
from .common import page

SIZE = 40
FEW = 7  # on the board
EVERYBODY = "*"


def found(asked: Asked, board: coverage.Board | None = None, campaign: str = "") -> Owing:
    engine = asked.engine
    counted = engine.all(asked.at)
    board = board or coverage.board(asked, engine.figures(asked.at), counted, [])
    return owing(asked, counted, board, campaign)


def summary(asked: Asked, board: coverage.Board) -> dict[str, Any]:
    """For the board: the first few, and how many there are."""
    all_of_them = found(asked, board)
    return {
        "owing": all_of_them,
        "debtors": debtors(all_of_them, asked, 0, FEW),
        "rest": max(0, len(all_of_them) - FEW),
        "unreminded": len(_unreminded(all_of_them, asked)),
    }


def unreminded(asked: Asked, board: coverage.Board) -> int:
    """How many units that are late one press reminds: 0 for whoever may not, and of another day."""
    if not asked.present or asked.unit.id not in policy.scope(asked.actor, "chase"):
        return 0
    return len(_unreminded(found(asked, board), asked))


def _unreminded(owed: Owing, asked: Asked) -> set[str]:
    """Codes of the units that owe what is late and were not reminded on the day."""
    sent = Reminder.objects.filter(at__lte=asked.known).values_list("unit_id", "at")
    told = {unit for unit, at in sent.order_by("-at")[:5_000] if day_of(at) == asked.at.day}
    late = owed.units[: owed.late]  # they come first
    return {unit.code for unit in late if unit.id not in told}


@require_safe
def owing_page(request: HttpRequest) -> HttpResponse:
    asked = asking.read(request)
    campaign = request.GET.get("campaign", "")
    everything = found(asked)
    owed = found(asked, campaign=campaign) if campaign else everything
    number, pages = _number(request, len(owed))
    return page(
        request,
        "web/owing.html",
        asked,
        owing=owed,
        everything=everything,
        campaign=campaign,
        debtors=debtors(owed, asked, (number - 1) * SIZE, number * SIZE),
        number=number,
        pages=pages,
        unreminded=len(_unreminded(owed, asked)),
        by_phone=[told for told in attested.told(asked) if not told.one.replaced],
        links={
            "previous": asked.address(campaign=campaign, page=number - 1) if number > 1 else "",
            "next": asked.address(campaign=campaign, page=number + 1) if number < pages else "",
        },
    )


def _number(request: HttpRequest, count: int) -> tuple[int, int]:
    pages = Paginator(range(count), SIZE).num_pages
    text = request.GET.get("page", "1")
    number = int(text) if text.isdecimal() and len(text) < 8 else 0
    if not 1 <= number <= pages:
        raise PageNotThere(page=text[:20], pages=pages)
    return number, pages


@require_POST
def remind_units(request: HttpRequest) -> HttpResponse:
    """Of one unit, or of all that are late and were not reminded on the day. Into the outbox alone."""
    asked = asking.read(request)
    if not asked.present:
        raise RemindToday()
    owed, wanted = found(asked), set(request.POST.getlist("debtor"))
    codes = _unreminded(owed, asked) if EVERYBODY in wanted else wanted
    reminders = to_remind(owed, asked, codes)
    if not reminders:
        raise NothingOwed()
    sent = remind(owed=reminders, by=asked.actor.name, now=clock.latest())
    if request.headers.get("HX-Request") and EVERYBODY not in wanted:
        first = next(iter(debtors(_only(owed, wanted), asked, 0, 1)))
        return page(request, "web/parts/debtor.html", asked, debtor=first, fresh=True)
    there = _back(request, asked)
    response = HttpResponse(status=204) if request.headers.get("HX-Request") else HttpResponseRedirect(there)
    if request.headers.get("HX-Request"):
        response["HX-Redirect"] = there
    response["X-Reminders"] = str(len(sent))
    return response


def _only(owed: Owing, codes: set[str]) -> Owing:
    places = [place for place, unit in enumerate(owed.units) if unit.code in codes]
    units = tuple(owed.units[place] for place in places)
    return Owing(owed.lines, units, owed.missing[:, places], owed.in_a_row[:, places])


def _back(request: HttpRequest, asked: Asked) -> str:
    there = request.POST.get("next", "/")
    safe = there.startswith("/") and url_has_allowed_host_and_scheme(there, allowed_hosts=None)
    return asked.address(there.split("?")[0] if safe else "/") + "#owing"


@require_POST
def contact(request: HttpRequest) -> HttpResponse:
    """Name and phone of a unit's first responsible person; that they were shown is written down first."""
    asked = asking.read(request)
    unit = asking.unit_of(request.POST.get("debtor", ""), asked.tree, asked.at, asked.actor)
    if policy.verdict(asked.actor, "C", unit.id, purpose="chase") != policy.SHOWN:
        raise NotYours(roles=in_a_row(asked.actor.role_names))
    person, _masked = responsible({unit.id}, asked).get(unit.id, (None, ""))
    if person is None:
        raise NobodyResponsible(unit=unit.name)
    purpose = _("To telephone about what {unit} owes").format(unit=unit.name)
    told = disclosure.told_whole(request, person, purpose, unit=unit.code)
    fragment = request.headers.get("HX-Request")
    template = "web/parts/contact.html" if fragment else "web/contact.html"
    shown = {"unit": unit, "zone": zone_of(asked, unit.id), **told}
    return page(request, template, asked, back=_back(request, asked), **shown)


@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """What was sent, newest first, to whom."""
    asked = asking.read(request)
    rows = Reminder.objects.filter(at__lte=asked.known).select_related("campaign").order_by("-at", "-id")
    if not asked.scope.whole:
        rows = rows.filter(unit__in=asked.tree.nodes)
    number, pages = _number(request, rows.count())
    shown = list(rows[(number - 1) * SIZE : number * SIZE])
    heads = responsible({row.unit_id for row in shown}, asked)
    nodes, sent = asked.tree.nodes, _deliveries(shown)
    return page(
        request,
        "web/outbox.html",
        asked,
        reminders=[
            (
                row,
                nodes.get(row.unit_id),
                zone_of(asked, row.unit_id),
                heads.get(row.unit_id, (None, ""))[1],
                sent.get(row.pk, []),
            )
            for row in shown
        ],
        links={
            "previous": asked.address(page=number - 1) if number > 1 else "",
            "next": asked.address(page=number + 1) if number < pages else "",
        },
    )


def _deliveries(reminders: list[Reminder]) -> dict[int, list[Delivery]]:
    """Of each reminder the last that is known of it by each channel."""
    rows = Delivery.objects.filter(reminder__in=reminders).select_related("channel").order_by("pk")
    last = {(row.reminder_id, row.channel_id): row for row in rows}
    found: dict[int, list[Delivery]] = {}
    for (reminder, _channel), row in last.items():
        found.setdefault(reminder, []).append(row)
    return found
