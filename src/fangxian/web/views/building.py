"""The campaign builder: a few steps, each a page, saved at each. Nothing is asked of anybody before the
last."""

import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from lxml import etree

from fangxian.access.problems import NotThere
from fangxian.campaigns.actions import drop_draft, save_draft
from fangxian.campaigns.drafts import CHOICES, Plan, open_plans, xlsform_of
from fangxian.campaigns.models import Campaign
from fangxian.kernel.problems import Problem
from fangxian.registry.kinds import ROLES, UNIT_KINDS
from fangxian.submissions import gallery
from fangxian.submissions.actions import CODE, RESERVED, publish_draft
from fangxian.submissions.burden import answered, burden
from fangxian.submissions.forms import Form, compile_xlsform
from fangxian.submissions.forms.without import without
from fangxian.submissions.xforms import as_served, parse_form

from .. import building as b
from ..building import Area

DRAFTS = 20  # that are listed
UNDER = 200  # units that are offered by name
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _page(request: HttpRequest, where: Area, step: str, plan: Plan | None, **shown: Any) -> HttpResponse:
    faults: Mapping[str, str] = shown.setdefault("faults", {})
    shown |= {"plan": plan, "steps": b.steps(plan, step), "step": step, "step_name": b.NAMES[step]}
    status = 422 if faults else 200
    return render(request, f"web/new_{step}.html", shown | {"top": where.top}, status=status)


def _save(where: Area, plan: Plan, step: str, **told: Any) -> HttpResponse:
    """Keeps what was decided, and goes on to the next step."""
    now = {**plan.told, **told}
    save_draft(number=plan.number, unit=plan.unit, told=now, by=where.actor.name, now=where.now)
    return redirect(f"new-{b.after(step)}", plan.number)


def _form(plan: Plan) -> Form | None:
    content = xlsform_of(plan.number)
    return None if content is None else compile_xlsform(content)


# ------------------------------------------------------------------------------------------- 1 form


@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """Drafts that were left, and a form to begin with: uploaded, or of the gallery."""
    where = b.area(request)
    return _form_step(request, where, None)


@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, number: int) -> HttpResponse:
    where = b.area(request)
    return _form_step(request, where, b.plan_of(where, number))


def _form_step(request: HttpRequest, where: Area, plan: Plan | None) -> HttpResponse:
    faults: dict[str, str] = {}
    if request.method == "POST":
        try:
            content, _compiled, told = b.read_form(request)
        except Problem as problem:
            faults["file"] = problem.sentence()
        else:
            before = dict(plan.told) if plan else {}
            before.pop("burden", None)  # it was about the questions of another file
            number = save_draft(
                number=plan.number if plan else None,
                unit=plan.unit if plan else where.top.id,
                told=before | {"form": told},
                xlsform=content,
                by=where.actor.name,
                now=where.now,
            )
            return redirect("new-audience", number)
    drafts = [] if plan else open_plans(None if where.scope.whole else where.scope.units, limit=DRAFTS)
    entries = gallery.entries()
    return _page(request, where, "form", plan, faults=faults, drafts=drafts, entries=entries)


@require_safe
def gallery_file(request: HttpRequest, code: str) -> HttpResponse:
    """A form of the gallery, to be changed in Excel."""
    if code not in gallery.ORDER:
        raise NotThere()
    headers = {"Content-Disposition": f'attachment; filename="{code}.xlsx"'}
    return HttpResponse(gallery.form_bytes(code), content_type=XLSX, headers=headers)


# ------------------------------------------------------------------------------------------- 2 audience


@require_http_methods(["GET", "HEAD", "POST"])
def audience(request: HttpRequest, number: int) -> HttpResponse:
    where = b.area(request)
    plan = b.plan_of(where, number)
    faults: dict[str, str] = {}
    chosen, size = dict(plan.told.get("audience") or {}), None
    if request.method == "POST":
        try:
            told, selector = b.read_selector(where, request.POST)
        except Problem as problem:
            faults["kind"] = problem.sentence()
            chosen = _chosen(request)
        else:
            return _save(where, plan, "audience", audience=told)
    elif plan.selector is not None:
        size = b.sized(where, plan.selector)
    return _page(
        request,
        where,
        "audience",
        plan,
        faults=faults,
        chosen=chosen or {"kind": "units"},
        size=size,
        kinds=b.KINDS,
        roles=list(ROLES),
        unit_kinds=list(UNIT_KINDS),
        offered=_offered(where),
    )


def _chosen(request: HttpRequest) -> dict[str, Any]:
    sent = request.POST
    lists = {name: sent.getlist(name) for name in ("role", "unit_kind")}
    return {"kind": sent.get("kind", ""), "under": sent.get("under", "")} | lists


def _offered(where: Area) -> list[Any]:
    """The larger units in scope, to be chosen by name; any other is written by its code."""
    large = ("bureau", "zone", "centre", "office", "school")
    nodes = [node for node in where.tree.nodes.values() if node.kind in large]
    return sorted(nodes, key=lambda node: (large.index(node.kind), node.code))[:UNDER]


@require_safe
def count(request: HttpRequest, number: int) -> HttpResponse:
    """How many the audience is that is being chosen: a fragment, as one chooses."""
    where = b.area(request)
    b.plan_of(where, number)
    try:
        _told, selector = b.read_selector(where, request.GET)
    except Problem as problem:
        return render(request, "web/parts/audience.html", {"wrong": problem.sentence()})
    return render(request, "web/parts/audience.html", {"size": b.sized(where, selector)})


# ------------------------------------------------------------------------------------------- 3 schedule


@require_http_methods(["GET", "HEAD", "POST"])
def schedule(request: HttpRequest, number: int) -> HttpResponse:
    where = b.area(request)
    plan = b.plan_of(where, number)
    faults: dict[str, str] = {}
    shown = _as_fields(plan)
    if request.method == "POST":
        told, closes, given = b.read_schedule(request.POST, where.now)
        if not given.faults:
            return _save(where, plan, "schedule", schedule=told, closes=closes)
        faults, shown = given.faults, request.POST.dict()
    return _page(request, where, "schedule", plan, faults=faults, given=shown)


def _as_fields(plan: Plan) -> dict[str, Any]:
    told = plan.schedule
    due = str(told.get("due", ""))
    return {
        "kind": told.get("kind", "once"),
        "due": due[:16] if told.get("kind") != "daily" else "",
        "due_time": due if told.get("kind") == "daily" else "",
        "within_days": told.get("within_days", ""),
        "voluntary": told.get("voluntary", ""),
        "closes": str(plan.told.get("closes", ""))[:16],
    }


# ------------------------------------------------------------------------------------------- 4 preview


@require_safe
def preview(request: HttpRequest, number: int) -> HttpResponse:
    where = b.area(request)
    plan = b.plan_of(where, number)
    compiled = _form(plan)
    xml = _served(plan, compiled) if compiled else b""
    return _page(request, where, "preview", plan, form=compiled, xml=_indented(xml))


def _served(plan: Plan, compiled: Form) -> bytes:
    """As a device would get it: about whom it is comes first."""
    code = str(plan.told.get("code") or plan.told["form"]["id"] or "new")
    return as_served(compiled.xform, code, "1", listed=True)


def _indented(xml: bytes) -> str:
    if not xml:
        return ""
    root = parse_form(xml)
    etree.indent(root)
    return str(etree.tostring(root, encoding="unicode"))


@require_safe
def file(request: HttpRequest, number: int, kind: str) -> HttpResponse:
    """The form as ODK takes it (XML), or the Excel file as it was brought. Raises DraftNotThere, NotThere."""
    plan = b.plan_of(b.area(request), number)
    content, compiled = xlsform_of(number), _form(plan)
    if content is None or compiled is None or kind not in ("xml", "xlsx"):
        raise NotThere()
    body, media = (content, XLSX) if kind == "xlsx" else (_served(plan, compiled), "text/xml")
    name = re.sub(r"[^A-Za-z0-9-]", "", str(plan.told["form"]["id"])) or "form"
    return HttpResponse(
        body,
        content_type=media,
        headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'},
    )


# ------------------------------------------------------------------------------------------- 5 burden


@require_http_methods(["GET", "HEAD", "POST"])
def burden_step(request: HttpRequest, number: int) -> HttpResponse:
    where = b.area(request)
    plan = b.plan_of(where, number)
    compiled, selector = _form(plan), plan.selector
    if compiled is None or selector is None:
        return redirect("new-form" if compiled is None else "new-audience", number)
    faults: dict[str, str] = {}
    asked = b.asked_of(where, selector)
    known = answered(compiled, selector, asked, now=where.now)
    choices = plan.choices
    if request.method == "POST":
        names = [one.question.name for one in known]
        choices = {name: _one_of(request.POST.get(f"q-{name}", "keep")) for name in names}
        fault = _broken_without(plan, compiled, choices)
        if fault is None:
            return _save(where, plan, "burden", burden=choices)
        faults["known"] = fault
    dropped = {name for name, choice in choices.items() if choice == "drop"}
    return _page(
        request,
        where,
        "burden",
        plan,
        faults=faults,
        whole=burden(compiled, asked),
        left=burden(compiled, asked, dropped) if dropped else None,
        rows=[(one, choices.get(one.question.name, "keep")) for one in known],
        questions=[question for question in compiled.questions if question.asked],
        selector=selector,
    )


def _one_of(choice: str) -> str:
    return choice if choice in CHOICES else "keep"


def _broken_without(plan: Plan, compiled: Form, choices: Mapping[str, str]) -> str | None:
    """What is wrong with the form once questions are dropped: others may ask after them."""
    dropped = [name for name, choice in choices.items() if choice == "drop"]
    content = xlsform_of(plan.number)
    if not dropped or content is None:
        return None
    if len(dropped) == sum(1 for question in compiled.questions if question.asked):
        return _("Nothing would be left to ask. Keep at least one question, or drop this draft.")
    try:
        compile_xlsform(without(content, compiled, dropped))
    except Problem as problem:
        return problem.sentence()
    return None


# ------------------------------------------------------------------------------------------- 6 publish


@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, number: int) -> HttpResponse:
    where = b.area(request)
    plan = b.plan_of(where, number)
    faults: dict[str, str] = {}
    given = _names(plan)
    if request.method == "POST":
        given = {name: request.POST.get(name, "").strip() for name in ("name", "name_en", "code", "notice")}
        faults = _wrong_names(given)
        now = {**plan.told, **given}
        save_draft(number=number, unit=plan.unit, told=now, by=where.actor.name, now=where.now)
        if not faults:
            try:
                code = publish_draft(draft=number, by=where.actor.name, now=where.now)
            except Problem as problem:
                faults["code" if problem.code.startswith("campaign-") else "publish"] = problem.sentence()
            else:
                return redirect("campaign", code)
    plan = b.plan_of(where, number)
    selector = plan.selector
    compiled = _form(plan)
    size = b.sized(where, selector) if selector else None
    missing = [(step, b.NAMES[step]) for step in plan.missing]
    counted = b.asked_of(where, selector) if selector else None
    cost = burden(compiled, counted, _dropped(plan)) if compiled and counted else None
    more = {"size": size, "missing": missing, "cost": cost, "closes": plan.closes, "dropped": _dropped(plan)}
    return _page(request, where, "publish", plan, faults=faults, given=given, **more)


def _dropped(plan: Plan) -> list[str]:
    return [name for name, choice in plan.choices.items() if choice == "drop"]


def _names(plan: Plan) -> dict[str, str]:
    told = plan.told
    english = {one.code: one.title["en"] for one in gallery.entries()}
    code = str(told.get("code") or _free_code(str(told.get("form", {}).get("id", ""))))
    return {
        "name": plan.name,
        "name_en": str(told.get("name_en", english.get(told.get("form", {}).get("source"), ""))),
        "code": code,
        "notice": str(told.get("notice", "")),
    }


def _free_code(wanted: str) -> str:
    """The form's own id, or with a number where a campaign has it already."""
    base = re.sub(r"[^a-z0-9-]+", "-", wanted.casefold()).strip("-")[:24]
    base = base if CODE.match(base) and base not in RESERVED else "campaign"
    taken = set(Campaign.objects.filter(code__startswith=base).values_list("code", flat=True))
    return next(code for code in (base, *(f"{base}-{n}" for n in range(2, 1_000))) if code not in taken)


def _wrong_names(given: Mapping[str, str]) -> dict[str, str]:
    faults = {}
    if not 2 <= len(given["name"]) <= 80:
        faults["name"] = _("Give it a name of 2 to 80 characters: people see it above the form.")
    if len(given["name_en"]) > 80:
        faults["name_en"] = _("Use 80 characters at most.")
    return faults


@require_POST
def drop(request: HttpRequest, number: int) -> HttpResponse:
    where = b.area(request)
    b.plan_of(where, number)
    drop_draft(number=number, by=where.actor.name, now=where.now)
    return redirect("new-campaign")
