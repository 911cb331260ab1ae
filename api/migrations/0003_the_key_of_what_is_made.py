import uuid

from django.db import migrations, models


def forget(apps, schema_editor):
    """Forget the requests of the last day, so that each row to come has a uuid of its own."""
    apps.get_model("api", "OnceRequest").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("api", "0002_wishes_for_a_page")]

    operations = [
        migrations.RunPython(forget, migrations.RunPython.noop),
        migrations.AddField(
            model_name="oncerequest",
            name="uuid",
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
    ]
