"""A form as a page draws it: question by question, with what was answered and what is wrong with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language

from fangxian.submissions.forms import Form, Question
from fangxian.submissions.forms.faults import in_language

from .sitting import Place

FEW = 3  # choices that stand beside each other where their words are short
SHORT = 6


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of one sheet. `id` and `name` as the page's form has them."""

    question: Question
    id: str
    name: str
    label: str
    hint: str
    value: Any
    fault: str
    options: list[Option]
    heading: str = ""  # of the group that begins here

    @property
    def type(self) -> str:
        return self.question.type

    @property
    def multiline(self) -> bool:
        return "multiline" in self.question.appearance

    @property
    def beside(self) -> bool:
        return len(self.options) <= FEW and all(len(option.label) <= SHORT for option in self.options)

    @property
    def described(self) -> str:
        """The ids of what describes the control."""
        told = (("-h", self.hint), ("-e", self.fault))
        return " ".join(f"{self.id}{mark}" for mark, there in told if there)


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
        return [asked for asked in self.asked if asked.fault]


def draw(
    form: Form, key: str, answers: Mapping[str, Any], faults: Mapping[str, str] | None = None
) -> list[Asked]:
    """Calculated answers are the form's own affair."""
    found, said, language = [], faults or {}, (get_language() or "zh")[:2]
    before: tuple[str, ...] = ()
    for question in form.questions:
        if question.type == "calculate" or (question.calculate and not question.label):
            continue
        heading = _heading(form, before, question.groups, language)
        before = question.groups
        found.append(_asked(question, key, answers.get(question.name), said, heading, language))
    return found


def _heading(form: Form, before: tuple[str, ...], here: tuple[str, ...], language: str) -> str:
    new = [group for at, group in enumerate(here) if before[at : at + 1] != (group,)]
    return " · ".join(filter(None, (in_language(form.groups.get(group, {}), language) for group in new)))


def _asked(
    question: Question, key: str, value: Any, faults: Mapping[str, str], heading: str, language: str
) -> Asked:
    name = f"{key}-{question.name}"
    options = list(_options(question, value, language))
    told = "" if value is None else value
    hint, fault = question.hint_in(language), faults.get(question.name, "")
    label = question.label_in(language)
    return Asked(question, f"q-{name}", name, label, hint, told, fault, options, heading)


def _options(question: Question, value: Any, language: str) -> Iterable[Option]:
    chosen = value if isinstance(value, list) else [value]
    for choice in {choice.name: choice for choice in question.choices}.values():
        yield Option(choice.name, in_language(choice.label, language) or choice.name, choice.name in chosen)
