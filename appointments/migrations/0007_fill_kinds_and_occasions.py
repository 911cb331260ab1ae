"""Each hold gets its kind, and each history entry that stands an occasion of its own."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import migrations
from django.db.models import Max, Min

BATCH = 5000


def fill(apps, schema_editor):
    connection = schema_editor.connection
    apps.get_model("appointments", "Hold").objects.using(connection.alias).filter(browser__isnull=False).update(kind="kept")
    every = apps.get_model("appointments", "AppointmentEvent")._base_manager.using(connection.alias)
    ends = every.aggregate(first=Min("pk"), last=Max("pk"))
    for start in range(ends["first"] or 0, (ends["last"] or -1) + 1, BATCH):
        rows = every.filter(pk__gte=start, pk__lt=start + BATCH, occasion=None)
        if connection.vendor == "postgresql":
            rows.update(occasion=RandomUUID())
            continue
        batch = list(rows)
        for row in batch:
            row.occasion = uuid.uuid4()
        every.bulk_update(batch, ["occasion"], batch_size=200)


class Migration(migrations.Migration):
    # Each batch stands by itself, and a second run goes on where the first one ended.
    atomic = False

    dependencies = [("appointments", "0006_kinds_of_holds_and_occasions")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
