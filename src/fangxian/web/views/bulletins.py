"""Issued bulletins: listed, read, downloaded, compared with what is known now; and a draft of the next."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from fangxian.access import audit
from fangxian.kernel.asof import AsOf
from fangxian.kernel.demonstration import demonstration_of
from fangxian.kernel.home import current_home
from fangxian.kernel.moments import day_of
from fangxian.lake.problems import LakeBehind
from fangxian.publishing import blocks, html, queries, shelf
from fangxian.publishing.content import FORMATS, Content, count_bulletin, marks
from fangxian.publishing.corrections import key_of
from fangxian.publishing.make_template import TEMPLATE
from fangxian.publishing.models import Bulletin
from fangxian.publishing.references import Number, Reference
from fangxian.publishing.signoff import done, state_name, under_way

from .. import asking, clock, disclosure, exports, listed
from ..asking import Asked
from ..listed import Row, Wanted
from ..problems import PageNotThere, UnknownFormat
from ..templatetags.fx import iso
from .common import page

SIZE = 50  # bulletins on a page
LISTED = 200  # in a file: of each it is counted what has changed

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
    """How many numbers have changed, for a list of bulletins; `why`: each in a sentence. With a `figure`,
    whether its numbers at the unit asked still hold."""
    asked = asking.read(request)
    told, figure = bool(request.GET.get("why")), request.GET.get("figure", "")
    changes = changes_of(number, asked)
    if figure:
        of = [c for c in changes or () if (c.reference.figure, c.reference.unit) == (figure, asked.unit.code)]
        return page(request, "web/parts/held.html", asked, changes=of if changes is not None else None)
    return page(request, "web/parts/changed.html", asked, number=number, changes=changes, told=told)


@require_safe
def shelf_page(request: HttpRequest) -> HttpResponse:
    """All bulletins, and what is under way."""
    asked, wanted = asking.read(request), _wanted(request)
    found = Paginator(listed.chosen(wanted), SIZE)
    text = request.GET.get("page", "1")
    number = int(text) if text.isdecimal() and len(text) < 8 else 0
    if not 1 <= number <= found.num_pages:
        raise PageNotThere(page=text[:20], pages=found.num_pages)
    drafts = under_way()
    return page(
        request,
        "web/bulletins.html",
        asked,
        rows=listed.rows(found.page(number)),
        drafts=[(draft, state_name(draft.state)) for draft in drafts],
        names=listed.titles({step.by for draft in drafts for step in draft.steps}),
        wanted=wanted,
        number=number,
        pages=found.num_pages,
        total=found.count,
        formats=FORMATS,
        files=exports.FORMATS,
        states=listed.STATES,
        sorts=list(listed.SORTS),
    )


def _wanted(request: HttpRequest) -> Wanted:
    """What the address does not say, or says wrongly, is as when nothing is said."""
    state, sort = request.GET.get("state", "all"), request.GET.get("sort", "number")
    return Wanted(
        request.GET.get("q", "").strip()[:60],
        state if state in listed.STATES else "all",
        sort if sort in listed.SORTS else "number",
    )


@require_safe
def listed_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The list as a table: of each what has changed since, in sentences."""
    asked, wanted = asking.read(request), _wanted(request)
    if kind not in exports.FORMATS:
        raise UnknownFormat(format=kind, formats=", ".join(exports.FORMATS))
    copy = audit.new_copy()
    disclosure.looked(request, "A", "export", subject="bulletins", copy=copy, always=True)
    head = [(_("Bulletins"), wanted.q), (_("As known by"), iso(asked.counted.known_at)), (_("Copy"), copy)]
    if demonstration_of(current_home()):
        head.insert(0, ("演示数据", "Demonstration data: all people and records are invented."))
    columns = (
        *(_("Number"), _("Title"), _("State"), _("Figures of"), _("Record")),
        *(_("Drafted by"), _("Checked by"), _("Approved by"), _("Issued by"), _("Issued")),
        *(_("Numbers changed since"), _("What changed"), "SHA-256"),
    )
    rows = (_listed(row, asked) for row in listed.rows(listed.chosen(wanted)[:LISTED]))
    write = exports.as_csv if kind == "csv" else exports.as_xlsx
    return write("fangxian-bulletins", head, columns, rows)


def _listed(row: Row, asked: Asked) -> tuple[Any, ...]:
    changes, told = changes_of(row.bulletin.number, asked), row.bulletin
    return (
        *(told.number, told.title, state_of(row), iso(told.known_by), told.position),
        *(row.persons.get(kind, ("",))[0] for kind in listed.PERSONS),
        iso(told.issued_at),
        "" if changes is None else len(changes),
        _("cannot be compared yet") if changes is None else "\n".join(c.sentence() for c in changes),
        told.content_sha256,
    )


@require_safe
def bulletin(request: HttpRequest, number: int) -> HttpResponse:
    issued, asked = queries.bulletin(number), asking.read(request)
    changes = changes_of(number, asked)
    [row] = listed.rows([issued])
    return page(
        request,
        "web/bulletin.html",
        asked,
        issued=issued,
        row=row,
        persons=[(done(kind), *row.persons[kind]) for kind in listed.PERSONS if kind in row.persons],
        article=shelf.article(issued, engine=asked.engine, changed=[c.reference for c in changes or ()]),
        changes=changes,
        against=compared(issued.frozen or {}, number),
        counts=_counts(issued.frozen or {}),
        known_at=asked.counted.known_at,
        day=asking.told(issued.known_by) if day_of(issued.known_by) == issued.day else issued.day.isoformat(),
        known=asking.told(max(asked.counted.known_at, issued.known_by)),
    )


def state_of(row: Row) -> str:
    if row.corrected_by:
        return _("corrected by No. {number}").format(number=row.corrected_by)
    if row.corrects:
        return _("corrects No. {number}").format(number=row.corrects)
    return _("issued")


@dataclass(frozen=True, slots=True)
class Against:
    """The numbers that differ from those of the bulletin before."""

    number: int
    moved: list[tuple[Reference, Number | None]]  # the number now, and what it was
    same: int


def compared(frozen: Mapping[str, Any], number: int) -> Against | None:
    """With the last bulletin before this number, each by its own moment; None where there is none."""
    earlier = Bulletin.objects.filter(number__lt=number).order_by("-number")
    before = earlier.values_list("number", "frozen").first()
    if before is None:
        return None
    was = {key_of(one): one.value for one in _references(before[1] or {})}
    both = [one for one in _references(frozen) if key_of(one) in was]
    moved = [(one, was[key_of(one)]) for one in both if one.value != was[key_of(one)]]
    return Against(before[0], moved, len(both) - len(moved))


def _references(frozen: Mapping[str, Any]) -> list[Reference]:
    return [Reference(**row) for row in frozen.get("figures", ())]


def _counts(frozen: Mapping[str, Any]) -> dict[str, int]:
    """How many numbers stand in the text, in tables and in charts: all of them counted."""
    told = [blocks.load(block) for block in frozen.get("blocks", ())]
    by_kind = Counter(
        "charts" if block.chart else "tables" if block.rows else "text"
        for block in told
        for _reference in block.references()
    )
    return {"all": by_kind.total(), **by_kind}


@require_safe
def file(request: HttpRequest, number: int, kind: str) -> HttpResponse:
    """The paper as issued; where it is gone, counted and made again. It bears the id of this copy."""
    issued, asked, copy = queries.bulletin(number), asking.read(request), audit.new_copy()
    content = shelf.read_file(issued, known_format(kind), engine=asked.engine, copy=copy)
    disclosure.looked(request, "A", "export", subject=f"bulletin:{number}", copy=copy, always=True)
    return download(content, kind, f"bulletin-{number}")


@require_safe
def draft(request: HttpRequest, kind: str) -> HttpResponse:
    """What the next bulletin would be, as of what is asked; nothing is stored, and every page says so."""
    asked, copy = asking.read(request), audit.new_copy()
    content = _draft(replace(asked.at, known_by=asked.known), queries.next_number(), asked.engine)
    name = f"draft-{content.issue.number}-{asking.told(asked.moment).replace(':', '')}"
    made = content.file(known_format(kind), marks(draft=True, copy=copy))
    disclosure.looked(request, "A", "export", subject="draft", copy=copy, always=True)
    return download(made, kind, name)


@lru_cache(maxsize=4)
def _draft(at: AsOf, number: int, engine: Any) -> Content:
    template = TEMPLATE.read_bytes()
    issued_at = max(at.known_by, clock.now())
    return count_bulletin(engine=engine, at=at, template=template, number=number, issued_at=issued_at)


def known_format(kind: str) -> str:
    if kind not in FORMATS:
        raise UnknownFormat(format=kind, formats=", ".join(FORMATS))
    return kind


def download(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="fangxian-{name}.{kind}"'
    return response


@require_safe
@cache_control(max_age=3600)
def style(request: HttpRequest) -> HttpResponse:
    """The paper's own stylesheet, which the bulletin's file carries too."""
    return HttpResponse(html.STYLE.read_text("utf-8"), content_type="text/css; charset=utf-8")
