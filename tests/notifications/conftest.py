"""Fixtures with a real SMTP server in a thread, whose answers a test can set, and a letter to send."""

import asyncio
import email
import email.policy
from collections import defaultdict

import pytest
from aiosmtpd.controller import Controller

from core.letters import Button, Letter
from notifications.catalogue import CalendarPart, Mail, Reader
from notifications.models import Kind
from notifications.services import send_mail
from tests.factories.accounts import UserFactory


class Script:
    """The server's answers: `script.answers["RCPT"] = ["451 4.2.0 later"]` is used once, then it accepts again."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.answers = defaultdict(list)
        self.cut_before_data = 0
        self.cut_after_data = 0
        self.seconds = 0.0
        self.envelopes = []

    @property
    def received(self):
        """The accepted mails, parsed."""
        return [email.message_from_bytes(envelope.content, policy=email.policy.default) for envelope in self.envelopes]

    async def handle_RCPT(self, server, session, envelope, address, options):
        await asyncio.sleep(self.seconds)
        if self.cut_before_data:
            self.cut_before_data -= 1
            server.transport.abort()
        if self.answers["RCPT"]:
            return self.answers["RCPT"].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.answers["DATA"]:
            return self.answers["DATA"].pop(0)
        self.envelopes.append(envelope)
        if self.cut_after_data:
            self.cut_after_data -= 1
            server.transport.abort()
        return "250 OK"


class Server(Controller):
    """A server that gets its port when it starts to listen, as a port found free before may be taken by then."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture(scope="session")
def _server():
    script = Script()
    controller = Server(script, hostname="127.0.0.1", port=0, ready_timeout=60)
    controller.start()
    yield script, controller.port
    controller.stop()


@pytest.fixture
def smtp(_server, settings):
    """The script of the server to which the product sends its mail."""
    script, port = _server
    script.reset()
    script.port = port
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 60
    return script


def letter(**changes):
    said = {
        "subject": "Confirmed: Thu 12 March, 14:20",
        "tone": "brand",
        "badge": "Confirmed",
        "headline": "You are booked.",
        "preheader": "Thursday",
        "lead": ("Maya expects you.",),
        "button": Button("See appointment", "http://testserver/my/"),
        "contact": "Questions? Reply to this mail.",
        "why": "You get this mail because you booked.",
    }
    return Letter(**said | changes)


class PlainMail(Mail):
    """A mail with defaults for all that a test does not name."""

    def __init__(
        self,
        to,
        *,
        key="one",
        kind=Kind.CONFIRMED,
        once=False,
        about="K7QFMR2W",
        counterpart=None,
        said=None,
        stale="",
        calendar_parts=(),
    ):
        self.reader = Reader.of(to)
        self.key, self.kind, self.once, self.about, self.counterpart = key, kind, once, about, counterpart
        self.said, self.stale, self.calendar_parts = said or {}, stale, calendar_parts

    def stale_because(self, now) -> str:
        return self.stale

    def letter(self) -> Letter:
        return letter(**self.said)

    def calendars(self) -> tuple[CalendarPart, ...]:
        return self.calendar_parts


@pytest.fixture
def person(db):
    return UserFactory(name="Amara Nwosu", email="amara@example.com")


@pytest.fixture
def send(person):
    """A function that sends one plain mail to one person; its arguments, also those of the letter, have defaults."""

    def send(*, to=person, job=None, key="one", kind=Kind.CONFIRMED, once=False, counterpart=None, stale="", **said):
        about = said.pop("about", "K7QFMR2W")
        facts = {"key": key, "kind": kind, "once": once, "about": about, "counterpart": counterpart, "stale": stale}
        return send_mail(PlainMail(to, **facts, said=said), job=job)

    return send
