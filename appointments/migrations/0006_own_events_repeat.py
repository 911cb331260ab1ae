import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0005_entered_by_provider"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="ownevent",
            name="occurrence",
            field=models.PositiveSmallIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.CreateModel(
            name="OwnRecurrence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "frequency",
                    models.CharField(
                        choices=[
                            ("daily", "Every day"),
                            ("weekly", "Every week"),
                            ("fortnightly", "Every 2 weeks"),
                            ("month_date", "Every month, on the same date"),
                            ("month_weekday", "Every month, on the same weekday"),
                            ("month_last", "Every month, on its last such weekday"),
                        ],
                        max_length=13,
                    ),
                ),
                ("first", models.DateTimeField(help_text="The start of the first date by the rule.")),
                ("time_zone", models.CharField(max_length=64)),
                ("count", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("until", models.DateField(blank=True, help_text="The last date, included.", null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="own_recurrences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "repetition of own events",
                "verbose_name_plural": "repetitions of own events",
            },
        ),
        migrations.AddField(
            model_name="ownevent",
            name="recurrence",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="events",
                to="appointments.ownrecurrence",
            ),
        ),
        migrations.AddConstraint(
            model_name="ownevent",
            constraint=models.UniqueConstraint(fields=("recurrence", "occurrence"), name="own_event_one_for_each_date"),
        ),
        migrations.AddConstraint(
            model_name="ownrecurrence",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("count__gte", 1), ("until__isnull", True)),
                    models.Q(("count__isnull", True), ("until__isnull", False)),
                    _connector="OR",
                ),
                name="own_recurrence_ends_by_count_or_date",
            ),
        ),
    ]
