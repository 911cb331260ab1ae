"""Every hold sets the columns of its kind and no others, and every history entry has its occasion."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("appointments", "0007_fill_kinds_and_occasions")]

    operations = [
        migrations.AlterField(
            model_name="appointmentevent",
            name="occasion",
            field=models.UUIDField(default=uuid.uuid4, editable=False),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("appointment__isnull", False),
                        ("browser__isnull", True),
                        ("expires_at__isnull", True),
                        ("kind", "appointment"),
                    ),
                    models.Q(
                        ("appointment__isnull", True),
                        ("browser__isnull", False),
                        ("expires_at__isnull", False),
                        ("kind", "kept"),
                    ),
                    _connector="OR",
                ),
                name="hold_columns_of_its_kind",
            ),
        ),
        migrations.RemoveConstraint(model_name="hold", name="hold_has_one_reason"),
    ]
