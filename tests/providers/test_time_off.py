"""Time off as rows: what is written, what becomes one, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from outbox.models import Message
from providers.exceptions import ChangeRefused, TimeOffRefused
from providers.models import TimeOff
from providers.services import lock_provider, remove_time_off, write_time_off
from providers.services import time_off as services
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, TimeOffFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def maya():
    return ProviderFactory(name="Maya Okafor")


def write(provider, start, end, **values):
    with transaction.atomic():
        return write_time_off(lock_provider(provider, actor=provider.user), start=start, end=end, now=NOW, **values).row


def spans(provider):
    return [(row.start, row.end) for row in provider.time_off.order_by("start")]


def refreshed():
    return Message.objects.filter(topic="appointments.refresh_openings").count()


def test_time_off_is_written_with_its_words_and_refreshes_what_the_search_knows(maya):
    row = write(maya, NOW + DAY, NOW + 3 * DAY, all_day=True, reason="Away", public_word="Back on 5 March")

    stored = TimeOff.objects.get()
    assert (stored, stored.start, stored.end) == (row, NOW + DAY, NOW + 3 * DAY)
    assert (stored.all_day, stored.reason, stored.public_word) == (True, "Away", "Back on 5 March")
    assert refreshed() == 1


def test_the_same_form_sent_twice_writes_once(maya):
    first, second = (write(maya, NOW + DAY, NOW + 2 * DAY, reason="Ill") for _ in range(2))

    assert first == second == TimeOff.objects.get()
    assert refreshed() == 1


def test_overlapping_entries_become_one_and_lose_no_word(maya):
    write(maya, NOW + DAY, NOW + 2 * DAY, all_day=True, reason="Ill", public_word="Back soon")
    write(maya, NOW + 3 * DAY, NOW + 4 * DAY, all_day=True, reason="Course")
    apart = write(maya, NOW + 9 * DAY, NOW + 10 * DAY, reason="Dentist")

    row = write(maya, NOW + 2 * DAY - HOUR, NOW + 3 * DAY + HOUR, reason="Ill")

    assert spans(maya) == [(NOW + DAY, NOW + 4 * DAY), (apart.start, apart.end)]
    assert (row.reason, row.public_word, row.all_day) == ("Ill; Course", "Back soon", False)


def test_the_newest_public_word_stands(maya):
    write(maya, NOW + DAY, NOW + 2 * DAY, all_day=True, public_word="Back on Tuesday")

    row = write(maya, NOW + DAY, NOW + 3 * DAY, all_day=True, public_word="Back on Wednesday")

    assert (row.public_word, row.all_day) == ("Back on Wednesday", True)


def test_entries_that_touch_stay_apart(maya):
    write(maya, NOW + DAY, NOW + 2 * DAY, reason="Course")
    write(maya, NOW + 2 * DAY, NOW + 3 * DAY, reason="Away")

    assert spans(maya) == [(NOW + DAY, NOW + 2 * DAY), (NOW + 2 * DAY, NOW + 3 * DAY)]


def test_reasons_that_are_too_long_together_are_refused_whole(maya):
    write(maya, NOW + DAY, NOW + 2 * DAY, reason="a" * 300)

    with pytest.raises(TimeOffRefused, match="Shorten it"):
        write(maya, NOW + DAY, NOW + 3 * DAY, reason="b" * 300)

    assert spans(maya) == [(NOW + DAY, NOW + 2 * DAY)]


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (NOW + DAY, NOW + DAY, "ends before it begins"),
        (NOW - DAY, NOW, "is over"),
        (NOW + DAY, NOW + 367 * DAY + HOUR, "at most a year"),
        (NOW + 3 * 366 * DAY - HOUR, NOW + 3 * 366 * DAY + HOUR, "three years"),
    ],
)
def test_what_can_not_be_taken_off_is_refused(maya, start, end, words):
    with pytest.raises(TimeOffRefused, match=words):
        write(maya, start, end)

    assert not TimeOff.objects.exists()


def test_time_off_that_has_begun_and_a_whole_leap_year_can_be_written(maya):
    write(maya, NOW - HOUR, NOW + timedelta(seconds=1))
    write(maya, NOW + DAY, NOW + 367 * DAY)

    assert len(spans(maya)) == 2


def test_there_is_a_most_of_entries_ahead_and_one_that_meets_another_is_no_further_one(maya, monkeypatch):
    monkeypatch.setattr(services, "MOST_AHEAD", 2)
    TimeOffFactory(provider=maya, start=NOW - 2 * DAY, end=NOW)  # over
    write(maya, NOW + DAY, NOW + 2 * DAY)
    write(maya, NOW + 3 * DAY, NOW + 4 * DAY)

    with pytest.raises(TimeOffRefused, match="2 entries ahead"):
        write(maya, NOW + 5 * DAY, NOW + 6 * DAY)
    write(maya, NOW + 3 * DAY, NOW + 5 * DAY)

    assert len(spans(maya)) == 3


def test_the_database_refuses_two_that_overlap_and_one_that_ends_before_it_begins(maya):
    TimeOffFactory(provider=maya, start=NOW, end=NOW + 2 * HOUR)
    TimeOffFactory(start=NOW, end=NOW + 2 * HOUR)  # somebody else's

    for start, end in [(NOW + HOUR, NOW + 3 * HOUR), (NOW + 5 * HOUR, NOW + 4 * HOUR)]:
        with pytest.raises(IntegrityError), transaction.atomic():
            TimeOffFactory(provider=maya, start=start, end=end)


def test_writing_needs_a_transaction_around_it(maya, transactional_db):
    with pytest.raises(RuntimeError, match="transaction"):
        write_time_off(maya, start=NOW + DAY, end=NOW + 2 * DAY, now=NOW)


def test_removing_opens_the_time_again_once(maya):
    row = write(maya, NOW + DAY, NOW + 2 * DAY)

    counts = []
    for _ in range(2):
        remove_time_off(time_off=row, actor=maya.user)
        counts.append(refreshed())

    assert not TimeOff.objects.exists()
    assert counts == [2, 2]  # once for writing it, once for removing it


def test_nobody_else_removes_it_but_staff_may(maya):
    row = write(maya, NOW + DAY, NOW + 2 * DAY)

    with pytest.raises(ChangeRefused):
        remove_time_off(time_off=row, actor=UserFactory())
    assert TimeOff.objects.exists()
    staff = User.objects.create(email="staff@example.com", is_staff=True)
    remove_time_off(time_off=row, actor=staff)
    assert not TimeOff.objects.exists()


def test_of_several_words_the_one_written_last_stands_wherever_its_time_lies(maya):
    for hours, days, word in ((1, (5, 7), "Back at last"), (2, (1, 3), "Back on Thursday")):
        with transaction.atomic():
            locked = lock_provider(maya, actor=maya.user)
            start, end = (NOW + each * DAY for each in days)
            write_time_off(locked, start=start, end=end, now=NOW + hours * HOUR, public_word=word)

    assert write(maya, NOW + 2 * DAY, NOW + 6 * DAY).public_word == "Back on Thursday"


def test_the_word_of_a_time_that_is_over_does_not_come_back(maya):
    TimeOffFactory(provider=maya, start=NOW - 3 * HOUR, end=NOW - HOUR, public_word="Back at eleven")

    assert write(maya, NOW - 4 * HOUR, NOW + DAY).public_word == ""


@pytest.mark.parametrize("reason", ["a; b; a", "; x", "a;; b", ";"])
def test_a_reason_that_meets_no_other_is_kept_letter_by_letter(maya, reason):
    first, second = (write(maya, NOW + DAY, NOW + 2 * DAY, reason=reason) for _ in range(2))

    assert (first.reason, second.reason, TimeOff.objects.count()) == (reason, reason, 1)


def test_merging_costs_the_same_queries_for_a_few_rows_and_for_many(maya, django_assert_num_queries):
    for n in range(1, 8):
        TimeOffFactory(provider=maya, start=NOW + n * DAY, end=NOW + n * DAY + HOUR)
    with transaction.atomic():
        provider = lock_provider(maya, actor=maya.user)
        for end in (4 * DAY, 9 * DAY):
            with django_assert_num_queries(4):
                write_time_off(provider, start=NOW, end=NOW + end, now=NOW)
