"""What staff decide about people and pages: suspending, ending sign-ins, reviewing, pausing and hiding a page."""

from datetime import timedelta
from email.utils import parseaddr

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core import mail
from django.urls import reverse

from accounts.models import Ban, User
from appointments.exceptions import ReasonMissing, StaffRefused
from appointments.models import Hold
from appointments.services.suspending import suspend
from appointments.states import Status
from outbox.testing import deliver
from providers.exceptions import ChangeRefused
from providers.models import PageDecision
from providers.services import decide_page
from tests.factories.accounts import UserFactory

from .conftest import TUESDAY_TEN

pytestmark = pytest.mark.django_db

PEOPLE, PROVIDERS = (reverse(f"admin:{name}_changelist") for name in ("accounts_user", "providers_provider"))


@pytest.fixture
def staff(client):
    person = User.objects.create_superuser("staff@example.com", "x", name="Sam")
    client.force_login(person)
    return person


def act(client, where, name, row, reason="Threatened a customer"):
    sent = {"action": name, "_selected_action": row.pk, "confirmed": "yes", "reason": reason, "from_page": "yes"}
    return client.post(where, sent, follow=True)


def test_suspending_ends_what_lies_ahead_on_both_sides_and_tells_why(client, staff, book, provider, customer):
    other = UserFactory()
    first, second = (
        book(TUESDAY_TEN, customer=customer).appointment,
        book(TUESDAY_TEN + timedelta(days=1), customer=other).appointment,
    )
    client.force_login(provider.user)
    theirs = client.session.session_key
    client.force_login(staff)

    page = act(client, PEOPLE, "suspend", provider.user)
    deliver()

    for one in (first, second):
        one.refresh_from_db()
        assert (one.status, one.ended_by) == (Status.CANCELLED, "system")
    ban = Ban.objects.get()
    told = [parseaddr(message.to[0])[1] for message in mail.outbox]
    [why] = [message.body for message in mail.outbox if message.subject.startswith("Booking is suspended")]
    assert (ban.user, ban.made_by, ban.reason) == (provider.user, staff, "Threatened a customer")
    assert not Hold.objects.exists()
    assert not client.session.model.objects.filter(session_key=theirs).exists()
    assert "Threatened a customer" in why and "late cancellations in" not in why
    assert sorted(told) == sorted([provider.user.email, provider.user.email, customer.email, other.email])
    assert LogEntry.objects.get().change_message == "suspend: Threatened a customer"
    assert page.redirect_chain[-1][0] == reverse("admin:accounts_user_change", args=[provider.user_id])
    assert "suspend" not in [each.name for each in page.context["acts"]]


def test_the_suspended_person_reads_why_on_their_page(client, staff, customer):
    suspend(person=customer, actor=staff, reason="Threatened <b>staff</b>")
    client.force_login(customer)

    page = client.get(reverse("suspended")).text

    assert "Threatened &lt;b&gt;staff&lt;/b&gt;" in page
    assert "late cancellations in 30 days" not in page


def test_suspending_twice_or_without_a_reason_or_a_right_does_nothing(staff, customer):
    assert suspend(person=customer, actor=staff, reason="Once") is True
    assert suspend(person=customer, actor=staff, reason="Twice") is False
    with pytest.raises(ReasonMissing):
        suspend(person=UserFactory(), actor=staff, reason="  ")
    with pytest.raises(StaffRefused):
        suspend(person=staff, actor=staff, reason="Myself")
    with pytest.raises(StaffRefused):
        suspend(person=staff, actor=UserFactory(is_staff=True), reason="A superuser")
    with pytest.raises(StaffRefused):
        suspend(person=UserFactory(), actor=UserFactory(), reason="No staff")

    assert [ban.reason for ban in Ban.objects.all()] == ["Once"]


def test_a_person_s_page_links_to_all_that_is_theirs(client, staff, book, provider, customer):
    appointment = book(TUESDAY_TEN).appointment
    address = reverse("admin:accounts_user_change", args=[customer.pk])
    owners = reverse("admin:accounts_user_change", args=[provider.user_id])

    page, owner = client.get(address), client.get(owners)

    assert appointment.reference in page.text and appointment.reference in owner.text
    assert page.context["facts"].number == 1 and page.context["facts"].provider is None
    assert reverse("admin:providers_provider_change", args=[provider.pk]) in owner.text
    assert "Not connected" in page.text and "pbkdf2" not in page.text and "password" not in page.text.lower()


def test_a_person_s_page_costs_the_same_with_one_appointment_and_with_many(
    client, staff, book, customer, django_assert_max_num_queries
):
    address = reverse("admin:accounts_user_change", args=[customer.pk])
    counts = []
    for n in range(3):
        book(TUESDAY_TEN + n * timedelta(days=1))
        client.get(address)
        with django_assert_max_num_queries(90) as queries:
            client.get(address)
        counts.append(len(queries))

    assert counts[0] == counts[1] == counts[2]


def test_people_are_found_by_standing_connection_and_page(client, staff, provider, customer):
    suspend(person=customer, actor=staff, reason="x")

    def listed(**query):
        return {person.pk for person in client.get(PEOPLE, query).context["cl"].result_list}

    assert listed(standing="suspended") == {customer.pk}
    assert customer.pk not in listed(standing="good")
    assert listed(connection="working") == set()
    assert customer.pk in listed(connection="none")
    assert listed(q=provider.slug) == {provider.user_id}


@pytest.mark.parametrize(
    ("name", "before", "after", "told"),
    [
        ("review", "live", "live", ""),
        ("pause", "live", "paused", "Your page is paused"),
        ("hide", "live", "hidden", "Your page is hidden"),
        ("hide", "paused", "hidden", "Your page is hidden"),
        ("show", "hidden", "paused", "Your page is no longer hidden"),
    ],
)
def test_staff_decide_about_a_page_with_a_reason_and_a_mail(client, staff, provider, name, before, after, told):
    type(provider).objects.filter(pk=provider.pk).update(listing=before)

    act(client, PROVIDERS, name, provider, reason="No address")
    deliver()

    provider.refresh_from_db()
    decision = PageDecision.objects.get()
    assert provider.listing == after
    assert (decision.decided_by, decision.reason) == (staff, "No address")
    assert [message.subject for message in mail.outbox] == ([told] if told else [])
    assert all("No address" in message.body for message in mail.outbox)


def test_a_page_is_reviewed_once_and_only_what_fits_is_offered(client, staff, provider):
    page = reverse("admin:providers_provider_change", args=[provider.pk])

    def offered():
        return [each.name for each in client.get(page).context["acts"]]

    new = offered()
    act(client, PROVIDERS, "review", provider)
    refused = act(client, PROVIDERS, "review", provider)

    assert new == ["review", "pause", "hide"]
    assert offered() == ["pause", "hide"]
    assert "It was reviewed already." in refused.text
    assert PageDecision.objects.count() == 1
    with pytest.raises(ChangeRefused):
        decide_page(provider=provider, actor=provider.user, decided=PageDecision.Decided.SHOWN, reason="Mine")


def test_who_may_only_look_is_offered_nothing_and_told_of_nothing_else(client, book, customer):
    book(TUESDAY_TEN)
    viewer = UserFactory(is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_user"))
    client.force_login(viewer)

    page = client.get(reverse("admin:accounts_user_change", args=[customer.pk]))

    assert page.context["acts"] == []
    assert not any(page.context["sees"].values())
    assert "Appointments</h2>" not in page.text and "Latest mails" not in page.text
    assert client.post(PEOPLE, {"action": "suspend", "_selected_action": customer.pk}).status_code == 403
