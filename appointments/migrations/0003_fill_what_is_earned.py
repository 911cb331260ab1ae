from decimal import Decimal

from django.conf import settings
from django.db import migrations
from django.db.models import DecimalField, ExpressionWrapper, F
from django.db.models.functions import Round

from core.money import minor_units

KEPT = ["completed", "no_show"]
OPEN = ["requested", "confirmed"]


def fill_what_is_earned(apps, schema_editor):
    """The provider kept the price of what took place, or should have; of all else that ended the price went back."""
    rows = apps.get_model("appointments", "Appointment").objects
    rows.filter(status__in=KEPT).update(refund=Decimal(0), fee_due=F("platform_fee"))
    rows.exclude(status__in=[*KEPT, *OPEN]).update(refund=F("price"), fee_due=Decimal(0))


def fill_rates(apps, schema_editor):
    """The rate is the one that is set where the fee is what that comes to; else what the fee is of the price."""
    rows = apps.get_model("appointments", "Appointment").objects
    percent = settings.PLATFORM_FEE_PERCENT
    derived = ExpressionWrapper(F("platform_fee") * 100 / F("price"), DecimalField(max_digits=12, decimal_places=3))
    rows.exclude(platform_fee=0).update(fee_percent=Round(derived, 3))
    for code in list(rows.order_by().values_list("currency", flat=True).distinct()):
        half = Decimal("0.5").scaleb(-minor_units(code))
        whole = ExpressionWrapper(F("price") * percent / 100, DecimalField(max_digits=15, decimal_places=6))
        near = rows.filter(currency=code).annotate(whole=whole)
        near.filter(platform_fee__gt=F("whole") - half, platform_fee__lte=F("whole") + half).update(fee_percent=percent)


class Migration(migrations.Migration):

    dependencies = [
        ("appointments", "0002_what_is_earned"),
    ]

    operations = [
        migrations.RunPython(fill_what_is_earned, migrations.RunPython.noop),
        migrations.RunPython(fill_rates, migrations.RunPython.noop),
    ]
