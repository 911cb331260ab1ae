"""Own events for tests: `OwnEventFactory(user=somebody)` is an hour on Tuesday 3 March 2026 from 10:00 UTC."""

from datetime import UTC, datetime, timedelta

import factory

from appointments.models import OwnEvent
from tests.factories.accounts import UserFactory


class OwnEventFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OwnEvent

    user = factory.SubFactory(UserFactory)
    title = "School run"
    start = datetime(2026, 3, 3, 10, tzinfo=UTC)
    end = factory.LazyAttribute(lambda event: event.start + timedelta(hours=1))
