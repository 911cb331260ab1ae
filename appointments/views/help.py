"""Help and legal pages. Their figures are taken from the rules in force, never written in a template."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import copies, leaving
from accounts.services import ADMIN_LOG_KEPT, UNCONFIRMED_LASTS
from appointments.pages.fair_use import figures as figures_of_fair_use
from appointments.rules.moves import COMPLETES_AFTER, CORRECTED_WITHIN
from appointments.services.holds import KEPT_FOR
from core.caching import shared
from core.view_contract import open_to_all
from core.wording import words_for_minutes
from notifications import inbox
from notifications import services as mails
from notifications.models import REFUSAL_HOLDS
from outbox.tasks import KEEP_DEAD, KEEP_DONE
from providers.models import MOST_OCCURRENCES, BookingPolicy

# How long each kind of row is kept that nobody needs for ever; the jobs that delete them use the same ages.
KEEPS = {
    "session": timedelta(seconds=settings.SESSION_COOKIE_AGE),
    "unconfirmed": UNCONFIRMED_LASTS,
    "copy": copies.LASTS,
    "copy_history": copies.HISTORY_LASTS,
    "job": KEEP_DONE,
    "failed_job": KEEP_DEAD,
    "grace": leaving.GRACE,
    "read": inbox.KEPT_READ,
    "unread": inbox.KEPT_NEW,
    "mail": mails.LOG_KEPT,
    "refusal": REFUSAL_HOLDS + mails.REFUSALS_KEPT,
    "admin_log": ADMIN_LOG_KEPT,
}
PAGES = {
    "help_booking": ("How booking works", "From finding a time to changing your mind."),
    "help_standing": ("How standing works", "What a late cancellation is, and what the third one does."),
    "help_terms": ("Terms", "What you and the other side can rely on."),
    "help_privacy": ("Privacy", "What is kept about you, who sees it, and why."),
    "help_accessibility": ("Accessibility", "Who can use these pages, and what to do when you cannot."),
}


@open_to_all
@require_safe
@shared
def contents(request: HttpRequest) -> HttpResponse:
    return render(request, "help/contents.html", {"pages": PAGES})


@open_to_all
@require_safe
@shared
def page(request: HttpRequest, name: str) -> HttpResponse:
    title, lead = PAGES[name]
    context = {"pages": PAGES, "name": name, "title": title, "lead": lead, "figures": _figures()}
    return render(request, f"help/{name.removeprefix('help_')}.html", context)


def _figures() -> dict[str, str]:
    """The figures in words: a new provider's defaults, and the limits of the whole platform."""
    policy = BookingPolicy()
    return {
        "kept": _words(KEPT_FOR),
        "notice": words_for_minutes(policy.notice_minutes),
        "answer": words_for_minutes(policy.answer_minutes),
        "cutoff": words_for_minutes(policy.cancellation_cutoff_minutes),
        "reschedule_cutoff": words_for_minutes(policy.reschedule_cutoff_minutes),
        "window": _words(timedelta(days=policy.window_days)),
        "completes": _words(COMPLETES_AFTER),
        "corrected": _words(CORRECTED_WITHIN),
        "most_waiting": str(policy.max_waiting_per_customer),
        "most_in_a_week": str(policy.max_week_per_customer),
        "most_open": str(settings.MAX_OPEN_PER_CUSTOMER_AND_PROVIDER),
        "most_occurrences": str(MOST_OCCURRENCES),
        "most_in_series": str(settings.MAX_SERIES_PER_CUSTOMER_AND_PROVIDER),
        **{f"keeps_{what}": _words(age) for what, age in KEEPS.items()},
        **figures_of_fair_use(),
    }


def _words(length: timedelta) -> str:
    return words_for_minutes(int(length.total_seconds() // 60))
