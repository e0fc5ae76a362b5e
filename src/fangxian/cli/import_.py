"""import: rosters and lists from spreadsheets, checked row by row before anything is stored."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fangxian.registry.importing.directory import Directory
    from fangxian.registry.importing.examine import Import
    from fangxian.registry.importing.rows import Tick
    from fangxian.registry.importing.storing import Stored

KINDS = click.Choice(["staff", "pupils", "units", "list"])
SHOWN = 50  # faults that are written out as sentences; --json has them all


def register(group: click.Group) -> None:
    group.add_command(import_)


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--kind", type=KINDS, help="What the rows are.")
@click.option("--dry-run", is_flag=True, help="Check only; store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--policy",
    type=click.Choice(["atomic", "partial"]),
    default="atomic",
    show_default=True,
    help="atomic: one bad row and nothing is stored; partial: the good rows are stored.",
)
@click.option("--at", "moment", metavar="MOMENT", help="When it is recorded (default: now).")
@click.option(
    "--units",
    "names",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="With --dry-run: the known units, one a line, instead of the registry.",
)
@click.option("--today", metavar="DAY", help="The day that dates are held against (default: that of --at).")
@click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="COLUMN=FIELD",
    help="The column of this heading (or of these letters) is this field; nothing after = leaves it aside.",
)
@click.option("--source", default="", metavar="NAME", help="Who sends it: its mapping is kept for next time.")
@click.option("--leave-hidden", is_flag=True, help="Leave hidden rows, columns and sheets aside.")
@click.option(
    "--keep-days",
    type=click.IntRange(0, 3_650),
    default=180,
    show_default=True,
    help="The file itself is kept, sealed, for so long; 0 keeps only its name and hash.",
)
@click.option("--by", default="cli", show_default=True, help="Who does it, for the change log.")
@click.option("--yes", is_flag=True, help="Do not ask before storing.")
@click.option(
    "--template",
    nargs=2,
    type=(KINDS, click.Path(path_type=Path, dir_okay=False)),
    metavar="KIND OUT.xlsx",
    help="Write an empty roster to fill in.",
)
def import_(
    file: Path | None,
    kind: str | None,
    dry_run: bool,
    as_json: bool,
    policy: str,
    moment: str | None,
    names: Path | None,
    today: str | None,
    mapped: tuple[str, ...],
    source: str,
    leave_hidden: bool,
    keep_days: int,
    by: str,
    yes: bool,
    template: tuple[str, Path] | None,
) -> None:
    """Import a roster of units, staff or pupils from .xlsx, .xls, .ods, .csv or .tsv.

    \b
      fangxian import --template pupils pupils.xlsx
      fangxian import units.xlsx --kind units
      fangxian import pupils.xlsx --kind pupils --dry-run
      fangxian import pupils.xlsx --kind pupils --source 实验小学 --map 家庭联系=监护人手机号 --map H=
      fangxian import staff.csv --kind staff --dry-run --json --units names.txt --today 2020-02-15

    Columns are told by their headings, else by what stands in them. Every row that is not blank ends as
    accepted, rejected or ignored. Exit codes: 0 in order, 1 rejected,
    2 the command itself could not run.
    """
    if template is not None:
        _write_template(*template)
        return
    if file is None or kind is None:
        raise click.UsageError("FILE and --kind are needed (or --template KIND OUT.xlsx).")
    if names is not None and not dry_run:
        raise click.UsageError("--units goes with --dry-run; what is stored is held against the registry.")
    if not file.is_file():
        raise click.UsageError(f"There is no file {file}.")
    chosen = dict(_mapping(each, kind) for each in mapped)
    asked = _Asked(
        file, kind, dry_run, as_json, policy, names, by, yes, chosen, source.strip(), leave_hidden, keep_days
    )
    _run(asked, moment, today)


@dataclass(frozen=True, slots=True)
class _Asked:
    file: Path
    kind: str
    dry_run: bool
    as_json: bool
    policy: str
    names: Path | None
    by: str
    yes: bool
    chosen: dict[str, str]
    source: str
    leave_hidden: bool
    keep_days: int


def _mapping(text: str, kind: str) -> tuple[str, str]:
    """“家庭联系=监护人手机号” as (heading, field)."""
    from fangxian.registry.importing.columns import TEMPLATES
    from fangxian.registry.importing.headings import heading_key

    column, equals, wanted = text.rpartition("=")
    if not equals or not column.strip():
        raise click.UsageError(f"“{text}” is no mapping. Write it like 列名=字段.")
    if not wanted.strip():
        return column.strip(), ""
    for each in TEMPLATES[kind]:
        if heading_key(wanted) in {each.field, *map(heading_key, each.names)}:
            return column.strip(), each.field
    fields = "、".join(each.heading for each in TEMPLATES[kind])
    raise click.UsageError(f"“{wanted}” is no field of {kind}. Choose one of: {fields}.")


def _write_template(kind: str, out: Path) -> None:
    from django.utils.translation import gettext as _

    from fangxian.registry.importing.template import write_template

    write_template(kind, out)
    click.echo(_("{path} is ready to be filled in.").format(path=out))


def _run(asked: _Asked, moment: str | None, today: str | None) -> None:
    from fangxian.kernel.moments import day_of
    from fangxian.registry.importing.cells import Setting
    from fangxian.registry.importing.examine import examine, store
    from fangxian.registry.importing.rows import Choices

    now = now_of(moment)
    day = _day(today) if today else day_of(now)
    directory = _directory(asked.names, asked.kind, day)
    choices = Choices(_remembered(asked) | asked.chosen, asked.leave_hidden)
    with _progress(asked.file, asked.as_json) as tick:
        imported = examine(
            asked.file,
            asked.kind,
            directory=directory,
            setting=Setting(day, invented=asked.names is None and _is_demonstration()),
            policy=asked.policy,
            choices=choices,
            tick=tick,
        )
    stored = None
    if not asked.as_json:
        _show(imported)
    if imported.passes and not asked.dry_run and (asked.yes or asked.as_json or _confirmed(imported)):
        stored = store(imported, by=asked.by, now=now, source=asked.source, keep_days=asked.keep_days)
    if asked.as_json:
        _print(imported)
    if stored is not None:
        _show_stored(stored, err=asked.as_json)
    sys.exit(0 if imported.passes else 1)


def _remembered(asked: _Asked) -> dict[str, str]:
    """What was chosen for this source when its last file was kept, where nothing else is said now."""
    from fangxian.registry.importing.keeping import mapping_of

    if not asked.source or asked.names is not None:
        return {}
    _need_ledger()
    said = set(asked.chosen.values()) - {""}
    held = mapping_of(asked.source, asked.kind)
    return {column: wanted for column, wanted in held.items() if wanted not in said}


def now_of(moment: str | None) -> datetime:
    from fangxian.kernel.demonstration import clock_of
    from fangxian.kernel.home import current_home
    from fangxian.kernel.moments import OFFICE_ZONE, read_moment

    if moment:
        return read_moment(moment)
    return clock_of(current_home(), now=datetime.now(OFFICE_ZONE))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(f"“{text}” is not a day. Write it like 2020-02-15.") from error


def _is_demonstration() -> bool:
    from fangxian.kernel.demonstration import demonstration_of
    from fangxian.kernel.home import current_home

    return demonstration_of(current_home()) is not None


def _directory(names: Path | None, kind: str, day: date) -> "Directory":
    from fangxian.registry.importing.directory import NamedUnits, Registry
    from fangxian.registry.importing.result import FileRefused

    if names is not None:
        try:
            return NamedUnits.read(names)
        except FileRefused as refused:
            raise click.UsageError(f"{names}: {refused.problem.sentence()}") from refused
    if kind == "list":  # held against nobody yet, so it needs no data folder
        return NamedUnits([])
    _need_ledger()
    return Registry(day)


def _need_ledger() -> None:
    """SQLite would make an empty file where there is none."""
    from django.db import connection

    from fangxian.kernel.home import current_home
    from fangxian.kernel.models import Change
    from fangxian.registry.importing.problems import NoLedger

    home = current_home()
    is_file = connection.vendor == "sqlite" and "mode=memory" not in str(connection.settings_dict["NAME"])
    if is_file and not Path(str(connection.settings_dict["NAME"])).exists():
        raise NoLedger(path=home.path)
    if Change._meta.db_table not in connection.introspection.table_names():
        raise NoLedger(path=home.path)


@contextmanager
def _progress(file: Path, as_json: bool) -> Iterator["Tick"]:
    """Rows read so far, on a terminal; how many there will be only the end of the file tells."""
    if not sys.stderr.isatty() or file.stat().st_size < 1_000_000:
        yield lambda rows: None
        return
    seen = 0

    def tick(rows: int) -> None:
        nonlocal seen
        seen += rows
        click.echo(f"\r{file.name}: {seen:,}", nl=False, err=True)

    yield tick
    click.echo("", err=True)


def _confirmed(imported: "Import") -> bool:
    from django.utils.translation import gettext as _

    if not sys.stdin.isatty():
        return True
    return click.confirm(_("Store these {rows} rows?").format(rows=len(imported.examined.rows)))


# ---- what is shown ----------------------------------------------------------------------------------


def _show(imported: "Import") -> None:
    from django.utils.translation import gettext as _

    from fangxian.registry.importing.result import ranges
    from fangxian.registry.importing.text import quoted

    examined = imported.examined
    if examined.file_error is not None:
        refused = examined.file_error
        place = _place(refused.sheet, refused.row, refused.column or "")
        click.echo(f"{place}{refused.problem.sentence()}")
        return
    for heading in examined.found:
        pairs = "，".join(f"{mine} ← {quoted(theirs)}" for mine, theirs in heading.found.items())
        click.echo(_place(heading.sheet, heading.row if heading.rows else None, "") + pairs)
    for remarks in (examined.rejected, examined.warnings):
        for remark in remarks[:SHOWN]:
            click.echo(_place(remark.sheet, remark.row, remark.column) + remark.problem.sentence())
        if len(remarks) > SHOWN:
            click.echo(_("… and {count} more; --json lists them all.").format(count=len(remarks) - SHOWN))
    for (sheet, why), rows in _ignored(imported).items():
        click.echo(_place(sheet, ranges(sorted(rows)), "") + _("ignored: {why}").format(why=why))
    told = _(
        "{filled} rows that are not blank: {rows} in order, {rejected} rejected, {ignored} ignored; "
        "{warnings} remarks."
    )
    click.echo(
        told.format(
            filled=examined.filled,
            rows=len(examined.rows),
            rejected=examined.rejected_rows,
            ignored=len(examined.ignored),
            warnings=len(examined.warnings),
        )
    )
    if examined.rejected and not imported.passes:
        click.echo(_("Nothing is stored until the rejected rows are mended (or with --policy partial)."))


def _ignored(imported: "Import") -> dict[tuple[str, str], list[int]]:
    """(sheet, why) -> rows."""
    found: dict[tuple[str, str], list[int]] = {}
    for each in imported.examined.ignored:
        found.setdefault((each.sheet, each.why), []).append(each.row)
    return found


def _place(sheet: str, row: int | str | None, column: str) -> str:
    from django.utils.translation import gettext as _

    parts = [sheet, _("row {row}").format(row=row) if row else "", column]
    place = " ".join(part for part in parts if part)
    return f"{place}: " if place else ""


def _show_stored(stored: "Stored", *, err: bool) -> None:
    from django.utils.translation import gettext as _

    told = _("Stored: {units} units, {people} people, {posts} posts, {households} households.")
    numbers = {name: getattr(stored, name) for name in stored.__slots__}
    click.echo(told.format(**numbers), err=err)


def _print(imported: "Import") -> None:
    """One object. The rows are written one by one: a city's rows as one text would take the memory twice."""
    from fangxian.registry.importing.result import told, told_refusal, told_row

    examined = imported.examined
    write, dump = sys.stdout.write, json.JSONEncoder(ensure_ascii=False).encode
    head = {"status": "ok" if imported.passes else "rejected", "policy": imported.policy}
    write(dump(head)[:-1] + ', "rows": [')
    for place, row in enumerate(examined.values()):
        write((",\n" if place else "\n") + dump(row))
    tail = {
        "rejected": [told(remark) for remark in examined.rejected],
        "ignored": [{"sheet": i.sheet, "row": i.row, "message": i.why} for i in examined.ignored],
        "warnings": [told_row(remark) for remark in examined.warnings],
        "file_error": told_refusal(examined.file_error),
    }
    write("],\n" + dump(tail)[1:] + "\n")
