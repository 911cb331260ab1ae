"""The provider's word that an event takes none of their time."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calendar_sync', '0007_removing_events'),
    ]

    operations = [
        migrations.AddField(
            model_name='busyinterval',
            name='is_free_by_choice',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
