"""The site of the admin: its theme, the zone that its reader chose, its search."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import BadRequest
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from unfold.sites import UnfoldAdminSite

from core import clock, wording
from core.hooks import Question
from core.page_reader import reader_at

from .guard import LONGEST_SEARCH, Guarded

# The rows of one kind that a search shows; their list has the others.
FOUND_AT_MOST = 8


@dataclass(frozen=True, slots=True)
class Found:
    """A row that the search of the admin found: its name, what else tells it apart, and its page."""

    title: str
    detail: str
    address: str


# Asked with the request and the text; each app answers for its own rows, and only with those the person may see.
search_of = Question[[HttpRequest, str], list[Found]]("Which rows does staff's search find?")


# The name in the session of the zone that staff chose for their pages.
CHOSEN_ZONE = "staff_zone"
# The zones that staff's pages offer beside the reader's own.
OFFERED_ZONES = (
    "UTC", "Europe/London", "Europe/Berlin", "Europe/Kyiv", "Africa/Lagos", "Asia/Dubai", "Asia/Kolkata", "Asia/Dhaka",
    "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland", "America/Sao_Paulo", "America/New_York",
    "America/Chicago", "America/Los_Angeles",
)  # fmt: skip


def zone_of(request: HttpRequest) -> str:
    """The zone of staff's pages: the one chosen in this session, else the reader's own."""
    reader = reader_at(request)
    return request.session.get(CHOSEN_ZONE) or (reader.time_zone if reader else settings.TIME_ZONE)


class StaffSite(UnfoldAdminSite):
    """The admin site in the theme, which makes every registered ModelAdmin, ours or a package's, a guarded one."""

    site_header = site_title = f"{settings.SITE_NAME} staff"
    index_title = f"Look after {settings.SITE_NAME}"

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[admin.ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        theirs = admin_class or admin.ModelAdmin
        guarded = type(theirs.__name__, (Guarded, theirs), {"__module__": theirs.__module__})
        super().register(model_or_iterable, guarded, **options)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """The view with its page written in the zone that the reader chose."""

        @wraps(view)
        def in_zone(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with timezone.override(zone_of(request)):
                response: HttpResponse = view(request, *args, **kwargs)
                if isinstance(response, TemplateResponse):
                    response.render()
                return response

        return super().admin_view(in_zone, cacheable)

    def extra_urls(self) -> list[URLPattern]:
        return [path("zone/", self.admin_view(require_POST(self.choose_zone)), name="zone")]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        if not self.has_permission(request):
            return context
        reader, chosen, now = reader_at(request), zone_of(request), clock.now()
        names = dict.fromkeys([chosen, *([reader.time_zone] if reader else []), *OFFERED_ZONES])
        twelve = bool(reader and reader.uses_12h_clock)
        choices = [
            (name, f"{wording.zone_text(name)}, now {wording.clock_text(now, name, twelve=twelve)}") for name in names
        ]
        return {**context, "zone": chosen, "staff_now": now, "staff_zones": choices}

    def choose_zone(self, request: HttpRequest) -> HttpResponse:
        """Let staff's pages in this session be written in the zone of the form, and go back."""
        try:
            request.session[CHOSEN_ZONE] = clock.canonical_zone(request.POST.get("zone", ""))
        except ValueError:
            messages.error(request, "Choose a zone from the list.")
        back = request.POST.get("back", "")
        allowed = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
        return redirect(back if allowed else "admin:index")

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The page with all that a reference, a name, an address or the end of a page's address finds."""
        text = request.GET.get("q", "").strip().replace("\x00", "")
        if len(text) > LONGEST_SEARCH:
            raise BadRequest("A search this long finds nothing")
        found = [one for answer in search_of.each(request, text) for one in answer] if text else []
        context = {**self.each_context(request), "title": "Search", "text": text, "found": found}
        return TemplateResponse(request, "admin/search.html", context)
