"""Gives up on what takes too long, of all that the event loop waits for.

One look a second serves everything that is waited for, while anything is: a timer each, set and put away for
every request, costs as much as reading its body. For the same reason these are classes, not generators.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

LOOK = 1.0  # seconds between two looks

_waiting: dict["Waiting", None] = {}
_looking: asyncio.AbstractEventLoop | None = None


class Waiting:
    """Calls `give_up` where this lasts longer than so many seconds, and at most a look."""

    __slots__ = ("_give_up", "late", "until")

    def __init__(self, seconds: float, give_up: Callable[[], object]) -> None:
        global _looking
        loop = asyncio.get_running_loop()
        self.until, self.late = loop.time() + seconds, False
        self._give_up = give_up
        if _looking is not loop:
            _looking = loop
            loop.call_later(min(LOOK, seconds), _look, loop)

    def __enter__(self) -> Self:
        _waiting[self] = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _waiting.pop(self, None)

    def end(self) -> None:
        self.late = True
        self._give_up()


class InTime(Waiting):
    """Ends what this task awaits where it lasts longer than so many seconds. Raises TimeoutError."""

    __slots__ = ("_task",)

    def __init__(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        super().__init__(seconds, task.cancel)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if self.late and kind is asyncio.CancelledError:
            self._task.uncancel()
            raise TimeoutError from error


def _look(loop: asyncio.AbstractEventLoop) -> None:
    global _looking
    now = loop.time()
    for one in [one for one in _waiting if one.until <= now]:
        del _waiting[one]
        one.end()
    if _waiting:
        loop.call_later(LOOK, _look, loop)
    else:
        _looking = None
