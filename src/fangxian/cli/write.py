"""submit, correct, retract, withdraw, verify, transfer: JSON lines, through the actions of the pages."""

import json
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click


def register(group: click.Group) -> None:
    for command in (submit, correct, retract, withdraw, verify, transfer):
        group.add_command(command)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    command = click.option("--by", default="cli", show_default=True, help="Who does it, for the change log.")(
        command
    )
    command = click.option("--at", "moment", metavar="MOMENT", help="When it is recorded (default: now).")(
        command
    )
    return click.argument("file", type=click.File("r", encoding="utf-8-sig"))(command)


def _lines(file: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    from fangxian.submissions.line_problems import BadLine

    for number, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            entry = json.loads(text)
        except json.JSONDecodeError as error:
            raise BadLine(file=Path(file.name).name, line=number, reason=error.msg) from error
        if not isinstance(entry, dict):
            raise BadLine(file=Path(file.name).name, line=number, reason="not an object")
        yield number, entry


def _now(moment: str | None) -> datetime:
    from fangxian.kernel.demonstration import clock_of
    from fangxian.kernel.home import current_home
    from fangxian.kernel.moments import OFFICE_ZONE, read_moment

    if moment:
        return read_moment(moment)
    return clock_of(current_home(), now=datetime.now(OFFICE_ZONE))


def _need(file: Any, number: int, entry: dict[str, Any], *names: str) -> Any:
    from fangxian.submissions.line_problems import BadLine

    for name in names:
        if entry.get(name) not in (None, ""):
            return entry[name]
    raise BadLine(file=Path(file.name).name, line=number, reason=f"“{names[0]}” is missing")


def _report(outcomes: list[dict[str, Any]]) -> None:
    """One JSON line an entry; exit code 1 when one was refused."""
    for outcome in outcomes:
        click.echo(json.dumps(outcome, ensure_ascii=False))
    if any(outcome["status"] == "refused" for outcome in outcomes):
        sys.exit(1)


@click.command()
@_options
def submit(file: Any, moment: str | None, by: str) -> None:
    """Submit answer sheets; one envelope or one sheet a line.

    \b
    {"campaign": "pledge", "instance_id": "…", "subject": {"person": 17}, "answers": {"signed": "yes"},
     "happened": "2020-02-10T09:00:00+08:00"}
    {"campaign": "screening", "household": 5,
     "sheets": [{"subject": {"person": 9}, "answers": {…}}]}

    A subject is {"person": id}, {"unit": code} or {"household": id}. Prints one result a line.
    """
    from fangxian.submissions.actions import receive
    from fangxian.submissions.lines import read_envelope

    now = _now(moment)
    name = Path(file.name).name
    envelopes = [read_envelope(entry, file=name, line=number, now=now) for number, entry in _lines(file)]
    receipts = receive(envelopes=envelopes, by=by, now=now, door="cli")
    _report([_outcome(e, r) for e, r in zip(envelopes, receipts, strict=True)])


def _outcome(envelope: Any, receipt: Any) -> dict[str, Any]:
    status = "refused" if receipt.problems else "already" if receipt.already else "accepted"
    return {
        "status": status,
        "instance_ids": [sheet.instance_id for sheet in envelope.sheets],
        "submissions": receipt.submissions,
        "problems": [
            {"instance_id": instance, "code": problem.code, "sentence": problem.sentence()}
            for instance, problem in receipt.problems
        ],
    }


@click.command()
@_options
def correct(file: Any, moment: str | None, by: str) -> None:
    """Correct submissions; the old answers stay, superseded.

    \b
    {"supersedes": "instance id of the old one", "answers": {…}, "instance_id": "optional, of the new one"}

    The answers are the whole new sheet. Campaign, round, subject and the time it happened are the old one's.
    """
    from fangxian.submissions.actions import receive
    from fangxian.submissions.lines import correction_of, find_submission

    now = _now(moment)
    envelopes = []
    for number, entry in _lines(file):
        old = find_submission(_need(file, number, entry, "supersedes", "submission", "id"))
        answers = _need(file, number, entry, "answers")
        envelopes.append(correction_of(old, answers, entry.get("instance_id") or f"uuid:{uuid.uuid4()}"))
    receipts = receive(envelopes=envelopes, by=by, now=now, door="cli")
    _report([_outcome(e, r) for e, r in zip(envelopes, receipts, strict=True)])


def _instances(file: Any) -> Iterator[tuple[int, dict[str, Any], str]]:
    from fangxian.submissions.lines import find_submission

    for number, entry in _lines(file):
        key = _need(file, number, entry, "instance_id", "submission", "id")
        yield number, entry, find_submission(key).instance_id


@click.command()
@_options
def retract(file: Any, moment: str | None, by: str) -> None:
    """Retract submissions that were never true; past days change for whoever asks later.

    \b
    {"instance_id": "…", "reason": "entered for the wrong person"}      ("submission": number works too)
    """
    from fangxian.kernel.changes import recording
    from fangxian.submissions import actions

    now = _now(moment)
    entries = list(_instances(file))
    with recording("submissions.retract", by=by, now=now):
        for _number, entry, instance in entries:
            actions.retract(instance_ids=[instance], reason=entry.get("reason", ""), by=by, now=now)
    _report([{"status": "retracted", "instance_id": instance} for _n, _e, instance in entries])


@click.command()
@_options
def withdraw(file: Any, moment: str | None, by: str) -> None:
    """Withdraw submissions that were true until a day.

    \b
    {"instance_id": "…", "day": "2020-02-11", "reason": "left the Party branch"}
    """
    from fangxian.kernel.changes import recording
    from fangxian.submissions import actions

    now = _now(moment)
    entries = [(n, e, i, _day(file, n, e)) for n, e, i in _instances(file)]
    with recording("submissions.withdraw", by=by, now=now):
        for _number, entry, instance, day in entries:
            actions.withdraw(instance_ids=[instance], day=day, reason=entry.get("reason", ""), by=by, now=now)
    _report([{"status": "withdrawn", "instance_id": instance} for _n, _e, instance, _d in entries])


def _day(file: Any, number: int, entry: dict[str, Any]) -> date:
    from fangxian.submissions.line_problems import BadLine

    text = str(_need(file, number, entry, "day"))
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadLine(file=Path(file.name).name, line=number, reason=f"“{text}” is not a day") from error


@click.command()
@_options
def verify(file: Any, moment: str | None, by: str) -> None:
    """Say that a second call or a seen document confirmed submissions.

    \b
    {"instance_id": "…", "how": "second_call"}      (or "document")
    """
    from fangxian.kernel.changes import recording
    from fangxian.matching.replies import hear
    from fangxian.submissions import actions

    now = _now(moment)
    entries = list(_instances(file))
    with recording("submissions.verify", by=by, now=now):
        for _number, entry, instance in entries:
            actions.verify(instance_ids=[instance], how=entry.get("how", "second_call"), by=by, now=now)
        hear(by=by, now=now)  # a list may say the same
    _report([{"status": "verified", "instance_id": instance} for _n, _e, instance in entries])


@click.command()
@_options
def transfer(file: Any, moment: str | None, by: str) -> None:
    """Transfer pupils (or others) to another unit from a day on.

    \b
    {"person": 17, "to": "code of the class", "day": "2020-02-12"}      ("role" defaults to pupil)
    """
    from fangxian.kernel.changes import recording
    from fangxian.registry import actions
    from fangxian.submissions.lines import find_person, find_unit

    now = _now(moment)
    moves = [
        (
            find_person(_need(file, number, entry, "person", "id")),
            find_unit(_need(file, number, entry, "to", "unit")),
            _day(file, number, entry),
            entry.get("role", "pupil"),
        )
        for number, entry in _lines(file)
    ]
    with recording("registry.transfer", by=by, now=now):
        for person, unit, day, role in moves:
            actions.transfer(person=person, to_unit=unit, day=day, role=role, by=by, now=now)
    _report(
        [{"status": "transferred", "person": person, "day": day.isoformat()} for person, _u, day, _r in moves]
    )
