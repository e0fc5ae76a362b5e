"""What a file is held against: the registry as of a day, or a plain list of units where there is none."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from fangxian.kernel.changes import head_position
from fangxian.kernel.secrets import keyring

from ..holding import among, in_chunks, known
from ..models import Membership, PersonSecret, PersonState, Post, Unit
from ..tree import Tree, tree
from .delimited import decoded
from .text import squeezed, unit_key


@dataclass(frozen=True, slots=True)
class Place:
    """A known unit. `id` is None where only its name is known."""

    id: int | None
    code: str
    name: str
    kind: str
    parent: int | None = None


@dataclass(slots=True)
class Held:
    """What the registry knows of a person. `posts`: (unit, role, from, until)."""

    person: int
    name: str = ""
    posts: list[tuple[int, str, date, date | None]] = field(default_factory=list)
    household: int | None = None
    numbered: bool = True  # whether the registry has an ID number of this person


class Directory(Protocol):
    """`find` looks by code, by name, or by “above/below”; several come back where the name is not unique."""

    def find(self, text: str, kinds: Collection[str] = ()) -> Sequence[Place]: ...
    def classes(self, school: Place, text: str) -> Sequence[Place] | None: ...
    def by_number(self, numbers: Iterable[str]) -> dict[str, Held]: ...
    def by_phone(self, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Held]: ...
    def names(self, units: Iterable[int]) -> dict[int, str]: ...
    def responsible(self, units: Iterable[int]) -> dict[int, int]: ...


class NamedUnits:
    """A text file of known units, one a line; a class as “school/class”. Nobody is known."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._units: dict[str, Place] = {}
        self._classes: dict[str, dict[str, Place]] = defaultdict(dict)
        for line in filter(None, map(squeezed, lines)):
            school, slash, last = line.rpartition("/")
            self._units[unit_key(line)] = Place(None, line, line, "class" if slash else "")
            if slash:
                self._classes[unit_key(school)][unit_key(last)] = Place(None, line, last, "class")

    @classmethod
    def read(cls, path: Path) -> "NamedUnits":
        return cls(decoded(path.read_bytes()).splitlines())

    def find(self, text: str, kinds: Collection[str] = ()) -> Sequence[Place]:
        found = self._units.get(unit_key(text))
        return [found] if found else []

    def classes(self, school: Place, text: str) -> Sequence[Place] | None:
        """None where no class of the school is listed: then any is taken."""
        listed = self._classes.get(unit_key(school.name))
        if listed is None:
            return None
        return [listed[unit_key(text)]] if unit_key(text) in listed else []

    def by_number(self, numbers: Iterable[str]) -> dict[str, Held]:
        return {}

    def by_phone(self, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Held]:
        return {}

    def names(self, units: Iterable[int]) -> dict[int, str]:
        return {}

    def responsible(self, units: Iterable[int]) -> dict[int, int]:
        return {}


class Registry:
    """The registry on a day, as known now."""

    def __init__(self, day: date) -> None:
        self.day, self.position = day, head_position()
        self.tree: Tree = tree(day, self.position)
        self.codes = dict(Unit.objects.values_list("code", "id"))
        self._named: dict[str, list[Place]] = defaultdict(list)
        self._inside: dict[tuple[int, str], list[Place]] = defaultdict(list)
        for node in self.tree.nodes.values():
            place = Place(node.id, node.code, node.name, node.kind, node.parent)
            self._named[unit_key(node.name)].append(place)
            if node.parent is not None:
                self._inside[node.parent, unit_key(node.name)].append(place)

    def place(self, unit: int) -> Place:
        node = self.tree.nodes[unit]
        return Place(node.id, node.code, node.name, node.kind, node.parent)

    def find(self, text: str, kinds: Collection[str] = ()) -> Sequence[Place]:
        unit = self.tree.by_code.get(text)
        if unit is not None and (not kinds or self.tree.nodes[unit].kind in kinds):
            return [self.place(unit)]
        found = self._named.get(unit_key(text), ())
        above, slash, below = text.rpartition("/")
        if not found and slash:
            parents = self.find(above)
            found = [
                p for a in parents if a.id is not None for p in self._inside.get((a.id, unit_key(below)), ())
            ]
        return [place for place in found if not kinds or place.kind in kinds]

    def inside(self, parent: int, name: str) -> Sequence[Place]:
        return self._inside.get((parent, unit_key(name)), ())

    def classes(self, school: Place, text: str) -> Sequence[Place] | None:
        unit = self.tree.by_code.get(text)
        if unit is not None and self.tree.nodes[unit].parent == school.id:
            return [self.place(unit)]
        assert school.id is not None
        return [place for place in self.inside(school.id, text) if place.kind == "class"]

    def names(self, units: Iterable[int]) -> dict[int, str]:
        return {unit: self.tree.nodes[unit].name if unit in self.tree.nodes else "?" for unit in units}

    # ---- people

    def responsible(self, units: Iterable[int]) -> dict[int, int]:
        """Unit -> its first responsible person, where the post is open."""
        held: dict[int, int] = {}
        for chunk in in_chunks(sorted(set(units))):
            rows = Post.objects.filter(
                known(self.position), unit__in=chunk, role="first_responsible", valid_until=None
            )
            held.update(rows.values_list("unit_id", "person_id"))
        return held

    def by_number(self, numbers: Iterable[str]) -> dict[str, Held]:
        """The people with these ID numbers, with name, posts and household."""
        ring = keyring()
        by_digest = {digest: number for number in numbers for digest in ring.digests(number)}
        found: dict[str, Held] = {}
        rows = PersonSecret.objects.filter(field="id_number")
        for digest, person in among(rows, "digest", by_digest, "person_id"):
            found[by_digest[digest]] = Held(person)
        self._describe(found.values())
        return found

    def by_phone(self, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Held]:
        """People by (phone, name): the first of several."""
        ring = keyring()
        names: dict[str, set[str]] = defaultdict(set)
        for phone, name in pairs:
            names[phone].add(name)
        by_digest = {digest: phone for phone in names for digest in ring.digests(phone)}
        rows = PersonSecret.objects.filter(field="phone")
        found = among(rows, "digest", by_digest, "person_id")
        owners = [(by_digest[digest], Held(person)) for digest, person in found]
        owners.sort(key=lambda pair: -pair[1].person)
        self._describe([held for _phone, held in owners])
        return {(phone, held.name): held for phone, held in owners if held.name in names[phone]}

    def members(self, households: Iterable[int]) -> dict[int, set[int]]:
        """Who is in these households today, by person."""
        members: dict[int, set[int]] = defaultdict(set)
        rows = Membership.objects.filter(known(self.position), valid_until=None)
        for household, person in among(rows, "household_id", set(households), "person_id"):
            members[household].add(person)
        return members

    def names_in(self, households: Iterable[int]) -> dict[int, set[str]]:
        members = self.members(households)
        people = [Held(person) for group in members.values() for person in group]
        self._describe(people)
        names = {held.person: held.name for held in people}
        return {household: {names[person] for person in group} for household, group in members.items()}

    def _describe(self, people: Collection[Held]) -> None:
        by_person = defaultdict(list)
        for held in people:
            by_person[held.person].append(held)
        now = known(self.position)
        names = PersonState.objects.filter(now)
        for person, name in among(names, "person_id", by_person, "name"):
            for held in by_person[person]:
                held.name = name
        columns = ("unit_id", "role", "valid_from", "valid_until")
        for person, *post in among(Post.objects.filter(now), "person_id", by_person, *columns):
            for held in by_person[person]:
                held.posts.append(tuple(post))
        homes: dict[int, int] = {}
        rows = Membership.objects.filter(now, valid_until=None)
        for person, household in among(rows, "person_id", by_person, "household_id"):
            homes[person] = min(household, homes.get(person, household))
        numbers = PersonSecret.objects.filter(field="id_number")
        numbered = {person for (person,) in among(numbers, "person_id", by_person)}
        for person, group in by_person.items():
            for held in group:
                held.household, held.numbered = homes.get(person), person in numbered
