"""Figures as pages draw them: name, value, what it is out of, what is missing, and where it opens."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import npgettext, pgettext

from fangxian.figures.catalogue import GROUPS, Figure
from fangxian.figures.results import Number, Value
from fangxian.registry.kinds import ROLES, UNIT_KINDS

from .asking import Asked
from .wording import chinese, in_a_row

BAR_WHEN_INCOMPLETE = 97  # percent that a bar may fill at most while something is missing, so that it shows

# The board's order and its first line; all that is not named comes after, in the catalogue's order.
GROUP_ORDER = (
    ("command",),
    ("party",),
    ("staff", "screening"),
    ("observed",),
    ("leads",),
    ("supervision",),
    ("environment",),
    ("league",),
    ("pioneers",),
    ("students",),
    ("supplies",),
    ("difficulties",),
)
HEADLINES = (
    "screening.university_students_back_from_hubei",
    "screening.staff_from_hubei_or_contact",
    "staff.mobilised",
    "environment.schools_disinfected",
    "party.pledges_signed",
    "screening.rounds",
)
SUBSETS = ("observed", "difficulties")  # groups whose denominators are no duty
# What a leader asks next.
ASKED_NEXT = (
    "observed.all_within_14_days",
    "observed.all_ill",
    "observed.all_not_reached",
    "observed.students_within_14_days",
    "observed.students_past",
    "difficulties.overdue",
)


def kind_name(kind: str) -> str:
    known = UNIT_KINDS.get(kind)
    return kind if known is None else known.zh if chinese() else known.en


def role_name(role: str) -> str:
    zh, en = ROLES.get(role, (role, role))
    return zh if chinese() else en


def group_name(groups: Iterable[str]) -> str:
    names = [GROUPS[group][0 if chinese() else 1] for group in groups if group in GROUPS]
    return in_a_row(names)


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure at one unit. `value` None: it is not counted there."""

    id: str
    name: str
    value: Value | None
    href: str
    missing_href: str = ""
    counts: str = "unit"  # a key of `measured`

    @property
    def measure(self) -> str:
        return measured(self.counts, self.value.value if self.value else None)

    @property
    def missing_measure(self) -> str:
        return measured(self.counts, self.missing)

    @property
    def of(self) -> Number | None:
        return self.value.of if self.value else None

    @property
    def missing(self) -> Number | None:
        return self.value.missing if self.value and not self.subset else None

    @property
    def subset(self) -> bool:
        """Out of others, none of whom is owed: there is nothing to complete."""
        return self.id.partition(".")[0] in SUBSETS

    @property
    def complete(self) -> bool:
        return self.missing == 0

    @property
    def share(self) -> float | None:
        return share(self.value.value, self.of) if self.value else None

    @property
    def bar(self) -> float:
        """Percent of the bar's width that is filled."""
        if self.share is None:
            return 0
        return 100 if self.complete else min(self.share, BAR_WHEN_INCOMPLETE)


def share(value: Number, of: Number | None) -> float | None:
    """Percent to one place, rounded down: only what is complete shows 100."""
    return None if not of else math.floor(1000 * value / of + 1e-9) / 10


def show(figure: Figure, value: Value | None, asked: Asked, unit: str | None = None) -> Shown:
    path = f"/figures/{figure.id}/"
    changes = {"unit": unit} if unit else {}
    missing = asked.address(path, part="missing", **changes) + "#records"
    return Shown(figure.id, figure.name, value, asked.address(path, **changes), missing, measure(figure))


def grouped(figures: Mapping[str, Figure], values: Mapping[str, Value | None], asked: Asked) -> list[Any]:
    """(name of the group, its figures) in the board's order, coverage aside."""
    known = {group for groups in GROUP_ORDER for group in groups} | {"coverage"}
    rest = dict.fromkeys(f.group for f in figures.values() if f.group not in known)
    order = [*GROUP_ORDER, *((group,) for group in rest)]
    found = [(groups, [f for f in figures.values() if f.group in groups]) for groups in order]
    return [
        (group_name(groups), [show(f, values[f.id], asked) for f in chosen])
        for groups, chosen in found
        if chosen
    ]


_SCHOOLS = {"environment.schools_disinfected", "environment.hygiene_schools", "students.schools"}
_MEASURES = {
    "supplies.delivered_value": "CNY",
    **dict.fromkeys(
        (f"supplies.{goods}_value" for goods in ("masks", "disinfectant", "study_materials")), "CNY"
    ),
    **dict.fromkeys(("difficulties.raised", "difficulties.open", "difficulties.overdue"), "difficulty"),
    "party.pledges_signed": "document",
    "screening.rounds": "round",
    "supervision.training_rounds": "round",
    "supervision.person_times": "person-time",
    "supervision.training_violations": "finding",
    "supervision.venue_gatherings": "finding",
    **dict.fromkeys(_SCHOOLS, "school"),
    **dict.fromkeys(
        (
            "command.zones",
            "command.temporary_branches",
            "command.commando_teams",
            "party.general_branches",
            "party.branches",
            "league.general_branches",
            "league.branches",
            "pioneers.brigades",
            "pioneers.squadrons",
            "supervision.training_institutions",
            "supervision.venues_checked",
        ),
        "unit",
    ),
}
_OF_UNITS = {"class": "class", "key_area": "area", "school": "school", "teaching_point": "school"}


def measure(figure: Figure) -> str:
    """What a figure counts, as a key of `measured`; of a coverage, what the audience is made of."""
    selector = getattr(figure.count, "keywords", {}).get("selector")
    if selector is None:
        return _MEASURES.get(figure.id, "person")
    if selector.kind != "unit":
        return str(selector.kind)
    kinds = {_OF_UNITS.get(kind, "unit") for kind in selector.unit_kinds}
    return kinds.pop() if len(kinds) == 1 else "unit"


def measured(key: str, count: Number | None) -> str:
    """The measure word for so many of them."""
    return _WORDS[key](1 if count == 1 else 2)


_WORDS: dict[str, Callable[[int], str]] = {
    "CNY": lambda _n: pgettext("measure", "CNY"),
    "document": lambda n: npgettext("measure", "document", "documents", n),
    "difficulty": lambda n: npgettext("measure", "difficulty", "difficulties", n),
    "round": lambda n: npgettext("measure", "round", "rounds", n),
    "person-time": lambda n: npgettext("measure", "person-time", "person-times", n),
    "finding": lambda n: npgettext("measure", "finding", "findings", n),
    "school": lambda n: npgettext("measure", "school", "schools", n),
    "class": lambda n: npgettext("measure", "class", "classes", n),
    "area": lambda n: npgettext("measure", "area", "areas", n),
    "household": lambda n: npgettext("measure", "household", "households", n),
    "person": lambda n: npgettext("measure", "person", "people", n),
    "unit": lambda n: npgettext("measure", "unit", "units", n),
}
