"""Mails about a new time have kinds of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0007_standing'),
    ]

    operations = [
        migrations.AlterField(
            model_name='sentmail',
            name='kind',
            field=models.CharField(choices=[('request_sent', 'Request'), ('answer_needed', 'Request to answer'), ('confirmed', 'Confirmation'), ('not_confirmed', 'Answer'), ('withdrawn', 'Withdrawal'), ('cancelled', 'Cancellation'), ('time_proposed', 'New time to answer'), ('rescheduled', 'New time'), ('time_kept', 'Original time stays'), ('changes', 'Several changes'), ('link', 'New link'), ('account', 'Sign-up, code or reset'), ('security', 'Security of the account'), ('suspension', 'Suspension'), ('standing', 'Standing')], max_length=20),
        ),
    ]
