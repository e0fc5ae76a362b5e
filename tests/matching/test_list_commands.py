"""`fangxian list`: from an office's file to what is left to review, on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fangxian.cli.main import _build, _home_first
from fangxian.kernel.home import Home
from fangxian.matching.models import Issue
from fangxian.registry.actions import NewPerson, enrol

from .world import at, written

pytestmark = pytest.mark.django_db
LINES = [("丁一", "男", "", "10012345671", "东门三号", ""), ("王二", "女", "", "10012345672", "西门", "")]
AT = ("--at", "2020-02-05T09:00:00+08:00")


@pytest.fixture
def run(home: Home, db: None) -> Callable[..., Result]:
    def run(*words: object) -> Result:
        line = ["list", *map(str, words), "--home", str(home.path), "--lang", "en"]
        return CliRunner().invoke(_build(), _home_first(line))

    return run


def test_from_a_file_to_what_is_left(run: Callable[..., Result], tmp_path: Path) -> None:
    people = [NewPerson(f"人{n}", "f", phone=f"1009876{n:04}") for n in range(30)]
    enrol(people=[NewPerson("丁一", "m", phone="10012345671"), *people], by="test", now=at(1))
    added = run("add", "--source", "交通局", "--title", "旅客", "--topic", "returnees", *AT)
    assert (added.exit_code, added.output) == (0, "List 1: 交通局, 旅客.\n")
    path = written(tmp_path, "1.csv", LINES)
    assert run("issue", 1, path, "--dry-run", *AT).exit_code == 0
    assert not Issue.objects.exists()
    assert "Issue 1: 2 rows; 2 new" in run("issue", 1, path, "--yes", *AT).output
    told = json.loads(run("status", "--json").output)
    assert (told["rows"], told["waiting"], told["leads"]) == (2, 2, 0)
    assert "2 of 2 rows matched" in run("match", "--threads", 1, *AT).output
    assert json.loads(run("status", "--json").output)["waiting"] == 0
    changed = [(*LINES[0][:3], "10012345699", *LINES[0][4:])]
    run("issue", 1, written(tmp_path, "2.csv", changed), "--yes", *AT)
    rows = [json.loads(line) for line in run("diff", 1, "--json").output.splitlines()]
    assert [row["what"] for row in rows] == ["changed", "gone"]
    assert rows[0]["cells"] == {"phone": ["100******71", "100******99"]}
    shown = run("diff", 1).output
    assert "100******71 → 100******99" in shown and "丁*" in shown
    assert "10012345671" not in shown and "丁一" not in shown
    assert "0 new, 0 there again, 1 changed, 1 gone, 0 as before." in shown


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("add", "--source", "局", "--title", "名单", "--topic", "nonsense"), "topic-unknown"),
        (("add", "--source", " ", "--title", "名单", "--topic", "other"), "list-unnamed"),
        (("diff", "7"), "list-not-there"),
        (("match", "7"), "list-not-there"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    run: Callable[..., Result], words: tuple[str, ...], code: str
) -> None:
    done = run(*words)
    assert done.exit_code != 0
    assert code in str(done.output) + str(done.exception)


def test_a_rejected_row_keeps_the_issue_out(run: Callable[..., Result], tmp_path: Path) -> None:
    run("add", "--source", "局", "--title", "名单", "--topic", "other", *AT)
    path = written(tmp_path, "1.csv", [*LINES, ("", "男", "", "", "无名", "")])
    done = run("issue", 1, path, "--yes", *AT)
    assert done.exit_code == 1
    assert not Issue.objects.exists()
    assert run("issue", 1, path, "--yes", "--policy", "partial", *AT).exit_code == 0
    assert Issue.objects.get().rejected == 1
