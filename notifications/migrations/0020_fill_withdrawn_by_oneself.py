from django.db import migrations
from django.db.models import F


def fill(apps, schema_editor):
    """What customers were told of their withdrawn requests leaves the topic of providers. What they did themselves was
    read from the moment it was told."""
    told = apps.get_model("notifications", "InboxItem").objects.filter(kind="withdrawn", facts__to="customer")
    told.filter(read_at=F("told_at")).update(kind="taken_back", topic="receipts")
    told.update(kind="not_confirmed", topic="answers")


class Migration(migrations.Migration):

    dependencies = [("notifications", "0019_withdrawn_by_oneself")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
