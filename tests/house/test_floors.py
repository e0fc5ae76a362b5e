"""The floors of the house, and what nothing below the doors may do."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "fangxian"
# Doors read the clock and pass it on; the generator's clock is the scenario's, so it reads none.
DOORS = {"web", "cli"}
CLOCKS = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
    ("timezone", "now"), ("timezone", "localdate"), ("timezone", "localtime"),
    ("time", "time"), ("time", "time_ns"), ("time", "localtime"), ("time", "gmtime"), ("time", "strftime"),
}  # fmt: skip


def clock_reads(source: str) -> Iterator[tuple[int, str]]:
    """(line, what) of each use of a clock: by attribute (`datetime.now`), or imported by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            owner = (
                node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            )
            if (owner, node.attr) in CLOCKS:
                yield node.lineno, f"{owner}.{node.attr}"
        elif isinstance(node, ast.ImportFrom):
            owner = (node.module or "").rpartition(".")[2]
            for name in node.names:
                if (owner, name.name) in CLOCKS:
                    yield node.lineno, f"{owner}.{name.name}"


def test_imports_go_down_only() -> None:
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_the_doors_read_a_clock() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{line} {what}"
        for path in sorted(SOURCE.rglob("*.py"))
        if path.relative_to(SOURCE).parts[0] not in DOORS
        for line, what in clock_reads(path.read_text(encoding="utf-8"))
    ]
    assert found == [], "Pass `now` instead: a day that is recounted must not depend on when."


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\nnow = datetime.now()",
        "import datetime\nnow = datetime.datetime.now(tz)",
        "from datetime import date\nread = date.today",
        "import time\ntime.time()",
        "from time import time\ntime()",
        "from django.utils import timezone\ntimezone.now()",
        "from django.utils.timezone import now\nnow()",
    ],
)
def test_the_ban_on_clocks_sees_them(source: str) -> None:
    assert list(clock_reads(source))


@pytest.mark.parametrize(
    "source", ["from time import perf_counter\nperf_counter()", "def f(*, now): ...\nf(now=1)", "x.time"]
)
def test_the_ban_on_clocks_leaves_the_rest_alone(source: str) -> None:
    assert not list(clock_reads(source))
