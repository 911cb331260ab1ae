from django.db import migrations


def fill(apps, schema_editor):
    """Give the usual limit to policies from before it applied: no form could set one until now."""
    apps.get_model("providers", "BookingPolicy").objects.filter(no_show_limit=None).update(no_show_limit=3)


class Migration(migrations.Migration):
    dependencies = [("providers", "0005_no_show_limit_and_blocks")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
