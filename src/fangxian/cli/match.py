"""match: whose rows these are; match evaluate: how good that was, where the truth is known."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import click


def register(group: click.Group) -> None:
    group.add_command(match)


class _Match(click.Group):
    """`match LIST …` matches; `match evaluate …` is a command of its own."""

    fallback = "run"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = [self.fallback, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Match)
def match() -> None:
    """Find out which rows of an office's list are people of the roster.

    \b
      fangxian match LIST --roster ROSTER --out matches.csv
      fangxian match evaluate matches.csv --truth TRUTH [--plot calibration.png] [--json]

    LIST and ROSTER are .csv, .csv.gz, .xlsx, .xls, .ods or .tsv; the roster has a column “uid”. Columns are
    found by their headings, whatever their order. No ledger is needed, and nothing is stored.
    """


@match.command("run", hidden=True)
@click.argument("listed", metavar="LIST", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--roster", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The people.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Where to write.")
@click.option("--threads", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--engine",
    type=click.Choice(["duckdb", "spark"]),
    default="duckdb",
    show_default=True,
    help="The same links, compared in memory, or on Spark (`make install-spark`).",
)
@click.option("--json", "as_json", is_flag=True, help="Print an object instead of a sentence.")
def run(listed: Path, roster: Path, out: Path, threads: int, engine: str, as_json: bool) -> None:
    """A line for each row of LIST: row, uid, probability, decision (auto, review, none), reasons."""
    from fangxian.matching.matching import COLUMNS, match_files
    from fangxian.matching.problems import FolderMissing

    if not out.absolute().parent.is_dir():
        raise FolderMissing(path=out.parent)
    lines = match_files(listed, roster, step=_step, threads=threads, engine=engine).lines()
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(lines)
    _say_matched(lines, out, as_json)


def _step(words: str) -> None:
    click.echo(f"{words} …", err=True)


def _say_matched(lines: list[Any], out: Path, as_json: bool) -> None:
    from django.utils.translation import gettext as _

    counted = {word: sum(line[3] == word for line in lines) for word in ("auto", "review", "none")}
    if as_json:
        click.echo(json.dumps({"rows": len(lines), **counted, "out": str(out)}, ensure_ascii=False))
        return
    told = _("{rows} rows: {auto} linked, {review} to be reviewed, {none} not ours. Written to {path}.")
    click.echo(told.format(rows=len(lines), path=out, **counted))


@match.command()
@click.argument("matches", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--truth", required=True, type=click.Path(path_type=Path, dir_okay=False), help="row, uid.")
@click.option("--plot", "picture", type=click.Path(path_type=Path, dir_okay=False), help=".png or .svg.")
@click.option("--json", "as_json", is_flag=True, help="Print an object instead of a table.")
def evaluate(matches: Path, truth: Path, picture: Path | None, as_json: bool) -> None:
    """Precision, recall, what is left for review, and how far the probabilities can be believed."""
    from fangxian.matching import evaluating

    told = evaluating.evaluate(evaluating.read_matches(matches), evaluating.read_truth(truth))
    if picture is not None:
        evaluating.plot(told, picture)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        _show(told)
    sys.exit(0)


def _show(told: dict[str, Any]) -> None:
    from django.utils.translation import gettext as _

    auto, review, kept, bare = told["auto"], told["review"], told["kept"], told["nothing_but_a_name"]
    table = (
        (_("rows of the list"), f"{told['rows']:,}"),
        (_("of them true pairs"), f"{told['pairs']:,}"),
        (_("linked at once"), f"{auto['rows']:,}"),
        (_("  of them right (precision)"), _percent(auto["precision"])),
        (_("  of the true pairs (recall)"), _percent(auto["recall"])),
        (_("to be reviewed"), f"{review['rows']:,} ({_percent(review['load'])})"),
        (_("  of them right"), f"{review['right']:,}"),
        (_("  right among the first {first}").format(first=review["first"]), f"{review['right_in_first']:,}"),
        (_("true pairs kept by both"), _percent(kept["share"])),
        (_("  without rows of nothing but a name"), _percent(kept["share_but_bare"])),
        (_("rows of nothing but a name"), f"{bare['rows']:,} ({bare['pairs']:,})"),
    )
    width = max(_width(label) for label, _value in table)
    for label, value in table:
        click.echo(f"{label}{' ' * (width - _width(label))}  {value:>16}")
    click.echo("\n" + _("probability   rows   said   true"))
    for each in told["calibration"]:
        said, true = _percent(each["said"]), _percent(each["true"])
        click.echo(f"{each['from']:.1f} – {each['to']:.1f}  {each['rows']:>7,}  {said:>6} {true:>6}")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"


def _width(text: str) -> int:
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
