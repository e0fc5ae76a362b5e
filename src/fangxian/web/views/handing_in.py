"""Many at once, on a page: a prefilled sheet down and up, and a pasted chat chain. Both are first shown row
by row, with what would be refused and why; nothing is stored before a person confirms."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fangxian.access.authentication import Reporter, reporter
from fangxian.access.problems import NotYours
from fangxian.kernel.moments import day_of
from fangxian.submissions.chains import Proposal, read_chain
from fangxian.submissions.forms import Fault, Form
from fangxian.submissions.intake import published_form
from fangxian.submissions.known import read_terms
from fangxian.submissions.problems import AnswersAgainstForm
from fangxian.submissions.sheet_problems import SheetUnreadable
from fangxian.submissions.sheets import About, write_sheet

from .. import clock
from ..doors.api import LARGEST_SHEET, WORKBOOK, read_sheet_back
from ..doors.due import Due, due, find_due, subjects
from ..doors.problems import BodyTooLarge, NoSuchForm
from ..doors.taking import Outcome, take_here
from ..filling.drawn import Asked, asked_by_word, draw
from ..filling.posted import read_answers

LONGEST = 100_000  # letters of a pasted chain
LARGEST_FORM = 1_500_000  # bytes of what is confirmed: a form may bring 2.5 MB, written as %XX


@dataclass(frozen=True, slots=True)
class Row:
    """One of many, and what became or would become of it. `state`: stored, already, late or refused."""

    label: str
    state: str
    reasons: list[str]


@dataclass(slots=True)
class Line:
    """One line of a chain, to be confirmed or mended."""

    place: str
    number: int
    text: str
    instance: str
    sure: bool
    subjects: list[tuple[str, str]]  # kind:key, label
    subject: str
    doubts: list[str]
    fields: list[Asked] = field(default_factory=list)
    taken: bool = True


def _sender(request: HttpRequest) -> Reporter:
    sender = reporter(request.actor)  # type: ignore[attr-defined]
    if sender is None:
        raise NotYours(roles="—")
    return sender


def _due(code: str) -> Due:
    found = find_due(code, now=clock.latest())
    if found is None:
        raise NoSuchForm()
    return found


@require_safe
def hand_in(request: HttpRequest) -> HttpResponse:
    """The campaigns that ask somebody within reach now."""
    found = list(due(_sender(request), now=clock.latest()))
    return render(request, "web/hand_in.html", {"found": found})


# ------------------------------------------------------------------------------------ the sheet


@require_safe
def sheet(request: HttpRequest, code: str) -> HttpResponse:
    """A row for each who is asked. Raises NoSuchForm, ScopeTooWide."""
    found, now = _due(code), clock.latest()
    rows = [(one.kind, one.key, one.label) for one in subjects(found, _sender(request), now=now)]
    about = About(code, found.round, found.version, now.isoformat())
    content = write_sheet(published_form(*found.form), about, rows)
    named = {"Content-Disposition": f'attachment; filename="{code}.xlsx"'}
    return HttpResponse(content, content_type=WORKBOOK, headers=named)


@require_POST
def sheet_back(request: HttpRequest) -> HttpResponse:
    """What each row would become; nothing is stored. Raises SheetUnreadable, SheetOfOtherForm, BodyTooLarge,
    NoSuchForm."""
    sender, file = _sender(request), request.FILES.get("sheet")
    if file is None:
        raise SheetUnreadable(reason=_("no file was chosen"))
    if (file.size or 0) > LARGEST_SHEET:
        raise BodyTooLarge(limit=LARGEST_SHEET)
    terms, entries = read_sheet_back(file.read())
    with transaction.atomic():
        outcomes = take_here(entries, sender, door="sheet") if entries else []
        transaction.set_rollback(True)
    rows = _rows(entries, outcomes, _labels(terms.campaign.code, sender))
    told = json.dumps(entries, ensure_ascii=False)
    if len(told.encode()) > LARGEST_FORM:
        raise BodyTooLarge(limit=LARGEST_FORM)
    shown = {"rows": rows, "counts": _counts(rows), "entries": told}
    return render(request, "web/handed_in.html", shown | {"campaign": terms.campaign, "stored": False})


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Store the rows that were shown; each passes all checks again."""
    sender = _sender(request)
    try:
        entries = json.loads(request.POST.get("entries", ""))
        campaign = str(entries[0]["campaign"])
        well = all(isinstance(entry, dict) for entry in entries)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise SheetUnreadable(reason=_("nothing is filled in")) from error
    terms = read_terms(campaign)
    if terms is None or not well:
        raise NoSuchForm()
    outcomes = take_here(entries, sender, door="sheet")
    rows = _rows(entries, outcomes, _labels(campaign, sender))
    shown = {"rows": rows, "counts": _counts(rows), "campaign": terms.campaign, "stored": True}
    return render(request, "web/handed_in.html", shown)


def _labels(code: str, sender: Reporter) -> dict[str, str]:
    """kind:key -> who it is, of those within reach."""
    found = find_due(code, now=clock.latest())
    asked = subjects(found, sender, now=clock.latest()) if found else []
    return {f"{one.kind}:{one.key}": one.label for one in asked}


def _rows(entries: list[dict[str, Any]], outcomes: list[Outcome], labels: dict[str, str]) -> list[Row]:
    found = []
    for number, (entry, outcome) in enumerate(zip(entries, outcomes, strict=True), 1):
        subject = entry.get("subject")
        key = ":".join(map(str, next(iter(subject.items())))) if isinstance(subject, dict) and subject else ""
        label = labels.get(key) or _("Row {number}").format(number=number)
        found.append(Row(label, _state(outcome), [problem.sentence() for _id, problem in outcome.problems]))
    return sorted(found, key=lambda row: row.state != "refused")


def _state(outcome: Outcome) -> str:
    if outcome.problems:
        return "refused"
    return "already" if outcome.receipt.already else "late" if outcome.receipt.late else "stored"


def _counts(rows: list[Row]) -> dict[str, int]:
    refused = sum(1 for row in rows if row.state == "refused")
    already = sum(1 for row in rows if row.state == "already")
    return {"good": len(rows) - refused - already, "refused": refused, "already": already}


# ------------------------------------------------------------------------------------ the chain


@require_http_methods(["GET", "HEAD", "POST"])
def chain(request: HttpRequest, code: str) -> HttpResponse:
    """Paste; look at each line; confirm. What is refused stays on the page, to be mended.

    Raises NoSuchForm, ScopeTooWide.
    """
    found, sender = _due(code), _sender(request)
    shown: dict[str, Any] = {"found": found, "text": request.POST.get("text", "")[:LONGEST]}
    if request.method == "POST" and "lines" in request.POST:
        shown |= _confirmed(request, found, sender)
    elif request.method == "POST":
        shown["lines"] = _proposed(shown["text"], found, sender)
    return render(request, "web/chain.html", shown)


def _proposed(text: str, found: Due, sender: Reporter) -> list[Line]:
    rows, day = _subjects(found, sender), day_of(clock.latest())
    form = published_form(*found.form)
    proposals = read_chain(text, form, rows, today=day)
    return [_line(place, one, rows, form, day) for place, one in enumerate(proposals)]


def _subjects(found: Due, sender: Reporter) -> list[tuple[str, str, str]]:
    return [(one.kind, one.key, one.label) for one in subjects(found, sender, now=clock.latest())]


def _line(place: int, one: Proposal, rows: list[tuple[str, str, str]], form: Any, day: Any) -> Line:
    """Where the name means nobody, anybody may be picked."""
    offered = [(f"{kind}:{key}", label) for kind, key, label in one.subjects or rows]
    faults = {fault.question: fault for fault in one.faults}
    drawn = _drawn(form, str(place), one.answers, day, faults)
    subject = offered[0][0] if len(one.subjects) == 1 else ""
    return Line(
        str(place),
        one.number,
        one.text,
        f"uuid:{uuid.uuid4()}",
        one.sure,
        offered,
        subject,
        one.doubts,
        drawn,
        one.sure,
    )


def _confirmed(request: HttpRequest, found: Due, sender: Reporter) -> dict[str, Any]:
    """Store the lines that are ticked; the refused ones and those that are not come again."""
    lines, entries = _posted(request, found, sender)
    ticked = [line for line in lines if line.taken and line.subject]
    outcomes = take_here([entries[id(line)] for line in ticked], sender, door="chain") if ticked else []
    left = [line for line in lines if line not in ticked]
    for line, outcome in zip(ticked, outcomes, strict=True):
        if outcome.problems:
            left.append(_again(line, outcome, entries[id(line)], found))
    stored = sum(1 for outcome in outcomes if not outcome.problems)
    return {"lines": sorted(left, key=lambda line: line.number), "stored": stored, "confirmed": True}


def _posted(
    request: HttpRequest, found: Due, sender: Reporter
) -> tuple[list[Line], dict[int, dict[str, Any]]]:
    posted, now = request.POST, clock.latest()
    form, day = published_form(*found.form), day_of(now)
    everybody = [(f"{kind}:{key}", label) for kind, key, label in _subjects(found, sender)]
    lines, entries = [], {}
    for place in posted.getlist("lines"):
        answers = read_answers(form, f"r{place}", posted)
        subject = posted.get(f"subject-{place}", "")
        number = posted.get(f"number-{place}", "")
        line = Line(
            place[:6],
            int(number) if number.isdecimal() and len(number) < 6 else 0,
            posted.get(f"text-{place}", "")[:200],
            posted.get(f"instance-{place}", "")[:64] or f"uuid:{uuid.uuid4()}",
            False,
            everybody,
            subject,
            [] if subject else [_("several bear this name: pick one")],
            _drawn(form, place, answers, day, {}),
            f"take-{place}" in posted,
        )
        lines.append(line)
        kind, _colon, key = subject.partition(":")
        entries[id(line)] = {
            "campaign": found.campaign.code,
            "round": found.round,
            "version": found.version,
            "happened": now.isoformat(),
            "channel": "class",
            "instance_id": line.instance,
            "subject": {kind: key},
            "answers": answers,
        }
    return lines, entries


def _again(line: Line, outcome: Outcome, entry: dict[str, Any], found: Due) -> Line:
    faults: dict[str, Fault] = {}
    for _instance, problem in outcome.problems:
        if isinstance(problem, AnswersAgainstForm):
            faults |= {fault.question: fault for fault in problem.faults}
        else:
            line.doubts.append(problem.sentence())
    form, day = published_form(*found.form), day_of(clock.latest())
    line.fields = _drawn(form, line.place, entry["answers"], day, faults)
    return line


def _drawn(
    form: Form, place: str, answers: dict[str, Any], day: date, faults: Mapping[str, Fault]
) -> list[Asked]:
    """Also what was answered without being asked, as a line of a chain may."""
    told = {name: fault.sentence() for name, fault in faults.items()}
    only = asked_by_word(form, answers, today=day) | answers.keys()
    return draw(form, f"r{place}", answers, told, only=only)
