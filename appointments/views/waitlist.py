"""The customer's pages of waitlists: joining, the list of their places, changing and leaving one."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.limits import limited
from accounts.models import User
from accounts.zones import viewer_zone
from appointments.exceptions import JoinRefused, OpenNow, PolicyRefused
from appointments.forms.waitlist import NAMES, JoinForm
from appointments.models import Appointment, WaitlistPlace
from appointments.pages import month_picker
from appointments.pages.waitlist import order_words, place_row, zone_of_wish
from appointments.queries.customer import appointment_for_customer
from appointments.queries.public import public_service
from appointments.queries.waitlist import (
    last_offers,
    past_places_of,
    place_kept,
    place_of,
    places_of,
    waiting_for,
)
from appointments.rules.parts import part_of
from appointments.rules.slots import open_slots, starts_if_free
from appointments.rules.waitlist import PartOfDay, suggested_parts
from appointments.rules.wishes import want_words
from appointments.services import availability, waitlist
from appointments.services.availability import Mine
from appointments.services.waitlist_offers import is_open_for
from core import clock
from core.exceptions import DomainError
from core.wording import today
from notifications.models import Kind
from notifications.preferences import wants
from providers.models import Service
from providers.wording import policy_sentences, price_text

ONE_DAY = timedelta(days=1)
# Where no day is booked up, a place is suggested for so many days.
SUGGESTED = timedelta(days=21)
# The days among which dates are looked for that are booked up, fewer than may be asked about at once.
LOOKED_AT = 60


@require_http_methods(["GET", "HEAD", "POST"])
@limited("book")
def join(request: HttpRequest, provider: str, service: str) -> HttpResponse:
    """Wait for a time of a service. Who is not signed in does so after the form, and finds it filled in."""
    try:
        wanted = public_service(provider, service)
    except Service.DoesNotExist:
        raise Http404 from None
    if not wanted.provider.takes_bookings:
        messages.info(request, f"{wanted.provider.first_name} is not taking bookings right now.")
        return redirect("provider_page", provider)
    own = place_kept(request.user, wanted, None) if isinstance(request.user, User) else None
    reader = viewer_zone(request, wanted.provider.time_zone).zone
    zone = own.zone if own else zone_of_wish(wanted, now=clock.now(), reader=reader)
    if request.method != "POST":
        form, open_start = _fresh(request, wanted, zone, own)
        return _show(request, form, wanted, zone, place=own, open_start=open_start)
    form = JoinForm(request.POST, service=wanted)
    if not form.is_valid():
        return _show(request, form, wanted, zone, place=own)
    if not request.user.is_authenticated:
        typed = urlencode({name: request.POST.getlist(name) for name in NAMES}, doseq=True)
        messages.info(request, "Sign in or create an account; then press Join once more.")
        return redirect_to_login(f"{request.path}?{typed}")
    return _join(request, form, wanted, zone, place=own)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@limited("book")
def sooner(request: HttpRequest, reference: str) -> HttpResponse:
    """Wait for a time before one's own appointment, which then moves there."""
    me = cast(User, request.user)
    try:
        one = appointment_for_customer(me, reference)
    except Appointment.DoesNotExist:
        raise Http404 from None
    service = one.service
    service.provider = one.provider
    now = clock.now()
    if not is_open_for(one, now):
        messages.info(request, waitlist.NOT_AHEAD)
        return redirect("my_appointment", reference)
    own = place_kept(me, service, one)
    zone = own.zone if own else zone_of_wish(service, now=now, reader=me.zone)
    if request.method != "POST":
        form, open_start = _fresh(request, service, zone, own, appointment=one)
        return _show(request, form, service, zone, appointment=one, place=own, open_start=open_start)
    form = JoinForm(request.POST, service=service)
    if not form.is_valid():
        return _show(request, form, service, zone, appointment=one, place=own)
    return _join(request, form, service, zone, appointment=one, place=own)


@never_cache
@login_required
@require_safe
def my_waitlist(request: HttpRequest) -> HttpResponse:
    """The places of the customer: what is offered, what they wait for, and what ended. Six queries."""
    me, now = cast(User, request.user), clock.now()
    zone = viewer_zone(request, me.time_zone)
    places, past = places_of(me), past_places_of(me)
    offers = last_offers([*places, *past]) if places or past else {}
    rows = [place_row(place, offers.get(place.pk), reader=zone.zone, now=now) for place in places]
    ended = [place_row(place, offers.get(place.pk), reader=zone.zone, now=now) for place in past]
    context = {
        "zone": zone.name,
        "now": now,
        "offered": sorted((row for row in rows if row.offer), key=lambda row: row.deadline),
        "waiting": [row for row in rows if not row.offer],
        "past": ended,
        "is_mailed": _is_mailed(me),
    }
    return render(request, "appointments/waitlist/list.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, place: str) -> HttpResponse:
    """Change what a place of one's own waits for."""
    own = _own(request, place)
    if not own.is_waiting:
        messages.info(request, waitlist.OFF_IT)
        return redirect("my_waitlist")
    service = own.service
    service.provider = own.provider
    if request.method != "POST":
        form, open_start = _fresh(request, service, own.zone, own)
        return _show(request, form, service, own.zone, appointment=own.appointment, place=own, open_start=open_start)
    form = JoinForm(request.POST, service=service)
    if not form.is_valid():
        return _show(request, form, service, own.zone, appointment=own.appointment, place=own)
    return _join(request, form, service, own.zone, appointment=own.appointment, place=own)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, place: str) -> HttpResponse:
    """Leave the list, after a page that says what is lost."""
    own = _own(request, place)
    if request.method != "POST":
        if not own.is_waiting:
            messages.info(request, waitlist.OFF_IT)
            return redirect("my_waitlist")
        context = {"place": own, "wants": want_words(own), "order": order_words(own)}
        return render(request, "appointments/waitlist/leave.html", context)
    try:
        left = waitlist.leave(place=own, actor=cast(User, request.user))
    except PolicyRefused as refusal:
        messages.error(request, str(refusal))
    else:
        name = own.provider.first_name
        if left:
            messages.success(request, f"You have left the waitlist of {name}.")
        else:
            messages.info(request, "That was already done. Nothing changed.")
    return redirect("my_waitlist")


def _is_mailed(user: User) -> bool:
    """Whether the customer is mailed when a time opens. One query."""
    return wants(user, Kind.PLACE_OPENED)


def _fresh(
    request: HttpRequest,
    service: Service,
    zone: ZoneInfo,
    own: WaitlistPlace | None,
    *,
    appointment: Appointment | None = None,
) -> tuple[JoinForm, datetime | None]:
    """The form before anything was typed: what the customer waits for already, or else what is suggested; and a time
    that is open now where nothing can be suggested without one."""
    if own and not any(name in request.GET for name in NAMES):
        return JoinForm(service=service, initial=JoinForm.values_of(own)), None
    typed = JoinForm.typed_in(request.GET)
    if typed.keys() >= {"first_on", "last_on"}:
        return JoinForm(service=service, initial=typed), None
    parts = {int(part) for part in typed["parts"] if str(part).isdecimal()}
    values, open_start = _suggested(request, service, zone, parts, appointment)
    return JoinForm(service=service, initial=typed | values), open_start


def _own(request: HttpRequest, place: str) -> WaitlistPlace:
    try:
        return place_of(cast(User, request.user), place)
    except WaitlistPlace.DoesNotExist:
        raise Http404 from None


def _join(
    request: HttpRequest,
    form: JoinForm,
    service: Service,
    zone: ZoneInfo,
    *,
    appointment: Appointment | None = None,
    place: WaitlistPlace | None = None,
) -> HttpResponse:
    me, wish = cast(User, request.user), form.wish(zone)
    show = partial(_show, request, form, service, zone, appointment=appointment, place=place)
    try:
        if place:
            done = waitlist.change(place=place, actor=me, wish=wish)
        else:
            done = waitlist.join(service=service, actor=me, wish=wish, appointment=appointment)
    except OpenNow as refusal:
        return show(refusal=refusal, open_start=refusal.start)
    except (JoinRefused, PolicyRefused) as refusal:
        return show(refusal=refusal)
    name = service.provider.first_name
    told = "We email you when a time opens that fits." if _is_mailed(me) else "We don’t email you when a time opens."
    if place and done.changed:
        messages.success(request, f"Changed. You wait with {name} now for: {want_words(done.place)}.")
    elif done.changed:
        messages.success(request, f"You are on the waitlist of {name}. {told}")
    else:
        messages.info(request, f"You are on the waitlist of {name} already. Nothing changed.")
    return redirect("my_waitlist")


def _show(
    request: HttpRequest,
    form: JoinForm,
    service: Service,
    zone: ZoneInfo,
    *,
    appointment: Appointment | None = None,
    place: WaitlistPlace | None = None,
    refusal: DomainError | None = None,
    open_start: datetime | None = None,
) -> HttpResponse:
    provider, policy = service.provider, service.provider.policy
    context: dict[str, Any] = {
        "form": form,
        "service": service,
        "provider": provider,
        "price": price_text(service),
        "zone": zone.key,
        "now": clock.now(),
        "kept": policy.waitlist_minutes,
        "at_night": policy.waitlist_at_night,
        "in_line": waiting_for(service),
        "terms": policy_sentences(policy, service),
        "appointment": appointment,
        "place": place,
        "present": f"{want_words(place)}. {order_words(place)}" if place and place.is_waiting else "",
        "is_mailed": not isinstance(request.user, User) or _is_mailed(request.user),
        "refusal": refusal,
        "open_start": open_start,
        "narrower": _narrower(request, form, clock.local(open_start, zone).date()) if refusal and open_start else [],
        "open_address": _address_of(service, open_start, appointment) if open_start else "",
    }
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.OK
    if form.is_bound and form.errors:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "appointments/waitlist/join.html", context, status=status)


def _address_of(service: Service, start: datetime, appointment: Appointment | None) -> str:
    """Where an open time can be taken at once."""
    query = urlencode({"start": month_picker.to_value(start)})
    if appointment:
        return f"{reverse('reschedule_appointment', args=[appointment.reference])}?{query}"
    return f"{reverse('book', args=[service.provider.slug, service.slug])}?{query}"


def _day_of(text: str, zone: ZoneInfo) -> date | None:
    """The day in an address from which somebody comes; None where it is none or over."""
    with suppress(ValueError):
        day = date.fromisoformat(text)
        return day if day >= today(zone, clock.now()) else None
    return None


def _narrower(request: HttpRequest, form: JoinForm, day: date) -> list[tuple[str, str]]:
    """What leaves out `day`, on which a time is open: the button and the address of each shorter range of dates."""
    typed = {name: request.POST.getlist(name) for name in NAMES}
    first, last = form.cleaned_data["first_on"], form.cleaned_data["last_on"]
    found = []
    if first < day:
        found.append(("Only dates before", {"last_on": day - ONE_DAY}))
    if last > day:
        found.append(("Only dates after", {"first_on": day + ONE_DAY}))
    return [(words, f"{request.path}?{urlencode(typed | dates, doseq=True)}#join") for words, dates in found]


def _suggested(
    request: HttpRequest, service: Service, zone: ZoneInfo, parts: Collection[int], appointment: Appointment | None
) -> tuple[dict[str, Any], datetime | None]:
    """The initial values that are suggested, so that what is suggested can be waited for: the dates from which somebody
    comes, where all is booked on them, else the nearest on which it is, else the parts of the day that are, on the
    nearest dates on which they are, else the dates from which they come. Three queries, four where there is a cap.

    For a time before an appointment the dates end with its day. Where no part of a day is booked up they are the next
    three weeks, with the first time that is open in them.
    """
    now = clock.now()
    first = today(zone, now) + ONE_DAY
    last = clock.local(appointment.start, zone).date() if appointment else None
    near, until = (_day_of(request.GET.get(name, ""), zone) for name in ("day", "until"))
    if until:
        near = max(near or first, first)
    begin = max(first, near - SUGGESTED) if near else first
    days = [begin + n * ONE_DAY for n in range(LOOKED_AT)]
    days = [day for day in days if last is None or day <= last]
    opens, full = _openings_on(service, days, zone, appointment, now=now) if days else ({}, set())
    wanted = {cell: start for cell, start in opens.items() if cell[1] in parts}

    def is_shown(day: date) -> bool:
        return bool(near and until and near <= day <= until)

    is_shut = bool(near and until and near <= until) and not any(is_shown(day) for day, _ in wanted)
    if is_shut and any(is_shown(day) for day, _ in full):
        return {"first_on": near, "last_on": until}, None
    if found := suggested_parts(days, parts, near, opens=opens, full=full):
        (first_on, last_on), some = found
        return {"first_on": first_on, "last_on": last_on, "parts": sorted(some)}, None
    if is_shut:
        return {"first_on": near, "last_on": until}, None
    first, last = min(first, last or first), last or first + SUGGESTED
    open_start = min((start for (day, _), start in wanted.items() if first <= day <= last), default=None)
    return {"first_on": first, "last_on": last}, open_start


def _openings_on(
    service: Service,
    days: Sequence[date],
    zone: ZoneInfo,
    appointment: Appointment | None,
    *,
    now: datetime,
) -> tuple[dict[PartOfDay, datetime], set[PartOfDay]]:
    """The parts of these days with open times, each with its first, and those that would have some if nobody booked."""
    lengths = availability.as_agreed(appointment) if appointment else service
    shape, mine = availability.shape_of(lengths), Mine(moving=appointment.pk if appointment else None)
    start, end = clock.day_bounds(days[0], zone)[0], clock.day_bounds(days[-1], zone)[1]
    facts = availability.load_facts([service.provider], start, end, now=now, mine=mine)[service.provider.pk]
    before = min(end, appointment.start) if appointment else end

    def cell_of(at: datetime) -> PartOfDay:
        there = clock.local(at, zone)
        return there.date(), part_of(there.hour)

    # Backwards, so that the first start of each part stays.
    opens = {cell_of(at): at for at in reversed(open_slots(facts, shape, start, before, now=now))}
    return opens, {cell_of(at) for at in starts_if_free(facts, shape, start, before, now=now)}
