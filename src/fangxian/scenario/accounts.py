"""Accounts of the demonstration: one for each role, along one way from the bureau down to a class."""

from datetime import datetime

from fangxian.access.actions import NewAccount, open_accounts
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.registry.holding import holding
from fangxian.registry.models import PersonState, Post
from fangxian.registry.tree import Node, Tree, tree

from .layout import RESPONSE, ROOT

BY = "demo:accounts"
# Role: the account's name, and what its holder is called where the registry names nobody in that post.
ACCOUNTS = {
    "bureau_office": ("officer", "值班员"),
    "signatory": ("leader", "签发人"),
    "zone_lead": ("zone", "战区指挥长"),
    "centre_school": ("centre", "中心学校值班员"),
    "head": ("head", "校长"),
    "class_teacher": ("teacher", "班主任"),
    "school_nurse": ("nurse", "校医"),
    "inspector": ("inspector", "督查员"),
    "caller": ("caller", "电话员"),
    "league_counsellor": ("league", "团支部书记"),
    "pioneer_counsellor": ("pioneers", "大队辅导员"),
    "auditor": ("auditor", "审计员"),
    "system_operator": ("operator", "管理员"),
}


def open_demonstration_accounts(*, now: datetime) -> list[int]:
    """One account a role, without any password: in a demonstration one signs in by pressing a button."""
    position, units = head_position(), demonstrated(now=now)
    accounts = [_account(role, unit, now, position) for role, unit in units.items()]
    return open_accounts(accounts=accounts, by=BY, now=now)


def _account(role: str, unit: Node, now: datetime, position: int) -> NewAccount:
    username, title = ACCOUNTS[role]
    person, name = _holder(role, unit, now, position)
    grants = [(role, unit.id, RESPONSE)]
    return NewAccount(username, name or title, person, grants=grants, demonstration=True)


def _holder(role: str, unit: Node, now: datetime, position: int) -> tuple[int | None, str]:
    """The person who has the post of this name in the unit, and that person's name."""
    at = holding(day_of(now), position)
    person = Post.objects.filter(at, role=role, unit=unit.id).values_list("person_id", flat=True).first()
    name = PersonState.objects.filter(at, person=person).values_list("name", flat=True).first()
    return person, name or ""


def demonstrated(*, now: datetime) -> dict[str, Node]:
    """Role -> unit: a zone, a centre in it, the school of that centre with most classes, a class of it."""
    units = tree(day_of(now), head_position())
    bureau = units.nodes[units.by_code[ROOT]]
    zone = _under(units, bureau, "zone")[0]
    centre = _under(units, zone, "centre")[0]
    school = max(_under(units, centre, "school"), key=lambda unit: len(_under(units, unit, "class")))
    room = _under(units, school, "class")[0]
    brigade = _under(units, school, "brigade")[0]
    return {
        "bureau_office": bureau,
        "signatory": bureau,
        "zone_lead": zone,
        "centre_school": centre,
        "head": school,
        "class_teacher": room,
        "school_nurse": school,
        "inspector": zone,
        "caller": centre,
        "league_counsellor": _under(units, bureau, "league_branch")[0],
        "pioneer_counsellor": brigade,
        "auditor": bureau,
        "system_operator": bureau,
    }


def _under(units: Tree, top: Node, kind: str) -> list[Node]:
    """Those of the kind under it, in the order of their codes; all of the kind where none is."""
    below = units.under(top.id)
    found = [n for n in units.nodes.values() if n.kind == kind]
    return sorted([n for n in found if n.id in below] or found, key=lambda node: node.code)
