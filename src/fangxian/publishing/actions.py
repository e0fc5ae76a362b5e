"""Issuing: lint, checks, count, render, store; in one transaction, or not at all.

Step by step it is drafted, checked, approved by somebody else and issued; whoever runs the commands may issue
at once, and the list says so.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import Recording, recording
from fangxian.kernel.home import Home
from fangxian.kernel.moments import OFFICE_ZONE, day_of
from fangxian.kernel.problems import MomentInFuture, Problem

from . import signoff
from .checks import add_up, refuse_what_does_not_add_up
from .content import Content, count_bulletin, marks
from .corrections import Corrected
from .counting import Engine
from .lint import lint, refuse_typed_numbers
from .models import Bulletin, Draft, Step
from .numerals import typed_numbers
from .problems import ApprovedDiffers, BulletinNumberTaken, NumbersInReason, ReasonWanted, RecountDiffers
from .queries import correctable, corrected, next_number, recount_check
from .shelf import render, write_files
from .signoff import Checked, Standing, standing

SMALL = frozenset("一二三四五六七八九两俩几半")  # "in two schools" is no figure
STEP = ("draft_id", "number", "kind", "done_at", "by")


def issue_bulletin(
    *,
    at: AsOf,
    template: bytes,
    number: int | None = None,
    by: str,
    now: datetime,
    engine: Engine,
    home: Home | None = None,
    corrects: int | None = None,
    reason: str = "",
) -> Bulletin:
    """Store and write bulletin `number` (default: the next) at once. Its files lie under
    <home>/bulletins/<number>. `corrects`: the number of the one that it replaces, for which `reason`.

    Raises TypedNumbers, FiguresDoNotAddUp, BulletinNumberTaken, MomentInFuture, ChineseFontsMissing,
    TemplateUnreadable, CorrectedAlready, ReasonWanted, NumbersInReason, and the figures' own Problems; then
    nothing is stored.
    """
    _refuse_ahead(at, now)
    number = number or next_number()
    _refuse_taken(number)
    refuse_typed_numbers(template)
    refuse_what_does_not_add_up(engine, at)
    old, reason = _correcting(corrects, reason)
    content = count_bulletin(
        engine=engine,
        at=at,
        template=template,
        number=number,
        issued_at=now,
        corrects=corrected(old, reason, engine=engine),
    )
    files = render(content, marks(home=home))
    with recording("publishing.issue", by=by, now=now) as change:
        return _store(change, content, template, files, old, by, home)


def open_draft(
    *, template: bytes, corrects: int | None = None, reason: str = "", by: str, now: datetime
) -> Draft:
    """A draft of the next bulletin, or of the one that corrects number `corrects`.

    Raises TemplateUnreadable, TypedNumbers, UnknownBulletin, CorrectedAlready, ReasonWanted, NumbersInReason.
    """
    refuse_typed_numbers(template)
    old, reason = _correcting(corrects, reason)
    with recording("publishing.draft", by=by, now=now) as change:
        [pk] = change.ids(Draft, 1)
        columns = ("id", "opened_at", "by", "corrects_id", "reason")
        change.append(Draft, columns, [(pk, change.at, by, old.pk if old else None, reason)])
        _step(change, pk, 1, "drafted", template=template)
        change.detail["draft"] = {"id": pk, "corrects": corrects}
    return Draft.objects.get(pk=pk)


def change_template(*, draft: int, template: bytes, seen: int | None = None, by: str, now: datetime) -> Step:
    """Another template: what was checked and approved no longer is.

    Raises TemplateUnreadable, TypedNumbers, UnknownDraft, DraftMoved, StepOutOfTurn.
    """
    refuse_typed_numbers(template)
    return _take("changed", draft, seen, by, now, template=template)


def check_draft(
    *, draft: int, at: AsOf, seen: int | None = None, by: str, now: datetime, engine: Engine
) -> Step:
    """Check the draft as of a cut-off, which is frozen with the content where nothing is wrong. An approval
    of an earlier check falls. A check that fails is a step too: it says what is wrong.

    Raises MomentInFuture, UnknownDraft, DraftMoved, StepOutOfTurn, LakeBehind.
    """
    _refuse_ahead(at, now)
    found = standing(draft)
    signoff.refuse_out_of_turn(found, "checked", seen)
    checks, content = _checked(found, at, now, engine)
    frozen: dict[str, Any] = {
        "day": at.day,
        "known_by": at.known_by,
        "position": at.position,
        "checks": [check.dump() for check in checks],
    }
    if content is None:
        return _take("failed", draft, found.last.number, by, now, turn="checked", **frozen)
    frozen |= {
        "done_at": content.issue.issued_at,
        "issue": content.issue.number,
        "content_sha256": content.sha256,
        "frozen": content.frozen(),
    }
    return _take("checked", draft, found.last.number, by, now, **frozen)


def approve_draft(
    *,
    draft: int,
    seen: int | None = None,
    by: str,
    now: datetime,
    note: str = "",
    also: Iterable[str] = (),
) -> Step:
    """By somebody who did not draft, change or check it, nor did by another account (`also`).

    Raises UnknownDraft, DraftMoved, StepOutOfTurn, OwnDraft.
    """
    signoff.refuse_own(standing(draft), by, also)
    return _take("approved", draft, seen, by, now, note=_line(note))


def return_draft(*, draft: int, note: str, seen: int | None = None, by: str, now: datetime) -> Step:
    """Back to whoever drafted it, saying why.

    Raises ReasonWanted, UnknownDraft, DraftMoved, StepOutOfTurn.
    """
    return _take("returned", draft, seen, by, now, note=_reason(note))


def give_up_draft(*, draft: int, note: str, seen: int | None = None, by: str, now: datetime) -> Step:
    """It will not be issued; it stays in the list of what was done. Raises as `return_draft`."""
    return _take("given_up", draft, seen, by, now, note=_reason(note))


def issue_draft(
    *,
    draft: int,
    seen: int | None = None,
    by: str,
    now: datetime,
    engine: Engine,
    home: Home | None = None,
) -> Bulletin:
    """Issue what was approved, under the next number. It is counted again as it was checked, and must be the
    same; then with its own number and date, and each figure must be the same.

    Raises UnknownDraft, DraftMoved, StepOutOfTurn, ApprovedDiffers, CorrectedAlready, ChineseFontsMissing.
    """
    found = standing(draft)
    signoff.refuse_out_of_turn(found, "issued", seen)
    check = found.check
    assert check is not None and check.issue
    old = correctable(found.draft.corrects.number) if found.draft.corrects else None
    told = corrected(old, found.draft.reason, engine=engine)
    content = _counted(found, check.at, next_number(), now, told, engine)
    try:
        approved = recount_check(found, engine=engine)
    except RecountDiffers as error:
        raise ApprovedDiffers(draft=draft) from error
    if content.distinct() != approved.distinct():
        raise ApprovedDiffers(draft=draft)
    files = render(content, marks(home=home))
    with recording("publishing.issue", by=by, now=now) as change:
        signoff.refuse_out_of_turn(standing(draft), "issued", found.last.number)
        bulletin = _store(change, content, found.template, files, old, by, home)
        _step(change, draft, found.last.number + 1, "issued", bulletin_id=bulletin.pk)
    return bulletin


def _refuse_ahead(at: AsOf, now: datetime) -> None:
    if at.known_by > now or at.day > day_of(now):
        ahead = at.known_by if at.known_by > now else at.day
        raise MomentInFuture(moment=ahead.isoformat(), now=now.isoformat())


def _correcting(number: int | None, reason: str) -> tuple[Bulletin | None, str]:
    if number is None:
        return None, ""
    old, reason = correctable(number), _reason(reason)
    typed = [found.text for found in typed_numbers(reason) if found.text not in SMALL]
    if typed:
        raise NumbersInReason(found=typed[0])
    return old, reason


def _reason(text: str) -> str:
    line = _line(text)
    if not 4 <= len(line) <= 200:
        raise ReasonWanted()
    return line


def _line(text: str) -> str:
    """One line, without what a paper takes for marks of its own."""
    return re.sub(r"[\s\x00-\x1f\ue000-\uf8ff]+", " ", text).strip()[:300]


def _checked(
    found: Standing, at: AsOf, now: datetime, engine: Engine
) -> tuple[list[Checked], Content | None]:
    """Each check with its result; the content, where all are well. What the lake lacks is no fault of a
    draft: that is raised."""
    typed, draft = tuple(map(str, lint(found.template))), found.draft
    checks = [Checked("typed", not typed, len(typed), typed), add_up(engine, at)]
    try:
        told = corrected(draft.corrects, draft.reason, engine=engine)
        content = _counted(found, at, next_number(), now, told, engine)
    except Problem as problem:
        if problem.status >= 500:
            raise
        facts = {name: str(value) for name, value in problem.facts.items()}
        return [*checks, Checked("counted", False, 0, ({"code": problem.code, "facts": facts},))], None
    checks.append(Checked("counted", True, len(content.distinct())))
    return checks, content if all(check.ok for check in checks) else None


def _counted(
    found: Standing, at: AsOf, number: int, when: datetime, told: Corrected | None, engine: Engine
) -> Content:
    return count_bulletin(
        engine=engine, at=at, template=found.template, number=number, issued_at=when, corrects=told
    )


def _take(
    kind: str, draft: int, seen: int | None, by: str, now: datetime, *, turn: str = "", **told: Any
) -> Step:
    """Append a step where it is its turn, judged under the lock that all writers hold."""
    with recording(f"publishing.{kind}", by=by, now=now) as change:
        found = standing(draft)
        signoff.refuse_out_of_turn(found, turn or kind, seen)
        pk = _step(change, draft, found.last.number + 1, kind, **told)
        change.detail["draft"] = {"id": draft, "step": found.last.number + 1}
    return Step.objects.get(pk=pk)


def _step(change: Recording, draft: int, number: int, kind: str, **told: Any) -> int:
    [pk] = change.ids(Step, 1)
    when = told.pop("done_at", change.at)
    blank: Mapping[str, Any] = {"note": "", "checks": [], "content_sha256": ""}
    told = {**blank, **told}
    columns = ("id", *STEP, *told)
    change.append(Step, columns, [(pk, draft, number, kind, when, change.by, *told.values())])
    return pk


def _refuse_taken(number: int) -> None:
    taken = Bulletin.objects.filter(number=number).first()
    if taken:
        issued = taken.issued_at.astimezone(OFFICE_ZONE).isoformat(timespec="minutes")
        raise BulletinNumberTaken(number=number, issued=issued, next=next_number())


def _store(
    change: Recording,
    content: Content,
    template: bytes,
    files: Mapping[str, bytes],
    old: Bulletin | None,
    by: str,
    home: Home | None,
) -> Bulletin:
    number = content.issue.number
    _refuse_taken(number)
    if old is not None:
        correctable(old.number)
    reason = content.issue.corrects.reason if content.issue.corrects else ""
    bulletin = Bulletin.objects.create(**_row(content, template, by), corrects=old, reason=reason)
    change.detail["bulletin"] = {
        "number": number,
        "content": content.sha256,
        "position": content.at.position,
        "corrects": old.number if old else None,
    }
    write_files(bulletin, files, home=home)
    return bulletin


def _row(content: Content, template: bytes, by: str) -> dict[str, Any]:
    return {
        "number": content.issue.number,
        "title": content.title[:120],
        "day": content.at.day,
        "known_by": content.at.known_by,
        "position": content.at.position,
        "issued_at": content.issue.issued_at,
        "by": by,
        "template": template,
        "template_sha256": hashlib.sha256(template).hexdigest(),
        "content_sha256": content.sha256,
        "frozen": content.frozen(),
    }
