"""The three groups of staff: what each may see and do in the admin."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.groups import make_groups
from notifications.models import SentMail
from tests.access.world import World
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def groups():
    Group.objects.all().delete()  # those that were made with the tables
    make_groups()
    return {group.name: group for group in Group.objects.all()}


def test_each_group_sees_everything_and_acts_as_far_as_it_may(client, groups):
    world = World()
    SentMail.objects.filter(pk=world.sent_mail.pk).update(topic="notifications.send_mail")
    pages = {
        "appointment": reverse("admin:appointments_appointment_change", args=[world.appointment.pk]),
        "person": reverse("admin:accounts_user_change", args=[world.people["C2"].pk]),
        "provider": reverse("admin:providers_provider_change", args=[world.provider.pk]),
        "ban": reverse("admin:accounts_ban_change", args=[world.ban.pk]),
        "mail": reverse("admin:notifications_sentmail_change", args=[world.sent_mail.pk]),
    }
    fees = reverse("admin:providers_feerate_add")

    answers = {}
    for name, group in groups.items():
        person = UserFactory(is_staff=True)
        person.groups.add(group)
        client.force_login(person)
        acts = {what: [act.name for act in client.get(page).context["acts"]] for what, page in pages.items()}
        answers[name] = acts | {"overview": client.get("/admin/").status_code, "fees": client.get(fees).status_code}

    helps = {
        "appointment": ["cancel_for_customer", "cancel_for_provider", "cancel"],
        "person": ["suspend", "end_sign_ins"],
        "provider": ["review", "pause", "hide"],
        "ban": ["lift"],
        "mail": ["send_again"],
        "overview": 200,
    }
    assert answers == {
        "Viewer": {**dict.fromkeys(pages, []), "overview": 200, "fees": 403},
        "Supporter": {**helps, "fees": 403},
        "Administrator": {**helps, "fees": 200},
    }


def test_no_group_hands_out_rights_and_what_an_owner_changed_stays(client, groups):
    groups["Viewer"].permissions.clear()
    groups["Supporter"].delete()
    administrator = UserFactory(is_staff=True)
    administrator.groups.add(groups["Administrator"])
    client.force_login(administrator)

    make_groups()

    rows = {group.name: group.permissions.count() for group in Group.objects.all()}
    assert rows["Viewer"] == 0 and rows["Supporter"] > 0
    assert client.get(reverse("admin:auth_group_add")).status_code == 403
    assert client.get(reverse("admin:auth_group_changelist")).status_code == 403
