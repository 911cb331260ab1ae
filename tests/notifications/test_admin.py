import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from notifications.models import RefusedAddress, SentMail
from outbox.models import Message
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def row():
    return SentMail.objects.create(
        key="appointment-event:7:customer",
        user=UserFactory(),
        kind="confirmed",
        about="K7QFMR2W",
        message_id="<x@testserver>",
        state="skipped",
        topic="notifications.send_mail",
        payload={"mail": "appointments.event", "event": 7, "to": "customer"},
    )


def staff(*permissions):
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def press(client, row):
    data = {"action": "send_again", "_selected_action": [row.pk], "confirmed": "yes", "reason": "It never came"}
    return client.post(reverse("admin:notifications_sentmail_changelist"), data, follow=True)


def test_send_again_goes_through_the_outbox_and_pressing_twice_sends_one(client, row):
    client.force_login(staff("view_sentmail", "change_sentmail"))

    press(client, row)
    press(client, row)

    assert list(Message.objects.values_list("topic", "key", "payload")) == [
        (
            "notifications.send_mail",
            "appointment-event:7:customer:again-1",
            {"mail": "appointments.event", "event": 7, "to": "customer", "again": 1},
        )
    ]


def test_who_may_only_look_cannot_send_again_nor_change(client, row):
    client.force_login(staff("view_sentmail"))

    page = client.get(reverse("admin:notifications_sentmail_changelist"))
    press(client, row)
    change = client.post(reverse("admin:notifications_sentmail_change", args=[row.pk]), {"state": "sent"})

    assert page.status_code == 200
    assert change.status_code == 403
    assert not Message.objects.exists()
    assert SentMail.objects.get().state == "skipped"


def test_even_a_superuser_cannot_rewrite_the_log(client, row):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    assert client.post(reverse("admin:notifications_sentmail_change", args=[row.pk]), {}).status_code == 403
    assert client.post(reverse("admin:notifications_sentmail_delete", args=[row.pk]), {}).status_code == 403
    assert client.post(reverse("admin:notifications_sentmail_add"), {}).status_code == 403


def test_staff_can_let_a_refused_address_be_tried_at_once(client):
    person = UserFactory()
    row = RefusedAddress.objects.create(
        user=person, email=person.email, code="550 5.1.1", refused_at=person.email_confirmed_at
    )
    client.force_login(staff("view_refusedaddress", "delete_refusedaddress"))

    client.post(reverse("admin:notifications_refusedaddress_delete", args=[row.pk]), {"post": "yes"})

    assert not RefusedAddress.objects.exists()
