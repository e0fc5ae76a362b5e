"""An installation of its own, served by real processes, which can be killed: on SQLite or PostgreSQL."""

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .town import basic

ROOT = Path(__file__).parents[2]
READY = 10.0  # seconds that a start may take
SETTLED = 600.0  # seconds that counting the past days may take
AUTHORIZATION = basic("xw", "demonstration")
SERVE = "import sys; from fangxian.web import serving; serving.serve(host='127.0.0.1', port=int(sys.argv[1]))"
INSTANCES = """
import django, json; django.setup()
from fangxian.submissions.models import Submission
print(json.dumps(list(Submission.objects.values_list("instance_id", "subject"))))
"""


class Served:
    def __init__(self, home: Path, dsn: str) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("FANGXIAN", "COVERAGE"))}
        self.home = home
        self.environment = {
            **inherited,
            "FANGXIAN_HOME": str(home),
            "DJANGO_SETTINGS_MODULE": "fangxian.settings",
            "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
        } | ({"FANGXIAN_POSTGRES": dsn} if dsn else {})
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], env=self.environment, cwd=ROOT, capture_output=True, timeout=300
        )
        assert done.returncode == 0, (done.stdout + done.stderr).decode()[-6000:]
        return done.stdout.decode()

    def start(self) -> float:
        """Seconds until it answers."""
        self.port = self.port or free_port()
        begun = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(self.port)],
            env=self.environment,
            cwd=ROOT,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while True:
            try:
                if self.post({}, timeout=READY)[0] == 422:
                    return time.monotonic() - begun
            except OSError:
                pass
            assert time.monotonic() - begun < READY * 2, "the server did not start"
            time.sleep(0.02)

    def settle(self) -> None:
        """Wait until the past days that pages want for their courses are counted: beside all else, once."""
        end, spent = time.monotonic() + SETTLED, -1.0
        while self.cpu - spent > 0.05 and time.monotonic() < end:
            spent = self.cpu
            time.sleep(2.0)

    def kill(self) -> None:
        """All of its processes, at once, with no time to tidy up."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        _wait_until_gone(self._process.pid)  # a worker that is still dying still has the port
        self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self.kill()

    @property
    def processes(self) -> list[int]:
        """The server's and its children."""
        assert self._process is not None
        group = os.getpgid(self._process.pid)
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group:
                found.append(int(path.parent.name))
        return found

    @property
    def memory(self) -> int:
        """Bytes resident in all its processes."""
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.processes)
        return pages * os.sysconf("SC_PAGE_SIZE")

    @property
    def cpu(self) -> float:
        """Seconds of processor that its processes have used."""
        fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self.processes]
        return sum(int(f[11]) + int(f[12]) for f in fields) / os.sysconf("SC_CLK_TCK")

    def post(self, content: Any, *, timeout: float = 5.0) -> tuple[int, Any]:
        """Raises OSError where there is nobody, or who there was has gone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        return post_over(connection, content)

    def instances(self) -> dict[str, int]:
        """Instance id -> subject of all that is stored; that no id is there twice."""
        rows = json.loads(self.run("-c", INSTANCES))
        assert len(rows) == len({instance for instance, _subject in rows})
        return dict(rows)


def _wait_until_gone(group: int) -> None:
    begun = time.monotonic()
    with suppress(ProcessLookupError):
        while time.monotonic() - begun < READY:
            os.killpg(group, 0)
            time.sleep(0.01)


def free_port() -> int:
    """Below those that clients get for themselves: one that knocks while the server is down could otherwise
    be connected to itself, and hold the port."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as found, suppress(OSError):
            found.bind(("127.0.0.1", port))
            return port


def post_over(connection: http.client.HTTPConnection, content: Any) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json", "Authorization": AUTHORIZATION}
    try:
        connection.request("POST", "/api/submissions", json.dumps(content), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except (http.client.HTTPException, ValueError) as error:
        raise OSError(str(error)) from error


@contextmanager
def installed(folder: Path, *, pupils: int) -> Iterator[Served]:
    """A demonstration of the town, in a ledger of its own beside that of the tests."""
    cluster = os.environ.get("FANGXIAN_POSTGRES", "")
    dsn, name = "", f"doors_{secrets.token_hex(4)}"
    if cluster:
        parts = dict(part.split("=", 1) for part in cluster.split())
        _execute(cluster, f"CREATE DATABASE {name}")
        dsn = " ".join(f"{key}={value}" for key, value in {**parts, "dbname": name}.items())
    served = Served(folder, dsn)
    try:
        served.run("-m", "tests.doors.town", str(pupils))
        yield served
    finally:
        served.stop()
        if cluster:
            _execute(cluster, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _execute(dsn: str, sql: str) -> None:
    import psycopg

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql)
