"""Issued bulletins: read, downloaded, compared with what is known now; and a draft of the next."""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from fangxian.kernel.asof import AsOf
from fangxian.kernel.moments import day_of
from fangxian.lake.problems import LakeBehind
from fangxian.publishing import html, queries, shelf
from fangxian.publishing.content import FORMATS, Content, count_bulletin, marks
from fangxian.publishing.make_template import TEMPLATE
from fangxian.publishing.models import Bulletin

from .. import asking, clock
from ..asking import Asked
from ..problems import UnknownFormat
from .common import page

TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
}


def newest(limit: int) -> list[Bulletin]:
    """The last bulletins. What has changed since is asked for after the page: it is counted anew."""
    return list(Bulletin.objects.defer("template", "frozen").order_by("-number")[:limit])


@lru_cache(maxsize=64)
def _changes(number: int, position: int, known_at: datetime, engine: Any) -> list[queries.FigureChange]:
    """What of a bulletin would be another number by what is known now; remembered until more is known."""
    issued = queries.bulletin(number)
    found = queries.changes(issued, known_by=max(known_at, issued.known_by), engine=engine)
    return list({change.reference: change for change in found}.values())


def changes_of(number: int, asked: Asked) -> list[queries.FigureChange] | None:
    """None where the lake does not know yet what the ledger does."""
    try:
        return _changes(number, asked.counted.position, asked.counted.known_at, asked.engine)
    except LakeBehind:
        return None


@require_safe
def changed_mark(request: HttpRequest, number: int) -> HttpResponse:
    """How many numbers have changed, for a list of bulletins."""
    asked = asking.read(request)
    return page(request, "web/parts/changed.html", asked, number=number, changes=changes_of(number, asked))


@require_safe
def shelf_page(request: HttpRequest) -> HttpResponse:
    asked = asking.read(request)
    return page(request, "web/bulletins.html", asked, bulletins=newest(50), formats=FORMATS)


@require_safe
def bulletin(request: HttpRequest, number: int) -> HttpResponse:
    issued, asked = queries.bulletin(number), asking.read(request)
    article = shelf.article(issued, engine=asked.engine)
    return page(
        request,
        "web/bulletin.html",
        asked,
        issued=issued,
        article=article,
        changes=changes_of(number, asked),
        known_at=asked.counted.known_at,
        day=asking.told(issued.known_by) if day_of(issued.known_by) == issued.day else issued.day.isoformat(),
        known=asking.told(max(asked.counted.known_at, issued.known_by)),
    )


@require_safe
def file(request: HttpRequest, number: int, kind: str) -> HttpResponse:
    """The paper as issued; where it is gone, counted and made again."""
    issued, asked = queries.bulletin(number), asking.read(request)
    return _download(shelf.read_file(issued, _known(kind), engine=asked.engine), kind, f"bulletin-{number}")


@require_safe
def draft(request: HttpRequest, kind: str) -> HttpResponse:
    """What the next bulletin would be, as of what is asked; nothing is stored, and every page says so."""
    asked = asking.read(request)
    content = _draft(replace(asked.at, known_by=asked.known), queries.next_number(), asked.engine)
    name = f"draft-{content.issue.number}-{asking.told(asked.moment).replace(':', '')}"
    return _download(content.file(_known(kind), marks(draft=True)), kind, name)


@lru_cache(maxsize=4)
def _draft(at: AsOf, number: int, engine: Any) -> Content:
    template = TEMPLATE.read_bytes()
    issued_at = max(at.known_by, clock.now())
    return count_bulletin(engine=engine, at=at, template=template, number=number, issued_at=issued_at)


def _known(kind: str) -> str:
    if kind not in FORMATS:
        raise UnknownFormat(format=kind, formats=", ".join(FORMATS))
    return kind


def _download(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="fangxian-{name}.{kind}"'
    return response


@require_safe
@cache_control(max_age=3600)
def style(request: HttpRequest) -> HttpResponse:
    """The paper's own stylesheet, which the bulletin's file carries too."""
    return HttpResponse(html.STYLE.read_text("utf-8"), content_type="text/css; charset=utf-8")
