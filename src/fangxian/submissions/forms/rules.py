"""Rules of a form: translated once, parsed once, remembered for the values met.

A rule refers to answers by `${name}`; within it they are variables by number, so that its outcome depends on
a tuple of values alone.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .functions import CLOCK, DEVICE, FUNCTIONS, pattern
from .language import Context, parse, texts_of
from .values import Day, Value

REMEMBERED = 4096  # outcomes a rule keeps; then it begins anew


class RuleError(Exception):
    """`reason` says what is wrong with the rule, in the language that is active when it is read."""

    def __init__(self, reason: Any, **facts: object) -> None:
        self.reason = format_lazy(reason, **facts)
        super().__init__(self.reason)


class UnsupportedFunction(RuleError):
    def __init__(self, function: str) -> None:
        self.function = function
        super().__init__(_("the function {function}() is not supported"), function=function)


# ---------------------------------------------------------------------------------------- translation

WORDS = re.compile(
    r"""(?P<text>'[^']*'|"[^"]*")
      | \$\{\s*(?P<reference>[^{}\s]+)\s*\}
      | (?P<only>position\(\s*\.\.\s*\))
      | (?:current\(\)/)?(?:(?:\.\./)+|/)(?P<path>\w[\w.\-]*(?:/\w[\w.\-]*)*)
      | (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
      | (?P<name>[^\W\d][\w.\-]*(?::[^\W\d][\w.\-]*)?)
      | (?P<self>\.)(?!\.)
      | (?P<sign><=|>=|!=|[-+*=<>(),])
      | (?P<space>\s+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
BINARY = frozenset({"and", "or", "div", "mod"})
OPENERS = frozenset({"", "(", ",", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "and", "or", "div", "mod"})


@dataclass(slots=True)
class Translation:
    """A rule in the parser's language, and in the one that is stored: each reference by its full name."""

    code: str = ""
    source: str = ""
    references: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)

    def refer(self, name: str) -> None:
        self.code += self._variable("a", self.references, name)
        self.source += f"${{{name}}}"

    def column(self, name: str) -> None:
        self.code += self._variable("c", self.columns, name)
        self.source += name

    def copy(self, code: str, source: str) -> None:
        self.code += code
        self.source += source

    def _variable(self, part: str, names: list[str], name: str) -> str:
        if name not in names:
            names.append(name)
        return f" ${part}{names.index(name)} "


def translate(source: str, names: Mapping[str, str], own: str, columns: bool = False) -> Translation:
    """`names` give the full name of each answer; `own` is meant by a dot; bare names are a choice's columns
    where `columns`. Raises UnsupportedFunction, RuleError."""
    made, before = Translation(), ""
    for word in WORDS.finditer(source):
        if word["reference"] or word["path"] or word["self"]:
            made.refer(_answer(word, names, own))
        elif word["name"]:
            called = source[word.end() :].lstrip().startswith("(")
            _name(made, word["name"], before, called, columns)
        else:
            _copy(made, word)
        before = before if word["space"] else word.group()
    return made


def _answer(word: re.Match[str], names: Mapping[str, str], own: str) -> str:
    if word["self"]:
        return own
    name = word["reference"] or word["path"].rsplit("/", 1)[-1]
    if name not in names:
        raise RuleError(_("it refers to “{name}”, which is no question here, or several"), name=name)
    return names[name]


def _name(made: Translation, name: str, before: str, called: bool, columns: bool) -> None:
    if name in BINARY and before not in OPENERS:
        made.copy(f" {name} ", name)
    elif called:
        made.copy(name, _called(made, name))
    elif columns:
        made.column(name)
    else:
        raise RuleError(_("it holds the bare word “{name}”; write an answer as ${{{name}}}"), name=name)


def _copy(made: Translation, word: re.Match[str]) -> None:
    text = word.group()
    if word["other"]:
        raise RuleError(_("it holds “{text}”, which is not supported"), text=text)
    if word["only"]:
        made.copy("1", "1")  # without repeats everything stands first
    else:
        made.copy(f" {text} " if word["sign"] else text, text)


def _called(made: Translation, name: str) -> str:
    if name not in FUNCTIONS and name not in CLOCK:
        raise UnsupportedFunction(name)
    made.functions.add(name)
    return name


# ------------------------------------------------------------------------------------------- the rule


class Rule:
    """One compiled rule. `references` are the answers that it reads, `columns` those of a choice.

    `clock`: it reads the day. `device`: the function whose outcome the device alone knows, if it calls one.
    `ask(values, day)` remembers; `reckon` does not. Both give a value; neither raises.
    """

    __slots__ = ("_evaluate", "_memo", "clock", "columns", "device", "references", "source", "token")

    def __init__(self, source: str, names: Mapping[str, str], own: str, columns: bool = False) -> None:
        made = translate(source, names, own, columns)
        self.source = made.source
        self.references = tuple(made.references)
        self.columns = tuple(made.columns)
        self.clock = bool(made.functions & CLOCK)
        self.device = min(made.functions & DEVICE, default="")
        self.token = _compile(made.code.strip())
        self._evaluate: Callable[[Context], Value] = self.token.evaluate
        self._memo: dict[tuple[Value, ...], Value] = {}

    def ask(self, values: tuple[Value, ...], day: Day) -> Value:
        """`values` in the order of `references`."""
        key = (*values, day) if self.clock else values
        found = self._memo.get(key, _UNKNOWN)
        if found is _UNKNOWN:
            if len(self._memo) >= REMEMBERED:
                self._memo.clear()
            found = self._memo[key] = self.reckon(values, day)
        return found

    def reckon(self, values: Sequence[Value], day: Day, row: Sequence[Value] = ()) -> Value:
        """Anew; `row` are a choice's columns, in the order of `columns`."""
        return self._evaluate((values, row, day))


_UNKNOWN = object()


def _compile(code: str) -> Any:
    try:
        token = parse(code)
        patterns = list(texts_of(token, "regex", 1))
    except Exception as error:  # whatever an author's text makes of the parser, the form is refused
        raise RuleError(_("it cannot be read: {error}"), error=_brief(error)) from error
    for text in patterns:
        if pattern(text) is None:
            raise RuleError(_("“{text}” is no regular expression"), text=text)
    return token


def _brief(error: Exception) -> str:
    return re.sub(r"^[^\]]*\] ", "", str(error))
