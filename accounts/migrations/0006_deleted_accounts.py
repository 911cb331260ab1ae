import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_copies_of_data")]

    operations = [
        migrations.AddField("user", "leaves_at", models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.RemoveIndex("user", "user_takes_no_part"),
        migrations.AddIndex(
            "user",
            models.Index(
                condition=~Q(is_active=True, banned_at=None, leaves_at=None), fields=["id"], name="user_takes_no_part"
            ),
        ),
        migrations.CreateModel(
            name="Departure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField()),
                ("erase_at", models.DateTimeField()),
                ("step", models.CharField(blank=True, max_length=60)),
                ("erased_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="departure",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(erase_at__gt=F("asked_at")), name="departure_leaves_time_to_stay"
                    )
                ]
            },
        ),
    ]
