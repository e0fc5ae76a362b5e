"""The screening rules as data, and their two meanings: an expression over frames, and plain Python."""

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache, partial, reduce
from operator import and_, or_
from pathlib import Path
from typing import Any

import narwhals as nw

from .problems import BadRule

RULES = Path(__file__).with_name("rules.toml")
FIELDS = {
    "outcome",
    "place",
    "purpose",
    "returned_on",
    "contact_hubei",
    "occupation",
    "staff",
    "pupil",
    "staff_in_household",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One field of an answer or its person: equals `equals`, or with `given` is there at all."""

    field: str
    equals: str | bool | None = None
    given: bool = False


@dataclass(frozen=True, slots=True)
class Category:
    """`every` and, unless it is empty, one of `some` must hold. A category from the registry has neither,
    but a role and the beginning of a native place."""

    id: str
    zh: str
    en: str
    every: tuple[Condition, ...] = ()
    some: tuple[Condition, ...] = ()
    role: str = ""
    native_place: str = ""

    @property
    def from_registry(self) -> bool:
        return bool(self.role)


@cache
def load_rules(path: Path = RULES) -> tuple[Category, ...]:
    """Raises BadRule, naming the category and what cannot be read."""
    return tuple(_category(entry) for entry in tomllib.loads(path.read_text("utf-8"))["category"])


def _category(entry: Mapping[str, Any]) -> Category:
    name = str(entry.get("id", "?"))
    named = partial(Category, name, str(entry.get("zh", name)), str(entry.get("en", name)))
    if entry.get("from") == "registry":
        return named(role=entry["role"], native_place=entry["native_place"])
    every = tuple(_condition(name, each) for each in entry.get("all", ()))
    some = tuple(_condition(name, each) for each in entry.get("any", ()))
    if not every and not some:
        raise BadRule(category=name, reason="no condition")
    return named(every=every, some=some)


def _condition(category: str, entry: Mapping[str, Any]) -> Condition:
    if entry.get("field") not in FIELDS:
        raise BadRule(category=category, reason=f"field {entry.get('field')!r}")
    if set(entry) == {"field", "is"}:
        return Condition(entry["field"], equals=entry["is"])
    if set(entry) == {"field", "given"} and entry["given"] is True:
        return Condition(entry["field"], given=True)
    raise BadRule(category=category, reason=f"condition {dict(entry)!r}")


# ------------------------------------------------------------------------------------ as an expression


def as_expression(category: Category, fields: Collection[str] = tuple(FIELDS)) -> nw.Expr:
    """True or false, never null, over frames with the fields as columns.

    With some of the fields only: true where these alone do not rule the category out.
    """
    parts = [_expression(each) for each in category.every if each.field in fields]
    if category.some and all(each.field in fields for each in category.some):
        parts.append(reduce(or_, (_expression(each) for each in category.some)))
    return reduce(and_, parts, nw.lit(True))


def _expression(condition: Condition) -> nw.Expr:
    column = nw.col(condition.field)
    if condition.given:
        return ~column.is_null()
    return (column == condition.equals).fill_null(False)


# ------------------------------------------------------------------------------------ as plain Python


def as_predicate(category: Category) -> Callable[[Mapping[str, Any]], bool]:
    """Over one answer with its person's attributes; a field that is absent was not given."""

    def holds(row: Mapping[str, Any]) -> bool:
        return all(_holds(each, row) for each in category.every) and (
            not category.some or any(_holds(each, row) for each in category.some)
        )

    return holds


def _holds(condition: Condition, row: Mapping[str, Any]) -> bool:
    value = row.get(condition.field)
    return value is not None if condition.given else value is not None and value == condition.equals
