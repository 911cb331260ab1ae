"""Private notes of a provider about a customer, which nobody else reads, and the list of customers beside them."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.urls import reverse

from accounts import personal_data
from appointments.models import Appointment
from appointments.states import Status
from providers import personal_data as of_providers
from providers import services
from providers.exceptions import ChangedMeanwhile, ChangeRefused, NoteGone, NoteRefused
from providers.models import CustomerAllowance, CustomerBlock, CustomerNote
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by

from .conftest import NOW, TUESDAY_TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_london")]

SAID = "Prefers the morning; a sore left shoulder."


@pytest.fixture
def studio(client, provider):
    client.force_login(provider.user)
    return client


@pytest.fixture
def card(confirmed, customer):
    """The address of the customer's card, since they have booked."""
    return reverse("studio_customer", args=[customer.uuid])


def write(provider, customer, text=SAID, key=None):
    return services.write_note(provider=provider, actor=provider.user, customer=customer, text=text, key=key or uuid4())


def test_a_note_is_written_read_changed_and_deleted_on_the_card(studio, card, customer):
    key = str(uuid4())
    for _ in range(2):
        saved = studio.post(f"{card}notes/", {"text": SAID, "key": key}, follow=True)
    assert saved.text.count(SAID) == 1

    note = CustomerNote.objects.get()
    address = f"{card}notes/{note.uuid}/"
    assert SAID in studio.get(address).text
    changed = studio.post(address, {"do": "save", "text": "Prefers evenings.", "version": 1}, follow=True)
    assert "Prefers evenings." in changed.text and SAID not in changed.text
    stale = studio.post(address, {"do": "save", "text": "From another tab.", "version": 1})
    assert stale.status_code == 409
    assert "Prefers evenings." in stale.text and "From another tab." in stale.text

    gone = studio.post(address, {"do": "delete"}, follow=True)

    assert "The note is deleted." in gone.text
    assert studio.get(address).status_code == 404
    assert not CustomerNote.objects.exists()


def test_a_note_without_words_or_too_long_keeps_what_was_typed(studio, card):
    for text, said in {" ": "Enter the new note.", "x" * 2001: "at most 2000 characters"}.items():
        page = studio.post(f"{card}notes/", {"text": text, "key": str(uuid4())})
        assert (page.status_code, said in page.text) == (422, True), text[:5]
    assert not CustomerNote.objects.exists()


def test_only_the_owner_writes_notes_and_so_many_about_one(provider, customer, monkeypatch):
    monkeypatch.setattr("providers.services.notes.MOST_NOTES", 1)
    note = write(provider, customer)
    staff = UserFactory(is_staff=True)

    for actor in (UserFactory(), staff, customer):
        with pytest.raises(ChangeRefused):
            services.write_note(provider=provider, actor=actor, customer=customer, text="x", key=uuid4())
        with pytest.raises(ChangeRefused):
            services.change_note(note=note, actor=actor, text="x", version=1)
        with pytest.raises(ChangeRefused):
            services.delete_note(note=note, actor=actor)
    with pytest.raises(NoteRefused, match="1 notes"):
        write(provider, customer)
    with pytest.raises(ChangedMeanwhile):
        services.change_note(note=note, actor=provider.user, text="x", version=7)
    assert services.delete_note(note=note, actor=provider.user)
    assert not services.delete_note(note=note, actor=provider.user)
    with pytest.raises(NoteGone):
        services.change_note(note=note, actor=provider.user, text="x", version=1)


def test_nobody_else_reads_a_note_and_the_database_only_encrypted(client, provider, customer, confirmed, card):
    note = write(provider, customer)

    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM providers_customernote")
        assert SAID not in str(cursor.fetchall())
    client.force_login(customer)
    assert SAID not in client.get(reverse("my_appointment", args=[confirmed.reference])).text
    staff = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(staff)
    for address in (
        reverse("admin:accounts_user_change", args=[customer.pk]),
        reverse("admin:appointments_appointment_change", args=[confirmed.pk]),
    ):
        assert SAID not in client.get(address).text
    assert note.text == SAID


def test_the_copy_of_the_provider_has_it_that_of_the_customer_has_not_and_it_goes_with_either(provider, customer):
    write(provider, customer)

    def copied(person):
        sections = [each for part in personal_data.parts for each in part.sections(person)]
        return [each.write(row) for each in sections if each.name == "customer_notes" for row in each.rows]

    assert [row["note"] for row in copied(provider.user)] == [SAID]
    assert copied(customer) == []
    for person in (customer, provider.user):
        write(provider, customer)
        of_providers.erase(person)
        assert not CustomerNote.objects.exists(), person


def test_the_list_says_what_each_paid_and_how_each_stands(studio, provider, service):
    def visit(customer, days, status=Status.COMPLETED, currency="GBP", price=58, **fields):
        start = TUESDAY_TEN - timedelta(days=days)
        times = {"start": start, "end": start + timedelta(hours=1), "booking_key": f"{days}"}
        people = {"provider": provider, "service": service, "customer": customer}
        values = demanded_by(status, start) | fields
        row = Appointment(**people, **times, status=status, price=price, currency=currency, **values)
        Appointment.objects.bulk_create([row])

    regular, absent, free = (UserFactory(name=f"{name} Byrne") for name in ("Ada", "Bo", "Cy"))
    visit(regular, 2)
    visit(regular, 9, refund=Decimal(8))
    visit(regular, 16, currency="EUR", price=70)
    visit(absent, 3, Status.NO_SHOW)
    visit(free, 4, price=0)
    CustomerBlock.objects.create(provider=provider, customer=absent, blocked_by=provider.user)
    CustomerAllowance.objects.create(provider=provider, customer=free)

    page = studio.get("/studio/customers/?sort=name")

    said = [
        (row["customer__name"], [str(each) for each in paid], [label.label for label in labels])
        for row, paid, labels in page.context["rows"]
    ]
    assert said == [
        ("Ada Byrne", ["€70", "£108"], []),
        ("Bo Byrne", [], ["Blocked", "1 no-show"]),
        ("Cy Byrne", [], ["No limits"]),
    ]
    assert NOW < TUESDAY_TEN
