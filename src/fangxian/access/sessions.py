"""Django's sessions and accounts, found by one statement each: both are looked up at every visit, and putting
a queryset together was three quarters of what that cost."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends.db import SessionStore as Sessions
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from .models import Account

_SESSION = f"SELECT * FROM {Session._meta.db_table} WHERE session_key = %s AND expire_date > %s"  # noqa: S608
_ACCOUNT = f"SELECT * FROM {Account._meta.db_table} WHERE id = %s"  # noqa: S608 - our own name


class SessionStore(Sessions):
    def _get_session_from_db(self) -> Any:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        found = next(iter(Session.objects.raw(_SESSION, [self.session_key, now])), None)
        if found is None:
            self._session_key: str | None = None
        return found


class ByPassword(AuthenticationBackend):
    def get_user(self, user_id: Any) -> Any:
        account = next(iter(Account.objects.raw(_ACCOUNT, [user_id])), None)
        return account if account is not None and self.user_can_authenticate(account) else None
