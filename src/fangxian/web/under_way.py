"""Matching takes longer than a page may: it runs beside, one list after the other; pages ask how it is."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils import translation

from fangxian.kernel.problems import Problem
from fangxian.matching.problems import MatchingBroke
from fangxian.matching.rematching import match_list

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Run:
    """`step` in words while it runs; `failed` a sentence where it did not come through."""

    since: datetime
    step: str = ""
    failed: str = ""
    running: bool = True


_runs: dict[int, Run] = {}
_one = threading.Lock()
_turn = threading.Lock()


def run_of(listing: int) -> Run | None:
    """Under way, or failed last time; None otherwise."""
    return _runs.get(listing)


def start(listing: int, *, by: str, now: datetime, moment: datetime) -> None:
    """Nothing where it is under way already. `moment` is the machine's, for who asks how long it takes."""
    with _one:
        held = _runs.get(listing)
        if held is not None and held.running:
            return
        _runs[listing] = Run(since=moment)
    language = translation.get_language() or "zh-hans"
    launch(lambda: _match(listing, by, now, language))


def _in_a_thread(work: Callable[[], None]) -> None:
    def alone() -> None:
        try:
            work()
        finally:
            connection.close()

    threading.Thread(target=alone, name="matching", daemon=True).start()


launch: Callable[[Callable[[], None]], None] = _in_a_thread


def _match(listing: int, by: str, now: datetime, language: str) -> None:
    run = _runs[listing]

    def step(words: str) -> None:
        run.step = words

    try:
        with _turn, translation.override(language):
            match_list(listing, by=by, now=now, step=step, threads=1)
    except Problem as problem:
        with translation.override(language):
            run.failed = problem.sentence()
    except Exception as error:
        with translation.override(language):
            run.failed = MatchingBroke(fault=type(error).__name__).sentence()
        log.exception("matching failed")
    finally:
        run.running = False
        if not run.failed:
            _runs.pop(listing, None)
