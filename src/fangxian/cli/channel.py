"""channel, deliver: where reminders are sent besides the screen, and sending what is due."""

import sys
from datetime import datetime

import click


def register(group: click.Group) -> None:
    group.add_command(channel)
    group.add_command(deliver)


def _clock() -> datetime:
    from fangxian.kernel.moments import OFFICE_ZONE

    return datetime.now(OFFICE_ZONE)


@click.group()
def channel() -> None:
    """Channels for reminders: DingTalk, WeCom, mail, gateways for short messages, all others of apprise."""


@channel.command()
@click.argument("name")
@click.option("--unit", metavar="CODE", help="Reminders of this unit and all under it (default: of all).")
@click.option("--quiet", default="21:00-07:00", show_default=True, help="Hours in which nothing is sent.")
@click.option("--by", default="cli", show_default=True, help="Who does it, for the change log.")
def add(name: str, unit: str | None, quiet: str, by: str) -> None:
    """Add a channel. Its address is read from the standard input, since it holds secrets; it is kept sealed.

    \b
    echo 'dingtalk://TOKEN' | fangxian channel add "Duty group"
    echo 'mailtos://USER:PASSWORD@mail.example?to=duty@office.example' | fangxian channel add Mail
    echo 'json://gateway.example/send?to={phone}' | fangxian channel add SMS     the first responsible
    person's phone"""
    from django.utils.translation import gettext as _

    from fangxian.campaigns.actions import add_channel
    from fangxian.campaigns.deliveries import read_quiet
    from fangxian.campaigns.problems import NothingIsSent
    from fangxian.campaigns.sending import service_of
    from fangxian.kernel.demonstration import demonstration_of
    from fangxian.kernel.home import current_home

    if demonstration_of(current_home()) is not None:
        raise NothingIsSent()
    hours = read_quiet(quiet)
    address = sys.stdin.readline().strip()
    kind, now = service_of(address), _clock()
    over = _unit(unit, now)
    made = add_channel(name=name, address=address, kind=kind, unit=over, quiet=hours, by=by, now=now)
    click.echo(_("Channel {number}: {kind}").format(number=made, kind=kind))


def _unit(code: str | None, now: datetime) -> int:
    from fangxian.kernel.changes import head_position
    from fangxian.kernel.moments import day_of
    from fangxian.registry.problems import UnknownUnit
    from fangxian.registry.tree import tree

    units = tree(day_of(now), head_position())
    if code is None:
        found = [node.id for node in units.nodes.values() if node.kind == "bureau"]
        return min(found or units.nodes)
    if code not in units.by_code:
        raise UnknownUnit(unit=code)
    return units.by_code[code]


@channel.command(name="list")
def list_() -> None:
    """The channels, without their addresses."""
    from fangxian.campaigns.models import Channel

    for row in Channel.objects.filter(recorded_until=None).select_related("unit").order_by("pk"):
        hours = f"{row.quiet_from}-{row.quiet_until}"
        click.echo("\t".join((str(row.pk), row.name, row.kind, row.unit.code, hours)))


@channel.command()
@click.argument("number", type=int)
@click.option("--by", default="cli", show_default=True, help="Who does it, for the change log.")
def remove(number: int, by: str) -> None:
    """Send nothing there any more; its address is deleted."""
    from fangxian.campaigns.actions import remove_channel

    remove_channel(channel=number, by=by, now=_clock())


@click.command()
def deliver() -> None:
    """Send the reminders that are due. The process that serves the pages does so by itself."""
    from django.utils.translation import gettext as _

    from fangxian.access import audit
    from fangxian.campaigns import sending
    from fangxian.campaigns.problems import NothingIsSent
    from fangxian.kernel.demonstration import demonstration_of
    from fangxian.kernel.home import current_home

    if demonstration_of(current_home()) is not None:
        raise NothingIsSent()
    accepted, failed = sending.deliver(clock=_clock, looked=audit.reminded)
    click.echo(_("{accepted} messages accepted, {failed} failed").format(accepted=accepted, failed=failed))
    if failed:
        raise SystemExit(1)
