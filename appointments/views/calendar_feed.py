"""A person's appointments in their own calendar: the link that programs read, its settings, and one file of all."""

from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.limits import limited
from accounts.models import User
from appointments.forms.calendar_feed import CalendarFeedForm
from appointments.mail import ics
from appointments.models import CalendarFeed
from appointments.queries.calendar_feed import LOOK_BACK, all_appointments, appointments_in_feed, feed_by_token, feed_of
from appointments.services.calendar_feed import make_feed, turn_off_feed
from appointments.states import Shown
from core import clock
from core.letters import page
from providers.queries import provider_of

CALENDAR = "text/calendar; charset=utf-8"


@never_cache
@login_required
@limited("calendar_link")
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_settings(request: HttpRequest) -> HttpResponse:
    """The settings of the calendar link. A POST makes a new one and tells it: this once, for no one keeps it."""
    me = cast(User, request.user)
    has_studio = provider_of(me) is not None
    if request.method != "POST":
        return _settings_page(request, CalendarFeedForm(has_studio=has_studio))
    form = CalendarFeedForm(request.POST, has_studio=has_studio)
    if not form.is_valid():
        return _settings_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    token = make_feed(actor=me, shows=form.shown)
    return _settings_page(request, CalendarFeedForm(has_studio=has_studio), link=page("calendar_feed", token))


@login_required
@require_POST
def turn_off(request: HttpRequest) -> HttpResponse:
    was_on = turn_off_feed(actor=cast(User, request.user))
    messages.success(request, "Your calendar link is off." if was_on else "Your calendar link was off already.")
    return redirect("settings_calendar")


@limited("calendar_feed", methods=("GET", "HEAD"))
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar behind a link, for programs. 404 for a link that is off, 403 while its owner is suspended."""
    try:
        found = feed_by_token(token)
    except CalendarFeed.DoesNotExist:
        raise Http404 from None
    owner = found.owner
    if not owner.is_active:
        raise Http404
    if not owner.takes_part:
        # Nothing about why: a link is known to other people's programs.
        return HttpResponse("This calendar link rests.", "text/plain; charset=utf-8", status=HTTPStatus.FORBIDDEN)
    rows = appointments_in_feed(owner, Shown(found.shows), now=clock.now())
    etag = quote_etag(ics.fingerprint(rows, owner))
    # Programs ask far more often than something changes, so the file is only made where they do not have it.
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        ics.calendar_of(rows, owner), content_type=CALENDAR, headers={"X-Robots-Tag": "noindex"}
    )
    response["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    return response


@never_cache
@login_required
@limited("calendar_file", methods=("GET",))
@require_safe
def all_in_one_file(request: HttpRequest) -> HttpResponse:
    """A calendar file of every appointment of the person, on either side, cancelled ones included."""
    me = cast(User, request.user)
    headers = {"Content-Disposition": 'attachment; filename="appointments.ics"'}
    return HttpResponse(ics.calendar_of(all_appointments(me), me), content_type=CALENDAR, headers=headers)


def _settings_page(
    request: HttpRequest, form: CalendarFeedForm, *, link: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    context = {
        "form": form,
        "feed": feed_of(cast(User, request.user)),
        "days": LOOK_BACK.days,
        "link": link,
        # Calendar programs open such an address by subscribing to it.
        "webcal": f"webcal:{link.partition(':')[2]}" if link else "",
    }
    return render(request, "appointments/calendar/settings.html", context, status=status)
