from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("notifications", "0016_waitlist")]

    operations = [
        migrations.AddField(
            model_name="mailpreferences",
            name="much",
            field=models.CharField(
                choices=[
                    ("all", "Everything"),
                    ("needed", "Only what needs me"),
                    ("essential", "Nothing but essentials"),
                    ("own", "My own choice"),
                ],
                db_default="own",
                default="own",
                help_text="Under which name.",
                max_length=9,
                verbose_name="how much",
            ),
        ),
        migrations.AddField(
            model_name="sentmail",
            name="handed_over_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When it was first handed to the mail server, which is the date of the mail.",
                null=True,
            ),
        ),
    ]
