"""Module-level calls for real processes that die, or lose their answer, at a chosen point of a change."""

import os
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from threading import Event, Thread
from unittest import mock

from django.db import OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from api import once
from appointments.forms.booking import BookingForm
from appointments.models import Appointment, Offer, Proposal
from appointments.queries.public import public_service
from appointments.rules.time_off import Way
from appointments.services import (
    availability,
    booking,
    fair_use,
    history,
    holds,
    kept_times,
    leaving,
    locks,
    offers,
    proposals,
    series,
    series_moves,
    time_off,
    times,
    transitions,
    waitlist,
    waitlist_offers,
)
from appointments.services.time_off import Absence
from appointments.states import Role
from core import clock
from core.db import lock_rows
from notifications import channels
from providers.models import Provider, Service
from tests.factories.series import wanted_series

KEY = "11111111-1111-4111-8111-111111111111"


def die(*args, **kwargs):
    os._exit(9)


@contextmanager
def point(name):
    """The patch that ends this process at the named point, as suddenly as kill -9, without a rollback of its own."""
    if name == "nowhere":
        yield
        return
    patched = {
        "lock": (locks, "together"),
        "series": (booking, "write_series"),
        "facts": (availability, "open_by"),
        "hold": (holds, "take"),
        "history": (history, "insert_all"),
        "ban": (fair_use.bans, "ban"),
        "proposed": (holds, "take_proposed"),
        "kept": (holds, "keep_proposed"),
        "ended": (times, "end_proposals"),
        "row": (time_off.providers, "write_time_off"),
        "offered": (holds, "take_offered"),
        "met": (offers, "close_met"),
        "freed": (waitlist_offers, "offer_freed"),
        "found": (waitlist_offers, "insert_all"),
        "told": (channels.inbox, "write"),
        "jobs": (channels.outbox, "publish_all"),
        "closed": (leaving.leaving, "close"),
        "commit": (connection, "_commit"),
        "finish": (once.Once, "finish"),
    }
    where, after = name.split(":")
    target, attribute = patched[where]
    real = getattr(target, attribute)

    def run(*args, **kwargs):
        if after == "after":
            real(*args, **kwargs)
        die()

    # Session and sign-in have commits of their own; only the commit of a change counts.
    with mock.patch.object(target, attribute, run):
        yield


def book(service_pk, customer_pk, start, where="nowhere", key=KEY):
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service_pk)
    customer, terms = User.objects.get(pk=customer_pk), booking.terms_of(service)
    with point(where):
        outcome = booking.book_appointment(
            service=service, start=datetime.fromisoformat(start), customer=customer, terms=terms, booking_key=key
        )
    return [outcome.appointment.reference, outcome.changed]


def book_series(service_pk, customer_pk, starts, where="nowhere", key=KEY):
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service_pk)
    customer = User.objects.get(pk=customer_pk)
    wanted = wanted_series(service, customer, [datetime.fromisoformat(start) for start in starts], key=key)
    with point(where):
        return [outcome.changed for outcome in booking.place(wanted)]


def cancel_series(customer_pk, where="nowhere"):
    """Cancel all of the customer's appointments in one act, as the page of their series does."""
    customer = User.objects.get(pk=customer_pk)
    ending = list(Appointment.objects.filter(customer=customer).order_by("start"))
    with point(where):
        outcomes = series.end_several(appointments=ending, actor=customer, role=Role.CUSTOMER)
    return [outcome.changed for outcome in outcomes]


def move_series(customer_pk, role, where="nowhere"):
    """Move all of the customer's appointments by a day in one act, as the page of their series does."""
    rows = list(Appointment.objects.with_people().with_proposal().filter(customer=customer_pk).order_by("start"))
    actor = rows[0].customer if role == "customer" else rows[0].provider.user
    moves = [(one, one.start + timedelta(days=1)) for one in rows]
    with point(where):
        outcomes = series_moves.move_several(moves=moves, actor=actor, role=Role(role), at_once=role == "customer")
    return [outcome.changed for outcome in outcomes]


def answer_series(provider_pk, accepts, where="nowhere"):
    """Accept the first of a provider's requests and decline the others in one act."""
    rows = list(Appointment.objects.with_people().filter(provider=provider_pk).order_by("start"))
    with point(where):
        outcomes = series.answer_several(
            accepted=rows[:accepts], declined=rows[accepts:], actor=rows[0].provider.user, reason="Away"
        )
    return [outcome.changed for outcome in outcomes]


def answer_times(customer_pk, accepts, where="nowhere"):
    """Accept the first of the new times that the customer is asked for, and keep the original ones of the others."""
    rows = list(Proposal.objects.with_appointment().filter(appointment__customer=customer_pk).order_by("old_start"))
    actor = rows[0].appointment.customer
    with point(where):
        outcomes = proposals.answer_times(accepted=rows[:accepts], kept=rows[accepts:], actor=actor, role=Role.CUSTOMER)
    return [outcome.changed for outcome in outcomes]


def move(verb, appointment_pk, role, where="nowhere"):
    one = Appointment.objects.select_related("provider__user", "customer").get(pk=appointment_pk)
    actor = {Role.CUSTOMER: one.customer, Role.PROVIDER: one.provider.user}[Role(role)]
    with point(where):
        return getattr(transitions, verb)(appointment=one, actor=actor, role=Role(role)).changed


def change_time(appointment_pk, role, start, where="nowhere"):
    one = Appointment.objects.with_people().get(pk=appointment_pk)
    actor = {Role.CUSTOMER: one.customer, Role.PROVIDER: one.provider.user}[Role(role)]
    with point(where):
        start = datetime.fromisoformat(start)
        return proposals.propose_time(appointment=one, start=start, actor=actor, role=Role(role)).changed


def accept_time(proposal_pk, where="nowhere"):
    made = Proposal.objects.with_appointment().get(pk=proposal_pk)
    with point(where):
        return proposals.accept_time(proposal=made, actor=made.appointment.customer, role=Role.CUSTOMER).changed


def leave(person_pk, where="nowhere"):
    """Delete the account, as the page that shows what lies ahead does."""
    person = User.objects.get(pk=person_pk)
    shown = leaving.as_shown(person, now=clock.now())
    with point(where):
        return leaving.leave(person=person, seen=3, shown=shown).changed


def take_time_off(provider_pk, where="nowhere"):
    """Take a whole week off and cancel all that lies inside, for a provider whose appointments are all confirmed."""
    provider = Provider.objects.select_related("user").get(pk=provider_pk)
    start = clock.now() + timedelta(days=2)
    absence = Absence(start, start + timedelta(days=14), reason="Ill")
    ways = {one.reference: Way.CANCEL for one in Appointment.objects.filter(provider=provider)}
    with point(where):
        return time_off.take_time_off(provider=provider, absence=absence, actor=provider.user, ways=ways).changed


def offer_instead(provider_pk, where="nowhere"):
    """Take a day off and offer three other times to the one customer whose appointment lies inside."""
    provider = Provider.objects.select_related("policy", "user").get(pk=provider_pk)
    one = Appointment.objects.filter(provider=provider).first()
    absence, now = Absence(one.start, one.end, reason="Ill"), clock.now()
    claims = time_off.what_is_inside(provider, absence.span, now=now).claims
    shown = offers.times_to_offer(provider, [each.appointment for each in claims], away=absence.span, now=now)
    ways, given = {one.reference: Way.OFFER}, {reference: times.starts for reference, times in shown.items()}
    with point(where):
        return time_off.take_time_off(
            provider=provider, absence=absence, actor=provider.user, ways=ways, offered=given
        ).offered


def take_offer(offer_pk, where="nowhere"):
    offer = Offer.objects.select_related("customer").get(pk=offer_pk)
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=offer.service_id)
    terms, key = booking.terms_of(service, offered=True), offer.uuid.hex
    with point(where):
        return booking.book_appointment(
            service=service, start=offer.start, customer=offer.customer, terms=terms, booking_key=key
        ).changed


def pass_place(offer_pk, where="nowhere"):
    """Let the customer pass what is offered to their place on a waitlist."""
    offer = Offer.objects.select_related("customer").get(pk=offer_pk)
    with point(where):
        return offers.pass_one(offer=offer, actor=offer.customer)


def give_up_time(browser, where="nowhere"):
    """Let a visitor leave the form for whose sake a time is kept."""
    with point(where):
        kept_times.release_kept_time(browser=browser)


def claim_place(offer_pk, where="nowhere"):
    joined = ("customer", "place__appointment", "service__provider__user", "service__provider__policy")
    offer = Offer.objects.select_related(*joined).get(pk=offer_pk)
    terms = booking.terms_of(offer.service, offered=offer.is_promised)
    with point(where):
        return waitlist.claim(offer=offer, actor=offer.customer, terms=terms).changed


def post_booking(service_pk, customer_pk, start, trouble="", key=KEY):
    """Send the booking form; returns the status of the answer, its Retry-After and its words."""
    service = Service.objects.select_related("provider").get(pk=service_pk)
    service = public_service(service.provider.slug, service.slug)
    customer, client = User.objects.get(pk=customer_pk), Client(raise_request_exception=False)
    client.force_login(customer)
    values = BookingForm.values(start=datetime.fromisoformat(start), terms=booking.terms_of(service), person=customer)
    with TROUBLE[trouble]():
        answer = client.post(
            reverse("book", args=[service.provider.slug, service.slug]), values | {"key": key, "note": "Left knee"}
        )
    return [answer.status_code, answer.get("Retry-After", ""), answer.content.decode()]


def post_cancel(appointment_pk, trouble=""):
    one = Appointment.objects.select_related("customer").get(pk=appointment_pk)
    client = Client(raise_request_exception=False)
    client.force_login(one.customer)
    with TROUBLE[trouble]():
        answer = client.post(reverse("cancel_appointment", args=[one.reference]), {"seen": "0"})
    return [answer.status_code, answer.get("Retry-After", ""), answer.content.decode()]


@contextmanager
def lost_answer():
    """Let the COMMIT of the change succeed and the connection break before its answer arrives."""
    commit, record, changed = connection._commit, history.record, []

    def record_and_remember(*args, **kwargs):
        changed.append(True)
        return record(*args, **kwargs)

    def commit_and_break():
        commit()
        if changed:
            changed.clear()
            raise OperationalError("server closed the connection unexpectedly")

    with (
        mock.patch.object(transitions, "record", record_and_remember),
        mock.patch.object(booking, "record", record_and_remember),
        mock.patch.object(connection, "_commit", commit_and_break),
    ):
        yield


@contextmanager
def locked_out():
    """Hold the locks of all providers in another transaction; waiting for one ends after a fraction of a second."""
    has_it, may_go = Event(), Event()
    other = Thread(target=keep_locked, args=(has_it, may_go))
    other.start()
    assert has_it.wait(60)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 300" if connection.vendor == "postgresql" else "PRAGMA busy_timeout = 300")
    try:
        yield
    finally:
        may_go.set()
        other.join()


def keep_locked(has_it, may_go):
    with transaction.atomic():
        list(lock_rows(Provider.objects.all()))
        has_it.set()
        may_go.wait(60)
    connection.close()


TROUBLE = {"": nullcontext, "lost": lost_answer, "locked": locked_out}


def keep(service_pk, start, browser):
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service_pk)
    return holds.keep_time(service=service, start=datetime.fromisoformat(start), browser=browser).pk
