"""Programs block a provider's time: nothing inside is ended without a decision about it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from appointments.models import LateCancellation
from providers import services
from tests.appointments.conftest import NOW, TUESDAY_TEN
from tests.factories.accounts import UserFactory
from tests.factories.providers import TimeOffFactory

BLOCK = "/api/provider/block-availability/"
TUESDAY = {"from_date": "2026-03-03", "to_date": "2026-03-03"}
TODAY = {"start": NOW.isoformat(), "end": (NOW + timedelta(hours=8)).isoformat()}
CONFLICTS = "/developers/problems/conflicts/"
LATE = "/developers/problems/late-cancellation/"


@pytest.fixture
def soon(book, provider):
    """An appointment of today, which the provider would cancel late."""
    provider.policy.notice_minutes = 0
    provider.policy.save()
    return book(start=NOW + timedelta(hours=3)).appointment


def test_a_free_time_is_blocked_once_read_and_opened_again(studio, provider):
    said = {"start": "2026-03-03T10:00:00Z", "end": "2026-03-03T12:00:00Z", "reason": "Dentist"}

    blocked = studio.post(BLOCK, said, idempotency_key="d")
    again = studio.post(BLOCK, said, idempotency_key="d")

    assert blocked.status_code == 201
    told = blocked.json()
    assert (told["start"], told["reason"], told["all_day"]) == ("2026-03-03T15:45:00+05:45", "Dentist", False)
    assert again.json() == told
    path = blocked.headers["Location"]
    assert studio.get(BLOCK).json()["results"] == [studio.get(path).json()] == [told]
    assert (studio.delete(path).status_code, studio.delete(path).status_code) == (204, 404)
    assert not provider.time_off.exists()


def test_time_off_that_changes_after_the_look_stays(studio, provider, meanwhile):
    row = TimeOffFactory(provider=provider, start=NOW + timedelta(days=9), end=NOW + timedelta(days=10))
    path = f"{BLOCK}{row.uuid}/"
    tag = studio.get(path)["ETag"]
    meanwhile(services, "remove_time_off", lambda: provider.time_off.update(reason="Theirs"))

    answer = studio.delete(path, if_match=tag)

    assert (answer.status_code, answer.json()["type"]) == (412, "/developers/problems/changed-meanwhile/")
    assert provider.time_off.get().reason == "Theirs"


def test_what_lies_inside_is_told_until_it_is_decided(studio, provider, confirmed, customer):
    answer = studio.post(BLOCK, TUESDAY)

    assert (answer.status_code, answer.json()["type"]) == (409, CONFLICTS)
    assert answer.json()["conflicts"] == [
        {
            "id": confirmed.reference,
            "start": "2026-03-03T15:45:00+05:45",
            "end": "2026-03-03T16:45:00+05:45",
            "status": "confirmed",
            "is_proposed": False,
            "customer": {"id": str(customer.uuid), "name": customer.name},
            "decided": False,
            "decisions": ["offer", "cancel", "keep"],
            "late": False,
        }
    ]
    assert answer.json()["cancelling"] == {"number": 0, "of": 3, "would_ban": False, "accept": None}
    assert not provider.time_off.exists()


@pytest.mark.parametrize(
    ("decision", "status"), [("keep", "confirmed"), ("cancel", "cancelled"), ("offer", "cancelled")]
)
def test_each_is_treated_as_it_is_decided(studio, provider, confirmed, decision, status):
    answer = studio.post(BLOCK, {**TUESDAY, "decisions": {confirmed.reference: decision}})

    assert (answer.status_code, answer.json()["all_day"]) == (201, True)
    confirmed.refresh_from_db()
    assert (confirmed.status, provider.time_off.count()) == (status, 1)
    assert provider.offers.exists() is (decision == "offer")


def test_one_decision_of_two_ends_nothing(studio, provider, confirmed, book):
    other = book(start=TUESDAY_TEN + timedelta(hours=2), customer=UserFactory()).appointment

    answer = studio.post(BLOCK, {**TUESDAY, "decisions": {confirmed.reference: "cancel"}})

    told = {each["id"]: each["decided"] for each in answer.json()["conflicts"]}
    assert (answer.status_code, told) == (409, {confirmed.reference: True, other.reference: False})
    confirmed.refresh_from_db()
    assert confirmed.is_confirmed
    assert not provider.time_off.exists()


def test_a_request_inside_is_declined(studio, requested):
    answer = studio.post(BLOCK, {**TUESDAY, "decisions": {requested.reference: "cancel"}})

    requested.refresh_from_db()
    assert (answer.status_code, requested.status) == (201, "declined")


def test_what_counts_as_late_is_told_and_what_would_suspend_is_asked_for(studio, provider, soon):
    for _ in range(2):
        LateCancellation.objects.create(person=provider.user, at=NOW - timedelta(days=1), occasion=uuid4())

    undecided = studio.post(BLOCK, TODAY)
    refused = studio.post(BLOCK, {**TODAY, "decisions": {soon.reference: "cancel"}})
    done = studio.post(BLOCK, {**TODAY, "decisions": {soon.reference: "cancel"}, "accept": "3rd of 3"})

    assert undecided.json()["cancelling"] == {"number": 3, "of": 3, "would_ban": True, "accept": "3rd of 3"}
    assert (refused.status_code, refused.json()["type"], refused.json()["accept"]) == (409, LATE, "3rd of 3")
    assert done.status_code == 201
    provider.user.refresh_from_db()
    assert provider.user.banned_at is not None


def test_a_first_late_cancellation_counts_once(studio, provider, soon):
    answer = studio.post(BLOCK, {**TODAY, "decisions": {soon.reference: "cancel"}})

    assert answer.status_code == 201
    assert LateCancellation.objects.filter(person=provider.user).count() == 1


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({}, "invalid"),
        ({"start": "2026-03-03T10:00:00Z"}, "invalid"),
        ({**TUESDAY, "start": "2026-03-03T10:00:00Z"}, "invalid"),
        ({"to_date": "2026-03-03"}, "invalid"),
        ({"start": "2026-03-03T12:00:00Z", "end": "2026-03-03T10:00:00Z"}, "invalid"),
        ({"start": "2026-03-03T10:00:00", "end": "2026-03-03T12:00:00Z"}, "time-without-offset"),
        ({"from_date": "2026-02-01"}, "invalid"),
        ({**TUESDAY, "decisions": {"ABCDEFGH": "burn"}}, "invalid"),
    ],
)
def test_a_time_that_makes_no_sense_is_refused(studio, provider, said, problem):
    answer = studio.post(BLOCK, said)

    assert (answer.status_code, answer.json()["type"]) == (400, f"/developers/problems/{problem}/")
    assert not provider.time_off.exists()


def test_a_list_and_a_refusal_cost_the_same_queries_for_one_and_for_many(
    studio, provider, book, django_assert_max_num_queries
):
    def ask():
        return studio.get(BLOCK).json()["results"], studio.post(BLOCK, TUESDAY).json()["conflicts"]

    book()
    TimeOffFactory(provider=provider, start=NOW + timedelta(days=9), end=NOW + timedelta(days=10))
    ask()
    with django_assert_max_num_queries(40) as for_one:
        ask()
    for n in range(2, 4):
        book(start=TUESDAY_TEN + timedelta(hours=n), customer=UserFactory())
        TimeOffFactory(provider=provider, start=NOW + timedelta(days=9 + n), end=NOW + timedelta(days=10 + n))

    with django_assert_max_num_queries(len(for_one)):
        listed, inside = ask()

    assert (len(listed), len(inside)) == (3, 3)
