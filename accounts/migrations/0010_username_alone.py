import django.core.validators
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0009_keeps_calendar'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='wanted_username',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
        migrations.AlterField(
            model_name='user',
            name='email',
            field=models.EmailField(blank=True, max_length=254, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name='user',
            name='username',
            field=models.CharField(blank=True, help_text='For programs only.', max_length=40, null=True, unique=True, validators=[django.core.validators.RegexValidator('\\A[a-z0-9._+-]*\\Z', 'Use 3 to 40 of the letters a to z, digits, dots, and the characters _ + -.'), django.core.validators.MinLengthValidator(3, 'Use 3 to 40 of the letters a to z, digits, dots, and the characters _ + -.')]),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('email', ''), _negated=True), name='user_email_is_not_blank'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('username', django.db.models.functions.text.Lower('username'))), name='user_username_is_lower_case'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('username', ''), _negated=True), name='user_username_is_not_blank'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('email__isnull', False), ('username__isnull', False), _connector='OR'), name='user_has_email_or_username'),
        ),
    ]
