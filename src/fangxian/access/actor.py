"""Who is asking, and over which units as of now. Made anew for each request: a right that was revoked is
gone at the next one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.kernel.tables import fetch
from fangxian.registry.holding import HOLDING, holding, holding_parameters
from fangxian.registry.models import Membership
from fangxian.registry.tree import Tree, tree

from .models import Account, Grant
from .roles import roles

CONSOLE = "console"  # whoever runs commands in the data folder can read all of it anyway


@dataclass(frozen=True, slots=True)
class Held:
    """A role in force, and the units that it reaches. `whole`: everything, also what is no more."""

    role: str
    unit: int
    units: frozenset[int]
    whole: bool = False

    def reaches(self, unit: int) -> bool:
        return self.whole or unit in self.units


@dataclass(frozen=True, slots=True)
class Actor:
    """`name` stands in the change log and the audit log. `household`: it came by that household's link, and
    `members` are its persons."""

    name: str
    title: str = ""
    account: int | None = None
    person: int | None = None
    held: tuple[Held, ...] = ()
    household: int | None = None
    members: frozenset[int] = frozenset()
    demonstration: bool = False

    def units(self) -> frozenset[int]:
        """All units in scope as of now, in whatever role."""
        return frozenset().union(*(held.units for held in self.held))

    def reaches(self, unit: int) -> bool:
        return any(held.reaches(unit) for held in self.held)

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(held.role for held in self.held))

    @property
    def role_names(self) -> tuple[str, ...]:
        return tuple(roles()[role].name for role in self.roles if role in roles())


def actor_of(account: Account, *, now: datetime) -> Actor:
    """The account's grants as of now: those that hold on this day, by all that is known."""
    day, position = day_of(now), head_position()
    grants = fetch(_GRANTS, [account.pk, *holding_parameters(day, position)])
    units = tree(day, position) if grants else None
    held = tuple(_held(role, unit, units) for role, unit in grants if units and unit in units.nodes)
    return Actor(
        name=account.username,
        title=account.name,
        account=account.pk,
        person=account.person_id,
        held=held,
        demonstration=account.demonstration,
    )


_GRANTS = (
    f"SELECT role, unit_id FROM {Grant._meta.db_table}"  # noqa: S608 - our own names
    f" WHERE account_id = %s AND {HOLDING} ORDER BY id"
)


def _held(role: str, unit: int, units: Tree) -> Held:
    if units.nodes[unit].kind == "bureau":
        return Held(role, unit, units.everything, whole=True)
    return Held(role, unit, frozenset(units.under(unit)))


def household_actor(household: int, *, now: datetime) -> Actor:
    """A family by its link: it reaches its own members, and no unit."""
    held = Membership.objects.filter(holding(day_of(now), head_position()), household=household)
    members = frozenset(held.values_list("person_id", flat=True))
    role = Held("household", 0, frozenset())
    return Actor(name=f"household:{household}", held=(role,), household=household, members=members)


def console(by: str, *, now: datetime) -> Actor:
    """The command line: whoever may run it reads the data folder itself."""
    units = tree(day_of(now), head_position()).nodes
    tops = sorted(unit for unit, node in units.items() if node.parent is None)
    held = Held(CONSOLE, tops[0] if tops else 0, frozenset(units), whole=True)
    return Actor(name=by, title=by, held=(held,))


def grants_of(account: Account, *, now: datetime) -> Iterator[Grant]:
    """What an account holds now, for lists."""
    rows = Grant.objects.filter(holding(day_of(now), head_position()), account=account.pk)
    return iter(rows.select_related("unit").order_by("pk"))
