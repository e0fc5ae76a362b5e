"""`fangxian bulletin` and `fangxian changes`, as an office types them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fangxian.cli import bulletin as commands
from fangxian.cli import workbook as workbooks
from fangxian.kernel.asof import AsOf
from fangxian.kernel.demonstration import Demonstration
from fangxian.kernel.home import Home
from fangxian.kernel.problems import MomentInFuture, Problem
from fangxian.publishing.models import Bulletin, Placement
from fangxian.publishing.problems import OwnDraft

from . import books
from . import planting as p
from .conftest import TableEngine, Told
from .test_bulletin import FailingCheck

AS_OF = ["--as-of", "2020-02-12T18:20:00+08:00"]


@pytest.fixture
def demonstration(
    city: AsOf, engine: TableEngine, other_home: Home, monkeypatch: pytest.MonkeyPatch
) -> TableEngine:
    Demonstration("test", 1.0, 1, "", "2020-02-12T18:20:00+08:00").write(other_home.path)
    monkeypatch.setattr(commands, "_engine", lambda: engine)
    return engine


def typed(*words: str | Path) -> Result:
    command, *rest = words
    return CliRunner().invoke(getattr(commands, str(command)), list(map(str, rest)), catch_exceptions=False)


def test_issue_list_reissue_and_changes(demonstration: TableEngine, tmp_path: Path, other_home: Home) -> None:
    done = typed("bulletin", "--out", tmp_path / "papers")
    assert done.exit_code == 0 and done.stdout.startswith("1\t")
    assert sorted(f.suffix for f in (tmp_path / "papers").iterdir()) == [".docx", ".html", ".pdf"]
    assert "关于全市教育系统" in typed("bulletin", "--list").stdout
    Bulletin.objects.update(frozen={})
    again = typed("bulletin", "--reissue", "1", "--out", tmp_path / "again")
    assert again.stdout.split("\t")[1] == done.stdout.split("\t")[1]
    assert json.loads(typed("changes", "1", "--json").stdout) == []


def test_a_draft_stores_nothing(demonstration: TableEngine, tmp_path: Path) -> None:
    assert typed("bulletin", "--draft", *AS_OF, "--out", tmp_path).exit_code == 0
    assert not Bulletin.objects.exists()
    assert "草稿" in (tmp_path / "draft.html").read_text("utf-8")


def test_changes_are_told_in_both_languages(demonstration: TableEngine) -> None:
    typed("bulletin", *AS_OF, "--number", "12")
    demonstration.told["party.pledges_signed"] = Told(55)
    (change,) = json.loads(typed("changes", "12", "--json").stdout)
    assert change["id"] == "party.pledges_signed" and change["now"] == 55
    assert "55" in change["zh"] and "55" in change["en"]


def test_lint_says_where_and_fails(template: bytes, tmp_path: Path) -> None:
    ours = tmp_path / "ours.docx"
    ours.write_bytes(template)
    assert typed("bulletin", "--lint", ours).exit_code == 0
    ours.write_bytes(p.edited(template, p.sentence("党员4642名")))
    found = typed("bulletin", "--lint", ours)
    assert found.exit_code == 1 and "4642" in found.stdout


def test_a_day_that_has_not_come_cannot_be_asked_for(demonstration: TableEngine) -> None:
    with pytest.raises(MomentInFuture):
        typed("bulletin", "--as-of", "2030-01-01")
    with pytest.raises(MomentInFuture):
        typed("bulletin", "--as-of", "2030-01-01", "--known-by", "2020-02-12T18:20:00+08:00")
    assert typed("bulletin", "--as-of", "2020-02-12T18:50:00+08:00").exit_code == 0  # a later hour of its day


def test_step_by_step_with_a_second_person_and_a_correction(
    demonstration: TableEngine, tmp_path: Path
) -> None:
    assert typed("bulletin", "draft").stdout == "1\n"
    checked = typed("bulletin", "check", "1", *AS_OF)
    assert checked.exit_code == 0 and "2020-02-12T18:20+08:00" in checked.stdout
    with pytest.raises(OwnDraft):
        typed("bulletin", "approve", "1", "--by", "cli:officer")
    assert typed("bulletin", "steps").stdout.startswith("1\t")
    typed("bulletin", "approve", "1", "--by", "leader")
    papers = tmp_path / "papers"
    done = typed("bulletin", "issue", "1", "--out", papers)
    assert done.stdout.startswith("1\t") and len(list(papers.iterdir())) == 3
    told = [line.split("\t") for line in typed("bulletin", "steps", "1").stdout.splitlines()]
    assert [row[2] for row in told] == ["cli:officer", "cli:officer", "leader", "cli:officer"]
    demonstration.told["party.pledges_signed"] = Told(55)
    corrected = typed("bulletin", "--corrects", "1", "--reason", "同一人各报一次，已合并")
    assert corrected.stdout.startswith("2\t") and Bulletin.objects.get(number=2).corrects.number == 1


def test_a_check_that_fails_ends_with_an_error(demonstration: TableEngine) -> None:
    demonstration.failing = [FailingCheck(False, "students.pupils at xw")]
    typed("bulletin", "draft")
    found = typed("bulletin", "check", "1")
    assert found.exit_code == 1 and "students.pupils at xw" in found.stdout
    typed("bulletin", "give-up", "1", "勾稽不上，改日再报")
    assert typed("bulletin", "steps").stdout == ""


# ------------------------------------------------------------------------------------ workbooks


def in_workbook(*words: str | Path) -> Result:
    return CliRunner().invoke(workbooks.workbook, list(map(str, words)), catch_exceptions=False)


def test_a_workbook_is_put_up_mapped_filled_and_filled_again(
    demonstration: TableEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "_engine", lambda: demonstration)
    form, mapping = tmp_path / "form.xlsx", tmp_path / "map.csv"
    form.write_bytes(books.form())
    added = in_workbook("add", "学校日报", form)
    assert added.stdout.endswith("1\n") and "公式" in added.stderr
    proposed = in_workbook("propose", "学校日报").stdout
    assert "日报,B4,figure,students.pupils,z1,value" in proposed and "日报,B2,unit" in proposed
    mapping.write_text(proposed, "utf-8")
    mapped = in_workbook("map", "学校日报", mapping, "--save")
    assert mapped.stdout.startswith("1\t") and "E4" in mapped.stderr, "what wants a number and has none"
    filled = in_workbook("fill", "学校日报", *AS_OF, "--out", tmp_path / "out")
    [file] = (tmp_path / "out").iterdir()
    first = file.read_bytes()
    assert in_workbook("refill", "学校日报", "1", "--out", tmp_path / "out").stdout[:66] == filled.stdout[:66]
    assert file.read_bytes() == first
    assert in_workbook("changes", "学校日报", "1").stdout == ""
    demonstration.told["party.members"] = Told(55)
    told = in_workbook("changes", "学校日报", "1").stdout
    assert "C4" in told and "55" in told
    assert in_workbook("list").stdout.startswith("1\t学校日报\t1\t1\t2020-02-12T18:20")
    assert in_workbook("add", "学校日报", form).stdout.endswith("2\n"), "the next version of it"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("sheet,cell,figure\n日报,B4,party.members\n日报,b4,party.members\n", "cell-twice"),
        ("a,b\n", "mapping-unreadable"),
        ("sheet,cell,figure\n日报,B4,a.gone\n", "target-unreadable"),
        ("sheet,cell,figure\n日报,C1,party.members\n", "cell-in-merged"),
    ],
)
def test_mappings_that_are_wrong_are_told_and_map_nothing(
    demonstration: TableEngine, tmp_path: Path, rows: str, code: str
) -> None:
    form, mapping = tmp_path / "form.xlsx", tmp_path / "map.csv"
    form.write_bytes(books.form())
    in_workbook("add", "学校日报", form)
    mapping.write_text(rows, "utf-8")
    with pytest.raises(Problem, match=code):
        in_workbook("map", "学校日报", mapping)
    assert not Placement.objects.exists()
