"""A ledger with two logs of looks has one after its migration, and its old entries can be read there."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from fangxian.access import audit
from fangxian.access.models import Event
from fangxian.kernel.changes import recording

from .conftest import at

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("access", "0001_initial"), ("registry", "0003_disclosures_and_reminders")]


def test_what_the_registry_had_written_down_stands_in_the_one_log(other_home: object) -> None:
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes()
    executor.migrate(BEFORE)
    try:
        old = executor.loader.project_state(BEFORE).apps
        with recording("registry.disclose", by="officer", now=at(3)) as change:
            person = old.get_model("registry", "Person").objects.create(
                id=1, surrogate=1, recorded=change.position
            )
            change.append(
                old.get_model("registry", "Disclosure"),
                ("person_id", "field", "purpose"),
                [(person.pk, "name", "二次核实"), (person.pk, "phone", "二次核实")],
            )
    finally:
        MigrationExecutor(connection).migrate(latest)
    looks = list(Event.objects.order_by("pk"))
    assert [(e.actor, e.at, e.what, e.classes, e.subject) for e in looks] == [
        ("officer", at(3), "read", "B", "person:1"),
        ("officer", at(3), "read", "C", "person:1"),
    ]
    assert looks[1].detail == {"purpose": "二次核实", "fields": "phone", "position": change.position}
    audit.seal(moment=at(4))
    assert audit.check(moment=at(4)).faults == ()
