
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0024_will_come'),
        ('providers', '0007_series_allowed'),
    ]

    operations = [
        migrations.CreateModel(
            name='Digest',
            fields=[
                ('provider', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='digest', serialize=False, to='providers.provider')),
                ('minute', models.PositiveSmallIntegerField(default=1080, help_text='Minutes after midnight, on their clocks.')),
                ('also_empty', models.BooleanField(default=False, help_text='Also before a day on which nothing is booked.')),
                ('told', models.DateField(blank=True, editable=False, help_text='The day told last.', null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('minute__gte', 720), ('minute__lte', 1320)), name='digest_in_the_evening')],
            },
        ),
    ]
