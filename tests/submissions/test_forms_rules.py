"""Rules by example; and held against elementpath's own XPath over real nodes, and against themselves anew."""

import math
from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree

import elementpath
import pytest
from django.utils.translation import override
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fangxian.submissions.forms.functions import CLOCK, DEVICE, FUNCTIONS
from fangxian.submissions.forms.rules import REMEMBERED, Rule, RuleError, UnsupportedFunction
from fangxian.submissions.forms.values import Day, equal, number, text, truth

NAMES = {name: name for name in "abc"}
TODAY = date(2020, 2, 12)


def reckon(source: str, today: date = TODAY, **answers: Any) -> Any:
    rule = Rule(source, NAMES, "a")
    return rule.reckon(tuple(answers.get(name, "") for name in rule.references), Day.of(today))


def day(iso: str) -> Day:
    return Day.of(date.fromisoformat(iso))


@pytest.mark.parametrize(
    ("source", "answers", "outcome"),
    [
        # comparisons, and the empty answer
        (". >= 34 and . <= 43", {"a": 36.5}, True),
        (". >= 34 and . <= 43", {"a": 43.1}, False),
        ("${a} = ''", {}, True),
        ("${a} > 5 or ${a} <= 5 or ${a} = 0", {}, False),
        ("${a} != 0", {}, True),
        ("${a} = '5'", {"a": 5.0}, True),
        ("${a}-1 = ${b}", {"a": 3.0, "b": 2.0}, True),
        ("- ${a} * 2", {"a": 3.0}, -6.0),
        ("${a} div ${b}", {"a": 1.0, "b": 0.0}, math.inf),
        ("${a} mod 2", {"a": -3.0}, -1.0),
        ("1 + 2 * 3 = 7 and not(1 > 2)", {}, True),
        # choices
        ("not(selected(., 'none') and count-selected(.) > 1)", {"a": "none fever"}, False),
        ("selected(., 'fever')", {"a": "feverish"}, False),
        ("selected-at(., 1)", {"a": "x y z"}, "y"),
        ("count-selected(.)", {}, 0.0),
        ("checklist(1, -1, ${a}, ${b})", {"b": "x"}, True),
        # texts
        ("regex(., '^100[0-9]{8}$')", {"a": "10012345678"}, True),
        ("regex(., '[0-9]{3}')", {"a": "1234"}, False),
        ("string-length(.) <= 3", {"a": "防控表"}, True),
        ("concat(., ':', 1.50, true())", {"a": "x"}, "x:1.5true"),
        ("substring('12345', 1.5, 2.6)", {}, "234"),
        ("substr('12345', 1, 3)", {}, "23"),
        ("substring-before('2020-02', '-')", {}, "2020"),
        ("substring-after('2020', '-')", {}, ""),
        ("translate('bar', 'abc', 'AB')", {}, "BAr"),
        ("normalize-space('  a   b ')", {}, "a b"),
        ("join('、', ., 'b')", {"a": "a"}, "a、b"),
        # numbers
        ("int(-3.7)", {}, -3.0),
        ("round(2.5)", {}, 3.0),
        ("round(-2.5)", {}, -2.0),
        ("round(1.2345, 2)", {}, 1.23),
        ("number('12a') != number('12a')", {}, True),
        ("max(., ${b}, 3)", {"a": 5.0}, 5.0),
        ("if(. = '', 'none', .)", {}, "none"),
        ("coalesce(., ${b})", {"b": "second"}, "second"),
        # days
        (". >= date('2019-12-01') and . <= today()", {"a": day("2020-01-20")}, True),
        (". >= date('2019-12-01') and . <= today()", {"a": day("2020-02-13")}, False),
        (". <= today()", {}, False),
        (". = '2020-01-20'", {"a": day("2020-01-20")}, True),
        ("today() - . = 2", {"a": day("2020-02-10")}, True),
        ("string(. + 0)", {"a": day("1970-01-02")}, "1"),
        ("concat(., '')", {"a": day("2020-01-20")}, "2020-01-20"),
        ("format-date(today(), '%Y/%n/%e')", {}, "2020/2/12"),
        ("now() >= today() and now() < today() + 1", {}, True),
        ("int((today() - date('2000-02-13')) div 365.25)", {}, 19.0),
        ("decimal-date-time('1970-01-02T12:00:00+08:00')", {}, 1.5),
        # old ways of referring
        ("selected(../b, 'x')", {"b": "x"}, True),
        ("/data/group/b = 'x' and position(..) = 1", {"b": "x"}, True),
        ("${a}=1", {"a": 1.0}, True),
    ],
)
def test_a_rule_reckons_as_odk_does(source: str, answers: dict[str, Any], outcome: Any) -> None:
    found = reckon(source, **answers)
    assert (found, type(found)) == (outcome, type(outcome))


@pytest.mark.parametrize("function", ["pulldata", "jr:choice-name", "count", "position", "foo"])
def test_an_unsupported_function_is_named(function: str) -> None:
    with pytest.raises(UnsupportedFunction) as refused:
        Rule(f"true() or {function} (.)", NAMES, "a")
    assert refused.value.function == function


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("${z} = 1", "“z”"),
        ("b = 1", "${b}"),
        (". >", "cannot be read"),
        ("(1", "cannot be read"),
        (". = 'a' 'b'", "cannot be read"),
        ("not()", "cannot be read"),
        ("string-length(., 1)", "cannot be read"),
        ("${a}[1]", "“[”"),
        ("//a", "“/”"),
        ("regex(., '[')", "“[”"),
        ("$a0 = 1", "“$”"),
        ("", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(source: str, reason: str) -> None:
    with pytest.raises(RuleError) as refused:
        Rule(source, NAMES, "a")
    with override("en"):
        assert reason in str(refused.value.reason)


def test_a_rule_says_what_it_depends_on() -> None:
    rule = Rule("${b} > 1 and . <= today() and ${b} < 'today()'", NAMES, "a")
    assert (rule.references, rule.clock, rule.device) == (("b", "a"), True, "")
    assert Rule("'${b} today()' = ''", NAMES, "a").references == ()
    assert Rule("once(random())", NAMES, "a").device == "once"


def test_bare_words_are_a_choices_columns_and_a_missing_column_equals_nothing() -> None:
    rule = Rule("cf = ${a} or lacking = '' or lacking != ''", NAMES, "b", columns=True)
    assert (rule.references, rule.columns) == (("a",), ("cf", "lacking"))
    assert rule.reckon(("x",), Day.of(TODAY), ("x", None)) is True
    assert rule.reckon(("x",), Day.of(TODAY), ("y", None)) is False
    assert Rule("mod = 1 and 5 mod 2 = mod", NAMES, "b", columns=True).reckon((), Day.of(TODAY), ("1",))


def test_the_stored_source_compiles_to_the_same_rule() -> None:
    names = {"age": "father.age", "father.age": "father.age", "b": "b"}
    rule = Rule("../age > ${ b } and . != 'it’s ${b}'", names, "b")
    again = Rule(rule.source, {name: name for name in names.values()}, "b")
    assert (again.source, again.references) == (rule.source, ("father.age", "b"))


def test_a_rule_forgets_when_it_has_met_too_much() -> None:
    rule = Rule("${a} * 2", NAMES, "a")
    for value in range(REMEMBERED + 10):
        assert rule.ask((float(value),), Day.of(TODAY)) == value * 2
    assert len(rule._memo) <= REMEMBERED


# --------------------------------------------------------------------------------------- any rule at all

TEXTS = st.sampled_from(["", "x", "x y", "none", "5", "-0.5", "2020-02-12", "2020-02-12T08:00+08:00", "防控"])
NUMBERS = st.sampled_from([0.0, 1.0, -2.0, 0.5, 36.6, 1e20])
DAYS = st.integers(-3, 3).map(lambda offset: Day.of(TODAY + timedelta(offset)))
VALUES = st.one_of(TEXTS, NUMBERS, DAYS)
LEAVES = st.sampled_from(
    ["${a}", "${b}", "${c}", ".", "1.5", "''", "'x'", "'2020-02-12'", "today()", "now()"]
)
OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "div", "mod", "and", "or"]


def calls(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def call(name: str) -> st.SearchStrategy[str]:
        _call, least, most = FUNCTIONS[name]
        arguments = st.lists(parts, min_size=least, max_size=least + 2 if most is None else most)
        return arguments.map(lambda given: f"{name}({', '.join(given)})")

    return st.sampled_from(sorted(FUNCTIONS)).flatmap(call)


def pairs(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(parts, st.sampled_from(OPERATORS), parts).map(lambda given: "({} {} {})".format(*given))


RULES = st.recursive(LEAVES, lambda parts: st.one_of(calls(parts), pairs(parts)), max_leaves=6)


def compiled(source: str) -> Rule:
    try:
        return Rule(source, NAMES, "a")
    except RuleError as error:
        assume("regular expression" not in str(error))
        raise


def same(one: Any, other: Any) -> bool:
    return (type(one), repr(one)) == (type(other), repr(other))


@settings(max_examples=200)
@given(RULES, st.lists(st.tuples(VALUES, VALUES, VALUES, st.integers(0, 2)), min_size=4, max_size=8))
def test_what_is_remembered_is_what_would_be_reckoned(source: str, worlds: list[Any]) -> None:
    """Also: whatever the values, a rule that compiled does not raise."""
    rule = compiled(source)
    for *values, offset in worlds * 2:
        given_ = tuple(dict(zip("abc", values, strict=True))[name] for name in rule.references)
        day = Day.of(TODAY + timedelta(offset))
        assert same(rule.ask(given_, day), compiled(source).reckon(given_, day))


@given(st.text(alphabet="ab${}().,'\"<>=!+-*/ 1x[]@|:andortoday", max_size=20))
def test_any_text_is_a_rule_or_is_refused_as_one(source: str) -> None:
    try:
        Rule(source, NAMES, "a")
    except RuleError as error:
        assert str(error.reason)


# ------------------------------------------------------------------------- elementpath's own XPath 1.0

# Between numbers ODK reckons as XPath does; so elementpath, without our operators and over an XML of the
# answers, must agree. An answer that is not given is an empty node: no number. (`div` and `mod` stand in the
# examples: elementpath divides NaN by zero to infinity, and takes Python's sign of a remainder.)
PLAIN_LEAVES = st.sampled_from(["number(${a})", "number(${b})", "number(${c})", "0", "1.5", "36.6"])
PLAIN_OPERATORS = st.sampled_from([sign for sign in OPERATORS if sign not in ("div", "mod")])
PLAIN_FUNCTIONS = st.sampled_from(
    ["not({})", "boolean({})", "number({})", "floor({})", "ceiling({})", "({})"]
)


def plain_pairs(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    numbers = parts.map("number({})".format)
    return st.one_of(
        st.tuples(numbers, PLAIN_OPERATORS, numbers).map(lambda given: "({} {} {})".format(*given)),
        st.tuples(PLAIN_FUNCTIONS, parts).map(lambda given: given[0].format(given[1])),
    )


PLAIN_RULES = st.recursive(PLAIN_LEAVES, plain_pairs, max_leaves=5).map("number({})".format)


PLAIN_ANSWERS = st.fixed_dictionaries({name: st.sampled_from(["", 0.0, 1.0, 1.5, 36.6]) for name in "abc"})


def by_elementpath(source: str, answers: dict[str, Any]) -> float:
    root = ElementTree.Element("data")
    for name, value in answers.items():
        ElementTree.SubElement(root, name).text = text(value)
    for name in answers:
        source = source.replace(f"${{{name}}}", f"/data/{name}")
    document = ElementTree.ElementTree(root)
    return float(elementpath.select(document, source, parser=elementpath.XPath1Parser))


@settings(max_examples=150)
@given(PLAIN_RULES, PLAIN_ANSWERS)
def test_operators_agree_with_xpath_over_nodes(source: str, answers: dict[str, Any]) -> None:
    ours = reckon(source, **answers)
    theirs = by_elementpath(source, answers)
    assert math.isclose(ours, theirs) or (math.isnan(ours) and math.isnan(theirs)), source


# ------------------------------------------------------------------------------------------------ values


@given(st.dates(), st.dates())
def test_days_print_as_they_are_written_and_keep_their_order(one: date, other: date) -> None:
    assert text(Day.of(one)) == one.isoformat()
    assert number(one.isoformat()) == Day.of(one)
    assert (Day.of(one) < Day.of(other)) == (one < other)


def test_every_function_is_reckoned_somewhere() -> None:
    """The table of functions and the words that depend on the clock or the device do not overlap."""
    assert not set(FUNCTIONS) & CLOCK
    assert set(FUNCTIONS) >= DEVICE
    assert truth(Day.of(date(1970, 1, 1))) and not truth(math.nan) and equal("a", "a")
