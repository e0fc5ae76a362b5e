"""lake sync, rebuild, check: the columnar mirror of the ledger that figures are counted from."""

import json
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fangxian.lake.mirror import Synced


def register(group: click.Group) -> None:
    group.add_command(lake)


@click.group()
def lake() -> None:
    """The mirror of the ledger that figures are counted from.

    \b
    fangxian lake sync              mirror what is new
    fangxian lake rebuild           mirror everything from nothing; figures stay as they were
    fangxian lake check             what is missing, damaged, late or miscounted; then the exit code is 1
    """


@lake.command()
@click.option("--json", "as_json", is_flag=True, help="Print an object instead of a sentence.")
def sync(as_json: bool) -> None:
    """Mirror what the ledger has beyond the lake's position."""
    from fangxian.figures.sync import sync_lake
    from fangxian.kernel.home import current_home

    _say(sync_lake(current_home(), here=True), as_json)


@lake.command()
@click.option("--json", "as_json", is_flag=True, help="Print an object instead of a sentence.")
def rebuild(as_json: bool) -> None:
    """Mirror the whole ledger from nothing. The old lake is read until the new one is whole."""
    from fangxian.figures.sync import rebuild_lake
    from fangxian.kernel.home import current_home

    _say(rebuild_lake(current_home(), here=True), as_json)


@lake.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects instead of sentences.")
def check(as_json: bool) -> None:
    """Hold the lake against the ledger. Exit code 1 where something is wrong."""
    from django.utils.translation import gettext as _

    from fangxian.figures.sync import check_lake
    from fangxian.kernel.home import current_home

    findings = check_lake(current_home(), here=True)
    if as_json:
        told = [{"code": each.code, "sentence": each.sentence(), **each.facts} for each in findings]
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        for each in findings:
            click.echo(f"{each.sentence()} [{each.code}]")
        if not findings:
            click.echo(_("The lake agrees with the ledger."))
    sys.exit(1 if findings else 0)


def _say(synced: "Synced", as_json: bool) -> None:
    from dataclasses import asdict

    from django.utils.translation import gettext as _

    from fangxian.kernel.moments import from_ms

    known_at = from_ms(synced.known_at).isoformat(timespec="seconds")
    if as_json:
        click.echo(json.dumps({**asdict(synced), "known_at": known_at}))
        return
    done = _("{rows} rows mirrored; the lake knows the records up to {known_at} (position {position}).")
    click.echo(done.format(rows=synced.rows, known_at=known_at, position=synced.position))
    if synced.rebuilt not in ("", "asked", "missing"):
        click.echo(_("The lake could not be continued and was built from nothing."))
