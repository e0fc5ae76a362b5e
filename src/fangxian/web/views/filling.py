"""Forms as plain pages: what is due from me, a class of which two are ill, a single sheet, a family's own.

A page's answers go where all answers go (`submissions.actions.receive`), as one envelope. Without a script a
form is posted and drawn again with what is wrong; with it the same post is answered with the same sentences.
"""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.crypto import salted_hmac
from django.utils.html import json_script
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from fangxian.access import tokens
from fangxian.access.actor import Actor
from fangxian.kernel.demonstration import demonstration_of
from fangxian.kernel.home import current_home
from fangxian.kernel.moments import day_of
from fangxian.submissions.envelopes import Receipt
from fangxian.submissions.problems import AnswersAgainstForm

from ..doors.taking import now as clock_now
from ..doors.taking import take_here
from ..filling import trees
from ..filling.drawn import Sheet, defaults, draw
from ..filling.earlier import NOTHING, PutIn, put_in
from ..filling.posted import Posted, entry_of, new_instance, read_posted, refuse_large
from ..filling.sitting import (
    Place,
    Sitting,
    open_campaigns,
    own_answers,
    sitting,
    within_household,
)

CLASS = 120  # places of one page: a class, or a family
SHOWN = 100  # places of a list
BLANK = "__key__"  # the sheet that the script copies
HERE = Path(__file__).parents[1]
WORKER = HERE / "static" / "web" / "worker.js"


# ------------------------------------------------------------------------------------------ who asks


def _owner(actor: Actor) -> dict[str, str]:
    """Whose a queue on a device is, and the key under which it lies there: this account's or family's."""
    return {
        "owner": salted_hmac("fangxian.queue.owner", actor.name).hexdigest()[:24],
        "key": salted_hmac("fangxian.queue.key", actor.name, algorithm="sha256").hexdigest(),
    }


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Before a queue is sent: who is signed in now, and a token for the posts."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return JsonResponse({"owner": _owner(actor)["owner"], "token": get_token(request)})


@require_safe
def worker(_request: HttpRequest) -> HttpResponse:
    """The script that keeps forms' pages for when there is no network. From the root, for all pages."""
    return HttpResponse(WORKER.read_bytes(), content_type="text/javascript; charset=utf-8")


# ------------------------------------------------------------------------------------------ of accounts


@require_safe
def due_list(request: HttpRequest) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    now = clock_now()
    shown = {"campaigns": open_campaigns(actor, now=now), "base": "/fill/"}
    return _render(request, actor, "web/fill/due.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
def campaign(request: HttpRequest, code: str) -> HttpResponse:
    """Whom it is about: a class at once, a list, or the only sheet."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    whole = _sitting(request, actor, code)
    if request.method == "POST" or (whole.by_exception and len(whole.places) <= CLASS):
        return _page(request, whole, request.path, channel="class")
    if len(whole.places) == 1 and "sent" not in request.GET:
        only = whole.places[0]
        return redirect("fill-sheet", code, only.kind, only.key)
    return _list(request, whole)


@require_http_methods(["GET", "HEAD", "POST"])
def sheet(request: HttpRequest, code: str, kind: str, key: str) -> HttpResponse:
    """About one; about a household a sheet for each member."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    whole = _sitting(request, actor, code)
    place = whole.place(kind, key)
    one = within_household(whole, place) if kind == "household" else replace(whole, places=[place])
    return _page(request, one, f"/fill/{quote(code)}/", channel="web", title=place.name)


def _sitting(request: HttpRequest, actor: Actor, code: str) -> Sitting:
    sent = request.POST.dict() if request.method == "POST" else None
    return sitting(actor, code, now=clock_now(), sent=sent)  # type: ignore[arg-type]


def _list(request: HttpRequest, whole: Sitting) -> HttpResponse:
    q = request.GET.get("q", "").strip()[:40]
    found = [place for place in whole.places if q in place.name or q in place.where] if q else whole.places
    shown = {
        "sitting": whole,
        "q": q,
        "found": found[:SHOWN],
        "more": max(0, len(found) - SHOWN),
        "sent": request.GET.get("sent", ""),
    }
    return _render(request, whole.actor, "web/fill/list.html", shown)


# ------------------------------------------------------------------------------------------ of families


@csrf_exempt  # whoever holds the link is the family: no cookie is asked
@require_http_methods(["GET", "HEAD", "POST"])
def family(request: HttpRequest, token: str, code: str = "") -> HttpResponse:
    """A family's own page, by its link. Raises UnknownToken, NotThere."""
    moment: datetime = request.moment  # type: ignore[attr-defined]
    now = clock_now()
    actor = tokens.actor_by_link(token, now=now, moment=moment)
    request.actor = actor  # type: ignore[attr-defined]
    base = f"/h/{token}/"
    if code:
        return _page(request, _sitting(request, actor, code), base, channel="web")
    found = open_campaigns(actor, now=now)
    if len(found) == 1 and "sent" not in request.GET:
        return HttpResponseRedirect(f"{base}{quote(found[0].campaign.code)}/")
    shown = {"campaigns": found, "base": base, "sent": request.GET.get("sent", "")}
    return _render(request, actor, "web/fill/due.html", shown)


# ------------------------------------------------------------------------------------------ one page


def _page(request: HttpRequest, whole: Sitting, then: str, *, channel: str, title: str = "") -> HttpResponse:
    if request.method != "POST":
        return _form(request, whole, _blank(whole, request), title=title)
    refuse_large(request)
    posted = read_posted(request, whole)
    try:
        return _posted(request, whole, posted, then, channel, title)
    finally:
        posted.drop()


def _posted(
    request: HttpRequest, whole: Sitting, posted: Posted, then: str, channel: str, title: str
) -> HttpResponse:
    if posted.unopened or posted.again:
        return _form(request, whole, _again(whole, posted, {}), title=title)
    entry, files = entry_of(posted, whole, channel), posted.sealings
    outcome = take_here([entry], whole.sender, door="page", files=files)[0]
    if outcome.receipt.problems:
        return _refused(request, whole, posted, outcome.receipt, title)
    late = "late" if outcome.receipt.late else "yes"
    if _by_script(request):
        count = len(outcome.receipt.submissions)
        return JsonResponse({"outcome": "taken", "count": count, "then": f"{then}?sent={late}"})
    return HttpResponseRedirect(f"{then}?sent={late}")


def _by_script(request: HttpRequest) -> bool:
    return "json" in request.headers.get("Accept", "")


def _refused(
    request: HttpRequest, whole: Sitting, posted: Posted, receipt: Receipt, title: str
) -> HttpResponse:
    keys = {instance: key for key, instance in posted.instances.items()}
    faults: dict[str, dict[str, str]] = {}
    said: list[str] = []
    for instance, problem in receipt.problems:
        key = keys.get(instance, "")
        if isinstance(problem, AnswersAgainstForm) and key:
            faults[key] = {fault.question: fault.sentence() for fault in problem.faults}
        else:
            said.append(problem.sentence())
    status = int(receipt.problems[0][1].status)
    if _by_script(request):
        told = {"outcome": "refused", "faults": faults, "problems": list(dict.fromkeys(said))}
        return JsonResponse(told, status=status, json_dumps_params={"ensure_ascii": False})
    sheets = _again(whole, posted, faults)
    return _form(request, whole, sheets, title=title, problems=list(dict.fromkeys(said)), status=status)


def _blank(whole: Sitting, request: HttpRequest) -> list[Sheet]:
    """What the page begins with: nobody ticked; of one who is done what was said, to be corrected."""
    if _ticked(whole):
        return [Sheet(place, new_instance(), [], open=False) for place in whole.missing]
    known = put_in(whole)
    return [_opened(place, whole, known.get(place.key, NOTHING)) for place in whole.places]


def _ticked(whole: Sitting) -> bool:
    return whole.by_exception and len(whole.places) > 1 and whole.actor.household is None


def _opened(place: Place, whole: Sitting, known: PutIn) -> Sheet:
    answers = own_answers(whole.actor, place)
    files = {question.name for question in whole.form.questions if question.type == "file"}
    answers = {name: value for name, value in answers.items() if name not in files}
    answers = answers or defaults(whole.form) | known.answers
    return Sheet(place, new_instance(), draw(whole.form, place.key, answers, known=known.notes))


def _again(whole: Sitting, posted: Posted, faults: dict[str, dict[str, str]]) -> list[Sheet]:
    """As it was posted: nothing is lost."""
    found = []
    for place in whole.places:
        if place.key not in posted.instances:
            continue
        shut = place.key in posted.usual
        asked = [] if shut else draw(whole.form, place.key, posted.answers[place.key], faults.get(place.key))
        found.append(Sheet(place, posted.instances[place.key], asked, open=not shut))
    return found


def _form(
    request: HttpRequest,
    whole: Sitting,
    sheets: list[Sheet],
    *,
    title: str = "",
    problems: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    language = (get_language() or "zh")[:2]
    ticked = _ticked(whole)
    shown = {
        "sitting": whole,
        "title": title or _over(whole),
        "sheets": sheets,
        "ticked": ticked,
        "named": whole.actor.household is not None or len(sheets) > 1,
        "done": [place for place in whole.places if place.done] if ticked else [],
        "blank": Sheet(Place(BLANK, "person", 0, ""), "", draw(whole.form, BLANK, {})) if ticked else None,
        "problems": problems or [],
        "faulty": [(sheet, asked) for sheet in sheets for asked in sheet.faulty],
        "rules": json_script(trees.published_rules(*whole.found.form, language), "rules"),
        "text": whole.text,
        "envelope": new_instance(),
        "happened": whole.now.isoformat(),
        "day": day_of(whole.now).isoformat(),
        "sent": request.GET.get("sent", ""),
        "still": demonstration_of(current_home()) is not None,
    }
    return _render(request, whole.actor, "web/fill/form.html", shown, status)


def _over(whole: Sitting) -> str:
    """Of a class its name; of a family nothing more."""
    units = {place.unit for place in whole.places}
    if len(units) != 1 or whole.actor.household is not None:
        return ""
    return whole.places[0].where or whole.places[0].name


def _render(
    request: HttpRequest, actor: Actor, template: str, shown: dict[str, Any], status: int = 200
) -> HttpResponse:
    """With whose queue it is; the place may be asked for here."""
    response = render(request, template, shown | _owner(actor) | {"family": actor.household}, status=status)
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(self), microphone=()"
    return response
