"""Appointments as programs write and read them."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.serializers.base import (
    Amount,
    Days,
    Instant,
    Line,
    Moment,
    Paged,
    Price,
    Reads,
    Text,
    Writes,
    ZoneName,
    price,
    write,
)
from appointments.models import AppointmentEvent
from appointments.pages.consequences import figure
from appointments.pages.places import may_know_address, place_of
from appointments.pages.standing import Standing
from appointments.pages.timeline import side_named
from appointments.queries.customers import REACHED_FOR
from appointments.queries.sides import When
from appointments.rules.fair_use import LIMIT, Consequence
from appointments.states import ProposalState, Role, Status, Verb
from providers.models import Venue

LONGEST_NOTE = 1000
LONGEST_REASON = 500
# The verbs that a person may do, in the order in which `can` lists them.
DOABLE = [
    Verb.ACCEPT, Verb.DECLINE, Verb.WITHDRAW, Verb.CANCEL, Verb.COMPLETE, Verb.NO_SHOW, Verb.CORRECT, Verb.PROPOSE,
    Verb.MOVE, Verb.COME,
]  # fmt: skip


class TermsIn(Reads):
    """The terms that the person agreed to. What differs from those in force refuses the booking."""

    price = Amount()
    minutes = serializers.IntegerField(min_value=1, max_value=100_000)
    confirms_at_once = serializers.BooleanField()
    cancellation_cutoff_minutes = serializers.IntegerField(min_value=0, max_value=10_000_000)


class BookingIn(Reads):
    """A booking."""

    provider = serializers.CharField(max_length=100)
    service = serializers.CharField(max_length=100)
    start = Instant()
    venue = serializers.ChoiceField(choices=Venue.choices, required=False)
    note = Text(max_length=LONGEST_NOTE, required=False, allow_blank=True)
    terms = TermsIn(required=False)
    hold = serializers.UUIDField(required=False, help_text="A time kept for this person and this very booking.")


class ListParams(Days, Paged):
    """Parameters of a list of appointments: `from` and `to`, the day after the last, are dates in the zone `tz`, else
    in the person's own, of at most 62 days."""

    as_ = serializers.ChoiceField(choices=[Role.CUSTOMER, Role.PROVIDER], required=False, source="side")
    status = serializers.ChoiceField(choices=Status.choices, required=False)
    provider = serializers.CharField(max_length=100, required=False)
    customer = serializers.UUIDField(required=False)
    q = Line(max_length=100, required=False, allow_blank=True, source="words")


class AppointmentsParams(ListParams):
    """Parameters of the list of appointments."""

    when = serializers.ChoiceField(choices=list(When), required=False)


class NoteIn(Reads):
    note = Text(max_length=LONGEST_NOTE, allow_blank=True)


class ReasonIn(Reads):
    """An act, with a reason that the other side reads."""

    reason = Text(max_length=LONGEST_REASON, required=False, allow_blank=True)


class CancelIn(ReasonIn):
    accept = serializers.CharField(
        max_length=100, required=False, help_text="The consequence that the refusal `late-cancellation` named."
    )


class CorrectIn(ReasonIn):
    to = serializers.ChoiceField(choices=[Status.COMPLETED, Status.NO_SHOW])


class NewTimeIn(ReasonIn):
    start = Instant()


class RescheduleIn(NewTimeIn):
    appointment = serializers.CharField(max_length=100, source="ref")


class NamedOut(serializers.Serializer[Any]):
    id = serializers.CharField(source="slug")
    name = serializers.CharField()


class CustomerOut(serializers.Serializer[Any]):
    """The customer; the provider reads `email` and `phone`, until 90 days after the last appointment."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField(required=False, allow_null=True)
    phone = serializers.CharField(required=False, allow_blank=True)


class ProposalOut(Writes):
    """A new time that waits for an answer."""

    id = serializers.CharField(source="uuid")
    start = Moment()
    end = Moment()
    by = serializers.ChoiceField(choices=["customer", "provider", "staff"])
    message = serializers.CharField()
    time_zone = ZoneName()
    answer_by = Moment()
    state = serializers.ChoiceField(choices=ProposalState.choices)
    created_at = Moment()
    closed_at = Moment(allow_null=True)


class HistoryOut(Writes):
    """An entry of an appointment's history. `start` is the time that it had then, `new_start` one that was proposed,
    refused or moved to; nobody is named where it happened by itself."""

    at = Moment()
    time_zone = ZoneName()
    verb = serializers.ChoiceField(choices=Verb.choices)
    by = serializers.ChoiceField(choices=Role.choices, source="role")
    name = serializers.SerializerMethodField()
    from_ = serializers.ChoiceField(choices=Status.choices, source="from_status", allow_blank=True)
    to = serializers.ChoiceField(choices=Status.choices, source="to_status")
    start = Moment()
    new_start = Moment(allow_null=True, source="to_start")
    reason = serializers.CharField()

    def get_name(self, event: AppointmentEvent) -> str | None:
        return side_named(event.appointment, event.role) or None


class AppointmentOut(Writes):
    """An appointment, as its customer or its provider may see it now. `can` lists what that person may do with it.

    `place` is its public name. The customer reads `address` and `join_link` once it is confirmed; the provider reads
    `fee`.
    """

    id = serializers.CharField(source="appointment.reference")
    status = serializers.ChoiceField(choices=Status.choices, source="appointment.status")
    start = Moment(source="appointment.start")
    end = Moment(source="appointment.end")
    time_zone = ZoneName()
    minutes = serializers.IntegerField(source="appointment.minutes")
    venue = serializers.ChoiceField(choices=Venue.choices, source="appointment.venue", allow_blank=True)
    place = serializers.CharField(source="appointment.where")
    address = serializers.SerializerMethodField()
    join_link = serializers.CharField()
    price = Price(attribute="appointment")
    fee = serializers.SerializerMethodField()
    note = serializers.CharField(source="appointment.note")
    provider = NamedOut(source="appointment.provider")
    service = NamedOut(source="appointment.service")
    customer = serializers.SerializerMethodField()
    answer_by = Moment(source="appointment.answer_by", allow_null=True)
    series = serializers.SerializerMethodField()
    proposal = serializers.SerializerMethodField()
    created_at = Moment(source="appointment.created_at")
    can = serializers.SerializerMethodField()

    def zone_of(self, instance: Standing) -> ZoneInfo:
        return self.call.zone_of(instance.appointment.provider.time_zone)

    def get_address(self, standing: Standing) -> str | None:
        knows = may_know_address(standing.viewer, was_agreed=standing.was_agreed)
        return (place_of(standing.appointment) or None) if knows else None

    @extend_schema_field(Amount(allow_null=True))
    def get_fee(self, standing: Standing) -> dict[str, str] | None:
        one = standing.appointment
        return price(one.platform_fee, one.currency) if standing.viewer is Role.PROVIDER else None

    @extend_schema_field(CustomerOut)
    def get_customer(self, standing: Standing) -> dict[str, Any]:
        person = standing.appointment.customer
        told: dict[str, Any] = {"id": str(person.uuid), "name": person.name}
        if standing.viewer is Role.PROVIDER:
            reached = person.is_active and standing.appointment.contact_since + REACHED_FOR > self.call.now  # type: ignore[attr-defined]
            told["email"] = person.mail_address or None if reached else None
            told["phone"] = str(person.phone) if reached else ""
        return told

    def get_series(self, standing: Standing) -> str | None:
        series = standing.appointment.series
        return str(series.uuid) if series else None

    @extend_schema_field(ProposalOut(allow_null=True))
    def get_proposal(self, standing: Standing) -> dict[str, Any] | None:
        if standing.proposal is None:
            return None
        return write(ProposalOut, standing.proposal, replace(self.call, zone=self.zone_of(standing)))

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=DOABLE)))
    def get_can(self, standing: Standing) -> list[str]:
        return [verb for verb in DOABLE if verb in standing.moves]


def consequence_told(counts: Consequence) -> dict[str, Any]:
    """What cancelling counts as. To send `accept` back is to agree to it; where it is not late there is nothing to."""
    accept = figure(counts.number) if counts.is_late else None
    return {"accept": accept, "number": counts.number, "of": LIMIT, "would_ban": counts.bans}
