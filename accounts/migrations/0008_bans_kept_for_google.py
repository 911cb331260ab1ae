import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_kept_bans'),
    ]

    operations = [
        migrations.AlterField(
            model_name='keptban',
            name='ban',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='kept', to='accounts.ban'),
        ),
        migrations.AlterField(
            model_name='keptban',
            name='kind',
            field=models.CharField(choices=[('email', 'Email address'), ('google', 'Google account')], max_length=8),
        ),
    ]
