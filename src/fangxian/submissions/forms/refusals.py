"""What pyxform finds wrong with a workbook, told by sheet, row and column, with what to do, in both
languages. What is not known here is passed on in its own words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

ROW = re.compile(r"\[row : (\d+)\]")
SHEET = re.compile(r"On the '(\w+)' sheet, the '([\w:]+)' value")
PLACE = _("sheet {sheet}, row {row}, column {column}: {what}")

# What a message looks like, the column that it is about where it does not say, and what we say instead. Named
# parts of the pattern fill the sentence; `type` and `named` find the row where the message gives none.
KNOWN: Sequence[tuple[str, str, Any]] = (
    (
        r"Unknown question type '(?P<type>[^']*)'",
        "type",
        _("there is no question type “{type}”; a choice also wants its list, such as select_one yes_no."),
    ),
    (
        r"List name not in choices sheet: (?P<list>[^\s.]+)",
        "type",
        _("the list “{list}” is not in the sheet choices; add its rows, or correct the name."),
    ),
    (r"Question or group with no name", "name", _("every question and group needs a name; give it one.")),
    (
        r"Names must begin with a letter",
        "name",
        _("a name begins with a letter, and has letters, digits, - _ and . alone; no spaces."),
    ),
    (
        r"the 'name' value '(?P<name>[^']*)' is invalid. Questions, groups, and repeats must be unique",
        "name",
        _("“{name}” is the name of another question here; give this one its own."),
    ),
    (
        r"Could not find the name '(?P<name>[^']*)'",
        "relevant",
        _("there is no question “{name}” to refer to; correct the name within ${{…}}."),
    ),
    (
        r"Unmatched 'begin_(?P<what>\w+)'",
        "type",
        _("this {what} is not closed; add a row “end {what}” after its last question."),
    ),
    (
        r"Unmatched 'end_(?P<what>\w+)'",
        "type",
        _("no {what} was begun that this could close; take the row out, or add “begin {what}”."),
    ),
    (
        r"The survey element named '(?P<named>[^']*)' has no label or hint",
        "label",
        _("a question needs a text that people read; write it."),
    ),
    (
        r"Choice names must be unique",
        "name",
        _("the list has this code already; give this choice another one."),
    ),
    (r"Choices must have a name", "name", _("every choice needs a code; give it one.")),
)
WHOLE: Sequence[tuple[str, Any]] = (
    (r"must have a sheet named 'survey'", _("it has no sheet named survey; the questions stand there.")),
    (
        r"required column headers were not found: '(?P<column>\w+)'",
        _("its first row has no heading “{column}”; add that column to the sheet survey."),
    ),
    (
        r"Choice names with spaces.*?See \[(?P<code>[^\]]*)\] in \[(?P<list>[^\]]*)\]",
        _("sheet choices, list {list}: the code “{code}” has a space in it; write it without."),
    ),
)


def told(message: str, survey: Sequence[Mapping[str, Any]]) -> str | Promise:
    """The message with its place, and what to do. `survey`: the rows of that sheet."""
    for pattern, words in WHOLE:
        if found := re.search(pattern, message):
            return format_lazy(words, **found.groupdict())
    for pattern, column, words in KNOWN:
        if found := re.search(pattern, message):
            return _placed(message, found.groupdict(), column, words, survey)
    return message


def _placed(
    message: str, parts: dict[str, str], column: str, words: Any, survey: Sequence[Mapping[str, Any]]
) -> str | Promise:
    named, row = SHEET.search(message), ROW.search(message)
    sheet, column = (named[1], named[2]) if named else ("survey", column)
    at = row[1] if row else _row_of(parts, survey)
    return format_lazy(PLACE, sheet=sheet, row=at, column=column, what=format_lazy(words, **parts))


def _row_of(parts: Mapping[str, str], survey: Sequence[Mapping[str, Any]]) -> str:
    """As Excel numbers it: the headings are row 1."""
    for number, row in enumerate(survey, 2):
        kind = str(row.get("type", "")).strip()
        if parts.get("type") == kind or parts.get("named", "\0") == str(row.get("name", "")).strip():
            return str(number)
    return "?"
