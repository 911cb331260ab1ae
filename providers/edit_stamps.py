"""Fingerprints of the values an editor's form shows; sent with it, they tell whether others saved meanwhile."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from providers.models import BookingPolicy, CustomerBlock, DateOverride, Provider, Service, TimeOff

PROFILE_FIELDS = (
    "name", "trade", "category_id", "about", "languages", "is_online", "is_in_person", "place", "address",
)  # fmt: skip
# Those of the profile that are said of appointments, in calendars and by the link to join.
SAID_FIELDS = ("name", "is_online", "is_in_person", "place", "address")
SERVICE_FIELDS = (
    "name", "description", "duration_minutes", "buffer_before_minutes", "buffer_after_minutes",
    "slot_interval_minutes", "pricing", "price", "currency", "confirmation", "venue",
    "repeats", "max_occurrences", "requests_beyond_window",
)  # fmt: skip
POLICY_FIELDS = (
    "notice_minutes", "window_days", "max_per_day", "max_open", "accepts_at_once", "answer_minutes",
    "cancellation_cutoff_minutes", "reschedule_cutoff_minutes", "max_waiting_per_customer", "max_week_per_customer",
    "no_show_limit", "waitlist_minutes", "waitlist_at_night",
)  # fmt: skip
OVERRIDE_FIELDS = ("start_on", "end_on", "ranges", "note")
TIME_OFF_FIELDS = ("start", "end", "all_day", "reason", "public_word")


def fingerprint(state: object) -> str:
    return hashlib.sha256(json.dumps(state, sort_keys=True, default=str).encode()).hexdigest()[:16]


def of_profile(provider: Provider) -> str:
    return fingerprint(state(provider, PROFILE_FIELDS))


def of_page(provider: Provider) -> str:
    """The fingerprint of a page with its listing, for who lets customers book on it or stops them."""
    return fingerprint(state(provider, (*PROFILE_FIELDS, "listing")))


def of_service(service: Service) -> str:
    return fingerprint(state(service, SERVICE_FIELDS))


def of_policy(policy: BookingPolicy) -> str:
    return fingerprint(state(policy, POLICY_FIELDS))


def of_override(override: DateOverride) -> str:
    return fingerprint(state(override, OVERRIDE_FIELDS))


def of_time_off(time_off: TimeOff) -> str:
    return fingerprint(state(time_off, TIME_OFF_FIELDS))


def of_customer(block: CustomerBlock | None, *, limits_lifted: bool) -> str:
    """The fingerprint of what a provider has decided about a customer; `block` is the open one."""
    return fingerprint([block and (block.since, block.reason), limits_lifted])


def of_week(time_zone: str, rows: Iterable[tuple[int, int, int]]) -> str:
    """The fingerprint of a week, whose `rows` are (weekday, start_minute, end_minute)."""
    return fingerprint([time_zone, sorted(rows)])


def state(row: Any, fields: Iterable[str]) -> dict[str, Any]:
    return {field: _plain(getattr(row, field)) for field in fields}


def same(row: Any, values: Mapping[str, Any]) -> bool:
    """Whether saving `values` would change nothing."""
    return all(_plain(getattr(row, field)) == _plain(value) for field, value in values.items())


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"  # 58 and 58.000 are one price
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
