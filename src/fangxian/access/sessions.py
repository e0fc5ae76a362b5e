"""Django's sessions and accounts, found by one statement each: both are looked up at every visit, and putting
a queryset together was three quarters of what that cost."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends.db import SessionStore as Sessions
from django.contrib.sessions.models import Session

from .models import Account

# By the database's clock: SQLite's reads as the times that Django writes there, without their fraction.
_SESSION = (
    f"SELECT * FROM {Session._meta.db_table}"  # noqa: S608 - our own name
    " WHERE session_key = %s AND expire_date > CURRENT_TIMESTAMP"
)
_ACCOUNT = f"SELECT * FROM {Account._meta.db_table} WHERE id = %s"  # noqa: S608 - our own name


class SessionStore(Sessions):
    def _get_session_from_db(self) -> Any:
        found = next(iter(Session.objects.raw(_SESSION, [self.session_key])), None)
        if found is None:
            self._session_key: str | None = None
        return found


class ByPassword(AuthenticationBackend):
    def get_user(self, user_id: Any) -> Any:
        account = next(iter(Account.objects.raw(_ACCOUNT, [user_id])), None)
        return account if account is not None and self.user_can_authenticate(account) else None
