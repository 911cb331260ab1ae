"""Series: the row with its rule, and the acts that concern several of its appointments."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from accounts.models import User
from appointments.exceptions import ChangedSince, PolicyRefused
from appointments.models import Appointment, LeftOutDate, Series
from appointments.rules.recurrence import Rule
from appointments.rules.stopping import Scope, to_stop
from appointments.states import LeftOut, Role, Verb
from core import clock
from core.compiled_inserts import insert_all
from providers.models import Service

from . import transitions
from .transitions import Change, Outcome


@dataclass(frozen=True, slots=True)
class NewSeries:
    """A series to write: its rule, the number in it of each start that is booked, and the dates that are not.

    Dates that are added to a series name it in `extends`; its last appointment has the number `after`.
    """

    rule: Rule
    numbers: tuple[int, ...]
    left_out: tuple[tuple[int, datetime, LeftOut], ...] = ()
    extends: Series | None = None
    after: int = 0


def write_series(new: NewSeries, *, service: Service, customer: User, now: datetime) -> Series:
    """Write the series, or the new end of one that is extended, and the dates that are left out, in the transaction
    that books its appointments."""
    rule, series = new.rule, new.extends
    if series is not None:
        series.count, series.until = rule.count, rule.until
        series.save(update_fields=["count", "until"])
        # Dates after the last one that was booked are judged anew.
        LeftOutDate.objects.filter(series=series, occurrence__gt=new.after).delete()
    else:
        [series] = insert_all(
            [
                Series(
                    customer=customer,
                    provider=service.provider,
                    service=service,
                    frequency=rule.frequency,
                    first=rule.first,
                    time_zone=rule.zone.key,
                    count=rule.count,
                    until=rule.until,
                    created_at=now,
                )
            ]
        )
    insert_all(
        LeftOutDate(series=series, occurrence=number, start=start, reason=reason)
        for number, start, reason in new.left_out
    )
    return series


def last_number(series: Series) -> int:
    """The number of the last date of the series that was booked, whatever became of it. One query."""
    last: int = series.appointments.aggregate(last=Max("occurrence"))["last"]
    return last


def check_extends(new: NewSeries, *, customer: User, service: Service, running: Collection[int | None]) -> None:
    """Check, with provider and customer locked, that the dates can be added to the series which they name.

    `running` are the ids of the customer's series with something ahead. Raises PolicyRefused where it is none of them,
    ChangedSince where other dates were added meanwhile.
    """
    series = new.extends
    if series is None:
        return
    if (series.customer_id, series.service_id) != (customer.pk, service.pk) or series.pk not in running:
        raise PolicyRefused("Nothing of this series lies ahead any more. Book a new one.")
    if last_number(series) != new.after:
        raise ChangedSince("Dates were added to this series since the page was opened.")


def end_several(
    *,
    appointments: Sequence[Appointment],
    actor: User,
    role: Role,
    reason: str = "",
    seen: int = 0,
    shown: Mapping[str, str] | None = None,
    versions: Mapping[str, int] | None = None,
) -> list[Outcome]:
    """Cancel the confirmed ones of these appointments and end the requests, all in one act or none.

    Cancelling counts once, however many are cancelled. What ended before stays as it is. Raises CountsForMore where it
    would count as more than late cancellation number `seen`, ChangedSince where one is not as `shown` says for its
    reference (`Appointment.as_shown`), or not the one of its `versions` (`sequence`), MoveRefused and PolicyRefused.
    """
    shown, versions = shown or {}, versions or {}
    changes = [
        Change(
            one,
            _verb_to_end(one, role),
            reason,
            shown=shown.get(one.reference, ""),
            version=versions.get(one.reference),
        )
        for one in appointments
    ]
    return transitions.apply(changes, actor=actor, role=role, seen=seen)


def stop_series(
    *,
    series: Series,
    appointments: Iterable[Appointment],
    scope: Scope,
    since: Appointment | None,
    actor: User,
    role: Role,
    reason: str = "",
    seen: int = 0,
    versions: Mapping[str, int] | None = None,
) -> list[Outcome]:
    """End one date of a series, it and those that follow, or all that lie ahead, as `end_several` does; `appointments`
    are those of the series. What the role can't end any more stays, unless it alone was chosen."""
    policy = series.provider.policy
    ending = to_stop(appointments, scope, since, role=role, policy=policy, now=clock.now())
    if not ending:
        return []
    return end_several(appointments=ending, actor=actor, role=role, reason=reason, seen=seen, versions=versions)


def answer_several(
    *,
    accepted: Sequence[Appointment],
    declined: Sequence[Appointment],
    actor: User,
    reason: str = "",
    shown: Mapping[str, str] | None = None,
    versions: Mapping[str, int] | None = None,
) -> list[Outcome]:
    """Accept and decline these requests in one act, of which the customer is told in one mail.

    `reason` goes to the customer of those that are declined. Raises MoveRefused where one can no longer be answered,
    ChangedSince where a new time waits that the page did not show, or one is not the one of its `versions`
    (`sequence` by reference).
    """
    shown, versions = shown or {}, versions or {}
    yes = [
        Change(one, Verb.ACCEPT, shown=shown.get(one.reference, ""), version=versions.get(one.reference))
        for one in accepted
    ]
    no = [Change(one, Verb.DECLINE, reason, version=versions.get(one.reference)) for one in declined]
    return transitions.apply([*yes, *no], actor=actor, role=Role.PROVIDER)


def _verb_to_end(appointment: Appointment, role: Role) -> Verb:
    if appointment.is_confirmed:
        return Verb.CANCEL
    return Verb.WITHDRAW if role is Role.CUSTOMER else Verb.DECLINE
