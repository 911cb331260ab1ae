"""Appointments that a provider enters for a customer: what they override, what they never can, and who is told."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from accounts import bans
from appointments.exceptions import OverridesChanged, PolicyRefused, SlotTaken
from appointments.models import Appointment, AppointmentEvent, Hold
from appointments.services import adding, holds
from appointments.services.adding import Addition
from appointments.states import Role, Status, Verb
from calendar_sync.models import BusyInterval
from notifications.models import Kind
from outbox.models import Message
from providers import services as providers
from providers.models import CustomerBlock, Listing
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import TimeOffFactory
from tests.invariants import check_all

from .conftest import NOW, TUESDAY_TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_london")]

HOUR = timedelta(hours=1)


@pytest.fixture
def addition(service, customer):
    """A function that asks for an hour on Tuesday at ten for the customer, changed as said."""

    def addition(start=TUESDAY_TEN, **changes):
        return Addition(**{"service": service, "start": start, "customer": customer, "key": "once"} | changes)

    return addition


@pytest.fixture
def add(addition, provider):
    """A function that adds it, overriding whatever stands in its way."""

    def add(start=TUESDAY_TEN, **changes):
        asked = addition(start, **changes)
        seen = adding.look_before_adding(asked).seen
        return adding.add_appointment(addition=asked, actor=provider.user, seen=seen)

    return add


def named(found):
    return [(one.rule, one.line) for one in found.overrides]


def test_it_is_confirmed_held_recorded_and_told_and_not_the_customers_own(add, provider, service, customer):
    made = add(message="As agreed on the phone.").appointment

    [entry] = made.history.all()
    assert (made.status, made.entered_by, made.note) == (Status.CONFIRMED, Role.PROVIDER, "")
    assert (made.price, made.currency, made.platform_fee) == (
        service.price,
        service.currency,
        service.price * Decimal("0.075"),
    )
    assert (entry.verb, entry.role, entry.actor, entry.reason, entry.overridden) == (
        Verb.BOOK,
        Role.PROVIDER,
        provider.user,
        "As agreed on the phone.",
        "",
    )
    assert Hold.objects.get(appointment=made).start == TUESDAY_TEN
    assert set(Message.objects.values_list("topic", flat=True)) >= {"notifications.send_mail"}
    check_all()


def test_the_same_form_sent_twice_makes_one(add):
    first, again = add(), add()

    assert (first.changed, again.changed) == (True, False)
    assert again.appointment == first.appointment
    assert Appointment.objects.count() == AppointmentEvent.objects.count() == 1


def test_each_rule_that_it_overrides_is_named_and_kept_in_the_history(addition, provider, service, customer, book):
    provider.policy.max_per_day, provider.policy.max_open, provider.policy.max_week_per_customer = 1, 1, 1
    provider.policy.window_days = 5
    provider.policy.save()
    book()
    in_a_week = TUESDAY_TEN + timedelta(days=7, hours=7, minutes=30)
    cases = {
        NOW + HOUR: [
            ("notice", "Sooner than the notice: Customers book at least 2 h ahead."),
            ("cap", "More than the most ahead: 1 of 1 taken."),
            ("share", "More than a customer’s share: 2 within 7 days; customers book at most 1."),
        ],
        in_a_week: [
            ("window", "Beyond the booking window: Customers book up to Sat 7 March."),
            (
                "hours",
                "Outside working hours: Tue 10 March is open 09:00 to 17:00; it would be 17:30 to 18:30.",
            ),
            ("cap", "More than the most ahead: 1 of 1 taken."),
        ],
        TUESDAY_TEN + timedelta(minutes=90): [
            ("grid", f"Between the usual starts: {service.name} starts every 1 h from 09:00."),
            ("cap", "More than the most ahead: 1 of 1 taken."),
            ("cap", "More than the most a day: 1 of 1 taken on Tue 3 March."),
            ("share", "More than a customer’s share: 2 within 7 days; customers book at most 1."),
        ],
        TUESDAY_TEN + timedelta(days=4): [
            ("hours", "Outside working hours: Sat 7 March is closed; it would be 10:00 to 11:00."),
            ("cap", "More than the most ahead: 1 of 1 taken."),
            ("share", "More than a customer’s share: 2 within 7 days; customers book at most 1."),
        ],
    }

    for start, expected in cases.items():
        asked = addition(start, key=f"{start}")
        found = adding.look_before_adding(asked)
        assert named(found) == expected, start
    made = adding.add_appointment(addition=asked, actor=provider.user, seen=found.seen).appointment

    assert made.history.get().overridden == "\n".join(line for _, line in expected)


def test_length_and_price_are_overridden_for_this_one_alone_with_the_fee_of_the_agreed_price(add, addition, service):
    service.price, service.currency = Decimal(58), "GBP"
    service.save()

    asked = addition(minutes=75, price=Decimal(50))
    assert named(adding.look_before_adding(asked)) == [
        ("length", "1 h 15 min instead of 1 h"),
        ("price", "£50 instead of £58: The fee is £3.75, so that £46.25 is left."),
    ]
    made = add(minutes=75, price=Decimal(50)).appointment

    assert (made.minutes, made.price, made.platform_fee) == (75, Decimal(50), Decimal("3.75"))
    service.refresh_from_db()
    assert (service.duration_minutes, service.price) == (60, Decimal(58))


def test_what_is_the_providers_own_is_a_clash_and_may_be_overridden(addition, add, provider):
    starts = [TUESDAY_TEN + timedelta(days=n) for n in range(3)]
    TimeOffFactory(provider=provider, start=starts[0], end=starts[0] + HOUR)
    OwnEventFactory(user=provider.user, start=starts[1], end=starts[1] + HOUR, title="Dentist")
    BusyInterval.objects.create(provider=provider, start=starts[2], end=starts[2] + HOUR)

    found = [adding.look_before_adding(addition(start)).overrides for start in starts]
    made = [add(start, key=str(start)).appointment for start in starts]

    assert [[one.line for one in each] for each in found] == [
        ["Over time off: 10:00 to 11:00."],
        ["Over a calendar event: 10:00 to 11:00."],
        ["Over busy time in a connected calendar: 10:00 to 11:00."],
    ]
    assert [one.history.get().overridden for one in made] == [each[0].line for each in found]


def test_what_somebody_has_is_never_overridden_and_says_what_is_open_nearby(add, addition, book, service, provider):
    book(customer=UserFactory())
    holds.keep_time(service=service, start=TUESDAY_TEN + 2 * HOUR, browser="another")

    for start, nearest in {
        TUESDAY_TEN: [TUESDAY_TEN - HOUR, TUESDAY_TEN + HOUR, TUESDAY_TEN + 3 * HOUR],
        TUESDAY_TEN + timedelta(minutes=30): [TUESDAY_TEN - HOUR, TUESDAY_TEN + HOUR, TUESDAY_TEN + 3 * HOUR],
        TUESDAY_TEN + 2 * HOUR: [TUESDAY_TEN + HOUR, TUESDAY_TEN + 3 * HOUR, TUESDAY_TEN + 4 * HOUR],
    }.items():
        with pytest.raises(SlotTaken) as refused:
            add(start)
        assert refused.value.nearest == nearest, start
    with pytest.raises(SlotTaken, match="lies ahead"):
        add(NOW - HOUR)
    assert Appointment.objects.count() == 1


def test_what_the_customer_keeps_themselves_makes_room_for_it(add, customer, service):
    holds.keep_time(service=service, start=TUESDAY_TEN, browser="theirs", account=customer)

    made = add().appointment

    assert list(Hold.objects.values_list("appointment", flat=True)) == [made.pk]


def test_a_rule_that_the_page_did_not_name_is_named_first(addition, provider):
    asked = addition(TUESDAY_TEN + timedelta(days=4))

    for seen in ("", "another"):
        with pytest.raises(OverridesChanged):
            adding.add_appointment(addition=asked, actor=provider.user, seen=seen)

    assert not Appointment.objects.exists()


def test_blocks_bans_no_shows_and_oneself_are_never_overridden(add, addition, provider, customer, book):
    provider.policy.no_show_limit = 1
    provider.policy.save()
    banned, blocked, absent = (UserFactory(name=f"{name} Byrne") for name in ("Tess", "Ola", "Kim"))
    bans.ban(banned, now=NOW)
    providers.block_customer(provider=provider, actor=provider.user, customer=blocked, reason="")
    one = book(customer=absent).appointment
    Appointment.objects.filter(pk=one.pk).update(status=Status.NO_SHOW, **demanded_by(Status.NO_SHOW, NOW))

    for person, said in {
        banned: "Tess can’t take part: the account is suspended.",
        blocked: "You blocked Ola from booking. Let Ola book again first, on the customer’s page.",
        absent: "Kim has 1 no-show with you and can’t be booked. Correct one that is wrong, or lift the limits on the "
        "customer’s page.",
        provider.user: "You can’t add an appointment with yourself.",
    }.items():
        assert adding.look_before_adding(addition(TUESDAY_TEN + HOUR, customer=person)).refusals == [said]
        with pytest.raises(PolicyRefused) as refused:
            add(TUESDAY_TEN + HOUR, customer=person)
        assert str(refused.value) == said
    CustomerBlock.objects.all().delete()
    assert add(TUESDAY_TEN + HOUR, customer=blocked).changed


def test_who_is_banned_after_the_page_was_read_is_not_entered(addition, provider, customer):
    asked = addition()
    bans.ban(type(customer).objects.get(pk=customer.pk), now=NOW)

    with pytest.raises(PolicyRefused, match="the account is suspended"):
        adding.add_appointment(addition=asked, actor=provider.user)

    assert not Appointment.objects.exists()


def test_a_paused_page_is_overridden_and_a_paused_service_or_another_place_is_not(add, addition, provider, service):
    provider.listing = Listing.PAUSED
    provider.save()
    assert named(adding.look_before_adding(addition())) == [
        ("page", "While the page takes no bookings: It is a draft or paused.")
    ]
    assert add().changed
    with pytest.raises(PolicyRefused, match="does not take place there"):
        add(TUESDAY_TEN + HOUR, key="elsewhere", venue="moon")
    service.is_active = False
    service.save()
    with pytest.raises(PolicyRefused, match="no longer offers"):
        add(TUESDAY_TEN + 2 * HOUR, key="paused")


def test_only_the_provider_enters_it(addition):
    with pytest.raises(PermissionDenied):
        adding.add_appointment(addition=addition(), actor=UserFactory())


def test_it_counts_on_no_share_of_the_customer(add, book, provider, customer):
    provider.policy.max_week_per_customer = 1
    provider.policy.save()
    add()
    add(TUESDAY_TEN + HOUR, key="second")

    assert book(TUESDAY_TEN + 2 * HOUR).changed
    with pytest.raises(PolicyRefused, match="within 7 days"):
        book(TUESDAY_TEN + 3 * HOUR)


def test_the_customer_reads_who_added_it_and_the_provider_that_they_did(add):
    from appointments.mail.catalogue import event_mail

    event = add(message="The front door is locked after six.").appointment.history.get()

    customers, own = (event_mail(event=event.pk, to=side) for side in ("customer", "provider"))
    letters = customers.letter(), own.letter()
    name = event.appointment.customer.first_name
    provider = event.appointment.provider
    assert (customers.kind, own.kind) == (Kind.CONFIRMED, Kind.CONFIRMED)
    assert letters[0].headline == f"{provider.first_name} added an appointment for you."
    assert letters[0].quote.text == "The front door is locked after six."
    assert letters[0].why.startswith(f"You get this mail because {provider.name} added an appointment for you on ")
    assert len(customers.calendars()) == 1
    assert letters[1].headline == f"You added an appointment for {name}."
    assert letters[1].quote is None
