"""A client that costs little: raw HTTP/1.1 over kept connections, one request at a time on each.

Load goes to 127.0.0.1 alone, is bounded in count and time, and stops by itself.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

HOST = "127.0.0.1"


@dataclass
class Load:
    """What came of a run. `latencies` (seconds), `asked`, `answers` (statuses) and `sizes` (bytes of the
    bodies), of each request, in the order of answers."""

    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    asked: list[bytes] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    wall: float = 0.0
    client_cpu: float = 0.0
    broken: int = 0

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.wall if self.wall else 0.0

    def percentile(self, part: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def post(path: str, body: bytes, *headers: str) -> bytes:
    head = [f"POST {path} HTTP/1.1", f"Host: {HOST}", "Content-Type: application/json", *headers]
    return ("\r\n".join([*head, f"Content-Length: {len(body)}"]) + "\r\n\r\n").encode() + body


def get(path: str, *headers: str) -> bytes:
    return ("\r\n".join([f"GET {path} HTTP/1.1", f"Host: {HOST}", *headers]) + "\r\n\r\n").encode()


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], load: Load, done: "asyncio.Future[None]") -> None:
        self.requests, self.load, self.done = requests, load, done
        self.held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._next()

    def _next(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
            self._finish()
            return
        self.request, self.start = request, time.perf_counter()
        self.transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.held += data
        head, found, rest = self.held.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(rest) < length:
            return
        self.held = b""
        status = int(head[9:12])
        self.load.statuses[status] = self.load.statuses.get(status, 0) + 1
        self.load.latencies.append(time.perf_counter() - self.start)
        self.load.asked.append(self.request)
        self.load.answers.append(status)
        self.load.sizes.append(length)
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.load.broken += 1
        self._finish()

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


def run(port: int, requests: Sequence[bytes], connections: int, patience: float = 120.0) -> Load:
    """Send all of them, as many at once as there are connections."""
    load, left = Load(), iter(requests)

    async def all_of_them() -> None:
        loop = asyncio.get_running_loop()
        ends = [loop.create_future() for _ in range(connections)]
        start, spent = time.perf_counter(), time.process_time()
        for end in ends:
            await loop.create_connection(lambda end=end: _Connection(left, load, end), HOST, port)
        await asyncio.wait_for(asyncio.gather(*ends), patience)
        load.wall, load.client_cpu = time.perf_counter() - start, time.process_time() - spent

    asyncio.run(all_of_them())
    return load
