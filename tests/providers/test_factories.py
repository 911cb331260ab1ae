import pytest

from providers.models import BookingPolicy, Provider
from tests.factories.providers import ProviderFactory, ServiceFactory

pytestmark = pytest.mark.django_db


def test_a_provider_of_the_factory_is_public_and_works_all_week():
    provider = ProviderFactory(policy__notice_minutes=30)

    assert list(Provider.objects.bookable()) == [provider]
    assert [(row.weekday, row.start_minute, row.end_minute) for row in provider.working_hours.all()] == [
        (weekday, 540, 1020) for weekday in range(5)
    ]
    assert BookingPolicy.objects.get(provider=provider).notice_minutes == 30


def test_a_service_of_the_factory_brings_its_provider():
    service = ServiceFactory()

    assert service.provider.policy.pk
    assert service.provider.user.email_confirmed
