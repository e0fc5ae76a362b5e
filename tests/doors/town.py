"""A small town for the doors: a bureau, schools with classes, pupils in households, three campaigns.

`python -m tests.doors.town N` builds it, with N pupils, into the ledger of FANGXIAN_HOME, as a demonstration.
"""

import base64
import sys
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tests.forms import xlsform

START = date(2020, 1, 1)
CLASS = 50  # pupils
SCHOOL = 20  # classes

MORNING = {
    "survey": [
        ["type", "name", "label", "required", "relevant", "constraint", "fangxian_class"],
        ["select_one state", "state", "今天怎样？", "yes", "", "", "A"],
        ["decimal", "temperature", "体温", "yes", "${state} = 'here'", ". >= 34 and . <= 43", "E"],
        ["select_multiple symptoms", "symptoms", "症状", "", "${state} = 'here'", "", "E"],
        ["date", "since", "从哪天起？", "", "${state} = 'ill'", ". <= today()", "E"],
        ["image", "slip", "病假条", "", "", "", "F"],
        ["text", "note", "备注", "", "", "", "F"],
    ],
    "choices": [
        ["list_name", "name", "label"],
        ["state", "here", "在校"],
        ["state", "ill", "病假"],
        ["state", "away", "事假"],
        ["symptoms", "none", "无"],
        ["symptoms", "fever", "发热"],
        ["symptoms", "cough", "咳嗽"],
    ],
}


@dataclass
class Town:
    units: dict[str, int]
    pupils: list[int]
    households: list[int]

    def class_of(self, at: int) -> str:
        return f"k{at // CLASS + 1}"


def basic(name: str, password: str = "right") -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def moment(day: int, hour: int = 8) -> datetime:
    from fangxian.kernel.moments import OFFICE_ZONE

    return datetime(2020, 2, day, hour, tzinfo=OFFICE_ZONE)


def build(pupils: int = 100) -> Town:
    from fangxian.registry.actions import NewHousehold, NewPerson, NewUnit, add_households, add_units, enrol
    from fangxian.scenario.forms import form_bytes

    by, now = "town", moment(1)
    classes = [f"k{n + 1}" for n in range((pupils + CLASS - 1) // CLASS)]
    schools = [f"s{n + 1}" for n in range(max(2, (len(classes) + SCHOOL - 1) // SCHOOL))]
    units = add_units(
        units=[
            NewUnit("xw", "bureau", "教育体育局", None, START),
            *(NewUnit(s, "school", f"第{s[1:]}小学", "xw", START, stage="primary") for s in schools),
            *(
                NewUnit(k, "class", f"{k[1:]}班", f"s{at // SCHOOL + 1}", START)
                for at, k in enumerate(classes)
            ),
        ],
        by=by,
        now=now,
    )
    found = enrol(
        people=[
            NewPerson(f"学生{at}", posts=[(units[f"k{at // CLASS + 1}"], "pupil", START)])
            for at in range(pupils)
        ],
        by=by,
        now=now,
    )
    ids = list(found)
    households = list(
        add_households(households=[NewHousehold([(one, "child")], START) for one in ids], by=by, now=now)
    )
    persons, asked = [{"kind": "persons", "role": ["pupil"]}], [{"kind": "units", "unit_kind": ["school"]}]
    _launch("morning", persons, {"kind": "daily"}, units["xw"], xlsform(MORNING, form_title="晨检"))
    _launch("hygiene", asked, {"kind": "once"}, units["xw"], form_bytes("hygiene"), closes=moment(12))
    asked = [{"kind": "households", "role": ["pupil"]}]
    _launch("screening", asked, {"kind": "once"}, units["xw"], form_bytes("screening"))
    return Town(units, ids, households)


def _launch(code: str, audience: Any, schedule: Any, issuer: int, form: bytes, **more: Any) -> None:
    from fangxian.campaigns.actions import launch_campaign
    from fangxian.submissions.actions import publish_form

    names = {"morning": "每日晨检", "hygiene": "环境卫生", "screening": "入户排查"}
    launch_campaign(
        code=code, name=names[code], name_en=code, issuer=issuer, audience=audience, schedule=schedule,
        opens=moment(1), by="town", now=moment(1), **more,
    )  # fmt: skip
    publish_form(code=code, content=form, by="town", now=moment(1))


def morning(person: int, instance: str, **answers: Any) -> dict[str, Any]:
    """A pupil's morning, as the JSON door takes it."""
    return {
        "campaign": "morning",
        "instance_id": instance,
        "subject": {"person": person},
        "happened": moment(10).isoformat(),
        "answers": answers or {"state": "here", "temperature": 36.5, "symptoms": ["none"]},
    }


def main(pupils: int) -> None:
    """A demonstration whose clock stands at nine on the 10th."""
    import django

    django.setup()
    from django.core.management import call_command

    from fangxian.kernel.demonstration import Demonstration
    from fangxian.kernel.home import current_home
    from fangxian.kernel.secrets import make_keys

    home = current_home().make()
    make_keys(home.keys)
    call_command("migrate", verbosity=0)
    build(pupils)
    clock = moment(10) + timedelta(hours=1)
    Demonstration("town", 1, 1, "", clock.isoformat()).write(home.path)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
