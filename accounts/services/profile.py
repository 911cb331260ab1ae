"""Services for name, phone, preferences and time zone."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.exceptions import ChangedMeanwhile
from accounts.models import User
from core import clock
from outbox import services as outbox

PROFILE_FIELDS = ("name", "phone")
PREFERENCE_FIELDS = ("time_zone", "language", "uses_12h_clock", "first_weekday", "theme")

SETTINGS_FIELDS = PROFILE_FIELDS + PREFERENCE_FIELDS


def fingerprint(user: User, fields: tuple[str, ...]) -> str:
    """A short hash that changes whenever one of `fields` does; a form carries it to notice an edit from elsewhere."""
    values = {field: str(getattr(user, field) or "") for field in fields}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def update_profile(*, user: User, actor: User, values: Mapping[str, Any], seen: str) -> User:
    """Save name and phone. Raises ChangedMeanwhile where they were changed since `seen` (see `fingerprint`)."""
    return _update(user=user, fields=PROFILE_FIELDS, values=values, seen=seen)


def update_preferences(*, user: User, actor: User, values: Mapping[str, Any], seen: str) -> User:
    """Save zone, language, clock, week and theme. A zone chosen by hand answers the question about the device's."""
    return _update(user=user, fields=PREFERENCE_FIELDS, values=values, seen=seen)


def update_settings(*, user: User, actor: User, values: Mapping[str, Any], seen: str | None = None) -> User:
    """Save what `values` has of profile and preferences, all at once or, with ChangedMeanwhile, nothing.

    `seen` is the fingerprint of SETTINGS_FIELDS; without one nobody asks what was there.
    """
    return _update(user=user, fields=SETTINGS_FIELDS, values=values, seen=seen)


def _update(*, user: User, fields: tuple[str, ...], values: Mapping[str, Any], seen: str | None) -> User:
    with transaction.atomic():
        current = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if seen is not None and fingerprint(current, fields) != seen:
            wanted = {field: str(values[field] or "") for field in fields if field in values}
            if wanted != {field: str(getattr(current, field) or "") for field in wanted}:
                raise ChangedMeanwhile
            return current  # the same form sent twice: already done
        zone = current.time_zone
        for field in fields:
            if field in values:
                setattr(current, field, values[field])
        current.save(update_fields=list(fields))
        if current.time_zone != zone:
            compare_calendar(current)
    return current


def answer_device_zone(*, user: User, actor: User, zone: str, follow: bool) -> None:
    """Make the device's zone the person's own, or with `follow=False` remember not to ask about it again.

    Raises ValueError for a zone nobody knows.
    """
    canonical = clock.canonical_zone(zone)
    fields = {"time_zone": canonical, "declined_time_zone": ""} if follow else {"declined_time_zone": canonical}
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(**fields)
        if follow:
            compare_calendar(user)


def compare_calendar(user: User) -> None:
    """Have the person's connected calendar compared with all that stands there, which reads otherwise now: in another
    zone, or with another address of its page. Inside the transaction of the change."""
    if user.keeps_calendar:
        key = f"{user.pk}:{uuid.uuid4().hex}"
        outbox.publish("calendar_sync.compare_person", key=key, payload={"person": user.pk})
