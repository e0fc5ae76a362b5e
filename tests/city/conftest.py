"""A copy of the 1 % city for each story, asked by the commands that people use."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.demonstration import FANGXIAN, built_city_, on_sqlite  # noqa: F401

from fangxian.kernel.home import Home

EVENING = "2020-02-12T18:50:00+08:00"


@dataclass(frozen=True)
class City:
    """A demonstration city on SQLite, asked through the command line."""

    home: Home

    def run(self, *words: str, fails: bool = False) -> str:
        done = subprocess.run(
            [FANGXIAN, "--home", str(self.home.path), "--lang", "en", *words],
            env=on_sqlite(),
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


@pytest.fixture
def fresh_city(built_city: Path, tmp_path: Path) -> City:
    """A copy for one test."""
    shutil.copytree(built_city, tmp_path / "home")
    return City(Home(tmp_path / "home"))
