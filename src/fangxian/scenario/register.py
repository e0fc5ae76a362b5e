"""Enter the planned city into the registry, through its actions, and remember what the ledger calls whom."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

import numpy as np

from fangxian.registry.actions import (
    NewHousehold,
    NewPerson,
    add_covers,
    add_households,
    add_units,
    enrol,
)

from .city import GROWN, RELATIONS, City
from .clockwork import BUILT
from .findings import Findings
from .layout import FOUNDED, TERM, administrative_units, response_units, zone_covers
from .lines import Lines
from .moves import Moves

BY = "demo:registry"
BATCH = 20_000


@dataclass(slots=True)
class Ledger:
    """The ledger's ids: of persons and households by their numbers in the plan (0 where not there yet), of
    units by code."""

    person: list[int]
    household: list[int] = field(default_factory=list)
    unit: dict[str, int] = field(default_factory=dict)


def register(
    city: City,
    lines: Lines,
    findings: Findings,
    moves: Moves,
    seed: int,
    told: Callable[[str, int, int], None],
) -> Ledger:
    """Enter units, people and households as they were before the response began."""
    ledger = Ledger(person=[0] * city.people)
    units = [*administrative_units(city.layout, seed), *lines.units, *response_units(city.layout)]
    ledger.unit = add_units(units=units, by=BY, now=BUILT)
    add_covers(covers=[*zone_covers(city.layout), *lines.covers], by=BY, now=BUILT)
    _enrol(city, lines, findings, moves, ledger, told)
    _settle(city, findings, ledger, told)
    return ledger


def _enrol(
    city: City,
    lines: Lines,
    findings: Findings,
    moves: Moves,
    ledger: Ledger,
    told: Callable[[str, int, int], None],
) -> None:
    later = {n.person for n in findings.newcomers} | {person for person, _h, _c in moves.joiners}
    rows = _people(city, lines, ledger, [p for p in range(city.people) if p not in later])
    done, total = 0, city.people - len(later)
    while batch := list(islice(rows, BATCH)):
        ids = enrol(people=[person for _number, person in batch], by=BY, now=BUILT)
        for (number, _person), pk in zip(batch, ids, strict=True):
            ledger.person[number] = pk
        done += len(batch)
        told("people", done, total)


def _people(city: City, lines: Lines, ledger: Ledger, numbers: list[int]) -> Iterator[tuple[int, NewPerson]]:
    births = city.birth.astype("datetime64[D]").astype(object)
    posts = _posts(city, lines, ledger)
    for number in numbers:
        yield number, new_person(city, number, births[number], posts(number))


def new_person(city: City, number: int, born: date, posts: list[tuple[int, str, date]]) -> NewPerson:
    """A person of the plan as the registry takes one."""
    return NewPerson(
        name=city.name[number],
        sex="f" if city.female[number] else "m",
        birth_date=born,
        native_place=city.native[number],
        id_number=city.id_number[number],
        phone=city.phone[number],
        posts=posts,
    )


def _posts(city: City, lines: Lines, ledger: Ledger) -> Callable[[int], list[tuple[int, str, date]]]:
    rooms = [ledger.unit[c.code] for c in city.layout.classes]
    squadrons = [ledger.unit[code] for code in lines.squadrons]
    branches = [ledger.unit[code] for code in lines.league_branches]
    pupil_class, pioneer, league = (a.tolist() for a in (city.pupil_class, lines.pioneer_in, lines.league_in))

    def of(number: int) -> list[tuple[int, str, date]]:
        posts: list[tuple[int, str, date]] = []
        if number < city.pupils:
            posts.append((rooms[pupil_class[number]], "pupil", TERM))
            if pioneer[number] >= 0:
                posts.append((squadrons[pioneer[number]], "pioneer", TERM))
            if league[number] >= 0:
                posts.append((branches[league[number]], "league_member", TERM))
        elif number < city.pupils + city.staff:
            posts.append((ledger.unit[city.staff_unit[number - city.pupils]], "staff", TERM))
        posts += [(ledger.unit[code], role, since) for code, role, since in lines.posts.get(number, ())]
        return posts

    return of


def _settle(city: City, findings: Findings, ledger: Ledger, told: Callable[[str, int, int], None]) -> None:
    """Households, in batches."""
    also: dict[int, list[int]] = {}
    for person, home in findings.also_in:
        also.setdefault(home, []).append(person)
    starts = city.first_member.tolist()
    persons, relations = city.member_person.tolist(), city.member_relation.tolist()
    for start in range(0, city.households, BATCH):
        batch = []
        for home in range(start, min(start + BATCH, city.households)):
            here = range(starts[home], starts[home + 1])
            members = [(ledger.person[persons[m]], RELATIONS[relations[m]]) for m in here]
            members += [(ledger.person[p], RELATIONS[GROWN]) for p in also.get(home, ())]
            batch.append(NewHousehold(members=members, since=FOUNDED))
        ledger.household += add_households(households=batch, by=BY, now=BUILT)
        told("households", len(ledger.household), city.households)


def births(city: City, numbers: list[int]) -> list[date]:
    return list(np.asarray(city.birth[numbers]).astype("datetime64[D]").astype(object))
