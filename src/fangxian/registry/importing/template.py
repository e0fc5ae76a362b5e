"""An empty roster to fill in, with a second sheet that says what each column takes."""

from pathlib import Path

import xlsxwriter
from django.utils.translation import gettext as _

from ..kinds import KEY_AREAS, STAGES, UNIT_KINDS
from .columns import TEMPLATES, Column

SHEET_NAMES = {"staff": "教职工", "pupils": "学生", "units": "单位", "list": "名单"}


def write_template(kind: str, path: Path) -> None:
    """An .xlsx with the headings of this kind and a sheet of notes, which the importer leaves aside."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet(SHEET_NAMES[kind])
        bold = book.add_format({"bold": True, "bg_color": "#E8EEF6", "border": 1, "num_format": "@"})
        text = book.add_format({"num_format": "@"})
        for place, column in enumerate(TEMPLATES[kind]):
            sheet.set_column(place, place, column.width, text)
            sheet.write_string(0, place, column.heading, bold)
        sheet.freeze_panes(1, 0)
        notes = book.add_worksheet(_("Notes"))
        notes.set_column(0, 0, 110)
        for row, line in enumerate(_notes(kind)):
            notes.write_string(row, 0, line)


def _notes(kind: str) -> list[str]:
    lines = [f"{column.heading}: {_needed(column)} {column.note}".strip() for column in TEMPLATES[kind]]
    lines.append(_("Totals and notes are left aside. One wrong row, and nothing of the file is stored."))
    if kind == "units":
        lists = {
            "类别": [each.zh for each in UNIT_KINDS.values()],
            "学段": [zh for zh, _en in STAGES.values()],
            "重点部位": [zh for zh, _en in KEY_AREAS.values()],
        }
        lines += [f"{heading}: {'、'.join(names)}" for heading, names in lists.items()]
    return lines


def _needed(column: Column) -> str:
    return _("Required.") if column.required else _("Optional.")
