"""Rights are handed out by superusers alone: staff with every permission change no group and no other staff's row."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

FORBIDDEN, FOUND = 403, 302


@pytest.fixture
def group():
    """Front desk may change people and groups, nothing else."""
    group = Group.objects.create(name="Front desk")
    group.permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user", "change_group"]))
    return group


@pytest.fixture
def clerk(group):
    """Staff with every permission there is, some of them by their group."""
    clerk = UserFactory(name="Clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.all())
    clerk.groups.add(group)
    return clerk


@pytest.fixture
def staff(client, clerk) -> Client:
    client.force_login(clerk)
    return client


def form_of(user: User, **changes) -> dict[str, object]:
    """What the browser sends for a person's page of the admin, before and after `changes`."""
    return {"name": user.name, "phone": "", "time_zone": user.time_zone, "is_active": "on"} | changes


def rights_of_groups() -> dict[str, set[Permission]]:
    """The rights of every group, of those that each house has, too."""
    return {found.name: set(found.permissions.all()) for found in Group.objects.all()}


def page(kind: str, *args) -> str:
    return reverse(f"admin:{kind}", args=args)


@pytest.mark.parametrize(
    "rights", [{"is_staff": True}, {"is_superuser": True}, {"is_staff": True, "is_superuser": True}]
)
def test_staff_close_no_other_staff(staff, rights):
    other = UserFactory(name="Boss", **rights)
    closing = form_of(other, name="Nobody")
    del closing["is_active"]

    answer = staff.post(page("accounts_user_change", other.pk), closing)

    assert answer.status_code == FORBIDDEN
    other.refresh_from_db()
    assert (other.name, other.is_active) == ("Boss", True)


def test_staff_reopen_no_closed_staff(staff):
    left = UserFactory(name="Left", is_staff=True, is_active=False)

    assert staff.post(page("accounts_user_change", left.pk), form_of(left)).status_code == FORBIDDEN
    left.refresh_from_db()
    assert not left.is_active


def test_staff_widen_no_group_by_any_address_of_the_admin(staff, group):
    everything = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]
    wider = {"name": "Front desk", "permissions": everything}
    before = rights_of_groups()

    answers = {
        "add": staff.post(page("auth_group_add"), wider | {"name": "Everything"}).status_code,
        "change": staff.post(page("auth_group_change", group.pk), wider).status_code,
        "delete": staff.post(page("auth_group_delete", group.pk), {"post": "yes"}).status_code,
        "delete several": staff.post(
            page("auth_group_changelist"),
            {"action": "delete_selected", "_selected_action": group.pk, "post": "yes"},
        ).status_code,
        "list": staff.post(page("auth_group_changelist"), {"form-0-name": "x", "_save": "Save"}).status_code,
    }

    assert answers == dict.fromkeys(answers, FORBIDDEN)
    assert rights_of_groups() == before


def test_staff_with_every_permission_only_look_at_staff_and_groups(staff, group):
    boss = UserFactory(name="Boss", is_staff=True, is_superuser=True)

    found = {
        name: staff.get(address).status_code
        for name, address in {
            "boss": page("accounts_user_change", boss.pk),
            "boss's history": page("accounts_user_history", boss.pk),
            "delete boss": page("accounts_user_delete", boss.pk),
            "add a person": page("accounts_user_add"),
            "group": page("auth_group_change", group.pk),
            "group's history": page("auth_group_history", group.pk),
            "delete a group": page("auth_group_delete", group.pk),
            "add a group": page("auth_group_add"),
            "choices of a field": page("autocomplete")
            + "?app_label=accounts&model_name=user&field_name=groups&term=front",
        }.items()
    }

    assert found == {
        "boss": 200,
        "boss's history": 200,
        "delete boss": FORBIDDEN,
        "add a person": FORBIDDEN,
        "group": 200,
        "group's history": 200,
        "delete a group": FORBIDDEN,
        "add a group": FORBIDDEN,
        "choices of a field": 200,
    }
    for address in (page("accounts_user_change", boss.pk), page("auth_group_change", group.pk)):
        assert 'name="_save"' not in staff.get(address).text, "nothing to save is offered"


def test_staff_without_a_permission_see_no_person_and_no_group(client, group):
    person = UserFactory()
    client.force_login(UserFactory(is_staff=True))
    choices = page("autocomplete") + "?app_label=accounts&model_name=user&field_name=groups&term=front"
    addresses = [page(f"auth_group_{kind}") for kind in ("changelist", "add")]
    addresses += [page(f"auth_group_{kind}", group.pk) for kind in ("change", "delete", "history")]
    addresses += [page(f"accounts_user_{kind}") for kind in ("changelist", "add")]
    addresses += [page(f"accounts_user_{kind}", person.pk) for kind in ("change", "delete", "history")]

    found = {address: client.get(address).status_code for address in [*addresses, choices]}

    assert found == dict.fromkeys(found, FORBIDDEN)


def test_staff_still_look_after_people_and_their_own_row(staff, clerk):
    person = UserFactory(name="Carla")
    closing = form_of(person)
    del closing["is_active"]

    answers = [
        staff.post(page("accounts_user_change", person.pk), closing).status_code,
        staff.post(page("accounts_user_change", clerk.pk), form_of(clerk, name="Head clerk")).status_code,
    ]

    assert answers == [FOUND, FOUND]
    person.refresh_from_db()
    clerk.refresh_from_db()
    assert (person.is_active, clerk.name) == (False, "Head clerk")


def test_nobody_hands_themselves_a_right(staff, clerk, group):
    wider = Group.objects.create(name="Owners")
    sent = form_of(clerk, is_superuser="on", is_staff="on", groups=[wider.pk], user_permissions=[1])

    staff.post(page("accounts_user_change", clerk.pk), sent)

    clerk.refresh_from_db()
    assert (clerk.is_superuser, list(clerk.groups.all())) == (False, [group])


def test_superusers_change_groups_and_staff(client, group, clerk):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    [looks] = Permission.objects.filter(codename="view_user")
    closing = form_of(clerk, is_staff="on", groups=[group.pk])
    del closing["is_active"]

    answers = [
        client.post(page("auth_group_change", group.pk), {"name": "Desk", "permissions": [looks.pk]}).status_code,
        client.post(page("accounts_user_change", clerk.pk), closing).status_code,
    ]

    assert answers == [FOUND, FOUND]
    group.refresh_from_db()
    clerk.refresh_from_db()
    assert (group.name, list(group.permissions.all()), clerk.is_active) == ("Desk", [looks], False)
