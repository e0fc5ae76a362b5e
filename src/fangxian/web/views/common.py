"""What views share."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fangxian.registry.tree import Node

from ..asking import Asked, told

OF_ZONES = ("bureau", "headquarters")  # units whose parts on the board are the zones


def page(request: HttpRequest, template: str, asked: Asked, **shown: Any) -> HttpResponse:
    """A page with the controls of what is asked."""
    controls = {
        "asked": asked,
        "picker": f"/units/{asked.query}&next={quote(request.path)}",
        "then": asked.address(known_by=None),
        "hindsight": asked.address(known_by=told(asked.latest)),
        "today": f"?unit={quote(asked.unit.code)}",
    }
    return render(request, template, controls | shown)


def children(asked: Asked, unit: Node | None = None) -> list[Node]:
    """The units right under this one (or the one asked) on its own line, and those that a zone covers."""
    tree, unit = asked.tree, unit or asked.unit
    return [tree.nodes[id] for id in tree.parts(unit.id)]


def hosted(asked: Asked, unit: Node | None = None) -> list[Node]:
    """The units of other lines that this one (or the one asked) hosts: what they count may lie in its own
    parts too."""
    tree, unit = asked.tree, unit or asked.unit
    return [tree.nodes[id] for id, host in tree.hosts.items() if host == unit.id and id in tree.nodes]


def zones(asked: Asked) -> list[Node]:
    nodes = asked.tree.nodes.values()
    return sorted((node for node in nodes if node.kind == "zone"), key=lambda node: node.code)


def parts_of(asked: Asked) -> list[Node]:
    """The columns of the board: a city's zones; of other units none, their figures open to their parts."""
    return zones(asked) if asked.unit.kind in OF_ZONES else []


def crumbs(asked: Asked, path: str) -> list[tuple[str, str]]:
    """(name, address) of the unit's ancestors, from the top."""
    above = list(asked.tree.path(asked.unit.id))[1:]
    nodes: Mapping[int, Node] = asked.tree.nodes
    return [(nodes[id].name, asked.address(path, unit=nodes[id].code)) for id in reversed(above)]
