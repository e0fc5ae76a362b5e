"""One file of each kind that offices send or that somebody sends to do harm, and what must come of it.

Every file holds the staff 1, 2, 3 … of `import_files.person` unless it says otherwise. Nobody exists.
"""

import io
import shutil
import struct
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msoffcrypto
import odf.number
import odf.opendocument
import odf.style
import odf.table
import odf.text
import openpyxl
import xlsxwriter
import xlwt

from .import_files import STAFF, number, person, table, write_csv, write_xls, write_xlsx

DATED = [*STAFF, "起始日期"]
GOOD = [person(1), person(2), person(3)]
SHEET1 = "xl/worksheets/sheet1.xml"
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + b"".join(
        b'<!ENTITY %s "%s">' % (name, b"&%s;" % before * 10)
        for before, name in zip(b"a b c d e f g h".split(), b"b c d e f g h i".split(), strict=True)
    )
    + b"]>"
)


@dataclass(frozen=True)
class Case:
    """`accepted` and `ignored` are row numbers, or (sheet, row) where there are several sheets; `rejected`
    (row, column, code); `warned` the codes; `error` the code of the file's error."""

    make: Callable[[Path], Path]
    accepted: Sequence[Any] = ()
    rejected: Sequence[tuple[int, str, str]] = ()
    ignored: Sequence[Any] = ()
    warned: Sequence[str] = ()
    error: str = ""
    values: Sequence[tuple[int, str, str]] = ()  # (row, column, what it was read as)
    kind: str = "staff"
    memory: int = 0  # megabytes that reading may add at most; 0 where it is not asked


CASES: dict[str, Case] = {}


def case(name: str, **expected: Any) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    def keep(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
        CASES[name] = Case(make, **expected)
        return make

    return keep


def xlsx(*rows: Sequence[Any], name: str = "a.xlsx") -> Callable[[Path], Path]:
    return lambda folder: write_xlsx(folder / name, ("甲", rows))


def cells(column: str, *written: Any) -> Callable[[Path], Path]:
    """A row a spelling of one column."""
    rows = [person(i, **{column: each}) for i, each in enumerate(written, start=1)]
    headings = STAFF if column in STAFF else [*STAFF, column]
    return lambda folder: write_xlsx(folder / "a.xlsx", ("甲", table(headings, rows)))


def read_as(column: str, **more: Any) -> Callable[..., None]:
    """A case whose cells are written so, and must be read so: pairs of (written, read)."""

    def add(name: str, *pairs: tuple[Any, str]) -> None:
        rows = range(2, 2 + len(pairs))
        values = [(row, column, read) for row, (_written, read) in zip(rows, pairs, strict=True)]
        CASES[name] = Case(
            cells(column, *(w for w, _read in pairs)), accepted=list(rows), values=values, **more
        )

    return add


def refused(name: str, column: str, *pairs: tuple[Any, str], **more: Any) -> None:
    """A case whose cells are each refused: pairs of (written, code)."""
    rejected = [(row, column, code) for row, (_written, code) in enumerate(pairs, start=2)]
    CASES[name] = Case(cells(column, *(w for w, _code in pairs)), rejected=rejected, **more)


def repacked(path: Path, change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> Path:
    with zipfile.ZipFile(path) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in change(members).items():
            packed.writestr(name, content)
    return path


def with_sheet(path: Path, change: Callable[[bytes], bytes]) -> Path:
    return repacked(path, lambda members: members | {SHEET1: change(members[SHEET1])})


def good_xlsx(folder: Path, name: str = "a.xlsx") -> Path:
    return write_xlsx(folder / name, ("甲", table(STAFF, GOOD)))


# ---- formats and encodings --------------------------------------------------------------------------

for _encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"):
    for _suffix, _separator in ((".csv", ","), (".tsv", "\t")):
        CASES[f"{_suffix[1:]} in {_encoding}"] = Case(
            lambda folder, e=_encoding, s=_suffix, c=_separator: write_csv(
                folder / f"a{s}", table(STAFF, GOOD), e, c
            ),
            accepted=[2, 3, 4],
        )

CASES["xlsx"] = Case(good_xlsx, accepted=[2, 3, 4])


@case("xlsx with shared strings and prefixed names", accepted=[2, 3, 4])
def _prefixed(folder: Path) -> Path:
    def change(members: dict[str, bytes]) -> dict[str, bytes]:
        sheet = members[SHEET1].replace(b"xmlns=", b"xmlns:x=")
        for name in (b"worksheet", b"sheetData", b"row", b"c", b"v", b"is", b"t"):
            for sign in (b" ", b">", b"/"):
                sheet = sheet.replace(b"<" + name + sign, b"<x:" + name + sign)
            sheet = sheet.replace(b"</" + name + b">", b"</x:" + name + b">")
        return members | {SHEET1: sheet}

    return repacked(good_xlsx(folder), change)


@case("xls", accepted=[2, 3, 4], values=[(2, "身份证号", number(1))])
def _xls(folder: Path) -> Path:
    book = xlwt.Workbook()
    _fill_xls(book.add_sheet("甲"), table(STAFF, GOOD))
    book.save(str(folder / "a.xls"))
    return folder / "a.xls"


def _fill_xls(sheet: Any, rows: Sequence[Sequence[Any]]) -> None:
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            if cell is not None:
                sheet.write(i, j, cell)


def ods(path: Path, *sheets: tuple[str, Sequence[Sequence[Any]]]) -> Path:
    book = odf.opendocument.OpenDocumentSpreadsheet()
    for name, rows in sheets:
        sheet = odf.table.Table(name=name)
        for row in rows:
            sheet.addElement(ods_row(row))
        book.spreadsheet.addElement(sheet)
    book.save(str(path))
    return path


def ods_row(row: Sequence[Any], **attributes: Any) -> Any:
    line = odf.table.TableRow(**attributes)
    for cell in row:
        line.addElement(_ods_cell(cell))
    return line


def _ods_cell(cell: Any) -> Any:
    if cell is None:
        return odf.table.TableCell()
    if isinstance(cell, date):
        return odf.table.TableCell(valuetype="date", datevalue=cell.isoformat())
    if isinstance(cell, int | float):
        shown = odf.table.TableCell(valuetype="float", value=cell)
        shown.addElement(odf.text.P(text=str(cell)))
        return shown
    shown = odf.table.TableCell(valuetype="string")
    for line in cell.split("\n"):
        shown.addElement(odf.text.P(text=line))
    return shown


@case("ods", accepted=[2, 3, 4], values=[(2, "身份证号", number(1)), (3, "岗位", "教师 班主任")])
def _ods(folder: Path) -> Path:
    rows = [person(1), person(2, 岗位="教师\n班主任"), person(3)]
    return ods(folder / "a.ods", ("甲", table(STAFF, rows)))


@case(
    "ods with dates, numbers and blank rows to the end",
    accepted=[2, 3, 1_000_003],
    values=[(2, "起始日期", "2020-02-01"), (3, "起始日期", "2020-02-02"), (3, "手机号", "10000000002")],
    memory=100,
)
def _ods_cells(folder: Path) -> Path:
    book = odf.opendocument.OpenDocumentSpreadsheet()
    sheet = odf.table.Table(name="甲")
    sheet.addElement(odf.table.TableColumn(numbercolumnsrepeated=1024))
    rows = [
        person(1, 起始日期=date(2020, 2, 1)),
        person(2, 起始日期=43863, 手机号=10000000002),
        person(3, 起始日期="2020年2月1日"),
    ]
    for row in table(DATED, rows[:2]):
        sheet.addElement(ods_row(row))
    blank = odf.table.TableRow(numberrowsrepeated=999_999)
    blank.addElement(odf.table.TableCell(numbercolumnsrepeated=1024))
    sheet.addElement(blank)
    last = ods_row(table(DATED, rows[2:])[1])
    last.addElement(odf.table.TableCell(numbercolumnsrepeated=16_000))
    sheet.addElement(last)
    book.spreadsheet.addElement(sheet)
    book.save(str(folder / "a.ods"))
    return folder / "a.ods"


CASES["csv declared by sep="] = Case(
    lambda folder: _text(folder, "sep=;\r\n" + _lines(";")), accepted=[2, 3, 4]
)
CASES["csv whose numbers are written as formulas"] = Case(
    lambda folder: _text(folder, _lines(",").replace(number(1), f'="{number(1)}"')),
    accepted=[2, 3, 4],
    values=[(2, "身份证号", number(1))],
)
CASES["csv with old Mac line ends"] = Case(
    lambda folder: _text(folder, _lines(",").replace("\r\n", "\r")), accepted=[2, 3, 4]
)


def _lines(separator: str) -> str:
    return "".join(separator.join(map(str, row)) + "\r\n" for row in table(STAFF, GOOD))


def _text(folder: Path, text: str | bytes, name: str = "a.csv") -> Path:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder / name


# ---- headings, titles, totals -----------------------------------------------------------------------


@case("a merged title above the headings", accepted=[4, 5, 6], ignored=[1, 2])
def _title(folder: Path) -> Path:
    with xlsxwriter.Workbook(folder / "a.xlsx") as book:
        sheet = book.add_worksheet("甲")
        sheet.merge_range("A1:F1", "某市教职工花名册（2020年2月）")
        sheet.write_row(1, 0, ["填报单位：一小", "", "", "", "填报日期：2020-02-15"])
        for i, row in enumerate(table(STAFF, GOOD), start=2):
            sheet.write_row(i, 0, [str(cell) for cell in row])
    return folder / "a.xlsx"


@case("headings over two rows, merged both ways", accepted=[3, 4, 5])
def _two_rows(folder: Path) -> Path:
    with xlsxwriter.Workbook(folder / "a.xlsx") as book:
        sheet = book.add_worksheet("甲")
        for place, name in enumerate(STAFF):
            if name in ("单位", "岗位"):
                sheet.write(1, place, name)
            else:
                sheet.merge_range(0, place, 1, place, name)
        sheet.merge_range("E1:F1", "任职情况")
        for i, row in enumerate(table(STAFF, GOOD)[1:], start=2):
            sheet.write_row(i, 0, [str(cell) for cell in row])
    return folder / "a.xlsx"


@case("totals and notes below", accepted=[2, 3, 4], ignored=[6, 7, 8])
def _totals(folder: Path) -> Path:
    rows = [*table(STAFF, GOOD), [], ["合　计", None, None, None, None, "3人"]]
    rows += [["注：以上均已核实"], ["填表人：某某", None, "审核人：某某"]]
    return write_xlsx(folder / "a.xlsx", ("甲", rows))


@case(
    "a unit merged over its rows",
    accepted=[2, 3, 4],
    values=[(row, "单位", "一小") for row in (2, 3, 4)],
    warned=["merged-cells"],
)
def _merged(folder: Path) -> Path:
    with xlsxwriter.Workbook(folder / "a.xlsx") as book:
        sheet = book.add_worksheet("甲")
        for i, row in enumerate(table(STAFF, GOOD)):
            sheet.write_row(i, 0, [str(cell) for cell in row[:4]])
            sheet.write(i, 5, row[5])
        sheet.write(0, 4, "单位")
        sheet.merge_range(1, 4, 9, 4, "一小")  # and six rows more, which stay blank
    return folder / "a.xlsx"


# ---- sheets, and what is hidden ---------------------------------------------------------------------

CASES["several sheets"] = Case(
    lambda folder: write_xlsx(
        folder / "a.xlsx",
        ("甲", table(STAFF, GOOD[:2])),
        ("空", []),
        ("说明", [["请如实填写"], ["一式两份"]]),
        ("乙", table(STAFF, GOOD[2:])),
    ),
    accepted=[("甲", 2), ("甲", 3), ("乙", 2)],
    ignored=[("说明", 1), ("说明", 2)],
    warned=["sheet-not-read"],
)


@case(
    "hidden rows, columns and sheets in an xlsx",
    accepted=[("甲", 2), ("甲", 3), ("甲", 4), ("乙", 2)],
    warned=["hidden-rows", "hidden-columns", "hidden-sheet"],
)
def _hidden(folder: Path) -> Path:
    book = openpyxl.Workbook()
    first = book.active
    first.title = "甲"
    for row in table(STAFF, GOOD):
        first.append(row)
    for row in (2, 3):
        first.row_dimensions[row].hidden = True
    first.column_dimensions["D"].hidden = True
    second = book.create_sheet("乙")
    for row in table(STAFF, [person(4)]):
        second.append(row)
    second.sheet_state = "veryHidden"
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


@case(
    "hidden rows, columns and sheets in an xls",
    accepted=[("甲", 2), ("甲", 3), ("甲", 4), ("乙", 2)],
    warned=["hidden-rows", "hidden-columns", "hidden-sheet"],
)
def _hidden_xls(folder: Path) -> Path:
    book = xlwt.Workbook()
    first, second = book.add_sheet("甲"), book.add_sheet("乙")
    _fill_xls(first, table(STAFF, GOOD))
    _fill_xls(second, table(STAFF, [person(4)]))
    first.row(2).hidden = True
    first.col(3).hidden = True
    second.visibility = 1
    book.save(str(folder / "a.xls"))
    return folder / "a.xls"


@case(
    "hidden rows, columns and sheets in an ods",
    accepted=[("甲", 2), ("甲", 3), ("甲", 4), ("乙", 2)],
    warned=["hidden-rows", "hidden-columns", "hidden-sheet"],
)
def _hidden_ods(folder: Path) -> Path:
    book = odf.opendocument.OpenDocumentSpreadsheet()
    unseen = odf.style.Style(name="unseen", family="table")
    unseen.addElement(odf.style.TableProperties(display="false"))
    book.automaticstyles.addElement(unseen)
    first, second = odf.table.Table(name="甲"), odf.table.Table(name="乙", stylename=unseen)
    for hidden, count in ((False, 3), (True, 1), (False, 2)):
        shown = {"visibility": "collapse"} if hidden else {}
        first.addElement(odf.table.TableColumn(numbercolumnsrepeated=count, **shown))
    for i, row in enumerate(table(STAFF, GOOD)):
        first.addElement(ods_row(row, **({"visibility": "filter"} if i == 2 else {})))
    for row in table(STAFF, [person(4)]):
        second.addElement(ods_row(row))
    for sheet in (first, second):
        book.spreadsheet.addElement(sheet)
    book.save(str(folder / "a.ods"))
    return folder / "a.ods"


# ---- numbers ----------------------------------------------------------------------------------------

refused(
    "ID numbers that Excel spoilt",
    "身份证号",
    (int(number(1)[:15] + "000"), "id-number-rounded"),
    (float(number(2)[:17] + "0"), "id-number-rounded"),
    (number(3)[:15] + "000", "id-number-rounded"),
    ("5.39881E+17", "id-number-rounded"),
    ("５．３９８８１Ｅ＋１７", "id-number-rounded"),
    ("539881198001010000", "id-number-rounded"),
)
refused(
    "wrong ID numbers",
    "身份证号",
    (number(1)[:17] + ("1" if number(1)[17] != "1" else "2"), "id-number-check"),
    (number(2, "19800231"), "id-number-birth"),
    (number(3, "20200216"), "id-number-birth"),
    (number(4, region="109881"), "id-number-region"),
    (number(5)[:6] + number(5)[8:17], "id-number-old"),
    (number(6)[:14], "id-number-length"),
    (number(7, region="999881"), "id-number-region"),
)
read_as("身份证号")(
    "ID numbers in odd dress",
    (number(1).translate(str.maketrans("0123456789", "０１２３４５６７８９")), number(1)),
    (f"\u202a{number(2)}\u202c", number(2)),
    (f"'{number(3)}", number(3)),
    (f"{number(4)[:6]} {number(4)[6:14]}\u00a0{number(4)[14:]}", number(4)),
    (number(5) + "\t", number(5)),
    (number(18).replace("X", "ｘ"), number(18)),
    (f"‘{number(7)}’", number(7)),
)
read_as("手机号")(
    "phones in odd dress",
    (10000000001, "10000000001"),
    (10000000002.0, "10000000002"),
    ("１００　００００　０００３", "10000000003"),
    ("+86 100-0000-0004", "10000000004"),
    ("086 10000000005", "10000000005"),
    ("(100)0000.0006", "10000000006"),
    ("10000000007.0", "10000000007"),
)
refused(
    "wrong phones",
    "手机号",
    ("1000000000", "phone-unreadable"),
    ("1.00E+10", "phone-unreadable"),
    (1.5, "phone-unreadable"),
    ("10000000001/10000000002", "phone-unreadable"),
    ("0874-1234567", "phone-unreadable"),
)

# ---- days -------------------------------------------------------------------------------------------

read_as("起始日期")(
    "dates as cells, serials and text",
    (date(2020, 2, 1), "2020-02-01"),
    (datetime(2020, 2, 1, 8, 30), "2020-02-01"),  # noqa: DTZ001 - a cell has no zone
    (43862, "2020-02-01"),
    (43862.354, "2020-02-01"),
    ("43862", "2020-02-01"),
    ("2020年2月1日", "2020-02-01"),
    ("二〇二〇年二月一日", "2020-02-01"),
    ("二○二○年二月一日", "2020-02-01"),
    ("二零二零年二月廿九日", "2020-02-29"),
    ("二O二O年十二月三十一号", "2020-12-31"),
    ("2020．2．1", "2020-02-01"),
    ("２０２０／０２／０１", "2020-02-01"),
    ("2020-02-01 08:30:15", "2020-02-01"),
    ("2020/2/1 8:30", "2020-02-01"),
    ("2020-02-01T08:30:00", "2020-02-01"),
    ("20200201", "2020-02-01"),
    (20200201, "2020-02-01"),
)
refused(
    "dates that are none",
    "起始日期",
    ("2020-02-30", "day-impossible"),
    ("2019年2月29日", "day-impossible"),
    ("二〇二〇年十三月一日", "day-impossible"),
    ("0202-02-01", "day-impossible"),
    ("2/1/2020", "day-unreadable"),
    ("20.2.1", "day-unreadable"),
    ("昨天", "day-unreadable"),
    ("2020年2月", "day-unreadable"),
    (1e9, "day-unreadable"),
)


@case(
    "dates of the 1904 epoch in an xlsx",
    accepted=[2, 3],
    values=[(2, "起始日期", "2020-02-01"), (3, "起始日期", "2020-02-01")],
)
def _epoch(folder: Path) -> Path:
    with xlsxwriter.Workbook(folder / "a.xlsx", {"date_1904": True}) as book:
        sheet = book.add_worksheet("甲")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for i, row in enumerate(table(STAFF, GOOD[:2])):
            sheet.write_row(i, 0, [str(cell) for cell in row])
        sheet.write(0, 6, "起始日期")
        sheet.write_datetime(1, 6, datetime(2020, 2, 1), day)  # noqa: DTZ001
        sheet.write_number(2, 6, 43862 - 1462)
    return folder / "a.xlsx"


@case(
    "dates of both epochs in an xls",
    accepted=[2, 3],
    values=[(2, "起始日期", "2020-02-01"), (3, "起始日期", "2020-02-01")],
)
def _epoch_xls(folder: Path) -> Path:
    book = xlwt.Workbook()
    book.dates_1904 = True
    sheet = book.add_sheet("甲")
    _fill_xls(sheet, table([*STAFF, "起始日期"], GOOD[:2]))
    shown = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    sheet.write(1, 6, 43862 - 1462, shown)
    sheet.write(2, 6, 43862 - 1462)
    book.save(str(folder / "a.xls"))
    return folder / "a.xls"


# ---- blanks -----------------------------------------------------------------------------------------

BLANKS = ["", " ", "\u00a0", "\u3000", "\u200b\u200d", "\ufeff", "\u2060\u2003", "\u3164", "\r\n\t"]
DASHES = ["—", "——", "-", "--", "－", "/", "／", "\\", "无", "無", "暂无", "N/A", "null", "・・・", "…", "*"]
refused("every kind of blank where a cell must be filled", "岗位", *((b, "cell-missing") for b in BLANKS))
refused("dashes and 无 where a cell must be filled", "岗位", *((b, "cell-missing") for b in DASHES))
read_as("终止日期")("dashes and 无 where a cell may be blank", *((b, "") for b in [*BLANKS, *DASHES]))
CASES["rows of blanks and dashes alone"] = Case(
    xlsx(*table(STAFF, GOOD[:1]), BLANKS[:6], ["\u3000"] * 6, ["—"] * 6, ["", "/", "", "", "", "无"]),
    accepted=[2],
    ignored=[5, 6],
)
CASES["marks of byte order within a csv"] = Case(
    lambda folder: _text(folder, ("\ufeff" + _lines(",")).replace("丁", "\ufeff丁") + "\ufeff,,,,,\r\n"),
    accepted=[2, 3, 4],
)

# ---- names ------------------------------------------------------------------------------------------

read_as("姓名")(
    "names with a middle dot or rare characters",
    *((f"阿依古丽{dot}买买提", "阿依古丽·买买提") for dot in "·•‧・･∙⋅●．.․。"),
    ("阿依古丽 · 买买提", "阿依古丽·买买提"),
    ("张　三", "张三"),
    ("张\u200b三", "张三"),
    ("𠀀𪜶", "𠀀𪜶"),  # extensions B, C
    ("丁𫝀𫠠", "丁𫝀𫠠"),  # D, E
    ("丁𬺰𰀀", "丁𬺰𰀀"),  # F, G
    ("𱍐", "𱍐"),  # H
    ("䶮〇", "䶮〇"),
    ("Ａｎｎａ Ｌｅｅ", "Anna Lee"),
    ("J. R. Smith", "J. R. Smith"),
)
refused(
    "names that are none",
    "姓名",
    (12, "name-unreadable"),
    ("---5", "name-unreadable"),
    ("丁?", "name-damaged"),
    ("丁\ufffd", "name-damaged"),
    ("丁□", "name-damaged"),
    ("一" * 81, "cell-too-long"),
    ("#N/A", "cell-error"),
    ("#REF!", "cell-error"),
    (number(1), "name-unreadable"),
)
CASES["rare characters in GB18030"] = Case(
    lambda folder: write_csv(folder / "a.csv", table(STAFF, [person(1, 姓名="丁𬱖䶮𠀀")]), "gb18030"),
    accepted=[2],
    values=[(2, "姓名", "丁𬱖䶮𠀀")],
)
refused(
    "a class that Excel turned into a date",
    "单位",
    (date(2020, 1, 2), "cell-became-date"),
)

# ---- formulas ---------------------------------------------------------------------------------------


@case(
    "formulas with cached values, blank ones, errors, and none",
    accepted=[2],
    rejected=[
        (3, "岗位", "cell-missing"),
        (4, "岗位", "formula-not-computed"),
        (5, "岗位", "cell-error"),
        (6, "岗位", "formula-not-computed"),
    ],
    values=[(2, "岗位", "教师")],
)
def _formulas(folder: Path) -> Path:
    path = write_xlsx(folder / "a.xlsx", ("甲", table(STAFF, [person(i) for i in range(1, 6)])))
    ends = {
        2: b't="str"><f>"a"</f><v>\xe6\x95\x99\xe5\xb8\x88</v></c>',
        3: b't="str"><f>""</f><v></v></c>',
        4: b"><f>1+1</f></c>",
        5: b't="e"><f>1/0</f><v>#DIV/0!</v></c>',
        6: b'><f t="shared" si="0"/><v/></c>',
    }

    def change(sheet: bytes) -> bytes:
        for row, end in ends.items():
            start = sheet.index(b'<c r="F%d"' % row)
            stop = sheet.index(b"</c>", start) + 4
            sheet = sheet[:start] + b'<c r="F%d" ' % row + end + sheet[stop:]
        return sheet

    return with_sheet(path, change)


@case(
    "formulas that were never computed, as openpyxl writes them",
    rejected=[(2, heading, "formula-not-computed") for heading in STAFF],
)
def _uncached(folder: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.append(STAFF)
    book.active.append([f"=Sheet2!{letter}1" for letter in "ABCDEF"])
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


@case(
    "formulas with and without values in an ods",
    accepted=[2],
    rejected=[(3, "岗位", "formula-not-computed"), (4, "岗位", "cell-error")],
)
def _ods_formulas(folder: Path) -> Path:
    book = odf.opendocument.OpenDocumentSpreadsheet()
    sheet = odf.table.Table(name="甲")
    rows = table(STAFF, GOOD)
    sheet.addElement(ods_row(rows[0]))
    for i, row in enumerate(rows[1:]):
        line = ods_row(row[:5])
        formula = odf.table.TableCell(formula='of:="教"&"师"')
        if i != 1:
            formula.setAttribute("valuetype", "string")
            formula.addElement(odf.text.P(text="教师" if i == 0 else "#N/A"))
        line.addElement(formula)
        sheet.addElement(line)
    book.spreadsheet.addElement(sheet)
    book.save(str(folder / "a.ods"))
    return folder / "a.ods"


# ---- large ------------------------------------------------------------------------------------------


def _row_xml(row: int, cells_of: Sequence[str]) -> bytes:
    shown = "".join(
        f'<c r="{letter}{row}" t="inlineStr"><is><t>{text}</t></is></c>'
        for letter, text in zip("ABCDEF", cells_of, strict=False)
    )
    return f'<row r="{row}">{shown}</row>'.encode()


def _more(path: Path, xml: bytes) -> Path:
    return with_sheet(path, lambda sheet: sheet.replace(b"</sheetData>", xml + b"</sheetData>"))


@case("an xlsx that says it is used to the last cell", accepted=[2, 3, 4], memory=60)
def _dimension(folder: Path) -> Path:
    return with_sheet(good_xlsx(folder), lambda sheet: sheet.replace(b'ref="A1:F4"', b'ref="A1:XFD1048576"'))


@case("an xlsx with a person in Excel's last row", accepted=[2, 3, 4, 1_048_576], memory=60)
def _last_row(folder: Path) -> Path:
    return _more(good_xlsx(folder), _row_xml(1_048_576, [str(v) for v in person(4).values()]))


@case("an xlsx with a cell in the last corner", accepted=[2, 3, 4], ignored=[1_048_576], memory=60)
def _corner(folder: Path) -> Path:
    return _more(good_xlsx(folder), b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


@case("an xlsx formatted down to the last row", accepted=[2, 3, 4], memory=60)
def _formatted(folder: Path) -> Path:
    rows = b"".join(b'<row r="%d" s="1"><c r="A%d" s="1"/></row>' % (i, i) for i in range(5, 1_048_577))
    return _more(good_xlsx(folder), rows)


@case(
    "an xls at its limit of 65,536 rows",
    accepted=[2, 3, 65_536],
    memory=150,
)
def _xls_limit(folder: Path) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("甲")
    _fill_xls(sheet, table(STAFF, GOOD[:2]))
    for j, cell in enumerate(person(3).values()):
        sheet.write(65_535, j, cell)
    sheet.write(65_535, 255, "远")
    book.save(str(folder / "a.xls"))
    return folder / "a.xls"


@case("one huge cell in an xlsx", accepted=[3, 4], rejected=[(2, "岗位", "cell-too-long")], memory=200)
def _huge(folder: Path) -> Path:
    huge = b"\xe9\x95\xbf" * 5_000_000
    return with_sheet(
        good_xlsx(folder),
        lambda sheet: _replaced(sheet, "F2", b't="inlineStr"><is><t>' + huge + b"</t></is></c>"),
    )


def _replaced(sheet: bytes, place: str, end: bytes) -> bytes:
    start = sheet.index(b'<c r="%s"' % place.encode())
    stop = sheet.index(b"</c>", start) + 4
    return sheet[:start] + b'<c r="%s" ' % place.encode() + end + sheet[stop:]


CASES["one huge cell in a csv"] = Case(
    lambda folder: _text(folder, _lines(",").replace("教师\r\n", "长" * 3_000_000 + "\r\n", 1)),
    error="cell-huge",
)

# ---- locked, bombs, broken --------------------------------------------------------------------------


@case("a locked xlsx", error="file-locked")
def _locked(folder: Path) -> Path:
    plain, path = io.BytesIO(good_xlsx(folder, "plain.xlsx").read_bytes()), folder / "a.xlsx"
    with path.open("wb") as out:
        msoffcrypto.OfficeFile(plain).encrypt("secret", out)
    return path


@case("a locked xls", error="file-locked")
def _locked_xls(folder: Path) -> Path:
    path = write_xls(folder / "a.xls", table(STAFF, GOOD))
    content = path.read_bytes()
    bof = content.index(struct.pack("<HH", 0x809, 16))
    lock = struct.pack("<HHHHH", 0x2F, 54, 1, 1, 1) + bytes(48)  # FILEPASS, RC4
    path.write_bytes(content[: bof + 20] + lock + content[bof + 20 + len(lock) :])
    return path


@case("a locked ods", error="file-locked")
def _locked_ods(folder: Path) -> Path:
    manifest = b'<manifest:file-entry><manifest:encryption-data manifest:checksum="x"/></manifest:file-entry>'
    path = ods(folder / "a.ods", ("甲", table(STAFF, GOOD)))
    return repacked(path, lambda members: members | {"META-INF/manifest.xml": manifest})


@case("a zip bomb", error="file-bomb")
def _zip_bomb(folder: Path) -> Path:
    path = good_xlsx(folder)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed, packed.open("xl/x.xml", "w") as out:
        for _ in range(80):
            out.write(bytes(1 << 20))
    return path


@case("a zip bomb that lies about its size", error="file-broken")
def _lying_bomb(folder: Path) -> Path:
    path = repacked(good_xlsx(folder), lambda members: members | {"xl/x.xml": bytes(10_000_000)})
    honest, small = (10_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(honest, small))
    return path


for _member in ("xl/sharedStrings.xml", SHEET1, "xl/workbook.xml", "[Content_Types].xml"):
    CASES[f"an entity bomb in {_member}"] = Case(
        lambda folder, m=_member: repacked(
            good_xlsx(folder), lambda members: members | {m: BOMB + members[m].split(b"?>", 1)[1]}
        ),
        error="file-suspicious",
    )


@case("an entity bomb behind a megabyte of comment", error="file-suspicious")
def _late_bomb(folder: Path) -> Path:
    padding = b"<!--" + b" " * 3_000_000 + b"-->"
    head, body = BOMB.split(b"?>", 1)
    return with_sheet(good_xlsx(folder), lambda s: head + b"?>" + padding + body + s.split(b"?>", 1)[1])


@case("an entity bomb in UTF-16", error="file-suspicious")
def _wide_bomb(folder: Path) -> Path:
    bomb = BOMB.replace(b"?>", b' encoding="UTF-16"?>', 1) + b"<x>&i;</x>"
    return repacked(good_xlsx(folder), lambda m: m | {SHEET1: bomb.decode().encode("utf-16")})


@case("an entity bomb in an ods", error="file-suspicious")
def _ods_bomb(folder: Path) -> Path:
    path = ods(folder / "a.ods", ("甲", table(STAFF, GOOD)))
    return repacked(path, lambda m: m | {"content.xml": BOMB + m["content.xml"].split(b"?>", 1)[1]})


@case("an ods that repeats a row ten million times", error="file-too-wide", memory=100)
def _ods_repeat(folder: Path) -> Path:
    book = odf.opendocument.OpenDocumentSpreadsheet()
    sheet = odf.table.Table(name="甲")
    sheet.addElement(ods_row(STAFF))
    sheet.addElement(ods_row(list(person(1).values()), numberrowsrepeated=10_000_000))
    book.spreadsheet.addElement(sheet)
    book.save(str(folder / "a.ods"))
    return folder / "a.ods"


@case("an ods that repeats a cell a billion times", accepted=[2], memory=100)
def _ods_wide(folder: Path) -> Path:
    book = odf.opendocument.OpenDocumentSpreadsheet()
    sheet = odf.table.Table(name="甲")
    sheet.addElement(ods_row(STAFF))
    row = ods_row(list(person(1).values()))
    wide = odf.table.TableCell(valuetype="string", numbercolumnsrepeated=1_000_000_000)
    wide.addElement(odf.text.P(text="x" * 1000))
    row.addElement(wide)
    sheet.addElement(row)
    book.spreadsheet.addElement(sheet)
    book.save(str(folder / "a.ods"))
    return folder / "a.ods"


def _renamed(make: Callable[[Path], Path], name: str) -> Callable[[Path], Path]:
    return lambda folder: Path(shutil.copy(make(folder), folder / name))


def _html(folder: Path) -> Path:
    rows = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in table(STAFF, GOOD))
    return _text(folder, f"<html><head><meta charset='utf-8'></head><table>{rows}</table></html>", "a.xls")


def _docx(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "a.xlsx", "w") as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("word/document.xml", "<w:document/>")
    return folder / "a.xlsx"


for _name, _make in {
    "a csv called xls": lambda folder: _text(folder, _lines(","), "a.xls"),
    "a csv called xlsx": lambda folder: _text(folder, _lines(","), "a.xlsx"),
    "an html table called xls": _html,
    "an xml spreadsheet called xls": lambda folder: _text(
        folder, '<?xml version="1.0"?><Workbook xmlns="urn:x"/>', "a.xls"
    ),
    "an xlsx called xls": _renamed(good_xlsx, "b.xls"),
    "an xlsx called csv": _renamed(good_xlsx, "b.csv"),
    "an xls called xlsx": _renamed(_xls, "b.xlsx"),
    "an ods called xlsx": _renamed(_ods, "b.xlsx"),
    "a docx called xlsx": _docx,
    "a pdf called xlsx": lambda folder: _text(folder, b"%PDF-1.7\n" + bytes(range(256)), "a.xlsx"),
    "an image called csv": lambda folder: _text(folder, b"\x89PNG\r\n\x1a\n" + bytes(999), "a.csv"),
    "random bytes called csv": lambda folder: _text(folder, bytes(range(256)) * 20, "a.csv"),
    "an old xls of another program": lambda folder: _text(
        folder, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000), "a.xls"
    ),
}.items():
    CASES[_name] = Case(_make, error="file-misnamed")

CASES["a file of no known suffix"] = Case(lambda f: _text(f, _lines(","), "a.doc"), error="file-unsupported")
CASES["an empty file"] = Case(lambda f: _text(f, b""), error="file-empty")
CASES["a file of blanks"] = Case(lambda f: _text(f, "\ufeff\r\n,,,\r\n\u3000,\r\n"), error="file-empty")
CASES["an empty workbook"] = Case(xlsx(), error="file-empty")
CASES["headings and no rows"] = Case(xlsx(STAFF), warned=["no-rows"])


def _cut(make: Callable[[Path], Path], keep: float) -> Callable[[Path], Path]:
    def cut(folder: Path) -> Path:
        path = make(folder)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * keep)])
        return path

    return cut


for _keep in (0.1, 0.5, 0.9, 0.99):
    CASES[f"an xlsx cut off at {_keep:.0%}"] = Case(_cut(good_xlsx, _keep), error="file-broken")
    CASES[f"an ods cut off at {_keep:.0%}"] = Case(_cut(_ods, _keep), error="file-broken")
CASES["an xls cut off at 50%"] = Case(_cut(_xls, 0.5), error="file-broken")
CASES["a csv in UTF-8 cut off within a character"] = Case(
    lambda f: _text(f, _lines(",").encode()[:-3]), error="text-damaged"
)
CASES["a csv in UTF-16 cut off within a character"] = Case(
    lambda f: _text(f, _lines(",").encode("utf-16")[:-1]), error="text-damaged"
)
CASES["a csv in UTF-8 with a few bytes of GB18030"] = Case(
    lambda f: _text(f, _lines(",").encode() + "丁四,男".encode("gb18030") + b",,,,\r\n"),
    error="text-damaged",
)
CASES["an xlsx whose sheet is no XML"] = Case(
    lambda f: with_sheet(good_xlsx(f), lambda sheet: sheet[:300] + b"<<<" + sheet[300:]), error="file-broken"
)
CASES["NULs within a csv"] = Case(
    lambda f: _text(f, _lines(",").replace("教师", "教师\0\0", 1).replace("赵一", "赵\0一")),
    accepted=[2, 3, 4],
    warned=["control-signs"],
    values=[(2, "岗位", "教师")],
)
CASES["a csv of NULs"] = Case(lambda f: _text(f, bytes(5_000)), error="file-empty")
CASES["an open quotation mark"] = Case(
    lambda f: _text(f, _lines(",").replace("钱", '"钱', 1)), error="quotes-unbalanced"
)
CASES["a quotation mark within a cell"] = Case(
    lambda f: _text(f, _lines(",").replace("教师", '教"师', 1)), accepted=[2, 3, 4]
)
CASES["commas in a tsv"] = Case(lambda f: _text(f, _lines(","), "a.tsv"), accepted=[2, 3, 4])
CASES["rows of uneven length"] = Case(
    lambda f: _text(
        f,
        _lines(",")
        + "丁一\r\n"
        + ",".join(map(str, person(5).values()))
        + ",多余,再多\r\n,,,,,,只有多余\r\n",
    ),
    accepted=[2, 3, 4, 6],
    rejected=[(5, heading, "cell-missing") for heading in STAFF[1:]],
    ignored=[7],
)


# ---- XML as no office program writes it: a far cell must not be hidden from what bounds the memory ---------

_FAR = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
for _name, _xml in {
    "in lower case": _FAR.replace(b"XFD", b"xfd"),
    "after a line end": _FAR.replace(b" r=", b"\n\tr="),
}.items():
    CASES[f"a far cell written {_name}"] = Case(
        lambda folder, x=_xml: _more(good_xlsx(folder), x),
        accepted=[2, 3, 4],
        ignored=[1_048_576],
        memory=60,
    )
for _name, _xml in {
    "in single quotes": _FAR.replace(b'"', b"'"),
    "with blanks around the sign": _FAR.replace(b"=", b" = "),
    "with a sign that ends a tag": _FAR.replace(b"<c ", b'<c x=">" ').replace(b"<row ", b'<row x=">" '),
    "without its place": b"<row><c><f>1+1</f></c></row>",
}.items():
    CASES[f"a cell written {_name}"] = Case(
        lambda folder, x=_xml: _more(good_xlsx(folder), x), error="file-broken", memory=60
    )


@case("a far cell under an odd prefix", accepted=[2, 3, 4], ignored=[1_048_576], memory=60)
def _odd_prefix(folder: Path) -> Path:
    names = b' xmlns:my-x.="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    far = _FAR
    for tag in (b"row", b"c", b"v"):
        far = far.replace(b"<" + tag, b"<my-x.:" + tag).replace(b"</" + tag, b"</my-x.:" + tag)
    path = _more(good_xlsx(folder), far)
    return with_sheet(path, lambda sheet: sheet.replace(b"<worksheet", b"<worksheet" + names, 1))
