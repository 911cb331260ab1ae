"""The same press several times at once: done once, and nobody's change is lost."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from core import clock
from core.exceptions import DomainError
from providers import queries, services
from providers.models import DateOverride, Provider, Service
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory
from tests.providers.test_services import about, assessment

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 6


def at_once(act: Callable[[int], object]) -> list[str]:
    """What each of several threads met: nothing, or a refusal's name."""
    together = Barrier(TIMES)

    def run(n: int) -> str:
        together.wait(60)
        try:
            act(n)
        except DomainError as refusal:
            return type(refusal).__name__
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(TIMES) as pool:
        return sorted(pool.map(run, range(TIMES)))


def test_one_person_starts_one_page():
    user, values = UserFactory(), about()

    assert at_once(lambda n: services.start_page(actor=user, values=values)) == [""] * TIMES

    assert Provider.objects.get().user == user


def test_people_of_one_name_get_addresses_of_their_own():
    users, values = [UserFactory() for _ in range(TIMES)], about()

    assert at_once(lambda n: services.start_page(actor=users[n], values=values)) == [""] * TIMES

    slugs = set(Provider.objects.values_list("slug", flat=True))
    assert len(slugs) == TIMES
    assert all(slug.startswith("zoe-muller") for slug in slugs)


def test_a_service_sent_several_times_is_one():
    provider = ProviderFactory()

    refusals = at_once(lambda n: services.save_service(provider=provider, actor=provider.user, values=assessment()))

    assert refusals == [""] * TIMES
    assert Service.objects.count() == 1


def test_dates_that_overlap_are_won_by_one():
    provider = ProviderFactory()
    first = clock.now().date() + dt.timedelta(days=30)

    refusals = at_once(
        lambda n: services.save_override(
            provider=provider,
            actor=provider.user,
            start_on=first,
            end_on=first + dt.timedelta(days=n),
            ranges=[],
        )
    )

    assert refusals == ["", *["OverrideOverlaps"] * (TIMES - 1)]
    assert DateOverride.objects.count() == 1


def test_a_week_is_always_one_of_those_that_were_saved():
    provider = ProviderFactory()
    weeks = [{day: [(n * 60, n * 60 + 30)] for day in range(7)} for n in range(TIMES)]

    refusals = at_once(lambda n: services.set_working_hours(provider=provider, actor=provider.user, week=weeks[n]))

    assert refusals == [""] * TIMES
    assert queries.week_of(provider) in weeks
