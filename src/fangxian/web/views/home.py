"""One's own page: what is due from here now, what is late below, and one press to get there. Its figures are
the board's, at the unit of each role."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from fangxian.access import audit, policy
from fangxian.access.actor import Actor
from fangxian.access.models import Account
from fangxian.access.people import aliases
from fangxian.kernel.changes import head_position
from fangxian.publishing import signoff
from fangxian.submissions.models import Refusal

from .. import asking, counting, coverage, people
from ..asking import Asked
from ..coverage import Line
from .common import children, page, zones
from .managing import to_acknowledge
from .owing import unreminded

RECENT = 200  # seals of the audit log that a page follows; the command follows all
WORST = 5  # parts shown of a campaign that is late below


@dataclass(frozen=True, slots=True)
class Below:
    """A campaign, and the parts that miss most."""

    line: Line
    parts: list[tuple[Any, Any]]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    shown = {
        "consents": _consents(request, actor),
        "kept": _kept(request, actor),
        "waiting": _waiting(actor),
    }
    shown["notices"] = to_acknowledge(actor, now=request.now)  # type: ignore[attr-defined]
    request.scope = policy.scope(actor, "count")  # type: ignore[attr-defined]
    if not request.scope:  # type: ignore[attr-defined]
        return render(request, "web/home.html", shown)
    asked = asking.read(request)
    engine, parts = asked.engine, _parts(asked)
    board = coverage.board(asked, engine.figures(asked.at), engine.all(asked.at), parts)
    lines = [line for state in (coverage.LATE, coverage.OPEN) for line in board.groups[state]]  # late first
    return page(
        request,
        "web/home.html",
        asked,
        **shown,
        owed=[line for line in lines if line.whole.missing],
        below=[found for line in lines if (found := _below(parts, line)).parts],
        units=_units(asked),
        unreminded=unreminded(asked, board),
    )


def _parts(asked: Asked) -> list[Any]:
    return list(zones(asked) if asked.unit.kind in ("bureau", "headquarters") else children(asked))


def _below(units: list[Any], line: Line) -> Below:
    owing = [(u, part) for u, part in zip(units, line.parts, strict=True) if part and part.missing]
    owing.sort(key=lambda row: (-(row[1].missing or 0), row[0].code))
    return Below(line, owing[:WORST])


def _units(asked: Asked) -> list[tuple[Any, str]]:
    """The units of one's roles, where there are several."""
    held = dict.fromkeys(h.unit for h in asked.actor.held if h.unit in asked.tree.nodes)
    nodes = [asked.tree.nodes[unit] for unit in held]
    return [(node, asked.address(unit=node.code)) for node in nodes] if len(nodes) > 1 else []


def _consents(request: HttpRequest, actor: Actor) -> int:
    if not policy.may(actor, "consent"):
        return 0
    now, moment = request.now, request.moment  # type: ignore[attr-defined]
    return len(people.consentable(actor, now=now, moment=moment))


def _waiting(actor: Actor) -> list[tuple[int, str, str]]:
    """Bulletins whose next step is this visitor's: (draft, its state, what it corrects)."""
    mine = {"approve": (signoff.CHECKED,), "draft": (signoff.DRAFT, signoff.APPROVED)}
    states = {state for purpose, found in mine.items() if policy.may(actor, purpose) for state in found}
    found = [one for one in (signoff.under_way() if states else ()) if one.state in states]
    mine_too = aliases(actor) if found else frozenset()
    return [
        (
            one.draft.pk,
            signoff.state_name(one.state),
            str(one.draft.corrects.number if one.draft.corrects else ""),
        )
        for one in found
        if one.state != signoff.CHECKED or mine_too.isdisjoint(one.authors)
    ]


def _kept(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """For whoever looks after data, accounts and the log."""
    told: dict[str, Any] = {}
    if policy.may(actor, "audit"):
        told["checked"] = audit.check(moment=request.moment, last=RECENT)  # type: ignore[attr-defined]
    if policy.may(actor, "accounts"):
        told["accounts"] = Account.objects.filter(is_active=True).count()
        told["refused"] = Refusal.objects.count()
        told["behind"] = max(0, head_position() - counting.counted(patience=0).position)
    return told
