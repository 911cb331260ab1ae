"""The menu of staff's pages: which lists stand in it, under which heads, and how much waits for somebody in each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User
from appointments.queries import staff
from core import clock

from .acting import staff_of

# What waits for somebody, by the name that the menu and the overview give it.
WAITING: dict[str, Callable[[datetime], QuerySet[Any]]] = {
    "appeals": lambda now: staff.waiting_appeals(),
    "requests": lambda now: staff.overdue_requests(now=now),
    "connections": lambda now: staff.lost_connections(),
    "mails": lambda now: staff.failed_mails(now=now),
    "jobs": lambda now: staff.failed_jobs(now=now),
    "providers": lambda now: staff.unreviewed(),
    "suspensions": lambda now: staff.new_suspensions(now=now),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A list in the menu: its words, its icon, its model, what follows its address, and the name of what waits."""

    title: str
    icon: str
    model: str
    query: str = ""
    waits: str = ""


MENU: list[tuple[str, list[Place]]] = [
    (
        "People",
        [
            Place("Accounts", "users", "accounts.User"),
            Place("Providers", "user", "providers.Provider", waits="providers"),
            Place("Suspensions", "shield", "accounts.Ban"),
            Place("Appeals", "note", "accounts.Appeal", waits="appeals"),
            Place("Late cancellations", "warn", "appointments.LateCancellation"),
        ],
    ),
    (
        "Appointments",
        [
            Place("Appointments", "cal", "appointments.Appointment"),
            Place("Series", "repeat", "appointments.Series"),
            Place("Requests", "inbox", "appointments.Appointment", "?state=requested", waits="requests"),
            Place("Waitlist", "wait", "appointments.WaitlistPlace"),
        ],
    ),
    (
        "Catalogue",
        [
            Place("Categories", "tag", "providers.Category"),
            Place("Services", "book", "providers.Service"),
        ],
    ),
    (
        "Money",
        [
            Place("Fees", "filter", "providers.FeeRate"),
            Place("Figures and reports", "chart", "analytics.MonthlyReport"),
            Place("Reports", "chart", "analytics.MonthlyReport"),
        ],
    ),
    (
        "Calendar",
        [
            Place("Connections", "link", "calendar_sync.Connection", waits="connections"),
            Place("Sync log", "refresh", "calendar_sync.Note"),
        ],
    ),
    (
        "Messages",
        [
            Place("Mail log", "mail", "notifications.SentMail", waits="mails"),
            Place("Inbox", "bell", "notifications.InboxItem"),
        ],
    ),
    (
        "System",
        [
            Place("Jobs", "clock", "outbox.Message", waits="jobs"),
            Place("Schedule", "today", "outbox.ScheduledJob"),
            Place("Audit", "eye", "admin.LogEntry"),
            Place("Groups", "users", "auth.Group"),
            Place("API keys", "key", "api.ApiKey"),
        ],
    ),
]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu as the theme reads it, with the lists that the person may see. One query."""
    counts = waiting(request)
    here = request.get_full_path()
    return [
        {
            "title": head,
            "items": [
                {
                    "title": place.title,
                    "icon": place.icon,
                    "link": (link := list_of(place.model) + place.query),
                    "active": here.startswith(link) and not (place.query == "" and _is_another(here, place)),
                    "waits": counts.get(place.waits, 0),
                }
                for place in places
                if may_see(request, place.model)
            ],
        }
        for head, places in MENU
    ]


def waiting(request: HttpRequest) -> dict[str, int]:
    """How much waits for somebody, by name, in the lists that the person may see. One query, once for a request."""
    if not hasattr(request, "_staff_waiting"):
        now = clock.now()
        rows = {name: of(now) for name, of in WAITING.items()}
        seen = {name: staff.number_of(row) for name, row in rows.items() if may_see(request, row.model._meta.label)}
        found = User.objects.filter(pk=staff_of(request).pk).values(**seen).get() if seen else {}
        request._staff_waiting = found  # type: ignore[attr-defined]
    counts: dict[str, int] = request._staff_waiting  # type: ignore[attr-defined]
    return counts


def list_of(label: str) -> str:
    """The address of the list of the model."""
    return reverse(f"admin:{label.lower().replace('.', '_')}_changelist")


def may_see(request: HttpRequest, label: str) -> bool:
    """Whether the person may look at the rows of the model."""
    options = apps.get_model(label)._meta
    return any(request.user.has_perm(f"{options.app_label}.{verb}_{options.model_name}") for verb in ("view", "change"))


def _is_another(here: str, place: Place) -> bool:
    """Whether the address is that of another place with the same list."""
    others = (other for _, places in MENU for other in places if other.model == place.model and other.query)
    return any(here.startswith(list_of(place.model) + other.query) for other in others)
