"""People, as far as the policy shows them: a unit's list, a person, a whole number for a reason, and the
glass that is broken in an emergency. All of it as of now: who has left is not there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fangxian.access import audit, glass, policy
from fangxian.access.actor import Actor
from fangxian.access.people import leaves
from fangxian.access.problems import CaseUnnamed, NotThere
from fangxian.figures.problems import UnitNotThere
from fangxian.kernel.changes import head_position
from fangxian.kernel.demonstration import demonstration_of
from fangxian.kernel.home import current_home
from fangxian.kernel.moments import day_of
from fangxian.registry.holding import holding
from fangxian.registry.models import PersonState, Post
from fangxian.registry.tree import Node, Tree, tree

from .. import exports, people
from ..asking import root
from ..disclosure import looked
from ..problems import PageNotThere, UnknownFormat

SIZE = 50
LARGEST = 2_000  # units under one whose people are listed; of larger ones the parts are offered


@dataclass(frozen=True, slots=True)
class Found:
    unit: Node
    ids: list[int]
    total: int
    number: int
    pages: int
    q: str
    parts: list[Node]


def _area(request: HttpRequest) -> tuple[Actor, Tree]:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    now: Any = request.now  # type: ignore[attr-defined]
    area = policy.scope(actor, "people")
    units = tree(day_of(now), head_position())
    return actor, units if area.whole else units.within(area.units)


def _unit(request: HttpRequest, actor: Actor, units: Tree) -> Node:
    code = request.GET.get("unit", "").strip()
    if code:
        if code not in units.by_code:
            raise UnitNotThere(unit=code, day=day_of(request.now).isoformat())  # type: ignore[attr-defined]
        return units.nodes[units.by_code[code]]
    own = next((held.unit for held in actor.held if held.unit in units.nodes), None)
    return root(units) if own is None else units.nodes[own]


def _people_of(request: HttpRequest, units: Iterable[int]) -> list[int]:
    """Whoever has a post in these units now, by unit."""
    at = holding(day_of(request.now), head_position())  # type: ignore[attr-defined]
    rows = Post.objects.filter(at, unit__in=list(units)).order_by("unit__code", "person")
    return list(dict.fromkeys(rows.values_list("person_id", flat=True)))


def _sought(request: HttpRequest, actor: Actor, ids: list[int], q: str) -> list[int]:
    """Those whose name begins with `q`, of each as far as it is shown: behind a mask the surname alone."""
    now: Any = request.now  # type: ignore[attr-defined]
    at = holding(day_of(now), head_position())
    rows = PersonState.objects.filter(at, person__in=ids, name__startswith=q)
    named = set(rows.values_list("person_id", flat=True))
    units = leaves(named, day=day_of(now), position=head_position())
    wanted = (policy.SHOWN,) if len(q) > 1 else (policy.SHOWN, policy.MASKED)
    return [p for p in ids if p in named and policy.verdict(actor, "B", units[p], purpose="people") in wanted]


def _found(request: HttpRequest) -> Found:
    """Raises UnitNotThere, PageNotThere."""
    actor, units = _area(request)
    unit, q = _unit(request, actor, units), request.GET.get("q", "").strip()[:40]
    under = units.under(unit.id)
    parts = [n for n in units.nodes.values() if n.parent == unit.id and n.kind != "key_area"]
    if len(under) > LARGEST:
        return Found(unit, [], 0, 1, 1, q, parts)
    ids = _people_of(request, under)
    ids = _sought(request, actor, ids, q) if q else ids
    pages, text = max(1, -(-len(ids) // SIZE)), request.GET.get("page", "1")
    number = int(text) if text.isdecimal() and len(text) < 8 else 0
    if not 1 <= number <= pages:
        raise PageNotThere(page=text[:20], pages=pages)
    return Found(unit, ids, len(ids), number, pages, q, parts)


def _cards(request: HttpRequest, ids: list[int]) -> list[people.Card]:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return people.cards(actor, ids, now=request.now, moment=request.moment)  # type: ignore[attr-defined]


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    found = _found(request)
    cards = _cards(request, found.ids[(found.number - 1) * SIZE : found.number * SIZE])
    classes = "".join(sorted({c for card in cards for c in card.classes}))
    looked(request, classes, unit=found.unit.code, subject=f"people:{found.number}", count=len(cards))
    heads = people.names_of_fields()
    rows = [(card.id, [(code, card.value(code)) for code in heads]) for card in cards]
    shown = {"found": found, "rows": rows, "heads": heads, "formats": exports.FORMATS}
    return render(request, "web/people.html", shown)


@require_safe
def download(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The list as a file, masked as the list is; it bears the id of its copy."""
    if kind not in exports.FORMATS:
        raise UnknownFormat(format=kind, formats=", ".join(exports.FORMATS))
    found, heads = _found(request), people.names_of_fields()
    cards, copy = _cards(request, found.ids), audit.new_copy()
    classes = "".join(sorted({c for card in cards for c in card.classes}))
    looked(request, classes, "export", unit=found.unit.code, count=len(cards), copy=copy, always=True)
    rows = ([card.value(code) for code in heads] for card in cards)
    write = exports.as_csv if kind == "csv" else exports.as_xlsx
    return write(f"fangxian-people-{found.unit.code}", _head(found, copy), list(heads.values()), rows)


def _head(found: Found, copy: str) -> Iterator[tuple[Any, ...]]:
    if demonstration_of(current_home()):
        yield ("演示数据", "Demonstration data: all people and records are invented.")
    yield _("Unit"), found.unit.name, found.unit.code
    yield _("Copy"), copy


def _card(request: HttpRequest, person: int) -> people.Card:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    card = people.card(actor, person, now=request.now, moment=request.moment)  # type: ignore[attr-defined]
    looked(request, card.classes, "read-glass" if card.glass else "read", subject=f"person:{person}")
    return card


@require_safe
def person(request: HttpRequest, person: int, whole: people.Field | None = None) -> HttpResponse:
    card = _card(request, person)
    return render(request, "web/person.html", {"card": card, "whole": whole, "secrets": people.SECRETS})


@require_safe
def person_json(request: HttpRequest, person: int) -> HttpResponse:
    card = _card(request, person)
    told = {"id": card.id} | {field.code: field.value for field in card.fields}
    sheets = [{"campaign": s.campaign, "answers": {a.code: a.value for a in s.answers}} for s in card.sheets]
    return JsonResponse(told | {"sheets": sheets}, json_dumps_params={"ensure_ascii": False})


@require_POST
def unmask(request: HttpRequest, person_id: int) -> HttpResponse:
    """One number in full, once, saying why. Raises NotThere, CaseUnnamed."""
    code, reason = request.POST.get("field", ""), request.POST.get("reason", "").strip()
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if code not in people.SECRETS:
        raise NotThere()
    found = people.whole(actor, person_id, code, now=request.now)  # type: ignore[attr-defined]
    if len(reason) < glass.REASON:
        raise CaseUnnamed()
    subject, detail = f"person:{person_id}", {"field": code, "reason": reason[:200]}
    looked(request, found.field_class, "unmask", subject=subject, detail=detail)
    request.method = "GET"
    return person(request, person_id, whole=found)


@require_POST
def ask_glass(request: HttpRequest, person_id: int) -> HttpResponse:
    """Raises NotThere, CaseUnnamed."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    people.require_reach(actor, person_id, "glass", now=request.now)  # type: ignore[attr-defined]
    case, reason = request.POST.get("case", ""), request.POST.get("reason", "")
    now, moment = request.now, request.moment  # type: ignore[attr-defined]
    glass.ask(actor=actor, person=person_id, case=case, reason=reason, now=now, moment=moment)
    return redirect("person", person_id)


@require_safe
def glasses(request: HttpRequest) -> HttpResponse:
    """Requests that wait for this visitor's consent: of people in scope, and not the visitor's own."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    now, moment = request.now, request.moment  # type: ignore[attr-defined]
    rows = people.consentable(actor, now=now, moment=moment)
    return render(request, "web/glasses.html", {"rows": people.named(actor, rows, now=now)})


@require_POST
def consent(request: HttpRequest, number: int) -> HttpResponse:
    """Raises NothingToConsent, SecondIsFirst, NotThere."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    now, moment = request.now, request.moment  # type: ignore[attr-defined]
    row = next((row for row in glass.pending(moment=moment) if row.pk == number), None)
    if row is not None:
        people.require_reach(actor, row.whom, "consent", now=now)
    glass.consent(actor=actor, request=number, now=now, moment=moment)
    return redirect("glasses")
