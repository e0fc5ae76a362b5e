"""The one catalogue of what can go wrong for a user: each a status, a stable code and a sentence.

Rooms add their own by subclassing Problem in their `problems.py`; each door renders them.
"""

from http import HTTPStatus
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _


class Problem(Exception):
    """Says what is wrong, where, and what to do. `facts` fill the sentence."""

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    code: ClassVar[str] = "problem"
    text: ClassVar[Any] = _("Something is wrong with this request.")

    catalogue: ClassVar[dict[str, type["Problem"]]] = {}

    def __init_subclass__(cls) -> None:
        other = Problem.catalogue.setdefault(cls.code, cls)
        if other.__qualname__ != cls.__qualname__:
            raise TypeError(f"two problems share the code {cls.code}: {other.__name__}, {cls.__name__}")

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.code)

    def sentence(self) -> str:
        """In the language that is active."""
        return str(self.text).format(**self.facts)

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence()}"


class SpanReversed(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "span-reversed"
    text = _("The span starts on {start} and ends on {end}. Give an end after the start, or none.")


class MomentUnreadable(Problem):
    status, code = HTTPStatus.BAD_REQUEST, "moment-unreadable"
    text = _("“{text}” is not a moment. Write it like 2020-02-12T18:50:00+08:00.")


class ClockBehindLog(Problem):
    status, code = HTTPStatus.CONFLICT, "clock-behind-log"
    text = _("The records already reach {head}; nothing can be recorded at {now}. Use a later moment.")


class NothingKnownYet(Problem):
    status, code = HTTPStatus.NOT_FOUND, "nothing-known-yet"
    text = _("Nothing had been recorded by {moment}; the first record is of {first}. Ask for a later moment.")


class MomentInFuture(Problem):
    status, code = HTTPStatus.BAD_REQUEST, "moment-in-future"
    text = _("{moment} has not come yet; the clock stands at {now}. Ask for an earlier moment.")


class KeysMissing(Problem):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "keys-missing"
    text = _("The keys of this data folder are not at {path}. Put them back from your backup.")


class KeysUsedUp(Problem):
    status, code = HTTPStatus.CONFLICT, "keys-used-up"
    text = _("The keys have been changed {last} times, and a sealed value has no room for a higher number.")


class KeysChanged(Problem):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "keys-changed"
    text = _("The keys were changed while this was being sent. Nothing of it is kept: send it again.")
