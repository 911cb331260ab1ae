"""The cache is gone: pages do without it, what has to be counted waits, and nothing is let through uncounted."""

import pytest
from django.core.cache.backends.base import BaseCache
from django.urls import reverse
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from accounts.models import User
from appointments.search.index import measure_figures
from core import errors
from outbox.models import Message

PASSWORD = "long walks by the river"


class Gone(BaseCache):
    """What Django's Redis cache is while nobody answers at its address."""

    def __init__(self, location, params):
        super().__init__(params)

    def refuse(self, *args, **kwargs):
        raise RedisConnectionError("Error 111 connecting to cache.internal:6379. Connection refused.")

    add = get = set = delete = touch = incr = clear = refuse


@pytest.fixture
def person(db):
    return User.objects.create_user("amara@example.com", PASSWORD, name="Amara Nwosu")


@pytest.fixture(autouse=True)
def _without_cache(settings, client):
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.Gone"}}
    client.raise_request_exception = False


@pytest.mark.parametrize("address", ["/", "/providers/", "/providers/?q=back", "/accounts/login/", "/accounts/signup/"])
def test_pages_do_without_it(db, client, address):
    assert client.get(address).status_code == 200


def test_figures_are_measured_and_read_without_it(db, client):
    measure_figures()

    answer = client.get("/")

    assert answer.status_code == 200
    assert answer.context["figures"].providers == 0


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("account_login", {"login": "amara@example.com", "password": PASSWORD}),
        ("account_signup", {"name": "Ben Ode", "email": "ben@example.com", "password1": PASSWORD}),
        ("account_reset_password", {"email": "amara@example.com"}),
        ("account_request_login_code", {"email": "amara@example.com"}),
    ],
)
def test_nobody_comes_in_uncounted(client, person, name, form):
    answer = client.post(reverse(name), form)

    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert "Back in a moment" in answer.text
    assert "cache.internal" not in answer.text
    assert "_auth_user_id" not in client.session
    assert list(User.objects.all()) == [person]
    assert not Message.objects.filter(topic="notifications.send_account_mail").exists()


def test_who_is_in_already_goes_on(client, person):
    client.force_login(person)

    assert client.get("/my/appointments/").status_code == 200
    assert client.post("/my/settings/preferences/", {}).status_code == 422
    assert client.post("/accounts/logout/").status_code == 302


def test_only_the_cache_is_taken_for_the_cache():
    assert errors.cache_is_away(RedisConnectionError())
    assert errors.cache_is_away(RedisTimeoutError())
    assert errors.cache_is_away(ConnectionRefusedError())
    assert not errors.cache_is_away(RuntimeError())
    assert not errors.cache_is_away(OSError())
    assert not errors.cache_is_away(None)
