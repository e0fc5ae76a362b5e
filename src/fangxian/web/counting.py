"""The engine of this process, and whether its lake is abreast of the ledger.

A page never waits long for the mirror: it gives it a moment, and then shows what the lake knows, saying so.
"""

import threading
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from fangxian.figures.engine import Engine
from fangxian.figures.sync import sync_lake
from fangxian.kernel.changes import head_position
from fangxian.kernel.home import Home, current_home
from fangxian.kernel.problems import Problem
from fangxian.lake.problems import LakeBroken, LakeMissing
from fangxian.lake.reader import Lake

PATIENCE = 3.0  # seconds that a page waits for the mirror before it shows older figures


@dataclass(frozen=True, slots=True)
class Counted:
    """An engine and what it knows. `behind`: the ledger knows more; `problem`: why that was not mirrored."""

    engine: Engine
    position: int
    known_at: datetime
    behind: bool = False
    problem: Problem | None = None


class Mirror:
    """Mirrors in a thread, one at a time; who asks meanwhile waits for the same run."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.problem: Problem | None = None
        self._lock = threading.Lock()
        self._run: threading.Thread | None = None

    def catch_up(self, patience: float) -> None:
        with self._lock:
            if self._run is None or not self._run.is_alive():
                self._run = threading.Thread(target=self._sync, name="mirror", daemon=True)
                self._run.start()
            run = self._run
        run.join(patience)

    def _sync(self) -> None:
        from django.db import connection

        try:
            sync_lake(self.home)
            self.problem = None
        except Problem as problem:
            self.problem = problem
        finally:
            connection.close()


@cache
def _engine(home: Home) -> Engine:
    return Engine(home)


@cache
def _mirror(home: Home) -> Mirror:
    return Mirror(home)


def counted(*, patience: float = PATIENCE) -> Counted:
    """The engine, after a short attempt to bring the lake abreast.

    Raises LakeMissing or LakeBroken where there is no lake to read even so.
    """
    home, head = current_home(), head_position()
    engine, mirror = _engine(home), _mirror(home)
    known = _known(engine)
    if known is None or known[0] < head:
        mirror.catch_up(patience)
        known = _known(engine) or _refuse(mirror)
    position, known_at = known
    return Counted(engine, position, known_at, position < head, mirror.problem)


def abreast() -> int | None:
    """The lake's position where it knows all that the ledger does, else None."""
    engine = _engine(current_home())
    known = _known(engine)
    return known[0] if known and known[0] >= head_position() else None


def _known(engine: Engine) -> tuple[int, datetime] | None:
    """Position and moment of the lake as it is now; None where it cannot be read."""
    try:
        lake = engine.source()
    except (LakeMissing, LakeBroken):
        return None
    assert isinstance(lake, Lake)
    return lake.position, lake.known_at


def _refuse(mirror: Mirror) -> tuple[int, datetime]:
    raise mirror.problem or LakeMissing()


def forget() -> None:
    """For tests, whose data folders come and go."""
    _engine.cache_clear()
    _mirror.cache_clear()
