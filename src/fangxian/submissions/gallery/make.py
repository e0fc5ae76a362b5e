"""Writes the XLSForms from `gallery.toml`: `python -m fangxian.submissions.gallery.make`. Always the same
bytes."""

import io
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

FOLDER = Path(__file__).parent
ZH, EN = "中文 (zh)", "English (en)"
MADE = datetime(2020, 1, 24, tzinfo=UTC).replace(tzinfo=None)
VERSION = "2020012401"

SURVEY = (
    "type",
    "name",
    "fangxian_class",
    f"label::{ZH}",
    f"label::{EN}",
    f"hint::{ZH}",
    f"hint::{EN}",
    "required",
    "relevant",
    "constraint",
    f"constraint_message::{ZH}",
    f"constraint_message::{EN}",
)
USUAL = "fangxian_usual"  # in a form that is signed for all who are well at once
CHOICES = ("list_name", "name", f"label::{ZH}", f"label::{EN}")
SETTINGS = ("form_title", "form_id", "version", "default_language")

Row = tuple[str, ...]


def read_forms(path: Path = FOLDER / "gallery.toml") -> dict[str, dict[str, Any]]:
    """The forms by code, in the file's order; a question's `list` is put in its `choices`' place."""
    given = tomllib.loads(path.read_text(encoding="utf-8"))
    lists = given.pop("lists")
    for form in given.values():
        for question in form["asks"]:
            if "list" in question:
                question["choices"] = lists[question["list"]]
    return given


def write_form(code: str, form: dict[str, Any]) -> bytes:
    """The XLSForm file of one form."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_numbers": False})
    book.set_properties({"title": form["title"]["zh"], "author": "", "created": MADE})
    heading = book.add_format({"bold": True, "bg_color": "#E7EEF4"})
    usual = any("usual" in question for question in form["asks"])
    for name, headings, rows, width in (
        ("survey", (*SURVEY, USUAL) if usual else SURVEY, survey(form), 26),
        ("choices", CHOICES, choices(form), 26),
        ("settings", SETTINGS, [(form["title"]["zh"], code, VERSION, ZH)], 30),
    ):
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(headings) - 1, width)
        sheet.write_row(0, 0, headings, heading)
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if value:
                    sheet.write_string(number, column, value)
    book.close()
    return content.getvalue()


def survey(form: dict[str, Any]) -> Iterator[Row]:
    about = form.get("about")
    if about:
        yield ("note", "about", "", about["zh"], about["en"], *[""] * 7)
    for question in form["asks"]:
        yield _question(question)


def _question(question: dict[str, Any]) -> Row:
    type = question["type"]
    hint, message = question.get("hint", {}), question.get("message", {})
    return (
        f"{type} {_list(question)}" if "choices" in question else type,
        question["name"],
        question.get("class") or ("F" if type == "text" else "A"),
        question["zh"],
        question["en"],
        hint.get("zh", ""),
        hint.get("en", ""),
        _required(question.get("required", False)),
        question.get("relevant", ""),
        question.get("constraint", ""),
        message.get("zh", ""),
        message.get("en", ""),
        question.get("usual", ""),
    )


def _list(question: dict[str, Any]) -> str:
    return str(question.get("list", question["name"]))


def _required(given: bool | str) -> str:
    return given if isinstance(given, str) else "yes" if given else ""


def choices(form: dict[str, Any]) -> Iterator[Row]:
    lists = {_list(question): question["choices"] for question in form["asks"] if "choices" in question}
    for name, rows in lists.items():
        for code, zh, en in rows:
            yield (name, code, zh, en)


def main() -> None:
    for code, form in read_forms().items():
        (FOLDER / f"{code}.xlsx").write_bytes(write_form(code, form))


if __name__ == "__main__":
    main()
