"""The demo's keys: two of the first provider, of whose texts nobody knows more than the beginning."""

from datetime import timedelta

from api import keys
from api.models import ApiKey, Scope
from core import clock
from core.demo import Size
from providers.models import Provider

NAMES = {
    "Clinic website": (Scope.APPOINTMENTS_READ, Scope.APPOINTMENTS_WRITE),
    "Till": (Scope.APPOINTMENTS_READ,),
}


def is_seeded() -> bool:
    return ApiKey.objects.filter(name__in=NAMES).exists()


def seed(size: Size) -> None:
    """Make two keys for the provider who joined first, one of them used today."""
    now = clock.now()
    person = Provider.objects.select_related("user").order_by("pk")[0].user
    for number, (name, scopes) in enumerate(NAMES.items()):
        made, _ = keys.make_key(person=person, name=name, scopes=scopes, now=now - timedelta(days=40 * number))
        if number:
            ApiKey.objects.filter(pk=made.pk).update(used_on=now.date(), used_from="203.0.113.0/24")
