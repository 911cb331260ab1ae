"""Holds say of which kind they are, and history entries which act they belong to: columns that old code can leave out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("appointments", "0005_keepers_of_kept_times")]

    operations = [
        migrations.AddField(
            model_name="hold",
            name="kind",
            field=models.CharField(
                choices=[("appointment", "Appointment"), ("kept", "Kept while somebody books")],
                db_default="appointment",
                default="appointment",
                max_length=11,
            ),
        ),
        migrations.AddField(
            model_name="appointmentevent",
            name="occasion",
            field=models.UUIDField(editable=False, null=True),
        ),
    ]
