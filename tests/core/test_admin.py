"""What staff can find out in admin: what its pages show, and nothing by guessing in the address."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.models import User
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

MODELS = list(admin.site._registry)


def list_of(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@pytest.fixture
def viewer(client):
    """Staff who may look at everything and change nothing."""
    person = UserFactory(email="staff@example.com", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(person)
    return person


@pytest.fixture
def owner(client):
    person = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(person)
    return person


@pytest.mark.parametrize(
    "guess",
    [
        "password__startswith",
        "password__regex",
        "password",
        "email",
        "email__regex",
        "last_login__gte",
        "is_staff__in",
        "groups__user__password__startswith",
        "usersession__session_key__startswith",
        "authenticator__data__icontains",
        "no_such_field",
        "is_active__exact__regex",
    ],
)
def test_nobody_learns_a_password_by_counting_rows(client, viewer, guess):
    assert client.get(list_of(User), {guess: viewer.password[:9]}).status_code == 400
    assert client.get(list_of(User), {"email": "x", guess: "("}).status_code == 400


def test_a_package_of_others_answers_no_guesses_either(client, viewer):
    assert client.get(list_of(Group), {"user__password__startswith": "pbkdf2"}).status_code == 400


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_filter_and_date_that_a_list_links_to_works(client, owner, model):
    here = admin.site._registry[model]
    request = client.get(list_of(model)).wsgi_request
    request.user = owner
    links = [
        choice["query_string"]
        for spec in here.get_changelist_instance(request).filter_specs
        for choice in spec.choices(here.get_changelist_instance(request))
    ]
    if here.date_hierarchy:
        links += [
            f"?{here.date_hierarchy}__year=2027",
            f"?{here.date_hierarchy}__year=2027&{here.date_hierarchy}__month=3&{here.date_hierarchy}__day=1",
        ]
    links += ["?q=K7QFMR2W"] if here.search_fields else []

    assert {link: client.get(list_of(model) + link).status_code for link in links} == dict.fromkeys(links, 200)


def test_a_filter_narrows_the_list(client, viewer):
    UserFactory(name="Gone Away", is_active=False)

    page = client.get(list_of(User), {"is_active__exact": "0"}).content.decode()

    assert "Gone Away" in page and viewer.email not in page.partition("result_list")[2]


TYPED = ["(", "a " * 90, '" ' * 90, "x" * 20_000, "a " * 2_000, "\\", "%", "９" * 150]
KEYS = ["9" * 40, "9" * 5_000, "x", "-1", "_5F_5F"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_no_search_and_no_key_of_a_row_breaks_a_page(client, owner, model):
    searches = [client.get(list_of(model), {"q": typed}).status_code for typed in TYPED]
    rows = [
        client.get(f"{list_of(model)}{key}/{page}/").status_code
        for key in KEYS
        for page in ("change", "delete", "history")
    ]

    assert set(searches) <= {200, 400}
    assert set(rows) <= {302, 403, 404}


@pytest.mark.parametrize(
    "query",
    [
        {"category__id__exact": "9" * 40},
        {"category__id__exact": "x"},
        {"category__isnull": "x"},
        {"listing__exact": "(" * 5_000},
        {"is_online__exact": "9" * 400},
        {"o": "9" * 400},
        {"p": "9" * 400},
        {"p": "-1"},
        {"o": "password"},
        {"_to_field": "password"},
        {"_popup": "1", "e": "1", "_facets": "True"},
    ],
)
def test_no_value_of_a_filter_breaks_a_list(client, owner, query):
    assert client.get("/admin/providers/provider/", query).status_code in {200, 302, 400}
