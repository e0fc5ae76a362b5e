"""Who sends a request: the session's account, else what its Authorization header holds.

`Bearer <token>` is a device's token. `Basic name:secret` takes a device's token or, where the account has no
second factor, its password. A password that was right once is remembered in memory under a key of this
process together with the hash that the ledger holds now, so that a hundred requests a second do not hash it
a hundred times, and a changed password is noticed at once.
"""

import base64
import binascii
import hmac
import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.core.cache import cache
from django.http import HttpRequest

from . import policy, tokens
from .actor import Actor, actor_of
from .models import Account
from .problems import TooManyAttempts, UnknownToken

ATTEMPTS, WINDOW = 5, 300  # wrong passwords of one name from one address, in seconds
REMEMBERED = 1_000
_KEY = os.urandom(32)
_right: dict[bytes, None] = {}


def authenticate(request: HttpRequest) -> Actor | None:
    """None: nobody that is known. `request.now` and `request.moment` are set by the first middleware: the
    office's clock, and the machine's. Raises TooManyAttempts."""
    now: datetime = request.now  # type: ignore[attr-defined]
    moment: datetime = request.moment  # type: ignore[attr-defined]
    header = request.headers.get("Authorization", "")
    if header:
        return _by_header(header, request.META.get("REMOTE_ADDR", ""), now=now, moment=moment)
    user: Any = getattr(request, "user", None)
    return actor_of(user, now=now) if user is not None and user.is_authenticated else None


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who may report, as the doors for submissions know it: for the units that its roles reach which report,
    or for the members of its household."""

    name: str
    unit: int | None
    units: frozenset[int]
    household: int | None = None
    members: frozenset[int] = frozenset()

    def reaches(self, unit: int) -> bool:
        return unit in self.units


def admit(
    *, authorization: str, token: str, address: str, now: datetime, moment: datetime
) -> Reporter | None:
    """Whoever sends answers: by the header as in `authenticate`, or by a device's or household's token that
    stands in the address. None: nobody that may report. Raises TooManyAttempts."""
    if token:
        actor = _by_token(token, None, now, moment) or _by_link(token, now, moment)
    else:
        actor = _by_header(authorization, address, now=now, moment=moment)
    return None if actor is None else reporter_of(actor)


def reporter_of(actor: Actor) -> Reporter | None:
    """The actor, where it may report."""
    if actor.household is not None:
        return Reporter(actor.name, None, frozenset(), actor.household, actor.members)
    if not policy.may(actor, "report"):
        return None
    own = next((held.unit for held in actor.held), None)
    return Reporter(actor.name, own, policy.scope(actor, "report").units)


def _by_link(text: str, now: datetime, moment: datetime) -> Actor | None:
    try:
        return tokens.actor_by_link(text, now=now, moment=moment)
    except UnknownToken:
        return None


def _by_header(header: str, address: str, *, now: datetime, moment: datetime) -> Actor | None:
    scheme, _space, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return _by_token(rest.strip(), None, now, moment)
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    if not colon:
        return None
    if secret.startswith(tokens.PREFIX):
        return _by_token(secret, name, now, moment)
    return _by_password(name, secret, address, now)


def _by_token(text: str, name: str | None, now: datetime, moment: datetime) -> Actor | None:
    try:
        actor = tokens.actor_by_token(text, now=now, moment=moment)
    except UnknownToken:
        return None
    return actor if name in (None, "", actor.name) else None


def _by_password(name: str, password: str, address: str, now: datetime) -> Actor | None:
    account = Account.objects.filter(username=name, is_active=True).first()
    if account is None or not account.has_usable_password() or _second_factor(account):
        refuse_after_attempts(name, address)
        make_password(password)  # as slow as a wrong password, so that names cannot be tried out
        _count_attempt(name, address)
        return None
    key = hmac.digest(_KEY, f"{account.password}\0{password}".encode(), "sha256")
    if key not in _right:
        refuse_after_attempts(name, address)
        if not check_password(password, account.password):
            _count_attempt(name, address)
            return None
        while len(_right) >= REMEMBERED:
            _right.pop(next(iter(_right)), None)
        _right[key] = None
    return actor_of(account, now=now)


def _second_factor(account: Account) -> bool:
    from allauth.mfa.models import Authenticator

    return Authenticator.objects.filter(user=account).exists()


def _attempts(name: str, address: str) -> str:
    return "attempts:" + hmac.digest(_KEY, f"{name}\0{address}".encode(), "sha256").hex()


def refuse_after_attempts(name: str, address: str) -> None:
    """Raises TooManyAttempts."""
    if cache.get(_attempts(name, address), 0) >= ATTEMPTS:
        raise TooManyAttempts()


def _count_attempt(name: str, address: str) -> None:
    key = _attempts(name, address)
    cache.add(key, 0, WINDOW)
    cache.incr(key)
