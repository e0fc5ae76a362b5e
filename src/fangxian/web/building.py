"""What the steps of the campaign builder read from a form that was sent, and what they say is wrong with
it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.access.actor import Actor
from fangxian.access.policy import Scope
from fangxian.campaigns.audiences import Counted, Selector, count_asked, read_audience
from fangxian.campaigns.drafts import STEPS, Plan, find_plan
from fangxian.campaigns.problems import ClosesInPast, DraftNotThere
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import OFFICE_ZONE, day_of
from fangxian.kernel.problems import MomentUnreadable, Problem
from fangxian.registry.importing.archive import check_content
from fangxian.registry.kinds import ROLES, UNIT_KINDS
from fangxian.registry.tree import Node, Tree, tree
from fangxian.submissions import gallery
from fangxian.submissions.forms import Form, compile_xlsform

from .problems import FormFileTooLarge, FormFileUnfit, UnitNotFound

LARGEST = 4 * 2**20  # bytes of a form's file
SAMPLE = 8  # units that are named beside a count
NAMES = {
    "form": gettext_lazy("Form"),
    "audience": gettext_lazy("Who is asked"),
    "schedule": gettext_lazy("When"),
    "preview": gettext_lazy("Preview"),
    "burden": gettext_lazy("Burden"),
    "publish": gettext_lazy("Publish"),
}
KINDS = ("persons", "households", "units")
DATETIME = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Area:
    """Where the actor may make campaigns, as of now."""

    actor: Actor
    scope: Scope
    tree: Tree
    now: datetime

    @property
    def top(self) -> Node:
        """The actor's own unit: what it makes is issued by it, and asks nobody beyond it."""
        own = (
            held.unit for held in self.actor.held if held.unit in self.scope and held.unit in self.tree.nodes
        )
        return self.tree.nodes[next(own, None) or min(self.tree.nodes)]


def area(request: HttpRequest) -> Area:
    found: Any = request
    units = tree(day_of(found.now), head_position())
    scope: Scope = found.scope
    return Area(found.actor, scope, units if scope.whole else units.within(scope.units), found.now)


def plan_of(where: Area, number: int) -> Plan:
    """An open draft of a unit in scope. Raises DraftNotThere: elsewhere it does not exist."""
    plan = find_plan(number)
    if plan.unit not in where.scope or plan.state != "open":
        raise DraftNotThere(number=number)
    return plan


def steps(plan: Plan | None, here: str) -> list[dict[str, Any]]:
    """The way through: which steps are done, and which can be gone to."""
    return [
        {
            "code": step,
            "name": NAMES[step],
            "done": bool(plan and plan.done(step)),
            "here": step == here,
            "number": plan.number if plan and plan.told.get("form") else None,
        }
        for step in STEPS
    ]


def after(step: str) -> str:
    return STEPS[STEPS.index(step) + 1]


@dataclass(slots=True)
class Given:
    """What was sent, and what is wrong with it: by the name of the field."""

    values: Mapping[str, Any]
    faults: dict[str, str] = field(default_factory=dict)

    def attempt(self, name: str, read: Callable[[], Any]) -> Any:
        """What `read` gives; None, and a fault at that field, where it finds a Problem."""
        try:
            return read()
        except Problem as problem:
            self.faults[name] = problem.sentence()
            return None


# ------------------------------------------------------------------------------------------ the form


def read_form(request: HttpRequest) -> tuple[bytes, Form, dict[str, Any]]:
    """The file that was uploaded or taken from the gallery, compiled. Raises what it is refused for."""
    code = request.POST.get("gallery", "")
    if code:
        if code not in gallery.ORDER:
            raise FormFileUnfit()
        content, name, source = gallery.form_bytes(code), f"{code}.xlsx", code
    else:
        content, name, source = *_uploaded(request), "upload"
    form = compile_xlsform(content)
    asked = sum(1 for question in form.questions if question.asked)
    told = {"file": name[:120], "title": form.title[:80], "id": form.form_id[:40]}
    return content, form, told | {"source": source, "questions": asked}


def _uploaded(request: HttpRequest) -> tuple[bytes, str]:
    file: Any = request.FILES.get("file")
    if file is None or not file.name.casefold().endswith(".xlsx"):
        raise FormFileUnfit()
    if file.size > LARGEST:
        raise FormFileTooLarge(megabytes=LARGEST >> 20)
    return check_content(file.read()), str(file.name)


# ------------------------------------------------------------------------------------------ audience


def read_selector(where: Area, sent: QueryDict) -> tuple[dict[str, Any], Selector]:
    """The audience that was chosen, within the actor's scope. Raises BadAudience, UnitNotFound."""
    kind = sent.get("kind", "")
    told: dict[str, Any] = {"key": kind, "kind": kind}
    if kind != "units":
        told["role"] = [role for role in ROLES if role in sent.getlist("role")]
    told["unit_kind"] = [one for one in UNIT_KINDS if one in sent.getlist("unit_kind")]
    under = _under(where, sent.get("under", "").strip())
    told = {name: value for name, value in (told | {"under": under}).items() if value}
    return told, read_audience(_("the new campaign"), [told])[0]


def _under(where: Area, text: str) -> str:
    """The code of the unit that was written by code or by name; a narrow scope is always named."""
    if not text:
        return "" if where.scope.whole else where.top.code
    code = text.rpartition("(")[2].rstrip(")").strip() if text.endswith(")") else text
    if code in where.tree.by_code:
        return code
    found = [node.code for node in where.tree.nodes.values() if node.name == text]
    if len(found) != 1:
        raise UnitNotFound(text=text[:40])
    return found[0]


@dataclass(frozen=True, slots=True)
class Sized:
    """How many are asked, where, and the first of these units by name."""

    kind: str
    subjects: int
    units: int
    sample: list[str]

    @property
    def rest(self) -> int:
        return self.units - len(self.sample)


def asked_of(where: Area, selector: Selector) -> Counted:
    within = None if where.scope.whole else where.scope.units
    return count_asked(selector, within, day=day_of(where.now), position=head_position())


def sized(where: Area, selector: Selector) -> Sized:
    found = asked_of(where, selector)
    nodes = [where.tree.nodes[unit] for unit in found.units if unit in where.tree.nodes]
    named = sorted(nodes, key=lambda node: node.code)[:SAMPLE]
    return Sized(selector.kind, len(found.subjects), len(found.units), [node.name for node in named])


# ------------------------------------------------------------------------------------------ schedule


def read_schedule(sent: QueryDict, now: datetime) -> tuple[dict[str, Any], str, Given]:
    """The schedule as a campaign keeps it, when it closes (ISO 8601, or empty), and what is wrong."""
    given = Given(sent)
    kind = sent.get("kind", "")
    if kind not in ("once", "rounds", "daily"):
        given.faults["kind"] = _("Choose one.")
    schedule: dict[str, Any] = {"kind": kind}
    due = _moment(given, "due", sent.get("due", "")) if kind != "daily" else None
    if due:
        schedule["due"] = due.isoformat()
    if kind == "daily":
        schedule |= _daily(given, sent)
    if sent.get("voluntary"):
        schedule["voluntary"] = True
    closes = _moment(given, "closes", sent.get("closes", ""))
    for name, moment in (("due", due), ("closes", closes)):
        if moment is not None and moment <= now:
            given.faults[name] = _("This is past. Give a moment that is still to come, or none.")
    if due and closes and closes < due:
        given.faults["closes"] = _("It cannot close before reports are due.")
    return schedule, closes.isoformat() if closes else "", given


def _daily(given: Given, sent: QueryDict) -> dict[str, Any]:
    found: dict[str, Any] = {}
    text = sent.get("due_time", "").strip()
    if text:
        try:
            found["due"] = time.fromisoformat(text).strftime("%H:%M")
        except ValueError:
            given.faults["due_time"] = _("Write a time of the day, such as 17:00.")
    days = sent.get("within_days", "").strip()
    if days and (not days.isdecimal() or not 1 <= int(days) <= 60):
        given.faults["within_days"] = _("Write a number of days from 1 to 60, or nothing.")
    elif days and int(days) > 1:
        found["within_days"] = int(days)
    return found


def read_moment_of(name: str, sent: QueryDict, now: datetime) -> datetime | None:
    """A moment that is still to come, or none. Raises MomentUnreadable, ClosesInPast."""
    given = Given(sent)
    moment = _moment(given, name, sent.get(name, ""))
    if given.faults:
        raise MomentUnreadable(text=sent.get(name, "")[:40])
    if moment is not None and moment <= now:
        raise ClosesInPast(closes=moment.isoformat())
    return moment


def _moment(given: Given, name: str, text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        return datetime.strptime(text.strip()[:16], DATETIME).replace(tzinfo=OFFICE_ZONE)
    except ValueError:
        given.faults[name] = _("Write a moment, such as 2020-02-12T18:00.")
        return None
