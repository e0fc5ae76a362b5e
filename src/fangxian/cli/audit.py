"""audit: whether the log of what was seen is whole, and who made a copy."""

import json
import sys
from datetime import datetime

import click


def register(group: click.Group) -> None:
    group.add_command(audit)


@click.group()
def audit() -> None:
    """The log of what was seen: check its chain, find who made a copy."""


@audit.command("check")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: ok, events, seals, faults.")
def check(as_json: bool) -> None:
    """Follow the chain of seals from the first to the last. Exit code 1 where something was changed."""
    from django.utils.translation import gettext as _

    from fangxian.access.audit import check
    from fangxian.kernel.moments import OFFICE_ZONE

    found = check(moment=datetime.now(OFFICE_ZONE))
    if as_json:
        told = {"ok": not found.faults, "events": found.events, "seals": found.seals}
        click.echo(json.dumps(told | {"faults": found.faults}))
    else:
        words = _("{events} events under {seals} seals, {faults} faults.")
        click.echo(words.format(events=found.events, seals=found.seals, faults=len(found.faults)))
        for code, number in found.faults:
            click.echo(f"{code} {number}")
    sys.exit(1 if found.faults else 0)


@audit.command("copy")
@click.argument("copy")
def copy(copy: str) -> None:
    """Who exported the copy with this id, when, and what."""
    from fangxian.access.models import Event
    from fangxian.kernel.moments import OFFICE_ZONE

    for row in Event.objects.filter(copy=copy.lower()):
        at = row.at.astimezone(OFFICE_ZONE).isoformat(timespec="seconds")
        click.echo(f"{at}\t{row.actor}\t{row.what}\t{row.subject}\t{row.unit}")
