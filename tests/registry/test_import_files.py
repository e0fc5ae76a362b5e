"""Files as offices send them: formats, encodings, titles, totals, blanks; and files that are none."""

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.kernel.problems import Problem
from fangxian.registry.importing import archive
from fangxian.registry.importing.text import person_name, quoted, read_day, squeezed, unit_key

from .import_files import PUPILS, STAFF, check, codes, number, person, table, write_csv, write_xls, write_xlsx

GOOD = [person(1), person(2), person(3)]


def rows_of(imported) -> list[int]:
    assert imported.examined.file_error is None, imported.examined.file_error
    return [row.row for row in imported.examined.rows]


# ---- formats ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "gbk"]
)
@pytest.mark.parametrize(
    ("suffix", "separator"), [(".csv", ","), (".csv", ";"), (".tsv", "\t"), (".csv", "\t")]
)
def test_text_in_any_encoding(tmp_path: Path, encoding: str, suffix: str, separator: str) -> None:
    path = write_csv(tmp_path / f"a{suffix}", table(STAFF, GOOD), encoding, separator)
    imported = check(path)
    assert rows_of(imported) == [2, 3, 4]
    assert list(imported.examined.values())[0] == {"sheet": "", "row": 2, "values": GOOD[0]}


def test_every_workbook_format_gives_the_same_rows(tmp_path: Path) -> None:
    rows = table(STAFF, GOOD)
    files = [
        write_xlsx(tmp_path / "a.xlsx", ("甲", rows)),
        write_xls(tmp_path / "a.xls", rows),
        write_ods(tmp_path / "a.ods", rows),
    ]
    told = [list(check(path).examined.values()) for path in files]
    assert told[0] == told[1] == told[2]
    assert [each["values"] for each in told[0]] == GOOD


def write_ods(path: Path, rows) -> Path:
    cells = (
        "".join(
            f'<table:table-cell office:value-type="string"><text:p>{c}</text:p></table:table-cell>'
            for c in row
        )
        for row in rows
    )
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{spaces} office:version="1.2">'
        f'<office:body><office:spreadsheet><table:table table:name="甲">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", content)
        packed.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def test_rows_have_the_numbers_that_excel_shows(tmp_path: Path) -> None:
    rows = [
        [],
        [None, "一小花名册"],
        [],
        [None, *STAFF],
        [],
        [None, *GOOD[0].values()],
        [],
        [None, *GOOD[1].values()],
    ]
    assert rows_of(check(write_xlsx(tmp_path / "a.xlsx", ("甲", rows)))) == [6, 8]
    assert rows_of(check(write_csv(tmp_path / "a.csv", rows))) == [6, 8]


def test_a_quoted_line_end_is_within_its_row(tmp_path: Path) -> None:
    rows = table(STAFF, [person(1, 岗位="教师\n班主任"), person(2)])
    imported = check(write_csv(tmp_path / "a.csv", rows))
    assert rows_of(imported) == [2, 3]
    assert imported.examined.rows[0].values[5] == "教师 班主任"


def test_several_sheets_are_read_and_one_without_headings_is_told(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "a.xlsx",
        ("甲", table(STAFF, GOOD[:1])),
        ("说明", [["请如实填写"], ["一式两份"]]),
        ("乙", table(STAFF, GOOD[1:])),
    )
    imported = check(path)
    assert [(row.sheet, row.row) for row in imported.examined.rows] == [("甲", 2), ("乙", 2), ("乙", 3)]
    assert [(each.sheet, each.row) for each in imported.examined.ignored] == [("说明", 1), ("说明", 2)]
    assert [each.problem.code for each in imported.examined.warnings] == ["sheet-not-read"]


# ---- headings ---------------------------------------------------------------------------------------


def test_headings_are_known_by_other_names_in_any_order(tmp_path: Path) -> None:
    names = [
        "职务",
        "所在学校",
        "联系电话",
        "公民身份号码（必填）",
        " 性\u3000别 ",
        "教师姓名*",
        "序号",
        "血型",
    ]
    rows = [names, [*reversed(list(GOOD[0].values())), 1, "A"]]
    imported = check(write_xlsx(tmp_path / "a.xlsx", ("甲", rows)))
    assert list(imported.examined.values())[0]["values"] == GOOD[0]
    assert imported.examined.found[0].found["手机号"] == "联系电话"
    told = imported.examined.warnings[0].problem
    assert (told.code, told.facts["columns"]) == ("columns-not-read", "血型")


def test_headings_over_two_rows(tmp_path: Path) -> None:
    pupil = ["丁一", "男", number(1, "20100101"), "一小", "一(1)班", "丁大", "10000000001", "父亲"]
    rows = [["姓名", "性别", "身份证号", "单位", "班级", "监护人", None, None]]
    rows += [[None, None, None, None, None, "姓名", "手机号", "关系"], pupil]
    imported = check(write_xlsx(tmp_path / "a.xlsx", ("甲", rows)), "pupils")
    assert rows_of(imported) == [3]
    assert list(imported.examined.values())[0]["values"] == dict(zip(PUPILS, pupil, strict=True))


@pytest.mark.parametrize(
    ("headings", "code", "column"),
    [
        ([h for h in STAFF if h != "手机号"], "heading-missing", "手机号"),
        ([*STAFF, "手机号"], "heading-twice", "手机号"),
        (["甲", "乙", "丙"], "headings-not-found", None),
    ],
)
def test_wrong_headings_refuse_the_file(tmp_path: Path, headings, code, column) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", ("甲", [headings, list(GOOD[0].values())]))
    error = check(path).examined.file_error
    assert error is not None
    assert (error.problem.code, error.sheet, error.row, error.column) == (code, "甲", 1, column)


# ---- rows that are no records -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        ["合 计", "2人", None, None, None, None],
        [None, None, None, None, None, "总计：3"],
        ["小计", 12, 12, 12, 12, 12],
        ["注：以上人员均已核实", None, None, None, None, None],
        ["填表人：某某", None, "审核人：某某", None, None, None],
        STAFF,
        [None, None, None, None, None, None, 7],
    ],
)
def test_totals_notes_and_headings_again_are_ignored(tmp_path: Path, row) -> None:
    rows = [[*STAFF, "序号"], list(GOOD[0].values()), row, list(GOOD[1].values())]
    imported = check(write_xlsx(tmp_path / "a.xlsx", ("甲", rows)))
    assert rows_of(imported) == [2, 4]
    assert [each.row for each in imported.examined.ignored] == [3]
    assert imported.examined.rejected == []


def test_a_person_called_total_is_a_person(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", ("甲", table(STAFF, [person(1, 姓名="合计")])))
    assert rows_of(check(path)) == [2]


@pytest.mark.parametrize(
    "blank", ["", " ", "\u3000", "\u00a0", "\u200b", "\ufeff", "\u2060", "\u2003\t", "\u3164", "\r\n"]
)
def test_every_blank_is_blank(tmp_path: Path, blank: str) -> None:
    rows = [*table(STAFF, [person(1, 手机号=blank)]), [blank] * 6]
    imported = check(write_xlsx(tmp_path / "a.xlsx", ("甲", rows)))
    assert codes(imported) == [(2, "手机号", "cell-missing")]
    assert imported.examined.ignored == []


CELLS = st.sampled_from(
    ["", "合计", "注：某", "丁一", "男", number(1), "10000000001", "一小", "x", "7", "教师", "\u3000"]
)


@given(st.lists(st.lists(CELLS, min_size=6, max_size=7), max_size=12))
def test_every_row_that_is_not_blank_ends_somewhere(tmp_path_factory, rows) -> None:
    path = write_csv(tmp_path_factory.mktemp("t") / "a.csv", [STAFF, *rows])
    examined = check(path).examined
    ends = [
        {row.row for row in examined.rows},
        {remark.row for remark in examined.rejected},
        {each.row for each in examined.ignored},
    ]
    filled = {i for i, row in enumerate(rows, start=2) if any(cell.strip("\u3000") for cell in row)}
    assert set.union(*ends) == filled
    assert sum(map(len, ends)) == len(filled)


# ---- cells ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "written", "read"),
    [
        ("身份证号", " ".join([number(2)[:6], number(2)[6:14], number(2)[14:]]), number(2)),
        ("身份证号", "'" + number(2), number(2)),
        ("身份证号", number(2).translate(str.maketrans("0123456789", "０１２３４５６７８９")), number(2)),
        ("身份证号", number(52)[:17] + "ｘ" if number(52)[17] == "X" else number(2), None),
        ("手机号", 10000000002, "10000000002"),
        ("手机号", 10000000002.0, "10000000002"),
        ("手机号", "+86 100-0000-0002", "10000000002"),
        ("手机号", "1０0 0000 0002", "10000000002"),
        ("姓名", "丁\u3000一", "丁一"),
        ("姓名", "阿依古丽•买买提", "阿依古丽·买买提"),
        ("姓名", "𠮷田𬱖", "𠮷田𬱖"),
        ("性别", "女性", "女"),
        ("单位", "一 小", "一 小"),
    ],
)
def test_cells_are_read_however_they_are_written(tmp_path: Path, column, written, read) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", ("甲", table(STAFF, [person(2, **{column: written})])))
    imported = check(path)
    assert rows_of(imported) == [2]
    if read is not None:
        assert list(imported.examined.values())[0]["values"][column] == read


@pytest.mark.parametrize(
    ("column", "written", "code"),
    [
        ("身份证号", int(number(1)[:17] + "0"), "id-number-rounded"),
        ("身份证号", "5.39881E+17", "id-number-rounded"),
        ("身份证号", number(1)[:15] + "000", "id-number-rounded"),
        ("身份证号", number(1)[:17] + ("1" if number(1)[17] != "1" else "2"), "id-number-check"),
        ("身份证号", number(1)[:14], "id-number-length"),
        ("手机号", "1000000000", "phone-unreadable"),
        ("手机号", "1.00E+10", "phone-unreadable"),
        ("手机号", "20000000000", "phone-unreadable"),
        ("姓名", 12, "name-unreadable"),
        ("姓名", "---", "cell-missing"),
        ("姓名", "一" * 81, "cell-too-long"),
        ("性别", "3", "sex-unreadable"),
        ("单位", "三小", "unknown-unit"),
        ("单位", None, "cell-missing"),
    ],
)
def test_a_wrong_cell_is_named_by_sheet_row_and_column(tmp_path: Path, column, written, code) -> None:
    rows = table(STAFF, [person(1, **{column: written}), person(2)])
    imported = check(write_xlsx(tmp_path / "a.xlsx", ("甲", rows)))
    assert codes(imported) == [(2, column, code)]
    assert imported.examined.rejected[0].sheet == "甲"
    assert not imported.passes
    assert rows_of(imported) == [3]


def test_all_faults_of_a_row_are_listed(tmp_path: Path) -> None:
    row = person(1, 性别="?", 手机号="12", 单位="三小")
    imported = check(write_csv(tmp_path / "a.csv", table(STAFF, [row])))
    assert {column for _row, column, _code in codes(imported)} == {"性别", "手机号", "单位"}
    assert imported.examined.rejected_rows == 1


def test_no_message_holds_a_whole_number(tmp_path: Path) -> None:
    whole, phone = number(1), "10000000001"
    spread = "-".join([whole[:6], whole[6:10], whole[10:14], whole[14:]])
    rows = [
        person(1, 姓名=whole),
        person(1, 性别=whole, 单位=phone, 岗位=whole),
        person(1, 单位=spread),
        person(1, 手机号=whole, 身份证号=phone),
        person(1, 单位="一小" + phone, 手机号="1" + phone),
    ]
    imported = check(write_xlsx(tmp_path / "a.xlsx", ("甲", table(STAFF, rows))))
    told = [each.problem.sentence() for each in (*imported.examined.rejected, *imported.examined.warnings)]
    assert len(told) > 6
    for sentence in told:
        digits = "".join(sign for sign in sentence if sign.isdigit())
        assert whole[:17] not in digits and phone not in digits, sentence


@pytest.mark.parametrize(
    "written",
    [
        date(2020, 2, 12),
        datetime(2020, 2, 12, 8, 30),  # noqa: DTZ001 - a cell has no zone
        43873,
        43873.0,
        "43873",
        "2020-02-12",
        "2020/2/12",
        "2020.2.12",
        "20200212",
        "２０２０年２月１２日",
        "2020 年 2 月 12 日",
        "二〇二〇年二月十二日",
        "2020-02-12 00:00:00",
    ],
)
def test_days_in_every_spelling(written) -> None:
    assert read_day(written) == date(2020, 2, 12)


@pytest.mark.parametrize("written", ["2020-02-30", "2020年13月1日", "二〇一九年二月二十九日"])
def test_days_that_never_were(written) -> None:
    with pytest.raises(Problem) as caught:
        read_day(written)
    assert caught.value.code == "day-impossible"


@pytest.mark.parametrize("written", ["昨天", "20-2-12", "12", 1e9, True, "2020年"])
def test_what_is_no_day(written) -> None:
    with pytest.raises(Problem) as caught:
        read_day(written)
    assert caught.value.code == "day-unreadable"


@given(st.text(max_size=40))
def test_squeezing_settles(text: str) -> None:
    once = squeezed(text)
    assert squeezed(once) == once
    assert person_name(person_name(once)) == person_name(once)
    assert unit_key(unit_key(text)) == unit_key(text)


@given(st.text(alphabet="0123456789０５Xx -/.年", min_size=9, max_size=60))
def test_quoting_hides_long_numbers(text: str) -> None:
    told = quoted(text)
    runs = "".join(sign if sign.isdigit() else " " for sign in told).split()
    assert all(len(run) <= 8 for run in runs)


# ---- files that are none ----------------------------------------------------------------------------


def file_code(path: Path) -> str:
    imported = check(path)
    error = imported.examined.file_error
    assert error is not None and not imported.passes
    assert imported.examined.rows == [] and imported.examined.rejected == []
    assert error.problem.sentence()
    return error.problem.code


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xlsx", b"", "file-empty"),
        ("a.csv", b"\xef\xbb\xbf\r\n\r\n", "file-empty"),
        ("a.csv", b",,,\r\n,,,\r\n", "file-empty"),
        ("a.xlsx", b"PK\x03\x04 and no more", "file-broken"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file-broken"),
        ("a.xlsx", b"%PDF-1.7 ...", "file-misnamed"),
        ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(200)), "file-misnamed"),
        ("a.xls", b"<html><table><tr><td>1</td></tr></table></html>", "file-misnamed"),
        ("a.xlsx", "姓名,性别\n".encode(), "file-misnamed"),
        ("a.csv", bytes(range(256)) * 20, "file-misnamed"),
        ("a.csv", "姓名,".encode() + b"\xff\xfe\xff\x80" * 9, "encoding-unknown"),
        ("a.docx", b"whatever", "file-unsupported"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert file_code(tmp_path / name) == code


def test_a_workbook_under_a_wrong_suffix(tmp_path: Path) -> None:
    book = write_xlsx(tmp_path / "a.xlsx", ("甲", table(STAFF, GOOD)))
    for suffix in (".xls", ".csv", ".ods"):
        other = book.with_suffix(suffix)
        other.write_bytes(book.read_bytes())
        assert file_code(other) == "file-misnamed"


def test_a_locked_workbook(tmp_path: Path) -> None:
    """Office keeps a locked .xlsx in a compound file, in the stream EncryptedPackage."""
    assert file_code(write_xls(tmp_path / "a.xlsx", [["x"]], stream="EncryptedPackage")) == "file-locked"


def test_a_cut_off_workbook(tmp_path: Path) -> None:
    book = write_xlsx(tmp_path / "a.xlsx", ("甲", table(STAFF, GOOD)))
    book.write_bytes(book.read_bytes()[:-200])
    assert file_code(book) == "file-broken"


def repacked(book: Path, change) -> Path:
    """The workbook with its members changed: {name: bytes} to {name: bytes}."""
    with zipfile.ZipFile(book) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in change(members).items():
            packed.writestr(name, content)
    return book


SHEET = "xl/worksheets/sheet1.xml"


def test_a_bomb_is_refused_by_its_directory(tmp_path: Path) -> None:
    book = write_xlsx(tmp_path / "a.xlsx", ("甲", table(STAFF, GOOD)))
    repacked(book, lambda members: members | {"xl/media/zeros.bin": bytes(archive.SMALL + 1)})
    assert book.stat().st_size < 1_000_000
    assert file_code(book) == "file-bomb"


def test_a_bomb_that_lies_about_its_size_is_broken(tmp_path: Path) -> None:
    book = write_xlsx(tmp_path / "a.xlsx", ("甲", table(STAFF, GOOD)))
    repacked(book, lambda members: members | {"xl/media/zeros.bin": bytes(10_000_000)})
    honest, small = (10_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little")
    book.write_bytes(book.read_bytes().replace(honest, small))
    assert file_code(book) == "file-broken"


def test_entities_are_refused(tmp_path: Path) -> None:
    book = write_xlsx(tmp_path / "a.xlsx", ("甲", table(STAFF, GOOD)))
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    repacked(book, lambda m: m | {SHEET: bomb + m[SHEET].split(b"?>", 1)[1]})
    assert file_code(book) == "file-suspicious"


def test_a_stray_cell_at_the_far_corner_does_not_fill_the_memory(tmp_path: Path) -> None:
    book = write_xlsx(tmp_path / "a.xlsx", ("甲", table(STAFF, GOOD)))
    stray = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    repacked(book, lambda m: m | {SHEET: m[SHEET].replace(b"</sheetData>", stray)})
    assert rows_of(check(book)) == [2, 3, 4]


def test_a_sheet_to_excels_last_row_is_read(tmp_path: Path) -> None:
    book = write_xlsx(tmp_path / "a.xlsx", ("甲", table(STAFF, GOOD)))
    last = b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    repacked(book, lambda m: m | {SHEET: m[SHEET].replace(b"</sheetData>", last)})
    imported = check(book)
    assert rows_of(imported) == [2, 3, 4]
    assert {row for row, _column, _code in codes(imported)} == {1_048_576}


def test_an_open_quotation_mark_swallows_nothing_in_silence(tmp_path: Path) -> None:
    text = io.StringIO()
    text.write("姓名,性别,身份证号,手机号,单位,岗位\n")
    text.write(f'"丁一,男,{number(1)},10000000001,一小,教师\n')
    text.write(f"丁二,女,{number(2)},10000000002,一小,教师\n")
    (tmp_path / "a.csv").write_text(text.getvalue(), encoding="utf-8")
    assert file_code(tmp_path / "a.csv") == "quotes-unbalanced"


def test_formulas_count_by_their_cached_values(tmp_path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("甲")
        sheet.write_row(0, 0, STAFF)
        for row, value in ((1, "教师"), (2, "")):
            sheet.write_row(row, 0, list(person(row).values())[:5])
            sheet.write_formula(row, 5, '="教"&"师"', None, value)
    imported = check(tmp_path / "a.xlsx")
    assert rows_of(imported) == [2]
    assert codes(imported) == [(3, "岗位", "formula-not-computed")]
