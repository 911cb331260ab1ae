"""People's own events."""

import core.clock
import core.encryption
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0027_known_conflicts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OwnEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('title', core.encryption.EncryptedText(blank=True)),
                ('place', core.encryption.EncryptedText(blank=True)),
                ('description', core.encryption.EncryptedText(blank=True)),
                ('start', models.DateTimeField()),
                ('end', models.DateTimeField()),
                ('is_all_day', models.BooleanField(default=False)),
                ('is_free', models.BooleanField(default=False, help_text='Takes no time: it can be booked.')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('changed_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='own_events', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'own event',
                'indexes': [models.Index(fields=['user', 'end'], name='own_event_user_end')],
                'constraints': [models.CheckConstraint(condition=models.Q(('end__gt', models.F('start'))), name='own_event_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(('version__gte', 1)), name='own_event_has_a_version')],
            },
        ),
    ]
