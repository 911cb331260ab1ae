from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from .models import BusyInterval


def busy_between(provider_ids: Iterable[int], start: datetime, end: datetime) -> QuerySet[BusyInterval]:
    """The outside busy times of these providers that meet [start, end)."""
    return BusyInterval.objects.filter(provider_id__in=list(provider_ids), end__gt=start, start__lt=end)
