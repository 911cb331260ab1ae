"""The admin's log of what staff did is kept for a time, which the privacy page says."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.urls import reverse

from accounts import services
from core import clock
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_old_entries_go_a_few_at_a_time_and_keep_the_lease_of_their_job(monkeypatch):
    staff, renewed, now = UserFactory(is_staff=True), [], clock.now()
    monkeypatch.setattr(services.purging, "BATCH", 1)
    monkeypatch.setattr(services.purging.outbox, "renew_lease", lambda: renewed.append(1))
    for age in (729, 731, 800):
        LogEntry.objects.log_actions(staff.pk, [staff], CHANGE, change_message=str(age))
        LogEntry.objects.filter(change_message=age).update(action_time=now - age * DAY)

    gone = services.forget_admin_log(now=now)

    assert (gone, len(renewed)) == (2, 2)
    assert [entry.change_message for entry in LogEntry.objects.all()] == ["729"]


def test_the_privacy_page_says_how_long(client):
    page = client.get(reverse("help_privacy"))

    assert "in the administration of this site, also with your account or appointments: 730 days." in page.text
