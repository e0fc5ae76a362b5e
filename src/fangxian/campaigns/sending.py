"""Sends reminders through apprise, outside of any request: by `fangxian deliver`, and by a thread of the
process that serves the pages. A demonstration sends nothing.

`Looked` writes a look at somebody's phone into the log of looks, which is above this room."""

import logging
import re
import threading
from collections.abc import Callable
from datetime import datetime

from django.db import connection

from fangxian.kernel.changes import head_position
from fangxian.kernel.demonstration import demonstration_of
from fangxian.kernel.home import current_home
from fangxian.kernel.secrets import keyring
from fangxian.registry.problems import NothingToDisclose
from fangxian.registry.queries import whole

from .actions import begin_deliveries, end_delivery
from .deliveries import PHONE, Message, due_messages
from .models import Channel, Reminder
from .problems import ChannelUnfit

log = logging.getLogger(__name__)

BY = "deliver"
EVERY = 15.0  # seconds between two looks of the serving process
TITLE = "防线 · 催报"

Looked = Callable[[int, datetime], None]  # of whom, when


def service_of(address: str) -> str:
    """apprise's name of the service that an address is of; with a mark where it wants a phone number.

    Raises ChannelUnfit.
    """
    import apprise

    plugin = apprise.Apprise.instantiate(address.replace(PHONE, "10000000000"), suppress_exceptions=True)
    if plugin is None:
        raise ChannelUnfit()
    name = str(plugin.service_name or type(plugin).__name__)[:30]
    return f"{name} {PHONE}" if PHONE in address else name


def deliver(*, clock: Callable[[], datetime], looked: Looked) -> tuple[int, int]:
    """Send what is due now: how many messages were accepted, and how many failed."""
    if demonstration_of(current_home()) is not None or not _waiting(clock()):
        return 0, 0
    accepted = failed = 0
    for message in begin_deliveries(by=BY, now=clock()):
        why = _send(message, clock(), looked)
        end_delivery(message=message, why=why, by=BY, now=clock())
        accepted, failed = accepted + (not why), failed + bool(why)
    return accepted, failed


def _waiting(now: datetime) -> bool:
    """Whether there is anything to look at, without a write."""
    if not Channel.objects.filter(recorded_until=None).exists() or not Reminder.objects.exists():
        return False
    return any(True for _message in due_messages(now=now, position=head_position()))


def _send(message: Message, now: datetime, looked: Looked) -> str:
    """Empty where the service accepted it, else why not; never with the address's secrets."""
    address = keyring().open(message.sealed)
    if PHONE in address:
        if message.recipient is None:
            return "nobody is responsible"
        try:
            phone = whole(message.recipient, "phone", head_position())
        except NothingToDisclose:
            return "no phone number is known"
        looked(message.recipient, now)
        address = address.replace(PHONE, re.sub(r"[^0-9+]", "", phone))
    return send(address, "\n".join(message.texts))


def send(address: str, text: str) -> str:
    """Through apprise. Empty, or why not."""
    import apprise

    with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as log:
        try:
            sent = apprise.Apprise()
            if sent.add(address) and sent.notify(title=TITLE, body=text):
                return ""
            said = log.getvalue()
        except Exception as error:  # whatever a service's plugin makes of an answer
            said = f"{type(error).__name__}: {error}"
    return _without_secrets(" ".join(said.split()), address)[:200] or "not accepted"


def _without_secrets(said: str, address: str) -> str:
    for part in sorted(re.split(r"[/:?&=@]+", address.partition("://")[2]), key=len, reverse=True):
        if len(part) > 5:
            said = said.replace(part, "•••")
    return said


# ------------------------------------------------------------------------------------ beside the pages

_sender: threading.Thread | None = None


def start_sender(clock: Callable[[], datetime], looked: Looked) -> None:
    """For the serving process: a thread that looks for what is due."""
    global _sender
    if _sender is None or not _sender.is_alive():
        _sender = threading.Thread(target=_send_for_ever, args=(clock, looked), name="sender", daemon=True)
        _sender.start()


def _send_for_ever(clock: Callable[[], datetime], looked: Looked) -> None:
    pause = threading.Event()
    while not pause.wait(EVERY):
        try:
            deliver(clock=clock, looked=looked)
        except Exception:  # a locked or restarted database: looked at again, not given up
            log.exception("messages could not be sent")
        finally:
            connection.close()
