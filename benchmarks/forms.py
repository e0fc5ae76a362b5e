"""How fast answers are checked: `python benchmarks/forms.py [--sheets N]`.

Draws screening sheets as a city brings them (most stayed at home; temperatures by the tenth of a degree; a
few remarks, each its own), and the other forms' beside them. The limit: a million checks in 15 s of CPU time.
"""

import argparse
import os
import random
import time
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fangxian.settings")

import django

django.setup()

from fangxian.scenario.forms import form_bytes, form_codes  # noqa: E402
from fangxian.submissions.forms import Form, compile_xlsform, content_hash  # noqa: E402

FIRST = date(2020, 1, 24)
LIMIT_SECONDS_A_MILLION = 15.0
SYMPTOMS = ("fever", "cough", "fatigue", "breathless", "diarrhoea", "throat")
PURPOSES = ("home", "tourism", "work", "study", "internship", "visit")

Sheet = tuple[dict[str, Any], date]


def draw_screening(chance: random.Random) -> Sheet:
    day = FIRST + timedelta(chance.randrange(20))
    if chance.random() < 0.05:
        return {"outcome": chance.choice(("no_answer", "wrong_number", "refused"))}, day
    answers = {
        "outcome": "reached",
        "occupation": chance.choice(("pupil", "staff", "university", "other")),
        "place": "none",
        "contact_hubei": "yes" if chance.random() < 0.01 else "no",
        "temperature": round(chance.gauss(36.5, 0.3), 1),
        "symptoms": chance.sample(SYMPTOMS, 2) if chance.random() < 0.02 else ["none"],
        "now_at": "home" if chance.random() < 0.9 else "city",
    }
    if chance.random() < 0.15:
        answers["place"] = chance.choice(("in_province", "other_province", "hubei"))
        answers["purpose"] = chance.choice(PURPOSES)
        answers["returned_on"] = (day - timedelta(chance.randrange(30))).isoformat()
    if chance.random() < 0.02:
        answers["note"] = f"remark {chance.randrange(10**9)}"
    return answers, day


def spent(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def check_all(form: Form, sheets: Iterable[Sheet]) -> None:
    for answers, day in sheets:
        faults = form.check(answers, today=day)
        assert not faults, (answers, faults)


def check_plainly(form: Form, sheets: Iterable[Sheet]) -> None:
    for answers, day in sheets:
        assert not form.check_plainly(answers, today=day)


def hash_all(sheets: Iterable[Sheet]) -> None:
    for number, (answers, _day) in enumerate(sheets):
        content_hash(str(number), answers)


def row(name: str, count: int, seconds: float) -> None:
    each = seconds / count * 1e6
    print(f"{name:<58}{each:>9.2f} µs{count / seconds:>13,.0f} a second")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheets", type=int, default=200_000)
    count = parser.parse_args().sheets
    chance = random.Random(2020)
    sheets = [draw_screening(chance) for _ in range(count)]

    compiling = spent(lambda: [compile_xlsform(form_bytes(code)) for code in form_codes()])
    row("compile an XLSForm", len(form_codes()), compiling)
    form = compile_xlsform(form_bytes("screening"))
    dumped = form.dump()
    row("load a stored form, rules and all", 20, spent(lambda: [Form.load(dumped) for _ in range(20)]))

    remembered = spent(lambda: check_all(form, sheets))
    row("check a screening sheet, remembering", count, remembered)
    form = Form.load(dumped)
    again = [(answers | {"note": str(number)}, day) for number, (answers, day) in enumerate(sheets[:50_000])]
    row("check sheets none of which is like another", len(again), spent(lambda: check_all(form, again)))
    few = sheets[:5_000]
    row("check a sheet with nothing remembered", len(few), spent(lambda: check_plainly(form, few)))
    row("canonical text and hash of a sheet", count, spent(lambda: hash_all(sheets)))

    million = remembered / count * 1e6
    verdict = "within" if million <= LIMIT_SECONDS_A_MILLION else "OVER"
    print(
        f"\na million checks: {million:.1f} s of CPU, {verdict} the limit of {LIMIT_SECONDS_A_MILLION:.0f} s"
    )


if __name__ == "__main__":
    main()
