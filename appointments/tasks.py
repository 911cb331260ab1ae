"""Recurring jobs and message handlers of appointments. Each reads the present state, then calls one service."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from accounts.models import Departure, User
from calendar_sync.services import reading
from core import clock
from core.exceptions import DomainError
from outbox import services as outbox
from providers.models import Provider

from .mail import (  # noqa: F401 registers what is told
    catalogue,
    closed_waitlists,
    digest,
    lines,
    offered,
    page_decisions,
    reminders,
    standing,
    suspension,
)
from .mail import conflicts as conflict_mails  # noqa: F401 the same
from .mail import join_links as join_link_mails  # noqa: F401 the same
from .mail import waitlist as waitlist_mails  # noqa: F401 the same
from .outside import google
from .outside import own_events as own_events_at_google
from .queries.due import (
    due_for_completion,
    expired_offers,
    expired_requests,
    lapsed_proposals,
    providers_with_lapsed_times,
    providers_with_waitlists,
)
from .search import index
from .services import (
    conflicts,
    digests,
    holds,
    inviting,
    join_links,
    offers,
    own_events,
    proposals,
    transitions,
    waitlist,
    waitlist_offers,
)
from .services.personal_data import FORGET_IN_CALENDARS
from .services.reminders import publish_due

logger = logging.getLogger(__name__)

BATCH = 200
# Seconds until it is looked at again whether somebody is erased who is being erased.
AFTER_ERASING = 30


@outbox.every(seconds=60, name="appointments.expire_requests")
def expire_requests() -> None:
    """Expire requests whose time to answer is over. The service refuses one that was answered meanwhile."""
    _end_each(expired_requests(now=clock.now()), lambda row: transitions.expire_request(appointment=row))


@outbox.every(seconds=60, name="appointments.lapse_proposals")
def lapse_proposals() -> None:
    """Mark proposals as lapsed whose time to answer is over. The service refuses one that was answered meanwhile."""
    _end_each(lapsed_proposals(now=clock.now()), lambda row: proposals.lapse_time(proposal=row))


@outbox.every(seconds=60, name="appointments.end_offers")
def end_offers() -> None:
    """Mark offers as expired whose deadline is over, and take back those that nobody can take any more."""
    _end_each(expired_offers(now=clock.now()), lambda row: offers.expire_offers(offer=row))
    _end_each(offers.dead_offers(), lambda row: offers.withdraw_dead(offer=row))


# Each provider's list is looked over once in so many minutes, for what no act of anybody makes free.
LOOKED_OVER_EVERY = 5


@outbox.every(seconds=60, name="appointments.look_over_waitlists")
def look_over_waitlists() -> None:
    """Offer what time alone made free: kept times that ran out, the next day of a booking window; and end places that
    wait for nothing any more."""
    now = clock.now()
    _end_each(waitlist_offers.dead_places(now=now).order_by("pk"), lambda row: waitlist.end_dead(place=row))
    part = int(now.timestamp()) // 60 % LOOKED_OVER_EVERY
    due = {*providers_with_lapsed_times(now=now), *providers_with_waitlists(part=part, of=LOOKED_OVER_EVERY)}
    for provider in sorted(due):
        outbox.renew_lease()
        try:
            waitlist_offers.look_over(provider)
        except Exception:
            logger.exception("The waitlist of provider %s could not be looked over", provider)


@outbox.every(seconds=300, name="appointments.complete_past")
def complete_past() -> None:
    """Complete appointments that ended 24 hours ago and were not marked."""
    _end_each(due_for_completion(now=clock.now()), lambda row: transitions.complete_by_itself(appointment=row))


@outbox.every(seconds=60, name="appointments.remind")
def remind() -> None:
    """Publish the reminders whose moment has come."""
    publish_due(now=clock.now())


@outbox.every(seconds=60, name="appointments.tell_next_day")
def tell_next_day() -> None:
    """Publish the evening digests whose time has come."""
    digests.publish_due(now=clock.now())


@outbox.every(seconds=600, name="appointments.drop_lapsed_times")
def drop_lapsed_times() -> None:
    holds.drop_lapsed_times(now=clock.now())


Row = TypeVar("Row", bound=Model)


def _end_each(rows: QuerySet[Row], end: Callable[[Row], object]) -> None:
    """Call `end` on up to BATCH rows. A failed one is logged, and tried again by the next run."""
    for row in rows[:BATCH]:
        outbox.renew_lease()
        try:
            end(row)
        except DomainError:
            # The row was changed meanwhile; the next run reads its new state.
            pass
        except Exception:
            logger.exception("%s %s could not be ended", type(row).__name__, row)


@outbox.handler("appointments.write_to_calendars")
def write_to_calendars(payload: dict[str, Any], *, message: Any) -> None:
    """Have connected calendars compared with appointments that changed."""
    google.write(payload["appointments"])


@outbox.handler("appointments.page_changed")
def page_changed(payload: dict[str, Any], *, message: Any) -> None:
    """Have what is said of a provider's appointments follow their page. `payload` is {"provider": pk}."""
    provider = Provider.objects.select_related("user").filter(pk=payload["provider"]).first()
    if provider is not None:
        google.follow_page(provider)


@outbox.handler(own_events.WRITE)
def write_own_event(payload: dict[str, Any], *, message: Any) -> None:
    """Have the connected calendar of their owner compared with own events that changed."""
    own_events_at_google.write([UUID(key) for key in payload["events"]], owner=payload["owner"])


@outbox.daily(hour=3, name="appointments.forget_unopened_invitations")
def forget_unopened_invitations() -> int:
    return inviting.forget_unopened(now=clock.now())


@outbox.daily(hour=3, name="appointments.forget_deleted_events")
def forget_deleted_events() -> int:
    return own_events.forget_deleted(now=clock.now())


@outbox.handler(join_links.TELL)
def tell_join_links(payload: dict[str, Any], *, message: Any) -> None:
    """Tell a customer of links to join that came, or are gone, since they were told last."""
    join_links.tell_links(provider=payload["provider"], customer=payload["customer"])


@outbox.handler(FORGET_IN_CALENDARS)
def forget_in_calendars(payload: dict[str, Any], *, message: Any) -> None:
    """Take the name of somebody who was erased out of the calendars at Google in which their appointments stand."""
    if Departure.objects.filter(user=payload["person"], erased_at=None).exists():
        raise outbox.NotYet(after=AFTER_ERASING)
    google.forget(payload["person"])


@outbox.handler("appointments.end_all_ahead")
def end_all_ahead(payload: dict[str, Any], *, message: Any) -> None:
    """End what lies ahead of a person who takes no part any more. `payload` is {"person": pk}."""
    person = User.objects.filter(pk=payload["person"]).first()
    if person is not None and not person.takes_part:
        transitions.end_all_ahead(person)


@outbox.handler("appointments.answer_waitlist")
def answer_waitlist(payload: dict[str, Any], *, message: Any) -> None:
    """Offer what is free at a provider to those who wait for it. `payload` is {"provider": pk}."""
    waitlist_offers.look_over(payload["provider"])


@outbox.handler("appointments.refresh_openings")
def refresh_openings(payload: dict[str, Any], *, message: Any) -> None:
    """Bring the search index up to date with a provider's calendar as it is now. `payload` is {"provider": pk}."""
    index.refresh_openings(provider_ids=[payload["provider"]])


@outbox.handler("appointments.look_for_conflicts")
def look_for_conflicts(payload: dict[str, Any], *, message: Any) -> None:
    """Tell a provider of busy time that has come over their appointments. `payload` is {"provider": pk}, with
    {"ask": True} to have their calendars read anew, as Google may know what the copy does not."""
    provider = Provider.objects.select_related("user").filter(pk=payload["provider"]).first()
    if provider is None:
        return
    conflicts.tell_new_conflicts(provider)
    if payload.get("ask"):
        reading.read_all_soon(provider.user, now=clock.now())


@outbox.every(seconds=60, name="appointments.refresh_stale_openings")
def refresh_stale_openings() -> None:
    """Refresh index rows that passing time made wrong, and add missing ones."""
    index.refresh_stale()


@outbox.every(seconds=600, name="appointments.measure_search")
def measure_search() -> None:
    """Measure the figures of the search page. Stale index rows come first, so that a new site doesn't show zeros."""
    index.refresh_stale()
    index.drop_past_blocks(now=clock.now())
    index.measure_figures()
