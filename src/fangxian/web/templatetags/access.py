"""What pages say of accounts and roles."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.utils.translation import gettext as _

from fangxian.access.actor import CONSOLE, grants_of
from fangxian.access.models import Account, Grant
from fangxian.access.roles import roles
from fangxian.kernel.changes import head_position
from fangxian.kernel.demonstration import demonstration_of
from fangxian.kernel.home import current_home
from fangxian.kernel.moments import day_of
from fangxian.registry.tree import tree

from .. import clock
from ..wording import in_a_row

register = template.Library()


@dataclass(frozen=True, slots=True)
class Offered:
    account: Account
    role: str
    unit: str


@register.simple_tag
def demonstration_accounts() -> list[Offered]:
    """The accounts that one may sign into by a press; none outside a demonstration."""
    if demonstration_of(current_home()) is None:
        return []
    accounts = Account.objects.filter(demonstration=True, is_active=True).order_by("pk")
    return [offered for account in accounts if (offered := _offered(account, clock.now()))]


def _offered(account: Account, now: datetime) -> Offered | None:
    grants = list(grants_of(account, now=now))
    if not grants:
        return None
    names = in_a_row(dict.fromkeys(access_role(grant.role) for grant in grants))
    return Offered(account, names, in_a_row(over_unit(grant, now) for grant in grants))


@register.simple_tag
def mail_is_set_up() -> bool:
    return bool(settings.EMAIL_HOST)


@register.filter
def access_role(code: str) -> str:
    if code == CONSOLE:
        return _("Commands on the machine itself")
    return roles()[code].name if code in roles() else code


@register.filter
def looked_how(what: str) -> str:
    """Of an event of the audit log, in words."""
    words = {
        "read": _("seen"),
        "export": _("downloaded"),
        "unmask": _("seen in full"),
        "read-glass": _("seen in an emergency"),
        "glass-asked": _("emergency asked for"),
        "glass-opened": _("emergency opened"),
        "mend": _("number mended"),
        "issue-links": _("links for families made"),
        "revoke-links": _("links for families ended"),
    }
    return words.get(what, what)


@register.filter
def over_unit(grant: Grant, now: datetime) -> str:
    """The unit's name today; its code where it is no more."""
    nodes: Any = tree(day_of(now), head_position()).nodes
    return nodes[grant.unit_id].name if grant.unit_id in nodes else grant.unit.code
