"""A prefilled sheet: one row for each who is asked, one column a question, down and up again as a workbook.

Each row carries its instance id, hidden, so that a sheet that is uploaded twice is taken once. Choices are
lists to pick from. What a row leaves empty is not sent.
"""

import io
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock_time
from typing import Any

import python_calamine as calamine
import xlsxwriter
from django.utils.translation import gettext as _

from fangxian.kernel.moments import OFFICE_ZONE

from .forms import Form, Question
from .models import SUBJECT_KINDS
from .sheet_problems import SheetOfOtherForm, SheetUnreadable

HIDDEN, ROWS, CHOICES = "fangxian", "填报", "选项"
FIRST = 2  # rows above the first: names (hidden), headings
BEFORE = 3  # columns before the first question: instance id, subject (hidden), label
LEFT_OUT = {"file", "repeat", "shape"}
PARTS = str.maketrans("，,、;；", "     ")
FORMATS = {"date": "yyyy-mm-dd", "time": "hh:mm", "datetime": "yyyy-mm-dd hh:mm"}


@dataclass(frozen=True, slots=True)
class About:
    """What stands in the sheet's hidden page."""

    campaign: str
    round: int
    version: str
    happened: str


Row = tuple[str, str, str]  # kind, key, label


def columns_of(form: Form) -> list[Question]:
    return [question for question in form.questions if question.asked and question.type not in LEFT_OUT]


def write_sheet(form: Form, about: About, rows: Sequence[Row]) -> bytes:
    """The workbook, with a fresh instance id a row."""
    made = io.BytesIO()
    questions = columns_of(form)
    with xlsxwriter.Workbook(made, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        page = book.add_worksheet(ROWS)
        choices, hidden = book.add_worksheet(CHOICES), book.add_worksheet(HIDDEN)
        bold, text = book.add_format({"bold": True, "text_wrap": True, "valign": "top"}), book.add_format()
        page.write_row(0, BEFORE, [question.name for question in questions])
        page.write_row(1, 0, ["", "", _("About whom"), *map(_heading, questions)], bold)
        for at, (kind, key, label) in enumerate(rows, FIRST):
            page.write_row(at, 0, [f"uuid:{uuid.uuid4()}", f"{kind}:{key}", label], text)
        for at, question in enumerate(questions):
            shown = book.add_format({"num_format": FORMATS.get(question.type, "General")})
            page.set_column(BEFORE + at, BEFORE + at, 16, shown)
            _offer(choices, page, at, question, len(rows))
        page.set_column(0, 1, 8, None, {"hidden": True})
        page.set_column(2, 2, 24)
        page.set_row(0, None, None, {"hidden": True})
        page.freeze_panes(FIRST, BEFORE)
        hidden.write_column(0, 0, [about.campaign, str(about.round), about.version, about.happened])
        hidden.very_hidden()
        choices.hide()
    return made.getvalue()


def _heading(question: Question) -> str:
    mark = " *" if question.required is True else ""
    several = _("several: with spaces between") if question.type == "select_multiple" else ""
    return f"{question.label_in()}{mark}\n{several}".strip()


def _offer(choices: Any, page: Any, at: int, question: Question, rows: int) -> None:
    """The choices, as a list to pick from; where several may be picked, they are shown on the second page."""
    names = [choice.name for choice in question.choices]
    choices.write_column(0, at, [question.name, *(_shown(question, name) for name in names)])
    if question.type == "select_one" and names and rows:
        column = xlsxwriter.utility.xl_col_to_name(at)
        source = f"='{CHOICES}'!${column}$2:${column}${len(names) + 1}"
        offered = {"validate": "list", "source": source}
        page.data_validation(FIRST, BEFORE + at, FIRST + rows - 1, BEFORE + at, offered)


def _shown(question: Question, name: str) -> str:
    """A choice's label, where no other has the same."""
    labels = [next(iter(choice.label.values()), choice.name) for choice in question.choices]
    own = next(iter(next(c for c in question.choices if c.name == name).label.values()), name)
    return own if labels.count(own) == 1 and " " not in own else name


# ------------------------------------------------------------------------------------------------- up again


def read_about(content: bytes) -> About:
    """Raises SheetUnreadable."""
    cells = [str(row[0]) for row in _page(content, HIDDEN)[:4] if row]
    if len(cells) < 4 or not cells[1].isdecimal():
        raise SheetUnreadable(reason=_("it is no sheet that was downloaded here"))
    return About(cells[0], int(cells[1]), cells[2], cells[3])


def read_sheet(content: bytes, form: Form, about: About) -> Iterator[dict[str, Any]]:
    """An entry for each row in which a question is answered. Raises SheetUnreadable, SheetOfOtherForm."""
    page = _page(content, ROWS)
    if len(page) < FIRST:
        raise SheetUnreadable(reason=_("its rows are missing"))
    asked = {question.name: question for question in columns_of(form)}
    names = [str(name) for name in page[0][BEFORE:]]
    strange = [name for name in names if name and name not in asked]
    if strange:
        raise SheetOfOtherForm(question=strange[0][:80])
    for number, row in enumerate(page[FIRST:], FIRST + 1):
        cells = zip(names, row[BEFORE:], strict=False)
        answers = {
            name: _answer(asked[name], cell) for name, cell in cells if name and cell not in ("", None)
        }
        kind, _colon, key = str(row[1]).partition(":")
        if answers and (not row[0] or kind not in SUBJECT_KINDS):
            raise SheetUnreadable(
                reason=_("row {row} was not in it when it was downloaded").format(row=number)
            )
        if answers:
            yield {
                "campaign": about.campaign,
                "round": about.round,
                "version": about.version,
                "happened": about.happened,
                "channel": "import",
                "instance_id": str(row[0])[:64],
                "subject": {kind: key},
                "answers": answers,
            }


def _page(content: bytes, name: str) -> list[list[Any]]:
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        return book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (calamine.CalamineError, calamine.WorksheetNotFound, OSError, ValueError) as error:
        raise SheetUnreadable(reason=str(error)[:200] or type(error).__name__) from error


def _answer(question: Question, cell: Any) -> Any:
    """As the form wants it; what is no such value stays as it is written, to be refused by name."""
    if isinstance(cell, datetime):
        return _moment(question, cell)
    if isinstance(cell, date | clock_time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    codes = {_shown(question, choice.name): choice.name for choice in question.choices}
    if question.type == "select_multiple":
        return [codes.get(word, word) for word in str(cell).translate(PARTS).split()]
    if question.choices:
        return codes.get(str(cell).strip(), str(cell).strip())
    return cell if question.type in ("integer", "decimal") else str(cell)


def _moment(question: Question, cell: datetime) -> str:
    if question.type == "date":
        return cell.date().isoformat()
    return cell.replace(tzinfo=OFFICE_ZONE).isoformat() if question.type == "datetime" else cell.isoformat()
