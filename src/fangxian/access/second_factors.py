"""Seeds of one-time passwords and of recovery codes lie sealed in the ledger."""

import base64
from collections.abc import Iterator
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter

from fangxian.kernel.changes import recording
from fangxian.kernel.rekeying import ACTION, Clock
from fangxian.kernel.secrets import Keyring, keyring

SEALED = "sealed:"  # what lies in the clear is of an older edition


class Adapter(DefaultMFAAdapter):
    """How allauth is told to keep them."""

    def encrypt(self, text: str) -> str:
        return sealed(text, keyring())

    def decrypt(self, encrypted_text: str) -> str:
        return opened(encrypted_text, keyring())


def sealed(text: str, ring: Keyring) -> str:
    return SEALED + base64.b64encode(ring.seal(text)).decode()


def opened(told: str, ring: Keyring) -> str:
    return ring.open(base64.b64decode(told.removeprefix(SEALED))) if told.startswith(SEALED) else told


class SecondFactors:
    """For `kernel.rekeying`. There are few: each is one batch."""

    name = "mfa_authenticator"

    def left(self, ring: Keyring) -> int:
        return sum(1 for row in _authenticators() if any(_old(text, ring) for text in _secrets(row.data)))

    def rekey(self, ring: Keyring, *, by: str, clock: Clock) -> Iterator[int]:
        for key in [row.pk for row in _authenticators()]:
            with recording(ACTION, by=by, now=clock()) as change:
                row = _authenticators().select_for_update().filter(pk=key).first()
                if row is None or not any(_old(text, ring) for text in _secrets(row.data)):
                    continue
                row.data = _anew(row.data, ring)
                row.save(update_fields=["data"])
                change.detail["rekeyed"] = {self.name: 1}
            yield 1


def _authenticators() -> Any:
    from allauth.mfa.models import Authenticator

    return Authenticator.objects.order_by("pk")


def _secrets(data: dict[str, Any]) -> list[str]:
    """`secret` of one-time passwords; `seed` and `migrated_codes` of recovery codes."""
    return [data[name] for name in ("secret", "seed") if name in data] + list(data.get("migrated_codes", ()))


def _old(told: str, ring: Keyring) -> bool:
    return not told.startswith(SEALED) or base64.b64decode(told.removeprefix(SEALED))[0] != ring.number


def _anew(data: dict[str, Any], ring: Keyring) -> dict[str, Any]:
    again: dict[str, Any] = {
        name: sealed(opened(data[name], ring), ring) for name in ("secret", "seed") if name in data
    }
    if "migrated_codes" in data:
        again["migrated_codes"] = [sealed(opened(code, ring), ring) for code in data["migrated_codes"]]
    return data | again
