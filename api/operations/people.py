"""Operations on the person who asks: their profile, photo, password and address, how they stand, and their data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import UploadedFile

from accounts import copies, services, sign_in, sign_in_limits
from accounts.client_ip import network
from accounts.exceptions import FieldsRefused
from accounts.models import DataCopy, User
from api.calls import Call
from api.errors import not_found
from api.serializers.base import photo_of
from appointments.pages.fair_use import Row, record_of
from appointments.queries import fair_use
from appointments.queries.no_shows import WithProvider, no_shows_by_provider
from appointments.rules.fair_use import LIMIT


def welcome(call: Call) -> dict[str, str | None]:
    """Greet the person who asks."""
    person = call.person
    return {"message": f"Welcome, {person.first_name}.", "username": person.username, "email": person.email}


def read_me(call: Call) -> User:
    """Read one's profile and preferences."""
    return _with_new_email(User.objects.get(pk=call.person.pk))


def change_me(call: Call, **values: Any) -> User:
    """Change one's profile and preferences. What is left out stays."""
    seen = services.fingerprint(call.seen, services.SETTINGS_FIELDS) if call.seen else None
    return _with_new_email(services.update_settings(user=call.person, actor=call.person, values=values, seen=seen))


def _with_new_email(person: User) -> User:
    wanted = EmailAddress.objects.filter(user=person, verified=False).exclude(email=person.email or "")
    person.new_email = wanted.values_list("email", flat=True).first()  # type: ignore[attr-defined]
    return person


def change_photo(call: Call, *, photo: UploadedFile) -> dict[str, str | None]:
    """Put one's photo in place of an earlier one: PNG, JPEG or WebP, at most 5 MB."""
    services.change_photo(user=call.person, actor=call.person, upload=photo)
    return {"photo": photo_of(call.person)}


def remove_photo(call: Call) -> None:
    """Remove one's photo."""
    services.remove_photo(user=call.person, actor=call.person)


def change_email(call: Call, *, email: str, password: str | None = None) -> User:
    """Ask for another address. A link is mailed there; nothing changes until it is opened.

    Who signed in a while ago sends the password as well.
    """
    person, request = call.person, call.request
    sign_in_limits.count_for_program(request, "manage_email", user=person)
    sign_in.check_own_password(request, user=person, password=password, session_key=call.caller.session_key)
    services.ask_for_new_address(user=person, actor=person, email=email, asked_from=network(request))
    return read_me(call)


def as_before(call: Call, made: str) -> User:
    """The person who asks, as they are now: their request was done before."""
    return read_me(call)


def change_password(call: Call, *, old_password: str, new_password: str) -> User:
    """Change one's password. All tokens and every other session end."""
    person, caller = call.person, call.caller
    sign_in_limits.count_for_program(call.request, "change_password", user=person)
    keep = caller.session_key if caller.is_browser else None
    try:
        services.change_password(user=person, actor=person, old=old_password, new=new_password, keep_session=keep)
    except FieldsRefused as refusal:
        names = {"old": "old_password", "new": "new_password"}
        raise FieldsRefused({names[field]: errors for field, errors in refusal.errors.items()}) from None
    return read_me(call)


@dataclass(frozen=True, slots=True)
class OwnStanding:
    """How somebody stands by the rules of fair use. `counted` are the late cancellations that count now."""

    suspended: bool
    counted: Sequence[Row]
    no_shows: Sequence[WithProvider]
    limit: int = LIMIT

    @property
    def number(self) -> int:
        return len(self.counted)


def read_standing(call: Call) -> OwnStanding:
    """Read which late cancellations count and until when, and one's no-shows."""
    person = call.person
    record = record_of(fair_use.late_acts_of(person), zone=call.zone_of(person.time_zone), now=call.now)
    return OwnStanding(
        suspended=person.banned_at is not None,
        counted=[row for row in record.rows if row.counts_until is not None],
        no_shows=no_shows_by_provider(person),
    )


def ask_for_copy(call: Call, *, password: str | None = None) -> DataCopy:
    """Have a copy of one's data made. Where one is being made already, it is that one.

    Who signed in a while ago sends the password as well.
    """
    session = call.caller.session_key
    sign_in.check_own_password(call.request, user=call.person, password=password, session_key=session)
    return copies.ask_for_copy(user=call.person)


def copy_before(call: Call, made: str) -> DataCopy:
    """The copy that this request had made before. Raises Problem `not-found` once it is gone."""
    copy = DataCopy.objects.filter(user=call.person, uuid=made).first()
    if copy is None:
        raise not_found()
    return copy
