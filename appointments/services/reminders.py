"""Publishing reminders: each at its time, once, whatever the number of workers and however long none was there.

For each time before an appointment at which anybody is reminded, a sweep goes through the starts in order, as a clock
that runs ahead would. So a reminder costs nothing when an appointment is made or moved, follows a change of anybody's
choice, and can't go to a time that an appointment has left. Whether it is still true is asked again when it is sent.
Two more sweeps do the same for the ends of the times to answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, Min, OuterRef, QuerySet, Subquery

from appointments.models import Appointment, AppointmentEvent, Proposal, ReminderSweep
from appointments.states import Role, Status, Swept, Verb
from core.compiled_queries import prepared
from core.db import retrying
from notifications import channels
from notifications.catalogue import Notice
from notifications.models import Kind
from notifications.preferences import leads_in_use, people_reminded
from outbox import services as outbox

# The starts that one transaction goes through.
STEP = timedelta(hours=6)
# The verbs after which the time of an appointment is agreed. Their own mail says it, so that a reminder comes later.
AGREEING = (Verb.BOOK, Verb.ACCEPT, Verb.MOVE)


# How long before its end somebody who still has to answer is reminded.
LAST_CALL = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Coming:
    """A confirmed appointment: the account of each side, its start, and when that start was agreed."""

    pk: int
    reference: str
    customer_id: int
    provider_user_id: int
    start: datetime
    agreed_at: datetime


def publish_due(*, now: datetime) -> int:
    """Publish every reminder whose moment has come by `now`; returns their number.

    After a pause, those that were missed and are still of use.
    """
    published, leads = 0, leads_in_use()
    # Nobody's any more: should somebody choose it again, it begins anew.
    ReminderSweep.objects.filter(what=Swept.START).exclude(minutes__in=leads).delete()
    last_call = LAST_CALL // timedelta(minutes=1)
    sweeps = [(Swept.START, minutes) for minutes in leads]
    for what, minutes in [*sweeps, (Swept.REQUEST, last_call), (Swept.PROPOSAL, last_call)]:
        while (count := _advance(what, minutes, now=now)) is not None:
            published += count
            outbox.renew_lease()
    return published


@retrying
@transaction.atomic
def _advance(what: Swept, minutes: int, *, now: datetime) -> int | None:
    """Move one sweep on by a step; returns the number of reminders published, None where it has nowhere to go."""
    sweep = _locked(what, minutes, now=now)
    if sweep.until >= now:
        return None
    lead = timedelta(minutes=minutes)
    # What is over needs no reminder.
    after = max(sweep.until + lead, now)
    until = min(after + STEP, now + lead)
    notices = NOTICES[what](after, until, lead)
    channels.tell(notices)
    sweep.until = until - lead
    sweep.save(update_fields=["until"])
    return len(notices)


def _locked(what: Swept, minutes: int, *, now: datetime) -> ReminderSweep:
    """The sweep's row, locked. A new one begins when the others last ran, so that the first reminders of a time that
    somebody just chose are not lost while no worker runs."""
    sweeps = ReminderSweep.objects.select_for_update()
    if found := sweeps.filter(what=what, minutes=minutes).first():
        return found
    since = ReminderSweep.objects.aggregate(since=Min("until"))["since"] or now
    row = ReminderSweep(what=what, minutes=minutes, until=since)
    ReminderSweep.objects.bulk_create([row], ignore_conflicts=True)
    return sweeps.get(what=what, minutes=minutes)


def _before_starts(after: datetime, until: datetime, lead: timedelta) -> list[Notice]:
    """The reminders of the confirmed appointments that start after `after` and not later than `until`: one for each
    side that wants it. Three queries at most."""
    minutes = lead // timedelta(minutes=1)
    coming = [one for one in _starting_between(after, until) if one.agreed_at <= one.start - lead]
    sides = [(one, Role.CUSTOMER, one.customer_id) for one in coming]
    sides += [(one, Role.PROVIDER, one.provider_user_id) for one in coming]
    reminded = people_reminded(minutes, among={person for _, _, person in sides}) if sides else set()
    return [
        _notice(
            "appointments.reminder",
            one.start,
            {"appointment": one.pk, "to": side.value, "minutes": minutes},
            key=f"{one.pk}:{side}:{minutes}",
            reader=person,
            kind=Kind.REMINDER,
            about=one.reference,
        )
        for one, side, person in sides
        if person in reminded
    ]


def _before_requests_end(after: datetime, until: datetime, lead: timedelta) -> list[Notice]:
    """The last calls for the requests that have to be answered by then, if they were made sooner. One query.

    Not for those whose provider answered with another time: it is the customer who has to answer that.
    """
    waiting = Appointment.objects.filter(status=Status.REQUESTED, answer_by__gt=after, answer_by__lte=until)
    theirs = Proposal.objects.open().filter(appointment=OuterRef("pk")).exclude(by=Role.CUSTOMER)
    columns = ("pk", "answer_by", "created_at", "reference", "provider__user")
    rows = waiting.exclude(Exists(theirs)).order_by("answer_by", "id").values_list(*columns)
    return [
        _notice(
            "appointments.last_call",
            answer_by,
            {"appointment": pk, "to": Role.PROVIDER.value},
            key=f"{pk}",
            reader=reader,
            kind=Kind.ANSWER_NEEDED,
            about=reference,
        )
        for pk, answer_by, created_at, reference, reader in rows
        if answer_by and created_at <= answer_by - lead
    ]


def _before_proposals_end(after: datetime, until: datetime, lead: timedelta) -> list[Notice]:
    """The last calls for the new times that have to be answered by then, if they were proposed sooner. One query."""
    waiting = Proposal.objects.open().filter(answer_by__gt=after, answer_by__lte=until).order_by("answer_by", "id")
    return [
        _notice(
            "appointments.last_call_for_time",
            each.answer_by,
            {"proposal": each.pk},
            key=f"{each.pk}",
            reader=_who_answers(each),
            kind=Kind.TIME_PROPOSED,
            about=each.appointment.reference,
        )
        for each in waiting.select_related("appointment__provider")
        if each.created_at <= each.answer_by - lead
    ]


def _who_answers(proposal: Proposal) -> int:
    """The account of the side that has to answer."""
    one = proposal.appointment
    return one.provider.user_id if proposal.side is Role.CUSTOMER else one.customer_id


def _notice(name: str, moment: datetime, facts: dict[str, Any], *, key: str, **whom: Any) -> Notice:
    """What somebody is told before `moment`; of another moment of the same thing they are told again."""
    at = int(moment.timestamp())
    return Notice(name=name, key=f"{key}:{at}", facts={**facts, "at": at}, **whom)


def _starting_between(after: datetime, until: datetime) -> list[Coming]:
    return [Coming(*row) for row in _coming_rows(after=after, until=until)]


@prepared
def _coming_rows(after: datetime, until: datetime) -> QuerySet[Appointment, tuple[Any, ...]]:
    agreed = AppointmentEvent.objects.filter(appointment=OuterRef("pk"), verb__in=AGREEING).order_by("-at")
    rows = Appointment.objects.filter(status=Status.CONFIRMED, start__gt=after, start__lte=until)
    columns = ("pk", "reference", "customer", "provider__user", "start", Subquery(agreed.values("at")[:1]))
    return rows.order_by("start", "id").values_list(*columns)


NOTICES: dict[Swept, Callable[[datetime, datetime, timedelta], list[Notice]]] = {
    Swept.START: _before_starts,
    Swept.REQUEST: _before_requests_end,
    Swept.PROPOSAL: _before_proposals_end,
}
