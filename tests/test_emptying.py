"""After a test that commits, nothing is left of it for the next."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.test import TransactionTestCase

from tests.emptying import delete_rows
from tests.factories.providers import ServiceFactory


@pytest.mark.django_db(transaction=True)
def test_every_row_is_deleted_but_content_types_and_permissions():
    desk = Group.objects.create(name="Front desk")
    desk.permissions.set(Permission.objects.filter(codename__startswith="view_"))
    ServiceFactory().provider.user.groups.add(desk)
    permissions = set(Permission.objects.values_list("pk", flat=True))

    delete_rows(TransactionTestCase())

    models = apps.get_models(include_auto_created=True)
    assert {model._meta.db_table for model in models if model._base_manager.exists()} == {
        "django_content_type",
        "auth_permission",
    }
    assert set(Permission.objects.values_list("pk", flat=True)) == permissions
