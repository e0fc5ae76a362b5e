"""The duty officer whom the tests of pages sign in: of the bureau, so that all of the city is in scope."""

from datetime import date, datetime

from fangxian.access.actions import NewAccount, open_accounts
from fangxian.access.models import Account
from fangxian.registry.models import Unit

OFFICER, LEADER = "duty-officer", "leader"
SINCE = date(2020, 1, 1)


def open_officer(*, unit: str, now: datetime) -> Account:
    over = Unit.objects.get(code=unit).pk
    new = NewAccount(OFFICER, "值班员", grants=[("bureau_office", over, SINCE)])
    leads = NewAccount(LEADER, "签发人", grants=[("signatory", over, SINCE)])
    pk, _leader = open_accounts(accounts=[new, leads], by="test", now=now)
    return Account.objects.get(pk=pk)


def officer() -> Account:
    return Account.objects.get(username=OFFICER)


def leader() -> Account:
    """Who approves bulletins."""
    return Account.objects.get(username=LEADER)
