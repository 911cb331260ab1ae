"""History entries that name a new time which another one replaced."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0018_calendar_links'),
    ]

    operations = [
        migrations.AddField(
            model_name='appointmentevent',
            name='dropped_start',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
