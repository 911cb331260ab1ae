"""Proposals of new times, the holds that keep them, and history entries that name a new time."""

import core.clock
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0014_late_cancellations'),
        ('providers', '0003_shares_per_customer'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('by', models.CharField(choices=[('customer', 'Customer'), ('provider', 'Provider'), ('staff', 'Staff'), ('system', 'System')], max_length=8)),
                ('old_start', models.DateTimeField(help_text="The appointment's start when this was proposed.")),
                ('start', models.DateTimeField()),
                ('end', models.DateTimeField()),
                ('message', models.CharField(blank=True, help_text='To the other side.', max_length=500)),
                ('answer_by', models.DateTimeField(help_text='When it lapses without an answer.')),
                ('state', models.CharField(choices=[('open', 'Waits for an answer'), ('accepted', 'Accepted'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn'), ('lapsed', 'Not answered in time'), ('replaced', 'Replaced by another one'), ('ended', 'Overtaken by a change of the appointment')], default='open', max_length=9)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='hold',
            name='hold_columns_of_its_kind',
        ),
        migrations.AddField(
            model_name='appointmentevent',
            name='to_start',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='appointmentevent',
            name='verb',
            field=models.CharField(choices=[('request', 'Requested'), ('book', 'Booked'), ('accept', 'Accepted'), ('decline', 'Declined'), ('withdraw', 'Withdrawn'), ('cancel', 'Cancelled'), ('expire', 'Expired'), ('complete', 'Completed'), ('no_show', 'Marked as no-show'), ('correct', 'Corrected'), ('propose', 'New time proposed'), ('move', 'Rescheduled'), ('decline_time', 'New time declined'), ('withdraw_time', 'New time withdrawn'), ('lapse', 'New time not answered')], max_length=16),
        ),
        migrations.AlterField(
            model_name='hold',
            name='kind',
            field=models.CharField(choices=[('appointment', 'Appointment'), ('kept', 'Kept while somebody books'), ('proposal', 'Proposed time of an appointment')], db_default='appointment', default='appointment', max_length=11),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('appointment__isnull', False), ('browser__isnull', True), ('expires_at__isnull', True), ('kind', 'appointment')), models.Q(('appointment__isnull', True), ('browser__isnull', False), ('expires_at__isnull', False), ('kind', 'kept')), models.Q(('appointment__isnull', False), ('browser__isnull', True), ('expires_at__isnull', False), ('kind', 'proposal')), _connector='OR'), name='hold_columns_of_its_kind'),
        ),
        migrations.AddField(
            model_name='proposal',
            name='actor',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='proposal',
            name='appointment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='appointments.appointment'),
        ),
        migrations.AddField(
            model_name='appointmentevent',
            name='proposal',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='appointments.proposal'),
        ),
        migrations.AddIndex(
            model_name='proposal',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['answer_by'], name='proposal_answer_by'),
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('appointment',), name='proposal_one_open'),
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.CheckConstraint(condition=models.Q(('end__gt', models.F('start'))), name='proposal_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.CheckConstraint(condition=models.Q(('start', models.F('old_start')), _negated=True), name='proposal_is_another_time'),
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.CheckConstraint(condition=models.Q(('answer_by__lte', models.F('start')), ('answer_by__lte', models.F('old_start'))), name='proposal_answered_before_both'),
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('closed_at__isnull', False)), _connector='OR'), name='proposal_closed_has_closed_at'),
        ),
    ]
