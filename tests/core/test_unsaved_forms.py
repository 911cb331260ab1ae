"""A form whose person was signed out while they wrote comes back filled, to them alone."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Session
from core import unsaved_forms
from providers.models import Provider
from tests.access.patterns import all_patterns
from tests.access.table import all_rows, row_for
from tests.access.world import World
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

pytestmark = pytest.mark.django_db

PATTERNS = {pattern.name: pattern for pattern in all_patterns()}
PROFILE = "/studio/profile/"
PHOTO = "/my/settings/photo/"
OURS, FOREIGN = {"origin": "http://testserver"}, {"origin": "https://evil.example"}
WROTE = "I listen first, <b>then</b> we plan."


@pytest.fixture
def provider():
    return ProviderFactory(name="Maya Okafor", slug="maya-okafor")


def sent_from(client, page):
    """What the form on a page would send as it stands: its text fields and hidden ones."""
    body = client.get(page).content.decode()
    form = max(re.findall(r"<form[^>]*>(.*?)</form>", body, re.DOTALL), key=len)
    found = re.findall(r'<input type="(?:hidden|text|tel|time|date)" name="([\w-]+)"(?: value="([^"]*)")?', form)
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def session_ends(client):
    client.session.flush()


def signed_in_again(client, person, answer):
    """As after sign-in: the visitor's session goes on."""
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))
    password = "long walks by the river"
    person.set_password(password)
    person.save()
    return client.post(answer["Location"], {"login": person.email, "password": password})


def test_a_form_sent_after_the_session_ended_comes_back_filled(client, provider):
    client.force_login(provider.user)
    values = sent_from(client, PROFILE) | {"about": WROTE, "trade": "Coach"}
    session_ends(client)

    answer = client.post(PROFILE, values)
    back = signed_in_again(client, provider.user, answer)
    page = client.get(back["Location"])

    assert back["Location"] == PROFILE
    body = page.content.decode()
    assert unsaved_forms.BACK in body
    assert "I listen first, &lt;b&gt;then&lt;/b&gt; we plan." in body
    assert 'value="Coach"' in body
    assert Provider.objects.get().about != WROTE
    again = client.get(PROFILE).content.decode()  # once
    assert "I listen first" not in again
    assert unsaved_forms.BACK not in again


def test_nobody_else_sees_it_and_it_is_gone_for_good(client, provider):
    other = ProviderFactory()
    client.force_login(provider.user)
    values = sent_from(client, PROFILE) | {"about": WROTE}
    session_ends(client)
    answer = client.post(PROFILE, values)

    signed_in_again(client, other.user, answer)
    theirs = client.get(PROFILE).content.decode()
    client.force_login(provider.user)
    mine = client.get(PROFILE).content.decode()

    assert "I listen first" not in theirs + mine
    assert unsaved_forms.BACK not in theirs + mine


@pytest.mark.parametrize("mark", ["", "0" * 32, "0" * 32 + ":forged", "\x00", None])
def test_a_form_without_a_genuine_mark_is_not_kept(client, provider, mark):
    values = {"about": WROTE} | ({} if mark is None else {"whose": mark})

    answer = client.post(PROFILE, values)

    signed_in_again(client, provider.user, answer)
    assert "I listen first" not in client.get(PROFILE).content.decode()


def test_no_password_code_or_token_and_nothing_huge_is_kept(client, provider):
    mark = {"whose": unsaved_forms.mark_of(provider.user)}
    secret = {
        "password": "p w",
        "new_password1": "p w",
        "code": "1 2",
        "recovery_code": "1 2",
        "token": "t t",
        "do": "x y",
    }
    client.post(PROFILE, mark | secret)
    assert not client.session.get("typed")
    client.post(PROFILE, mark | {"about": "long " * 5000})
    assert not client.session.get("typed")
    client.post(PROFILE, mark | secret | {"about": WROTE})
    assert client.session["typed"]["fields"] == {"about": [WROTE]}


def test_what_others_saved_meanwhile_is_still_noticed(client, provider):
    client.force_login(provider.user)
    values = sent_from(client, PROFILE) | {"about": WROTE, "trade": "Coach"}
    session_ends(client)
    signed_in_again(client, provider.user, client.post(PROFILE, values))
    Provider.objects.update(about="Changed on the phone")

    refilled = sent_from(client, PROFILE)

    assert refilled["seen"] == values["seen"]


def test_the_week_comes_back_with_every_range(client, provider):
    page = reverse("studio_hours")
    client.force_login(provider.user)
    values = sent_from(client, page) | {"open-6": "on", "start-6-0": "06:10", "end-6-0": "07:20"}
    session_ends(client)

    signed_in_again(client, provider.user, client.post(page, values))
    body = client.get(page).content.decode()

    assert 'name="start-6-0" value="06:10"' in body
    assert 'name="end-6-0" value="07:20"' in body


def test_a_button_leads_back_to_the_page_it_stood_on(client):
    press = reverse("accept_requests")

    answer = client.post(press, headers={"referer": "http://testserver/studio/requests/?page=2"})
    elsewhere = client.post(press, headers={"referer": "https://evil.example/studio/"})

    assert answer["Location"] == "/accounts/login/?next=/studio/requests/%3Fpage%3D2"
    assert elsewhere["Location"] == f"/accounts/login/?next={press}"


def test_a_press_by_script_leaves_the_page_for_sign_in_instead_of_drawing_it_inside(client):
    answer = client.post(reverse("studio_hours"), headers={"hx-request": "true"})

    assert answer.status_code == 204
    assert answer["HX-Redirect"] == f"/accounts/login/?next={reverse('studio_hours')}"


def test_a_part_that_a_script_asks_for_leads_to_sign_in_and_back_to_its_page(client):
    page = reverse("studio_requests")

    answer = client.get(f"{page}?seen=1", headers={"hx-request": "true", "referer": f"http://testserver{page}?page=2"})

    assert answer.status_code == 204
    assert answer["HX-Redirect"] == f"/accounts/login/?next={page}%3Fpage%3D2"


# --- The key of a form that ended -----------------------------------------------------------------------------------


@pytest.fixture
def strict():
    return Client(enforce_csrf_checks=True, headers=OURS)


def test_a_form_whose_key_ended_shows_what_was_written_and_leads_back_to_it_filled(strict, provider):
    strict.force_login(provider.user)
    values = {"whose": unsaved_forms.mark_of(provider.user), "about": WROTE, "trade": "Coach"}

    refused = strict.post(PROFILE, values, headers={"referer": f"http://testserver{PROFILE}"})
    page = strict.get(PROFILE)

    assert refused.status_code == 403
    said = refused.content.decode()
    assert "readonly>I listen first, &lt;b&gt;then&lt;/b&gt; we plan.</textarea>" in said
    assert f'href="{PROFILE}"' in said
    assert "Open the form again" in said
    assert "I listen first" in page.content.decode()


def test_a_form_without_the_mark_of_who_is_signed_in_plants_nothing(strict, provider):
    strict.force_login(provider.user)

    for mark in ("", unsaved_forms.mark_of(UserFactory())):
        refused = strict.post(PROFILE, {"whose": mark, "about": WROTE})
        assert refused.status_code == 403
        assert "I listen first" not in refused.content.decode()
        assert "I listen first" not in strict.get(PROFILE).content.decode()


# --- A form on somebody else's page ---------------------------------------------------------------------------------

ELSEWHERE = [
    FOREIGN,
    {"origin": "null"},
    {"origin": "https://testserver"},
    {"origin": "http://testserver.evil.example"},
    {"origin": "http://testserver:81"},
    {"origin": "https://evil.example", "referer": "http://testserver/studio/profile/"},
    {"referer": "https://evil.example/studio/profile/"},
    {"referer": "http://testserver@evil.example/"},
    {"referer": "nonsense"},
    {},
]


@pytest.mark.parametrize("said", ELSEWHERE, ids=str)
@pytest.mark.parametrize("door", [PROFILE, PHOTO])
@pytest.mark.parametrize("checked", [True, False], ids=["stopped by its key", "stopped by sign-in"])
def test_a_strangers_form_with_their_own_mark_sets_no_cookie_and_shows_none_of_its_words(provider, door, said, checked):
    victim = Client(enforce_csrf_checks=checked, headers=said)
    values = {"whose": unsaved_forms.mark_of(provider.user), "about": WROTE}

    answer = victim.post(door, values)

    assert answer.headers.get("Set-Cookie") is None
    assert dict(answer.cookies) == {}
    assert Session.objects.count() == 0
    assert "I listen first" not in answer.content.decode()


@pytest.mark.parametrize("said", ELSEWHERE, ids=str)
def test_a_strangers_form_leaves_the_session_of_who_is_signed_in_as_it_was(provider, said):
    strict = Client(enforce_csrf_checks=True, headers=said)
    strict.force_login(provider.user)
    strict.get(PROFILE)
    cookies = {name: cookie.value for name, cookie in strict.cookies.items()}
    before = dict(Session.objects.values_list("session_key", "session_data"))

    for door in (PROFILE, PHOTO):
        answer = strict.post(door, {"whose": unsaved_forms.mark_of(provider.user), "about": WROTE})
        assert answer.status_code == 403
        assert {name: cookie.value for name, cookie in strict.cookies.items()} == cookies
        assert "I listen first" not in answer.content.decode()

    assert dict(Session.objects.values_list("session_key", "session_data")) == before


def test_a_form_that_says_where_it_stood_by_its_referer_alone_is_kept(provider):
    """Some browsers and extensions send no Origin with a form of the same site."""
    client = Client(headers={"referer": f"http://testserver{PROFILE}"})

    client.post(PROFILE, {"whose": unsaved_forms.mark_of(provider.user), "about": WROTE})

    assert client.session["typed"]["fields"] == {"about": [WROTE]}


def test_no_address_lets_a_strangers_form_set_a_cookie():
    world = World()
    victim = Client(enforce_csrf_checks=True, raise_request_exception=False, headers=FOREIGN)
    form = {"whose": unsaved_forms.mark_of(world.people["C2"]), "about": WROTE, "note": WROTE}
    addresses = [address for row in all_rows() if (address := row.path or PATTERNS[row.name].address(row.args(world)))]

    answers = {address: victim.post(address, form) for address in addresses}

    assert [address for address, answer in answers.items() if answer.cookies or WROTE[:9] in answer.text] == []
    assert len(answers) > 100


# --- Every form -----------------------------------------------------------------------------------------------------


def test_every_form_with_something_to_type_says_whose_it_is():
    """Pages of the access table that a signed-in person of ours may open."""
    world, rows, walked = World(), all_rows(), []
    ServiceFactory(provider=world.provider)
    for pattern in all_patterns():
        row = row_for(pattern.name, rows)
        if row is None or not pattern.is_named or pattern.name.startswith(("admin:", "account_", "mfa_", "health")):
            continue
        role = next((role for role in ("C", "P") if row.get[role] in {"y", "200"} and row.get["V"] == "login"), None)
        address = pattern.address(row.args(world))
        if not role or not address:
            continue
        body = world.client(role).get(address).getvalue().decode(errors="replace")
        for form in re.findall(r'<form[^>]*method="post"[^>]*>(.*?)</form>', body, re.DOTALL):
            if re.search(r'<textarea|<input type="(text|tel|time|date|number)"', form):
                walked.append(address)
                assert form.count('name="whose"') == 1, address

    assert len(walked) >= 9, walked
