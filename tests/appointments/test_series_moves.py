"""Moving several dates of a series: what becomes of each, what counts at once, and what moves or stays as a whole."""

import re
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.exceptions import ChangedSince, PolicyRefused, ReasonMissing, SlotTaken, TermsChanged
from appointments.models import Appointment, AppointmentEvent, Hold, Proposal, Series
from appointments.queries.series import appointments_of
from appointments.rules.recurrence import Occurrence
from appointments.rules.series import Outcome
from appointments.rules.series_moves import moved, settle_moves
from appointments.services import booking, transitions
from appointments.services.proposals import propose_time
from appointments.services.series_moves import look_at_moves, move_several
from appointments.states import HoldKind, ProposalState, Role, Status, Verb
from core import clock
from outbox.testing import deliver
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory, TimeOffFactory
from tests.factories.series import book_series, weekly
from tests.invariants import check_all

from .conftest import TUESDAY_TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("far_ahead")]

WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def service(provider):
    return ServiceFactory(provider=provider, duration_minutes=60, price=Decimal("40"), repeats=True, max_occurrences=52)


@pytest.fixture
def series(service, customer):
    """Four Tuesdays at ten."""
    book_series(service, customer, weekly(TUESDAY_TEN, 4))
    return Series.objects.get()


@pytest.fixture
def address(series):
    return reverse("move_series", args=[series.uuid])


def dates(series):
    found = Series.objects.with_people().get(pk=series.pk)
    found.service.provider = found.provider
    return appointments_of(found)


def starts(series):
    return list(Appointment.objects.filter(series=series).order_by("occurrence").values_list("start", flat=True))


def by(series, delta, *, actor, role=Role.CUSTOMER, only=slice(None), **said):
    """Move the dates of the series by `delta`, as their page says it."""
    at_once = said.pop("at_once", role is Role.CUSTOMER)
    moves = [(one, one.start + delta) for one in dates(series)[only]]
    return move_several(moves=moves, actor=actor, role=role, at_once=at_once, **said)


def asked(client, address, *, which="all", day, at="10:00", **typed):
    return client.post(address, {"which": which, "day": f"{day:%Y-%m-%d}", "at": at, "from": "", "message": ""} | typed)


def shown_values(response):
    """What the page of the new times would send as it stands."""
    text = response.content.decode()
    hidden = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', text)
    radios = re.findall(r'<input type="radio"[^>]* name="(pick-\d+)" value="([^"]*)" checked', text)
    return {name: value for name, value in hidden if name != "csrfmiddlewaretoken"} | dict(radios) | {"message": ""}


def outcomes(response):
    return [str(row.settled.outcome) for row in response.context["moves"].rows]


# --- Through the pages ------------------------------------------------------------------------------------------------


def test_customer_moves_this_and_the_following_at_once(signed_in, address, series):
    third = series.appointments.get(occurrence=3)
    page = signed_in.get(address, {"from": third.reference})
    assert [choice.value for choice in page.context["choices"]] == ["one", "following", "all"]

    preview = asked(
        signed_in, address, which="following", day=third.start + DAY, at="14:00", **{"from": third.reference}
    )
    assert outcomes(preview) == ["open", "open"]
    assert starts(series) == weekly(TUESDAY_TEN, 4)
    done = signed_in.post(address, shown_values(preview) | {"do": "move"})

    assert done.url == reverse("my_series", args=[series.uuid])
    later = [start + DAY + 4 * HOUR for start in weekly(TUESDAY_TEN, 4)[2:]]
    assert starts(series) == [*weekly(TUESDAY_TEN, 4)[:2], *later]
    moves = AppointmentEvent.objects.filter(verb=Verb.MOVE)
    assert moves.count() == 2
    assert len(set(moves.values_list("occasion", flat=True))) == 1
    assert Hold.objects.count() == 4
    check_all()


def test_new_times_keep_the_wall_time_where_clocks_change(signed_in, address, series, service, customer):
    """From 17 March to 31 March: clocks change in London on 29 March."""
    book_series(service, customer, [TUESDAY_TEN + 2 * WEEK + 2 * HOUR, TUESDAY_TEN + 4 * WEEK + HOUR])
    other = Series.objects.latest("pk")
    address = reverse("move_series", args=[other.uuid])

    preview = asked(signed_in, address, day=TUESDAY_TEN + 2 * WEEK + DAY, at="15:00")
    signed_in.post(address, shown_values(preview) | {"do": "move"})

    assert starts(other) == [datetime(2026, 3, 18, 15, tzinfo=UTC), datetime(2026, 4, 1, 14, tzinfo=UTC)]


def test_what_is_not_open_gets_the_nearest_time_of_its_day_or_stays(signed_in, address, series, book):
    book(start=TUESDAY_TEN + WEEK + DAY, customer=UserFactory())

    preview = asked(signed_in, address, day=TUESDAY_TEN + DAY)
    assert outcomes(preview) == ["open", "other", "open", "open"]
    values = shown_values(preview) | {"pick-2": "skip"}
    weighed = signed_in.post(address, values | {"do": "weigh"})
    assert outcomes(weighed) == ["open", "skipped", "open", "open"]
    signed_in.post(address, values | {"do": "move"})

    assert starts(series) == [start if n == 1 else start + DAY for n, start in enumerate(weekly(TUESDAY_TEN, 4))]
    check_all()


def test_a_day_without_an_open_time_needs_an_answer(signed_in, address, series, provider):
    span = (TUESDAY_TEN + DAY - 10 * HOUR, TUESDAY_TEN + DAY + 14 * HOUR)
    TimeOffFactory(provider=provider, start=span[0], end=span[1])

    preview = asked(signed_in, address, day=TUESDAY_TEN + DAY)
    refused = signed_in.post(address, shown_values(preview) | {"do": "move"})

    assert outcomes(preview) == ["unsettled", "open", "open", "open"]
    assert refused.status_code == 422
    assert starts(series) == weekly(TUESDAY_TEN, 4)


def test_a_time_taken_meanwhile_moves_nothing(signed_in, address, series, book):
    preview = asked(signed_in, address, day=TUESDAY_TEN + DAY)
    book(start=TUESDAY_TEN + 2 * WEEK + DAY, customer=UserFactory())

    late = signed_in.post(address, shown_values(preview) | {"do": "move"})

    assert late.status_code == 409
    assert starts(series) == weekly(TUESDAY_TEN, 4)
    check_all()


def test_a_date_that_changed_meanwhile_moves_nothing(signed_in, address, series, customer):
    preview = asked(signed_in, address, day=TUESDAY_TEN + DAY)
    by(series, 2 * HOUR, actor=customer, only=slice(1, 2))

    late = signed_in.post(address, shown_values(preview) | {"do": "move"})

    assert late.status_code == 409
    assert "has changed since" in late.content.decode()
    assert AppointmentEvent.objects.filter(verb=Verb.MOVE).count() == 1


def test_a_form_sent_twice_moves_once(signed_in, address, series):
    preview = asked(signed_in, address, day=TUESDAY_TEN + DAY)
    signed_in.post(address, shown_values(preview) | {"do": "move"})

    again = signed_in.post(address, shown_values(preview) | {"do": "move"}, follow=True)

    assert "already done" in again.content.decode()
    assert starts(series) == [start + DAY for start in weekly(TUESDAY_TEN, 4)]


def test_what_the_customers_cutoff_protects_stays(signed_in, address, series, provider):
    provider.policy.reschedule_cutoff_minutes = 3 * 24 * 60
    provider.policy.save()

    preview = asked(signed_in, address, day=TUESDAY_TEN + WEEK + DAY)
    signed_in.post(address, shown_values(preview) | {"do": "move"})

    assert starts(series) == [TUESDAY_TEN, *(start + DAY for start in weekly(TUESDAY_TEN, 4)[1:])]


def test_to_the_same_time_is_said_in_the_form(signed_in, address, series):
    page = asked(signed_in, address, day=TUESDAY_TEN)

    assert page.status_code == 422
    assert "They are at this time already." in page.content.decode()


@pytest.mark.parametrize("typed", [{"day": "2026-13-01"}, {"at": "25:00"}, {"which": "none"}, {"day": "2031-01-01"}])
def test_a_form_that_makes_no_sense_is_shown_again(signed_in, address, series, typed):
    sent = {"which": "all", "day": "2026-03-04", "at": "10:00", "message": "", "from": ""} | typed

    assert signed_in.post(address, sent).status_code == 422
    assert starts(series) == weekly(TUESDAY_TEN, 4)


def test_provider_proposes_new_times_that_the_customer_answers(client, series, provider, customer):
    client.force_login(provider.user)
    address = reverse("studio_move_series", args=[series.uuid])

    preview = asked(client, address, day=TUESDAY_TEN + DAY)
    assert "Propose 4 new times" in preview.content.decode()
    done = client.post(address, shown_values(preview) | {"do": "move"})

    assert done.url == reverse("studio_series", args=[series.uuid])
    assert starts(series) == weekly(TUESDAY_TEN, 4)
    assert Proposal.objects.open().count() == 4
    assert Hold.objects.filter(kind=HoldKind.PROPOSAL).count() == 4
    check_all()


def test_provider_says_why_new_times_break_their_own_rules(client, series, provider):
    client.force_login(provider.user)
    address = reverse("studio_move_series", args=[series.uuid])

    preview = asked(client, address, day=TUESDAY_TEN, at="20:00")
    assert outcomes(preview) == ["open"] * 4
    assert "outside your working hours" in preview.content.decode()
    refused = client.post(address, shown_values(preview) | {"do": "move"})
    assert refused.status_code == 422
    assert not Proposal.objects.exists()
    client.post(address, shown_values(preview) | {"do": "move", "message": "Only then"})

    assert set(Proposal.objects.values_list("message", flat=True)) == {"Only then"}
    assert Proposal.objects.open().count() == 4


def test_a_series_of_somebody_else_is_not_found(client, address):
    client.force_login(UserFactory())

    assert client.get(address).status_code == 404


# --- In the services --------------------------------------------------------------------------------------------------


def test_each_date_may_take_the_time_that_the_next_one_gives_up(service, customer):
    book_series(service, customer, [TUESDAY_TEN + n * DAY for n in range(3)])
    series = Series.objects.get()

    by(series, DAY, actor=customer)

    assert starts(series) == [TUESDAY_TEN + n * DAY for n in (1, 2, 3)]
    check_all()


def test_a_time_that_another_date_keeps_until_the_answer_is_taken(service, customer, provider):
    book_series(service, customer, [TUESDAY_TEN + n * DAY for n in range(3)])
    series = Series.objects.get()

    with pytest.raises(SlotTaken, match="^That time is taken"):  # by the check, before the constraint says so
        by(series, DAY, actor=provider.user, role=Role.PROVIDER)

    assert not Proposal.objects.exists()
    check_all()


def test_ones_own_present_time_is_in_nobodys_way(series, provider):
    by(series, timedelta(minutes=30), actor=provider.user, role=Role.PROVIDER, message="Later")

    assert Proposal.objects.open().count() == 4
    check_all()


def test_two_dates_never_get_the_same_time(series, customer):
    one, two, *_ = dates(series)

    with pytest.raises(SlotTaken, match="^That time"):  # by the check, before the constraint says so
        move_several(
            moves=[(one, TUESDAY_TEN + DAY), (two, TUESDAY_TEN + DAY)], actor=customer, role=Role.CUSTOMER, at_once=True
        )

    assert starts(series) == weekly(TUESDAY_TEN, 4)


def test_one_time_that_is_taken_moves_none(series, customer, book):
    book(start=TUESDAY_TEN + 3 * WEEK + DAY, customer=UserFactory())

    with pytest.raises(SlotTaken):
        by(series, DAY, actor=customer)

    assert starts(series) == weekly(TUESDAY_TEN, 4)
    check_all()


def test_requests_get_proposals_and_are_told_to_the_provider_once(service, customer, by_hand):
    book_series(service, customer, weekly(TUESDAY_TEN, 4))
    series = Series.objects.get()
    deliver("notifications.send_mail")
    mail.outbox.clear()

    by(series, DAY, actor=customer, at_once=False)
    deliver("notifications.send_mail")

    assert starts(series) == weekly(TUESDAY_TEN, 4)
    [message] = mail.outbox
    assert service.provider.user.email in message.to[0]
    assert message.subject.startswith("New times proposed: 4 appointments")
    check_all()


def test_new_times_of_the_provider_let_requests_wait_for_as_long_as_they_may_be_answered(service, customer, by_hand):
    book_series(service, customer, weekly(TUESDAY_TEN + 2 * WEEK, 2))
    series = Series.objects.get()

    by(series, DAY, actor=service.provider.user, role=Role.PROVIDER)

    for one in dates(series):
        assert one.answer_by == one.open_proposal.answer_by


def test_moving_replaces_the_new_times_that_waited(series, provider, customer):
    by(series, DAY, actor=provider.user, role=Role.PROVIDER)

    by(series, 2 * DAY, actor=customer)

    assert set(Proposal.objects.values_list("state", flat=True)) == {ProposalState.ENDED}
    assert starts(series) == [start + 2 * DAY for start in weekly(TUESDAY_TEN, 4)]
    dropped = AppointmentEvent.objects.filter(verb=Verb.MOVE).order_by("pk").values_list("dropped_start", flat=True)
    assert list(dropped) == [start + DAY for start in weekly(TUESDAY_TEN, 4)]
    check_all()


def test_terms_that_changed_move_nothing(series, customer, provider):
    provider.policy.accepts_at_once = False
    provider.policy.save()

    with pytest.raises(TermsChanged):
        by(series, DAY, actor=customer)

    assert starts(series) == weekly(TUESDAY_TEN, 4)


def test_what_the_page_did_not_show_is_not_moved(series, customer):
    shown = {one.reference: one.as_shown for one in dates(series)}
    by(series, DAY, actor=customer, only=slice(3, 4))

    with pytest.raises(ChangedSince):
        by(series, 2 * DAY, actor=customer, shown=shown)


def test_a_provider_says_why(series, provider):
    with pytest.raises(ReasonMissing):
        by(series, 10 * HOUR, actor=provider.user, role=Role.PROVIDER)

    with pytest.raises(PolicyRefused, match="lies ahead"):
        by(series, -2 * DAY, actor=provider.user, role=Role.PROVIDER, message="Sooner")


def test_each_side_reads_of_all_moves_in_one_mail_with_one_file(series, customer):
    deliver("notifications.send_mail")
    mail.outbox.clear()

    by(series, DAY, actor=customer)
    deliver("notifications.send_mail")

    assert len(mail.outbox) == 2
    for message in mail.outbox:
        assert message.subject.startswith("Rescheduled: 4 Wednesdays from 4 March, 10:00")
        [attached] = message.attachments
        assert attached[1].count("BEGIN:VEVENT") == 4
        assert "SEQUENCE:1" in attached[1] or "SEQUENCE:2" in attached[1]


def test_the_cap_of_a_day_counts_new_times_and_not_the_old_ones(service, customer, provider):
    provider.policy.max_per_day = 2
    provider.policy.save()
    book_series(service, customer, [TUESDAY_TEN, TUESDAY_TEN + 2 * HOUR])
    series = Series.objects.get()

    by(series, timedelta(hours=3), actor=customer)
    assert starts(series) == [TUESDAY_TEN + 3 * HOUR, TUESDAY_TEN + 5 * HOUR]
    booking.book_appointment(
        service=service,
        start=TUESDAY_TEN + DAY,
        customer=UserFactory(),
        terms=booking.terms_of(service),
        booking_key="other",
    )

    with pytest.raises(SlotTaken):
        by(series, DAY, actor=customer)
    check_all()


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.PROVIDER])
def test_moving_many_dates_costs_as_many_queries_as_moving_two(service, customer, provider, role):
    book_series(service, customer, weekly(TUESDAY_TEN, 50))
    series = Series.objects.get()
    actor = customer if role is Role.CUSTOMER else provider.user

    costs = []
    for only, by_how_much in ((slice(2), DAY), (slice(2, None), 2 * DAY)):
        with CaptureQueriesContext(connection) as queries:
            by(series, by_how_much, actor=actor, role=role, only=only)
        costs.append(len(queries))

    assert costs[0] == costs[1]


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.PROVIDER])
def test_the_pages_of_a_move_ask_as_many_queries_of_fifty_dates_as_of_two(client, service, customer, provider, role):
    is_customer = role is Role.CUSTOMER
    client.force_login(customer if is_customer else provider.user)

    costs = []
    for first, count in ((TUESDAY_TEN, 2), (TUESDAY_TEN + HOUR, 50)):
        book_series(service, customer, weekly(first, count))
        series = Series.objects.latest("pk")
        address = reverse("move_series" if is_customer else "studio_move_series", args=[series.uuid])
        client.get(address)
        with CaptureQueriesContext(connection) as form:
            client.get(address)
        with CaptureQueriesContext(connection) as dates:
            page = asked(client, address, day=first + DAY, at="15:00")
        assert len(page.context["moves"].rows) == count
        costs.append((len(form), len(dates)))

    assert costs[0] == costs[1]


# --- The rule ---------------------------------------------------------------------------------------------------------


def test_the_page_and_the_check_agree_on_every_start_of_a_day(series, customer, book, service):
    """Each quarter of an hour of a Wednesday for the first date, with the second on its way to ten o'clock there."""
    book(start=TUESDAY_TEN + DAY + 4 * HOUR, customer=UserFactory())
    first, second = dates(series)[:2]
    second_start = TUESDAY_TEN + DAY
    disagreed = []
    for quarter in range(24 * 4):
        start = TUESDAY_TEN.replace(hour=0) + DAY + quarter * timedelta(minutes=15)
        room = look_at_moves(
            [first, second], [start, second_start], actor=customer, role=Role.CUSTOMER, browser=None, now=clock.now()
        )
        wanted = [
            Occurrence(2, second_start.date(), second_start),
            Occurrence(1, start.date(), start),
        ]
        settled = settle_moves(room, wanted, {}, suggests=False, overrides=False)
        shown = [one.outcome is Outcome.OPEN for one in settled]
        try:
            with transitions.transaction.atomic():
                move_several(
                    moves=[(second, second_start), (first, start)], actor=customer, role=Role.CUSTOMER, at_once=True
                )
                done = True
                transitions.transaction.set_rollback(True)
        except SlotTaken:
            done = False
        if done != all(shown):
            disagreed.append(start)

    assert disagreed == []


def test_what_is_left_as_it_is_keeps_its_time(service, customer):
    """Of three days in a row that move by one, the second is left: the first can’t have its time, the third moves."""
    book_series(service, customer, [TUESDAY_TEN + n * DAY for n in range(3)])
    rows = dates(Series.objects.get())
    wanted = [Occurrence(one.occurrence, (one.start + DAY).date(), one.start + DAY) for one in rows]
    room = look_at_moves(
        rows, [one.start for one in wanted], actor=customer, role=Role.CUSTOMER, browser=None, now=clock.now()
    )

    all_move = settle_moves(room, wanted, {}, suggests=False, overrides=False)
    one_stays = settle_moves(room, wanted, {2: None}, suggests=False, overrides=False)

    assert [one.outcome for one in all_move] == [Outcome.OPEN] * 3
    assert [one.outcome for one in one_stays] == [Outcome.UNSETTLED, Outcome.SKIPPED, Outcome.OPEN]


def test_all_move_by_as_many_days_and_to_the_same_time(series):
    one, two, three, _ = dates(series)

    wanted = moved([one, three], two, (two.start + 3 * DAY).date(), time(9, 15), series.zone)

    assert [(date.number, date.start) for date in wanted] == [
        (1, datetime(2026, 3, 6, 9, 15, tzinfo=UTC)),
        (3, datetime(2026, 3, 20, 9, 15, tzinfo=UTC)),
    ]


def test_states_stay_as_they_are(series, customer):
    by(series, DAY, actor=customer)

    assert set(series.appointments.values_list("status", flat=True)) == {Status.CONFIRMED}


# --- What was shown is what is done -----------------------------------------------------------------------------------


def cancelled_by_the_provider(series, number, provider):
    one = Appointment.objects.with_people().get(series=series, occurrence=number)
    transitions.cancel_appointment(appointment=one, actor=provider.user, role=Role.PROVIDER)


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def test_a_date_shown_as_staying_stays_once_the_window_has_reached_it(signed_in, customer, address, series, provider):
    provider.policy.window_days = 22
    provider.policy.save()
    preview = asked(signed_in, address, day=TUESDAY_TEN + DAY)
    assert outcomes(preview) == ["open"] * 3 + ["window"]

    with time_machine.travel(TUESDAY_TEN - 9 * HOUR, tick=False):
        signed_in.force_login(customer)
        signed_in.post(address, shown_values(preview) | {"do": "move"})

    assert starts(series) == [start + DAY for start in weekly(TUESDAY_TEN, 3)] + [TUESDAY_TEN + 3 * WEEK]


def test_a_date_shown_as_moving_does_not_stay_while_the_others_move(signed_in, address, series, provider):
    preview = asked(signed_in, address, day=TUESDAY_TEN + DAY)
    provider.policy.window_days = 21
    provider.policy.save()

    again = signed_in.post(address, shown_values(preview) | {"do": "move"})

    assert again.status_code == 409
    assert outcomes(again) == ["open"] * 3 + ["window"]
    assert '<a href="#date-4">' in again.content.decode()
    assert starts(series) == weekly(TUESDAY_TEN, 4)


def test_a_shown_date_that_ended_meanwhile_keeps_the_others(signed_in, address, series, provider):
    preview = asked(signed_in, address, day=TUESDAY_TEN + DAY)
    cancelled_by_the_provider(series, 2, provider)

    again = signed_in.post(address, shown_values(preview) | {"do": "move"})
    assert again.status_code == 409
    assert outcomes(again) == ["open"] * 3
    assert starts(series) == weekly(TUESDAY_TEN, 4)

    signed_in.post(address, shown_values(again) | {"do": "move"})
    assert [start - DAY for start in starts(series)[2:]] == weekly(TUESDAY_TEN, 4)[2:]


@pytest.mark.parametrize("is_shown", [True, False])
def test_one_date_that_ended_meanwhile_does_not_become_all(signed_in, address, series, provider, is_shown):
    third = series.appointments.get(occurrence=3)
    typed = {"from": third.reference, "which": "one", "day": f"{third.start + DAY:%Y-%m-%d}", "at": "10:00"}
    if is_shown:
        preview = signed_in.post(address, typed | {"message": ""})
        assert outcomes(preview) == ["open"]
        typed = shown_values(preview)
    cancelled_by_the_provider(series, 3, provider)

    answer = signed_in.post(address, typed | {"do": "move"} if is_shown else typed, follow=True)

    assert messages_of(answer) == ["This series has changed since the page was opened. Nothing is moved: choose again."]
    assert starts(series) == weekly(TUESDAY_TEN, 4)


def test_once_the_first_date_is_over_the_others_do_not_move_by_fewer_days(signed_in, customer, address, series):
    preview = asked(signed_in, address, day=TUESDAY_TEN + WEEK)
    assert outcomes(preview) == ["open"] * 4

    with time_machine.travel(TUESDAY_TEN + HOUR, tick=False):
        signed_in.force_login(customer)
        answer = signed_in.post(address, shown_values(preview) | {"do": "move"}, follow=True)

    assert messages_of(answer) == ["This series has changed since the page was opened. Nothing is moved: choose again."]
    assert starts(series) == weekly(TUESDAY_TEN, 4)


def test_a_form_sent_twice_moves_once_also_where_the_new_times_are_too_near_to_change(
    signed_in, customer, address, series, provider
):
    provider.policy.reschedule_cutoff_minutes = 26 * 60
    provider.policy.save()
    with time_machine.travel(TUESDAY_TEN - 2 * DAY, tick=False):
        signed_in.force_login(customer)
        preview = asked(signed_in, address, day=TUESDAY_TEN - DAY, at="11:00")
        assert outcomes(preview) == ["open"] * 4
        for _ in range(2):
            answer = signed_in.post(address, shown_values(preview) | {"do": "move"}, follow=True)

    assert messages_of(answer) == ["That was already done. Nothing changed."]
    assert starts(series) == [start - DAY + HOUR for start in weekly(TUESDAY_TEN, 4)]


def test_the_page_and_the_check_agree_on_the_new_time_that_a_date_left_as_it_is_waits_for(
    signed_in, address, series, provider
):
    first = Appointment.objects.with_people().get(series=series, occurrence=1)
    propose_time(appointment=first, start=TUESDAY_TEN + WEEK + DAY, actor=provider.user, role=Role.PROVIDER)
    preview = asked(signed_in, address, day=TUESDAY_TEN + DAY)
    assert outcomes(preview) == ["open"] * 4

    weighed = signed_in.post(address, shown_values(preview) | {"pick-1": "skip", "do": "weigh"})
    assert outcomes(weighed) == ["skipped", "unsettled", "open", "open"]
    signed_in.post(address, shown_values(weighed) | {"pick-2": "skip", "do": "move"})

    assert starts(series) == weekly(TUESDAY_TEN, 2) + [start + DAY for start in weekly(TUESDAY_TEN, 4)[2:]]
    check_all()


def test_the_new_time_of_a_date_left_as_it_is_counts_on_its_day(signed_in, address, series, provider):
    provider.policy.max_per_day = 1
    provider.policy.save()
    first = Appointment.objects.with_people().get(series=series, occurrence=1)
    propose_time(appointment=first, start=TUESDAY_TEN + WEEK + DAY, actor=provider.user, role=Role.PROVIDER)
    preview = asked(signed_in, address, day=TUESDAY_TEN + DAY, at="14:00")
    assert outcomes(preview) == ["open"] * 4

    weighed = signed_in.post(address, shown_values(preview) | {"pick-1": "skip", "do": "weigh"})

    assert outcomes(weighed) == ["skipped", "unsettled", "open", "open"]


def test_agreed_dates_move_and_requests_are_proposed_with_each_counted_and_told_once(
    signed_in, service, customer, provider, by_hand
):
    book_series(service, customer, weekly(TUESDAY_TEN + WEEK, 4))
    series = Series.objects.get()
    for number in (1, 2):
        one = Appointment.objects.with_people().get(series=series, occurrence=number)
        transitions.accept_request(appointment=one, actor=provider.user)
    provider.policy.accepts_at_once = True
    provider.policy.save()
    deliver("notifications.send_mail")
    mail.outbox.clear()
    address = reverse("move_series", args=[series.uuid])

    preview = asked(signed_in, address, day=TUESDAY_TEN + WEEK + DAY)
    page = preview.content.decode()
    assert preview.context["moves"].button == "Move 2 dates and propose 2 new times"
    assert f"get a new time: 2 at once, 2 once {provider.first_name} accepts" in page
    assert "the first of these 2" in page
    assert "The present times of the 2 that move at once open for others." in page
    signed_in.post(address, shown_values(preview) | {"do": "move"})

    old = weekly(TUESDAY_TEN + WEEK, 4)
    assert starts(series) == [old[0] + DAY, old[1] + DAY, *old[2:]]
    deliver("notifications.send_mail")
    told = {message.to[0]: message.body for message in mail.outbox}
    assert len(mail.outbox) == len(told) == 2
    [to_provider] = [body for to, body in told.items() if provider.user.email in to]
    assert "rescheduled 2 appointments" in to_provider
    assert "asks for 2 other times" in to_provider
    assert "\nRescheduled: The original times are no longer held, and the prices stay as agreed.\n" in to_provider
    assert "\nTo answer: Both times of each are held until it is answered.\n" in to_provider
    check_all()


def test_stopping_one_that_ended_meanwhile_does_not_weigh_all(signed_in, series, provider):
    third = series.appointments.get(occurrence=3)
    cancelled_by_the_provider(series, 3, provider)

    answer = signed_in.post(
        reverse("cancel_series", args=[series.uuid]),
        {"from": third.reference, "which": "one", "reason": "", "do": "weigh"},
        follow=True,
    )

    said = "This series has changed since the page was opened. Nothing is cancelled: choose again."
    assert messages_of(answer) == [said]
