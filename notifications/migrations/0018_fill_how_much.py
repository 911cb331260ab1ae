from django.db import migrations

# The topics of the page as it was when only what is off was kept.
TOPICS = {"appointments", "new_times", "reminders", "answers", "requests", "receipts"}


def fill(apps, schema_editor):
    """The name of what each person chose, where they chose one: what they see on the site is all on under each."""
    preferences = apps.get_model("notifications", "MailPreferences")
    turned_off = apps.get_model("notifications", "TurnedOff")
    off = {}
    for pk, channel, topic in turned_off.objects.order_by().values_list("preferences", "channel", "topic"):
        off.setdefault(pk, set()).add((channel, topic))
    names = {"all": [], "needed": [], "essential": []}
    for pk in preferences.objects.values_list("pk", flat=True):
        chosen = off.get(pk, set())
        by_mail = {topic for channel, topic in chosen if channel == "email"}
        if any(channel == "inbox" for channel, _ in chosen):
            continue
        if by_mail >= TOPICS:
            names["essential"].append(pk)
        elif by_mail == {"receipts"}:
            names["needed"].append(pk)
        elif not chosen:
            names["all"].append(pk)
    for name, keys in names.items():
        for first in range(0, len(keys), 500):
            preferences.objects.filter(pk__in=keys[first : first + 500]).update(much=name)


class Migration(migrations.Migration):

    dependencies = [("notifications", "0017_how_much")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
