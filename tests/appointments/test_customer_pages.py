"""A customer's own pages: what they have, one of them, and calling it off. It is Monday 2 March 2026, 08:00, London."""

import re
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments import links
from appointments.models import Appointment, AppointmentEvent, Hold
from appointments.services import transitions
from appointments.states import Role, Status
from core.paging import PER_PAGE
from notifications.models import SentMail
from outbox.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by
from tests.factories.providers import ProviderFactory, ServiceFactory

from .conftest import NOW, TUESDAY_TEN, move_to_london

pytestmark = pytest.mark.django_db

LIST = "/my/appointments/"
numbers = count()


@pytest.fixture
def provider(provider):
    """In London: these tests read wall times."""
    return move_to_london(provider)


def text_of(response) -> str:
    """The page as it reads: without tags, spaces folded."""
    main = response.content.decode().split("<main", 1)[1].split("</main>")[0]
    return " ".join(re.sub(r"<[^>]*>", "", main).split())


def page_of(appointment, name="my_appointment"):
    return reverse(name, args=[appointment.reference])


@pytest.fixture
def me(client, customer):
    client.force_login(customer)
    return client


def many(customer, service, *, number, status=Status.COMPLETED, first=None, **fields):
    """Rows as a year of appointments leaves them behind, without the story of each."""
    first = first or NOW - timedelta(days=2)
    step = timedelta(hours=-2) if first < NOW else timedelta(hours=2)
    return Appointment.objects.bulk_create(
        Appointment(
            customer=customer,
            provider=service.provider,
            service=service,
            status=status,
            start=first + step * n,
            end=first + step * n + timedelta(hours=1),
            price=40,
            currency="GBP",
            booking_key=f"row {next(numbers)}",
            **demanded_by(status, NOW + timedelta(hours=5)) | fields,
        )
        for n in range(number)
    )


def queries_of(client, address):
    """How many queries the page costs beyond that for session and person."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(address)
    assert response.status_code == 200
    tables = ("accounts_session", "accounts_user")
    return len([q for q in captured if not any(f'FROM "{table}"' in q["sql"] for table in tables)])


# --- The list -------------------------------------------------------------------------------------------------------


def test_the_first_visit_says_what_will_be_here(me):
    said = text_of(me.get(LIST))

    assert "Your appointments will be here" in said
    assert "Find a provider" in said


def test_the_next_appointment_stands_large_above_the_later_ones(me, confirmed, book, provider):
    later = book(start=TUESDAY_TEN + timedelta(days=1)).appointment

    response = me.get(LIST)
    said = text_of(response)

    assert response.context["next"].standing.appointment == confirmed
    assert [row.appointment for row in response.context["rows"]] == [later]
    assert "Next, tomorrow" in said
    assert (
        "Free to cancel before Mon 2 March, 22:00. After that it is a late cancellation, and in the last 2 hours only "
        f"{provider.first_name} can cancel."
    ) in said
    assert "All times in London time, now 08:00." in said


def test_an_appointment_that_runs_now_is_the_next_one_and_says_so(me, confirmed):
    with time_machine.travel(TUESDAY_TEN + timedelta(minutes=20), tick=False):
        me.force_login(confirmed.customer)
        said = text_of(me.get(LIST))

    assert "On now" in said
    assert "It has already started, so it can no longer be cancelled." in said


def test_the_tabs_count_what_each_list_holds(me, customer, service, confirmed):
    many(customer, service, number=3, status=Status.REQUESTED, first=NOW + timedelta(days=9))
    many(customer, service, number=2)

    tabs = {tab.value: number for tab, number in me.get(LIST).context["tabs"]}
    shown = {tab: len(me.get(LIST, {"tab": tab}).context["rows"]) for tab in tabs}

    assert tabs == {"upcoming": 1, "waiting": 3, "history": 2}
    assert shown == {"upcoming": 0, "waiting": 3, "history": 2}


def test_a_request_nobody_answered_is_over_even_before_the_job_has_marked_it(me, requested):
    with time_machine.travel(requested.answer_by, tick=False):
        me.force_login(requested.customer)
        waiting, history = me.get(LIST, {"tab": "waiting"}), me.get(LIST, {"tab": "history"})
        filtered = me.get(LIST, {"tab": "history", "state": "expired"})

    assert "You are up to date" in text_of(waiting)
    assert "Expired, not answered in time" in text_of(history)
    assert len(filtered.context["rows"]) == 1


def test_nothing_upcoming_offers_the_last_provider_again(me, customer, service, provider):
    many(customer, service, number=1)

    said = text_of(me.get(LIST))

    assert "Nothing is booked" in said
    assert f"Book {provider.first_name} again" in said


def test_a_provider_who_takes_no_bookings_is_not_offered_again(me, customer, service, provider):
    many(customer, service, number=1)
    provider.listing = "paused"
    provider.save()

    said = text_of(me.get(LIST))

    assert "Find a provider" in said
    assert "again" not in said


def test_history_can_be_searched_without_accents_and_by_reference(me, customer, service):
    other = ServiceFactory(name="Entrevista", provider=ProviderFactory(name="Tomás Herrera"))
    found = many(customer, other, number=1)[0]
    many(customer, service, number=2)

    def search(text):
        response = me.get(LIST, {"tab": "history", "q": text})
        return [row.appointment.pk for row in response.context["rows"]]

    assert search("tomas") == search("HERRERA entrev") == search(found.reference.lower()) == [found.pk]
    assert search("tomas zzz") == []


def test_filters_narrow_history_by_year_provider_and_state_in_the_readers_own_calendar(me, customer, service):
    # 31 December, 23:30 UTC, is already the new year in Paris.
    customer.time_zone = "Europe/Paris"
    customer.save()
    new_year = many(customer, service, number=1, first=datetime(2025, 12, 31, 23, 30, tzinfo=UTC))[0]
    old = many(customer, service, number=1, first=datetime(2025, 6, 1, 9, tzinfo=UTC), status=Status.NO_SHOW)[0]
    other = many(customer, ServiceFactory(), number=1)[0]

    def shown(**query):
        return {row.appointment.pk for row in me.get(LIST, {"tab": "history", **query}).context["rows"]}

    assert shown(year="2026") == {new_year.pk, other.pk}
    assert shown(year="2025") == {old.pk}
    assert shown(provider=other.provider.slug) == {other.pk}
    assert shown(state="no_show") == {old.pk}
    assert shown(year="2026", state="no_show") == set()


def test_filters_that_fit_nothing_say_so_and_can_be_cleared(me, customer, service):
    many(customer, service, number=1)

    said = text_of(me.get(LIST, {"tab": "history", "q": "zzz"}))

    assert "Nothing in your history fits" in said
    assert "Clear filters" in said


@pytest.mark.parametrize(
    "query",
    [
        "?tab=nonsense&page=-3",
        "?page=99999999999999999999",
        "?page=x&tab=history",
        "?tab=history&year=0&provider=nobody&state=gone&q=%01",
        "?tab=history&year=99999999999999999999&q=" + "x" * 5000,
        "?tz=../../etc/passwd",
    ],
)
def test_nonsense_in_the_address_shows_an_ordinary_page(me, confirmed, query):
    assert me.get(LIST + query).status_code == 200


def test_other_peoples_appointments_are_in_no_list(client, confirmed):
    client.force_login(UserFactory())

    response = client.get(LIST)

    assert response.context["counts"].total == 0
    assert confirmed.reference not in response.content.decode()


@pytest.mark.parametrize("tab", ["upcoming", "waiting", "history"])
def test_every_list_costs_the_same_few_queries_at_one_row_and_at_five_hundred(me, customer, service, tab):
    kinds = {
        "upcoming": {"status": Status.CONFIRMED, "first": NOW + timedelta(days=3)},
        "waiting": {"status": Status.REQUESTED, "first": NOW + timedelta(days=3)},
        "history": {},
    }
    address = f"{LIST}?tab={tab}"
    # Two rows in Upcoming: the first one stands above the list.
    many(customer, service, number=2 if tab == "upcoming" else 1, **kinds[tab])
    one = queries_of(me, address)
    for _ in range(10):
        kinds[tab]["first"] = kinds[tab].get("first", NOW - timedelta(days=1)) + timedelta(minutes=1)
        many(customer, ServiceFactory(provider=ProviderFactory(hours={})), number=50, **kinds[tab])

    assert queries_of(me, address) == one <= 9
    assert queries_of(me, address + "&page=2") <= one
    assert queries_of(me, address + "&page=25") <= one
    assert len(me.get(address + "&page=2").context["rows"]) == PER_PAGE


def test_a_filtered_history_costs_no_more_for_more_rows(me, customer, service):
    many(customer, service, number=1)
    address = f"{LIST}?tab=history&q={service.name}&state=completed&year=2026"
    one = queries_of(me, address)
    many(customer, service, number=300)

    assert queries_of(me, address) == one <= 7
    assert queries_of(me, address + "&page=2") == one


def test_no_list_reads_more_rows_than_it_shows(me, customer, service):
    many(customer, service, number=60)
    with CaptureQueriesContext(connection) as captured:
        me.get(LIST, {"tab": "history"})

    listed = 'FROM "appointments_appointment"'
    wide = [q["sql"] for q in captured if '"appointments_appointment"."note"' in q["sql"] and listed in q["sql"]]
    assert len(wide) == 1
    assert f"LIMIT {PER_PAGE}" in wide[0]


# --- One appointment ------------------------------------------------------------------------------------------------


def test_a_confirmed_appointment_says_where_how_much_and_whom_to_reach(me, confirmed, provider):
    provider.user.phone = "+442079460011"
    provider.user.save()

    response = me.get(page_of(confirmed))
    said = text_of(response)

    assert "You are booked." in said
    assert "Tuesday 3 March 2026, 10:00 to 11:00, London time" in said
    assert "18 Arlington Road" in said
    assert confirmed.reference in said
    assert provider.user.email in said
    assert "+44 20 7946 0011" in said
    assert [action.label for action in response.context["actions"]] == [
        "I will come",
        "Add to calendar",
        "Reschedule",
        "Cancel appointment",
    ]


def test_a_request_does_not_look_confirmed_and_shows_no_private_address(me, requested, provider):
    provider.user.phone = "+442079460011"
    provider.user.save()

    response = me.get(page_of(requested))
    said = text_of(response)

    assert f"{provider.first_name} has your request." in said
    assert "It is not confirmed yet." in said
    assert "data-dashed" in response.content.decode()
    assert provider.user.email not in said and "7946" not in said
    assert "18 Arlington Road" not in said
    assert [action.label for action in response.context["actions"]] == ["Reschedule", "Withdraw request"]


def test_the_timeline_tells_who_did_what_when_and_why_with_the_mails(me, requested, provider, customer):
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        transitions.accept_request(appointment=requested, actor=provider.user)
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        transitions.cancel_appointment(
            appointment=requested, actor=provider.user, role=Role.PROVIDER, reason="I have a <cold>, sorry."
        )
    about = {"about": requested.reference, "message_id": "<1>", "kind": "confirmed"}
    SentMail.objects.create(key="1", user=customer, state="sent", sent_at=NOW + timedelta(hours=1, minutes=1), **about)
    SentMail.objects.create(key="2", user=provider.user, state="sent", sent_at=NOW, **about)
    SentMail.objects.create(key="3", user=customer, **about)

    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        me.force_login(customer)
        response = me.get(page_of(requested))
    entries = [
        (entry.title, entry.by, entry.change, entry.reason, f"{entry.at:%H:%M}")
        for entry in response.context["timeline"]
    ]

    waiting = "Awaiting confirmation"
    assert entries == [
        ("Cancelled", f"by {provider.name}", "From Confirmed to Cancelled", "I have a <cold>, sorry.", "10:00"),
        ("Confirmation emailed", "", "", "", "09:01"),
        ("Confirmed", f"by {provider.name}", f"From {waiting} to Confirmed", "", "09:00"),
        ("Requested", "by you", "", "", "08:00"),
    ]
    assert "<cold>" not in response.content.decode()
    assert "“I have a &lt;cold&gt;, sorry.”" in response.content.decode()


def test_a_withdrawn_request_is_called_that_by_both_sides(me, book, by_hand, customer):
    appointment = book().appointment
    transitions.withdraw_request(appointment=appointment, actor=customer)

    assert "Withdrawn by you" in me.get("/my/appointments/?tab=history").content.decode()
    me.force_login(by_hand.user)
    page = me.get(reverse("studio_appointment", args=[appointment.reference])).content.decode()
    assert f"Withdrawn by {customer.first_name}" in page
    assert "Cancelled by" not in page


@pytest.mark.parametrize(
    ("end", "headline", "action"),
    [
        ("declined", "cannot do Tue 3 March, 10:00.", "See other times"),
        ("expired", "did not answer in time.", "See other times"),
        ("withdrawn", "You withdrew this request.", "See other times"),
        ("cancelled", "Cancelled by {name}.", "See other times"),
        ("over", "This appointment is over.", "Book again"),
        ("completed", "This appointment took place.", "Book again"),
        ("no-show", "This was marked as a no-show.", "Book again"),
    ],
)
def test_an_old_link_shows_how_things_stand_today(me, book, provider, customer, end, headline, action):
    provider.policy.accepts_at_once = end not in {"declined", "expired", "withdrawn"}
    provider.policy.save()
    appointment = book().appointment
    moment = TUESDAY_TEN + timedelta(hours=2) if end in {"over", "completed", "no-show"} else NOW + timedelta(hours=1)
    if end == "expired":
        moment = appointment.answer_by
    ends = {
        "declined": lambda: transitions.decline_request(appointment=appointment, actor=provider.user),
        "expired": lambda: None,  # the job has not come round yet
        "withdrawn": lambda: transitions.withdraw_request(appointment=appointment, actor=customer),
        "cancelled": lambda: transitions.cancel_appointment(
            appointment=appointment, actor=provider.user, role=Role.PROVIDER
        ),
        "over": lambda: None,
        "completed": lambda: transitions.complete_appointment(appointment=appointment, actor=provider.user),
        "no-show": lambda: transitions.mark_no_show(appointment=appointment, actor=provider.user),
    }

    with time_machine.travel(moment, tick=False):
        ends[end]()
        me.force_login(customer)
        response, done = me.get(page_of(appointment)), me.get(page_of(appointment, "appointment_done"))

    heading = re.search(r"<h1>(.*?)</h1>", response.content.decode())[1]
    assert re.sub(r"<[^>]*>", "", heading).endswith(headline.format(name=provider.first_name))
    assert heading in done.content.decode()
    assert [each.label for each in response.context["actions"]] == [action]


def other_times_on(response):
    body = response.content.decode()
    return re.findall(r'href="(/book/[^"]*)"><time datetime="([^"]*)', body)


@pytest.mark.parametrize("end", ["declined", "expired", "cancelled"])
def test_a_time_that_came_to_nothing_is_answered_with_others(me, book, provider, service, customer, end):
    provider.policy.accepts_at_once = end == "cancelled"
    provider.policy.save()
    appointment = book().appointment
    book(TUESDAY_TEN + timedelta(hours=1))  # 11:00 is taken
    if end == "declined":
        transitions.decline_request(appointment=appointment, actor=provider.user)
    elif end == "cancelled":
        transitions.cancel_appointment(appointment=appointment, actor=provider.user, role=Role.PROVIDER)

    with time_machine.travel(appointment.answer_by if end == "expired" else NOW, tick=False):
        me.force_login(customer)
        pages = [me.get(page_of(appointment, name)) for name in ("my_appointment", "appointment_done")]

        for page in pages:
            assert f"Here are 3 other times with {provider.first_name}" in text_of(page)
            found = other_times_on(page)
            assert [when[11:16] for _, when in found] == ["09:00", "12:00", "13:00"]
        form = me.get(found[0][0])
    assert form.status_code == 200
    assert "no longer open" not in text_of(form)


@pytest.mark.parametrize("why_not", ["paused service", "paused page", "closed account", "cancelled by the customer"])
def test_no_other_times_are_shown_where_none_can_be_booked_or_nobody_was_let_down(
    me, confirmed, provider, service, customer, why_not
):
    by_customer = why_not == "cancelled by the customer"
    actor, role = (customer, Role.CUSTOMER) if by_customer else (provider.user, Role.PROVIDER)
    transitions.cancel_appointment(appointment=confirmed, actor=actor, role=role)
    if why_not == "paused service":
        service.is_active = False
        service.save()
    elif why_not == "paused page":
        provider.listing = "paused"
        provider.save()
    elif why_not == "closed account":
        provider.user.is_active = False
        provider.user.save()

    page = me.get(page_of(confirmed))

    assert page.status_code == 200
    assert other_times_on(page) == []
    assert "other times with" not in text_of(page)


def test_the_page_of_one_appointment_costs_three_queries(me, confirmed):
    assert queries_of(me, page_of(confirmed)) == 3


def test_what_is_not_mine_looks_exactly_like_what_does_not_exist(client, confirmed):
    client.force_login(UserFactory())
    names = ["my_appointment", "cancel_appointment", "withdraw_request", "appointment_ics", "appointment_done"]

    for name in names:
        theirs, nobodys = (
            client.get(reverse(name, args=[reference])) for reference in (confirmed.reference, "ZZZZ2222")
        )
        assert theirs.status_code == nobodys.status_code == 404
        assert _without_secrets(theirs) == _without_secrets(nobodys)
    for name in ("cancel_appointment", "withdraw_request"):
        assert client.post(reverse(name, args=[confirmed.reference]), {"seen": "0"}).status_code == 404
    confirmed.refresh_from_db()
    assert confirmed.status == Status.CONFIRMED


@pytest.mark.parametrize("reference", ["k7qfmr2w", "K7QFMR2", "K7QFMR2WX", "K7QFMR20", "%01AAAAAAA", "..%2F..%2Fa"])
def test_what_cannot_be_a_reference_is_an_ordinary_404(me, reference):
    assert me.get(f"/my/appointments/{reference}/").status_code == 404


def _without_secrets(response) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def test_looking_changes_nothing(me, confirmed):
    before = _everything()

    for name in ("my_appointment", "cancel_appointment", "withdraw_request", "appointment_ics", "appointment_done"):
        me.get(page_of(confirmed, name))
        me.head(page_of(confirmed, name))
    me.get(LIST)

    assert _everything() == before


def _everything():
    return [list(model.objects.order_by("pk").values()) for model in (Appointment, AppointmentEvent, Hold, Message)]


# --- The calendar file ----------------------------------------------------------------------------------------------


def test_a_confirmed_appointment_can_be_added_to_a_calendar(me, confirmed):
    response = me.get(page_of(confirmed, "appointment_ics"))

    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="appointment-{confirmed.reference}.ics"'
    assert b"STATUS:CONFIRMED" in response.content
    assert str(confirmed.uuid).encode() in response.content


def test_one_that_was_cancelled_takes_itself_out_of_the_calendar(me, confirmed, customer):
    transitions.cancel_appointment(appointment=confirmed, actor=customer, role=Role.CUSTOMER)

    assert b"STATUS:CANCELLED" in me.get(page_of(confirmed, "appointment_ics")).content


def test_a_request_has_no_calendar_file(me, requested):
    assert me.get(page_of(requested, "appointment_ics")).status_code == 404


# --- Calling it off -------------------------------------------------------------------------------------------------


def test_cancelling_is_explained_first_and_then_done(me, confirmed, provider):
    page = page_of(confirmed, "cancel_appointment")
    asked = me.get(page)
    answer = me.post(page, {"seen": "0", "reason": "I am ill"}, follow=True)

    assert (
        "Cancelling now is free and does not affect your standing. That holds before Mon 2 March, 22:00, London time."
    ) in text_of(asked)
    assert 'name="seen" value="0"' in asked.content.decode()
    confirmed.refresh_from_db()
    assert (confirmed.status, confirmed.ended_by) == (Status.CANCELLED, Role.CUSTOMER)
    assert confirmed.history.first().reason == "I am ill"
    assert not Hold.objects.exists()
    said = text_of(answer)
    assert f"Your appointment is cancelled. We email you and {provider.first_name}." in said
    assert "Cancelled by you." in said


def test_pressing_cancel_twice_does_it_once_and_says_so_calmly(me, confirmed):
    page = page_of(confirmed, "cancel_appointment")
    me.post(page, {"seen": "0"})

    again = me.post(page, {"seen": "0"}, follow=True)

    assert "That was already done. Nothing changed." in text_of(again)
    assert [event.verb for event in confirmed.history.all()] == ["cancel", "book"]


def test_after_the_cutoff_the_page_says_whom_to_contact_and_offers_no_button(me, confirmed, provider, customer):
    with time_machine.travel(TUESDAY_TEN - timedelta(hours=2) + timedelta(seconds=1), tick=False):
        me.force_login(customer)
        response = me.get(page_of(confirmed, "cancel_appointment"))

    said = text_of(response)
    assert "It starts in less than 2 hours, so it can no longer be cancelled here." in said
    assert provider.user.email in said
    assert "<form" not in response.content.decode().split("<main")[1].split("</main>")[0]


def test_the_very_moment_of_the_cutoff_is_in_time(me, confirmed, customer):
    with time_machine.travel(TUESDAY_TEN - timedelta(hours=2), tick=False):
        me.force_login(customer)
        me.post(page_of(confirmed, "cancel_appointment"), {"seen": "1"})

    confirmed.refresh_from_db()
    assert confirmed.status == Status.CANCELLED


def test_a_consequence_that_got_worse_meanwhile_comes_back_instead_of_acting(me, confirmed, customer, provider):
    with time_machine.travel(TUESDAY_TEN - timedelta(hours=1), tick=False):
        me.force_login(customer)
        response = me.post(page_of(confirmed, "cancel_appointment"), {"seen": "0", "reason": "ill"})

    assert response.status_code == 409
    said = text_of(response)
    assert "It starts in less than 2 hours, so it can no longer be cancelled here." in said
    assert "That changed while you were reading, so nothing was cancelled." in said
    assert provider.user.email in said
    confirmed.refresh_from_db()
    assert confirmed.status == Status.CONFIRMED
    assert Hold.objects.count() == 1


def test_a_cutoff_that_moved_while_reading_is_said_instead_of_acting(me, confirmed, provider):
    provider.policy.cancellation_cutoff_minutes = 60 * 24 * 3
    provider.policy.save()

    response = me.post(page_of(confirmed, "cancel_appointment"), {"seen": "0", "reason": "ill"})

    assert response.status_code == 409
    assert "It starts in less than 3 days, so it can no longer be cancelled here." in text_of(response)
    confirmed.refresh_from_db()
    assert confirmed.status == Status.CONFIRMED


def test_a_reason_that_is_too_long_is_said_on_the_form_and_cancels_nothing(me, confirmed):
    response = me.post(page_of(confirmed, "cancel_appointment"), {"seen": "0", "reason": "x" * 501})

    assert response.status_code == 422
    assert "There is 1 thing to fix" in text_of(response)
    assert "x" * 501 in response.content.decode()
    confirmed.refresh_from_db()
    assert confirmed.status == Status.CONFIRMED


def test_cancelling_what_took_place_meanwhile_answers_409_and_shows_how_it_stands(me, confirmed, provider, customer):
    with time_machine.travel(TUESDAY_TEN + timedelta(hours=1), tick=False):
        transitions.complete_appointment(appointment=confirmed, actor=provider.user)
        me.force_login(customer)
        response = me.post(page_of(confirmed, "cancel_appointment"), {"seen": "0"})

    assert response.status_code == 409
    said = text_of(response)
    assert "This appointment is marked as completed. Nothing was changed. This is how it stands now." in said
    assert "This appointment took place." in said


def test_an_old_link_to_cancel_leads_to_how_it_stands(me, confirmed, provider):
    transitions.cancel_appointment(appointment=confirmed, actor=provider.user, role=Role.PROVIDER)

    response = me.get(page_of(confirmed, "cancel_appointment"), follow=True)

    assert response.redirect_chain == [(page_of(confirmed), 302)]
    assert "This appointment was cancelled." in text_of(response)


def test_withdrawing_a_request_releases_its_time(me, requested, provider):
    page = page_of(requested, "withdraw_request")
    asked = me.get(page)
    answer = me.post(page, {"reason": "Found another time"}, follow=True)
    again = me.post(page, follow=True)

    assert "Withdrawing is free." in text_of(asked)
    assert "Your request is withdrawn." in text_of(answer)
    assert "That was already done." in text_of(again)
    requested.refresh_from_db()
    assert (requested.status, requested.ended_by) == (Status.CANCELLED, Role.CUSTOMER)
    assert [event.verb for event in requested.history.all()] == ["withdraw", "request"]
    assert not Hold.objects.exists()


def test_a_request_accepted_meanwhile_is_not_withdrawn_but_shown(me, requested, provider):
    transitions.accept_request(appointment=requested, actor=provider.user)

    response = me.post(page_of(requested, "withdraw_request"))

    assert response.status_code == 409
    assert "This appointment is already confirmed." in text_of(response)
    requested.refresh_from_db()
    assert requested.status == Status.CONFIRMED


def test_the_cancel_link_of_a_request_leads_to_withdrawing_it(me, requested):
    response = me.get(page_of(requested, "cancel_appointment"))

    assert response.url == page_of(requested, "withdraw_request")


# --- Zones ----------------------------------------------------------------------------------------------------------


def online(appointment):
    """The same as an appointment that is told in its reader's own zone first."""
    Appointment.objects.filter(pk=appointment.pk).update(venue="online")
    return appointment


def test_a_reader_in_another_zone_sees_their_own_time_and_the_providers_beside_it(me, confirmed, customer, provider):
    online(confirmed)
    customer.time_zone = "America/New_York"
    customer.save()

    listed, shown = text_of(me.get(LIST)), text_of(me.get(page_of(confirmed)))
    cancelling = text_of(me.get(page_of(confirmed, "cancel_appointment")))

    assert "Times in New York time where no other is named, now 03:00." in listed
    assert f"05:00 to 06:00 New York time, 10:00 to 11:00 for {provider.first_name} in London" in listed
    assert "Tuesday 3 March 2026, 05:00 to 06:00, New York time" in shown
    assert f"For {provider.first_name}Tue 3 March, 10:00, London time" in shown
    assert "before Mon 2 March, 17:00, New York time" in cancelling


def test_the_list_tells_deadlines_in_the_readers_zone(me, requested, customer):
    # The appointment itself is told in the time of the place, where the deadline is Mon 2 March, 15:23.
    customer.time_zone = "Asia/Kathmandu"
    customer.save()

    listed = text_of(me.get(f"{LIST}?tab=waiting"))

    assert "10:00 to 11:00, London time" in listed
    assert "Answer expected by Mon 2 March, 21:08" in listed


def test_a_zone_with_the_same_clock_needs_no_second_time(me, confirmed, customer, provider):
    customer.time_zone = "Europe/Lisbon"
    customer.save()

    assert f"For {provider.first_name}" not in text_of(me.get(page_of(confirmed)))


def test_across_midnight_both_dates_are_written(me, confirmed, customer):
    # 10:00 in London is 23:00 in Auckland; an hour later it is Wednesday there.
    online(confirmed)
    customer.time_zone = "Pacific/Auckland"
    customer.save()
    Appointment.objects.filter(pk=confirmed.pk).update(end=confirmed.end + timedelta(minutes=30))

    listed, shown = text_of(me.get(LIST)), text_of(me.get(page_of(confirmed)))

    assert "Tuesday 3 March, 23:00 to Wed 4 March, 00:30" in listed
    assert "Tuesday 3 March 2026, 23:00 to Wednesday 4 March 2026, 00:30" in shown


def test_a_person_across_the_date_line_reads_their_own_date(me, confirmed, customer):
    online(confirmed)
    customer.time_zone = "Pacific/Kiritimati"
    customer.save()

    assert "Wednesday 4 March 2026, 00:00 to 01:00, Kiritimati time" in text_of(me.get(page_of(confirmed)))


def test_across_a_clock_change_the_wall_time_follows_and_the_length_stays(me, service, customer):
    # London goes forward at 01:00 UTC on 29 March: from 00:30 one hour later is 02:30 on the wall.
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    appointment = many(customer, service, number=1, status=Status.CONFIRMED, first=start)[0]

    said = text_of(me.get(page_of(appointment)))

    assert "Sunday 29 March 2026, 00:30 to 02:30, London time" in said
    assert "Length1 h" in said


def test_an_hour_that_comes_twice_says_which(me, service, customer):
    # London goes back at 01:00 UTC on 25 October: 01:30 comes twice.
    first = many(customer, service, number=1, status=Status.CONFIRMED, first=datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    second = many(customer, service, number=1, status=Status.CONFIRMED, first=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))

    assert "01:30, first to 01:30, second, London time" in text_of(me.get(page_of(first[0])))
    assert "01:30, second to 02:30, London time" in text_of(me.get(page_of(second[0])))


def test_twelve_hour_readers_get_their_own_clock(me, confirmed, customer):
    customer.uses_12h_clock = True
    customer.save()

    assert "Tuesday 3 March 2026, 10:00 am to 11:00 am, London time" in text_of(me.get(page_of(confirmed)))


# --- Help -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["help", "help_booking", "help_terms", "help_privacy", "help_accessibility"])
def test_help_is_open_to_everybody_and_asks_the_database_nothing(client, name, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get(reverse(name))

    assert response.status_code == 200
    assert len(re.findall("<h1>", response.content.decode())) == 1


def test_help_takes_its_figures_from_the_rules_in_force(client, settings):
    settings.MAX_OPEN_PER_CUSTOMER_AND_PROVIDER = 7

    said = text_of(client.get(reverse("help_booking")))

    assert "You may have 7 appointments ahead with one provider." in said
    assert "the time is kept for you for 10 minutes" in said


@pytest.mark.parametrize("by_provider", [True, False])
def test_history_says_who_marked_it_or_that_nobody_had_to(me, confirmed, provider, by_provider):
    with time_machine.travel(confirmed.end + timedelta(days=1), tick=False):
        if by_provider:
            transitions.complete_appointment(appointment=confirmed, actor=provider.user)
        else:
            transitions.complete_by_itself(appointment=confirmed)
        said = text_of(me.get(page_of(confirmed)))

    marked = f"Marked as completed for Tue 3 March, 10:00Wed 4 March, 11:00 by {provider.name}"
    assert (marked in said) == by_provider
    assert ("Completed for Tue 3 March, 10:00Wed 4 March, 11:00 by itself" in said) != by_provider


RIGHT_TO_LEFT = "\u0627\u0644\u0631\u0643\u0628\u0629 \u0627\u0644\u064a\u0633\u0631\u0649 (left knee)"


def loose(response) -> list[str]:
    """Where the words stand without an element of their own that finds their direction out."""
    content = response.content.decode()
    assert RIGHT_TO_LEFT in content
    parts = re.split(rf"[“]?{re.escape(RIGHT_TO_LEFT)}", content)[:-1]
    return [part[-60:] for part in parts if not re.search(r'(<bdi>|<[a-z]+[^>]* dir="auto"[^>]*>)$', part)]


def test_what_people_wrote_runs_in_its_own_direction(client, customer, provider, by_hand, book):
    asked = book(note=RIGHT_TO_LEFT).appointment
    links_to = [
        reverse("link", args=[links.token_for(asked, side, now=NOW)]) for side in (Role.CUSTOMER, Role.PROVIDER)
    ]
    waiting = [client.get(address) for address in links_to]
    client.force_login(customer)
    waiting.append(client.get(page_of(asked)))
    client.force_login(provider.user)
    waiting += [client.get(reverse("studio_requests")), client.get(page_of(asked, "studio_request"))]
    transitions.decline_request(appointment=asked, actor=provider.user, reason=RIGHT_TO_LEFT)
    over = [client.get(page_of(asked, "studio_appointment"))]
    client.force_login(customer)
    over += [client.get(page_of(asked)), client.get(page_of(asked, "appointment_done"))]

    assert {response.request["PATH_INFO"]: loose(response) for response in [*waiting, *over] if loose(response)} == {}


def test_other_times_look_like_open_time(me, requested, provider):
    transitions.decline_request(appointment=requested, actor=provider.user)

    content = me.get(page_of(requested)).content.decode()

    assert content.count('<a class="slot-chip" data-size="l" href="/book/') == 3
