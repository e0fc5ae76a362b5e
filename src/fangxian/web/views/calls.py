"""The callers' desk: how the round stands, the next household, what came of the call, the end of the shift;
and for teachers the families that nobody can call."""

import uuid
from datetime import datetime, time
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fangxian.access import policy
from fangxian.access.actor import Actor
from fangxian.access.authentication import reporter
from fangxian.access.problems import NotThere, NotYours
from fangxian.desk import actions, queries
from fangxian.desk.problems import ListsChanged, NoRoundToCall, NotLeased
from fangxian.desk.progress import REACHED
from fangxian.desk.queries import Calling
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.kernel.problems import Problem
from fangxian.registry.actions import change_phone
from fangxian.registry.importing.cells import read_phone
from fangxian.submissions.forms import Fault
from fangxian.submissions.problems import AnswersAgainstForm

from .. import calls, clock
from ..disclosure import looked
from ..wording import in_a_row


def _who(request: HttpRequest) -> tuple[Actor, datetime, datetime]:
    return request.actor, clock.latest(), request.moment  # type: ignore[attr-defined]


def _reach(actor: Actor) -> frozenset[int] | None:
    area = policy.scope(actor, "call")
    return None if area.whole else area.units


def _calling(request: HttpRequest, now: datetime) -> Calling:
    """The campaign that is asked for, else the first. Raises NoRoundToCall."""
    found, code = queries.callings(now), request.GET.get("campaign", "")
    one = next((c for c in found if c.campaign.code == code), None) or next(iter(found), None)
    if one is None:
        raise NoRoundToCall()
    return one


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """No names and no numbers: those come with a lease."""
    actor, now, moment = _who(request)
    found = queries.callings(now)
    if not found:
        return render(request, "web/calls.html", {"closed": queries.last_closed(now)})
    calling, reach = _calling(request, now), _reach(actor)
    standing = queries.standing(calling, reach, now)
    left = standing.asked - standing.done
    shown = {
        "callings": found,
        "calling": calling,
        "standing": standing,
        "left": left,
        "shift": queries.shift_of(calling, actor.name, left, now=now, moment=moment),
        "held": actions.held_by(calling, actor.name, moment),
        "handed": queries.handed_over(calling, reach, now),
        "done": "done" in request.GET,
    }
    return render(request, "web/calls.html", shown)


@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Raises NoRoundToCall."""
    actor, now, moment = _who(request)
    return _next(_calling(request, now), actor, now, moment)


def _next(calling: Calling, actor: Actor, now: datetime, moment: datetime) -> HttpResponse:
    lease = actions.take_next(calling=calling, reach=_reach(actor), holder=actor.name, now=now, moment=moment)
    if lease is None:
        return HttpResponseRedirect(f"{reverse('calls')}?campaign={calling.campaign.code}&done")
    return redirect("call", lease.household_id)


@require_http_methods(["GET", "HEAD", "POST"])
def call(request: HttpRequest, household: int) -> HttpResponse:
    """One household, while it is leased. Raises NotLeased, UnknownOutcome, AgainWhen."""
    actor, now, moment = _who(request)
    calling, lease = calls.leased(actor, household, now=now, moment=moment)
    lease = actions.keep(calling=calling, household=household, holder=actor.name, moment=moment)
    if request.method != "POST":
        return _page(request, calls.call_of(actor, calling, lease, now=now))
    shown = calls.call_of(actor, calling, lease, now=now, answers={}, posted=request.POST)
    answers = calls.read(shown, request.POST, now=now)
    if "draw" in request.POST:
        return _drawn(request, calling, lease, answers)
    return _record(request, shown, lease, answers)


def _page(
    request: HttpRequest, shown: calls.Call, problem: Problem | None = None, status: int = 200
) -> HttpResponse:
    actor, now, moment = _who(request)
    looked(
        request,
        "C",
        subject=f"household:{shown.lease.household_id}",
        unit=shown.unit,
        count=len(shown.phones),
    )
    standing = queries.standing(shown.calling, _reach(actor), now)
    left = standing.asked - standing.done
    told = {
        "call": shown,
        "key": request.POST.get("key") or str(uuid.uuid4()),
        "problem": problem,
        "standing": standing,
        "left": left,
        "shift": queries.shift_of(shown.calling, actor.name, left, now=now, moment=moment),
        "posted": request.POST,
        "minutes": int(actions.HOLDS.total_seconds() // 60),
    }
    return render(request, "web/call.html", told, status=status)


def _drawn(
    request: HttpRequest, calling: Calling, lease: Any, answers: dict[int, dict[str, Any]]
) -> HttpResponse:
    """One member's questions anew, where an answer has changed which are asked."""
    actor, now, _moment = _who(request)
    shown = calls.call_of(actor, calling, lease, now=now, answers=answers, posted=request.POST)
    member = next((m for m in shown.members if str(m.id) == request.POST["draw"]), None)
    if member is None:
        raise NotThere()
    if member.asked == request.POST.get(f"asked-{member.id}", ""):
        return HttpResponse(status=204)
    return render(request, "web/parts/member.html", {"member": member})


def _record(
    request: HttpRequest, shown: calls.Call, lease: Any, answers: dict[int, dict[str, Any]]
) -> HttpResponse:
    actor, now, moment = _who(request)
    calling = shown.calling
    sender = reporter(actor)
    if sender is None:
        raise NotYours(roles=in_a_row(actor.role_names))
    called = _called(request, shown, answers, now)
    household = lease.household_id
    problem: Problem | None = None
    try:
        if called.outcome == REACHED and not calls.same_claims(shown, request.POST):
            raise ListsChanged()
        problems = actions.record_call(
            calling=calling,
            household=household,
            called=called,
            sender=sender,
            reporter=actor.person,
            now=now,
            moment=moment,
        )
    except Problem as raised:
        if isinstance(raised, NotLeased):
            raise
        problem, problems = raised, []
    if not problems and problem is None:
        return _next(calling, actor, now, moment)
    faults = _faults(called, problems)
    problem = problem or (None if faults else problems[0][1])
    shown = calls.call_of(actor, calling, lease, now=now, answers=answers, faults=faults, posted=request.POST)
    return _page(request, shown, problem, status=422)


def _called(
    request: HttpRequest, shown: calls.Call, answers: dict[int, dict[str, Any]], now: datetime
) -> actions.Called:
    posted = request.POST
    person = posted.get("person", "")
    return actions.Called(
        outcome=posted.get("outcome", ""),
        answers=answers,
        person=int(person) if person.isdecimal() and len(person) < 19 else None,
        again=_time(posted.get("again", ""), now),
        note=posted.get("note", ""),
        key=posted.get("key", ""),
        denied=calls.denied(shown),
        told=calls.told(shown),
    )


def _time(text: str, now: datetime) -> datetime | None:
    """A time of this day."""
    try:
        return datetime.combine(now.astimezone(OFFICE_ZONE).date(), time.fromisoformat(text), OFFICE_ZONE)
    except ValueError:
        return None


def _faults(called: actions.Called, problems: list[tuple[str, Problem]]) -> dict[int, dict[str, Fault]]:
    """Person -> question -> what is wrong with it."""
    people = list(called.answers)
    found: dict[int, dict[str, Fault]] = {}
    for instance, problem in problems:
        place = instance.rpartition("-")[2]
        if isinstance(problem, AnswersAgainstForm) and place.isdecimal() and int(place) < len(people):
            found[people[int(place)]] = {fault.question: fault for fault in problem.faults}
    return found


@require_POST
def keep(request: HttpRequest, household: int) -> HttpResponse:
    """The page that stands open says that its caller is still there. Raises NotLeased."""
    actor, now, moment = _who(request)
    calling, _lease = calls.leased(actor, household, now=now, moment=moment)
    actions.keep(calling=calling, household=household, holder=actor.name, moment=moment)
    return HttpResponse(status=204)


@require_POST
def hand_over(request: HttpRequest) -> HttpResponse:
    """Raises NoRoundToCall."""
    actor, now, moment = _who(request)
    calling = _calling(request, now)
    unit = next((held.unit for held in actor.held), None)
    note = request.POST.get("note", "")
    actions.hand_over(calling=calling, holder=actor.name, unit=unit, note=note, now=now, moment=moment)
    return redirect("home")


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    actor, now, _moment = _who(request)
    return render(request, "web/numbers.html", {"rows": calls.to_mend(actor, now=now)})


@require_POST
def mend(request: HttpRequest, household: int) -> HttpResponse:
    """A new number of one of the household. Raises NotThere, PhoneUnreadable."""
    actor, now, _moment = _who(request)
    row = next((row for row in calls.to_mend(actor, now=now) if row.household == household), None)
    person = next(
        (p for p, _n, _r in (row.persons if row else ()) if str(p) == request.POST.get("person")), None
    )
    if person is None:
        raise NotThere()
    phone = read_phone(request.POST.get("phone", ""))
    change_phone(person=person, phone=phone, by=actor.name, now=now)
    looked(request, "C", "mend", subject=f"person:{person}", always=True)
    return redirect("numbers")
