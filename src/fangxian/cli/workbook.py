"""`fangxian workbook`: the Excel templates of offices above, mapped once and filled every day."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from fangxian.kernel.moments import OFFICE_ZONE, read_moment

from .bulletin import _engine, _moment, _now, _write

HELP = """The workbook of the office above: put up, mapped, filled, compared with what is known now.

\b
Examples:
  fangxian workbook add 学校日报 template.xlsx           version 1, to be mapped on its page
  fangxian workbook propose 学校日报 > map.csv           what its cells might hold, by the words beside them
  fangxian workbook map 学校日报 map.csv --save
  fangxian workbook fill 学校日报 --as-of 2020-02-12T18:20:00+08:00 --out papers
  fangxian workbook refill 学校日报 1 --out papers       counted again, the same or refused
  fangxian workbook changes 学校日报 1
"""
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
BY = click.option("--by", default="cli:officer", show_default=True, help="Who does it.")


def register(group: click.Group) -> None:
    group.add_command(workbook)


@click.group(help=HELP, short_help="Fill the Excel workbook of the office above.")
def workbook() -> None:
    pass


@workbook.command("list", short_help="List workbooks, their versions and when they were filled last.")
def listing() -> None:
    from fangxian.publishing.workbooks import queries

    for book in queries.workbooks():
        newest = queries.newest(book)
        last = book.fillings.order_by("-number").first()
        filled = f"{last.number}\t{last.known_by.astimezone(OFFICE_ZONE).isoformat()}" if last else "0\t"
        click.echo(f"{book.pk}\t{book.name}\t{newest.number}\t{filled}")


@workbook.command(short_help="Put a template up, as version 1 or as the next version.")
@click.argument("name")
@click.argument("template", type=FILE)
@click.option("--mapping", type=FILE, help="A CSV file: sheet, cell, kind, figure, unit, part.")
@BY
def add(name: str, template: Path, mapping: Path | None, by: str) -> None:
    from fangxian.publishing.models import Workbook
    from fangxian.publishing.workbooks import actions, reading
    from fangxian.publishing.workbooks.lists import read_mapping

    targets = read_mapping(mapping.read_text("utf-8-sig")) if mapping else {}
    content, now = _content(template), _now_()
    told = {"template": content, "file_name": template.name, "by": by, "now": now}
    known = Workbook.objects.filter(name=name).first()
    new = actions.new_version(workbook=known, **told) if known else actions.add_workbook(name=name, **told)
    if targets:
        _place(new, targets, save=True, by=by)
    click.echo(f"{new.workbook.pk}\t{new.number}")
    for sentence in reading.costs(reading.check_template(content)):
        click.echo(sentence, err=True)


@workbook.command(short_help="Map cells of the version that is open.")
@click.argument("name")
@click.argument("mapping", type=FILE)
@click.option("--save", is_flag=True, help="Save the version: from here on it does not change.")
@BY
def map(name: str, mapping: Path, save: bool, by: str) -> None:
    from fangxian.publishing.workbooks import queries
    from fangxian.publishing.workbooks.lists import read_mapping

    version = queries.newest(queries.workbook(name))
    _place(version, read_mapping(mapping.read_text("utf-8-sig")), save=save, by=by)


def _place(version: Any, targets: Mapping[Any, Any], *, save: bool, by: str) -> None:
    """Warns of cells that look as if they wanted a number too."""
    from fangxian.publishing.workbooks import actions, queries

    actions.place(version=version, targets=targets, by=by, now=_now_())
    mapped = queries.mapping(version)
    for sheet, cell, words in queries.empty_cells(version, mapped):
        click.echo(f"{sheet}\t{cell}\t{words}", err=True)
    if save:
        actions.save_version(version=version, by=by, now=_now_())
    click.echo(f"{version.number}\t{len(mapped)}")


@workbook.command(short_help="Propose figures for cells, as a CSV file to be looked through.")
@click.argument("name")
def propose(name: str) -> None:
    from fangxian.kernel.changes import head_position
    from fangxian.kernel.moments import day_of
    from fangxian.publishing.workbooks import queries
    from fangxian.publishing.workbooks.grid import Template, labels
    from fangxian.publishing.workbooks.lists import write_mapping
    from fangxian.publishing.workbooks.package import split
    from fangxian.publishing.workbooks.suggesting import suggest
    from fangxian.registry.tree import tree

    version = queries.newest(queries.workbook(name))
    template = Template(bytes(version.template))
    units = {node.name: node.code for node in tree(day_of(_now_()), head_position()).nodes.values()}
    found = {}
    for sheet, cell, _words in queries.empty_cells(version, queries.mapping(version)):
        column, row = split(cell)
        proposed = suggest(labels(template.sheet(sheet), row, column), units, {})
        if proposed:
            found[sheet, cell] = proposed.target
    click.echo(write_mapping(found), nl=False)


@workbook.command(short_help="Fill the last saved version as of a moment.")
@click.argument("name")
@click.option("--as-of", "as_of", help="The cut-off (default: now, or the demonstration's clock).")
@click.option("--known-by", "known_by", help="What was known by when (default: the moment of --as-of).")
@click.option("--out", type=FOLDER, default=Path(), help="Where to put the workbook.")
@BY
def fill(name: str, as_of: str | None, known_by: str | None, out: Path, by: str) -> None:
    from fangxian.publishing.workbooks import actions, queries

    book, engine = queries.workbook(name), _engine()
    at = _moment(as_of, known_by)
    version = queries.newest(book, saved=True)
    done = actions.fill_workbook(version=version, at=at, by=by, now=_now(at.known_by), engine=engine)
    click.echo(f"{done.number}\t{done.content_sha256}")
    for (sheet, cell), why in queries.missing(done):
        click.echo(f"{sheet}\t{cell}\t{why}", err=True)
    _write({_name(done): queries.file_of(done)}, out)


@workbook.command(short_help="Count a filling again, and write its workbook again.")
@click.argument("name")
@click.argument("number", type=int)
@click.option("--out", type=FOLDER, default=Path(), help="Where to put the workbook.")
def refill(name: str, number: int, out: Path) -> None:
    from fangxian.publishing.workbooks import queries

    found = queries.filling(queries.workbook(name), number)
    found.frozen = queries.recount(found, engine=_engine())
    click.echo(f"{found.number}\t{found.content_sha256}")
    _write({_name(found): queries.file_of(found)}, out)


@workbook.command(short_help="Which cells of a filling would hold something else now.")
@click.argument("name")
@click.argument("number", type=int)
@click.option("--known-by", "known_by", help="As known by this moment (default: all that is known).")
def changes(name: str, number: int, known_by: str | None) -> None:
    from fangxian.publishing.workbooks import queries

    found = queries.filling(queries.workbook(name), number)
    moment = read_moment(known_by) if known_by else _now(found.known_by)
    for change in queries.cell_changes(found, known_by=moment, engine=_engine()):
        click.echo("\t".join((*change.cell, str(change.was), str(change.now), change.sentence)))


def _content(path: Path) -> bytes:
    """Of a file that is too large, no more than shows that."""
    from fangxian.publishing.workbooks.reading import LARGEST

    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def _name(filling: Any) -> str:
    return f"workbook-{filling.workbook_id}-{filling.number}.xlsx"


def _now_() -> Any:
    from .bulletin import _clock

    return _now(_clock())
