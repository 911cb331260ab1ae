"""The studio's page 'Why is this time not offered?'."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from appointments.forms.why_not import WhyNotForm
from appointments.pages.month_picker import to_value
from appointments.pages.studio.why_not import asked_day
from appointments.pages.why_not import answer_of, subtitle
from appointments.queries.agenda import load_agenda
from appointments.services.why_not import why_not as look
from core import clock, wording
from providers import queries
from providers.access import provider_required
from providers.models import Provider

from .studio_appointment import me

TEMPLATE = "appointments/studio/why_not.html"


@require_safe
@provider_required
def why_not(request: HttpRequest, provider: Provider) -> HttpResponse:
    """What keeps a service from being offered at a time; without a time, the form that asks for one.

    At most twenty-two queries with session and user, whatever lies on the day.
    """
    form = WhyNotForm(request.GET, services=queries.services_of(provider), zone=provider.zone)
    context = {"provider": provider, "zone": provider.time_zone, "form": form}
    if not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
        return render(request, TEMPLATE, context, status=status)
    now, twelve = clock.now(), me(request).uses_12h_clock
    service, start = form.asked
    service.provider = provider
    found = look(service, start, now=now)
    other = clock.other_occurrence(start, provider.zone)
    context |= {
        "service": service,
        "start": start,
        "subtitle": subtitle(found.asked, service.name),
        "answer": answer_of(found, twelve=twelve, for_owner=True),
        "day": asked_day(found.asked, found.named, load_agenda(provider, [found.asked.day], now=now), twelve=twelve),
        "why_repeated": wording.why_repeated(start, provider.zone),
        "other": {"start": other, "value": to_value(other)} if other else None,
        "twelve": twelve,
    }
    return render(request, TEMPLATE, context)
