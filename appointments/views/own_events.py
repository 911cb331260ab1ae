"""The pages of people's own events: of a provider in the studio, of anybody else beside their appointments."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from appointments.exceptions import EventGone, EventRefused, FormSpent, InsideChanged
from appointments.forms.own_events import WHICH, OwnEventForm
from appointments.models import OwnEvent
from appointments.pages.calendar import sides
from appointments.pages.own_events import (
    dates_words,
    inside_of,
    lies_over_words,
    offered_of,
    repeats_words,
    rows_of,
    saved_now,
    shown_field,
    when_words,
)
from appointments.pages.studio.time_off import no_longer_offered
from appointments.queries.own_events import coming_own_events, own_event_of, past_own_events
from appointments.rules.own_events import rule_of
from appointments.rules.recurrence import Rule
from appointments.rules.stopping import Scope
from appointments.services.own_events import Saved, create_own_event, what_is_offered_inside, what_lies_inside
from appointments.services.own_recurrences import change_dates, dates_written, delete_dates
from calendar_sync import queries as calendars
from core import clock
from core.paging import page_of
from providers.access import provider_required
from providers.exceptions import ChangedMeanwhile
from providers.models import Provider
from providers.queries import lives_in_the_studio
from providers.views import gone

from .calendars import back_to_calendar

READ_AND_SEND = ["GET", "HEAD", "POST"]
STUDIO, ACCOUNT = "studio", "account"
View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Pages:
    """The names of a door's pages, and the template around them."""

    frame: str
    home: str
    new: str
    event: str
    delete: str


PAGES = {
    STUDIO: Pages(
        frame="appointments/own_events/_in_studio.html",
        home="studio_events",
        new="studio_event_new",
        event="studio_event",
        delete="studio_event_delete",
    ),
    ACCOUNT: Pages(
        frame="appointments/own_events/_in_account.html",
        home="my_events",
        new="my_event_new",
        event="my_event",
        delete="my_event_delete",
    ),
}


@dataclass(frozen=True, slots=True)
class Door:
    """Whose events they are, and where their pages are. `provider` is that of the studio, None outside of it."""

    owner: User
    pages: Pages
    provider: Provider | None = None

    @property
    def is_studio(self) -> bool:
        return self.provider is not None

    @property
    def zone(self) -> ZoneInfo:
        return self.provider.zone if self.provider else self.owner.zone

    @property
    def twelve(self) -> bool:
        return self.owner.uses_12h_clock


def by_door(view: View) -> View:
    """Decorates a view that gets a door as second argument, by the `place` of its address.

    Visitors are sent to sign in. Who is no provider gets 404 in the studio; a provider is led there from outside.
    """

    @provider_required
    def in_studio(request: HttpRequest, provider: Provider, **kwargs: Any) -> HttpResponse:
        return view(request, Door(provider.user, PAGES[STUDIO], provider), **kwargs)

    @never_cache
    @login_required
    def in_account(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        me = cast(User, request.user)
        if lives_in_the_studio(me):
            return _same_in_studio(request, kwargs)
        return view(request, Door(me, PAGES[ACCOUNT]), **kwargs)

    @wraps(view)
    def enter(request: HttpRequest, *, place: str, **kwargs: Any) -> HttpResponse:
        return (in_studio if place == STUDIO else in_account)(request, **kwargs)

    return enter


def _same_in_studio(request: HttpRequest, kwargs: dict[str, Any]) -> HttpResponse:
    """A redirect to the same page in the studio; what was sent is not, as another zone may hold there."""
    assert request.resolver_match
    mine, theirs = PAGES[ACCOUNT], PAGES[STUDIO]
    same = {mine.new: theirs.new, mine.event: theirs.event, mine.delete: theirs.delete}
    name = same.get(str(request.resolver_match.url_name), theirs.home)
    return redirect(theirs.home) if request.method == "POST" else redirect(name, **kwargs)


@require_safe
@by_door
def own_events(request: HttpRequest, door: Door) -> HttpResponse:
    """The events that are not over, soonest first, and the last that are; which of them Google does not have.

    Two queries, and one where a calendar is written to.
    """
    now = clock.now()
    page = page_of(coming_own_events(door.owner, now=now), request.GET.get("page"))
    unwritten = {each.key: each for each in calendars.unwritten(door.owner)} if door.owner.keeps_calendar else {}
    past = past_own_events(door.owner, now=now) if page.number == 1 else []
    context = {
        "door": door,
        "zone": door.zone.key,
        "page": page,
        "rows": [(row, unwritten.get(row.event.uuid)) for row in rows_of(page, door.zone, now=now, twelve=door.twelve)],
        "past": rows_of(past, door.zone, now=now, twelve=door.twelve),
        "previous": _page_link(page.number - 1) if page.has_previous() else "",
        "next": _page_link(page.number + 1) if page.has_next() else "",
    }
    return render(request, "appointments/own_events/list.html", context)


def _page_link(number: int) -> str:
    return f"?{urlencode({'page': number})}"


@require_http_methods(READ_AND_SEND)
@by_door
def new_event(request: HttpRequest, door: Door) -> HttpResponse:
    """The form of a new event. The address may name `date` and `start`, and `until` and `end`."""
    if request.method != "POST":
        return _form_page(request, door, OwnEventForm.new(zone=door.zone, asked=request.GET, now=clock.now()))
    return _save(request, door, OwnEventForm(request.POST, zone=door.zone), None)


@require_http_methods(READ_AND_SEND)
@by_door
def event(request: HttpRequest, door: Door, event: UUID) -> HttpResponse:
    """An event, with the form that changes it. What was typed about one that is gone becomes a new one, if wanted."""
    row = _own(door, event)
    if request.method != "POST":
        if row is None:
            return gone.back_to_the_list(request, door.pages.home)
        return _form_page(request, door, OwnEventForm.of(row, zone=door.zone, asked=request.GET), row)
    if row is None:
        return _offer_new(request, door, EventGone())
    return _save(request, door, OwnEventForm(request.POST, zone=door.zone, event=row), row)


@require_http_methods(READ_AND_SEND)
@by_door
def delete_event(request: HttpRequest, door: Door, event: UUID) -> HttpResponse:
    """GET asks, POST deletes the event as the page showed it."""
    row = _own(door, event)
    if row is None:
        return gone.back_to_the_list(request, door.pages.home)
    words = when_words(row, door.zone, twelve=door.twelve)
    if request.method != "POST":
        context = {"door": door, "zone": door.zone.key, "event": row, "words": words}
        context |= {"repeats": repeats_words(rule_of(row)), "which": WHICH}
        return render(request, "appointments/own_events/delete.html", context)
    gone.remember(request, f"The event {words} was already deleted.")  # a session keeps no private words
    scope = next((each for each in Scope if each == request.POST.get("which")), Scope.ONE)
    try:
        gone_dates = delete_dates(
            event=row, scope=scope, actor=door.owner, version=_number(request.POST.get("version"))
        )
    except ChangedMeanwhile as refusal:
        messages.warning(request, f"{refusal} Nothing is deleted yet.")
        return redirect(door.pages.delete, event)
    opens = " The time can be booked again." if door.is_studio and not row.is_free and row.end > clock.now() else ""
    more = f" and {gone_dates - 1} more date{'s' if gone_dates > 2 else ''}" if gone_dates > 1 else ""
    messages.success(request, f"Deleted: {row.name}, {words}{more}.{opens}")
    return redirect(door.pages.home)


def _save(request: HttpRequest, door: Door, form: OwnEventForm, row: OwnEvent | None) -> HttpResponse:
    """Save what was typed, show what it lies over first, or say why it can't be saved; nothing typed is lost."""
    if not form.is_valid():
        return _form_page(request, door, form, row, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if request.POST.get("do") == "change":
        return _form_page(request, door, form, row)
    now = clock.now()
    try:
        before, after = dates_written(row, form.details, form.rule, form.scope, now=now)
        claims = what_lies_inside(door.owner, *after, now=now, besides=before)
        saved = _write(door, form, row)
    except InsideChanged as refusal:
        return _check_page(request, door, form, row, refusal)
    except EventRefused as refusal:
        form.refuse(refusal)
        return _form_page(request, door, form, row, status=refusal.status)
    except ChangedMeanwhile as refusal:
        return _ask_again(request, door, row, refusal)
    except (EventGone, FormSpent) as refusal:
        return _offer_new(request, door, refusal)
    inside = inside_of(claims, door.owner, door.zone, now=now, twelve=door.twelve)
    _tell(request, door, saved, form.rule, lies_over_words(inside))
    back = back_to_calendar(request, sides.STUDIO if door.is_studio else sides.MINE, saved.event.start, door.zone)
    return back or redirect(door.pages.home)


def _write(door: Door, form: OwnEventForm, row: OwnEvent | None) -> Saved:
    shown = form.cleaned_data["shown"]
    if row is None:
        key = form.cleaned_data["key"]
        return create_own_event(details=form.details, actor=door.owner, key=key, shown=shown, rule=form.rule)
    return change_dates(
        event=row,
        details=form.details,
        rule=form.rule,
        scope=form.scope,
        actor=door.owner,
        version=form.cleaned_data["version"] or 0,
        shown=shown,
    )


def _tell(request: HttpRequest, door: Door, saved: Saved, rule: Rule | None, lies_over: str) -> None:
    if not saved.changed:
        messages.info(request, "That was already saved. Nothing changed.")
        return
    row = saved.event
    words = f"Saved: {row.name}, {when_words(row, door.zone, twelve=door.twelve)}."
    closes = "Nobody can book you then." if door.is_studio and not row.is_free and row.end > clock.now() else ""
    parts = (words, dates_words(rule, saved.dates), closes, lies_over, no_longer_offered(saved.taken_back))
    messages.success(request, " ".join(part for part in parts if part))


def _form_page(
    request: HttpRequest,
    door: Door,
    form: OwnEventForm,
    row: OwnEvent | None = None,
    *,
    status: int = HTTPStatus.OK,
    **more: Any,
) -> HttpResponse:
    repeats = repeats_words(rule_of(row)) if row else ""
    context = {"door": door, "zone": door.zone.key, "form": form, "event": row, "repeats": repeats, **more}
    return render(request, "appointments/own_events/event.html", context, status=status)


def _check_page(
    request: HttpRequest, door: Door, form: OwnEventForm, row: OwnEvent | None, refusal: InsideChanged
) -> HttpResponse:
    """What the event would lie over, with all that was typed; 409 where another page had shown something else."""
    now = clock.now()
    before, after = dates_written(row, form.details, form.rule, form.scope, now=now)
    claims = what_lies_inside(door.owner, *after, now=now, besides=before)
    offers = what_is_offered_inside(door.owner, *after, now=now)
    had_shown = bool(form.cleaned_data["shown"])
    context = {
        "door": door,
        "zone": door.zone.key,
        "event": row,
        "form": OwnEventForm.again(request.POST, zone=door.zone, event=row, shown=shown_field(claims, offers)),
        "details": form.details,
        "words": when_words(form.details, door.zone, twelve=door.twelve),
        "dates": dates_words(form.rule, len(after)),
        "inside": inside_of(claims, door.owner, door.zone, now=now, twelve=door.twelve),
        "offered": offered_of(offers, door.zone, twelve=door.twelve),
        "why": str(refusal) if had_shown else "",
    }
    status = HTTPStatus.CONFLICT if had_shown else HTTPStatus.OK
    return render(request, "appointments/own_events/check.html", context, status=status)


def _ask_again(request: HttpRequest, door: Door, row: OwnEvent | None, refusal: ChangedMeanwhile) -> HttpResponse:
    """The form with all that was typed beside what stands now; saving it again replaces that."""
    assert row is not None
    now = _own(door, row.uuid)
    if now is None:
        return _offer_new(request, door, EventGone())
    form = OwnEventForm.again(request.POST, zone=door.zone, event=now, version=now.version)
    stands = saved_now(now, door.zone, twelve=door.twelve)
    status = HTTPStatus.CONFLICT
    return _form_page(request, door, form, now, status=status, refusal=refusal, saved_now=stands)


def _offer_new(request: HttpRequest, door: Door, refusal: EventGone | FormSpent) -> HttpResponse:
    """The form of a new event with all that was typed about one that is gone, or was saved before."""
    form = OwnEventForm.again(request.POST, zone=door.zone, key=uuid4(), version="", shown="")
    return _form_page(request, door, form, status=HTTPStatus.CONFLICT, refusal=refusal, saved_now=[])


def _own(door: Door, event: UUID) -> OwnEvent | None:
    try:
        return own_event_of(door.owner, event)
    except OwnEvent.DoesNotExist:
        return None


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0
