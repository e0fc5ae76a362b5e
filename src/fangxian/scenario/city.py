"""The city's people, as columns: pupils in classes, staff, the households that they live in."""

from dataclasses import dataclass

import numpy as np

from .draws import stream
from .layout import Layout
from .people import ELSEWHERE, NATIVE, SURNAMES, id_numbers, names, phones

PUPIL, STAFF, UNIVERSITY, OTHER = range(4)
OCCUPATIONS = ("pupil", "staff", "university", "other")
RELATIONS = ("child", "parent", "grandparent", "grown_child", "spouse", "self")
CHILD, PARENT, GRANDPARENT, GROWN, SPOUSE, SELF = range(6)
HOUSEHOLD_OF_PUPILS = ([1, 2, 3], [0.58, 0.34, 0.08])
YEAR = 365.25
TERM_DAY = np.datetime64("2019-09-01")


@dataclass(slots=True)
class City:
    """Persons are numbered by the plan: pupils first, then staff, then the other members of households.
    Columns have one value a person; `home` and `member_*` say who lives where."""

    layout: Layout
    pupils: int
    staff: int
    kind: np.ndarray  # int8: PUPIL, STAFF, UNIVERSITY, OTHER
    female: np.ndarray
    birth: np.ndarray  # datetime64[D]
    name: list[str]
    phone: list[str]
    id_number: list[str]
    native: list[str]
    pupil_class: np.ndarray  # int, of pupils: index into layout.classes
    staff_unit: list[str]  # of staff: code of the unit
    household_town: np.ndarray
    household_surname: np.ndarray
    member_household: np.ndarray  # sorted
    member_person: np.ndarray
    member_relation: np.ndarray
    first_member: np.ndarray  # int[households + 1]: where each household's members start

    @property
    def people(self) -> int:
        return len(self.kind)

    @property
    def households(self) -> int:
        return len(self.household_town)

    def members(self, household: int) -> np.ndarray:
        return self.member_person[self.first_member[household] : self.first_member[household + 1]]

    def add_person(self, kind: int, surname: int, rng: np.random.Generator) -> int:
        """One more person, of no household yet; the number. Costs a copy of each column: for a few only."""
        female = np.array([rng.random() < 0.5])
        birth = _born(rng, 1, 18, 23) if kind != PUPIL else _born(rng, 1, 7, 12)
        self.kind = np.append(self.kind, np.int8(kind))
        self.female, self.birth = np.append(self.female, female), np.append(self.birth, birth)
        self.name += names(rng, female, True, np.array([surname]))
        self.phone += phones(90_000_000 + self.people, 1)
        self.id_number.append("")
        self.native.append(NATIVE)
        return self.people - 1

    def school_of(self, pupil: int) -> int:
        return self.layout.classes[self.pupil_class[pupil]].school


@dataclass(slots=True)
class _Draft:
    """What is collected before it becomes columns: arrays of equal length, joined at the end."""

    kind: list[np.ndarray]
    female: list[np.ndarray]
    birth: list[np.ndarray]
    surname: list[np.ndarray]
    member_household: list[np.ndarray]
    member_person: list[np.ndarray]
    member_relation: list[np.ndarray]
    people: int = 0

    def add(
        self, kind: np.ndarray | int, female: np.ndarray, birth: np.ndarray, surname: np.ndarray
    ) -> np.ndarray:
        """Append persons; their numbers."""
        count = len(female)
        self.kind.append(np.broadcast_to(np.asarray(kind, dtype=np.int8), count))
        self.female.append(female)
        self.birth.append(birth)
        self.surname.append(surname)
        self.people += count
        return np.arange(self.people - count, self.people)

    def live_in(self, household: np.ndarray, person: np.ndarray, relation: int) -> None:
        self.member_household.append(household)
        self.member_person.append(person)
        self.member_relation.append(np.full(len(person), relation, dtype=np.int8))


def populate(layout: Layout, seed: int) -> City:
    """Plan the people of a city. The same seed gives the same people."""
    rng = stream(seed, "people")
    draft = _Draft([], [], [], [], [], [], [])
    pupil_class = np.repeat(np.arange(len(layout.classes)), [c.size for c in layout.classes])
    staff_unit = [code for code, count in layout.staff.items() for _ in range(count)]
    town, home = _pupils_at_home(layout, rng, pupil_class)
    surname = rng.integers(0, len(SURNAMES), len(town))
    pupils = _add_pupils(layout, rng, draft, pupil_class, surname[home])
    draft.live_in(home, pupils, CHILD)
    parents = _staff_as_parents(layout, rng, staff_unit, town)
    _add_staff(rng, draft, staff_unit, parents, surname)
    town, surname = _own_households(layout, rng, draft, staff_unit, parents, town, surname, len(pupils))
    _add_guardians(rng, draft, parents, surname, int(home.max()) + 1 if len(home) else 0)
    _add_others(rng, draft, surname, int(home.max()) + 1 if len(home) else 0)
    return _finish(layout, rng, draft, pupil_class, staff_unit, town, surname)


def _pupils_at_home(
    layout: Layout, rng: np.random.Generator, pupil_class: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Households of one to three pupils of a township: (town a household, household a pupil)."""
    school = np.array([c.school for c in layout.classes])[pupil_class]
    town = np.array([s.town for s in layout.schools])[school]
    anywhere = np.array([s.city_run for s in layout.schools])[school]
    town = np.where(anywhere, rng.integers(0, len(layout.towns), len(town)), town)
    home = np.empty(len(town), dtype=np.int64)
    towns: list[np.ndarray] = []
    count = 0
    for index in range(len(layout.towns)):
        here = rng.permutation(np.flatnonzero(town == index))
        sizes = rng.choice(HOUSEHOLD_OF_PUPILS[0], len(here), p=HOUSEHOLD_OF_PUPILS[1])
        ends = np.cumsum(sizes)
        group = np.searchsorted(ends, np.arange(len(here)), side="right")
        home[here] = group + count
        fresh = int(group[-1]) + 1 if len(group) else 0
        towns.append(np.full(fresh, index))
        count += fresh
    return np.concatenate(towns), home


def _add_pupils(
    layout: Layout, rng: np.random.Generator, draft: _Draft, pupil_class: np.ndarray, surname: np.ndarray
) -> np.ndarray:
    grade = np.array([c.grade for c in layout.classes])[pupil_class]
    ages = (grade + 5.5) * YEAR + rng.random(len(grade)) * YEAR
    birth = TERM_DAY - ages.astype("timedelta64[D]")
    return draft.add(PUPIL, rng.random(len(grade)) < 0.48, birth, surname)


def _town_of_unit(layout: Layout) -> dict[str, int]:
    towns = {s.code: s.town for s in layout.schools} | {c: i for i, c in enumerate(layout.centres)}
    return towns | dict.fromkeys(layout.offices, 0)


def _staff_as_parents(
    layout: Layout, rng: np.random.Generator, staff_unit: list[str], household_town: np.ndarray
) -> np.ndarray:
    """For each of the staff the household of pupils in which that person is a parent, or -1: int[staff]."""
    town_of = _town_of_unit(layout)
    towns = np.array([town_of[code] for code in staff_unit])
    parents = np.full(len(staff_unit), -1, dtype=np.int64)
    for town in range(len(layout.towns)):
        here = np.flatnonzero(towns == town)
        homes = rng.permutation(np.flatnonzero(household_town == town))
        some = rng.permutation(here)[: min(int(len(here) * 0.45), len(homes))]
        parents[some] = homes[: len(some)]
    return parents


def _add_staff(
    rng: np.random.Generator, draft: _Draft, staff_unit: list[str], parents: np.ndarray, surname: np.ndarray
) -> None:
    count = len(staff_unit)
    female = rng.random(count) < 0.52
    own = rng.integers(0, len(SURNAMES), count)
    inherits = (parents >= 0) & ~female  # children bear their father's surname
    own[inherits] = surname[parents[inherits]]
    birth = _born(rng, count, 24, 58)
    people = draft.add(STAFF, female, birth, own)
    draft.live_in(parents[parents >= 0], people[parents >= 0], PARENT)


def _born(rng: np.random.Generator, count: int, youngest: int, oldest: int) -> np.ndarray:
    ages = youngest * YEAR + rng.random(count) * (oldest - youngest) * YEAR
    return TERM_DAY - ages.astype("timedelta64[D]")


def _own_households(
    layout: Layout,
    rng: np.random.Generator,
    draft: _Draft,
    staff_unit: list[str],
    parents: np.ndarray,
    town: np.ndarray,
    surname: np.ndarray,
    pupils: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Households of those of the staff who have no child at school here: (town, surname) of all now."""
    town_of = _town_of_unit(layout)
    alone = np.flatnonzero(parents < 0)
    female = np.concatenate(draft.female)
    where = np.array([town_of[staff_unit[i]] for i in alone.tolist()])
    couples = _couples(rng, alone, where, female[pupils:])
    second = {b for _a, b in couples}
    heads = np.array([i for i in alone.tolist() if i not in second], dtype=np.int64)
    number = len(town) + np.arange(len(heads))
    home = dict(zip(heads.tolist(), number.tolist(), strict=True))
    draft.live_in(number, heads + pupils, SELF)
    both = np.array([(home[a], b + pupils) for a, b in couples], dtype=np.int64).reshape(-1, 2)
    draft.live_in(both[:, 0], both[:, 1], SPOUSE)
    names_of = np.concatenate(draft.surname)[heads + pupils]
    married = (rng.random(len(heads)) < 0.62) & ~np.isin(number, both[:, 0])
    spouses = draft.add(
        OTHER,
        ~female[heads[married] + pupils],
        _born(rng, int(married.sum()), 24, 58),
        rng.integers(0, len(SURNAMES), int(married.sum())),
    )
    draft.live_in(number[married], spouses, SPOUSE)
    towns = np.array([town_of[staff_unit[i]] for i in heads.tolist()], dtype=np.int64)
    return np.concatenate([town, towns]), np.concatenate([surname, names_of])


def _couples(
    rng: np.random.Generator, alone: np.ndarray, where: np.ndarray, female: np.ndarray
) -> list[tuple[int, int]]:
    """Some of the staff of a township are married to one another: pairs of staff numbers."""
    pairs: list[tuple[int, int]] = []
    for town in np.unique(where):
        here = rng.permutation(alone[where == town])
        women, men = here[female[here]], here[~female[here]]
        count = int(min(len(women), len(men)) * 0.2)
        pairs += list(zip(women[:count].tolist(), men[:count].tolist(), strict=True))
    return pairs


def _add_guardians(
    rng: np.random.Generator, draft: _Draft, parents: np.ndarray, surname: np.ndarray, homes: int
) -> None:
    """One or two guardians of each household of pupils; one of the staff stands in for father or mother."""
    female = np.concatenate(draft.female)
    staff = np.flatnonzero(np.concatenate(draft.kind) == STAFF)
    is_parent = parents >= 0
    has_mother, has_father = np.zeros(homes, dtype=bool), np.zeros(homes, dtype=bool)
    has_mother[parents[is_parent & female[staff]]] = True
    has_father[parents[is_parent & ~female[staff]]] = True
    draw = rng.random(homes)
    fathers = np.flatnonzero(~has_father & ((draw < 0.85) & ~has_mother | (draw < 0.8) & has_mother))
    mothers = np.flatnonzero(~has_mother & ((draw > 0.35) & ~has_father | (draw > 0.2) & has_father))
    for homes_of, sex, names_of in (
        (fathers, False, surname[fathers]),
        (mothers, True, rng.integers(0, len(SURNAMES), len(mothers))),
    ):
        people = draft.add(OTHER, np.full(len(homes_of), sex), _born(rng, len(homes_of), 30, 50), names_of)
        draft.live_in(homes_of, people, PARENT)


def _add_others(rng: np.random.Generator, draft: _Draft, surname: np.ndarray, homes: int) -> None:
    """Grandparents, and grown children: most of them study at a university elsewhere."""
    everywhere = len(surname)
    of_staff = np.arange(everywhere) >= homes
    old = np.flatnonzero(rng.random(everywhere) < 0.12)
    people = draft.add(OTHER, rng.random(len(old)) < 0.55, _born(rng, len(old), 58, 82), surname[old])
    draft.live_in(old, people, GRANDPARENT)
    grown = np.flatnonzero(rng.random(everywhere) < np.where(of_staff, 0.3, 0.075))
    study = rng.random(len(grown)) < 0.8
    people = draft.add(
        np.where(study, UNIVERSITY, OTHER),
        rng.random(len(grown)) < 0.5,
        np.where(study, _born(rng, len(grown), 18, 23), _born(rng, len(grown), 20, 27)),
        surname[grown],
    )
    draft.live_in(grown, people, GROWN)


def _finish(
    layout: Layout,
    rng: np.random.Generator,
    draft: _Draft,
    pupil_class: np.ndarray,
    staff_unit: list[str],
    town: np.ndarray,
    surname: np.ndarray,
) -> City:
    kind, female = np.concatenate(draft.kind), np.concatenate(draft.female)
    birth = np.concatenate(draft.birth)
    household, person = np.concatenate(draft.member_household), np.concatenate(draft.member_person)
    order = np.lexsort((person, household))
    household, person = household[order], person[order]
    numbered = kind != OTHER
    numbers = id_numbers(birth[numbered], female[numbered], int(rng.integers(1_000_000)))
    id_number = [""] * len(kind)
    for who, number in zip(np.flatnonzero(numbered).tolist(), numbers, strict=True):
        id_number[who] = number
    first = np.searchsorted(household, np.arange(len(town) + 1))
    return City(
        layout=layout,
        pupils=len(pupil_class),
        staff=len(staff_unit),
        kind=kind,
        female=female,
        birth=birth,
        name=_named(rng, kind, female, np.concatenate(draft.surname)),
        phone=_phones(rng, kind, household, person, len(town)),
        id_number=id_number,
        native=_natives(rng, len(kind)),
        pupil_class=pupil_class,
        staff_unit=staff_unit,
        household_town=town,
        household_surname=surname,
        member_household=household,
        member_person=person,
        member_relation=np.concatenate(draft.member_relation)[order],
        first_member=first,
    )


def _named(rng: np.random.Generator, kind: np.ndarray, female: np.ndarray, surname: np.ndarray) -> list[str]:
    young = (kind == PUPIL) | (kind == UNIVERSITY)
    out = [""] * len(kind)
    for youth in (True, False):
        who = np.flatnonzero(young == youth)
        for person, name in zip(who.tolist(), names(rng, female[who], youth, surname[who]), strict=True):
            out[person] = name
    return out


def _phones(
    rng: np.random.Generator, kind: np.ndarray, household: np.ndarray, person: np.ndarray, homes: int
) -> list[str]:
    """A household has one phone that its pupils share with a guardian; other grown members have their own."""
    spread = int(rng.integers(10_000_000))
    shared, own = phones(spread, homes), phones(spread + homes, len(kind))
    out = [""] * len(kind)
    has_own = (rng.random(len(kind)) < 0.6) | (kind == STAFF) | (kind == UNIVERSITY)
    taken = np.zeros(homes, dtype=bool)
    kinds, owns = kind.tolist(), has_own.tolist()
    for home, who in zip(household.tolist(), person.tolist(), strict=True):
        if kinds[who] == PUPIL:
            out[who] = shared[home]
        elif kinds[who] == OTHER and not taken[home]:
            out[who], taken[home] = shared[home], True
        elif owns[who]:
            out[who] = own[who]
    return out


def _natives(rng: np.random.Generator, people: int) -> list[str]:
    """Most are of the city; some of other places; who is of Hubei is planned with the findings."""
    out = [NATIVE] * people
    for who in np.flatnonzero(rng.random(people) < 0.04).tolist():
        out[who] = ELSEWHERE[who % len(ELSEWHERE)]
    return out
