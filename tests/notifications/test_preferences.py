"""What people choose to be told about: kept, applied when a mail is sent, and turned off from a mail."""

import re

import pytest
from django.test import Client

from accounts.models import User
from notifications import preferences
from notifications.forms import LEAVES_ON, Much
from notifications.models import (
    DEFAULT_LEAD,
    TOPICS,
    Kind,
    MailPreferences,
    ReminderLead,
    State,
    Topic,
    UnsubscribeLink,
)
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/my/settings/notifications/"
ALWAYS = {Kind.LINK, Kind.ACCOUNT, Kind.SECURITY, Kind.SUSPENSION, Kind.STANDING}


@pytest.fixture
def me(client) -> User:
    user = UserFactory()
    client.force_login(user)
    return user


def save(client, *, much, was, topics=(), leads=(), another="", unit="minutes"):
    data = {"much": much, "was": was, "topics": list(topics), "leads": list(leads), "another": another, "unit": unit}
    return client.post(PAGE, data)


def test_whoever_chose_nothing_gets_everything_and_one_reminder_a_day_before(me):
    assert all(preferences.wants(me, kind) for kind in Kind)
    assert preferences.choice_of(me).leads == (DEFAULT_LEAD,) == (1440,)


def test_what_concerns_the_account_can_not_be_turned_off(me):
    preferences.save_choice(actor=me, off=list(Topic), leads=[])

    assert {kind for kind in Kind if preferences.wants(me, kind)} == ALWAYS
    assert set(Kind) - set(TOPICS) == ALWAYS


def test_a_mail_that_waits_follows_a_later_choice_and_says_so_in_the_log(me, smtp, send, person):
    preferences.save_choice(actor=person, off=[Topic.APPOINTMENTS], leads=[60])

    row = send()

    assert (smtp.received, row.state, row.reason) == ([], State.SKIPPED, "the person turned such mails off")


def test_a_name_for_many_topics_decides_about_all_of_them(client, me):
    assert save(client, much="needed", was="all", topics=list(Topic)).status_code == 302
    assert preferences.choice_of(me).off == {Topic.RECEIPTS}
    assert save(client, much="essential", was="needed", topics=["reminders"]).status_code == 302
    assert preferences.choice_of(me).off == set(Topic)


def test_where_the_name_stays_each_box_counts_and_the_page_calls_it_ones_own_choice(client, me):
    assert save(client, much="all", was="all", topics=["reminders", "answers"]).status_code == 302

    assert preferences.choice_of(me).off == set(Topic) - {Topic.REMINDERS, Topic.ANSWERS}
    page = client.get(PAGE).content.decode()
    assert re.search(r'name="much" value="own" checked', page)
    assert len(re.findall(r'name="topics" value="(\w+)"[^>]* checked', page)) == 2


def test_times_before_an_appointment_are_kept_and_another_one_stays_to_be_unticked(client, me):
    save(client, much="all", was="all", topics=list(Topic), leads=[1440, 60], another="90")
    assert preferences.choice_of(me).leads == (1440, 90, 60)
    assert "1 hour 30 minutes" in client.get(PAGE).content.decode()

    save(client, much="all", was="all", topics=list(Topic), leads=[60])
    assert preferences.choice_of(me).leads == (60,)


@pytest.mark.parametrize(
    ("another", "unit", "said"),
    [
        ("14", "minutes", "between 15 minutes and 7 days"),
        ("8", "days", "between 15 minutes and 7 days"),
        ("0", "hours", "between 15 minutes and 7 days"),
        ("soon", "hours", "whole number"),
        ("99999999999999999999", "minutes", "between 15 minutes and 7 days"),
    ],
)
def test_a_time_that_can_not_be_is_answered_with_words_and_nothing_is_lost(client, me, another, unit, said):
    answer = save(client, much="all", was="all", topics=["answers"], leads=[60], another=another, unit=unit)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert re.search(rf'name="another"[^>]*value="{another}"|value="{another}"[^>]*name="another"', page)
    assert re.findall(r'name="topics" value="(\w+)"[^>]* checked', page) == ["answers"]
    assert re.findall(r'name="leads" value="(\w+)" checked', page) == ["60"]
    assert not MailPreferences.objects.exists()


def test_more_reminders_than_anybody_reads_are_refused(client, me):
    preferences.save_choice(actor=me, off=[], leads=[15, 30, 45])
    answer = save(client, much="all", was="all", topics=list(Topic), leads=[15, 30, 45, 60, 180, 1440], another="75")
    assert answer.status_code == 422
    assert "at most 6" in answer.content.decode()
    assert save(client, much="all", was="all", leads=["x"]).status_code == 422


def test_whom_a_time_reminds(me):
    chose, nothing = UserFactory(), UserFactory()
    preferences.save_choice(actor=me, off=[], leads=[60, 1440])
    preferences.save_choice(actor=chose, off=[], leads=[60])
    everybody = {me.pk, chose.pk, nothing.pk}

    assert preferences.people_reminded(1440, among=everybody) == {me.pk, nothing.pk}
    assert preferences.people_reminded(60, among=everybody) == {me.pk, chose.pk}
    assert preferences.people_reminded(60, among={chose.pk}) == {chose.pk}
    assert preferences.leads_in_use() == [60, 1440]


# --- The link in a mail -----------------------------------------------------------------------------------------------


def link(user):
    return preferences.unsubscribe_address(user, Kind.REMINDER).removeprefix("http://testserver")


def test_one_press_in_a_mail_program_turns_off_these_mails_and_no_others():
    user = UserFactory()
    program = Client(enforce_csrf_checks=True)

    answer = program.post(link(user), {"List-Unsubscribe": "One-Click"}, headers={"origin": "https://mail.example"})

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer
    assert preferences.choice_of(user).off == {Topic.REMINDERS}
    assert preferences.choice_of(user).leads == (DEFAULT_LEAD,)
    assert program.post(link(user), {"List-Unsubscribe": "One-Click"}).status_code == 200


def test_opening_the_link_changes_nothing(client):
    user = UserFactory()

    page = client.get(link(user))

    assert page.status_code == 200
    assert "No more mails of this kind?" in page.content.decode()
    assert preferences.choice_of(user).off == set()
    assert page["X-Robots-Tag"] == "noindex"


def test_a_link_is_the_same_in_each_mail_its_own_for_each_person_and_kept_as_a_hash():
    one, other = UserFactory(), UserFactory()

    assert link(one) == link(one) != link(other)
    row = UnsubscribeLink.objects.get(user=one)
    token = link(one).split("/")[2]
    assert token not in str(vars(row))
    assert len(bytes.fromhex(token)) * 8 >= 128


def test_a_link_that_nobody_made_leads_nowhere(client):
    assert client.get(f"/unsubscribe/{'0' * 64}/").status_code == 404
    assert client.post(f"/unsubscribe/{'0' * 64}/").status_code == 404


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.REMINDER, Kind.REQUEST_SENT}))
def test_no_other_kind_is_one_press_from_being_lost(kind):
    assert preferences.unsubscribe_address(UserFactory(), kind) == ""


def test_the_headers_and_the_foot_of_a_mail_carry_the_link(smtp, send, person):
    send(kind=Kind.REMINDER)

    [message] = smtp.received
    address = preferences.unsubscribe_address(person, Kind.REMINDER)
    assert message["List-Unsubscribe"].strip() == f"<{address}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = (part.get_content() for part in message.iter_parts())
    assert address in text
    assert address in html


def test_each_name_leaves_on_what_it_says():
    assert {much: sorted(on) for much, on in LEAVES_ON.items()} == {
        Much.ALL: ["answers", "appointments", "new_times", "receipts", "reminders", "requests"],
        Much.NEEDED: ["answers", "appointments", "new_times", "reminders", "requests"],
        Much.ESSENTIAL: [],
    }


def test_the_settings_ask_the_database_as_often_for_many_times(client, me, django_assert_num_queries):
    preferences.save_choice(actor=me, off=[], leads=[60])
    with django_assert_num_queries(4):  # the session with its person, the choice, its times, a refused address
        client.get(PAGE)
    preferences.save_choice(actor=me, off=[Topic.ANSWERS], leads=[15, 30, 60, 90, 120, 180])
    with django_assert_num_queries(4):
        client.get(PAGE)
    assert ReminderLead.objects.filter(preferences=me.pk).count() == 6
