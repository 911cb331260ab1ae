"""The overview, staff's first page: figures that lead to lists, thirty days drawn, what waits, what was done last."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.admin.models import LogEntry
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from appointments.pages import staff_overview as overview
from appointments.pages.staff_overview import Tile, Todo
from appointments.queries import staff
from core import clock, wording

from .menu import list_of, may_see, waiting

# The rows of each kind that the overview names; their list has the others.
NAMED = 3
LATEST = 6


def add_overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of the overview. Its number of queries depends on what the person may see, and on no row."""
    zone, now = ZoneInfo(timezone.get_current_timezone_name()), clock.now()
    counts = waiting(request)
    context |= {"day": clock.local(now, zone).date(), "todos": list(_todos(request, zone, now))}
    if may_see(request, "appointments.Appointment"):
        today, days = staff.today(zone, now=now), staff.days(zone, now=now)
        context |= {
            "sentence": overview.day_sentence(today, sum(counts.values()) - counts.get("suspensions", 0)),
            "days": days,
            "chart_title": overview.chart_title(days),
            "charts": [
                overview.draw(days, size="wide", width=1040),
                overview.draw(days[-14:], size="narrow", width=370),
            ],
        }
        context["tiles"] = [_today_tile(today, context["day"]), *_tiles(counts)]
    else:
        context["tiles"] = list(_tiles(counts))
    if request.user.has_perm("admin.view_logentry"):
        context["acts"] = [(entry, _act(entry)) for entry in staff.latest_acts(LATEST)]
    return context


def _today_tile(today: staff.Today, day: Any) -> Tile:
    chosen = f"?from={day:%Y-%m-%d}&until={day:%Y-%m-%d}"
    below = f"{today.done} done, {today.to_come} to come"
    return Tile("Appointments today", today.total, below, list_of("appointments.Appointment") + chosen)


def _tiles(counts: dict[str, int]) -> Iterator[Tile]:
    if "requests" in counts:
        address = list_of("appointments.Appointment") + "?state=overdue"
        yield Tile("Requests past their time", counts["requests"], "Nobody answered", address, "brass")
    if "connections" in counts:
        address = list_of("calendar_sync.Connection") + "?state__exact=sign_in_again"
        yield Tile("Google: sign in again", counts["connections"], "Calendars not read", address, "brass")
    if "mails" in counts:
        address = list_of("notifications.SentMail") + "?state__exact=refused"
        yield Tile("Mails failed", counts["mails"], "in 24 h", address, "ruby")
    if "jobs" in counts:
        yield Tile("Jobs failed", counts["jobs"], "in 24 h", list_of("outbox.Message") + "?state=dead", "ruby")
    if "suspensions" in counts:
        yield Tile("Suspended this week", counts["suspensions"], "in 7 days", list_of("accounts.Ban"), "ruby")
    if "providers" in counts:
        address = list_of("providers.Provider") + "?review=new"
        yield Tile("Providers to review", counts["providers"], "Nobody has looked", address, "iris")
    if "appeals" in counts:
        address = list_of("accounts.Appeal") + "?state=waiting"
        yield Tile("Appeals to decide", counts["appeals"], "No answer yet", address, "iris")


def _todos(request: HttpRequest, zone: ZoneInfo, now: datetime) -> Iterator[Todo]:
    """What waits for somebody, the most urgent kinds first. One query a kind."""
    if may_see(request, "appointments.Appointment"):
        for one in staff.overdue_requests(now=now).select_related("customer", "provider")[:NAMED]:
            title = f"Request {one.reference}, {one.customer} with {one.provider}"
            detail = f"Should have ended {wording.moment_text(one.answer_by or one.start, zone)}."
            yield Todo("brass", "wait", "Past its time", title, detail, _page(one), "See request")
    if may_see(request, "accounts.Appeal"):
        for appeal in staff.waiting_appeals().select_related("ban__user")[:NAMED]:
            title = f"Appeal of {appeal.ban.user}"
            detail = f"Sent {wording.moment_text(appeal.sent_at, zone)}."
            yield Todo("iris", "note", "Appeal", title, detail, _page(appeal), "Decide")
    if may_see(request, "providers.Provider"):
        for provider in staff.unreviewed().select_related("category")[:NAMED]:
            title = f"{provider.name}, {provider.trade or provider.category or 'no trade'}"
            live = provider.live_since
            detail = f"Live since {wording.moment_text(live, zone)}." if live else "Public page."
            yield Todo("iris", "user", "New", title, detail, _page(provider), "Review")
    if may_see(request, "notifications.SentMail"):
        for mail in staff.failed_mails(now=now).select_related("user")[:NAMED]:
            title = f"Mail “{mail.get_kind_display()}”{f' to {mail.user.known_as}' if mail.user else ''}"
            yield Todo("ruby", "warn", "Failed", title, mail.reason or "Given up.", _page(mail), "See mail")
    if may_see(request, "outbox.Message"):
        for message in staff.failed_jobs(now=now)[:NAMED]:
            detail = f"Tried {message.attempts} times. {message.last_error}"
            yield Todo("ruby", "warn", "Failed", f"Job {message.topic}", detail, _page(message), "See job")
    if may_see(request, "calendar_sync.Connection"):
        for connection in staff.lost_connections().select_related("user")[:NAMED]:
            detail = f"Since {wording.moment_text(connection.state_since, zone)}."
            title = f"Calendar of {connection.user}"
            yield Todo("brass", "link", "Sign in again", title, detail, _page(connection), "See connection")


def _page(row: Any) -> str:
    options = row._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk])


def _act(entry: LogEntry) -> str:
    return entry.get_change_message() or "Changed."
