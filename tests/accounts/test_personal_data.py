"""What is kept about a person: every app names its rows, and none can be forgotten."""

from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.account.models import EmailConfirmation
from allauth.socialaccount.models import SocialToken
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db.models import CASCADE, ForeignKey
from django.urls import reverse

from accounts import personal_data
from accounts.models import Appeal, Ban, DataCopy, Departure, KeptBan, Session, User
from api.models import OnceRequest, PageWish
from appointments.models import (
    DeletedOwnEvent,
    Hold,
    LateCancellation,
    LeftOutDate,
    OpenDay,
    OpeningIndex,
    OwnRecurrence,
)
from calendar_sync.models import Channel
from core import clock
from notifications.models import Kind, Mention, ReminderLead, SentMail, TurnedOff, UnsubscribeLink
from tests.access.world import World
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

# What the database keeps about rights, which staff hand out on the person's own page of the admin.
RIGHTS = {User.groups.through, User.user_permissions.through}

# What leads to a person and has no section in their copy, by the reason.
NOT_COPIED = {
    "Stands with what it belongs to: a device, a choice, an email, a series, an event, a connection.": {
        Channel,
        Session,
        ReminderLead,
        TurnedOff,
        Mention,
        LeftOutDate,
        OwnRecurrence,
    },
    "Made anew from what is copied: held times and the index of the search.": {Hold, OpeningIndex, OpenDay},
    "Hashes, kept for a day, by which a request that comes again is known.": {OnceRequest},
    "Goes as soon as the draft of the page is made that it asks for.": {PageWish},
    "Says that something was deleted, and nothing of what it was.": {DeletedOwnEvent},
    "The page that hands out the copy shows it.": {DataCopy, Departure},
    "Grants access.": {UnsubscribeLink, EmailConfirmation, SocialToken},
    "The house's record of its staff, and the mark of a deleted account.": {LogEntry, KeptBan, *RIGHTS},
}


def named_models() -> set[type]:
    somebody = User(pk=0)
    return {rows.model for part in personal_data.parts for rows in part.kept(somebody).values()}


def test_every_row_about_a_person_is_named_by_an_app_or_goes_with_one_that_is():
    about_people = named_models() | {User}
    unnamed = {
        f"{model._meta.label}.{field.name}"
        for model in set(apps.get_models(include_auto_created=True)) - named_models() - RIGHTS
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey) and field.related_model in about_people
        # What hangs on the account itself is named even where it would go along: people may ask what there is.
        if field.related_model is User or field.remote_field.on_delete is not CASCADE
    }

    assert unnamed == set()


def test_apps_name_their_rows_from_the_lowest_to_the_highest():
    assert [part.__name__ for part in personal_data.parts] == [
        "accounts.personal_data",
        "notifications.personal_data",
        "providers.personal_data",
        "calendar_sync.personal_data",
        "appointments.services.personal_data",
        "analytics.personal_data",
        "api.personal_data",
    ]


def test_what_is_kept_about_somebody_is_counted_by_kind():
    world = World()
    appointment = world.appointment
    SentMail.objects.create(key="one", user=world.people["C"], kind=Kind.CONFIRMED, about_whom=world.people["P"])

    customer, provider, stranger = (personal_data.count(world.people[role]) for role in ("C", "P", "C2"))

    assert customer == dict.fromkeys(customer, 0) | {
        "appointments as a customer": 1,
        "history entries they made": 1,
        "things they were told": 1,
        "mails to them": 1,
    }
    assert provider == dict.fromkeys(provider, 0) | {
        "provider pages": 1,
        "services": 1,
        "appointments as a provider": 1,
        "holds of their time": 1,
        "things they were told": 1,
        "mails about them": 1,
    }
    assert stranger == dict.fromkeys(stranger, 0)
    assert customer.keys() == provider.keys() == stranger.keys()
    assert appointment.start > clock.now() + timedelta(days=1)


def test_suspensions_are_counted_for_the_person_and_for_the_staff_who_decided():
    person, staff = UserFactory(), UserFactory(is_staff=True)
    at = clock.now()
    ban = Ban.objects.create(user=person, since=at, lifted_at=at, lifted_by=staff)
    Appeal.objects.create(ban=ban, text="x", sent_at=at, answer="y", answered_at=at, answered_by=staff)
    LateCancellation.objects.create(person=person, occasion=uuid4(), at=at, ban=ban, forgiven_by=staff)

    counted = [{name: number for name, number in personal_data.count(who).items() if number} for who in (person, staff)]

    assert counted == [
        {"suspensions": 1, "appeals they wrote": 1, "late cancellations": 1},
        {"suspensions they lifted": 1, "appeals they answered": 1, "late cancellations they forgave": 1},
    ]


def test_naming_the_rows_asks_the_database_nothing(django_assert_num_queries):
    person = UserFactory()

    with django_assert_num_queries(0):
        kinds = [name for part in personal_data.parts for name in part.kept(person)]

    assert len(kinds) == len(set(kinds)), "a kind has one name"


def test_staff_read_on_a_persons_page_what_is_kept_about_them(client):
    world = World()
    world.appointment  # noqa: B018
    client.force_login(world.people["S"])

    pages = {
        role: client.get(reverse("admin:accounts_user_change", args=[world.people[role].pk])).text for role in "CX"
    }

    assert "appointments as a customer: 1; history entries they made: 1" in pages["C"]
    assert ">nothing<" in pages["X"]


def leads_to(model: type, among: set[type]) -> bool:
    return any(field.remote_field and field.related_model in among for field in model._meta.concrete_fields)


def test_everything_that_leads_to_a_person_stands_in_their_copy_or_is_named_with_a_reason():
    about_people, models = {User}, set(apps.get_models(include_auto_created=True))
    while more := {model for model in models - about_people if leads_to(model, about_people)}:
        about_people |= more

    copied = {section.rows.model for section in personal_data.all_sections(User(pk=0))}

    assert about_people - copied == set().union(*NOT_COPIED.values())


def test_the_sections_of_a_copy_have_names_of_their_own():
    names = [section.name for section in personal_data.all_sections(User(pk=0))]

    assert len(names) == len(set(names))
