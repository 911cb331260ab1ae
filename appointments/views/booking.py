"""The booking form, with all terms before its button, and its answers when the time or the terms changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import after_login
from accounts.http import SignedInRequest
from accounts.limits import limited
from accounts.models import User
from accounts.zones import viewer_zone
from appointments import booking_draft, visitor
from appointments.exceptions import PolicyRefused, SlotTaken, TermsChanged
from appointments.forms.booking import BookingForm
from appointments.models import Appointment, Hold, Offer
from appointments.pages import month_picker
from appointments.pages.changed_terms import changes_in_words
from appointments.pages.zones import zones_of_time
from appointments.queries.busy import busy_elsewhere_on
from appointments.queries.customer import own_clashes
from appointments.queries.public import public_service
from appointments.rules.pricing import quote
from appointments.services import availability, booking, holds, kept_times, offers
from core import clock
from core.shortcuts import redirect_with, with_query
from providers.models import FEWEST_OCCURRENCES, Service
from providers.wording import policy_sentences, price_text

from . import series_preview


@dataclass
class Page:
    """The state of the booking page: form, kept time, the offer of that time, and the trouble to show on top.

    `only_series` says why the time can't be booked alone, where a series can that begins with it.

    Typed texts stay.
    """

    service: Service
    start: datetime
    form: BookingForm
    kept: Hold | None = None
    offer: Offer | None = None
    taken: SlotTaken | None = None
    refusal: str = ""
    only_series: str = ""
    warning: str = ""
    notices: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    @property
    def terms(self) -> booking.Terms:
        return booking.terms_of(self.service, offered=_is_promised(self.offer))

    @property
    def is_open(self) -> bool:
        """Whether the page has a button to book."""
        return not self.taken and not self.refusal

    @property
    def offered(self) -> Sequence[datetime]:
        """The starts that the page offers: its own, or those instead of it."""
        if self.is_open:
            return [self.start]
        return self.taken.nearest if self.taken else []

    @property
    def has_typed(self) -> bool:
        return bool(self.form["note"].value())

    @property
    def is_kept_in_part(self) -> bool:
        """Whether the service takes longer now than when its time was kept, so that the kept time is too short."""
        start, end = holds.blocked_range(self.service, self.start)
        return self.kept is not None and not (self.kept.start <= start and end <= self.kept.end)

    @property
    def status(self) -> int:
        if self.taken or self.refusal or self.warning or self.changes:
            return HTTPStatus.CONFLICT
        return HTTPStatus.UNPROCESSABLE_ENTITY if self.form.is_bound and self.form.errors else HTTPStatus.OK


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("book")
def book(request: HttpRequest, provider: str, service: str) -> HttpResponse:
    """Show the form for a chosen start, or book it. Visitors sign in first and come back with what they typed."""
    try:
        wanted = public_service(provider, service)
    except Service.DoesNotExist:
        raise Http404 from None
    asked = request.POST if request.method == "POST" else request.GET
    start = month_picker.from_value(asked.get("pick") or asked.get("start", ""))
    if start is None:
        page = reverse("provider_service", args=[provider, service])
        return redirect_with(page, {"tz": request.GET.get("tz", "")}, message=(request, "Choose a time first."))
    if not request.user.is_authenticated:
        return _sign_in_first(request, start)
    request = cast(SignedInRequest, request)
    if request.method == "POST" and "pick" not in request.POST:
        return _book(request, wanted, start, BookingForm(request.POST, service=wanted, at=start))
    booking_draft.keep(request, provider)
    return _show(request, _fresh_page(request, wanted, start, typed=booking_draft.kept(request, provider)))


def _sign_in_first(request: HttpRequest, start: datetime, *, to: str = "") -> HttpResponse:
    """Redirect to sign-in and back. The address carries the chosen time, so that a GET writes no new session; an
    existing session remembers the way back, for steps whose address can't carry it."""
    back = with_query(to or request.path, {"start": month_picker.to_value(start), "tz": request.GET.get("tz", "")})
    if after_login.has_session(request):
        after_login.remember(request, back)
    return redirect_to_login(back)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("check_series")
def check_series(request: HttpRequest, provider: str, service: str) -> HttpResponse:
    """Show the dates of the series that the form asks for, or book them. What has no form leads to it."""
    try:
        wanted = public_service(provider, service)
    except Service.DoesNotExist:
        raise Http404 from None
    if request.headers.get("HX-Target") == "repeat-said":
        return series_preview.say_sum(request, wanted)
    start = month_picker.from_value(request.POST.get("start", ""))
    if start is None:
        return redirect("provider_service", provider, service)
    if not request.user.is_authenticated:
        return _sign_in_first(request, start, to=reverse("book", args=[provider, service]))
    request = cast(SignedInRequest, request)
    form = BookingForm(request.POST, service=wanted, at=start)
    if request.POST.get("do") == "change":
        booking_draft.keep(request, provider)
        typed = booking_draft.kept(request, provider)
        return _show(request, _fresh_page(request, wanted, start, typed=typed))
    return _book(request, wanted, start, form)


def _book(request: SignedInRequest, service: Service, start: datetime, form: BookingForm) -> HttpResponse:
    """Book what the form asks for; where that is a series, its dates are shown first."""
    if not form.is_valid():
        kept, offer = _kept(request, service, start), _offer(request, service, start)
        return _show(request, Page(service, start, form, kept=kept, offer=offer))
    if form.cleaned_data["person"] != request.user.uuid:
        warning = "Somebody else signed in on this device since this form was opened."
        return _show(request, _fresh_page(request, service, start, typed={}, warning=warning))
    if form.rule:
        return series_preview.answer(request, series_preview.Wish.new(request, service, form, form.rule))
    venue, note, typed = form.cleaned_data["venue"], form.cleaned_data["note"], form.typed
    try:
        outcome = booking.book_appointment(
            service=service,
            start=start,
            customer=request.user,
            terms=form.seen,
            booking_key=str(form.cleaned_data["key"]),
            venue=venue,
            note=note,
            browser=visitor.known(request),
        )
    except SlotTaken as taken:
        return _show(request, _fresh_page(request, service, start, typed=typed, taken=taken))
    except TermsChanged:
        service = public_service(service.provider.slug, service.slug)
        terms = booking.terms_of(service, offered=_is_promised(_offer(request, service, start)))
        changes = changes_in_words(form.seen, terms, service, venue=venue)
        return _show(request, _fresh_page(request, service, start, typed=typed, changes=changes))
    except PolicyRefused as refusal:
        booking_draft.keep(request, service.provider.slug)
        return _show(request, _fresh_page(request, service, start, typed=typed, refusal=str(refusal)))
    made = outcome.appointment
    if not outcome.changed and (made.start, made.note) != (start, note):
        messages.info(request, "This form was sent before, and booked this. What you changed since was not saved.")
    booking_draft.forget(request, service.provider.slug)
    return redirect("appointment_done", reference=made.reference)


def _fresh_page(
    request: SignedInRequest, service: Service, start: datetime, *, typed: Mapping[str, str], **said: Any
) -> Page:
    offer = _offer(request, service, start)
    terms = booking.terms_of(service, offered=_is_promised(offer))
    form = BookingForm.fresh(service=service, start=start, terms=terms, person=request.user, typed=typed)
    return Page(service, start, form, kept=_kept(request, service, start), offer=offer, **said)


def _offer(request: SignedInRequest, service: Service, start: datetime) -> Offer | None:
    return offers.offer_to(request.user, service, start, now=clock.now())


def _is_promised(offer: Offer | None) -> bool:
    return offer is not None and offer.is_promised


def _kept(request: HttpRequest, service: Service, start: datetime) -> Hold | None:
    """The hold of this browser if it contains `start`; its length may differ from the service's present one."""
    kept = holds.kept_time(visitor.known(request), now=clock.now())
    if kept is None or kept.provider_id != service.provider_id:
        return None
    return kept if kept.start <= start < kept.end else None


def _show(request: SignedInRequest, page: Page) -> HttpResponse:
    service, now = page.service, clock.now()
    end = page.start + availability.shape_of(service).duration
    clashes = own_clashes(request.user, page.start, end)
    for each in clashes:
        if (each.customer_id, each.service_id, each.start) == (request.user.pk, service.pk, page.start):
            booking_draft.keep(request, service.provider.slug)
            return _booked_before(request, each)
    if page.is_open:
        _say_what_is_wrong(request, page, now)
    zones = zones_of_time(service, page.start, end, reader=viewer_zone(request, service.provider.time_zone).zone)
    context = {
        "page": page,
        "is_kept": page.kept is not None and page.is_open,
        "form": page.form,
        "service": service,
        "provider": service.provider,
        "start": page.start,
        "end": end,
        "zones": zones,
        "zone": zones.first.key,
        "clock_change": month_picker.clock_change(zones.first, now, clock.local(page.start, zones.first).date()),
        "terms": page.terms,
        "quote": quote(service),
        "price": price_text(service),
        "sentences": policy_sentences(service.provider.policy, service),
        "deadline": now + timedelta(minutes=service.provider.policy.answer_minutes),
        "clashes": clashes if page.is_open else [],
        "busy": busy_elsewhere_on(request.user, [(start, start + (end - page.start)) for start in page.offered]),
        "zone_query": with_query("", {"tz": request.GET.get("tz", "")}),
        "change_link": with_query(
            reverse("provider_service", args=[service.provider.slug, service.slug]),
            {"start": month_picker.to_value(page.start), "tz": request.GET.get("tz", "")},
        ),
    }
    return render(request, "appointments/book.html", context, status=page.status)


def _booked_before(request: SignedInRequest, appointment: Appointment) -> HttpResponse:
    """Redirect to the appointment that this person already has at this time (after Back, or from a second tab)."""
    verb = "requested" if appointment.is_request else "booked"
    messages.info(request, f"You have already {verb} this time. This is your appointment.")
    return redirect("appointment_done", reference=appointment.reference)


def _say_what_is_wrong(request: SignedInRequest, page: Page, now: datetime) -> None:
    """Fill in `page` with the refusal or the nearest times that booking would answer now."""
    mine = visitor.mine(request)
    try:
        holds.check_bookable(page.service)
        page.notices = booking.check_customer(request.user, page.service, page.start)
        if not availability.may_book(page.service, page.start, now=now, mine=mine):
            page.taken = holds.slot_taken(page.service, page.start, mine=mine)
    except PolicyRefused as refusal:
        if page.service.repeats and _takes_series(request.user, page.service):
            page.only_series = str(refusal)
            page.form.repeat_at_least()
        else:
            page.refusal = str(refusal)


def _takes_series(customer: User, service: Service) -> bool:
    """Whether the customer could book a short series: its dates count apart from their share of single appointments."""
    try:
        holds.check_bookable(service)
        booking.check_customer_for_series(customer, service, FEWEST_OCCURRENCES)
    except PolicyRefused:
        return False
    return True


@require_POST
def extend_time(request: HttpRequest, provider: str, service: str) -> HttpResponse:
    """Extend the kept time by ten minutes, once, and redirect to the form, which keeps the typed texts."""
    booking_draft.keep(request, provider)
    browser = visitor.known(request)
    if browser:
        holds.extend_kept_time(browser=browser)
    return redirect_with(reverse("book", args=[provider, service]), _chosen(request))


@require_POST
def release_time(request: HttpRequest, provider: str, service: str) -> HttpResponse:
    """Release the kept time, keep the typed texts for the next form, and redirect to the times.

    With `gone` in the query, sent by the script of a page that is being left, the answer is 204.
    """
    booking_draft.keep(request, provider)
    browser, start = visitor.known(request), month_picker.from_value(request.POST.get("start", ""))
    if browser and start:
        kept_times.leave_kept_time(browser=browser, provider=provider, start=start)
    if "gone" in request.GET:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return redirect_with(reverse("provider_service", args=[provider, service]), _chosen(request))


def _chosen(request: HttpRequest) -> dict[str, str]:
    """The query of the next address: start and zone."""
    start = month_picker.from_value(request.POST.get("start", ""))
    return {"start": month_picker.to_value(start) if start else "", "tz": request.GET.get("tz", "")}
