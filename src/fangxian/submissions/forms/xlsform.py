"""Compiles an XLSForm: pyxform makes the XForm that devices take, and the questions that we check."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from pyxform.errors import PyXFormError
from pyxform.question_type_dictionary import QUESTION_TYPE_DICT
from pyxform.xls2json_backends import DefinitionData, get_xlsform
from pyxform.xls2xform import convert

from ..problems import (
    FormClassUnknown,
    FormFunctionUnsupported,
    FormNotConverted,
    FormRulesCircular,
    FormRuleUnreadable,
    FormTypeUnsupported,
    FormUsualAmiss,
)
from . import refusals
from .faults import Texts
from .form import CircularRules, Form
from .questions import CLASSES, Choice, Question, default_class
from .rules import Rule, RuleError, UnsupportedFunction

CLASS_COLUMN, USUAL_COLUMN = "fangxian_class", "fangxian_usual"
USUAL_DAY = date(2020, 1, 1)  # a day like any other
YES, NO = {"yes", "true", "true()"}, {"", "no", "false", "false()"}
LANGUAGE = re.compile(r"\(\s*([A-Za-z]{2,3})(?:[-_]\w+)?\s*\)\s*$")
PROSE = re.compile(r"(label|hint|guidance_hint|constraint_message|required_message|form_title|title)\b")
SHIELDED = {ord(quote): 0xE000 + at for at, quote in enumerate("“”‘’")}  # letters that no text uses
UNSHIELDED = {shield: quote for quote, shield in SHIELDED.items()}

# What each type of bind becomes; pyxform knows many names for each.
BINDS = {
    "string": "text",
    "barcode": "text",
    "int": "integer",
    "decimal": "decimal",
    "date": "date",
    "time": "time",
    "dateTime": "datetime",
    "geopoint": "geopoint",
    "geotrace": "shape",
    "geoshape": "shape",
    "binary": "file",
}
CONTROLS = {"select1": "select_one", "select": "select_multiple", "trigger": "acknowledge"}
NOT_ASKED = {"xml-external", "csv-external"}
REFUSED = {"select one external", "rank", "osm", "loop"}
POSITION = re.compile(r"\bposition\(\s*\.\.\s*\)")  # the number of a row


def compile_xlsform(content: bytes) -> Form:
    """A form from the bytes of an XLSForm file.

    A repeat's rules see its row alone. Raises FormNotConverted, FormTypeUnsupported, FormClassUnknown,
    FormFunctionUnsupported, FormRuleUnreadable, FormRulesCircular, FormUsualAmiss.
    """
    sheets = _read(content)
    _shield_quotes(sheets)
    rows = _Rows(sheets.survey or [])
    xform, survey = _convert(sheets)
    groups, questions = dict(_groups(survey)), _questions(survey, rows)
    try:
        title = str(survey["title"]).translate(UNSHIELDED)
        form = Form(title, str(survey["id_string"]), questions, groups, xform)
    except CircularRules as error:
        raise FormRulesCircular(questions="“" + "”, “".join(error.questions) + "”") from error
    _refuse_unusual(form)
    return form


def _refuse_unusual(form: Form) -> None:
    """What is usually answered is itself a sound sheet: it is signed for a whole class at once. Raises
    FormUsualAmiss."""
    faults = form.check(form.usual, today=USUAL_DAY) if form.usual else ()
    for fault in faults:
        row = next((q.row for q in form.questions if q.name == fault.question), 0)
        raise FormUsualAmiss(row=row, reason=fault.sentence())


def _read(content: bytes) -> DefinitionData:
    try:
        return get_xlsform(xlsform=content)
    except Exception as error:  # the readers raise whatever a broken file makes of them
        raise FormNotConverted(reason=_sentence(error)) from error


def _convert(sheets: DefinitionData) -> tuple[str, dict[str, Any]]:
    try:
        made = convert(xlsform=asdict(sheets), warnings=[])
    except PyXFormError as error:
        reason = refusals.told(_sentence(error), sheets.survey or [])
        raise FormNotConverted(reason=reason) from error
    assert made._pyxform is not None
    return made.xform.translate(UNSHIELDED), made._pyxform


def _shield_quotes(sheets: DefinitionData) -> None:
    """pyxform straightens “Chinese” quotation marks. Rules want that; what people read does not."""
    for rows in (sheets.survey, sheets.choices, sheets.settings):
        for row in rows or ():
            row.update({name: text.translate(SHIELDED) for name, text in _prose(row)})


def _prose(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(n, text) for n, text in row.items() if PROSE.match(n) and isinstance(text, str)]


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if text.endswith(".") else text + "."


class _Rows:
    """Where each name stands in the survey sheet, its class of field, and what is usually answered. Takes our
    columns out."""

    def __init__(self, survey: list[dict[str, Any]]) -> None:
        self._at: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
        for number, row in enumerate(survey, 2):
            given = str(row.pop(CLASS_COLUMN, None) or "").strip().upper()
            usual = str(row.pop(USUAL_COLUMN, None) or "").strip()
            self._at[str(row.get("name") or row.get("value") or "")].append((number, given, usual))

    def next(self, name: str) -> tuple[int, str, str]:
        """Names may come again in another group: pyxform keeps the order of rows."""
        found = self._at.get(name)
        if not found:
            return 0, "", ""
        return found.pop(0) if len(found) > 1 else found[0]


Path = tuple[dict[str, Any], ...]


def _questions(section: dict[str, Any], rows: _Rows) -> tuple[Question, ...]:
    """Of the form, or of a row of a repeat."""
    return _translated(_named([_question(entry, path, rows) for entry, path in _walk(section, rows)]))


def _walk(section: dict[str, Any], rows: _Rows, path: Path = ()) -> Iterator[tuple[dict[str, Any], Path]]:
    """Each question with the groups around it, outermost first."""
    for entry in section.get("children", ()):
        if entry["type"] == "group" and entry["name"] == "meta":
            continue  # the instance's own id and name are no answers
        if entry["type"] == "group":
            rows.next(str(entry["name"]))
            yield from _walk(entry, rows, (*path, entry))
        elif entry["type"] not in NOT_ASKED:
            yield entry, path


def _groups(section: dict[str, Any]) -> Iterator[tuple[str, Texts]]:
    for entry in section.get("children", ()):
        if entry["type"] == "group" and entry["name"] != "meta":
            yield str(entry["name"]), _texts(entry.get("label"))
        if entry["type"] in ("group", "repeat") and entry["name"] != "meta":
            yield from _groups(entry)


def _question(entry: dict[str, Any], path: Path, rows: _Rows) -> Question:
    name = str(entry["name"])
    row, given, usual = rows.next(name)
    bind = entry.get("bind", {})
    type = _type(entry, row)
    return Question(
        name=name,
        type=type,
        field_class=_class(given or default_class(type), name, row),
        label=_texts(entry.get("label")),
        hint=_texts(entry.get("hint")),
        required=_required(bind.get("required")),
        choices=tuple(_choice(choice) for choice in entry.get("choices", ())),
        choice_filter=str(entry.get("choice_filter", "")),
        constraint=str(bind.get("constraint", "")),
        message=_texts(bind.get("jr:constraintMsg")),
        relevant=tuple(
            str(part["bind"]["relevant"]) for part in (*path, entry) if part.get("bind", {}).get("relevant")
        ),
        calculate="" if bind.get("jr:preload") else str(bind.get("calculate", "")),
        default=str(entry.get("default", "")),
        appearance=str(entry.get("control", {}).get("appearance", "")),
        groups=tuple(str(group["name"]) for group in path),
        row=row,
        usual=usual,
        children=_row_questions(entry, rows, name, row) if type == "repeat" else (),
    )


def _row_questions(entry: dict[str, Any], rows: _Rows, name: str, row: int) -> tuple[Question, ...]:
    """What a row of a repeat asks. Raises FormTypeUnsupported where it asks nothing or the form says how many
    rows there are, FormFunctionUnsupported where a rule reads the row's number."""
    if entry.get("control", {}).get("jr:count"):
        raise FormTypeUnsupported(row=row, question=name, type="repeat_count")
    found = _questions(entry, rows)
    if not found:
        raise FormTypeUnsupported(row=row, question=name, type="repeat")
    if POSITION.search(str(entry)):
        raise FormFunctionUnsupported(row=row, question=name, rule="repeat", function="position")
    return found


def _type(entry: dict[str, Any], row: int) -> str:
    given = str(entry["type"])
    if given == "repeat":
        return "repeat"
    known = QUESTION_TYPE_DICT.get(given)
    outside = str(entry.get("itemset", "")).endswith((".csv", ".xml", ".geojson"))
    if known is None or given in REFUSED or outside or "${" in str(entry.get("itemset", "")):
        raise FormTypeUnsupported(row=row, question=entry["name"], type=given)
    if given.endswith("note") or given == "add note prompt":
        return "note"
    if given in ("calculate", "add calculate prompt", "q calculate"):
        return "calculate"
    if given == "range" and any("." in str(value) for value in entry.get("parameters", {}).values()):
        return "decimal"
    control = known.get("control", {}).get("tag", "")
    return CONTROLS.get(control) or BINDS[known["bind"]["type"]]


def _class(given: str, name: str, row: int) -> str:
    if given not in CLASSES or len(given) != 1:
        raise FormClassUnknown(row=row, question=name, given=given, known=", ".join(CLASSES))
    return given


def _required(given: Any) -> bool | str:
    text = str(given or "").strip()
    if text.lower() in YES | NO:
        return text.lower() in YES
    return text


def _choice(entry: Mapping[str, Any]) -> Choice:
    columns = {
        str(name): str(value) for name, value in entry.items() if name not in ("name", "label", "media")
    }
    return Choice(str(entry["name"]), _texts(entry.get("label")), columns)


def _texts(given: Any) -> Texts:
    """pyxform's text, or texts by the language's heading, such as `中文 (zh)`."""
    if not given:
        return {}
    if not isinstance(given, dict):
        return {"": str(given).translate(UNSHIELDED)}
    return {_language(heading): str(value).translate(UNSHIELDED) for heading, value in given.items()}


def _language(heading: str) -> str:
    found = LANGUAGE.search(heading)
    return found[1].lower() if found else "" if heading == "default" else heading


def _named(drafts: list[Question]) -> list[tuple[Question, str]]:
    """Each question by its full name, beside its own: groups' names are put before where one comes twice."""
    count = Counter(draft.name for draft in drafts)
    return [
        (replace(d, name=".".join((*d.groups, d.name))) if count[d.name] > 1 else d, d.name) for d in drafts
    ]


def _translated(named: list[tuple[Question, str]]) -> tuple[Question, ...]:
    """The questions with every rule in the form that is stored: references by full name. Refuses by name."""
    names = {question.name: question.name for question, _short in named}
    return tuple(with_rules(question, names) for question, _short in named)


def with_rules(question: Question, names: Mapping[str, str]) -> Question:
    """Each rule as it is stored. Raises FormFunctionUnsupported, FormRuleUnreadable."""

    def stored(rule: str, source: str) -> str:
        return _rule(question, rule, source, names).source if source else ""

    return replace(
        question,
        relevant=tuple(stored("relevant", source) for source in question.relevant),
        required=stored("required", question.required)
        if isinstance(question.required, str)
        else question.required,
        constraint=stored("constraint", question.constraint),
        calculate=stored("calculation", question.calculate),
        choice_filter=stored("choice_filter", question.choice_filter),
    )


def _rule(question: Question, rule: str, source: str, names: Mapping[str, str]) -> Rule:
    """Raises FormFunctionUnsupported, FormRuleUnreadable."""
    where = {"row": question.row, "question": question.name, "rule": rule}
    try:
        made = Rule(source, names, question.name, columns=rule == "choice_filter")
    except UnsupportedFunction as error:
        raise FormFunctionUnsupported(function=error.function, **where) from error
    except RuleError as error:
        raise FormRuleUnreadable(expression=source, reason=error.reason, **where) from error
    if made.device and rule != "calculation":
        raise FormFunctionUnsupported(function=made.device, **where)
    return made
