"""list: the lists that other offices send, their issues, and what comes of matching them."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from fangxian.matching.queries import Difference, Listed

MASKED = {"id_number": "D", "phone": "C", "name": "B"}


def register(group: click.Group) -> None:
    group.add_command(lists)


@click.group("list")
def lists() -> None:
    """Lists of other offices: bring an issue, see what it changed, match it, see what is left to do.

    \b
      fangxian list add --source 交通运输局 --title 火车旅客 --topic returnees_hubei
      fangxian list issue 1 旅客0128.xlsx
      fangxian list diff 1
      fangxian list match
      fangxian list status
      fangxian list withdraw 1 --reason 发错文件

    An issue is matched by `match`: the first time all of it, then what changed in it or in the registry.
    """


def _by(command: Any) -> Any:
    command = click.option("--by", default="cli", show_default=True, help="Who does it.")(command)
    return click.option("--at", "moment", metavar="MOMENT", help="When it is recorded (default: now).")(
        command
    )


@lists.command()
@click.option("--source", required=True, help="The office that sends it.")
@click.option("--title", required=True, help="What the list is called.")
@click.option("--topic", required=True, help="What it is of; a wrong one shows which there are.")
@click.option("--sensitive/--one-reviewer", default=None, help="Whether two reviewers must agree.")
@_by
def add(source: str, title: str, topic: str, sensitive: bool | None, moment: str | None, by: str) -> None:
    """A list that an office will send."""
    from django.utils.translation import gettext as _

    from fangxian.matching.actions import add_list

    now = _ready(moment)
    key = add_list(source=source, title=title, topic=topic, sensitive=sensitive, by=by, now=now)
    click.echo(_("List {list}: {source}, {title}.").format(list=key, source=source, title=title))


@lists.command()
@click.argument("listing", metavar="LIST", type=int)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--policy", type=click.Choice(["atomic", "partial"]), default="atomic", show_default=True)
@click.option("--map", "mapped", multiple=True, metavar="COLUMN=FIELD", help="As `fangxian import --map`.")
@click.option("--leave-hidden", is_flag=True, help="Leave hidden rows, columns and sheets aside.")
@click.option("--keep-days", type=click.IntRange(0, 3_650), default=180, show_default=True)
@click.option("--dry-run", is_flag=True, help="Check only; store nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before storing.")
@_by
def issue(
    listing: int,
    file: Path,
    policy: str,
    mapped: tuple[str, ...],
    leave_hidden: bool,
    keep_days: int,
    dry_run: bool,
    yes: bool,
    moment: str | None,
    by: str,
) -> None:
    """Bring FILE as the next issue of LIST (a number of `list status`)."""
    from django.utils.translation import gettext as _

    from fangxian.cli.import_ import _confirmed, _mapping, _show
    from fangxian.matching.actions import bring_issue
    from fangxian.matching.bringing import read_issue

    now = _ready(moment)
    if not file.is_file():
        raise click.UsageError(f"There is no file {file}.")
    chosen = dict(_mapping(each, "list") for each in mapped)
    imported = read_issue(listing, file, now=now, policy=policy, chosen=chosen, leave_hidden=leave_hidden)
    _show(imported)
    if not imported.passes:
        sys.exit(1)
    if dry_run or not (yes or _confirmed(imported)):
        return
    brought = bring_issue(listing=listing, imported=imported, by=by, now=now, keep_days=keep_days)
    told = _(
        "Issue {number}: {rows} rows; {new} new, {returned} there again, {changed} changed, {same} as "
        "before; {gone} gone. Next: fangxian list match {list}"
    )
    numbers = {name: getattr(brought, name) for name in brought.__slots__}
    click.echo(told.format(list=listing, **numbers))


@lists.command()
@click.argument("listing", metavar="[LIST]", type=int, required=False)
@click.option("--whole", is_flag=True, help="All rows anew, also those that did not change.")
@click.option("--threads", default=2, show_default=True, type=click.IntRange(1, 64))
@_by
def match(listing: int | None, whole: bool, threads: int, moment: str | None, by: str) -> None:
    """Match LIST, or all lists: what changed in them or in the registry since the last time."""
    from django.utils.translation import gettext as _

    from fangxian.kernel.changes import head_position
    from fangxian.kernel.moments import day_of
    from fangxian.matching.queries import lists as all_lists
    from fangxian.matching.queries import one_list
    from fangxian.matching.rematching import match_list
    from fangxian.matching.roster import read_roster

    now = _ready(moment)
    chosen = [one_list(listing)] if listing is not None else [each for each in all_lists() if each.issues]
    roster = read_roster(day_of(now), head_position())
    for each in chosen:
        done = match_list(each.of.pk, by=by, now=now, whole=whole, roster=roster, step=_step, threads=threads)
        counts = one_list(each.of.pk).counts
        told = _("{title}: {matched} of {rows} rows matched; {auto} linked, {review} to be reviewed.")
        facts = {"matched": done.matched, "rows": done.rows, "auto": counts.auto, "review": counts.review}
        click.echo(told.format(title=each.of.title, **facts))


def _step(words: str) -> None:
    click.echo(f"{words} …", err=True)


@lists.command()
@click.argument("listing", metavar="LIST", type=int)
@click.option("--number", type=int, help="Which issue (default: the last).")
@click.option("--json", "as_json", is_flag=True, help="One object a row.")
def diff(listing: int, number: int | None, as_json: bool) -> None:
    """What an issue changed, row by row: new, there again, changed (which cell was, which is), gone.

    Names, numbers and phones are masked.
    """
    from fangxian.matching.queries import difference, one_list

    _ready(None)
    found = difference(listing, number or len(one_list(listing).issues))
    for line in _lines(found, as_json):
        click.echo(line)


def _lines(found: "Difference", as_json: bool) -> Iterator[str]:
    from django.utils.translation import gettext as _

    for row in found.rows:
        cells = {c.field: [_masked(c.field, c.was), _masked(c.field, c.now)] for c in row.cells}
        fields = {name: _masked(name, value) for name, value in row.fields.items()}
        told = {"row": row.row, "what": row.what, "sheet": row.sheet, "number": row.number}
        if as_json:
            yield json.dumps(told | {"cells": cells, "fields": fields}, ensure_ascii=False)
        else:
            shown = "; ".join(f"{name} {was or '—'} → {now or '—'}" for name, (was, now) in cells.items())
            place = _("row {row}").format(row=row.number)
            yield f"{row.what:8}  {row.sheet} {place}  {fields.get('name', '')}  {shown}".rstrip()
    if not as_json:
        counts = {what: found.count(what) for what in ("new", "returned", "changed", "gone")}
        told_all = _("{new} new, {returned} there again, {changed} changed, {gone} gone, {same} as before.")
        yield told_all.format(same=found.same, **counts)


def _masked(field: str, value: str) -> str:
    from fangxian.access.policy import masked

    return masked(MASKED[field], value) if value and field in MASKED else value


@lists.command()
@click.argument("listing", metavar="LIST", type=int)
@click.option("--reason", required=True, help="Why: it stands on the list's page.")
@_by
def withdraw(listing: int, reason: str, moment: str | None, by: str) -> None:
    """Take LIST back: its leads end, and figures no longer count what it alone confirmed."""
    from django.utils.translation import gettext as _

    from fangxian.matching.actions import withdraw_list
    from fangxian.matching.replies import tally_of

    now = _ready(moment)
    before = tally_of(listing)
    withdraw_list(listing=listing, reason=reason, by=by, now=now)
    told = _("List {list} is withdrawn: {agree} confirmed leads, {differ} denied and {unheard} unheard end.")
    facts = {"agree": before.agree, "differ": before.differ, "unheard": before.unheard}
    click.echo(told.format(list=listing, **facts))


@lists.command()
@click.option("--json", "as_json", is_flag=True, help="One object a list.")
def status(as_json: bool) -> None:
    """All lists: their last issue, what is linked, what is to be reviewed, what waits for an answer."""
    from fangxian.matching.queries import lists as all_lists

    _ready(None)
    for each in all_lists():
        click.echo(json.dumps(_told(each), ensure_ascii=False) if as_json else _line(each))


def _told(each: "Listed") -> dict[str, Any]:
    counts = each.counts
    return {
        "list": each.of.pk,
        "source": each.of.source.name,
        "title": each.of.title,
        "topic": each.of.topic,
        "sensitive": each.of.sensitive,
        "issues": len(each.issues),
        **{name: getattr(counts, name) for name in counts.__slots__},
    }


def _line(each: "Listed") -> str:
    from django.utils.translation import gettext as _

    counts = each.counts
    told = _(
        "issue {issues}: {rows} rows, {waiting} not matched yet, {auto} linked, {review} for review, "
        "{asked} asked, {leads} leads"
    )
    numbers = {name: getattr(counts, name) for name in counts.__slots__}
    return f"{each.of.pk}  {each.of.source.name} {each.of.title}  " + told.format(
        issues=len(each.issues), **numbers
    )


def _ready(moment: str | None) -> Any:
    from fangxian.cli.import_ import _need_ledger, now_of

    _need_ledger()
    return now_of(moment)
