"""A demonstration says that it is one; a build takes its place whole, or not at all."""

import json
from pathlib import Path

import pytest

from fangxian.kernel.demonstration import CLOCK, Demonstration, clock_of, demonstration_of
from fangxian.kernel.home import Home
from fangxian.kernel.moments import read_moment
from fangxian.scenario.build import _alone, _site, demo_keys, refuse_others
from fangxian.scenario.problems import DemonstrationBusy, NotADemonstration

MARKER = Demonstration("xuanwei-2020", 0.01, 1, "0" * 64, "2020-02-12T18:20:00+08:00")
TODAY = read_moment("2026-01-05T08:00:00+08:00")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "var")


def put_demonstration(home: Home, text: str = "old") -> None:
    home.make()
    (home.path / "ledger.sqlite3").write_text(text)
    MARKER.write(home.path)


def test_the_clock_of_a_demonstration_stands_and_can_be_moved(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(CLOCK, raising=False)
    assert demonstration_of(home) is None
    assert clock_of(home, now=TODAY) == TODAY
    put_demonstration(home)
    assert demonstration_of(home) == MARKER
    assert clock_of(home, now=TODAY) == read_moment(MARKER.clock)
    monkeypatch.setenv(CLOCK, "2020-02-14T09:00:00+08:00")
    assert clock_of(home, now=TODAY).day == 14
    assert json.loads((home.path / "demonstration.json").read_text())["scale"] == 0.01


def test_a_build_takes_the_place_of_an_older_one(home: Home) -> None:
    put_demonstration(home)
    with _site(home) as site:
        assert (home.path / "ledger.sqlite3").read_text() == "old"
        put_demonstration(site, "new")
    assert (home.path / "ledger.sqlite3").read_text() == "new"
    assert [path.name for path in home.path.parent.iterdir()] == ["var"]


def test_an_interrupted_build_leaves_things_as_they_were(home: Home) -> None:
    put_demonstration(home)
    with pytest.raises(KeyboardInterrupt), _site(home) as site:
        put_demonstration(site, "half")
        raise KeyboardInterrupt
    assert (home.path / "ledger.sqlite3").read_text() == "old"
    assert [path.name for path in home.path.parent.iterdir()] == ["var"]


def test_what_a_killed_build_left_is_swept_away(home: Home) -> None:
    put_demonstration(Home(home.path.with_name(".var.building")), "killed")
    with _site(home) as site:
        assert not site.ledger.exists()
        put_demonstration(site, "new")
    assert (home.path / "ledger.sqlite3").read_text() == "new"


def test_an_offices_own_data_are_left_alone(home: Home) -> None:
    home.make()
    refuse_others(home)  # folders alone are nobody's data
    (home.path / "ledger.sqlite3").write_text("an office's")
    with pytest.raises(NotADemonstration):
        refuse_others(home)


def test_two_builds_of_one_home_do_not_meet(home: Home) -> None:
    with _alone(home.path), pytest.raises(DemonstrationBusy), _site(home):
        pass


def test_keys_come_from_the_seed() -> None:
    assert demo_keys(1) == demo_keys(1) != demo_keys(2)
    assert len(demo_keys(1)) == 96
