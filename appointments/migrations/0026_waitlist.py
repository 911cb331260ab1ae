"""Places on waitlists, and the offers that are made to them."""

import core.clock
import core.text
import django.core.validators
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0025_digest'),
        ('providers', '0009_waitlist_offers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='WaitlistPlace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('first_on', models.DateField()),
                ('last_on', models.DateField()),
                ('weekdays', models.PositiveSmallIntegerField(default=127, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(127)])),
                ('parts', models.PositiveSmallIntegerField(default=7, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(7)])),
                ('time_zone', models.CharField(max_length=64, validators=[core.clock.validate_zone])),
                ('venue', models.CharField(blank=True, choices=[('in_person', 'In person'), ('online', 'Online')], default='', help_text='Empty: either.', max_length=9)),
                ('state', models.CharField(choices=[('waiting', 'On the waitlist'), ('booked', 'Booked'), ('left', 'Left'), ('removed', 'Removed by the provider'), ('over', 'Over'), ('lapsed', 'Ended')], default='waiting', max_length=7)),
                ('reason', models.CharField(blank=True, default='', help_text='Why the provider removed it.', max_length=200, validators=[core.text.validate_line])),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='offer',
            name='offer_taken_as_an_appointment',
        ),
        migrations.AddField(
            model_name='offer',
            name='by_hand',
            field=models.BooleanField(db_default=False, default=False, help_text='Whether the provider chose the customer for it.'),
        ),
        migrations.AddField(
            model_name='offer',
            name='token_hash',
            field=models.CharField(blank=True, editable=False, max_length=64, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name='offer',
            name='instead_of',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='appointments.appointment'),
        ),
        migrations.AddField(
            model_name='waitlistplace',
            name='appointment',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='waitlist_places', to='appointments.appointment'),
        ),
        migrations.AddField(
            model_name='waitlistplace',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='waitlist_places', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='waitlistplace',
            name='provider',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='waitlist_places', to='providers.provider'),
        ),
        migrations.AddField(
            model_name='waitlistplace',
            name='service',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='waitlist_places', to='providers.service'),
        ),
        migrations.AddField(
            model_name='offer',
            name='place',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='appointments.waitlistplace'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('place',), name='offer_one_open_for_a_place'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('instead_of__isnull', False), ('place__isnull', True)), models.Q(('instead_of__isnull', True), ('place__isnull', False)), _connector='OR'), name='offer_for_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'taken'), models.Q(('taken_as__isnull', False), ('place__isnull', False), _connector='OR')), models.Q(models.Q(('state', 'taken'), _negated=True), ('taken_as__isnull', True)), _connector='OR'), name='offer_taken_as_an_appointment'),
        ),
        migrations.AddIndex(
            model_name='waitlistplace',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['provider', 'id'], name='place_of_provider'),
        ),
        migrations.AddIndex(
            model_name='waitlistplace',
            index=models.Index(fields=['customer', '-id'], name='place_of_customer'),
        ),
        migrations.AddConstraint(
            model_name='waitlistplace',
            constraint=models.UniqueConstraint(condition=models.Q(('appointment', None), ('state', 'waiting')), fields=('customer', 'service'), name='place_once_for_service'),
        ),
        migrations.AddConstraint(
            model_name='waitlistplace',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('appointment',), name='place_once_for_appointment'),
        ),
        migrations.AddConstraint(
            model_name='waitlistplace',
            constraint=models.CheckConstraint(condition=models.Q(('last_on__gte', models.F('first_on'))), name='place_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='waitlistplace',
            constraint=models.CheckConstraint(condition=models.Q(('parts__gte', 1), ('parts__lte', 7), ('weekdays__gte', 1), ('weekdays__lte', 127)), name='place_wants_a_day_and_a_part'),
        ),
        migrations.AddConstraint(
            model_name='waitlistplace',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('closed_at__isnull', False)), _connector='OR'), name='place_closed_has_closed_at'),
        ),
    ]
