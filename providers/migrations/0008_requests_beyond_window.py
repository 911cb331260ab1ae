from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("providers", "0007_series_allowed"),
    ]

    operations = [
        migrations.AddField(
            model_name="service",
            name="requests_beyond_window",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Whether dates of a series beyond the booking window may be requested.",
            ),
        ),
    ]
