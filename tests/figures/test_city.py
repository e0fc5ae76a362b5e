"""A hundredth of the city, by the command that offices run: every figure and its plain count agree, and the
commands print what they promise."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.demonstration import FANGXIAN, on_sqlite

from fangxian.figures.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
EVENING = ("--as-of", "2020-02-12T18:50:00+08:00")

pytestmark = pytest.mark.xdist_group("figures-city")


def run(*command: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """A process of its own, on SQLite."""
    done = subprocess.run(
        command, env=on_sqlite(), cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == code, done.stderr[-2000:]
    return done


@pytest.fixture(scope="module")
def city(built_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy for this module, which writes to it."""
    return shutil.copytree(built_city, tmp_path_factory.mktemp("city") / "home")


def told(home: Path, *arguments: str) -> list[dict[str, Any]]:
    done = run(FANGXIAN, "--home", home, *arguments, "--json")
    if arguments[0] == "records":
        return [json.loads(line) for line in done.stdout.splitlines()]
    answer: list[dict[str, Any]] = json.loads(done.stdout)
    return answer


def test_every_figure_agrees_with_a_plain_count_of_the_ledger(city: Path) -> None:
    answer = json.loads(run(sys.executable, "-m", "tests.figures.agree", city).stdout)
    assert answer["disagreements"] == []
    assert answer["compared"] >= 3 * 15 * len(CATALOGUE)


def test_every_figure_agrees_with_sql_written_by_hand(city: Path) -> None:
    told = run(sys.executable, "benchmarks/figures.py", "--home", city, "--compare").stdout.splitlines()
    assert len(told) == 3 and all(line.endswith("all equal") for line in told)
    assert int(told[0].split()[0]) > len(CATALOGUE)


def test_both_engines_print_the_same_figures(city: Path) -> None:
    counted = told(city, "figures", *EVENING)
    assert counted == told(city, "figures", *EVENING, "--engine", "plain")
    assert {figure["id"] for figure in counted} >= set(CATALOGUE)
    keys = {"id", "value", "out_of", "zh", "en", "as_of", "known_by", "unit"}
    assert all(keys <= set(figure) for figure in counted)


def test_records_sum_to_their_figure(city: Path) -> None:
    for figure in ("party.pledges_signed", "supplies.delivered_value", "supervision.person_times"):
        records = told(city, "records", figure, *EVENING)
        value = told(city, "figures", figure, *EVENING)[0]["value"]
        assert round(sum(record["contribution"] for record in records), 2) == value > 0
        assert len({record["id"] for record in records}) == len(records)


def test_a_course_has_each_day_as_known_by_one_moment(city: Path) -> None:
    asked = ("coverage.disinfection", *EVENING, "--unit", "c01")
    days = told(city, "course", *asked)
    assert [day["as_of"] for day in days][::29] == ["2020-01-14", "2020-02-12"]
    assert not days[0]["value"] and days[-1]["value"] > 0
    earlier = ("--as-of", "2020-02-10", "--known-by", EVENING[1], "--unit", "c01")
    assert days[-3]["value"] == told(city, "figures", asked[0], *earlier)[0]["value"]


def test_names_in_records_are_masked(city: Path) -> None:
    names = {record["name"] for record in told(city, "records", "command.commandos", *EVENING)}
    assert names and all(len(name) == 2 and name.endswith("*") for name in names)


def test_a_unit_is_asked_by_its_code(city: Path) -> None:
    zone, party = (told(city, "figures", "students.pupils", *EVENING, "--unit", c)[0] for c in ("z1", "p"))
    assert 0 < zone["value"] < told(city, "figures", "students.pupils", *EVENING)[0]["value"]
    assert (party["value"], party["counted_here"]) == (None, False)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("figures", "students.pupil"), "unknown-figure"),
        (("figures", "--unit", "nowhere"), "unit-not-there"),
        (("figures", "--as-of", "2010-01-01"), "nothing-known-yet"),
        (("figures", "--as-of", "2199-01-01"), "moment-in-future"),
        (("figures", "--as-of", "9999-01-01"), "moment-unreadable"),
        (("figures", "--as-of", "soon"), "moment-unreadable"),
        (("records", "students.pupils", "--part", "missing"), "unknown-part"),
        (("course", "students.pupils", "--as-of", "2020-02-12", "--since", "2020-02-13"), "span-reversed"),
        (("course", "students.pupil"), "unknown-figure"),
    ],
)
def test_what_cannot_be_counted_is_a_problem(city: Path, arguments: tuple[str, ...], problem: str) -> None:
    done = run(FANGXIAN, "--home", city, "--lang", "en", *arguments, code=2)
    assert f"[{problem}]" in done.stderr and "Traceback" not in done.stderr


def test_a_lake_that_is_behind_is_not_counted_from(city: Path, tmp_path: Path) -> None:
    pledge = told(city, "records", "party.pledges_signed", *EVENING)[0]
    line = tmp_path / "retract.jsonl"
    line.write_text(json.dumps({"instance_id": pledge["instances"][0], "reason": "for the wrong person"}))
    before = told(city, "figures", "party.pledges_signed", *EVENING)[0]["value"]
    run(FANGXIAN, "--home", city, "retract", line, "--at", "2020-02-13T09:00:00+08:00")
    done = run(FANGXIAN, "--home", city, "figures", *EVENING, "--no-sync", code=2)
    assert "[lake-stale]" in done.stderr
    later = ("--known-by", "2020-02-13T10:00:00+08:00")
    assert told(city, "figures", "party.pledges_signed", *EVENING)[0]["value"] == before
    assert told(city, "figures", "party.pledges_signed", *EVENING, *later)[0]["value"] == before - 1
