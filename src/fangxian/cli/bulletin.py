"""`fangxian bulletin` and `fangxian changes`: the evening's paper, and whether it still holds."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from django.utils.translation import ngettext

from fangxian.kernel.asof import AsOf
from fangxian.kernel.moments import OFFICE_ZONE, day_of, read_moment

BULLETIN_HELP = """Issue the bulletin as Word, PDF and HTML; every number in it is counted.

\b
Examples:
  fangxian bulletin                                     the next number, as of now
  fangxian bulletin --as-of 2020-02-12T18:20:00+08:00 --out papers
  fangxian bulletin --draft --out papers                nothing is stored
  fangxian bulletin --reissue 12 --out papers           counted again from its own moment
  fangxian bulletin --template ours.docx --lint ours.docx
  fangxian bulletin --list
  fangxian bulletin --corrects 12 --reason "one person reported by two schools, now merged"

\b
Step by step, the approval by another person than whoever drafted and checked:
  fangxian bulletin draft                               draft 1
  fangxian bulletin check 1 --as-of 2020-02-12T18:20:00+08:00
  fangxian bulletin approve 1 --by leader
  fangxian bulletin issue 1 --out papers
  fangxian bulletin steps 1
"""
CHANGES_HELP = """What of bulletin NUMBER would be another number now, by how much, and which records did it.

\b
Examples:
  fangxian changes 12
  fangxian changes 12 --known-by 2020-02-14T09:10:00+08:00 --json
"""


def register(group: click.Group) -> None:
    group.add_command(bulletin)
    group.add_command(changes)


@click.group(
    help=BULLETIN_HELP,
    short_help="Issue the bulletin, a draft of it, or an old one again.",
    invoke_without_command=True,
)
@click.option(
    "--as-of", "as_of", help="The moment of the figures (default: now, or the demonstration's clock)."
)
@click.option("--known-by", "known_by", help="What was known by when (default: the moment of --as-of).")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Put the files here too.")
@click.option("--draft", is_flag=True, help="Render only: nothing is stored, and every page says so.")
@click.option("--number", type=click.IntRange(1, 100_000), help="The bulletin's number (default: the next).")
@click.option("--reissue", type=int, help="Count bulletin N again and write its files again.")
@click.option("--template", "template_path", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A Word template of your own.")  # fmt: skip # noqa: E501
@click.option("--lint", "lint_path", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Only look for typed numbers in this template.")  # fmt: skip # noqa: E501
@click.option("--list", "listing", is_flag=True, help="List what has been issued.")
@click.option("--corrects", type=int, help="The number of the bulletin that this one corrects.")
@click.option("--reason", default="", help="Why it is corrected; without numbers, the paper names them.")
@click.option("--by", default="cli:officer", show_default=True, help="Who issues.")
@click.pass_context
def bulletin(
    context: click.Context,
    as_of: str | None,
    known_by: str | None,
    out: Path | None,
    draft: bool,
    number: int | None,
    reissue: int | None,
    template_path: Path | None,
    lint_path: Path | None,
    listing: bool,
    corrects: int | None,
    reason: str,
    by: str,
) -> None:
    if context.invoked_subcommand:
        return
    if lint_path:
        _lint(lint_path)
    elif listing:
        _list()
    elif reissue is not None:
        _reissue(reissue, out)
    else:
        _issue(as_of, known_by, out, draft, number, _template(template_path), corrects, reason, by)


def _lint(path: Path) -> None:
    from fangxian.publishing.lint import lint

    found = lint(path.read_bytes())
    for finding in found:
        click.echo(str(finding))
    click.echo(f"{path}: {len(found)}", err=True)
    if found:
        raise SystemExit(1)


def _list() -> None:
    from fangxian.publishing.models import Bulletin

    for row in Bulletin.objects.order_by("-number").defer("template", "frozen"):
        known, issued = (
            m.astimezone(OFFICE_ZONE).isoformat(timespec="minutes") for m in (row.known_by, row.issued_at)
        )
        click.echo(
            f"{row.number}\t{row.day}\t{known}\t{issued}\t{row.by}\t{row.content_sha256[:12]}\t{row.title}"
        )


def _issue(
    as_of: str | None,
    known_by: str | None,
    out: Path | None,
    draft: bool,
    number: int | None,
    template: bytes,
    corrects: int | None,
    reason: str,
    by: str,
) -> None:
    from fangxian.publishing.actions import issue_bulletin
    from fangxian.publishing.shelf import folder

    engine = _engine()
    at = _moment(as_of, known_by)
    if draft:
        _draft(engine, at, template, number, out or Path())
        return
    issued = issue_bulletin(
        engine=engine,
        at=at,
        template=template,
        number=number,
        by=by,
        now=_now(at.known_by),
        corrects=corrects,
        reason=reason,
    )
    click.echo(f"{issued.number}\t{issued.content_sha256}\t{folder(issued.number)}")
    if out:
        _copy(sorted(folder(issued.number).glob("bulletin-*")), out)


def _draft(engine: Any, at: Any, template: bytes, number: int | None, out: Path) -> None:
    from fangxian.publishing.content import count_bulletin, marks
    from fangxian.publishing.queries import next_number
    from fangxian.publishing.shelf import render

    content = count_bulletin(
        engine=engine, at=at, template=template, number=number or next_number(), issued_at=_now(at.known_by)
    )
    _write({f"draft.{kind}": file for kind, file in render(content, marks(draft=True)).items()}, out)


def _reissue(number: int, out: Path | None) -> None:
    from fangxian.publishing import queries
    from fangxian.publishing.content import marks
    from fangxian.publishing.shelf import render, write_files

    issued = queries.bulletin(number)
    content = queries.recount(issued, engine=_engine())
    files = render(content, marks())
    written = write_files(issued, files)
    click.echo(f"{number}\t{content.sha256}\t{written[0].parent}")
    if out:
        _write({path.name: path.read_bytes() for path in written}, out)


# ------------------------------------------------------------------------------------ step by step

BY = click.option("--by", default="cli:officer", show_default=True, help="Who does it.")
DRAFT = click.argument("draft", type=int)


@bulletin.command("draft", short_help="Begin a draft; prints its id.")
@click.option("--template", "template_path", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A Word template of your own.")  # fmt: skip # noqa: E501
@click.option("--corrects", type=int, help="The number of the bulletin that it corrects.")
@click.option("--reason", default="", help="Why; without numbers, the paper names them.")
@BY
def begin(template_path: Path | None, corrects: int | None, reason: str, by: str) -> None:
    from fangxian.publishing.actions import open_draft

    draft = open_draft(
        template=_template(template_path), corrects=corrects, reason=reason, by=by, now=_now(_clock())
    )
    click.echo(f"{draft.pk}")


@bulletin.command(short_help="Put another template under a draft.")
@DRAFT
@click.argument("template", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@BY
def change(draft: int, template: Path, by: str) -> None:
    from fangxian.publishing.actions import change_template

    _told(change_template(draft=draft, template=template.read_bytes(), by=by, now=_now(_clock())))


@bulletin.command(short_help="Check a draft and freeze its cut-off.")
@DRAFT
@click.option("--as-of", "as_of", help="The cut-off (default: now, or the demonstration's clock).")
@click.option("--known-by", "known_by", help="What was known by when (default: the moment of --as-of).")
@BY
def check(draft: int, as_of: str | None, known_by: str | None, by: str) -> None:
    from fangxian.publishing.actions import check_draft
    from fangxian.publishing.signoff import checks_of

    engine, at = _engine(), _moment(as_of, known_by)
    step = check_draft(draft=draft, at=at, by=by, now=_now(at.known_by), engine=engine)
    for one in checks_of(step):
        click.echo(one.sentence)
        for fault in one.told():
            click.echo(f"  {fault}")
    _told(step)
    if step.kind == "failed":
        raise SystemExit(1)


@bulletin.command(short_help="Approve what was checked, as another person.")
@DRAFT
@click.option("--by", required=True, help="Who approves; not whoever drafted, changed or checked it.")
def approve(draft: int, by: str) -> None:
    from fangxian.publishing.actions import approve_draft

    _told(approve_draft(draft=draft, by=by, now=_now(_clock())))


@bulletin.command("return", short_help="Send a draft back, saying why.")
@DRAFT
@click.argument("note")
@BY
def send_back(draft: int, note: str, by: str) -> None:
    from fangxian.publishing.actions import return_draft

    _told(return_draft(draft=draft, note=note, by=by, now=_now(_clock())))


@bulletin.command("give-up", short_help="Give a draft up, saying why.")
@DRAFT
@click.argument("note")
@BY
def give_up(draft: int, note: str, by: str) -> None:
    from fangxian.publishing.actions import give_up_draft

    _told(give_up_draft(draft=draft, note=note, by=by, now=_now(_clock())))


@bulletin.command(short_help="Issue what was approved.")
@DRAFT
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Put the files here too.")
@BY
def issue(draft: int, out: Path | None, by: str) -> None:
    from fangxian.publishing.actions import issue_draft
    from fangxian.publishing.shelf import folder

    issued = issue_draft(draft=draft, by=by, now=_now(_clock()), engine=_engine())
    click.echo(f"{issued.number}\t{issued.content_sha256}\t{folder(issued.number)}")
    if out:
        _copy(sorted(folder(issued.number).glob("bulletin-*")), out)


@bulletin.command(short_help="Who did what to a draft, when; without an id, the drafts under way.")
@click.argument("draft", type=int, required=False)
def steps(draft: int | None) -> None:
    from fangxian.publishing.signoff import standing, state_name, under_way

    if draft is None:
        for found in under_way():
            click.echo(f"{found.draft.pk}\t{state_name(found.state)}\t{found.last.by}")
        return
    for step in standing(draft).steps:
        _told(step)


def _told(step: Any) -> None:
    from fangxian.publishing.signoff import done

    at, cut_off = (
        moment.astimezone(OFFICE_ZONE).isoformat(timespec="minutes") if moment else ""
        for moment in (step.done_at, step.known_by)
    )
    click.echo("\t".join((str(step.number), done(step.kind), step.by, at, cut_off, step.note)).rstrip())


@click.command(help=CHANGES_HELP, short_help="What of an issued bulletin would differ now.")
@click.argument("number", type=int)
@click.option("--known-by", "known_by", help="As known by this moment (default: all that is known).")
@click.option("--json", "as_json", is_flag=True, help="A list of objects, with the records.")
def changes(number: int, known_by: str | None, as_json: bool) -> None:
    from fangxian.publishing import queries

    issued = queries.bulletin(number)
    moment = read_moment(known_by) if known_by else _now(issued.known_by)
    found = queries.changes(issued, known_by=moment, engine=_engine())
    if as_json:
        click.echo(
            json.dumps([queries.change_dump(change) for change in found], ensure_ascii=False, indent=1)
        )
        return
    for change in found:
        click.echo(change.sentence())
        for record in change.records:
            click.echo(f"  {record.sentence()}")
    told = ngettext(
        "{count} number of bulletin {number} has changed.",
        "{count} numbers of bulletin {number} have changed.",
        len(found),
    )
    click.echo(told.format(count=len(found), number=number), err=True)


def _template(path: Path | None) -> bytes:
    from fangxian.publishing.make_template import TEMPLATE

    return (path or TEMPLATE).read_bytes()


def _engine() -> Any:
    """Over a lake that is abreast of the ledger."""
    from fangxian.figures.engine import Engine
    from fangxian.figures.sync import sync_lake
    from fangxian.kernel.home import current_home

    sync_lake(current_home(), here=True)
    return Engine(current_home())


def _moment(as_of: str | None, known_by: str | None) -> AsOf:
    from fangxian.kernel.changes import position_at

    asked = read_moment(as_of) if as_of else _clock()
    known = read_moment(known_by) if known_by else asked
    return AsOf.at(asked, position=position_at(known), known_by=known)


def _clock() -> datetime:
    from fangxian.kernel.demonstration import clock_of
    from fangxian.kernel.home import current_home

    return clock_of(current_home(), now=datetime.now(OFFICE_ZONE))


def _now(asked: datetime) -> datetime:
    """The moment of writing. A demonstration's clock stands still: the log, or asking for a later hour of its
    own day, moves it on; a later day does not come by asking for it."""
    from fangxian.kernel.demonstration import demonstration_of
    from fangxian.kernel.home import current_home
    from fangxian.kernel.models import Head

    clock, head = _clock(), Head.objects.first()
    if demonstration_of(current_home()) is None:
        return clock
    now = max(clock, head.at) if head else clock
    return max(now, asked) if day_of(asked) == day_of(now) else now


def _copy(paths: list[Path], out: Path) -> None:
    _write({path.name: path.read_bytes() for path in paths}, out)


def _write(files: dict[str, bytes], out: Path) -> None:
    from fangxian.publishing.shelf import write_private

    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        click.echo(str(write_private(out / name, content)))
