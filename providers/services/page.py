"""Changes of a provider's page: the profile, the rules of booking, going live, pausing."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.services import compare_calendar
from core import clock
from core.db import lock_row, retrying
from outbox import services as outbox
from providers import edit_stamps, hooks, queries
from providers.exceptions import ChangedMeanwhile, ChangeRefused, NotReady
from providers.models import BookingPolicy, CalendarState, Listing, Provider
from providers.slugs import make_slug
from providers.states import Step

from .locking import appointments_read_otherwise, lock_provider, open_time_changed, step_done


def start_page(*, actor: User, values: Mapping[str, Any], seen: str = "") -> Provider:
    """Create the draft of the person's page with its profile, or change the draft that exists already.

    `values` are the profile's (see `edit_stamps.PROFILE_FIELDS`), `seen` the fingerprint that the form carried.
    Nobody else sees a draft. Raises ChangedMeanwhile, ChangeRefused for a page that is past its draft.
    """
    try:
        return _start_page(actor=actor, values=values, seen=seen)
    except IntegrityError:
        # Somebody of the same name started at this very moment: this slug gets random letters.
        return _start_page(actor=actor, values=values, seen=seen, crowded=True)


@retrying
@transaction.atomic
def _start_page(*, actor: User, values: Mapping[str, Any], seen: str, crowded: bool = False) -> Provider:
    # Whoever books locks the provider before people, so that only somebody without a page is locked here first.
    provider = Provider.objects.filter(user=actor.pk).first()
    if provider is None:
        user = lock_row(User.objects.filter(pk=actor.pk))
        provider = Provider.objects.filter(user=user).first()
    if provider is None:
        provider = Provider(user=user, time_zone=user.time_zone)
        _write_profile(provider, values, crowded=crowded)
        BookingPolicy.objects.create(provider=provider)
        for _ in hooks.page_started.each(provider):
            pass
    else:
        provider = lock_provider(provider, actor=actor)
        if not provider.is_draft:
            raise ChangeRefused("Your page is past its draft. Change it in your studio.")
        _refuse_stale(provider, values, seen=seen, now_shown=edit_stamps.of_profile(provider))
        _write_profile(provider, values, crowded=crowded)
    step_done(provider, Step.ABOUT)
    return provider


@retrying
@transaction.atomic
def save_profile(*, provider: Provider, actor: User, values: Mapping[str, Any], seen: str | None) -> Provider:
    """Save the profile on the public page, whose address stays. Raises ChangedMeanwhile, and ValidationError for a
    page past its draft without a venue, or without the place of one in person."""
    provider = lock_provider(provider, actor=actor)
    _refuse_stale(provider, values, seen=seen, now_shown=edit_stamps.of_profile(provider))
    said = edit_stamps.state(provider, edit_stamps.SAID_FIELDS)
    _write_profile(provider, values)
    if edit_stamps.state(provider, edit_stamps.SAID_FIELDS) != said:
        appointments_read_otherwise(provider)
    open_time_changed(provider)
    return provider


@retrying
@transaction.atomic
def save_policy(*, provider: Provider, actor: User, values: Mapping[str, Any], seen: str | None) -> BookingPolicy:
    """Save the rules of booking, for appointments made from now on and for cancelling those that exist.

    Raises ChangedMeanwhile, and ValidationError for figures out of range.
    """
    provider = lock_provider(provider, actor=actor)
    policy = provider.policy
    window_before = policy.window_days
    _refuse_stale(policy, values, seen=seen, now_shown=edit_stamps.of_policy(policy))
    for field in edit_stamps.POLICY_FIELDS:
        if field in values:
            setattr(policy, field, values[field])
    policy.full_clean(exclude=["provider"])
    policy.save()
    if policy.window_days > window_before and provider.calendar_state != CalendarState.NONE:
        # Of some calendars no more is known than the time that could be booked before.
        key = f"{provider.pk}:{uuid4().hex}"
        outbox.publish("calendar_sync.read_person", key=key, payload={"person": provider.user_id})
    step_done(provider, Step.RULES)
    open_time_changed(provider)
    return policy


@retrying
@transaction.atomic
def leave_calendar_for_later(*, provider: Provider, actor: User) -> None:
    """Pass the step of the calendar, with one or without. Raises ChangeRefused where this site requires one."""
    provider = lock_provider(provider, actor=actor)
    if settings.GOOGLE_CALENDAR_REQUIRED and provider.calendar_state == CalendarState.NONE:
        raise ChangeRefused("This site takes bookings only with a connected calendar. Connect yours to go on.")
    step_done(provider, Step.CALENDAR)


@retrying
@transaction.atomic
def go_live(*, provider: Provider, actor: User, seen: str | None = None) -> Provider:
    """Let customers find and book the provider from now on. Live already: nothing happens.

    Raises NotReady with the missing requirements, ChangeRefused where staff have hidden the page, ChangedMeanwhile
    where the page is not as `seen` (`edit_stamps.of_page`).
    """
    provider = lock_provider(provider, actor=actor)
    if provider.is_live:
        return provider
    _check_seen(provider, seen)
    _refuse_hidden(provider)
    missing = queries.missing_for_live(provider)
    if missing:
        raise NotReady(missing)
    was_draft = provider.is_draft
    provider.listing = Listing.LIVE
    provider.live_since = provider.live_since or clock.now()
    provider.save(update_fields=["listing", "live_since"])
    if was_draft:  # who was a customer alone has other pages from now on
        compare_calendar(provider.user)
    open_time_changed(provider)
    return provider


@retrying
@transaction.atomic
def pause_page(*, provider: Provider, actor: User, seen: str | None = None) -> Provider:
    """Stop bookings, and say so on the page. Appointments and requests stay. Paused already: nothing happens.

    Raises ChangeRefused, and ChangedMeanwhile where the page is not as `seen` (`edit_stamps.of_page`).
    """
    provider = lock_provider(provider, actor=actor)
    _refuse_hidden(provider)
    if provider.is_draft:
        raise ChangeRefused("Your page is a draft, so nobody can book you yet.")
    if provider.is_live:
        _check_seen(provider, seen)
        provider.listing = Listing.PAUSED
        provider.save(update_fields=["listing"])
        open_time_changed(provider)
    return provider


def resume_page(*, provider: Provider, actor: User) -> Provider:
    """Let customers book again, under the conditions of `go_live` and with its errors."""
    return go_live(provider=provider, actor=actor)


def _check_seen(provider: Provider, seen: str | None) -> None:
    if seen is not None and seen != edit_stamps.of_page(provider):
        raise ChangedMeanwhile


def _write_profile(provider: Provider, values: Mapping[str, Any], *, crowded: bool = False) -> None:
    for field in edit_stamps.PROFILE_FIELDS:
        if field in values:
            setattr(provider, field, values[field])
    _check_venues(provider, values)
    if provider.is_draft:
        others = Provider.objects.exclude(pk=provider.pk)
        provider.slug = make_slug(
            provider.name, is_taken=lambda slug: crowded or others.filter(slug=slug).exists(), otherwise="provider"
        )
    provider.full_clean(exclude=["user", "slug"])
    provider.save()


def _check_venues(provider: Provider, values: Mapping[str, Any]) -> None:
    """Raise ValidationError where `values` leave a page without a venue, or without the place of one in person. A
    draft may lack them until it goes live."""
    if provider.is_draft or not values.keys() & {"is_online", "is_in_person", "place"}:
        return
    if not provider.venues:
        raise ValidationError({"venues": "Choose in person, online, or both."})
    if provider.is_in_person and not provider.place:
        raise ValidationError({"place": "Enter the district or town where you meet people."})


def _refuse_hidden(provider: Provider) -> None:
    if provider.listing == Listing.HIDDEN:
        raise ChangeRefused("Your page is hidden by staff. Write to us if this looks wrong.")


def _refuse_stale(row: Any, values: Mapping[str, Any], *, seen: str | None, now_shown: str) -> None:
    """Raise ChangedMeanwhile for a stale form, unless its values are saved already, as when it is sent twice. None is
    seen by who saves whatever others did meanwhile."""
    if seen is not None and seen != now_shown and not edit_stamps.same(row, values):
        raise ChangedMeanwhile
