"""Programs and pages at one moment: one winner, every loser told, and one key one appointment. In real processes."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from api import once
from api.keys import make_key
from api.models import OnceRequest, Scope
from appointments.models import Appointment, AppointmentEvent, Hold, Proposal
from appointments.services import booking, proposals
from appointments.states import Role
from core import clock
from outbox.models import Message
from tests.api.program import signed_in
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.hardening import kills
from tests.invariants import check_all
from tests.processes import meet
from tests.race.test_booking_races import book_in_browser
from tests.race.test_move_races import booked

pytestmark = pytest.mark.django_db(transaction=True)
CREATE = "/api/appointments/create/"
PASSWORD = "two goats in a boat"


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


@pytest.fixture
def service():
    provider = ProviderFactory(time_zone="UTC")
    give_hours(provider, {day: [("06:00", "22:00")] for day in range(7)})
    return ServiceFactory(provider=provider, duration_minutes=60, slot_interval_minutes=30)


@pytest.fixture
def start():
    """A moment a week ahead: real processes run by the real clock."""
    day = clock.now().date() + timedelta(days=7)
    return datetime(day.year, day.month, day.day, 10, tzinfo=UTC)


def wish(service, start):
    start = start if isinstance(start, str) else start.isoformat()
    return {"provider": service.provider.slug, "service": service.slug, "start": start}


def refused_before(token, service, start):
    """A call before a race: it books nothing, since the provider is closed then, and loads what programs need."""
    return post, token, CREATE, wish(service, start - timedelta(hours=7))


def key_of(person):
    return make_key(person=person, name="Till", scopes=[Scope.APPOINTMENTS_WRITE], now=clock.now())[1]


def made():
    """How many appointments, holds, history entries and mails there are."""
    kinds = (Appointment, Hold, AppointmentEvent, Message.objects.filter(topic="notifications.send_mail"))
    return tuple(getattr(kind, "objects", kind).count() for kind in kinds)


# --- What the processes do --------------------------------------------------------------------------------------------


def post(token, path, body, key=""):
    """What a program is answered: the status and the body."""
    headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
    answer = Client().post(path, json.dumps(body), content_type="application/json", headers=headers)
    return [answer.status_code, json.loads(answer.content)]


def refused_twice(service_pk, customer_pk, start, token, body):
    book_in_browser(service_pk, customer_pk, start)
    post(token, CREATE, body)


def post_and_die(where, *call):
    """Send a program's request, and end this process at the named point as suddenly as kill -9 does."""
    with kills.point(where):
        post(*call)


def end_and_try(end_address, end_verb, end_body, session, token, body):
    """End a key or a sign-in by another sign-in of its person, and then ask with it: the two statuses."""
    headers = {"Authorization": f"Bearer {session}"}
    said = json.dumps(end_body)
    ended = getattr(Client(), end_verb)(end_address, said, content_type="application/json", headers=headers)
    return [ended.status_code, post(token, CREATE, body)[0]]


def press(user_pk, address, values, folder, size):
    """The status of a page's answer to a person who presses a button there."""
    client = Client()
    client.force_login(User.objects.get(pk=user_pk))
    meet(folder, size)
    return client.post(address, values).status_code


def send(token, address, folder, size):
    meet(folder, size)
    return post(token, address, {})[0]


def accept_on_a_page(user_pk, reference):
    client = Client()
    client.force_login(User.objects.get(pk=user_pk))
    return client.post(reverse("accept_request", args=[reference])).status_code


# --- The races --------------------------------------------------------------------------------------------------------


def test_of_fifty_at_one_slot_one_is_booked_and_every_other_is_told(run_calls, service, start):
    """Twenty programs by token, ten by key, twenty browsers. Whoever wins: a losing program gets the nearest starts, a
    losing browser its words back."""
    programs = [signed_in(UserFactory()).token for _ in range(20)]
    programs += [key_of(UserFactory()) for _ in range(10)]
    closed = (start - timedelta(hours=7)).isoformat()

    outcomes = run_calls(
        [(post, token, CREATE, wish(service, start)) for token in programs]
        + [(book_in_browser, service.pk, UserFactory().pk, start.isoformat()) for _ in range(20)],
        # Refused, and everything is loaded that pages and programs need.
        first=(refused_twice, service.pk, UserFactory().pk, closed, programs[0], wish(service, closed)),
    )

    assert [outcome.error for outcome in outcomes] == [""] * 50
    by_program = [outcome.value for outcome in outcomes[:30]]
    by_browser = [outcome.value for outcome in outcomes[30:]]
    won = [status for status, _ in by_program if status == 201] + [status for status, _ in by_browser if status == 302]
    assert len(won) == 1
    assert all(len(told["nearest"]) == 3 for status, told in by_program if status == 409)
    assert {status for status, _ in by_program} <= {201, 409}
    assert {tuple(each) for each in by_browser} <= {(302, False), (409, True)}
    assert made() == (1, 1, 1, 2)


def test_one_key_makes_one_appointment_however_often_it_comes_at_once(run_calls, service, start):
    token = signed_in(UserFactory()).token

    outcomes = run_calls(
        [(post, token, CREATE, wish(service, start), "one")] * 20, first=refused_before(token, service, start)
    )

    assert [outcome.error for outcome in outcomes] == [""] * 20
    made = Appointment.objects.get()
    for status, told in (outcome.value for outcome in outcomes):
        if status == 201:
            assert told["id"] == made.reference
        else:
            assert (status, told["type"]) == (409, "/developers/problems/still-running/")
    assert any(outcome.value[0] == 201 for outcome in outcomes)
    # Sent again it finds what was made.
    assert post(token, CREATE, wish(service, start), "one")[1]["id"] == made.reference


def test_a_booking_whose_process_is_killed_at_any_moment_is_made_once_by_its_key(run_calls, service, start):
    """Before the commit nothing is left, after it the key finds what was made, with and without its answer kept."""
    left = {"lock:before": 0, "jobs:after": 0, "finish:before": 1, "finish:after": 1}
    people = {where: UserFactory() for where in left}
    calls = {
        where: (signed_in(person).token, CREATE, wish(service, start + timedelta(hours=2 * n)), "one")
        for n, (where, person) in enumerate(people.items())
    }

    killed = run_calls(
        [(post_and_die, where, *call) for where, call in calls.items()],
        first=refused_before(calls["lock:before"][0], service, start),
    )

    assert [outcome.error for outcome in killed] == ["Died"] * 4
    assert {where: person.appointments.count() for where, person in people.items()} == left
    assert made() == (2, 2, 2, 4)
    kept = {person.appointments.get().reference for person in people.values() if person.appointments.exists()}
    at_once = {where: post(*call) for where, call in calls.items()}
    assert {where: status for where, (status, _) in at_once.items()} == dict.fromkeys(left, 409) | {"finish:after": 201}
    OnceRequest.objects.filter(done_at=None).update(began_at=clock.now() - once.RUNS_AT_MOST)
    later = {where: post(*call) for where, call in calls.items()}
    assert {status for status, _ in later.values()} == {201}
    assert made() == (4, 4, 4, 8)
    assert kept == {told["id"] for where, (_, told) in later.items() if left[where]}


def test_what_ends_while_it_is_used_does_a_thing_or_is_refused_and_nothing_after_its_end(run_calls, service, start):
    """A key that is ended, and a sign-in that a new password ends, while their programs book one week after another."""
    keeper, walker = UserFactory(), UserFactory()
    for person in (keeper, walker):
        person.set_password(PASSWORD)
        person.save()
    key, gone = key_of(keeper), signed_in(walker).token
    weeks = [start + timedelta(days=7 * n) for n in range(4)]
    new = {"old_password": PASSWORD, "new_password": "three goats afloat"}
    keys = f"/api/me/keys/{keeper.api_keys.get().uuid}/"

    outcomes = run_calls(
        [
            (end_and_try, keys, "delete", {}, signed_in(keeper).token, key, wish(service, weeks[3])),
            (end_and_try, "/api/me/password/", "post", new, signed_in(walker).token, gone, wish(service, weeks[3])),
        ]
        + [(post, key, CREATE, wish(service, week), f"{week}") for week in weeks[:3]]
        + [(post, gone, CREATE, wish(service, week + timedelta(hours=2)), f"{week}") for week in weeks[:3]],
        first=refused_before(gone, service, start),
    )

    assert [outcome.error for outcome in outcomes] == [""] * 8
    assert [outcome.value for outcome in outcomes[:2]] == [[204, 401], [200, 401]]
    statuses = [outcome.value[0] for outcome in outcomes[2:]]
    assert set(statuses) <= {201, 401}
    done = statuses.count(201)
    assert made() == (done, done, done, 2 * done)
    assert OnceRequest.objects.exclude(done_at=None).count() == OnceRequest.objects.count() == done


def test_a_new_time_is_answered_once_by_page_and_program_together(run_calls, service, start, tmp_path):
    """Accepted on the page and declined by a program; accepted by a program and taken back on the provider's page."""
    rows = [booked(service, start + timedelta(hours=4 * n)) for n in range(2)]
    for one in rows:
        later = one.start + timedelta(hours=2)
        proposals.propose_time(appointment=one, start=later, actor=one.provider.user, role=Role.PROVIDER)
    programs = [signed_in(one.customer).token for one in rows]
    news = [Proposal.objects.get(appointment=one).uuid for one in rows]
    paths = [f"/api/appointments/{one.reference}/proposals/{new}/" for one, new in zip(rows, news, strict=True)]
    accepts = {"answer": "accept", "proposal": str(news[0])}
    withdraws = reverse("studio_withdraw_time", args=[rows[1].reference])
    met = str(tmp_path), 4

    outcomes = run_calls(
        [
            (press, rows[0].customer.pk, reverse("answer_time", args=[rows[0].reference]), accepts, *met),
            (send, programs[0], f"{paths[0]}decline/", *met),
            (press, service.provider.user.pk, withdraws, {}, *met),
            (send, programs[1], f"{paths[1]}accept/", *met),
        ]
    )

    assert [outcome.error for outcome in outcomes] == [""] * 4
    ends = []
    for one, page, program in ((rows[0], *outcomes[:2]), (rows[1], *outcomes[2:])):
        assert (page.value, program.value) in {(302, 409), (409, 200)}
        ends.append(list(one.history.values_list("verb", flat=True)))
        assert Hold.objects.filter(appointment=one).count() == 1
    assert ends[0] in (["move", "propose", "book"], ["decline_time", "propose", "book"])
    assert ends[1] in (["move", "propose", "book"], ["withdraw_time", "propose", "book"])


@pytest.mark.parametrize("act", ["withdraw", "cancel"])
def test_a_program_ends_what_a_page_accepts(run_calls, service, start, act):
    """One order or the other, and never both halves of each."""
    service.provider.policy.accepts_at_once = False
    service.provider.policy.save()
    customer = UserFactory()
    asked = booking.book_appointment(
        service=service, start=start, customer=customer, terms=booking.terms_of(service), booking_key="one"
    ).appointment

    ended, accepted = run_calls(
        [
            (post, signed_in(customer).token, f"/api/appointments/{asked.reference}/{act}/", {}),
            (accept_on_a_page, service.provider.user.pk, asked.reference),
        ]
    )

    assert (ended.error, accepted.error) == ("", "")
    asked.refresh_from_db()
    if ended.value[0] == 409:
        assert asked.status == "confirmed"
    else:
        assert (ended.value[0], asked.status) == (200, "cancelled")
    assert asked.history.filter(verb=act).count() == (asked.status == "cancelled")
    assert Hold.objects.filter(appointment=asked).count() == (asked.status == "confirmed")
