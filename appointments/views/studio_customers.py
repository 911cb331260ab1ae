"""The studio's pages of customers: the people with whom the provider has appointments, and nobody else."""

from http import HTTPStatus
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from appointments.forms.notes import ChangedNoteForm, NoteForm
from appointments.forms.reasons import BlockForm
from appointments.models import Appointment
from appointments.pages.labels import badges
from appointments.pages.studio.customers import standing_labels
from appointments.pages.studio.no_shows import stopped_words
from appointments.pages.studio.requests import history_words
from appointments.queries.customers import (
    SORTS,
    appointments_with,
    brought_by,
    customer_figures,
    customer_of,
    customer_rows,
)
from appointments.rules.persons import no_shows_of
from appointments.services.persons import dealings_between
from appointments.states import Role
from core import clock
from core.forms import LineField
from core.paging import PER_PAGE, page_of
from providers import services
from providers.access import provider_required
from providers.exceptions import ChangedMeanwhile, NoteRefused
from providers.models import CustomerNote, Provider
from providers.queries import blocks_of, notes_about


class CustomerSearch(forms.Form):
    """Words of a name, and an order. Invalid values are ignored."""

    q = LineField(label="Name", max_length=100, required=False)
    sort = forms.ChoiceField(label="Order", choices=list(SORTS.items()), required=False)


@require_safe
@provider_required
def customers(request: HttpRequest, provider: Provider) -> HttpResponse:
    """Everybody who ever booked, twenty a page. Three queries beside the frame's own, four with a search."""
    now, form = clock.now(), CustomerSearch(request.GET)
    form.is_valid()
    words, sort = form.cleaned_data.get("q", ""), form.cleaned_data.get("sort") or "recent"
    rows = customer_rows(provider, now=now, words=words, sort=sort)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    brought = brought_by(provider, [row["customer"] for row in page])
    context = {
        "provider": provider,
        "zone": provider.time_zone,
        "page": page,
        "rows": [(row, brought[row["customer"]], standing_labels(row)) for row in page],
        "search": form,
        "words": words,
        "sort": sort,
        "sorts": SORTS.items(),
    }
    return render(request, "appointments/studio/customers.html", context)


@require_safe
@provider_required
def customer(request: HttpRequest, provider: Provider, customer: UUID) -> HttpResponse:
    """The page of one customer: how to reach them, their appointments with the provider, the provider's notes, and
    whether they may book."""
    return _card(request, provider, _own_customer(provider, customer), NoteForm(initial={"key": uuid4()}))


def _card(
    request: HttpRequest, provider: Provider, person: User, form: NoteForm, status: int = HTTPStatus.OK
) -> HttpResponse:
    now = clock.now()
    figures = customer_figures(provider, person, now=now)
    dealings = dealings_between(person, provider)
    blocks = blocks_of(provider, person)
    page = page_of(appointments_with(provider, person), request.GET.get("page"))
    for one in page:
        one.provider = provider
    context = {
        "provider": provider,
        "zone": provider.time_zone,
        "customer": person,
        "figures": figures,
        "history_words": history_words(figures.visits, figures.no_shows, figures.late),
        "can_be_reached": person.is_active and figures.can_be_reached(now),
        "page": page,
        "notes": notes_about(provider, person),
        "note_form": form,
        "are_lifted": dealings.limits_lifted,
        "stopped": stopped_words(no_shows_of(provider, dealings), name=person.first_name),
        "open_block": next((each for each in blocks if each.is_open), None),
        "lifted_blocks": [each for each in blocks if not each.is_open],
        "rows": [(one, badges(one, Role.PROVIDER, now=now)) for one in page],
    }
    return render(request, "appointments/studio/customer.html", context, status=status)


@require_POST
@provider_required
def write_note(request: HttpRequest, provider: Provider, customer: UUID) -> HttpResponse:
    """Write a private note about this customer."""
    person, form = _own_customer(provider, customer), NoteForm(request.POST)
    if form.is_valid():
        try:
            services.write_note(provider=provider, actor=provider.user, customer=person, **form.cleaned_data)
        except NoteRefused as refusal:
            form.add_error("text", str(refusal))
    if not form.is_valid():
        return _card(request, provider, person, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, "The note is saved. Only you read it.")
    return _to_notes(person)


@require_http_methods(["GET", "HEAD", "POST"])
@provider_required
def note(request: HttpRequest, provider: Provider, customer: UUID, note: UUID) -> HttpResponse:
    """The form that changes a private note, or deletes it."""
    person = _own_customer(provider, customer)
    row = provider.customer_notes.filter(customer=person, uuid=note).first()
    if row is None:
        raise Http404("No such note")
    row.provider, row.customer = provider, person
    if request.method != "POST":
        return _note_page(request, provider, row, ChangedNoteForm(initial={"text": row.text, "version": row.version}))
    if request.POST.get("do") == "delete":
        services.delete_note(note=row, actor=provider.user)
        messages.success(request, "The note is deleted.")
        return _to_notes(person)
    form = ChangedNoteForm(request.POST)
    if not form.is_valid():
        return _note_page(request, provider, row, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        services.change_note(note=row, actor=provider.user, **form.cleaned_data)
    except ChangedMeanwhile as refusal:
        again = ChangedNoteForm(initial={"text": form.cleaned_data["text"], "version": row.version})
        return _note_page(request, provider, row, again, why=str(refusal), status=HTTPStatus.CONFLICT)
    messages.success(request, "The note is saved. Only you read it.")
    return _to_notes(person)


def _note_page(
    request: HttpRequest,
    provider: Provider,
    row: CustomerNote,
    form: ChangedNoteForm,
    *,
    why: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    context = {
        "provider": provider,
        "zone": provider.time_zone,
        "customer": row.customer,
        "note": row,
        "form": form,
        "why": why,
    }
    return render(request, "appointments/studio/note.html", context, status=status)


def _to_notes(person: User) -> HttpResponse:
    return redirect(f"{reverse('studio_customer', args=[person.uuid])}#notes")


@require_POST
@provider_required
def lift_limits(request: HttpRequest, provider: Provider, customer: UUID) -> HttpResponse:
    """Lift the limits per customer for this customer."""
    person = _own_customer(provider, customer)
    services.lift_limits(provider=provider, actor=provider.user, customer=person)
    messages.success(request, f"The limits are lifted for {person.name}.")
    return redirect("studio_customer", customer=person.uuid)


@require_POST
@provider_required
def apply_limits(request: HttpRequest, provider: Provider, customer: UUID) -> HttpResponse:
    """Apply the limits per customer to this customer again."""
    person = _own_customer(provider, customer)
    services.apply_limits(provider=provider, actor=provider.user, customer=person)
    messages.success(request, f"Your limits apply to {person.name} again. What is booked stays.")
    return redirect("studio_customer", customer=person.uuid)


@require_http_methods(["GET", "HEAD", "POST"])
@provider_required
def block(request: HttpRequest, provider: Provider, customer: UUID) -> HttpResponse:
    """Say what blocking this customer from booking does and ask for a reason, or do it."""
    person = _own_customer(provider, customer)
    form = BlockForm(request.POST) if request.method == "POST" else BlockForm()
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        services.block_customer(provider=provider, actor=provider.user, customer=person, reason=reason)
        messages.success(request, f"{person.name} can no longer book with you online. What is booked stays.")
        return redirect("studio_customer", customer=person.uuid)
    context = {
        "customer": person,
        "form": form,
        "ahead": Appointment.objects.for_provider(provider).for_customer(person).counted(clock.now()).count(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "appointments/studio/block.html", context, status=status)


@require_POST
@provider_required
def unblock(request: HttpRequest, provider: Provider, customer: UUID) -> HttpResponse:
    """Let this customer book again."""
    person = _own_customer(provider, customer)
    if services.unblock_customer(provider=provider, actor=provider.user, customer=person):
        messages.success(request, f"{person.name} can book with you again.")
    else:
        messages.info(request, "That was already done. Nothing changed.")
    return redirect("studio_customer", customer=person.uuid)


def _own_customer(provider: Provider, uuid: UUID) -> User:
    try:
        return customer_of(provider, uuid)
    except User.DoesNotExist:
        raise Http404 from None
