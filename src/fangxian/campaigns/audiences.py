"""Whom a campaign asks: selectors as data, resolved on the ledger for given subjects.

The whole audience as a set is a matter of the figures (over the lake); here a batch of subjects is checked.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from fangxian.kernel.tables import among, fetch
from fangxian.registry.holding import HOLDING, holding, holding_parameters, in_chunks
from fangxian.registry.kinds import ROLES, UNIT_KINDS
from fangxian.registry.models import Membership, Post, Unit, UnitState
from fangxian.registry.tree import tree

from .problems import BadAudience

KINDS = {"persons": "person", "units": "unit", "households": "household"}


@dataclass(frozen=True, slots=True)
class Selector:
    """Subjects of one kind. `role` and `unit_kind` are alternatives; `under` is the code of a unit."""

    key: str
    kind: str  # person, unit, household
    roles: tuple[str, ...] = ()
    unit_kinds: tuple[str, ...] = ()
    under: str = ""


def read_audience(campaign: str, declared: Sequence[dict[str, Any]]) -> list[Selector]:
    """The selectors of a declaration; BadAudience names what cannot be read."""
    selectors = [_selector(campaign, entry) for entry in declared]
    if not selectors:
        raise BadAudience(campaign=campaign, reason="nobody is selected")
    return selectors


def _selector(campaign: str, entry: dict[str, Any]) -> Selector:
    unknown = set(entry) - {"key", "kind", "role", "unit_kind", "under", "line"}
    if unknown:
        raise BadAudience(campaign=campaign, reason=f"unknown words {sorted(unknown)}")
    if entry.get("kind") not in KINDS:
        raise BadAudience(campaign=campaign, reason=f"kind {entry.get('kind')!r}")
    roles, kinds = tuple(entry.get("role", ())), tuple(entry.get("unit_kind", ()))
    wrong = [r for r in roles if r not in ROLES] + [k for k in kinds if k not in UNIT_KINDS]
    if wrong:
        raise BadAudience(campaign=campaign, reason=f"unknown kinds or roles {wrong}")
    if entry["kind"] == "units" and not kinds or entry["kind"] != "units" and not roles:
        raise BadAudience(campaign=campaign, reason="units want unit_kind, persons and households want role")
    return Selector(
        entry.get("key", entry["kind"]), KINDS[entry["kind"]], roles, kinds, entry.get("under", "")
    )


def members(
    selectors: Iterable[Selector], kind: str, subjects: Iterable[int], *, day: date, position: int
) -> dict[int, int]:
    """Those of `subjects` that the selectors of this kind ask on `day`: subject -> its leaf unit."""
    wanted = frozenset(subjects)
    found: dict[int, int] = {}
    for selector in selectors:
        if selector.kind == kind:
            found.update(_RESOLVERS[kind](selector, wanted, day, position))
    return found


def _units(selector: Selector, ids: frozenset[int], day: date, position: int) -> dict[int, int]:
    open_units = UnitState.objects.filter(
        holding(day, position), unit__among=ids, unit__kind__in=selector.unit_kinds, absent=False
    ).values_list("unit_id", flat=True)
    allowed = _under(selector, day, position)
    return {unit: unit for unit in open_units if allowed is None or unit in allowed}


def _persons(selector: Selector, ids: frozenset[int], day: date, position: int) -> dict[int, int]:
    if not ids:
        return {}
    (person, people), (role, roles) = among("person_id", sorted(ids)), among("role", selector.roles)
    query, told = f"{_POSTS} AND {person} AND {role}", [*holding_parameters(day, position), *people, *roles]
    if selector.unit_kinds:
        kind, kinds = among("kind", selector.unit_kinds)
        query, told = f"{query} AND unit_id IN ({_UNITS} {kind})", [*told, *kinds]
    allowed = _under(selector, day, position)
    return {person: unit for person, unit in fetch(query, told) if allowed is None or unit in allowed}


# As text: each batch of submissions asks them.
_POSTS = f"SELECT person_id, unit_id FROM {Post._meta.db_table} WHERE {HOLDING}"  # noqa: S608 - our own names
_UNITS = f"SELECT id FROM {Unit._meta.db_table} WHERE"  # noqa: S608 - our own names


def _households(selector: Selector, ids: frozenset[int], day: date, position: int) -> dict[int, int]:
    at = holding(day, position)
    belongs = list(
        Membership.objects.filter(at, household__among=ids).values_list("household_id", "person_id")
    )
    leaves = _persons(selector, frozenset(person for _household, person in belongs), day, position)
    return {household: leaves[person] for household, person in belongs if person in leaves}


def asked_within(
    selectors: Iterable[Selector], units: Collection[int] | None, *, day: date, position: int, limit: int
) -> list[tuple[str, int, int]]:
    """(kind, subject, leaf unit) of those whom the selectors ask within these units (None: all of them), at
    most `limit` and one more, so that the caller sees that there are more."""
    found: dict[tuple[str, int], int] = {}
    for selector in selectors:
        allowed = _under(selector, day, position)
        within = units if allowed is None else allowed if units is None else allowed.intersection(units)
        for chunk in [None] if within is None else in_chunks(sorted(within)):
            for subject, unit in _LISTS[selector.kind](selector, chunk, day, position)[: limit + 1]:
                found.setdefault((selector.kind, subject), unit)
        if len(found) > limit:
            break
    return [(kind, subject, unit) for (kind, subject), unit in found.items()][: limit + 1]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many a selector asks, and the leaf units of all of them."""

    subjects: frozenset[int]
    units: frozenset[int]


def count_asked(selector: Selector, units: Collection[int] | None, *, day: date, position: int) -> Counted:
    """All whom the selector asks within these units (None: all of them), as `asked_within` lists them."""
    allowed = _under(selector, day, position)
    within = units if allowed is None else allowed if units is None else allowed.intersection(units)
    subjects: set[int] = set()
    leaves: set[int] = set()
    for chunk in [None] if within is None else in_chunks(sorted(within)):
        rows = _LISTS[selector.kind](selector, chunk, day, position).order_by()
        for subject, unit in rows:
            subjects.add(subject)
            leaves.add(unit)
    return Counted(frozenset(subjects), frozenset(leaves))


def places_asked(
    selectors: Iterable[Selector], kind: str, *, day: date, position: int
) -> Iterator[tuple[int, int]]:
    """(subject, leaf unit) of all whom the selectors of this kind ask: a household once for each of its
    members by whom it is asked."""
    for selector in selectors:
        if selector.kind == kind:
            allowed = _under(selector, day, position)
            for subject, unit in _LISTS[kind](selector, None, day, position).iterator(20_000):
                if allowed is None or unit in allowed:
                    yield subject, unit


Listed = QuerySet[Any, tuple[int, int]]


def _listed_units(selector: Selector, units: list[int] | None, day: date, position: int) -> Listed:
    rows = UnitState.objects.filter(holding(day, position), unit__kind__in=selector.unit_kinds, absent=False)
    rows = rows if units is None else rows.filter(unit__in=units)
    return rows.order_by("unit_id").values_list("unit_id", "unit_id")


def _posts(selector: Selector, units: list[int] | None, day: date, position: int) -> QuerySet[Post]:
    rows = Post.objects.filter(holding(day, position), role__in=selector.roles)
    if selector.unit_kinds:
        rows = rows.filter(unit__kind__in=selector.unit_kinds)
    return rows if units is None else rows.filter(unit__in=units)


def _listed_persons(selector: Selector, units: list[int] | None, day: date, position: int) -> Listed:
    return (
        _posts(selector, units, day, position).order_by("unit_id", "id").values_list("person_id", "unit_id")
    )


def _listed_households(selector: Selector, units: list[int] | None, day: date, position: int) -> Listed:
    posts = _posts(selector, units, day, position).filter(person=OuterRef("person"))
    rows = Membership.objects.filter(holding(day, position)).annotate(unit=Subquery(posts.values("unit")[:1]))
    return rows.filter(unit__isnull=False).order_by("unit", "id").values_list("household_id", "unit")


_LISTS = {"unit": _listed_units, "person": _listed_persons, "household": _listed_households}


def _under(selector: Selector, day: date, position: int) -> set[int] | None:
    """The units under the selector's subtree; None where it names none."""
    if not selector.under:
        return None
    units = tree(day, position)
    root = units.by_code.get(selector.under)
    return set() if root is None else set(units.under(root))


_RESOLVERS = {"unit": _units, "person": _persons, "household": _households}
