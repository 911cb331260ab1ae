from django.db import migrations


def copy(apps, schema_editor):
    """Copy to the rows of people whether they have a calendar that is written to."""
    users = apps.get_model("accounts", "User").objects
    calendars = apps.get_model("calendar_sync", "GoogleCalendar").objects
    written_to = calendars.filter(is_written_to=True).exclude(connection__state="leaving")
    users.filter(pk__in=written_to.values("connection__user")).update(keeps_calendar=True)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_keeps_calendar"), ("calendar_sync", "0009_busy_times_of_customers")]
    operations = [migrations.RunPython(copy, migrations.RunPython.noop)]
