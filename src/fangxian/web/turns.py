"""Visitors are let in one at a time until it is known whether their page is kept.

To find a kept page takes a millisecond or two of this interpreter, in a dozen statements each of which lets
go of its lock; in four threads at once it takes twice that of each. What must be rendered or recorded leaves
the turn first, and waits for nobody. Whoever brings a password is never in it: to check one takes long by
intention.
"""

from collections.abc import Callable
from threading import Lock

from django.http import HttpRequest, HttpResponse

Respond = Callable[[HttpRequest], HttpResponse]

_one = Lock()


class Turn:
    """Held from its making until it is over; to end it again is nothing."""

    def __init__(self) -> None:
        _one.acquire()
        self._held = True

    def over(self) -> None:
        if self._held:
            self._held = False
            _one.release()


def in_turn(respond: Respond) -> Respond:
    def told(request: HttpRequest) -> HttpResponse:
        if request.method != "GET" or request.headers.get("Authorization"):
            return respond(request)
        turn = request.turn = Turn()  # type: ignore[attr-defined]
        try:
            return respond(request)
        finally:
            turn.over()

    return told


def leave(request: HttpRequest) -> None:
    """What follows takes as long as it takes."""
    turn: Turn | None = getattr(request, "turn", None)
    if turn is not None:
        turn.over()
