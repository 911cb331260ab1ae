"""Signing in with Google: there and back, the code that proves a mailbox, and the link of an account to Google."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any

import structlog
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import after_login, google_accounts, google_oauth, sign_in_limits, url_secrets
from accounts.adapters import AccountAdapter
from accounts.forms import MailedCodeForm, zone_of_newcomer
from accounts.google_oauth import CONNECT, SIGN_IN, Identity
from accounts.http import SignedInRequest
from accounts.limits import limited
from accounts.mailed_codes import GOOGLE
from core import clock
from core.exceptions import DomainError

log = structlog.get_logger("accounts.google")

PENDING = "google_pending"


@dataclass(frozen=True)
class Refusal:
    """Why somebody came back from Google in vain: what the page says, in our words and none of the address."""

    headline: str
    text: str
    status: int = HTTPStatus.BAD_REQUEST


CANCELLED = Refusal(
    "You did not continue with Google", "Nothing was changed, here or there.", status=HTTPStatus.FORBIDDEN
)
STALE = Refusal(
    "This sign-in with Google has ended",
    "It works once, within ten minutes, in the browser in which it began. Nothing was changed.",
)
SOMEBODY_ELSE = Refusal(
    "This sign-in was not finished",
    "This browser was signed in or out between the way to Google and back. Nothing was changed.",
    status=HTTPStatus.CONFLICT,
)
SLOW = Refusal(
    "Google did not answer",
    "We waited for a few seconds and gave up. Try again in a minute, or another way. Nothing was changed.",
    status=HTTPStatus.FAILED_DEPENDENCY,
)
AWAY = Refusal(
    "Google did not answer",
    "We could not reach it, or something is wrong there. Try again in a minute, or another way. Nothing was changed.",
    status=HTTPStatus.FAILED_DEPENDENCY,
)
NOT_UNDERSTOOD = Refusal(
    "That did not work with Google", "Google’s answer was not one we can use. Nothing was changed. Try again."
)
UNCHECKED = Refusal(
    "Google has not confirmed your address",
    "So we can’t know that it is yours. Sign in or create an account with your email, which we confirm by a mail. "
    "Then connect Google in your security settings.",
    status=HTTPStatus.FORBIDDEN,
)


def only_where_offered(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A decorator that answers 404 where this site has no client at Google."""

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not google_oauth.is_offered():
            raise Http404("No client at Google")
        return view(request, *args, **kwargs)

    return run


# --- There and back ---------------------------------------------------------------------------------------------------


@only_where_offered
@never_cache
@require_POST
@limited("google")
def sign_in(request: HttpRequest) -> HttpResponse:
    """The way to Google, for sign-in and sign-up alike. A form with our key, so that no other site sends people off."""
    back = after_login.way_back(request)
    if request.user.is_authenticated:
        return redirect(back or after_login.start_page_of(request.user))
    if back:
        after_login.remember(request, back)
    return google_oauth.send_there(request, process=SIGN_IN, way_back=back)


@only_where_offered
@never_cache
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Where Google sends people back. Its address carries a code, so pages that come next are told of the site alone.

    Not of nothing at all: then browsers would send the forms of this page without their origin, which we refuse.
    """
    answer = _come_back(request)
    answer["Referrer-Policy"] = "strict-origin"
    return answer


def _come_back(request: HttpRequest) -> HttpResponse:
    state = google_oauth.take_state(request)
    if state is None:
        return _refuse(request, STALE)
    if not google_oauth.was_started_by(request, state):
        return _refuse(request, SOMEBODY_ELSE)
    code = request.GET.get("code", "")
    if not code:
        return _refuse(request, CANCELLED if request.GET.get("error") == "access_denied" else NOT_UNDERSTOOD)
    try:
        identity = google_oauth.identify(code, state)
    except google_oauth.GoogleIsAway as error:
        log.warning("google.away", reason=str(error))
        return _refuse(request, SLOW if isinstance(error, google_oauth.GoogleIsSlow) else AWAY)
    except google_oauth.NotUnderstood as error:
        log.warning("google.not_understood", reason=str(error))
        return _refuse(request, NOT_UNDERSTOOD)
    if state["process"] == CONNECT:
        return _connect(request, identity)
    if google_accounts.must_prove_mailbox(identity):
        return _ask_for_code(request, identity, back=state.get("next", ""))
    return _enter(request, identity, mailbox_proven=identity.is_hosted, back=state.get("next", ""))


def _enter(request: HttpRequest, identity: Identity, *, mailbox_proven: bool, back: str) -> HttpResponse:
    """Sign in with the limits and steps that follow the right password, too."""
    if google_accounts.find(identity) is None and (refused := sign_in_limits.over(request, "signup")):
        return refused
    try:
        user = google_accounts.enter(
            identity=identity, mailbox_proven=mailbox_proven, zone=zone_of_newcomer(request), now=clock.now()
        )
    except google_accounts.AddressNotProven:
        return _refuse(request, UNCHECKED)
    except google_accounts.AddressIsAnothers as refusal:
        return _refuse(request, _as_refusal("This address has an account", refusal))
    record_authentication(request, user, "socialaccount", provider="google")
    return perform_login(request, user, redirect_url=back or None)


def _refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The page that says why, and how to go on; the way back may be known from the state alone."""
    context: dict[str, Any] = {"refusal": refusal}
    back = after_login.way_back(request) or google_oauth.way_back_in_state(request)
    if back and AccountAdapter(request).is_safe_url(back):
        context |= {
            "way_back": back,
            "way_back_query": "?" + urlencode({"next": back}),
            "chosen_time": after_login.chosen_time.first(request, back),
        }
    return render(request, "account/google_refused.html", context, status=refusal.status)


def _as_refusal(headline: str, error: DomainError) -> Refusal:
    return Refusal(headline, str(error), status=HTTPStatus.CONFLICT)


# --- The code that proves a mailbox -----------------------------------------------------------------------------------


def _ask_for_code(request: HttpRequest, identity: Identity, *, back: str) -> HttpResponse:
    """Mail a code to an address that Google asked once and does not host; the same for known and unknown ones."""
    if refused := _too_many_codes(request, identity):
        return refused  # before anything is kept, so that nobody waits here for a code of somebody else's
    kept = {"identity": asdict(identity), "back": back, "until": (clock.now() + after_login.LASTS).isoformat()}
    request.session[PENDING] = url_secrets.seal(json.dumps(kept))
    return _mail_code(request, identity)


def _too_many_codes(request: HttpRequest, identity: Identity) -> HttpResponse | None:
    return sign_in_limits.over(request, "google_code", key=identity.email)


def _mail_code(request: HttpRequest, identity: Identity) -> HttpResponse:
    GOOGLE.send(request, to=identity.email, about=_about(identity))
    return redirect("google_code")


def _about(identity: Identity) -> str:
    """What the code proves: that this Google account reads this mailbox, and no other that it may have later."""
    return f"{identity.subject} {identity.email}"


@only_where_offered
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("google")
def prove_mailbox(request: HttpRequest) -> HttpResponse:
    """The page on which that code is typed. The right one goes on as if Google hosted the mailbox."""
    if request.user.is_authenticated:
        return redirect(after_login.start_page_of(request.user))
    pending = _pending(request)
    if pending is None:
        return redirect("account_login")
    identity, back = pending
    if request.method != "POST":
        return _code_page(request, _code_form(request, identity), identity)
    if request.POST.get("do") == "code":
        if refused := _too_many_codes(request, identity):
            return refused
        messages.info(request, "Another code is on its way. Only the newest one works.")
        return _mail_code(request, identity)
    form = _code_form(request, identity, request.POST)
    if not form.is_valid():
        return _code_page(request, form, identity, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    _forget(request)
    return _enter(request, identity, mailbox_proven=True, back=back)


def _code_form(request: HttpRequest, identity: Identity, *typed: Any) -> MailedCodeForm:
    return MailedCodeForm(*typed, mailed=GOOGLE, request=request, about=_about(identity))


def _code_page(
    request: HttpRequest, form: MailedCodeForm, identity: Identity, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    context = {"form": form, "email": identity.email}
    return render(request, "account/google_code.html", context, status=status)


def _pending(request: HttpRequest) -> tuple[Identity, str] | None:
    """Who came from Google in this session within the hour and has to prove a mailbox, and their way back."""
    try:
        kept = json.loads(url_secrets.unseal(request.session.get(PENDING, "")))
    except url_secrets.CannotDecrypt:
        return None
    if datetime.fromisoformat(kept["until"]) < clock.now():
        return None
    return Identity(**kept["identity"]), kept["back"]


def _forget(request: HttpRequest) -> None:
    del request.session[PENDING]
    GOOGLE.forget(request)


# --- The link of an account to Google ---------------------------------------------------------------------------------


@only_where_offered
@never_cache
@login_required
@require_POST
@reauthentication_required
@limited("google")
def connect(request: SignedInRequest) -> HttpResponse:
    return google_oauth.send_there(request, process=CONNECT)


def _connect(request: HttpRequest, identity: Identity) -> HttpResponse:
    assert request.user.is_authenticated  # who started it is who comes back
    try:
        is_new = google_accounts.connect(user=request.user, identity=identity)
    except DomainError as refusal:
        return _refuse(request, _as_refusal("Nothing was connected", refusal))
    messages.success(request, "You can sign in with Google now." if is_new else "You sign in with this one already.")
    return redirect("settings_security")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required
def disconnect(request: SignedInRequest) -> HttpResponse:
    """What disconnecting leaves to sign in with, and the button."""
    linked = google_accounts.of(request.user)
    if linked is None:
        return redirect("settings_security")
    if request.method == "POST":
        google_accounts.disconnect(user=request.user)
        messages.success(request, "Google no longer signs in to your account.")
        return redirect("settings_security")
    context = {
        "google_address": google_accounts.address_of(linked),
        "has_other_way": google_accounts.has_another_way(request.user),
    }
    return render(request, "account/google_disconnect.html", context)
