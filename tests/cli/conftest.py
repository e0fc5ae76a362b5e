"""The command line, run in this process over the intake tests' small world."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.submissions.conftest import World, world  # noqa: F401

from fangxian.cli.main import _build, _home_first
from fangxian.kernel.home import Home

Run = Callable[..., Result]


@pytest.fixture
def run(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command with a file of these lines; `--at` is noon of the given day of February 2020."""

    def command(name: str, *lines: Any, day: int = 10, lang: str = "en") -> Result:
        file = tmp_path / "lines.jsonl"
        texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
        file.write_text("\n".join(texts), encoding="utf-8")
        words = [name, str(file), "--at", f"2020-02-{day:02}T12:00:00+08:00", "--home", str(home.path)]
        return CliRunner().invoke(_build(), _home_first([*words, "--lang", lang]))

    return command


def told(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]
