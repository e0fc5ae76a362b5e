"""Lists that say what is not in order in the registry."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fangxian.kernel.secrets import keyring
from fangxian.kernel.tables import fetch

from .holding import holding, in_chunks, known
from .kinds import SCHOOLS, ZONED
from .models import Membership, PersonSecret, PersonState, Post
from .problems import NothingToDisclose
from .tree import Node, tree

ANSWERABLE = (
    *SCHOOLS,
    "kindergarten",
    "centre",
    "office",
    "party_branch",
    "brigade",
    "zone",
    "commando_team",
)


@dataclass(frozen=True, slots=True)
class ZoneFault:
    """A unit that lies in no zone (`zones` empty) or in several."""

    unit: Node
    zones: tuple[str, ...]


def zone_faults(day: date, position: int) -> list[ZoneFault]:
    """Schools and offices that lie in none or several zones. Those that inherit a cover lie in that one."""
    units = tree(day, position)
    faults = []
    for node in units.nodes.values():
        if node.kind in ZONED:
            zones = next((units.zones[u] for u in units.path(node.id) if u in units.zones), [])
            if len(zones) != 1:
                faults.append(ZoneFault(node, tuple(units.nodes[z].name for z in zones if z in units.nodes)))
    return sorted(faults, key=lambda fault: fault.unit.code)


def without_first_responsible(day: date, position: int, kinds: Iterable[str] = ANSWERABLE) -> list[Node]:
    """Units of these kinds that have no first responsible person on the day."""
    wanted = set(kinds)
    held = set(
        Post.objects.filter(holding(day, position), role="first_responsible").values_list(
            "unit_id", flat=True
        )
    )
    nodes = tree(day, position).nodes.values()
    return sorted((n for n in nodes if n.kind in wanted and n.id not in held), key=lambda n: n.code)


@dataclass(frozen=True, slots=True)
class LikelyPair:
    household: int
    first: int
    second: int
    name: str


_PAIRS = """
SELECT first.household_id, first.person_id, second.person_id, name.name
FROM registry_membership first
JOIN registry_membership second
  ON second.household_id = first.household_id AND second.person_id > first.person_id
JOIN registry_personstate name ON name.person_id = first.person_id
JOIN registry_personstate other ON other.person_id = second.person_id AND other.name = name.name
WHERE {first} AND {second} AND {name} AND {other}
  AND NOT EXISTS (SELECT 1 FROM registry_merge tied
                  WHERE {tied} AND tied.person_id IN (first.person_id, second.person_id))
ORDER BY first.household_id, first.person_id
LIMIT {limit}
"""


def likely_pairs(position: int, limit: int = 500) -> list[LikelyPair]:
    """Two members of one household who bear the same name and may be one person: for a person to decide."""
    known = "({0}.recorded <= {1} AND ({0}.recorded_until IS NULL OR {0}.recorded_until > {1}))"
    tables = ("first", "second", "name", "other", "tied")
    sql = _PAIRS.format(limit=int(limit), **{table: known.format(table, int(position)) for table in tables})
    return [LikelyPair(*row) for row in fetch(sql)]


def leaf_units(kind: str, subjects: Iterable[int], day: date, position: int) -> dict[int, set[int]]:
    """Subject -> where it is on the day: a unit itself, a person by posts, a household by its members."""
    if kind == "unit":
        return {unit: {unit} for unit in subjects}
    at = holding(day, position)
    found: defaultdict[int, set[int]] = defaultdict(set)
    if kind == "person":
        for chunk in in_chunks(sorted(subjects)):
            for person, unit in Post.objects.filter(at, person__in=chunk).values_list("person_id", "unit_id"):
                found[person].add(unit)
        return dict(found)
    belongs: list[tuple[int, int]] = []
    for chunk in in_chunks(sorted(subjects)):
        held = Membership.objects.filter(at, household__in=chunk)
        belongs += held.values_list("household_id", "person_id")
    posts = leaf_units("person", {person for _household, person in belongs}, day, position)
    for household, person in belongs:
        found[household] |= posts.get(person, set())
    return dict(found)


def whole(person: int, field: str, position: int) -> str:
    """The person's full name or phone, by the latest that is known. Whoever shows it writes down the look.

    Raises NothingToDisclose (there is none, or it was erased).
    """
    if field == "name":
        states = PersonState.objects.filter(known(position), person=person).order_by("-valid_from")
        found = states.values_list("name", flat=True).first()
    else:
        secrets = PersonSecret.objects.filter(person=person, field=field).order_by("-recorded", "-id")
        sealed = secrets.values_list("sealed", flat=True).first()
        found = None if sealed is None else keyring().open(bytes(sealed))
    if not found:
        raise NothingToDisclose()
    return found
