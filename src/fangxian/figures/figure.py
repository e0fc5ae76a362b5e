"""How a figure is declared: a short function whose docstring is its definition."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import get_language

from .facts import Facts
from .kinds import Counted

ADMINISTRATIVE = ("administrative", "response")


@dataclass(frozen=True, slots=True)
class Figure:
    """`lines` are those on whose units it is counted; `kind` is the name of its kind of result."""

    id: str
    zh: str
    en: str
    definition: str
    lines: tuple[str, ...]
    group: str
    count: Callable[[Facts], Counted]

    @property
    def name(self) -> str:
        """In the language that is active."""
        return self.zh if (get_language() or "zh").startswith("zh") else self.en


CATALOGUE: dict[str, Figure] = {}


def figure(
    id: str, *, zh: str, en: str, lines: Sequence[str] = ADMINISTRATIVE, into: dict[str, Figure] = CATALOGUE
) -> Callable[[Callable[[Facts], Counted]], Callable[[Facts], Counted]]:
    """Declare a figure. What is before the first dot of its id is its group."""

    def declare(count: Callable[[Facts], Counted]) -> Callable[[Facts], Counted]:
        definition = " ".join((count.__doc__ or "").split())
        into[id] = Figure(id, zh, en, definition, tuple(lines), id.split(".")[0], count)
        return count

    return declare


GROUPS: Mapping[str, tuple[str, str]] = {
    "command": ("指挥体系", "Command"),
    "supplies": ("物资", "Supplies"),
    "party": ("党组织", "Party line"),
    "staff": ("教职工", "Staff"),
    "screening": ("人员排查", "Screening"),
    "leads": ("待核实线索", "Unverified leads"),
    "observed": ("返回人员观察", "Observation of people back from Hubei"),
    "supervision": ("督促检查", "Supervision"),
    "environment": ("环境卫生", "Environment"),
    "league": ("共青团", "Youth League line"),
    "pioneers": ("少先队", "Young Pioneers line"),
    "difficulties": ("学校困难", "Difficulties of schools"),
    "students": ("学生", "Students"),
    "coverage": ("完成情况", "Coverage of campaigns"),
}
