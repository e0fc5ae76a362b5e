"""The past days of this process's data folder, and the thread that counts those that are wanted."""

import threading
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from queue import Empty, LifoQueue

from fangxian.campaigns.models import Campaign
from fangxian.figures.results import Number, Value
from fangxian.figures.trend import Days
from fangxian.kernel.home import Home, current_home
from fangxian.kernel.moments import day_of
from fangxian.kernel.problems import Problem

from .asking import Asked

SHOWN = 21  # days of a trend, the one asked included


@dataclass(frozen=True, slots=True)
class Trend:
    """Of one figure at one unit; the last day is the moment asked. `lacking`: days not counted yet."""

    days: tuple[date, ...]
    values: tuple[Number, ...]
    lacking: int

    def __bool__(self) -> bool:
        return len(self.days) > 1


@cache
def _days(home: Home) -> Days:
    return Days(home)


def days() -> Days:
    return _days(current_home())


def first_day(asked: Asked) -> date:
    """From when a trend is shown: three weeks ago, or the first campaign's opening."""
    opened = Campaign.objects.order_by("opens").values_list("opens", flat=True).first()
    earliest = asked.at.day - timedelta(days=SHOWN - 1)
    return max(earliest, day_of(opened)) if opened else earliest


def trend(asked: Asked, figure: str, value: Value | None, first: date | None = None) -> Trend:
    """By what was known at the end of each day, and at the moment asked."""
    first, yesterday = first or first_day(asked), asked.at.day - timedelta(days=1)
    if value is None:
        return Trend((), (), 0)
    lacking = days().missing(first, yesterday)
    COUNTER.want(lacking)
    known = [*days().series(figure, asked.unit.id, first, yesterday), (asked.at.day, value.value)]
    return Trend(tuple(day for day, _ in known), tuple(number for _, number in known), len(lacking))


def yesterday(asked: Asked, figure: str) -> Value | None:
    return days().value(figure, asked.unit.id, asked.at.day - timedelta(days=1))


def yesterday_is_counted(asked: Asked) -> bool:
    return days().is_counted(asked.at.day - timedelta(days=1))


# ------------------------------------------------------------------------------------ the thread


class Counter:
    """Counts the days that pages want, the last wanted first, beside the pages."""

    def __init__(self) -> None:
        self._wanted: LifoQueue[tuple[Home, date]] = LifoQueue()
        self._thread: threading.Thread | None = None
        self._started = threading.Lock()

    def start(self) -> None:
        with self._started:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="days", daemon=True)
                self._thread.start()

    @property
    def at_work(self) -> bool:
        return self._thread is not None

    def want(self, wanted: list[date]) -> None:
        """Nothing where no thread was started: then who asks for a day counts it."""
        if self.at_work and self._wanted.empty():
            for day in reversed(wanted):
                self._wanted.put((current_home(), day))

    def _work(self) -> None:
        from django.db import connection

        while True:
            try:
                home, day = self._wanted.get(timeout=60)
            except Empty:
                connection.close()
                continue
            try:
                _days(home).count(day)
            except Problem:
                continue  # told to whoever asks for a page of it


COUNTER = Counter()


def forget() -> None:
    """For tests, whose data folders come and go."""
    _days.cache_clear()
