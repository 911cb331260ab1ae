"""The studio's page of the evening digest."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from appointments.forms.digest import DigestForm
from appointments.queries.provider import digest_of
from appointments.rules.digest import next_at
from appointments.services.digests import choose_digest, turn_off_digest
from core import clock
from core.wording import moment_text
from notifications.models import Kind
from notifications.preferences import wants
from providers.access import provider_required
from providers.models import Provider


@require_http_methods(["GET", "HEAD", "POST"])
@provider_required
def digest(request: HttpRequest, provider: Provider) -> HttpResponse:
    """Choose whether and when the next day is mailed in the evening before."""
    twelve = provider.user.uses_12h_clock
    if request.method != "POST":
        found = digest_of(provider)
        return _page(request, provider, DigestForm(initial=DigestForm.initial_of(found), twelve=twelve))
    form = DigestForm(request.POST, twelve=twelve)
    if not form.is_valid():
        return _page(request, provider, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    chosen = form.cleaned_data
    if not chosen["wanted"]:
        was_on = turn_off_digest(provider=provider)
        messages.success(request, "Your evening digest is off." if was_on else "Your evening digest was off already.")
        return redirect("studio_digest")
    made = choose_digest(provider=provider, minute=chosen["minute"], also_empty=chosen["also_empty"], now=clock.now())
    at = next_at(made, provider.zone, clock.now())
    when = f"on {moment_text(at, provider.zone, twelve=twelve)}" if at > clock.now() else "in a few minutes"
    if wants(provider.user, Kind.DIGEST):
        messages.success(request, f"Saved. The next one comes {when}.")
    else:
        messages.success(request, "Saved for when you are told more than essentials.")
    return redirect("studio_digest")


def _page(request: HttpRequest, provider: Provider, form: DigestForm, *, status: int = HTTPStatus.OK) -> HttpResponse:
    context = {
        "form": form,
        "provider": provider,
        "zone": provider.time_zone,
        "is_unwanted": not wants(provider.user, Kind.DIGEST),
    }
    return render(request, "appointments/studio/digest.html", context, status=status)
