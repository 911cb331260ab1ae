"""People's own events: which can be kept, what they close, what they are told to lie over, two tabs, two presses.

It is Monday 2 March 2026, 08:00 UTC.
"""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from appointments.exceptions import EventGone, EventRefused, FormSpent, InsideChanged, PolicyRefused, SlotTaken
from appointments.models import Appointment, OwnEvent
from appointments.queries.busy import Elsewhere, busy_elsewhere
from appointments.queries.own_events import own_events_between
from appointments.rules import own_events as rules
from appointments.rules.own_events import Details, details_of
from appointments.services import availability, personal_data, proposals
from appointments.services.own_events import (
    FORMS_SPENT_FOR,
    change_own_event,
    create_own_event,
    delete_own_event,
    forget_deleted,
    what_lies_inside,
)
from appointments.services.why_not import why_not
from appointments.states import Role, Status
from outbox.models import Message
from providers.exceptions import ChangedMeanwhile
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import ProviderFactory

from .conftest import NOW, TUESDAY_TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_london")]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEN_TO_ELEVEN = Details("School run", TUESDAY_TEN, TUESDAY_TEN + HOUR, place="St Paul’s", description="Bring the bag")


@pytest.fixture
def maya(provider):
    return provider.user


def create(person, details=TEN_TO_ELEVEN, **values):
    return create_own_event(details=details, actor=person, **values).event


def shown(*appointments):
    return {one.reference: one.as_shown for one in Appointment.objects.with_proposal().filter(pk__in=appointments)}


def topics():
    return sorted(Message.objects.values_list("topic", flat=True))


# --- What is kept -----------------------------------------------------------------------------------------------------


def test_an_event_is_kept_as_it_was_given(maya):
    event = create(maya)

    row = OwnEvent.objects.get()
    assert row == event
    assert (details_of(row), row.user, row.version) == (TEN_TO_ELEVEN, maya, 1)


def test_its_texts_are_encrypted(maya):
    create(maya)

    with connection.cursor() as cursor:
        cursor.execute("SELECT title, place, description FROM appointments_ownevent")
        [stored] = cursor.fetchall()
    assert all(text.startswith("gAAAA") for text in stored)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"end": TUESDAY_TEN}, "end"),
        ({"end": TUESDAY_TEN + rules.LONGEST + HOUR}, "end"),
        ({"start": NOW + rules.FURTHEST, "end": NOW + rules.FURTHEST + HOUR}, "start"),
        ({"start": NOW - rules.FURTHEST - HOUR, "end": NOW - rules.FURTHEST + HOUR}, "start"),
        ({"title": "x" * 301}, "title"),
        ({"place": "x" * 301}, "place"),
        ({"description": "x" * 4001}, "description"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_field(maya, changes, field):
    with pytest.raises(EventRefused) as refused:
        create(maya, replace(TEN_TO_ELEVEN, **changes))

    assert (refused.value.field, OwnEvent.objects.count()) == (field, 0)


def test_the_longest_and_furthest_event_is_kept(maya):
    end = NOW + rules.FURTHEST
    create(maya, replace(TEN_TO_ELEVEN, start=end - rules.LONGEST, end=end, title="x" * 300))

    assert OwnEvent.objects.count() == 1


def test_an_event_that_is_over_may_be_noted(maya):
    create(maya, replace(TEN_TO_ELEVEN, start=NOW - DAY, end=NOW - DAY + HOUR))

    assert OwnEvent.objects.count() == 1


def test_the_number_ahead_has_a_limit(maya, monkeypatch):
    monkeypatch.setattr("appointments.services.own_events.MOST_AHEAD", 2)
    create(maya)
    create(maya, replace(TEN_TO_ELEVEN, start=NOW - DAY, end=NOW - DAY + HOUR))
    create(maya)

    with pytest.raises(EventRefused):
        create(maya)


def test_the_database_refuses_an_event_without_length(maya):
    with pytest.raises(IntegrityError), transaction.atomic():
        OwnEventFactory(user=maya, end=TUESDAY_TEN)


def test_a_form_sent_twice_makes_one_event(maya):
    key = uuid4()

    outcomes = [create_own_event(details=TEN_TO_ELEVEN, actor=maya, key=key) for _ in range(2)]

    assert [outcome.changed for outcome in outcomes] == [True, False]
    assert OwnEvent.objects.count() == 1


def test_a_form_sent_again_after_its_event_was_changed_or_deleted_makes_nothing(maya):
    key = uuid4()
    event = create(maya, key=key)
    change_own_event(event=event, details=replace(TEN_TO_ELEVEN, title="Bus"), actor=maya, version=1)

    with pytest.raises(FormSpent, match="says something else now"):
        create(maya, key=key)
    delete_own_event(event=event, actor=maya, version=2)
    with pytest.raises(FormSpent, match="was deleted since"):
        create(maya, key=key)

    assert OwnEvent.objects.count() == 0


def test_a_deleted_event_is_forgotten_in_time(maya):
    key = uuid4()
    delete_own_event(event=create(maya, key=key), actor=maya, version=1)

    assert forget_deleted(now=NOW + FORMS_SPENT_FOR) == 0
    assert forget_deleted(now=NOW + FORMS_SPENT_FOR + timedelta(seconds=1)) == 1
    create(maya, key=key)


def test_the_key_of_somebody_elses_deleted_event_leads_nowhere(maya, customer):
    theirs = create(customer)
    delete_own_event(event=theirs, actor=customer, version=1)

    mine = create(maya, key=theirs.uuid)
    delete_own_event(event=mine, actor=maya, version=1)

    with pytest.raises(FormSpent):
        create(maya, key=theirs.uuid)


def test_the_key_of_somebody_elses_event_leads_nowhere(maya, customer):
    theirs = create(customer)

    mine = create(maya, key=theirs.uuid)
    again = create(maya, key=theirs.uuid)

    assert (mine.uuid != theirs.uuid, again) == (True, mine)
    assert set(OwnEvent.objects.values_list("user", flat=True)) == {maya.pk, customer.pk}


def test_who_is_suspended_keeps_nothing(maya):
    event = create(maya)
    User.objects.filter(pk=maya.pk).update(banned_at=NOW)

    with pytest.raises(PolicyRefused):
        create(maya)
    with pytest.raises(PolicyRefused):
        change_own_event(event=event, details=TEN_TO_ELEVEN, actor=maya, version=1)
    with pytest.raises(PolicyRefused):
        delete_own_event(event=event, actor=maya, version=1)


def test_nobody_changes_somebody_elses_event(maya, customer):
    event = create(maya)

    with pytest.raises(PermissionDenied):
        change_own_event(event=event, details=replace(TEN_TO_ELEVEN, title="Mine"), actor=customer, version=1)
    with pytest.raises(PermissionDenied):
        delete_own_event(event=event, actor=customer, version=1)


# --- What it closes ---------------------------------------------------------------------------------------------------


def test_a_providers_event_closes_its_time_and_no_more(service, book, maya):
    create(maya)

    open_now = availability.slots_between(service, TUESDAY_TEN - 2 * HOUR, TUESDAY_TEN + 3 * HOUR, now=NOW)

    assert open_now == [TUESDAY_TEN - HOUR, TUESDAY_TEN + HOUR, TUESDAY_TEN + 2 * HOUR]
    assert not availability.may_book(service, TUESDAY_TEN, now=NOW)
    with pytest.raises(SlotTaken):
        book()


def test_an_event_that_takes_no_time_closes_nothing(service, book, maya):
    create(maya, replace(TEN_TO_ELEVEN, is_free=True))

    assert availability.may_book(service, TUESDAY_TEN, now=NOW)
    book()


def test_a_customers_event_closes_nobodys_time(service, book, customer):
    create(customer)

    assert availability.may_book(service, TUESDAY_TEN, now=NOW)
    book()


def test_another_providers_event_closes_only_theirs(service):
    create(ProviderFactory().user)

    assert availability.may_book(service, TUESDAY_TEN, now=NOW)


def test_who_becomes_a_provider_is_not_booked_in_their_events(customer, service):
    create(customer)
    provider = ProviderFactory(user=customer)

    facts = availability.load_facts([provider], TUESDAY_TEN, TUESDAY_TEN + HOUR, now=NOW)

    assert facts[provider.pk].taken == [(TUESDAY_TEN, TUESDAY_TEN + HOUR)]


def test_why_not_names_the_event(service, maya):
    event = create(maya)

    found = why_not(service, TUESDAY_TEN, now=NOW)

    assert [(reason.entry.kind, reason.entry.event) for reason in found.reasons] == [("own_event", event)]


# --- What it lies over ------------------------------------------------------------------------------------------------


def test_an_event_over_an_appointment_needs_a_yes_and_cancels_nothing(maya, confirmed):
    with pytest.raises(InsideChanged):
        create(maya)
    assert OwnEvent.objects.count() == 0

    create(maya, shown=shown(confirmed.pk))

    confirmed.refresh_from_db()
    assert (OwnEvent.objects.count(), confirmed.status) == (1, Status.CONFIRMED)


def test_what_was_shown_at_another_time_is_no_yes(maya, confirmed):
    seen = {confirmed.reference: "1.x"}

    with pytest.raises(InsideChanged):
        create(maya, shown=seen)


@pytest.mark.parametrize("whose", ["provider", "customer"])
def test_both_sides_are_told_of_requests_and_of_proposed_times(maya, customer, requested, book, whose):
    person = maya if whose == "provider" else customer
    moved = book(TUESDAY_TEN + 3 * HOUR).appointment
    proposals.propose_time(
        appointment=moved, start=TUESDAY_TEN + 5 * HOUR, actor=customer, role=Role.CUSTOMER, shown=""
    )
    long = replace(TEN_TO_ELEVEN, end=TUESDAY_TEN + 2 * HOUR)
    late = replace(TEN_TO_ELEVEN, start=TUESDAY_TEN + 5 * HOUR, end=TUESDAY_TEN + 6 * HOUR)

    with CaptureQueriesContext(connection) as queries:
        found = [what_lies_inside(person, details, now=NOW) for details in (long, late)]

    assert [[(claim.appointment, claim.start) for claim in claims] for claims in found] == [
        [(requested, TUESDAY_TEN)],
        [(moved, TUESDAY_TEN + 5 * HOUR)],
    ]
    assert len(queries) == 2


def test_somebody_elses_appointments_and_those_that_ended_are_none_of_it(maya, confirmed, book):
    confirmed.status = Status.CANCELLED
    Appointment.objects.filter(pk=confirmed.pk).update(status=Status.CANCELLED, **demanded_by(Status.CANCELLED, NOW))

    assert what_lies_inside(maya, TEN_TO_ELEVEN, now=NOW) == []
    assert what_lies_inside(UserFactory(), TEN_TO_ELEVEN, now=NOW) == []


def test_times_that_touch_are_no_clash(maya, confirmed):
    create(maya, replace(TEN_TO_ELEVEN, start=TUESDAY_TEN + HOUR, end=TUESDAY_TEN + 2 * HOUR))

    assert OwnEvent.objects.count() == 1


def test_an_event_that_takes_no_time_lies_over_nothing(maya, confirmed):
    create(maya, replace(TEN_TO_ELEVEN, is_free=True))

    assert OwnEvent.objects.count() == 1


def test_what_an_event_lay_over_before_is_not_asked_again(maya, confirmed, book):
    event = create(maya, shown=shown(confirmed.pk))
    later = book(TUESDAY_TEN + 2 * HOUR).appointment

    change_own_event(event=event, details=replace(TEN_TO_ELEVEN, title="Bus"), actor=maya, version=1)
    longer = replace(TEN_TO_ELEVEN, end=TUESDAY_TEN + 3 * HOUR)
    with pytest.raises(InsideChanged):
        change_own_event(event=event, details=longer, actor=maya, version=2)
    change_own_event(event=event, details=longer, actor=maya, version=2, shown=shown(later.pk))

    assert OwnEvent.objects.get().end == TUESDAY_TEN + 3 * HOUR


# --- Two tabs ---------------------------------------------------------------------------------------------------------


def test_a_change_raises_the_version(maya):
    event = create(maya)
    details = replace(TEN_TO_ELEVEN, title="Bus", is_free=True)

    saved = change_own_event(event=event, details=details, actor=maya, version=1)

    row = OwnEvent.objects.get()
    assert (saved.changed, details_of(row), row.version) == (True, details, 2)


def test_the_second_of_two_tabs_is_told_and_changes_nothing(maya):
    event = create(maya)
    change_own_event(event=event, details=replace(TEN_TO_ELEVEN, title="Bus"), actor=maya, version=1)

    with pytest.raises(ChangedMeanwhile):
        change_own_event(event=event, details=replace(TEN_TO_ELEVEN, title="Train"), actor=maya, version=1)
    with pytest.raises(ChangedMeanwhile):
        delete_own_event(event=event, actor=maya, version=1)

    assert OwnEvent.objects.get().title == "Bus"


def test_the_same_form_pressed_twice_changes_once(maya):
    event = create(maya)
    details = replace(TEN_TO_ELEVEN, title="Bus")

    outcomes = [change_own_event(event=event, details=details, actor=maya, version=1) for _ in range(2)]

    assert [outcome.changed for outcome in outcomes] == [True, False]
    assert OwnEvent.objects.get().version == 2


def test_an_event_deleted_meanwhile_is_not_changed(maya):
    event = create(maya)

    assert [delete_own_event(event=event, actor=maya, version=1) for _ in range(2)] == [True, False]
    with pytest.raises(EventGone):
        change_own_event(event=event, details=replace(TEN_TO_ELEVEN, title="Bus"), actor=maya, version=1)


# --- What follows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": "Bus"}, []),
        ({"end": TUESDAY_TEN + 2 * HOUR}, ["appointments.refresh_openings"]),
        ({"is_free": True}, ["appointments.refresh_openings"]),
    ],
)
def test_the_search_follows_where_open_time_has_changed(maya, changes, expected):
    event = create(maya)
    assert topics() == ["appointments.refresh_openings"]
    Message.objects.all().delete()

    change_own_event(event=event, details=replace(TEN_TO_ELEVEN, **changes), actor=maya, version=1)

    assert topics() == expected


def test_a_deleted_event_opens_its_time(maya, service, book):
    event = create(maya)
    Message.objects.all().delete()

    delete_own_event(event=event, actor=maya, version=1)

    assert topics() == ["appointments.refresh_openings"]
    book()


def test_customers_events_concern_no_search(customer):
    event = create(customer)
    delete_own_event(event=event, actor=customer, version=1)

    assert topics() == []


def test_a_calendar_that_is_written_to_follows(customer):
    User.objects.filter(pk=customer.pk).update(keeps_calendar=True)

    event = create(customer)

    message = Message.objects.get()
    assert (message.topic, message.payload) == (
        "appointments.write_own_event",
        {"events": [str(event.uuid)], "owner": customer.pk},
    )


# --- What is read -----------------------------------------------------------------------------------------------------


def test_events_are_listed_by_start_and_only_their_owners(maya, customer, django_assert_num_queries):
    late, early = (
        create(maya, replace(TEN_TO_ELEVEN, is_free=True)),
        OwnEventFactory(user=maya, start=TUESDAY_TEN - HOUR),
    )
    OwnEventFactory(user=maya, start=TUESDAY_TEN + HOUR)
    create(customer)

    with django_assert_num_queries(2):
        found = own_events_between(maya, TUESDAY_TEN - HOUR, TUESDAY_TEN + HOUR)
        busy = busy_elsewhere(maya, TUESDAY_TEN - HOUR, TUESDAY_TEN + HOUR)

    assert found == [early, late]
    assert busy == [Elsewhere(early.start, early.end, False, "School run", True)]


# --- Whose they are ---------------------------------------------------------------------------------------------------


def test_they_are_in_the_copy_of_their_owner_and_go_with_them(maya, customer):
    create(maya)
    create(customer, replace(TEN_TO_ELEVEN, title="Dentist"))
    [section] = [each for each in personal_data.sections(maya) if each.name == "own_events"]

    [facts] = [section.write(row) for row in section.rows]
    personal_data.erase(maya)

    assert (facts["title"], facts["place"], facts["description"]) == ("School run", "St Paul’s", "Bring the bag")
    assert [row.title for row in OwnEvent.objects.all()] == ["Dentist"]
