from django.db import migrations


def forget(apps, schema_editor):
    """Delete the search's index, which the worker makes anew within minutes, with what the new columns hold."""
    apps.get_model("appointments", "OpenDay").objects.all().delete()
    apps.get_model("appointments", "OpeningIndex").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("appointments", "0012_search_in_order")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
