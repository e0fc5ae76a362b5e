"""Spreadsheets made for the importer's tests. Nobody in them exists: region 539881 is given to no county."""

import csv
import struct
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from fangxian.registry.id_numbers import check_digit
from fangxian.registry.importing.cells import Setting
from fangxian.registry.importing.directory import Directory, NamedUnits
from fangxian.registry.importing.examine import Import, examine

TODAY = date(2020, 2, 15)
STAFF = ["姓名", "性别", "身份证号", "手机号", "单位", "岗位"]
PUPILS = ["姓名", "性别", "身份证号", "单位", "班级", "监护人", "监护人手机号", "关系"]
UNITS = ["单位名称", "类别", "上级单位", "代码", "战区", "重点部位", "无此部位"]


def number(serial: int, born: str = "19800101", region: str = "539881") -> str:
    """An ID number; odd serials are men's."""
    stem = f"{region}{born}{serial:03d}"
    return stem + check_digit(stem)


def person(serial: int, **cells: Any) -> dict[str, Any]:
    """A good row of the staff roster, but for the cells that are given."""
    row = {
        "姓名": "赵钱孙李周吴郑王冯陈"[serial % 10] + "一",
        "性别": "男" if serial % 2 else "女",
        "身份证号": number(serial),
        "手机号": f"100{serial:08d}",
        "单位": "一小",
        "岗位": "教师",
    }
    return row | cells


def write_xlsx(path: Path, *sheets: tuple[str, Sequence[Sequence[Any]]]) -> Path:
    """Rows of cells a sheet; None leaves a cell out."""
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                for j, cell in enumerate(row):
                    if isinstance(cell, date | datetime):
                        sheet.write_datetime(i, j, cell, day)
                    elif isinstance(cell, str):
                        sheet.write_string(i, j, cell)
                    elif cell is not None:
                        sheet.write(i, j, cell)
    return path


def write_csv(
    path: Path, rows: Sequence[Sequence[Any]], encoding: str = "utf-8", separator: str = ","
) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    return path


def table(headings: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[list[Any]]:
    return [list(headings), *([row.get(heading) for heading in headings] for row in rows)]


def check(path: Path, kind: str = "staff", directory: Directory | None = None, **options: Any) -> Import:
    known = directory or NamedUnits(["一小", "中心学校", "一小/一(1)班", "一小/一(2)班"])
    return examine(path, kind, directory=known, setting=Setting(TODAY), **options)


def codes(imported: Import) -> list[tuple[int | None, str, str]]:
    """(row, column, code of the problem) of what was rejected."""
    return [(each.row, each.column, each.problem.code) for each in imported.examined.rejected]


# ---- .xls, of which no library here writes any ------------------------------------------------------


def write_xls(path: Path, rows: Sequence[Sequence[str | float]], *, stream: str = "Workbook") -> Path:
    """BIFF8 with one sheet named 甲, in a compound file (MS-XLS, MS-CFB)."""
    path.write_bytes(_compound(stream, _biff(rows)))
    return path


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _biff(rows: Sequence[Sequence[str | float]]) -> bytes:
    bof, eof = struct.pack("<HHHHII", 0x600, 0x5, 0x0DBB, 0x07CC, 0, 6), _record(0x0A, b"")
    name = "甲".encode("utf-16-le")
    sheet_at = len(_record(0x809, bof)) + 4 + 6 + 2 + len(name) + len(eof)
    bound = struct.pack("<IHBB", sheet_at, 0, 1, 1) + name
    book = _record(0x809, bof) + _record(0x85, bound) + eof
    cells = b"".join(_cell(i, j, cell) for i, row in enumerate(rows) for j, cell in enumerate(row))
    sheet = struct.pack("<HHHHII", 0x600, 0x10, 0x0DBB, 0x07CC, 0, 6)
    return book + _record(0x809, sheet) + cells + eof


def _cell(row: int, column: int, cell: str | float) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(cell, str):
        return _record(0x204, place + struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le"))
    return _record(0x203, place + struct.pack("<d", cell))


def _compound(name: str, content: bytes) -> bytes:
    """Sector 0 is the allocation table, 1 the directory, the stream follows; at least 4096 bytes of it."""
    content = content.ljust(max(4096, -(-len(content) // 512) * 512), b"\0")
    sectors = len(content) // 512
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, sectors + 2), 0xFFFFFFFE]
    fat = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    head += bytes(6) + struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    entries = _entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1) + _entry(name, 2, 2, len(content))
    return head + fat + entries.ljust(512, b"\0") + content


def _entry(name: str, kind: int, start: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    wide = name.encode("utf-16-le") + b"\0\0"
    none = 0xFFFFFFFF
    head = wide.ljust(64, b"\0") + struct.pack("<HBBIII", len(wide), kind, 1, none, none, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)
