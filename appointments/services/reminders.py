"""Publishing reminders: each at its time, once, whatever the number of workers and however long none was there.

For each time before an appointment at which anybody is reminded, a sweep goes through the starts in order, as a clock
that runs ahead would. So a reminder costs nothing when an appointment is made or moved, follows a change of anybody's
choice, and can't go to a time that an appointment has left. Whether it is still true is asked again when it is sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min, OuterRef, Subquery

from appointments.models import Appointment, AppointmentEvent, ReminderSweep
from appointments.states import Role, Status, Verb
from core.db import retrying
from notifications import services as notifications
from notifications.preferences import leads_in_use, people_reminded
from outbox import services as outbox

# The starts that one transaction goes through.
STEP = timedelta(hours=6)
# The verbs after which the time of an appointment is agreed. Their own mail says it, so that a reminder comes later.
AGREEING = (Verb.BOOK, Verb.ACCEPT, Verb.MOVE)


@dataclass(frozen=True, slots=True)
class Coming:
    """A confirmed appointment: the account of each side, its start, and when that start was agreed."""

    pk: int
    customer_id: int
    provider_user_id: int
    start: datetime
    agreed_at: datetime


def publish_due(*, now: datetime) -> int:
    """Publish every reminder whose moment has come by `now`; returns their number.

    After a pause, those that were missed and whose appointment has not begun.
    """
    published, in_use = 0, leads_in_use()
    # Nobody's any more: should somebody choose it again, it begins anew.
    ReminderSweep.objects.exclude(minutes__in=in_use).delete()
    for minutes in in_use:
        while (count := _advance(minutes, now=now)) is not None:
            published += count
            outbox.renew_lease()
    return published


@retrying
@transaction.atomic
def _advance(minutes: int, *, now: datetime) -> int | None:
    """Move one sweep on by a step; returns the number of reminders published, None where it has nowhere to go."""
    sweep = _locked(minutes, now=now)
    if sweep.until >= now:
        return None
    lead = timedelta(minutes=minutes)
    # What has begun needs no reminder.
    after = max(sweep.until + lead, now)
    until = min(after + STEP, now + lead)
    coming = [one for one in _starting_between(after, until) if one.agreed_at <= one.start - lead]
    drafts = _drafts(coming, minutes)
    outbox.publish_all(drafts)
    sweep.until = until - lead
    sweep.save(update_fields=["until"])
    return len(drafts)


def _locked(minutes: int, *, now: datetime) -> ReminderSweep:
    """The sweep's row, locked. A new one begins when the others last ran, so that the first reminders of a time that
    somebody just chose are not lost while no worker runs."""
    sweeps = ReminderSweep.objects.select_for_update()
    if found := sweeps.filter(minutes=minutes).first():
        return found
    since = ReminderSweep.objects.aggregate(since=Min("until"))["since"] or now
    ReminderSweep.objects.bulk_create([ReminderSweep(minutes=minutes, until=since)], ignore_conflicts=True)
    return sweeps.get(minutes=minutes)


def _starting_between(after: datetime, until: datetime) -> list[Coming]:
    """The confirmed appointments that start after `after` and not later than `until`, by start. One query."""
    agreed = AppointmentEvent.objects.filter(appointment=OuterRef("pk"), verb__in=AGREEING).order_by("-at")
    rows = Appointment.objects.filter(status=Status.CONFIRMED, start__gt=after, start__lte=until)
    columns = ("pk", "customer", "provider__user", "start", Subquery(agreed.values("at")[:1]))
    return [Coming(*row) for row in rows.order_by("start", "id").values_list(*columns)]


def _drafts(coming: list[Coming], minutes: int) -> list[outbox.Draft]:
    sides = [(one, Role.CUSTOMER, one.customer_id) for one in coming]
    sides += [(one, Role.PROVIDER, one.provider_user_id) for one in coming]
    reminded = people_reminded(minutes, among={person for _, _, person in sides}) if sides else set()
    return [
        notifications.draft(
            "appointments.reminder",
            key=f"{one.pk}:{int(one.start.timestamp())}:{side}:{minutes}",
            appointment=one.pk,
            to=side.value,
            start=int(one.start.timestamp()),
            minutes=minutes,
        )
        for one, side, person in sides
        if person in reminded
    ]
