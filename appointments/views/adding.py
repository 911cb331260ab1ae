"""The studio's page on which a provider enters an appointment for one of their customers."""

from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import User
from appointments.exceptions import OverridesChanged, PolicyRefused, SlotTaken
from appointments.forms.adding import AddingForm
from appointments.pages.month_picker import from_value
from appointments.pages.studio.adding import Summary, summary_of
from appointments.pages.studio.requests import history_words
from appointments.pages.studio.why_not import AskedDay, asked_day
from appointments.queries.agenda import load_agenda
from appointments.queries.customers import FoundCustomer, customer_of, find_customers
from appointments.services import adding
from appointments.services.adding import Addition, Found
from core import clock
from core.wording import moment_text
from providers import queries
from providers.access import provider_required
from providers.models import Provider, Service
from providers.wording import price_text

from .studio_appointment import me

TEMPLATE = "appointments/studio/add.html"


@dataclass
class Page:
    """The form as it is shown, with what it comes to as far as it is filled in, and why it was not saved."""

    form: AddingForm
    read: AddingForm
    found: list[tuple[FoundCustomer, str]]
    summary: Summary | None = None
    day: AskedDay | None = None
    seen: str = ""
    why: str = ""
    status: int = HTTPStatus.OK

    @property
    def chosen(self) -> UUID | None:
        return self.read.chosen

    @property
    def can_invite(self) -> bool:
        """Whether an address was typed that is none of the customers found."""
        return bool(self.read.address) and all(row.email != self.read.address for row, _ in self.found)

    @property
    def usual_price(self) -> str:
        return price_text(self.form.wanted) if self.form.wanted else ""


@require_http_methods(["GET", "HEAD", "POST"])
@provider_required
def add_appointment(request: HttpRequest, provider: Provider) -> HttpResponse:
    """The form, filled in as the address says (`customer`, `service`, `start`), or what it comes to, or save it.

    At most thirty queries with session and user, whatever lies on the day.
    """
    services = [service for service in queries.services_of(provider) if service.is_active]
    for service in services:
        service.provider = provider
    if request.POST.get("do") == "save":
        form = AddingForm(request.POST, services=services, zone=provider.zone)
        return _save(request, provider, form)
    asked = (request.POST if request.method == "POST" else request.GET).copy()
    if start := from_value(asked.get("pick", "")):
        there = clock.local(start, provider.zone)
        asked["date"], asked["time"] = f"{there:%Y-%m-%d}", f"{there:%H:%M}"
    form = AddingForm.of(asked, services=services, zone=provider.zone, now=clock.now())
    read = form.as_sent
    return _show(request, provider, form, read, _addition(provider, read) if read.is_valid() else None)


def _save(request: HttpRequest, provider: Provider, form: AddingForm) -> HttpResponse:
    addition = _addition(provider, form) if form.is_valid() else None
    if addition is None:
        return _show(request, provider, form, form, None, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        outcome = adding.add_appointment(addition=addition, actor=me(request), seen=form.cleaned_data["seen"])
    except SlotTaken as taken:
        form.add_error("time", str(taken))
        return _show(request, provider, form, form, addition, status=HTTPStatus.CONFLICT)
    except PolicyRefused as refusal:
        form.add_error("words", str(refusal))
        return _show(request, provider, form, form, addition, status=HTTPStatus.CONFLICT)
    except OverridesChanged as refusal:
        # Without scripts the page has named nothing yet: it does so now, and nothing went wrong.
        was_named = bool(form.cleaned_data["seen"])
        status, why = (HTTPStatus.CONFLICT, str(refusal)) if was_named else (HTTPStatus.OK, "")
        return _show(request, provider, form, form, addition, status=status, why=why)
    made, name = outcome.appointment, addition.customer.name
    when = moment_text(made.start, provider.zone, twelve=me(request).uses_12h_clock)
    if outcome.changed:
        messages.success(request, f"Added: {when}, {name}. {addition.customer.first_name} is told by email.")
    else:
        messages.info(request, "That was already added. Nothing changed.")
    return redirect("studio_appointment", made.reference)


def _addition(provider: Provider, form: AddingForm) -> Addition | None:
    """What a valid form asks for; None, with its error, where its customer is none of the provider's."""
    values = form.cleaned_data
    customer, service = _customer(provider, form), form.services[values["service"]]
    if customer is None:
        form.add_error("words", "Choose one of your customers, or enter an email address to invite.")
        return None
    return Addition(
        service=service,
        start=form.start,
        customer=customer,
        key=str(values["key"]),
        minutes=values["minutes"],
        price=values["price"],
        venue=_venue(service, values.get("venue", "")),
        message=values["message"],
    )


def _venue(service: Service, chosen: str) -> str:
    return service.venues[0] if len(service.venues) == 1 else chosen


def _customer(provider: Provider, form: AddingForm) -> User | None:
    """The chosen customer, or somebody new to be invited; one's own customer where their visible address was typed."""
    chosen = form.chosen
    if form.invites:
        known = [row for row in find_customers(provider, form.address, now=clock.now()) if row.email == form.address]
        if not known:
            name, zone = form.cleaned_data["name"], provider.time_zone
            return User(invited_email=form.address, name=name, time_zone=zone)
        chosen = known[0].uuid
    try:
        return customer_of(provider, chosen) if chosen else None
    except User.DoesNotExist:
        return None


def _show(
    request: HttpRequest,
    provider: Provider,
    shown: AddingForm,
    read: AddingForm,
    addition: Addition | None,
    *,
    status: int = HTTPStatus.OK,
    why: str = "",
) -> HttpResponse:
    """The page with the form as it is `shown`, the customers found by what could be `read` of it, and what it comes to
    where that is an `addition`."""
    now, twelve = clock.now(), me(request).uses_12h_clock
    page = Page(shown, read, _found(provider, read), why=why, status=status)
    if addition:
        found = adding.look_before_adding(addition)
        service = adding.as_agreed(addition, addition.service)
        page.summary = summary_of(
            found, service, addition.customer, start=addition.start, venue=addition.venue, now=now, twelve=twelve
        )
        page.seen, page.day = found.seen, _day(provider, found, twelve=twelve)
    context = {
        "provider": provider,
        "zone": provider.time_zone,
        "twelve": twelve,
        "now": now,
        "page": page,
        "form": shown,
        "summary": page.summary,
        "service": shown.wanted,
    }
    return render(request, TEMPLATE, context, status=page.status)


def _found(provider: Provider, read: AddingForm) -> list[tuple[FoundCustomer, str]]:
    """The customers found by what was typed, the chosen one first, each with their past in words."""
    rows = find_customers(provider, read.searched, now=clock.now(), chosen=read.chosen)
    return [(row, history_words(row.visits, row.no_shows, row.late)) for row in rows]


def _day(provider: Provider, found: Found, *, twelve: bool) -> AskedDay:
    agenda = load_agenda(provider, [found.asked.day], now=found.asked.now)
    return asked_day(found.asked, found.named, agenda, twelve=twelve)
