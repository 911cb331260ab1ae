"""Every list of the admin costs the same however many rows it shows."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Appeal, Ban
from analytics.models import MonthlyReport
from api.keys import make_key
from appointments.models import (
    Appointment,
    CalendarFeed,
    Digest,
    KnownConflict,
    LateCancellation,
    Proposal,
    SearchFigures,
    Series,
    WaitlistPlace,
)
from appointments.search.index import measure_figures, refresh_stale
from calendar_sync.models import BusyInterval, Connection
from core import clock, demo
from notifications.models import Kind, RefusedAddress, SentMail
from notifications.preferences import save_choice
from outbox import schedule
from outbox import services as outbox
from providers.models import Category, CustomerAllowance, CustomerBlock, FeeRate, PageDecision, Provider
from tests.factories.accounts import UserFactory
from tests.factories.providers import DateOverrideFactory, TimeOffFactory

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 3, 12, 8, 40, tzinfo=UTC)
MANY = 3


@pytest.fixture
def staff(client):
    """In a place with several rows of everything."""
    with time_machine.travel(MORNING, tick=False):
        demo.seed(demo.Size(hosts=MANY, diary=60))
        refresh_stale()
    measure_figures()
    schedule.tick()
    day = MORNING.date()
    for number, provider in enumerate(Provider.objects.all()):
        DateOverrideFactory(provider=provider, start_on=day, end_on=day)
        TimeOffFactory(provider=provider, start=MORNING, end=MORNING + timedelta(hours=1))
        BusyInterval.objects.create(provider=provider, start=MORNING, end=MORNING + timedelta(hours=1))
        connection = Connection.objects.create(
            user=provider.user, account="1", email="x@example.com", profile="full", refresh_token="r"
        )
        connection.notes.create(kind="read")
        calendar = connection.calendars.create(google_id="c")
        calendar.written.create(source="time_off", key=uuid4(), event_id="e")
        calendar.free_events.create(event_id="f", start=MORNING, end=MORNING)
        KnownConflict.objects.create(
            appointment=provider.appointments.first(), calendar=calendar, event_id="e", start=MORNING,
            end=MORNING + timedelta(hours=1), busy_from=MORNING, busy_until=MORNING + timedelta(hours=1),
        )  # fmt: skip
        make_key(person=provider.user, name="Till", scopes=[], now=clock.now())
        CustomerAllowance.objects.create(provider=provider, customer=provider.user)
        CustomerBlock.objects.create(provider=provider, customer=provider.user, blocked_by=provider.user)
        FeeRate.objects.create(provider=provider, percent=6, starts_at=MORNING, reason="x", set_by=provider.user)
        PageDecision.objects.create(
            provider=provider, decided="paused", decided_by=provider.user, at=MORNING, reason="x"
        )
        MonthlyReport.objects.create(provider=provider, month=day.replace(day=1), made_at=MORNING)
        Category.objects.create(name=f"Category {number}", slug=f"category-{number}")
        Group.objects.create(name=f"Group {number}")
        SearchFigures.objects.create(name=f"Search {number}", measured_at=clock.now(), figures={})
        RefusedAddress.objects.create(user=provider.user, email="x@example.com", code="550", refused_at=clock.now())
        SocialAccount.objects.create(user=provider.user, provider="google", uid=str(number))
        ban = Ban.objects.create(user=provider.user, since=MORNING)
        Appeal.objects.create(ban=ban, text="I was in hospital.", sent_at=MORNING)
        LateCancellation.objects.create(person=provider.user, occasion=uuid4(), at=MORNING, ban=ban)
        Digest.objects.get_or_create(provider=provider)
        service, today = provider.services.first(), MORNING.date()
        WaitlistPlace.objects.create(
            customer=provider.user, provider=provider, service=service, first_on=today, last_on=today, time_zone="UTC"
        )
        CalendarFeed.objects.create(owner=provider.user, token_hash=str(number))
        save_choice(actor=provider.user, off=[], leads=[60, 1440])
        Series.objects.create(
            customer=UserFactory(),
            provider=provider,
            service=provider.services.first(),
            frequency="weekly",
            first=MORNING,
            time_zone="Europe/London",
            count=2,
        )
        SentMail.objects.create(key=str(number), user=provider.user, kind=Kind.CONFIRMED, message_id=f"<{number}@x>")
    for one in Appointment.objects.filter(status="completed")[:MANY]:
        Proposal.objects.create(
            appointment=one,
            by="provider",
            actor=one.customer,
            old_start=one.start,
            start=one.start + timedelta(days=1),
            end=one.end + timedelta(days=1),
            answer_by=one.start,
            state="declined",
            closed_at=one.start,
        )
    with transaction.atomic():
        outbox.publish_all(outbox.Draft(topic="appointments.refresh_openings", key=str(n)) for n in range(MANY))
    owner = UserFactory(is_staff=True, is_superuser=True)
    for provider in Provider.objects.all():
        LogEntry.objects.log_actions(owner.pk, [provider], CHANGE, change_message="Asked by phone.")
    client.force_login(owner)
    return client


def queries_of(client, model, page_size, monkeypatch):
    monkeypatch.setattr(admin.site._registry[model], "list_per_page", page_size)
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    assert client.get(address).status_code == 200
    with CaptureQueriesContext(connection) as queries:
        page = client.get(address)
    return len(page.context["cl"].result_list), len(queries)


def test_every_list_costs_the_same_at_one_row_and_at_many(staff, monkeypatch):
    costs = {
        model._meta.label: [queries_of(staff, model, size, monkeypatch) for size in (1, 100)]
        for model in admin.site._registry
    }

    assert {label: rows for label, [_, (rows, _)] in costs.items() if rows < MANY} == {}
    assert {label: cost for label, cost in costs.items() if cost[0][1] != cost[1][1]} == {}
