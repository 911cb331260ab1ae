"""History entries that name a new time which another one replaced."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0017_fill_who_declined'),
    ]

    operations = [
        migrations.AddField(
            model_name='appointmentevent',
            name='dropped_start',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
