"""`fangxian account`, and the accounts of a demonstration."""

from typing import Any

import pytest
from click.testing import CliRunner, Result

from fangxian.access.models import Account, Grant
from fangxian.access.roles import roles
from fangxian.cli.main import _build, _home_first
from fangxian.kernel.home import Home
from fangxian.scenario.accounts import ACCOUNTS

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(demonstration: Home) -> Any:
    def command(*words: str) -> Result:
        line = ["account", *words, "--home", str(demonstration.path), "--lang", "en"]
        return CliRunner().invoke(_build(), _home_first(line))

    return command


def test_an_account_is_opened_with_a_link_and_closed(
    run: Any, small_city: dict[str, int], client: Any
) -> None:
    link = run("add", "zhang", "--name", "张三", "--role", "head", "--unit", "s1").output.strip()
    assert link.startswith("http://127.0.0.1:8000/accounts/welcome/fx_")
    account = Account.objects.get(username="zhang")
    assert not account.has_usable_password() and not account.demonstration
    assert client.get(link.removeprefix("http://127.0.0.1:8000")).status_code == 200
    [held] = account.grants.all()
    assert (held.role, held.unit_id) == ("head", small_city["s1"])
    assert "head\ts1" in run("list").output
    other = run("link", "zhang").output.strip()
    assert other != link and client.get(link.removeprefix("http://127.0.0.1:8000")).status_code == 404
    number = run(
        "grant", "zhang", "--role", "inspector", "--unit", "z1", "--until", "2020-03-01"
    ).output.strip()
    assert run("revoke", number).exit_code == 0
    assert not Grant.objects.filter(pk=number, recorded_until=None).exists()
    assert run("close", "zhang").exit_code == 0
    assert not Account.objects.get(username="zhang").is_active


def test_what_is_wrong_is_told_in_words(run: Any, small_city: dict[str, int]) -> None:
    for words, code in (
        (("link", "nobody"), "unknown-account"),
        (("add", "a b", "--name", "x"), "account-name"),
        (("add", "ab", "--name", "x", "--role", "king", "--unit", "s1"), "unknown-access-role"),
        (("add", "ab", "--name", "x", "--role", "head", "--unit", "c1"), "role-not-over-unit"),
        (("add", "ab", "--name", "x", "--role", "head", "--unit", "zz"), "unknown-unit"),
        (("revoke", "99"), "unknown-grant"),
    ):
        told = run(*words)
        assert told.exit_code == 2 and f"[{code}]" in told.output, words
    assert not Account.objects.exists()


def test_the_demonstration_has_an_account_for_every_role_that_is_granted() -> None:
    assert set(ACCOUNTS) == {code for code, role in roles().items() if role.units}
