"""An XLSForm without some of its questions: what remains is the file as it was."""

import io
from collections.abc import Collection

import openpyxl

from .form import Form


def without(content: bytes, form: Form, names: Collection[str]) -> bytes:
    """The workbook without the rows of these questions. Whether the rest still holds together is for whoever
    compiles it: a rule that reads a question that is gone is refused there."""
    if not names:
        return content
    rows = sorted((q.row for q in form.questions if q.name in names and q.row), reverse=True)
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = next(book[name] for name in book.sheetnames if name.strip().casefold() == "survey")
    for row in rows:
        sheet.delete_rows(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()
