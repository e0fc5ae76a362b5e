"""Secrets that are handed out once and kept as digests: a device's, a household's link, and the link by
which somebody chooses a password. 256 random bits want no slow hash."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from fangxian.kernel.changes import head_position, recording

from .actor import Actor, actor_of, household_actor
from .models import Account, Token
from .problems import UnknownToken

PREFIX = "fx_"
WELCOME_HOURS = 72
COLUMNS = ("kind", "name", "account_id", "household_id", "digest", "expires", "recorded_until")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def issue_device(*, account: Account, name: str, by: str, now: datetime) -> str:
    """A token for one device, named, to be revoked by itself. It is told this once."""
    return _issue("device", name, account.pk, None, None, by, now)


def issue_household(
    *, household: int, name: str, by: str, now: datetime, until: datetime | None = None
) -> str:
    """What stands in a family's link or QR code."""
    return _issue("household", name, None, household, until, by, now)


def issue_households(
    *, households: Sequence[int], name: str, by: str, now: datetime, until: datetime
) -> dict[int, str]:
    """A link for each; those issued before under the same name (a class's slips) hold no longer."""
    texts = {household: PREFIX + secrets.token_urlsafe(32) for household in dict.fromkeys(households)}
    with recording("access.issue_household", by=by, now=now) as change:
        held = Token.objects.filter(kind="household", name=name[:80], recorded_until=None)
        change.end(Token, held.filter(household__in=texts).values_list("pk", flat=True))
        rows = [("household", name[:80], None, one, digest(text), until, None) for one, text in texts.items()]
        change.append(Token, COLUMNS, rows)
    return texts


def revoke_households(*, households: Sequence[int], name: str, by: str, now: datetime) -> int:
    """The links issued under this name hold no longer; how many there were."""
    with recording("access.revoke_token", by=by, now=now) as change:
        held = Token.objects.filter(kind="household", name=name[:80], recorded_until=None)
        ids = list(held.filter(household__in=households).values_list("pk", flat=True))
        change.end(Token, ids)
    return len(ids)


def issue_welcome(*, account: Account, by: str, now: datetime, moment: datetime) -> str:
    """A link by which the account's owner chooses a password, once, within 72 hours of `moment` (on the
    machine's clock: a demonstration's stands still). Links issued before hold no longer."""
    with recording("access.issue_welcome", by=by, now=now) as change:
        held = Token.objects.filter(kind="welcome", account=account.pk, recorded_until=None)
        change.end(Token, held.values_list("pk", flat=True))
        until = moment + timedelta(hours=WELCOME_HOURS)
        return _issue("welcome", account.username, account.pk, None, until, by, now)


def _issue(
    kind: str,
    name: str,
    account: int | None,
    household: int | None,
    until: datetime | None,
    by: str,
    now: datetime,
) -> str:
    text = PREFIX + secrets.token_urlsafe(32)
    with recording(f"access.issue_{kind}", by=by, now=now) as change:
        change.append(Token, COLUMNS, [(kind, name[:80], account, household, digest(text), until, None)])
    return text


def find(text: str, kind: str, *, moment: datetime) -> Token:
    """The token in force. Raises UnknownToken."""
    found = Token.objects.select_related("account").filter(digest=digest(text), kind=kind).first()
    if found is None or found.recorded_until is not None or (found.expires and found.expires <= moment):
        raise UnknownToken()
    if found.account is not None and not found.account.is_active:
        raise UnknownToken()
    return found


def actor_by_token(text: str, *, now: datetime, moment: datetime | None = None) -> Actor:
    """Who holds this device's token. Raises UnknownToken."""
    account = find(text, "device", moment=moment or now).account
    assert account is not None
    return actor_of(account, now=now)


def actor_by_link(text: str, *, now: datetime, moment: datetime | None = None) -> Actor:
    """The household of this link. Raises UnknownToken."""
    household = find(text, "household", moment=moment or now).household_id
    assert household is not None
    return household_actor(household, now=now)


def use_up(*, token: Token, by: str, now: datetime) -> None:
    """Raises UnknownToken where another was quicker."""
    with recording("access.use_token", by=by, now=now) as change:
        if not Token.objects.filter(pk=token.pk, recorded_until=None).exists():
            raise UnknownToken()
        change.end(Token, [token.pk])


def revoke(*, token: int, by: str, now: datetime) -> None:
    """Raises UnknownToken."""
    with recording("access.revoke_token", by=by, now=now) as change:
        if not Token.objects.filter(pk=token, recorded_until=None).exists():
            raise UnknownToken()
        change.end(Token, [token])


def devices(account: Account) -> list[Token]:
    """The account's devices as of now."""
    rows = Token.objects.filter(account=account.pk, kind="device", recorded__lte=head_position())
    return list(rows.filter(recorded_until=None).order_by("pk"))
