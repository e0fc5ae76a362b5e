"""Choose a unit: by search, or down the tree."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from fangxian.registry.tree import Node

from .. import asking
from ..asking import Asked
from .common import children, crumbs, hosted, page

LIMIT = 40


@dataclass(frozen=True, slots=True)
class Choice:
    unit: Node
    href: str
    down: str
    place: str


@require_safe
def picker(request: HttpRequest) -> HttpResponse:
    """Units whose name or code has `q`; without it those under the unit asked."""
    asked = asking.read(request)
    q, back = request.GET.get("q", "").strip()[:40], _back(request)
    found = _found(asked, q) if q else children(asked) + hosted(asked)
    choices = [_choice(asked, node, back) for node in found[:LIMIT]]
    return page(
        request,
        "web/units.html",
        asked,
        q=q,
        back=back,
        chosen=asked.address(back),
        choices=choices,
        more=max(0, len(found) - LIMIT),
        crumbs=[(name, f"{href}&next={back}") for name, href in crumbs(asked, "/units/")],
    )


def _back(request: HttpRequest) -> str:
    """The page to return to; only one of these pages."""
    back = request.GET.get("next", "/")
    safe = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back.split("?")[0] if safe else "/"


def _found(asked: Asked, q: str) -> list[Node]:
    """Those that begin with it first, then the larger before the smaller."""
    wanted = q.casefold()
    nodes = [
        n for n in asked.tree.nodes.values() if wanted in n.name.casefold() or wanted in n.code.casefold()
    ]
    return sorted(nodes, key=lambda n: (not n.name.casefold().startswith(wanted), _depth(asked, n), n.code))


def _depth(asked: Asked, node: Node) -> int:
    return sum(1 for _unit in asked.tree.path(node.id))


def _choice(asked: Asked, node: Node, back: str) -> Choice:
    above = [asked.tree.nodes[unit].name for unit in asked.tree.path(node.id)][1:]
    down = asked.address("/units/", unit=node.code, next=back)
    return Choice(node, asked.address(back, unit=node.code), down, " › ".join(reversed(above)))
