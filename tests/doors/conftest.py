"""The town, and its doors: asked as a server asks them, the writer a thread with a connection of its own."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Any

import pytest

from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.registry.tree import tree
from fangxian.submissions.envelopes import Sender
from fangxian.web.doors import taking
from fangxian.web.doors.asgi import Doors
from fangxian.web.doors.problems import SignInNeeded
from fangxian.web.doors.who import OfUnit, read_basic

from .town import Town, basic, build, moment


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    read: int = 0  # bytes of the request that the door looked at

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return self.json["code"]


def admit(*, authorization: str, token: str, address: str, now: datetime) -> Sender:
    """Units are known by their codes here, and `revoked` holds those whose right has ended."""
    name, password = (token, "right") if token else read_basic(authorization)
    units = tree(day_of(now), head_position())
    if password != "right" or name not in units.by_code or name in revoked:
        raise SignInNeeded()
    return OfUnit(name, units.by_code[name], frozenset(units.under(units.by_code[name])))


revoked: set[str] = set()


async def ask(
    doors: Any,
    method: str,
    path: str,
    body: bytes | Sequence[bytes] | AsyncIterator[bytes] = b"",
    **headers: str,
) -> Answer:
    """One request, its body in pieces where it is given so."""
    answer = Answer()
    pieces = iter([body] if isinstance(body, bytes) else body)  # type: ignore[arg-type]
    held = [next(pieces, b"")]

    async def receive() -> dict[str, Any]:
        if not held:
            await asyncio.sleep(3600)
        piece = held.pop()
        answer.read += len(piece)
        coming = next(pieces, None)
        if coming is not None:
            held.append(coming)
        return {"type": "http.request", "body": piece, "more_body": coming is not None}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": given, "client": ("127.0.0.1", 1)}
    scope |= {"scheme": "http", "query_string": b"", "server": ("127.0.0.1", 80)}
    await doors(scope, receive, send)
    return answer


@dataclass
class Door:
    """The doors of a town."""

    town: Town
    doors: Doors

    def post(self, content: Any, by: str = "xw", **headers: str) -> Answer:
        return self.post_all([content], by, **headers)[0]

    def post_all(self, contents: Sequence[Any], by: str = "xw", **headers: str) -> list[Answer]:
        """All at once."""

        async def all_of_them() -> list[Answer]:
            return list(await asyncio.gather(*(self._post(one, by, headers) for one in contents)))

        return asyncio.run(all_of_them())

    async def _post(self, content: Any, by: str, headers: dict[str, str]) -> Answer:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        fields = {"content_type": "application/json", "authorization": basic(by), "accept_language": "en"}
        return await ask(self.doors, "POST", "/api/submissions", body, **(fields | headers))

    def ask(self, method: str, path: str, body: Any = b"", by: str = "xw", **headers: str) -> Answer:
        fields = {"authorization": basic(by)} if by else {}
        return asyncio.run(ask(self.doors, method, path, body, **(fields | headers)))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Where the doors' clock stands: at nine on the 10th, or where it is set."""

    import_module("fangxian.web.urls")  # what asks this clock has it by name: before it is made to stand

    def stand(at: datetime) -> None:
        for module in ("taking", "asgi"):
            monkeypatch.setattr(f"fangxian.web.doors.{module}.now", lambda: at)
        monkeypatch.setattr(taking, "standing", lambda: (at, False))

    stand(moment(10, 9))
    return stand


@pytest.fixture
def door(transactional_db: None, clock: Callable[[datetime], None]) -> Iterator[Door]:
    revoked.clear()
    doors = Doors(admit)
    yield Door(build(12), doors)
    doors.close()


@pytest.fixture
def town(db: None) -> Town:
    return build(12)


@pytest.fixture
def taker(town: Town, clock: Callable[[datetime], None]) -> taking.Taker:
    made = taking.Taker()
    made([])
    return made
