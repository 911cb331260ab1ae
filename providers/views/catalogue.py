"""The studio's pages of services and their prices."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock, money
from core.exceptions import DomainError
from providers import queries, services, wording
from providers.access import provider_or_draft_required, provider_required
from providers.exceptions import ChangedMeanwhile, ChangeRefused
from providers.forms import ServiceForm
from providers.forms.catalogue import ExampleForm
from providers.models import Provider, Service

from . import gone
from .page import READ_AND_SEND


@require_safe
@provider_required
def service_list(request: HttpRequest, provider: Provider) -> HttpResponse:
    services = queries.services_of(provider)
    rows = [
        {
            "service": service,
            "price": wording.price_text(service),
            "confirms_at_once": service.confirms_at_once(provider.policy),
        }
        for service in services
    ]
    any_live = any(service.is_active for service in services)
    return render(request, "providers/services.html", {"provider": provider, "rows": rows, "any_live": any_live})


@require_http_methods(READ_AND_SEND)
@provider_required
def new_service(request: HttpRequest, provider: Provider) -> HttpResponse:
    if request.method != "POST":
        return service_page(request, provider, ServiceForm(initial=first_values(provider)))
    form = ServiceForm(request.POST)
    if not form.is_valid():
        return service_page(request, provider, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        service = services.save_service(provider=provider, actor=provider.user, values=form.values())
    except ChangeRefused as refusal:
        form.add_error(None, str(refusal))
        return service_page(request, provider, form, status=HTTPStatus.CONFLICT)
    messages.success(request, f"{service.name} is added. {when_bookable(provider)}")
    return redirect("studio_services")


@require_http_methods(READ_AND_SEND)
@provider_required
def edit_service(request: HttpRequest, provider: Provider, slug: str) -> HttpResponse:
    service = own_service(provider, slug)
    initial = ServiceForm.initial_of(service)
    if request.method != "POST":
        return service_page(request, provider, ServiceForm(initial=initial), service=service)
    form = ServiceForm(request.POST, initial=initial)
    if not form.is_valid():
        return service_page(request, provider, form, service=service, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        services.save_service(
            provider=provider,
            actor=provider.user,
            service=service,
            values=form.values(),
            seen=form.cleaned_data["seen"],
        )
    except ChangedMeanwhile as refusal:
        saved_now = form.ask_again(initial)
        return service_page(
            request,
            provider,
            form,
            service=service,
            status=HTTPStatus.CONFLICT,
            refusal=refusal,
            saved_now=saved_now,
        )
    messages.success(request, f"{form.cleaned_data['name']} is saved. Appointments that exist stay as they were made.")
    return redirect("studio_services")


@require_POST
@provider_required
def move_service(request: HttpRequest, provider: Provider, slug: str) -> HttpResponse:
    services.move_service(service=own_service(provider, slug), actor=provider.user, up=request.POST.get("to") == "up")
    return redirect("studio_services")


@require_POST
@provider_required
def pause_service(request: HttpRequest, provider: Provider, slug: str) -> HttpResponse:
    service = services.pause_service(service=own_service(provider, slug), actor=provider.user)
    messages.success(request, f"{service.name} is paused. Nobody new can book it; appointments stay.")
    return redirect("studio_services")


@require_POST
@provider_required
def resume_service(request: HttpRequest, provider: Provider, slug: str) -> HttpResponse:
    service = services.resume_service(service=own_service(provider, slug), actor=provider.user)
    messages.success(request, f"{service.name} is live again. {when_bookable(provider)}")
    return redirect("studio_services")


@require_http_methods(READ_AND_SEND)
@provider_required
def delete_service(request: HttpRequest, provider: Provider, slug: str) -> HttpResponse:
    """GET explains the deletion, POST deletes; a service with appointments can only be paused."""
    try:
        service = own_service(provider, slug)
    except Http404:
        return gone.back_to_the_list(request, "studio_services")
    context: dict[str, Any] = {"provider": provider, "service": service}
    if request.method != "POST":
        return render(request, "providers/service_delete.html", context)
    gone.remember(request, f"{service.name} was already deleted.")
    try:
        services.delete_service(service=service, actor=provider.user)
    except DomainError as refusal:
        context["refusal"] = refusal
        return render(request, "providers/service_delete.html", context, status=refusal.status)
    messages.success(request, f"{service.name} is deleted.")
    return redirect("studio_services")


@require_safe
@provider_or_draft_required
def example(request: HttpRequest, provider: Provider) -> HttpResponse:
    """The worked example of a price, from the figures being typed."""
    return render(request, "providers/_example.html", {"example": ExampleForm(request.GET).example})


def when_bookable(provider: Provider) -> str:
    return "Customers can book it." if provider.is_live else "Customers can book it once your page is live again."


def own_service(provider: Provider, slug: str) -> Service:
    service = provider.services.filter(slug=slug).first()
    if service is None:
        raise Http404("No such service")
    service.provider = provider
    return service


def first_values(provider: Provider) -> dict[str, Any]:
    """The first values of a new service, in the currency of the last one, or else of the country of the zone."""
    last = provider.services.order_by("-id").first()
    there = money.currency_of_country(clock.country_code(provider.time_zone))
    return ServiceForm.first_values(last.currency if last else there or "GBP")


def service_page(
    request: HttpRequest,
    provider: Provider,
    form: ServiceForm,
    *,
    service: Service | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {"provider": provider, "form": form, "service": service, **more}
    return render(request, "providers/service.html", context, status=status)
