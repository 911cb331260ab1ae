"""Whether the account menu offers the studio: noted in the session, so that no page asks the database for it."""

from django.http import HttpRequest

NOTED = "has_studio"


def note_studio(request: HttpRequest, *, has_studio: bool = True) -> None:
    """Note for the menu of this session whether the person signed in has a studio."""
    if request.session.get(NOTED) != has_studio:
        request.session[NOTED] = has_studio


def account_menu(request: HttpRequest) -> dict[str, bool]:
    """The context processor of the account menu: `has_studio` as noted, False on pages drawn without a session."""
    return {"has_studio": bool(getattr(request, "session", None) and request.session.get(NOTED))}
