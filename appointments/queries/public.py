"""Queries about providers and services for public pages."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User, taking_part
from appointments.models import Appointment
from core.compiled_queries import prepared
from providers.models import PUBLIC_LISTINGS, Provider, Service


def public_service(provider_slug: str, service_slug: str) -> Service:
    """The service with provider, policy and user, even if it is paused, which the page then says. One query.

    Raises Service.DoesNotExist when the provider's page is not public.
    """
    found = _public_service(provider_slug=provider_slug, service_slug=service_slug)
    if not found:
        raise Service.DoesNotExist
    return found[0]


def first_service(provider_slug: str) -> Service:
    """The first service of the public provider that can be booked, as `public_service` gives it. One query.

    Raises Service.DoesNotExist where there is none.
    """
    found = _first_services(provider_slug=provider_slug)
    if not found:
        raise Service.DoesNotExist
    return found[0]


@prepared
def _first_services(provider_slug: str) -> QuerySet[Service]:
    return _of_public(provider_slug).filter(is_active=True).order_by("position", "id")


def _of_public(provider_slug: str) -> QuerySet[Service]:
    rows = Service.objects.select_related("provider__policy", "provider__user", "provider__category")
    return rows.filter(
        taking_part("provider__user__"), provider__slug=provider_slug, provider__listing__in=PUBLIC_LISTINGS
    )


@prepared
def _public_service(provider_slug: str, service_slug: str) -> QuerySet[Service]:
    return _of_public(provider_slug).filter(slug=service_slug)


def public_provider(slug: str, *, viewer: User | AnonymousUser) -> tuple[Provider, list[Service]]:
    """The provider with this slug and their active services. Two queries.

    Providers see their own draft, too; who ever had an appointment with somebody sees their page, also while it is
    hidden or its person suspended. Raises Provider.DoesNotExist when the viewer may not see the page.
    """
    found = _provider_page(slug=slug, viewer_id=viewer.pk if viewer.is_authenticated else None)
    if not found:
        raise Provider.DoesNotExist
    [provider] = found
    services = _active_services(provider_id=provider.pk)
    for service in services:
        service.provider = provider
    return provider, services


@prepared
def _provider_page(slug: str, viewer_id: int | None) -> QuerySet[Provider]:
    seen = Q(pk__in=Provider.objects.public())
    if viewer_id is not None:
        joined = Exists(Appointment.objects.filter(provider=OuterRef("pk"), customer=viewer_id))
        seen |= Q(user=viewer_id) | Q(joined, user__is_active=True)
    return Provider.objects.for_pages().filter(seen, slug=slug)


@prepared
def _active_services(provider_id: int) -> QuerySet[Service]:
    return Service.objects.filter(provider=provider_id, is_active=True)


def providers_alike(provider: Provider, *, count: int = 3) -> list[Provider]:
    """Up to `count` other providers of the category who can be booked. One query."""
    rows = Provider.objects.bookable().filter(category=provider.category_id).exclude(pk=provider.pk)
    return list(rows.select_related("user").order_by("name")[:count])
