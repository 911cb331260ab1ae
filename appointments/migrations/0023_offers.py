"""Times offered to customers, and the holds that keep them."""

import core.clock
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0022_last_calls'),
        ('providers', '0006_fill_no_show_limit'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Offer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('start', models.DateTimeField()),
                ('end', models.DateTimeField()),
                ('state', models.CharField(choices=[('open', 'Offered'), ('taken', 'Taken'), ('passed', 'Passed'), ('expired', 'Not taken in time'), ('withdrawn', 'Withdrawn')], default='open', max_length=9)),
                ('expires_at', models.DateTimeField(help_text='From then on it is open to everybody.')),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['start', 'id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='hold',
            name='hold_columns_of_its_kind',
        ),
        migrations.AlterField(
            model_name='hold',
            name='kind',
            field=models.CharField(choices=[('appointment', 'Appointment'), ('kept', 'Kept while somebody books'), ('proposal', 'Proposed time of an appointment'), ('offer', 'Time offered to a customer')], db_default='appointment', default='appointment', max_length=11),
        ),
        migrations.AddField(
            model_name='offer',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='offers', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='offer',
            name='instead_of',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='appointments.appointment'),
        ),
        migrations.AddField(
            model_name='offer',
            name='provider',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='providers.provider'),
        ),
        migrations.AddField(
            model_name='offer',
            name='service',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='providers.service'),
        ),
        migrations.AddField(
            model_name='offer',
            name='taken_as',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='taken_offer', to='appointments.appointment'),
        ),
        migrations.AddField(
            model_name='hold',
            name='offer',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='hold', to='appointments.offer'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('appointment__isnull', False), ('browser__isnull', True), ('expires_at__isnull', True), ('kind', 'appointment'), ('offer__isnull', True)), models.Q(('appointment__isnull', True), ('browser__isnull', False), ('expires_at__isnull', False), ('kind', 'kept'), ('offer__isnull', True)), models.Q(('appointment__isnull', False), ('browser__isnull', True), ('expires_at__isnull', False), ('kind', 'proposal'), ('offer__isnull', True)), models.Q(('appointment__isnull', True), ('browser__isnull', True), ('expires_at__isnull', False), ('kind', 'offer'), ('offer__isnull', False)), _connector='OR'), name='hold_columns_of_its_kind'),
        ),
        migrations.AddIndex(
            model_name='offer',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['expires_at'], name='offer_expires_at'),
        ),
        migrations.AddIndex(
            model_name='offer',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['provider', 'start'], name='offer_of_provider'),
        ),
        migrations.AddIndex(
            model_name='offer',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['customer'], name='offer_to_customer'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.UniqueConstraint(fields=('instead_of', 'start'), name='offer_once_instead_of_one'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.CheckConstraint(condition=models.Q(('end__gt', models.F('start'))), name='offer_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at__lte', models.F('start'))), name='offer_expires_before_start'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('closed_at__isnull', False)), _connector='OR'), name='offer_closed_has_closed_at'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'taken'), ('taken_as__isnull', False)), models.Q(models.Q(('state', 'taken'), _negated=True), ('taken_as__isnull', True)), _connector='OR'), name='offer_taken_as_an_appointment'),
        ),
    ]
