"""A form as a page draws it: question by question, with what was answered and what is wrong with it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.submissions.forms import Form, Question
from fangxian.submissions.forms.faults import in_language

from .sitting import Place

FEW = 3  # choices that stand beside each other where their words are short
SHORT = 6
KEYS = {
    "integer": 'inputmode="numeric"',
    "decimal": 'inputmode="decimal"',
    "date": 'type="date"',
    "time": 'type="time"',
    "datetime": 'type="datetime-local"',
}
BY_WORD = ("file", "geopoint", "shape", "repeat", "calculate", "note")  # not asked at the phone or in a chain


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of one sheet. `id` and `name` as the page's form has them; `known`: that the answer stands
    there from before, in words. A repeat has `rows`, and a `blank` one that the script copies."""

    question: Question
    id: str
    name: str
    label: str
    hint: str
    value: Any
    fault: str
    options: list[Option]
    heading: str = ""  # of the group that begins here
    within: str = ""  # the questions of that group
    known: str = ""
    rows: list["Row"] = field(default_factory=list)
    blank: "Row | None" = None

    @property
    def type(self) -> str:
        return self.question.type

    @property
    def box(self) -> str:
        return "fieldset" if self.options or self.blank else "div"

    @property
    def keys(self) -> SafeString:
        """What the input says of itself, so that the right keys come up."""
        return mark_safe(f" {KEYS.get(self.type, '')}")  # noqa: S308 - our own words

    @property
    def multiline(self) -> bool:
        return self.type == "text" and "multiline" in self.question.appearance

    @property
    def beside(self) -> bool:
        return len(self.options) <= FEW and all(len(option.label) <= SHORT for option in self.options)

    @property
    def described(self) -> str:
        """The ids of what describes the control."""
        told = (("-h", self.hint), ("-e", self.fault))
        return " ".join(f"{self.id}{mark}" for mark, there in told if there)

    @property
    def faulty(self) -> Iterator["Asked"]:
        """Itself or those of its rows."""
        if self.fault:
            yield self
        for row in self.rows:
            yield from chain.from_iterable(asked.faulty for asked in row.asked)


@dataclass(frozen=True, slots=True)
class Row:
    """One of a repeat's. `mark` tells it from the others on the page."""

    mark: str
    asked: list[Asked]


@dataclass(frozen=True, slots=True)
class Sheet:
    """`open`: drawn in full; else its place is a tick in the list of those of whom nothing is to be said."""

    place: Place
    instance: str
    asked: list[Asked]
    open: bool = True
    problems: list[str] = field(default_factory=list)

    @property
    def faulty(self) -> list[Asked]:
        return [one for asked in self.asked for one in asked.faulty]


def draw(
    form: Form,
    key: str,
    answers: Mapping[str, Any],
    faults: Mapping[str, str] | None = None,
    *,
    known: Mapping[str, str] | None = None,
    only: Collection[str] | None = None,
) -> list[Asked]:
    """Calculated answers are the form's own affair. `only`: the questions that are drawn, of all."""
    found, said, language = [], faults or {}, (get_language() or "zh")[:2]
    before: tuple[str, ...] = ()
    for question in form.questions:
        if question.type == "calculate" or (question.calculate and not question.label):
            continue
        if only is not None and question.name not in only:
            continue
        heading, within = _heading(form, before, question.groups, language)
        before = question.groups
        asked = _asked(question, key, answers.get(question.name), said, language)
        asked = replace(asked, heading=heading, within=within, known=(known or {}).get(question.name, ""))
        found.append(_with_rows(asked, form.rows[question.name], said) if question.children else asked)
    return found


def _with_rows(asked: Asked, row: Form, faults: Mapping[str, str]) -> Asked:
    """Faults name a row's answers by its number, as `trips[2].where`."""
    name, answers = asked.question.name, asked.value or []
    rows = []
    for at, given in enumerate(answers, 1):
        before = f"{name}[{at}]."
        told = {one[len(before) :]: said for one, said in faults.items() if one.startswith(before)}
        rows.append(Row(str(at), draw(row, f"{asked.name}.{at}", given or defaults(row), told)))
    blank = f"__{name}__"
    return replace(
        asked, value="", rows=rows, blank=Row(blank, draw(row, f"{asked.name}.{blank}", defaults(row)))
    )


def defaults(form: Form) -> dict[str, Any]:
    """What the form itself puts into a new sheet or row; what is to be reckoned is left to devices."""
    return {q.name: q.default for q in form.questions if q.default and "(" not in q.default}


def asked_by_word(form: Form, answers: Mapping[str, Any], *, today: date) -> frozenset[str]:
    """The questions that whoever has answered so far is asked at the phone."""
    relevant = form.relevant(answers, today=today)
    return frozenset(q.name for q in form.questions if q.name in relevant and q.type not in BY_WORD)


def _heading(form: Form, before: tuple[str, ...], here: tuple[str, ...], language: str) -> tuple[str, str]:
    """Of the outermost group that begins here and those within it; with the questions that stand in it."""
    same = next((at for at, group in enumerate(here) if before[at : at + 1] != (group,)), len(here))
    words = (in_language(form.groups.get(group, {}), language) for group in here[same:])
    around = here[: same + 1]
    return " · ".join(filter(None, words)), " ".join(
        q.name for q in form.questions if q.groups[: same + 1] == around
    )


def _asked(question: Question, key: str, value: Any, faults: Mapping[str, str], language: str) -> Asked:
    name = f"{key}-{question.name}"
    options = list(_options(question, value, language))
    told = "" if value is None else value
    if question.type == "datetime":
        told = str(told)[:16]  # as the input wants it
    hint, fault = question.hint_in(language), faults.get(question.name, "")
    label = question.label_in(language)
    return Asked(question, f"q-{name}", name, label, hint, told, fault, options)


def _options(question: Question, value: Any, language: str) -> Iterable[Option]:
    if question.type == "acknowledge":
        yield Option("OK", _("Yes, I have read it"), value == "OK")
    chosen = value if isinstance(value, list) else [value]
    for choice in {choice.name: choice for choice in question.choices}.values():
        yield Option(choice.name, in_language(choice.label, language) or choice.name, choice.name in chosen)
