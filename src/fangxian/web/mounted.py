"""The whole application: the doors for submissions, and Django's pages for everything else.

Pages are few, long and synchronous: a bounded pool of threads serves them, and what cannot wait any
longer for one is told so.
"""

import re
from collections.abc import Callable
from typing import Any

from a2wsgi import WSGIMiddleware

from .doors.answers import language_of, tell_problem
from .doors.asgi import Doors, Receive, Scope, Send, send_told
from .doors.problems import DoorsBusy
from .doors.who import Admits

DOORS = re.compile(r"/api/submissions/?|/openrosa/(?:t/[^/]+/)?submission/?")


class Mounted:
    def __init__(self, pages: Callable[..., Any], *, admit: Admits, threads: int, queue: int) -> None:
        self._pages: Any = WSGIMiddleware(pages, workers=threads)
        self._room = threads + queue
        self._visitors = 0
        self._admit = admit
        self.doors: Doors | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] != "http":
            return
        elif DOORS.fullmatch(scope["path"]):
            if self.doors is None:
                self.doors = Doors(self._admit)
            await self.doors(scope, receive, send)
        else:
            await self._page(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._visitors >= self._room:
            headers = dict(scope["headers"])
            language = language_of(headers.get(b"accept-language", b"").decode("latin-1"))
            await send_told(send, tell_problem(DoorsBusy(), language))
            return

        async def received() -> dict[str, Any]:
            return await receive()  # what granian gives can be awaited, and is no coroutine

        self._visitors += 1
        try:
            await self._pages(scope, received, send)
        finally:
            self._visitors -= 1

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self.doors is not None:
                    self.doors.close()
                await send({"type": "lifespan.shutdown.complete"})
                return
