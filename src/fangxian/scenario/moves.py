"""Pupils who come, go and change school while the response is under way."""

from dataclasses import dataclass, field

import numpy as np

from .city import PUPIL, City
from .clockwork import at
from .draws import stream
from .findings import Findings
from .lines import Lines

LEFT, JOINED = at(2, 3, 9), at(2, 4, 9)
TRANSFERRED = (at(2, 4, 10), at(2, 10, 10))  # before, and after, most have reported


@dataclass(frozen=True, slots=True)
class Transfer:
    """`role` pupil into a class, or pioneer into the squadron of that class; `to` is the unit's code."""

    person: int
    role: str
    to: str
    minute: int


@dataclass(slots=True)
class Moves:
    leavers: list[int] = field(default_factory=list)
    joiners: list[tuple[int, int, int]] = field(default_factory=list)  # (person, household, class)
    transfers: list[Transfer] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)  # households that are asked no more


def draw_moves(city: City, lines: Lines, findings: Findings, seed: int) -> Moves:
    """As many come as go, so that the roster ends at its target."""
    rng = stream(seed, "moves")
    moves = Moves()
    home = np.zeros(city.people, dtype=np.int64)
    home[city.member_person] = city.member_household
    in_home = np.bincount(city.member_household, weights=_schooled(city), minlength=city.households)
    plain = (lines.pioneer_in < 0) & (lines.league_in < 0)
    plain &= ~np.isin(home[: city.pupils], np.array(sorted(findings.used), dtype=np.int64))
    count = city.layout.targets.scaled(20)
    leaving = rng.permutation(np.flatnonzero(plain & (in_home[home[: city.pupils]] == 1)))[:count].tolist()
    moves.leavers, moves.gone = leaving, {int(home[p]) for p in leaving}
    hosts = rng.permutation(np.flatnonzero(plain & (in_home[home[: city.pupils]] >= 2)))[: len(leaving)]
    for leaver, sibling in zip(leaving, hosts.tolist(), strict=True):
        surname = int(city.household_surname[home[sibling]])
        joiner = city.add_person(PUPIL, surname, rng)
        moves.joiners.append((joiner, int(home[sibling]), int(city.pupil_class[leaver])))
    _transfers(city, lines, moves, rng)
    for name in ("place", "purpose", "returned", "contact"):  # who joins was nowhere
        column = getattr(findings, name)
        setattr(findings, name, np.append(column, np.zeros(city.people - len(column), dtype=column.dtype)))
    return moves


def _schooled(city: City) -> np.ndarray:
    """1 for each membership of a pupil or one of the staff: a household with one of them is asked."""
    return (city.kind[city.member_person] <= 1).astype(float)


def _transfers(city: City, lines: Lines, moves: Moves, rng: np.random.Generator) -> None:
    layout = city.layout
    squadron_of = dict(zip(lines.squadron_class, lines.squadrons, strict=True))
    able = np.flatnonzero(lines.league_in < 0)
    for index, person in enumerate(rng.permutation(able)[: layout.targets.scaled(160, 4)].tolist()):
        pioneer = bool(lines.pioneer_in[person] >= 0)
        room = _other_class(city, person, set(squadron_of) if pioneer else None, rng)
        if person in moves.leavers or room is None:
            continue
        minute = TRANSFERRED[index % 2]
        moves.transfers.append(Transfer(person, "pupil", layout.classes[room].code, minute))
        if pioneer:
            moves.transfers.append(Transfer(person, "pioneer", squadron_of[room], minute))


def _other_class(city: City, person: int, among: set[int] | None, rng: np.random.Generator) -> int | None:
    """A class of the same grade in another school; None where there is none."""
    classes = city.layout.classes
    own = classes[city.pupil_class[person]]
    fits = [
        i
        for i in (sorted(among) if among is not None else range(len(classes)))
        if classes[i].grade == own.grade and classes[i].school != own.school
    ]
    return fits[int(rng.integers(len(fits)))] if fits else None
