"""`fangxian proofread`: is each number of a draft right?"""

import json
from pathlib import Path
from typing import Any

import click

from .bulletin import _engine, _moment

HELP = """Look for each number of a draft (a Word file, or text; - reads standard input) among the figures.

\b
Examples:
  fangxian proofread draft.docx --as-of 2020-02-12T18:20:00+08:00
  fangxian proofread draft.docx --out checked.docx      the same with a comment at each doubtful number
  echo 从湖北返回大学生879人 | fangxian proofread - --json

Exit code 1 where a number differs or is unknown.
"""


def register(group: click.Group) -> None:
    group.add_command(proofread)


@click.command(help=HELP, short_help="Look for each number of a draft among the figures.")
@click.argument("draft", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "--as-of", "as_of", help="The moment of the figures (default: now, or the demonstration's clock)."
)
@click.option("--known-by", "known_by", help="What was known by when (default: the moment of --as-of).")
@click.option("--unit", help="The code of the unit that is spoken of (default: the bureau).")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A Word file with comments.")
@click.option("--json", "as_json", is_flag=True, help="One object: the summary, and each number.")
def proofread(
    draft: Path, as_of: str | None, known_by: str | None, unit: str | None, out: Path | None, as_json: bool
) -> None:
    from fangxian.publishing.proof import documents

    document = _read(draft)
    proof = _proof(_moment(as_of, known_by), unit)
    found = documents.proofread(document, proof)
    if as_json:
        click.echo(json.dumps(_dump(found), ensure_ascii=False, indent=1))
    else:
        _tell(found)
    if out:
        out.write_bytes(documents.commented(document, proof, as_of or ""))
        click.echo(str(out), err=True)
    if found.summary["differs"] or found.summary["unknown"]:
        raise SystemExit(1)


def _read(draft: Path) -> Any:
    from fangxian.publishing.proof import documents

    with click.open_file(str(draft), "rb") as file:
        content = file.read()
    if content.startswith(b"PK"):
        return documents.uploaded(content)
    return documents.pasted(content.decode("utf-8-sig", errors="replace"))


def _proof(at: Any, unit: str | None) -> Any:
    from fangxian.publishing import queries
    from fangxian.publishing.counting import Counting
    from fangxian.publishing.proof.checking import Proof

    engine = _engine()
    counting = Counting(engine, at)
    spoken_of = counting.unit(unit) if unit else counting.root
    told = queries.told_by_bulletins(engine, at)
    return Proof(engine, at, counting.tree, spoken_of, issued=told)


def _tell(draft: Any) -> None:
    from fangxian.publishing.proof import documents

    for paragraph in draft.paragraphs:
        for verdict in paragraph.verdicts:
            if verdict.amount.checked:
                click.echo(f"{paragraph.place}\t{verdict.amount.text}\t{documents.sentence(verdict)}")
    for told in (documents.counted(draft.summary), *documents.pictures(draft)):
        click.echo(told, err=True)


def _dump(draft: Any) -> dict[str, Any]:
    from fangxian.publishing.proof import documents

    return {
        "summary": draft.summary,
        "pictures": draft.pictures,
        "numbers": [
            {
                "place": paragraph.place,
                "start": verdict.amount.start,
                "text": verdict.amount.text,
                "verdict": verdict.kind,
                "figure": verdict.reference.dump() if verdict.reference else None,
                "near": [reference.dump() for reference in verdict.near],
                "sentence": documents.sentence(verdict),
            }
            for paragraph in draft.paragraphs
            for verdict in paragraph.verdicts
            if verdict.amount.checked
        ],
    }
