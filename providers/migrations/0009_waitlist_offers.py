"""How long a time is kept for somebody on a waitlist, and whether people are asked at night."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0008_requests_beyond_window'),
    ]

    operations = [
        migrations.AddField(
            model_name='bookingpolicy',
            name='waitlist_at_night',
            field=models.BooleanField(db_default=False, default=False, verbose_name='ask people on the waitlist at night, too'),
        ),
        migrations.AddField(
            model_name='bookingpolicy',
            name='waitlist_minutes',
            field=models.PositiveSmallIntegerField(db_default=30, default=30, validators=[django.core.validators.MinValueValidator(10), django.core.validators.MaxValueValidator(1440)], verbose_name='minutes for which a time is kept for somebody on the waitlist'),
        ),
    ]
