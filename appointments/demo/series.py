"""Series in the demo: one of the customer with a login, and one that waits for the answer of the provider with one."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from accounts.models import User
from appointments.models import Appointment
from appointments.rules.recurrence import Rule
from appointments.rules.series import settle
from appointments.services import availability, booking
from appointments.services.availability import Mine
from appointments.services.series import answer_several
from appointments.services.series_booking import book_series, look_ahead, occurrences_of
from appointments.services.series_moves import move_several
from appointments.states import Frequency, Role, Status
from core import clock
from providers.models import Provider, Service

WEEKS_AGO, HOURS_AGO = timedelta(days=9), timedelta(hours=5)
WEEKS = 8
WHY_ANOTHER_TIME = "I teach at the school in those two weeks. Would this suit you?"
ASKED_AHEAD = timedelta(days=2)
NOTE = "Same time every week, if you can."


def seed(*, provider: Provider, customer: User, other: User, others: list[Provider]) -> None:
    """Book a running series of `customer` with one of `others`, and request one of `other` at `provider`.

    Each where a service may be repeated: a small demo may have none.
    """
    now = clock.now()
    elsewhere = next(iter(_repeatable(others)), None)
    if elsewhere:
        _book(elsewhere, customer, now - WEEKS_AGO, Frequency.WEEKLY)
        _ask_for_other_times(elsewhere, customer, now - HOURS_AGO)
    here = next(iter(_repeatable([provider])), None)
    if here:
        _book(here, other, now - HOURS_AGO, Frequency.FORTNIGHTLY, answered=False)


def _repeatable(providers: list[Provider]) -> Iterator[Service]:
    for service in Service.objects.filter(provider__in=providers, repeats=True).order_by("pk"):
        service.provider = next(one for one in providers if one.pk == service.provider_id)
        yield service


def _book(service: Service, customer: User, moment: datetime, frequency: Frequency, *, answered: bool = True) -> None:
    """Book a series at `moment`, as somebody would who takes what is offered and skips what is not."""
    with clock.pretended(moment):
        rule = Rule(frequency, _first_start(service, moment), service.provider.zone, count=WEEKS)
        expanded = occurrences_of(rule, service)
        prospect = look_ahead(service, expanded, now=moment)
        offered = settle(prospect, expanded.occurrences, {}, suggests=True)
        picks = {one.number: one.start for one in offered if one.start != one.occurrence.start}
        dates = settle(prospect, expanded.occurrences, picks, suggests=False)
        booked = book_series(
            service=service,
            rule=rule,
            dates=dates,
            customer=customer,
            terms=booking.terms_of(service),
            booking_key=f"demo-series-{service.pk}",
            venue=service.venues[0],
            note=NOTE,
        )
    requests = [outcome.appointment for outcome in booked.outcomes if outcome.appointment.status == Status.REQUESTED]
    if requests and answered:
        with clock.pretended(moment + HOURS_AGO):
            answer_several(accepted=requests, declined=[], actor=service.provider.user)


def _ask_for_other_times(service: Service, customer: User, moment: datetime) -> None:
    """Let the provider ask for another time on two dates of the customer's series, in one act at `moment`."""
    rows = (
        Appointment.objects.with_people()
        .with_proposal()
        .ahead(moment + ASKED_AHEAD)
        .filter(customer=customer, series__service=service, status=Status.CONFIRMED)
    )
    moves = [(one, _beside(one)) for one in rows.order_by("start")[1:3]]
    if not moves:
        return
    with clock.pretended(moment):
        move_several(
            moves=moves, actor=service.provider.user, role=Role.PROVIDER, at_once=False, message=WHY_ANOTHER_TIME
        )


def _beside(one: Appointment) -> datetime:
    """The open time nearest to the end of the appointment, other than its own."""
    service, mine = availability.as_agreed(one), Mine(moving=one.pk)
    found = availability.nearest_slots(service, one.end, now=clock.now(), mine=mine, count=2)
    return next(start for start in found if start != one.start)


def _first_start(service: Service, moment: datetime) -> datetime:
    """The opening nearest to three days later, so that the series begins within the demo's present fortnight."""
    [start] = availability.nearest_slots(service, moment + timedelta(days=3), now=moment, count=1)
    return start
