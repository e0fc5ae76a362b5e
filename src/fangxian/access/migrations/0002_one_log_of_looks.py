"""There is one log of what was seen: the looks that the registry kept become events of it, in their order, with
what they were for; the next seal takes them."""

from django.db import migrations

FIELDS = {"name": "B", "phone": "C", "id_number": "D"}


def take_over(apps, schema_editor):
    Disclosure = apps.get_model("registry", "Disclosure")
    Change = apps.get_model("kernel", "Change")
    Event = apps.get_model("access", "Event")
    rows = Disclosure.objects.order_by("pk")
    changes = Change.objects.filter(position__in=rows.values("recorded"))
    told = {pk: (at, by) for pk, at, by in changes.values_list("position", "at", "by")}
    events = []
    for row in rows.iterator(2_000):
        at, by = told[row.recorded]
        events.append(
            Event(
                at=at,
                actor=by[:80],
                what="read",
                route="",
                classes=FIELDS.get(row.field, "F"),
                unit="",
                subject=f"person:{row.person_id}",
                detail={"purpose": row.purpose, "fields": row.field, "position": row.recorded},
            )
        )
    Event.objects.bulk_create(events, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0001_initial"),
        ("kernel", "0001_initial"),
        ("registry", "0003_disclosures_and_reminders"),
    ]

    operations = [migrations.RunPython(take_over, migrations.RunPython.noop)]
