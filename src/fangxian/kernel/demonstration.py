"""Whether a data folder holds a demonstration, and where its clock stands.

A demonstration carries a marker file. What reads it: pages and documents, which then say 演示数据, and
commands, for which it is the demonstration's evening and not today.
"""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from .home import Home
from .moments import read_moment

NAME = "demonstration.json"
CLOCK = "FANGXIAN_CLOCK"  # moves a demonstration's clock for one run; an office's clock cannot be moved


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What the marker tells. `facts` is the SHA-256 of the facts file that the city was built from;
    `clock` an ISO 8601 moment."""

    scenario: str
    scale: float
    seed: int
    facts: str
    clock: str

    def write(self, folder: Path) -> None:
        (folder / NAME).write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n")


def demonstration_of(home: Home) -> Demonstration | None:
    """The demonstration that lives in this folder; None where it is an office's own."""
    path = home.path / NAME
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=8)
def _read(path: Path, _edition: int) -> Demonstration:
    return Demonstration(**json.loads(path.read_text()))


def clock_of(home: Home, *, now: datetime) -> datetime:
    """What time it is: where the demonstration's clock was moved to or stands; else `now`, the machine's."""
    told = demonstration_of(home)
    if told is None:
        return now
    return read_moment(os.environ.get(CLOCK) or told.clock)
