from django.db import migrations
from django.db.models import Exists, OuterRef


def mark_withdrawn(apps, schema_editor):
    events = apps.get_model("appointments", "AppointmentEvent").objects.filter(
        appointment=OuterRef("pk"), verb="withdraw"
    )
    apps.get_model("appointments", "Appointment").objects.filter(Exists(events), status="cancelled").update(
        was_withdrawn=True
    )


class Migration(migrations.Migration):
    """Requests taken back before the column was there."""

    dependencies = [("appointments", "0003_venue_and_withdrawn")]

    operations = [migrations.RunPython(mark_withdrawn, migrations.RunPython.noop)]
