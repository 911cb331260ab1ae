"""The page that ends the appointments inside a time: shown, weighed again at each choice, and done.

Time off and a cleared day share it. The rules at the moment of pressing decide, not those shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User
from appointments.exceptions import CountsForMore, InsideChanged, OffersChanged
from appointments.forms.time_off import ClearForm, typed_offers, typed_ways
from appointments.pages.studio.time_off import Check, build_check, chosen_ways
from appointments.rules.fair_use import Ending, is_late
from appointments.rules.time_off import Way
from appointments.services import fair_use
from appointments.services.time_off import Cleared, Inside, weigh, what_is_inside
from core import clock
from core.exceptions import DomainError
from core.intervals import Interval
from providers.exceptions import TimeOffRefused
from providers.models import Provider

from .cancelling import to_the_suspended

# Each row is a field of the form, and Django takes no more than 500 of them.
MOST_ROWS = 400
CHANGED = "Something in this time has changed since you opened this page. Look through it once more."
OTHER_ZONE = "Your time zone has changed since you opened this page, so the day is another stretch of time."
OTHER_TIMES = "The times that you offer are not those you saw. Look through them once more, then press the button."
FOR_MORE = "What you have chosen counts as more than this page said. Read what it means now, then press the button."


WHY: Mapping[type[DomainError], str] = {InsideChanged: CHANGED, OffersChanged: OTHER_TIMES, CountsForMore: FOR_MORE}


@dataclass(frozen=True, slots=True)
class Decided:
    """What the provider decided on the page: the way for each reference and a word to the customers; and what the page
    showed: the number of the late cancellation, each claim, and the times offered instead."""

    ways: Mapping[str, Way]
    word: str
    seen: int
    shown: Mapping[str, str]
    offered: Mapping[str, tuple[datetime, ...]]


@dataclass(frozen=True, slots=True)
class Clearing:
    """A time to clear: its span, the act that clears it, and how the page differs between time off and a day.

    `done` answers after the act.
    """

    provider: Provider
    span: Interval
    template: str
    is_time_off: bool
    act: Callable[[Decided], Cleared]
    done: Callable[[Cleared], HttpResponse]
    context: Mapping[str, object]
    customer: User | None = None


def clear(request: HttpRequest, clearing: Clearing) -> HttpResponse:
    """Answer a POST: do the act if its button was pressed, or where nothing is to be said when the time is first sent;
    else weigh what is chosen. Raises TimeOffRefused where too much lies inside for one form."""
    form, pressed = ClearForm(request.POST), request.POST.get("do", "")
    inside = _inside(clearing)
    if len(inside.claims) > MOST_ROWS:
        raise TimeOffRefused(f"More than {MOST_ROWS} appointments and requests lie inside. Take it off in parts.")
    ways = typed_ways(request.POST)
    if pressed == "save" or not (pressed or inside.claims or inside.kept or inside.offered):
        if not form.is_valid():
            return show(request, clearing, inside, ways, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        if form.is_of_another_zone(clearing.provider.zone):
            return show(request, clearing, inside, ways, form, status=HTTPStatus.CONFLICT, why=OTHER_ZONE)
        try:
            data = form.cleaned_data
            offered = typed_offers(request.POST)
            cleared = clearing.act(Decided(ways, data["word"], data["seen"], data["shown"], offered))
        except (InsideChanged, OffersChanged, CountsForMore) as refusal:
            why = WHY[type(refusal)]
            return show(request, clearing, _inside(clearing), ways, form, status=HTTPStatus.CONFLICT, why=why)
        if cleared.banned:
            return to_the_suspended(request, clearing.provider.user)
        return clearing.done(cleared)
    return show(request, clearing, inside, _pressed(inside, ways, pressed), form)


def show(
    request: HttpRequest,
    clearing: Clearing,
    inside: Inside | None = None,
    ways: Mapping[str, Way] | None = None,
    form: ClearForm | None = None,
    *,
    status: int = HTTPStatus.OK,
    why: str = "",
) -> HttpResponse:
    """The page with what lies inside now and these ways, or the form alone where htmx asks for it."""
    provider = clearing.provider
    inside = _inside(clearing) if inside is None else inside
    shown = typed_offers(request.POST)
    check = _check(clearing, inside, ways or {}, shown, after=_asked_for_others(request, shown))
    context = {
        "provider": provider,
        "zone": provider.time_zone,
        "check": check,
        "form": form or ClearForm(),
        "why": why,
        "is_refused": status != HTTPStatus.OK,
        **clearing.context,
    }
    part = "#check" if request.headers.get("HX-Target") == "check" else ""
    answer = render(request, f"{clearing.template}{part}", context, status=status)
    answer.headers["Vary"] = "HX-Request, HX-Target"
    return answer


def _inside(clearing: Clearing) -> Inside:
    return what_is_inside(
        clearing.provider,
        clearing.span,
        now=clock.now(),
        customer=clearing.customer,
        with_kept=clearing.is_time_off,
    )


def _pressed(inside: Inside, ways: Mapping[str, Way], pressed: str) -> dict[str, Way]:
    """The ways after a button for many rows at once: end all, with other times offered or not, keep all, or keep those
    that count."""
    if pressed == "offer-all":
        return {claim.appointment.reference: claim.ways[0] for claim in inside.claims}
    if pressed == "end-all":
        return {claim.appointment.reference: claim.way_to_end for claim in inside.claims}
    if pressed == "keep-all":
        return {claim.appointment.reference: Way.KEEP for claim in inside.claims}
    if pressed == "keep-late":
        now = clock.now()
        late = {
            claim.appointment.reference
            for claim in inside.claims
            if claim.way_to_end is Way.CANCEL and is_late(claim.start, now)
        }
        return {**ways, **dict.fromkeys(late & ways.keys(), Way.KEEP)}
    return dict(ways)


def _asked_for_others(request: HttpRequest, shown: Mapping[str, tuple[datetime, ...]]) -> dict[str, datetime]:
    """The reference for which the pressed button asks other times than those shown, with the last of these."""
    button, _, reference = request.POST.get("do", "").partition(":")
    return {reference: max(shown[reference])} if button == "others" and reference in shown else {}


def _check(
    clearing: Clearing,
    inside: Inside,
    ways: Mapping[str, Way],
    shown: Mapping[str, tuple[datetime, ...]],
    *,
    after: Mapping[str, datetime],
) -> Check:
    """The page's facts. One query where something is cancelled, one more where that would ban, and up to eight where
    other times are offered."""
    provider, now = clearing.provider, clock.now()
    chosen = chosen_ways(inside, ways, now=now)
    weighing = weigh(provider, clearing.span, inside, chosen, now=now, shown=shown, after=after)
    ending = Ending()
    if weighing.counts.bans:
        ending = fair_use.what_a_ban_ends(provider.user, besides=weighing.ended, now=now)
    return build_check(
        inside,
        chosen,
        weighing.counts,
        ending,
        weighing.times,
        is_time_off=clearing.is_time_off,
        reader=provider.zone,
        now=now,
        twelve=provider.user.uses_12h_clock,
    )
