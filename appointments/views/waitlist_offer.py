"""The page of a time that is offered from a waitlist, behind the customer's own door and that of the mail's link."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.limits import limited
from accounts.models import User
from appointments import links
from appointments.exceptions import ChangedSince, MoveRefused, OfferClosed, PolicyRefused, SlotTaken, TermsChanged
from appointments.forms.waitlist import ClaimForm
from appointments.models import Appointment, Offer, WaitlistPlace
from appointments.pages.changed_terms import changes_in_words
from appointments.pages.waitlist import OFFERED, announced, offer_zones, settled_words
from appointments.queries.busy import busy_elsewhere
from appointments.queries.customer import own_appointments_on
from appointments.queries.waitlist import last_offer_to, moved_from, offer_of_link, place_of, ready
from appointments.rules.moves import moves_at_once
from appointments.rules.wishes import want_words
from appointments.services import booking, offers, waitlist
from appointments.services.booking import Terms
from appointments.services.waitlist_offers import hash_of, token_of
from appointments.states import OfferState, Role
from core import clock
from core.exceptions import DomainError
from core.wording import moment_text, zone_text
from providers.wording import cancelling_sentence


@dataclass(frozen=True, slots=True)
class OfferDoor:
    """An entered door: the offer with all that its page shows, who acts, and the page's own address."""

    offer: Offer
    actor: User
    address: str
    is_link: bool = False

    @property
    def moving(self) -> Appointment | None:
        """The appointment that moves to the time, where it is offered as an earlier one."""
        return self.offer.place.appointment if self.offer.place else None

    @property
    def shown(self) -> str:
        """What the page shows of the appointment that moves, for its form to send back. One query where one does."""
        return Appointment.objects.with_proposal().get(pk=self.moving.pk).as_shown if self.moving else ""

    @property
    def at_once(self) -> bool:
        """Whether taking it needs no answer of the provider."""
        policy = self.offer.provider.policy
        if self.moving:
            return moves_at_once(self.moving, role=Role.CUSTOMER, policy=policy)
        return booking.terms_of(self.offer.service, offered=self.offer.is_promised).confirms_at_once

    @property
    def terms(self) -> Terms:
        """The terms in force; of an appointment that moves those that were agreed."""
        terms = booking.terms_of(self.offer.service, offered=self.offer.is_promised)
        if one := self.moving:
            cutoff = terms.cutoff_minutes
            return Terms(one.price, one.currency, one.minutes, self.at_once, cutoff)
        return terms


Enter = Callable[[], OfferDoor]


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@limited("book")
def my_offer(request: HttpRequest, place: str) -> HttpResponse:
    """What is offered to a place of one's own, or what became of the last offer to it."""

    def enter() -> OfferDoor:
        me = cast(User, request.user)
        try:
            found = last_offer_to(place_of(me, place))
        except WaitlistPlace.DoesNotExist:
            raise Http404 from None
        if found is None:
            raise Http404("Nothing was offered to this place")
        return OfferDoor(ready(found), me, reverse("waitlist_offer", args=[place]))

    return _answer(request, enter)


def _of_link(token: str) -> OfferDoor:
    try:
        offer = offer_of_link(hash_of(token))
    except Offer.DoesNotExist:
        raise Http404("There is no such link.") from None
    if not offer.customer.takes_part:
        raise Http404("This link does not work at the moment.")
    if not constant_time_compare(token_of(offer), token):
        raise Http404("The account has another address than the one that the link was mailed to.")
    return OfferDoor(ready(offer), offer.customer, reverse("link_waitlist_offer", args=[token]), is_link=True)


def _actor_of_link(token: str) -> User:
    return _of_link(token).actor


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("book", person=_actor_of_link)
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The same by the link in the mail, without signing in; its own customer, if signed in, goes to their page.

    404 for an invalid link, 410 for one that has ended.
    """
    door = _of_link(token)
    if clock.now() >= door.offer.end + links.LASTS:
        answer = render(request, "appointments/waitlist/link_ended.html", status=HTTPStatus.GONE)
    elif request.method != "POST" and request.user == door.actor and door.offer.place:
        answer = redirect("waitlist_offer", door.offer.place.uuid)
    else:
        answer = _answer(request, lambda: _of_link(token))
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _answer(request: HttpRequest, enter: Enter) -> HttpResponse:
    door = enter()
    if request.method != "POST":
        return _show(request, door)
    if "pass" in request.POST:
        return _pass(request, door)
    form = ClaimForm(request.POST)
    if not form.is_valid():
        return _show(request, door, refusal=TermsChanged("The form was not complete."))
    try:
        return _claim(request, door, form.seen, form.cleaned_data["shown"])
    except TermsChanged:
        fresh = enter()
        changes = changes_in_words(form.seen, fresh.terms, fresh.offer.service)
        return _show(request, fresh, changes=changes)
    except (ChangedSince, OfferClosed, PolicyRefused, SlotTaken, MoveRefused) as refusal:
        return _show(request, enter(), refusal=refusal)


def _claim(request: HttpRequest, door: OfferDoor, seen: Terms, shown: str) -> HttpResponse:
    offer = door.offer
    if door.moving and seen != door.terms:
        raise TermsChanged
    if door.moving and not shown:
        raise ChangedSince
    place = offer.place
    venue = place.venue if place and place.venue in offer.service.venues else ""
    outcome = waitlist.claim(offer=offer, actor=door.actor, terms=seen, venue=venue, shown=shown)
    made = outcome.appointment
    zone = offer_zones(offer, offer.service, reader=door.actor.zone).first
    when = f"{moment_text(offer.start, zone, twelve=door.actor.uses_12h_clock)}, {zone_text(zone)}"
    name = offer.provider.first_name
    if not outcome.changed:
        messages.info(request, f"That was already done: {when}.")
    elif door.moving and made.start == offer.start:
        messages.success(request, f"Your appointment has moved to {when}. We email you and {name}.")
    elif door.moving:
        messages.success(request, f"{name} is asked to move your appointment to {when}. Until then it stays.")
    elif made.is_confirmed:
        messages.success(request, f"You are booked: {when}. We email you and {name}.")
    else:
        messages.success(request, f"{name} has your request for {when}. The time is held meanwhile.")
    if door.is_link:
        return redirect(door.address)
    return redirect("my_appointment" if door.moving else "appointment_done", reference=made.reference)


def _pass(request: HttpRequest, door: OfferDoor) -> HttpResponse:
    try:
        passed = offers.pass_one(offer=door.offer, actor=door.actor)
    except PolicyRefused as refusal:
        messages.error(request, str(refusal))
        return redirect(door.address)
    if passed:
        messages.success(request, "Passed. You keep your place for the next time that opens.")
    else:
        messages.info(request, "That was already done. Nothing changed.")
    return redirect(door.address if door.is_link else "my_waitlist")


def _address_of(taken: Appointment, door: OfferDoor, *, now: datetime) -> str:
    """The customer's page of what they took: behind the mail's link the one that opens without signing in, while the
    appointment is not over, so that an old mail is no door for ever."""
    if not door.is_link:
        return reverse("my_appointment", args=[taken.reference])
    taken.provider, taken.customer = door.offer.provider, door.offer.customer
    return reverse("link", args=[links.token_for(taken, Role.CUSTOMER, now=now)]) if taken.end > now else ""


def _show(
    request: HttpRequest, door: OfferDoor, *, refusal: DomainError | None = None, changes: Sequence[str] = ()
) -> HttpResponse:
    now, offer = clock.now(), door.offer
    zones = offer_zones(offer, offer.service, reader=door.actor.zone)
    is_live = offer.is_live(now)
    context: dict[str, Any] = {
        "door": door,
        "offer": offer,
        "place": offer.place,
        "provider": offer.provider,
        "service": offer.service,
        "zone": zones.first.key,
        "own_zone": door.actor.zone.key,
        "aside": zones.aside(offer.start, offer.end, twelve=door.actor.uses_12h_clock),
        "twelve_hour": door.actor.uses_12h_clock,
        "now": now,
        "is_live": is_live,
        "announce": announced(offer.expires_at - now),
        "badge": OFFERED,
        "wants": want_words(offer.place) if offer.place else "",
        "refusal": refusal,
        "changes": changes,
    }
    if is_live:
        terms = door.terms
        own = [] if door.is_link else own_appointments_on(door.actor, [(offer.start, offer.end)], besides=door.moving)
        context |= {
            "form": ClaimForm(initial=ClaimForm.terms_values(terms) | {"shown": door.shown}),
            "terms": terms,
            "busy": [] if door.is_link else busy_elsewhere(door.actor, offer.start, offer.end),
            "clash": next((one for one in own if one.start < offer.end and one.end > offer.start), None),
            "cancelling": cancelling_sentence(offer.provider.policy),
        }
    else:
        taken = offer.taken_as or (door.moving if offer.state == OfferState.TAKEN else None)
        context |= {
            "settled": settled_words(offer, now=now),
            # Where the request or the new time came to nothing, the place waits again.
            "is_taken": taken is not None and not (offer.place and offer.place.is_waiting),
            "taken_address": _address_of(taken, door, now=now) if taken else "",
        }
    if moving := door.moving:
        is_there = offer.state == OfferState.TAKEN and moving.start == offer.start
        context["instead_of"] = moved_from(moving, offer.start) if is_there else moving.start
    status = HTTPStatus.CONFLICT if refusal or changes else HTTPStatus.OK
    return render(request, "appointments/waitlist/offer.html", context, status=status)
