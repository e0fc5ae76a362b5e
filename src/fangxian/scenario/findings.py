"""What the screening is to find: who was where, who says so when, who checks it; and what is to mislead.

Planted persons satisfy a category and are verified. Decoys are all the rest of a real screening: leads that
nobody verified, answers that were retracted, corrected or cleared up later, persons back from Hubei of whom
no category speaks.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .city import OTHER, PUPIL, STAFF, UNIVERSITY, City
from .clockwork import CALLED, DAY, FIRST_DAY, windows
from .draws import stream
from .lines import Lines
from .people import HUBEI, id_numbers
from .problems import ImpossibleFacts

PLACES = ("none", "in_province", "other_province", "hubei")
NOWHERE, IN_PROVINCE, OTHER_PROVINCE, IN_HUBEI = range(4)
PURPOSES = ("home", "tourism", "work", "study", "internship", "visit")
HOME, TOURISM, WORK, STUDY, INTERNSHIP, VISIT = range(6)


ONLY = {"hubei": "transport", "contact": "contacts", "tour": "tours"}  # the office that knows one alone
NUMBERED = 3_000_000  # from here on the ID numbers of those who had none

FIRST_DAY_OF_YEAR = FIRST_DAY.timetuple().tm_yday - 1  # the first day, in days since 1 January


class Said(NamedTuple):
    """What is said of a person: `returned` in days since 1 January 2020, -1 where still away."""

    place: int = NOWHERE
    purpose: int = HOME
    returned: int = -1
    contact: bool = False


CLEAR = Said()


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A person whom no roster knew: `person` of the plan; named by `household`; later found `same_as`."""

    person: int
    household: int
    same_as: int = -1


@dataclass(slots=True)
class Findings:
    """The story of everybody's answers. Columns are over the plan's persons."""

    place: np.ndarray
    purpose: np.ndarray
    returned: np.ndarray
    contact: np.ndarray
    said: dict[tuple[int, int], Said] = field(default_factory=dict)  # (person, round): other than the column
    since: dict[int, int] = field(default_factory=dict)  # the round in which a person is first spoken of
    verify: dict[tuple[int, int], str] = field(default_factory=dict)  # (person, round) -> how
    retract: set[int] = field(default_factory=set)  # what was said in round 1
    correct: set[int] = field(default_factory=set)
    listed: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))  # round -> households
    prompt: set[int] = field(default_factory=set)  # households reached early in each round that asks them
    newcomers: list[Newcomer] = field(default_factory=list)
    also_in: list[tuple[int, int]] = field(default_factory=list)  # (person, second household)
    counted: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))  # category -> planted
    leads: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    listed_only: dict[int, str] = field(default_factory=dict)  # person -> office whose list alone knows
    used: set[int] = field(default_factory=set)  # households that have a story already

    def base(self, person: int) -> Said:
        return Said(
            int(self.place[person]),
            int(self.purpose[person]),
            int(self.returned[person]),
            bool(self.contact[person]),
        )

    def of(self, person: int, round_: int) -> Said:
        """What is said of a person in a round."""
        told = self.said.get((person, round_))
        if told is not None:
            return told
        return CLEAR if round_ < self.since.get(person, 1) else self.base(person)

    def known_as(self, person: int) -> str:
        """What an office could know of somebody: hubei, contact, tour; "" where nothing."""
        if self.place[person] == IN_HUBEI:
            return "hubei"
        if self.contact[person]:
            return "contact"
        return "tour" if self.place[person] == OTHER_PROVINCE else ""

    def settle(self, person: int, said: Said) -> None:
        self.place[person], self.purpose[person] = said.place, said.purpose
        self.returned[person], self.contact[person] = said.returned, said.contact


def draw_findings(city: City, lines: Lines, seed: int, rounds: int) -> Findings:
    """Plan the answers of a city so that the six categories come to their targets."""
    rng = stream(seed, "findings")
    findings = _ordinary_answers(city, rng)
    plan = _Planting(city, findings, rng, rounds)
    plan.staff_and_travellers()
    plan.family()
    plan.interns()
    plan.others_from_hubei()
    plan.university()  # it adds persons
    plan.known_by_a_list_alone()
    return findings


# ---- ordinary answers -------------------------------------------------------------------------------

_PLACE_ODDS: dict[int, list[float]] = {
    PUPIL: [0.922, 0.07, 0.008, 0],
    STAFF: [0.87, 0.12, 0.01, 0],
    UNIVERSITY: [0.15, 0.65, 0.2, 0],
    OTHER: [0.947, 0.045, 0.008, 0],
}
_PURPOSE_ODDS: dict[int, list[float]] = {
    PUPIL: [0.35, 0.2, 0, 0, 0, 0.45],
    STAFF: [0.4, 0, 0.1, 0.05, 0, 0.45],  # no tourism: that is a category of its own
    UNIVERSITY: [0, 0, 0, 1, 0, 0],
    OTHER: [0.2, 0.15, 0.5, 0, 0, 0.15],
}


def _ordinary_answers(city: City, rng: np.random.Generator) -> Findings:
    count = city.people
    place, purpose = np.zeros(count, dtype=np.int8), np.zeros(count, dtype=np.int8)
    for kind in (PUPIL, STAFF, UNIVERSITY, OTHER):
        who = np.flatnonzero(city.kind == kind)
        place[who] = rng.choice(4, len(who), p=_PLACE_ODDS[kind])
        purpose[who] = rng.choice(6, len(who), p=_PURPOSE_ODDS[kind])
    returned = np.where(rng.random(count) < 0.93, rng.integers(10, 23, count), -1).astype(np.int16)
    # Contacts of those whom no category asks about; staff and their families are planned one by one.
    free = ~with_staff(city) & (city.kind != UNIVERSITY)
    contact = free & (rng.random(count) < 0.0004)
    return Findings(place, purpose, returned, contact)


def with_staff(city: City) -> np.ndarray:
    """bool[people]: lives in a household that has one of the staff."""
    homes = np.zeros(city.households, dtype=bool)
    homes[city.member_household[city.kind[city.member_person] == STAFF]] = True
    out = np.zeros(city.people, dtype=bool)
    out[city.member_person[homes[city.member_household]]] = True
    return out


# ---- planting ---------------------------------------------------------------------------------------

U = "screening.university_students_back_from_hubei"
S = "screening.staff_from_hubei_or_contact"
F = "screening.staff_family_from_hubei_or_contact"
T = "screening.staff_travelled_outside_province"
N = "screening.teachers_native_of_hubei"
I = "screening.students_on_internship_in_hubei"  # noqa: E741 - beside U, S, F, T and N
CATEGORIES = (U, S, F, T, N, I)


class _Planting:
    """Takes persons from pools, one a household, and gives each a story."""

    def __init__(self, city: City, findings: Findings, rng: np.random.Generator, rounds: int) -> None:
        self.city, self.findings, self.rng, self.rounds = city, findings, rng, rounds
        self.targets = city.layout.targets
        self.windows = windows(rounds)
        self.home = np.zeros(city.people, dtype=np.int64)
        self.home[city.member_person] = city.member_household
        self.staff_home = with_staff(city)

    # -- pools

    def take(self, pool: np.ndarray, count: int, what: str) -> list[int]:
        """`count` persons of a pool, at random, of households that have no story yet."""
        taken: list[int] = []
        for person in self.rng.permutation(pool).tolist():
            if len(taken) == count:
                break
            home = int(self.home[person])
            if home not in self.findings.used:
                self.findings.used.add(home)
                taken.append(person)
        if len(taken) < count:
            raise ImpossibleFacts(reason=f"{count} {what} in this city")
        return taken

    def some_home(self) -> int:
        """A household of pupils, without a story and without staff, that is given one now."""
        while True:
            person = int(self.rng.integers(self.city.pupils))
            home = int(self.home[person])
            if home not in self.findings.used and not self.staff_home[person]:
                self.findings.used.add(home)
                return home

    def day(self) -> int:
        return int(self.rng.integers(10, 23))

    def heard_of(self, index: int) -> int:
        """The later round in which the next of them is first spoken of; not the last ones."""
        return 2 + index * 5 % min(9, self.rounds - 1)

    def back(self, first_round: int) -> int:
        """A day of return before somebody is first spoken of: of whom a later round heard, lately."""
        if first_round == 1:
            return self.day()
        opens = FIRST_DAY_OF_YEAR + self.windows[first_round - 1].opens // DAY
        return int(self.rng.integers(opens - 5, opens))

    def share(self, target: int, part: int) -> int:
        return 0 if target == 0 else max(1, target // part)

    # -- stories

    def plant(self, category: str, people: Iterable[int], said: Said, first_round: int = 1) -> None:
        for person in people:
            self.findings.settle(person, said._replace(returned=self.back(first_round) if said.place else -1))
            self.confirm(category, person, first_round)

    def confirm(self, category: str, person: int, round_: int = 1) -> None:
        """A second call or a document bears out what is said of the person from `round_` on."""
        findings = self.findings
        home = int(self.home[person])
        findings.counted[category].add(person)
        findings.prompt.add(home)
        if round_ > 1:
            findings.since[person] = round_
        findings.listed[round_].add(home)
        findings.verify[(person, round_)] = "document" if person % 10 < 3 else "second_call"
        if person % 5 == 0 and round_ < self.rounds:  # named again, and called again
            findings.listed[round_ + 1].add(home)
            findings.verify[(person, round_ + 1)] = "second_call"

    def mislead(self, category: str, pool: np.ndarray, said: Said, target: int) -> None:
        """Beside a category: leads that nobody verified, and answers that did not stand."""
        self.lead(category, self.take(pool, self.share(target, 8), "leads"), said)
        for person in self.take(pool, self.share(target, 60), "answers to retract"):
            self.take_back(person, said, self.findings.retract, CLEAR)
        for person in self.take(pool, self.share(target, 50), "answers to correct"):
            elsewhere = Said(OTHER_PROVINCE, VISIT, self.day())
            self.take_back(person, said, self.findings.correct, elsewhere)
        if self.rounds >= 3:
            for person in self.take(pool, self.share(target, 80), "answers to clear up"):
                self.clear_up(person, said)

    def lead(self, category: str, people: Iterable[int], said: Said) -> None:
        for person in people:
            self.findings.settle(person, said._replace(returned=self.day() if said.place else -1))
            self.findings.leads[category].add(person)

    def take_back(self, person: int, said: Said, how: set[int], truth: Said) -> None:
        """Said and even verified in the first round, then found not to be so."""
        self.findings.settle(person, truth)
        self.findings.said[(person, 1)] = said._replace(returned=self.day() if said.place else -1)
        self.findings.verify[(person, 1)] = "second_call"
        self.findings.prompt.add(int(self.home[person]))
        how.add(person)

    def clear_up(self, person: int, said: Said) -> None:
        """Verified in the first round; a later round learned better, and that was verified too."""
        self.findings.settle(person, Said(IN_PROVINCE, VISIT, self.day()))
        self.findings.said[(person, 1)] = said._replace(returned=self.day() if said.place else -1)
        self.findings.prompt.add(int(self.home[person]))
        for round_ in (1, 3):
            self.findings.listed[round_].add(int(self.home[person]))
            self.findings.verify[(person, round_)] = "second_call"

    # -- categories

    def university(self) -> None:
        city, target = self.city, self.targets.of(U)
        said = Said(IN_HUBEI, STUDY)
        pool = np.flatnonzero(city.kind == UNIVERSITY)
        added, doubled = min(target // 4, self.share(target, 40)), min(target // 4, self.share(target, 90))
        people = self.take(pool, target - added, "university students")
        later = people[: len(people) // 6] if self.rounds > 2 else []
        for index, person in enumerate(later):
            self.plant(U, [person], said, self.heard_of(index))
        self.plant(U, people[len(later) :], said)
        for person in people[len(later) : len(later) + self.share(target, 20)]:
            self.findings.also_in.append((person, self._second_home()))
        for person in people[-doubled:] if doubled else []:
            self._named_twice(person)
        for _ in range(added):
            self._named_first()
        self.mislead(U, pool, said, target)

    def _second_home(self) -> int:
        home = self.some_home()
        self.findings.prompt.add(home)
        return home

    def _named_first(self) -> None:
        """A student whom the household's answer adds to it."""
        home = self.some_home()
        person = self._newcomer(int(self.city.household_surname[home]))
        self.home = np.append(self.home, home)
        self.findings.newcomers.append(Newcomer(person, home))
        self.plant(U, [person], Said(IN_HUBEI, STUDY))

    def _named_twice(self, person: int) -> None:
        """Relatives name the same student with another phone: a second entry, merged later."""
        home = self.some_home()
        twin = self._newcomer(0)
        self.city.name[twin] = self.city.name[person]
        self.city.female[twin] = self.city.female[person]
        self.city.birth[twin] = self.city.birth[person]
        self.home = np.append(self.home, home)
        self.findings.newcomers.append(Newcomer(twin, home, same_as=person))
        self.findings.settle(twin, self.findings.base(person))
        self.findings.prompt.add(home)
        self.findings.verify[(twin, 1)] = "second_call"

    def _newcomer(self, surname: int) -> int:
        person = self.city.add_person(UNIVERSITY, surname, self.rng)
        findings = self.findings
        for name in ("place", "purpose", "returned", "contact"):
            setattr(
                findings, name, np.append(getattr(findings, name), 0).astype(getattr(findings, name).dtype)
            )
        return person

    def staff_and_travellers(self) -> None:
        """The four categories of staff share persons: who is native of Hubei may be back from there."""
        staff, travelled, natives = (self.targets.of(c) for c in (S, T, N))
        pool = np.flatnonzero(self.city.kind == STAFF)
        pool = pool[[u in {s.code for s in self.city.layout.schools} for u in self.city.staff_unit]]
        native = self._natives(pool, natives, min(natives // 2, staff // 4))
        tourists = self.take(pool, travelled, "staff who travelled")
        contacts = set(tourists[: min(travelled // 2, staff // 4, max(1, travelled // 3))])
        for person in tourists:
            self.plant(T, [person], Said(OTHER_PROVINCE, TOURISM, contact=person in contacts))
            if person in contacts:
                self.findings.counted[S].add(person)
        rest = self.take(pool, staff - len(contacts) - native, "staff from Hubei")
        later = rest[: len(rest) // 10] if self.rounds > 2 else []
        for index, person in enumerate(later):
            self.plant(S, [person], Said(IN_HUBEI, VISIT), self.heard_of(index))
        for index, person in enumerate(rest[len(later) :]):
            self.plant(S, [person], Said(contact=True) if index % 3 == 0 else Said(IN_HUBEI, VISIT))
        self.mislead(S, pool, Said(IN_HUBEI, VISIT), staff)
        self.lead(T, self.take(pool, self.share(travelled, 8), "leads"), Said(OTHER_PROVINCE, TOURISM))

    # -- whom a list alone knows

    def known_by_a_list_alone(self) -> None:
        """Of each category a few of whom the household said nothing until somebody called about a list."""
        round_ = next((w.number for w in self.windows if w.opens <= CALLED < w.closes), 0)
        if round_ < 2:
            return
        findings = self.findings
        told_otherwise = {n.same_as for n in findings.newcomers} | {n.person for n in findings.newcomers}
        told_otherwise |= {person for person, _home in findings.also_in} | findings.counted[N]
        for category in (U, S, F, T, I):
            both = set().union(*(findings.counted[c] for c in CATEGORIES if c != category))
            free = findings.counted[category] - told_otherwise - both - set(findings.since)
            for person in sorted(free)[: self.share(self.targets.of(category), 25)]:
                self._hide(person, round_)

    def _hide(self, person: int, round_: int) -> None:
        findings, city = self.findings, self.city
        findings.since[person] = round_
        for other in range(1, self.rounds + 1):
            findings.verify.pop((person, other), None)
        findings.listed_only[person] = ONLY[findings.known_as(person)]
        if not city.id_number[person]:
            number = id_numbers(city.birth[[person]], city.female[[person]], NUMBERED + person)
            city.id_number[person] = number[0]

    def _natives(self, pool: np.ndarray, count: int, back: int) -> int:
        """Staff born in Hubei; the first `back` of them were there this winter too. Returns `back`."""
        for index, person in enumerate(self.take(pool, count, "staff native of Hubei")):
            self.city.native[person] = HUBEI[index % len(HUBEI)]
            if index < back:
                self.plant(S, [person], Said(IN_HUBEI, HOME))
            else:
                self.findings.settle(person, CLEAR)
            self.confirm(N, person)
        return back

    def family(self) -> None:
        target = self.targets.of(F)
        pool = np.flatnonzero((self.city.kind == OTHER) & self.staff_home)
        for index, person in enumerate(self.take(pool, target, "relatives of staff")):
            self.plant(F, [person], Said(contact=True) if index % 5 < 2 else Said(IN_HUBEI, WORK))
        self.mislead(F, pool, Said(IN_HUBEI, WORK), target)

    def interns(self) -> None:
        """Pupils of vocational schools, where there are such; older pupils else."""
        layout = self.city.layout
        oldest = [c.grade >= 11 and layout.schools[c.school].stage == "vocational" for c in layout.classes]
        if not any(oldest):
            oldest = [c.grade >= 11 for c in layout.classes]
        pool = np.flatnonzero(np.array(oldest)[self.city.pupil_class] & ~self.staff_home[: self.city.pupils])
        target = self.targets.of(I)
        self.plant(I, self.take(pool, target, "older pupils"), Said(IN_HUBEI, INTERNSHIP))
        self.lead(I, self.take(pool, self.share(target, 8), "leads"), Said(IN_HUBEI, INTERNSHIP))

    def others_from_hubei(self) -> None:
        """Parents and pupils back from Hubei, verified: the report has no category for them. And parents
        who were born there, which is nobody's concern."""
        for kind, purpose, count in ((OTHER, WORK, 150), (PUPIL, VISIT, 40)):
            pool = np.flatnonzero((self.city.kind == kind) & ~self.staff_home[: len(self.city.kind)])
            for person in self.take(pool, self.targets.scaled(count, 2), "people back from Hubei"):
                self.findings.settle(person, Said(IN_HUBEI, purpose, self.day()))
                self.findings.verify[(person, 1)] = "second_call"
        parents = np.flatnonzero(self.city.kind == OTHER)
        for index, person in enumerate(self.take(parents, self.targets.scaled(60, 2), "parents")):
            self.city.native[person] = HUBEI[index % len(HUBEI)]
