"""Connecting a pretend Google Calendar in a real browser, with and without scripts, and what that does to openings."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from appointments.models import Proposal
from appointments.pages.month_picker import to_value
from appointments.services.availability import slots_between
from appointments.services.booking import book_appointment, terms_of
from calendar_sync.models import Connection, WrittenEvent
from calendar_sync.services import writing
from core import clock
from outbox.testing import deliver
from providers.models import Provider
from tests.calendar_sync.pretend import MAYA, ROBIN, at_pretend_google, pretend_google
from tests.calendar_sync.world import book, hour_from
from tests.e2e.test_google import google
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["at_pretend_google", "google", "pretend_google"]
HOUR = timedelta(hours=1)


@pytest.fixture
def provider(db):
    provider = ProviderFactory(name="Maya Okafor", time_zone="Asia/Kathmandu", policy__notice_minutes=0)
    give_hours(provider, {day: [("08:00", "18:00")] for day in range(7)})
    return provider


@pytest.fixture
def page(either, google, settings, sign_in, provider, live_server):
    settings.SITE_URL = live_server.url
    either.watch.expect(f"request to another host: {google.address}")
    sign_in(either, provider.user)
    return either


def connect(page, *, without=""):
    page.goto("/studio/google/")
    page.get_by_role("button", name="Connect Google Calendar").click()
    page.get_by_role("button", name=MAYA).click()
    if without:
        page.get_by_label(without).uncheck()
    page.get_by_role("button", name="Allow").click()


def test_an_entry_at_google_closes_its_time_and_a_dead_grant_is_signed_in_again(page, provider, google, looks_fine):
    service = ServiceFactory(provider=provider, duration_minutes=60)
    day = clock.local(clock.now(), provider.zone).date() + timedelta(days=3)
    start = clock.wall_minute_to_instant(day, 600, provider.zone)
    times = {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": (start + HOUR).isoformat()}}
    google.google.put(MAYA, {"summary": "School play", **times})
    assert slots_between(service, start, start + HOUR, now=clock.now()) == [start]

    connect(page)
    expect(page.get_by_text(f"{MAYA} is connected.")).to_be_visible()
    deliver()
    page.goto("/studio/google/")

    expect(page.get_by_role("heading", name="Connected")).to_be_visible()
    expect(page.get_by_text("1 busy time read")).to_be_visible()
    assert slots_between(service, start, start + HOUR, now=clock.now()) == []
    looks_fine(page)

    google.google.revoke(MAYA)
    page.get_by_role("button", name="Sync now").click()
    deliver()
    page.goto("/studio/")
    expect(page.get_by_text("Customers cannot book you since")).to_be_visible()
    page.goto("/studio/google/")
    page.get_by_role("button", name="Sign in to Google").click()
    page.get_by_role("button", name="Allow").click()  # the account is known
    deliver()
    page.goto("/studio/google/")
    expect(page.get_by_role("heading", name="Connected")).to_be_visible()
    assert Connection.objects.count() == 1


def test_a_calendar_of_its_own_is_chosen_made_deleted_made_again_and_left_for_the_other(
    page, provider, google, looks_fine
):
    service = ServiceFactory(provider=provider, duration_minutes=60, name="Massage")
    day = clock.local(clock.now(), provider.zone).date() + timedelta(days=3)
    book(service, clock.wall_minute_to_instant(day, 600, provider.zone))
    page.goto("/studio/google/")
    expect(page.get_by_label("My own calendar")).to_be_checked()
    looks_fine(page)

    page.get_by_label("A calendar of its own").check()
    page.get_by_role("button", name="Connect Google Calendar").click()
    page.get_by_role("button", name=MAYA).click()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("A calendar “Dayline” is made there.")).to_be_visible()
    expect(page.get_by_text("Dayline, being made")).to_be_visible()
    deliver()
    [calendar] = [each for each in google.google.calendars_of(MAYA) if each["summary"] == "Dayline"]
    assert (len(google.google.entries(MAYA, calendar["id"])), google.google.entries(MAYA)) == (1, [])
    page.goto("/studio/google/")
    expect(page.get_by_text("Of other calendars Google tells us busy or free, and nothing more.")).to_be_visible()
    looks_fine(page)

    google.google.remove_calendar(MAYA, calendar["id"])
    page.get_by_role("button", name="Sync now").click()
    deliver()
    page.goto("/studio/google/")
    expect(page.get_by_text("The calendar “Dayline” was deleted in Google.")).to_be_visible()
    looks_fine(page)
    page.get_by_role("button", name="Make it again").click()
    deliver()
    [again] = [each for each in google.google.calendars_of(MAYA) if each["summary"] == "Dayline"]
    assert len(google.google.entries(MAYA, again["id"])) == 1

    page.get_by_role("link", name="Change what Google lets us do").click()
    looks_fine(page)
    page.get_by_label("My own calendar").check()
    page.get_by_role("button", name="Continue to Google").click()
    page.get_by_role("button", name="Allow").click()  # the account is known
    deliver()
    assert google.google.entries(MAYA, again["id"]) == []
    assert len(google.google.entries(MAYA)) == 1


def test_a_box_left_empty_is_named(page, google):
    connect(page, without="View your availability in your calendars")
    expect(page.get_by_text("“See when you are busy”")).to_be_visible()
    assert not Connection.objects.exists()


def test_an_appointment_stands_at_google_and_moving_it_there_asks_what_that_means(page, provider, google, looks_fine):
    service = ServiceFactory(provider=provider, duration_minutes=60, name="Massage")
    day = clock.local(clock.now(), provider.zone).date() + timedelta(days=3)
    start = clock.wall_minute_to_instant(day, 600, provider.zone)
    connect(page)
    deliver()
    book(service, start)
    deliver()
    [event] = google.google.entries(MAYA)
    google.google.change(MAYA, event["id"], hour_from(start + 2 * HOUR))

    page.goto("/studio/google/")
    page.get_by_role("button", name="Sync now").click()
    deliver()
    page.goto("/studio/google/")
    page.get_by_role("link", name="Decide").click()

    expect(page.get_by_role("heading", name="Moved in Google: Mina Sato: Massage")).to_be_visible()
    looks_fine(page)
    page.get_by_role("button", name="Propose the new time").click()
    expect(page.get_by_text("The new time is proposed.")).to_be_visible()
    assert Proposal.objects.get().start == start + 2 * HOUR
    deliver()
    [event] = google.google.entries(MAYA)
    assert datetime.fromisoformat(event["start"]["dateTime"]) == start


def test_an_entry_over_an_appointment_is_decided_by_the_provider(page, provider, google, looks_fine):
    service = ServiceFactory(provider=provider, name="First assessment", duration_minutes=60)
    day = clock.local(clock.now(), provider.zone).date() + timedelta(days=3)
    start = clock.wall_minute_to_instant(day, 600, provider.zone)
    one = book_appointment(
        service=service,
        start=start,
        customer=UserFactory(name="Omar Aziz"),
        terms=terms_of(service),
        booking_key="omar",
    ).appointment
    times = {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": (start + 2 * HOUR).isoformat()}}
    google.google.put(MAYA, {"summary": "School play", **times})

    connect(page)
    deliver()
    page.goto("/studio/")
    expect(page.get_by_text("One Google event lies over an appointment.")).to_be_visible()
    page.goto("/studio/google/")
    looks_fine(page)
    page.get_by_role("link", name="Decide").click()

    expect(page.get_by_role("heading", name="Two things at the same time")).to_be_visible()
    expect(page.get_by_text("School play")).to_be_visible()
    looks_fine(page)
    page.get_by_label("The event does not make me busy").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Nothing lies over this appointment")).to_be_visible()
    assert slots_between(service, start + HOUR, start + 2 * HOUR, now=clock.now()) == [start + HOUR]

    page.goto("/studio/google/")
    looks_fine(page)
    page.get_by_role("button", name="Make busy again").click()
    page.get_by_role("link", name="Decide").click()
    page.get_by_label("Keep both").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("You keep both.")).to_be_visible()
    one.refresh_from_db()
    assert (one.is_confirmed, one.start) == (True, start)


def test_a_provider_chooses_meet_links_and_both_sides_join_by_one(page, provider, google, looks_fine, sign_in):
    Provider.objects.filter(pk=provider.pk).update(is_online=True)
    service = ServiceFactory(provider=Provider.objects.get(pk=provider.pk), duration_minutes=60, venue="online")
    day = clock.local(clock.now(), provider.zone).date() + timedelta(days=3)
    start = clock.wall_minute_to_instant(day, 600, provider.zone)
    connect(page)
    deliver()
    page.goto("/studio/google/")
    page.get_by_role("link", name=f"Change calendars of {MAYA}").click()
    page.get_by_label("Add a Google Meet link to online appointments").check()
    looks_fine(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("A link for each online appointment")).to_be_visible()
    one = book(service, start)
    deliver()
    page.goto(f"/studio/appointments/{one.reference}/")
    expect(page.get_by_text("Google is making the link")).to_be_visible()

    google.google.clock.advance(3)
    WrittenEvent.objects.update(write_at=clock.now())
    writing.write_due(Connection.objects.get().pk)
    deliver()
    one.refresh_from_db()
    page.reload()

    expect(page.get_by_role("link", name=one.join_link.removeprefix("https://"))).to_have_attribute(
        "href", one.join_link
    )
    looks_fine(page)
    sign_in(page, one.customer)
    page.goto(f"/my/appointments/{one.reference}/")
    expect(page.get_by_role("link", name="Join online")).to_have_attribute("href", one.join_link)
    looks_fine(page)


def test_what_somebody_does_in_their_diary_changes_the_openings(page, provider, google, new_page):
    Provider.objects.filter(pk=provider.pk).update(time_zone="Europe/London")
    provider.refresh_from_db()
    ServiceFactory(provider=provider, duration_minutes=60)
    day = clock.local(clock.now(), provider.zone).date() + timedelta(days=3)
    visitor, diary = new_page(), f"{google.address}/calendar/{MAYA}?week={day}"
    connect(page)
    deliver()

    def openings(*, has, lacks):
        page.goto("/studio/google/")
        page.get_by_role("button", name="Sync now").click()
        expect(page.get_by_text("Your calendars are being read.")).to_be_visible()
        deliver()
        visitor.goto(f"/providers/{provider.slug}/?day={day}")
        for time, count in [*((each, 1) for each in has), *((each, 0) for each in lacks)]:
            expect(visitor.get_by_role("radio", name=time)).to_have_count(count)

    openings(has=["10:00", "14:00"], lacks=[])
    page.goto(diary)
    page.get_by_label("Title").fill("Dentist")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("10:00–11:00 Dentist")).to_be_visible()
    openings(has=["14:00"], lacks=["10:00"])

    page.goto(diary)
    page.get_by_text("Move or delete").first.click()
    entry = page.locator("li", has_text="Dentist")
    entry.get_by_label("From").fill("14:00")
    entry.get_by_label("To").fill("15:00")
    page.get_by_role("button", name="Move Dentist").click()
    expect(page.get_by_text("14:00–15:00 Dentist")).to_be_visible()
    openings(has=["10:00"], lacks=["14:00"])

    page.goto(diary)
    page.get_by_text("Move or delete").first.click()
    page.get_by_role("button", name="Delete Dentist").click()
    expect(page.get_by_text("14:00–15:00 Dentist")).to_have_count(0)
    openings(has=["10:00", "14:00"], lacks=[])


@pytest.mark.smoke
def test_a_customer_connects_their_own_calendar_reads_of_a_clash_and_finds_the_appointment_in_it(
    page, google, sign_in, provider, looks_fine
):
    service = ServiceFactory(provider=provider, duration_minutes=60, name="Massage")
    day = clock.local(clock.now(), provider.zone).date() + timedelta(days=3)
    start = clock.wall_minute_to_instant(day, 600, provider.zone)
    google.google.put(ROBIN, {"summary": "Choir", **hour_from(start)})
    sign_in(page, UserFactory(name="Robin Haddad"))

    page.goto("/my/settings/google/")
    looks_fine(page)
    page.get_by_role("button", name="Connect Google Calendar").click()
    page.get_by_role("button", name=ROBIN).click()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text(f"{ROBIN} is connected.")).to_be_visible()
    expect(page.get_by_role("heading", name="Syncing")).to_be_visible()
    deliver()
    page.goto("/my/settings/google/")
    expect(page.get_by_role("heading", name="Connected")).to_be_visible()
    looks_fine(page)

    page.goto(f"{reverse('book', args=[provider.slug, service.slug])}?start={to_value(start)}")
    warning = page.get_by_text("You are busy in Google")
    expect(warning).to_contain_text("Choir")
    looks_fine(page)
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are booked.")
    deliver()

    page.goto(f"{google.address}/calendar/{ROBIN}?week={day}")
    expect(page.get_by_text("Massage")).to_be_visible()


def test_after_connecting_the_page_follows_the_first_reading_by_itself(
    new_page, provider, google, settings, sign_in, live_server
):
    settings.SITE_URL = live_server.url
    page = new_page()
    page.watch.expect(f"request to another host: {google.address}")
    sign_in(page, provider.user)
    connect(page)
    expect(page.get_by_role("heading", name="Syncing")).to_be_visible()
    expect(page.get_by_text("Not known yet").first).to_be_visible()
    page.get_by_role("link", name="Change what Google lets us do").focus()
    deliver()

    expect(page.get_by_role("heading", name="Connected")).to_be_visible()

    expect(page.get_by_text("Not known yet")).to_have_count(0)
    expect(page.get_by_text("0 busy times read")).to_be_visible()
    expect(page.get_by_role("link", name="Change what Google lets us do")).to_be_focused()
    expect(page.get_by_text("is connected. Its busy times are being read.")).to_be_visible()


def test_the_pages_say_who_is_told_before_links_end_and_that_nothing_is_written_afterwards(
    page, provider, google, looks_fine
):
    Provider.objects.filter(pk=provider.pk).update(is_online=True)
    service = ServiceFactory(provider=Provider.objects.get(pk=provider.pk), duration_minutes=60, venue="online")
    day = clock.local(clock.now(), provider.zone).date() + timedelta(days=3)
    connect(page)
    deliver()
    Connection.objects.update(makes_meet=True)
    book(service, clock.wall_minute_to_instant(day, 600, provider.zone))
    deliver()

    page.goto("/studio/google/")
    page.get_by_role("link", name=f"Change calendars of {MAYA}").click()
    expect(page.get_by_text("1 customer with an appointment ahead has such a link or waits for one")).to_be_visible()
    looks_fine(page)
    page.goto("/studio/google/")
    page.get_by_role("link", name="Disconnect").click()
    expect(page.get_by_text("1 customer with appointments ahead has a Google Meet link")).to_be_visible()
    looks_fine(page)
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("Nothing is written to this account now.")).to_be_visible()
    looks_fine(page)
