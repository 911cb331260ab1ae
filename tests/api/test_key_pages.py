"""The page of keys: made with a name, scopes and an end, shown once, and ended one by one or all at once."""

import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from api import demo, keys
from api.models import ApiKey, Scope
from core import clock
from core.demo import Size
from tests.api.program import Program

PAGE = "/my/settings/api/"
FORM = {"name": "Clinic website", "scopes": ["appointments:read", "profile:read"], "lasts": "30"}


@pytest.fixture
def page(client, customer):
    """The customer's browser, in which they have just signed in."""
    client.force_login(customer)
    session = client.session
    typed = {"method": "password", "at": clock.now().timestamp() + 3600, "reauthenticated": True}
    session["account_authentication_methods_user"] = str(customer.pk)
    session["account_authentication_methods"] = [typed]
    session.save()
    return client


def shown(response):
    return re.findall(r"dl_[0-9A-Za-z]{46}", response.content.decode())


def test_a_key_is_made_shown_once_and_listed(page, customer):
    once = str(uuid4())
    made = page.post(PAGE, FORM | {"once": once})

    text, row = shown(made)[0], customer.api_keys.get()
    assert (made.status_code, row.scopes, (row.ends_at - row.made_at).days) == (200, FORM["scopes"], 30)
    assert made["Cache-Control"].find("no-store") >= 0
    assert Program(text).get("/api/welcome").status_code == 200
    assert shown(page.get(PAGE)) == []
    again = page.post(PAGE, FORM | {"once": once})
    assert (shown(again), customer.api_keys.count()) == ([], 1)
    assert "was shown then" in again.content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": " "}, "Name the program"),
        ({"scopes": []}, "Choose at least one thing"),
        ({"scopes": ["everything"]}, "Choose one from the list"),
        ({"lasts": "9999"}, "Choose one from the list"),
    ],
)
def test_what_makes_no_key_is_said_beside_its_field(page, customer, change, words):
    refused = page.post(PAGE, FORM | {"once": str(uuid4())} | change)

    assert (refused.status_code, words in refused.content.decode()) == (422, True)
    assert not customer.api_keys.exists()


def test_the_most_keys_are_said_with_what_was_typed_kept(page, customer, monkeypatch):
    monkeypatch.setattr(keys, "MOST_KEYS", 0)

    refused = page.post(PAGE, FORM | {"once": str(uuid4())})

    assert (refused.status_code, "Clinic website" in refused.content.decode()) == (409, True)


def test_one_key_ends_and_then_all(page, customer):
    rows = [
        keys.make_key(person=customer, name=f"Key {number}", scopes=[Scope.PROFILE_READ], now=clock.now())[0]
        for number in range(3)
    ]

    ended = page.post(f"{PAGE}{rows[0].uuid}/end/", follow=True)

    assert "The key “Key 0” has ended." in ended.content.decode()
    assert customer.api_keys.count() == 2
    asked = page.get(f"{PAGE}end/").content.decode()
    assert [words in asked for words in ("End all 2 keys?", "Key 0", "Key 1", "Key 2")] == [True, False, True, True]
    assert customer.api_keys.count() == 2
    assert f'href="{PAGE}end/"' in page.get(PAGE).content.decode()
    assert "All your keys have ended." in page.post(f"{PAGE}end/", follow=True).content.decode()
    assert not customer.api_keys.exists()
    assert "There is no key to end" in page.get(f"{PAGE}end/").content.decode()
    assert page.post(f"{PAGE}{rows[0].uuid}/end/").status_code == 404


def test_the_page_costs_the_same_for_one_key_and_for_many(page, customer):
    costs = []
    for _ in range(2):
        keys.make_key(person=customer, name="Key", scopes=[Scope.PROFILE_READ], now=clock.now())
        with CaptureQueriesContext(connection) as asked:
            page.get(PAGE)
        costs.append(len(asked))

    assert costs[0] == costs[1]


def test_the_page_of_a_new_password_offers_to_end_all_keys(page):
    assert f'href="{PAGE}"' in page.get("/accounts/password/change/").content.decode()


def test_the_demo_has_keys_that_nobody_can_use(provider):
    demo.seed(Size())

    assert demo.is_seeded()
    assert sorted(ApiKey.objects.filter(person=provider.user).values_list("name", flat=True)) == [
        "Clinic website",
        "Till",
    ]
