"""The lists of other offices: which there are, their issues, what an issue changed, what is still asked."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from fangxian.access import policy
from fangxian.access.actor import Actor
from fangxian.access.problems import NotThere
from fangxian.desk.actions import Asked, ask_about_list
from fangxian.kernel.secrets import keyring
from fangxian.matching import actions, queries
from fangxian.matching.calling import to_call
from fangxian.matching.models import RowState
from fangxian.matching.problems import IssueNotThere, ListNotThere
from fangxian.matching.replies import tally_of
from fangxian.matching.reviewing import agreement, work
from fangxian.matching.rows import unseal
from fangxian.matching.topics import TOPICS

from .. import under_way
from ..disclosure import looked
from ..problems import PageNotThere
from ..reviewing import CLASS_OF, FIELDS

SIZE = 100  # rows of a difference on a page
ASKED = 50  # questions that wait for an answer


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    held = queries.lists()
    waiting = work(actor.name)
    shown = {"lists": held, "topics": TOPICS, "waiting": waiting}
    return render(request, "web/lists.html", shown)


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Raises ListUnnamed, TopicUnknown, ListTaken."""
    source, title, topic = (request.POST.get(name, "") for name in ("source", "title", "topic"))
    key = actions.add_list(source=source, title=title, topic=topic, **_who(request))
    return redirect("list", key)


@require_safe
def one(request: HttpRequest, listing: int) -> HttpResponse:
    """Raises NotThere."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    held = _held(listing)
    shown = {
        "called": _called(request.GET.get("called", "")),
        "held": held,
        "topic": TOPICS[held.of.topic],
        "run": under_way.run_of(listing),
        "work": work(actor.name, listing),
        "agreement": agreement(listing),
        "questions": _asked(listing),
        "heard": tally_of(listing),
        "to_call": 0 if hasattr(held.of, "withdrawal") else len(to_call(listing)),
    }
    return render(request, "web/list.html", shown)


def _called(text: str) -> Asked | None:
    """What `have_called` came to, as its redirect says."""
    counts = text.split("-")
    told = len(counts) == 3 and all(count.isdecimal() and len(count) < 9 for count in counts)
    return Asked(*map(int, counts)) if told else None


@require_POST
def withdraw(request: HttpRequest, listing: int) -> HttpResponse:
    """Raises NotThere, ReasonMissing, ListWithdrawn."""
    _held(listing)
    actions.withdraw_list(listing=listing, reason=request.POST.get("reason", ""), **_who(request))
    return redirect("list", listing)


@require_POST
def have_called(request: HttpRequest, listing: int) -> HttpResponse:
    """Whom nobody asked yet about what the list says. Raises NotThere, ListWithdrawn."""
    _held(listing)
    asked = ask_about_list(listing=listing, **_who(request))
    return redirect(f"{reverse('list', args=[listing])}?called={asked.fresh}-{asked.there}-{asked.homeless}")


@require_POST
def match(request: HttpRequest, listing: int) -> HttpResponse:
    """Raises NotThere."""
    _held(listing)
    under_way.start(listing, **_who(request), moment=request.moment)  # type: ignore[attr-defined]
    return redirect("list", listing)


@require_safe
def issue(request: HttpRequest, listing: int, number: int) -> HttpResponse:
    """Raises NotThere, PageNotThere."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    held = _held(listing)
    try:
        found = queries.difference(listing, number)
    except IssueNotThere as problem:
        raise NotThere() from problem
    pages, text = max(1, -(-len(found.rows) // SIZE)), request.GET.get("page", "1")
    page = int(text) if text.isdecimal() and len(text) < 8 else 0
    if not 1 <= page <= pages:
        raise PageNotThere(page=text[:20], pages=pages)
    on_page = found.rows[(page - 1) * SIZE : page * SIZE]
    stale = queries.stale(row.row for row in on_page if row.what != queries.GONE)
    rows = [_changed(actor, row, matched=row.row not in stale) for row in on_page]
    classes = "".join(sorted({c for row in rows for c in row.classes}))
    looked(request, classes, subject=f"list:{listing}:{number}", count=len(rows))
    shown = {"held": held, "found": found, "rows": rows, "page": page, "pages": pages}
    shown["counts"] = {what: found.count(what) for what in ("changed", "new", "returned", "gone")}
    return render(request, "web/issue.html", shown)


@require_POST
def answered(request: HttpRequest, question: int) -> HttpResponse:
    """Raises QuestionNotOpen, AnswerUnknown."""
    told, note = request.POST.get("told", ""), request.POST.get("note", "").strip()[:400]
    actions.answer(question=question, told=told, note=note, **_who(request))
    listing = request.POST.get("list", "")
    return redirect("list", int(listing)) if listing.isdecimal() and len(listing) < 12 else redirect("lists")


def _held(listing: int) -> queries.Listed:
    try:
        return queries.one_list(listing)
    except ListNotThere as problem:
        raise NotThere() from problem


def _who(request: HttpRequest) -> dict[str, Any]:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return {"by": actor.name, "now": request.now}  # type: ignore[attr-defined]


# ---- as the policy shows it -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Changed:
    """`cells`: (name, was, now) each; `facts`: the other fields, in one line."""

    row: int
    what: str
    sheet: str
    number: int
    name: str
    cells: list[tuple[str, str, str]]
    facts: str
    matched: bool
    classes: str


def _changed(actor: Actor, row: queries.Differing, *, matched: bool) -> Changed:
    said = {c: policy.verdict(actor, c, None, purpose="review") for c in policy.CLASSES}

    def told(field: str, value: str) -> str:
        field_class = CLASS_OF.get(field, "B")
        return policy.told(said[field_class], field_class, value)

    changed = {cell.field for cell in row.cells}
    rest = [f for f in FIELDS if f != "name" and f not in changed and row.fields.get(f)]
    return Changed(
        row.row,
        row.what,
        row.sheet,
        row.number,
        told("name", row.fields.get("name", "")),
        [(str(FIELDS[c.field]), told(c.field, c.was), told(c.field, c.now)) for c in row.cells],
        " · ".join(told(f, row.fields[f]) for f in rest),
        matched,
        "".join({CLASS_OF.get(f, "B") for f in (*rest, *changed)}),
    )


@dataclass(frozen=True, slots=True)
class Open:
    id: int
    row: int
    name: str


def _asked(listing: int) -> list[Open]:
    """Questions that wait for an answer, the oldest of them first, no more than a page holds."""
    held = actions.open_questions().filter(row__list=listing).order_by("id")
    asked = list(held.values_list("id", "row_id")[:ASKED])
    states = RowState.objects.filter(row__in=[row for _id, row in asked], recorded_until=None)
    ring = keyring()
    names = {state.row_id: unseal(state.sealed, ring).get("name", "") for state in states}
    return [Open(key, row, names.get(row, "")) for key, row in asked]
