"""The registry keeps no log of looks of its own: what it had stands in the one log (access 0002)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0003_disclosures_and_reminders"),
        ("access", "0002_one_log_of_looks"),
    ]

    operations = [migrations.DeleteModel(name="Disclosure")]
