"""Links to join that come one after another: those of a while are told in one mail."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from appointments.models import Appointment
from appointments.rules import join_links as rules
from appointments.services import join_links
from calendar_sync.models import Connection, WrittenEvent
from calendar_sync.services import writing
from calendar_sync.states import Meet
from core import clock
from notifications.models import Kind, SentMail
from outbox.models import Message
from outbox.testing import deliver
from tests.factories.accounts import UserFactory

from .joining import choose, link_of, look, make_ready, tell
from .world import HOUR, book

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FAR = NOON + timedelta(days=3)


def looks_again(*, since=NOON, start=FAR, after=MINUTE):
    return rules.next_gathering([since], [start], now=NOON + after)


def test_links_are_gathered_for_five_minutes_and_not_where_somebody_is_about_to_join():
    assert looks_again() == NOON + MINUTE + timedelta(seconds=20)
    assert looks_again(after=MINUTE + timedelta(seconds=19)) == NOON + MINUTE + timedelta(seconds=20)
    assert looks_again(after=timedelta(minutes=4, seconds=59)) is not None
    assert looks_again(after=timedelta(minutes=5)) is None
    assert looks_again(since=None) is None
    assert looks_again(start=NOON + timedelta(minutes=31)) is None
    assert looks_again(start=NOON + timedelta(minutes=32)) is not None


def test_a_link_that_waits_is_given_up_after_a_day_or_two_hours_before_the_start():
    assert rules.given_up_at(NOON, start=FAR) == NOON + timedelta(hours=24)
    assert rules.given_up_at(NOON, start=NOON + timedelta(hours=9)) == NOON + timedelta(hours=7)


@pytest.fixture
def three(online, morning, at_pretend_google):
    """Three appointments of one customer, whose links are on their way."""
    mina = UserFactory(name="Mina Sato", email="mina@mail.example", email_confirmed_at=clock.now())
    made = [book(online, morning + number * HOUR, mina) for number in range(3)]
    deliver()
    return made


def arrive(appointment):
    """Let the link of one of them come, as if Google were slower with the others."""
    WrittenEvent.objects.filter(key=appointment.uuid).update(write_at=clock.now())
    WrittenEvent.objects.exclude(key=appointment.uuid).update(write_at=None)
    writing.write_due(Connection.objects.get().pk)
    deliver()


@pytest.mark.django_db
def test_links_that_come_one_after_another_are_told_in_one_mail_with_their_times(three, at_pretend_google):
    at_pretend_google.google.clock.advance(3)
    early = []
    for each in three[:2]:
        arrive(each)
        early += tell()
    arrive(three[2])
    [told] = tell()
    assert early == []
    assert told.subject.startswith("Link to join: 3 appointments with ")
    assert all(f"Join: {link_of(each)}" in told.body for each in three)
    assert all(f"{clock.local(each.start, each.customer.zone):%H:%M} to" in told.body for each in three)
    assert SentMail.objects.filter(kind=Kind.JOIN).count() == 1


@pytest.mark.django_db
def test_one_that_stays_away_keeps_the_others_for_minutes_only(three, at_pretend_google):
    at_pretend_google.google.clock.advance(3)
    arrive(three[0])
    early = tell()
    with time_machine.travel(clock.now() + rules.GATHERED_WITHIN, tick=False):
        [told] = tell()
    assert early == []
    assert link_of(three[0]) in told.body
    assert WrittenEvent.objects.filter(meet=Meet.ASKED).count() == 2


@pytest.mark.django_db
def test_who_is_about_to_join_waits_for_no_other_link(three, at_pretend_google):
    at_pretend_google.google.clock.advance(3)
    arrive(three[0])
    with time_machine.travel(three[0].start - 20 * MINUTE, tick=False):
        Appointment.objects.update(join_link_at=clock.now())
        [told] = tell()
    assert link_of(three[0]) in told.body


@pytest.mark.django_db
def test_ticking_the_box_brings_each_customer_one_mail(online, morning, makes_meet, at_pretend_google):
    Connection.objects.update(makes_meet=False)
    people = [
        UserFactory(name=name, email=f"{name.lower()}@mail.example", email_confirmed_at=clock.now())
        for name in ("Mina", "Ravi")
    ]
    for number in range(6):
        book(online, morning + number * HOUR, people[number % 2])
    deliver()
    choose(makes_meet)
    make_ready(at_pretend_google)
    tell()
    look()
    tell()
    assert SentMail.objects.filter(kind=Kind.JOIN).count() == 2
    assert all(SentMail.objects.get(kind=Kind.JOIN, user=person).mentions.count() == 3 for person in people)


@pytest.mark.django_db
def test_several_workers_that_find_others_on_their_way_look_again_once(three, at_pretend_google):
    at_pretend_google.google.clock.advance(3)
    arrive(three[0])
    Message.objects.filter(topic=join_links.TELL).delete()
    with time_machine.travel(clock.now(), tick=False):
        for _ in range(3):
            join_links.tell_links(provider=three[0].provider_id, customer=three[0].customer_id)
    assert Message.objects.filter(topic=join_links.TELL).count() == 1
