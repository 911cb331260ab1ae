from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("notifications", "0013_fill_topics_turned_off")]

    operations = [migrations.RemoveField(model_name="mailpreferences", name="off")]
