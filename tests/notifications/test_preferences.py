"""What people choose to be told about: kept, applied when a mail is sent, and turned off from a mail."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from core import clock
from notifications import catalogue, channels, inbox, preferences, services
from notifications.boxes import HERE, LEAVES_ON, all_boxes, boxes_of
from notifications.catalogue import Mail, Notice, Reader
from notifications.channels import LaterChannel
from notifications.forms import Much, value_of
from notifications.models import (
    DEFAULT_LEAD,
    EMAIL,
    INBOX,
    TOPICS,
    InboxItem,
    Kind,
    MailPreferences,
    ReminderLead,
    State,
    Topic,
    TurnedOff,
    UnsubscribeLink,
)
from notifications.rules import QuietHours
from outbox import services as outbox
from outbox.models import Message
from outbox.testing import deliver
from tests.factories.accounts import UserFactory

from .conftest import letter

pytestmark = pytest.mark.django_db
PAGE = "/my/settings/notifications/"
ALWAYS = {Kind.LINK, Kind.ACCOUNT, Kind.SECURITY, Kind.SUSPENSION, Kind.STANDING}


@pytest.fixture
def me(client) -> User:
    user = UserFactory()
    client.force_login(user)
    return user


def mail(topics):
    """The boxes of these topics by email."""
    return {f"{EMAIL}:{topic}" for topic in topics}


def here(topics):
    """The boxes of these topics in the inbox."""
    return {f"{INBOX}:{topic}" for topic in topics}


def save(client, *, much, was, topics=(), shown=tuple(HERE), leads=(), another="", unit="minutes", **quiet):
    """The answer to a form with these topics ticked for mail, and those of `shown` for the inbox."""
    boxes = mail(topics) | here(shown)
    data = {"much": much, "was": was, "on": sorted(boxes), "leads": list(leads), "another": another, "unit": unit}
    return client.post(PAGE, data | quiet)


def off_by_mail(user):
    off = preferences.choice_of(user).off
    assert {channel for channel, _ in off} <= {EMAIL}
    return {topic for _, topic in off}


def test_whoever_chose_nothing_gets_everything_and_one_reminder_a_day_before(me):
    assert all(preferences.wants(me, kind) for kind in Kind)
    assert preferences.choice_of(me).leads == (DEFAULT_LEAD,) == (1440,)


def test_what_concerns_the_account_can_not_be_turned_off(me):
    preferences.save_choice(actor=me, off=all_boxes(), leads=[])

    for channel in (EMAIL, INBOX):
        assert {kind for kind in Kind if preferences.wants(me, kind, channel=channel)} == ALWAYS | {Kind.DIGEST}
    assert set(Kind) - set(TOPICS) == ALWAYS


def test_a_mail_that_waits_follows_a_later_choice_and_says_so_in_the_log(me, smtp, send, person):
    preferences.save_choice(actor=person, off=preferences.by(EMAIL, [Topic.APPOINTMENTS]), leads=[60])

    row = send()

    assert (smtp.received, row.state, row.reason) == ([], State.HELD, "the person turned such mails off")
    assert row.held_until is None


def test_a_name_for_many_topics_decides_about_all_of_them(client, me):
    assert save(client, much="needed", was="all", topics=list(HERE)).status_code == 302
    assert off_by_mail(me) == {Topic.RECEIPTS, Topic.REPORT}
    assert save(client, much="essential", was="needed", topics=["reminders"]).status_code == 302
    assert off_by_mail(me) == set(HERE)


def test_where_the_name_stays_each_box_counts_and_the_page_calls_it_ones_own_choice(client, me):
    assert save(client, much="all", was="all", topics=["reminders", "answers"]).status_code == 302

    assert off_by_mail(me) == set(HERE) - {Topic.REMINDERS, Topic.ANSWERS}
    page = client.get(PAGE).content.decode()
    assert re.search(r'name="much" value="own" checked', page)
    assert len(re.findall(r'name="on" value="email:(\w+)"[^>]* checked', page)) == 2


def test_times_before_an_appointment_are_kept_and_another_one_stays_to_be_unticked(client, me):
    save(client, much="all", was="all", topics=list(HERE), leads=[1440, 60], another="90")
    assert preferences.choice_of(me).leads == (1440, 90, 60)
    assert "1 hour 30 minutes" in client.get(PAGE).content.decode()

    save(client, much="all", was="all", topics=list(HERE), leads=[60])
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
    assert re.findall(r'name="on" value="email:(\w+)"[^>]* checked', page) == ["answers"]
    assert re.findall(r'name="leads" value="(\w+)" checked', page) == ["60"]
    assert not MailPreferences.objects.exists()


@pytest.mark.parametrize("leads", [["9" * 5000], ["٣"], ["-60"], ["60 "]])
def test_a_reminder_that_the_page_does_not_have_is_refused(client, me, leads):
    answer = save(client, much="all", was="all", topics=list(HERE), leads=leads)

    assert answer.status_code == 422
    assert re.findall(r'name="leads" value="(\w+)" checked', answer.text) == []
    assert not MailPreferences.objects.exists()


def test_more_reminders_than_anybody_reads_are_refused(client, me):
    preferences.save_choice(actor=me, off=[], leads=[15, 30, 45])
    answer = save(client, much="all", was="all", topics=list(HERE), leads=[15, 30, 45, 60, 180, 1440], another="75")
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
    assert off_by_mail(user) == {Topic.REMINDERS}
    assert preferences.choice_of(user).leads == (DEFAULT_LEAD,)
    assert program.post(link(user), {"List-Unsubscribe": "One-Click"}).status_code == 200


def test_opening_the_link_changes_nothing(client):
    user = UserFactory()

    page = client.get(link(user))

    assert page.status_code == 200
    assert "No more mails of this kind?" in page.content.decode()
    assert off_by_mail(user) == set()
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


MAY_BE_LOST = {
    Kind.REMINDER, Kind.REQUEST_SENT, Kind.TAKEN_BACK, Kind.DIGEST, Kind.PLACE_OPENED, Kind.WAITLIST, Kind.REPORT,
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(set(Kind) - MAY_BE_LOST))
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
        Much.ALL: [
            "answers", "appointments", "calendar", "new_times", "receipts", "reminders", "report", "requests",
            "waitlist",
        ],
        Much.NEEDED: ["answers", "appointments", "calendar", "new_times", "reminders", "requests", "waitlist"],
        Much.ESSENTIAL: [],
    }  # fmt: skip


def test_the_settings_ask_the_database_as_often_for_many_times(client, me, django_assert_num_queries):
    preferences.save_choice(actor=me, off=[], leads=[60])
    # The session with its person, the choice, what is off, the times, a refused address.
    with django_assert_num_queries(5):
        client.get(PAGE)
    preferences.save_choice(actor=me, off=preferences.by(EMAIL, [Topic.ANSWERS]), leads=[15, 30, 60, 90, 120, 180])
    with django_assert_num_queries(5):
        client.get(PAGE)
    assert ReminderLead.objects.filter(preferences=me.pk).count() == 6


# --- Channels ---------------------------------------------------------------------------------------------------------


def test_each_box_is_kept_for_its_own_channel(client, me):
    save(client, much="all", was="all", topics=[Topic.REMINDERS], shown=[Topic.APPOINTMENTS, Topic.RECEIPTS])

    ticked = {value_of(box) for box in all_boxes() - preferences.choice_of(me).off}
    assert ticked == mail([Topic.REMINDERS]) | here([Topic.APPOINTMENTS, Topic.RECEIPTS])
    assert preferences.wants(me, Kind.REMINDER) and not preferences.wants(me, Kind.CONFIRMED)
    assert preferences.wants(me, Kind.CONFIRMED, channel=INBOX)
    assert not preferences.wants(me, Kind.REMINDER, channel=INBOX)


def test_a_name_for_many_leaves_all_to_be_looked_up(client, me):
    save(client, much="essential", was="all", topics=list(HERE), shown=[])

    assert all_boxes() - preferences.choice_of(me).off == preferences.by(INBOX, HERE)
    assert boxes_of(Much.ALL) == all_boxes()


def test_what_is_turned_off_here_is_neither_listed_nor_counted_and_comes_back_as_read(client, me):
    tell_all(me)
    preferences.save_choice(actor=me, off=preferences.by(INBOX, [Topic.REMINDERS]), leads=[])
    tell_all(me, key="later")

    page = client.get("/my/notifications/")
    kinds = [item.kind for item, _ in page.context["rows"]]
    preferences.save_choice(actor=me, off=[], leads=[])
    again = client.get("/my/notifications/")

    assert sorted(kinds) == [Kind.STANDING, Kind.STANDING]
    assert page.context["bell"].count == 2
    assert len(again.context["rows"]) == 4
    assert again.context["bell"].count == 2
    assert InboxItem.objects.filter(kind=Kind.REMINDER, read_at=None).count() == 0


def tell_all(person, key="first"):
    facts = {"name": "appointments.late_forgiven", "key": key, "reader": person.pk, "facts": {"late": 1}}
    notices = [Notice(kind=Kind.STANDING, **facts), Notice(kind=Kind.REMINDER, **facts | {"key": f"{key}-reminder"})]
    inbox.write(notices, now=clock.now())


class Texts(LaterChannel):
    """Text messages that are recorded instead of sent."""

    name, label = "text", "Text message"

    def __init__(self):
        self.sent = []

    def send(self, mail):
        self.sent.append((mail.reader.user, mail.kind, mail.key))


@pytest.fixture
def texts(monkeypatch):
    """One more channel, which nothing else knows."""
    channel = Texts()
    monkeypatch.setattr(channels.channels, "_parts", [*channels.channels, channel])
    return channel


class Remark(Mail):
    def __init__(self, person, kind, key):
        self.reader, self.kind, self.key = Reader.of(person), kind, key

    def stale_because(self, now):
        return "it is over" if self.key == "stale" else ""

    def letter(self):
        return letter()


@catalogue.mail("probe.remark")
def remark(*, person, kind, number):
    return Remark(User.objects.get(pk=person), Kind(kind), number)


def tell_remark(person, kind, key="one"):
    facts = {"person": person.pk, "kind": kind, "number": key}
    with transaction.atomic():
        channels.tell([Notice(name="probe.remark", key=f"{key}:{kind}", reader=person.pk, kind=kind, facts=facts)])


def test_one_more_channel_gets_what_is_told_and_what_is_chosen(client, me, texts):
    page = client.get(PAGE).text
    boxes = mail(HERE) | here(HERE) | {"text:reminders"}
    data = {"much": "own", "was": "own", "on": sorted(boxes), "leads": [], "unit": "hours"}

    assert client.post(PAGE, data).status_code == 302
    for kind in (Kind.CONFIRMED, Kind.REMINDER, Kind.STANDING):
        tell_remark(me, kind)
    tell_remark(me, Kind.REMINDER, "stale")
    deliver(channels.TOPIC)

    assert '<th scope="col">Text message</th>' in page
    assert 'name="on" value="text:reminders" data-in="all needed" checked' in page
    assert sorted(texts.sent, key=str) == sorted([(me, Kind.REMINDER, "one"), (me, Kind.STANDING, "one")], key=str)
    assert client.get(PAGE).text.count("checked") > 0
    assert set(InboxItem.objects.values_list("kind", flat=True)) == {Kind.CONFIRMED, Kind.REMINDER, Kind.STANDING}


def test_what_is_to_wait_waits_in_each_channel_that_sends(me, texts):
    morning = clock.now() + timedelta(hours=8)
    facts = {"person": me.pk, "kind": Kind.STANDING, "number": "one"}
    notice = Notice(name="probe.remark", key="one", reader=me.pk, kind=Kind.STANDING, facts=facts, mail_at=morning)
    with transaction.atomic():
        channels.tell([notice])

    due = dict(Message.objects.values_list("topic", "due_at"))
    assert due == {channels.TOPIC: morning, services.TOPIC: morning}
    assert InboxItem.objects.filter(reader=me).exists()


def test_nothing_but_essentials_holds_for_a_channel_that_comes_later(client, me, monkeypatch):
    save(client, much="essential", was="all", topics=list(HERE))
    channel = Texts()
    monkeypatch.setattr(channels.channels, "_parts", [*channels.channels, channel])

    for kind in (Kind.CONFIRMED, Kind.REMINDER, Kind.REQUEST_SENT):
        tell_remark(me, kind)
    deliver(channels.TOPIC)
    page = client.get(PAGE).text

    assert channel.sent == []
    assert re.search(r'name="much" value="essential" checked', page)
    assert not re.search(r'value="text:\w+"[^>]* checked', page)
    assert len(re.findall(r'value="inbox:\w+"[^>]* checked', page)) == len(HERE)


def test_only_what_needs_me_holds_for_a_channel_that_comes_later(client, me, monkeypatch):
    save(client, much="needed", was="all", topics=list(HERE))
    channel = Texts()
    monkeypatch.setattr(channels.channels, "_parts", [*channels.channels, channel])

    for kind in (Kind.CONFIRMED, Kind.REQUEST_SENT):
        tell_remark(me, kind)
    deliver(channels.TOPIC)

    assert [kind for _, kind, _ in channel.sent] == [Kind.CONFIRMED]


def test_nothing_but_essentials_holds_for_a_topic_that_comes_later(client, me):
    save(client, much="essential", was="all", topics=list(HERE))
    # As it is for whoever chose before the topic was there.
    TurnedOff.objects.filter(topic=Topic.ANSWERS).delete()

    assert {kind for kind in Kind if preferences.wants(me, kind)} == ALWAYS
    assert preferences.wants(me, Kind.NOT_CONFIRMED, channel=INBOX, interrupts=False)
    page = client.get(PAGE).text
    assert re.search(r'name="much" value="essential" checked', page)
    assert not re.search(r'value="email:\w+"[^>]* checked', page)


def test_a_choice_of_ones_own_after_a_name_counts_box_by_box(client, me):
    save(client, much="essential", was="all", topics=list(HERE))
    assert preferences.choice_of(me).much == Much.ESSENTIAL

    save(client, much="essential", was="essential", topics=["reminders"])

    assert preferences.choice_of(me).much == Much.OWN
    assert preferences.wants(me, Kind.REMINDER) and not preferences.wants(me, Kind.CONFIRMED)


def test_a_press_in_a_mail_leaves_the_name_of_the_choice_as_it_is(client, me):
    save(client, much="needed", was="all", topics=list(HERE))

    Client().post(link(me))

    assert preferences.choice_of(me).much == Much.NEEDED
    assert not preferences.wants(me, Kind.REMINDER) and preferences.wants(me, Kind.CONFIRMED)


def test_a_channel_that_is_gone_again_leaves_its_jobs_to_be_seen(me, texts, monkeypatch):
    tell_remark(me, Kind.STANDING)
    monkeypatch.setattr(channels.channels, "_parts", [channels.email, channels.own_pages])

    with pytest.raises(outbox.Retry):
        channels.deliver("text", "probe.remark", {})


# --- Quiet hours ------------------------------------------------------------------------------------------------------

NIGHT = {"is_quiet": "on", "quiet_from": "22:00", "quiet_until": "07:00"}


def test_quiet_hours_are_kept_and_shown_and_turned_off_again(client, me):
    save(client, much="all", was="all", topics=list(HERE), **NIGHT)
    page = client.get(PAGE).text

    assert preferences.choice_of(me).quiet == QuietHours(22 * 60, 7 * 60)
    assert 'name="is_quiet" checked' in page
    assert "reaches you at 07:00" in page and "before 09:00 comes at once" in page
    save(client, much="all", was="all", topics=list(HERE), quiet_from="22:00", quiet_until="07:00")
    assert preferences.choice_of(me).quiet is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"quiet_from": ""}, "Write a time of day"),
        ({"quiet_until": "late"}, "Write a time of day"),
        ({"quiet_until": "22:00"}, "an end that differs"),
        ({"quiet_from": "25:00"}, "Write a time of day"),
    ],
)
def test_quiet_hours_that_can_not_be_are_answered_with_words_and_nothing_is_lost(client, me, changes, said):
    answer = save(client, much="all", was="all", topics=["answers"], **NIGHT | changes)

    assert answer.status_code == 422
    assert said in answer.text
    assert 'name="is_quiet" checked' in answer.text
    for name, value in (NIGHT | changes).items():
        if name != "is_quiet" and value:
            assert re.search(rf'name="{name}"[^>]*value="{value}"|value="{value}"[^>]*name="{name}"', answer.text)
    assert re.findall(r'name="on" value="email:(\w+)"[^>]* checked', answer.text) == ["answers"]
    assert not MailPreferences.objects.exists()


def test_a_press_in_a_mail_leaves_quiet_hours_as_they_are():
    user = UserFactory()
    preferences.save_choice(actor=user, off=preferences.by(INBOX, [Topic.ANSWERS]), leads=[60], quiet=QuietHours(0, 60))

    Client().post(link(user))

    choice = preferences.choice_of(user)
    assert choice.quiet == QuietHours(0, 60)
    assert choice.off == {(INBOX, Topic.ANSWERS), (EMAIL, Topic.REMINDERS)}
