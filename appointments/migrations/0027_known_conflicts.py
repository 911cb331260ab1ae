"""The conflicts with connected calendars that providers know of."""

import core.clock
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0026_waitlist'),
        ('calendar_sync', '0008_free_by_choice'),
    ]

    operations = [
        migrations.CreateModel(
            name='KnownConflict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.CharField(max_length=1100)),
                ('start', models.DateTimeField()),
                ('end', models.DateTimeField()),
                ('busy_from', models.DateTimeField()),
                ('busy_until', models.DateTimeField()),
                ('known_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('kept_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('appointment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='known_conflicts', to='appointments.appointment')),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='known_conflicts', to='calendar_sync.googlecalendar')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('appointment', 'calendar', 'event_id'), name='known_conflict_once'), models.CheckConstraint(condition=models.Q(('end__gt', models.F('start'))), name='known_conflict_ends_after_start'), models.CheckConstraint(condition=models.Q(('busy_until__gt', models.F('busy_from'))), name='known_conflict_busy_has_length')],
            },
        ),
    ]
