from django.db import migrations
from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce


def fill(apps, schema_editor):
    """From the history, which has always been written; where a row has none, from what else it says."""
    rows = apps.get_model("appointments", "Appointment").objects
    history = apps.get_model("appointments", "AppointmentEvent").objects.filter(appointment=OuterRef("pk"))
    agreed = history.filter(to_status="confirmed").order_by("at", "id").values("at")[:1]
    reached = history.filter(to_status=OuterRef("status")).order_by("at", "id").values("at")[:1]
    ended_by = history.filter(to_status="cancelled").order_by("-at", "-id").values("role")[:1]

    was_agreed = Q(status__in=["confirmed", "completed", "no_show"]) | Q(status="cancelled", was_withdrawn=False)
    rows.filter(was_agreed, agreed_at=None).update(agreed_at=Coalesce(Subquery(agreed), F("created_at")))
    rows.filter(status="requested", answer_by=None).update(answer_by=F("start"))
    took_place = rows.filter(status__in=["completed", "no_show"], closed_at=None)
    took_place.update(closed_at=Coalesce(Subquery(reached), F("end")))
    came_to_nothing = rows.filter(status__in=["declined", "cancelled", "expired"], closed_at=None)
    came_to_nothing.update(closed_at=Coalesce(Subquery(reached), F("created_at")))
    rows.filter(status="cancelled", ended_by="").update(ended_by=Coalesce(Subquery(ended_by), Value("system")))


class Migration(migrations.Migration):
    """What each state demands of the fields beside it, for rows that are older than the constraints."""

    dependencies = [("appointments", "0009_agreed_at")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
