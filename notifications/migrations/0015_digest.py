
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0014_remove_off'),
    ]

    operations = [
        migrations.AlterField(
            model_name='inboxitem',
            name='kind',
            field=models.CharField(choices=[('request_sent', 'Request'), ('answer_needed', 'Request to answer'), ('confirmed', 'Confirmation'), ('not_confirmed', 'Answer'), ('withdrawn', 'Withdrawal'), ('cancelled', 'Cancellation'), ('time_proposed', 'New time to answer'), ('rescheduled', 'New time'), ('time_kept', 'Original time stays'), ('offer_withdrawn', 'Times no longer offered'), ('changes', 'Several changes'), ('link', 'New link'), ('account', 'Sign-up, code or reset'), ('security', 'Security of the account'), ('suspension', 'Suspension'), ('standing', 'Standing'), ('reminder', 'Reminder'), ('digest', 'Evening digest')], max_length=20),
        ),
        migrations.AlterField(
            model_name='inboxitem',
            name='topic',
            field=models.CharField(blank=True, choices=[('appointments', 'Confirmed, changed, cancelled'), ('new_times', 'A new time to answer'), ('reminders', 'Reminders'), ('answers', 'Requests not confirmed'), ('requests', 'Requests to answer'), ('receipts', 'What you did yourself'), ('digest', 'Your next day, the evening before')], max_length=20),
        ),
        migrations.AlterField(
            model_name='sentmail',
            name='kind',
            field=models.CharField(choices=[('request_sent', 'Request'), ('answer_needed', 'Request to answer'), ('confirmed', 'Confirmation'), ('not_confirmed', 'Answer'), ('withdrawn', 'Withdrawal'), ('cancelled', 'Cancellation'), ('time_proposed', 'New time to answer'), ('rescheduled', 'New time'), ('time_kept', 'Original time stays'), ('offer_withdrawn', 'Times no longer offered'), ('changes', 'Several changes'), ('link', 'New link'), ('account', 'Sign-up, code or reset'), ('security', 'Security of the account'), ('suspension', 'Suspension'), ('standing', 'Standing'), ('reminder', 'Reminder'), ('digest', 'Evening digest')], max_length=20),
        ),
        migrations.AlterField(
            model_name='turnedoff',
            name='topic',
            field=models.CharField(choices=[('appointments', 'Confirmed, changed, cancelled'), ('new_times', 'A new time to answer'), ('reminders', 'Reminders'), ('answers', 'Requests not confirmed'), ('requests', 'Requests to answer'), ('receipts', 'What you did yourself'), ('digest', 'Your next day, the evening before')], max_length=20),
        ),
        migrations.AlterField(
            model_name='unsubscribelink',
            name='topic',
            field=models.CharField(choices=[('appointments', 'Confirmed, changed, cancelled'), ('new_times', 'A new time to answer'), ('reminders', 'Reminders'), ('answers', 'Requests not confirmed'), ('requests', 'Requests to answer'), ('receipts', 'What you did yourself'), ('digest', 'Your next day, the evening before')], max_length=20),
        ),
    ]
