"""How far a bulletin is: draft, checked, approved, issued; read off the steps that were taken."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from fangxian.kernel.problems import Problem

from .models import Draft, Step
from .problems import DraftMoved, OwnDraft, StepOutOfTurn, UnknownDraft

DRAFT, CHECKED, APPROVED, ISSUED, GIVEN_UP = "draft", "checked", "approved", "issued", "given-up"
# What a step leaves the draft as. Whatever changes it, and a check that fails, takes an approval away.
STATES = {
    "drafted": DRAFT,
    "changed": DRAFT,
    "failed": DRAFT,
    "returned": DRAFT,
    "checked": CHECKED,
    "approved": APPROVED,
    "issued": ISSUED,
    "given_up": GIVEN_UP,
}
# In which states each step may be taken.
TURNS = {
    "changed": (DRAFT, CHECKED, APPROVED),
    "checked": (DRAFT, CHECKED, APPROVED),
    "approved": (CHECKED,),
    "returned": (CHECKED, APPROVED),
    "issued": (APPROVED,),
    "given_up": (DRAFT, CHECKED, APPROVED),
}


@dataclass(frozen=True)
class Standing:
    """A draft with its steps, the oldest first."""

    draft: Draft
    steps: tuple[Step, ...]

    @property
    def last(self) -> Step:
        return self.steps[-1]

    @property
    def state(self) -> str:
        return STATES[self.last.kind]

    @property
    def open(self) -> bool:
        return self.state in (DRAFT, CHECKED, APPROVED)

    @property
    def template(self) -> bytes:
        """The newest that a step brought."""
        found = next(step.template for step in reversed(self.steps) if step.template is not None)
        return bytes(found)

    @property
    def check(self) -> Step | None:
        """The check that holds; None once something was changed after it."""
        for step in reversed(self.steps):
            if step.kind == "checked":
                return step
            if STATES[step.kind] == DRAFT:
                return None
        return None

    @property
    def approval(self) -> Step | None:
        return next((s for s in reversed(self.steps) if s.kind == "approved"), None) if self.check else None

    @property
    def authors(self) -> frozenset[str]:
        """Who drafted, changed or checked it: none of them may approve it."""
        return frozenset(step.by for step in self.steps if step.kind in ("drafted", "changed", "checked"))


def standing(draft: Draft | int) -> Standing:
    """Raises UnknownDraft."""
    found = draft if isinstance(draft, Draft) else Draft.objects.filter(pk=draft).first()
    if found is None:
        raise UnknownDraft(draft=draft)
    return Standing(found, tuple(Step.objects.filter(draft=found).order_by("number")))


def under_way() -> list[Standing]:
    """Drafts that are neither issued nor given up, the newest first. Without templates and contents."""
    over = Step.objects.filter(kind__in=("issued", "given_up")).values("draft")
    drafts = list(Draft.objects.exclude(pk__in=over).select_related("corrects").order_by("-pk"))
    steps: dict[int, list[Step]] = {}
    for step in Step.objects.filter(draft__in=drafts).defer("template", "frozen").order_by("number"):
        steps.setdefault(step.draft_id, []).append(step)
    return [Standing(draft, tuple(steps[draft.pk])) for draft in drafts]


def refuse_out_of_turn(found: Standing, kind: str, seen: int | None) -> None:
    """Raises DraftMoved where somebody did something that was not seen, StepOutOfTurn."""
    if seen is not None and seen != found.last.number:
        raise DraftMoved(draft=found.draft.pk, by=found.last.by, done=done(found.last.kind))
    if found.state not in TURNS[kind]:
        allowed = "、".join(state_name(state) for state in TURNS[kind])
        raise StepOutOfTurn(draft=found.draft.pk, state=state_name(found.state), allowed=allowed)


def refuse_own(found: Standing, by: str, also: Iterable[str] = ()) -> None:
    """`also`: other accounts of the same person. Raises OwnDraft."""
    for name in (by, *also):
        if name in found.authors:
            raise OwnDraft(by=name)


def done(kind: str) -> str:
    """What a step did, in the language that is active."""
    return {
        "drafted": _("drafted"),
        "changed": _("changed"),
        "failed": _("checked, with faults"),
        "checked": _("checked"),
        "approved": _("approved"),
        "returned": _("sent back"),
        "issued": _("issued"),
        "given_up": _("given up"),
    }[kind]


def state_name(state: str) -> str:
    return {
        DRAFT: _("draft"),
        CHECKED: _("checked"),
        APPROVED: _("approved"),
        ISSUED: _("issued"),
        GIVEN_UP: _("given up"),
    }[state]


@dataclass(frozen=True, slots=True)
class Checked:
    """One check with its result, as a step keeps it."""

    code: str
    ok: bool
    count: int
    faults: tuple[Any, ...] = ()

    def dump(self) -> dict[str, Any]:
        return {"code": self.code, "ok": self.ok, "count": self.count, "faults": list(self.faults)}

    @property
    def sentence(self) -> str:
        """In the language that is active."""
        told = {
            "add-up": _("Parts add up to their totals: {count} sums."),
            "counted": _("Every number is counted from records: {count} numbers."),
            "typed": _("No number is typed into the template."),
        }
        failed = {
            "add-up": _("Some sums do not add up: {count}."),
            "counted": _("The draft cannot be counted."),
            "typed": _("Numbers are typed into the template: {count}."),
        }
        return (told if self.ok else failed)[self.code].format(count=self.count)

    def told(self) -> Iterator[str]:
        """Each fault in a sentence; a problem in the language that is active."""
        for fault in self.faults:
            known = Problem.catalogue.get(fault["code"]) if isinstance(fault, dict) else None
            yield known(**fault["facts"]).sentence() if known else str(fault)


def checks_of(step: Step) -> list[Checked]:
    return [Checked(row["code"], row["ok"], row["count"], tuple(row["faults"])) for row in step.checks]
