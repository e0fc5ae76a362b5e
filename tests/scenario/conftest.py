"""Small cities: planned ones of some seeds, and one that was played into the test's ledger."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db import models, transaction

from fangxian.registry.tree import forget_trees
from fangxian.scenario.build import Built, build_city
from fangxian.scenario.city import City, populate
from fangxian.scenario.facts import Facts, Targets, read_facts
from fangxian.scenario.findings import Findings, draw_findings
from fangxian.scenario.layout import Layout, lay_out
from fangxian.scenario.lines import Lines, draw_lines
from fangxian.scenario.moves import Moves, draw_moves

from .counting import count_all

ROOMS = ("kernel", "registry", "campaigns", "submissions")
SEALED = {"sealed"}  # under a fresh nonce each time


@dataclass(frozen=True)
class Plan:
    targets: Targets
    layout: Layout
    city: City
    lines: Lines
    findings: Findings
    moves: Moves


def plan(scale: float, seed: int, facts: Facts | None = None) -> Plan:
    targets = Targets(facts or read_facts(), scale)
    layout = lay_out(targets, seed)
    city = populate(layout, seed)
    lines = draw_lines(city, seed)
    findings = draw_findings(city, lines, seed, targets.of("screening.rounds"))
    return Plan(targets, layout, city, lines, findings, draw_moves(city, lines, findings, seed))


@pytest.fixture(scope="module", params=[(0.01, 1), (0.01, 2), (0.01, 3), (0.05, 4)], ids=str)
def planned(request: pytest.FixtureRequest) -> Plan:
    return plan(*request.param)


@dataclass(frozen=True)
class Played:
    """A city in the ledger."""

    built: Built
    facts: Facts
    rows: dict[str, str]


@pytest.fixture(scope="module")
def played(django_db_setup: None, django_db_blocker: Any) -> Iterator[Played]:
    """Played once for the tests of a module, in a transaction that is rolled back."""
    facts = read_facts()
    with django_db_blocker.unblock(), transaction.atomic():
        built = build_city(facts, scale=0.01, seed=1)
        yield Played(built, facts, _ledger_rows())
        transaction.set_rollback(True)
    forget_trees()


# Chosen to differ at a hundredth too.
CHANGED = {
    "screening.university_students_back_from_hubei": 1279,
    "supervision.training_violations": 3,
    "league.branches": 727,
}


def with_values(facts: Facts, values: dict[str, int]) -> Facts:
    told = {
        id: {**entry, **({"value": values[id]} if id in values else {})} for id, entry in facts.told.items()
    }
    return Facts(told, facts.townships, facts.city, facts.bureau, facts.sha256)


def tried(facts: Facts, seed: int) -> tuple[dict[str, str], dict[str, int]]:
    """Rows and counts of a city that is not kept, in an empty ledger."""
    with transaction.atomic():
        build_city(facts, scale=0.01, seed=seed)
        found = _ledger_rows(), count_all()
        transaction.set_rollback(True)
    forget_trees()
    return found


def _ledger_rows() -> dict[str, str]:
    """By table, a digest of all rows of the ledger but for what is sealed."""
    digests = {}
    for room in ROOMS:
        for model in apps.get_app_config(room).get_models():
            digest = hashlib.sha256()
            for row in _rows(model):
                digest.update(repr(row).encode())
            digests[model._meta.db_table] = digest.hexdigest()
    return digests


def _rows(model: type[models.Model]) -> Any:
    key = model._meta.pk
    assert key is not None
    # The refusals' keys are the database's own: after a rollback they go on from where they were.
    own = {key.attname} if model.__name__ == "Refusal" else set()
    names = [f.attname for f in model._meta.concrete_fields if f.attname not in SEALED | own]
    return model._base_manager.order_by("pk").values_list(*names).iterator()
