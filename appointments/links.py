"""Links that show one appointment to whoever holds them, for mails.

A link is signed for one appointment and one of its two sides, and kept nowhere. It lasts until 30 days after the
appointment, or after its mail where that is later. It stops with the account that it was made for, and when that
account gets another address: the mail at the old one may be somebody else's to read.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.signing import BadSignature, Signer
from django.db import transaction

from accounts.models import User
from core.exceptions import DomainError
from notifications import services as notifications
from outbox import services as outbox

from .models import Appointment
from .states import Role

LASTS = timedelta(days=30)
# Appointment, side, last day; then what signs them.
PATTERN = r"[0-9a-f]{32}[cp][0-9]{8}\.[0-9A-Za-z_-]{43}"
LETTERS = {Role.CUSTOMER: "c", Role.PROVIDER: "p"}


class NoSuchLink(DomainError):
    """Nobody made it, or it is of no use any more."""

    message = "There is no such link."


@dataclass(frozen=True, slots=True)
class Link:
    """An open link; `appointment` is one of `with_people()`."""

    token: str
    appointment: Appointment
    side: Role
    ends_at: datetime

    @property
    def reader(self) -> User:
        """Whose link it is, and who acts with it."""
        return _reader(self.appointment, self.side)

    @property
    def is_of_customer(self) -> bool:
        return self.side is Role.CUSTOMER

    @property
    def zone(self) -> ZoneInfo:
        """The reader's own zone: of a provider that of their calendar."""
        return self.reader.zone if self.is_of_customer else self.appointment.provider.zone

    @property
    def other_name(self) -> str:
        return self.appointment.provider.name if self.is_of_customer else self.appointment.customer.name

    @property
    def other_first_name(self) -> str:
        provider, customer = self.appointment.provider, self.appointment.customer
        return provider.first_name if self.is_of_customer else customer.first_name


def token_for(appointment: Appointment, side: Role, *, now: datetime) -> str:
    """What stands in the link. Needs an appointment of `with_people()`."""
    last_day = (max(appointment.end, now) + LASTS).astimezone(UTC)
    signer = _signer(_reader(appointment, side))
    return signer.sign(f"{appointment.uuid.hex}{LETTERS[side]}{last_day:%Y%m%d}")


def open_link(token: str) -> Link:
    """The link as it is now, ended or not; `token` matches PATTERN. One query. Raises NoSuchLink."""
    appointment = Appointment.objects.with_people().filter(uuid=UUID(token[:32])).first()
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
    ends_at = datetime.strptime(value[33:], "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1)
    return Link(token, appointment, side, ends_at)


@transaction.atomic
def send_new_link(link: Link, *, now: datetime) -> None:
    """Mail a fresh link to the address that `link` was for; once a day, however often somebody asks."""
    facts = {"appointment": link.appointment.pk, "to": link.side.value, "day": f"{now:%Y%m%d}"}
    key = f"{link.appointment.pk}:{link.side}:{now:%Y%m%d}"
    outbox.publish_all([notifications.draft("appointments.link", key=key, **facts)])


def _reader(appointment: Appointment, side: Role) -> User:
    return appointment.customer if side is Role.CUSTOMER else appointment.provider.user


def _signer(reader: User) -> Signer:
    return Signer(sep=".", salt=f"appointments.links:{reader.uuid}:{reader.email}")
