
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0023_offers'),
    ]

    operations = [
        migrations.AddField(
            model_name='appointment',
            name='will_come_at',
            field=models.DateTimeField(blank=True, help_text='The start for which the customer said that they will come.', null=True),
        ),
        migrations.AlterField(
            model_name='appointmentevent',
            name='verb',
            field=models.CharField(choices=[('request', 'Requested'), ('book', 'Booked'), ('accept', 'Accepted'), ('decline', 'Declined'), ('withdraw', 'Withdrawn'), ('cancel', 'Cancelled'), ('expire', 'Expired'), ('complete', 'Completed'), ('no_show', 'Marked as no-show'), ('correct', 'Corrected'), ('propose', 'New time proposed'), ('move', 'Rescheduled'), ('decline_time', 'New time declined'), ('withdraw_time', 'New time withdrawn'), ('lapse', 'New time not answered'), ('come', 'Will come')], max_length=16),
        ),
    ]
