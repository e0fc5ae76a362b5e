"""The log of what was seen: who, what, of whom, when; never the values.

Events are appended as they happen and sealed in batches: a seal's digest is a keyed hash over its events and
the seal before, so that none can be changed, taken out or put in afterwards without `check` noticing. Each
seal is also told to a file beside the ledger, so that a ledger cut short at its end is noticed too. The
serving process seals within two seconds; others seal at once.
"""

import base64
import hmac
import json
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import IntegrityError, connection, transaction

from fangxian.kernel.home import current_home
from fangxian.kernel.moments import to_ms
from fangxian.kernel.secrets import own_key

from .models import Event, Seal

BATCH = 5_000
EVERY = 2.0  # seconds between an event and its seal, in the serving process
LATEST = timedelta(seconds=5)
FILE = "audit.seals"
_waiting = threading.Event()
_sealer: threading.Thread | None = None


def record(
    actor: str,
    what: str,
    *,
    at: datetime,
    route: str = "",
    classes: str = "",
    unit: str = "",
    subject: str = "",
    count: int = 1,
    copy: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Append one event. `at` is the machine's clock."""
    Event.objects.create(
        at=at,
        actor=actor[:80],
        what=what,
        route=route[:60],
        classes=classes,
        unit=unit[:40],
        subject=subject[:60],
        count=count,
        copy=copy,
        detail=detail or {},
    )
    if _sealer is not None and _sealer.is_alive():
        _waiting.set()
    else:
        seal(moment=at)


def reminded(person: int, at: datetime) -> None:
    """A phone was looked up by the machine itself, to send a reminder to it."""
    told = {"purpose": "reminder by short message"}
    record("deliver", "read", at=at, classes="C", subject=f"person:{person}", detail=told)


def new_copy() -> str:
    """The id of one exported copy; whoever finds the paper finds the exporter."""
    return base64.b32encode(os.urandom(5)).decode().lower()


def seal(*, moment: datetime) -> Seal | None:
    """Seal what is not sealed yet; None where there is nothing, or another process was quicker."""
    with suppress(IntegrityError), transaction.atomic():
        last = Seal.objects.order_by("-number").select_for_update().first()
        events = list(Event.objects.filter(seal=None).order_by("pk")[:BATCH])
        if not events:
            return None
        number, before = (last.number + 1, last.digest) if last else (1, "")
        told = Seal(number=number, at=moment, events=len(events))
        told.digest = _digest(number, before, moment, events)
        told.save(force_insert=True)
        for start in range(0, len(events), 500):
            Event.objects.filter(pk__in=[e.pk for e in events[start : start + 500]]).update(seal=number)
        transaction.on_commit(lambda: _tell(told))
        return told
    return None


def _digest(number: int, before: str, moment: datetime, events: Iterable[Event]) -> str:
    rows = [
        (e.pk, to_ms(e.at), e.actor, e.what, e.route, e.classes, e.unit, e.subject, e.count, e.copy, e.detail)
        for e in events
    ]
    told = json.dumps([number, before, to_ms(moment), rows], ensure_ascii=False, sort_keys=True)
    return hmac.digest(bytes.fromhex(own_key("audit")), told.encode(), "sha256").hex()


def _file() -> Path:
    return current_home().path / FILE


def _tell(told: Seal) -> None:
    handle = os.open(_file(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"{told.number} {told.digest}\n")


# ------------------------------------------------------------------------------------ checking


@dataclass(frozen=True, slots=True)
class Checked:
    """`faults`: (code, number of the seal or event) each; none where the log is whole."""

    seals: int
    events: int
    faults: tuple[tuple[str, int], ...]


def check(*, moment: datetime, last: int | None = None) -> Checked:
    """Follow the chain from its first seal to its last; or the `last` so many alone."""
    faults: list[tuple[str, int]] = []
    newest = Seal.objects.order_by("-number").first()
    first = max(1, newest.number - last + 1) if newest and last else 1
    earlier = Seal.objects.filter(number=first - 1).first()
    before, expected, events = earlier.digest if earlier else "", first, 0
    digests: dict[int, str] = {}
    for told in Seal.objects.filter(number__gte=first).order_by("number").iterator():
        if told.number != expected:
            faults.append(("seal-missing", expected))
        held = list(Event.objects.filter(seal=told.number).order_by("pk"))
        digest = _digest(told.number, before, told.at, held)
        if digest != told.digest or len(held) != told.events:
            faults.append(("changed", told.number))
        digests[told.number] = before = told.digest
        expected, events = told.number + 1, events + len(held)
    faults += [("unsealed", pk) for pk in _overdue(moment)]
    strays = Event.objects.filter(seal__gte=first).exclude(seal__in=Seal.objects.values("number"))
    faults += [("seal-missing", pk) for pk in strays.values_list("pk", flat=True)[:100]]
    faults += [("differs-from-file", number) for number in _differing(digests, first)]
    return Checked(len(digests), events, tuple(faults))


def _overdue(moment: datetime) -> Iterable[int]:
    late = Event.objects.filter(seal=None, at__lt=moment - LATEST).order_by("pk")
    return late.values_list("pk", flat=True)[:100]


def _differing(digests: dict[int, str], first: int) -> list[int]:
    """Seals of which the file beside the ledger tells otherwise, or that only one of both knows."""
    try:
        lines = _file().read_text().split("\n")
    except FileNotFoundError:
        return sorted(digests)
    rows = [line.split() for line in lines if line]
    told = {int(number): digest for number, digest in rows if int(number) >= first}
    return sorted(n for n in digests.keys() | told.keys() if digests.get(n) != told.get(n))


# ------------------------------------------------------------------------------------ sealing beside


def start_sealer(clock: Callable[[], datetime]) -> None:
    """For the serving process: a thread that seals within two seconds of an event."""
    global _sealer
    if _sealer is None or not _sealer.is_alive():
        _waiting.set()  # what another run left unsealed
        _sealer = threading.Thread(target=_seal_for_ever, args=(clock,), name="sealer", daemon=True)
        _sealer.start()


def _seal_for_ever(clock: Callable[[], datetime]) -> None:
    pause = threading.Event()
    while True:
        _waiting.wait()
        pause.wait(EVERY)
        _waiting.clear()
        try:
            while seal(moment=clock()):
                pass
        except Exception:  # a locked or restarted database: tried again, not given up
            _waiting.set()
        finally:
            connection.close()
