"""The page of the times offered instead of an appointment, alike behind every door of its customer."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render

from appointments.exceptions import OfferClosed, PolicyRefused, SlotTaken, TermsChanged
from appointments.forms.offers import TakeForm
from appointments.models import Appointment, Offer
from appointments.pages.changed_terms import changes_in_words
from appointments.pages.offers import OFFERED, choice_words, offer_zones, other_times_words, settled_words
from appointments.queries.busy import busy_elsewhere_on
from appointments.queries.customer import own_appointments_on
from appointments.queries.offers import offers_instead_of
from appointments.rules.pricing import quote
from appointments.services import booking, offers
from appointments.services.booking import Terms
from appointments.states import Role
from core import clock
from core.exceptions import DomainError
from core.intervals import Interval
from core.wording import moment_text, zone_text
from providers.models import Service
from providers.wording import cancelling_sentence

from .doors import Door

Enter = Callable[[], Door]


def take_one(request: HttpRequest, enter: Enter) -> HttpResponse:
    """Show the times and ask, take one of them, or pass them all. 404 where none was ever offered, or to a provider.

    What can't be taken any more is shown with what became of it.
    """
    door = enter()
    found = offers_instead_of(door.appointment) if door.is_customers else []
    if not found:
        raise Http404("No other time is offered")
    if request.method != "POST":
        return _show(request, door, found)
    if "pass" in request.POST:
        return _pass(request, door)
    live = _live(found)
    # A form sent twice finds its time taken by the first press; what it chose is looked up among all.
    form = TakeForm(request.POST, choices=_choices(door, found))
    if not form.is_valid():
        return _show(request, door, found, form=form if live else None)
    chosen = next(each for each in found if str(each.uuid) == form.cleaned_data["offer"])
    if chosen.taken_as:
        return _taken(request, door, chosen.taken_as, changed=False)
    try:
        return _take(request, door, chosen, form.seen)
    except TermsChanged:
        fresh = enter()
        changes = _changes(fresh, form.seen)
        return _show(request, fresh, offers_instead_of(fresh.appointment), changes=changes)
    except (OfferClosed, PolicyRefused, SlotTaken) as refusal:
        fresh = enter()
        return _show(request, fresh, offers_instead_of(fresh.appointment), refusal=refusal)


def _take(request: HttpRequest, door: Door, chosen: Offer, seen: Terms) -> HttpResponse:
    """Book the offered time where the first appointment was to be. Raises OfferClosed, and what booking raises."""
    if not chosen.is_live(clock.now()):
        raise OfferClosed
    one = door.appointment
    outcome = booking.book_appointment(
        service=chosen.service,
        start=chosen.start,
        customer=door.actor,
        terms=seen,
        booking_key=f"offer:{chosen.uuid.hex}",
        venue=one.venue if one.venue in chosen.service.venues else "",
        note=one.note,
    )
    return _taken(request, door, outcome.appointment, changed=outcome.changed)


def _taken(request: HttpRequest, door: Door, made: Appointment, *, changed: bool) -> HttpResponseRedirect:
    zone = door.standing(now=clock.now()).zones.first
    when = f"{moment_text(made.start, zone, twelve=door.actor.uses_12h_clock)}, {zone_text(zone)}"
    if changed:
        messages.success(request, f"You are booked: {when}. We email you and {door.other.first_name}.")
    else:
        messages.info(request, f"That was already done: you are booked {when}.")
    if door.is_link:
        return redirect(door.addresses.offers)
    return redirect("appointment_done", reference=made.reference)


def _pass(request: HttpRequest, door: Door) -> HttpResponse:
    try:
        passed = offers.pass_offers(appointment=door.appointment, actor=door.actor)
    except PolicyRefused as refusal:
        messages.error(request, str(refusal))
        return redirect(door.addresses.offers)
    if passed:
        messages.success(request, "These times are open to others again. You can book any other time.")
    else:
        messages.info(request, "That was already done. Nothing changed.")
    return redirect(door.addresses.home)


def _show(
    request: HttpRequest,
    door: Door,
    found: Sequence[Offer],
    *,
    form: TakeForm | None = None,
    refusal: DomainError | None = None,
    changes: Sequence[str] = (),
) -> HttpResponse:
    """The times as they are offered now; with `refusal` or `changes` why nothing was booked: 409."""
    now = clock.now()
    live, service = _live(found), found[0].service
    context: dict[str, Any] = {
        **door.context(door.standing(now=now)),
        "offers": live,
        "badge": OFFERED,
        "words": other_times_words(len(live)),
        "refusal": refusal,
        "changes": changes,
        "taken": next((each.taken_as for each in found if each.taken_as), None),
    }
    if live:
        terms = booking.terms_of(service, offered=True)
        context |= {
            "form": form or TakeForm.fresh(choices=_choices(door, live), terms=terms),
            "expires_at": min(each.expires_at for each in live),
            "busy": [] if door.is_link else busy_elsewhere_on(door.actor, _spans(live)),
            "terms": terms,
            "quote": quote(service),
            "sentences": [cancelling_sentence(service.provider.policy)],
        }
    else:
        context["settled"] = settled_words(found, Role.CUSTOMER, other=door.other.first_name, now=now)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form else HTTPStatus.OK
    if refusal or changes:
        status = HTTPStatus.CONFLICT
    return render(request, "appointments/changing/offers.html", context, status=status)


def _live(found: Sequence[Offer]) -> list[Offer]:
    now = clock.now()
    return [each for each in found if each.is_live(now)]


def _spans(found: Sequence[Offer]) -> list[Interval]:
    return [(each.start, each.booked_until) for each in found]


def _choices(door: Door, found: Sequence[Offer]) -> list[tuple[str, str]]:
    """The offered times as choices; one at which the customer is busy says so, but by a link, which others may have.

    One query, none by a link.
    """
    twelve, reader = door.actor.uses_12h_clock, door.reader
    others = [] if door.is_link else own_appointments_on(door.actor, _spans(found), besides=door.appointment)
    choices = []
    for each in found:
        words = choice_words(each, offer_zones(each, door.appointment, reader=reader), twelve=twelve)
        clash = next((one for one in others if one.start < each.booked_until and one.end > each.start), None)
        choices.append((str(each.uuid), f"{words}, overlaps your {clash.service.name}" if clash else words))
    return choices


def _changes(door: Door, seen: Terms) -> list[str]:
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=door.appointment.service_id)
    return changes_in_words(seen, booking.terms_of(service, offered=True), service)
