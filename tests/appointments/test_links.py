"""The link in a mail: one appointment, for whoever holds it, without signing in. It is Monday 2 March 2026, 08:00."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse

from accounts.models import User
from appointments import links
from appointments.services import transitions
from appointments.states import Role, Status, Verb
from outbox.models import Message
from outbox.testing import deliver

from .conftest import NOW, TUESDAY_TEN
from .test_customer_pages import text_of

pytestmark = pytest.mark.django_db

C, P = Role.CUSTOMER, Role.PROVIDER


def page_of(appointment, side=C):
    return reverse("link", args=[links.token_for(appointment, side, now=NOW)])


def mailed_links():
    """Where the buttons of the mails lead, by address."""
    deliver("notifications.send_mail")
    found = {each.to[0]: re.findall(r"http://testserver(/a/[^\s\"]+)", each.body) for each in mail.outbox}
    return {address.partition("<")[2].rstrip(">"): urls for address, urls in found.items()}


# --- Which link opens ---------------------------------------------------------------------------------------------


def test_the_button_of_each_mail_leads_to_the_readers_own_link(client, confirmed, customer, provider):
    links_of = mailed_links()

    assert links_of.keys() == {customer.email, provider.user.email}
    assert links_of[customer.email] == [page_of(confirmed, C)]
    assert links_of[provider.user.email] == [page_of(confirmed, P)]
    assert "You are booked." in text_of(client.get(page_of(confirmed, C)))
    assert f"{customer.first_name} is booked." in text_of(client.get(page_of(confirmed, P)))


def test_the_calendar_entry_does_not_carry_the_link(confirmed):
    """Calendars are shared with others; the link is for one person."""
    deliver("notifications.send_mail")

    assert len(mail.outbox) == 2
    assert not any(b"/a/" in part.get_payload(decode=True) for m in mail.outbox for part in calendar_parts(m))


def calendar_parts(message):
    parts = [part for part in message.message().walk() if "calendar" in part.get_content_type()]
    assert parts
    return parts


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token.replace("c2026", "p2026"),
        lambda token: token.replace("c2026", "c2036"),
        lambda token: ("0" if token[0] != "0" else "1") + token[1:],
        lambda token: token[:32] + "c99999999" + token[41:],
    ],
    ids=["signature", "other side", "later end", "other appointment", "no date"],
)
def test_a_link_that_nobody_made_is_no_page(client, confirmed, spoil):
    token = links.token_for(confirmed, C, now=NOW)
    assert client.get(reverse("link", args=[token])).status_code == 200

    spoilt = spoil(token)

    assert spoilt != token
    for name, given in [("link", [spoilt]), ("link_ics", [spoilt]), ("link_act", [spoilt, "cancel"])]:
        assert client.get(reverse(name, args=given)).status_code == 404
    assert client.post(reverse("link_new", args=[spoilt])).status_code == 404


def test_a_link_stops_with_its_address_and_with_its_account(client, confirmed, customer):
    address = page_of(confirmed)

    customer.email = "elsewhere@example.com"
    customer.save()
    assert client.get(address).status_code == 404
    customer.email = "amara@example.com"
    customer.save()
    confirmed.customer = customer
    address = page_of(confirmed)
    assert client.get(address).status_code == 200
    customer.is_active = False
    customer.save()
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("why", ["banned_at", "leaves_at"])
def test_the_link_of_a_suspended_or_leaving_person_rests(client, confirmed, customer, why):
    address = page_of(confirmed)
    User.objects.filter(pk=customer.pk).update(**{why: NOW})

    refused = client.get(address)
    pressed = act(client, confirmed, Verb.CANCEL)
    asked = client.post(reverse("link_new", args=[address.split("/")[2]]))

    assert [each.status_code for each in (refused, pressed, asked)] == [403, 403, 403]
    assert confirmed.reference not in text_of(refused)
    assert status_of(confirmed) == Status.CONFIRMED
    User.objects.filter(pk=customer.pk).update(**{why: None})
    assert client.get(address).status_code == 200


def test_its_own_person_signed_in_gets_their_usual_page(client, confirmed, customer, provider):
    client.force_login(customer)
    assert client.get(page_of(confirmed, C)).url == reverse("my_appointment", args=[confirmed.reference])
    # The other side's link is still only a link.
    assert client.get(page_of(confirmed, P)).status_code == 200
    client.force_login(provider.user)
    assert client.get(page_of(confirmed, P)).url == reverse("studio_appointment", args=[confirmed.reference])


@pytest.mark.usefixtures("in_london")
def test_both_sides_times_are_shown_where_their_zones_differ(client, confirmed, customer, provider):
    said = [text_of(client.get(page_of(confirmed, side))) for side in (C, P)]
    assert "For you" not in said[0] and f"For {customer.first_name}" not in said[1]

    customer.time_zone = "America/New_York"
    customer.save()
    said = [text_of(client.get(page_of(confirmed, side))) for side in (C, P)]

    assert "Tuesday 3 March 2026, 10:00 to 11:00" in said[0]
    assert "For youTue 3 March, 05:00, New York time" in said[0]
    assert "Tuesday 3 March 2026, 10:00 to 11:00" in said[1]
    assert f"For {customer.first_name}Tue 3 March, 05:00, New York time" in said[1]


def test_nobody_keeps_the_page_and_no_log_names_the_link(client, confirmed, caplog):
    response = client.get(page_of(confirmed))

    assert "no-store" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex"
    assert response["Referrer-Policy"] == "same-origin"
    assert resolve(page_of(confirmed)).route == "a/<link:token>/"
    assert links.token_for(confirmed, C, now=NOW)[-43:] not in caplog.text


def test_a_page_costs_three_queries_whatever_happened(client, confirmed, customer):
    address = page_of(confirmed)
    transitions.cancel_appointment(appointment=confirmed, actor=customer, role=C)

    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200

    assert len(captured) == 3


# --- What it may do -----------------------------------------------------------------------------------------------


def act(client, appointment, verb, side=C, **data):
    return client.post(reverse("link_act", args=[page_of(appointment, side).split("/")[2], verb.value]), data)


def status_of(appointment):
    appointment.refresh_from_db()
    return appointment.status


def test_looking_changes_nothing_and_asks_before_it_acts(client, confirmed):
    address = page_of(confirmed)
    before = Message.objects.count()

    assert "Cancel appointment" in text_of(client.get(address))
    asked = text_of(client.get(f"{address}cancel/"))

    assert "Cancelling now is free and does not affect your standing." in asked
    assert (status_of(confirmed), Message.objects.count()) == (Status.CONFIRMED, before)


def test_the_customer_cancels_from_the_mail(client, confirmed, provider):
    response = act(client, confirmed, Verb.CANCEL, reason="I have a cold.")

    assert response.url == page_of(confirmed)
    event = confirmed.history.first()
    assert (event.verb, event.role, event.actor, event.reason) == (
        Verb.CANCEL,
        C,
        confirmed.customer,
        "I have a cold.",
    )
    said = text_of(client.get(response.url))
    assert f"It is cancelled. We email you and {provider.first_name}." in said
    assert "Cancelled by you" in said


def test_a_request_is_withdrawn_by_one_side_and_answered_by_the_other(client, book, by_hand):
    first = book().appointment
    second = book(start=TUESDAY_TEN + timedelta(hours=3)).appointment
    third = book(start=TUESDAY_TEN + timedelta(days=1)).appointment

    act(client, first, Verb.WITHDRAW)
    act(client, second, Verb.ACCEPT, P)
    act(client, third, Verb.DECLINE, P, reason="Away.")

    assert [status_of(each) for each in (first, second, third)] == [
        Status.CANCELLED,
        Status.CONFIRMED,
        Status.DECLINED,
    ]


@pytest.mark.parametrize(("verb", "side"), [(Verb.ACCEPT, C), (Verb.DECLINE, C), (Verb.WITHDRAW, P)])
def test_nobody_does_what_is_the_other_sides_to_do(client, requested, verb, side):
    response = act(client, requested, verb, side)

    assert response.status_code == 409
    assert "That is not yours to do." in text_of(response)
    assert status_of(requested) == Status.REQUESTED


@pytest.mark.parametrize("verb", ["complete", "no_show", "nonsense"])
def test_a_link_does_nothing_else(client, confirmed, verb):
    token = links.token_for(confirmed, P, now=NOW)
    with time_machine.travel(TUESDAY_TEN + timedelta(minutes=5), tick=False):
        assert client.post(reverse("link_act", args=[token, verb])).status_code == 404
    assert status_of(confirmed) == Status.CONFIRMED


def test_after_the_cutoff_the_customers_link_cancels_no_more(client, confirmed):
    with time_machine.travel(TUESDAY_TEN - timedelta(minutes=30), tick=False):
        response = act(client, confirmed, Verb.CANCEL)
        page = client.get(page_of(confirmed))

    assert response.status_code == 409
    assert "it can no longer be cancelled here" in text_of(response)
    assert "Cancel appointment" not in text_of(page)
    assert status_of(confirmed) == Status.CONFIRMED


def test_pressing_twice_does_it_once(client, confirmed):
    first, second = (act(client, confirmed, Verb.CANCEL) for _ in range(2))

    assert (first.status_code, second.status_code) == (302, 302)
    assert confirmed.history.filter(verb=Verb.CANCEL).count() == 1
    assert "That was already done." in text_of(client.get(page_of(confirmed)))


def test_an_old_page_that_asks_leads_to_how_things_stand(client, confirmed, customer):
    transitions.cancel_appointment(appointment=confirmed, actor=customer, role=C)

    response = client.get(f"{page_of(confirmed)}cancel/", follow=True)

    assert response.redirect_chain[-1][0] == page_of(confirmed)
    assert "This appointment was cancelled." in text_of(response)


def test_too_long_a_reason_is_kept_and_said(client, confirmed):
    response = act(client, confirmed, Verb.CANCEL, reason="x" * 501)

    assert response.status_code == 422
    assert "x" * 501 in response.content.decode()
    assert status_of(confirmed) == Status.CONFIRMED


def test_a_press_from_another_site_does_nothing(confirmed):
    stranger = Client(enforce_csrf_checks=True)

    assert act(stranger, confirmed, Verb.CANCEL).status_code == 403
    assert status_of(confirmed) == Status.CONFIRMED


def test_the_file_is_there_once_it_is_agreed(client, confirmed, book, by_hand):
    asked = book(start=TUESDAY_TEN + timedelta(days=1)).appointment

    assert b"METHOD:PUBLISH" in client.get(f"{page_of(confirmed)}calendar.ics").content
    assert client.get(f"{page_of(asked)}calendar.ics").status_code == 404
    confirmed.provider.address = "18 Arlington Road"
    confirmed.provider.is_in_person = True
    confirmed.provider.save()
    assert "18 Arlington Road" in text_of(client.get(page_of(confirmed)))
    assert "18 Arlington Road" not in text_of(client.get(page_of(asked)))


# --- Its end ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("in_london")
def test_a_link_ends_thirty_days_after_the_appointment_and_mails_a_new_one(client, confirmed, customer):
    address = page_of(confirmed)
    token = address.split("/")[2]
    last_day = (confirmed.end + timedelta(days=30)).replace(hour=23, minute=59)
    deliver("notifications.send_mail")
    mail.outbox.clear()

    with time_machine.travel(last_day, tick=False):
        assert client.get(address).status_code == 200
        assert client.post(reverse("link_new", args=[token])).url == address
    assert deliver("notifications.send_mail") == []
    with time_machine.travel(last_day + timedelta(minutes=1), tick=False):
        ended = client.get(address)
        assert ended.status_code == 410
        assert "It led to" in text_of(ended)
        assert act(client, confirmed, Verb.CANCEL).status_code == 302
        assert client.get(f"{address}calendar.ics").status_code == 410
        for _ in range(2):
            assert client.post(reverse("link_new", args=[token])).url == address
        assert "A new link is on its way" in text_of(client.get(address))
        deliver("notifications.send_mail")
        [letter] = mail.outbox
        [fresh] = re.findall(r"http://testserver(/a/\S+)", letter.body)
        assert fresh != address
        assert client.get(fresh).status_code == 200
    assert customer.email in letter.to[0]
    assert letter.subject.startswith("Your new link: Tue 3 March, 10:00 with ")
    assert status_of(confirmed) == Status.CONFIRMED


def test_one_person_asks_for_new_links_only_so_often(client, confirmed, settings):
    settings.LIMITS = settings.LIMITS | {"new_link": (1, 60)}
    settings.TRUSTED_PROXIES = 0
    address = reverse("link_new", args=[page_of(confirmed).split("/")[2]])

    answers = [client.post(address).status_code for _ in range(11)]

    assert answers[0] == 302
    assert answers[-1] == 429
