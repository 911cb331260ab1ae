"""The inbox: what a person was told, each thing as it is by now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.zones import ViewerZone, viewer_zone
from core import clock
from notifications.catalogue import Line, View, has_lines, lines_of

from . import inbox
from .hooks import waiting
from .models import InboxItem
from .queries import inbox_of, item_of, mark_of, moment_of

NEW, WAITING = "new", "waiting"
# What waits stands beside the list, the soonest of it; its own tab has all.
MOST_BESIDE = 4


@never_cache
@login_required
@require_safe
def inbox_page(request: HttpRequest) -> HttpResponse:
    """The page of what the person was told, all or only what is new, or of what waits for their answer now.

    Opening it marks nothing as read.
    """
    view, zone = _view(request)
    asked = [each for some in waiting.each(view) for each in some]
    tab = request.GET.get("tab", "")
    context = {
        "zone": zone.name,
        "viewer_zone": zone,
        "now": view.now,
        "tab": tab if tab in {NEW, WAITING} else "",
        "waiting": sorted(asked, key=lambda each: (each.until is None, each.until)),
        "waiting_count": sum(each.stands_for for each in asked),
        "most_beside": MOST_BESIDE,
        "kept": inbox.KEPT_READ.days,
        **({} if tab == WAITING else _told(request, view, only_new=tab == NEW)),
    }
    return render(request, "notifications/inbox.html", context)


def _told(request: HttpRequest, view: View, *, only_new: bool) -> dict[str, Any]:
    """The context of a page of items. A name that only newer code knows is left out, and stays new for that."""
    before = request.GET.get("before", "")
    items, older = inbox_of(view.reader, only_new=only_new, before=before)
    rows = [(item, line) for item, line in zip(items, _lines(items, view), strict=True) if line is not None]
    today = clock.local(view.now, view.zone).date()
    of_today = [row for row in rows if clock.local(row[0].told_at, view.zone).date() == today]
    earlier = [row for row in rows if row not in of_today]
    # Of a day that goes on on other pages this one knows no number.
    has_whole_day = not before and (earlier or not older)
    return {
        "today": today,
        "parts": [(of_today, True), (earlier, False)],
        "rows": rows,
        "new_today": sum(item.read_at is None for item, _ in of_today) if has_whole_day else 0,
        # The newest that the reader saw on the way here, not what came since and stands on the first page by now.
        "newest": (before and request.GET.get("until", "")) or (mark_of(items[0]) if items else ""),
        "older": older,
        "is_first_page": not before,
        "first_to_do": _soonest(rows),
    }


@never_cache
@login_required
@require_safe
def open_item(request: HttpRequest, item: UUID) -> HttpResponse:
    """Mark an item as read and lead to its thing, wherever that is by now; what only looks ahead marks nothing."""
    try:
        found = item_of(cast(User, request.user), item)
    except InboxItem.DoesNotExist:
        raise Http404 from None
    [line] = _lines([found], _view(request)[0])
    # A HEAD is answered as a GET, so the verb that was sent is asked.
    is_get = request.META["REQUEST_METHOD"] == "GET"
    is_opened = is_get and "prefetch" not in request.headers.get("Sec-Purpose", "")
    if is_opened:
        inbox.mark_read(item=found)
    if is_opened and (line is None or not line.address):
        messages.info(request, "That is no longer here.")
    return redirect(line.address if line and line.address else "my_inbox")


@never_cache
@login_required
@require_POST
def mark_all_read(request: HttpRequest) -> HttpResponse:
    """Mark as read all that the page showed or had on its other pages; what came since stays new."""
    until = moment_of(request.POST.get("until", "")) or clock.now()
    if inbox.mark_all_read(actor=cast(User, request.user), until=until):
        messages.success(request, "All is marked as read.")
    return redirect("my_inbox")


def _view(request: HttpRequest) -> tuple[View, ViewerZone]:
    me = cast(User, request.user)
    zone = viewer_zone(request, me.time_zone)
    return View(me, zone.zone, me.uses_12h_clock, clock.now()), zone


def _lines(items: Sequence[InboxItem], view: View) -> list[Line | None]:
    """The line of each item, also where its thing is gone; None where only newer code knows what to say."""
    found = lines_of([(item.name, item.facts) for item in items], view)
    return [
        _gone(item) if line is None and has_lines(item.name) else line for item, line in zip(items, found, strict=True)
    ]


def _gone(item: InboxItem) -> Line:
    """The line of a thing that was deleted. It is shown, for the count at the bell has it until it is read."""
    return Line(
        title=f"{item.get_kind_display()}: no longer here", address="", icon="x", text="What it was about was deleted."
    )


def _soonest(rows: Sequence[tuple[InboxItem, Line]]) -> UUID | None:
    """The item whose deadline comes first, which gets the one button that stands out."""
    to_do: list[tuple[datetime, UUID]] = [(line.until, item.pk) for item, line in rows if line.do and line.until]
    return min(to_do)[1] if to_do else None
