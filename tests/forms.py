"""XLSForms that tests write, and what every form of ours is held to."""

import io
import re
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook

from fangxian.submissions.forms import Form


def xlsform(sheets: dict[str, list[list[str]]], **settings: str) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        for name, rows in {**sheets, "settings": [list(settings), list(settings.values())]}.items():
            page = book.add_worksheet(name)
            for at, row in enumerate(rows):
                page.write_row(at, 0, row)
    return made.getvalue()


def sheets(content: bytes) -> dict[str, Any]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def speaks_both_languages(form: Form) -> None:
    texts = [question.label for question in form.questions]
    texts += [question.hint for question in form.questions if question.hint]
    texts += [question.message for question in form.questions if question.constraint]
    texts += [choice.label for question in form.questions for choice in question.choices]
    for text in texts:
        assert set(text) == {"zh", "en"} and all(text.values())
        assert re.search(r"[\u4e00-\u9fff]", text["zh"]) and not re.search(r"[\u4e00-\u9fff]", text["en"])
