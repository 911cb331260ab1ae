from django.db import migrations


def fill(apps, schema_editor):
    """Each topic of the old list, as a row for mail."""
    preferences = apps.get_model("notifications", "MailPreferences")
    turned_off = apps.get_model("notifications", "TurnedOff")
    for pk, topics in preferences.objects.exclude(off=[]).values_list("pk", "off").iterator():
        rows = [turned_off(preferences_id=pk, channel="email", topic=topic) for topic in sorted(set(topics))]
        turned_off.objects.bulk_create(rows, ignore_conflicts=True)


def empty(apps, schema_editor):
    """The rows for mail, as the old list; what is chosen for other channels has no place there."""
    turned_off = apps.get_model("notifications", "TurnedOff")
    preferences = apps.get_model("notifications", "MailPreferences")
    lists = {}
    for pk, topic in turned_off.objects.filter(channel="email").order_by("topic").values_list("preferences", "topic"):
        lists.setdefault(pk, []).append(topic)
    for pk, topics in lists.items():
        preferences.objects.filter(pk=pk).update(off=topics)


class Migration(migrations.Migration):

    dependencies = [("notifications", "0012_channels_and_quiet_hours")]

    operations = [migrations.RunPython(fill, empty)]
