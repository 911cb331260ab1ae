"""A process killed in the middle, a lost answer, a lock that does not open: all of a change or nothing of it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from accounts.models import Ban, Departure
from appointments.models import (
    Appointment,
    AppointmentEvent,
    Hold,
    LateCancellation,
    Offer,
    Proposal,
    Series,
    WaitlistPlace,
)
from appointments.services import holds
from appointments.states import ALL_WEEKDAYS, Status
from core import clock
from outbox.models import Message
from providers.models import TimeOff
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.factories.series import weekly
from tests.factories.waitlist import join, on
from tests.invariants import check_all
from tests.processes import run_calls

from . import kills

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


@pytest.fixture(autouse=True)
def _monday_morning():
    """Real processes run by the real clock."""


def a_week_ahead(hour):
    day = clock.now().date() + timedelta(days=7)
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC).isoformat()


@pytest.fixture
def provider():
    provider = ProviderFactory(time_zone="UTC")
    give_hours(provider, {day: [("06:00", "22:00")] for day in range(7)})
    return provider


@pytest.fixture
def service(provider):
    return ServiceFactory(provider=provider, duration_minutes=60)


def traces():
    return (Appointment.objects.count(), Hold.objects.count(), AppointmentEvent.objects.count(), mails())


def mails():
    return Message.objects.filter(topic="notifications.send_mail").count()


POINTS = ["lock:before", "lock:after", "facts:after", "hold:before", "hold:after", "history:after", "told:before",
          "told:after", "jobs:before", "jobs:after", "commit:before"]  # fmt: skip


@pytest.mark.parametrize("where", POINTS)
def test_a_booking_killed_before_its_commit_leaves_no_trace_and_the_time_is_free_at_once(service, where):
    customer, start = UserFactory(), a_week_ahead(10)

    [killed] = run_calls([(kills.book, service.pk, customer.pk, start, where)])

    assert killed.error == "Died"
    assert traces() == (0, 0, 0, 0)
    assert kills.book(service.pk, UserFactory().pk, start)[1]
    assert traces() == (1, 1, 1, 2)
    check_all()


def test_a_booking_killed_after_its_commit_stands_and_the_retry_finds_it(service):
    customer, start = UserFactory(), a_week_ahead(10)

    [killed] = run_calls([(kills.book, service.pk, customer.pk, start, "commit:after")])

    assert killed.error == "Died"
    assert traces() == (1, 1, 1, 2)
    assert kills.book(service.pk, customer.pk, start) == [Appointment.objects.get().reference, False]
    assert traces() == (1, 1, 1, 2)
    check_all()


def eight_weeks(hour=10):
    first = datetime.fromisoformat(a_week_ahead(hour))
    return [start.isoformat() for start in weekly(first, 8)]


@pytest.mark.parametrize("where", [*POINTS, "series:before", "series:after"])
def test_a_series_killed_before_its_commit_leaves_no_trace_and_its_times_are_free_at_once(service, where):
    service.repeats = True
    service.save()

    [killed] = run_calls([(kills.book_series, service.pk, UserFactory().pk, eight_weeks(), where)])

    assert killed.error == "Died"
    assert (traces(), Series.objects.count()) == ((0, 0, 0, 0), 0)
    assert kills.book_series(service.pk, UserFactory().pk, eight_weeks()) == [True] * 8
    assert (traces(), Series.objects.count()) == ((8, 8, 8, 2), 1)
    check_all()


def test_a_series_killed_after_its_commit_stands_and_the_retry_finds_it(service):
    service.repeats = True
    service.save()
    customer = UserFactory()

    [killed] = run_calls([(kills.book_series, service.pk, customer.pk, eight_weeks(), "commit:after")])

    assert killed.error == "Died"
    assert kills.book_series(service.pk, customer.pk, eight_weeks()) == [False] * 8
    assert (traces(), Series.objects.count()) == ((8, 8, 8, 2), 1)
    check_all()


@pytest.mark.parametrize("where", ["lock:after", "history:before", "history:after", "jobs:after", "commit:before"])
def test_cancelling_a_series_killed_in_the_middle_cancels_nothing(service, where):
    service.repeats = True
    service.save()
    customer = UserFactory()
    kills.book_series(service.pk, customer.pk, eight_weeks())
    before = traces()

    [killed] = run_calls([(kills.cancel_series, customer.pk, where)])

    assert killed.error == "Died"
    assert traces() == before
    assert kills.cancel_series(customer.pk) == [True] * 8
    assert (Hold.objects.count(), mails()) == (0, 4)
    check_all()


@pytest.mark.parametrize("accepts", [8, 3], ids=["all", "some"])
@pytest.mark.parametrize("where", ["lock:after", "history:before", "history:after", "jobs:after", "commit:before"])
def test_answering_a_series_killed_in_the_middle_answers_nothing(service, where, accepts):
    service.repeats, service.confirmation = True, "by_hand"
    service.save()
    kills.book_series(service.pk, UserFactory().pk, eight_weeks())
    before = traces()

    [killed] = run_calls([(kills.answer_series, service.provider_id, accepts, where)])

    assert killed.error == "Died"
    assert traces() == before
    assert set(Appointment.objects.values_list("status", flat=True)) == {"requested"}
    assert kills.answer_series(service.provider_id, accepts) == [True] * 8
    assert (Appointment.objects.filter(status="confirmed").count(), Hold.objects.count()) == (accepts, accepts)
    check_all()


@pytest.mark.parametrize("accepts", [8, 3], ids=["all", "some"])
@pytest.mark.parametrize("where", ["lock:after", "kept:after", "history:before", "jobs:after", "commit:before"])
def test_answering_the_new_times_of_a_series_killed_in_the_middle_answers_none(service, where, accepts):
    service.repeats = True
    service.save()
    customer = UserFactory()
    kills.book_series(service.pk, customer.pk, eight_weeks())
    kills.move_series(customer.pk, "provider")
    before, starts = traces(), list(Appointment.objects.order_by("pk").values_list("start", flat=True))

    [killed] = run_calls([(kills.answer_times, customer.pk, accepts, where)])

    assert killed.error == "Died"
    assert traces() == before
    assert list(Appointment.objects.order_by("pk").values_list("start", flat=True)) == starts
    assert kills.answer_times(customer.pk, accepts) == [True] * 8
    assert Hold.objects.count() == 8
    check_all()


@pytest.mark.parametrize(
    ("role", "where"),
    [
        *[("customer", where) for where in ("lock:after", "hold:before", "hold:after", "history:after")],
        *[("provider", where) for where in ("proposed:before", "proposed:after", "jobs:after", "commit:before")],
    ],
)
def test_moving_a_series_killed_in_the_middle_moves_nothing(service, role, where):
    service.repeats = True
    service.save()
    customer = UserFactory()
    kills.book_series(service.pk, customer.pk, eight_weeks())
    before, starts = traces(), list(Appointment.objects.order_by("pk").values_list("start", flat=True))

    [killed] = run_calls([(kills.move_series, customer.pk, role, where)])

    assert killed.error == "Died"
    assert traces() == before
    assert list(Appointment.objects.order_by("pk").values_list("start", flat=True)) == starts
    assert kills.move_series(customer.pk, role) == [True] * 8
    assert Hold.objects.count() == (8 if role == "customer" else 16)
    check_all()


@pytest.mark.parametrize("where", ["lock:after", "history:after", "jobs:after", "commit:before", "commit:after"])
@pytest.mark.parametrize(
    ("verb", "role"),
    [("accept_request", "provider"), ("withdraw_request", "customer"), ("cancel_appointment", "provider")],
)
def test_a_change_killed_in_the_middle_is_all_or_nothing(service, verb, role, where):
    if verb != "cancel_appointment":
        service.confirmation = "by_hand"
        service.save()
    kills.book(service.pk, UserFactory().pk, a_week_ahead(10))
    one, before = Appointment.objects.get(), traces()

    [killed] = run_calls([(kills.move, verb, one.pk, role, where)])

    assert killed.error == "Died"
    check_all()
    is_done = where == "commit:after"
    assert (Appointment.objects.get().status != one.status) == is_done
    assert (traces() == before) != is_done
    assert kills.move(verb, one.pk, role) is not is_done
    assert (AppointmentEvent.objects.count(), mails()) == (2, 4)
    check_all()


@pytest.mark.parametrize(
    ("who", "where"),
    [(who, f"{where}:{when}") for who, points in {
        "customer": ["lock", "hold", "ended", "history", "jobs", "commit"],
        "provider": ["lock", "proposed", "history", "jobs", "commit"],
    }.items() for where in points for when in ("before", "after")],
)  # fmt: skip
def test_a_change_of_time_killed_in_the_middle_is_all_or_nothing(service, who, where):
    kills.book(service.pk, UserFactory().pk, a_week_ahead(10))
    one, later = Appointment.objects.get(), a_week_ahead(15)
    before = traces()

    [killed] = run_calls([(kills.change_time, one.pk, who, later, where)])

    assert killed.error == "Died"
    check_all()
    is_done = where == "commit:after"
    assert (traces() != before) == is_done
    assert kills.change_time(one.pk, who, later) is not is_done
    # The customer moves at once, and both are told; the provider proposes, and the customer is told.
    assert traces() == ((1, 1, 2, 2 + 2) if who == "customer" else (1, 2, 2, 2 + 1))
    check_all()


@pytest.mark.parametrize(
    "where",
    ["lock:after", "kept:before", "kept:after", "ended:after", "history:after", "jobs:after", "commit:before",
     "commit:after"],
)  # fmt: skip
def test_accepting_a_new_time_killed_in_the_middle_is_all_or_nothing(service, where):
    kills.book(service.pk, UserFactory().pk, a_week_ahead(10))
    one = Appointment.objects.get()
    kills.change_time(one.pk, "provider", a_week_ahead(15))
    made, before = Proposal.objects.get(), traces()

    [killed] = run_calls([(kills.accept_time, made.pk, where)])

    assert killed.error == "Died"
    check_all()
    is_done = where == "commit:after"
    assert (traces() != before) == is_done
    assert kills.accept_time(made.pk) is not is_done
    assert (Appointment.objects.get().start.isoformat(), traces()) == (a_week_ahead(15), (1, 1, 3, 2 + 1 + 2))
    check_all()


@pytest.mark.parametrize(
    "where",
    ["lock:after", "history:after", "ban:before", "ban:after", "jobs:before", "jobs:after", "commit:before",
     "commit:after"],
)  # fmt: skip
def test_a_cancellation_that_bans_killed_in_the_middle_is_all_or_nothing_and_told_once(where):
    service, elsewhere = open_all_day(), open_all_day()
    customer = UserFactory()
    for number, start in enumerate([in_hours(3), in_hours(30)]):
        kills.book(service.pk, customer.pk, start, key=f"{number}")
    kills.book(elsewhere.pk, customer.pk, in_hours(40), key="elsewhere")
    for days in (1, 2):
        LateCancellation.objects.create(person=customer, occasion=uuid4(), at=clock.now() - timedelta(days=days))
    one = Appointment.objects.order_by("start").first()
    before = (traces(), record_of(customer))

    [killed] = run_calls([(kills.move, "cancel_appointment", one.pk, "customer", where)])

    assert killed.error == "Died"
    check_all()
    is_done = where == "commit:after"
    assert ((traces(), record_of(customer)) != before) == is_done
    assert kills.move("cancel_appointment", one.pk, "customer") is not is_done
    assert {each.status for each in Appointment.objects.all()} == {Status.CANCELLED}
    # Two mails about each of three bookings; about what the customer cancelled two, about what the ban ended one to
    # them and one to each of the two providers; and one about the ban.
    assert traces() == (3, 0, 6, 6 + 2 + 3 + 1)
    assert record_of(customer) == (1, 3, 3, 1, False)
    check_all()


def open_all_day():
    """A service that may be booked and cancelled until it starts, at any hour."""
    provider = ProviderFactory(time_zone="UTC", policy__notice_minutes=0, policy__cancellation_cutoff_minutes=0)
    give_hours(provider, {day: [("00:00", "24:00")] for day in range(7)})
    return ServiceFactory(provider=provider, duration_minutes=60, slot_interval_minutes=60)


def in_hours(hours):
    return (clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours + 1)).isoformat()


def record_of(person):
    """Bans, late cancellations, those that are evidence, mails about the ban, and whether the person takes part."""
    late, told = LateCancellation.objects.all(), Message.objects.filter(payload__mail="appointments.suspended")
    person.refresh_from_db()
    return (Ban.objects.count(), late.count(), late.exclude(ban=None).count(), told.count(), person.takes_part)


def test_a_lost_answer_to_a_booking_is_calm_and_the_retry_leaves_one(service):
    customer, start = UserFactory(), a_week_ahead(10)

    [lost] = run_calls([(kills.post_booking, service.pk, customer.pk, start, "lost")])
    [again] = run_calls([(kills.post_booking, service.pk, customer.pk, start)])

    assert (lost.error, lost.value[:2]) == ("", [503, "10"])
    assert "it may have gone through" in lost.value[2]
    assert again.value[0] == 302
    assert traces() == (1, 1, 1, 2)
    check_all()


def test_a_lost_answer_to_cancelling_is_calm_and_the_retry_changes_nothing(service):
    kills.book(service.pk, UserFactory().pk, a_week_ahead(10))
    one = Appointment.objects.get()

    [lost] = run_calls([(kills.post_cancel, one.pk, "lost")])
    [again] = run_calls([(kills.post_cancel, one.pk)])

    assert (lost.value[0], again.value[0]) == (503, 302)
    assert (AppointmentEvent.objects.count(), mails(), Hold.objects.count()) == (2, 4, 0)
    check_all()


def test_a_lock_that_does_not_open_is_a_calm_page_and_nothing_happened(service):
    """On PostgreSQL the provider's row, on SQLite the file: somebody else's transaction takes too long."""
    customer, start = UserFactory(), a_week_ahead(10)
    kills.book(service.pk, customer.pk, a_week_ahead(14), key="22222222-2222-4222-8222-222222222222")
    one = Appointment.objects.get()

    [booked] = run_calls([(kills.post_booking, service.pk, customer.pk, start, "locked")])
    [cancelled] = run_calls([(kills.post_cancel, one.pk, "locked")])

    assert (booked.error, cancelled.error) == ("", ""), booked.traceback
    for answer in (booked, cancelled):
        assert answer.value[:2] == [503, "10"], answer.value[2]
    assert traces() == (1, 1, 1, 2)
    assert kills.post_booking(service.pk, customer.pk, start)[0] == 302
    check_all()


def test_twenty_presses_of_one_form_at_once_book_once(service):
    press = (kills.post_booking, service.pk, UserFactory().pk)

    # The first is refused, and every template is loaded.
    outcomes = run_calls([(*press, a_week_ahead(10))] * 20, first=(*press, a_week_ahead(3)), timeout=120)

    assert [(outcome.error, (outcome.value or [0])[0]) for outcome in outcomes] == [("", 302)] * 20
    assert traces() == (1, 1, 1, 2)
    check_all()


def test_one_form_sent_to_two_providers_at_once_books_once(service):
    other = ServiceFactory(duration_minutes=60)
    give_hours(other.provider, {day: [("06:00", "22:00")] for day in range(7)})
    customer, start = UserFactory(), a_week_ahead(10)

    outcomes = run_calls([(kills.book, each.pk, customer.pk, start) for each in (service, other) * 3])

    assert {outcome.error for outcome in outcomes} == {""}
    assert len({outcome.value[0] for outcome in outcomes}) == 1
    assert traces() == (1, 1, 1, 2)
    check_all()


def test_two_tabs_of_one_browser_keep_one_time_between_them(service):
    other = ServiceFactory(duration_minutes=60)
    give_hours(other.provider, {day: [("06:00", "22:00")] for day in range(7)})

    outcomes = run_calls([(kills.keep, each.pk, a_week_ahead(10), "a" * 64) for each in (service, other) * 3])

    assert {outcome.error for outcome in outcomes} <= {"", "SlotTaken"}, [outcome.traceback for outcome in outcomes]
    assert Hold.objects.count() == 1


TIME_OFF_POINTS = ["lock:before", "lock:after", "history:after", "jobs:before", "jobs:after", "row:before", "row:after",
                   "commit:before"]  # fmt: skip


@pytest.fixture
def ten_ahead(service):
    """Ten confirmed appointments of ten customers within two weeks."""
    start = datetime.fromisoformat(a_week_ahead(7))
    for n in range(10):
        kills.book(service.pk, UserFactory().pk, (start + timedelta(hours=n)).isoformat(), key=str(uuid4()))
    return list(Appointment.objects.values_list("pk", flat=True))


def after_time_off():
    cancelled = Appointment.objects.filter(status=Status.CANCELLED).count()
    return cancelled, Hold.objects.count(), TimeOff.objects.count(), mails()


@pytest.mark.parametrize("where", TIME_OFF_POINTS)
def test_a_time_off_killed_before_its_commit_cancels_nothing_and_the_retry_tells_everybody_once(
    provider, ten_ahead, where
):
    told_before = mails()

    [killed] = run_calls([(kills.take_time_off, provider.pk, where)])

    assert killed.error == "Died"
    assert after_time_off() == (0, 10, 0, told_before)
    assert kills.take_time_off(provider.pk)
    # Each customer, and the provider about all of them.
    assert after_time_off() == (10, 0, 1, told_before + 11)
    check_all()


def test_a_time_off_killed_after_its_commit_stands_whole_and_the_retry_tells_nobody_again(provider, ten_ahead):
    told_before = mails()

    [killed] = run_calls([(kills.take_time_off, provider.pk, "commit:after")])

    assert killed.error == "Died"
    assert after_time_off() == (10, 0, 1, told_before + 11)
    kills.take_time_off(provider.pk)
    assert after_time_off() == (10, 0, 1, told_before + 11)
    check_all()


@pytest.mark.parametrize(
    "where",
    ["lock:after", "history:after", "jobs:after", "closed:before", "closed:after", "commit:before", "commit:after"],
)
def test_leaving_killed_in_the_middle_is_all_or_nothing(service, where):
    person = UserFactory()
    kills.book(service.pk, person.pk, a_week_ahead(10))
    before = traces()

    [killed] = run_calls([(kills.leave, person.pk, where)])

    assert killed.error == "Died"
    check_all()
    is_done = where == "commit:after"
    assert Departure.objects.exists() == is_done
    assert (traces() == before) != is_done
    assert kills.leave(person.pk) is not is_done
    assert Appointment.objects.get().status == Status.CANCELLED
    assert (Departure.objects.count(), AppointmentEvent.objects.count(), mails()) == (1, 2, 4)
    check_all()


OFFER_POINTS = ["lock:after", "history:after", "row:after", "offered:before", "offered:after", "commit:before"]


@pytest.mark.parametrize("where", OFFER_POINTS)
def test_an_offer_killed_before_its_commit_cancels_and_offers_nothing(provider, service, where):
    kills.book(service.pk, UserFactory().pk, a_week_ahead(10))
    before = (traces(), Offer.objects.count(), TimeOff.objects.count())

    [killed] = run_calls([(kills.offer_instead, provider.pk, where)])

    assert killed.error == "Died"
    assert (traces(), Offer.objects.count(), TimeOff.objects.count()) == before
    assert kills.offer_instead(provider.pk) == 3
    assert (Offer.objects.count(), Hold.objects.filter(kind="offer").count()) == (3, 3)
    check_all()


TAKING_POINTS = ["lock:after", "facts:after", "met:before", "met:after", "hold:after", "jobs:after",
                 "commit:before", "commit:after"]  # fmt: skip


@pytest.mark.parametrize("where", TAKING_POINTS)
def test_taking_an_offered_time_killed_in_the_middle_is_all_or_nothing(provider, service, where):
    kills.book(service.pk, UserFactory().pk, a_week_ahead(10))
    kills.offer_instead(provider.pk)
    offer = Offer.objects.first()

    [killed] = run_calls([(kills.take_offer, offer.pk, where)])

    assert killed.error == "Died"
    check_all()
    is_done = where == "commit:after"
    assert Appointment.objects.filter(status=Status.CONFIRMED).exists() is is_done
    assert Hold.objects.filter(kind="offer").count() == (0 if is_done else 3)
    assert kills.take_offer(offer.pk) is not is_done
    assert Appointment.objects.filter(status=Status.CONFIRMED).count() == 1
    check_all()


# --- Waitlists --------------------------------------------------------------------------------------------------------


@pytest.fixture
def waited_for(provider, service):
    """An appointment that takes the provider's only opening of its day, for which two people wait."""
    start = datetime.fromisoformat(a_week_ahead(10))
    give_hours(provider, {start.weekday(): [("10:00", "11:00")]})
    kills.book(service.pk, UserFactory().pk, start.isoformat())
    for _ in range(2):
        join(service, UserFactory(), **on(start.date()))
    return Appointment.objects.get()


CHAIN = ["lock:after", "history:after", "freed:before", "found:before", "found:after", "offered:before",
         "offered:after", "told:before", "told:after", "commit:before"]  # fmt: skip


@pytest.mark.parametrize("where", CHAIN)
def test_cancelling_killed_before_the_offer_is_made_cancels_nothing(waited_for, where):
    one = waited_for

    [killed] = run_calls([(kills.move, "cancel_appointment", one.pk, "customer", where)])

    assert killed.error == "Died"
    one.refresh_from_db()
    assert (one.status, Offer.objects.count(), Hold.objects.count()) == (Status.CONFIRMED, 0, 1)
    assert kills.move("cancel_appointment", one.pk, "customer")
    assert (Offer.objects.filter(state="open").count(), Hold.objects.count()) == (1, 1)
    check_all()


@pytest.mark.parametrize("where", [*(each for each in CHAIN if "history" not in each), "commit:after"])
def test_passing_killed_on_the_way_to_the_next_changes_nothing_or_all(waited_for, where):
    kills.move("cancel_appointment", waited_for.pk, "customer")
    offer = Offer.objects.get()

    [killed] = run_calls([(kills.pass_place, offer.pk, where)])

    assert killed.error == "Died"
    is_done = where == "commit:after"
    assert [each.state for each in Offer.objects.order_by("pk")] == (["passed", "open"] if is_done else ["open"])
    assert kills.pass_place(offer.pk) is not is_done
    assert [each.state for each in Offer.objects.order_by("pk")] == ["passed", "open"]
    check_all()


@pytest.mark.parametrize("where", ["lock:after", "freed:before", "offered:after", "commit:before", "commit:after"])
def test_giving_up_a_kept_time_killed_on_the_way_to_the_next_changes_nothing_or_all(waited_for, where):
    browser = "b" * 64
    WaitlistPlace.objects.update(weekdays=0b0000001 << (waited_for.start.weekday() + 1) % 7)
    kills.move("cancel_appointment", waited_for.pk, "customer")
    holds.keep_time(service=waited_for.service, start=waited_for.start, browser=browser)
    WaitlistPlace.objects.update(weekdays=ALL_WEEKDAYS)

    [killed] = run_calls([(kills.give_up_time, browser, where)])

    assert killed.error == "Died"
    is_done = where == "commit:after"
    assert [hold.kind for hold in Hold.objects.all()] == ["offer" if is_done else "kept"]
    kills.give_up_time(browser)
    assert [hold.kind for hold in Hold.objects.all()] == ["offer"]
    check_all()


@pytest.mark.parametrize("where", ["lock:after", "met:before", "met:after", "hold:after", "jobs:after",
                                   "commit:before", "commit:after"])  # fmt: skip
def test_taking_a_place_killed_in_the_middle_leaves_it_offered_or_is_found_by_the_retry(waited_for, where):
    kills.move("cancel_appointment", waited_for.pk, "customer")
    offer = Offer.objects.get()

    [killed] = run_calls([(kills.claim_place, offer.pk, where)])

    assert killed.error == "Died"
    check_all()
    is_done = where == "commit:after"
    assert Hold.objects.filter(kind="offer").exists() is not is_done
    assert kills.claim_place(offer.pk) is not is_done
    assert Appointment.objects.filter(status=Status.CONFIRMED).count() == 1
    check_all()
