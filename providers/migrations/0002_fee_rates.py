import core.clock
import core.text
import django.core.validators
import django.db.models.deletion
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0001_first_release'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='provider',
            name='fee_rates',
            field=models.JSONField(blank=True, db_default=[], default=list, editable=False),
        ),
        migrations.CreateModel(
            name='FeeRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('percent', models.DecimalField(blank=True, decimal_places=3, help_text="Of each price. Empty: the platform's usual one.", max_digits=6, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0')), django.core.validators.MaxValueValidator(Decimal('100'))])),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('reason', models.TextField(max_length=500, validators=[core.text.validate_text])),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False, verbose_name='set at')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('withdrawn_reason', models.TextField(blank=True, max_length=500)),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='providers.provider')),
                ('set_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('withdrawn_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'fee of a provider',
                'verbose_name_plural': 'fees of providers',
                'ordering': ['-starts_at', '-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('provider', 'starts_at'), name='fee_rate_one_at_a_time'), models.CheckConstraint(condition=models.Q(('percent', None), models.Q(('percent__gte', 0), ('percent__lte', 100)), _connector='OR'), name='fee_rate_is_a_percentage'), models.CheckConstraint(condition=models.Q(models.Q(('withdrawn_at', None), ('withdrawn_by', None)), models.Q(('withdrawn_at__isnull', False), ('withdrawn_at__lt', models.F('starts_at')), ('withdrawn_by__isnull', False)), _connector='OR'), name='fee_rate_withdrawn_before_it_counts')],
            },
        ),
    ]
