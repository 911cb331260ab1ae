"""What this browser deleted lately, so that a second press is told so instead of meeting "no such page"."""

from django.contrib import messages
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

KEY = "gone"
REMEMBERED = 20


def remember(request: HttpRequest, words: str) -> None:
    """What a later press on this address is told. Stored before the deed, so that no press can fall between."""
    gone = {address: said for address, said in request.session.get(KEY, {}).items() if address != request.path}
    request.session[KEY] = dict([*gone.items(), (request.path, words)][-REMEMBERED:])
    try:
        request.session.save()
    except UpdateError:
        raise SessionInterrupted("Signed out meanwhile") from None


def back_to_the_list(request: HttpRequest, name: str) -> HttpResponse:
    """Calmly, where this browser deleted what stood here. Raises Http404 for what it never had."""
    stored = type(request.session)(request.session.session_key)  # as it is now: the first press may have been just then
    words = stored.get(KEY, {}).get(request.path)
    if words is None:
        raise Http404("Nothing here that was ever theirs")
    messages.info(request, words)
    return redirect(name)
