"""The pages' speed: any page of figures, of any unit, as of any day, 16 asked at once.

    python benchmarks/pages.py [--home HOME | --scale 1] [--pages 300]

Without --home a demonstration city is built in a temporary folder, by the command that people use. The pages
are served as `fangxian serve` serves them, by one process of their own, to the duty officer; units, moments,
figures and filters are drawn, alike for alike seeds. Warm: the moments drawn were asked for before, none of
the addresses was. Beside them, of the same run: the same addresses once more (kept as rendered, until
something is recorded), and the same server's answer to a constant page of equal bytes. The client is on this
machine too: compare within one run. Printed is also what the first page of a moment costs that nobody has
asked for. The exit code is 1 where the bound is missed, or where an answer is not 200.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).parent))

import _load  # noqa: E402
from figures import build, prepare  # noqa: E402
from tests.doors.served import Served, free_port  # noqa: E402

AT_ONCE, P95 = 16, 0.050
MOMENTS = 5  # as many as an engine keeps, and one more for now
READY = 600.0  # seconds that the first page may take, while the past days are counted beside it
PATIENCE = 600.0  # seconds that one run may take
FLOOR = """
import sys
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
Granian("pages:constant", address="127.0.0.1", port=int(sys.argv[1]), interface=Interfaces.ASGI, workers=1,
        websockets=False, factory=True, log_level=LogLevels.warning).serve()
"""


def constant() -> Any:
    """An application that answers with as many bytes as are asked for, in a thread as pages are."""
    from a2wsgi import WSGIMiddleware

    def told(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        size = int(environ["QUERY_STRING"])
        start("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(size))])
        return [b"x" * size]

    from fangxian.web.serving import THREADS

    pages: Any = WSGIMiddleware(told, workers=THREADS)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        async def received() -> Any:
            return await receive()

        if scope["type"] == "http":
            await pages(scope, received, send)

    return application


# ------------------------------------------------------------------------------------ what is asked


@dataclass
class Draw:
    """Addresses, drawn: the same for the same seed and city."""

    chance: random.Random
    moments: Sequence[datetime]
    clock: datetime
    figures: Sequence[tuple[str, tuple[str, ...]]]  # id, lines
    units: dict[str, list[Any]]  # line -> nodes
    children: dict[int, list[Any]]

    def asked(self, unit: Any, **more: str) -> str:
        moment = self.chance.choice(self.moments)
        return "?" + urlencode({"unit": unit.code, "as_of": moment.strftime("%Y-%m-%dT%H:%M")} | more)

    def unit(self, *lines: str) -> Any:
        """Of the kinds of unit each as often as the others: a bureau as often as a class."""
        nodes = [node for line in lines for node in self.units.get(line, [])]
        kind = self.chance.choice(sorted({node.kind for node in nodes}))
        return self.chance.choice([node for node in nodes if node.kind == kind])

    def board(self) -> str:
        return f"/{self.asked(self.unit('administrative', 'response'))}"

    def figure(self, **more: str) -> str:
        id, lines = self.chance.choice(self.figures)
        return f"/figures/{id}/{self.asked(self.unit(*lines), **more)}"

    def by_zone(self) -> str:
        id, lines = self.chance.choice([f for f in self.figures if "administrative" in f[1]])
        [bureau] = [node for node in self.units["administrative"] if node.kind == "bureau"]
        return f"/figures/{id}/{self.asked(bureau, by='zone')}"

    def records(self) -> str:
        """Narrowed to a unit inside, or sorted by day."""
        id, lines = self.chance.choice([f for f in self.figures if "administrative" in f[1]])
        unit = self.chance.choice([u for u in self.units["administrative"] if self.children.get(u.id)])
        if self.chance.random() < 0.5:
            return f"/figures/{id}/{self.asked(unit, sort='day')}"
        return f"/figures/{id}/{self.asked(unit, **{'in': self.chance.choice(self.children[unit.id]).code})}"

    def catalogue(self) -> str:
        return f"/figures/{self.asked(self.unit('administrative', 'response', 'party'))}"

    def bulletins(self) -> str:
        return f"/bulletins/{self.asked(self.unit('administrative'))}"

    def owing(self) -> str:
        return f"/owing/{self.asked(self.unit('administrative', 'response'))}"

    def changes(self) -> str:
        return f"/changes/{self.asked(self.unit('administrative', 'response'))}"


KINDS: dict[str, Callable[[Draw], str]] = {
    "board": Draw.board,
    "figure": Draw.figure,
    "figure by zone": Draw.by_zone,
    "records narrowed": Draw.records,
    "all figures": Draw.catalogue,
    "bulletins": Draw.bulletins,
    "owing": Draw.owing,
    "changes": Draw.changes,
}


def drawing(home: Any, seed: int) -> Draw:
    from fangxian.campaigns.models import Campaign
    from fangxian.figures.catalogue import CATALOGUE
    from fangxian.kernel.changes import head_position
    from fangxian.kernel.moments import day_of
    from fangxian.registry.tree import tree
    from fangxian.web import clock

    chance, now = random.Random(seed), clock.now()
    first = Campaign.objects.order_by("opens").values_list("opens", flat=True)[0]
    span = (now - first) // timedelta(minutes=1)
    moments = sorted(first + timedelta(minutes=chance.randrange(1_440, span)) for _ in range(MOMENTS))
    units: dict[str, list[Any]] = {}
    children: dict[int, list[Any]] = {}
    for node in sorted(tree(day_of(first), head_position()).nodes.values(), key=lambda node: node.code):
        units.setdefault(node.line, []).append(node)
        if node.parent is not None:
            children.setdefault(node.parent, []).append(node)
    asked = Campaign.objects.filter(opens__lte=moments[0]).order_by("pk").values_list("code", "audience")
    coverage = [(f"coverage.{code}", ("administrative",)) for code, audience in asked if len(audience) == 1]
    return Draw(
        chance,
        [moment.astimezone(now.tzinfo) for moment in moments],
        now,
        [*((id, figure.lines) for id, figure in sorted(CATALOGUE.items())), *coverage],
        units,
        children,
    )


# ------------------------------------------------------------------------------------ who serves


@contextmanager
def serving(home: Path, officer: str) -> Any:
    """The pages, ready: the first has been answered."""
    served = Served(home, "")
    served.port = free_port()
    with started(served, ["-c", SERVE, str(served.port)], home):
        wait(f"http://127.0.0.1:{served.port}/", officer)
        yield served


SERVE = "import sys; from fangxian.web import serving; serving.serve(host='127.0.0.1', port=int(sys.argv[1]))"


@contextmanager
def started(served: Served, arguments: Sequence[str], home: Path) -> Any:
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT), str(ROOT / "benchmarks")))
    served._process = subprocess.Popen(
        [sys.executable, *arguments],
        env=served.environment | {"PYTHONPATH": path},
        cwd=home,
        start_new_session=True,
    )
    try:
        yield
    finally:
        served.stop()


def wait(address: str, cookie: str = "") -> None:
    end = time.monotonic() + READY
    request = urllib.request.Request(address, headers={"Cookie": cookie})  # noqa: S310 - loopback
    while True:
        try:
            urllib.request.urlopen(request, timeout=READY).close()  # noqa: S310
            return
        except (urllib.error.URLError, ConnectionError) as error:
            if isinstance(error, urllib.error.HTTPError) or time.monotonic() > end:
                raise
            time.sleep(0.1)


def sign_in() -> str:
    """The duty officer's cookies, in the city's own ledger: the session, and as after a browser's first page
    the stylesheet's."""
    from django.conf import settings
    from django.test import Client

    from fangxian.access.models import Account
    from fangxian.web import style

    client = Client()
    client.force_login(Account.objects.get(username="officer"))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    return f"{settings.SESSION_COOKIE_NAME}={session}; {style.COOKIE}={style.style().edition}"


# ------------------------------------------------------------------------------------ one run


@dataclass
class Run:
    load: _load.Load
    cpu: float

    @property
    def each(self) -> float:
        """Seconds of the server's processors a page."""
        return self.cpu / len(self.load.latencies)


def ask(served: Served, addresses: Sequence[str], cookie: str) -> Run:
    requests = [_load.get(address, f"Cookie: {cookie}", "Accept-Encoding: gzip") for address in addresses]
    spent = served.cpu
    load = _load.run(served.port, requests, AT_ONCE, PATIENCE)
    refused = [a for a, status in zip(load.asked, load.answers, strict=True) if status != 200]
    if refused or load.broken:
        first = refused[0].split(b"\r\n")[0].decode() if refused else "a connection broke"
        raise SystemExit(f"{len(refused)} pages were not answered by 200: {load.statuses} {first}")
    return Run(load, served.cpu - spent)


def show(name: str, run: Run, floor: float = 0.0, limit: float = 0.0) -> bool:
    p50, p95, p99 = (run.load.percentile(part) for part in (0.5, 0.95, 0.99))
    ratio = f"{run.each / floor:>8.1f}" if floor else f"{'':>8}"
    told = f"   p95 at most {limit * 1e3:.0f}   {'met' if p95 <= limit else 'MISSED'}" if limit else ""
    numbers = "".join(f"{1e3 * one:>9.1f}" for one in (p50, p95, p99, run.each))
    size = sum(run.load.sizes) / len(run.load.sizes) / 1024
    print(f"  {name:<34}{len(run.load.latencies):>6}{numbers}{ratio}{size:>8.1f}{told}", flush=True)
    return not limit or p95 <= limit


def measure(home: Path, pages: int, seed: int) -> bool:
    draw, cookie = drawing(prepare(home), seed), sign_in()
    with serving(home, cookie) as served:
        print(
            f"{os.cpu_count()} processors, load before {os.getloadavg()[0]:.1f}; {len(draw.moments)} moments"
        )
        begun = time.perf_counter()
        for moment in draw.moments:
            draw_one = Draw(draw.chance, [moment], draw.clock, draw.figures, draw.units, draw.children)
            for kind in (draw_one.board, draw_one.figure, draw_one.owing):
                ask(served, [kind()], cookie)
        each = (time.perf_counter() - begun) / len(draw.moments)
        print(f"the first pages of a moment that nobody asked for yet: {each:.2f} s")
        served.settle()
        few = max(AT_ONCE, pages // 4)
        by_kind = {
            name: ask(served, [kind(draw) for _ in range(few)], cookie) for name, kind in KINDS.items()
        }
        mixed = [KINDS[draw.chance.choice(list(KINDS))](draw) for _ in range(pages)]
        first, again = ask(served, mixed, cookie), ask(served, mixed, cookie)
        memory = served.memory
    floor = measure_floor(home, first.load.sizes)
    heads = ("pages", "p50 ms", "p95 ms", "p99 ms", "CPU ms", "/ floor", "kB")
    widths = (6, 9, 9, 9, 9, 8, 8)
    print(f"\n  {f'{AT_ONCE} at once':<34}{''.join(f'{h:>{w}}' for h, w in zip(heads, widths, strict=True))}")
    for name, run in by_kind.items():
        show(name, run, floor.each)
    fine = show("all, asked for the first time", first, floor.each, P95)
    fine &= show("all, asked for again", again, floor.each, P95)
    show("a constant page of equal bytes", floor, floor.each)
    print(f"  the server holds {memory / 2**20:,.0f} MB")
    return fine


def measure_floor(home: Path, sizes: Sequence[int]) -> Run:
    served = Served(home, "")
    served.port = free_port()
    with started(served, ["-c", FLOOR, str(served.port)], home):
        wait(f"http://127.0.0.1:{served.port}/?1")
        return ask(served, [f"/?{size}" for size in sizes], "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, help="a demonstration's folder (default: a city is built)")
    parser.add_argument("--scale", type=float, default=1.0, help="of the city that is built")
    parser.add_argument(
        "--pages", type=int, default=300, help="of the mixture; of each kind a quarter as many"
    )
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fangxian-pages-") as folder:
        home = asked.home or build(Path(folder) / "city", asked.scale)
        sys.exit(0 if measure(home.resolve(), asked.pages, asked.seed) else 1)


if __name__ == "__main__":
    main()
