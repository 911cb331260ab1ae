"""Where an appointment takes place changes with its provider's page: its link goes, its customer is told, and Google
agrees at once."""

import pytest
from django.urls import reverse

from appointments.models import Appointment
from appointments.services import join_links
from calendar_sync.models import Connection, WrittenEvent
from calendar_sync.states import State
from outbox.testing import deliver
from providers import edit_stamps
from providers import services as providers
from providers.models import Provider
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory

from .joining import link_of, look, make_ready, meets, tell
from .pretend import ROBIN
from .world import book, connect_person, entries

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(talk):
    """At wherever its provider works, which is online alone; its customer was told that a link follows."""
    Appointment.objects.update(venue="")
    Provider.objects.update(is_online=True, is_in_person=False)
    return talk


@pytest.fixture
def appointment(waiting, at_pretend_google):
    """The same, joined by a link that its customer knows."""
    make_ready(at_pretend_google)
    tell()
    assert link_of(waiting)
    return waiting


def says_page(provider, **values):
    """Save the provider's profile with other values, and let the jobs run that are due."""
    row = Provider.objects.get(pk=provider.pk)
    profile = {**edit_stamps.state(row, edit_stamps.PROFILE_FIELDS), **values}
    providers.save_profile(provider=row, actor=row.user, values=profile, seen=edit_stamps.of_profile(row))
    deliver()


def in_person(provider):
    says_page(provider, is_online=False, is_in_person=True, place="Camden", address="18 Arlington Road")


def test_what_takes_place_somewhere_now_has_no_link_anywhere_and_its_customer_is_told_once(
    appointment, at_pretend_google, client
):
    link = link_of(appointment)
    in_person(appointment.provider)
    [told] = tell()
    [event] = entries(at_pretend_google)
    client.force_login(appointment.customer)
    assert (link_of(appointment), event.get("hangoutLink", "")) == ("", "")
    assert event["location"] == "18 Arlington Road, Camden"
    assert told.subject.startswith("Not online any more: ")
    assert "Where you meet has changed." in told.body
    assert "expects you at 18 Arlington Road, Camden. The link of an earlier mail no longer holds." in told.body
    assert link not in told.body
    assert "LOCATION:18 Arlington Road" in str(told.attachments)
    assert link not in client.get(reverse("my_appointment", args=[appointment.reference])).text
    assert tell() == []


def test_what_may_take_place_in_person_too_has_no_link_either(appointment, at_pretend_google):
    says_page(appointment.provider, is_in_person=True, place="Camden", address="18 Arlington Road")
    [told] = tell()
    assert (link_of(appointment), meets(at_pretend_google)) == ("", [""])
    assert told.subject.startswith("Not only online any more: ")
    assert "expects you at 18 Arlington Road, Camden, or online." in told.body


def test_what_was_agreed_online_stays_so_whatever_the_page_says(appointment, at_pretend_google):
    Appointment.objects.update(venue="online")
    link = link_of(appointment)
    in_person(appointment.provider)
    assert tell() == []
    assert [link_of(appointment)] == meets(at_pretend_google) == [link]


def test_the_link_goes_from_the_customer_also_while_google_takes_nothing(appointment, at_pretend_google):
    Connection.objects.update(state=State.SIGN_IN_AGAIN)
    in_person(appointment.provider)
    [told] = tell()
    assert link_of(appointment) == ""
    assert told.subject.startswith("Not online any more: ")


def test_whoever_waited_for_a_link_reads_where_they_are_expected(waiting):
    in_person(waiting.provider)
    [told] = tell()
    assert "expects you at 18 Arlington Road, Camden. We said that a link to join would follow" in told.body


def test_a_page_that_is_online_again_brings_a_link_again(appointment, at_pretend_google):
    in_person(appointment.provider)
    tell()
    says_page(appointment.provider, is_online=True, is_in_person=False)
    make_ready(at_pretend_google)
    [told] = tell()
    assert told.subject.startswith("Link to join: ")
    assert [link_of(appointment)] == meets(at_pretend_google) != [""]


def test_a_link_that_google_still_has_holds_again_once_the_page_is_online_again(appointment, at_pretend_google):
    link = link_of(appointment)
    Connection.objects.update(state=State.SIGN_IN_AGAIN)
    in_person(appointment.provider)
    says_page(appointment.provider, is_online=True, is_in_person=False)
    assert link_of(appointment) == link
    assert tell() == []


def test_another_address_stands_in_the_calendars_of_both_sides_at_once(provider, connected, morning, at_pretend_google):
    Provider.objects.filter(pk=provider.pk).update(is_in_person=True, place="Camden")
    made = book(ServiceFactory(provider=Provider.objects.get(pk=provider.pk), duration_minutes=60), morning)
    connect_person(made.customer, at_pretend_google, ROBIN)
    deliver()
    look()
    says_page(provider, address="7 Chalk Farm Road")
    [mine], [theirs] = entries(at_pretend_google), entries(at_pretend_google, ROBIN)
    assert mine["location"] == theirs["location"] == "7 Chalk Farm Road, Camden"


def test_another_name_of_the_service_stands_there_at_once(talk, at_pretend_google):
    service = talk.service
    values = {**edit_stamps.state(service, edit_stamps.SERVICE_FIELDS), "name": "Long talk"}
    providers.save_service(
        provider=talk.provider, actor=talk.provider.user, values=values, service=service,
        seen=edit_stamps.of_service(service),
    )  # fmt: skip
    deliver()
    [event] = entries(at_pretend_google)
    assert "Long talk" in event["summary"]


def test_a_page_whose_words_change_has_nothing_compared(talk):
    WrittenEvent.objects.update(write_at=None)
    says_page(talk.provider, about="I listen.")
    assert not WrittenEvent.objects.exclude(write_at=None).exists()


def test_a_customer_who_knows_no_link_is_told_of_no_place(provider, connected, morning):
    Provider.objects.filter(pk=provider.pk).update(is_online=True, is_in_person=False)
    service = ServiceFactory(provider=Provider.objects.get(pk=provider.pk), duration_minutes=60)
    mina = UserFactory(name="Mina Sato", email="mina@mail.example")
    made = book(service, morning, mina)
    Appointment.objects.update(venue="")
    deliver()
    in_person(provider)
    assert join_links.tell_links(provider=made.provider_id, customer=made.customer_id) == 0
