"""Each hold gets its kind, and each history entry that stands an occasion of its own."""

import uuid

from django.db import migrations

BATCH = 2000


def fill(apps, schema_editor):
    using = schema_editor.connection.alias
    apps.get_model("appointments", "Hold").objects.using(using).filter(browser__isnull=False).update(kind="kept")
    event = apps.get_model("appointments", "AppointmentEvent")
    rows = event._base_manager.using(using)
    while batch := list(rows.filter(occasion=None).order_by("pk")[:BATCH]):
        for row in batch:
            row.occasion = uuid.uuid4()
        rows.bulk_update(batch, ["occasion"], batch_size=200)


class Migration(migrations.Migration):
    dependencies = [("appointments", "0006_kinds_of_holds_and_occasions")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
