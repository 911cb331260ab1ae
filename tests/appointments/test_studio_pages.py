"""The provider's pages of appointments, through the browser's door."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.urls import reverse

from appointments.models import REFERENCE_ALPHABET, Appointment, AppointmentEvent, Hold
from appointments.queries.customers import customer_figures
from appointments.services import transitions
from appointments.states import Role, Status
from calendar_sync.models import BusyInterval
from core.paging import PER_PAGE
from providers.models import Listing
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by
from tests.factories.providers import DateOverrideFactory, ProviderFactory, ServiceFactory

from .conftest import NOW, TUESDAY_TEN, move_to_london

pytestmark = pytest.mark.django_db

# Session with user, the provider, the agenda in five, what waits, figures.
QUERIES_OF_TODAY = 9
# The same: how many wait comes with the page, and the day around each request is one agenda for all.
QUERIES_OF_REQUESTS = 8
QUERIES_OF_CUSTOMERS = 6


@pytest.fixture
def provider(provider):
    """In London: these tests read wall times."""
    return move_to_london(provider)


@pytest.fixture
def studio(client, provider):
    client.force_login(provider.user)
    # What the first visit writes down is not what the tests count.
    session = client.session
    session["has_studio"] = True
    session.save()
    return client


@pytest.fixture
def request_(book, by_hand):
    return book().appointment


@pytest.fixture
def appointment(book):
    return book().appointment


def url(name, appointment):
    return reverse(name, args=[appointment.reference])


def page_of(name, *args):
    return reverse(name, args=args)


def status_of(appointment):
    return Appointment.objects.get(pk=appointment.pk).status


def made(provider, service, start, status=Status.CONFIRMED, customer=None, minutes=60, **fields):
    """A row as it would be found, without the services: for what pages read."""
    customer = customer or UserFactory()
    return Appointment.objects.create(
        provider=provider,
        service=service,
        customer=customer,
        status=status,
        start=start,
        end=start + timedelta(minutes=minutes),
        price=58,
        currency="GBP",
        booking_key=str(start.timestamp()),
        **demanded_by(status, start) | fields,
    )


def texts(response):
    return " ".join(response.content.decode().split())


# --- Today ----------------------------------------------------------------------------------------------------------


def test_today_says_where_the_day_stands(studio, provider, service):
    made(provider, service, NOW + timedelta(hours=2), customer=UserFactory(name="Dana Kowalski"))

    page = studio.get(page_of("studio_today"))

    assert page.status_code == 200
    assert page.context["day"].sentence == "One to go. You are free until 10:00."
    assert "Monday 2 March" in texts(page)
    assert "Dana Kowalski" in texts(page)
    assert "London time, now" in texts(page)
    assert page.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_today_speaks_in_the_providers_zone_not_in_the_accounts(studio, provider, service):
    provider.user.time_zone = "Asia/Tokyo"
    provider.user.save()
    made(provider, service, NOW + timedelta(hours=2))

    page = studio.get(page_of("studio_today"))

    assert "10:00" in texts(page)
    assert "Tokyo" not in texts(page)


def test_today_shows_each_state_and_busy_times_in_words(studio, provider, service):
    made(provider, service, NOW + timedelta(hours=1), status=Status.NO_SHOW)
    made(provider, service, NOW + timedelta(hours=3), status=Status.REQUESTED, answer_by=NOW + timedelta(hours=2))
    made(provider, service, NOW + timedelta(hours=5), status=Status.CANCELLED)
    BusyInterval.objects.create(provider=provider, start=NOW + timedelta(hours=6), end=NOW + timedelta(hours=7))

    page = texts(studio.get(page_of("studio_today")))

    assert ", Monday 2 March, <time" not in page  # words of dates are one sentence with their times
    assert "Monday 2 March, 09:00" in page and "No-show" in page
    assert "Awaiting your answer" in page
    assert "in your own calendar" in page
    assert "Cancelled" not in page


def test_today_of_somebody_new_leads_to_what_comes_first(studio):
    page = texts(studio.get(page_of("studio_today")))

    assert "Your page is ready for its first appointment" in page
    assert "No requests are waiting" in page


def test_today_without_anything_names_the_next(studio, provider, service):
    made(provider, service, datetime(2026, 4, 9, 9, tzinfo=UTC))

    page = texts(studio.get(page_of("studio_today")))

    assert "Nothing today. Your next is Thu 9 April, 10:00." in page
    assert "ready for its first appointment" not in page


def test_today_drops_a_request_whose_time_is_over_before_the_job_marks_it(studio, provider, service):
    made(provider, service, NOW + timedelta(hours=3), status=Status.REQUESTED, answer_by=NOW)

    page = studio.get(page_of("studio_today"))

    assert page.context["studio"].waiting_count == 0
    assert [column.count for column in page.context["week"].columns] == [0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("listing", "words"),
    [(Listing.PAUSED, "Your page is paused."), (Listing.HIDDEN, "Our team has hidden your page.")],
)
def test_today_says_why_nobody_can_book(studio, provider, service, listing, words):
    provider.listing = listing
    provider.save()

    assert words in texts(studio.get(page_of("studio_today")))


def test_today_shows_one_banner_the_request_about_to_expire_first(studio, provider, service):
    provider.listing = Listing.PAUSED
    provider.save()
    asks = UserFactory(name="Hugo Blanc")
    until = NOW + timedelta(minutes=59)
    made(provider, service, TUESDAY_TEN, status=Status.REQUESTED, answer_by=until, customer=asks)

    page = texts(studio.get(page_of("studio_today")))

    assert "Hugo’s request expires in 59 min." in page
    assert "Your page is paused." not in page


@pytest.mark.parametrize("query", ["?week=2026-W54", "?week=x", "?day=2026-02-30", "?day=0001-01-01&week=9999-W52"])
def test_today_survives_nonsense_in_its_address(studio, query):
    page = studio.get(page_of("studio_today") + query)

    assert page.status_code == 200
    assert page.context["week"].title == "2 to 6 March"


def test_today_shows_another_week_and_keeps_the_headline(studio, provider, service):
    made(provider, service, datetime(2026, 3, 12, 10, tzinfo=UTC))

    page = studio.get(page_of("studio_today") + "?week=2026-W11")

    assert page.context["week"].title == "9 to 13 March"
    assert [column.count for column in page.context["week"].columns] == [0, 0, 0, 1, 0]
    assert page.context["day"].day.isoformat() == "2026-03-02"


def fill(provider, service, rows):
    """So many in this week and around it: done, to come, and waiting."""
    customers = [UserFactory() for _ in range(min(rows, 5))]
    for n in range(rows):
        start = NOW - timedelta(days=30) + timedelta(hours=2 * n)
        status = [Status.COMPLETED, Status.CONFIRMED, Status.REQUESTED][n % 3]
        answer_by = max(start, NOW + timedelta(hours=2)) if status == Status.REQUESTED else None
        made(provider, service, start, status=status, customer=customers[n % len(customers)], answer_by=answer_by)
        BusyInterval.objects.create(provider=provider, start=start, end=start + timedelta(hours=1))
    DateOverrideFactory(provider=provider, start_on=NOW.date(), ranges=[])


@pytest.mark.parametrize("rows", [3, 500])
@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("studio_today", QUERIES_OF_TODAY),
        ("studio_requests", QUERIES_OF_REQUESTS),
        ("studio_customers", QUERIES_OF_CUSTOMERS),
    ],
)
def test_pages_cost_the_same_for_many_rows(studio, provider, service, django_assert_num_queries, name, queries, rows):
    fill(provider, service, rows)
    address = page_of(name)
    studio.get(address)

    with django_assert_num_queries(queries):
        assert studio.get(address).status_code == 200


@pytest.mark.parametrize("rows", [1, 300])
def test_a_customers_card_costs_the_same_for_many_rows(studio, provider, service, django_assert_num_queries, rows):
    customer = UserFactory()
    for n in range(rows):
        made(provider, service, NOW - timedelta(hours=2 * n), status=Status.COMPLETED, customer=customer)
    address = page_of("studio_customer", customer.uuid)
    studio.get(address)

    # Session with user, the provider, what waits; who it is, their figures, what is between the two, their blocks,
    # the notes about them and their appointments.
    with django_assert_num_queries(9):
        assert studio.get(address).status_code == 200


def test_frame_counts_requests_on_every_studio_page_with_one_query(studio, request_, django_assert_max_num_queries):
    with django_assert_max_num_queries(10) as asked:
        page = studio.get(page_of("studio_policies"))

    # Once, though it stands in the rail and in the bar.
    assert (
        len([query for query in asked.captured_queries if "COUNT(" in query["sql"] and "session" not in query["sql"]])
        == 1
    )
    assert '<span class="visually-hidden">, 1 waiting</span>' in texts(page)


# --- Requests -------------------------------------------------------------------------------------------------------


def test_requests_come_with_the_soonest_deadline_first(studio, provider, service):
    late = made(provider, service, TUESDAY_TEN, status=Status.REQUESTED, answer_by=NOW + timedelta(hours=9))
    soon = made(
        provider, service, TUESDAY_TEN + timedelta(days=1), status=Status.REQUESTED, answer_by=NOW + timedelta(hours=1)
    )
    made(provider, service, TUESDAY_TEN + timedelta(days=2), status=Status.REQUESTED, answer_by=NOW)

    page = studio.get(page_of("studio_requests"))

    rows = page.context["rows"]
    assert [row.appointment.pk for row in rows] == [soon.pk, late.pk]
    assert [row.is_soon for row in rows] == [True, False]
    assert "<title>(2) Requests – Studio" in texts(page)
    assert "Expires in 1 h" in texts(page)


def test_request_tells_the_history_with_this_provider_alone(studio, provider, service, customer):
    other = ServiceFactory()
    for days, status in ((1, Status.COMPLETED), (2, Status.COMPLETED), (3, Status.NO_SHOW), (4, Status.CANCELLED)):
        made(provider, service, NOW - timedelta(days=days), status=status, customer=customer)
        made(other.provider, other, NOW - timedelta(days=days, hours=1), status=status, customer=customer)
    asks = {"status": Status.REQUESTED, "answer_by": NOW + timedelta(hours=9)}
    made(provider, service, TUESDAY_TEN, customer=customer, **asks)

    page = studio.get(page_of("studio_requests"))

    assert [row.history for row in page.context["rows"]] == ["2 visits, 1 no-show, 1 late cancellation"]


def test_requests_stand_in_pages_with_the_number_of_all(studio, provider, service, customer):
    asks = {"status": Status.REQUESTED, "customer": customer}
    starts = [TUESDAY_TEN + timedelta(hours=2 * n) for n in range(PER_PAGE + 3)]
    for n, start in enumerate(starts):
        made(provider, service, start, answer_by=NOW + timedelta(hours=9, minutes=n), **asks)
    made(provider, service, NOW - timedelta(days=3), status=Status.COMPLETED, customer=customer)

    pages = [studio.get(page_of("studio_requests"), {"page": number}).context for number in ("1", "2", "9")]

    shown = [[row.appointment.start for row in page["rows"]] for page in pages]
    assert shown == [starts[:PER_PAGE], starts[PER_PAGE:], starts[PER_PAGE:]]
    assert {page["studio"].waiting_count for page in pages} == {PER_PAGE + 3}
    assert {row.history for page in pages for row in page["rows"]} == {"1 visit, always kept"}


def test_request_shows_how_it_fits_the_day(studio, provider, service):
    asks = {"status": Status.REQUESTED, "answer_by": NOW + timedelta(hours=9)}
    made(provider, service, TUESDAY_TEN, **asks)
    made(provider, service, TUESDAY_TEN + timedelta(hours=2))

    fit = studio.get(page_of("studio_requests")).context["rows"][0].fit

    assert [kind for kind, _, _ in fit.segments] == ["open", "confirmed", "requested this"]
    assert fit.words == (
        "Tuesday 3 March from 09:00 to 17:00: open 09:00 to 17:00; booked 12:00 to 13:00. "
        "It asks for Tue 3 March, 10:00 to 11:00."
    )


def test_no_requests_says_so(studio):
    assert "No requests are waiting" in texts(studio.get(page_of("studio_requests")))


def test_accepting_confirms_and_says_so(studio, request_):
    page = studio.post(url("accept_request", request_), follow=True)

    assert page.redirect_chain == [(page_of("studio_requests"), 302)]
    assert status_of(request_) == Status.CONFIRMED
    assert "is booked. We email you both." in texts(page)


def test_accepting_on_today_stays_there(studio, request_):
    answer = studio.post(url("accept_request", request_), {"from": "today"})

    assert answer["Location"] == page_of("studio_today")


def test_accepting_twice_is_calm(studio, request_):
    studio.post(url("accept_request", request_))

    page = studio.post(url("accept_request", request_), follow=True)

    assert page.status_code == 200
    assert "was already accepted. Nothing changed." in texts(page)
    assert AppointmentEvent.objects.filter(appointment=request_).count() == 2


def test_accepting_what_was_withdrawn_says_who_was_faster(studio, by_hand, book):
    hugo = UserFactory(name="Hugo Blanc")
    request_ = book(customer=hugo).appointment
    transitions.withdraw_request(appointment=request_, actor=hugo)

    page = studio.post(url("accept_request", request_))

    assert page.status_code == 409
    assert "Hugo withdrew this a minute ago." in texts(page)
    assert status_of(request_) == Status.CANCELLED


def test_accepting_after_the_deadline_says_so_though_the_job_is_late(studio, request_):
    with time_machine.travel(request_.answer_by + timedelta(seconds=1), tick=False):
        page = studio.post(url("accept_request", request_))

    assert page.status_code == 409
    assert "expired at Mon 2 March, 15:23, before it was answered." in texts(page)
    assert status_of(request_) == Status.REQUESTED


def test_accepting_many_confirms_those_that_still_can_be(studio, by_hand, book):
    first, second, gone = (book(TUESDAY_TEN + timedelta(hours=n)).appointment for n in (0, 2, 4))
    transitions.withdraw_request(appointment=gone, actor=gone.customer)

    page = studio.post(
        page_of("accept_requests"), {"request": [first.reference, gone.reference, second.reference, "nonsense"]}
    )

    assert page.status_code == 409
    assert [status_of(one) for one in (first, second, gone)] == [
        Status.CONFIRMED,
        Status.CONFIRMED,
        Status.CANCELLED,
    ]
    assert "withdrew this a minute ago." in texts(page)
    assert "2 requests were accepted" in texts(page)


def test_accepting_many_counts_them(studio, by_hand, book):
    both = [book(TUESDAY_TEN + timedelta(hours=n)).appointment.reference for n in (0, 2)]

    page = studio.post(page_of("accept_requests"), {"request": both}, follow=True)
    again = studio.post(page_of("accept_requests"), {"request": both}, follow=True)
    none = studio.post(page_of("accept_requests"), follow=True)

    assert "2 requests were accepted" in texts(page)
    assert "2 requests were already accepted before" in texts(again)
    assert "nothing changed" in texts(none)


def test_accepting_many_refuses_all_when_one_is_another_providers(studio, by_hand, book):
    mine = book().appointment
    other = ProviderFactory(policy__accepts_at_once=False)
    theirs = book(service=ServiceFactory(provider=other, duration_minutes=60), booking_key="other").appointment

    answer = studio.post(page_of("accept_requests"), {"request": [mine.reference, theirs.reference]})

    assert answer.status_code == 404
    assert [status_of(one) for one in (mine, theirs)] == [Status.REQUESTED] * 2


def test_declining_asks_first_and_keeps_the_reason(studio, request_):
    asked = studio.get(url("decline_request", request_))
    page = studio.post(url("decline_request", request_), {"reason": "I am away that day."}, follow=True)

    assert "Reason" in texts(asked) and status_of(request_) == Status.DECLINED
    assert "the time is no longer held" in texts(page)
    assert AppointmentEvent.objects.get(appointment=request_, verb="decline").reason == "I am away that day."
    assert not Hold.objects.filter(appointment=request_).exists()


def test_declining_with_too_long_a_reason_keeps_what_was_typed(studio, request_):
    page = studio.post(url("decline_request", request_), {"reason": "x" * 501})

    assert page.status_code == 422
    assert "x" * 501 in texts(page)
    assert status_of(request_) == Status.REQUESTED


def test_declining_what_was_accepted_is_refused_in_words(studio, request_):
    studio.post(url("accept_request", request_))

    page = studio.post(url("decline_request", request_))

    assert page.status_code == 409
    assert "This appointment is already confirmed." in texts(page)
    assert status_of(request_) == Status.CONFIRMED


def test_old_links_of_a_request_lead_to_what_came_of_it(studio, request_):
    assert studio.get(url("studio_appointment", request_))["Location"] == url("studio_request", request_)

    studio.post(url("accept_request", request_))

    assert studio.get(url("studio_request", request_))["Location"] == url("studio_appointment", request_)
    assert studio.get(url("decline_request", request_))["Location"] == url("studio_appointment", request_)


# --- One appointment ------------------------------------------------------------------------------------------------


def test_request_page_says_until_when_and_offers_both_answers(studio, request_):
    page = texts(studio.get(url("studio_request", request_)))

    assert "asks for this time." in page
    assert "It is not confirmed yet." in page
    assert "Tue 3 March, 10:00" in page
    assert url("accept_request", request_) in page and url("decline_request", request_) in page


def test_appointment_page_offers_cancelling_before_and_marking_after_the_start(studio, appointment):
    before = texts(studio.get(url("studio_appointment", appointment)))
    with time_machine.travel(appointment.start, tick=False):
        during = texts(studio.get(url("studio_appointment", appointment)))

    assert url("studio_cancel", appointment) in before and url("mark_no_show", appointment) not in before
    assert url("studio_cancel", appointment) not in during and url("mark_no_show", appointment) in during
    assert url("complete_appointment", appointment) in during


def test_marking_and_correcting_both_ways_for_seven_days(studio, appointment):
    with time_machine.travel(appointment.start, tick=False):
        studio.post(url("complete_appointment", appointment))
        assert status_of(appointment) == Status.COMPLETED

        studio.post(url("correct_outcome", appointment), {"to": "no_show"})
        studio.post(url("correct_outcome", appointment), {"to": "no_show"})
        assert status_of(appointment) == Status.NO_SHOW

    with time_machine.travel(appointment.start + timedelta(days=7), tick=False):
        studio.post(url("correct_outcome", appointment), {"to": "completed"})
        assert status_of(appointment) == Status.COMPLETED

    with time_machine.travel(appointment.start + timedelta(days=7, seconds=1), tick=False):
        page = studio.post(url("correct_outcome", appointment), {"to": "no_show"})
        shown = texts(studio.get(url("studio_appointment", appointment)))
    assert page.status_code == 409
    assert status_of(appointment) == Status.COMPLETED
    assert url("correct_outcome", appointment) not in shown


def test_marking_before_the_start_is_refused_in_words(studio, appointment):
    page = studio.post(url("mark_no_show", appointment))

    assert page.status_code == 409
    assert "It can be marked from its start on." in texts(page)
    assert status_of(appointment) == Status.CONFIRMED


def test_correcting_to_nothing_known_is_refused(studio, appointment):
    answers = [studio.post(url("correct_outcome", appointment), data) for data in ({}, {"to": "cancelled"})]

    assert [answer.status_code for answer in answers] == [400, 400]


def test_cancelling_explains_then_cancels_with_a_reason_for_the_customer(studio, appointment):
    asked = texts(studio.get(url("studio_cancel", appointment)))
    page = studio.post(url("studio_cancel", appointment), {"reason": "I am ill."}, follow=True)

    assert "counts on this time." in asked
    assert status_of(appointment) == Status.CANCELLED
    assert "Cancelled by you." in texts(page) and "“I am ill.”" in texts(page)
    assert AppointmentEvent.objects.get(appointment=appointment, verb="cancel").role == Role.PROVIDER


def test_cancelling_after_the_start_is_refused_in_words(studio, appointment):
    with time_machine.travel(appointment.start, tick=False):
        asked = studio.get(url("studio_cancel", appointment))
        page = studio.post(url("studio_cancel", appointment))

    assert "It has already started" in texts(asked)
    assert page.status_code == 409
    assert status_of(appointment) == Status.CONFIRMED


def test_hostile_text_stays_text(studio, by_hand, book):
    nasty = UserFactory(name="<script>alert(1)</script>")
    request_ = book(customer=nasty, note="<img src=x onerror=alert(1)>{{ 7|add:7 }}").appointment

    for address in (page_of("studio_today"), page_of("studio_requests"), url("studio_request", request_)):
        page = texts(studio.get(address))
        assert "<script>alert" not in page and "<img src=x" not in page and "onerror=alert(1)&gt;" in page


# --- Who may see what -----------------------------------------------------------------------------------------------


def test_anothers_appointment_looks_like_none(client, appointment):
    stranger = ProviderFactory()
    client.force_login(stranger.user)
    nobodys = "".join(REFERENCE_ALPHABET[:8])

    def answer(reference):
        page = client.get(reverse("studio_appointment", args=[reference]))
        return page.status_code, page.content.replace(reference.encode(), b"")

    theirs, none = answer(appointment.reference), answer(nobodys)
    assert theirs[0] == none[0] == 404
    assert b"Person" not in theirs[1]


def test_nothing_changes_by_looking(studio, by_hand, book):
    request_ = book().appointment
    pages = ("accept_request", "complete_appointment", "mark_no_show", "correct_outcome")

    answers = [studio.get(url(name, request_)).status_code for name in pages]
    studio.get(url("decline_request", request_))
    studio.get(url("studio_cancel", request_))

    assert answers == [405] * 4
    assert status_of(request_) == Status.REQUESTED
    assert AppointmentEvent.objects.filter(appointment=request_).count() == 1


def test_contact_is_shown_until_90_days_after_the_last_appointment(client, provider, appointment):
    last_day = appointment.end + timedelta(days=90)
    email = appointment.customer.email.encode()
    address = reverse("studio_customer", args=[appointment.customer.uuid])

    def is_shown(moment):
        with time_machine.travel(moment, tick=False):
            client.force_login(provider.user)
            pages = [client.get(at) for at in (address, url("studio_appointment", appointment))]
        assert [page.status_code for page in pages] == [200, 200]
        return [email in page.content for page in pages]

    assert is_shown(last_day - timedelta(seconds=1)) == [True, True]
    assert is_shown(last_day) == [False, False]


def test_called_off_appointments_do_not_stretch_the_contact(provider, service, customer):
    far = NOW + timedelta(days=50)
    made(provider, service, far, status=Status.DECLINED, customer=customer, closed_at=NOW)

    figures = customer_figures(provider, customer, now=NOW)

    assert figures.until == NOW + timedelta(days=90)


def test_contact_of_a_closed_account_is_not_shown(studio, appointment):
    appointment.customer.is_active = False
    appointment.customer.save()

    page = studio.get(reverse("studio_customer", args=[appointment.customer.uuid]))

    assert appointment.customer.email not in texts(page)
    assert "This account is closed." in texts(page)


# --- Customers ------------------------------------------------------------------------------------------------------


def test_customers_lists_those_who_booked_with_their_figures(studio, provider, service, customer):
    other = ServiceFactory()
    made(provider, service, NOW - timedelta(days=2), status=Status.COMPLETED, customer=customer)
    made(provider, service, NOW - timedelta(days=1), status=Status.NO_SHOW, customer=customer)
    made(provider, service, TUESDAY_TEN, customer=customer)
    made(other.provider, other, NOW - timedelta(hours=5), status=Status.COMPLETED, customer=customer)
    made(other.provider, other, NOW - timedelta(days=9), status=Status.COMPLETED)

    rows = list(studio.get(page_of("studio_customers")).context["page"])

    assert [(row["customer__name"], row["visits"], row["last"], row["next"]) for row in rows] == [
        (customer.name, 1, NOW - timedelta(days=1), TUESDAY_TEN)
    ]


def test_customers_can_be_searched_and_sorted(studio, provider, service):
    often, lately = UserFactory(name="Owen Price"), UserFactory(name="Mina Sato")
    for days in (3, 4):
        made(provider, service, NOW - timedelta(days=days), status=Status.COMPLETED, customer=often)
    made(provider, service, NOW - timedelta(days=1), status=Status.COMPLETED, customer=lately)

    def names(query=""):
        return [row["customer__name"] for row in studio.get(page_of("studio_customers") + query).context["page"]]

    assert names() == ["Mina Sato", "Owen Price"]
    assert names("?sort=visits") == ["Owen Price", "Mina Sato"]
    assert names("?q=pri+owe") == ["Owen Price"]
    assert names("?sort=email&page=99") == ["Mina Sato", "Owen Price"]
    assert names("?q=%25") == names("?q=💥") == []
    assert "Nobody of that name" in texts(studio.get(page_of("studio_customers") + "?q=zzz"))


@pytest.mark.every_case
@pytest.mark.parametrize("words", ["zoe", "ZOË", "Łukasz", "lukasz muller", "müller"])
def test_customers_are_found_whatever_keyboard_they_are_typed_on(studio, provider, service, words):
    made(provider, service, NOW - timedelta(days=1), status=Status.COMPLETED, customer=UserFactory(name="Owen Price"))
    zoe = UserFactory(name="Zoë Łukasz-Müller")
    for days in (2, 3):
        made(provider, service, NOW - timedelta(days=days), status=Status.COMPLETED, customer=zoe)

    page = studio.get(page_of("studio_customers"), {"q": words}).context["page"]

    assert [(row["customer__name"], row["visits"]) for row in page] == [("Zoë Łukasz-Müller", 2)]


def test_customer_page_shows_what_was_between_the_two_alone(studio, provider, service, customer):
    other = ServiceFactory(name="Something else")
    mine = made(provider, service, NOW - timedelta(days=2), status=Status.COMPLETED, customer=customer)
    made(other.provider, other, NOW - timedelta(days=1), status=Status.COMPLETED, customer=customer)

    page = studio.get(reverse("studio_customer", args=[customer.uuid]))

    assert [one.pk for one, _ in page.context["rows"]] == [mine.pk]
    assert "Something else" not in texts(page)
    assert "1 visit, always kept" in texts(page)


@pytest.mark.every_case
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"left": timedelta(hours=12)}, "1 visit, 1 late cancellation"),
        ({"left": timedelta(hours=12, seconds=1)}, "1 visit, always kept"),
        ({"left": timedelta(hours=1), "ended_by": Role.PROVIDER}, "1 visit, always kept"),
        ({"left": timedelta(hours=1), "ended_by": Role.STAFF}, "1 visit, always kept"),
        ({"left": timedelta(hours=1), "was_withdrawn": True}, "1 visit, always kept"),
    ],
)
def test_only_what_the_customer_cancelled_late_is_held_against_always_kept(
    studio, provider, service, customer, fields, words
):
    start = NOW - timedelta(days=1)
    made(provider, service, start - timedelta(days=1), status=Status.COMPLETED, customer=customer)
    fields = dict(fields)
    closed_at = start - fields.pop("left")
    made(provider, service, start, status=Status.CANCELLED, customer=customer, closed_at=closed_at, **fields)
    asks = {"status": Status.REQUESTED, "answer_by": NOW + timedelta(hours=9)}
    made(provider, service, TUESDAY_TEN, customer=customer, **asks)

    card = studio.get(reverse("studio_customer", args=[customer.uuid]))
    page = studio.get(page_of("studio_requests"))

    assert words in texts(card)
    assert [row.history for row in page.context["rows"]] == [words]


def test_customer_who_never_booked_here_does_not_exist(studio, customer):
    other = ServiceFactory()
    made(other.provider, other, NOW, customer=customer)

    assert studio.get(reverse("studio_customer", args=[customer.uuid])).status_code == 404


# --- The calendar file ----------------------------------------------------------------------------------------------


def test_the_provider_has_the_calendar_entry_too(studio, appointment):
    address = url("studio_appointment_ics", appointment)

    page, file = studio.get(url("studio_appointment", appointment)), studio.get(address)

    assert f'href="{address}"' in page.content.decode()
    assert file["Content-Type"] == "text/calendar; charset=utf-8"
    assert file["Content-Disposition"] == f'attachment; filename="appointment-{appointment.reference}.ics"'
    assert f"SUMMARY:{appointment.customer.name}".encode() in file.content


def test_a_request_and_somebody_elses_appointment_have_no_file_for_them(studio, client, request_):
    assert studio.get(url("studio_appointment_ics", request_)).status_code == 404
    transitions.accept_request(appointment=request_, actor=request_.provider.user)
    assert studio.get(url("studio_appointment_ics", request_)).status_code == 200

    client.force_login(ProviderFactory().user)
    assert client.get(url("studio_appointment_ics", request_)).status_code == 404
    client.force_login(request_.customer)
    assert client.get(url("studio_appointment_ics", request_)).status_code == 404


# --- Pages that stay open ---------------------------------------------------------------------------------------------


def in_place(name, **more):
    """The headers of a press on a button of this page, where scripts run."""
    return {
        "HX-Request": "true",
        "HX-Target": "requests",
        "HX-Current-URL": f"http://testserver{page_of(name)}",
        **more,
    }


POLL = {"HX-Request": "true", "HX-Target": "poll"}


def seen_in(answer) -> str:
    """What the page sends along when it asks what is new."""
    return re.search(r'"seen": "([^"]+)"', unescape(answer.content.decode()))[1]


@pytest.mark.parametrize("name", ["studio_today", "studio_requests"])
def test_accepting_in_place_answers_with_the_rest_and_goes_on_with_the_next(studio, by_hand, book, name):
    first, second = (
        book(TUESDAY_TEN + timedelta(hours=n), customer=UserFactory(name=who)).appointment
        for n, who in [(0, "Hugo Blanc"), (2, "Tess Byrne")]
    )

    answer = studio.post(url("accept_request", first), headers=in_place(name))

    text = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert status_of(first) == Status.CONFIRMED
    assert "<html" not in text
    assert f'id="a-{first.reference}"' not in text
    assert f'id="r-{second.reference}" tabindex="-1" data-focus' in text
    assert text.count("data-focus") == 1
    assert 'data-announce="Accepted: Hugo is booked. We email you both. 1 request waits for your answer."' in text
    assert "Accepted: Hugo is booked." in answer["HX-Trigger"]
    assert not list(get_messages(answer.wsgi_request))


def test_accepting_the_last_in_place_goes_on_with_the_heading(studio, request_):
    answer = studio.post(url("accept_request", request_), headers=in_place("studio_requests"))

    assert '<h1 tabindex="-1" data-focus>Requests</h1>' in answer.content.decode()
    assert "No requests are waiting" in texts(answer)


def test_accepting_in_place_keeps_the_week_that_is_shown(studio, request_):
    there = in_place("studio_today") | {"HX-Current-URL": "http://testserver/studio/?week=2026-W20"}

    answer = studio.post(url("accept_request", request_), headers=there)

    assert "11 to 15 May" in texts(answer)
    assert 'hx-get="/studio/?week=2026-W20"' in answer.content.decode()


def test_a_page_without_an_address_is_answered_like_the_list_of_requests(studio, request_):
    there = in_place("studio_today") | {"HX-Current-URL": "http://["}

    answer = studio.post(url("accept_request", request_), headers=there)

    assert answer.status_code == 200
    assert status_of(request_) == Status.CONFIRMED
    assert "No requests are waiting" in texts(answer)


@pytest.mark.parametrize("in_place_", [True, False])
def test_a_press_leads_on_to_the_other_pages_of_the_list(studio, provider, service, in_place_):
    ends = {"status": Status.REQUESTED, "answer_by": NOW + timedelta(hours=9)}
    asked = [made(provider, service, TUESDAY_TEN + timedelta(hours=2 * n), **ends) for n in range(42)]
    expired = made(provider, service, NOW + timedelta(hours=1), status=Status.EXPIRED)
    there = in_place("studio_requests") | {"HX-Current-URL": "http://testserver/studio/requests/?page=2"}

    if in_place_:
        answer = studio.post(url("accept_request", asked[-1]), headers=there)
    else:
        answer = studio.post(page_of("accept_requests"), {"request": [expired.reference]})

    turns = dict(re.findall(r'href="([^"]+)" rel="(\w+)"', answer.content.decode()))
    wanted = {"/studio/requests/": "prev", "/studio/requests/?page=3": "next"}
    assert turns == (wanted if in_place_ else {"/studio/requests/?page=2": "next"})


def test_accepting_in_place_keeps_what_is_ticked(studio, by_hand, book):
    first, second, third = (book(TUESDAY_TEN + timedelta(hours=n)).appointment for n in (0, 2, 4))

    answer = studio.post(
        url("accept_request", first), {"request": [third.reference]}, headers=in_place("studio_requests")
    )

    boxes = re.findall(r'value="(\w{8})"( checked)?', answer.content.decode())
    assert boxes == [(second.reference, ""), (third.reference, " checked")]


def test_a_press_in_place_that_comes_too_late_says_by_whom_it_was_answered(studio, request_):
    name = request_.customer.first_name
    transitions.decline_request(appointment=request_, actor=request_.provider.user)

    page = studio.post(url("accept_request", request_), headers=in_place("studio_today"))

    assert page.status_code == 409
    assert f"You declined {name}’s request a minute ago." in texts(page)
    assert "Nothing was changed." in texts(page)
    assert page.content.decode().count("data-focus") == 1


def test_declining_in_place_changes_the_list_and_a_wrong_reason_the_dialog(studio, request_):
    wrong = studio.post(url("decline_request", request_), {"reason": "x" * 501}, headers=in_place("studio_requests"))
    done = studio.post(url("decline_request", request_), {"reason": "Away."}, headers=in_place("studio_requests"))

    assert (wrong.status_code, wrong["HX-Retarget"], wrong["HX-Reselect"]) == (422, "dialog .weighcard", ".weighcard")
    assert "No requests are waiting" in texts(done)
    assert status_of(request_) == Status.DECLINED


@pytest.mark.parametrize("name", ["studio_today", "studio_requests"])
def test_an_open_page_is_answered_with_nothing_while_nothing_changed(
    studio, provider, service, django_assert_num_queries, name
):
    fill(provider, service, 30)
    seen = seen_in(studio.get(page_of(name)))

    with django_assert_num_queries(QUERIES_OF_TODAY if name == "studio_today" else QUERIES_OF_REQUESTS):
        answer = studio.get(page_of(name), {"seen": seen}, headers=POLL)

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("name", ["studio_today", "studio_requests"])
def test_an_open_page_takes_the_buttons_off_what_was_answered_elsewhere(studio, by_hand, book, name):
    first, second = (book(TUESDAY_TEN + timedelta(hours=n)).appointment for n in (0, 2))
    seen = seen_in(studio.get(page_of(name)))
    transitions.accept_request(appointment=first, actor=by_hand.user)

    answer = studio.get(page_of(name), {"seen": seen}, headers=POLL)
    again = studio.get(page_of(name), {"seen": seen_in(answer)}, headers=POLL)

    text = answer.content.decode()
    assert f'id="do-{first.reference}" hx-swap-oob="true"' in text
    assert f'id="do-{second.reference}"' not in text
    assert "Confirmed" in texts(answer)
    assert 'data-announce="1 request waits for your answer."' in text
    assert "data-focus" not in text
    assert again.status_code == 204


def test_an_open_page_counts_what_came_in_and_shows_it_when_asked(studio, by_hand, book):
    book()
    seen = seen_in(studio.get(page_of("studio_requests")))
    new = book(TUESDAY_TEN + timedelta(hours=2)).appointment

    answer = studio.get(page_of("studio_requests"), {"seen": seen}, headers=POLL)
    shown = studio.get(page_of("studio_requests"), {"seen": seen_in(answer)}, headers=in_place("studio_requests"))

    assert 'aria-label="Show 1 more request"' in answer.content.decode()
    assert new.reference not in answer.content.decode()
    assert "(2) Requests – Studio" in texts(answer)
    assert f'id="r-{new.reference}" tabindex="-1" data-focus' in shown.content.decode()


def test_an_open_page_keeps_its_warning_true_and_gets_none_by_itself(studio, by_hand, book):
    urgent, other = (book(TUESDAY_TEN + timedelta(hours=n)).appointment for n in (0, 2))
    near = {"answer_by": NOW + timedelta(minutes=40)}
    calm = seen_in(studio.get(page_of("studio_today")))
    Appointment.objects.filter(pk=urgent.pk).update(**near)

    without = studio.get(page_of("studio_today"), {"seen": calm}, headers=POLL)
    warned = seen_in(studio.get(page_of("studio_today")))
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        later = studio.get(page_of("studio_today"), {"seen": warned}, headers=POLL)
    transitions.withdraw_request(appointment=urgent, actor=urgent.customer)
    over = studio.get(page_of("studio_today"), {"seen": seen_in(later)}, headers=POLL)

    assert 'id="banner"' not in without.content.decode()
    assert "request expires in 30 min." in texts(later)
    assert "The request that was about to expire waits no more." in texts(over)
    assert f"!{urgent.reference}" not in seen_in(over)


def test_a_page_left_open_over_night_says_the_new_day(studio):
    seen = seen_in(studio.get(page_of("studio_today")))

    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        answer = studio.get(page_of("studio_today"), {"seen": seen}, headers=POLL)

    assert re.search(r"<h1><time [^>]*>Tuesday 3 March</time></h1>", answer.content.decode())


def test_an_open_page_without_rows_shows_the_first_request_by_itself(studio, by_hand, book):
    seen = seen_in(studio.get(page_of("studio_requests")))
    new = book().appointment

    answer = studio.get(page_of("studio_requests"), {"seen": seen}, headers=POLL)

    assert 'hx-swap-oob="innerHTML:#requests"' in answer.content.decode()
    assert f'id="r-{new.reference}"' in answer.content.decode()
    assert "data-focus" not in answer.content.decode()


def test_an_open_page_that_sends_nonsense_is_drawn_anew(studio, request_):
    answers = [
        studio.get(page_of("studio_today"), {"seen": seen}, headers=POLL)
        for seen in ("", "1", "0" * 16 + ".1." + "X" * 8000)
    ]

    assert [answer.status_code for answer in answers] == [200] * 3


def test_an_open_page_never_sees_what_is_another_providers(studio, provider, book):
    other = ProviderFactory(policy__accepts_at_once=False)
    theirs = book(service=ServiceFactory(provider=other, duration_minutes=60)).appointment
    transitions.accept_request(appointment=theirs, actor=other.user)

    answer = studio.get(page_of("studio_today"), {"seen": f"{'0' * 16}.1.{theirs.reference}"}, headers=POLL)

    assert f"do-{theirs.reference}" not in answer.content.decode()
    assert theirs.customer.name not in answer.content.decode()
