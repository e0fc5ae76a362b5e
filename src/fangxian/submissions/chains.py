"""A chat chain (接龙), pasted: "1. 王某某 36.5 无" a line, read into rows that a person confirms.

Nothing is stored here. What a line says is proposed; what of it was not understood, or could mean several, is
said beside it, and the person who confirms decides.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from .forms import Fault, Form, Question
from .sheets import Row

LINE = re.compile(r"\s*([0-9]{1,4})\s*[.、:)\]]\s*(\S.*)\Z")
NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:度([0-9])|度|℃|°C|摄氏度)?\Z")
APART = re.compile(r"[\s,，、;；/|]+")
LINES, LETTERS = 1_000, 200


@dataclass(slots=True)
class Proposal:
    """One line. `subjects` are all whom the name could mean: exactly one where it is sure."""

    number: int
    text: str
    subjects: list[Row] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def sure(self) -> bool:
        return len(self.subjects) == 1 and not self.doubts and not self.faults


def read_chain(text: str, form: Form, rows: Sequence[Row], *, today: date) -> list[Proposal]:
    """A proposal a numbered line; what has no number (titles, greetings) is left out."""
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(_folded(row[2].split(" · ")[0]), []).append(row)
    reader = _Reader(form, by_name, today)
    proposals = [reader.read(number, line) for number, line in _lines(text)]
    _doubt_repeats(proposals)
    return proposals


def _folded(text: str) -> str:
    """Full-width letters and digits as plain ones."""
    return unicodedata.normalize("NFKC", text).strip()


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for line in text.splitlines()[:LINES]:
        found = LINE.match(_folded(line))
        if found:
            yield int(found[1]), found[2][:LETTERS].strip()


def _doubt_repeats(proposals: Sequence[Proposal]) -> None:
    """Who stands in a chain twice has changed the answer, or two people share a name: a person decides."""
    seen: dict[Row, Proposal] = {}
    for proposal in proposals:
        for row in proposal.subjects if len(proposal.subjects) == 1 else ():
            first = seen.setdefault(row, proposal)
            if first is not proposal:
                proposal.doubts.append(_("stands in line {number} already").format(number=first.number))


class _Reader:
    def __init__(self, form: Form, by_name: dict[str, list[Row]], today: date) -> None:
        self.form, self.by_name, self.today = form, by_name, today
        self.names = sorted(by_name, key=len, reverse=True)
        self.numeric = [q for q in form.questions if q.type in ("integer", "decimal")]
        self.chosen = [q for q in form.questions if q.type in ("select_one", "select_multiple")]

    def read(self, number: int, line: str) -> Proposal:
        proposal = Proposal(number, line)
        name = next((name for name in self.names if line.startswith(name)), None)
        if name is None:
            proposal.doubts.append(_("nobody of this name is asked here"))
            return proposal
        proposal.subjects = list(self.by_name[name])
        if len(proposal.subjects) > 1:
            proposal.doubts.append(_("several bear this name: pick one"))
        for word in filter(None, APART.split(line[len(name) :].strip(" :："))):
            self._take(proposal, word)
        proposal.faults = self.form.check(proposal.answers, today=self.today)
        return proposal

    def _take(self, proposal: Proposal, word: str) -> None:
        found = NUMBER.match(word)
        if found:
            taken = self._number(proposal, float(f"{found[1]}.{found[2]}" if found[2] else found[1]))
        else:
            taken = self._choice(proposal, word)
        if not taken:
            proposal.doubts.append(_("“{word}” was not understood").format(word=word))

    def _number(self, proposal: Proposal, value: float) -> bool:
        """To the first number that is asked and not yet given."""
        for question in self.numeric:
            if question.name not in proposal.answers:
                proposal.answers[question.name] = int(value) if value.is_integer() else value
                return True
        return False

    def _choice(self, proposal: Proposal, word: str) -> bool:
        """To the question that has such a choice, where only one has."""
        offers = [(question, code) for question in self.chosen if (code := _code(question, word)) is not None]
        if len(offers) != 1:
            return False
        question, code = offers[0]
        if question.type == "select_multiple":
            held = proposal.answers.setdefault(question.name, [])
            if code not in held:
                held.append(code)
            return True
        return proposal.answers.setdefault(question.name, code) == code


def _code(question: Question, word: str) -> str | None:
    for choice in question.choices:
        if word == choice.name or word in map(_folded, choice.label.values()):
            return choice.name
    return None
