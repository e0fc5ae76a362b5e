"""The large picture of the board: how many were found, how many of these are still within 14 days, day by
day, and what the picture says, in words that are worked out from it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fangxian.figures.results import Number, Value, number

from . import days, drawn, shown
from .asking import Asked
from .drawn import Point
from .templatetags import fx

FOUND, WITHIN = "screening.university_students_back_from_hubei", "observed.students_within_14_days"
HEIGHT, TOP, BOTTOM = 260, 24, 26  # pixels: of the picture, above its highest line, under its lowest
LINES, LABELS = 4, 5  # at most so many lines across, and so many days named
RECENT = 5  # days that are held against the quickest ones
FEWEST = 4  # days of which something can be said


@dataclass(frozen=True, slots=True)
class Course:
    """Points in percent from the left and pixels from the top, to one scale with the picture's others."""

    figure: Any
    marks: tuple[Point, ...]

    @property
    def path(self) -> str:
        return "M" + "L".join(f"{mark.x} {mark.y}" for mark in self.marks)

    @property
    def last(self) -> Point:
        return self.marks[-1]

    @property
    def peak(self) -> Point | None:
        return drawn.peak(self.marks)

    @property
    def rises(self) -> list[tuple[Number, Point]]:
        """What each day after the first added; a day that was not counted lies in the next one's."""
        return [(number(after.value - before.value), after) for before, after in pairwise(self.marks)]

    @property
    def largest_rise(self) -> tuple[Number, Point] | None:
        """Where one day added more than any other."""
        first, *others = sorted(self.rises, key=lambda rise: rise[0], reverse=True)
        return first if first[0] > 0 and (not others or first[0] > others[0][0]) else None


@dataclass(frozen=True, slots=True)
class Picture:
    found: Course
    within: Course | None
    lines: tuple[tuple[Number, float], ...]  # value, pixels from the top
    labels: tuple[Point, ...]
    lacking: int
    height: int = HEIGHT

    @property
    def finding(self) -> str:
        """What it says, in a sentence of one or two parts."""
        first = _of_found(self.found)
        if self.within is None:
            return first
        return _("{first}; {second}").format(first=first, second=_of_within(self.within))

    @property
    def recent(self) -> str:
        """Empty where nothing was added."""
        rises = [rise for rise, _mark in self.found.rises[-RECENT:]]
        if max(rises) <= 0:
            return ""
        told = ngettext(
            "In the last {days} day at most {most} a day were added.",
            "In the last {days} days at most {most} a day were added.",
            len(rises),
        )
        return told.format(days=len(rises), most=max(rises))


def picture(asked: Asked, figures: Any, values: dict[str, Value | None]) -> Picture | None:
    """None where the figures are not counted at this unit, or of too few days."""
    first = days.first_day(asked)
    trends = {
        id: days.trend(asked, id, values[id], first)
        for id in (FOUND, WITHIN)
        if id in figures and values[id] is not None
    }
    if FOUND not in trends or len(trends[FOUND].days) < FEWEST or not any(trends[FOUND].values):
        return None
    start, end = trends[FOUND].days[0], trends[FOUND].days[-1]
    lines = across(max(value for trend in trends.values() for value in trend.values))

    def placed(day: date, value: Number) -> Point:
        x = 100 * (day - start).days / (end - start).days
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * float(value) / lines[-1]
        return Point(day, value, round(x, 2), round(y, 1))

    courses = {
        id: Course(shown.show(figures[id], values[id], asked), tuple(map(placed, trend.days, trend.values)))
        for id, trend in trends.items()
        if len(trend.days) >= FEWEST
    }
    return Picture(
        courses[FOUND],
        courses.get(WITHIN),
        tuple((value, placed(start, value).y) for value in lines),
        labelled(courses[FOUND].marks),
        max(trend.lacking for trend in trends.values()),
    )


def across(highest: Number) -> list[int]:
    """Round values from 0 to at least the highest: steps of 1, 2 or 5 of a power of ten."""
    step = 1
    while step * LINES < highest:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return list(range(0, step * max(1, math.ceil(highest / step)) + 1, step))


def labelled(marks: Sequence[Point]) -> tuple[Point, ...]:
    """The first, the last, and some between at equal distances, as long as they leave the last its room."""
    step = math.ceil(len(marks) / LABELS)
    return (*(mark for mark in marks[:-1:step] if mark.x < 78), marks[-1])


def _of_found(course: Course) -> str:
    rises = [rise for rise, _mark in course.rises]
    recent = rises[-RECENT:]
    if not any(recent):
        return _("Nobody was newly found in the last days")
    if sum(recent) < 0:
        return _("Fewer count than before")
    mean = sum(recent) / len(recent)
    windows = [sum(rises[n : n + RECENT]) / RECENT for n in range(len(rises) - RECENT)]
    quickest = max(windows, default=mean)
    if mean < quickest / 2:
        return _("Fewer are newly found than before")
    return (
        _("More are found than in the days before")
        if mean > quickest
        else _("Others are still being found each day")
    )


def _of_within(course: Course) -> str:
    peak = course.peak
    if peak is not None:
        told = _("those within 14 days have been fewer since {day} ({value})")
        return told.format(day=fx.day(peak.day), value=peak.value)
    if course.marks[0].value > course.last.value > 0:
        return _("fewer and fewer are within 14 days")
    return _("on no day shown were more within 14 days") if course.last.value else _("none is within 14 days")
