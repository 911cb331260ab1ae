"""Pressing twice deletes once, and the second press is told so; what was never there stays no page."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from providers import services
from providers.models import DateOverride, Service
from providers.views import catalogue, gone
from tests.factories.providers import DateOverrideFactory, ProviderFactory, ServiceFactory

pytestmark = pytest.mark.django_db

CHRISTMAS = dt.date(2027, 12, 24)


@pytest.fixture
def maya(client):
    provider = ProviderFactory(name="Maya Okafor")
    client.force_login(provider.user)
    return provider


def delete_page(slug="follow-up"):
    return reverse("studio_service_delete", args=[slug])


def remove_page(day=CHRISTMAS):
    return reverse("studio_override_remove", args=[day])


@pytest.fixture
def things(maya):
    """Address, its list, what the first press is told, and the second."""
    ServiceFactory(provider=maya, name="Follow-up", slug="follow-up")
    DateOverrideFactory(provider=maya, start_on=CHRISTMAS)
    return [
        (delete_page(), reverse("studio_services"), "Follow-up is deleted.", "Follow-up was already deleted."),
        (
            remove_page(),
            reverse("studio_overrides"),
            "Fri 24 December 2027 follows the week again.",
            "Fri 24 December 2027 already follows the week again.",
        ),
    ]


def test_the_second_press_leads_to_the_list_and_says_that_it_is_done(client, things):
    for address, its_list, once, twice in things:
        for expected in (once, twice, twice):
            answer = client.post(address, follow=True)

            assert answer.redirect_chain == [(its_list, 302)]
            assert [str(message) for message in answer.context["messages"]] == [expected]
    assert not Service.objects.exists() and not DateOverride.objects.exists()


def test_whoever_goes_back_to_the_question_is_told_too(client, things):
    for address, its_list, _once, _twice in things:
        client.post(address)

        assert client.get(address).url == its_list


def test_a_press_that_began_before_the_first_was_done_is_told_as_well(client, things, monkeypatch):
    """It read its session before the other press wrote there, and looks for the service after it is deleted."""
    address, its_list, _once, _twice = things[0]
    other, find = Client(), catalogue.own_service
    other.cookies = client.cookies

    def find_too_late(provider, slug):
        monkeypatch.undo()
        other.post(address)
        return find(provider, slug)

    monkeypatch.setattr(catalogue, "own_service", find_too_late)

    assert client.post(address).url == its_list
    assert not Service.objects.exists()


def test_two_presses_at_the_same_moment_delete_once(client, maya, things, monkeypatch):
    """Both found the service; the second gets the lock when it is gone."""
    delete = services.delete_service

    def twice(**what):
        delete(**what)
        delete(**what)

    monkeypatch.setattr(services, "delete_service", twice)

    assert client.post(delete_page()).status_code == 302


def test_what_was_never_theirs_is_no_page_whether_it_exists_or_not(client, things):
    ServiceFactory(slug="of-somebody-else")
    DateOverrideFactory(start_on=dt.date(2027, 12, 27))
    for address, *_ in things:
        client.post(address)

    for address in (delete_page("of-somebody-else"), delete_page("never-was"), remove_page(dt.date(2027, 12, 27))):
        assert client.post(address).status_code == client.get(address).status_code == 404
    assert Service.objects.get().slug == "of-somebody-else"
    assert DateOverride.objects.count() == 1


def test_another_person_on_the_same_device_learns_nothing(client, things):
    address = things[0][0]
    client.post(address)
    client.force_login(ProviderFactory().user)

    assert client.post(address).status_code == 404


def test_a_service_that_stays_is_not_said_to_be_gone(client, maya, things):
    """Deleted, added again under the same name, and deleted once more."""
    client.post(delete_page(), follow=True)
    ServiceFactory(provider=maya, name="Follow-up", slug="follow-up")

    answer = client.post(delete_page(), follow=True)

    assert [str(message) for message in answer.context["messages"]] == ["Follow-up is deleted."]


def test_only_the_last_few_are_remembered(client, maya):
    for number in range(gone.REMEMBERED + 3):
        ServiceFactory(provider=maya, name="Short", slug=f"short-{number}")
        client.post(delete_page(f"short-{number}"))

    assert len(client.session[gone.KEY]) == gone.REMEMBERED
    assert client.post(delete_page("short-0")).status_code == 404
    assert client.post(delete_page("short-22")).status_code == 302
