"""Forms by example: what an XLSForm becomes, what is refused by name, and what answers are at fault."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.kernel.problems import Problem
from fangxian.scenario.forms import form_bytes
from fangxian.submissions.forms import Form, canonical, compile_xlsform, content_hash
from fangxian.submissions.forms.form import SHEETS
from fangxian.submissions.problems import AnswersAgainstForm

TODAY = date(2020, 2, 12)
YES_NO = [{"list_name": "yes_no", "name": code, "label": code} for code in ("yes", "no")]

Row = dict[str, str]


def xlsform(*survey: Row, choices: Sequence[Row] = YES_NO, **settings_: str) -> bytes:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheets = {"survey": survey, "choices": choices, "settings": [{"form_title": "表", **settings_}]}
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        headings = list(dict.fromkeys(heading for row in rows for heading in row))
        for column, heading in enumerate(headings):
            sheet.write_string(0, column, heading)
            for number, row in enumerate(rows, 1):
                sheet.write_string(number, column, row.get(heading, ""))
    book.close()
    return content.getvalue()


def ask(name: str, type: str = "text", **columns: str) -> Row:
    return {"type": type, "name": name, "label": name, **columns}


def form_of(*survey: Row, **sheets: Any) -> Form:
    """Compiled, and loaded again from what is stored of it."""
    dumped = compile_xlsform(xlsform(*survey, **sheets)).dump()
    form = Form.load(json.loads(json.dumps(dumped)))
    assert form.dump() == dumped
    return form


def faults(form: Form, today: date = TODAY, **answers: Any) -> dict[str, str]:
    found = form.check(answers, today=today)
    assert found == form.check_plainly(answers, today=today)
    return {fault.question: fault.code for fault in found}


# --------------------------------------------------------------------------------------------- compiling


def test_questions_keep_order_types_classes_labels_and_choices() -> None:
    form = compile_xlsform(
        xlsform(
            {
                "type": "select_one yes_no",
                "name": "well",
                "label::中文 (zh)": "是否“健康”",
                "label::English (en)": "Well?",
                "fangxian_class": "e",
                "required": "yes",
                "hint::中文 (zh)": "如实填写",
            },
            {"type": "text", "name": "note", "label::中文 (zh)": "备注", "label::English (en)": "Remarks"},
        )
    )
    well, note = form.questions
    assert (well.name, well.type, well.field_class, well.required) == ("well", "select_one", "E", True)
    assert (well.label_in("zh"), well.label_in("en"), well.hint_in("en")) == (
        "是否“健康”",
        "Well?",
        "如实填写",
    )
    assert (note.field_class, note.required, note.row) == ("F", False, 3)
    assert "是否“健康”" in form.xform and "fangxian" not in form.xform
    entry = form.dump()["questions"][0]
    expected = {
        "name": "well",
        "type": "select_one",
        "class": "E",
        "required": True,
        "choices": ["yes", "no"],
    }
    assert {key: entry[key] for key in expected} == expected


def test_a_repeat_is_a_question_whose_answer_is_rows() -> None:
    trips = [
        ask("where", required="yes"),
        ask("days", "integer", constraint=". > 0", relevant="${where} != 'home'"),
    ]
    survey = [
        ask("trips", "begin repeat"),
        *trips,
        {"type": "end repeat"},
        ask("far", relevant="${trips} > 1"),
    ]
    form = form_of(*survey)
    repeat, far = form.questions
    assert (repeat.type, repeat.field_class, far.type) == ("repeat", "F", "text")
    assert [(child.name, child.type) for child in repeat.children] == [("where", "text"), ("days", "integer")]
    assert faults(form, trips=[{"where": "town", "days": 3}, {"where": "home"}], far="so") == {}
    assert faults(form, trips=[{"where": "town"}, {"days": 3}]) == {"trips[2].where": "required"}
    assert faults(form, trips=[{"where": "town", "days": 0}]) == {"trips[1].days": "constraint"}
    assert faults(form, trips=[{"where": "home", "days": 2}]) == {"trips[1].days": "irrelevant"}
    assert faults(form, trips=[{"where": "town"}], far="so") == {"far": "irrelevant"}
    assert faults(form, trips="town") == {"trips": "type"}


def test_every_usual_type_is_known() -> None:
    types = "text integer decimal date time dateTime geopoint barcode image acknowledge range calculate today"
    survey = [ask(f"q{at}", type, calculation="1") for at, type in enumerate(types.split())]
    found = [question.type for question in form_of(*survey, ask("q99", "note")).questions]
    assert found == [
        *("text", "integer", "decimal", "date", "time", "datetime", "geopoint", "text", "file"),
        *("acknowledge", "integer", "calculate", "date", "note"),
    ]


COUNTED = [ask("x"), ask("a", "begin repeat", repeat_count="3"), ask("b"), {"type": "end repeat"}]
NUMBERED = [ask("a", "begin repeat"), ask("b", relevant="position(..) > 1"), {"type": "end repeat"}]
BEYOND = [ask("x"), ask("a", "begin repeat"), ask("b", relevant="${x} = 'a'"), {"type": "end repeat"}]
CALLS = [ask("a"), ask("b", constraint="pulldata('x', 'y', 'z', .) = 1")]
BROKEN = [ask("a"), ask("b", "calculate", calculation="${a} +")]
CIRCLE = [ask("a", relevant="${b} = ''"), ask("b", relevant="${a} = ''")]

REFUSED = [
    ("form-not-converted", set(), [ask("a", "chart")]),
    ("form-not-converted", set(), [ask("a"), ask("a")]),
    ("form-type-unsupported", {"a", "repeat_count", 3}, COUNTED),
    ("form-function-unsupported", {"a", "position", 2}, NUMBERED),
    ("form-rule-unreadable", {"b", 4, "relevant"}, BEYOND),
    ("form-type-unsupported", {"a", "rank", 2}, [ask("a", "rank yes_no")]),
    ("form-class-unknown", {"a", "X", 2}, [ask("a", fangxian_class="X")]),
    ("form-function-unsupported", {"b", "pulldata", 3, "constraint"}, CALLS),
    ("form-function-unsupported", {"a", "random", 2, "relevant"}, [ask("a", relevant="random() > 0.5")]),
    ("form-rule-unreadable", {"b", 3, "calculation"}, BROKEN),
    ("form-rule-unreadable", {"b", 3, "relevant"}, [ask("a"), ask("b", relevant="../none = 1")]),
    ("form-rules-circular", {"“a”, “b”"}, CIRCLE),
]


@pytest.mark.parametrize(("code", "facts", "survey"), REFUSED)
def test_what_cannot_be_checked_is_refused_when_it_is_published(code: str, facts: set, survey: Any) -> None:
    with pytest.raises(Problem) as refused:
        compile_xlsform(xlsform(*survey))
    assert refused.value.code == code
    assert facts <= set(refused.value.facts.values())
    assert refused.value.sentence()


@pytest.mark.parametrize("content", [b"", b"not a workbook", b"PK\x03\x04broken", "问题".encode()])
def test_a_broken_file_is_refused(content: bytes) -> None:
    with pytest.raises(Problem) as refused:
        compile_xlsform(content)
    assert refused.value.code == "form-not-converted"


def test_a_workbook_of_something_else_is_refused() -> None:
    with pytest.raises(Problem) as refused:
        compile_xlsform(xlsform({"school": "一小", "pupils": "9"}))
    assert refused.value.code == "form-not-converted"


def test_groups_are_flat_and_names_that_come_twice_carry_their_group() -> None:
    form = form_of(
        ask("asked", "select_one yes_no"),
        ask("father", "begin group", relevant="${asked} = 'yes'"),
        ask("age", "integer", constraint=". > 0"),
        ask("works", "begin group"),
        ask("place", relevant="../../asked = 'yes'"),
        {"type": "end group"},
        {"type": "end group"},
        ask("mother", "begin group"),
        ask("age", "integer"),
        {"type": "end group"},
    )
    assert [q.name for q in form.questions] == ["asked", "father.age", "place", "mother.age"]
    assert faults(form, asked="yes", place="x", **{"father.age": 40, "mother.age": 39}) == {}
    assert faults(form, asked="no", place="x") == {"place": "irrelevant"}
    assert faults(form, asked="no", **{"father.age": 40}) == {"father.age": "irrelevant"}
    assert faults(form, asked="yes", **{"father.age": 0, "age": 3}) == {
        "father.age": "constraint",
        "age": "unknown",
    }


def test_a_stored_form_is_loaded_without_the_compiler() -> None:
    dumped = compile_xlsform(form_bytes("screening")).dump()
    script = (
        "import json, sys; from datetime import date; from fangxian.submissions.forms import Form\n"
        "form = Form.load(json.load(sys.stdin))\n"
        "print(len(form.check({}, today=date(2020, 2, 1))), 'pyxform' in sys.modules)"
    )
    run = [sys.executable, "-c", script]
    done = subprocess.run(run, input=json.dumps(dumped), capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["1", "False"], done.stderr


# -------------------------------------------------------------------------------------------- answering


@pytest.mark.parametrize(
    ("type", "sound", "unsound"),
    [
        ("text", ["x", "一\n二"], [1, True, ["x"], "a\0b", "\ud800", {}]),
        ("integer", [0, -3, 2**53 - 1], [1.0, True, "1", 2**53, [1]]),
        ("decimal", [36.5, 36, 0], [True, "36.5", float("nan"), float("inf"), 10**400]),
        ("date", ["2020-02-29"], ["2020-02-30", "20200229", "2020-2-9", "2020-02-29T08:00:00", 20200229]),
        ("time", ["18:50", "18:50:00.000+08:00"], ["24:00", "18h", 18]),
        ("dateTime", ["2020-02-12T18:50:00+08:00"], ["2020-02-12", "2020-02-12T25:00:00", 1]),
        ("geopoint", ["26.22 104.10", "26.22 104.10 1900 5.5"], ["26.22", "126 104", "26.2,104.1", 26]),
        ("select_one yes_no", ["yes"], [["yes"], 1, True]),
        ("select_multiple yes_no", [["yes"], ["no", "yes"]], ["yes", ["yes", "yes"], [1], ["yes no"]]),
        ("acknowledge", ["OK"], ["ok", True]),
    ],
)
def test_an_answer_is_of_its_questions_type(type: str, sound: list, unsound: list) -> None:
    form = form_of(ask("q", type))
    assert [faults(form, q=answer) for answer in sound] == [{}] * len(sound)
    assert [faults(form, q=answer) for answer in unsound] == [{"q": "type"}] * len(unsound)


def test_no_answer_is_left_out_not_written_empty() -> None:
    form = form_of(ask("a"), ask("b", "select_multiple yes_no"), ask("c", "integer"))
    assert faults(form) == {}
    assert faults(form, a="", b=[], c=None) == {"a": "empty", "b": "empty", "c": "empty"}


def test_required_where_relevant_and_where_a_rule_says_so() -> None:
    form = form_of(
        ask("ill", "select_one yes_no", required="yes"),
        ask("since", "date", required="true()", relevant="${ill} = 'yes'"),
        ask("note", required="${ill} = 'no'"),
    )
    assert faults(form) == {"ill": "required"}
    assert faults(form, ill="yes") == {"since": "required"}
    assert faults(form, ill="no") == {"note": "required"}
    assert faults(form, ill="no", note="x", since="2020-02-01") == {"since": "irrelevant"}


def test_an_irrelevant_answer_does_not_count_for_other_rules() -> None:
    form = form_of(
        ask("a", "select_one yes_no"),
        ask("b", "integer", relevant="${a} = 'yes'"),
        ask("c", relevant="${b} > 1"),
    )
    assert faults(form, a="yes", b=2, c="x") == {}
    assert faults(form, a="no", b=2, c="x") == {"b": "irrelevant"}
    assert faults(form, a="no", c="x") == {"c": "irrelevant"}


def test_one_mistake_is_one_fault() -> None:
    form = form_of(
        ask("a", "select_one yes_no"), ask("b", relevant="${a} = 'yes'"), ask("c", relevant="${b} != ''")
    )
    assert faults(form, a="perhaps", b="x", c="y") == {"a": "choice"}


def test_choices_may_be_filtered_by_other_answers() -> None:
    counties = [("king", "wa"), ("pierce", "wa"), ("king", "tx"), ("cameron", "tx")]
    choices = [
        *({"list_name": "states", "name": code, "label": code} for code in ("wa", "tx")),
        *({"list_name": "counties", "name": name, "label": name, "cf": of} for name, of in counties),
    ]
    form = form_of(
        ask("state", "select_one states"),
        ask("county", "select_one counties", choice_filter="cf=${state}"),
        ask("all", "select_multiple counties", choice_filter="${state} = cf"),
        choices=choices,
        allow_choice_duplicates="yes",
    )
    assert faults(form, state="tx", county="king", all=["cameron", "king"]) == {}
    assert faults(form, state="wa", county="cameron", all=["king", "cameron"]) == {
        "county": "choice",
        "all": "choice",
    }
    assert faults(form, county="king") == {"county": "choice"}


def test_a_calculation_is_reckoned_and_a_given_one_must_be_right() -> None:
    form = form_of(
        ask("a", "integer"),
        ask("twice", "calculate", calculation="${a} * 2"),
        ask("many", "integer", relevant="${twice} > 4"),
        ask("id", "calculate", calculation="once(uuid())"),
    )
    assert faults(form, a=3, many=1) == {}
    assert faults(form, a=3, twice="6", many=1, id="x-1") == {}
    assert faults(form, a=3, twice=6.0) == {}
    assert faults(form, a=3, twice=7) == {"twice": "calculation"}
    assert faults(form, a=1, many=1) == {"many": "irrelevant"}


def test_a_rule_may_read_what_is_asked_later_and_the_day() -> None:
    form = form_of(
        ask("attended", "integer", constraint=". <= ${expected}"),
        ask("expected", "integer"),
        ask("on", "date", constraint=". <= today()"),
    )
    assert form.clock
    assert faults(form, attended=30, expected=31) == {}
    assert faults(form, attended=32, expected=31) == {"attended": "constraint"}
    sheet = {"on": "2020-02-12"}
    assert faults(form, today=date(2020, 2, 12), **sheet) == {}
    assert faults(form, today=date(2020, 2, 11), **sheet) == {"on": "constraint"}


def test_other_choices_that_pyxform_adds_are_known() -> None:
    form = form_of(ask("colour", "select_one yes_no or_other"))
    assert faults(form, colour="other", colour_other="blue") == {}
    assert faults(form, colour="yes", colour_other="blue") == {"colour_other": "irrelevant"}


def test_faults_are_told_in_both_languages_and_come_back_from_store() -> None:
    form = compile_xlsform(form_bytes("screening"))
    answers = {"outcome": "refused", "place": "none", "shoe": 43, "note": 3}
    problem = AnswersAgainstForm(form.check(answers, today=TODAY))
    stored = AnswersAgainstForm(**{name: str(value) for name, value in problem.facts.items()})
    assert stored.faults == problem.faults
    for language, label in (("zh", "1月10日以来到过何地"), ("en", "Where this person has been")):
        with translation.override(language):
            assert label in stored.sentence() and "shoe" in stored.sentence()
    assert "43" not in stored.sentence()


def test_whatever_is_sent_has_a_hash_and_faults_that_any_database_can_keep() -> None:
    answers = {"\ud800": "\0", "q\0": float("nan"), "a": {"deep": [None]}}
    assert len(content_hash("h", answers)) == 32
    found = form_of(ask("a")).check(answers, today=TODAY)
    assert {fault.code for fault in found} == {"unknown", "type"}
    kept = str(AnswersAgainstForm(found).faults)
    assert kept.isascii() and kept.isprintable()
    assert list(AnswersAgainstForm(kept).faults) == found


# -------------------------------------------------------------------------------------- what is remembered

ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "outcome": st.sampled_from(["reached", "reached", "reached", "refused", "?", 1, ""]),
        "occupation": st.sampled_from(["pupil", "staff", "dean"]),
        "place": st.sampled_from(["none", "hubei", "moon"]),
        "purpose": st.sampled_from(["study", "visit", None]),
        "now_at": st.sampled_from(["home", "elsewhere"]),
        "returned_on": st.sampled_from(["2020-02-11", "2020-02-12", "2020-02-13", "2019-11-30", "soon"]),
        "contact_hubei": st.sampled_from(["yes", "no", True]),
        "temperature": st.sampled_from([36.5, 36, 36.0, 1, 1.0, True, 33.9, "36.5"]),
        "symptoms": st.sampled_from([["none"], ["fever"], ["none", "fever"], [], "none"]),
        "stranger": st.just("x"),
    },
)
SCREENING = compile_xlsform(form_bytes("screening"))


@settings(max_examples=100)
@given(st.lists(st.tuples(ANSWERS, st.integers(11, 13)), min_size=1, max_size=10))
def test_what_is_remembered_of_sheets_is_what_a_fresh_form_finds(sheets: list[Any]) -> None:
    fresh = Form.load(SCREENING.dump())
    for answers, day in sheets:
        today = date(2020, 2, day)
        expected = fresh.check_plainly(answers, today=today)
        assert SCREENING.check(answers, today=today) == expected
        assert SCREENING.check(answers, today=today) == expected


def test_a_form_forgets_when_it_has_met_too_much() -> None:
    form = form_of(ask("a", "integer"))
    for number in range(SHEETS + 5):
        assert form.check({"a": number}, today=TODAY) == []
    assert len(form._sheets) <= SHEETS


def test_a_caller_may_keep_and_change_the_list() -> None:
    form = form_of(ask("a", "integer"))
    form.check({"a": "x"}, today=TODAY).clear()
    assert faults(form, a="x") == {"a": "type"}


# --------------------------------------------------------------------------------------- canonical answers


def test_equal_answers_have_one_text() -> None:
    assert canonical({"b": 36.0, "a": ["y", "x"], "c": "甲"}) == '{"a":["y","x"],"b":36,"c":"甲"}'
    assert content_hash("h", {"a": 1, "b": 2.0}) == content_hash("h", {"b": 2, "a": 1.0})
    assert len(content_hash("h", {})) == 32


@pytest.mark.parametrize("other", [{"a": "1"}, {"a": True}, {"a": 1.5}, {"a": [1]}, {"b": 1}, {}])
def test_other_answers_have_another(other: dict[str, Any]) -> None:
    assert content_hash("h", {"a": 1}) != content_hash("h", other)
    assert content_hash("h", other) != content_hash("i", other)


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
    ),
    lambda parts: st.lists(parts, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_the_canonical_text_is_read_back_as_the_answers(answers: dict[str, Any]) -> None:
    assert json.loads(canonical(answers)) == answers
    assert canonical(json.loads(canonical(answers))) == canonical(answers)
    assert content_hash("h", answers) == content_hash("h", dict(reversed(answers.items())))


# ------------------------------------------------------------------------------------- forms of other hands

CASES = os.environ.get("FANGXIAN_CASES", "")  # a folder with XLSForms of other projects' tests
XLSFORMS = sorted(Path(CASES).glob("**/*.xlsx")) if CASES else []

if XLSFORMS:

    @pytest.mark.parametrize("path", XLSFORMS, ids=lambda path: path.name)
    def test_other_hands_forms_are_taken_or_refused_with_the_reason(path: Path) -> None:
        try:
            form = compile_xlsform(path.read_bytes())
        except Problem as problem:
            assert (
                problem.code.startswith("form-") and "row" in str(problem.facts) + problem.sentence().lower()
            )
        else:
            assert Form.load(json.loads(json.dumps(form.dump()))).dump() == form.dump()
            assert form.questions and form.xform
