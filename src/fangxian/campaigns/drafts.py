"""A campaign that is being made, step by step: what was decided so far, and what is still to be.

`told` holds, each once it was decided: `name`, `name_en`, `code`; `form` {file, title, source, questions};
`audience` (a selector as `audiences` reads it); `schedule` as `launch_campaign` takes it, with `closes`
beside; `burden` {question: keep, drop or prefill}; `notice` (a text)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fangxian.kernel.moments import read_moment

from .audiences import Selector, read_audience
from .models import Draft
from .problems import DraftNotThere

OPEN, PUBLISHED, DROPPED = "open", "published", "dropped"
STEPS = ("form", "audience", "schedule", "preview", "burden", "publish")
CHOICES = ("keep", "drop", "prefill")


@dataclass(frozen=True, slots=True)
class Plan:
    """How a draft stands."""

    number: int
    unit: int
    by: str
    at: datetime
    state: str
    told: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.told.get("name") or self.told.get("form", {}).get("title") or "")

    @property
    def audience(self) -> list[dict[str, Any]]:
        found = self.told.get("audience")
        return [found] if found else []

    @property
    def selector(self) -> Selector | None:
        return read_audience(self.name, self.audience)[0] if self.audience else None

    @property
    def schedule(self) -> dict[str, Any]:
        return dict(self.told.get("schedule") or {})

    @property
    def closes(self) -> datetime | None:
        text = self.told.get("closes")
        return read_moment(text) if text else None

    @property
    def choices(self) -> dict[str, str]:
        """Question -> drop or prefill; what is kept is left out."""
        told = self.told.get("burden") or {}
        return {name: choice for name, choice in told.items() if choice in ("drop", "prefill")}

    def done(self, step: str) -> bool:
        """Whether a step was decided. The preview decides nothing."""
        return step in self.told

    @property
    def missing(self) -> list[str]:
        """The steps without which it cannot be published."""
        return [step for step in ("form", "audience", "schedule") if not self.told.get(step)]


def find_plan(number: int) -> Plan:
    """How it stands. Raises DraftNotThere."""
    row = Draft.objects.filter(number=number).defer("xlsform").order_by("-id").first()
    if row is None:
        raise DraftNotThere(number=number)
    return _plan(row)


def xlsform_of(number: int) -> bytes | None:
    """The file that was brought last."""
    rows = Draft.objects.filter(number=number, xlsform__isnull=False).order_by("-id")
    content = rows.values_list("xlsform", flat=True).first()
    return None if content is None else bytes(content)


def open_plans(units: frozenset[int] | None, *, limit: int) -> list[Plan]:
    """Those that are still being made by these units (None: by all), the last touched first."""
    from django.db.models import Max

    latest = Draft.objects.values("number").annotate(last=Max("id")).values("last")
    rows = Draft.objects.filter(pk__in=latest, state=OPEN).defer("xlsform").order_by("-id")
    found = [_plan(row) for row in rows[: limit * 4] if units is None or row.unit_id in units]
    return found[:limit]


def _plan(row: Draft) -> Plan:
    return Plan(row.number, row.unit_id, row.by, row.at, row.state, row.told)
