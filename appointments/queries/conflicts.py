"""Queries about the conflicts that a provider knows of."""

from collections.abc import Sequence

from django.db.models import QuerySet

from appointments.models import KnownConflict


def known_conflicts(keys: Sequence[int]) -> QuerySet[KnownConflict]:
    """These rows, with all that a mail or a line of the inbox says of them."""
    people = ("appointment__provider__user", "appointment__customer", "appointment__service", "calendar")
    return KnownConflict.objects.filter(pk__in=keys).select_related(*people).order_by("start", "busy_from", "pk")
