"""What somebody typed into a booking form, while that form is not there to keep it.

It waits in the session for the person whom the form was drawn for and for a form of the same provider: nobody else is
shown it, and no other provider's form has it. It stays until something is booked there, however often it is looked at.
Signing in on the way is `core.unsaved_forms`'s.
"""

from django.http import HttpRequest

from accounts.http import SignedInRequest
from appointments.forms.booking import NOTE_LENGTH
from core import unsaved_forms

KEY = "typed_booking"
FIELDS = ("venue", "note")


def sent(request: HttpRequest) -> dict[str, str]:
    """What a sent form has of the person's own, as far as it says anything."""
    # A browser sends each line's end as two characters; what is too long is for the form to say, not to cut.
    texts = {name: request.POST.get(name, "").replace("\r\n", "\n")[: 4 * NOTE_LENGTH] for name in FIELDS}
    return {name: text for name, text in texts.items() if text}


def keep(request: HttpRequest, provider: str) -> None:
    """Keep what the sent form has, for later; an emptied form is kept empty."""
    owner = unsaved_forms.owner_of(request)
    if owner:
        request.session[KEY] = {"owner": owner, "provider": provider, "texts": sent(request)}


def kept(request: SignedInRequest, provider: str) -> dict[str, str]:
    found = request.session.get(KEY, {})
    is_theirs = (found.get("owner"), found.get("provider")) == (request.user.uuid.hex, provider)
    return found["texts"] if is_theirs else {}


def forget(request: SignedInRequest, provider: str) -> None:
    if kept(request, provider):
        del request.session[KEY]
