"""Deleting one's account: the page that says what it does, and the one of an account that will be erased."""

from datetime import datetime
from http import HTTPStatus
from typing import Any, cast

from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import leaving as accounts_leaving
from accounts.forms import LeavingForm
from accounts.limits import limited
from accounts.mailed_codes import LEAVING
from accounts.models import Departure, User
from accounts.zones import viewer_zone
from appointments.exceptions import CountsForMore, InsideChanged
from appointments.pages.leaving import leaving_page
from appointments.queries.leaving import past_of
from appointments.services import leaving
from core import clock
from core.view_contract import open_to_all, open_to_banned

# What the session of a visitor says of the account that was deleted in it.
CLOSED = "account_closed"
CHANGED = "Something has changed since this page was opened. Read it again, then press the button."
FOR_MORE = "Deleting now counts as more than it did when this page was opened. Read it again, then press the button."


@open_to_banned
@never_cache
@login_required
@limited("leave")
@require_http_methods(["GET", "HEAD", "POST"])
def delete_account(request: HttpRequest) -> HttpResponse:
    """What deleting does, in counts, and the button. A POST sends a code by mail, or deletes."""
    me = cast(User, request.user)
    if me.leaves_at is not None:
        return redirect("leaving")
    if request.method != "POST" or me.is_staff or me.is_superuser:
        return _page(request, me)
    if request.POST.get("do") == "code":
        LEAVING.send(request, to=me.email, about=str(me.pk))
        messages.info(request, f"A code is on its way to {me.email}.")
        return redirect("settings_delete")
    form = LeavingForm(request.POST, request=request, person=me)
    try:
        if not form.is_valid():
            return _page(request, me, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except ImmediateHttpResponse as answer:  # too many wrong passwords
        return answer.response
    try:
        left = leaving.leave(person=me, seen=form.cleaned_data["seen"], shown=form.cleaned_data["shown"])
    except (InsideChanged, CountsForMore) as refusal:
        why = CHANGED if isinstance(refusal, InsideChanged) else FOR_MORE
        return _page(request, me, status=HTTPStatus.CONFLICT, why=why)
    zone = viewer_zone(request, me.time_zone).name
    logout(request)
    # The session has ended with the account. The new one, of a visitor, says what was done and names nobody.
    request.session[CLOSED] = {"erase_at": left.departure.erase_at.isoformat(), "zone": zone}
    return redirect("leaving")


def _page(
    request: HttpRequest, me: User, form: LeavingForm | None = None, *, status: int = HTTPStatus.OK, why: str = ""
) -> HttpResponse:
    """Seven queries, whatever lies ahead."""
    now = clock.now()
    look = leaving.look_before_leaving(me, now=now)
    page = leaving_page(look.ahead, look.counts, look.waiting, past_of(me), is_banned=me.banned_at is not None, now=now)
    context = {
        "page": page,
        "form": form or LeavingForm(request=request, person=me),
        "why": why,
        "shown": look.shown,
        "is_staff": me.is_staff or me.is_superuser,
        "days": accounts_leaving.GRACE.days,
        "until": now + accounts_leaving.GRACE,
        "zone": viewer_zone(request, me.time_zone).name,
    }
    return render(request, "appointments/leaving/delete.html", context, status=status)


@open_to_all
@never_cache
@require_safe
def leaving_account(request: HttpRequest) -> HttpResponse:
    """The page of an account that will be erased, with the button that keeps it; for visitors, how to get there."""
    if not request.user.is_authenticated:
        context = {"days": accounts_leaving.GRACE.days, **_closed(request)}
        return render(request, "appointments/leaving/visitor.html", context)
    me = request.user
    departure = Departure.objects.filter(user=me).first()
    if departure is None:
        return redirect("settings_data")
    context = {"departure": departure, "zone": viewer_zone(request, me.time_zone).name}
    return render(request, "appointments/leaving/leaving.html", context)


def _closed(request: HttpRequest) -> dict[str, Any]:
    """Until when the account that was deleted in this session can be kept, and in which zone; else nothing."""
    closed = request.session.get(CLOSED)
    if not closed or (erase_at := datetime.fromisoformat(closed["erase_at"])) <= clock.now():
        return {}
    return {"erase_at": erase_at, "zone": closed["zone"]}


@open_to_all
@never_cache
@login_required
@require_POST
def keep_account(request: HttpRequest) -> HttpResponse:
    me = cast(User, request.user)
    if leaving.keep(person=me):
        messages.success(request, "Your account stays. What was cancelled stays cancelled.")
    return redirect("settings_data")
