"""What a booking promises whatever is edited afterwards, and what a second decides."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from appointments.exceptions import PolicyRefused, SlotTaken
from appointments.models import Appointment, Hold
from appointments.services import availability, booking, holds, transitions
from appointments.states import Role
from core import clock
from providers.models import BookingPolicy, Provider, Service, WorkingHours
from tests.appointments.conftest import NOW, TUESDAY_TEN
from tests.factories.accounts import UserFactory
from tests.factories.providers import DateOverrideFactory, ServiceFactory
from tests.invariants import check_all

from .forms import book_address, booking_values

pytestmark = pytest.mark.django_db

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def written(model):
    return list(model.objects.order_by("pk").values())


@pytest.mark.parametrize(
    "edit",
    [
        lambda: Service.objects.update(buffer_before_minutes=240, buffer_after_minutes=240),
        lambda: Service.objects.update(duration_minutes=720, slot_interval_minutes=5),
        lambda: Service.objects.update(price=Decimal("999.5"), currency="JPY", pricing="hourly"),
        lambda: Service.objects.update(is_active=False, confirmation="by_hand"),
        lambda: WorkingHours.objects.all().delete(),
        lambda: DateOverrideFactory(provider=Provider.objects.get(), start_on=TUESDAY_TEN.date()),
        lambda: Provider.objects.update(time_zone="Pacific/Kiritimati"),
        lambda: Provider.objects.update(listing="paused"),
        lambda: BookingPolicy.objects.update(max_per_day=1, max_open=1, notice_minutes=80_000, window_days=1),
    ],
)
def test_no_edit_moves_shortens_or_reprices_what_was_booked(book, settings, edit):
    book()
    book(start=TUESDAY_TEN + 2 * HOUR)
    before = written(Appointment), written(Hold)

    settings.PLATFORM_FEE_PERCENT = Decimal(50)
    edit()

    assert (written(Appointment), written(Hold)) == before
    for one in Appointment.objects.all():
        transitions.cancel_appointment(appointment=one, actor=one.provider.user, role=Role.PROVIDER)
    assert [(one.price, one.currency, one.platform_fee) for one in Appointment.objects.all()] == [
        (58, "GBP", Decimal("4.35"))
    ] * 2
    check_all()


@pytest.mark.parametrize("gap", [0, 1, 14, 15, 29, 30])
def test_buffers_of_neighbours_add(provider, customer, gap):
    """One needs 15 free minutes after it, the other 15 before: 30 between, and not a minute less."""
    first = ServiceFactory(provider=provider, duration_minutes=60, buffer_after_minutes=15, slot_interval_minutes=5)
    second = ServiceFactory(provider=provider, duration_minutes=30, buffer_before_minutes=15, slot_interval_minutes=5)
    for service in (first, second):
        service.slot_interval_minutes = 5
    book = {"customer": customer}
    booking.book_appointment(
        service=first, start=TUESDAY_TEN, terms=booking.terms_of(first), booking_key="first", **book
    )
    start = TUESDAY_TEN + HOUR + timedelta(minutes=gap)

    try:
        booking.book_appointment(
            service=second, start=start, terms=booking.terms_of(second), booking_key="second", **book
        )
    except SlotTaken:
        assert gap < 30
    else:
        assert gap == 30
    check_all()


@pytest.mark.parametrize(("offset", "stands"), [(timedelta(0), True), (-SECOND, False), (SECOND, True)])
def test_the_database_itself_lets_neighbours_stand_and_no_second_of_overlap(book, provider, offset, stands):
    book()
    start = TUESDAY_TEN + HOUR + offset

    def write():
        Hold.objects.create(
            kind="kept",
            provider=provider,
            start=start,
            end=start + HOUR,
            browser="x" * 64,
            expires_at=NOW + timedelta(days=3),
        )

    if stands:
        write()
    else:
        with pytest.raises(IntegrityError), transaction.atomic():
            write()
    check_all()


def test_every_listed_time_books_and_no_other_does(service, customer):
    service.buffer_after_minutes, service.slot_interval_minutes = 10, 45
    service.save()
    day = datetime(2026, 3, 3, tzinfo=UTC)
    listed = availability.slots_between(service, day, day + timedelta(days=1), now=NOW)

    for minute in range(0, 24 * 60, 5):
        start = day + timedelta(minutes=minute)
        with transaction.atomic():
            try:
                booking.book_appointment(
                    service=service,
                    start=start,
                    customer=customer,
                    terms=booking.terms_of(service),
                    booking_key=f"{minute}",
                )
                booked = True
            except SlotTaken:
                booked = False
            transaction.set_rollback(True)
        assert booked == (start in listed), start
    assert len(listed) == 10


@pytest.mark.parametrize(
    ("policy", "opens", "closes"),
    [
        ({"notice_minutes": 120}, None, TUESDAY_TEN - 2 * HOUR),
        # The window ends with the provider's day, so Tuesday's times appear with Monday, 00:00 in London.
        ({"window_days": 1}, datetime(2026, 3, 2, tzinfo=UTC), None),
    ],
)
def test_a_time_posted_by_hand_is_refused_one_second_after_it_closed_or_before_it_opened(
    me, service, policy, opens, closes
):
    BookingPolicy.objects.update(**{"notice_minutes": 0, **policy})
    values = booking_values(me, service)
    inside, outside = (closes, closes + SECOND) if closes else (opens, opens - SECOND)

    with time_machine.travel(outside, tick=False):
        late = me.post(book_address(service), values)
    assert (late.status_code, Appointment.objects.count()) == (409, 0)
    with time_machine.travel(inside, tick=False):
        in_time = me.post(book_address(service), values)

    assert (in_time.status_code, Appointment.objects.count()) == (302, 1)
    check_all()


def test_a_cap_that_was_reached_meanwhile_refuses_what_is_posted_by_hand(me, service, book):
    values = booking_values(me, service)
    BookingPolicy.objects.update(max_per_day=1)
    book(start=TUESDAY_TEN + 3 * HOUR, customer=UserFactory(), service=Service.objects.get())

    assert me.post(book_address(service), values).status_code == 409
    assert Appointment.objects.count() == 1


def test_what_is_over_does_not_count_as_ahead_before_anybody_marked_it(me, service, book, settings):
    settings.MAX_OPEN_PER_CUSTOMER_AND_PROVIDER = 1
    one = book().appointment
    next_day = TUESDAY_TEN + timedelta(days=1)

    with time_machine.travel(one.end - SECOND, tick=False):
        assert me.get(book_address(service), {"start": f"{next_day:%Y-%m-%dT%H:%M:%SZ}"}).status_code == 409
        with pytest.raises(PolicyRefused, match="already have 1 appointment"):
            book(start=next_day)
    with time_machine.travel(one.end, tick=False):
        assert me.get(book_address(service), {"start": f"{next_day:%Y-%m-%dT%H:%M:%SZ}"}).status_code == 200
        assert book(start=next_day).changed
    check_all()


def test_a_move_releases_the_time_in_the_same_breath_and_it_can_be_sold_at_once(book, by_hand):
    endings = [
        (transitions.decline_request, {"role": Role.PROVIDER}),
        (transitions.withdraw_request, {"role": Role.CUSTOMER}),
        (transitions.expire_request, {}),
    ]
    for number, (end, said) in enumerate(endings):
        one = book(booking_key=f"form {number}").appointment
        actor = {"actor": one.customer if said.get("role") is Role.CUSTOMER else one.provider.user} if said else {}
        moment = one.answer_by if end is transitions.expire_request else NOW
        with time_machine.travel(moment, tick=False):
            end(appointment=one, **actor, **said)
        assert not Hold.objects.exists()
    check_all()


# --- People who are no longer there -----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["customer", "provider"])
def test_nobody_whose_account_is_closed_takes_part_in_a_new_appointment(book, customer, provider, service, who):
    person = customer if who == "customer" else provider.user
    type(person).objects.filter(pk=person.pk).update(is_active=False)
    person.is_active = False

    with pytest.raises(PolicyRefused):
        book(service=Service.objects.select_related("provider__user", "provider__policy").get())
    assert not Appointment.objects.exists() and not Hold.objects.exists()


@pytest.mark.parametrize("who", ["customer", "provider"])
def test_a_request_of_somebody_whose_account_is_closed_is_not_accepted_even_by_staff(book, by_hand, who):
    one = book().appointment
    person = one.customer if who == "customer" else one.provider.user
    type(person).objects.filter(pk=person.pk).update(is_active=False)

    with pytest.raises(PolicyRefused, match="account is closed"):
        transitions.accept_request(appointment=one, actor=UserFactory(is_staff=True), role=Role.STAFF)
    assert Appointment.objects.get().status == "requested"


def test_nobody_books_with_themselves_by_any_way(calm, provider, service, book):
    calm.force_login(provider.user)

    with pytest.raises(PolicyRefused):
        book(customer=provider.user)
    calm.post(book_address(service), {"start": "2026-03-03T10:00:00Z", "key": "x"})
    assert not Appointment.objects.exists()


# --- Everybody sees the same instants ---------------------------------------------------------------------------------

VIEWERS = ["Pacific/Kiritimati", "Pacific/Niue", "Asia/Kathmandu", "Australia/Lord_Howe", "Antarctica/Troll"]


def instants(client, page, zone, days):
    """Every start that the page offers over these days, wherever the viewer's own dates fall."""
    found = set()
    for day in days:
        picker = client.get(page, {"tz": zone, "day": day.isoformat()}).context["picker"]
        if picker.chosen == day:
            found |= {time.start for _, times in picker.groups for time in times}
    return found


@pytest.mark.parametrize("moment", [datetime(2026, 3, 26, 8, tzinfo=UTC), datetime(2026, 10, 22, 8, tzinfo=UTC)])
def test_viewers_in_odd_zones_are_offered_the_same_instants_around_a_clock_change(client, service, moment):
    with time_machine.travel(moment, tick=False):
        page = reverse("provider_service", args=[service.provider.slug, service.slug])
        first = moment.date()
        days = [first + timedelta(days=n) for n in range(-1, 7)]
        listed = set(availability.slots_between(service, moment, moment + timedelta(days=5), now=clock.now()))

        for zone in VIEWERS:
            seen = {at for at in instants(client, page, zone, days) if at < moment + timedelta(days=5)}
            assert seen == listed != set(), zone


@pytest.mark.parametrize("zone", VIEWERS)
def test_a_person_in_an_odd_zone_books_the_instant_that_was_meant(me, customer, service, zone):
    type(customer).objects.filter(pk=customer.pk).update(time_zone=zone)
    page = me.get(reverse("provider_service", args=[service.provider.slug, service.slug]))
    chosen = page.context["picker"].groups[0][1][0]

    me.post(book_address(service), booking_values(me, service, chosen.value))

    assert Appointment.objects.get().start == chosen.start == NOW + 2 * HOUR


def test_a_kept_time_is_gone_the_second_it_lapses(service, book):
    holds.keep_time(service=service, start=TUESDAY_TEN, browser="a" * 64)

    with time_machine.travel(NOW + timedelta(minutes=10) - SECOND, tick=False), pytest.raises(SlotTaken):
        book()
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        assert book().changed
    check_all()
