# ruff: noqa: E501 - forms are read as tables
"""A town for the pages of forms: a class of 52, a family with children in two schools, an inspector."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tests.forms import xlsform

from fangxian.access.actions import NewAccount, open_accounts
from fangxian.access.models import Account
from fangxian.access.tokens import issue_household
from fangxian.campaigns.actions import launch_campaign, revise_text
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.registry.actions import NewHousehold, NewPerson, NewUnit, add_households, add_units, enrol
from fangxian.submissions.actions import publish_form

START, BY = date(2020, 1, 1), "town"
BEFORE = datetime(2020, 2, 1, 8, tzinfo=OFFICE_ZONE)
CLOCK = datetime(2020, 2, 10, 7, 56, tzinfo=OFFICE_ZONE)
PUPILS = 52
ZH, EN = "label::中文 (zh)", "label::English (en)"

MORNING = {
    "survey": [
        ["type", "name", ZH, EN, "required", "relevant", "constraint", "constraint_message", "fangxian_class", "fangxian_usual"],
        ["select_one state", "state", "今天怎样？", "How is it today?", "yes", "", "", "", "E", "well"],
        ["decimal", "temperature", "体温", "Temperature", "yes", "${state} = 'ill'", ". >= 34 and . <= 43", "体温应在34到43之间。", "E", ""],
        ["select_multiple symptoms", "symptoms", "症状", "Symptoms", "", "${state} = 'ill'", "", "", "E", ""],
    ],
    "choices": [
        ["list_name", "name", ZH, EN],
        ["state", "well", "健康", "Well"],
        ["state", "ill", "异常", "Ill"],
        ["state", "away", "缺勤", "Away"],
        ["symptoms", "fever", "发热", "Fever"],
        ["symptoms", "cough", "咳嗽", "Cough"],
    ],
}  # fmt: skip
HOME = {
    "survey": [
        ["type", "name", ZH, EN, "hint::中文 (zh)", "required", "relevant", "constraint", "fangxian_class"],
        ["decimal", "temperature", "今天早上的体温", "Temperature this morning", "没有体温计就不填。", "", "", ". >= 34 and . <= 43", "E"],
        ["select_one yes_no", "unwell", "有没有不舒服？", "Unwell?", "发热、咳嗽、乏力等", "yes", "", "", "E"],
        ["select_one yes_no", "away", "有没有离开宣威？", "Away from Xuanwei?", "", "yes", "", "", "A"],
        ["text", "what", "哪里不舒服？", "What is it?", "", "yes", "${unwell} = 'yes'", "", "F"],
    ],
    "choices": [["list_name", "name", ZH, EN], ["yes_no", "no", "没有", "No"], ["yes_no", "yes", "有", "Yes"]],
}  # fmt: skip
VISIT = {
    "survey": [
        ["type", "name", ZH, EN, "required", "relevant", "constraint", "choice_filter", "appearance", "fangxian_class"],
        ["note", "about", "到校实地查看。", "Look at the place.", "", "", "", "", "", ""],
        ["begin_group", "gate", "校门", "The gate", "", "", "", "", "", ""],
        ["select_one yes_no", "open", "校门有人值守吗？", "Is somebody at the gate?", "yes", "", "", "", "", "A"],
        ["integer", "count", "几个人？", "How many?", "yes", "${open} = 'yes'", ". > 0 and . < 50", "", "", "A"],
        ["end_group", "", "", "", "", "", "", "", "", ""],
        ["date", "since", "从哪天起？", "Since when?", "", "", ". <= today()", "", "", "A"],
        ["image", "photo", "照片", "Photo", "yes", "", "", "", "", "F"],
        ["geopoint", "place", "地点", "Place", "", "", "", "", "", "C"],
        ["text", "note", "备注", "Note", "", "", "", "", "multiline", "F"],
    ],
    "choices": [["list_name", "name", ZH, EN], ["yes_no", "no", "没有", "No"], ["yes_no", "yes", "有", "Yes"]],
}  # fmt: skip
TRAVEL = {
    "survey": [
        ["type", "name", ZH, EN, "required", "relevant", "constraint", "constraint_message", "fangxian_class"],
        ["select_one yes_no", "away", "一月以来离开过吗？", "Away since January?", "yes", "", "", "", "A"],
        ["begin_repeat", "trips", "行程", "Trip", "", "${away} = 'yes'", "", "", "F"],
        ["text", "where", "去了哪里？", "Where to?", "yes", "", "", "", "F"],
        ["date", "left", "哪天去的？", "Which day?", "yes", "", ". <= today()", "那天还没有到。", "A"],
        ["select_one how", "how", "怎么去的？", "How?", "", "", "", "", "A"],
        ["begin_group", "train", "火车", "The train", "", "${how} = 'train'", "", "", ""],
        ["integer", "coach", "几号车厢？", "Which coach?", "yes", "", ". > 0 and . < 30", "", "A"],
        ["end_group", "", "", "", "", "", "", "", ""],
        ["image", "ticket", "车票", "Ticket", "", "", "", "", "F"],
        ["end_repeat", "", "", "", "", "", "", "", ""],
        ["integer", "people", "家里几口人？", "How many at home?", "yes", "", ". > 0", "", "A"],
    ],
    "choices": [
        ["list_name", "name", ZH, EN], ["yes_no", "no", "没有", "No"], ["yes_no", "yes", "有", "Yes"],
        ["how", "train", "火车", "Train"], ["how", "car", "汽车", "Car"],
    ],
}  # fmt: skip

PLEDGE = {
    "survey": [
        ["type", "name", ZH, EN, "required"],
        ["acknowledge", "signed", "我已阅读并承诺", "I pledge", "yes"],
    ],
    "choices": [["list_name", "name", ZH, EN]],
}


@dataclass
class Town:
    units: dict[str, int]
    pupils: list[int]  # of s1-1
    others: list[int]  # of s2-1
    third: list[int]  # of s3-1
    family: int
    link: str


def build() -> Town:
    made = [
        NewUnit("xw", "bureau", "教育体育局", None, START),
        *(NewUnit(s, "school", f"第{s[1:]}小学", "xw", START, stage="primary") for s in ("s1", "s2", "s3")),
        *(NewUnit(f"{s}-1", "class", f"{s[1:]}校一班", s, START) for s in ("s1", "s2", "s3")),
    ]
    units = dict(add_units(units=made, by=BY, now=BEFORE))
    pupils = _enrol(units["s1-1"], "学生", PUPILS)
    others, third = _enrol(units["s2-1"], "同学", 5), _enrol(units["s3-1"], "孩子", 6)
    homes = [NewHousehold([(pupils[0], "child"), (others[0], "child")], START)]
    homes += [NewHousehold([(one, "child")], START) for one in [*pupils[1:], *others[1:], *third]]
    family = next(iter(add_households(households=homes, by=BY, now=BEFORE)))
    pupil, school = [{"kind": "persons", "role": ["pupil"]}], [{"kind": "units", "unit_kind": ["school"]}]
    launch("morning", "每日晨检", pupil, {"kind": "daily"}, units["xw"], MORNING)
    launch(
        "pledge", "承诺书", [{"kind": "units", "unit_kind": ["class"]}], {"kind": "once"}, units["xw"], PLEDGE
    )
    revise_text(campaign="pledge", body="一、不隐瞒。\n二、不缺位。", by=BY, now=BEFORE)
    launch("visit", "到校督查", school, {"kind": "once"}, units["xw"], VISIT)
    under = [{"kind": "persons", "role": ["pupil"], "under": s} for s in ("s1", "s2")]
    launch("at-home", "今日健康填报", under, {"kind": "daily"}, units["xw"], HOME)
    third_class = [{"kind": "persons", "role": ["pupil"], "under": "s3"}]
    launch("travel", "行程登记", third_class, {"kind": "once"}, units["xw"], TRAVEL)
    accounts = [
        NewAccount("teacher", "骆青岚", grants=[("class_teacher", units["s1-1"], START)]),
        NewAccount("teacher2", "另一位老师", grants=[("class_teacher", units["s2-1"], START)]),
        NewAccount("teacher3", "第三位老师", grants=[("class_teacher", units["s3-1"], START)]),
        NewAccount("head", "校长", grants=[("head", units["s1"], START)]),
        NewAccount("inspector", "督查员", grants=[("inspector", units["xw"], START)]),
        NewAccount("auditor", "审计员", grants=[("auditor", units["xw"], START)]),
    ]
    open_accounts(accounts=accounts, by=BY, now=BEFORE)
    link = issue_household(household=family, name="slips:s1-1", by=BY, now=BEFORE)
    return Town(units, pupils, others, third, family, link)


def _enrol(unit: int, name: str, count: int) -> list[int]:
    people = [NewPerson(f"{name}{at + 1:02}", posts=[(unit, "pupil", START)]) for at in range(count)]
    return list(enrol(people=people, by=BY, now=BEFORE))


def launch(code: str, name: str, audience: Any, schedule: Any, issuer: int, form: Any) -> None:
    launch_campaign(
        code=code, name=name, name_en=code, issuer=issuer, audience=audience, schedule=schedule,
        opens=BEFORE, by=BY, now=BEFORE,
    )  # fmt: skip
    publish_form(code=code, content=xlsform(form, form_title=name), by=BY, now=BEFORE)


def account(name: str) -> Account:
    return Account.objects.get(username=name)
