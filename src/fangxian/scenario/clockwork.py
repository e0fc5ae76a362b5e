"""The replay's time: whole minutes since the first day began, and the windows of the screening's rounds."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from fangxian.kernel.moments import OFFICE_ZONE

from .problems import ImpossibleFacts

DAY = 1440
HOUR = 60
START = datetime(2020, 1, 24, tzinfo=OFFICE_ZONE)
FIRST_DAY = START.date()
BUILT = datetime(2020, 1, 20, 9, tzinfo=OFFICE_ZONE)  # the roster was there before
REPORT_DAY = 19  # 12 February, as a number of days
MORNING, EVENING = 8 * HOUR + 30, 20 * HOUR  # when people are called and reports are written
LAST_HAPPENED = REPORT_DAY * DAY + 17 * HOUR + 30
LAST_ROUND_CLOSES = REPORT_DAY * DAY + 18 * HOUR
LAST_RECEIVED = REPORT_DAY * DAY + 18 * HOUR + 10
CLOCK = "2020-02-12T18:20:00+08:00"


def moment(minute: int) -> datetime:
    return START + timedelta(minutes=int(minute))


def day(number: int) -> date:
    return FIRST_DAY + timedelta(days=int(number))


def at(month: int, of_month: int, hour: int = 0, minute: int = 0) -> int:
    """The minute of a moment of 2020."""
    then = datetime(2020, month, of_month, hour, minute, tzinfo=OFFICE_ZONE)
    return int((then - START).total_seconds()) // 60


def received(happened: np.ndarray, delay: np.ndarray, every: int = HOUR) -> np.ndarray:
    """When the office takes in what happened and was entered `delay` minutes later: in batches, each
    `every` so many minutes."""
    hours = -(-(happened + delay) // every) * every
    return np.minimum(hours, LAST_RECEIVED)


def working_minutes(opens: int, closes: int) -> np.ndarray:
    """The minutes of a window in which people are called, in order."""
    minutes = np.arange(opens, min(closes, LAST_HAPPENED) + 1)
    of_day = minutes % DAY
    return minutes[(of_day >= MORNING) & (of_day <= EVENING)]


def some_time(rng: np.random.Generator, count: int, first: int, last: int) -> np.ndarray:
    """`count` minutes in working hours between two minutes, drawn evenly: int64."""
    minutes = working_minutes(first, last)
    return minutes[rng.integers(0, len(minutes), count)]


# Lists of other offices come on the 28th, are matched and reviewed that night; calls follow the next morning.
FIRST_ISSUE, LISTED, MATCHED, REVIEWED = at(1, 28, 12), at(1, 28, 21), at(1, 28, 22), at(1, 28, 23)
ASKED, CALLED = at(1, 29, 9), at(1, 29, 10)


@dataclass(frozen=True, slots=True)
class Window:
    number: int
    opens: int
    closes: int


def windows(rounds: int) -> list[Window]:
    """The first round has four days; the others share the sixteen up to the report, a day each at least."""
    if rounds < 1 or rounds > 17:
        raise ImpossibleFacts(reason=f"{rounds} rounds of screening in 20 days")
    if rounds == 1:
        return [Window(1, at(1, 24, 8), LAST_ROUND_CLOSES)]
    starts = [0, *(4 + k * 16 // (rounds - 1) for k in range(rounds - 1))]
    ends = [*(start * DAY - 4 * HOUR for start in starts[1:]), LAST_ROUND_CLOSES]
    return [
        Window(number, start * DAY + 8 * HOUR, end)
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), start=1)
    ]
