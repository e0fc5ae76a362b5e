"""A small city with accounts, on the registry's own."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.test import RequestFactory
from tests.registry.conftest import START, at, small_city  # noqa: F401

from fangxian.access.actions import NewAccount, open_accounts
from fangxian.access.models import Account
from fangxian.kernel.demonstration import Demonstration
from fangxian.kernel.home import Home

NOW = at(10)


@pytest.fixture
def opened(small_city: dict[str, int]) -> Callable[..., Account]:  # noqa: F811
    """Open an account with one role over a unit."""

    def made(name: str, role: str = "", unit: str = "", since: date = START, **more: Any) -> Account:
        grants = [(role, small_city[unit], since)] if role else []
        [pk] = open_accounts(accounts=[NewAccount(name, name, grants=grants, **more)], by="test", now=NOW)
        return Account.objects.get(pk=pk)

    return made


@pytest.fixture
def asked(rf: RequestFactory) -> Callable[..., Any]:
    """A request as the guard hands it to `authenticate`."""

    def made(authorization: str = "", now: datetime = NOW) -> Any:
        request: Any = rf.get("/", headers={"Authorization": authorization} if authorization else {})
        request.now = request.moment = now
        return request

    return made


@pytest.fixture
def demonstration(other_home: Home) -> Home:
    Demonstration("x", 1, 1, "", NOW.isoformat()).write(other_home.path)
    return other_home
