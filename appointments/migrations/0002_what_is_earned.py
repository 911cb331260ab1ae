from decimal import Decimal

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0001_first_release'),
        ('providers', '0002_fee_rates'),
    ]

    operations = [
        migrations.AddField(
            model_name='appointment',
            name='fee_due',
            field=models.DecimalField(blank=True, decimal_places=3, help_text='The fee on what is not refunded.', max_digits=12, null=True),
        ),
        migrations.AddField(
            model_name='appointment',
            name='fee_percent',
            field=models.DecimalField(db_default=Decimal('0'), decimal_places=3, default=Decimal('0'), max_digits=6),
        ),
        migrations.AddField(
            model_name='appointment',
            name='refund',
            field=models.DecimalField(blank=True, decimal_places=3, help_text="What of the price is the customer's again.", max_digits=12, null=True),
        ),
    ]
