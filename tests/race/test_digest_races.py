"""The evening digest with several workers at once, in real processes."""

from datetime import UTC, datetime

from appointments.models import Digest
from appointments.services.digests import publish_due
from outbox.models import Message
from tests.factories.providers import ProviderFactory
from tests.processes import meet

EVENING = datetime(2026, 3, 2, 18, tzinfo=UTC)


def tell(folder, size):
    meet(folder, size)
    return publish_due(now=EVENING)


def test_four_workers_at_once_tell_each_provider_once(run_calls, tmp_path):
    providers = [ProviderFactory(time_zone="UTC") for _ in range(30)]
    Digest.objects.bulk_create(Digest(provider=provider) for provider in providers)

    outcomes = run_calls([(tell, str(tmp_path), 4)] * 4)

    assert [outcome.error for outcome in outcomes] == [""] * 4, outcomes[0].traceback
    assert sum(outcome.value for outcome in outcomes) == 30
    assert Message.objects.filter(key__startswith="appointments.digest").count() == 30
    assert publish_due(now=EVENING) == 0
