import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def move_sessions(apps, schema_editor):
    """Move the sessions from Django's own table, which goes, so that nobody is signed out."""
    with schema_editor.connection.cursor() as cursor:
        tables = set(schema_editor.connection.introspection.table_names(cursor))
    if not {'django_session', 'usersessions_usersession'} <= tables:
        return
    schema_editor.execute(
        'INSERT INTO accounts_session (session_key, session_data, expire_date, person_id) '
        'SELECT django_session.session_key, session_data, expire_date, user_id FROM django_session '
        'LEFT JOIN usersessions_usersession ON usersessions_usersession.session_key = django_session.session_key'
    )
    schema_editor.execute('DROP TABLE django_session')


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_closed_accounts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Session',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('person', models.ForeignKey(db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'abstract': False,
            },
        ),
        migrations.RunPython(move_sessions, migrations.RunPython.noop),
    ]
