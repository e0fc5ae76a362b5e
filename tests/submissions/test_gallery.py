"""The gallery: each form is there, speaks both languages, and takes what people would send."""

from datetime import date
from typing import Any

import pytest
from tests.forms import sheets, speaks_both_languages

from fangxian.submissions import gallery
from fangxian.submissions.forms import Form, compile_xlsform
from fangxian.submissions.gallery.make import read_forms, write_form

CODES = (*gallery.ORDER, gallery.NOTICE)
FORMS = {code: compile_xlsform(gallery.form_bytes(code)) for code in CODES}
TODAY = date(2020, 2, 12)


def test_the_files_are_those_of_the_table() -> None:
    """Run `python -m fangxian.submissions.gallery.make` after a change to gallery.toml."""
    told = read_forms()
    assert set(told) == set(CODES)
    for code in CODES:
        assert sheets(gallery.form_bytes(code)) == sheets(write_form(code, told[code]))


@pytest.mark.parametrize("code", CODES)
def test_each_form_speaks_both_languages(code: str) -> None:
    form = FORMS[code]
    assert form.form_id == code and form.title
    speaks_both_languages(form)


def test_what_tells_of_a_persons_health_is_of_its_class() -> None:
    of_health = {"temperature", "symptoms", "illness", "doctor", "contact", "stays", "unwell"}
    for code, form in FORMS.items():
        for question in form.questions:
            if question.name in of_health:
                assert question.field_class == "E", (code, question.name)


TRAVEL = {"place": "other_province", "returned_on": "2020-02-10", "transport": "train", "temperature": 36.4}
TRAVEL |= {"contact": "no", "stays": "home"}
HOME = {"people": 4, "unwell": "no", "travelled": "no", "visitors": "no", "needs": ["masks", "internet"]}
SOUND = [
    ("morning-check", {"state": "well"}),
    ("morning-check", {"state": "unwell", "temperature": 37.8, "symptoms": ["fever"], "sent_home": "yes"}),
    ("morning-check", {"state": "ill", "symptoms": ["cough", "throat"]}),
    ("absence", {"reason": "ill", "illness": ["fever"], "since": "2020-02-11", "doctor": "yes"}),
    ("absence", {"reason": "family", "since": "2020-02-11", "back_on": "2020-02-14"}),
    ("return-from-travel", TRAVEL),
    ("dormitory", {"expected": 300, "present": 298, "fever": 0, "aired": "yes", "disinfected": "yes"}),
    ("canteen", {"open": "no"}),
    ("canteen", {"open": "yes", "workers": 8, "checked": 8, "measures": ["masks", "apart"]}),
    ("home-questionnaire", HOME),
    ("notice", {"read": "yes"}),
]
UNSOUND = [
    (
        "morning-check",
        {"state": "unwell", "symptoms": ["fever"], "sent_home": "yes"},
        "temperature",
        "required",
    ),
    ("morning-check", {"state": "away", "symptoms": ["fever"]}, "symptoms", "irrelevant"),
    ("absence", {"reason": "family", "since": "2020-02-13"}, "since", "constraint"),
    (
        "absence",
        {"reason": "family", "since": "2020-02-11", "back_on": "2020-02-10"},
        "back_on",
        "constraint",
    ),
    ("return-from-travel", TRAVEL | {"temperature": 46.4}, "temperature", "constraint"),
    (
        "dormitory",
        {"expected": 3, "present": 4, "fever": 0, "aired": "yes", "disinfected": "no"},
        "present",
        "constraint",
    ),
    ("canteen", {"open": "yes", "workers": 8, "checked": 9, "measures": ["masks"]}, "checked", "constraint"),
    ("home-questionnaire", HOME | {"needs": ["none", "care"]}, "needs", "constraint"),
    ("notice", {"read": "no"}, "read", "choice"),
]


@pytest.mark.parametrize(("code", "answers"), SOUND)
def test_sound_answers_are_taken(code: str, answers: dict[str, Any]) -> None:
    assert Form.load(FORMS[code].dump()).check(answers, today=TODAY) == []


@pytest.mark.parametrize(("code", "answers", "question", "fault"), UNSOUND)
def test_unsound_answers_are_not(code: str, answers: dict[str, Any], question: str, fault: str) -> None:
    assert (question, fault) in [(f.question, f.code) for f in FORMS[code].check(answers, today=TODAY)]
