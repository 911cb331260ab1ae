"""What this app keeps about a person; see `accounts.personal_data`."""

from uuid import uuid4

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from accounts.personal_data import Facts, Rows, Section, in_batches
from appointments.models import (
    Appointment,
    AppointmentEvent,
    CalendarFeed,
    DeletedOwnEvent,
    Digest,
    Hold,
    KnownConflict,
    LateCancellation,
    Offer,
    OpeningIndex,
    OwnEvent,
    OwnRecurrence,
    Proposal,
    Series,
    WaitlistPlace,
)
from appointments.rules.wishes import want_words
from core import clock
from outbox import services as outbox

from . import transitions, waitlist_offers

FORGET_IN_CALENDARS = "appointments.forget_in_calendars"


def kept(user: User) -> Rows:
    """The person's appointments and series on either side, the holds on their time or by them, their history entries
    and late cancellations, and those that they forgave as staff."""
    return {
        "appointments as a customer": Appointment.objects.filter(customer=user),
        "appointments as a provider": Appointment.objects.filter(provider__user=user),
        "series as a customer": Series.objects.filter(customer=user),
        "series as a provider": Series.objects.filter(provider__user=user),
        "holds of their time": Hold.objects.filter(provider__user=user),
        "times they keep": Hold.objects.filter(kept_by=user),
        "history entries they made": AppointmentEvent.objects.filter(actor=user),
        "new times they proposed": Proposal.objects.filter(actor=user),
        "their own events": OwnEvent.objects.filter(user=user),
        "how these repeat": OwnRecurrence.objects.filter(user=user),
        "own events deleted lately": DeletedOwnEvent.objects.filter(user=user),
        "their calendar link": CalendarFeed.objects.filter(owner=user),
        "their evening digest": Digest.objects.filter(provider__user=user),
        "times offered to them": Offer.objects.filter(customer=user),
        "times they offer": Offer.objects.filter(provider__user=user),
        "their places on waitlists": WaitlistPlace.objects.filter(customer=user),
        "places on their waitlist": WaitlistPlace.objects.filter(provider__user=user),
        "conflicts with their calendars": KnownConflict.objects.filter(appointment__provider__user=user),
        "late cancellations": LateCancellation.objects.filter(person=user),
        "late cancellations they forgave": LateCancellation.objects.filter(forgiven_by=user),
    }


def sections(user: User) -> list[Section]:
    """The person's appointments on either side with their history, the new times they proposed, late cancellations.

    Of the other side it has what their pages show: the name, what was done, and what that side wrote to them.
    """
    joined = Appointment.objects.select_related("provider", "service", "customer").order_by("start", "pk")
    theirs = Q(appointment__customer=user) | Q(appointment__provider__user=user) | Q(actor=user)
    entries = AppointmentEvent.objects.filter(theirs).select_related("appointment").order_by("at", "pk")
    proposals = Proposal.objects.filter(actor=user).select_related("appointment").order_by("created_at", "pk")
    offered = Offer.objects.filter(Q(customer=user) | Q(provider__user=user)).select_related("provider", "service")
    places = WaitlistPlace.objects.select_related("provider", "service").order_by("pk")
    late = LateCancellation.objects.filter(person=user).order_by("at", "pk")
    conflicts = KnownConflict.objects.filter(appointment__provider__user=user).select_related("appointment", "calendar")
    series = Series.objects.select_related("provider", "service", "customer").prefetch_related("left_out")
    series = series.order_by("created_at", "pk")
    events = OwnEvent.objects.filter(user=user).select_related("recurrence")
    return [
        Section("appointments", "Appointments you booked", joined.filter(customer=user), _booked),
        Section("customers", "Appointments with your customers", joined.filter(provider__user=user), _given),
        Section("series", "Series you booked", series.filter(customer=user), _series),
        Section("series_of_customers", "Series of your customers", series.filter(provider__user=user), _series_given),
        Section("history", "History of appointments", entries, _entry),
        Section("new_times", "New times you proposed", proposals, _proposal),
        Section("offered_times", "Times offered to you or by you", offered.order_by("created_at", "pk"), _offer),
        Section("waitlist_places", "Your places on waitlists", places.filter(customer=user), _place),
        Section("waitlist", "Places on your waitlist", places.filter(provider__user=user), _place_given),
        Section("own_events", "Your own events", events.order_by("start", "pk"), _own_event),
        Section("calendar_link", "Calendar links", CalendarFeed.objects.filter(owner=user), _feed),
        Section("conflicts", "Conflicts with your calendars", conflicts.order_by("known_at", "pk"), _conflict),
        Section("evening_digest", "Your evening digest", Digest.objects.filter(provider__user=user), _digest),
        Section("late_cancellations", "Late cancellations", late, _late),
    ]


def erase(user: User) -> None:
    """End what still lies ahead of the person and take their words out of what stays with others.

    Late cancellations go, too; the evidence of an open suspension stays as mere moments, which lead to no appointment.
    """
    transitions.end_all_ahead(user)
    Hold.objects.filter(kept_by=user).delete()
    waitlist_offers.lapse_of(user, now=clock.now())
    WaitlistPlace.objects.filter(customer=user).update(reason="", time_zone="UTC")
    WaitlistPlace.objects.filter(provider__user=user).exclude(reason="").update(reason="")
    OwnEvent.objects.filter(user=user).delete()
    OwnRecurrence.objects.filter(user=user).delete()
    DeletedOwnEvent.objects.filter(user=user).delete()
    CalendarFeed.objects.filter(owner=user).delete()
    Digest.objects.filter(provider__user=user).delete()
    KnownConflict.objects.filter(appointment__provider__user=user).delete()
    for ids in in_batches(Appointment.objects.filter(customer=user).exclude(note="")):
        Appointment.objects.filter(pk__in=ids).update(note="")
    for ids in in_batches(Proposal.objects.filter(actor=user).exclude(message="")):
        Proposal.objects.filter(pk__in=ids).update(message="")
    for ids in in_batches(AppointmentEvent.objects.filter(actor=user).exclude(reason="")):
        AppointmentEvent.objects.filter(pk__in=ids).forget_words()
    _erase_late_cancellations(user)
    with transaction.atomic():
        outbox.publish(FORGET_IN_CALENDARS, key=str(user.pk), payload={"person": user.pk})
    # The search's job has dropped these with the page already; here in case it failed.
    OpeningIndex.objects.filter(provider__user=user).delete()


@transaction.atomic
def _erase_late_cancellations(user: User) -> None:
    late = LateCancellation.objects.filter(person=user)
    late.exclude(ban__isnull=False, ban__lifted_at=None).delete()
    for one in late:
        one.occasion, one.forgiven_reason = uuid4(), ""
        one.save(update_fields=["occasion", "forgiven_reason"])


def _booked(row: Appointment) -> Facts:
    return {"reference": row.reference, "with": row.provider.name, **_appointment(row), "refund": row.refund}


def _given(row: Appointment) -> Facts:
    return {
        "reference": row.reference,
        "customer": row.customer.name,
        **_appointment(row),
        "platform_fee": row.platform_fee,
        "fee_percent": row.fee_percent,
        "refund": row.refund,
        "fee_due": row.fee_due,
    }


def _appointment(row: Appointment) -> Facts:
    return {
        "service": row.service.name,
        "start": row.start,
        "end": row.end,
        "state": row.get_status_display(),
        "price": row.price,
        "currency": row.currency,
        "venue": row.get_venue_display(),
        "link_to_join": row.join_link,
        "note": row.note,
        "will_come": row.will_come_at,
        "made_at": row.created_at,
    }


def _conflict(row: KnownConflict) -> Facts:
    return {
        "reference": row.appointment.reference,
        "start": row.start,
        "calendar": row.calendar.name,
        "busy_from": row.busy_from,
        "busy_until": row.busy_until,
        "known_at": row.known_at,
        "kept_at": row.kept_at,
    }


def _digest(row: Digest) -> Facts:
    return {"minutes_after_midnight": row.minute, "also_when_empty": row.also_empty, "told_last_of": row.told}


def _series(row: Series) -> Facts:
    return {"with": row.provider.name, **_rule(row)}


def _series_given(row: Series) -> Facts:
    return {"customer": row.customer.name, **_rule(row)}


def _rule(row: Series) -> Facts:
    return {
        "service": row.service.name,
        "repeats": row.get_frequency_display(),
        "first": row.first,
        "time_zone": row.time_zone,
        "count": row.count,
        "until": row.until,
        "left_out": [each.start for each in row.left_out.all()],
        "made_at": row.created_at,
    }


def _entry(row: AppointmentEvent) -> Facts:
    return {
        "reference": row.appointment.reference,
        "at": row.at,
        "act": row.get_verb_display(),
        "by": row.get_role_display(),
        "start": row.start,
        "new_start": row.to_start,
        "reason": row.reason,
    }


def _proposal(row: Proposal) -> Facts:
    return {
        "reference": row.appointment.reference,
        "at": row.created_at,
        "old_start": row.old_start,
        "new_start": row.start,
        "message": row.message,
        "state": row.get_state_display(),
    }


def _offer(row: Offer) -> Facts:
    return {
        "provider": row.provider.name,
        "service": row.service.name,
        "start": row.start,
        "expires_at": row.expires_at,
        "state": row.get_state_display(),
        "offered_at": row.created_at,
    }


def _place(row: WaitlistPlace) -> Facts:
    return {"with": row.provider.name, "reason": row.reason, **_waits(row)}


def _place_given(row: WaitlistPlace) -> Facts:
    return {"reason": row.reason, **_waits(row)}


def _waits(row: WaitlistPlace) -> Facts:
    return {
        "service": row.service.name,
        "first": row.first_on,
        "last": row.last_on,
        "waits_for": want_words(row),
        "state": row.get_state_display(),
        "joined_at": row.created_at,
        "ended_at": row.closed_at,
    }


def _own_event(row: OwnEvent) -> Facts:
    return {
        "title": row.title,
        "start": row.start,
        "end": row.end,
        "all_day": row.is_all_day,
        "place": row.place,
        "description": row.description,
        "takes_no_time": row.is_free,
        "made_at": row.created_at,
        "repeats": row.recurrence.get_frequency_display() if row.recurrence else "",
        "changed_at": row.changed_at,
    }


def _late(row: LateCancellation) -> Facts:
    return {"at": row.at, "forgiven_at": row.forgiven_at, "counted_for_a_suspension": row.ban_id is not None}


def _feed(row: CalendarFeed) -> Facts:
    return {"shows": row.get_shows_display(), "made_at": row.created_at}
