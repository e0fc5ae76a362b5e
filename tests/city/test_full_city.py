"""The city at its full size, for five seeds: `make test-long`."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fangxian.kernel.home import Home
from fangxian.scenario.expected import expected
from fangxian.scenario.facts import XUANWEI, read_facts

from .conftest import City

ROOT = Path(__file__).parents[2]
OTHERWISE = {
    "screening.staff_from_hubei_or_contact": (213, 209),
    "party.pledges_signed": (56, 57),
    "supervision.venues_checked": (59, 61),
}

pytestmark = pytest.mark.long


def built(folder: Path, *words: str) -> City:
    city = City(Home(folder / "city"))
    city.run("demo", *words)
    return city


@pytest.fixture(scope="module", params=(1, 2, 3, 4, 5))
def full_city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> City:
    return built(tmp_path_factory.mktemp("full"), "--seed", str(request.param))


def test_all_figures_are_those_of_the_facts(full_city: City) -> None:
    counted, facts = full_city.figures(), read_facts()
    assert {id: counted[id] for id in facts.told} == expected(facts)


def test_the_response_has_its_size(full_city: City) -> None:
    with sqlite3.connect(full_city.home.path / "ledger.sqlite3") as ledger:
        (sheets,) = ledger.execute("SELECT count(*) FROM submissions_submission").fetchone()
    assert sheets >= 800_000


def test_the_engine_agrees_with_the_plain_meaning(full_city: City) -> None:
    """At the city and 20 units drawn at random, at three moments."""
    command = [sys.executable, "-m", "tests.figures.agree", str(full_city.home.path), "20"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["disagreements"] == []
    assert answer["compared"] >= 3 * 21 * 34


def test_a_rebuilt_lake_leaves_every_figure_as_it_was(full_city: City) -> None:
    before = full_city.figures()
    full_city.run("lake", "rebuild")
    assert full_city.figures() == before


def test_three_facts_changed_change_three_figures(tmp_path: Path) -> None:
    file, text = tmp_path / "facts.toml", XUANWEI.read_text("utf-8")
    for figure, (told, other) in OTHERWISE.items():
        at = text.index(f"value = {told}\n", text.index(f'id = "{figure}"'))
        text = text[:at] + f"value = {other}\n" + text[at:].split("\n", 1)[1]
    file.write_text(text, "utf-8")
    counted = built(tmp_path, "--facts", str(file)).figures()
    wanted = expected(read_facts())
    assert {id: counted[id] for id, value in wanted.items() if counted[id] != value} == {
        figure: other for figure, (_told, other) in OTHERWISE.items()
    }
