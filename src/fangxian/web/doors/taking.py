"""What a batch of jobs becomes in the ledger: one transaction, the checks of `receive`, an answer a job.

What cannot be written at all (a fault of the program, not of the data's form) does not fail its neighbours:
the batch is halved until it stands alone.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import Error, InterfaceError, OperationalError, connection, transaction

from fangxian.kernel.changes import recording
from fangxian.kernel.demonstration import clock_of, demonstration_of
from fangxian.kernel.home import current_home
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.kernel.problems import Problem
from fangxian.kernel.sealed_files import Sealing
from fangxian.submissions.actions import receive
from fangxian.submissions.envelopes import Envelope, Receipt, Sender
from fangxian.submissions.instances import Instance, entry_of
from fangxian.submissions.known import Known
from fangxian.submissions.lines import Names, read_envelope

from .. import clock
from .group import Answer, Job
from .problems import LedgerUnavailable, Unexpected

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one entry: a receipt, or the problem for which it could not even be read."""

    envelope: Envelope | None
    receipt: Receipt

    @property
    def problems(self) -> list[tuple[str, Problem]]:
        return self.receipt.problems


class Stale:
    """The sender was admitted before something else was recorded: ask again who it is."""


class Taker:
    """Takes batches, in the one writing thread of a process; remembers between them what it may."""

    def __init__(self) -> None:
        self.known = Known()

    def __call__(self, jobs: Sequence[Job]) -> list[Answer]:
        """For each job its outcomes, one an entry; `Stale`; or the problem that met all of it."""
        try:
            return self._commit(jobs)
        except (OperationalError, InterfaceError):
            log.exception("the ledger cannot be written")
            self._begin_anew()
            return [LedgerUnavailable()] * len(jobs)
        except Problem as problem:
            return [problem] * len(jobs)
        except Exception:
            return self._apart(jobs)

    def _apart(self, jobs: Sequence[Job]) -> list[Answer]:
        if len(jobs) > 1:
            half = len(jobs) // 2
            return [*self(jobs[:half]), *self(jobs[half:])]
        log.exception("a submission could not be written")
        return [Unexpected()]

    def _begin_anew(self) -> None:
        """What comes back may be another ledger than the one that went."""
        self.known.forget()
        try:
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
        except Error:
            connection.close()

    def _commit(self, jobs: Sequence[Job]) -> list[Answer]:
        moment, still = standing()
        with recording("submissions.receive", by="doors", now=moment, still=still) as change:
            epoch = self.known.refresh(change.position)
            fresh = [job for job in jobs if job.epoch == epoch]
            names = Names((_naming(entry) for job in fresh for entry in job.entries), self.known)
            read = [[self._read(entry, job, names, change.at) for entry in job.entries] for job in fresh]
            envelopes = [one for entries in read for one in entries if isinstance(one, Envelope)]
            receipts = iter(receive(envelopes=envelopes, by="doors", now=change.at, known=self.known))
            outcomes = iter([_kept(job, entries, receipts) for job, entries in zip(fresh, read, strict=True)])
            answers = [next(outcomes) if job.epoch == epoch else Stale() for job in jobs]
        self.known.wrote(change.position, change.counts)
        return answers

    def _read(self, entry: Any, job: Job, names: Names, at: datetime) -> Envelope | Problem:
        try:
            if isinstance(entry, Instance):
                entry = entry_of(entry, self.known, job.sender)
            sender, door = job.sender, job.door
            return read_envelope(entry, file="", line=0, now=at, names=names, sender=sender, door=door)
        except Problem as problem:
            return problem


def _naming(entry: Any) -> dict[str, Any]:
    """What of an entry names persons."""
    if not isinstance(entry, Instance):
        return entry  # type: ignore[no-any-return]
    kind, key = entry.subject
    return {"subject": {kind: key}}


def _kept(job: Job, read: Sequence[Envelope | Problem], receipts: Any) -> list[Outcome]:
    """The outcomes of a job; its files get their names before the commit, where they are taken."""
    outcomes = [_outcome(one, receipts) for one in read]
    if not any(outcome.problems for outcome in outcomes):
        for file in job.files:
            file.keep()
    return outcomes


def _outcome(read: Envelope | Problem, receipts: Any) -> Outcome:
    if isinstance(read, Problem):
        return Outcome(None, Receipt(problems=[("", read)]))
    return Outcome(read, next(receipts))


def take_here(
    entries: Sequence[dict[str, Any]], sender: Sender, *, door: str, files: Sequence[Sealing] = ()
) -> list[Outcome]:
    """As a batch of its own, on this thread's connection: for pages and sheets.

    Raises LedgerUnavailable, Unexpected.
    """
    taker = Taker()
    with transaction.atomic():
        taker([])  # what is known now, held by the head's lock until the entries are in
        answer = taker([Job(list(entries), sender, taker.known.epoch, door, 0, files)])[0]
        if isinstance(answer, Problem):
            raise answer
    return list(answer)


def standing() -> tuple[datetime, bool]:
    """An office's clock; or a demonstration's, and that it stands still."""
    home, moment = current_home(), datetime.now(OFFICE_ZONE)
    return clock_of(home, now=moment), demonstration_of(home) is not None


def now() -> datetime:
    """An office's clock; a demonstration's stands still, and moves on with what is recorded."""
    return clock.latest() if demonstration_of(current_home()) else datetime.now(OFFICE_ZONE)
