"""On Spark the same rows, the same figures and the same links, from one session a process."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from tests.demonstration import FANGXIAN, on_sqlite
from tests.lake.world import World
from tests.matching.city import City, Mix, write_list, write_roster
from tests.spark.settings import SMALL

from fangxian.figures.sync import sync_lake
from fangxian.kernel.home import Home
from fangxian.lake import spark
from fangxian.lake.problems import JavaMissing
from fangxian.lake.reader import Lake
from fangxian.matching.matching import match_files

ROOT = Path(__file__).parents[2]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """A process of its own, on SQLite."""
    java = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
    return subprocess.run(
        command, env=on_sqlite() | java, cwd=ROOT, capture_output=True, text=True, check=True, timeout=600
    )


# ------------------------------------------------------------------------------------ figures


def test_the_catalogue_is_the_same_on_polars_duckdb_and_spark(built_city: Path) -> None:
    """Every figure at every unit of a hundredth of the city; from one session."""
    agreed(built_city, 0)


@pytest.mark.long  # a world costs Spark as much as half a city; on the others they are counted each time
def test_the_catalogue_is_the_same_in_dense_worlds(built_city: Path) -> None:
    agreed(built_city, 6)


def agreed(city: Path, worlds: int) -> None:
    told = json.loads(run(sys.executable, "-m", "tests.spark.agree", city, str(worlds)).stdout)
    assert told["differing"] == []
    assert len(told["compared"]) == 1 + worlds and min(told["compared"]) > 1_000
    assert told["sessions"] == 1


def test_the_command_says_the_same_and_nothing_else(built_city: Path) -> None:
    figure = (
        "--home",
        built_city,
        "figures",
        "students.schools",
        "--as-of",
        "2020-02-12T18:50:00+08:00",
        "--json",
    )
    on_spark = run(FANGXIAN, *figure, "--engine", "spark")
    assert on_spark.stdout == run(FANGXIAN, *figure).stdout
    assert on_spark.stderr == ""


# ------------------------------------------------------------------------------------ the lake


@pytest.mark.once
def test_rows_are_those_of_the_lake(other_home: Home, world: World) -> None:
    """Files of several columns, rows that ended later, lists, awkward names, no rows, chosen days."""
    people = world.enrol(3)
    world.house(*people)
    world.open_round(1, people)
    world.publish("../o'd\"d", [question("q`1.x", "select_one"), question("count", "integer")])
    world.submit({"answers": {"q`1.x": 'it\'s "so"', "count": 2}}, {"answers": {}})
    sync_lake(other_home)
    world.transfer(people[0], "k2", date(2020, 2, 3))
    world.publish("../o'd\"d", [question("count", "decimal"), question("many", "select_multiple")])
    world.submit({"answers": {"count": 2.5, "many": ["a", ""]}})
    world.revise(world.sheets[0], "withdrawn", date(2020, 2, 2))
    sync_lake(other_home)
    lake = Lake(other_home)
    assert lake.ends("posts") and len(lake.parts("answers/../o'd\"d")) == 2
    for name in (*lake.datasets(), "answers/nothing"):
        assert on_spark(lake, name) == on_duckdb(lake, name)
    wanted = {"known_by": 8, "columns": ("day", "a_much"), "expecting": {"a_much": "float64"}}
    days = (date(2020, 2, 1), date(2020, 2, 1))
    assert on_spark(lake, "answers/screening", days, **wanted) == on_duckdb(
        lake, "answers/screening", days, **wanted
    )


def question(name: str, kind: str) -> dict[str, str]:
    return {"name": name, "type": kind, "class": "A"}


def on_spark(lake: Lake, *asked: object, **wanted: object) -> list[str]:
    found = spark.rows(spark.session(), lake, *asked, **wanted)  # type: ignore[arg-type]
    return [str(found.columns), *sorted(str(tuple(row)) for row in found.collect())]


def on_duckdb(lake: Lake, *asked: object, **wanted: object) -> list[str]:
    found = lake.relation(*asked, **wanted)  # type: ignore[arg-type]
    return [str(found.columns), *sorted(map(str, found.fetchall()))]


def test_where_java_is_missing_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(JavaMissing) as told:
        spark.session()
    assert "apt-get install" in told.value.sentence()


# ------------------------------------------------------------------------------------ links


def test_links_are_the_same(tmp_path: Path) -> None:
    """All that is compared among all pairs, so that the shares among strangers are exactly alike."""
    city = City(31, 500)
    listed, roster = write_list(tmp_path, city.list(100, Mix())[0]), write_roster(tmp_path, city)
    told = {
        engine: match_files(listed, roster, step=lambda words: None, engine=engine).lines()
        for engine in ("duckdb", "spark")
    }
    assert told["spark"] == told["duckdb"]
    assert sum(line[3] == "auto" for line in told["spark"]) > 10


def test_the_settings_of_these_tests_change_what_is_fast_alone() -> None:
    assert SMALL.keys() <= {
        "spark.driver.extraJavaOptions",
        "spark.sql.codegen.wholeStage",
        "spark.sql.codegen.factoryMode",
        "spark.sql.shuffle.partitions",
    }
