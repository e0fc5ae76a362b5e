"""account: who may sign in, in which roles over which units."""

from datetime import date, datetime
from typing import Any

import click

ROLE_HELP = "A role, as `fangxian account roles` lists them."


def register(group: click.Group) -> None:
    group.add_command(account)


@click.group()
def account() -> None:
    """Open and close accounts, grant and revoke roles.

    \b
    Nobody has a password until choosing one, by a link that holds once.
      fangxian account add zhang --name 张三 --role head --unit s001
      fangxian account link zhang              a new link: the password was lost
      fangxian account grant zhang --role inspector --unit z1 --until 2020-03-01
      fangxian account list
      fangxian account revoke 12
      fangxian account close zhang
    """


@account.command("add")
@click.argument("username")
@click.option("--name", required=True, help="What the person is called.")
@click.option("--role", help=ROLE_HELP)
@click.option("--unit", help="The code of the unit over which.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From which day on (default: today).")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Up to, not including, this day.")
@click.option("--person", type=int, help="The registry's number of the person who this is.")
@click.option("--email", default="", help="Where a lost password is asked for, if mail is set up.")
@click.option("--address", default="http://127.0.0.1:8000", show_default=True, help="Where the pages are.")
def add(
    username: str,
    name: str,
    role: str | None,
    unit: str | None,
    since: datetime | None,
    until: datetime | None,
    person: int | None,
    email: str,
    address: str,
) -> None:
    """Open an account, and print the link by which its owner chooses a password."""
    from fangxian.access.actions import NewAccount, account_called, grant, open_accounts
    from fangxian.kernel.changes import recording

    if bool(role) != bool(unit):
        raise click.UsageError("--role and --unit belong together.")
    now, by = _now(), _by()
    with recording("access.add", by=by, now=now):
        new = NewAccount(username, name, person, email)
        open_accounts(accounts=[new], by=by, now=now)
        if role and unit:
            grant(
                account=account_called(username),
                role=role,
                unit=_unit(unit),
                since=_day(since) or now.date(),
                until=_day(until),
                by=by,
                now=now,
            )
    _link(username, address)


@account.command("link")
@click.argument("username")
@click.option("--address", default="http://127.0.0.1:8000", show_default=True, help="Where the pages are.")
def link(username: str, address: str) -> None:
    """Print a new link for choosing a password. It holds once, for 72 hours; older links no longer do."""
    _link(username, address)


def _link(username: str, address: str) -> None:
    from fangxian.access.actions import account_called
    from fangxian.access.tokens import issue_welcome
    from fangxian.kernel.moments import OFFICE_ZONE

    machine = datetime.now(OFFICE_ZONE)
    token = issue_welcome(account=account_called(username), by=_by(), now=_now(), moment=machine)
    click.echo(f"{address.rstrip('/')}/accounts/welcome/{token}/")


@account.command("grant")
@click.argument("username")
@click.option("--role", required=True, help=ROLE_HELP)
@click.option("--unit", required=True, help="The code of the unit over which.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From which day on (default: today).")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Up to, not including, this day.")
def grant_role(username: str, role: str, unit: str, since: datetime | None, until: datetime | None) -> None:
    """Grant a role over a unit and all that counts under it. Prints the grant's number."""
    from fangxian.access.actions import account_called, grant

    now = _now()
    held = grant(
        account=account_called(username),
        role=role,
        unit=_unit(unit),
        since=_day(since) or now.date(),
        until=_day(until),
        by=_by(),
        now=now,
    )
    click.echo(held)


@account.command("revoke")
@click.argument("grant", type=int)
def revoke_role(grant: int) -> None:
    """The grant of this number no longer holds from today on."""
    from fangxian.access.actions import revoke

    now = _now()
    revoke(grant=grant, day=now.date(), by=_by(), now=now)


@account.command("close")
@click.argument("username")
def close(username: str) -> None:
    """The account signs nobody in any more; its devices' tokens are revoked."""
    from fangxian.access.actions import account_called, close_account

    close_account(account=account_called(username), by=_by(), now=_now())


@account.command("list")
def listed() -> None:
    """All accounts with their grants."""
    from fangxian.access.actions import granted
    from fangxian.access.models import Account

    for row in Account.objects.order_by("username"):
        click.echo(f"{row.username}\t{row.name}\t{'' if row.is_active else 'closed'}")
        for held in granted(row):
            until = held.valid_until or ""
            click.echo(f"  {held.pk}\t{held.role}\t{held.unit.code}\t{held.valid_from}\t{until}")


@account.command("roles")
def roles() -> None:
    """The roles, and over which kinds of unit each is granted."""
    from fangxian.access.roles import roles

    for role in roles().values():
        if role.units:
            click.echo(f"{role.code}\t{role.name}\t{', '.join(role.units)}")


def _unit(code: str) -> int:
    from fangxian.registry.models import Unit
    from fangxian.registry.problems import UnknownUnit

    found = Unit.objects.filter(code=code).first()
    if found is None:
        raise UnknownUnit(unit=code)
    return found.pk


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _by() -> str:
    return "cli:operator"


def _now() -> Any:
    """The office's clock; a demonstration's stands still, and the log moves it on."""
    from fangxian.kernel.demonstration import clock_of
    from fangxian.kernel.home import current_home
    from fangxian.kernel.models import Head
    from fangxian.kernel.moments import OFFICE_ZONE

    clock, head = clock_of(current_home(), now=datetime.now(OFFICE_ZONE)), Head.objects.first()
    return max(clock, head.at) if head else clock
