"""Fixtures of people, and of the account mail waiting for them."""

import re
from dataclasses import dataclass

import pytest
from django.core import mail
from django.core.cache import cache

from accounts import tasks
from accounts.models import User
from core import clock
from notifications.tasks import send_mail
from outbox.models import Message

PASSWORD = "long walks by the river"


@pytest.fixture(autouse=True)
def fresh_limits():
    """Clear the limits, which live in the cache and are not rolled back."""
    cache.clear()


@pytest.fixture
def person(db) -> User:
    return User.objects.create_user(
        "amara@example.com", PASSWORD, name="Amara Nwosu", email_confirmed_at=clock.now(), time_zone="Europe/London"
    )


@pytest.fixture
def other(db) -> User:
    return User.objects.create_user("ben@example.com", PASSWORD, name="Ben Ode", email_confirmed_at=clock.now())


@dataclass
class Postbox:
    """The waiting account mail, delivered by the worker's own handlers."""

    def deliver(self) -> list[mail.EmailMultiAlternatives]:
        mail.outbox.clear()
        for message in Message.objects.filter(topic="accounts.mail_code", done_at=None).order_by("pk"):
            tasks.mail_code(message.payload, message=message)
            message.delete()
        for message in Message.objects.filter(topic="notifications.send_account_mail", done_at=None).order_by("pk"):
            send_mail(message.payload, message=message)
            message.delete()
        return list(mail.outbox)

    def link(self, to: str | None = None) -> str:
        """The path of the only account link in the only waiting mail."""
        [letter] = self.deliver()
        assert to is None or letter.to == [to]
        [address] = set(re.findall(r"http://testserver/accounts/\S+", letter.body))
        return re.sub(r"^https?://[^/]+", "", address)


@pytest.fixture
def postbox(db) -> Postbox:
    return Postbox()


def sign_in(client, email="amara@example.com", password=PASSWORD, **extra):
    return client.post("/accounts/login/", {"login": email, "password": password, **extra})


def written_by(queries) -> list[str]:
    """The tables into which these queries inserted rows, in order."""
    return [query["sql"].split('"')[1] for query in queries if query["sql"].startswith("INSERT")]
