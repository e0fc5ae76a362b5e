"""Slips of paper for a class's families: each bears a link of that household's own, as a code to be scanned.

The link is told this once; printed again, the class's older slips hold no longer. A child's slip from another
class stands: each class looks after its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_M

from fangxian.access import policy, tokens
from fangxian.access.actor import Actor
from fangxian.access.models import Token
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.registry.holding import holding
from fangxian.registry.models import Membership, Post
from fangxian.registry.tree import Node

from ..wording import in_a_row
from .sitting import names_of

HOLDS = timedelta(days=180)  # a school term, with what comes before and after


@dataclass(frozen=True, slots=True)
class Slip:
    household: int
    names: str
    link: str
    code: str  # the path of an SVG
    size: int


@dataclass(frozen=True, slots=True)
class Families:
    """The households of a class, each with its pupils of this class; those in none are named apart."""

    unit: Node
    pupils: dict[int, list[int]]
    without: list[int]


def families(unit: Node, *, now: datetime) -> Families:
    at = holding(day_of(now), head_position())
    pupils = list(Post.objects.filter(at, unit=unit.id, role="pupil").values_list("person_id", flat=True))
    rows = Membership.objects.filter(at, person__in=pupils).order_by("household_id", "person_id")
    found: dict[int, list[int]] = {}
    for household, person in rows.values_list("household_id", "person_id"):
        found.setdefault(household, []).append(person)
    known = {person for persons in found.values() for person in persons}
    return Families(unit, found, [person for person in pupils if person not in known])


def name_of(unit: Node) -> str:
    """Under which a class's links are issued."""
    return f"slips:{unit.code}"


def holding_links(found: Families) -> int:
    rows = Token.objects.filter(kind="household", name=name_of(found.unit), recorded_until=None)
    return rows.count()


def print_slips(
    found: Families, actor: Actor, address: Callable[[str], str], *, now: datetime, moment: datetime
) -> list[Slip]:
    """`address` makes the whole link of a token; it expires by the machine's clock."""
    links = tokens.issue_households(
        households=list(found.pupils),
        name=name_of(found.unit),
        by=actor.name,
        now=now,
        until=moment + HOLDS,
    )
    said = policy.verdict(actor, "B", found.unit.id, purpose="slips")
    persons = [person for pupils in found.pupils.values() for person in pupils]
    names = names_of(persons, now)
    slips = []
    for household, text in links.items():
        told = (policy.told(said, "B", names.get(one, "")) for one in found.pupils[household])
        link = address(text)
        code, size = drawn(link)
        slips.append(Slip(household, in_a_row(told), link, code, size))
    return slips


def drawn(text: str) -> tuple[str, int]:
    """The code's dark modules as an SVG path, row by row in runs; how many modules wide with its margin."""
    made = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    made.add_data(text)
    made.make(fit=True)
    rows = made.get_matrix()
    path = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                path.append(f"M{start} {y}h{x - start}v1H{start}z")
            x += 1
    return "".join(path), len(rows)
