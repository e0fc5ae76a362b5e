"""Issuing: lint, checks, count, render, store; in one transaction, or not at all."""

import hashlib
from datetime import datetime

from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import recording
from fangxian.kernel.home import Home
from fangxian.kernel.moments import OFFICE_ZONE, day_of
from fangxian.kernel.problems import MomentInFuture

from .checks import refuse_what_does_not_add_up
from .content import Content, count_bulletin, marks
from .counting import Engine
from .lint import refuse_typed_numbers
from .models import Bulletin
from .problems import BulletinNumberTaken
from .queries import next_number
from .shelf import render, write_files


def issue_bulletin(
    *,
    at: AsOf,
    template: bytes,
    number: int | None = None,
    by: str,
    now: datetime,
    engine: Engine,
    home: Home | None = None,
) -> Bulletin:
    """Store and write bulletin `number` (default: the next). Its files lie under <home>/bulletins/<number>.

    Raises TypedNumbers, FiguresDoNotAddUp, BulletinNumberTaken, MomentInFuture, ChineseFontsMissing,
    TemplateUnreadable, and the figures' own Problems; then nothing is stored.
    """
    if at.known_by > now or at.day > day_of(now):
        ahead = at.known_by if at.known_by > now else at.day
        raise MomentInFuture(moment=ahead.isoformat(), now=now.isoformat())
    number = number or next_number()
    _refuse_taken(number)
    refuse_typed_numbers(template)
    refuse_what_does_not_add_up(engine, at)
    content = count_bulletin(engine=engine, at=at, template=template, number=number, issued_at=now)
    files = render(content, marks(home=home))
    with recording("publishing.issue", by=by, now=now) as change:
        _refuse_taken(number)
        bulletin = Bulletin.objects.create(**_row(content, template, by))
        change.detail["bulletin"] = {"number": number, "content": content.sha256, "position": at.position}
        write_files(bulletin, files, home=home)
    return bulletin


def _refuse_taken(number: int) -> None:
    taken = Bulletin.objects.filter(number=number).first()
    if taken:
        issued = taken.issued_at.astimezone(OFFICE_ZONE).isoformat(timespec="minutes")
        raise BulletinNumberTaken(number=number, issued=issued, next=next_number())


def _row(content: Content, template: bytes, by: str) -> dict[str, object]:
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
