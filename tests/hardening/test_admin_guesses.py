"""What a list of admin does not offer, nobody may ask it for in the address; that everything offered works is asked in
tests/core/test_admin.py."""

import pytest
from django.contrib import admin
from django.urls import reverse

from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]  # each request is refused before a row is read


def asked_for_by(item):
    """The names in an address that a filter with fields of its own reads."""
    return [name for name, *_more in getattr(item, "inputs", ())]


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_no_field_of_any_list_can_be_asked_for_but_those_it_offers(client, model):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    filters = admin.site._registry[model].list_filter
    offered = {str(item) for item in filters} | {name for item in filters for name in asked_for_by(item)}
    fields = {field.name for field in model._meta.get_fields()} - offered
    lookups = ("", "__regex", "__password__startswith")

    answers = {name + lookup: client.get(address, {name + lookup: "("}) for name in fields for lookup in lookups}

    assert {asked: answer.status_code for asked, answer in answers.items() if answer.status_code != 400} == {}
