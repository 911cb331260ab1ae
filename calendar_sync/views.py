"""The pages about Google Calendar, in the studio and in the settings, the way to Google and back, and the address of
its push messages."""

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.limits import limited
from accounts.models import User
from core import clock
from core.exceptions import DomainError
from core.letters import page
from core.paging import page_of
from core.view_contract import FORMS, JSON, open_to_all, takes
from providers.access import provider_required
from providers.models import Provider

from . import hooks, queries
from .doors import Door, come_home, door_or_draft_required, door_required
from .exceptions import NotConnected
from .forms import CalendarsForm
from .google_api import oauth
from .models import Connection, WrittenEvent
from .pages import edited_of, panel_of, profiles_of, question_of, rows_of
from .rules import scopes
from .services import connecting, edits, free_by_choice, own_calendar, pushes, reading, written
from .states import Profile

# What the session knows of somebody who is at Google: used once, and for a while.
AT_GOOGLE = "at_google"
READ_AND_SEND = ["GET", "HEAD", "POST"]
# How many events that count as free the page of the connection lists, the next first.
MOST_FREED = 20
REMOVED = "What lies ahead is removed from it first; nothing else is written to this account now."
# And of how many changed entries it asks at once; the next follow when these are answered.
MOST_EDITED = 5
# Google’s messages have no body, whatever type they name for it. What comes all the same is not read.
PUSH_BODIES, PUSH_BYTES = FORMS | JSON | {"text/plain"}, 10_000


@require_safe
@door_required
def google(request: HttpRequest, door: Door) -> HttpResponse:
    """How the connection stands. Looking at a copy older than a minute has it read again, by a job."""
    now = clock.now()
    connections = list(queries.connections_of(door.owner))
    reading.refresh(connections, now=now)
    stopped_at = door.provider.calendar_stopped_at if door.provider else None
    waiting = queries.waiting(each for each in connections if each.needs_sign_in)
    context: dict[str, Any] = {
        "door": door,
        "is_available": connecting.is_available(),
        "zone": door.zone,
        "is_required": door.is_studio and settings.GOOGLE_CALENDAR_REQUIRED,
        "stopped_at": stopped_at,
        "panels": [
            panel_of(
                each,
                is_booked=door.is_studio,
                stopped_at=stopped_at,
                now=now,
                waiting=waiting.get(each.pk, 0),
            )
            for each in connections
        ],
    }
    if door.provider:
        context["conflicts"] = hooks.conflicts.first(door.provider, now)
    if door.provider and connections:
        context["freed"] = queries.free_by_choice(door.provider, now=now)[:MOST_FREED]
    if connections:
        context["history"] = rows_of(queries.history_of(connections[0])[:6])
        context["unwritten"] = queries.unwritten(door.owner).count()
        if any(each.profile == Profile.PRIVATE for each in connections):
            context["left_behind"] = queries.left_behind(door.owner, now=now)
        edited = list(edits.open_for(door.owner))
        context["edited_count"] = len(edited)
        context["edited"] = edited_of(edited[:MOST_EDITED], clock.zone(door.zone), twelve=door.owner.uses_12h_clock)
    else:
        context["profiles"] = profiles_of(is_booked=door.is_studio)
    return render(request, "calendar_sync/google.html", context)


@limited("google_calendar", methods=("POST",))
@require_POST
@door_or_draft_required
def connect(request: HttpRequest, door: Door) -> HttpResponse:
    """Send the person to Google. What proves their return stays in the session, bound to them and for one use.

    Who signs in again keeps the profile of the connection unless they choose the other one.
    """
    if not connecting.is_available():
        messages.warning(request, "This site is not set up for Google Calendar.")
        return come_home(door.owner, door.place)
    again = _uuid(request.POST.get("connection"))
    known = queries.connections_of(door.owner).filter(uuid=again).first() if again else None
    profile = _profile_in(request.POST.get("profile"), known)
    away = oauth.departure(
        scopes.scopes_of(profile),
        redirect_uri=_back(),
        email=known.email if known else "",
        # What was granted before is more than the private profile says that it can see.
        adds_up=profile == Profile.FULL,
    )
    request.session[AT_GOOGLE] = {
        "state": away.state,
        "verifier": away.verifier,
        "profile": profile,
        "user": door.owner.pk,
        "place": door.place,
        "again": known.uuid.hex if known else "",
        "until": (clock.now() + connecting.LASTS).timestamp(),
    }
    return HttpResponseRedirect(away.address)


@limited("google_calendar", methods=("GET",))
@require_safe
@never_cache
@login_required
def come_back(request: HttpRequest) -> HttpResponse:
    """Take what Google sent somebody back with. Every end of it is the page of the connection, with a sentence."""
    owner = cast(User, request.user)
    state, code = request.GET.get("state", ""), request.GET.get("code", "")
    away = _away(request, state)
    if away is None or away["user"] != owner.pk or away["until"] < clock.now().timestamp():
        messages.warning(request, "That answer from Google was not for this page, or came too late. Connect again.")
        return come_home(owner)
    if not code:
        denied = request.GET.get("error") == "access_denied"
        said = "You chose Cancel at Google" if denied else "Google sent you back without an answer"
        messages.warning(request, f"{said}, so nothing was connected.")
        return come_home(owner, away["place"])
    again = _uuid(away.get("again"))
    try:
        connection = connecting.finish(
            user=owner,
            code=code,
            verifier=away["verifier"],
            profile=Profile(away["profile"]),
            redirect_uri=_back(),
            again=queries.connections_of(owner).filter(uuid=again).first() if again else None,
        )
    except NotConnected as refusal:
        messages.warning(request, str(refusal))
        return come_home(owner, away["place"])
    made = f" A calendar “{settings.SITE_NAME}” is made there." if own_calendar.is_wanted(connection) else ""
    messages.success(request, f"{connection.email} is connected. Its busy times are being read.{made}")
    return come_home(owner, away["place"])


def _away(request: HttpRequest, state: str) -> dict[str, Any] | None:
    """What is known of somebody who comes back with this state: from the session, or what a program began for them."""
    away = request.session.pop(AT_GOOGLE, None)
    if away and constant_time_compare(away["state"], state):
        return away
    begun = connecting.away_of(state)
    return {**asdict(begun), "place": ""} if begun else None


@require_http_methods(READ_AND_SEND)
@door_required
def calendars(request: HttpRequest, door: Door, connection: UUID) -> HttpResponse:
    """Choose which calendars count as busy, and into which one is written."""
    row = _own(door, connection)
    listed = list(row.calendars.all())
    form = CalendarsForm(request.POST if request.method == "POST" else None, connection=row, calendars=listed)
    if door.is_studio:
        form.say_who_is_told(queries.readers_of_links(row, owner=door.owner, now=clock.now()))
    else:
        form.leave_out_bookings()
    if request.method == "POST" and form.is_valid():
        try:
            connecting.choose_calendars(
                connection=row,
                busy=form.chosen,
                write_to=form.written_to,
                writes_requests=form.cleaned_data["writes_requests"],
                when_changed=form.cleaned_data["when_changed"],
                makes_meet=form.cleaned_data.get("makes_meet", row.makes_meet),
                when_stale=form.cleaned_data.get("when_stale", row.when_stale),
                actor=door.owner,
            )
            messages.success(request, "Saved. What changed is being read and written.")
            if form.cleaned_data.get("makes_meet") and form.written_to is None:
                messages.warning(request, "No Google Meet links are made, as nothing is written to this account.")
            _warn_if_missing(request, door)
        except NotConnected as refusal:
            messages.warning(request, str(refusal))
        return redirect(door.pages.home)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    is_required = door.is_studio and settings.GOOGLE_CALENDAR_REQUIRED
    context = {"door": door, "connection": row, "form": form, "calendars": listed, "is_required": is_required}
    return render(request, "calendar_sync/calendars.html", context, status=status)


@require_safe
@door_required
def access(request: HttpRequest, door: Door, connection: UUID) -> HttpResponse:
    """Ask which profile a connection should have, and say what becomes of what was written."""
    row = _own(door, connection)
    context = {"door": door, "connection": row, "profiles": profiles_of(is_booked=door.is_studio, chosen=row.profile)}
    return render(request, "calendar_sync/access.html", context)


@limited("google_calendar")
@require_POST
@door_required
def calendar_again(request: HttpRequest, door: Door, connection: UUID) -> HttpResponse:
    """Make the calendar of our own anew that its owner deleted in Google."""
    row = _own(door, connection)
    if own_calendar.make_again(connection=row, actor=door.owner):
        said = f"A calendar “{settings.SITE_NAME}” is made in Google, and all that lies ahead written into it."
        messages.success(request, said)
    elif row.needs_sign_in:
        messages.warning(request, "Google asks you to sign in first.")
    else:
        messages.info(request, "That calendar is there, or is being made.")
    return redirect(door.pages.home)


@require_safe
@door_required
def history(request: HttpRequest, door: Door, connection: UUID) -> HttpResponse:
    """What happened to a connection in the last 30 days."""
    row = _own(door, connection)
    found = page_of(queries.history_of(row), request.GET.get("page"))
    context = {"door": door, "connection": row, "page": found, "rows": rows_of(found), "zone": door.zone}
    return render(request, "calendar_sync/history.html", context)


@require_http_methods(READ_AND_SEND)
@door_required
def edit(request: HttpRequest, door: Door, event: UUID) -> HttpResponse:
    """Ask what a moved or deleted event of ours means; POST puts it back, or follows it."""
    row = edits.open_for(door.owner).filter(event_id=event.hex).first()
    asked = edits.ask_about(row) if row else None
    if row is None or asked is None:
        if not edits.all_of(door.owner).filter(event_id=event.hex).exists():
            raise Http404("No such event")
        messages.info(request, "That is settled already.")
        return redirect(door.pages.home)
    if request.method == "POST":
        return _answer_edit(request, door, row)
    question, twelve = question_of(row, asked), door.owner.uses_12h_clock
    context = {"door": door, "question": question, "was": question.was(twelve), "now": question.now(twelve)}
    return render(request, "calendar_sync/edit.html", context)


def _answer_edit(request: HttpRequest, door: Door, row: WrittenEvent) -> HttpResponse:
    if request.POST.get("seen") != row.edited_at.isoformat():  # type: ignore[union-attr] # it is asked about
        messages.warning(request, "It was changed in Google again. Look at it as it is now.")
        return redirect(door.pages.edit, row.uuid)
    try:
        if request.POST.get("press") == "follow":
            messages.success(request, edits.follow(event=row, actor=door.owner) or "That is settled already.")
        elif edits.put_back(event=row, actor=door.owner):
            messages.success(request, _put_back_words(row.calendar.connection))
        else:
            messages.info(request, "That is settled already.")
    except DomainError as refusal:
        messages.warning(request, f"{refusal} Nothing has changed.")
        return redirect(door.pages.edit, row.uuid)
    following = edits.open_for(door.owner).first()
    return redirect(door.pages.edit, following.uuid) if following else redirect(door.pages.home)


def _put_back_words(connection: Connection) -> str:
    if connection.is_working:
        return "It is put back in Google, usually within a minute."
    return "It is put back in Google once you have signed in there again."


@limited("google_calendar")
@require_POST
@provider_required
def write_again(request: HttpRequest, provider: Provider, event: UUID) -> HttpResponse:
    """Try again to write one event, and come back to the time off whose list has the button."""
    row = edits.all_of(provider.user).filter(event_id=event.hex).first()
    if row is None:
        raise Http404("No such event")
    asked = written.try_again(provider.user, event=row, now=clock.now())
    messages.info(request, "It is tried again now." if asked else "It is written by now.")
    return redirect("studio_time_off")


@limited("google_calendar")
@require_POST
@door_required
def sync_now(request: HttpRequest, door: Door, connection: UUID) -> HttpResponse:
    row = _own(door, connection)
    try:
        connecting.read_now(connection=row, now=clock.now())
        messages.success(request, "Your calendars are being read.")
    except NotConnected as refusal:
        messages.warning(request, str(refusal))
    return redirect(door.pages.home)


@require_POST
@provider_required
def busy_again(request: HttpRequest, provider: Provider) -> HttpResponse:
    """Let an event close its time again that the provider treats as free."""
    asked = request.POST.get("event", "")
    rows = queries.free_by_choice(provider, now=clock.now())
    found = next((each for each in rows if each.key == asked), None)
    if found and free_by_choice.treat_as_busy(busy=found, actor=provider.user):
        messages.success(request, "The event makes you busy again. What was booked meanwhile stays.")
    else:
        messages.info(request, "That event does not count as free any more. Nothing changed.")
    return redirect("studio_google")


@require_http_methods(READ_AND_SEND)
@door_required
def disconnect(request: HttpRequest, door: Door, connection: UUID) -> HttpResponse:
    """GET says what stops and what stays, POST disconnects."""
    row = _own(door, connection)
    if request.method == "POST":
        removes = request.POST.get("written") == "remove"
        is_asked = connecting.disconnect(connection=row, actor=door.owner, removes_events=removes)
        forgotten = "Google is asked to forget the access" if is_asked else "Google has ended the access already"
        rest = REMOVED if removes and is_asked else "Nothing is written to this account now."
        messages.success(request, f"{row.email} is disconnected. {forgotten}. {rest}")
        _warn_if_missing(request, door)
        return redirect(door.pages.home)
    stops = door.is_studio and settings.GOOGLE_CALENDAR_REQUIRED and not queries.works_without(row)
    now = clock.now()
    context = {
        "door": door,
        "connection": row,
        "busy": queries.busy_ahead(row, now=now),
        # With a dead grant nothing can be removed there.
        "written": queries.written_ahead(row, now=now) if row.refresh_token else 0,
        "readers": queries.readers_of_links(row, owner=door.owner, now=now) if door.is_studio else 0,
        "stops": stops,
    }
    return render(request, "calendar_sync/disconnect.html", context)


@open_to_all
@csrf_exempt  # Google has no page of ours; the channel's token proves the message
@require_POST
@takes(bodies=PUSH_BODIES, most_bytes=PUSH_BYTES)
def push(request: HttpRequest) -> HttpResponse:
    """Take Google's message that a calendar changed. Every message is answered alike, whoever sent it."""
    message = _push_in(request.headers)
    if message is not None:
        pushes.take(message, now=clock.now())
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _warn_if_missing(request: HttpRequest, door: Door) -> None:
    """Say that bookings are stopped now, where this site requires a calendar and what was done left none."""
    if door.provider is None:
        return
    door.provider.refresh_from_db(fields=["calendar_is_missing"])
    if door.provider.calendar_is_missing:
        messages.warning(request, "Customers can’t book you until a calendar of yours is read: this site requires one.")


def _profile_in(chosen: str | None, known: Connection | None) -> Profile:
    """The profile that was chosen, else that of the connection, else the full one."""
    if chosen and chosen in Profile:
        return Profile(chosen)
    return Profile(known.profile) if known else Profile.FULL


def _own(door: Door, uuid: UUID) -> Connection:
    found = queries.connections_of(door.owner).filter(uuid=uuid).first()
    if found is None:
        raise Http404("No such connection")
    return found


def _back() -> str:
    return page("google_come_back")


def _push_in(headers: Mapping[str, str]) -> pushes.Push | None:
    """The message in the headers of a request; None where they are not such as Google sends."""
    channel = _uuid(headers.get("X-Goog-Channel-ID"))
    token, resource = headers.get("X-Goog-Channel-Token", ""), headers.get("X-Goog-Resource-ID", "")
    number = headers.get("X-Goog-Message-Number", "")
    is_plain = resource.isascii() and resource.isprintable() and 0 < len(resource) <= 255
    if channel is None or not is_plain or not (number.isascii() and number.isdecimal() and len(number) <= 18):
        return None
    return pushes.Push(channel=channel, token=token, resource_id=resource, number=int(number))


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
