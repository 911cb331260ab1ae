"""People whom a provider invites by email: what is told of an address, and how the account becomes theirs."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts import bans
from accounts import services as accounts
from accounts.models import User
from appointments import links
from appointments.exceptions import PolicyRefused, SlotTaken
from appointments.mail.catalogue import event_mail
from appointments.models import Appointment
from appointments.services import adding, inviting, transitions
from appointments.services.adding import Addition
from appointments.services.proposals import propose_time
from appointments.states import Role, Status
from providers import services as providers
from tests.factories.accounts import UserFactory
from tests.invariants import check_all

from .conftest import NOW, TUESDAY_TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_london")]

ADDRESS = "/studio/appointments/new/"
NEW = "tess@example.com"
PASSWORD = "a long enough phrase"


@pytest.fixture
def service(service):
    service.slug = "first-assessment"
    service.save()
    return service


@pytest.fixture
def invite(service, provider):
    """A function that enters an appointment for somebody at an address."""

    def invite(email=NEW, start=TUESDAY_TEN, name="Tess Byrne", key=None):
        person = User(invited_email=email, name=name, time_zone=provider.time_zone)
        addition = Addition(service, start, person, key or f"{email} {start}")
        return adding.add_appointment(addition=addition, actor=provider.user)

    return invite


def account_page(appointment):
    token = links.token_for(Appointment.objects.with_people().get(pk=appointment.pk), Role.CUSTOMER, now=NOW)
    return reverse("link_account", args=[token])


def told_to(appointment):
    event = appointment.history.order_by("pk").last()
    return event_mail(event=event.pk, to="customer")


def test_a_known_address_and_an_unknown_one_are_answered_alike(client, provider, service):
    client.force_login(provider.user)
    UserFactory(email="known@example.com", name="Someone Else", phone="+447700900123")
    sent = {"service": service.slug, "date": "2026-03-03", "customer": "invite", "name": "Tess Byrne", "do": "save"}
    said = []
    for n, email in enumerate(["known@example.com", "quite-new@example.com"]):
        found = client.get(ADDRESS, {"words": email})
        key = f"7d7c3f60-3a35-4a6e-9c39-1f7bb0f2a4c{n}"
        page = client.post(ADDRESS, sent | {"words": email, "time": f"1{n}:00", "key": key}, follow=True)
        made = Appointment.objects.latest("pk")
        mail = told_to(made)
        assert mail.reader.address == email
        shown = [found.text, page.text, client.get("/studio/customers/").text, str(mail.letter())]
        for text, other in [(made.reference, "REF"), (email, "EMAIL"), (f"1{n}:", "HOUR"), (f"1{n + 1}:", "END")]:
            shown = [each.replace(text, other) for each in shown]
        assert all("Someone" not in each and "900123" not in each for each in shown)
        said.append((found.status_code, page.status_code, page.redirect_chain[0][1], mail.letter().headline))

    assert said[0] == said[1] == (200, 200, 302, f"{provider.first_name} added an appointment for you.")
    assert list(User.objects.exclude(invited_email="").values_list("name", "email")) == [("Tess Byrne", None)] * 2


def test_who_opens_the_link_has_an_account_with_all_that_was_entered(client, invite, provider):
    first = invite().appointment
    second = invite(start=TUESDAY_TEN + timedelta(hours=2)).appointment
    assert first.customer == second.customer
    mail = told_to(first)
    assert [button.label for button in mail.letter().links] == ["Make it your account"]
    address = account_page(first)

    assert "Tess Byrne" in client.get(address).text
    for sent in ({"name": "Tess Byrne", "password": "short"}, {"name": "", "password": PASSWORD}):
        assert client.post(address, sent).status_code == 422
    made = client.post(address, {"name": "Tess B. Byrne", "password": PASSWORD})

    person = User.objects.get(email=NEW)
    assert made.url == f"/accounts/login/?next=%2Fmy%2Fappointments%2F{first.reference}%2F"
    assert (person.pk, person.name, person.invited_email) == (first.customer_id, "Tess B. Byrne", "")
    assert person.email_confirmed and person.check_password(PASSWORD)
    assert client.login(email=NEW, password=PASSWORD)
    assert client.get(reverse("my_appointment", args=[second.reference])).status_code == 200
    assert client.get(address).url == reverse("my_appointment", args=[first.reference])
    check_all()


def test_an_account_under_the_address_takes_what_was_entered_over(client, invite, provider):
    one = invite().appointment
    guest = one.customer
    transitions.cancel_appointment(
        appointment=Appointment.objects.with_people().get(pk=one.pk), actor=guest, role=Role.CUSTOMER
    )
    two = invite(start=TUESDAY_TEN + timedelta(hours=2)).appointment
    providers.write_note(provider=provider, actor=provider.user, customer=guest, text="New here.", key=one.uuid)
    owner, stranger = UserFactory(email=NEW), UserFactory()
    address = account_page(two)

    assert "Sign in" in client.get(address).text
    client.force_login(stranger)
    client.post(address)
    assert Appointment.objects.filter(customer=guest).count() == 2
    client.force_login(owner)
    assert "Take it into my account" in client.get(address).text
    taken = client.post(address)

    assert taken.url == reverse("my_appointment", args=[two.reference])
    assert set(Appointment.objects.values_list("customer", flat=True)) == {owner.pk}
    assert provider.customer_notes.get().customer == owner
    assert not User.objects.filter(pk=guest.pk).exists()
    check_all()


def test_only_the_proven_owner_of_the_address_takes_it_over(invite):
    one = invite().appointment
    for account in (UserFactory(email="another@example.com"), UserFactory(email=NEW, email_confirmed_at=None)):
        with pytest.raises(PermissionDenied):
            inviting.take_over(invited=one.customer, account=account)
    assert Appointment.objects.get().customer == one.customer


def test_whoever_was_invited_moves_and_cancels_by_the_link_as_agreed(client, invite):
    one = Appointment.objects.with_people().get(pk=invite().appointment.pk)
    token = links.token_for(one, Role.CUSTOMER, now=NOW)

    assert client.get(reverse("link", args=[token])).status_code == 200
    later = TUESDAY_TEN + timedelta(hours=3)
    moved = propose_time(appointment=one, start=later, actor=one.customer, role=Role.CUSTOMER)
    client.post(reverse("link_act", args=[token, "cancel"]), {"seen": "0"})

    assert moved.changed
    one.refresh_from_db()
    assert (one.start, one.status) == (TUESDAY_TEN + timedelta(hours=3), Status.CANCELLED)


def test_a_block_a_ban_and_oneself_bind_also_behind_an_invitation(client, invite, provider, book):
    owner = UserFactory(email=NEW)
    one = invite().appointment
    providers.block_customer(provider=provider, actor=provider.user, customer=owner, reason="")
    with pytest.raises(PolicyRefused):
        inviting.take_over(invited=one.customer, account=owner)
    client.force_login(owner)
    assert client.post(account_page(one)).status_code == 409
    bans.ban(owner, now=NOW)
    client.logout()

    paused = client.get(account_page(one))

    assert paused.status_code == 403
    assert Appointment.objects.get().customer == one.customer
    with pytest.raises(PolicyRefused, match="yourself"):
        invite(provider.user.email, TUESDAY_TEN + timedelta(hours=2))


def test_nobody_is_mailed_by_many_invitations_and_a_refused_one_leaves_nobody(invite, provider, monkeypatch):
    monkeypatch.setattr(inviting, "MOST_A_DAY", 2)
    invite()
    with pytest.raises(SlotTaken):
        invite("other@example.com")
    assert not User.objects.filter(invited_email="other@example.com").exists()
    invite("other@example.com", TUESDAY_TEN + timedelta(hours=1))
    with pytest.raises(PolicyRefused, match="in a day"):
        invite("third@example.com", TUESDAY_TEN + timedelta(hours=2))
    assert invite(start=TUESDAY_TEN + timedelta(hours=2)).changed, "the same person again"
    monkeypatch.setattr(inviting, "MOST_A_DAY", 9)
    monkeypatch.setattr(inviting, "MOST_UNOPENED", 2)
    with pytest.raises(PolicyRefused, match="not opened"):
        invite("third@example.com", TUESDAY_TEN + timedelta(hours=3))
    monkeypatch.setattr(inviting, "MOST_UNOPENED", 9)
    for _ in range(3):
        accounts.create_invited(email="third@example.com", name="x", zone="UTC")
    with pytest.raises(PolicyRefused, match="as many"):
        invite("third@example.com", TUESDAY_TEN + timedelta(hours=3))


def test_the_same_invitation_sent_twice_makes_one(invite):
    first, again = invite(key="once"), invite(key="once")

    assert (first.changed, again.changed, again.appointment) == (True, False, first.appointment)
    assert User.objects.exclude(invited_email="").count() == 1


def test_an_address_that_nobody_opened_is_forgotten_and_one_goes_with_its_person(invite):
    one = invite().appointment
    assert inviting.forget_unopened(now=one.end + timedelta(days=89)) == 0

    assert inviting.forget_unopened(now=one.end + timedelta(days=91)) == 1

    guest = User.objects.get(pk=one.customer_id)
    assert (guest.name, guest.mail_address.endswith("@deleted.invalid"), guest.is_erased) == (
        "Deleted customer",
        True,
        True,
    )
    assert Appointment.objects.get().status == Status.CONFIRMED
