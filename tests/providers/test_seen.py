"""What an editor was shown, compared under the lock: what others changed since is neither lost nor removed."""

import datetime as dt

import pytest
import time_machine

from providers import edit_stamps, services
from providers.exceptions import ChangedMeanwhile
from providers.models import BookingPolicy, DateOverride, Provider, Service
from tests.factories.providers import DateOverrideFactory, ProviderFactory, ServiceFactory

pytestmark = pytest.mark.django_db

CHRISTMAS = dt.date(2026, 12, 24)


@pytest.fixture(autouse=True)
def march():
    with time_machine.travel(dt.datetime(2026, 3, 9, 10, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def provider():
    return ProviderFactory()


@pytest.fixture
def service(provider):
    return ServiceFactory(provider=provider, name="Assessment")


@pytest.fixture
def override(provider):
    return DateOverrideFactory(provider=provider, start_on=CHRISTMAS, end_on=CHRISTMAS, ranges=[[540, 720]])


def saving_override(row, seen, note="Half a day"):
    return services.save_override(
        provider=row.provider,
        actor=row.provider.user,
        start_on=row.start_on,
        end_on=row.end_on,
        ranges=[(540, 720)],
        note=note,
        override=row,
        seen=seen,
    )


def saving_service(row, seen, name="Follow-up"):
    return services.save_service(
        provider=row.provider, actor=row.provider.user, values={"name": name}, service=row, seen=seen
    )


# Each act with a row, as somebody who was shown `seen` does it, and whether it was done.
OF_SERVICES = {
    "save": (saving_service, lambda: Service.objects.get().name == "Follow-up"),
    "pause": (
        lambda row, seen: services.pause_service(service=row, actor=row.provider.user, seen=seen),
        lambda: not Service.objects.get().is_active,
    ),
    "delete": (
        lambda row, seen: services.delete_service(service=row, actor=row.provider.user, seen=seen),
        lambda: not Service.objects.exists(),
    ),
}
OF_OVERRIDES = {
    "save": (saving_override, lambda: DateOverride.objects.get().note == "Half a day"),
    "remove": (
        lambda row, seen: services.remove_override(override=row, actor=row.provider.user, seen=seen),
        lambda: not DateOverride.objects.exists(),
    ),
}


@pytest.mark.parametrize("name", OF_SERVICES)
def test_a_service_that_others_changed_is_not_decided_about_but_by_who_saw_nothing(name, service):
    act, is_done = OF_SERVICES[name]
    seen = edit_stamps.of_service(service)
    saving_service(service, seen, name="Assessment, long")

    with pytest.raises(ChangedMeanwhile):
        act(service, seen)

    assert not is_done()
    act(service, edit_stamps.of_service(Service.objects.get()) if name == "pause" else None)
    assert is_done()


def test_a_paused_service_is_resumed_only_as_it_was_seen(service):
    services.pause_service(service=service, actor=service.provider.user)

    with pytest.raises(ChangedMeanwhile):
        services.resume_service(service=service, actor=service.provider.user, seen="another")

    assert services.resume_service(
        service=service, actor=service.provider.user, seen=edit_stamps.of_service(service)
    ).is_active


@pytest.mark.parametrize("name", OF_OVERRIDES)
def test_an_override_that_others_changed_is_not_decided_about_but_by_who_saw_nothing(name, override):
    act, is_done = OF_OVERRIDES[name]
    seen = edit_stamps.of_override(override)
    saving_override(override, seen, note="Only the morning")

    with pytest.raises(ChangedMeanwhile):
        act(override, seen)

    assert not is_done()
    act(override, None)
    assert is_done()


def test_profile_and_policy_are_saved_by_who_saw_nothing_whatever_others_saved(provider):
    services.save_policy(provider=provider, actor=provider.user, values={"window_days": 30}, seen=None)
    services.save_profile(provider=provider, actor=provider.user, values={"trade": "Coach"}, seen=None)

    assert BookingPolicy.objects.get().window_days == 30
    assert Provider.objects.get().trade == "Coach"
