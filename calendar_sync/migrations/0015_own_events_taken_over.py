"""Own events that were changed at Google, in the history and in what is asked."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calendar_sync', '0014_meet_links'),
    ]

    operations = [
        migrations.AlterField(
            model_name='note',
            name='kind',
            field=models.CharField(choices=[('connected', 'Connected'), ('signed_in', 'Signed in to Google again'), ('chosen', 'Calendars chosen'), ('read', 'Busy times read'), ('failed', 'Not read'), ('written', 'Written to Google'), ('not_written', 'Not written to Google'), ('asked', 'Changed in Google, and waits for you'), ('proposed', 'Moved in Google, and proposed'), ('put_back', 'Changed in Google, and put back'), ('taken_over', 'Changed in Google, and taken over here'), ('overwritten', 'Changed in Google and here: what you changed here stands'), ('signed_out', 'Google refused the sign-in'), ('not_told', 'Google will not tell us of changes'), ('no_meet', 'Google made no Meet link for an appointment')], max_length=16),
        ),
        migrations.AlterField(
            model_name='writtenevent',
            name='edit',
            field=models.CharField(blank=True, choices=[('moved', 'Moved in Google'), ('deleted', 'Deleted in Google'), ('changed', 'Changed in Google')], max_length=8),
        ),
    ]
