"""A provider takes no bookings of one customer: what that stops, what stays, and who reads the reason."""

import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts import personal_data
from appointments.exceptions import PolicyRefused
from appointments.models import Appointment, Hold, Proposal
from appointments.services import booking, holds, proposals, transitions
from appointments.states import Role
from core import clock
from providers import services
from providers.exceptions import ChangeRefused
from providers.models import CustomerBlock
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

from .conftest import NOW, TUESDAY_TEN
from .test_no_shows import DAY, HOUR, form_address, missed, signed_in, words_of

SECRET = "Was rude to the dog"
REFUSED = "You can’t book with Maya online. What is booked stays. For anything else, contact Maya."


@pytest.fixture
def block(provider, customer):
    def block(reason=SECRET, **changes):
        return services.block_customer(
            **{"provider": provider, "actor": provider.user, "customer": customer, "reason": reason} | changes
        )

    return block


def test_nothing_new_is_booked_asked_for_or_kept_and_what_there_is_stays(book, block, service, customer, provider):
    before = book().appointment
    block()

    with pytest.raises(PolicyRefused) as refused:
        book(TUESDAY_TEN + HOUR)
    with pytest.raises(PolicyRefused) as not_kept:
        holds.keep_time(service=service, start=TUESDAY_TEN + HOUR, browser="b" * 64, account=customer)

    assert (str(refused.value), str(not_kept.value)) == (REFUSED, REFUSED)
    assert list(Appointment.objects.all()) == [before] and before.is_confirmed
    assert not Hold.objects.filter(kept_by=customer).exists()
    assert book().appointment == before


def test_nothing_is_asked_for_and_what_was_is_still_answered(requested, block, book, by_hand):
    block()

    with pytest.raises(PolicyRefused):
        book(TUESDAY_TEN + HOUR)
    assert transitions.accept_request(appointment=requested, actor=by_hand.user).changed


def test_the_customer_moves_and_proposes_nothing_and_still_answers_the_provider(confirmed, block, customer, provider):
    block()
    there, elsewhere = TUESDAY_TEN + HOUR, TUESDAY_TEN + 2 * HOUR

    with pytest.raises(PolicyRefused, match="You can’t change this time online. The appointment stays as it is."):
        proposals.propose_time(appointment=confirmed, start=there, actor=customer, role=Role.CUSTOMER)

    asked = proposals.propose_time(appointment=confirmed, start=elsewhere, actor=provider.user, role=Role.PROVIDER)
    proposal = Proposal.objects.get(appointment=asked.appointment)
    assert proposals.accept_time(proposal=proposal, actor=customer, role=Role.CUSTOMER).appointment.start == elsewhere


def test_no_shows_keep_nobody_from_moving_what_is_booked(confirmed, service, customer):
    missed(service, customer, 3)
    outcome = proposals.propose_time(
        appointment=confirmed, start=TUESDAY_TEN + HOUR, actor=customer, role=Role.CUSTOMER
    )

    assert outcome.appointment.start == TUESDAY_TEN + HOUR


def test_several_starts_at_once_are_refused_whole(block, service, customer):
    block()
    starts = (TUESDAY_TEN, TUESDAY_TEN + DAY)
    with pytest.raises(PolicyRefused):
        booking.place(booking.Wanted(service, starts, customer, booking.terms_of(service), "key"))

    assert not Appointment.objects.exists()


def test_it_is_between_the_two_alone(book, block, customer):
    block()

    assert book(customer=UserFactory()).changed
    assert book(service=ServiceFactory(duration_minutes=60), start=TUESDAY_TEN + HOUR, booking_key="elsewhere").changed


def test_it_goes_before_lifted_limits_and_is_told_before_no_shows(book, block, service, provider, customer):
    services.lift_limits(provider=provider, actor=provider.user, customer=customer)
    missed(service, customer, 3)
    block()

    with pytest.raises(PolicyRefused) as refused:
        book()
    assert str(refused.value) == REFUSED


def test_lifting_lets_them_book_and_keeps_the_record(book, block, provider, customer):
    block()
    lifted = [services.unblock_customer(provider=provider, actor=provider.user, customer=customer) for _ in range(2)]
    again = block("Another reason")

    assert lifted == [True, False]
    rows = list(CustomerBlock.objects.order_by("pk").values_list("reason", "since", "blocked_by", "lifted_at"))
    assert rows == [(SECRET, NOW, provider.user_id, NOW), ("Another reason", NOW, provider.user_id, None)]
    services.unblock_customer(provider=provider, actor=provider.user, customer=customer)
    again.refresh_from_db()
    assert again.lifted_by == provider.user
    assert book().changed


def test_blocking_twice_is_one_block_with_the_first_reason(block):
    first, second = block(), block("Something else")

    assert (second, second.reason) == (first, SECRET)
    assert CustomerBlock.objects.count() == 1


def test_the_database_takes_one_open_block_and_no_lift_by_nobody(block, provider, customer):
    made = block()
    with pytest.raises(IntegrityError), transaction.atomic():
        CustomerBlock.objects.create(provider=provider, customer=customer, blocked_by=provider.user)
    with pytest.raises(IntegrityError), transaction.atomic():
        CustomerBlock.objects.filter(pk=made.pk).update(lifted_at=clock.now())


def test_nobody_blocks_for_another_provider(block):
    with pytest.raises(ChangeRefused):
        block(actor=ProviderFactory().user)

    assert not CustomerBlock.objects.exists()


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_the_provider_blocks_on_a_page_that_says_what_it_does_and_lifts_it_on_the_card(book, provider, customer):
    book()
    client, card = signed_in(provider.user), reverse("studio_customer", args=[customer.uuid])
    asking, lifting = (reverse(name, args=[customer.uuid]) for name in ("block_customer", "unblock_customer"))
    name = customer.first_name

    before, page = words_of(client.get(card)), words_of(client.get(asking))
    answer = client.post(asking, {"reason": SECRET})
    blocked = words_of(client.get(card))
    lifted = [client.post(lifting).url for _ in range(2)]
    after = words_of(client.get(card))

    assert f"{name} can book with you." in before and asking in before
    assert f"<b>{name} can’t book with you online</b>, nor ask for a time or keep one, until you lift it." in page
    assert "1 appointment or request ahead stays: cancel or decline on its own page." in page
    assert answer.url == card and lifted == [card, card]
    assert "<b>Blocked from booking</b> since" in blocked and SECRET in blocked and lifting in blocked
    assert f"{name} can book with you." in after and "Blocked from Mon 2 March to Mon 2 March" in re.sub(
        "<[^>]*>", "", after
    )


def test_a_reason_that_is_too_long_is_asked_for_again(block, provider, book, customer):
    book()
    answer = signed_in(provider.user).post(
        reverse("block_customer", args=[customer.uuid]), {"reason": "x" * 501}, follow=False
    )

    assert answer.status_code == 422
    assert not CustomerBlock.objects.exists()


def test_the_customer_reads_a_neutral_sentence_and_nowhere_the_reason(book, block, service, customer):
    book()
    block()
    client = Client()
    client.force_login(customer)

    form = client.get(form_address(service, TUESDAY_TEN + HOUR))
    pages = [form, client.get("/my/standing/"), client.get("/my/appointments/"), client.get("/providers/")]

    assert form.status_code == 409 and REFUSED in form.text and "Book this time" not in form.text
    assert [SECRET in page.text or "lock" in page.text.split("<main")[1].replace("clock", "") for page in pages] == [
        False
    ] * 4


def test_the_card_costs_the_same_with_many_lifted_blocks(block, book, provider, customer, django_assert_num_queries):
    book()
    client, card = signed_in(provider.user), reverse("studio_customer", args=[customer.uuid])
    client.get(card)
    for number in (1, 5):
        for _ in range(number):
            block()
            services.unblock_customer(provider=provider, actor=provider.user, customer=customer)
        with django_assert_num_queries(9):
            assert client.get(card).status_code == 200


def test_what_is_kept_names_blocks_of_and_by_a_person(block, provider, customer):
    block()

    counted = [
        {name: number for name, number in personal_data.count(who).items() if "block" in name}
        for who in (customer, provider.user)
    ]
    assert counted == [
        {"blocks from booking with a provider": 1, "blocks they set or lifted": 0},
        {"blocks from booking with a provider": 0, "blocks they set or lifted": 1},
    ]
