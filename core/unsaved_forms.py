"""Unsaved form data, kept in the session and restored for the same user.

Forms carry `{% whose %}`, a signed mark of the person they were drawn for. A form that is sent while that person is not
signed in, or that a limit or a busy database refuses, is kept in the visitor's session. The next page with its address
that is shown to that person has its fields filled with the kept data, which is shown to nobody else.
See `docs/decisions/typed-text-outlives-the-session.md`.
"""

import re
from collections.abc import Callable
from contextvars import ContextVar
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import resolve_url

from core.page_reader import reader_with
from core.shortcuts import came_from, is_from_our_pages

WHOSE = "whose"
MOST_BYTES = 20_000
BACK = "You were signed out before that was saved. What you typed is back: check it, and send it again."
REFUSED = "That was not saved. What you typed is back: check it, and send it again."

_KEY = "typed"
_NEVER_KEPT = re.compile(rf"csrfmiddlewaretoken|{WHOSE}|do|.*(password|token|credential).*|(.*_)?code", re.IGNORECASE)
_UNREADABLE = (
    MultiPartParserError,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
    UnreadablePostError,
)
_returned: ContextVar[QueryDict | None] = ContextVar("returned", default=None)


def mark_of(account: AbstractBaseUser) -> str:
    """The signed mark of the person with this account, for a form that is drawn for them."""
    return _signer().sign(reader_with(account).public_id)


def returned() -> QueryDict | None:
    """The kept data of the forms on the page being drawn; None on nearly every page."""
    return _returned.get()


def owner_of(request: HttpRequest) -> str:
    """The public id (hex of a UUID) of the person the form was drawn for, signed in or not; empty without a mark."""
    return _owner(_sent(request))


def keep(request: HttpRequest, back: str = BACK) -> list[str]:
    """Keep the sent form in the session for the person it is marked for, and return the sentences written in it.

    `back` is the message shown when the form is restored.

    Nothing is kept or returned unless one of our own pages sent the form: everybody with an account has a genuine
    mark, and could let a page of theirs send it from another person's browser, whose session the new one would
    replace. Never kept: passwords, codes, tokens, files, more than 20 kB, and a form marked for anybody but the person
    who is signed in.
    """
    if not is_from_our_pages(request):
        return []
    sent = _sent(request)
    owner = _owner(sent)
    if not owner or (request.user.is_authenticated and reader_with(request.user).public_id != owner):
        return []
    fields = {name: values for name, values in sent.lists() if not _NEVER_KEPT.fullmatch(name)}
    size = sum(len(text.encode(errors="replace")) for name in fields for text in [name, *fields[name]])
    if not fields or size > MOST_BYTES:
        return []
    request.session[_KEY] = {"path": request.path, "owner": owner, "fields": fields, "back": back}
    return [text for values in fields.values() for text in values if " " in text.strip()]


def _take(request: HttpRequest) -> tuple[QueryDict, str] | None:
    """The data kept for this page and the signed-in person, with its message; removed. Another person's is dropped."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    kept = request.session.get(_KEY)
    if not kept or not request.user.is_authenticated:
        return None
    is_theirs = kept["owner"] == reader_with(request.user).public_id
    if is_theirs and kept["path"] != request.path:
        return None
    del request.session[_KEY]
    if not is_theirs:
        return None
    fields = QueryDict(mutable=True)
    for name, values in kept["fields"].items():
        fields.setlist(name, values)
    return fields, kept.get("back", BACK)


class TypedTextMiddleware:
    """Keeps a form whose answer is a redirect to sign-in, and restores it on its page after sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # HEAD is answered as GET, but shows nothing.
        if request.META["REQUEST_METHOD"] == "GET":
            response = self._show(request)
            if "HX-Request" in request.headers and (wanted := _asks_to_sign_in_for(response)):
                return self._sign_in_first(request, response, wanted)
            return response
        response = self.get_response(request)
        if request.method == "POST" and (wanted := _asks_to_sign_in_for(response)):
            keep(request)
            return self._sign_in_first(request, response, wanted)
        return response

    def _show(self, request: HttpRequest) -> HttpResponse:
        taken = _take(request)
        if taken is None:
            return self.get_response(request)
        fields, back = taken
        messages.info(request, back)
        mark = _returned.set(fields)
        try:
            return self.get_response(request)
        finally:
            _returned.reset(mark)

    def _sign_in_first(self, request: HttpRequest, response: HttpResponse, wanted: str) -> HttpResponse:
        """The redirect to sign-in and then to the form's page; the address the form was sent to may have no page."""
        page = came_from(request)
        if page and wanted == request.get_full_path():
            response = redirect_to_login(page)
        if request.headers.get("HX-Request"):
            answer = HttpResponse(status=204)
            answer["HX-Redirect"] = response["Location"]
            return answer
        return response


def _asks_to_sign_in_for(response: HttpResponse) -> str:
    """The address that a redirect to sign-in leads back to; empty for any other answer."""
    if response.status_code != 302:
        return ""
    to = urlsplit(response["Location"])
    if to.path != resolve_url(settings.LOGIN_URL):
        return ""
    return parse_qs(to.query).get("next", [""])[0]


def _sent(request: HttpRequest) -> QueryDict:
    try:
        return request.POST
    except _UNREADABLE:
        return QueryDict()


def _owner(sent: QueryDict) -> str:
    try:
        return _signer().unsign(sent.get(WHOSE, ""))
    except signing.BadSignature:
        return ""


def _signer() -> signing.Signer:
    return signing.Signer(salt="core.unsaved_forms")
