"""The language of rules: XPath 1.0 without nodes. elementpath reads the grammar; operators and functions
reckon as ODK does, where an answer that was not given is the empty text."""

import math
import operator
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from elementpath import XPath1Parser
from elementpath.xpath_tokens import VariableToken, XPathFunction, XPathToken

from .functions import FUNCTIONS
from .values import Day, Value, equal, number, truth

LAST_OF_DAY = 1 - 1 / 86_400_000  # `now()` is the last millisecond of the day that is asked about

Context = tuple[Sequence[Value], Sequence[Value], Day]  # answers, a choice's columns, the day


class RuleParser(XPath1Parser):
    """Answers are its variables: `$a0`; so are a choice's columns: `$c0`."""

    symbol_table = {
        symbol: token
        for symbol, token in XPath1Parser.symbol_table.items()
        if symbol.startswith("(") or symbol in (")", ",")
    }


class _Variable(VariableToken):
    """`$a3`: the fourth answer that the rule reads; `$c0`: the first column of the choice."""

    def nud(self) -> XPathToken:
        super().nud()
        self.part, self.place = "ac".index(self.value[0]), int(self.value[1:])
        return self

    def evaluate(self, context: Any = None) -> Value:
        if context is None:
            raise self.missing_context()
        return context[self.part][self.place]


def _number_operator(reckon: Callable[[float, float], Value]) -> Callable[..., Value]:
    def evaluate(self: XPathToken, context: Any = None) -> Value:
        return reckon(number(self[0].evaluate(context)), number(self[1].evaluate(context)))

    return evaluate


def _order(reckon: Callable[[float, float], bool]) -> Callable[..., bool]:
    def evaluate(self: XPathToken, context: Any = None) -> bool:
        one, other = self[0].evaluate(context), self[1].evaluate(context)
        return bool(reckon(number(one), number(other)))

    return evaluate


def _equality(wanted: bool) -> Callable[..., bool]:
    """A column that a choice lacks is equal to nothing, and unequal to nothing."""

    def evaluate(self: XPathToken, context: Any = None) -> bool:
        one, other = self[0].evaluate(context), self[1].evaluate(context)
        return one is not None and other is not None and equal(one, other) is wanted

    return evaluate


def _and(self: XPathToken, context: Any = None) -> bool:
    return truth(self[0].evaluate(context)) and truth(self[1].evaluate(context))


def _or(self: XPathToken, context: Any = None) -> bool:
    return truth(self[0].evaluate(context)) or truth(self[1].evaluate(context))


def _minus(self: XPathToken, context: Any = None) -> float:
    if len(self) == 1:
        return -number(self[0].evaluate(context))
    return number(self[0].evaluate(context)) - number(self[1].evaluate(context))


def _divide(one: float, other: float) -> float:
    if other:
        return one / other
    return math.nan if one == 0 or math.isnan(one) else math.copysign(math.inf, one)


def _modulo(one: float, other: float) -> float:
    return math.fmod(one, other) if other and math.isfinite(one) else math.nan


def _function(call: Callable[..., Value]) -> Callable[..., Value]:
    def evaluate(self: XPathToken, context: Any = None) -> Value:
        return call(*(argument.evaluate(context) for argument in self))

    return evaluate


def _clock(offset: float) -> Callable[..., Day]:
    def evaluate(self: XPathToken, context: Any = None) -> Day:
        if context is None:
            raise self.missing_context()
        return Day(context[2] + offset)

    return evaluate


OPERATORS: Mapping[str, Callable[..., Value]] = {
    "or": _or,
    "and": _and,
    "=": _equality(True),
    "!=": _equality(False),
    "<": _order(operator.lt),
    "<=": _order(operator.le),
    ">": _order(operator.gt),
    ">=": _order(operator.ge),
    "+": _number_operator(operator.add),
    "-": _minus,
    "*": _number_operator(operator.mul),
    "div": _number_operator(_divide),
    "mod": _number_operator(_modulo),
}


def _teach(table: MutableMapping[str, type[Any]]) -> None:
    """Give the parser our operators, variables and functions, in classes of its own."""
    for symbol, evaluate in OPERATORS.items():
        base = XPath1Parser.symbol_table[symbol]
        table[symbol] = type(base.__name__, (base,), {"evaluate": evaluate})
    table["$"] = _Variable
    for name, (call, least, most) in FUNCTIONS.items():
        table[name] = _function_class(name, _function(call), least, most)
    table["today"] = _function_class("today", _clock(0), 0, 0)
    table["now"] = _function_class("now", _clock(LAST_OF_DAY), 0, 0)


def _function_class(
    name: str, evaluate: Callable[..., Value], least: int, most: int | None
) -> type[XPathToken]:
    nargs = least if least == most else (least, most)
    facts = {
        "symbol": name,
        "lookup_name": name,
        "label": "function",
        "nargs": nargs,
        "lbp": 90,
        "rbp": 90,
        "evaluate": evaluate,
    }
    return type(f"_{name.title()}Function", (XPathFunction,), facts)


_teach(RuleParser.symbol_table)


def parse(code: str) -> XPathToken:
    """The parsed code; its `evaluate` takes a Context. Raises whatever the parser makes of a broken text."""
    return RuleParser().parse(code)


def texts_of(token: XPathToken, function: str, place: int) -> Iterator[str]:
    """The literal texts that calls of a function are given as an argument."""
    if token.symbol == function and token[place].symbol == "(string)":
        yield str(token[place].value)
    for part in token:
        yield from texts_of(part, function, place)
