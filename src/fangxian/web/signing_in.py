"""How allauth is told about our accounts: nobody opens one by oneself."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse

from fangxian.access.actions import set_password
from fangxian.access.models import Account

from . import clock


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("home")

    def can_delete_email(self, email_address: Any) -> bool:
        return False

    def set_password(self, user: Account, password: str) -> None:
        """A record of the change log, so that a door that remembers a sign-in asks again at once."""
        set_password(account=user, password=password, by=user.username, now=clock.latest())
