"""Signed links in mails that show one appointment without signing in.

A link is signed for one appointment and one of its two sides, and stored nowhere. It lasts until 30 days after the
appointment, or after its mail where that is later. It stops working when its reader's account is closed or gets
another email address, because somebody else may read the mail at the old one, and rests while its reader is suspended.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.signing import BadSignature, Signer
from django.db import transaction

from accounts.models import TAKES_PART, User
from core.exceptions import DomainError
from notifications import services as notifications
from outbox import services as outbox

from .models import Appointment
from .queries.sides import appointment_of_key
from .states import Role

LASTS = timedelta(days=30)
# UUID of the appointment, side, last day, the start that the mail told (which old links lack); then the signature.
PATTERN = r"[0-9a-f]{32}[cp][0-9]{8}(?:t[0-9]{1,12})?\.[0-9A-Za-z_-]{43}"
LETTERS = {Role.CUSTOMER: "c", Role.PROVIDER: "p"}


class NoSuchLink(DomainError):
    """The link was not signed by us for this reader, or its reader's account is closed."""

    message = "There is no such link."


class LinkPaused(NoSuchLink):
    """The link is genuine, but its reader is suspended: it works again once that is lifted."""

    message = "This link does not work at the moment."


@dataclass(frozen=True, slots=True)
class Link:
    """A verified link, valid until `ends_at`; `appointment` is one of `with_people()`.

    `told` is the start that the appointment had by the mail with this link; None where the link does not know it.
    """

    token: str
    appointment: Appointment
    side: Role
    ends_at: datetime
    told: datetime | None = None

    @property
    def moved_from(self) -> datetime | None:
        """The start that the mail told, where the appointment has another one now."""
        return self.told if self.told != self.appointment.start else None

    @property
    def reader(self) -> User:
        """The person for whom the link was made and who acts with it."""
        return _reader(self.appointment, self.side)

    @property
    def is_of_customer(self) -> bool:
        return self.side is Role.CUSTOMER

    @property
    def zone(self) -> ZoneInfo:
        """The reader's own zone; for a provider the zone of their calendar."""
        return self.reader.zone if self.is_of_customer else self.appointment.provider.zone

    @property
    def other_name(self) -> str:
        return self.appointment.provider.name if self.is_of_customer else self.appointment.customer.name

    @property
    def other_first_name(self) -> str:
        provider, customer = self.appointment.provider, self.appointment.customer
        return provider.first_name if self.is_of_customer else customer.first_name


def token_for(appointment: Appointment, side: Role, *, now: datetime, told: datetime | None = None) -> str:
    """A new token for `side`, for a mail by which the appointment starts at `told`, by default when it does. Needs an
    appointment of `with_people()`."""
    last_day = (max(appointment.end, now) + LASTS).astimezone(UTC)
    told = told or appointment.start
    signer = _signer(_reader(appointment, side))
    return signer.sign(f"{appointment.uuid.hex}{LETTERS[side]}{last_day:%Y%m%d}t{int(told.timestamp())}")


def open_link(token: str) -> Link:
    """The link of `token`, ended or not; the token matches PATTERN. One query.

    Raises NoSuchLink, or LinkPaused while its reader is suspended.
    """
    appointment = appointment_of_key(UUID(token[:32]))
    if appointment is None:
        raise NoSuchLink
    side = Role.CUSTOMER if token[32] == LETTERS[Role.CUSTOMER] else Role.PROVIDER
    reader = _reader(appointment, side)
    try:
        value = _signer(reader).unsign(token)
    except BadSignature:
        raise NoSuchLink from None
    if not reader.is_active:
        raise NoSuchLink
    if not reader.takes_part:
        raise LinkPaused
    if reader.is_invited and _is_suspended(reader.invited_email):
        raise LinkPaused
    last_day, _, told = value[33:].partition("t")
    ends_at = datetime.strptime(last_day, "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1)
    return Link(token, appointment, side, ends_at, datetime.fromtimestamp(int(told), UTC) if told else None)


@transaction.atomic
def send_new_link(link: Link, *, now: datetime) -> None:
    """Mail a new link to the reader of `link`; one a day, however often it is asked for."""
    facts = {"appointment": link.appointment.pk, "to": link.side.value, "day": f"{now:%Y%m%d}"}
    key = f"{link.appointment.pk}:{link.side}:{now:%Y%m%d}"
    outbox.publish_all([notifications.draft("appointments.link", key=key, **facts)])


def _is_suspended(email: str) -> bool:
    """Whether the account under the address of an invited person is suspended, or on its way out. One query."""
    return User.objects.filter(~TAKES_PART, email=email).exists()


def _reader(appointment: Appointment, side: Role) -> User:
    return appointment.customer if side is Role.CUSTOMER else appointment.provider.user


def _signer(reader: User) -> Signer:
    return Signer(sep=".", salt=f"appointments.links:{reader.uuid}:{reader.mail_address or None}")
