"""Opens records: from the lake's surrogates to who and what they are in the ledger, names masked."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from fangxian.kernel.asof import AsOf
from fangxian.matching.replies import Confirmed, confirmations
from fangxian.registry.holding import holding, in_chunks
from fangxian.registry.models import Household, Person, PersonState
from fangxian.registry.tree import Tree, tree
from fangxian.submissions.models import Submission

from .results import Number, number

SHOWN_KINDS = ("centre", "school", "teaching_point", "kindergarten", "office", "class")


@dataclass(frozen=True, slots=True)
class OpenRecord:
    """One record as the ledger knows it.

    `id` is the ledger's id of the person, unit, household or submission, or the text of an event. `name` is
    that of a unit, or masked that of a person, whom a document or an event is about too. `place` names the
    unit with the school and centre above it. `instances` are the submissions that put the record there,
    `confirmed` how these are confirmed (second_call, document, list), `lists` by lists of which offices.
    """

    id: int | str
    kind: str
    name: str
    unit: int
    unit_code: str
    unit_name: str
    place: tuple[str, ...]
    contribution: Number
    because: tuple[int, ...]
    instances: tuple[str, ...]
    confirmed: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()

    def dump(self) -> dict[str, Any]:
        return asdict(self)


def open_records(table: pa.Table, at: AsOf) -> list[OpenRecord]:
    """The rows of `Engine.records`, in their order. Few queries, however many rows."""
    rows = table.to_pylist()
    units = tree(at.day, at.position)
    ids = _ledger_ids(rows)
    names = _names(rows, ids, at, units)
    because = {s for row in rows for s in row["because"]}
    instances, confirmed = _instances(because), confirmations(because, at.position)
    return [_opened(row, ids, names, instances, confirmed, units) for row in rows]


def _opened(
    row: Mapping[str, Any],
    ids: Mapping[Any, int],
    names: Mapping[Any, str],
    instances: Mapping[int, str],
    confirmed: Mapping[int, Confirmed],
    units: Tree,
) -> OpenRecord:
    node = units.nodes[row["unit"]]
    found = [confirmed[s] for s in row["because"] if s in confirmed]
    return OpenRecord(
        id=ids.get(row["id"], row["id"]),
        kind=row["kind"],
        name=names.get(row["id"], ""),
        unit=node.id,
        unit_code=node.code,
        unit_name=node.name,
        place=_place(node.id, units),
        contribution=number(row["contribution"]),
        because=tuple(row["because"]),
        instances=tuple(instances[s] for s in row["because"] if s in instances),
        confirmed=tuple(sorted({how for one in found for how in one.how})),
        lists=tuple(sorted({f"{source}《{title}》" for one in found for _id, source, title in one.lists})),
    )


def masked(name: str) -> str:
    """The first character, and a star: the surname of nearly everyone."""
    return f"{name[:1]}*" if name else ""


def _place(unit: int, units: Tree) -> tuple[str, ...]:
    """From the centre down to the unit."""
    path = [units.nodes[u] for u in units.path(unit)]
    above = [node.name for node in path[1:] if node.kind in SHOWN_KINDS]
    return (*reversed(above), path[0].name)


def _ledger_ids(rows: Iterable[Mapping[str, Any]]) -> dict[Any, int]:
    """Surrogate -> ledger id, of persons and households."""
    people = {row["id"] for row in rows if row["kind"] == "person"}
    households = sorted({row["id"] for row in rows if row["kind"] == "household"})
    found = dict(_surrogate_ids(people))
    for chunk in in_chunks(households):
        found.update(Household.objects.filter(surrogate__in=chunk).values_list("surrogate", "id"))
    return found


def _names(
    rows: Iterable[Mapping[str, Any]], ids: Mapping[Any, int], at: AsOf, units: Tree
) -> dict[Any, str]:
    rows = list(rows)
    people: dict[Any, int] = {row["id"]: ids[row["id"]] for row in rows if row["kind"] == "person"}
    people |= _signers({row["id"] for row in rows if row["kind"] == "submission"})
    inspectors = {row["id"]: int(row["id"].split(":")[1]) for row in rows if row["kind"] == "event"}
    known = dict(_surrogate_ids(inspectors.values()))
    people |= {event: known[person] for event, person in inspectors.items() if person in known}
    called = _called(set(people.values()), at)
    names: dict[Any, str] = {id: masked(called.get(person, "")) for id, person in people.items()}
    return names | {row["id"]: units.nodes[row["id"]].name for row in rows if row["kind"] == "unit"}


def _signers(submissions: set[int]) -> dict[Any, int]:
    """Submission -> the person whom it is about, where it is about one."""
    return {
        pk: person
        for chunk in in_chunks(sorted(submissions))
        for pk, person in Submission.objects.filter(pk__in=chunk, subject_kind="person").values_list(
            "pk", "subject"
        )
    }


def _surrogate_ids(surrogates: Iterable[int]) -> Iterable[tuple[int, int]]:
    for chunk in in_chunks(sorted(set(surrogates))):
        yield from Person.objects.filter(surrogate__in=chunk).values_list("surrogate", "id")


def _called(people: set[int], at: AsOf) -> dict[int, str]:
    return {
        person: name
        for chunk in in_chunks(sorted(people))
        for person, name in PersonState.objects.filter(
            holding(at.day, at.position), person__in=chunk
        ).values_list("person_id", "name")
    }


def _instances(submissions: set[int]) -> dict[int, str]:
    return {
        pk: instance
        for chunk in in_chunks(sorted(submissions))
        for pk, instance in Submission.objects.filter(pk__in=chunk).values_list("pk", "instance_id")
    }
