"""The 1 % city, built by the command that people use: once for all rooms and workers of a run.

A room takes the fixture by importing `built_city_` into its conftest. Nobody writes to it; who wants to
writes to a copy.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

FANGXIAN = Path(sys.executable).parent / "fangxian"


def on_sqlite() -> Mapping[str, str]:
    """The environment of a command with a data folder of its own, whatever the tests themselves run on."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("FANGXIAN", "DJANGO"))}


@pytest.fixture(scope="session", name="built_city")
def built_city_(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it lies. Of several workers one builds it, the others wait."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder = shared / "city"
    with (shared / "city.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _build(folder)
    return folder


def _build(folder: Path) -> None:
    command = [FANGXIAN, "--home", folder, "demo", "--scale", "0.01"]
    done = subprocess.run(command, env=on_sqlite(), capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
