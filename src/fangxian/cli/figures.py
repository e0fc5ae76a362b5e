"""figures, records: every figure of the catalogue, and any figure opened to its records."""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from fangxian.figures.results import Value
    from fangxian.kernel.asof import AsOf


def register(group: click.Group) -> None:
    group.add_command(figures)
    group.add_command(records)
    group.add_command(course)


def _asking(command: Any) -> Any:
    for option in (
        click.option(
            "--no-sync", is_flag=True, help="Do not mirror the ledger first; exit 2 if the lake is behind."
        ),
        click.option("--unit", metavar="CODE", help="The unit asked about (default: the bureau)."),
        click.option("--known-by", metavar="MOMENT", help="What was known by when (default: as --as-of)."),
        click.option("--as-of", metavar="MOMENT", help="The moment asked about (default: now)."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@_asking
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects instead of a table.")
@click.option(
    "--engine",
    type=click.Choice(["polars", "duckdb", "spark", "plain"]),
    default="polars",
    show_default=True,
    help="The same figures, counted in memory, on disk, on Spark (`make install-spark`), or slow and obvious"
    " from the ledger's rows.",
)
def figures(
    ids: tuple[str, ...],
    as_of: str | None,
    known_by: str | None,
    unit: str | None,
    no_sync: bool,
    as_json: bool,
    engine: str,
) -> None:
    """Count figures: all of the catalogue, or those whose IDs are given.

    \b
    fangxian figures                                                the city, now
    fangxian figures --as-of 2020-02-12T18:50:00+08:00 --json
    fangxian figures --as-of 2020-02-12 --known-by 2020-02-20       what is known of that day since
    fangxian figures students.pupils --unit c01
    """
    at = _at(as_of, known_by)
    if engine == "plain":
        code, values = _counted_plainly(ids, unit, at)
    else:
        code, values = _counted(ids, unit, at, _engine(no_sync, engine))
    rows = [_row(id, value, code, at) for id, value in values.items()]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        _table(rows)


@click.command()
@click.argument("figure")
@_asking
@click.option(
    "--part",
    default="counted",
    show_default=True,
    help="counted, of (the denominator), missing, or excluded:<reason>.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line instead of a table.")
def records(
    figure: str,
    as_of: str | None,
    known_by: str | None,
    unit: str | None,
    no_sync: bool,
    part: str,
    as_json: bool,
) -> None:
    """Open FIGURE to its records. Names are masked.

    \b
    fangxian records party.pledges_signed --json
    fangxian records coverage.ten-ones --unit s001 --part missing
    """
    from fangxian.figures.opening import open_records

    at = _at(as_of, known_by)
    engine = _engine(no_sync)
    _code, unit_id = _unit(unit, at, ((row.unit, row.code, row.kind) for row in engine.units(at).values()))
    for record in open_records(engine.records(figure, unit_id, at, part), at):
        if as_json:
            click.echo(json.dumps(record.dump(), ensure_ascii=False))
        else:
            place, why = " ▸ ".join(record.place), " ".join(record.instances)
            told = [record.id, record.name, place, record.contribution, why, "、".join(record.lists)]
            click.echo("\t".join(map(str, told)).rstrip("\t"))


@click.command()
@click.argument("figure")
@_asking
@click.option("--since", metavar="DAY", help="The first day (default: 29 days before the last).")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects instead of a table.")
def course(
    figure: str,
    as_of: str | None,
    known_by: str | None,
    unit: str | None,
    no_sync: bool,
    since: str | None,
    as_json: bool,
) -> None:
    """Count FIGURE day by day, all days as known by the same moment.

    \b
    fangxian course coverage.disinfection                                      thirty days, as known now
    fangxian course students.pupils --since 2020-02-01 --unit c01 --json
    fangxian course coverage.disinfection --as-of 2020-02-12 --known-by 2020-02-20
    """
    at = _at(as_of, known_by)
    engine = _engine(no_sync)
    code, unit_id = _unit(unit, at, ((row.unit, row.code, row.kind) for row in engine.units(at).values()))
    counted = engine.course(figure, _days(since, at), at)
    rows = [_row_of_day(figure, by_unit.get(unit_id), code, at, day) for day, by_unit in counted]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for row in rows:
        click.echo(f"{row['as_of']}  {_told(row)}")


def _days(since: str | None, at: "AsOf") -> list[date]:
    """Raises SpanReversed where the first is later than the last."""
    from fangxian.kernel.moments import day_of, read_moment
    from fangxian.kernel.problems import SpanReversed

    first = day_of(read_moment(since)) if since else at.day - timedelta(days=29)
    if first > at.day:
        raise SpanReversed(start=first.isoformat(), end=at.day.isoformat())
    return [first + timedelta(days=n) for n in range((at.day - first).days + 1)]


# ------------------------------------------------------------------------------------ what is asked


def _at(as_of: str | None, known_by: str | None) -> "AsOf":
    """By default the clock's moment. A demonstration's clock stands: later moments may be asked for, as long
    as they have come; and the end of the day that is under way, which a bare day means."""
    from fangxian.figures import moments
    from fangxian.kernel.demonstration import clock_of
    from fangxian.kernel.home import current_home
    from fangxian.kernel.moments import OFFICE_ZONE, day_of, read_moment

    now = datetime.now(OFFICE_ZONE)
    clock = clock_of(current_home(), now=now)
    moment = read_moment(as_of) if as_of else clock
    tonight = read_moment(day_of(max(now, clock)).isoformat())
    return moments.as_of(moment, read_moment(known_by) if known_by else None, clock=tonight)


def _unit(code: str | None, at: "AsOf", units: Iterable[tuple[int, str, str]]) -> tuple[str, int]:
    """(code, ledger id); by default the bureau's."""
    from fangxian.figures.problems import UnitNotThere

    there = sorted(units)
    for id, own, kind in there:
        if own == code or (code is None and kind == "bureau"):
            return own, id
    raise UnitNotThere(unit=code or "bureau", day=at.day.isoformat())


def _engine(no_sync: bool, frames: str = "polars") -> Any:
    from fangxian.figures.engine import Engine
    from fangxian.figures.problems import LakeStale
    from fangxian.figures.sync import current_lake
    from fangxian.kernel.changes import head_position
    from fangxian.kernel.home import current_home
    from fangxian.lake.reader import Lake

    home = current_home()
    lake = Lake(home) if no_sync else current_lake(home, here=True)[0]
    if lake.position < head_position():
        raise LakeStale
    return Engine(source=lake, frames=frames)


# ------------------------------------------------------------------------------------ what is answered

Answers = tuple[str, dict[str, "Value | None"]]


def _counted(ids: tuple[str, ...], unit: str | None, at: "AsOf", engine: Any) -> Answers:
    code, unit_id = _unit(unit, at, ((row.unit, row.code, row.kind) for row in engine.units(at).values()))
    if not ids:
        return code, engine.values(at, unit_id)
    return code, {id: engine.value(id, unit_id, at) for id in ids}


def _counted_plainly(ids: tuple[str, ...], unit: str | None, at: "AsOf") -> Answers:
    from fangxian.figures.plain import PlainFigures
    from fangxian.figures.world import world_of_ledger

    plain = PlainFigures(world_of_ledger(), at)
    code, unit_id = _unit(unit, at, ((id, row["code"], row["kind"]) for id, row in plain.units.items()))
    return code, {id: plain.value(id, unit_id) for id in ids or _in_order(plain.meanings)}


def _in_order(ids: Iterable[str]) -> list[str]:
    """As in the catalogue; coverage follows in the order of the campaigns."""
    from fangxian.figures.catalogue import CATALOGUE

    place = {id: number for number, id in enumerate(CATALOGUE)}
    return sorted(ids, key=lambda id: place.get(id, len(place)))


def _row(id: str, value: "Value | None", unit: str, at: "AsOf") -> dict[str, Any]:
    from fangxian.figures.catalogue import find

    figure = find(id)
    return {
        "id": id,
        "value": None if value is None else value.value,
        "out_of": None if value is None else value.of,
        "zh": figure.zh,
        "en": figure.en,
        "excluded": {} if value is None else dict(value.excluded),
        "counted_here": value is not None,
        "as_of": at.day.isoformat(),
        "known_by": at.known_by.isoformat(),
        "position": at.position,
        "unit": unit,
    }


def _row_of_day(id: str, value: "Value | None", unit: str, at: "AsOf", day: date) -> dict[str, Any]:
    return _row(id, value, unit, at) | {"as_of": day.isoformat()}


def _told(row: dict[str, Any]) -> str:
    from django.utils.translation import gettext as _

    told = _("not counted here") if row["value"] is None else f"{row['value']:,}"
    return told if row["out_of"] is None else f"{told} / {row['out_of']:,}"


def _table(rows: list[dict[str, Any]]) -> None:
    from django.utils.translation import get_language

    language = "zh" if (get_language() or "zh").startswith("zh") else "en"
    width = max((len(row["id"]) for row in rows), default=0)
    for row in rows:
        click.echo(f"{row['id']:<{width}}  {_told(row)}  {row[language]}")
