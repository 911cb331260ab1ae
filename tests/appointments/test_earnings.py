"""What an appointment earned: the fee of the moment of booking, and what is due once it ended."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from appointments.models import Appointment
from appointments.rules.earnings import Settled, fee_on, settle
from appointments.services import transitions
from appointments.states import OPEN, Role, Status
from providers.exceptions import ChangeRefused
from providers.models import FeeRate, Provider
from providers.services import set_fee_rate, withdraw_fee_rate
from tests.factories.accounts import UserFactory

from .conftest import NOW, TUESDAY_TEN

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
# The provider's days begin at 18:15 UTC, as Kathmandu is 5:45 ahead.
TODAY = NOW.date()
TOMORROW, TOMORROW_BEGINS = date(2026, 3, 3), datetime(2026, 3, 2, 18, 15, tzinfo=UTC)


# --- The rule ---------------------------------------------------------------------------------------------------------


@dataclass
class Priced:
    price: Decimal
    currency: str
    platform_fee: Decimal


def priced(price="59.90", fee="4.49", currency="GBP"):
    return Priced(Decimal(price), currency, Decimal(fee))


@pytest.mark.parametrize("status", Status)
def test_who_keeps_the_price_follows_from_how_it_ended(status):
    kept = Settled(refund=Decimal(0), fee_due=Decimal("4.49"))
    returned = Settled(refund=Decimal("59.90"), fee_due=Decimal(0))
    told = {Status.COMPLETED: kept, Status.NO_SHOW: kept} | dict.fromkeys(OPEN)

    assert settle(priced(), status) == told.get(status, returned)


@pytest.mark.parametrize(
    ("kept", "terms", "fee"),
    [
        ("59.90", priced(), "4.49"),
        ("0", priced(), "0"),
        ("29.95", priced(), "2.25"),  # 2.245, half up
        ("0.01", priced("0.03", "0.03"), "0.01"),
        ("5", priced("10", "10", "JPY"), "5"),
        ("1", priced("3", "2", "JPY"), "1"),
        ("0.001", priced("0.003", "0.002", "BHD"), "0.001"),
        ("0", priced("0", "0"), "0"),
    ],
)
def test_the_fee_on_a_part_is_in_proportion_rounded_once_and_never_more_than_the_part(kept, terms, fee):
    assert fee_on(Decimal(kept), terms) == Decimal(fee)


RATES = [[str(NOW - DAY), "6.00"], [str(NOW), None], [str(NOW + HOUR), "0"]]


@pytest.mark.parametrize(
    ("moment", "percent"),
    [(NOW - DAY - SECOND, "8"), (NOW - DAY, "6"), (NOW - SECOND, "6"), (NOW, "8"), (NOW + HOUR, "0")],
)
def test_a_rate_counts_from_its_moment_on_and_none_is_the_usual_one(moment, percent, settings):
    settings.PLATFORM_FEE_PERCENT = Decimal(8)

    assert Provider(fee_rates=RATES).fee_percent_at(moment) == Decimal(percent)


# --- Rates ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def staff(db):
    return UserFactory(is_staff=True, is_superuser=True)


def rate(provider, staff, percent, *, on=TODAY):
    return set_fee_rate(
        provider=provider,
        actor=staff,
        percent=None if percent is None else Decimal(percent),
        starts_on=on,
        reason="Agreed by phone",
    )


def fees():
    return [(one.fee_percent, one.platform_fee) for one in Appointment.objects.order_by("start")]


@pytest.fixture
def service(service):
    service.price = Decimal("59.90")
    service.save()
    return service


def test_a_booking_has_the_rate_of_its_moment_and_keeps_it(book, provider, staff):
    book(TUESDAY_TEN)
    rate(provider, staff, "6")
    with time_machine.travel(NOW + HOUR, tick=False):
        book(TUESDAY_TEN + 2 * HOUR)
        rate(provider, staff, "12.5", on=TOMORROW)
    with time_machine.travel(TOMORROW_BEGINS - SECOND, tick=False):
        book(TUESDAY_TEN + 4 * HOUR)
    with time_machine.travel(TOMORROW_BEGINS, tick=False):
        [last] = [book(TUESDAY_TEN + 6 * HOUR).appointment]
        transitions.cancel_appointment(appointment=last, actor=provider.user, role=Role.PROVIDER)

    eight, six, more = ((Decimal(n), Decimal(fee)) for n, fee in (("7.5", "4.49"), ("6", "3.59"), ("12.5", "7.49")))
    assert fees() == [eight, six, six, more]


def test_the_usual_rate_comes_back_where_none_is_set_any_more(book, provider, staff):
    rate(provider, staff, "0")
    with time_machine.travel(NOW + HOUR, tick=False):
        book(TUESDAY_TEN)
        rate(provider, staff, None)
    with time_machine.travel(NOW + 2 * HOUR, tick=False):
        book(TUESDAY_TEN + 2 * HOUR)

    assert [percent for percent, _ in fees()] == [0, Decimal("7.5")]


def test_what_is_set_wrongly_is_refused_in_words_and_changes_nothing(provider, staff):
    planned = rate(provider, staff, "6", on=TOMORROW)
    tries = {
        "a day that is over": lambda: rate(provider, staff, "5", on=TODAY - DAY),
        "the same day again": lambda: rate(provider, staff, "5", on=TOMORROW),
        "by the provider": lambda: rate(provider, provider.user, "5"),
        "withdrawn by the provider": lambda: withdraw_fee_rate(rate=planned, actor=provider.user, reason="No"),
    }
    told = {}
    for name, attempt in tries.items():
        with pytest.raises(ChangeRefused) as refused:
            attempt()
        told[name] = str(refused.value)

    assert told == {
        "a day that is over": "Choose today or a later day: what was booked before keeps its fee.",
        "the same day again": "Another fee begins on that day. Withdraw it first.",
        "by the provider": "That is not yours to change.",
        "withdrawn by the provider": "That is not yours to change.",
    }
    assert list(FeeRate.objects.all()) == [planned]


def test_a_planned_rate_is_withdrawn_once_with_a_reason_and_stays_on_record(provider, staff):
    planned = rate(provider, staff, "6", on=TOMORROW)

    done = [withdraw_fee_rate(rate=planned, actor=staff, reason="A mistake") for _ in range(2)]

    provider.refresh_from_db()
    kept = FeeRate.objects.get()
    assert done == [True, False]
    assert (kept.withdrawn_at, kept.withdrawn_by, kept.withdrawn_reason) == (NOW, staff, "A mistake")
    assert provider.fee_percent_at(TOMORROW_BEGINS) == Decimal("7.5")


def test_a_rate_that_counts_is_not_withdrawn(provider, staff):
    begun = rate(provider, staff, "6")

    with pytest.raises(ChangeRefused, match="It counts already"):
        withdraw_fee_rate(rate=begun, actor=staff, reason="A mistake")

    assert FeeRate.objects.standing().get() == begun


@pytest.mark.parametrize("percent", ["-0.001", "100.001"])
def test_the_database_refuses_a_rate_that_is_no_percentage(provider, staff, percent):
    row = FeeRate(provider=provider, percent=Decimal(percent), starts_at=NOW, reason="x", set_by=staff)

    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


# --- What is due ------------------------------------------------------------------------------------------------------


def due(appointment):
    row = Appointment.objects.get(pk=appointment.pk)
    return row.refund, row.fee_due


def test_what_is_due_is_written_with_the_end_and_with_its_correction(book, provider, by_hand):
    starts = [TUESDAY_TEN + n * HOUR for n in range(5)]
    asked, declined, withdrawn, came, called_off = (book(start, customer=UserFactory()).appointment for start in starts)
    for one in (came, called_off):
        transitions.accept_request(appointment=one, actor=provider.user)
    transitions.decline_request(appointment=declined, actor=provider.user)
    transitions.withdraw_request(appointment=withdrawn, actor=withdrawn.customer)
    transitions.cancel_appointment(appointment=called_off, actor=called_off.customer, role=Role.CUSTOMER)
    before = due(came)
    with time_machine.travel(came.end, tick=False):
        transitions.mark_no_show(appointment=came, actor=provider.user)
        missed = due(came)
        transitions.correct_outcome(
            appointment=Appointment.objects.get(pk=came.pk), to=Status.COMPLETED, actor=provider.user
        )

    kept, returned = (Decimal(0), Decimal("4.49")), (Decimal("59.90"), Decimal(0))
    assert (due(asked), before, missed, due(came)) == ((None, None), (None, None), kept, kept)
    assert [due(one) for one in (declined, withdrawn, called_off)] == [returned] * 3


def test_the_database_refuses_to_owe_more_than_the_price(book):
    one = book().appointment
    transitions.cancel_appointment(appointment=one, actor=one.customer, role=Role.CUSTOMER)
    Appointment.objects.update(refund=0, price=58)
    tries = [("57.9", "0.1"), ("-0.01", "0"), ("58.01", "0"), ("57.9", "0.11"), ("0", "-1"), ("0", "58")]

    taken = []
    for refund, fee in tries:
        try:
            with transaction.atomic():
                Appointment.objects.update(refund=Decimal(refund), fee_due=Decimal(fee))
        except IntegrityError as error:
            assert "appointment_refund_within_price" in str(error) or "appointment_fee_due_within_kept" in str(error)
        else:
            taken.append((refund, fee))

    assert taken == [tries[0], tries[-1]]


# --- Staff's page of rates --------------------------------------------------------------------------------------------

LIST, ADD = reverse("admin:providers_feerate_changelist"), reverse("admin:providers_feerate_add")


def test_staff_set_a_rate_and_withdraw_it_with_their_reasons(client, provider, staff):
    client.force_login(staff)
    typed = {"provider": provider.pk, "percent": "6.5", "starts_on": "2026-03-03", "reason": "Agreed by phone"}
    added = client.post(ADD, typed)
    planned = FeeRate.objects.get()
    listed = client.get(LIST)
    pressed = {"action": "withdraw", "_selected_action": planned.pk}
    asked = client.post(LIST, pressed)
    client.post(LIST, pressed | {"confirmed": "yes", "reason": "A mistake"})

    assert (added.status_code, asked.status_code) == (302, 200)
    assert (planned.percent, planned.starts_at, planned.set_by) == (Decimal("6.5"), TOMORROW_BEGINS, staff)
    assert "6.5%" in listed.text and "6.5%" in asked.text
    assert FeeRate.objects.get().withdrawn_reason == "A mistake"


def test_a_rate_that_is_refused_is_said_at_the_day_with_all_that_was_typed(client, provider, staff):
    client.force_login(staff)
    typed = {"provider": provider.pk, "percent": "6.5", "starts_on": "2026-03-01", "reason": "Agreed by phone"}

    answer = client.post(ADD, typed)

    assert "Choose today or a later day" in answer.text and "Agreed by phone" in answer.text
    assert not FeeRate.objects.exists()


def test_no_page_changes_a_rate_that_is_set(client, provider, staff):
    begun = rate(provider, staff, "6")
    client.force_login(staff)
    page = reverse("admin:providers_feerate_change", args=[begun.pk])

    answers = [client.post(page, {"percent": "1"}).status_code, client.post(page + "delete/").status_code]

    assert client.get(page).status_code == 200
    assert answers == [403, 403]
    assert FeeRate.objects.get().percent == 6
