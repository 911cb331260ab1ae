"""Doors: where somebody comes to the pages of their connections to Google, a provider in the studio, anybody else in
their settings.

The pages behind both are the same, and so are the connections: a door says whose they are, and where its pages are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from accounts.models import User
from providers import queries as providers
from providers.access import provider_or_draft_required, provider_required
from providers.models import Provider
from providers.states import Step

STUDIO, SETTINGS = "studio", "settings"
View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Pages:
    """The names of a door's pages, and the template around them."""

    frame: str
    home: str
    connect: str
    edit: str
    calendars: str
    access: str
    calendar_again: str
    history: str
    sync: str
    disconnect: str

    @property
    def is_of_settings(self) -> bool:
        return self is PAGES[SETTINGS]


PAGES = {
    STUDIO: Pages(
        frame="calendar_sync/_in_studio.html",
        home="studio_google",
        connect="google_connect",
        edit="google_edit",
        calendars="google_calendars",
        access="google_access",
        calendar_again="google_calendar_again",
        history="google_history",
        sync="google_sync",
        disconnect="google_disconnect",
    ),
    SETTINGS: Pages(
        frame="calendar_sync/_in_settings.html",
        home="my_google",
        connect="my_google_connect",
        edit="my_google_edit",
        calendars="my_google_calendars",
        access="my_google_access",
        calendar_again="my_google_calendar_again",
        history="my_google_history",
        sync="my_google_sync",
        disconnect="my_google_disconnect",
    ),
}


@dataclass(frozen=True, slots=True)
class Door:
    """An entered door. `provider` is that of the studio, None in the settings, where nobody is booked."""

    owner: User
    place: str
    provider: Provider | None = None

    @property
    def pages(self) -> Pages:
        return PAGES[self.place]

    @property
    def is_studio(self) -> bool:
        return self.place == STUDIO

    @property
    def zone(self) -> str:
        return self.provider.time_zone if self.provider else self.owner.time_zone


def pages_of(owner: User) -> Pages:
    """The pages of the person's own door. One query, none where their provider is loaded."""
    provider: Provider | None = getattr(owner, "provider", None)
    return PAGES[STUDIO if provider and not provider.is_draft else SETTINGS]


def door_required(view: View) -> View:
    """Decorates a view that gets a door as second argument, by the `place` of its address.

    Visitors are sent to sign in. Who is no provider gets 404 in the studio; a provider is led there from the settings.
    """
    return _by_place(view, provider_required)


def door_or_draft_required(view: View) -> View:
    """Decorates a view like `door_required`, but lets a draft into the studio, and sends a person without one to begin
    one."""
    return _by_place(view, provider_or_draft_required)


def _by_place(view: View, studios: Callable[[View], View]) -> View:
    @studios
    def in_studio(request: HttpRequest, provider: Provider, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, Door(provider.user, STUDIO, provider), *args, **kwargs)

    in_settings = _in_settings(view)

    @wraps(view)
    def enter(request: HttpRequest, *args: Any, place: str, **kwargs: Any) -> HttpResponse:
        return (in_studio if place == STUDIO else in_settings)(request, *args, **kwargs)

    return enter


def come_home(owner: User, place: str = "") -> HttpResponse:
    """A redirect to the page that shows the person's connection: in the studio, in the settings if they are no provider
    or went from there, or the step of somebody who is becoming a provider. One query."""
    provider = providers.provider_of(owner)
    if provider is None or (provider.is_draft and place == SETTINGS):
        return redirect(PAGES[SETTINGS].home)
    return redirect("become_provider_step", Step.CALENDAR) if provider.is_draft else redirect(PAGES[STUDIO].home)


def _in_settings(view: View) -> View:
    @never_cache
    @login_required
    def enter(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        owner = cast(User, request.user)
        provider = providers.provider_of(owner)
        if provider and not provider.is_draft:
            return _same_in_studio(request, kwargs)
        return view(request, Door(owner, SETTINGS), *args, **kwargs)

    return enter


def _same_in_studio(request: HttpRequest, kwargs: dict[str, Any]) -> HttpResponse:
    """A redirect to the same page in the studio; what was sent is not, as it is another form there."""
    assert request.resolver_match
    name = request.resolver_match.url_name
    mine, theirs = PAGES[SETTINGS], PAGES[STUDIO]
    same = {mine.edit: theirs.edit, mine.calendars: theirs.calendars, mine.history: theirs.history}
    same |= {mine.disconnect: theirs.disconnect, mine.access: theirs.access}
    if request.method == "POST" or name not in same:
        return redirect(theirs.home)
    return redirect(same[name], **kwargs)
