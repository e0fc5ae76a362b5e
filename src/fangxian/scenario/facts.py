"""The facts of a scenario, at a scale: what the generator leads to. Nothing that counts reads this."""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .problems import FactsUnreadable, ImpossibleFacts

XUANWEI = Path(__file__).with_name("xuanwei-2020.toml")

# What belongs to how the response was organised stays as it is in a small city, or it would be another story.
UNSCALED = frozenset(
    {
        "command.zones",
        "command.temporary_branches",
        "command.commando_teams",
        "command.commandos",
        "screening.rounds",
        "supervision.training_rounds",
        "supervision.training_violations",
        "supervision.venue_gatherings",
    }
)
# Each category holds two persons at least, so that one of them can lie in another category too.
AT_LEAST = {
    "party.oath_attendance": 5,
    "party.pledges_signed": 5,
    "screening.university_students_back_from_hubei": 4,
    "screening.staff_from_hubei_or_contact": 4,
    "screening.staff_family_from_hubei_or_contact": 2,
    "screening.staff_travelled_outside_province": 2,
    "screening.teachers_native_of_hubei": 2,
    "screening.students_on_internship_in_hubei": 2,
    "supervision.person_times": 6,
    "supervision.training_institutions": 3,
    "supervision.venues_checked": 2,
}
OFFICES = 14
CENTRES_AT_LEAST = 6


@dataclass(frozen=True)
class Facts:
    """The facts file, read. `sha256` is that of the file."""

    told: dict[str, dict]
    townships: int
    city: str
    bureau: str
    sha256: str

    def value(self, figure: str) -> int:
        """Raises FactsUnreadable where the file does not tell it."""
        if "value" not in self.told.get(figure, {}):
            raise FactsUnreadable(file="facts", reason=f"{figure} is not there")
        return int(self.told[figure]["value"])


def read_facts(path: Path | None = None) -> Facts:
    """Read a facts file (default: that of xuanwei-2020). Raises FactsUnreadable."""
    file = path or XUANWEI
    content = file.read_bytes()
    try:
        return _facts(tomllib.loads(content.decode()), hashlib.sha256(content).hexdigest())
    except KeyError as missing:
        raise FactsUnreadable(file=file.name, reason=f"{missing} is not there") from missing
    except (ValueError, TypeError) as error:
        raise FactsUnreadable(file=file.name, reason=error) from error


def _facts(read: dict[str, Any], sha256: str) -> Facts:
    told = {entry["id"]: entry for entry in read["figure"]}
    for figure, entry in told.items():
        if not isinstance(entry.get("value", 0), int) or entry.get("value", 0) < 0:
            raise ValueError(f"the value of {figure} is no whole number")
    return Facts(told, int(read["townships"]), read["city"], read["bureau"], sha256)


@dataclass(frozen=True)
class Targets:
    """How many of each thing a city of this scale holds."""

    facts: Facts
    scale: float

    def scaled(self, count: float, least: int = 1) -> int:
        """A count of the full city, at this scale; never more than at full scale."""
        whole = round(count)
        return (
            min(whole, max(least, round(count * self.scale))) if self.scale < 1 else round(count * self.scale)
        )

    def of(self, figure: str) -> int:
        """The value that a figure is to come to."""
        special = getattr(self, "_" + figure.replace(".", "_"), None)
        if special is not None:
            return int(special)
        value = self.facts.value(figure)
        return value if figure in UNSCALED else self.scaled(value, AT_LEAST.get(figure, 1))

    @cached_property
    def centres(self) -> int:
        return min(self.facts.townships, max(CENTRES_AT_LEAST, self.scaled(self.facts.townships)))

    @cached_property
    def offices(self) -> int:
        return self.scaled(OFFICES, 6)

    @cached_property
    def points(self) -> int:
        """Teaching points: what the schools of the facts hold beside the full schools."""
        facts = self.facts
        rest = facts.value("students.schools") - facts.value("environment.hygiene_schools")
        if rest < 0:
            raise ImpossibleFacts(reason="hygiene_schools is greater than schools")
        return self.scaled(rest, 3)

    @cached_property
    def _environment_hygiene_schools(self) -> int:
        return self.scaled(self.facts.value("environment.hygiene_schools"), 5)

    @cached_property
    def _students_schools(self) -> int:
        return self._environment_hygiene_schools + self.points

    @cached_property
    def _environment_schools_disinfected(self) -> int:
        return max(0, self._students_schools - self.undisinfected)

    @cached_property
    def undisinfected(self) -> int:
        told = self.facts.told["environment.schools_disinfected"]
        return int(told["out_of"]) - int(told["value"])

    @cached_property
    def _party_general_branches(self) -> int:
        return self.scaled(self.facts.value("party.general_branches"), self.centres + 1)

    @cached_property
    def _party_branches(self) -> int:
        value = self.facts.value("party.branches")
        return self.scaled(value, self._party_general_branches + min(3, self.offices))

    @cached_property
    def _league_general_branches(self) -> int:
        return self.scaled(self.facts.value("league.general_branches"), 2)

    @cached_property
    def _league_branches(self) -> int:
        return self.scaled(self.facts.value("league.branches"), self._league_general_branches)

    @cached_property
    def office_members(self) -> int:
        """Party members in branches that offices host: who is asked for an oath and a pledge."""
        return max(self.of("party.oath_attendance"), self.of("party.pledges_signed"))

    @cached_property
    def office_staff(self) -> int:
        return max(self.office_members + 3, self.of("command.zones") + 3, self.scaled(120))

    @cached_property
    def venues(self) -> int:
        checked = self.of("supervision.venues_checked")
        return checked + max(1, round(checked * 1.55))

    @cached_property
    def supplies(self) -> tuple[int, int]:
        """Between which values, in CNY, the goods delivered lie."""
        told = self.facts.told["supplies.delivered_value"]
        return int(told["above"]), int(told["below"])
