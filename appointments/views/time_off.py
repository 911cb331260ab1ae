"""The studio's pages of time off, and of a day that is cancelled. Times are in the provider's own zone."""

from datetime import date
from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from appointments.forms.time_off import TimeOffForm, typed_besides
from appointments.pages.calendar.sides import STUDIO
from appointments.pages.studio.time_off import cleared_words, span_words
from appointments.queries.customers import customer_of
from appointments.queries.provider import working_time
from appointments.services.time_off import Absence, Cleared, cancel_inside, take_time_off
from calendar_sync import queries as calendars
from core import clock
from core.wording import date_text, duration_text
from providers import queries, services
from providers.access import provider_required
from providers.exceptions import TimeOffRefused
from providers.models import CalendarState, Provider, TimeOff
from providers.views import gone

from .calendars import back_to_calendar
from .clearing import Clearing, Decided, clear, show

READ_AND_SEND = ["GET", "HEAD", "POST"]


@require_safe
@provider_required
def time_off_list(request: HttpRequest, provider: Provider) -> HttpResponse:
    """The time off that is not over, soonest first, and the last entries that are; which of them Google does not have.

    Two queries, and one where a calendar is connected.
    """
    now = clock.now()
    is_connected = provider.calendar_state != CalendarState.NONE
    unwritten = {each.key: each for each in calendars.unwritten(provider.user)} if is_connected else {}
    ahead, past = queries.coming_time_off(provider, now=now), queries.past_time_off(provider, now=now)
    context = {
        "provider": provider,
        "zone": provider.time_zone,
        "ahead": [(row, _words(provider, row), row.start <= now, unwritten.get(row.uuid)) for row in ahead],
        "past": [(row, _words(provider, row)) for row in past],
    }
    return render(request, "appointments/studio/time_off.html", context)


@require_safe
@provider_required
def new_time_off(request: HttpRequest, provider: Provider) -> HttpResponse:
    """The form, with the date from the address or today. It is sent to the page that checks it."""
    day = _day(request.GET.get("day")) or queries.today_of(provider)
    form = TimeOffForm(zone=provider.zone, initial={"start_on": day, "end_on": day})
    return _new_page(request, provider, form)


@require_http_methods(READ_AND_SEND)
@provider_required
def check_time_off(request: HttpRequest, provider: Provider) -> HttpResponse:
    """Ask what becomes of the appointments inside, or save: at once where there are none."""
    if request.method != "POST":
        return redirect("studio_time_off_new")
    form = TimeOffForm(request.POST, zone=provider.zone)
    if not form.is_valid():
        return _new_page(request, provider, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if request.POST.get("do") == "change":
        return _new_page(request, provider, form)
    try:
        return clear(request, _of_time_off(request, provider, form))
    except TimeOffRefused as refusal:
        form.add_error("reason" if "reason" in str(refusal) else "start_on", str(refusal))
        return _new_page(request, provider, form, status=refusal.status)


@require_http_methods(READ_AND_SEND)
@provider_required
def remove_time_off(request: HttpRequest, provider: Provider, time_off: UUID) -> HttpResponse:
    """GET explains the removal, POST opens the time again."""
    row = provider.time_off.filter(uuid=time_off).first()
    if row is None:
        return gone.back_to_the_list(request, "studio_time_off")
    row.provider, words = provider, _words(provider, row)
    if request.method != "POST":
        context = {"provider": provider, "zone": provider.time_zone, "row": row, "words": words}
        return render(request, "appointments/studio/time_off_remove.html", context)
    if request.POST.get("shown", words) != words or not services.remove_time_off(time_off=row, actor=provider.user):
        messages.warning(request, "This time off has changed since you opened the page. Nothing is removed yet.")
        return redirect("studio_time_off_remove", time_off=time_off)
    gone.remember(request, f"The time off, {words}, was already removed.")
    messages.success(request, f"Removed: {words}. Your hours hold again.")
    return redirect("studio_time_off")


@require_http_methods(READ_AND_SEND)
@provider_required
def cancel_day(request: HttpRequest, provider: Provider, day: date) -> HttpResponse:
    """Cancel what still lies ahead on a date, or only the part of one customer, without taking the date off."""
    clearing = _of_day(request, provider, day)
    return clear(request, clearing) if request.method == "POST" else show(request, clearing)


def _of_time_off(request: HttpRequest, provider: Provider, form: TimeOffForm) -> Clearing:
    absence, twelve = form.absence, provider.user.uses_12h_clock
    words = span_words(*absence.span, provider.zone, twelve=twelve)

    def act(decided: Decided) -> Cleared:
        return take_time_off(
            provider=provider,
            absence=absence,
            actor=provider.user,
            ways=decided.ways,
            word=decided.word,
            seen=decided.seen,
            shown=decided.shown,
            offered=decided.offered,
        )

    def done(cleared: Cleared) -> HttpResponse:
        _tell(request, cleared, f"Time off saved: {words}.")
        return back_to_calendar(request, STUDIO, absence.span[0], provider.zone) or redirect("studio_time_off")

    return Clearing(
        provider=provider,
        span=absence.span,
        template="appointments/studio/time_off_check.html",
        is_time_off=True,
        act=act,
        done=done,
        context={
            "absence": absence,
            "words": words,
            "about": form,
            "first_day": form.cleaned_data["start_on"],
            "last_day": form.cleaned_data["end_on"],
            "closes": _closes(provider, absence),
        },
    )


def _of_day(request: HttpRequest, provider: Provider, day: date) -> Clearing:
    span = clock.day_bounds(day, provider.zone)
    customer = _customer(provider, request.GET.get("customer"))

    def act(decided: Decided) -> Cleared:
        return cancel_inside(
            provider=provider,
            span=span,
            actor=provider.user,
            ways=decided.ways,
            word=decided.word,
            seen=decided.seen,
            shown=decided.shown,
            offered=decided.offered,
            customer=customer,
        )

    def done(cleared: Cleared) -> HttpResponse:
        _tell(request, cleared, "")
        return redirect(f"{reverse('studio_today')}?{urlencode({'day': day.isoformat()})}")

    return Clearing(
        provider=provider,
        span=span,
        template="appointments/studio/cancel_day.html",
        is_time_off=False,
        act=act,
        done=done,
        context={"day": day, "words": date_text(day, long=True), "customer": customer},
        customer=customer,
    )


def _tell(request: HttpRequest, cleared: Cleared, saved: str) -> None:
    if not cleared.changed:
        messages.info(request, "Nothing was cancelled." if not saved else "That was already saved. Nothing changed.")
        return
    merged = "It is one entry now with the time off that it meets." if cleared.merged else ""
    messages.success(request, " ".join(part for part in (saved, merged, cleared_words(cleared)) if part))


def _new_page(
    request: HttpRequest, provider: Provider, form: TimeOffForm, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    """The form of the time off. What was chosen and written on the page that checks it travels along, unseen."""
    context = {"provider": provider, "zone": provider.time_zone, "form": form, "besides": typed_besides(request.POST)}
    return render(request, "appointments/studio/time_off_new.html", context, status=status)


def _words(provider: Provider, row: TimeOff) -> str:
    return span_words(row.start, row.end, provider.zone, twelve=provider.user.uses_12h_clock)


def _closes(provider: Provider, absence: Absence) -> str:
    """How much of the working hours it closes: "12 h", or nothing."""
    closed = working_time(provider, *absence.span)
    return duration_text(closed) if closed else ""


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _customer(provider: Provider, text: str | None) -> User | None:
    """The customer named in the address; 404 for anybody who is none of this provider."""
    if not text:
        return None
    try:
        return customer_of(provider, UUID(text))
    except (ValueError, User.DoesNotExist):
        raise Http404("No customer of theirs") from None
