"""The verbs of access: accounts are opened and closed, roles granted and revoked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.hashers import make_password

from fangxian.kernel.changes import Recording, head_position, recording
from fangxian.kernel.span import Span
from fangxian.registry.holding import known
from fangxian.registry.models import Unit

from .models import Account, Grant, Token
from .problems import (
    AccountTaken,
    GrantOverlaps,
    NameOfAccount,
    RoleNotOverUnit,
    UnknownAccount,
    UnknownGrant,
    UnknownRoleOfAccess,
)
from .roles import roles

_NAME = re.compile(r"[\w.@+-]{2,40}\Z")
GRANT_COLUMNS = ("account_id", "role", "unit_id", "valid_from", "valid_until")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """`grants`: (role, unit id, since) each."""

    username: str
    name: str
    person: int | None = None
    email: str = ""
    grants: Sequence[tuple[str, int, date]] = ()
    demonstration: bool = False


def open_accounts(*, accounts: Sequence[NewAccount], by: str, now: datetime) -> list[int]:
    """Open accounts without a password: each chooses one by a link (`tokens.issue_welcome`). Ids in order.

    Raises NameOfAccount, AccountTaken, UnknownRoleOfAccess, RoleNotOverUnit, GrantOverlaps.
    """
    with recording("access.open_accounts", by=by, now=now) as change:
        _refuse_names(accounts)
        ids = change.ids(Account, len(accounts))
        change.append(
            Account,
            ("id", "username", "name", "email", "person_id", "demonstration", "password", "is_active"),
            (
                (pk, new.username, new.name, new.email, new.person, new.demonstration, _unusable(), True)
                for pk, new in zip(ids, accounts, strict=True)
            ),
        )
        for pk, new in zip(ids, accounts, strict=True):
            for role, unit, since in new.grants:
                _grant(change, pk, new.username, role, unit, Span(since))
    return list(ids)


def _unusable() -> str:
    return make_password(None)


def _refuse_names(accounts: Sequence[NewAccount]) -> None:
    names = [new.username for new in accounts]
    for name in names:
        if not _NAME.match(name):
            raise NameOfAccount(account=name)
    taken = Account.objects.filter(username__in=names).values_list("username", flat=True)
    twice = set(taken) | {name for name in names if names.count(name) > 1}
    if twice:
        raise AccountTaken(account=min(twice))


def account_called(username: str) -> Account:
    """Raises UnknownAccount."""
    found = Account.objects.filter(username=username).first()
    if found is None:
        raise UnknownAccount(account=username)
    return found


def close_account(*, account: Account, by: str, now: datetime) -> None:
    """From the next request on it signs nobody in; its grants stand in the log as they were."""
    with recording("access.close_account", by=by, now=now) as change:
        change.detail["account"] = account.username
        Account.objects.filter(pk=account.pk).update(is_active=False)
        revoke_tokens(account=account, by=by, now=now)


def set_password(*, account: Account, password: str, by: str, now: datetime) -> None:
    """The account's password; sessions that were opened with an older one end."""
    with recording("access.set_password", by=by, now=now) as change:
        change.detail["account"] = account.username
        account.set_password(password)
        account.save(update_fields=["password"])


def grant(
    *, account: Account, role: str, unit: int, since: date, until: date | None = None, by: str, now: datetime
) -> int:
    """Grant a role over a unit. Its id.

    Raises UnknownRoleOfAccess, RoleNotOverUnit, GrantOverlaps, SpanReversed.
    """
    with recording("access.grant", by=by, now=now) as change:
        return _grant(change, account.pk, account.username, role, unit, Span(since, until))


def _grant(change: Recording, account: int, called: str, role: str, unit: int, span: Span) -> int:
    over = Unit.objects.get(pk=unit)
    _refuse_role(role, over)
    for held in Grant.objects.filter(known(change.position), account=account, role=role, unit=unit):
        if Span(held.valid_from, held.valid_until).overlaps(span):
            raise GrantOverlaps(account=called, role=role, unit=over.code, since=held.valid_from)
    [pk] = change.ids(Grant, 1)
    change.append(Grant, ("id", *GRANT_COLUMNS), [(pk, account, role, unit, span.start, span.end)])
    return pk


def _refuse_role(role: str, over: Unit) -> None:
    told = roles().get(role)
    if told is None or not told.units:
        codes = ", ".join(code for code, known in roles().items() if known.units)
        raise UnknownRoleOfAccess(role=role, roles=codes)
    if over.kind not in told.units:
        raise RoleNotOverUnit(role=role, kinds=", ".join(told.units), unit=over.code)


def revoke(*, grant: int, day: date, by: str, now: datetime) -> None:
    """The grant no longer holds from `day` on. Raises UnknownGrant where it does not hold then anyway."""
    with recording("access.revoke", by=by, now=now) as change:
        row = Grant.objects.filter(known(change.position), pk=grant).first()
        if row is None or (row.valid_until is not None and row.valid_until <= day):
            raise UnknownGrant(grant=grant)
        change.end(Grant, [row.pk])
        if row.valid_from < day:
            kept = (row.account_id, row.role, row.unit_id, row.valid_from, day)
            change.append(Grant, GRANT_COLUMNS, [kept])


def revoke_tokens(*, account: Account, by: str, now: datetime, only: int | None = None) -> int:
    """All tokens of the account, or one; how many there were."""
    with recording("access.revoke_tokens", by=by, now=now) as change:
        rows = Token.objects.filter(account=account.pk, recorded_until=None)
        ids = list((rows.filter(pk=only) if only else rows).values_list("pk", flat=True))
        change.end(Token, ids)
    return len(ids)


def granted(account: Account) -> list[Grant]:
    """All grants that are known to hold or to have held, for lists."""
    rows = Grant.objects.filter(known(head_position()), account=account.pk)
    return list(rows.select_related("unit").order_by("valid_from", "pk"))
