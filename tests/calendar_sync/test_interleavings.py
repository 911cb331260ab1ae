"""Random edits on both sides, between readings and writings that fail, are killed and lose answers.

CI makes a few hundred steps. By hand many more: `INTERLEAVINGS=9x60 bin/test tests/calendar_sync/test_interleavings.py`
makes nine runs of sixty steps for each choice of what an edit at Google means.
"""

import os

import pytest

from calendar_sync.models import Connection
from calendar_sync.states import WhenChanged
from providers.models import Provider, Service

from .pretend import MAYA
from .two_sides import TwoSides
from .world import writes

pytestmark = pytest.mark.django_db
RUNS, STEPS = (int(each) for each in os.environ.get("INTERLEAVINGS", "2x60").split("x"))


@pytest.mark.every_case
@pytest.mark.parametrize("choice", WhenChanged)
@pytest.mark.parametrize("seed", range(RUNS))
def test_after_any_interleaving_google_and_our_tables_agree(
    seed, choice, connected, service, morning, at_pretend_google
):
    connection = Connection.objects.select_related("user").get(pk=connected.pk)
    connection.when_changed, connection.writes_requests, connection.makes_meet = choice, seed % 2 == 1, seed % 3 != 2
    connection.save()
    service.provider.user = connection.user
    Service.objects.filter(pk=service.pk).update(venue="online")
    Provider.objects.filter(pk=service.provider_id).update(is_online=True)
    sides = TwoSides(at_pretend_google.google, MAYA, connection, service, morning, seed)

    try:
        sides.run(STEPS)
        sides.settle()
        sent = len(writes(at_pretend_google))
        sides.settle()
        assert sides.disagreements() == []
        assert len(writes(at_pretend_google)) == sent
    except BaseException:
        print("\n".join(sides.history))
        raise
