"""`fangxian doctor` finds what is wrong and says what to do; `fangxian init` leaves it nothing to find."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fangxian.cli import doctor
from fangxian.kernel.home import Home
from fangxian.kernel.secrets import add_keys, retire_keys
from fangxian.lake import files
from fangxian.lake.manifest import Manifest


def fangxian(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """The command line as an office runs it: a process of its own, on SQLite."""
    left_out = ("FANGXIAN", "DJANGO")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    command = [Path(sys.executable).parent / "fangxian", "--home", home, "--lang", "en", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def found(home: Path) -> dict[str, dict[str, str]]:
    done = fangxian("doctor", "--json", home=home)
    said = json.loads(done.stdout)
    assert said["ok"] == (done.returncode == 0)
    return {thing["id"]: thing for thing in said["found"]}


def test_an_empty_place_is_sick_and_is_left_as_it_was(tmp_path: Path) -> None:
    things = found(tmp_path / "nowhere")
    assert {name for name, thing in things.items() if thing["state"] == "bad"} >= {"home", "keys", "ledger"}
    assert "fangxian init" in things["ledger"]["told"]
    assert not (tmp_path / "nowhere").exists()


def test_what_init_makes_is_well_and_stays_when_it_runs_again(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    for _ in range(2):
        done = fangxian("init", home=home.path)
        assert done.returncode == 0, done.stderr
    keys = (home.keys / "keys.1").read_bytes()
    assert fangxian("init", home=home.path).returncode == 0
    assert (home.keys / "keys.1").read_bytes() == keys
    things = found(home.path)
    assert [things[name]["state"] for name in ("home", "keys", "ledger")] == ["good", "good", "good"]

    (home.keys / "keys.1").chmod(0o644)
    assert "chmod" in found(home.path)["keys"]["told"]
    home.ledger.write_bytes(b"not a database, whatever its name says" * 100)
    assert found(home.path)["ledger"]["state"] == "bad"


def test_each_thing_found_is_one_line(tmp_path: Path) -> None:
    done = fangxian("doctor", home=tmp_path / "nowhere")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == len(found(tmp_path / "nowhere"))


@pytest.mark.django_db
def test_an_older_ledger_is_told_from_a_new_one() -> None:
    from django.db.migrations.recorder import MigrationRecorder

    assert doctor._ledger().state == "good"
    MigrationRecorder.Migration.objects.filter(app="publishing").delete()
    assert doctor._ledger().state == "bad"
    assert "fangxian init" in doctor._ledger().told


def test_missing_programs_are_spare_not_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert {doctor._chromium().state, doctor._postgresql().state, doctor._java().state} == {"spare"}


def test_missing_fonts_are_bad_since_no_pdf_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    from fangxian.publishing import fonts

    assert doctor._fonts().state == "good"
    monkeypatch.setattr(fonts, "chosen", lambda: {"heiti": "SimHei"})
    assert doctor._fonts().state == "bad"


@pytest.mark.parametrize(
    ("mirrored", "head", "state", "told"),
    [(3, 3, "good", "3"), (3, 5, "spare", "lake sync"), (3, 2, "bad", "lake rebuild")],
)
def test_the_lake_is_held_against_the_ledger(
    other_home: Home, monkeypatch: pytest.MonkeyPatch, mirrored: int, head: int, state: str, told: str
) -> None:
    monkeypatch.setattr(doctor, "_positions", lambda: head)
    files.publish(other_home.lake, Manifest(position=mirrored), [])
    assert doctor._lake().state == state
    assert told in doctor._lake().told


def test_a_lake_that_is_missing_is_spare_and_a_damaged_one_bad(other_home: Home) -> None:
    assert doctor._lake().state == "spare"
    (other_home.lake / "manifest.json").write_text("{")
    assert doctor._lake().state == "bad"


def test_new_keys_that_are_not_through_are_told(other_home: Home) -> None:
    assert doctor._keys().state == "good"
    add_keys(other_home.keys)
    found = doctor._keys()
    assert found.state == "spare" and "keys.1" in found.told and "fangxian keys rotate" in found.told
    retire_keys(other_home.keys)
    assert doctor._keys().state == "good"
