"""A form's questions as they are asked on a page, and what was put in them, read back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import QueryDict

from fangxian.submissions.forms import Fault, Form, Question
from fangxian.submissions.forms.faults import in_language

from .shown import chinese

TYPES = {
    "integer": "number",
    "decimal": "number",
    "date": "date",
    "datetime": "datetime-local",
    "time": "time",
}
LEFT_OUT = ("file", "geopoint", "shape", "repeat", "calculate", "note")
WHOLE, DECIMAL = re.compile(r"[-+]?[0-9]{1,15}"), re.compile(r"[-+]?[0-9]{1,15}(?:[.,][0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class Offer:
    code: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """`known`: the answer stands there from before."""

    id: str
    label: str
    hint: str
    kind: str  # choice, choices, acknowledge, text or an input's type
    required: bool
    value: str = ""
    offers: tuple[Offer, ...] = ()
    fault: str = ""
    known: bool = False
    step: str = ""


def fields(
    form: Form,
    prefix: str,
    answers: Mapping[str, Any],
    *,
    today: date,
    faults: Mapping[str, Fault] | None = None,
    known: frozenset[str] = frozenset(),
    without: frozenset[str] = frozenset(),
    answered: bool = False,
) -> list[Field]:
    """What is asked of whoever has answered so far; with `answered`, also what was answered without being
    asked, as a line of a chain may. Names begin with the prefix."""
    relevant = form.relevant(answers, today=today) | (frozenset(answers) if answered else frozenset())
    asked = [q for q in form.questions if q.name in relevant and q.name not in without and draws(q)]
    told = faults or {}
    return [
        _field(q, f"{prefix}{q.name}", answers.get(q.name), told.get(q.name), q.name in known) for q in asked
    ]


def draws(question: Question) -> bool:
    return question.type not in LEFT_OUT


def _field(question: Question, id: str, value: Any, fault: Fault | None, known: bool) -> Field:
    language = "zh" if chinese() else "en"
    chosen = [str(v) for v in value] if isinstance(value, list) else [] if value is None else [str(value)]
    offers = tuple(
        Offer(choice.name, in_language(choice.label, language) or choice.name, choice.name in chosen)
        for choice in question.choices
    )
    kinds = {"select_one": "choice", "select_multiple": "choices", "acknowledge": "acknowledge"}
    return Field(
        id=id,
        label=question.label_in(language),
        hint=question.hint_in(language),
        kind=kinds.get(question.type) or TYPES.get(question.type, "text"),
        required=bool(question.required),
        value="" if offers else " ".join(chosen),
        offers=offers,
        fault=fault.sentence() if fault else "",
        known=known and bool(chosen),
        step={"integer": "1", "decimal": "any"}.get(question.type, ""),
    )


def read(form: Form, prefix: str, posted: QueryDict, *, today: date, whole: bool = False) -> dict[str, Any]:
    """What was answered; what is not asked of whoever answered so is left out, unless `whole`. What is no
    such value stays as it was written, to be refused by name."""
    given = {q.name: _read(q, prefix, posted) for q in form.questions if draws(q)}
    answers = {name: value for name, value in given.items() if value is not None}
    if whole:
        return answers
    relevant = form.relevant(answers, today=today)
    return {name: value for name, value in answers.items() if name in relevant}


def _read(question: Question, prefix: str, posted: QueryDict) -> Any:
    name = f"{prefix}{question.name}"
    if question.type == "select_multiple":
        return posted.getlist(name) or None
    text = posted.get(name, "").strip()
    if not text:
        return None
    if question.type == "integer" and WHOLE.fullmatch(text):
        return int(text)
    if question.type == "decimal" and DECIMAL.fullmatch(text):
        return float(text.replace(",", "."))
    if question.type == "datetime" and len(text) == 16:
        return f"{text}:00.000+08:00"
    return text
