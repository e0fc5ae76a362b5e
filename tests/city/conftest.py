"""The 1 % city, built once for all workers by the command that people use; a copy for each story."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fangxian.kernel.home import Home

EVENING = "2020-02-12T18:50:00+08:00"
FANGXIAN = [sys.executable, "-c", "from fangxian.cli import main; main()"]


@dataclass(frozen=True)
class City:
    """A demonstration city on SQLite, asked through the command line."""

    home: Home

    def run(self, *words: str, fails: bool = False) -> str:
        told = {name: value for name, value in os.environ.items() if name != "FANGXIAN_POSTGRES"}
        done = subprocess.run(
            [*FANGXIAN, "--home", str(self.home.path), "--lang", "en", *words],
            env=told,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert (done.returncode != 0) == fails, f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def write(self, command: str, at: str, *lines: dict[str, Any]) -> list[dict[str, Any]]:
        file = self.home.path / "lines.jsonl"
        file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
        return [json.loads(line) for line in self.run(command, str(file), "--at", at).splitlines()]

    def figures(self, as_of: str = EVENING, *words: str) -> dict[str, Any]:
        """Value by figure id: of those that `words` name, or of all."""
        told = json.loads(self.run("figures", *words, "--as-of", as_of, "--json"))
        return {figure["id"]: figure["value"] for figure in told}

    def records(self, figure: str, as_of: str = EVENING, *words: str) -> list[dict[str, Any]]:
        lines = self.run("records", figure, "--as-of", as_of, "--json", *words).splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def built_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the city lies that nobody writes to. Of several workers one builds it, the others wait."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder = shared / "city"
    with (shared / "city.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            City(Home(folder)).run("demo", "--scale", "0.01")
    return folder


@pytest.fixture
def fresh_city(built_city: Path, tmp_path: Path) -> City:
    """A copy for one test."""
    shutil.copytree(built_city, tmp_path / "home")
    return City(Home(tmp_path / "home"))
