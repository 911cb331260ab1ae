"""The evening digest: for whom it was asked, at their evening, once a day, with what the next day holds.

It is Monday 2 March 2026, 08:00 UTC. The provider is in Kathmandu (UTC+5:45): 18:00 there is 12:15 UTC.
"""

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail as django_mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from appointments import tasks
from appointments.mail.words.digest import digest
from appointments.models import Appointment, Digest
from appointments.pages.studio.digest import NextDay
from appointments.rules.digest import day_to_tell, next_at
from appointments.services import personal_data, proposals, transitions
from appointments.services.digests import choose_digest, publish_due, turn_off_digest
from appointments.states import Role
from notifications import preferences
from notifications.composing import render
from notifications.models import Kind, SentMail, State, Topic
from outbox.models import Message
from outbox.testing import deliver
from providers.models import Provider, TimeOff
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

from .conftest import NOW, TUESDAY_TEN, move_to_london
from .test_customer_pages import text_of

pytestmark = pytest.mark.django_db
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
SIX = 18 * 60
# 18:00 in Kathmandu on the Monday, the evening before the appointments.
EVENING = datetime(2026, 3, 2, 12, 15, tzinfo=UTC)
TUESDAY = date(2026, 3, 3)


@contextmanager
def at(moment):
    with time_machine.travel(moment, tick=False):
        yield


def choose(provider, minute=SIX, also_empty=False, now=NOW):
    return choose_digest(provider=provider, minute=minute, also_empty=also_empty, now=now)


@pytest.fixture
def wanted(provider):
    return choose(provider)


@pytest.fixture
def appointment(book):
    made = book().appointment
    deliver()
    django_mail.outbox.clear()
    return made


def tell(moment):
    """The digests that are sent when the job runs at this moment."""
    django_mail.outbox.clear()
    with at(moment):
        tasks.tell_next_day()
        deliver("notifications.send_mail")
    return list(django_mail.outbox)


def subjects(moment):
    return [message.subject for message in tell(moment)]


def reasons():
    return [(row.state, row.reason) for row in SentMail.objects.filter(kind="digest")]


# --- When -------------------------------------------------------------------------------------------------------------


def test_it_comes_at_the_chosen_time_on_the_providers_clocks_once(wanted, appointment, provider):
    assert tell(EVENING - timedelta(seconds=1)) == []

    [message] = tell(EVENING)

    assert message.subject == "Tomorrow, Tue 3 March: 1 appointment"
    assert provider.user.email in message.to[0]
    assert subjects(EVENING + MINUTE) == []
    assert tell(EVENING + 3 * HOUR) == []
    assert SentMail.objects.filter(kind="digest", state=State.SENT).count() == 1


def test_nobody_gets_it_who_did_not_ask(appointment):
    assert tell(EVENING) == []
    assert not Message.objects.filter(key__startswith="appointments.digest").exists()


@pytest.mark.parametrize(
    ("zone", "minute", "on", "due"),
    [
        ("Asia/Kolkata", SIX, date(2026, 3, 2), datetime(2026, 3, 2, 12, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", SIX, date(2026, 4, 4), datetime(2026, 4, 4, 7, 0, tzinfo=UTC)),  # the day before
        ("Australia/Lord_Howe", SIX, date(2026, 4, 5), datetime(2026, 4, 5, 7, 30, tzinfo=UTC)),  # half an hour back
        ("Europe/London", SIX, date(2026, 3, 28), datetime(2026, 3, 28, 18, 0, tzinfo=UTC)),
        ("Europe/London", SIX, date(2026, 3, 29), datetime(2026, 3, 29, 17, 0, tzinfo=UTC)),
        ("Europe/London", SIX, date(2026, 10, 25), datetime(2026, 10, 25, 18, 0, tzinfo=UTC)),
        ("Pacific/Kiritimati", 12 * 60, date(2026, 3, 3), datetime(2026, 3, 2, 22, 0, tzinfo=UTC)),
        ("America/St_Johns", 22 * 60, date(2026, 3, 2), datetime(2026, 3, 3, 1, 30, tzinfo=UTC)),
    ],
)
def test_the_evening_is_that_of_the_wall_clock(zone, minute, on, due):
    digest, zone = Digest(minute=minute), ZoneInfo(zone)

    assert day_to_tell(digest, zone, due - timedelta(seconds=1)) is None
    assert day_to_tell(digest, zone, due) == on + DAY
    digest.told = on + DAY
    assert day_to_tell(digest, zone, due) is None
    assert next_at(digest, zone, due) - due in {DAY - HOUR, DAY - HOUR / 2, DAY, DAY + HOUR / 2, DAY + HOUR}


def test_what_the_database_finds_is_what_the_rule_says(book):
    """One query finds whose evening it is, in whatever zone."""
    zones = ["Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "UTC", "Pacific/Kiritimati", "Asia/Kolkata"]
    made = [choose(ProviderFactory(time_zone=name), minute=minute) for name in zones for minute in (720, SIX, 1320)]
    now = NOW
    while now < NOW + DAY:
        expected = {
            digest.pk for digest in Digest.objects.all() if day_to_tell(digest, _zone_of(digest), now) is not None
        }
        before = dict(Digest.objects.values_list("pk", "told"))
        assert publish_due(now=now) == len(expected)
        assert {pk for pk, told in Digest.objects.values_list("pk", "told") if told != before[pk]} == expected
        now += timedelta(minutes=45)
    assert len(made) == 18


def _zone_of(digest):
    return ZoneInfo(Provider.objects.get(pk=digest.pk).time_zone)


def test_what_was_missed_while_no_worker_ran_is_made_up_until_midnight_and_not_after(wanted, appointment):
    midnight = EVENING + 6 * HOUR

    assert tell(midnight) == []
    assert subjects(midnight - MINUTE) == ["Tomorrow, Tue 3 March: 1 appointment"]


def test_a_mail_that_waits_past_midnight_is_not_sent(wanted, appointment):
    with at(EVENING):
        tasks.tell_next_day()
    with at(EVENING + 6 * HOUR):
        deliver()

    assert reasons() == [(State.SKIPPED, "the day has begun")]


@pytest.mark.parametrize("jump", [-HOUR, -DAY, HOUR, DAY])
def test_a_clock_that_jumps_and_comes_back_tells_no_day_twice_and_forgets_none(wanted, appointment, book, jump):
    book(start=TUESDAY_TEN + DAY)
    deliver()
    assert len(subjects(EVENING)) == 1

    jumped = subjects(EVENING + jump)
    back = subjects(EVENING + MINUTE)

    assert back == []
    assert jumped == (["Tomorrow, Wed 4 March: 1 appointment"] if jump == DAY else [])
    assert subjects(EVENING + DAY) == ([] if jump == DAY else ["Tomorrow, Wed 4 March: 1 appointment"])
    assert SentMail.objects.filter(kind="digest", state=State.SENT).count() == 2


def test_a_day_that_was_jumped_over_is_told_once_the_clock_is_right_again(wanted, appointment, book):
    book(start=TUESDAY_TEN + DAY)
    deliver()

    assert subjects(EVENING + DAY) == ["Tomorrow, Wed 4 March: 1 appointment"]
    assert subjects(EVENING) == ["Tomorrow, Tue 3 March: 1 appointment"]
    assert subjects(EVENING + DAY) == []


def test_who_moves_to_another_zone_is_told_once_of_each_day(wanted, appointment, provider):
    assert len(tell(EVENING)) == 1
    provider.time_zone = "Europe/London"
    provider.save()

    assert tell(datetime(2026, 3, 2, 18, tzinfo=UTC)) == []


def test_a_first_one_whose_time_is_over_comes_tomorrow(provider, appointment, book):
    book(start=TUESDAY_TEN + DAY)
    deliver()
    choose(provider, now=EVENING + HOUR)

    assert tell(EVENING + HOUR) == []
    assert subjects(EVENING + DAY) == ["Tomorrow, Wed 4 March: 1 appointment"]


def test_another_time_counts_from_the_same_evening_on(wanted, appointment, provider):
    choose(provider, minute=17 * 60, now=EVENING - HOUR / 2)
    assert len(tell(EVENING - HOUR / 2)) == 1

    choose(provider, minute=20 * 60, now=EVENING)

    assert tell(EVENING + 2 * HOUR) == []


def test_turned_off_and_on_again_it_still_comes_once(wanted, appointment, provider):
    assert len(tell(EVENING)) == 1
    turn_off_digest(provider=provider)
    choose(provider, minute=20 * 60, now=EVENING + HOUR)

    assert tell(EVENING + 2 * HOUR) == []


def test_who_turned_it_off_gets_none_also_of_those_that_wait(wanted, appointment, provider):
    with at(EVENING):
        tasks.tell_next_day()
    turn_off_digest(provider=provider)

    assert subjects(EVENING + MINUTE) == []


def test_who_is_suspended_or_leaves_gets_none(wanted, appointment, provider):
    with at(EVENING):
        tasks.tell_next_day()
    User.objects.filter(pk=provider.user_id).update(banned_at=NOW)

    assert subjects(EVENING + MINUTE) == []
    assert reasons() == [(State.SKIPPED, "the person takes no part any more")]
    assert tell(EVENING + DAY) == []
    assert len(reasons()) == 1


# --- What -------------------------------------------------------------------------------------------------------------


def test_an_empty_day_is_told_of_only_where_that_is_wanted(wanted, provider):
    TimeOff.objects.create(provider=provider, start=TUESDAY_TEN, end=TUESDAY_TEN + HOUR)
    assert tell(EVENING) == []
    assert reasons() == [(State.SKIPPED, "nothing is booked on that day")]

    choose(provider, also_empty=True)
    [message] = tell(EVENING + DAY)

    assert message.subject == "Tomorrow, Wed 4 March: nothing booked"


def test_it_says_the_day_with_who_will_come_requests_and_time_off(wanted, provider, book, in_london):
    provider.policy.answer_minutes = 3 * 24 * 60
    provider.policy.save()
    come = book().appointment
    other = book(start=TUESDAY_TEN + 2 * HOUR, customer=UserFactory(name="Ben Adeyemi")).appointment
    by_hand = ServiceFactory(provider=provider, duration_minutes=60, confirmation="by_hand")
    asked = book(start=TUESDAY_TEN + 4 * HOUR, service=by_hand, customer=UserFactory(name="Cleo Diaz")).appointment
    book(start=TUESDAY_TEN + DAY, service=by_hand, customer=UserFactory(name="Far Away"))
    transitions.say_coming(appointment=come, actor=come.customer)
    TimeOff.objects.create(provider=provider, start=TUESDAY_TEN + 3 * HOUR, end=TUESDAY_TEN + 4 * HOUR)
    deliver()

    [message] = tell(NOW + 10 * HOUR)

    assert message.subject == "Tomorrow, Tue 3 March: 2 appointments"
    body = message.body
    for line in (
        "From 10:00 to 13:00, London time.",
        "1 of 2 said that they will come.",
        "1 request for that day waits for your answer.",
        "You are off from 13:00 to 14:00.",
        "Will come\n10:00 to 11:00",
        f"{come.customer.name}, {come.service.name}",
        f"Confirmed\n12:00 to 13:00\nBen Adeyemi, {other.service.name}",
        f"Awaiting your answer\n14:00 to 15:00\nCleo Diaz, {asked.service.name}",
        "In all, 2 requests and new times wait for your answer.",
    ):
        assert line in body, body
    assert "Far Away" not in body
    html = message.alternatives[0].content
    assert "Ben Adeyemi" in html
    assert html.count("/a/") == 3


def test_what_ends_before_the_day_does_is_told_even_without_appointments(wanted, provider, book, in_london):
    provider.policy.answer_minutes = 24 * 60
    provider.policy.save()
    by_hand = ServiceFactory(provider=provider, duration_minutes=60, confirmation="by_hand")
    book(start=TUESDAY_TEN + 3 * DAY, service=by_hand)
    deliver()

    [message] = tell(NOW + 10 * HOUR)

    assert message.subject == "Tomorrow, Tue 3 March: nothing booked"
    assert "In all, 1 request or new time waits for your answer.\n\nIt expires at Tue 3 March, 08:00." in message.body


def test_a_new_time_that_waits_counts_among_the_answers(wanted, appointment, provider, by_hand):
    by_hand.policy.accepts_at_once = False
    proposals.propose_time(
        appointment=appointment, start=TUESDAY_TEN + 2 * HOUR, actor=appointment.customer, role=Role.CUSTOMER
    )
    deliver()

    [message] = tell(EVENING)

    assert "New time proposed\n15:45 to 16:45" in message.body
    assert "In all, 1 request or new time waits for your answer." in message.body


def test_a_whole_day_off_is_said_as_one(provider):
    choose(provider, also_empty=True)
    start = datetime(2026, 3, 2, 18, 15, tzinfo=UTC)
    TimeOff.objects.create(provider=provider, start=start, end=start + DAY, all_day=True)

    [message] = tell(EVENING)

    assert "You are off all day." in message.body


def test_a_time_that_comes_twice_is_explained(provider, service):
    """In London clocks go back on 25 October: an appointment from the second 01:00 on says so."""
    provider.time_zone = "Europe/London"
    provider.save()

    start = datetime(2026, 10, 25, 1, tzinfo=UTC)
    one = Appointment(provider=provider, service=service, customer=UserFactory(), start=start, end=start + HOUR)
    one.status = "confirmed"
    told = NextDay(date(2026, 10, 25), provider.zone, [one], [], [], False, 0, [])

    [item] = digest(provider, told).items

    assert item.when.time == "the second 01:00 to 02:00"
    assert "twice" in item.when.notes[0]


def test_a_day_of_hundreds_stays_short_enough_to_be_read_whole(provider, service):

    people = UserFactory.build_batch(400)
    for number, person in enumerate(people):
        person.pk = 10_000 + number
    rows = [
        Appointment(
            pk=number,
            provider=provider,
            service=service,
            customer=person,
            start=TUESDAY_TEN + number * MINUTE,
            end=TUESDAY_TEN + (number + 1) * MINUTE,
            status="confirmed",
        )
        for number, person in enumerate(people)
    ]
    letter = digest(provider, NextDay(TUESDAY, provider.zone, rows, [], [], False, 0, []))

    text, html = render(letter)

    assert "400 appointments" in letter.subject
    assert "and 250 more" in text
    assert len(html.encode()) < 100_000


def test_it_asks_the_database_no_more_for_a_full_day(wanted, book, provider, in_london):
    def queries(moment):
        with at(moment):
            tasks.tell_next_day()
            with CaptureQueriesContext(connection) as asked:
                deliver("notifications.send_mail")
        return len(asked)

    book()
    deliver()
    for_one = queries(NOW + 10 * HOUR)
    for number in range(4):
        book(start=TUESDAY_TEN + DAY + number * HOUR, customer=UserFactory())
    deliver()

    # The first mail also makes the link that turns such mails off.
    assert queries(NOW + 10 * HOUR + DAY) <= for_one


def test_the_job_asks_the_database_no_more_for_many(provider):
    def queries(moment):
        with CaptureQueriesContext(connection) as asked, at(moment):
            tasks.tell_next_day()
        return len(asked)

    choose(provider)
    for_one = queries(EVENING)
    for _ in range(20):
        choose(ProviderFactory(time_zone="Asia/Kathmandu"))

    assert queries(EVENING + DAY) == for_one
    assert queries(EVENING + DAY + MINUTE) == 2
    assert Message.objects.filter(key__startswith="appointments.digest").count() == 22


# --- The headers, and the one press -----------------------------------------------------------------------------------


def test_a_mail_program_turns_it_off_by_one_press_and_nothing_else(wanted, appointment, provider):
    [message] = tell(EVENING)
    headers = message.extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"].strip("<>").removeprefix("http://testserver")

    page = Client().get(address)
    assert "Your next day, the evening before" in text_of(page)
    assert Digest.objects.exists()
    answer = Client().post(address, {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert not Digest.objects.exists()
    assert preferences.choice_of(provider.user).off == frozenset()
    assert Client().post(address).status_code == 200
    assert tell(EVENING + DAY) == []


def test_the_notification_settings_keep_it_and_lead_there(wanted, provider):
    me = Client()
    me.force_login(provider.user)
    me.get(reverse("studio_today"))

    page = me.get(reverse("settings_notifications")).content.decode()

    assert reverse("studio_digest") in page
    assert 'value="digest"' not in page
    me.post(reverse("settings_notifications"), {"much": "essential", "was": "all", "unit": "minutes"})
    assert Topic.DIGEST not in preferences.choice_of(provider.user).off
    assert Digest.objects.exists()


def test_who_wants_nothing_but_essentials_gets_none_and_reads_why(wanted, appointment, provider):
    me = Client()
    me.force_login(provider.user)
    me.post(reverse("settings_notifications"), {"much": "essential", "was": "all", "unit": "minutes"})

    assert tell(EVENING) == []
    assert "no digest is sent" in text_of(me.get(reverse("studio_digest")))
    me.post(reverse("settings_notifications"), {"much": "needed", "was": "essential", "unit": "minutes"})
    assert "no digest is sent" not in text_of(me.get(reverse("studio_digest")))
    assert preferences.wants(provider.user, Kind.DIGEST)


# --- The page ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def studio(provider):
    client = Client()
    client.force_login(provider.user)
    return client


def test_the_page_turns_it_on_changes_it_and_off(studio, provider):
    page = reverse("studio_digest")
    assert 'name="wanted"' in studio.get(page).content.decode()

    said = studio.post(page, {"wanted": "on", "minute": "1170", "also_empty": "on"}, follow=True)
    assert "Saved. The next one comes on Mon 2 March, 19:30." in text_of(said)
    assert list(Digest.objects.values_list("provider", "minute", "also_empty")) == [(provider.pk, 1170, True)]

    studio.post(page, {"wanted": "on", "minute": "1080"})
    assert list(Digest.objects.values_list("minute", "also_empty")) == [(1080, False)]

    assert "Your evening digest is off." in text_of(studio.post(page, {"minute": "1080"}, follow=True))
    assert not Digest.objects.exists()
    assert "was off already" in text_of(studio.post(page, {"minute": "1080"}, follow=True))


@pytest.mark.parametrize("minute", ["", "719", "1350", "-1", "1081", "x", "99999999999999999999"])
def test_a_time_that_is_none_of_the_list_is_asked_for_again(studio, minute):
    answer = studio.post(reverse("studio_digest"), {"wanted": "on", "minute": minute, "also_empty": "on"})

    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"minute"}
    assert answer.content.decode().count(" checked") == 2
    assert not Digest.objects.exists()


def test_the_copy_of_ones_data_has_it_and_erasing_forgets_it(wanted, provider):
    [section] = [each for each in personal_data.sections(provider.user) if each.name == "evening_digest"]
    assert [section.write(row) for row in section.rows] == [
        {"minutes_after_midnight": SIX, "also_when_empty": False, "told_last_of": None}
    ]

    personal_data.erase(provider.user)

    assert not Digest.objects.exists()


def test_what_began_the_evening_before_is_told_with_its_date(wanted, provider, book):
    move_to_london(provider)
    give_hours(provider, {0: [("09:30", "24:00")], 1: [("00:00", "17:00")]})
    book(start=datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    book(start=datetime(2026, 3, 3, 10, tzinfo=UTC), customer=UserFactory())
    deliver()

    [message] = tell(datetime(2026, 3, 2, 18, 1, tzinfo=UTC))

    assert "From Mon 2 March, 23:30 to 11:00, London time." in message.body
