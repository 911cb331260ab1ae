from django.db import migrations


def read_whole(apps, schema_editor):
    """Have calendars read whole once more: changes never tell of the free events that were there before."""
    apps.get_model("calendar_sync", "GoogleCalendar").objects.filter(counts_as_busy=True).update(sync_token="")


class Migration(migrations.Migration):
    dependencies = [("calendar_sync", "0012_free_events")]
    operations = [migrations.RunPython(read_whole, migrations.RunPython.noop)]
