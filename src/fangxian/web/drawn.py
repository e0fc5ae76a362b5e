"""Lines and maps as SVG wants them: numbers and paths; words stay in the templates."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fangxian.figures.results import Number

from .days import Trend

WIDTH, HEIGHT, MARGIN = 240, 64, 6


@dataclass(frozen=True, slots=True)
class Point:
    day: date
    value: Number
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """A course over some days, from the first to the moment asked; `peak` where it lies between."""

    points: tuple[Point, ...]
    path: str
    area: str
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def first(self) -> Point:
        return self.points[0]

    @property
    def last(self) -> Point:
        return self.points[-1]

    @property
    def peak(self) -> Point | None:
        return peak(self.points)

    @property
    def flat(self) -> bool:
        return len({point.value for point in self.points}) == 1


def peak(points: Sequence[Point]) -> Point | None:
    """The highest, where it was seen to be one: the first and the last are lower."""
    highest = max(points, key=lambda point: point.value)
    return highest if highest.value > max(points[0].value, points[-1].value) else None


def line(trend: Trend, width: int = WIDTH, height: int = HEIGHT) -> Line:
    """Zero lies at the bottom, so that a height says how much."""
    top = max(max(trend.values), 0) or 1
    low = min(min(trend.values), 0)
    span = (trend.days[-1] - trend.days[0]).days or 1
    points = tuple(
        Point(
            day,
            value,
            round(MARGIN + (width - 2 * MARGIN) * (day - trend.days[0]).days / span, 1),
            round(height - MARGIN - (height - 2 * MARGIN) * (value - low) / ((top - low) or 1), 1),
        )
        for day, value in zip(trend.days, trend.values, strict=True)
    )
    path = "M" + "L".join(f"{point.x} {point.y}" for point in points)
    base = height - MARGIN
    return Line(points, path, f"{path}L{points[-1].x} {base}L{points[0].x} {base}Z", width, height)


# ------------------------------------------------------------------------------------ maps

Spot = tuple[float, float]
GOLDEN = math.pi * (3 - math.sqrt(5))


@dataclass(frozen=True, slots=True)
class Cell:
    """The part of the plane nearest to one place: its corners, and for each side the place beyond it (-1: the
    edge of the map)."""

    corners: tuple[Spot, ...]
    beyond: tuple[int, ...]

    @property
    def centre(self) -> Spot:
        area = x = y = 0.0
        for (x1, y1), (x2, y2) in zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True):
            cross = x1 * y2 - x2 * y1
            area, x, y = area + cross, x + (x1 + x2) * cross, y + (y1 + y2) * cross
        return (x / (3 * area), y / (3 * area)) if area else self.corners[0]

    @property
    def radius(self) -> float:
        """Of the largest circle around the centre within it."""
        cx, cy = self.centre
        return min(
            abs((x2 - x1) * (y1 - cy) - (x1 - cx) * (y2 - y1)) / (math.hypot(x2 - x1, y2 - y1) or 1)
            for (x1, y1), (x2, y2) in zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True)
        )


def cells(places: Sequence[Spot], outline: Sequence[Spot], rounds: int = 12) -> list[Cell]:
    """A cell for each place, evened out: after each round the places move to the middles of their cells
    (Lloyd, "Least squares quantization in PCM", 1982)."""
    spots = list(places)
    for _round in range(rounds):
        spots = [_cell(i, spots, outline).centre for i in range(len(spots))]
    return [_cell(i, spots, outline) for i in range(len(spots))]


def _cell(place: int, spots: Sequence[Spot], outline: Sequence[Spot]) -> Cell:
    corners, beyond = list(outline), [-1] * len(outline)
    for other, spot in enumerate(spots):
        if other != place and spot != spots[place]:
            corners, beyond = _cut(corners, beyond, spots[place], spot, other)
    return Cell(tuple(corners), tuple(beyond))


def _cut(
    corners: list[Spot], beyond: list[int], here: Spot, there: Spot, name: int
) -> tuple[list[Spot], list[int]]:
    """What of the polygon lies nearer to `here` than to `there`."""
    dx, dy = there[0] - here[0], there[1] - here[1]
    limit = (there[0] ** 2 + there[1] ** 2 - here[0] ** 2 - here[1] ** 2) / 2
    kept: list[Spot] = []
    sides: list[int] = []
    for place, (x1, y1) in enumerate(corners):
        x2, y2 = corners[(place + 1) % len(corners)]
        a, b = x1 * dx + y1 * dy - limit, x2 * dx + y2 * dy - limit
        if a <= 0:
            kept.append((x1, y1))
            sides.append(beyond[place])
        if (a <= 0) != (b <= 0):
            t = a / (a - b)
            kept.append((x1 + t * (x2 - x1), y1 + t * (y2 - y1)))
            sides.append(name if a <= 0 else beyond[place])
    return (kept, sides) if len(kept) > 2 else (corners, beyond)


def sunflower(centre: Spot, count: int, radius: float, widest: float) -> list[Spot]:
    """Places for so many dots, evenly packed around a centre (Vogel 1979)."""
    step = min(widest, radius / math.sqrt(max(count, 1)))
    return [
        (
            centre[0] + step * math.sqrt(n + 0.5) * math.cos(n * GOLDEN),
            centre[1] + step * math.sqrt(n + 0.5) * math.sin(n * GOLDEN),
        )
        for n in range(count)
    ]


def rounded(width: float, height: float, sides: int = 48, power: float = 3.2) -> list[Spot]:
    """The outline of a map: between an ellipse and a rectangle."""
    found = []
    for n in range(sides):
        angle = 2 * math.pi * n / sides
        c, s = math.cos(angle), math.sin(angle)
        x = width / 2 * (1 + math.copysign(abs(c) ** (2 / power), c))
        y = height / 2 * (1 + math.copysign(abs(s) ** (2 / power), s))
        found.append((x, y))
    return found
