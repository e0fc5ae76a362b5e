"""Where people count now: of whom an actor may know anything at all."""

from collections.abc import Iterable
from datetime import date

from fangxian.registry.holding import holding, in_chunks
from fangxian.registry.models import Membership, Post

from .actor import Actor
from .models import Account


def aliases(actor: Actor) -> frozenset[str]:
    """The accounts by which the actor's person signs in: whoever must be another person is none of them."""
    if actor.person is None:
        return frozenset({actor.name})
    held = Account.objects.filter(person=actor.person).values_list("username", flat=True)
    return frozenset({actor.name, *held})


def leaves(people: Iterable[int], *, day: date, position: int) -> dict[int, frozenset[int]]:
    """Of each person the units of the posts held on the day; of whoever has none, those of the people of the
    same household. Who left and whose family left with them counts nowhere."""
    wanted = sorted(set(people))
    found = _posts(wanted, day, position)
    without = [person for person in wanted if person not in found]
    for person, others in _families(without, day, position).items():
        theirs = _posts(others, day, position, roles=("pupil", "staff"))
        found[person] = {unit for units in theirs.values() for unit in units}
    return {person: frozenset(found.get(person, ())) for person in wanted}


def _posts(
    people: Iterable[int], day: date, position: int, roles: Iterable[str] | None = None
) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for chunk in in_chunks(list(people)):
        rows = Post.objects.filter(holding(day, position), person__in=chunk)
        rows = rows.filter(role__in=list(roles)) if roles else rows
        for person, unit in rows.values_list("person_id", "unit_id"):
            found.setdefault(person, set()).add(unit)
    return found


def _families(people: list[int], day: date, position: int) -> dict[int, set[int]]:
    """Of each person those who share a household."""
    at = holding(day, position)
    homes: dict[int, list[int]] = {}
    for chunk in in_chunks(people):
        for person, home in Membership.objects.filter(at, person__in=chunk).values_list(
            "person_id", "household_id"
        ):
            homes.setdefault(home, []).append(person)
    found: dict[int, set[int]] = {}
    for chunk in in_chunks(list(homes)):
        for member, home in Membership.objects.filter(at, household__in=chunk).values_list(
            "person_id", "household_id"
        ):
            for person in homes[home]:
                found.setdefault(person, set()).add(member)
    return found
