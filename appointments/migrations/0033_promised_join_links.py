from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0032_deleted_own_events'),
    ]

    operations = [
        migrations.AddField(
            model_name='appointment',
            name='link_promised_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
