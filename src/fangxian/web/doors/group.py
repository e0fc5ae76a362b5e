"""Group commit: one thread a process writes to the ledger; who brings something waits for its batch's commit.

A batch is what queued while the last one was committed, so a quiet door answers at once and a busy one pays
for one commit a batch.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from fangxian.kernel.problems import Problem
from fangxian.kernel.sealed_files import Sealing
from fangxian.submissions.envelopes import Sender

from .patience import Waiting
from .problems import DoorsBusy, LedgerUnavailable

BATCH = 256  # envelopes a commit; one request of more is a batch of its own
WAITING = 4_096  # envelopes that may wait
WAITING_BYTES = 64 * 2**20

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Job:
    """What one request brought. `epoch`: of what was known when its sender was admitted."""

    entries: list[Any]  # objects of the JSON door, or a device's `Instance`
    sender: Sender
    epoch: int
    door: str
    size: int
    files: Sequence[Sealing] = ()


Answer = Any  # of a job; see `taking.take`
Take = Callable[[Sequence[Job]], Sequence[Answer]]
Waiter = tuple[Job, asyncio.AbstractEventLoop, "asyncio.Future[Answer]"]


class Writer:
    """The writing thread and its queue."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._queue: deque[Waiter] = deque()
        self._changed = threading.Condition()
        self._weight = self._bytes = 0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="doors", daemon=True)

    def start(self) -> "Writer":
        self._thread.start()
        return self

    async def put(self, job: Job, patience: float) -> Answer:
        """The job's answer, once its batch is durable. Raises DoorsBusy; LedgerUnavailable where that takes
        longer than `patience` seconds."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        with self._changed:
            full = self._weight + len(job.entries) > WAITING or self._bytes + job.size > WAITING_BYTES
            if self._closing or (full and self._queue):
                raise DoorsBusy()
            self._count(job, +1)
            self._queue.append((job, loop, future))
            self._changed.notify()
        with Waiting(patience, lambda: _settle([(future, LedgerUnavailable())])):
            return await future

    def close(self, patience: float = 10.0) -> None:
        """Write what waits, and stop."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(patience)

    def _count(self, job: Job, sign: int) -> None:
        self._weight += sign * len(job.entries)
        self._bytes += sign * job.size

    def _run(self) -> None:
        try:
            while waiters := self._next():
                _deliver(waiters, self._taken([job for job, _loop, _future in waiters]))
        finally:
            connection.close()

    def _taken(self, jobs: Sequence[Job]) -> Sequence[Answer]:
        try:
            return self._take(jobs)
        except Exception:  # the thread must outlive whatever happens to a batch
            log.exception("a batch failed")
            return [LedgerUnavailable()] * len(jobs)

    def _next(self) -> list[Waiter]:
        """What queued up, at most a batch; empty at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            chosen: list[Waiter] = []
            weight = 0
            while self._queue and (not chosen or weight + len(self._queue[0][0].entries) <= BATCH):
                waiter = self._queue.popleft()
                self._count(waiter[0], -1)
                weight += len(waiter[0].entries)
                chosen.append(waiter)
            return chosen


def _deliver(waiters: Sequence[Waiter], answers: Sequence[Answer]) -> None:
    """Wake each loop once a batch."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Answer], Answer]]] = {}
    for (_job, loop, future), answer in zip(waiters, answers, strict=True):
        by_loop.setdefault(loop, []).append((future, answer))
    for loop, pairs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, pairs)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


def _settle(pairs: Sequence[tuple["asyncio.Future[Answer]", Answer]]) -> None:
    for future, answer in pairs:
        if future.done():
            continue
        if isinstance(answer, Problem):
            future.set_exception(answer)
        else:
            future.set_result(answer)
