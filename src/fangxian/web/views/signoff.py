"""A draft on its way to an issue: where it stands, what is next, who did what; and each step as a press."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fangxian.access import audit, policy
from fangxian.access.models import Account, Grant
from fangxian.access.people import aliases
from fangxian.figures.moments import as_of
from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of, read_moment
from fangxian.kernel.problems import Problem
from fangxian.lake.problems import LakeBehind
from fangxian.publishing import actions, queries, shelf
from fangxian.publishing import signoff as states
from fangxian.publishing.content import FORMATS, count_bulletin, marks
from fangxian.publishing.make_template import TEMPLATE
from fangxian.publishing.models import Step
from fangxian.publishing.problems import NotCheckedYet, TemplateUnreadable, UnknownBulletin
from fangxian.publishing.references import Reference
from fangxian.publishing.signoff import APPROVED, CHECKED, DRAFT, ISSUED, Standing, standing
from fangxian.publishing.wording import LARGEST
from fangxian.registry.holding import holding

from .. import asking, clock, counting, disclosure, listed
from ..asking import Asked
from ..problems import NoSuchStep
from ..steady import Steady
from .bulletins import compared, download, known_format
from .common import page


@dataclass(frozen=True, slots=True)
class Station:
    """One of the four on the way; `step` is what brought the draft there."""

    state: str
    name: str
    step: Step | None
    by: str
    here: bool


@require_safe
def signoff(request: HttpRequest, draft: int) -> HttpResponse:
    found, asked = standing(draft), asking.read(request)
    names = listed.titles({step.by for step in found.steps})
    check = found.check
    since, last = _since(check, asked), _last_check(found)
    changed = [change.reference for change in since["changes"] or ()]
    return page(
        request,
        "web/signoff.html",
        asked,
        found=found,
        draft=found.draft,
        stations=_stations(found, names),
        log=[(step, states.done(step.kind), names.get(step.by, step.by)) for step in reversed(found.steps)],
        checks=[] if last is None else states.checks_of(last),
        check=check,
        own=not aliases(asked.actor).isdisjoint(found.authors),
        approvers=_approvers(request.now),  # type: ignore[attr-defined]
        formats=FORMATS,
        number=check.issue if check else queries.next_number(),
        issued=found.last.bulletin,
        **_paper(found, asked, changed),
        **since,
    )


def _stations(found: Standing, names: dict[str, str]) -> list[Station]:
    reached = {
        DRAFT: found.steps[0],
        CHECKED: found.check,
        APPROVED: found.approval,
        ISSUED: found.last if found.state == ISSUED else None,
    }
    return [
        Station(
            state,
            states.state_name(state),
            step,
            names.get(step.by, step.by) if step else "",
            state == found.state,
        )
        for state, step in reached.items()
    ]


def _last_check(found: Standing) -> Step | None:
    """The last check, well or not, unless something was changed after it."""
    for step in reversed(found.steps):
        if step.kind in ("checked", "failed"):
            return step
        if step.kind in ("changed", "drafted"):
            return None
    return None


def _paper(found: Standing, asked: Asked, changed: list[Reference]) -> dict[str, Any]:
    """What was checked; before that, what it would be as of the moment that the page asks."""
    if found.check:
        return {"article": shelf.article_of(found.check, changed=changed)}
    try:
        return {"article": _live(found, asked)}
    except Problem as problem:
        return {"article": "", "fault": problem}


def _live(found: Standing, asked: Asked) -> str:
    told = queries.corrected(found.draft.corrects, found.draft.reason, engine=asked.engine)
    content = count_bulletin(
        engine=Steady(asked),
        at=replace(asked.at, known_by=asked.known),
        template=found.template,
        number=queries.next_number(),
        issued_at=max(asked.known, clock.now()),
        corrects=told,
    )
    return content.article(marks(draft=True))


def _since(check: Step | None, asked: Asked) -> dict[str, Any]:
    """What has changed since the cut-off, and against the bulletin before."""
    if check is None or check.frozen is None:
        return {"changes": None, "against": None}
    try:
        known = max(asked.counted.known_at, check.at.known_by)
        changes = queries.changes(check, known_by=known, engine=asked.engine)
    except LakeBehind:
        changes = None
    return {
        "changes": list({change.reference: change for change in changes}.values()) if changes else changes,
        "against": compared(check.frozen, check.issue or 0),
        "known": asking.told(asked.counted.known_at),
    }


def _approvers(now: datetime) -> list[str]:
    """Who may approve, by their accounts."""
    held = Grant.objects.filter(
        holding(day_of(now), head_position()), role__in=policy.purposes()["approve"].roles
    )
    accounts = Account.objects.filter(pk__in=held.values("account"), is_active=True).order_by("pk")
    return list(accounts.values_list("name", flat=True))


# ------------------------------------------------------------------------------------ steps


@require_POST
def new_draft(request: HttpRequest) -> HttpResponse:
    """Of the next bulletin, or of what corrects another."""
    number = request.POST.get("corrects", "")
    if number and not (number.isdecimal() and len(number) < 7):
        raise UnknownBulletin(number=number[:20])
    draft = actions.open_draft(
        template=_template(request) or _own_template(),
        corrects=int(number) if number else None,
        reason=request.POST.get("reason", ""),
        by=request.actor.name,  # type: ignore[attr-defined]
        now=request.now,  # type: ignore[attr-defined]
    )
    return HttpResponseRedirect(f"/bulletins/drafts/{draft.pk}/")


def _own_template() -> bytes:
    """That of the last draft that was issued; where there is none, the one that comes along."""
    last = Step.objects.filter(kind="issued").order_by("-pk").values_list("draft", flat=True).first()
    return standing(last).template if last else TEMPLATE.read_bytes()


def _template(request: HttpRequest) -> bytes | None:
    file = request.FILES.get("template")
    if file is None:
        return None
    if (file.size or 0) > LARGEST:
        raise TemplateUnreadable(reason=_("it is larger than 5 MB"))
    return file.read()


@require_POST
def step(request: HttpRequest, draft: int) -> HttpResponse:
    """Check, another template, give up, issue."""
    told: dict[str, Any] = _told(request, draft)
    note = request.POST.get("note", "")
    match request.POST.get("do", ""):
        case "check":
            actions.check_draft(**told, at=_cut_off(request), engine=_engine())
        case "change":
            actions.change_template(**told, template=_template(request) or b"")
        case "give-up":
            actions.give_up_draft(**told, note=note)
        case "issue":
            issued = actions.issue_draft(**told, engine=_engine())
            return HttpResponseRedirect(f"/bulletins/{issued.number}/")
        case _:
            raise NoSuchStep()
    return HttpResponseRedirect(f"/bulletins/drafts/{draft}/")


@require_POST
def approval(request: HttpRequest, draft: int) -> HttpResponse:
    """Approve, or send back."""
    told, note = _told(request, draft), request.POST.get("note", "")
    match request.POST.get("do", ""):
        case "approve":
            actions.approve_draft(**told, note=note, also=aliases(request.actor))  # type: ignore[attr-defined]
        case "return":
            actions.return_draft(**told, note=note)
        case _:
            raise NoSuchStep()
    return HttpResponseRedirect(f"/bulletins/drafts/{draft}/")


def _told(request: HttpRequest, draft: int) -> dict[str, Any]:
    """`seen`: the last step on the page from which this comes."""
    seen = request.POST.get("seen", "")
    standing(draft)
    return {
        "draft": draft,
        "seen": int(seen) if seen.isdecimal() and len(seen) < 7 else 0,
        "by": request.actor.name,  # type: ignore[attr-defined]
        "now": request.now,  # type: ignore[attr-defined]
    }


def _cut_off(request: HttpRequest) -> AsOf:
    """As it was named; what the lake does not know yet is not passed over in silence."""
    return as_of(read_moment(request.POST.get("as_of", "")), clock=clock.latest())


def _engine() -> Any:
    return counting.counted().engine


@require_safe
def paper(request: HttpRequest, draft: int, kind: str) -> HttpResponse:
    """The draft as it was checked, as a file; every page says that it is a draft, and bears its copy's id."""
    found, copy = standing(draft), audit.new_copy()
    content = found.check and shelf.draft_file(found, known_format(kind), engine=_engine(), copy=copy)
    if not content:
        raise NotCheckedYet(draft=draft)
    disclosure.looked(request, "A", "export", subject=f"draft:{draft}", copy=copy, always=True)
    return download(content, kind, f"draft-{found.draft.pk}")
