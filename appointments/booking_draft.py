"""The texts of an unsent booking form, kept in the session while another page is open.

They are shown again only to the person for whom the form was made, and only in a form of the same provider. They stay,
however often they are shown, until that person books with that provider. Texts of a form whose person was signed out
meanwhile are kept by `core.unsaved_forms`.
"""

from django.http import HttpRequest

from accounts.http import SignedInRequest
from appointments.forms.booking import NOTE_LENGTH
from appointments.forms.repeating import NAMES
from core import unsaved_forms

KEY = "typed_booking"
FIELDS = ("venue", "note", *NAMES)


def sent(request: HttpRequest) -> dict[str, str]:
    """The person's own texts in a sent form, by field name; empty ones are left out."""
    # A browser sends each line's end as two characters. A text that is too long is refused by the form, not cut here.
    texts = {name: request.POST.get(name, "").replace("\r\n", "\n")[: 4 * NOTE_LENGTH] for name in FIELDS}
    return {name: text for name, text in texts.items() if text}


def keep(request: HttpRequest, provider: str) -> None:
    """Keep the texts of the sent form for a later form of `provider` (a slug); an emptied form is kept empty."""
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
