# ruff: noqa: E501 - forms are read as tables
"""A form's rules have one meaning: the page's script comes to what the server comes to.

Rules and answers are drawn; the trees that a page carries are reckoned in Chromium, the rules in Python.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.browsers import LAUNCH

from fangxian.submissions.forms import Form
from fangxian.submissions.forms.functions import DEVICE, FUNCTIONS
from fangxian.submissions.forms.questions import written
from fangxian.submissions.forms.rules import Rule
from fangxian.submissions.forms.values import Day, text
from fangxian.web import style
from fangxian.web.filling.trees import told, tree_of

pytestmark = pytest.mark.browser
SCRIPT = (style.FILE.parent / "rules.js").read_text("utf-8")
TODAY = date(2020, 2, 10)
NAMES = ("one", "two", "three")
# Of what only the reader of dates and numbers tells apart; with signs beyond the first plane.
TEXTS = ("", "yes", "no", "a b", " a  b ", "0", "-3.50", "7.", ".5", "1e3", "2020-02-10", "2020-02-30", "学生", "😀x",
         "2020-02-10T07:56:00+08:00", "2020-02-10T23:30", "2020-02-10T01:00:00.250Z", "abcabc", "NaN", "true")  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-50, 50), st.sampled_from([0.5, 2.5, 1e15, 12345678.25, 0.00012, 0.00001, 3e20])
)
LITERALS = st.one_of(
    st.sampled_from(TEXTS).map(lambda one: f"'{one}'"),
    st.one_of(st.integers(0, 30), st.sampled_from(["0.5", "2.25", "100000000000000000"])).map(str),
    st.sampled_from(NAMES).map(lambda one: "${" + one + "}"),
    st.just("today()"),
    st.just("now()"),
)
OPERATORS = ("+", "-", "*", "div", "mod", "=", "!=", "<", "<=", ">", ">=", "and", "or")
CALLS = {name: function for name, function in FUNCTIONS.items() if name not in {*DEVICE, "regex", "pow"}}


def _call(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def arguments(name: str) -> st.SearchStrategy[str]:
        least, most = CALLS[name].least, CALLS[name].most
        top = least + 2 if most is None else most
        return st.lists(inner, min_size=least, max_size=top).map(lambda given: f"{name}({', '.join(given)})")

    return st.sampled_from(sorted(CALLS)).flatmap(arguments)


RULES = st.recursive(
    LITERALS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda one: f"(- {one})"),
        inner.map(lambda one: f"regex({one}, '[0-9.-]+|a.*')"),
        inner.map(lambda one: f"format-date({one}, '%Y-%m-%d %n/%e %H:%M:%S %3 %a %b %y')"),
        _call(inner),
    ),
    max_leaves=6,
)
ANSWERS = st.one_of(st.sampled_from(TEXTS), NUMBERS.map(float), st.just(Day.of(TODAY)))


@pytest.fixture(scope="module")
def script(playwright: Any) -> Iterator[Any]:
    browser = playwright.chromium.launch(**LAUNCH)
    page = browser.new_page()
    page.evaluate(SCRIPT)
    yield page
    browser.close()


def _sent(value: Any) -> Any:
    return {"day": float(value)} if isinstance(value, Day) else value


RECKON = """cases => cases.map(([tree, values]) => {
  const { Day, reckon, text } = fxRules, told = {};
  for (const [name, value] of Object.entries(values)) told[name] = value?.day === undefined ? value : new Day(value.day);
  return text(reckon(tree, told, new Day(18302)));
})"""


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    cases=st.lists(
        st.tuples(RULES, st.fixed_dictionaries(dict.fromkeys(NAMES, ANSWERS))), min_size=20, max_size=20
    )
)
def test_the_script_reckons_as_the_server_does(script: Any, cases: list[tuple[str, dict[str, Any]]]) -> None:
    """Four hundred rules a run."""
    names = {name: name for name in NAMES}
    asked, wanted = [], []
    for source, values in cases:
        rule = Rule(source, names, "one")
        wanted.append(text(rule.reckon([values[name] for name in rule.references], Day.of(TODAY))))
        asked.append([tree_of(rule), {name: _sent(value) for name, value in values.items()}])
    assert Day.of(TODAY) == 18302
    found = script.evaluate(RECKON, asked)
    for (source, values), one, other in zip(cases, wanted, found, strict=True):
        assert one == other, (source, values)


# ------------------------------------------------------------------------------------------ whole sheets

YES_NO = [{"name": "yes"}, {"name": "no"}]
FORM = Form.load(
    {
        "title": "",
        "form_id": "f",
        "groups": {},
        "questions": [
            {"name": "unwell", "type": "select_one", "class": "E", "required": True, "choice_rows": YES_NO},
            {"name": "temperature", "type": "decimal", "class": "E", "constraint": "${temperature} >= 34 and ${temperature} <= 43",
             "relevant": ["${unwell} = 'yes'"], "required": True},
            {"name": "count", "type": "integer", "class": "A", "required": "${unwell} = 'no'"},
            {"name": "since", "type": "date", "class": "A", "constraint": "${since} <= today()"},
            {"name": "kinds", "type": "select_multiple", "class": "A", "choice_rows": [{"name": "a", "columns": {"of": "yes"}}, {"name": "b"}],
             "choice_filter": "of = ${unwell}", "required": False},
            {"name": "place", "type": "geopoint", "class": "C", "required": False},
            {"name": "sum", "type": "calculate", "class": "A", "calculate": "${count} + 1", "required": False},
            {"name": "why", "type": "text", "class": "F", "relevant": ["${sum} > 2"], "required": True},
            {"name": "trips", "type": "repeat", "class": "F", "relevant": ["${unwell} = 'yes'"], "children": [
                {"name": "where", "type": "text", "class": "F", "required": True},
                {"name": "days", "type": "integer", "class": "A", "constraint": "${days} > 0", "relevant": ["${where} != 'home'"]},
            ]},
            {"name": "far", "type": "text", "class": "F", "relevant": ["${trips} > 1"], "required": True},
        ],
    }
)  # fmt: skip
TYPED = st.fixed_dictionaries(
    {},
    optional={
        "unwell": st.sampled_from(["yes", "no"]),
        "temperature": st.sampled_from(["36.5", "50", "x", "37", "-1"]),
        "count": st.sampled_from(["0", "1", "5", "1.5", "x"]),
        "since": st.sampled_from(["2020-02-01", "2020-02-11", "2020-02-30"]),
        "kinds": st.sampled_from(["a", "b", "a b"]),
        "place": st.sampled_from(["26.22 104.10", "26.22,104.10", "100 1", "here"]),
        "why": st.sampled_from(["so", "😀"]),
        "far": st.just("so"),
        "trips": st.lists(
            st.fixed_dictionaries(
                {
                    "where": st.sampled_from(["", "town", "home"]),
                    "days": st.sampled_from(["", "3", "0", "x"]),
                }
            ),
            max_size=3,
        ),
    },
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(typed=TYPED)
def test_the_script_finds_amiss_what_the_server_finds(script: Any, typed: dict[str, Any]) -> None:
    """And asks what it asks: of what is not asked for nothing is sent."""
    checked = script.evaluate(
        "([form, raw]) => { const { asked, faults, rows } = fxRules.check(form, raw, new fxRules.Day(18302)); return [asked, faults, rows]; }",
        [told(FORM, "zh"), typed],
    )
    asked, faults, rows = checked
    answers: dict[str, Any] = {}
    for name, raw in typed.items():
        if name == "trips" and asked[name]:
            answers[name] = [_row(row, told["asked"]) for row, told in zip(raw, rows[name], strict=True)]
        elif asked[name]:
            question = FORM.question(name)
            raw = " ".join(raw.split(",")) if question.type == "geopoint" else raw
            answers[name] = written(question.type, raw)
    answers["trips"] = [row for row in answers.get("trips", ()) if row]
    answers = {name: answer for name, answer in answers.items() if answer != []}
    found = {fault.question: fault.code for fault in FORM.check(answers, today=TODAY)}
    for name in [name for name in found if name.startswith("trips[")]:
        at, inner = int(name[6]) - 1, name.partition(".")[2]
        kept = [told for raw, told in zip(typed["trips"], rows["trips"], strict=True) if any(raw.values())]
        assert kept[at]["faults"][inner] == found.pop(name)
        found["trips"] = "rows"
    assert {name: code for name, code in faults.items() if name != "sum"} == found


def _row(raw: dict[str, str], asked: dict[str, bool]) -> dict[str, Any]:
    types = {question.name: question.type for question in FORM.rows["trips"].questions}
    return {name: written(types[name], one) for name, one in raw.items() if one and asked[name]}
