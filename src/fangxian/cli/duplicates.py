"""`fangxian duplicates`: people who stand in the register twice."""

import json
from datetime import datetime
from typing import Any

import click

from fangxian.kernel.moments import OFFICE_ZONE, day_of

HELP = """People who may stand in the register twice; merged by people, and split again.

\b
Examples:
  fangxian duplicates find            look for pairs; they wait on the page /duplicates/
  fangxian duplicates list --json     what waits, and what was decided
  fangxian duplicates merge 12        the two of pair 12 are one person
  fangxian duplicates reject 13       the two of pair 13 are two people
  fangxian duplicates undo 12         not so: split them again
"""


def register(group: click.Group) -> None:
    group.add_command(duplicates)


@click.group(help=HELP, short_help="Find, merge and split people who are registered twice.")
def duplicates() -> None:
    pass


@duplicates.command(short_help="Look for pairs, and keep them to be decided.")
@click.option("--by", default="cli:officer", show_default=True, help="Who looks.")
def find(by: str) -> None:
    from fangxian.kernel.changes import head_position
    from fangxian.matching.duplicates import find_twins, record_twins

    now = _now()
    found = find_twins(day=day_of(now), position=head_position())
    fresh = record_twins(found=found, by=by, now=now)
    click.echo(f"{len(found)}\t{fresh}")


@duplicates.command("list", short_help="What waits, and what was decided.")
@click.option("--json", "as_json", is_flag=True, help="A list of objects.")
def listed(as_json: bool) -> None:
    from fangxian.matching.duplicates import standing
    from fangxian.matching.models import Twin

    rows = [_dump(twin, standing(twin)) for twin in Twin.objects.order_by("-probability", "id")]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for row in rows:
        click.echo(f"{row['pair']}\t{row['probability']}\t{row['decision'] or ''}\t{row['reasons']}")


def _dump(twin: Any, decision: Any) -> dict[str, Any]:
    from fangxian.matching.reasons import WORDS

    words = [str(WORDS.get((name, level), "")) for name, level in twin.reasons]
    return {
        "pair": twin.pk,
        "people": [twin.person_id, twin.other_id],
        "probability": twin.probability,
        "reasons": "；".join(word for word in words if word),
        "decision": decision.verdict if decision else None,
        "by": decision.by if decision else None,
    }


def _verb(name: str, words: str, verdict: str) -> None:
    @duplicates.command(name, short_help=words)
    @click.argument("pair", type=int)
    @click.option("--by", default="cli:officer", show_default=True, help="Who decides.")
    def decide(pair: int, by: str) -> None:
        from fangxian.matching.duplicates import settle, undo

        if verdict:
            settle(twin=pair, verdict=verdict, by=by, now=_now())
        else:
            undo(twin=pair, by=by, now=_now())


_verb("merge", "They are one person.", "same")
_verb("reject", "They are two people.", "not_same")
_verb("undo", "Back to undecided; who was merged is split again.", "")


def _now() -> datetime:
    """An office's clock; a demonstration's stands still, and moves on with what is recorded."""
    from fangxian.kernel.demonstration import clock_of
    from fangxian.kernel.home import current_home
    from fangxian.kernel.models import Head

    clock, head = clock_of(current_home(), now=datetime.now(OFFICE_ZONE)), Head.objects.first()
    return max(clock, head.at) if head else clock
