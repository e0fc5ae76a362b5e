"""Templates as offices above send them: made with xlsxwriter and openpyxl, with what those write."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import xlsxwriter
from openpyxl import load_workbook


def form(edit: Callable[[Any, Any], object] | None = None) -> bytes:
    """The daily form: a merged title, a head, a line a zone, totals by formula, a chart, a list to choose."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"title": "日报", "author": "上级办公室"})
        sheet = book.add_worksheet("日报")
        title = book.add_format({"bold": True, "font_size": 18, "align": "center", "bg_color": "#DDEBF7"})
        head = book.add_format({"bold": True, "border": 1, "align": "center", "text_wrap": True})
        cell, share = book.add_format({"border": 1}), book.add_format({"border": 1, "num_format": "0.0%"})
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 4, 14)
        sheet.merge_range("A1:E1", "学校疫情防控日报表", title)
        sheet.write("A2", "填报单位：")
        sheet.write("D2", "截至：")
        for column, words in enumerate(("战区", "学生", "党员", "合计", "“十个一”参与率")):
            sheet.write(2, column, words, head)
        for row, zone in enumerate(("第一战区", "第二<&>战区"), start=3):
            sheet.write(row, 0, zone, cell)
            for column in (1, 2):
                sheet.write_blank(row, column, None, cell)
            sheet.write_formula(row, 3, f"=B{row + 1}+C{row + 1}", cell, 999)
            sheet.write_blank(row, 4, None, share)
        sheet.write(5, 0, "全市", cell)
        sheet.write_formula("B6", "=SUM(B4:B5)", cell, 12345)
        sheet.write_blank("C6", None, cell)
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=日报!$B$4:$B$5"})
        sheet.insert_chart("G2", chart)
        sheet.data_validation("B8", {"validate": "list", "source": ["是", "否"]})
        sheet.set_landscape()
        sheet.print_area("A1:E8")
        sheet.freeze_panes(3, 1)
        book.add_worksheet("说明").write("A1", "按日填报")
        if edit:
            edit(book, sheet)
    return file.getvalue()


def resaved(content: bytes) -> bytes:
    """As openpyxl writes it."""
    book, saved = load_workbook(io.BytesIO(content)), io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def with_parts(content: bytes, parts: dict[str, bytes | Callable[[bytes], bytes]]) -> bytes:
    """With parts added, or changed by a function."""
    saved = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            told = parts.get(name, old.read(name))
            new.writestr(name, told(old.read(name)) if callable(told) else told)
        for name in parts.keys() - set(old.namelist()):
            told = parts[name]
            assert isinstance(told, bytes)
            new.writestr(name, told)
    return saved.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


OLD_XLS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "Workbook".encode("utf-16-le") + bytes(2048)
LOCKED = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(2048)
)
