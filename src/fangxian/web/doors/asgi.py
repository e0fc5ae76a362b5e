"""The doors that take submissions, as a plain ASGI application beside Django: see docs/adr/0009."""

import asyncio
import hashlib
import logging
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection

from fangxian.kernel.home import current_home
from fangxian.kernel.problems import Problem
from fangxian.kernel.sealed_files import Sealing
from fangxian.submissions.envelopes import Sender
from fangxian.submissions.instances import read_instance

from . import openrosa
from .answers import Told, language_of, tell_many, tell_one, tell_problem
from .bodies import read_body
from .group import Job, Writer
from .multipart import Posted, boundary_of, read_posted, sweep_folder
from .patience import InTime
from .problems import (
    BodyOfOtherKind,
    BodyTooLarge,
    BodyTooSlow,
    LedgerUnavailable,
    MethodNotTaken,
    Unexpected,
)
from .taking import Outcome, Stale, Taker, now
from .who import Admits

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

LARGEST = 8 * 2**20  # bytes of a JSON body: 500 envelopes of 16 kB
PATIENCE = 60.0  # seconds for a body to arrive, and for a batch to be durable
ADMITTED = 4_096  # senders remembered
OPENROSA = re.compile(r"/openrosa/(?:t/([^/]+)/)?submission/?")
ATTEMPTS = 5  # how often a sender is asked for again while the registry is being written

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Request:
    """What the doors look at. `mark`: what its sender showed, hashed; made once."""

    method: str
    path: str
    headers: Mapping[str, str]
    address: str
    receive: Receive
    mark: bytes = b""

    @classmethod
    def of(cls, scope: Scope, receive: Receive) -> "Request":
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        client = scope.get("client") or ("", 0)
        return cls(scope["method"], scope["path"], headers, str(client[0]), receive)

    async def chunks(self, limit: int) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises BodyTooLarge (at once where its length is told), BodyTooSlow."""
        self._refuse_told(limit)
        size, more = 0, True
        try:
            with InTime(PATIENCE):
                while more:
                    chunk, more = await self._chunk(limit, size)
                    size += len(chunk)
                    if chunk:
                        yield chunk
        except TimeoutError as error:
            raise BodyTooSlow(seconds=int(PATIENCE)) from error

    async def body(self, limit: int) -> bytes:
        """The whole of it. Most come in one piece: `chunks` would cost a quarter of such a request."""
        self._refuse_told(limit)
        try:
            with InTime(PATIENCE):
                first, more = await self._chunk(limit)
                if not more:
                    return first
                pieces, size = [first], len(first)
                while more:
                    chunk, more = await self._chunk(limit, size)
                    pieces.append(chunk)
                    size += len(chunk)
        except TimeoutError as error:
            raise BodyTooSlow(seconds=int(PATIENCE)) from error
        return b"".join(pieces)

    def _refuse_told(self, limit: int) -> None:
        told = self.headers.get("content-length", "")
        if told.isdecimal() and int(told) > limit:
            raise BodyTooLarge(limit=limit)

    async def _chunk(self, limit: int, size: int = 0) -> tuple[bytes, bool]:
        """What comes after so many bytes, and whether there is more. Raises BodyTooLarge,
        ConnectionAbortedError."""
        message = await self.receive()
        if message["type"] == "http.disconnect":
            raise ConnectionAbortedError
        chunk = message.get("body", b"")
        if size + len(chunk) > limit:
            raise BodyTooLarge(limit=limit)
        return chunk, message.get("more_body", False)


class Admissions:
    """Senders by what they showed, remembered while `Known.epoch` stands. Nobody's password is kept: only a
    hash under a key of this process."""

    def __init__(self, taker: Taker, admit: Admits) -> None:
        self._taker, self._admit = taker, admit
        self._key = os.urandom(32)
        self._held: dict[bytes, tuple[Sender, int]] = {}
        self._asked: dict[bytes, asyncio.Future[tuple[Sender, int]]] = {}
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="admissions")

    async def sender(self, request: Request, token: str = "", anew: bool = False) -> tuple[Sender, int]:
        """Who sends, and the epoch as of which that is so. Raises SignInNeeded."""
        shown = request.headers.get("authorization", "")
        key = request.mark = request.mark or self._mark(shown, token, request.address)
        held = self._held.get(key)
        if held is not None and held[1] == self._taker.known.epoch and not anew:
            return held
        asked = self._asked.get(key)
        if asked is None:
            asked = asyncio.ensure_future(self._find(key, shown, token, request.address))
            self._asked[key] = asked
            asked.add_done_callback(lambda _done: self._asked.pop(key, None))
        return await asyncio.shield(asked)

    def _mark(self, shown: str, token: str, address: str) -> bytes:
        minute = int(time.time()) // 60  # a day may end a right
        told = f"{shown}\0{token}\0{address}\0{minute}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(told, key=self._key, digest_size=16).digest()

    async def _find(self, key: bytes, shown: str, token: str, address: str) -> tuple[Sender, int]:
        epoch = self._taker.known.epoch
        loop = asyncio.get_running_loop()
        sender = await loop.run_in_executor(self._pool, self._ask, shown, token, address)
        if len(self._held) >= ADMITTED:
            self._held.clear()
        self._held[key] = (sender, epoch)
        return sender, epoch

    def _ask(self, shown: str, token: str, address: str) -> Sender:
        try:
            return self._admit(authorization=shown, token=token, address=address, now=now())
        finally:
            connection.close()


class Doors:
    """One a process. `writer` starts with the first request; `close` writes what waits."""

    def __init__(self, admit: Admits) -> None:
        self.taker = Taker()
        self.writer = Writer(self.taker).start()
        self.admissions = Admissions(self.taker, admit)
        sweep_folder(current_home().attachments, time.time() - 3600)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request.of(scope, receive)
        language = language_of(request.headers.get("accept-language", ""))
        device = OPENROSA.fullmatch(request.path)
        tell = openrosa.tell_problem if device else tell_problem
        try:
            answer = self._answer_device(request, device[1] or "", language) if device else None
            told = await (answer or self._answer(request, language))
        except ConnectionAbortedError:
            return
        except Problem as problem:
            told = tell(problem, language)
        except Exception:
            log.exception("a door failed")
            told = tell(Unexpected(), language)
        await send_told(send, told)

    async def _answer_device(self, request: Request, token: str, language: str) -> Told:
        """ODK Collect asks by HEAD whether it may send and how much, and then posts."""
        if request.method not in ("HEAD", "POST"):
            raise MethodNotTaken(allowed="HEAD, POST")
        await self.admissions.sender(request, token)
        if request.method == "HEAD":
            return openrosa.tell_head()
        boundary = boundary_of(request.headers.get("content-type", ""))
        posted = Posted()
        try:
            await read_posted(request.chunks(openrosa.LARGEST), boundary, posted)
            instance = read_instance(bytes(posted.form), posted.files)
            size = len(posted.form)
            outcomes = await self.take(
                request, [instance], door="openrosa", size=size, token=token, files=posted.sealings
            )
            return openrosa.tell(outcomes[0], language)
        finally:
            posted.drop()

    async def _answer(self, request: Request, language: str) -> Told:
        if request.method != "POST":
            raise MethodNotTaken(allowed="POST")
        await self.admissions.sender(request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise BodyOfOtherKind(expected="application/json")
        content = await request.body(LARGEST)
        entries, many = read_body(content)
        outcomes = await self.take(request, entries, door="api", size=len(content))
        return tell_many(outcomes, language) if many else tell_one(outcomes[0], language)

    async def take(
        self,
        request: Request,
        entries: list[Any],
        *,
        door: str,
        size: int,
        token: str = "",
        files: Sequence[Sealing] = (),
    ) -> list[Outcome]:
        """What became of each, once it is durable. Raises SignInNeeded, DoorsBusy, LedgerUnavailable."""
        anew = False
        for _attempt in range(ATTEMPTS):
            sender, epoch = await self.admissions.sender(request, token, anew)
            answer = await self.writer.put(Job(entries, sender, epoch, door, size, files), PATIENCE)
            if not isinstance(answer, Stale):
                return list(answer)
            anew = True
        raise LedgerUnavailable()

    def close(self) -> None:
        self.writer.close()


async def send_told(send: Send, told: Told) -> None:
    status, headers, body = told
    raw = [*_raw(status, tuple(headers.items())), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


@lru_cache(maxsize=64)
def _raw(status: int, headers: tuple[tuple[str, str], ...]) -> list[tuple[bytes, bytes]]:
    fields = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **dict(headers)}
    if status in (408, 413):
        fields["Connection"] = "close"
    return [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in fields.items()]
