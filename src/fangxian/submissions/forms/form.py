"""A form: its questions and rules, and the check of answers against them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from .faults import Fault, Texts
from .questions import READERS, Question
from .rules import Rule
from .values import Day, Value, equal, number, text, truth

SHEETS = 20_000  # checked sheets that a form remembers; then it begins anew

Answers = Mapping[str, Any]


class CircularRules(Exception):
    """These questions' rules wait for one another."""

    def __init__(self, questions: Sequence[str]) -> None:
        self.questions = list(questions)
        super().__init__(", ".join(questions))


@dataclass(frozen=True, slots=True)
class Rules:
    """The compiled rules of a question."""

    relevant: tuple[Rule, ...]
    required: Rule | None
    constraint: Rule | None
    calculate: Rule | None
    choice_filter: Rule | None

    def all(self) -> Iterable[Rule]:
        single = (self.required, self.constraint, self.calculate, self.choice_filter)
        return (*self.relevant, *(rule for rule in single if rule is not None))

    @property
    def awaited(self) -> list[str]:
        """What must be known before the question's value is."""
        rules = (*self.relevant, *([self.calculate] if self.calculate else ()))
        return [name for rule in rules for name in rule.references]


@dataclass
class Form:
    """A compiled form. `check` is all that the doors need; `questions` is for those who draw it.

    `xform` is empty in a form that was loaded.
    """

    title: str
    form_id: str
    questions: tuple[Question, ...]
    groups: dict[str, Texts] = field(default_factory=dict)
    xform: str = ""

    def __post_init__(self) -> None:
        names = {question.name: question.name for question in self.questions}
        self.rules = {question.name: compile_rules(question, names) for question in self.questions}
        self._asked = {question.name: question for question in self.questions if question.asked}
        self._allowed = {
            question.name: frozenset(choice.name for choice in question.choices)
            for question in self.questions
        }
        self._order = in_order(self.rules)
        self.rows = {  # of each repeat: what a row of it is checked as
            question.name: Form(question.name, self.form_id, question.children, self.groups)
            for question in self.questions
            if question.children
        }
        self._sheets: dict[str | tuple[str, date], tuple[Fault, ...]] = {}

    def dump(self) -> dict[str, Any]:
        """JSON from which `load` makes the form again, without the XLSForm."""
        return {
            "title": self.title,
            "form_id": self.form_id,
            "groups": self.groups,
            "questions": [question.dump() for question in self.questions],
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Form":
        questions = tuple(Question.load(entry) for entry in dumped["questions"])
        return cls(dumped["title"], dumped["form_id"], questions, dict(dumped["groups"]))

    @cached_property
    def clock(self) -> bool:
        """Whether a rule reads the day, so that the same answers may be right one day and wrong another."""
        own = any(rule.clock for rules in self.rules.values() for rule in rules.all())
        return own or any(row.clock for row in self.rows.values())

    def question(self, name: str) -> Question:
        return self._asked[name]

    @cached_property
    def order(self) -> list[str]:
        """The questions, each after those that its relevance and calculation read."""
        return list(self._order)

    @cached_property
    def usual(self) -> dict[str, Any]:
        """The sheet of somebody of whom nothing is to be said; empty where the form does not say."""
        return {q.name: q.usual_answer for q in self._asked.values() if q.usual}

    def without_irrelevant(self, answers: Answers, *, today: date) -> dict[str, Any]:
        """The answers without those that are not asked for after the others."""
        kept = dict(answers)
        while True:
            strange = [f.question for f in self.check(kept, today=today) if f.code == "irrelevant"]
            strange = [name for name in strange if name in kept]
            if not strange:
                return kept
            for name in strange:
                del kept[name]

    # -------------------------------------------------------------------------------------- checking

    def check(self, answers: Answers, *, today: date) -> list[Fault]:
        """What is wrong with these answers, given on `today`, in the form's order; empty: nothing.

        Equal sheets are checked once, or once a day where a rule that they come to reads the day: `repr`
        tells all JSON values and their types apart.
        """
        content = repr(answers)
        found = self._sheets.get(content)
        if found is None:
            found = self._sheets.get((content, today))
        if found is None:
            found = self._remember(content, answers, today)
        return list(found)

    def _remember(self, content: str, answers: Answers, today: date) -> tuple[Fault, ...]:
        sheet = _Sheet(self, answers, Day.of(today), Rule.ask)
        found = tuple(sheet.check())
        if len(self._sheets) >= SHEETS:
            self._sheets.clear()
        self._sheets[(content, today) if sheet.clock else content] = found
        return found

    def relevant(self, answers: Answers, *, today: date) -> frozenset[str]:
        """The questions that are asked of whoever has answered so far."""
        sheet = _Sheet(self, answers, Day.of(today), Rule.ask)
        sheet.read()
        return frozenset(
            name
            for name in self._asked
            if all(truth(sheet._outcome(rule)) for rule in self.rules[name].relevant)
        )

    def check_plainly(self, answers: Answers, *, today: date) -> list[Fault]:
        """As `check`, with nothing remembered: every rule is reckoned anew."""
        return _Sheet(self, answers, Day.of(today), Rule.reckon).check()


class _Sheet:
    """One answer sheet under check. At most one fault a question: the first thing to mend."""

    __slots__ = ("answers", "ask", "clock", "day", "faults", "form", "unsure", "values")

    def __init__(self, form: Form, answers: Answers, day: Day, ask: Callable[..., Value]) -> None:
        self.form, self.answers, self.day, self.ask = form, answers, day, ask
        self.values: dict[str, Value] = dict.fromkeys(form.rules, "")
        self.faults: dict[str, Fault] = {}
        self.clock = False  # a rule that reads the day was asked
        self.unsure: set[str] = set()  # whether they are asked depends on answers that are at fault

    def check(self) -> list[Fault]:
        """In the form's order."""
        self.read()
        self.hold_against_rules()
        asked = self.form._asked
        strange = [Fault(str(name)[:80], "unknown") for name in self.answers if name not in asked]
        return [*(self.faults[name] for name in asked if name in self.faults), *strange]

    def read(self) -> None:
        """The values, in an order in which each rule finds those that it reads."""
        for name in self.form._order:
            question = self.form._asked.get(name)
            if question is not None:
                self._read(question, self.form.rules[name])

    def _read(self, question: Question, rules: Rules) -> None:
        given = question.name in self.answers
        for rule in rules.relevant:
            if not truth(self._outcome(rule)):
                if given:
                    self._doubt(question, rule)
                return
        if given:
            self._read_answer(question)
        if rules.calculate is not None and question.name not in self.faults:
            self._calculate(question, rules.calculate, given)

    def _doubt(self, question: Question, rule: Rule) -> None:
        """An answer that is not asked for is a fault, unless another fault may have made it so."""
        if any(name in self.faults or name in self.unsure for name in rule.references):
            self.unsure.add(question.name)
        else:
            self._fault(question, "irrelevant")

    def _read_answer(self, question: Question) -> None:
        answer = self.answers[question.name]
        if answer is None or answer == "" or answer == []:
            self._fault(question, "empty")
            return
        value = READERS[question.type](answer)
        if value is None:
            self._fault(question, "type")
        elif question.choices and not self._listed(question):
            self._fault(question, "choice")
        elif question.children and (fault := self._row_fault(question)):
            self.faults[question.name] = fault
        else:
            self.values[question.name] = value

    def _row_fault(self, question: Question) -> Fault | None:
        """The first thing to mend in a repeat's rows, named by the row's number."""
        form = self.form.rows[question.name]
        self.clock = self.clock or form.clock
        for at, row in enumerate(self.answers[question.name], 1):
            for fault in _Sheet(form, row, self.day, self.ask).check():
                return replace(fault, question=f"{question.name}[{at}].{fault.question}"[:200])
        return None

    def _calculate(self, question: Question, rule: Rule, given: bool) -> None:
        """What only the device could know (its clock, chance) is taken as given; the rest must be right."""
        if given and (rule.clock or rule.device):
            return
        outcome = "" if rule.device else text(self._outcome(rule))
        outcome = "" if outcome == "NaN" else outcome
        if given and not alike(self.values[question.name], outcome):
            self._fault(question, "calculation")
        self.values[question.name] = outcome

    def hold_against_rules(self) -> None:
        for name, question in self.form._asked.items():
            if name in self.faults or name in self.unsure:
                continue
            if self.values[name] == "":
                self._hold_missing(question)
            elif name in self.answers:
                self._hold_answer(question, self.form.rules[name])

    def _hold_missing(self, question: Question) -> None:
        if question.calculate or not question.required:
            return
        rules = self.form.rules[question.name]
        wanted = rules.required is None or truth(self._outcome(rules.required))
        if wanted and all(truth(self._outcome(rule)) for rule in rules.relevant):
            self._fault(question, "required")

    def _hold_answer(self, question: Question, rules: Rules) -> None:
        if rules.choice_filter is not None and not self._offered(question, rules.choice_filter):
            self._fault(question, "choice")
        elif rules.constraint is not None and not truth(self._outcome(rules.constraint)):
            self._fault(question, "constraint")

    def _codes(self, question: Question) -> list[str]:
        answer = self.answers[question.name]
        return answer if isinstance(answer, list) else [answer]

    def _listed(self, question: Question) -> bool:
        return self.form._allowed[question.name].issuperset(self._codes(question))

    def _offered(self, question: Question, rule: Rule) -> bool:
        """Whether each code is among the choices that the filter leaves; a code may stand in several rows."""
        values = self._referred(rule)
        offered = {
            choice.name
            for choice in question.choices
            if truth(rule.reckon(values, self.day, [choice_column(choice, name) for name in rule.columns]))
        }
        return offered.issuperset(self._codes(question))

    def _outcome(self, rule: Rule) -> Value:
        return self.ask(rule, self._referred(rule), self.day)

    def _referred(self, rule: Rule) -> tuple[Value, ...]:
        values = self.values
        self.clock = self.clock or rule.clock
        return tuple([values[name] for name in rule.references])

    def _fault(self, question: Question, code: str) -> None:
        message = question.message if code == "constraint" else {}
        self.faults[question.name] = Fault(question.name, code, question.type, question.label, message)


def choice_column(choice: Any, name: str) -> str | None:
    return choice.name if name == "name" else choice.columns.get(name)


def alike(given: Value, outcome: str) -> bool:
    """Devices write numbers in their own ways."""
    return text(given) == outcome or equal(number(given), number(outcome))


def compile_rules(question: Question, names: Mapping[str, str]) -> Rules:
    """Raises what `Rule` raises; the compiler names row and question (see `xlsform`)."""

    def rule(source: bool | str, columns: bool = False) -> Rule | None:
        return Rule(source, names, question.name, columns) if isinstance(source, str) and source else None

    return Rules(
        relevant=tuple(Rule(source, names, question.name) for source in question.relevant),
        required=rule(question.required),
        constraint=rule(question.constraint),
        calculate=rule(question.calculate),
        choice_filter=rule(question.choice_filter, columns=True),
    )


def in_order(rules: Mapping[str, Rules]) -> list[str]:
    """The questions, each after those that its relevance and calculation read. Raises CircularRules."""
    order: dict[str, None] = {}
    under_way: list[str] = []

    def place(name: str) -> None:
        if name in order:
            return
        if name in under_way:
            raise CircularRules(under_way[under_way.index(name) :])
        under_way.append(name)
        for awaited in rules[name].awaited:
            place(awaited)
        under_way.pop()
        order[name] = None

    for name in rules:
        place(name)
    return list(order)
