"""Who stands at a door: an account by its password or a device's token, a family by its link. A
demonstration also lets in whoever names a unit, from this machine alone.

`admit` is all that the doors ask of accounts. What it answers holds until the change log shows that anything
but answers was recorded (see `submissions.known`), so that a right that was revoked is gone at once.
"""

import base64
import binascii
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fangxian.access import authentication as access
from fangxian.kernel.changes import head_position
from fangxian.kernel.demonstration import demonstration_of
from fangxian.kernel.home import current_home
from fangxian.kernel.moments import day_of
from fangxian.registry.tree import tree
from fangxian.submissions.envelopes import Sender

from .. import clock
from .problems import SignInNeeded

PASSWORD = "demonstration"  # noqa: S105 - of invented people, on loopback alone
TOKEN = "demonstration."  # noqa: S105 - then a unit's code


class Admits(Protocol):
    def __call__(self, *, authorization: str, token: str, address: str, now: datetime) -> Sender:
        """Who sends, by the header (Basic, or Bearer with a device's token) or by the token in the address.

        Raises SignInNeeded.
        """
        ...


@dataclass(frozen=True, slots=True)
class OfUnit:
    """Somebody of a unit: reaches what counts under it."""

    name: str
    unit: int | None
    units: frozenset[int]
    household: int | None = None
    members: frozenset[int] = frozenset()

    def reaches(self, unit: int) -> bool:
        return unit in self.units


def admit(*, authorization: str, token: str, address: str, now: datetime) -> Sender:
    """By the policy, for what one may report. In a demonstration also a unit's code with the demonstration's
    password, or a token that names the unit. Raises SignInNeeded, TooManyAttempts."""
    if not _claims_demonstration(authorization, token):
        known = access.admit(
            authorization=authorization, token=token, address=address, now=now, moment=clock.machine()
        )
        if known is None:
            raise SignInNeeded()
        return known
    if demonstration_of(current_home()) is None or not _is_loopback(address):
        raise SignInNeeded()
    code = _code(authorization, token)
    units = tree(day_of(now), head_position())
    unit = units.by_code.get(code)
    if unit is None:
        raise SignInNeeded()
    return OfUnit(f"demonstration:{code}", unit, frozenset(units.under(unit)))


def _claims_demonstration(authorization: str, token: str) -> bool:
    scheme, _space, rest = authorization.partition(" ")
    if scheme.lower() == "basic" and not token:
        return read_basic(authorization)[1] == PASSWORD
    return (token or rest.strip()).startswith(TOKEN)


def _code(authorization: str, token: str) -> str:
    """The unit's code that is claimed. Raises SignInNeeded."""
    scheme, _space, rest = authorization.partition(" ")
    token = rest.strip() if scheme.lower() == "bearer" else token
    if token.startswith(TOKEN):
        return token.removeprefix(TOKEN)
    name, password = read_basic(authorization)
    if not hmac.compare_digest(password.encode(), PASSWORD.encode()):
        raise SignInNeeded()
    return name


def read_basic(authorization: str) -> tuple[str, str]:
    """Raises SignInNeeded."""
    scheme, _space, rest = authorization.partition(" ")
    try:
        name, colon, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise SignInNeeded() from error
    if scheme.lower() != "basic" or not colon:
        raise SignInNeeded()
    return name, password


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
