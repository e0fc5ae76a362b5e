"""The town, in the test's ledger, with a data folder of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from tests.apart import committed_apart
from tests.browsers import LAUNCH, playwright_, serving  # noqa: F401

from fangxian.kernel.demonstration import Demonstration
from fangxian.kernel.home import Home
from fangxian.kernel.secrets import make_keys
from fangxian.registry.tree import forget_trees
from fangxian.web import counting

from .town import CLOCK, Town, account, build


@pytest.fixture(scope="module")
def town(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """Built once for the tests of a file; flushed afterwards."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        home = Home(tmp_path_factory.mktemp("town") / "home").make()
        make_keys(home.keys, bytes(range(96)))
        patch.setenv("FANGXIAN_HOME", str(home.path))
        Demonstration("town", 1, 1, "", CLOCK.isoformat()).write(home.path)
        counting.forget()
        forget_trees()
        yield build()
        call_command("flush", verbosity=0, interactive=False)
        counting.forget()
        forget_trees()


@pytest.fixture
def visit(town: Town, db: None) -> Callable[[str], Client]:
    """A signed-in browser without scripts."""

    def signed_in(name: str) -> Client:
        client = Client()
        client.force_login(account(name))
        return client

    return signed_in


@pytest.fixture(scope="module")
def site(town: Town, django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock(), serving() as address:
        yield address


@pytest.fixture
def committed(town: Town, db: None) -> None:
    """Visits write through the server's threads: the test's own transaction would keep them out."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")


@pytest.fixture
def phone(playwright: Any, site: str, committed: None, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """A phone, whose storage outlives its closing: `phone("teacher")`, and again on the same `folder`."""
    opened: list[Any] = []

    def take(name: str = "", folder: str = "phone", **options: Any) -> Any:
        context = playwright.chromium.launch_persistent_context(
            tmp_path / folder,
            **LAUNCH,
            **{
                "base_url": site,
                "locale": "zh-CN",
                "viewport": {"width": 390, "height": 844},
                "has_touch": True,
            }
            | options,
        )
        opened.append(context)
        context.set_default_timeout(15_000)
        context.site = site
        if name:
            sign_in(context, name)
        return context

    yield take
    for context in opened:
        context.close()


def sign_in(context: Any, name: str) -> None:
    """As one who signed in, and whose session outlives the closing."""
    client = Client()
    committed_apart(lambda: client.force_login(account(name)))
    value, expires = client.cookies[settings.SESSION_COOKIE_NAME].value, 4_000_000_000
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": context.site, "expires": expires}
    context.add_cookies([cookie])
