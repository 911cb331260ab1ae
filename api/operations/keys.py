"""Operations on the keys of the person who asks."""

from datetime import datetime
from uuid import UUID

from accounts import sign_in
from api import keys
from api.calls import Call
from api.errors import not_found
from api.models import ApiKey
from api.operations import found
from api.paging import Page, page


def list_keys(call: Call) -> Page:
    """List the person's keys, the newest first. Those that have ended are left out."""
    return page(call, keys.keys_of(call.person, now=call.now), by=("made_at", "pk"), newest_first=True)


def make_key(
    call: Call, *, name: str, scopes: list[str], ends_at: datetime | None = None, password: str | None = None
) -> tuple[ApiKey, str]:
    """Make a key for a program. Its text is in this answer and in no other.

    Who signed in a while ago sends the password as well.
    """
    session = call.caller.session_key
    sign_in.check_own_password(call.request, user=call.person, password=password, session_key=session)
    return keys.make_key(
        person=call.person, name=name, scopes=scopes, ends_at=ends_at, now=call.now, uuid=UUID(call.key)
    )


def made_before(call: Call, made: str) -> tuple[ApiKey, str]:
    """The key that this request made before, without its text. Raises Problem `not-found` once it has ended."""
    return _own(call, made), ""


def end_key(call: Call, *, id: str) -> None:
    """End a key. Its next request is refused."""
    keys.end_key(key=_own(call, id))


def _own(call: Call, text: str) -> ApiKey:
    key = keys.keys_of(call.person, now=call.now).filter(uuid=found.uuid_of(text)).first()
    if key is None:
        raise not_found()
    return key
