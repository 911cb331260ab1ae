from django.db import migrations
from django.db.models import Max, Min, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

BATCH = 5000


def fill(apps, schema_editor):
    """From the history, which has always been written. In batches by key, each a statement of its own."""
    using = schema_editor.connection.alias
    every = apps.get_model("appointments", "Appointment").objects.using(using)
    history = apps.get_model("appointments", "AppointmentEvent")._base_manager.using(using)
    declined = history.filter(appointment=OuterRef("pk"), to_status="declined").order_by("-at", "-id").values("role")[:1]
    ends = every.aggregate(first=Min("pk"), last=Max("pk"))
    for start in range(ends["first"] or 0, (ends["last"] or -1) + 1, BATCH):
        rows = every.filter(pk__gte=start, pk__lt=start + BATCH, status="declined", ended_by="")
        rows.update(ended_by=Coalesce(Subquery(declined), Value("provider")))


class Migration(migrations.Migration):
    """Who declined a request, for those that were declined before it was written on the appointment."""

    # Each batch stands by itself, and a second run goes on where the first one ended.
    atomic = False

    dependencies = [("appointments", "0016_who_declined")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
