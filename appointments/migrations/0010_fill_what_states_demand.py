from django.db import migrations
from django.db.models import F, Max, Min, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

BATCH = 5000


def fill(apps, schema_editor):
    """From the history, which has always been written; where a row has none, from what else it says.

    In batches by key, each a statement of its own: a million rows at once take longer than a statement may.
    """
    using = schema_editor.connection.alias
    every = apps.get_model("appointments", "Appointment").objects.using(using)
    history = apps.get_model("appointments", "AppointmentEvent")._base_manager.using(using)
    theirs = history.filter(appointment=OuterRef("pk"))
    agreed = theirs.filter(to_status="confirmed").order_by("at", "id").values("at")[:1]
    reached = theirs.filter(to_status=OuterRef("status")).order_by("at", "id").values("at")[:1]
    ended_by = theirs.filter(to_status="cancelled").order_by("-at", "-id").values("role")[:1]

    was_agreed = Q(status__in=["confirmed", "completed", "no_show"]) | Q(status="cancelled", was_withdrawn=False)
    ends = every.aggregate(first=Min("pk"), last=Max("pk"))
    for start in range(ends["first"] or 0, (ends["last"] or -1) + 1, BATCH):
        rows = every.filter(pk__gte=start, pk__lt=start + BATCH)
        rows.filter(was_agreed, agreed_at=None).update(agreed_at=Coalesce(Subquery(agreed), F("created_at")))
        rows.filter(status="requested", answer_by=None).update(answer_by=F("start"))
        took_place = rows.filter(status__in=["completed", "no_show"], closed_at=None)
        took_place.update(closed_at=Coalesce(Subquery(reached), F("end")))
        came_to_nothing = rows.filter(status__in=["declined", "cancelled", "expired"], closed_at=None)
        came_to_nothing.update(closed_at=Coalesce(Subquery(reached), F("created_at")))
        rows.filter(status="cancelled", ended_by="").update(ended_by=Coalesce(Subquery(ended_by), Value("system")))


class Migration(migrations.Migration):
    """What each state demands of the fields beside it, for rows that are older than the constraints."""

    # Each batch stands by itself, and a second run goes on where the first one ended.
    atomic = False

    dependencies = [("appointments", "0009_agreed_at")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
