from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("appointments", "0008_require_kinds_and_occasions")]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="agreed_at",
            field=models.DateTimeField(blank=True, help_text="When it was confirmed, whatever came after.", null=True),
        ),
    ]
