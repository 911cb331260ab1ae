"""The recent deletions of this browser, so that a second press gets a message about it instead of a 404."""

from django.contrib import messages
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

KEY = "gone"
REMEMBERED = 20


def remember(request: HttpRequest, words: str) -> None:
    """Store the message for a later press on this address. Before the deletion, so that no press falls between."""
    gone = {address: said for address, said in request.session.get(KEY, {}).items() if address != request.path}
    request.session[KEY] = dict([*gone.items(), (request.path, words)][-REMEMBERED:])
    try:
        request.session.save()
    except UpdateError:
        raise SessionInterrupted("Signed out meanwhile") from None


def back_to_the_list(request: HttpRequest, name: str) -> HttpResponse:
    """A redirect to the list, with the message. Raises Http404 if this browser deleted nothing at this address."""
    stored = type(request.session)(request.session.session_key)  # read anew: the first press may have come just now
    words = stored.get(KEY, {}).get(request.path)
    if words is None:
        raise Http404("Nothing here that was ever theirs")
    messages.info(request, words)
    return redirect(name)
