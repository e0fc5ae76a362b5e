"""Whom an exact sign names: an ID number, or a name with unit and birth date. Never a part of either."""

from datetime import date

from fangxian.kernel.secrets import keyring
from fangxian.registry.holding import holding
from fangxian.registry.models import PersonSecret, PersonState, Post
from fangxian.registry.tree import tree

from .problems import SoughtInexactly

NUMBER, NAME = "number", "name"
DIGITS = 18


def by_number(text: str, *, day: date, position: int) -> int | None:
    """The person with this ID number, where there is one. Raises SoughtInexactly."""
    number = "".join(text.split()).upper()
    if (
        len(number) != DIGITS
        or not number[:-1].isdecimal()
        or not (number[-1].isdecimal() or number[-1] == "X")
    ):
        raise SoughtInexactly()
    rows = PersonSecret.objects.filter(field="id_number", digest__in=keyring().digests(number)).order_by("pk")
    return _there(rows.values_list("person_id", flat=True).first(), day, position)


def by_name(name: str, unit: str, born: str, *, day: date, position: int) -> int | None:
    """The one person of this whole name and birth date with a post in the unit of this code or whole name, or
    below it; None where there is none, or several. Raises SoughtInexactly."""
    name, unit = " ".join(name.split()), " ".join(unit.split())
    try:
        birth = date.fromisoformat(born.strip())
    except ValueError as error:
        raise SoughtInexactly() from error
    if not name or not unit:
        raise SoughtInexactly()
    units = tree(day, position)
    places = [node.id for node in units.nodes.values() if unit in (node.code, node.name)]
    inside = {below for place in places for below in units.under(place)}
    states = PersonState.objects.filter(holding(day, position), name=name, birth_date=birth)
    posts = Post.objects.filter(holding(day, position), person__in=states.values("person"))
    found = {person for person, at in posts.values_list("person_id", "unit_id") if at in inside}
    return found.pop() if len(found) == 1 else None


def _there(person: int | None, day: date, position: int) -> int | None:
    held = PersonState.objects.filter(holding(day, position), person=person)
    return person if person is not None and held.exists() else None
