"""One policy: role, purpose, of whom, class of field, each time anew. The table is `policy.toml`; what it
does not say is denied. Whatever shows or hands out something about a person or unit asks here."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

from .actor import Actor, Held
from .problems import NotThere, NotYours

CLASSES = "ABCDEF"
NO, MASKED, SHOWN = "no", "masked", "shown"
_ORDER = (NO, MASKED, SHOWN)
HIDDEN = "•••"


@dataclass(frozen=True, slots=True)
class Purpose:
    """`roles`: role -> class -> verdict; a class left out is not there."""

    code: str
    zh: str
    en: str
    relation: str
    logged: str
    during_zh: str
    during_en: str
    roles: dict[str, dict[str, str]]

    @property
    def name(self) -> str:
        return self.zh if _in_chinese() else self.en

    @property
    def during(self) -> str:
        return self.during_zh if _in_chinese() else self.during_en

    def of(self, role: str) -> dict[str, str] | None:
        return self.roles.get(role, self.roles.get("*"))


def _in_chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


@dataclass(frozen=True, slots=True)
class Scope:
    """The units that an actor reaches for a purpose."""

    units: frozenset[int]
    whole: bool

    def __contains__(self, unit: int) -> bool:
        return self.whole or unit in self.units

    def __bool__(self) -> bool:
        return self.whole or bool(self.units)


@cache
def _told() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "policy.toml").read_text("utf-8"))


@cache
def purposes() -> dict[str, Purpose]:
    return {code: _purpose(code, row) for code, row in _told().items() if "roles" in row}


def _purpose(code: str, row: dict[str, Any]) -> Purpose:
    roles = {role: dict(_verdict_of(word) for word in words.split()) for role, words in row["roles"].items()}
    during = (row.get("during_zh", ""), row.get("during_en", ""))
    return Purpose(code, row["zh"], row["en"], row["relation"], row["logged"], *during, roles)


def _verdict_of(word: str) -> tuple[str, str]:
    return word[0], MASKED if word.endswith("-") else SHOWN


# ------------------------------------------------------------------------------------ asking


def may(actor: Actor, purpose: str) -> bool:
    """Whether some role of the actor has this purpose at all."""
    return any(True for _held in _holding(actor, purpose)) or "*" in purposes()[purpose].roles


def _holding(actor: Actor, purpose: str) -> Iterable[Held]:
    asked = purposes()[purpose]
    held = (held for held in actor.held if asked.of(held.role) is not None)
    return (h for h in held if h.whole) if asked.relation == "whole" else held


def scope(actor: Actor, purpose: str) -> Scope:
    """Where the actor may do this: roles of other purposes do not count."""
    held = list(_holding(actor, purpose))
    units = held[0].units if len(held) == 1 else frozenset().union(*(h.units for h in held))
    return Scope(units, any(h.whole for h in held))


def require(actor: Actor, purpose: str, unit: int | None = None) -> None:
    """Raises NotYours where no role has this purpose, NotThere where none has it for the unit."""
    if not may(actor, purpose):
        raise NotYours(roles="、".join(actor.role_names) or "—")
    if unit is not None and unit not in scope(actor, purpose):
        raise NotThere()


def verdict(actor: Actor, field_class: str, units: int | Iterable[int] | None, *, purpose: str) -> str:
    """no, masked or shown: the best that a role says which reaches one of the units (where somebody counts
    now). `units` None: of nobody in particular."""
    wanted = [units] if isinstance(units, int) else units
    held = [
        h for h in _holding(actor, purpose) if wanted is None or h.whole or not h.units.isdisjoint(wanted)
    ]
    asked = purposes()[purpose]
    found = [(asked.of(h.role) or {}).get(field_class, NO) for h in held]
    return max(found, key=_ORDER.index, default=NO)


def family_verdict(actor: Actor, field_class: str, person: int) -> str:
    """What a household's link shows of a person."""
    if person not in actor.members:
        return NO
    return (purposes()["family"].of("household") or {}).get(field_class, NO)


def shown(
    actor: Actor, field_class: str, value: str, units: int | Iterable[int] | None, *, purpose: str = "people"
) -> str:
    """The value, its mask, or nothing."""
    return told(verdict(actor, field_class, units, purpose=purpose), field_class, value)


def told(said: str, field_class: str, value: str) -> str:
    if not value or said == NO:
        return ""
    return value if said == SHOWN else masked(field_class, value)


def masked(field_class: str, value: str) -> str:
    """Of a name the first character; of an ID number the first and last four; of a phone the first three and
    last two; of an answer nothing. What is too short for its mask is hidden."""
    if field_class == "B":
        return f"{value[:1]}*"
    first, last = {"D": (4, 4), "C": (3, 2)}.get(field_class, (0, 0))
    if not first or len(value) < 2 * (first + last):
        return HIDDEN
    return value[:first] + "*" * (len(value) - first - last) + value[-last:]


def logged(purpose: str, classes: str) -> str:
    """Those of the classes of which a look is logged."""
    return "".join(c for c in classes if c in purposes()[purpose].logged)


def of_health(figure: str) -> bool:
    """Whether a record of this figure says something about a person's health or quarantine."""
    told = _told()["health"]
    group, _dot, rest = figure.partition(".")
    if group == "coverage":
        return rest.partition(".")[0] in told["campaigns"]
    return group in told["groups"] and figure not in told["except"]
