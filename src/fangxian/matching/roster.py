"""The people of the registry as a roster to match against: decrypted in memory, and nowhere else.

Each person of a household has the household's telephone where none is the person's own, as class teachers'
rosters have it; where somebody lives is the township of the centre school that the person, or a child of the
same household, belongs to. Who was merged into another person is not there: the other is.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from fangxian.kernel.models import Change
from fangxian.kernel.secrets import Keyring, keyring
from fangxian.registry.holding import holding, known
from fangxian.registry.importing.text import Cell
from fangxian.registry.models import Membership, Merge, PersonSecret, PersonState, Post
from fangxian.registry.tree import Tree, tree

from .addresses import Gazetteer
from .features import Features, of_roster
from .names import Names
from .reading import Table

_TOWN = re.compile(r"^(.+?(?:街道|镇|乡))|^(.+?)(?:中心学校|中心校|中心小学|中学|学区)")
_CHUNK = 20_000
FIELDS = ("name", "sex", "id_number", "phone", "birth", "town")
# What a person's row in the roster is made of, and of which action no row is left.
_MADE_OF = (PersonState, Post, Membership, Merge)
_ERASURE = "registry.erase_secrets"


@dataclass(frozen=True, slots=True)
class Roster:
    """`place` of each person in the features; `fields`: of a person by name, as texts."""

    features: Features
    readings: Names
    gazetteer: Gazetteer
    table: Table
    people: list[int]
    place: dict[int, int]
    position: int

    def fields(self, place: int) -> dict[str, str]:
        found = ((field, self.table.columns[field][place]) for field in FIELDS)
        return {field: str(value) for field, value in found if value}


def read_roster(day: date, position: int) -> Roster:
    """Everybody whom the registry knows on the day, as known as of the position."""
    table = _table(day, position)
    features, readings, gazetteer = of_roster(table)
    people = [int(uid) for uid in features.uids]
    return Roster(
        features,
        readings,
        gazetteer,
        table,
        people,
        {person: place for place, person in enumerate(people)},
        position,
    )


def changed_people(since: int, position: int) -> set[int] | None:
    """People of whom something was recorded, or ended, after one position and by another; None where that
    cannot be told."""
    if Change.objects.filter(position__gt=since, position__lte=position, action=_ERASURE).exists():
        return None
    later = Q(recorded__gt=since, recorded__lte=position) | Q(
        recorded_until__gt=since, recorded_until__lte=position
    )
    found: set[int] = set()
    for model in _MADE_OF:
        found.update(model._base_manager.filter(later).values_list("person_id", flat=True))
    new = PersonSecret.objects.filter(recorded__gt=since, recorded__lte=position)
    found.update(new.values_list("person_id", flat=True))
    return found | _of_the_same_homes(found, position)


def _of_the_same_homes(people: set[int], position: int) -> set[int]:
    """Telephone and township may be the household's."""
    homes = _homes(position)
    touched = {home for home, members in homes.items() if not people.isdisjoint(members)}
    return {person for home in touched for person in homes[home]}


# ---- the table --------------------------------------------------------------------------------------


def _table(day: date, position: int) -> Table:
    merged = set(Merge.objects.filter(holding(day, position)).values_list("person_id", flat=True))
    states = PersonState.objects.filter(holding(day, position)).order_by("person_id")
    columns = ("person_id", "name", "sex", "birth_date", "birth_year")
    rows = [row for row in states.values_list(*columns).iterator(chunk_size=_CHUNK) if row[0] not in merged]
    people = [row[0] for row in rows]
    ring = keyring()
    numbers, phones = _secrets("id_number", position, ring), _secrets("phone", position, ring)
    homes = _homes(position)
    _share(phones, homes)
    towns, roles = _posts(day, position)
    _share(towns, homes)
    made: dict[str, list[Cell]] = {
        "uid": [str(person) for person in people],
        "name": [row[1] for row in rows],
        "sex": [row[2] for row in rows],
        "id_number": [numbers.get(person, "") for person in people],
        "phone": [phones.get(person, "") for person in people],
        "birth": [_birth(born, year) for _person, _name, _sex, born, year in rows],
        "town": [towns.get(person, "") for person in people],
        "role": [roles.get(person, "family") for person in people],
    }
    return Table("", made, dict.fromkeys(made, ""), len(rows))


def _birth(born: date | None, year: int | None) -> str:
    return born.isoformat() if born else str(year or "")


def _secrets(field: str, position: int, ring: Keyring) -> dict[int, str]:
    held = PersonSecret.objects.filter(field=field, recorded__lte=position).order_by("id")
    pairs = held.values_list("person_id", "sealed").iterator(chunk_size=_CHUNK)
    return {person: ring.open(bytes(sealed)) for person, sealed in pairs}


def _homes(position: int) -> dict[int, list[int]]:
    homes: dict[int, list[int]] = defaultdict(list)
    held = Membership.objects.filter(known(position), valid_until=None).order_by("id")
    for home, person in held.values_list("household_id", "person_id").iterator(chunk_size=_CHUNK):
        homes[home].append(person)
    return homes


def _share(values: dict[int, str], homes: Mapping[int, Iterable[int]]) -> None:
    """Who has none of their own has the first of the household."""
    for members in homes.values():
        shared = next((values[person] for person in members if values.get(person)), "")
        for person in members:
            if shared:
                values.setdefault(person, shared)


def _posts(day: date, position: int) -> tuple[dict[int, str], dict[int, str]]:
    """person -> township; person -> pupil or staff."""
    units = tree(day, position)
    towns: dict[int, str] = {}
    roles: dict[int, str] = {}
    by_unit: dict[int, str] = {}
    posts = Post.objects.filter(holding(day, position), role__in=("pupil", "staff")).order_by("id")
    for person, unit, role in posts.values_list("person_id", "unit_id", "role").iterator(chunk_size=_CHUNK):
        roles.setdefault(person, role)
        town = by_unit.get(unit)
        if town is None:
            town = by_unit[unit] = town_of(unit, units)
        if town:
            towns.setdefault(person, town)
    return towns, roles


def town_of(unit: int, units: Tree) -> str:
    """大箐镇中心学校 is the centre school of 大箐镇."""
    for each in units.path(unit):
        if units.nodes[each].kind == "centre":
            found = _TOWN.match(units.nodes[each].name)
            return (found[1] or found[2]) if found else ""
    return ""
