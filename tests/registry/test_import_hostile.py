"""Every kind of file in `hostile_files`: what comes out of it, and that nothing of it is lost or told."""

import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from fangxian.registry.importing.cells import Setting
from fangxian.registry.importing.directory import NamedUnits
from fangxian.registry.importing.examine import examine
from fangxian.registry.importing.rows import Choices

from . import hostile_files
from .hostile_files import BLANKS, CASES, DASHES, Case
from .import_files import STAFF, TODAY, check, codes, person, table, write_xlsx


def place(each, several: bool):
    return (each.sheet, each.row) if several else each.row


@pytest.mark.parametrize("name", CASES)
def test_what_comes_of_each_kind(name: str, tmp_path: Path) -> None:
    case: Case = CASES[name]
    examined = check(case.make(tmp_path), case.kind).examined
    several = len({each.sheet for each in (*examined.rows, *examined.ignored)}) > 1
    error = examined.file_error.problem.code if examined.file_error else ""
    assert error == case.error
    assert sorted(place(row, several) for row in examined.rows) == sorted(case.accepted)
    told = [(each.row, each.column, each.problem.code) for each in examined.rejected]
    assert sorted(told) == sorted(case.rejected)
    assert sorted(place(each, several) for each in examined.ignored) == sorted(case.ignored)
    assert Counter(each.problem.code for each in examined.warnings) == Counter(case.warned)
    read = {(row["row"], column): text for row in _values(examined) for column, text in row["values"].items()}
    for row, column, text in case.values:
        assert read[row, column] == text
    _all_accounted_for(examined)
    _nothing_whole_is_told(examined)


def _values(examined):
    return [] if examined.file_error else list(examined.values())


def _all_accounted_for(examined) -> None:
    """Accepted, rejected and ignored rows are apart, and add up to the rows that are not blank."""
    if examined.file_error is None:
        assert len(examined.rows) + examined.rejected_rows + len(examined.ignored) == examined.filled
        ends = [
            {(each.sheet, each.row) for each in rows}
            for rows in (examined.rows, examined.rejected, examined.ignored)
        ]
        assert len(set.union(*ends)) == sum(map(len, ends))


_WHOLE = re.compile(r"[0-9]{9,}")


def _nothing_whole_is_told(examined) -> None:
    told = [each.problem.sentence() for each in (*examined.rejected, *examined.warnings)]
    told += [examined.file_error.problem.sentence()] if examined.file_error else []
    for sentence in (*told, *(each.why for each in examined.ignored)):
        assert sentence and not _WHOLE.search(sentence), sentence
        assert len(sentence) < 500


@pytest.mark.parametrize("name", ["xlsx", "xls", "ods", "hidden rows, columns and sheets in an xlsx"])
def test_a_damaged_file_is_refused_or_accounted_for(name: str, tmp_path: Path) -> None:
    """Bytes changed anywhere: never an exception, never a row that ends nowhere."""
    path = CASES[name].make(tmp_path)
    content, draw = path.read_bytes(), random.Random(name)
    for _ in range(150):
        harmed = bytearray(content)
        for _ in range(draw.choice([1, 3, 20])):
            harmed[draw.randrange(len(harmed))] = draw.randrange(256)
        path.write_bytes(harmed[: draw.choice([len(harmed)] * 3 + [draw.randrange(len(harmed))])])
        _all_accounted_for(check(path).examined)


def test_damage_within_the_archive(tmp_path: Path) -> None:
    """Checksums hide most damage to an archive from what reads the sheets: so the XML itself is harmed."""
    for name in ("xlsx", "ods"):
        draw = random.Random(name)
        for trial in range(120):
            folder = tmp_path / f"{name}{trial}"
            folder.mkdir()

            def harm(members: dict[str, bytes], draw=draw) -> dict[str, bytes]:
                inner = [each for each in members if each.endswith(("xml", "rels"))]
                chosen = draw.choice(inner)
                harmed = bytearray(members[chosen])
                start = draw.randrange(len(harmed) or 1)
                harmed[start : start + draw.choice([1, 1, 9])] = draw.choice(
                    [b"", b"0", b"<", b'"', b"9" * 12]
                )
                return members | {chosen: bytes(harmed)}

            _all_accounted_for(check(hostile_files.repacked(CASES[name].make(folder), harm)).examined)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.memory])
def test_large_files_through_the_command(name: str, tmp_path: Path) -> None:
    """In a process of its own: its memory is bounded, what it prints is one object, and no traceback."""
    case = CASES[name]
    path = case.make(tmp_path)
    status, out, peak = _command(tmp_path, path)
    plain = tmp_path / "plain"
    plain.mkdir()
    _status, _out, usual = _command(tmp_path, CASES["xlsx"].make(plain))
    assert status == (1 if case.rejected or case.error else 0)
    told = json.loads(out)
    assert [row["row"] for row in told["rows"]] == list(case.accepted)
    assert peak - usual < case.memory


def _command(folder: Path, path: Path) -> tuple[int, str, float]:
    """Exit code, what it printed, and megabytes at its peak."""
    (folder / "units.txt").write_text("一小\n")
    words = ["import", str(path), "--kind", "staff", "--dry-run", "--json"]
    words += ["--units", str(folder / "units.txt"), "--today", TODAY.isoformat(), "--lang", "en"]
    words += ["--home", str(folder / "nowhere")]
    with (folder / "out.json").open("w") as out, (folder / "err.txt").open("w") as err:
        child = subprocess.Popen(
            [sys.executable, "-c", "from fangxian.cli import main; main()", *words], stdout=out, stderr=err
        )
        _pid, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert (folder / "err.txt").read_text() == ""
    assert not (folder / "nowhere").exists()
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    return child.returncode, (folder / "out.json").read_text(), usage.ru_maxrss / scale


# ---- what is hidden ---------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["xlsx", "xls", "ods"])
def test_what_is_hidden_may_be_left_out_and_is_counted(form: str, tmp_path: Path) -> None:
    path = CASES[f"hidden rows, columns and sheets in an {form}"].make(tmp_path)
    setting, units = Setting(TODAY), NamedUnits(["一小"])
    choices = Choices({"D": ""}, leave_hidden=True)
    examined = examine(path, "list", directory=units, setting=setting, choices=choices).examined
    _all_accounted_for(examined)
    left = {(each.sheet, each.row) for each in examined.ignored}
    assert ("乙", 2) in left and ("甲", 3) in left
    assert {row.values[3] for row in examined.rows} == {""}  # the phones stood in the hidden column
    told = examine(path, "staff", directory=units, setting=setting, choices=choices).examined
    assert told.file_error is None or told.file_error.problem.code == "heading-missing"


# ---- columns without a heading that says what they are ----------------------------------------------


def chosen(path: Path, kind: str = "staff", **mapping: str):
    known = NamedUnits(["一小", "中心学校"])
    choices = Choices(mapping)
    return examine(path, kind, directory=known, setting=Setting(TODAY), choices=choices).examined


PEOPLE = [person(i, 姓名=name) for i, name in enumerate(["赵一", "钱二", "孙三", "阿依古丽·买买提"], start=1)]


def titled(folder: Path, headings, rows=PEOPLE) -> Path:
    return write_xlsx(folder / "a.xlsx", ("甲", [headings, *[list(row.values()) for row in rows]]))


def test_columns_are_told_by_what_stands_in_them(tmp_path: Path) -> None:
    headings = ["教师", None, "证照", "tel", "哪里", "岗位"]
    examined = chosen(titled(tmp_path, headings))
    assert [row.row for row in examined.rows] == [2, 3, 4, 5]
    assert examined.found[0].guessed == {
        "姓名": "教师",
        "性别": "B",
        "身份证号": "证照",
        "手机号": "tel",
        "单位": "哪里",
    }
    assert [each.problem.code for each in examined.warnings] == ["columns-told"]


def test_two_columns_that_look_alike_are_not_guessed(tmp_path: Path) -> None:
    rows = [row | {"另一号": f"100{i:08d}"} for i, row in enumerate(PEOPLE, start=50)]
    headings = ["姓名", "性别", "身份证号", "甲号", "单位", "岗位", "乙号"]
    examined = chosen(titled(tmp_path, headings, rows))
    assert examined.file_error is not None
    assert (examined.file_error.problem.code, examined.file_error.column) == ("heading-missing", "手机号")
    examined = chosen(titled(tmp_path, headings, rows), 乙号="phone")
    assert [row.values[3] for row in examined.rows] == [f"100{i:08d}" for i in range(50, 54)]
    assert [each.problem.code for each in examined.warnings] == ["columns-not-read"]


def test_a_column_of_something_else_is_not_taken(tmp_path: Path) -> None:
    rows = [row | {"手机号": f"{i}号楼"} for i, row in enumerate(PEOPLE)]
    examined = chosen(titled(tmp_path, ["姓名", "性别", "身份证号", "x", "单位", "岗位"], rows))
    assert examined.file_error is not None and examined.file_error.column == "手机号"


def test_a_table_without_headings(tmp_path: Path) -> None:
    rows = [list(row.values()) for row in PEOPLE]
    path = write_xlsx(tmp_path / "a.xlsx", ("甲", [["三月花名册"], *rows]))
    examined = chosen(path, F="post")
    assert [row.row for row in examined.rows] == [2, 3, 4, 5]
    assert [(each.row, each.why != "") for each in examined.ignored] == [(1, True)]
    assert examined.found[0].rows == 0
    assert chosen(path).file_error.problem.code == "headings-not-found"  # nothing tells the post


def test_a_list_of_phones_without_names(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("".join(f"100{i:08d},2020-02-0{i}\n" for i in range(1, 9)))
    examined = chosen(path, "list")
    assert [row.values[3] for row in examined.rows] == [f"100{i:08d}" for i in range(1, 9)]


def test_a_mapping_by_letters_and_one_that_is_nowhere(tmp_path: Path) -> None:
    examined = chosen(titled(tmp_path, STAFF), F="", 无此列="phone")
    assert examined.file_error.column == "岗位"
    examined = chosen(titled(tmp_path, [*STAFF[:3], "A", *STAFF[4:]]), D="phone", 无此列="sex")
    assert [row.row for row in examined.rows] == [2, 3, 4, 5]
    assert [each.problem.code for each in examined.warnings] == ["chosen-not-found"]


def test_lists_keep_what_is_masked_or_lost(tmp_path: Path) -> None:
    rows = [
        ["姓名", "身份证号"],
        ["丁?", "539881********0017"],
        ["丁二", 539881198001010000.0],
        ["丁三", "5.39881E+17"],
    ]
    examined = chosen(write_xlsx(tmp_path / "a.xlsx", ("甲", rows)), "list")
    assert codes_of(examined) == []
    assert [(row.values[0], row.values[2]) for row in examined.rows] == [
        ("丁?", "539881********0017"),
        ("丁二", "539881198001010***"),
        ("丁三", "539881************"),
    ]


def codes_of(examined):
    return [(each.row, each.column, each.problem.code) for each in examined.rejected]


# ---- the whole of it --------------------------------------------------------------------------------


def test_every_blank_is_told_from_every_word() -> None:
    from fangxian.registry.importing.text import is_nothing

    assert all(map(is_nothing, [*BLANKS, *DASHES, None]))
    assert not any(map(is_nothing, ["无名", "一", "A", "0", 0, 0.0, False, "吴", "-1", "/教师", "无 名"]))


def test_a_thousand_rows_of_every_fault_add_up(tmp_path: Path) -> None:
    draw = random.Random(7)
    spoil = ["", "—", "#N/A", "合计", 1e17, "x" * 99, "二〇二〇年", None, True, "丁?"]
    rows = []
    for i in range(1_000):
        row = person(i % 500)
        for column in draw.sample(STAFF, draw.choice([0, 1, 2, 6])):
            row[column] = draw.choice(spoil)
        rows.append(row)
    imported = check(write_xlsx(tmp_path / "a.xlsx", ("甲", table(STAFF, rows))))
    _all_accounted_for(imported.examined)
    assert imported.examined.rows and codes(imported) and imported.examined.ignored
