"""The map of schools: a dot a school, gathered by township, and how much of a campaign each has reported.

Where the townships lie comes from the register; zones are drawn together and cells evened out, so that every
school can be seen: it is a plan, not a survey.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from fangxian.access import policy
from fangxian.figures import inside
from fangxian.figures.results import ByUnit
from fangxian.registry.tree import Node, Tree

from . import drawn
from .asking import Asked
from .coverage import COMPLETE, LATE, OPEN, Board, Line
from .drawn import Cell, Spot

SCHOOLS = ("school", "teaching_point", "kindergarten")
WIDTH, HEIGHT = 720, 560
TOGETHER = 0.72  # how far a township is moved from where it lies towards its zone's part of the map
WIDEST = 15  # between two dots
LEVELS = ("none", "half", "most", "all", "nobody")  # least first; nobody: nobody is asked there
MOST = 50  # percent


@dataclass(frozen=True, slots=True)
class Dot:
    unit: Node
    value: float
    of: float
    level: str
    x: float
    y: float
    href: str

    @property
    def missing(self) -> int:
        return int(self.of - self.value)


@dataclass(frozen=True, slots=True)
class Township:
    centre: Node
    zone: str
    dots: tuple[Dot, ...]
    outline: str
    x: float
    y: float
    href: str

    @property
    def lacking(self) -> tuple[Dot, ...]:
        """Worst first."""
        short = [dot for dot in self.dots if dot.missing]
        return tuple(sorted(short, key=lambda dot: (-dot.missing, dot.unit.code)))

    @property
    def short(self) -> int:
        return len(self.lacking)

    @property
    def paths(self) -> list[tuple[str, str]]:
        """Of each level all dots as one path of points, the least last, above the others."""
        points = dict.fromkeys(reversed(LEVELS), "")
        for dot in self.dots:
            points[dot.level] += f"M{dot.x} {dot.y}h0"
        return [(level, path) for level, path in points.items() if path]


@dataclass(frozen=True, slots=True)
class Map:
    line: Line
    choices: tuple[Line, ...]
    townships: tuple[Township, ...]
    borders: str  # between zones
    zones: tuple[tuple[str, float, float], ...]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def levels(self) -> list[tuple[str, int]]:
        dots = [dot.level for township in self.townships for dot in township.dots]
        return [(level, dots.count(level)) for level in LEVELS if level in dots]

    @property
    def lacking(self) -> int:
        return sum(township.short for township in self.townships)


def of_board(asked: Asked, counted: Mapping[str, ByUnit], board: Board, wanted: str = "") -> Map | None:
    """Of the campaign wanted, else the first that is late or open; None for fewer than two townships."""
    choices = tuple(line for state in (LATE, OPEN, COMPLETE) for line in board.groups[state] if line.whole.of)
    line = next((line for line in choices if line.whole.id == wanted), choices[0] if choices else None)
    if line is None:
        return None
    here = set(inside.under(asked.engine, asked.unit.id, asked.at))
    gathered = [(centre, schools) for centre, schools in _gathered(asked.tree, here) if schools]
    if len(gathered) < 2:
        return None
    zones = tuple(_zone(asked.tree, centre) for centre, _schools in gathered)
    cells = _cells(tuple(centre.place for centre, _schools in gathered), zones)
    townships = tuple(
        _township(asked, counted[line.whole.id], line, centre, schools, zone, cell)
        for (centre, schools), zone, cell in zip(gathered, zones, cells, strict=True)
    )
    return Map(line, choices, townships, _borders(cells, zones), _labels(cells, zones))


def _gathered(tree: Tree, here: set[int]) -> list[tuple[Node, list[Node]]]:
    """Centres with their schools; a school that no centre has goes to the nearest."""
    centres = sorted((n for n in tree.nodes.values() if n.kind == "centre"), key=lambda node: node.code)
    found: dict[int, list[Node]] = {centre.id: [] for centre in centres}
    schools = [node for node in tree.nodes.values() if node.kind in SCHOOLS and node.id in here]
    for node in sorted(schools, key=lambda node: node.code) if centres else []:
        own = next((unit for unit in tree.path(node.id) if unit in found), None)
        found[own or _nearest(node, centres)].append(node)
    return [(centre, found[centre.id]) for centre in centres]


def _nearest(node: Node, centres: Sequence[Node]) -> int:
    def far(centre: Node) -> float:
        return math.dist(centre.place, node.place) if centre.place and node.place else math.inf

    return min(centres, key=far).id


def _zone(tree: Tree, centre: Node) -> str:
    zones = tree.zones.get(centre.id, [])
    return tree.nodes[zones[0]].name if zones and zones[0] in tree.nodes else ""


# ------------------------------------------------------------------------------------ where things are drawn


@lru_cache(maxsize=64)
def _cells(places: tuple[Spot | None, ...], zones: tuple[str, ...]) -> tuple[Cell, ...]:
    spots = _spread(places)
    around = _around(sorted(set(zones)), zones, spots)
    anchors = {name: _anchor(n, len(around)) for n, name in enumerate(around)}
    moved = [_between(spot, anchors[zone]) for spot, zone in zip(spots, zones, strict=True)]
    return tuple(drawn.cells(moved, drawn.rounded(WIDTH, HEIGHT)))


def _spread(places: Sequence[Spot | None]) -> list[Spot]:
    """Onto the map, north above; those without a place around its middle."""
    known = [place for place in places if place]
    west, east = min((x for x, _ in known), default=0), max((x for x, _ in known), default=1)
    south, north = min((y for _, y in known), default=0), max((y for _, y in known), default=1)

    def spot(n: int, place: Spot | None) -> Spot:
        if place is None:
            return WIDTH / 2 + 40 * math.cos(n * drawn.GOLDEN), HEIGHT / 2 + 40 * math.sin(n * drawn.GOLDEN)
        x, y = (place[0] - west) / ((east - west) or 1), (north - place[1]) / ((north - south) or 1)
        return (0.1 + 0.8 * x) * WIDTH, (0.1 + 0.8 * y) * HEIGHT

    return [spot(n, place) for n, place in enumerate(places)]


def _around(names: Sequence[str], zones: Sequence[str], spots: Sequence[Spot]) -> list[str]:
    """The zones in the order in which they lie around the middle."""

    def angle(name: str) -> float:
        own = [spot for spot, zone in zip(spots, zones, strict=True) if zone == name]
        x, y = sum(x for x, _ in own) / len(own), sum(y for _, y in own) / len(own)
        return math.atan2(y - HEIGHT / 2, x - WIDTH / 2)

    return sorted(names, key=angle)


def _anchor(n: int, count: int) -> Spot:
    angle = 2 * math.pi * n / count - math.pi
    return WIDTH * (0.5 + 0.33 * math.cos(angle)), HEIGHT * (0.5 + 0.33 * math.sin(angle))


def _between(spot: Spot, anchor: Spot) -> Spot:
    return tuple((1 - TOGETHER) * a + TOGETHER * b for a, b in zip(spot, anchor, strict=True))  # type: ignore[return-value]


def _township(
    asked: Asked, counted: ByUnit, line: Line, centre: Node, schools: Sequence[Node], zone: str, cell: Cell
) -> Township:
    x, y = cell.centre
    spots = drawn.sunflower((x, y - 8), len(schools), cell.radius * 0.8, WIDEST)
    path = f"/figures/{line.whole.id}/"
    dots = tuple(
        _dot(counted, school, spot, asked.address(path, unit=school.code, part="missing") + "#records")
        for school, spot in zip(schools, spots, strict=True)
    )
    below = max((dot.y for dot in dots), default=y) + 20
    chasing = policy.may(asked.actor, "chase")
    there = "/owing/" if chasing else f"/campaigns/{line.campaign.code}/"
    href = asked.address(there, unit=centre.code, campaign=line.campaign.code if chasing else None)
    return Township(centre, zone, dots, _path(cell.corners), round(x, 1), round(below, 1), href)


def _dot(counted: ByUnit, school: Node, spot: Spot, href: str) -> Dot:
    value = counted.get(school.id)
    done, of = (value.value, value.of or 0) if value else (0, 0)
    return Dot(school, done, of, _level(done, of), round(spot[0], 1), round(spot[1], 1), href)


def _level(value: float, of: float) -> str:
    if not of:
        return "nobody"
    if value >= of:
        return "all"
    return "none" if not value else "most" if 100 * value >= MOST * of else "half"


def _path(corners: Sequence[Spot]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners) + "Z"


def _borders(cells: Sequence[Cell], zones: Sequence[str]) -> str:
    """Sides between townships of different zones."""
    found = []
    for place, cell in enumerate(cells):
        around = (*cell.corners[1:], cell.corners[0])
        for (x1, y1), (x2, y2), other in zip(cell.corners, around, cell.beyond, strict=True):
            if other > place and zones[other] != zones[place]:
                found.append(f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}")
    return "".join(found)


def _labels(cells: Sequence[Cell], zones: Sequence[str]) -> tuple[tuple[str, float, float], ...]:
    """Each zone's name at the upper side of its highest township."""
    found = []
    for name in sorted(set(zones) - {""}):
        own = [cell for cell, zone in zip(cells, zones, strict=True) if zone == name]
        top = min(own, key=lambda cell: cell.centre[1])
        x = top.centre[0]
        found.append((name, round(x, 1), round(_top_at(top, x) + 20, 1)))
    return tuple(found)


def _top_at(cell: Cell, x: float) -> float:
    """Where a line down at x enters a cell."""
    around = (*cell.corners[1:], cell.corners[0])
    crossed = [
        y1 + (y2 - y1) * (x - x1) / (x2 - x1)
        for (x1, y1), (x2, y2) in zip(cell.corners, around, strict=True)
        if (x1 - x) * (x2 - x) <= 0 and x1 != x2
    ]
    return min(crossed, default=0)
