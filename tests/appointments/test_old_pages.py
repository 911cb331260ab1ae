"""A page that was opened before the time changed, or another was proposed, acts on nothing that it did not show.

It is Monday 2 March 2026, 08:00 UTC, and everybody is in London; the appointment is on Tuesday from 10:00 to 11:00.
"""

import re

import pytest
from django.test import Client
from django.urls import reverse

from appointments import links
from appointments.models import Appointment, Proposal
from appointments.services import proposals
from appointments.states import ProposalState, Role, Status
from tests.invariants import check_all

from .conftest import NOW, TUESDAY_TEN, move_to_london
from .test_changing_pages import DAY, HOUR, WEDNESDAY_TEN, Door, hidden_in, said_after
from .test_customer_pages import text_of

pytestmark = pytest.mark.django_db

C, P = Role.CUSTOMER, Role.PROVIDER


@pytest.fixture(autouse=True)
def _everything_holds(db):
    yield
    check_all()


@pytest.fixture
def provider(provider):
    return move_to_london(provider)


def hidden(page):
    """The hidden fields of the forms in the page's own part, by name."""
    main = page.content.decode().split("<main", 1)[1].split("</main>")[0]
    found = re.findall(r'<input type="hidden" name="(\w+)"(?: form="[\w-]+")? value="([^"]*)"', main)
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def move(appointment, *, by=None, start=WEDNESDAY_TEN, accepted_by=None):
    """Move the appointment by its services, whatever pages are open."""
    person = by or appointment.customer
    role = C if person == appointment.customer else P
    proposals.propose_time(appointment=appointment, start=start, actor=person, role=role, message="Sorry.")
    if accepted_by:
        side = C if accepted_by == appointment.customer else P
        proposals.accept_time(proposal=Proposal.objects.get(), actor=accepted_by, role=side)


def cancel_address(appointment, side, *, link):
    if link:
        return reverse("link_act", args=[links.token_for(appointment, side, now=NOW), "cancel"])
    name = "cancel_appointment" if side is C else "studio_cancel"
    return reverse(name, args=[appointment.reference])


@pytest.mark.parametrize("link", [False, True], ids=["own page", "link"])
@pytest.mark.parametrize("side", [C, P])
def test_an_old_cancel_page_does_not_cancel_another_time_than_it_showed(client, confirmed, side, link):
    person = confirmed.customer if side is C else confirmed.provider.user
    if not link:
        client.force_login(person)
    address = cancel_address(confirmed, side, link=link)
    old = hidden(client.get(address))
    move(confirmed)

    answer = client.post(address, old | {"reason": "Ill on Tuesday."})

    assert answer.status_code == 409
    assert "Nothing is cancelled yet. The appointment has another time" in text_of(answer)
    assert "Ill on Tuesday.</textarea>" in answer.content.decode()
    assert Appointment.objects.get().status == Status.CONFIRMED
    # What the page shows now can be sent.
    again = client.post(address, hidden(answer) | {"reason": "Ill on Wednesday, too."})
    assert (again.status_code, Appointment.objects.get().status) == (302, Status.CANCELLED)


def test_a_new_time_that_only_waits_keeps_nobody_from_cancelling(client, confirmed):
    client.force_login(confirmed.customer)
    address = cancel_address(confirmed, C, link=False)
    old = hidden(client.get(address))
    move(confirmed, by=confirmed.provider.user)

    assert client.post(address, old | {"reason": ""}).status_code == 302
    assert Appointment.objects.get().status == Status.CANCELLED


@pytest.mark.parametrize("link", [False, True], ids=["own page", "link"])
@pytest.mark.parametrize("side", [C, P])
def test_the_page_that_cancels_names_the_new_time_that_ends_with_it(client, agreed_by_hand, side, link):
    client.force_login(agreed_by_hand.customer if side is C else agreed_by_hand.provider.user)
    address = cancel_address(agreed_by_hand, side, link=link)
    browser = Client() if link else client
    before = text_of(browser.get(address))
    move(agreed_by_hand)

    said = text_of(browser.get(address))

    assert "A new time is proposed" not in before
    assert "A new time is proposed: Wed 4 March, 10:00 to 11:00." in said
    assert ("You can accept it instead." in said) == (side is P)


ACCEPTING = {
    "page": lambda one: reverse("studio_request", args=[one.reference]),
    "card": lambda one: reverse("studio_requests"),
    "link": lambda one: reverse("link_act", args=[links.token_for(one, P, now=NOW), "accept"]),
}


@pytest.mark.parametrize("way", ACCEPTING)
def test_accepting_from_an_old_page_confirms_no_time_that_the_customer_asked_to_leave(client, requested, way):
    if way != "link":
        client.force_login(requested.provider.user)
    page = ACCEPTING[way](requested)
    address = page if way == "link" else reverse("accept_request", args=[requested.reference])
    old = hidden(client.get(page))
    move(requested)

    answer = client.post(address, old)

    assert answer.status_code == 409
    assert "has changed since" in text_of(answer)
    assert (Appointment.objects.get().status, Proposal.objects.get().state) == (Status.REQUESTED, ProposalState.OPEN)
    # Who has seen the new time may still accept the original one.
    assert client.post(address, hidden(client.get(page))).status_code == 302
    assert (Appointment.objects.get().status, Proposal.objects.get().state) == (Status.CONFIRMED, ProposalState.ENDED)


def test_accepting_several_leaves_out_the_one_that_changed(client, book, by_hand):
    changed, other = book().appointment, book(start=TUESDAY_TEN + 3 * HOUR).appointment
    client.force_login(changed.provider.user)
    page = client.get(reverse("studio_requests")).content.decode()
    shown = re.findall(r'name="shown" form="accept-many" value="([^"]*)"', page)
    move(changed)

    answer = client.post(reverse("accept_requests"), {"request": [changed.reference, other.reference], "shown": shown})

    assert len(shown) == 2 and "has changed since the page was opened" in text_of(answer)
    states = dict(Appointment.objects.values_list("pk", "status"))
    assert states == {changed.pk: Status.REQUESTED, other.pk: Status.CONFIRMED}


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "to be agreed"])
def test_choosing_a_time_replaces_no_new_time_that_the_page_did_not_show(confirmed, provider, at_once):
    provider.policy.accepts_at_once = at_once
    provider.policy.save()
    door = Door("customer's page", confirmed)
    value = f"{WEDNESDAY_TEN:%Y-%m-%dT%H:%M}Z"
    old = hidden_in(door.get("reschedule", start=value), "moveform")
    move(confirmed, by=provider.user, start=TUESDAY_TEN + 4 * HOUR)

    answer = door.post("reschedule", **old, message="My train is late.")

    assert answer.status_code == 409
    assert "Something changed while you were reading" in text_of(answer)
    assert "My train is late.</textarea>" in answer.content.decode()
    assert [one.state for one in Proposal.objects.all()] == [ProposalState.OPEN]
    again = door.post("reschedule", **hidden_in(answer, "moveform"), message="My train is late.")
    assert again.status_code == 302
    assert Proposal.objects.earliest("pk").state == (ProposalState.ENDED if at_once else ProposalState.REPLACED)


def test_of_two_tabs_that_choose_different_times_the_second_is_told(agreed_by_hand):
    door = Door("customer's page", agreed_by_hand)
    first, second = (
        hidden_in(door.get("reschedule", start=f"{start:%Y-%m-%dT%H:%M}Z"), "moveform")
        for start in (WEDNESDAY_TEN, WEDNESDAY_TEN + DAY)
    )

    assert door.post("reschedule", **first).status_code == 302
    assert door.post("reschedule", **second).status_code == 409
    assert Proposal.objects.get().start == WEDNESDAY_TEN


@pytest.fixture
def agreed_by_hand(confirmed, provider):
    provider.policy.accepts_at_once = False
    provider.policy.save()
    return confirmed


def test_the_second_press_of_a_move_at_once_says_calmly_that_it_is_done(confirmed):
    door = Door("customer's page", confirmed)
    data = hidden_in(door.get("reschedule", start=f"{WEDNESDAY_TEN:%Y-%m-%dT%H:%M}Z"), "moveform")

    presses = [door.post("reschedule", **data) for _ in range(2)]

    assert [press.status_code for press in presses] == [302, 302]
    assert said_after(presses[1])[-1] == "That was already done. Nothing changed."
    assert confirmed.history.count() == 2
