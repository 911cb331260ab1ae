"""The demo's data obeys every rule that a real place's data does, and is the same whenever the same day makes it."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction

from accounts.models import Appeal, Ban, User
from appointments.demo import new_times, own_events, scale
from appointments.exceptions import PolicyRefused
from appointments.models import Appointment, Hold, Offer, OpeningIndex, OwnEvent, Proposal
from appointments.queries.fair_use import Ended, ended_by
from appointments.services import booking, transitions
from appointments.states import Role, Status
from core import clock, demo
from outbox.models import Message
from providers.models import CustomerBlock, Provider
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory
from tests.invariants import check_all

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 3, 12, 8, 40, tzinfo=UTC)
EVENING = datetime(2026, 3, 12, 20, 5, tzinfo=UTC)


class Undo(Exception):
    """Takes back what a block has done."""


def diary():
    return sorted(Appointment.objects.values_list("provider__slug", "start", "status", "customer__email", "price"))


def seeded(moment, **size):
    with time_machine.travel(moment, tick=False):
        demo.seed(demo.Size(**size))


def test_the_demo_keeps_every_rule_has_every_state_and_is_made_once():
    seeded(MORNING, hosts=2, diary=120)
    made = diary()

    check_all()
    assert {status for _, _, status, _, _ in made} == set(Status)
    assert len(made) > 100
    assert Counter(Proposal.objects.values_list("by", "state")) == {
        ("provider", "open"): 3,
        ("customer", "open"): 1,
        ("provider", "accepted"): 1,
    }
    assert set(Offer.objects.values_list("state", flat=True)) == {"open"}
    assert not Message.objects.filter(topic="notifications.send_mail").exists()

    seeded(MORNING, hosts=2, diary=120)
    assert diary() == made


def test_the_demo_has_somebody_suspended_who_appealed_somebody_blocked_and_a_username_alone():
    seeded(MORNING, hosts=3, diary=40)

    ban = Ban.objects.get()
    assert (ban.user.email, ban.is_open, ban.evidence.count()) == ("ivy@example.com", True, 3)
    assert ended_by(ban) == Ended(1, 0)
    assert Appeal.objects.filter(ban=ban, answered_at=None).count() == 1
    assert CustomerBlock.objects.open().count() == 1
    by_program = User.objects.without_address().get()
    assert (by_program.username, by_program.check_password(demo.PASSWORD)) == ("juno.till", True)
    soon = Appointment.objects.filter(customer__email="amara@example.com", status=Status.CONFIRMED)
    assert soon.filter(start__gt=MORNING, start__lte=MORNING + timedelta(hours=12)).exists()


def test_the_same_day_makes_the_same_demo():
    diaries = []
    for moment in (MORNING, MORNING, EVENING):
        try:
            with transaction.atomic():
                seeded(moment, hosts=2, diary=40)
                diaries.append(diary())
                raise Undo
        except Undo:
            pass

    long_ago = MORNING - timedelta(days=15)
    settled = [[row for row in rows if row[1] < long_ago] for rows in diaries]
    assert diaries[0] == diaries[1]
    assert settled[0] == settled[2] != []


def test_rows_for_measuring_keep_every_rule_too():
    with time_machine.travel(MORNING, tick=False):
        scale.add(20)

    check_all()
    assert Provider.objects.count() == 20
    assert Hold.objects.count() > 100
    assert {Status.CONFIRMED, Status.COMPLETED, Status.CANCELLED} == set(
        Appointment.objects.values_list("status", flat=True)
    )


def test_each_app_seeds_its_own_part_from_the_lowest_to_the_highest(monkeypatch):
    seeded_parts = []
    size = demo.Size(hosts=1, diary=10)
    for part in demo.parts:
        monkeypatch.setattr(part, "seed", lambda size, part=part: seeded_parts.append(part.__name__))

    demo.seed(size)

    assert seeded_parts == ["accounts.demo", "providers.demo", "appointments.demo", "analytics.demo", "api.demo"]


def test_a_demo_that_was_interrupted_is_completed():
    with time_machine.travel(MORNING, tick=False):
        accounts_part, *_others = demo.parts
        accounts_part.seed(demo.Size(hosts=1, diary=10))
        half = demo.is_seeded()

        demo.seed(demo.Size(hosts=1, diary=10))

    assert (half, demo.is_seeded()) == (False, True)
    assert Provider.objects.count() == 1


def test_copies_for_measuring_keep_every_rule_and_have_the_calendars_of_their_originals(monkeypatch):
    monkeypatch.setattr(scale, "SAMPLE", 4)
    with time_machine.travel(MORNING, tick=False):
        scale.add(14)

    diaries = Counter(
        tuple(Appointment.objects.filter(provider=provider).order_by("start").values_list("start", "price"))
        for provider in Provider.objects.all()
    )
    check_all()
    assert Provider.objects.count() == 14
    assert OpeningIndex.objects.count() == 14
    assert sorted(diaries.values())[-4:] == [3, 3, 3, 3]
    assert Appointment.objects.filter(customer__provider__isnull=False).count() == 0
    assert ProviderFactory().pk > 14


def test_own_events_of_the_demo_lie_over_nothing_whatever_the_day_has():
    provider = ProviderFactory(hours={day: [("07:00", "18:00")] for day in range(7)}, policy__notice_minutes=0)
    service = ServiceFactory(provider=provider, duration_minutes=60)
    customer, today = UserFactory(), clock.local(clock.now(), provider.zone).date()
    for days in (1, 2):
        start = clock.wall_minute_to_instant(today + timedelta(days=days), 7 * 60, provider.zone)
        terms = booking.terms_of(service)
        booking.book_appointment(
            service=service, start=start, customer=customer, terms=terms, booking_key=f"{days}", venue=service.venues[0]
        )

    own_events.seed(provider=provider, customer=customer)

    rows = OwnEvent.objects.order_by("-start")
    made = {row.title: (clock.local(row.start, provider.zone).date() - today).days for row in rows}
    assert made == {"School run": 3, "Rent due": 3, "Dentist": 3, "Supervision": 4, "Choir": 1}
    assert [row.occurrence for row in rows if row.title == "Choir"] == [8, 7, 6, 5, 4, 3, 2, 1]


def test_a_customer_of_the_demo_who_may_not_ask_for_another_time_is_passed_over(monkeypatch):
    provider = ProviderFactory(hours={day: [("09:00", "17:00")] for day in range(7)}, policy__accepts_at_once=False)
    service = ServiceFactory(provider=provider, duration_minutes=60)
    now, asked = clock.now(), []
    for hour in (9, 11, 13):
        day = clock.local(now, provider.zone).date() + timedelta(days=5)
        with clock.pretended(now - timedelta(days=1)):
            one = booking.book_appointment(
                service=service,
                start=clock.wall_minute_to_instant(day, hour * 60, provider.zone),
                customer=UserFactory(),
                terms=booking.terms_of(service),
                booking_key=f"{hour}",
                venue=service.venues[0],
            ).appointment
            if not one.is_confirmed:
                transitions.accept_request(appointment=one, actor=provider.user)

    def propose(appointment, role, message, moment):
        asked.append(role)
        if role is Role.CUSTOMER and asked.count(role) == 1:
            raise PolicyRefused("Enough for now.")
        return real(appointment, role, message, moment)

    real = new_times._propose
    monkeypatch.setattr(new_times, "_propose", propose)
    monkeypatch.setattr(new_times.proposals, "would_move_at_once", lambda *args: False)

    new_times.seed(provider=provider, customer=UserFactory())

    assert asked == [Role.PROVIDER, Role.CUSTOMER, Role.CUSTOMER]
