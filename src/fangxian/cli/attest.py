"""`fangxian attest` and `fangxian attested`: numbers known only by telephone."""

import json
from typing import Any

import click

from .bulletin import _engine, _moment, _now

HELP = """Write down a number that was told by telephone. It is never added to the figure.

\b
Examples:
  fangxian attest students.pupils 880 --unit s001 --said-by 王校长 --heard-by 值班员
  fangxian attest students.pupils --unit s001 --back      it was not so
  fangxian attested                                       what stands, and what the records lack
"""


def register(group: click.Group) -> None:
    group.add_command(attest_number)
    group.add_command(attested)


@click.command("attest", help=HELP, short_help="Write down a number told by telephone.")
@click.argument("figure")
@click.argument("value", required=False)
@click.option("--unit", required=True, help="The unit's code.")
@click.option("--said-by", "said_by", default="", help="Who said it: name and post.")
@click.option("--heard-by", "heard_by", default="", help="Who heard it.")
@click.option("--note", default="", help="Why there are no records yet.")
@click.option("--back", is_flag=True, help="Take the number back.")
@click.option("--by", default="cli:officer", show_default=True, help="Who writes it down.")
def attest_number(
    figure: str, value: str | None, unit: str, said_by: str, heard_by: str, note: str, back: bool, by: str
) -> None:
    from fangxian.figures.problems import NotCountedHere
    from fangxian.publishing.attesting import attest, take_back
    from fangxian.publishing.counting import Counting

    at = _moment(None, None)
    now = _now(at.known_by)
    counting = Counting(_engine(), at)
    place, counted = counting.unit(unit), counting.count(figure, unit).value
    if back:
        take_back(figure=figure, unit=place.id, day=at.day, note=note, by=by, now=now)
        return
    if counted is None:
        raise NotCountedHere(figure=figure, unit=unit, lines="")
    row = attest(
        figure=figure, unit=place.id, day=at.day, value=value or "", counted=counted,
        said_by=said_by, heard_by=heard_by, note=note, by=by, now=now,
    )  # fmt: skip
    click.echo(f"{row.figure}\t{unit}\t{row.value}\t{counted}")


@click.command(short_help="Which numbers are known only by telephone, and what the records lack.")
@click.option("--as-of", "as_of", help="As of when (default: now, or the demonstration's clock).")
@click.option("--json", "as_json", is_flag=True, help="A list of objects.")
def attested(as_of: str | None, as_json: bool) -> None:
    from fangxian.publishing.attesting import beside, standing
    from fangxian.publishing.counting import Counting

    at = _moment(as_of, None)
    counting = Counting(_engine(), at)
    rows = standing(known=at.known_by, day=at.day)
    codes = {row.unit_id: row.unit.code for row in rows}
    found = [_dump(one) for one in beside(rows, lambda id, unit: counting.count(id, codes[unit]).value)]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for one in found:
        click.echo(
            "\t".join(str(one[key]) for key in ("figure", "unit", "value", "counted", "said_by", "at"))
        )


def _dump(one: Any) -> dict[str, Any]:
    return {
        "figure": one.row.figure,
        "unit": one.row.unit.code,
        "day": one.row.day.isoformat(),
        "value": one.value,
        "counted": one.counted,
        "replaced": one.replaced,
        "difference": one.difference,
        "said_by": one.row.said_by,
        "heard_by": one.row.heard_by,
        "at": one.row.at.isoformat(timespec="minutes"),
        "note": one.row.note,
    }
