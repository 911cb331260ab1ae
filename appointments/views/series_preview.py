"""The page that shows the dates of a series before it is booked, and its answers when some of them changed.

Nothing is stored before the button to book: the form carries all that was typed and chosen.
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.http import SignedInRequest
from accounts.models import User
from accounts.zones import viewer_zone
from appointments import booking_draft, visitor
from appointments.exceptions import PolicyRefused, SlotTaken, TermsChanged
from appointments.forms.booking import BookingForm
from appointments.forms.extending import ExtendForm
from appointments.forms.series_dates import SentDates, read_dates, rows_shown
from appointments.models import Series
from appointments.pages import month_picker
from appointments.pages.changed_terms import changes_in_words
from appointments.pages.series_preview import Preview, build_preview, sum_words
from appointments.pages.zones import zones_of_time
from appointments.queries.busy import busy_elsewhere_on
from appointments.queries.customer import own_clashes
from appointments.queries.public import public_service
from appointments.rules.pricing import quote
from appointments.rules.recurrence import Expanded, Rule
from appointments.rules.series import Prospect, SettledDate, settle
from appointments.services import availability, booking, holds
from appointments.services.series_booking import Extension, book_series, look_ahead, occurrences_of
from core import clock
from core.shortcuts import with_query
from providers.models import Service
from providers.wording import cancelling_sentence


@dataclass(frozen=True)
class Wish:
    """The dates that a valid form asks for: those of a new series, or those that `extension` adds to one.

    `address` is the page of the dates, and `back` the one from which the form came.
    """

    service: Service
    rule: Rule
    form: BookingForm | ExtendForm
    expanded: Expanded
    address: str
    back: str
    extension: Extension | None = None

    @classmethod
    def new(cls, request: HttpRequest, service: Service, form: BookingForm, rule: Rule) -> "Wish":
        at, zone = [service.provider.slug, service.slug], {"tz": request.GET.get("tz", "")}
        address = with_query(reverse("check_series", args=at), zone)
        back = with_query(reverse("provider_service", args=at), zone)
        return cls(service, rule, form, occurrences_of(rule, service), address, back)

    @property
    def series(self) -> Series | None:
        return self.extension.series if self.extension else None

    @property
    def key(self) -> str:
        return str(self.form.cleaned_data["key"])

    def carried_on(self, terms: booking.Terms, person: User) -> dict[str, Any]:
        """What the form carries on: the terms that the page shows, the one-time key, and all that was typed."""
        if self.extension:
            values = ExtendForm.values(extension=self.extension, terms=terms, person=person)
        else:
            values = BookingForm.values(start=self.rule.first, terms=terms, person=person)
        return {**values, "key": self.key, **self.form.typed}


@dataclass
class Look:
    """The dates of the series as they are now, and the trouble to show on top."""

    wish: Wish
    service: Service
    sent: SentDates
    prospect: Prospect
    dates: list[SettledDate]
    refusal: str = ""
    changes: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    is_late: bool = False
    unlike_shown: list[SettledDate] = field(default_factory=list)
    must_answer: bool = False

    @property
    def status(self) -> int:
        if self.refusal or self.changes or self.is_late or self.unlike_shown:
            return HTTPStatus.CONFLICT
        return HTTPStatus.UNPROCESSABLE_ENTITY if self.must_answer else HTTPStatus.OK

    @property
    def lost(self) -> list[SettledDate]:
        """The dates that were settled when the page was shown and are not any more."""
        unsettled = [date for date in self.dates if not date.is_settled]
        return [date for date in unsettled if date.is_lost or date.number not in self.sent.asked]


def answer(request: SignedInRequest, wish: Wish) -> HttpResponse:
    """Show the dates that are asked for, or book them where the button was pressed and all are settled.

    Raises ChangedSince where dates were added meanwhile to the series that they extend.
    """
    look = _look(request, wish, wish.service)
    if not look.sent.books:
        return _show(request, look)
    if any(not date.is_settled for date in look.dates):
        # A form that was sent twice finds its own appointments in the way.
        if (before := booking.booked_by_form(request.user, wish.key)) and before.series:
            return _already(request, before.series)
        look.is_late, look.must_answer = bool(look.lost), True
        return _show(request, look)
    if look.changes:
        return _show(request, look)
    if unlike := look.sent.unlike_shown(look.dates, asks_beyond=True):
        if (before := booking.booked_by_form(request.user, wish.key)) and before.series:
            return _already(request, before.series)
        look.unlike_shown = unlike
        return _show(request, look)
    try:
        booked = book_series(
            service=wish.service,
            rule=wish.rule,
            dates=look.dates,
            customer=request.user,
            terms=wish.form.seen,
            booking_key=wish.key,
            venue=wish.form.cleaned_data["venue"],
            note=wish.form.cleaned_data["note"],
            browser=visitor.known(request),
            extension=wish.extension,
        )
    except SlotTaken:
        look = _look(request, wish, wish.service)
        look.is_late = True
        return _show(request, look)
    except TermsChanged:
        now_offered = public_service(wish.service.provider.slug, wish.service.slug)
        return _show(request, _look(request, wish, now_offered))
    except PolicyRefused as refusal:
        look.refusal = str(refusal)
        return _show(request, look)
    provider = wish.service.provider
    booking_draft.forget(request, provider.slug)
    if booked.series is None:
        return redirect("appointment_done", reference=booked.outcomes[0].appointment.reference)
    if not booked.changed:
        return _already(request, booked.series)
    confirmed = sum(outcome.appointment.is_confirmed for outcome in booked.outcomes)
    messages.success(request, f"{_done(confirmed, len(booked.outcomes))} We email you and {provider.first_name}.")
    return redirect("my_series", series=booked.series.uuid)


def _done(confirmed: int, count: int) -> str:
    """What became of the dates: "All 6 dates are booked.", "4 dates are booked, and 2 requested."."""
    if 0 < confirmed < count:
        booked = "1 date is" if confirmed == 1 else f"{confirmed} dates are"
        return f"{booked} booked, and {count - confirmed} requested."
    dates = "1 date is" if count == 1 else f"All {count} dates are"
    return f"{dates} {'booked' if confirmed else 'requested'}."


def say_sum(request: HttpRequest, service: Service) -> HttpResponse:
    """The line of the booking form that says how many dates it asks for and what they cost; no query of its own."""
    start = month_picker.from_value(request.GET.get("start", ""))
    form = BookingForm(request.GET, service=service, at=start)
    form.is_valid()
    is_clear = form.rule is not None and not {"repeat", "count", "until"} & form.errors.keys()
    said = None
    if form.rule and is_clear:
        said = sum_words(form.rule, occurrences_of(form.rule, service), quote(service))
    context = {"said": said, "address": request.path, "swaps": True}
    answer = render(request, "appointments/series/_repeat_said.html", context)
    answer.headers["Vary"] = "HX-Request, HX-Target"
    return answer


def _already(request: HttpRequest, series: Series) -> HttpResponse:
    messages.info(request, "This form was sent before, and booked this series.")
    return redirect("my_series", series=series.uuid)


def _look(request: SignedInRequest, wish: Wish, service: Service) -> Look:
    """The dates as they are now, judged with what the form says of each; `service` as it is offered now."""
    now, expanded, rule = clock.now(), wish.expanded, wish.rule
    sent = read_dates(request.POST, {one.number: one.day for one in expanded.occurrences})
    also = [start for start in sent.picks.values() if start]
    also += [clock.day_bounds(day, rule.zone)[0] for day in sent.days.values()]
    prospect = look_ahead(service, expanded, now=now, mine=visitor.mine(request), also=also)
    dates = settle(
        prospect,
        expanded.occurrences,
        sent.picks,
        unanswered=sent.unanswered,
        suggests=sent.is_first,
        asks_beyond=service.requests_beyond_window,
    )
    look = Look(wish, service, sent, prospect, dates)
    terms = booking.terms_of(service)
    if wish.form.seen != terms:
        venue = wish.form.cleaned_data["venue"]
        look.changes = changes_in_words(wish.form.seen, terms, service, venue=venue)
    return look


def _show(request: SignedInRequest, look: Look) -> HttpResponse:
    service, provider = look.service, look.service.provider
    preview, zones = _build(request, look)
    if not look.refusal:
        _say_what_is_wrong(request, look, preview)
    terms = booking.terms_of(service)
    context = {
        "look": look,
        "preview": preview,
        "service": service,
        "provider": provider,
        "zones": zones,
        "zone": zones.first.key,
        "terms": terms,
        "where": _where(look),
        "cancelling": cancelling_sentence(provider.policy).text,
        "hidden": look.wish.carried_on(terms, request.user),
        "rows": rows_shown(look.dates),
        "address": look.wish.address,
        "back": look.wish.back,
        "series": look.wish.series,
        "first": look.wish.expanded.occurrences[0].start,
    }
    part = "#series" if request.headers.get("HX-Target") == "series" else ""
    response = render(request, f"appointments/series/check.html{part}", context, status=look.status)
    response.headers["Vary"] = "HX-Request, HX-Target"
    return response


def _where(look: Look) -> str:
    """The place of the dates: where the customer chose to meet, while the service still offers that."""
    service, venue = look.service, look.wish.form.cleaned_data["venue"]
    return service.provider.where_of([venue]) if venue in service.venues else service.where


def _build(request: SignedInRequest, look: Look) -> tuple[Preview, Any]:
    service, starts = look.service, [date.start or date.occurrence.start for date in look.dates]
    length = availability.shape_of(service).duration
    first, last = min(starts), max(starts) + length
    reader = viewer_zone(request, service.provider.time_zone).zone
    zones = zones_of_time(service, starts[0], starts[0] + length, reader=reader)
    preview = build_preview(
        service,
        look.wish.rule,
        look.wish.expanded,
        look.dates,
        look.prospect,
        quote(service),
        clashes=own_clashes(request.user, first, last),
        busy=busy_elsewhere_on(request.user, [(start, start + length) for start in starts]),
        opened=look.sent.days,
        zone=zones.first,
        twelve=request.user.uses_12h_clock,
    )
    return preview, zones


def _say_what_is_wrong(request: SignedInRequest, look: Look, preview: Preview) -> None:
    """Fill in the refusal that booking would answer now, or what the customer is to read before."""
    try:
        holds.check_bookable(look.service)
        notice = booking.check_customer_for_series(
            request.user, look.service, preview.count, extends=look.wish.extension is not None
        )
    except PolicyRefused as refusal:
        look.refusal = str(refusal)
    else:
        look.notices = [notice] if notice else []
