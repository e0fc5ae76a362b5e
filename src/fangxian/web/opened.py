"""Records as pages show them: what `figures.opening` knows of them, and names for those that bear none.

A household bears its members' names, a document about a unit or household theirs, a round its number; all in
as many queries for one record as for a page of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from django.utils.translation import gettext as _

from fangxian.access.people import leaves
from fangxian.access.policy import Scope
from fangxian.figures import opening
from fangxian.figures.opening import OpenRecord, masked
from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.registry.holding import holding
from fangxian.registry.models import Membership, PersonState
from fangxian.registry.tree import tree
from fangxian.submissions.models import Submission

from .origins import LIST, channels_of, word
from .wording import in_a_row


@dataclass(frozen=True, slots=True)
class Shown:
    """`name`: who or what, masked; `place`: in what the unit lies; `came`: by which channels, in words, the
    submissions came that put it there; `confirmed`: how these were confirmed."""

    record: OpenRecord
    name: str
    key: str = ""  # by which the record's own page finds it among the figure's
    day: date | None = None  # of the kind that is asked for
    came: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        return " › ".join(self.record.place[:-1])

    @property
    def confirmed(self) -> tuple[str, ...]:
        return (*(word(how) for how in self.record.confirmed if how != LIST), *self.record.lists)


@dataclass(frozen=True, slots=True)
class Known:
    """Whose names are shown: of those who count now, by all that is known now, in a unit of `scope`. Who has
    left is a number in what was counted then, not a name."""

    scope: Scope
    now: datetime

    @property
    def limited(self) -> bool:
        return not self.scope.whole

    def strangers(self, people: Iterable[int]) -> set[int]:
        if self.scope.whole:
            return set()
        found = leaves(people, day=day_of(self.now), position=head_position())
        return {person for person, units in found.items() if units.isdisjoint(self.scope.units)}


def open_records(table: pa.Table, at: AsOf, known: Known) -> list[Shown]:
    """Rows of `Engine.records`, in their order. A person is named where `known` says so."""
    records = opening.open_records(table, at)
    unnamed = [record for record in records if not record.name or record.kind == "event"]
    names: dict[Any, str] = {record.id: record.name for record in records}
    names |= {**_names(unnamed, at, known), **_strange(records, known)}
    keys = [str(key) for key in table["id"].to_pylist()]
    channels = channels_of({pk for record in records for pk in record.because})
    return [
        Shown(record, names[record.id] or "*", key, came=_came(record, channels))
        for record, key in zip(records, keys, strict=True)
    ]


def _came(record: OpenRecord, channels: Mapping[int, tuple[int, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word(channels[pk][1]) for pk in record.because if pk in channels))


def _strange(records: list[OpenRecord], known: Known) -> dict[Any, str]:
    """Ids of records whose person is not named here: whom they are, or are about."""
    about = {r.id: int(r.id) for r in records if r.kind == "person"}
    signed = [int(r.id) for r in records if r.kind == "submission"]
    rows = Submission.objects.filter(pk__in=signed if known.limited else [], subject_kind="person")
    about |= dict(rows.values_list("pk", "subject")) if known.limited and signed else {}
    strangers = known.strangers(about.values())
    return {record: "*" for record, person in about.items() if person in strangers}


def _names(records: list[OpenRecord], at: AsOf, known: Known) -> Mapping[Any, str]:
    """Of each id the name: all records of a table are of one kind."""
    match records[0].kind if records else "":
        case "household":
            return _households([int(record.id) for record in records], at, known)
        case "submission":
            return _submissions([int(record.id) for record in records], at, known)
        case "event":
            return {
                r.id: _("Visit by {inspector}").format(inspector="*" if known.limited else r.name or "*")
                for r in records
            }
        case "round":
            return {r.id: _("Round {number}").format(number=r.id) for r in records}
    return {}


def _households(ids: Iterable[int], at: AsOf, known: Known) -> dict[int, str]:
    members: dict[int, list[int]] = {}
    rows = Membership.objects.filter(holding(at.day, at.position), household__in=set(ids)).order_by("pk")
    for household, person in rows.values_list("household_id", "person_id"):
        members.setdefault(household, []).append(person)
    states = PersonState.objects.filter(
        holding(at.day, at.position), person__in={person for each in members.values() for person in each}
    )
    strangers = known.strangers(person for each in members.values() for person in each)
    named = (row for row in states.values_list("person_id", "name") if row[0] not in strangers)
    names = {person: masked(name) for person, name in named}
    return {
        household: _("Household of {names}").format(names=in_a_row(names.get(p, "*") for p in persons))
        for household, persons in members.items()
    }


def _submissions(ids: Iterable[int], at: AsOf, known: Known) -> dict[int, str]:
    rows = list(Submission.objects.filter(pk__in=list(ids)).values_list("pk", "subject_kind", "subject"))
    households = _households({subject for _pk, kind, subject in rows if kind == "household"}, at, known)
    nodes = tree(at.day, at.position).nodes
    units = {
        subject: nodes[subject].name for _pk, kind, subject in rows if kind == "unit" and subject in nodes
    }
    by_kind = {"household": households, "unit": units}
    return {pk: by_kind.get(kind, {}).get(subject, "*") for pk, kind, subject in rows}
