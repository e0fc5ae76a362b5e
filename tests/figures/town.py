"""A town for examples: its units stand, and each line of an example adds one record. The lines are what the
manual shows, so they are both the input and the text."""

from datetime import date, datetime
from typing import Any

from fangxian.kernel.asof import AsOf
from fangxian.registry.kinds import UNIT_KINDS

from .worlds import AUDIENCES, FIRST, IDS, STAGES, UNITS, Draft, Row, moment

HOSTS = {"hq": "xw", "pc": "xw", "pb1": "s1", "pb2": "o1", "lb": "s1", "br": "s1", "sq": "k1"}
ZONES = {"c1": "z1", "o1": "z2", "i2": "z2"}
ALWAYS: Row = {"valid_from": date(2019, 9, 1), "valid_until": None, "recorded": 1, "recorded_until": None}


class Town:
    """`lines`: see `_VERBS`. Days are days of February 2020; records are known from position 1 on."""

    def __init__(self, lines: str) -> None:
        self.draft = Draft()
        self._stand()
        for line in filter(str.strip, lines.splitlines()):
            words = line.split()
            getattr(self, f"_{words[0]}")(words[1:])

    @staticmethod
    def at(day: int = 12, position: int = 20, known: int | None = None) -> AsOf:
        return AsOf(date(2020, 2, day), moment(date(2020, 2, known or day), 18), position)

    # ------------------------------------------------------------------------------ what stands

    def _stand(self) -> None:
        for code, kind, parent in UNITS:
            self.draft.add("units", line=UNIT_KINDS[kind].line, kind=kind, code=code, recorded=1)
            stage = STAGES[int(code[-1])] if kind == "key_area" else ""
            state = {"unit_id": IDS[code], "parent_id": IDS.get(parent or ""), "stage": stage}
            self.draft.add("unit_states", absent=False, **state, **ALWAYS)
        for kind, covers in (("host", HOSTS), ("zone", ZONES)):
            for covered, coverer in covers.items():
                self.draft.add(
                    "covers", coverer_id=IDS[coverer], covered_id=IDS[covered], kind=kind, **ALWAYS
                )
        for code, (audience, schedule) in AUDIENCES.items():
            self._launch(code, audience, schedule)

    def _launch(self, code: str, audience: list[Row], schedule: Row) -> None:
        audience = [{k: v for k, v in selector.items() if k != "under"} for selector in audience]
        times = {"opens": moment(FIRST, 8), "closes": None, "recorded": 2}
        id = self.draft.add("campaigns", code=code, audience=audience, schedule=schedule, **times)
        if schedule["kind"] == "once":
            self.draft.add("rounds", campaign_id=id, number=1, listed=False, **times)

    # ------------------------------------------------------------------------------ what lines add

    def _post(self, words: list[str]) -> None:
        """post p1 pupil k1 [from 10] [until 12] [known 5]"""
        person, role, unit, *more = words
        self.draft.add("posts", person_id=_number(person), unit_id=IDS[unit], role=role, **_times(more))

    def _member(self, words: list[str]) -> None:
        """member p1 h1"""
        person, household, *more = words
        row = {"person_id": _number(person), "household_id": _number(household)}
        self.draft.add("memberships", **row, **_times(more))

    def _merge(self, words: list[str]) -> None:
        """merge p1 p2: p1 was found to be p2"""
        person, into, *more = words
        self.draft.add("merges", person_id=_number(person), into_id=_number(into), **_times(more))

    def _native(self, words: list[str]) -> None:
        """native p1 420100"""
        self.draft.add("person_states", person_id=_number(words[0]), native_place=words[1], **ALWAYS)

    def _unit(self, words: list[str]) -> None:
        """unit s1-3 absent | unit s1 until 11"""
        state = self.draft.unit_states[IDS[words[0]] - 1]
        state |= {"absent": True} if words[1] == "absent" else _times(words[1:])

    def _round(self, words: list[str]) -> None:
        """round screening 1 [opens 9] [closes 11] [listed h1,h2]"""
        code, number, *more = words
        told = _pairs(more)
        campaign = next(row["id"] for row in self.draft.campaigns if row["code"] == code)
        closes = _moment(told["closes"], 17) if "closes" in told else None
        times = {"opens": _moment(told.get("opens", "9"), 8), "closes": closes, "recorded": 2}
        row = {"campaign_id": campaign, "number": int(number), "listed": "listed" in told}
        id = self.draft.add("rounds", **row, **times)
        for subject in told["listed"].split(",") if "listed" in told else ():
            self.draft.add("round_members", round_id=id, subject=_subject(subject)[1], recorded=2)

    def _report(self, words: list[str]) -> None:
        """report CAMPAIGN SUBJECT [round 1] [in h1] [by p2] [visit v1] [unit pb1] [on 10] [hour 9] [known 5]
        [question=answer ...]"""
        code, about, *more = words
        answers = dict(word.split("=") for word in more if "=" in word)
        told = _pairs([word for word in more if "=" not in word])
        kind, subject = _subject(about)
        daily = AUDIENCES[code][1]["kind"] == "daily"
        self.draft.sheet(
            code,
            round=0 if daily else int(told.get("round", 1)),
            subject_kind=kind,
            subject=subject,
            household=_number(told["in"]) if "in" in told else None,
            reporter=_number(told["by"]) if "by" in told else None,
            envelope=told.get("visit", ""),
            unit=IDS[told["unit"]] if "unit" in told else subject if kind == "unit" else None,
            happened=_moment(told.get("on", "10"), int(told.get("hour", 9))),
            recorded=int(told.get("known", 3)),
            answers={name: _answer(name, value) for name, value in answers.items()},
        )

    def _retract(self, words: list[str]) -> None:
        """retract 1 [known 9]: the first report was never true"""
        self._revise("retracted", words)

    def _supersede(self, words: list[str]) -> None:
        """supersede 1 [known 9]: another report corrects the first"""
        self._revise("superseded", words)

    def _withdraw(self, words: list[str]) -> None:
        """withdraw 1 on 11 [known 9]: it held until the 11th"""
        self._revise("withdrawn", words)

    def _revise(self, kind: str, words: list[str]) -> None:
        told = _pairs(words[1:])
        day = date(2020, 2, int(told["on"])) if "on" in told else None
        row = {"submission_id": int(words[0]), "kind": kind, "day": day}
        self.draft.add("revisions", **row, recorded=int(told.get("known", 4)))

    def _verify(self, words: list[str]) -> None:
        """verify 1 [how list] [known 9] [until 11]"""
        told = _pairs(words[1:])
        self.draft.add(
            "verifications",
            submission_id=int(words[0]),
            how=told.get("how", "second_call"),
            recorded=int(told.get("known", 4)),
            recorded_until=int(told["until"]) if "until" in told else None,
        )


def _pairs(words: list[str]) -> dict[str, str]:
    return dict(zip(words[::2], words[1::2], strict=True))


def _times(words: list[str]) -> Row:
    told = _pairs(words)
    times = dict(ALWAYS)
    if "from" in told:
        times["valid_from"] = date(2020, 2, int(told["from"]))
    if "until" in told:
        times["valid_until"] = date(2020, 2, int(told["until"]))
    if "known" in told:
        times["recorded"] = int(told["known"])
    return times


def _number(name: str) -> int:
    return int(name[1:])


def _subject(name: str) -> tuple[str, int]:
    if name in IDS:
        return "unit", IDS[name]
    return {"p": "person", "h": "household"}[name[0]], _number(name)


def _moment(day: str, hour: int) -> datetime:
    return moment(date(2020, 2, int(day)), hour)


def _answer(name: str, value: str) -> Any:
    if name == "symptoms":  # several may be chosen
        return value.split(",")
    try:
        return int(value)
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        return value
