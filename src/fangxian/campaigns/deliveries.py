"""Which reminders are to be sent now, by which channel: never within its quiet hours, never two times,
again after a failure with growing pauses, and not at all once they are a day old.

A group's robot gets several reminders in one message, since such services refuse more than some twenty
messages a minute; an address with `{phone}` in it gets one for each recipient."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from fangxian.kernel.moments import OFFICE_ZONE, day_of
from fangxian.registry.tree import tree

from .models import Channel, Delivery, Reminder
from .problems import QuietUnreadable

BEGUN, ACCEPTED, FAILED = "begun", "accepted", "failed"
QUIET = ("21:00", "07:00")
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))  # after the first failures
ATTEMPTS = len(PAUSES) + 1
STALE = timedelta(days=1)
TOGETHER = 20  # reminders in one message
PHONE = "{phone}"
CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]\Z")


@dataclass(frozen=True, slots=True)
class Message:
    """`reminders`: (reminder, attempt). `recipient`: whose phone the address wants."""

    channel: int
    sealed: bytes
    reminders: tuple[tuple[int, int], ...]
    texts: tuple[str, ...]
    recipient: int | None = None


def read_quiet(text: str) -> tuple[str, str]:
    """Quiet hours from such as 21:00-07:00. Raises QuietUnreadable."""
    start, dash, end = text.strip().partition("-")
    if not dash or not CLOCK.match(start) or not CLOCK.match(end):
        raise QuietUnreadable(quiet=text)
    return start, end


def quiet_until(channel: Channel, now: datetime) -> datetime | None:
    """When the quiet hours end that `now` lies in; None outside of them. They may go over midnight."""
    start, end = time.fromisoformat(channel.quiet_from), time.fromisoformat(channel.quiet_until)
    local = now.astimezone(OFFICE_ZONE)
    at = local.time().replace(tzinfo=None)
    within = start <= at < end if start <= end else at >= start or at < end
    if not within:
        return None
    ends = datetime.combine(local.date(), end, OFFICE_ZONE)
    return ends if ends > local else ends + timedelta(days=1)


def next_attempt(states: Sequence[tuple[int, str, datetime]], now: datetime) -> int | None:
    """The number of the attempt that is due now, from (attempt, state, at) of those before; None: there is
    none."""
    if not states:
        return 1
    last = max(attempt for attempt, _state, _at in states)
    ended = [(state, at) for attempt, state, at in states if attempt == last and state != BEGUN]
    if not ended or ended[0][0] == ACCEPTED or last >= ATTEMPTS:
        return None
    return last + 1 if now >= ended[0][1] + PAUSES[last - 1] else None


def due_messages(*, now: datetime, position: int) -> Iterator[Message]:
    """What is to be sent now by all channels."""
    units = tree(day_of(now), position)
    for channel in Channel.objects.filter(recorded_until=None).order_by("pk"):
        if quiet_until(channel, now) is None:
            under = units.under(channel.unit_id) if channel.unit_id in units.nodes else frozenset()
            whole = channel.unit_id in units.nodes and units.nodes[channel.unit_id].kind == "bureau"
            yield from _messages(channel, None if whole else under, now)


def _messages(channel: Channel, under: frozenset[int] | None, now: datetime) -> Iterator[Message]:
    """The reminders of the last day that were sent after the channel was there."""
    rows = Reminder.objects.filter(at__gt=now - STALE, at__lte=now, recorded__gt=channel.recorded).order_by(
        "pk"
    )
    wanted = [row for row in rows if under is None or row.unit_id in under]
    states = _states(channel, wanted)
    due = [(row, attempt) for row in wanted if (attempt := next_attempt(states[row.pk], now)) is not None]
    singly = channel.kind.endswith(PHONE)
    for part in _parts(due, singly):
        yield Message(
            channel=channel.pk,
            sealed=bytes(channel.sealed),
            reminders=tuple((row.pk, attempt) for row, attempt in part),
            texts=tuple(row.text for row, _attempt in part),
            recipient=part[0][0].recipient_id if singly else None,
        )


def _parts(due: list[Any], singly: bool) -> Iterator[list[Any]]:
    """By recipient, where each gets an own message; else some together."""
    size = 1 if singly else TOGETHER
    for start in range(0, len(due), size):
        yield due[start : start + size]


def _states(channel: Channel, reminders: Iterable[Reminder]) -> dict[int, list[tuple[int, str, datetime]]]:
    found: dict[int, list[tuple[int, str, datetime]]] = defaultdict(list)
    first = min((row.pk for row in reminders), default=0)
    rows = Delivery.objects.filter(channel=channel, reminder__gte=first)
    for reminder, attempt, state, at in rows.values_list("reminder_id", "attempt", "state", "at"):
        found[reminder].append((attempt, state, at))
    return found
