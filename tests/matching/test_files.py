"""Files: headings in any order and wording, columns known by their content, and what is refused."""

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from click.testing import Result

from fangxian.kernel.problems import Problem
from fangxian.matching.problems import KeyTwice, NothingToMatchBy, RosterWithoutKeys, RosterWithoutNames
from fangxian.matching.reading import read_table

from .city import City, Mix, write, write_list, write_roster, write_truth

Cli = Callable[..., Result]


def test_headings_come_in_any_order_and_wording(tmp_path: Path) -> None:
    headings = ["备注", "户籍地址", "乘车人姓名", "证件号码", "联系手机", "性别", "出生年月", "数据来源"]
    path = write(
        tmp_path / "a.csv", headings, [["", "白沙乡", "李一", "990101", "10012345678", "男", "2009", "车站"]]
    )
    table = read_table(path)
    assert {name: cells[0] for name, cells in table.columns.items()} == {
        "address": "白沙乡", "name": "李一", "id_number": "990101", "phone": "10012345678",
        "sex": "男", "birth": "2009", "source": "车站",
    }  # fmt: skip


def test_a_title_and_blank_lines_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "返乡人员名单\n\n姓名,手机号\n李一,10012345678\n\n王二,10012345679\n,\n", encoding="gb18030"
    )
    assert read_table(path).columns["name"] == ["李一", "王二"]


def test_columns_are_known_by_content_where_headings_say_nothing(tmp_path: Path) -> None:
    rows = [
        [
            f"2020-01-{i + 1:02}",
            f"{'李王张刘'[i % 4]}小{'明红'[i % 2]}",
            f"100{i:08d}",
            f"9901012008030{i:04d}1",
            f"{1980 + i}.3.4",
            "男女"[i % 2],
            f"白沙乡上寨村{i}组",
        ]
        for i in range(30)
    ]
    with_words = read_table(write(tmp_path / "a.csv", list("甲乙丙丁戊己庚"), rows))
    without = read_table(write(tmp_path / "b.csv", rows[0], rows[1:]))
    for table in (with_words, without):
        assert set(table.columns) == {"name", "phone", "id_number", "birth", "sex", "address"}
        assert table.columns["phone"] == [row[2] for row in rows]
        assert table.columns["birth"] == [row[4] for row in rows]


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".xlsx"])
def test_every_format_gives_the_same_table(tmp_path: Path, suffix: str) -> None:
    rows = [["姓名", "手机号"], ["李一", "10012345678"], ["王二", ""]]
    path = tmp_path / f"a{suffix}"
    text = "\n".join(",".join(row) for row in rows)
    if suffix == ".xlsx":
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)
    else:
        path.write_bytes(gzip.compress(text.encode()) if suffix == ".csv.gz" else text.encode())
    table = read_table(path)
    assert (table.columns["name"], table.columns["phone"], table.height) == (
        ["李一", "王二"],
        ["10012345678", ""],
        2,
    )


BAD = {
    "empty.csv": (b"", "file-not-read"),
    "headings.csv": ("姓名,手机号\n".encode(), "no-rows-to-match"),
    "notes.csv": ("天气,心情\n晴,好\n阴,坏\n".encode(), "nothing-to-match-by"),
    "cut.csv.gz": (gzip.compress("姓名,手机号\n李一,100\n".encode() * 50)[:40], "file-not-read"),
    "picture.xlsx": (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "file-not-read"),
    "list.pdf": (b"%PDF-1.4", "file-not-read"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_list_gets_a_sentence(tmp_path: Path, cli: Cli, name: str) -> None:
    content, code = BAD[name]
    (tmp_path / name).write_bytes(content)
    roster = write_roster(tmp_path, City(1, 20))
    done = cli(tmp_path / name, "--roster", roster, "--out", tmp_path / "out.csv")
    assert (done.exit_code, f"[{code}]" in done.stderr, name in done.stderr) == (2, True, True), done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_a_file_that_is_not_there_gets_a_sentence(tmp_path: Path, cli: Cli) -> None:
    done = cli(tmp_path / "no.csv", "--roster", tmp_path / "nor.csv", "--out", tmp_path / "out.csv")
    assert (done.exit_code, "[file-missing]" in done.stderr) == (2, True)


def test_a_folder_that_is_not_there_gets_a_sentence_before_the_work_begins(tmp_path: Path, cli: Cli) -> None:
    done = cli(
        tmp_path / "no.csv", "--roster", tmp_path / "nor.csv", "--out", tmp_path / "nowhere" / "out.csv"
    )
    assert (done.exit_code, "[folder-missing]" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("headings", "rows", "problem"),
    [
        (["姓名", "手机号"], [["李一", "10012345678"]], RosterWithoutKeys),
        (["uid", "手机号"], [["1", "10012345678"]], RosterWithoutNames),
        (["uid", "姓名"], [["1", "李一"], ["1", "王二"]], KeyTwice),
        (["甲", "乙"], [["晴", "好"]], NothingToMatchBy),
    ],
)
def test_a_bad_roster_is_refused(
    tmp_path: Path, headings: list[str], rows: list[list[str]], problem: type[Problem]
) -> None:
    from fangxian.matching.matching import match_files

    roster = write(tmp_path / "roster.csv", headings, rows)
    listed = write(tmp_path / "list.csv", ["姓名"], [["李一"]])
    with pytest.raises(problem):
        match_files(listed, roster, step=lambda words: None)


@pytest.mark.parametrize(
    "listed",
    [
        [["姓名", "手机号"], ["李一", ""], ["", ""], ["？？", "无"]],
        [["手机号"], ["10012345678"], ["10099999999"]],
        [["姓名"], ["李一"]],
    ],
)
def test_thin_lists_are_matched_as_far_as_they_go(tmp_path: Path, cli: Cli, listed: list[list[str]]) -> None:
    path = write(tmp_path / "list.csv", listed[0], [*listed[1:]])
    done = cli(path, "--roster", write_roster(tmp_path, City(3, 50)), "--out", tmp_path / "out.csv")
    assert done.exit_code == 0, done.stderr
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["row"] for line in lines] == [str(i + 1) for i in range(len(listed) - 1)]
    assert all(line["decision"] == "none" or line["uid"] for line in lines)


THIN_ROSTERS = {
    "names alone": (["uid", "姓名"], [["1", "李小明"], ["2", "王芳"]]),
    "names and phones": (["uid", "姓名", "手机号"], [["1", "李小明", "10012345678"], ["2", "王芳", ""]]),
    "one person without anything": (["uid", "姓名"], [["1", ""]]),
}


@pytest.mark.parametrize("what", THIN_ROSTERS)
def test_thin_rosters_are_matched_against_as_far_as_they_go(tmp_path: Path, cli: Cli, what: str) -> None:
    listed = write(tmp_path / "list.csv", ["姓名", "手机号"], [["李小明", "10012345678"], ["赵六", ""]])
    roster = write(tmp_path / "roster.csv", *THIN_ROSTERS[what])
    done = cli(listed, "--roster", roster, "--out", tmp_path / "out.csv")
    assert done.exit_code == 0, done.stderr
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [0 <= float(line["probability"]) <= 1 for line in lines] == [True, True]
    assert lines[1]["decision"] == "none"
    assert (lines[0]["decision"] == "auto") == (what == "names and phones")


def test_match_and_evaluate_from_the_command_line(tmp_path: Path, cli: Cli) -> None:
    city = City(21, 2_000)
    rows, truth = city.list(500, Mix())
    out = tmp_path / "matches.csv"
    words = [write_list(tmp_path, rows), "--roster", write_roster(tmp_path, city), "--out", out]
    done = cli(*words)
    assert (done.exit_code, done.stderr.count("…")) == (0, 4), done.stderr
    assert "500 rows" in done.stdout
    with out.open(encoding="utf-8") as file:
        assert next(csv.reader(file)) == ["row", "uid", "probability", "decision", "reasons"]
    answers = write_truth(tmp_path, truth)
    told = json.loads(cli("evaluate", out, "--truth", answers, "--json").stdout)
    assert told["rows"] == 500
    assert told["auto"]["precision"] > 0.97
    assert told["auto"]["recall"] > 0.9
    assert sum(each["rows"] for each in told["calibration"]) == told["auto"]["rows"] + told["review"]["rows"]
    table = cli("evaluate", out, "--truth", answers, "--plot", tmp_path / "plot.png", lang="zh-hans")
    assert "召回率" in table.stdout
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    cli("evaluate", out, "--truth", answers, "--plot", tmp_path / "plot.svg")
    assert "<svg" in (tmp_path / "plot.svg").read_text()


def evaluated(tmp_path: Path, cli: Cli, matches: str, truth: str, *words: object) -> Result:
    (tmp_path / "m.csv").write_text(matches)
    (tmp_path / "t.csv").write_text(truth)
    return cli("evaluate", tmp_path / "m.csv", "--truth", tmp_path / "t.csv", *words)


MATCHES = """row,uid,probability,decision,reasons
1,A,0.99,auto,
2,B,0.95,auto,
3,C,0.4,review,
4,,0.0,none,
5,,0.01,none,nothing but a name to go by
"""


def test_what_evaluate_counts(tmp_path: Path, cli: Cli) -> None:
    done = evaluated(tmp_path, cli, MATCHES, "row,uid\n1,A\n2,X\n3,C\n4,D\n5,E\n", "--json")
    told = json.loads(done.stdout)
    assert told["auto"] == {"rows": 2, "right": 1, "precision": 0.5, "recall": 0.2}
    assert told["kept"] == {"right": 2, "share": 0.4, "share_but_bare": 0.5}
    assert told["nothing_but_a_name"] == {"rows": 1, "pairs": 1}
    assert (told["review"]["rows"], told["review"]["load"], told["review"]["right"]) == (1, 0.2, 1)
    assert [(each["rows"], each["true"]) for each in told["calibration"] if each["rows"]] == [
        (1, 1.0),
        (2, 0.5),
    ]


@pytest.mark.parametrize(
    ("matches", "truth", "code"),
    [
        (MATCHES, "row,uid\n1,A\n", "rows-disagree"),
        ("a,b\n1,2\n", "row,uid\n1,A\n", "not-matches"),
        (MATCHES, "line,person\n1,A\n", "not-truth"),
    ],
)
def test_what_cannot_be_evaluated(tmp_path: Path, cli: Cli, matches: str, truth: str, code: str) -> None:
    done = evaluated(tmp_path, cli, matches, truth)
    assert (done.exit_code, f"[{code}]" in done.stderr) == (2, True)


def test_a_plot_is_a_picture(tmp_path: Path, cli: Cli) -> None:
    truth = "row,uid\n1,A\n2,X\n3,C\n4,D\n5,E\n"
    done = evaluated(tmp_path, cli, MATCHES, truth, "--plot", tmp_path / "plot.docx")
    assert (done.exit_code, "[plot-unsupported]" in done.stderr) == (2, True)


def test_names_and_numbers_stay_in_memory(tmp_path: Path) -> None:
    from fangxian.matching.engines import comparer

    with comparer("duckdb", 1) as where:
        engine = where.api._con
        place = engine.sql("SELECT current_setting('temp_directory')").fetchall()
        assert place == [("",)]
        assert engine.sql("SELECT path FROM duckdb_databases() WHERE NOT internal").fetchall() == [(None,)]
