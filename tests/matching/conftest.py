"""Small rosters of invented people, and lists held against them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.utils import translation
from tests.submissions.conftest import world  # noqa: F401

from fangxian.cli.main import _build, _home_first
from fangxian.kernel.home import Home
from fangxian.matching.matching import Matched, match_files

from .city import City, write_list, write_roster

Match = Callable[..., Matched]


@pytest.fixture
def match(tmp_path: Path) -> Match:
    """Rows of a list held against the roster of a city."""

    def run(city: City, rows: list[dict[str, str]]) -> Matched:
        listed, roster = write_list(tmp_path, rows), write_roster(tmp_path, city)
        with translation.override("en"):
            return match_files(listed, roster, step=lambda words: None, threads=1)

    return run


@pytest.fixture
def cli(home: Home) -> Callable[..., Result]:
    def run(*words: object, lang: str = "en") -> Result:
        line = ["match", *map(str, words), "--home", str(home.path), "--lang", lang]
        return CliRunner().invoke(_build(), _home_first(line))

    return run
