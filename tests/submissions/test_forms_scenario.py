"""The campaigns' own forms: each is there, as the contract's table says, and takes what people would send."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.forms import sheets, speaks_both_languages

from fangxian.scenario.forms import form_bytes, form_codes
from fangxian.scenario.forms.make import read_forms, write_form
from fangxian.submissions.forms import Form, compile_xlsform

CONTRACT = Path(__file__).parents[2] / "docs" / "architecture.md"
TODAY = date(2020, 2, 12)
FORMS = {code: compile_xlsform(form_bytes(code)) for code in form_codes()}


def contract() -> dict[str, str]:
    """Campaign -> what the table says of its questions."""
    section = CONTRACT.read_text(encoding="utf-8").split("## Forms")[1].split("## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return {row[0].strip(): row[-1] for row in rows[2:]}


def test_every_campaign_of_the_contract_has_its_form() -> None:
    assert form_codes() == sorted(contract())


@pytest.mark.parametrize("code", contract())
def test_the_contracts_questions_are_asked_with_its_codes(code: str) -> None:
    form, told = FORMS[code], contract()[code]
    asked = {question.name: question for question in form.questions if question.asked}
    for name, codes in re.findall(r"`(\w+)` ((?:\w+/)+\w+)", told):
        assert [choice.name for choice in asked[name].choices] == codes.split("/")
    for name, codes in re.findall(r"`(\w+)` \(multiple: ([\w, ]+)\)", told):
        assert [choice.name for choice in asked[name].choices] == codes.split(", ")
    named = set(re.findall(r"`(\w+)`", told)) - {"CampaignText"}
    assert named <= set(asked)
    assert all(asked[name].field_class in "ABE" for name in named - {"note"})


@pytest.mark.parametrize("code", form_codes())
def test_each_form_speaks_both_languages(code: str) -> None:
    form = FORMS[code]
    assert form.form_id == code and form.title
    speaks_both_languages(form)


@pytest.mark.parametrize("code", form_codes())
def test_the_files_are_those_of_the_table(code: str) -> None:
    """Run `python -m fangxian.scenario.forms.make` after a change to forms.toml."""
    form = read_forms()[code]
    assert sheets(form_bytes(code)) == sheets(write_form(code, form))
    assert write_form(code, form) == write_form(code, form)


HOME = {"outcome": "reached", "occupation": "pupil", "place": "none", "contact_hubei": "no"}
HOME |= {"temperature": 36.5, "symptoms": ["none"], "now_at": "home"}
AWAY = HOME | {"occupation": "university", "place": "hubei", "purpose": "study", "returned_on": "2020-01-20"}

SOUND = [
    ("screening", {"outcome": "no_answer"}),
    ("screening", HOME),
    ("screening", AWAY),
    ("screening", {key: AWAY[key] for key in AWAY if key != "returned_on"} | {"now_at": "elsewhere"}),
    ("pledge", {"signed": "yes"}),
    ("oath", {"attended": "no"}),
    ("double-five", {"who": "branch", "branch_items": ["i1", "i5"]}),
    ("double-five", {"who": "member", "member_items": ["i1", "i2", "i3", "i4", "i5"]}),
    ("five-duties", {"duties": ["organisation", "environment"]}),
    ("disinfection", {"done": "yes", "mg_per_l": 500, "minutes": 30}),
    ("disinfection", {"done": "no"}),
    ("hygiene", {"done": "yes"}),
    ("training-institutions", {"open": "no", "violations": 0}),
    ("sports-venues", {"gatherings": 0}),
    ("supervision", {"level": "city", "defects": 2, "note": "测温点未设"}),
    ("supplies", {"goods": "masks", "amount": 1234.5}),
    ("small-hands", {"themes": ["t1", "t5"]}),
    ("ten-ones", {"items": ["i1", "i10"]}),
    ("youth-commandos", {"place": "checkpoint"}),
    ("learning-at-home", {"expected": 45, "attended": 43, "offline": 2}),
    ("difficulties", {"kind": "network", "due": "2020-02-20", "state": "open"}),
    ("care", {"need": "left_behind", "referred": "yes"}),
    ("class-exchange", {"entry": "yes"}),
    ("essay", {"entry": "yes"}),
    ("handwritten-newspaper", {"entry": "yes"}),
    ("initiative", {"read": "yes"}),
    ("knowledge", {"channels": ["notice", "phone"]}),
]

UNSOUND = [
    ("screening", HOME | {"temperature": 33.9}, "temperature", "constraint"),
    ("screening", HOME | {"temperature": 43.1}, "temperature", "constraint"),
    ("screening", HOME | {"symptoms": ["none", "cough"]}, "symptoms", "constraint"),
    ("screening", HOME | {"purpose": "visit"}, "purpose", "irrelevant"),
    ("screening", AWAY | {"returned_on": "2019-11-30"}, "returned_on", "constraint"),
    ("screening", AWAY | {"returned_on": "2020-02-13"}, "returned_on", "constraint"),
    ("screening", {key: AWAY[key] for key in AWAY if key != "returned_on"}, "returned_on", "required"),
    ("screening", {"outcome": "refused", "symptoms": ["fever"]}, "symptoms", "irrelevant"),
    ("screening", HOME | {"note": "字" * 201}, "note", "constraint"),
    ("pledge", {"signed": "no"}, "signed", "choice"),
    ("double-five", {"who": "member", "branch_items": ["i1"]}, "branch_items", "irrelevant"),
    ("disinfection", {"done": "yes", "minutes": 30}, "mg_per_l", "required"),
    ("disinfection", {"done": "yes", "mg_per_l": 50, "minutes": 30}, "mg_per_l", "constraint"),
    ("training-institutions", {"open": "no", "violations": -1}, "violations", "constraint"),
    ("supplies", {"goods": "masks", "amount": 0}, "amount", "constraint"),
    ("learning-at-home", {"expected": 45, "attended": 46, "offline": 2}, "attended", "constraint"),
    ("difficulties", {"kind": "money", "due": "2020-01-23", "state": "open"}, "due", "constraint"),
]


def test_each_form_is_answered_below() -> None:
    assert {code for code, _answers in SOUND} == set(form_codes())


@pytest.mark.parametrize(("code", "answers"), SOUND)
def test_sound_answers_are_taken(code: str, answers: dict[str, Any]) -> None:
    assert Form.load(FORMS[code].dump()).check(answers, today=TODAY) == []


@pytest.mark.parametrize(("code", "answers", "question", "fault"), UNSOUND)
def test_unsound_answers_are_not(code: str, answers: dict[str, Any], question: str, fault: str) -> None:
    found = {fault.question: fault.code for fault in FORMS[code].check(answers, today=TODAY)}
    assert found[question] == fault
    assert set(found.values()) <= {fault, "required"}
