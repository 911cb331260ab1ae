"""Queries about a provider's page, services and hours. Each names its number of SQL queries, fixed for any rows."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings
from django.db.models import QuerySet

from accounts.models import User
from core import clock
from core.compiled_queries import prepared
from providers.exceptions import Missing
from providers.hours import Range
from providers.models import (
    CalendarState,
    CustomerBlock,
    CustomerNote,
    DateOverride,
    Provider,
    Service,
    TimeOff,
    WorkingHours,
)
from providers.states import Step


def provider_of(user: User) -> Provider | None:
    """The person's own provider profile, draft or not, with policy and category. One query."""
    return next(iter(_of_user(user_id=user.pk)), None)


@prepared
def _of_user(user_id: int) -> QuerySet[Provider]:
    return Provider.objects.for_pages().filter(user=user_id)


def lives_in_the_studio(user: User) -> bool:
    """Whether this person has gone live at some time, and so starts the day in the studio. One query."""
    provider = provider_of(user)
    return provider is not None and not provider.is_draft


def has_public_page(user: User) -> bool:
    """Whether anybody may see this person's page, and so their photo. One query."""
    return Provider.objects.public().filter(user=user).exists()


def services_of(provider: Provider) -> list[Service]:
    """All services of the provider, paused ones too, in the order customers see. One query."""
    return list(provider.services.all())


def week_of(provider: Provider) -> dict[int, list[Range]]:
    """The ranges of working hours in order, by weekday (Monday 0). One query."""
    week: dict[int, list[Range]] = defaultdict(list)
    for weekday, start, end in _week_rows(provider_id=provider.pk):
        week[weekday].append((start, end))
    return dict(week)


@prepared
def _week_rows(provider_id: int) -> QuerySet[WorkingHours, tuple[int, int, int]]:
    return WorkingHours.objects.filter(provider=provider_id).values_list("weekday", "start_minute", "end_minute")


def coming_overrides(provider: Provider, *, today: date) -> list[DateOverride]:
    """The overrides that are not over on `today` (in the provider's zone), soonest first. One query."""
    return list(provider.date_overrides.filter(end_on__gte=today).order_by("start_on"))


def override_meeting(
    provider: Provider, start_on: date, end_on: date, *, apart_from: int | None = None
) -> DateOverride | None:
    """The first override with one of these dates, other than the one with the key `apart_from`. One query."""
    rows = provider.date_overrides.filter(start_on__lte=end_on, end_on__gte=start_on)
    if apart_from is not None:
        rows = rows.exclude(pk=apart_from)
    return rows.order_by("start_on").first()


MOST_PAST = 12


def coming_time_off(provider: Provider, *, now: datetime) -> list[TimeOff]:
    """The time off that is not over, soonest first. One query."""
    return list(provider.time_off.filter(end__gt=now).order_by("start"))


def past_time_off(provider: Provider, *, now: datetime) -> list[TimeOff]:
    """The last few entries that are over, the latest first. One query."""
    return list(provider.time_off.filter(end__lte=now).order_by("-end")[:MOST_PAST])


def public_word_of(provider: Provider, *, now: datetime) -> str:
    """The public word of the time off that is on, or comes next; empty where none has one. One query."""
    told = provider.time_off.filter(end__gt=now).exclude(public_word="").order_by("start")
    return told.values_list("public_word", flat=True).first() or ""


def time_off_between(provider_ids: Iterable[int], start: datetime, end: datetime) -> QuerySet[TimeOff]:
    """The time off of these providers that meets [start, end), not yet asked for."""
    return TimeOff.objects.filter(provider_id__in=list(provider_ids), end__gt=start, start__lt=end)


def today_of(provider: Provider) -> date:
    return clock.local(clock.now(), provider.zone).date()


def missing_for_live(provider: Provider) -> list[Missing]:
    """The requirements the page lacks before customers can find it, in the order of the steps. Two queries."""
    has_service = provider.services.filter(is_active=True).exists()
    has_hours = provider.working_hours.exists()
    needs = [
        (provider.name and provider.trade, Step.ABOUT, "Say your name and what you do."),
        (provider.category_id, Step.ABOUT, "Choose a category."),
        (provider.is_online or provider.is_in_person, Step.ABOUT, "Say whether you meet people in person or online."),
        (provider.place or not provider.is_in_person, Step.ABOUT, "Say in which place you meet people."),
        (has_service, Step.SERVICE, "Add a service that customers can book."),
        (has_hours, Step.HOURS, "Set at least one range of working hours."),
        (not _lacks_calendar(provider), Step.CALENDAR, _calendar_words(provider)),
        (provider.user.may_take_time, Step.CHECK, "Confirm your email address with the link we sent you."),
    ]
    return [Missing(step, sentence) for is_there, step, sentence in needs if not is_there]


def _lacks_calendar(provider: Provider) -> bool:
    """Whether this site requires a connected calendar that is read, and the provider has none."""
    has_none = provider.calendar_is_missing or provider.calendar_state == CalendarState.NONE
    return settings.GOOGLE_CALENDAR_REQUIRED and has_none


def _calendar_words(provider: Provider) -> str:
    if provider.calendar_state == CalendarState.NONE:
        return "Connect your Google Calendar."
    if provider.calendar_state == CalendarState.SIGN_IN_AGAIN:
        return "Sign in to Google again, so that your calendar can be read."
    return "Let a calendar of yours be read: one has to count, and its first reading takes about a minute."


def steps_left(provider: Provider) -> int:
    """The number of steps of a draft that were not saved yet; the last one is going live."""
    return len([step for step in Step if step not in provider.steps_done])


def notes_about(provider: Provider, customer: User) -> list[CustomerNote]:
    """The provider's notes about this customer, the newest first. One query."""
    return list(provider.customer_notes.filter(customer=customer))


def blocks_of(provider: Provider, customer: User) -> list[CustomerBlock]:
    """The provider's blocks of this customer, the newest first, lifted ones included. One query."""
    return list(CustomerBlock.objects.filter(provider=provider, customer=customer))
