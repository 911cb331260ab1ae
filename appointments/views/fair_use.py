"""A person's own pages of fair use: how they stand, and while they are suspended why, since when and how to appeal."""

from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import bans
from accounts.exceptions import NotBanned
from accounts.limits import limited
from accounts.models import User
from accounts.zones import viewer_zone
from appointments.forms.appeal import AppealForm
from appointments.pages.fair_use import ended_words, figures, record_of, row_of
from appointments.pages.no_shows import groups_of
from appointments.queries import fair_use
from appointments.queries.no_shows import no_shows_by_provider
from appointments.rules.fair_use import LIMIT
from core import clock
from core.view_contract import open_to_banned


@never_cache
@login_required
@require_safe
def standing(request: HttpRequest) -> HttpResponse:
    """The person's late cancellations, as customer and as provider, and no-shows, as customer. Three queries."""
    me, now = cast(User, request.user), clock.now()
    zone = viewer_zone(request, me.time_zone)
    record = record_of(fair_use.late_acts_of(me), zone=zone.zone, now=now)
    context = {
        "record": record,
        "no_shows": groups_of(no_shows_by_provider(me), reader=zone.zone, now=now, most=fair_use.MOST),
        "figures": figures(),
        "zone": zone.name,
        "now": now,
        "most": fair_use.MOST,
    }
    return render(request, "appointments/fair_use/standing.html", context)


@open_to_banned
@never_cache
@limited("appeal")
@require_http_methods(["GET", "HEAD", "POST"])
def suspended(request: HttpRequest) -> HttpResponse:
    """The page of a suspended person, and their appeal by POST. Others learn nothing about anybody here."""
    if not request.user.is_authenticated:
        if request.method == "POST":
            return redirect_to_login(request.path)
        return render(request, "appointments/fair_use/suspended_visitor.html")
    me = request.user
    if me.banned_at is None:
        return redirect("home")
    if request.method != "POST":
        return _suspended_page(request, me, AppealForm())
    form = AppealForm(request.POST)
    if not form.is_valid():
        return _suspended_page(request, me, form)
    try:
        sent = bans.appeal(person=me, text=form.cleaned_data["text"])
    except NotBanned as refusal:
        messages.success(request, str(refusal))
        return redirect("home")
    if sent.appeal.text != form.cleaned_data["text"]:
        messages.info(request, "An appeal of yours is with our staff already, so this one was not sent.")
    return redirect("suspended")


def _suspended_page(request: HttpRequest, me: User, form: AppealForm) -> HttpResponse:
    """What counted, what was ended, and the appeals so far. Five queries."""
    ban = fair_use.open_ban_of(me)
    if ban is None:  # lifted since the session was read
        bans.forget_lifted(me)
        return redirect("home")
    zone, now = viewer_zone(request, me.time_zone), clock.now()
    appeals = fair_use.appeals_of(ban)
    context = {
        "ban": ban,
        "rows": [row_of(act, now=now) for act in fair_use.acts_behind(ban)],
        "limit": LIMIT,
        "ended": ended_words(fair_use.ended_by(ban)),
        "appeals": appeals,
        "is_waiting": any(each.answered_at is None for each in appeals),
        "form": form,
        "figures": figures(),
        "zone": zone.name,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "appointments/fair_use/suspended.html", context, status=status)
