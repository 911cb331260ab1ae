"""Answering several new times of a series in one press: whole, told once, and with what it comes to said before."""

from datetime import timedelta
from decimal import Decimal
from email.utils import parseaddr

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.exceptions import MoveRefused
from appointments.models import Appointment, AppointmentEvent, Hold, LateCancellation, Proposal, Series
from appointments.queries.proposals import proposals_for_series
from appointments.services import booking, proposals
from appointments.services.proposals import answer_times
from appointments.services.series_moves import move_several
from appointments.states import HoldKind, ProposalState, Role, Status, Verb
from outbox.testing import deliver
from providers.models import BookingPolicy
from tests.factories.accounts import UserFactory
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.factories.series import book_series, weekly
from tests.invariants import check_all

from .conftest import TUESDAY_TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("far_ahead")]

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
C, P = Role.CUSTOMER, Role.PROVIDER
OLD = weekly(TUESDAY_TEN, 4)
NEW = [start + DAY for start in OLD]


@pytest.fixture
def service(provider):
    return ServiceFactory(provider=provider, duration_minutes=60, price=Decimal("40"), repeats=True, max_occurrences=52)


@pytest.fixture
def series(service, customer):
    """Four Tuesdays at ten."""
    book_series(service, customer, OLD)
    return Series.objects.get()


def propose(series, role=P, *, only=slice(None), by=DAY, message="A course, sorry."):
    """Propose other times for dates of the series, in one act; what a customer chooses needs the provider's answer."""
    BookingPolicy.objects.update(accepts_at_once=role is P)
    rows = list(Appointment.objects.with_people().with_proposal().filter(series=series).order_by("occurrence"))[only]
    actor = rows[0].provider.user if role is P else rows[0].customer
    moves = [(one, one.start + by) for one in rows]
    move_several(moves=moves, actor=actor, role=role, at_once=False, message=message)


def asked(series):
    rows = Proposal.objects.filter(appointment__series=series).select_related("appointment")
    return list(rows.order_by("appointment__occurrence"))


def starts(series):
    return list(Appointment.objects.filter(series=series).order_by("occurrence").values_list("start", flat=True))


def page_of(series, side=C):
    return reverse("answer_series_times" if side is C else "studio_answer_series_times", args=[series.uuid])


def sent(series, *, do="accept-all", **answers):
    """What the page of all new times sends; `answers` by the number of the date."""
    by_number = {one.appointment.occurrence: one for one in asked(series)}
    radios = {f"answer-{by_number[int(n[1:])].appointment.reference}": answer for n, answer in answers.items()}
    return {"proposals": " ".join(str(one.uuid) for one in by_number.values()), "do": do, **radios}


# --- The press --------------------------------------------------------------------------------------------------------


def test_one_press_accepts_all_new_times_as_one_act(signed_in, series):
    propose(series)

    done = signed_in.post(page_of(series), sent(series))

    assert done.url == reverse("my_series", args=[series.uuid])
    assert starts(series) == NEW
    assert {one.state for one in asked(series)} == {ProposalState.ACCEPTED}
    assert sorted(Hold.objects.values_list("kind", "start")) == [(HoldKind.APPOINTMENT, start) for start in NEW]
    moves = AppointmentEvent.objects.filter(verb=Verb.MOVE)
    assert (moves.count(), moves.values("occasion").distinct().count()) == (4, 1)
    assert not LateCancellation.objects.exists()
    check_all()


def test_new_times_say_where_the_customer_is_busy(signed_in, series, customer):
    propose(series)
    OwnEventFactory(user=customer, title="Dentist", start=NEW[1], end=NEW[1] + timedelta(hours=1))

    page = signed_in.get(page_of(series))

    assert [row.busy.title if row.busy else None for row, _ in page.context["rows"]] == [None, "Dentist", None, None]
    assert page.text.count("You have an event of your own") == 1


def test_provider_answers_what_the_customer_proposed_in_the_same_way(client, series, provider):
    propose(series, C)
    client.force_login(provider.user)

    page = client.get(page_of(series, P))
    done = client.post(page_of(series, P), sent(series))

    assert [row.proposal.start for row, _ in page.context["rows"]] == NEW
    assert done.url == reverse("studio_series", args=[series.uuid])
    assert starts(series) == NEW
    check_all()


def test_all_original_times_are_kept_by_one_press_too(signed_in, series):
    propose(series)

    signed_in.post(page_of(series), sent(series, do="keep-all"))

    assert starts(series) == OLD
    assert {one.state for one in asked(series)} == {ProposalState.DECLINED}
    assert Hold.objects.count() == 4
    check_all()


def test_each_date_may_have_its_own_answer_in_the_same_act(signed_in, series, customer, provider):
    propose(series)
    deliver()
    mail.outbox.clear()

    signed_in.post(page_of(series), sent(series, do="send", _1="accept", _2="decline", _3="accept", _4="decline"))
    deliver()

    assert starts(series) == [NEW[0], OLD[1], NEW[2], OLD[3]]
    answers = AppointmentEvent.objects.filter(verb__in=[Verb.MOVE, Verb.DECLINE_TIME])
    assert (answers.count(), answers.values("occasion").distinct().count()) == (4, 1)
    told = {parseaddr(one.to[0])[1]: one for one in mail.outbox}
    assert (len(mail.outbox), set(told)) == (2, {customer.email, provider.user.email})
    assert "2 rescheduled" in told[provider.user.email].subject
    assert "2 staying as before" in told[provider.user.email].subject


def test_a_date_without_an_answer_is_asked_for_and_nothing_is_answered(signed_in, series):
    propose(series)

    again = signed_in.post(page_of(series), sent(series, do="send", _1="accept", _2="decline"))

    assert again.status_code == 422
    assert [answer for _, answer in again.context["rows"]] == ["accept", "decline", "", ""]
    assert starts(series) == OLD


def test_a_second_press_changes_nothing_and_says_so(signed_in, series):
    propose(series)
    form = sent(series)
    signed_in.post(page_of(series), form)

    again = signed_in.post(page_of(series), form, follow=True)

    assert "That was already done. Nothing changed." in again.content.decode()
    assert AppointmentEvent.objects.filter(verb=Verb.MOVE).count() == 4


def test_a_new_time_that_was_taken_back_keeps_all_from_being_answered_and_is_named(signed_in, series, provider):
    propose(series)
    form = sent(series)
    proposals.withdraw_time(proposal=asked(series)[1], actor=provider.user, role=P)

    refused = signed_in.post(page_of(series), form)

    assert refused.status_code == 409
    text = refused.content.decode()
    assert "Nothing is answered yet." in text
    assert [one.start for one in refused.context["settled"]] == [NEW[1]]
    assert "took the new time back" in text
    assert len(refused.context["rows"]) == 3
    assert starts(series) == OLD
    check_all()


def test_one_that_was_accepted_by_itself_meanwhile_does_not_keep_the_others_from_it(signed_in, series, customer):
    propose(series)
    form = sent(series)
    proposals.accept_time(proposal=asked(series)[2], actor=customer, role=C)

    signed_in.post(page_of(series), form)

    assert starts(series) == NEW
    assert AppointmentEvent.objects.filter(verb=Verb.MOVE).count() == 4


def test_what_lapsed_can_not_be_accepted_with_the_rest(signed_in, series):
    propose(series)
    form, last = sent(series), max(one.answer_by for one in asked(series))

    with time_machine.travel(last):
        done = signed_in.post(page_of(series), form, follow=True)

    assert "not answered in time" in done.content.decode()
    assert starts(series) == OLD


def test_where_one_of_the_times_is_held_no_more_none_is_accepted(series, customer):
    """As by another clock, by which it has lapsed and somebody has cleared it away."""
    propose(series)
    Hold.objects.filter(kind=HoldKind.PROPOSAL, start=NEW[2]).delete()

    with pytest.raises(MoveRefused):
        answer_times(accepted=asked(series), kept=[], actor=customer, role=C)

    assert starts(series) == OLD
    assert {one.state for one in asked(series)} == {ProposalState.OPEN}


def test_new_times_proposed_since_the_page_was_opened_are_not_answered_by_it(signed_in, series):
    propose(series, only=slice(2))
    form = sent(series)
    propose(series, only=slice(2, 4))

    signed_in.post(page_of(series), form)

    assert starts(series) == [*NEW[:2], *OLD[2:]]


def test_accepting_the_new_times_of_requests_agrees_to_them(signed_in, by_hand, service, customer):
    book_series(service, customer, OLD)
    requested = Series.objects.latest("pk")
    propose(requested)

    page = signed_in.get(page_of(requested))
    signed_in.post(page_of(requested), sent(requested))

    assert "They were not agreed yet, and are then." in page.content.decode()
    assert {one.status for one in requested.appointments.all()} == {Status.CONFIRMED}
    check_all()


def test_proposals_of_other_series_can_not_be_answered_by_this_page(signed_in, series, service):
    stranger = UserFactory()
    book_series(service, stranger, [start + 3 * HOUR for start in OLD])
    other = Series.objects.latest("pk")
    propose(series)
    propose(other)

    refused = signed_in.post(page_of(series), sent(other))

    assert refused.status_code == 422
    assert starts(other) == [start + 3 * HOUR for start in OLD]


def test_nobody_answers_new_times_of_their_own(signed_in, series, customer):
    propose(series, C)

    answer = signed_in.get(page_of(series))

    assert answer.url == reverse("my_series", args=[series.uuid])
    with pytest.raises(MoveRefused):
        answer_times(accepted=asked(series), kept=[], actor=customer, role=C)
    assert starts(series) == OLD


@pytest.mark.parametrize("typed", ["", "nonsense", "1 2 3"])
def test_a_form_that_names_nothing_is_shown_again(signed_in, series, typed):
    propose(series)

    assert signed_in.post(page_of(series), {"proposals": typed, "do": "accept-all"}).status_code == 422
    assert starts(series) == OLD


# --- What the page says -----------------------------------------------------------------------------------------------


def test_page_says_what_the_answer_comes_to_and_quotes_what_all_share_once(signed_in, series, customer):
    elsewhere = ProviderFactory(time_zone="UTC")
    give_hours(elsewhere, {day: [("06:00", "22:00")] for day in range(7)})
    lesson = ServiceFactory(provider=elsewhere, name="Chess", duration_minutes=60, slot_interval_minutes=30)
    booking.book_appointment(
        service=lesson, start=NEW[0] + HOUR / 2, customer=customer, terms=booking.terms_of(lesson), booking_key="chess"
    )
    propose(series)

    text = signed_in.get(page_of(series)).content.decode()

    assert "Accept all 4 new times" in text
    assert "4 × £40 = £160" in text
    assert text.count("A course, sorry.") == 1
    assert "It overlaps your Chess" in text
    assert "One overlaps other appointments of yours" in text


def test_page_of_the_series_and_the_list_lead_there_where_there_are_several(signed_in, series):
    propose(series, only=slice(1))
    one = [signed_in.get(reverse("my_series", args=[series.uuid])), signed_in.get(reverse("my_appointments"))]
    propose(series, only=slice(1, 3))
    several = [signed_in.get(reverse("my_series", args=[series.uuid])), signed_in.get(reverse("my_appointments"))]

    assert [page_of(series) in page.content.decode() for page in one] == [False, False]
    assert [page_of(series) in page.content.decode() for page in several] == [True, True]


def test_mail_about_several_new_times_leads_to_the_page_that_answers_all(series, customer):
    deliver()
    mail.outbox.clear()
    propose(series)
    deliver()

    [told] = mail.outbox
    assert parseaddr(told.to[0])[1] == customer.email
    assert page_of(series) in told.body
    assert "Answer all of them" in told.body


def test_queries_of_answering_do_not_grow_with_the_number(series, customer):
    spent = []
    for only in (slice(1), slice(1, 4)):
        propose(series, only=only)
        waiting = [one for one in asked(series) if one.is_open]
        with CaptureQueriesContext(connection) as queries:
            answer_times(accepted=waiting, kept=[], actor=customer, role=C)
        spent.append(len(queries))

    assert spent[0] == spent[1]


def test_queries_of_the_page_do_not_grow_with_the_number(signed_in, series):
    spent = []
    for only in (slice(1), slice(1, 4)):
        propose(series, only=only)
        with CaptureQueriesContext(connection) as queries:
            assert signed_in.get(page_of(series)).status_code == 200
        spent.append(len(queries))

    assert spent[0] == spent[1]
    assert len(proposals_for_series(series, [one.uuid for one in asked(series)])) == 4
