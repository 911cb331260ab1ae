"""A site that requires a connected calendar: nobody goes live, or is booked, without one that works."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.urls import reverse

from appointments.exceptions import PolicyRefused
from appointments.models import OpeningIndex
from appointments.pages import why_not
from appointments.rules.bookable import Shut
from appointments.search import index
from appointments.services import booking
from calendar_sync.mails import sign_in_again
from calendar_sync.models import Connection, GoogleCalendar
from calendar_sync.services import connecting, health, reading
from calendar_sync.states import State, WhenStale
from core import clock
from outbox.testing import deliver
from providers import services as providers
from providers.exceptions import ChangeRefused, NotReady
from providers.models import CalendarState, Listing, Provider, Service
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
PAGE, TODAY, RESUME = reverse("studio_google"), reverse("studio_today"), reverse("studio_page_resume")
REQUIRES = "This site takes bookings only with"


@pytest.fixture(autouse=True)
def required(settings):
    settings.GOOGLE_CALENDAR_REQUIRED = True
    return settings


@pytest.fixture
def provider(db):
    provider = ProviderFactory(time_zone="UTC", policy__notice_minutes=0)
    give_hours(provider, {day: [("00:00", "24:00")] for day in range(7)})
    return provider


@pytest.fixture
def service(provider):
    return ServiceFactory(provider=provider, duration_minutes=60, slot_interval_minutes=60)


@pytest.fixture
def connection(provider):
    """A connection that works: its one calendar was read just now."""
    row = connect(provider)
    health.follow_requirement()
    return row


def connect(provider, account="1", **values):
    given = {"email": f"{account}@example.com", "profile": "full", "refresh_token": "r", **values}
    row = Connection.objects.create(user=provider.user, account=account, **given)
    row.calendars.create(google_id="own", name="Own", counts_as_busy=True, last_read_at=clock.now())
    stand(provider)
    return row


def stand(provider):
    """Write on the provider's row how their connections stand, as each change of one does at its end."""
    health._look_again(provider)
    provider.refresh_from_db()


def disconnect(connection):
    return connecting.disconnect(connection=connection, actor=connection.user)


def untick(connection):
    own = {"connection": connection, "actor": connection.user}
    return connecting.choose_calendars(busy=[], write_to=None, when_stale=WhenStale.GO_ON, **own)


def book(service, start):
    fresh = Service.objects.select_related("provider__policy", "provider__user").get(pk=service.pk)
    wanted = booking.Wanted(fresh, (start,), UserFactory(), booking.terms_of(fresh), uuid4().hex)
    return booking.place(wanted)


def tomorrow():
    return clock.now().replace(minute=0, second=0, microsecond=0) + 24 * HOUR


def said(answer):
    return [str(message) for message in answer.context["messages"]]


# --- Whoever is live already ------------------------------------------------------------------------------------------


def test_the_job_stops_whoever_has_no_calendar_and_lets_them_go_on_when_the_rule_ends(provider, required):
    without, with_one = provider, ProviderFactory()
    connect(with_one)

    assert health.follow_requirement() == 1
    without.refresh_from_db()
    assert (without.takes_bookings, without.listing, without.calendar_is_missing) == (False, Listing.LIVE, True)
    assert list(Provider.objects.bookable()) == [with_one]
    since = without.calendar_stopped_at
    assert health.follow_requirement() == 0
    without.refresh_from_db()
    assert without.calendar_stopped_at == since

    required.GOOGLE_CALENDAR_REQUIRED = False
    assert health.follow_requirement() == 1
    without.refresh_from_db()
    assert (without.takes_bookings, without.calendar_stopped_at, without.calendar_is_missing) == (True, None, False)
    assert health.follow_requirement() == 0


def test_the_end_of_the_rule_leaves_those_stopped_who_chose_to_pause(provider, required):
    connect(provider, state=State.SIGN_IN_AGAIN)
    assert provider.calendar_is_missing

    required.GOOGLE_CALENDAR_REQUIRED = False
    health.follow_requirement()

    provider.refresh_from_db()
    assert (provider.calendar_is_missing, provider.takes_bookings) == (False, False)


@pytest.mark.parametrize("number", [1, 4])
def test_looking_for_them_costs_one_query_where_nobody_is_without(number, django_assert_num_queries):
    for _ in range(number):
        connect(ProviderFactory())

    with django_assert_num_queries(1):
        assert health.follow_requirement() == 0


def test_a_switch_reaches_the_live_ones_first_and_so_many_at_once(monkeypatch):
    monkeypatch.setattr(health, "MANY", 2)
    ProviderFactory(listing=Listing.PAUSED)
    live = [ProviderFactory(), ProviderFactory()]

    assert [health.follow_requirement(), set(Provider.objects.filter(calendar_is_missing=True))] == [2, set(live)]
    assert [health.follow_requirement(), health.follow_requirement()] == [1, 0]


def test_they_cannot_be_booked_nor_found_and_customers_read_the_usual_words(client, provider, service):
    index.refresh_openings(provider_ids=[provider.pk])
    assert OpeningIndex.objects.filter(provider=provider).exists()
    health.follow_requirement()
    deliver()

    with pytest.raises(PolicyRefused) as refused:
        book(service, tomorrow())
    words = f"{provider.first_name} is not taking bookings right now."
    assert str(refused.value) == words
    assert not OpeningIndex.objects.filter(provider=provider).exists()
    page = client.get(reverse("provider_page", args=[provider.slug]))
    assert page.status_code == 200
    assert "Google" not in page.content.decode().partition("<main")[2]
    assert "picker" not in page.context


def test_they_read_on_every_page_of_the_studio_what_to_do(client, provider):
    health.follow_requirement()
    client.force_login(provider.user)

    today, page = client.get(TODAY).text, client.get(PAGE).text

    assert "<b>Connect your Google Calendar.</b>" in today
    assert "<b>Connect Google Calendar</b><span>You cannot be booked</span>" in today
    assert f"{REQUIRES} a connected calendar. Customers cannot book you since" in page
    assert "Without Google" not in page
    assert "your page stays open meanwhile" not in page


def test_the_provider_reads_why_a_time_is_not_offered(provider, service):
    health.follow_requirement()
    provider.refresh_from_db()
    service.provider = provider

    row = why_not._Words.shut(SimpleNamespace(service=service), Shut.CALENDAR)

    assert row.detail == "It can’t be read, and this site takes no bookings without."


# --- What works -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "takes_bookings"),
    [
        ({}, True),
        ({"state": State.SIGN_IN_AGAIN}, False),
        ({"state": State.SIGN_IN_AGAIN, "when_stale": WhenStale.GO_ON}, False),
        ({"state": State.LEAVING}, False),
    ],
)
def test_a_connection_has_to_be_signed_in_whatever_its_owner_chose(provider, connection, change, takes_bookings):
    Connection.objects.filter(pk=connection.pk).update(**change)
    stand(provider)

    assert provider.takes_bookings is takes_bookings


@pytest.mark.parametrize(("counts", "was_read"), [(True, False), (False, True)])
def test_a_calendar_has_to_count_and_to_have_been_read(provider, connection, counts, was_read):
    read_at = clock.now() if was_read else None
    connection.calendars.update(counts_as_busy=counts, last_read_at=read_at)
    stand(provider)

    assert (provider.takes_bookings, provider.calendar_is_missing) == (False, True)


def test_one_that_works_is_enough_and_another_calendar_may_still_be_read(provider, connection):
    connect(provider, "2", when_stale=WhenStale.GO_ON, state=State.SIGN_IN_AGAIN)
    connection.calendars.create(google_id="choir", name="Choir", counts_as_busy=True)
    stand(provider)

    assert provider.takes_bookings


def test_who_chose_to_go_on_does_so_while_google_cannot_be_read(provider, connection, settings):
    Connection.objects.update(when_stale=WhenStale.GO_ON)
    GoogleCalendar.objects.update(last_read_at=clock.now() - timedelta(days=2), problem="slow")
    stand(provider)

    assert provider.takes_bookings


def test_the_first_reading_opens_bookings(client, provider, connection):
    untick(connection)
    provider.refresh_from_db()
    assert not provider.takes_bookings
    client.force_login(provider.user)
    assert "Choose at least one that makes you busy, or nobody can book you here." in client.get(PAGE).text

    calendars = list(connection.calendars.all())
    connecting.choose_calendars(
        connection=connection, busy=calendars, write_to=None, when_stale="pause", actor=connection.user
    )
    assert "bookings open once they are." in client.get(PAGE).text
    taken = reading._take_turn(calendars[0].pk)
    reading._save(taken, reading.Found(is_whole=True, since=clock.now(), until=tomorrow()))

    provider.refresh_from_db()
    assert provider.takes_bookings


# --- Ending a connection ----------------------------------------------------------------------------------------------


def test_disconnecting_the_last_one_says_before_and_after_that_nobody_can_book(client, provider, connection):
    client.force_login(provider.user)
    page = reverse("google_disconnect", args=[connection.uuid])
    assert "Customers can’t book you after that." in client.get(page).text

    answer = client.post(page, follow=True)

    provider.refresh_from_db()
    assert (provider.calendar_state, provider.takes_bookings) == (CalendarState.NONE, False)
    assert said(answer)[1] == "Customers can’t book you until a calendar of yours is read: this site requires one."
    assert f"{REQUIRES} a connected calendar" in answer.text


def test_disconnecting_one_of_two_says_and_stops_nothing(client, provider, connection):
    connect(provider, "2")
    client.force_login(provider.user)
    page = reverse("google_disconnect", args=[connection.uuid])
    assert "Customers can’t book you" not in client.get(page).text

    answer = client.post(page, follow=True)

    provider.refresh_from_db()
    assert provider.takes_bookings
    assert len(said(answer)) == 1


def test_unticking_the_last_calendar_says_so(client, provider, connection):
    client.force_login(provider.user)
    page = reverse("google_calendars", args=[connection.uuid])
    assert f"{REQUIRES}out" not in client.get(page).text
    assert "This site takes bookings only while at least one is read." in client.get(page).text

    answer = client.post(page, {"busy": [], "when_stale": "pause", "when_changed": "ask"}, follow=True)

    provider.refresh_from_db()
    assert not provider.takes_bookings
    assert said(answer)[1].startswith("Customers can’t book you until")
    assert "<b>No calendar of yours is read.</b>" in client.get(TODAY).text


def test_the_mail_that_asks_for_a_sign_in_says_that_nobody_can_book(provider, connection):
    Connection.objects.update(when_stale=WhenStale.GO_ON, state=State.SIGN_IN_AGAIN)
    stand(provider)

    mail = sign_in_again(connection=connection.pk, since=clock.now().isoformat(), hours=0)

    assert mail.consequence == "Customers cannot book you until you sign in."


def test_nothing_of_this_is_said_or_done_where_no_calendar_is_required(client, provider, service, required):
    required.GOOGLE_CALENDAR_REQUIRED = False
    row = connect(provider)
    client.force_login(provider.user)
    pages = [reverse(name, args=[row.uuid]) for name in ("google_calendars", "google_disconnect")]
    assert not [page for page in pages if "This site" in client.get(page).text or "book you" in client.get(page).text]

    disconnect(row)

    provider.refresh_from_db()
    assert provider.takes_bookings
    assert "This site" not in client.get(PAGE).text
    assert len(book(service, tomorrow())) == 1


# --- Going live -------------------------------------------------------------------------------------------------------


CALENDAR, CHECK = (reverse("become_provider_step", args=[step]) for step in ("calendar", "check"))


def test_the_step_of_the_calendar_is_not_left_for_later(client, provider, settings):
    Provider.objects.update(listing=Listing.DRAFT)
    client.force_login(provider.user)
    page = client.get(CALENDAR).text
    assert "Continue without a calendar" not in page
    assert REQUIRES in page

    answer = client.post(CALENDAR)

    assert answer.status_code == 409
    assert "Connect yours to go on." in answer.text
    with pytest.raises(ChangeRefused):
        providers.leave_calendar_for_later(provider=provider, actor=provider.user)
    provider.refresh_from_db()
    assert provider.steps_done == []
    connect(provider)
    assert client.post(CALENDAR)["Location"] == CHECK
    assert "Connected" in client.get(CHECK).text


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (None, "Connect your Google Calendar."),
        (State.SIGN_IN_AGAIN, "Sign in to Google again, so that your calendar can be read."),
        (
            State.WORKING,
            "Let a calendar of yours be read: one has to count, and its first reading takes about a minute.",
        ),
    ],
)
def test_nobody_goes_live_without_a_calendar_that_works(client, provider, service, state, sentence):
    Provider.objects.update(listing=Listing.DRAFT)
    if state:
        connect(provider, state=state)
        GoogleCalendar.objects.update(last_read_at=None)
        stand(provider)
    client.force_login(provider.user)
    assert client.get(CALENDAR).status_code == 200

    answer = client.post(CHECK)

    assert answer.status_code == 409
    assert sentence in answer.text
    provider.refresh_from_db()
    assert provider.is_draft
    Connection.objects.all().delete()
    connect(provider)
    assert client.post(CHECK)["Location"] == TODAY


def test_a_paused_page_is_resumed_only_with_a_calendar(client, provider, service):
    Provider.objects.update(listing=Listing.PAUSED)
    client.force_login(provider.user)

    assert said(client.post(RESUME, follow=True)) == ["Your page stays paused. Connect your Google Calendar."]
    with pytest.raises(NotReady):
        providers.resume_page(provider=provider, actor=provider.user)
    connect(provider)
    client.post(RESUME)

    provider.refresh_from_db()
    assert provider.takes_bookings
