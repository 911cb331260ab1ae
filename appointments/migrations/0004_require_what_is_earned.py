import django.db.models.expressions
import django.db.models.functions.math
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0003_fill_what_is_earned'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('refund', None), models.Q(('refund__gte', 0), ('refund__lte', models.F('price'))), _connector='OR'), name='appointment_refund_within_price'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('fee_due', None), models.Q(('fee_due__gte', 0), ('fee_due__lte', django.db.models.functions.math.Round(django.db.models.expressions.CombinedExpression(models.F('price'), '-', models.F('refund')), 3))), _connector='OR'), name='appointment_fee_due_within_kept'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['confirmed', 'requested']), models.Q(('fee_due__isnull', False), ('refund__isnull', False)), _connector='OR'), name='appointment_ended_is_settled'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['confirmed', 'requested']), _negated=True), models.Q(('fee_due', None), ('refund', None)), _connector='OR'), name='appointment_open_is_not_settled'),
        ),
    ]
