"""No-shows with a provider stop a customer from booking there, by what is marked now; what is booked stays."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.exceptions import PolicyRefused
from appointments.models import Appointment, Hold
from appointments.pages.studio.no_shows import effect_of_marking, effect_of_unmarking, stopped_words
from appointments.rules.no_shows import NoShows, notice, refusal
from appointments.services import booking, holds, transitions
from appointments.states import OPEN, Role, Status
from providers import services
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by
from tests.factories.providers import ServiceFactory

from .conftest import NOW, TUESDAY_TEN, move_to_london

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# --- The rule ---------------------------------------------------------------------------------------------------------

STOPPED = (
    "Maya has marked 3 of your appointments as no-shows, and after that many nobody can book with Maya online. What is "
    "booked stays. If one is a mistake, or you would like to come again, ask Maya, who can correct it or let you book "
    "all the same."
)
WARNED = (
    "Maya has marked 2 of your appointments as no-shows. One more, and you could no longer book with Maya online. If "
    "you can’t come, cancel before the start."
)


@pytest.mark.parametrize(
    ("count", "limit", "refused", "said"),
    [
        (0, 3, "", ""),
        (1, 3, "", ""),
        (2, 3, "", WARNED),
        (3, 3, STOPPED, ""),
        (4, 3, STOPPED.replace("3 of", "4 of").replace("that many", "3"), ""),
        # Where the first one stops, nobody is warned of what they never did.
        (0, 1, "", ""),
        (1, 1, STOPPED.replace("3 of", "1 of").replace("as no-shows", "as a no-show"), ""),
        (1, 2, "", WARNED.replace("2 of", "1 of").replace("as no-shows", "as a no-show")),
        (9, None, "", ""),
    ],
)
def test_each_number_has_its_sentence(count, limit, refused, said):
    no_shows = NoShows(count, limit)

    assert (refusal(no_shows, name="Maya"), notice(no_shows, name="Maya")) == (refused, said)


SECOND, THIRD = "A no-show would be Owen’s 2nd of 3 with you.", "A no-show would be Owen’s 3rd of 3 with you"


@pytest.mark.parametrize(
    ("count", "limit", "stopped", "marking", "unmarking"),
    [
        (1, None, "", "", ""),
        (1, 3, "", SECOND, ""),
        (2, 3, "", f"{THIRD}: Owen could no longer book with you online. What is booked stays.", ""),
        (
            3,
            3,
            *["Owen has 3 no-shows with you and can’t book with you online."] * 2,
            "As completed it would no longer count, and Owen could book with you online again.",
        ),
        (4, 3, *["Owen has 4 no-shows with you and can’t book with you online."] * 2, ""),
    ],
)
def test_the_provider_reads_what_a_mark_would_do(count, limit, stopped, marking, unmarking):
    said = [words(NoShows(count, limit), name="Owen") for words in (stopped_words, effect_of_marking)]

    assert said == [stopped, marking]
    assert effect_of_unmarking(NoShows(count, limit), name="Owen") == unmarking


# --- Booking ----------------------------------------------------------------------------------------------------------


def missed(service, customer, number, *, status=Status.NO_SHOW, days=1):
    """That many rows of appointments long ago, as they would be found after their marks."""
    starts = [NOW - (days + n) * DAY for n in range(number)]
    return Appointment.objects.bulk_create(
        Appointment(
            provider=service.provider,
            service=service,
            customer=customer,
            status=status,
            start=start,
            end=start + HOUR,
            price=58,
            currency="GBP",
            booking_key=f"missed {service.pk} {status} {start}",
            **demanded_by(status, start),
        )
        for start in starts
    )


def keep(service, customer, start=TUESDAY_TEN):
    return holds.keep_time(service=service, start=start, browser="b" * 64, account=customer)


def test_the_third_stops_booking_and_keeping_and_what_is_booked_stays(book, service, customer):
    before = book().appointment
    missed(service, customer, 2)
    assert book(TUESDAY_TEN + HOUR).changed
    missed(service, customer, 1, days=10)

    for act in (lambda: book(TUESDAY_TEN + 2 * HOUR), lambda: keep(service, customer, TUESDAY_TEN + 2 * HOUR)):
        with pytest.raises(PolicyRefused, match="has marked 3 of your appointments as no-shows"):
            act()

    assert Appointment.objects.filter(status__in=OPEN).count() == 2
    assert not Hold.objects.filter(kept_by=customer).exists()
    # The form that made an appointment still finds it, also now.
    assert book().appointment == before


def test_a_request_made_before_the_third_can_still_be_accepted(requested, service, customer):
    missed(service, customer, 3)

    assert transitions.accept_request(appointment=requested, actor=service.provider.user).changed


def test_no_shows_with_others_and_of_others_stop_nobody(book, service, customer):
    missed(ServiceFactory(), customer, 5)
    missed(service, UserFactory(), 5)
    missed(service, customer, 5, status=Status.COMPLETED)
    missed(service, customer, 2, days=400)

    assert book().changed


def test_they_count_over_all_services_of_the_provider_however_old(book, service, customer):
    missed(ServiceFactory(provider=service.provider), customer, 3, days=400)

    with pytest.raises(PolicyRefused, match="no-shows"):
        book()


@pytest.mark.parametrize(("limit", "number", "booked"), [(1, 1, False), (5, 4, True), (5, 5, False), (None, 50, True)])
def test_the_provider_sets_the_number(book, service, customer, limit, number, booked):
    service.provider.policy.no_show_limit = limit
    service.provider.policy.save()
    missed(service, customer, number)

    if booked:
        assert book().changed
    else:
        with pytest.raises(PolicyRefused, match="no-show"):
            book()


def test_lifted_for_one_customer_they_book_all_the_same(book, service, provider, customer):
    other = UserFactory()
    for each in (customer, other):
        missed(service, each, 3)
    services.lift_limits(provider=provider, actor=provider.user, customer=customer)

    assert book().changed
    with pytest.raises(PolicyRefused, match="no-shows"):
        book(TUESDAY_TEN + HOUR, customer=other)
    services.apply_limits(provider=provider, actor=provider.user, customer=customer)
    with pytest.raises(PolicyRefused, match="no-shows"):
        book(TUESDAY_TEN + HOUR)


def test_marking_stops_and_correcting_frees_at_once(book, service, provider, customer):
    missed(service, customer, 2)
    third = book().appointment
    later = TUESDAY_TEN + 2 * DAY
    with time_machine.travel(TUESDAY_TEN, tick=False):
        transitions.mark_no_show(appointment=third, actor=provider.user)
        with pytest.raises(PolicyRefused, match="no-shows"):
            book(later)
        transitions.correct_outcome(appointment=third, to=Status.COMPLETED, actor=provider.user)
        assert book(later).changed
        transitions.correct_outcome(appointment=third, to=Status.NO_SHOW, actor=provider.user)
        with pytest.raises(PolicyRefused, match="no-shows"):
            book(later + HOUR)


def test_the_checks_cost_three_queries_at_any_number(service, customer, django_assert_num_queries):
    for number in (0, 2, 40):
        missed(service, customer, number, days=100 * number)
        service.provider.policy.no_show_limit = 100
        with django_assert_num_queries(3):
            booking.check_customer(customer, service, TUESDAY_TEN)


# --- Pages ------------------------------------------------------------------------------------------------------------


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def words_of(answer):
    return " ".join(answer.text.split())


def form_address(service, start=TUESDAY_TEN):
    return reverse("book", args=[service.provider.slug, service.slug]) + f"?start={start:%Y-%m-%dT%H:%M:%SZ}"


def test_the_form_warns_before_the_last_one_and_has_no_button_after_it(service, customer):
    client = signed_in(customer)
    missed(service, customer, 2)
    before = client.get(form_address(service))
    missed(service, customer, 1, days=10)
    after = client.get(form_address(service))

    assert (before.status_code, after.status_code) == (200, 409)
    assert "One more, and you could no longer book with Maya online." in before.text
    assert "Maya has marked 3 of your appointments as no-shows" in after.text
    assert ("Book this time" in before.text, "Book this time" in after.text) == (True, False)


@pytest.fixture
def maya(provider):
    provider.name = "Maya Okafor"
    provider.save()
    return move_to_london(provider)


def test_who_never_missed_one_reads_so(customer):
    text = words_of(signed_in(customer).get("/my/standing/"))

    assert '<p class="standhead__n" data-none>None</p>' in text
    assert "None is recorded. They count with each provider apart." in text


def test_each_no_show_stands_on_the_page_of_standing_with_its_provider(maya, service, customer):
    *_, newest = reversed(missed(service, customer, 2))
    elsewhere = ServiceFactory(provider__name="Ruben Castillo", provider__policy__no_show_limit=None)
    missed(elsewhere, customer, 1, days=20)

    text = words_of(signed_in(customer).get("/my/standing/"))

    assert "2 of 3 <span>with Maya Okafor</span>" in text
    assert 'role="img" aria-label="2 of 3 used"' in text
    assert "One more, and you could no longer book with Maya online." in text
    assert f'<a href="/my/appointments/{newest.reference}/">{service.name}</a>' in text
    assert ">Sun 1 March, 08:00</time>" in text  # when it was
    assert ">Sun 8 March, 08:00</time>" in text  # until when it can be corrected
    assert "1 <span>with Ruben Castillo</span>" in text
    assert "Ruben lets everybody book, whatever the number." in text and "Not any more" in text


def test_a_no_show_in_person_is_told_in_the_time_of_its_place(maya, service, customer):
    maya.is_online, maya.is_in_person, maya.time_zone = False, True, "Asia/Kathmandu"
    maya.save()
    missed(service, customer, 1)

    text = words_of(signed_in(customer).get("/my/standing/"))

    assert ">Sun 1 March, 13:45</time>, Kathmandu time" in text


def test_the_page_of_a_no_show_leads_to_what_it_counts_as(service, customer):
    [one] = missed(service, customer, 1)

    text = words_of(signed_in(customer).get(f"/my/appointments/{one.reference}/"))

    assert "This was marked as a no-show." in text
    assert '<a href="/my/standing/">What it counts as</a>' in text


def test_who_is_stopped_reads_so_there_and_who_may_book_all_the_same_too(maya, service, customer):
    missed(service, customer, 4)
    stopped = words_of(signed_in(customer).get("/my/standing/"))
    services.lift_limits(provider=maya, actor=maya.user, customer=customer)
    lifted = words_of(signed_in(customer).get("/my/standing/"))

    assert "4 of 3 <span>with Maya Okafor</span>" in stopped and 'aria-label="3 of 3 used"' in stopped
    assert "You can’t book with Maya online. What is booked stays." in stopped
    assert "4 <span>with Maya Okafor</span>" in lifted and "Maya lets you book all the same." in lifted


def test_the_page_of_standing_costs_the_same_for_one_and_for_many(maya, service, customer):
    client = signed_in(customer)

    def cost():
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/my/standing/").status_code == 200
        return len(asked)

    missed(service, customer, 1)
    one = cost()
    missed(service, customer, 30, days=10)
    for _ in range(3):
        missed(ServiceFactory(), customer, 2, days=50)

    assert cost() == one
    text = words_of(client.get("/my/standing/"))
    assert "31 of 3" in text and "Only the newest 20 are listed." in text


def test_the_providers_card_of_the_customer_says_who_is_stopped(maya, service, customer):
    client, card = signed_in(maya.user), reverse("studio_customer", args=[customer.uuid])
    missed(service, customer, 3)
    stopped = words_of(client.get(card))
    client.post(reverse("lift_limits", args=[customer.uuid]))
    lifted = words_of(client.get(card))

    assert "No visit yet, 3 no-shows" in stopped
    name = customer.first_name
    assert f"{name} has 3 no-shows with you and can’t book with you online." in stopped
    assert "3 no-shows stop a customer from booking." in stopped
    assert "can’t book with you online" not in lifted and "no-shows stop nothing" in lifted


def test_the_page_of_an_appointment_says_what_marking_it_would_do(maya, book, service, customer):
    missed(service, customer, 2)
    third = book().appointment
    page = reverse("studio_appointment", args=[third.reference])
    with time_machine.travel(TUESDAY_TEN, tick=False):
        client = signed_in(maya.user)
        before = words_of(client.get(page))
        client.post(reverse("mark_no_show", args=[third.reference]))
        after = words_of(client.get(page))

    name = customer.first_name
    assert f"A no-show would be {name}’s 3rd of 3 with you: {name} could no longer book with you online." in before
    assert f"As completed it would no longer count, and {name} could book with you online again." in after


def test_the_policy_is_set_on_its_page(maya):
    client = signed_in(maya.user)
    page = client.get(reverse("studio_policies"))
    form = page.context["form"]
    values = {name: form[name].value() for name in form.fields if form[name].value() is not None}

    answer = client.post(reverse("studio_policies"), {**values, "no_show_limit": "2"})
    maya.policy.refresh_from_db()
    assert (answer.status_code, maya.policy.no_show_limit) == (302, 2)

    form = client.get(reverse("studio_policies")).context["form"]
    client.post(reverse("studio_policies"), {**values, "seen": form["seen"].value(), "no_show_limit": ""})
    maya.policy.refresh_from_db()
    assert maya.policy.no_show_limit is None


def test_a_provider_marks_no_shows_of_appointments_with_staff_alike(book, service, customer):
    """Who marked it makes no difference."""
    missed(service, customer, 2)
    third = book().appointment
    with time_machine.travel(TUESDAY_TEN, tick=False):
        transitions.mark_no_show(appointment=third, actor=UserFactory(is_staff=True), role=Role.STAFF)
        with pytest.raises(PolicyRefused, match="no-shows"):
            book(TUESDAY_TEN + DAY)
