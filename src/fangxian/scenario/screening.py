"""The screening, call by call: twelve rounds, who is asked in each, who is reached, and what is answered."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from fangxian.registry.actions import NewPerson
from fangxian.submissions.actions import Envelope, Sheet

from .city import GROWN, OCCUPATIONS, OTHER, RELATIONS, City
from .clockwork import DAY, HOUR, Window, at, moment, received, windows, working_minutes
from .draws import stream
from .findings import NOWHERE, OTHER_PROVINCE, PLACES, PURPOSES, Findings, Said
from .flow import Flow, flow
from .moves import Moves
from .register import Ledger, births

REACHED, NO_ANSWER, WRONG_NUMBER, REFUSED = range(4)
OUTCOMES = ("reached", "no_answer", "wrong_number", "refused")
FIRST_TRY = [0.954, 0.04, 0.003, 0.003]
NEXT_TRY = [0.72, 0.27, 0.005, 0.005]
SAMPLE = 0.05
TRIES = ((0.0, 0.6), (0.62, 0.78), (0.8, 0.97))  # parts of a round's working time
FIRST_DAY_CALLS = 600  # working minutes of a day, less the last hour
VERSION = "1"
RETOLD = at(1, 25, 9, 30)  # when those who were wronged in round 1 are called again
_NEW_YEAR = date(2020, 1, 1)


@dataclass(slots=True)
class Round:
    """A round's calls as columns, one value a call. `asked` are households, None for all."""

    window: Window
    asked: np.ndarray | None
    household: np.ndarray
    happened: np.ndarray
    received: np.ndarray
    outcome: np.ndarray
    caller: np.ndarray
    ill: np.ndarray
    channel: np.ndarray


@dataclass
class Screening:
    """The plan of all rounds, and the sheets that it makes of them."""

    city: City
    findings: Findings
    moves: Moves
    ledger: Ledger
    rounds: list[Round]
    speaks: np.ndarray  # bool[people]: always answered for; others only where there is something to say
    callers: np.ndarray  # int[households]: who of the staff calls it
    confirmed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # how -> instances due
    retracted: list[str] = field(default_factory=list)
    told_wrong: list[tuple[int, int, str, Envelope]] = field(default_factory=list)
    asked_to_add: dict[str, int] = field(default_factory=dict)  # instance -> person of the plan
    _answers: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)
    _homes: dict[int, list[int]] = field(default_factory=dict)
    _newcomers: dict[int, NewPerson] = field(default_factory=dict)
    _born: dict[int, date] = field(default_factory=dict)

    def flow(self, round_: Round, seed: int) -> Flow:
        number = round_.window.number
        rng = stream(seed, f"again{number}")
        count = max(1, len(round_.household) // 900)
        twice = [
            i for i in rng.integers(0, len(round_.household), count).tolist() if not self._adds(round_, i)
        ]
        last = int(round_.received.max())
        again = {i: min(int(round_.received[i]) + 2 * HOUR, last) for i in twice}
        return flow(round_.received, lambda i: self.envelope(round_, i), again)

    def _adds(self, round_: Round, call: int) -> bool:
        """Whether this call names somebody new: sent again, it would name one who is known by then."""
        return int(round_.household[call]) in self._homes

    def envelope(self, round_: Round, call: int) -> Envelope:
        """What one call brings: a sheet for each member that matters, or the failed attempt."""
        number = round_.window.number
        home = int(round_.household[call])
        stem = f"scr{number:02d}-{call:06d}"
        if round_.outcome[call] != REACHED:
            sheets = [self._failed(round_, call, home, stem)]
        else:
            sheets = [
                self._sheet(
                    person,
                    number,
                    home,
                    int(round_.caller[call]),
                    f"{stem}-{k}",
                    bool(round_.ill[call]) and k == 0,
                    call,
                )
                for k, person in enumerate(self._answered_for(home, number))
            ]
        envelope = Envelope(
            campaign="screening",
            round=number,
            version=VERSION,
            sheets=sheets,
            happened=moment(int(round_.happened[call])),
            channel="web" if round_.channel[call] else "phone",
            envelope_id=stem,
        )
        self._note(envelope, home, number)
        return envelope

    def _failed(self, round_: Round, call: int, home: int, stem: str) -> Sheet:
        return Sheet(
            instance_id=f"{stem}-h",
            subject_kind="household",
            subject=self.ledger.household[home],
            answers={"outcome": OUTCOMES[round_.outcome[call]]},
            reporter=self.ledger.person[int(round_.caller[call])],
        )

    def _answered_for(self, home: int, number: int) -> list[int]:
        """Pupils, staff and students always; others where they travelled or met somebody."""
        people = self._homes.get(home)
        members = self.city.members(home).tolist() if people is None else people
        findings, speaks = self.findings, self.speaks
        return [
            person
            for person in members
            if speaks[person]
            or findings.place[person] >= OTHER_PROVINCE
            or findings.contact[person]
            or (person, number) in findings.said
            or (person, number) in findings.verify
        ]

    def _sheet(
        self, person: int, number: int, home: int, caller: int, instance: str, ill: bool, call: int
    ) -> Sheet:
        pk = self.ledger.person[person]
        return Sheet(
            instance_id=instance,
            subject_kind="person",
            subject=pk,
            answers=self._answer(person, self.findings.of(person, number), ill, call),
            household=self.ledger.household[home],
            reporter=self.ledger.person[caller],
            member=None if pk else (self._newcomers[person], RELATIONS[GROWN]),
        )

    def _answer(self, person: int, said: Said, ill: bool, call: int) -> dict[str, Any]:
        """The answers of one person. Equal answers are one object: a city's are a few thousand."""
        salt = (person * 7919 + call * 104_729) % 9973
        kind = OCCUPATIONS[self.city.kind[person]]
        nearby = "city" if salt % 33 == 0 else "home"
        key = (said, kind, ill, salt % 13, nearby, salt % 3 if ill else 0)
        found = self._answers.get(key)
        if found is None:
            found = self._answers[key] = _answers(said, kind, ill, salt % 13, nearby, salt % 3)
        return found

    def _note(self, envelope: Envelope, home: int, number: int) -> None:
        """Remember what is to be verified, retracted, corrected or merged. Sent again, it is the same."""
        people = self._answered_for(home, number) if home in self.findings.used else []
        for person, sheet in zip(people, envelope.sheets, strict=False):
            if sheet.subject_kind != "person":
                continue
            how = self.findings.verify.get((person, number))
            if how and sheet.instance_id not in self._seen:
                self._seen.add(sheet.instance_id)
                self.confirmed[how].append(sheet.instance_id)
                self._remember_wrong(person, home, number, sheet, envelope)
            if sheet.member is not None:
                self.asked_to_add[sheet.instance_id] = person

    _seen: set[str] = field(default_factory=set)

    def _remember_wrong(self, person: int, home: int, number: int, sheet: Sheet, envelope: Envelope) -> None:
        if number != 1:
            return
        if person in self.findings.retract:
            self.retracted.append(sheet.instance_id)
            self.told_wrong.append((person, home, "", envelope))
        elif person in self.findings.correct:
            self.told_wrong.append((person, home, sheet.instance_id, envelope))

    @cached_property
    def home(self) -> dict[int, int]:
        """Person -> household, the first where there are several."""
        homes = {n.person: n.household for n in self.findings.newcomers}
        return homes | dict(
            zip(
                self.city.member_person[::-1].tolist(), self.city.member_household[::-1].tolist(), strict=True
            )
        )

    def amends(self) -> list[Envelope]:
        """Of those of whom something wrong was said in round 1: corrections, and new answers where the
        old one was retracted."""
        return [self._amend(*told) for told in self.told_wrong]

    def _amend(self, person: int, home: int, old: str, envelope: Envelope) -> Envelope:
        sheet = Sheet(
            instance_id=f"{'cor' if old else 'new'}01-{person:06d}",
            subject_kind="person",
            subject=self.ledger.person[person],
            answers=self._answer(person, self.findings.base(person), False, 0),
            household=self.ledger.household[home],
            reporter=envelope.sheets[0].reporter,
            supersedes=old or None,
        )
        happened = envelope.happened if old else moment(RETOLD)
        return Envelope("screening", 1, VERSION, [sheet], happened, "phone", f"amend-{person:06d}")

    def called(self, person: int, minute: int) -> Envelope:
        """What is said of somebody when a list is the reason for the call."""
        home = self.home[person]
        number = next(r.window.number for r in self.rounds if r.window.opens <= minute < r.window.closes)
        sheet = Sheet(
            instance_id=f"led{number:02d}-{person:06d}",
            subject_kind="person",
            subject=self.ledger.person[person],
            answers=self._answer(person, self.findings.base(person), False, 0),
            household=self.ledger.household[home],
            reporter=self.ledger.person[int(self.callers[home])],
        )
        happened = moment(minute)
        return Envelope("screening", number, VERSION, [sheet], happened, "phone", f"led-{person:06d}")

    def added(self, person: int, pk: int) -> None:
        self.ledger.person[person] = pk


def _answers(said: Said, kind: str, ill: bool, tenths: int, nearby: str, which: int) -> dict[str, Any]:
    away = said.place != NOWHERE and said.returned < 0
    answers: dict[str, Any] = {
        "outcome": "reached",
        "occupation": kind,
        "place": PLACES[said.place],
        "now_at": "elsewhere" if away else nearby,
        "contact_hubei": "yes" if said.contact else "no",
        "temperature": (374 + tenths if ill else 360 + tenths) / 10,
        "symptoms": (["fever"], ["fever", "cough"], ["fever", "throat"])[which] if ill else ["none"],
    }
    if said.place != NOWHERE:
        answers["purpose"] = PURPOSES[said.purpose]
        if not away:
            answers["returned_on"] = (_NEW_YEAR + timedelta(days=said.returned)).isoformat()
    if ill:
        answers["note"] = "已嘱居家观察，次日回访。"
    return answers


# ---- the plan of the rounds -------------------------------------------------------------------------


def draw_screening(
    city: City, findings: Findings, moves: Moves, ledger: Ledger, seed: int, rounds: int
) -> Screening:
    """Plan every call of every round. Each household asked ends with an outcome, or three failed attempts."""
    rng = stream(seed, "screening")
    callers, idle = _callers(city, rng)
    homes = _Homes(city, findings, moves, callers)
    plan: list[Round] = []
    unreached = ill = np.zeros(0, dtype=np.int64)
    for window in windows(rounds):
        asked = None if window.number == 1 else homes.asked(rng, window.number, unreached, ill)
        calls, unreached = _calls(rng, window, homes, asked, rounds)
        if window.number == 1:
            calls = _with_second_callers(rng, calls, _second_calls(rng, calls, homes, idle))
        ill = np.unique(calls.household[calls.ill & (calls.outcome == REACHED)])
        plan.append(calls)
    screening = Screening(city, findings, moves, ledger, plan, city.kind != OTHER, callers)
    _name_newcomers(screening)
    return screening


def _name_newcomers(screening: Screening) -> None:
    """Members of a household whom the registry does not show as such at first, and second households."""
    city, homes = screening.city, screening._homes
    later = [(n.person, n.household) for n in screening.findings.newcomers]
    for person, home in [*screening.findings.also_in, *later]:
        homes.setdefault(home, city.members(home).tolist()).append(person)
    numbers = [person for person, _home in later]
    for person, born in zip(numbers, births(city, numbers), strict=True):
        screening._newcomers[person] = NewPerson(
            name=city.name[person],
            sex="f" if city.female[person] else "m",
            birth_year=born.year,
            phone=city.phone[person],
        )


def _callers(city: City, rng: np.random.Generator) -> tuple[np.ndarray, list[int]]:
    """Who calls whom: a person of the staff for each household; and those of the staff who have none left."""
    units = list(dict.fromkeys(city.staff_unit))
    number = {code: i for i, code in enumerate(units)}
    school_unit = np.array([number[s.code] for s in city.layout.schools])
    staff_unit = np.array([number[code] for code in city.staff_unit])
    first = city.member_person[city.first_member[:-1]]  # the lowest number: a pupil before one of the staff
    schools = np.array([c.school for c in city.layout.classes])[city.pupil_class]
    unit = np.empty(city.households, dtype=np.int64)
    of_pupil = first < city.pupils
    unit[of_pupil] = school_unit[schools[first[of_pupil]]]
    unit[~of_pupil] = staff_unit[first[~of_pupil] - city.pupils]
    callers = np.empty(city.households, dtype=np.int64)
    idle: list[int] = []
    for index in range(len(units)):
        homes = rng.permutation(np.flatnonzero(unit == index))
        staff = city.pupils + np.flatnonzero(staff_unit == index)
        callers[homes] = staff[np.arange(len(homes)) % len(staff)]
        idle += staff[len(homes) :].tolist()
    return callers, idle


class _Homes:
    """What the plan of a round needs to know of households."""

    def __init__(self, city: City, findings: Findings, moves: Moves, callers: np.ndarray) -> None:
        self.callers, self.findings, self.moves = callers, findings, moves
        self.count = city.households
        far = (findings.place[city.member_person] >= OTHER_PROVINCE) | findings.contact[city.member_person]
        self.travelled = np.zeros(self.count, dtype=bool)
        self.travelled[city.member_household[far]] = True
        later = [n.household for n in findings.newcomers] + [home for _person, home in findings.also_in]
        self.travelled[later] = True
        wrong = findings.retract | findings.correct
        theirs = np.isin(city.member_person, np.array(sorted(wrong), dtype=np.int64))
        self.touchy = set(city.member_household[theirs].tolist()) | set(later)  # one call is story enough
        self.prompt = np.zeros(self.count, dtype=bool)
        self.prompt[sorted(findings.prompt)] = True
        _staff, first_home = np.unique(callers, return_index=True)
        self.answers_first = np.zeros(self.count, dtype=bool)  # so that each caller reaches somebody
        self.answers_first[first_home] = True

    def asked(
        self, rng: np.random.Generator, number: int, unreached: np.ndarray, ill: np.ndarray
    ) -> np.ndarray:
        """Those who travelled, have symptoms or were not reached; a sample; and whom the story needs."""
        wanted = self.travelled | (rng.random(self.count) < SAMPLE)
        wanted[unreached] = wanted[ill] = True
        wanted[sorted(self.findings.listed.get(number, ()))] = True
        wanted[sorted(self.moves.gone)] = False
        return np.flatnonzero(wanted)


def _calls(
    rng: np.random.Generator, window: Window, homes: _Homes, asked: np.ndarray | None, rounds: int
) -> tuple[Round, np.ndarray]:
    """The attempts of a round; and the households that three of them did not reach."""
    minutes = working_minutes(window.opens, window.closes)
    waiting = np.arange(homes.count) if asked is None else asked
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for attempt, (start, end) in enumerate(TRIES):
        odds = FIRST_TRY if attempt == 0 else NEXT_TRY
        outcome = rng.choice(4, len(waiting), p=odds)
        place = start + rng.random(len(waiting)) * (end - start)
        if attempt == 0:
            prompt = homes.prompt[waiting]
            outcome[prompt | homes.answers_first[waiting]] = REACHED
            place[prompt] *= min(0.2, FIRST_DAY_CALLS / len(minutes))
        parts.append((waiting, minutes[(place * len(minutes)).astype(np.int64)], outcome))
        waiting = waiting[(outcome == NO_ANSWER) | (outcome == WRONG_NUMBER)]
    household, happened, outcome = (np.concatenate(column) for column in zip(*parts, strict=True))
    delay = rng.integers(3, 50, len(household))
    if window.number < rounds:
        late = (rng.random(len(household)) < 0.004) & ~homes.prompt[household]
        delay[late] += rng.integers(10 * HOUR, 2 * DAY, int(late.sum()))
    order = np.argsort(happened, kind="stable")
    household, happened, delay = household[order], happened[order], delay[order]
    calls = Round(
        window=window,
        asked=asked,
        household=household,
        happened=happened,
        received=received(happened, delay),
        outcome=outcome[order],
        caller=homes.callers[household],
        ill=rng.random(len(household)) < 0.004,
        channel=rng.random(len(household)) < 0.25,
    )
    return calls, waiting


def _second_calls(
    rng: np.random.Generator, calls: Round, homes: _Homes, idle: list[int]
) -> list[tuple[int, int]]:
    """(staff, household): staff who have no household of their own call another's; and here and there two
    call the same one, households with findings among them."""
    free = [home for home in range(homes.count) if home not in homes.touchy]
    pairs = [(who, free[int(rng.integers(len(free)))]) for who in idle]
    found = [home for home in sorted(homes.findings.used) if home not in homes.touchy]
    known = (
        [found[i] for i in rng.integers(0, len(found), max(2, len(found) // 25)).tolist()] if found else []
    )
    count = max(2, homes.count // 400)
    known += [free[i] for i in rng.integers(0, len(free), count).tolist()]
    others = rng.choice(homes.callers, len(known)).tolist()
    return pairs + list(zip(others, dict.fromkeys(known), strict=False))


def _with_second_callers(rng: np.random.Generator, calls: Round, seconds: list[tuple[int, int]]) -> Round:
    """The round with these calls too, all of them answered."""
    extra = len(seconds)
    minutes = working_minutes(calls.window.opens, calls.window.closes)
    happened = np.sort(minutes[rng.integers(len(minutes) // 2, len(minutes) - 60, extra)])
    columns = {
        "household": np.array([home for _staff, home in seconds], dtype=np.int64),
        "happened": happened,
        "received": received(happened, np.full(extra, 15)),
        "outcome": np.full(extra, REACHED),
        "caller": np.array([staff for staff, _home in seconds], dtype=np.int64),
        "ill": np.zeros(extra, dtype=bool),
        "channel": np.zeros(extra, dtype=bool),
    }
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(calls, name), column]) for name, column in columns.items()
    }
    return replace(calls, **joined)
