"""Views of the settings and photos, and the few views of allauth that are changed here."""

from http import HTTPStatus
from typing import Any

from allauth.account import views as allauth_views
from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailConfirmationHMAC
from allauth.core.internal.httpkit import authenticated_user
from allauth.mfa.base import views as mfa_views
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import views as webauthn_views
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import google_oauth, passkeys, photos, queries, services, sign_in_limits, url_secrets, zones
from accounts.adapters import AccountAdapter
from accounts.exceptions import ChangedMeanwhile, FieldsRefused, PhotoRefused, UsernameTaken
from accounts.forms import MailedCodeForm, PhotoForm, PreferencesForm, ProfileForm, UsernameForm
from accounts.http import SignedInRequest
from accounts.limits import limited
from accounts.mailed_codes import AGAIN
from accounts.models import User
from core import clock, errors
from core.request_bodies import length_of
from core.view_contract import open_to_all, open_to_banned, takes

ROOM_FOR_THE_REST_OF_THE_FORM = 100_000
LARGEST_CAMERA_FILE = 20_000_000


# --- Settings ---------------------------------------------------------------------------------------------------------


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        return _profile_page(request)
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return _profile_page(request, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        services.update_profile(
            user=request.user, actor=request.user, values=form.cleaned_data, seen=form.cleaned_data["seen"]
        )
    except ChangedMeanwhile as refusal:
        return _profile_page(request, form=_keep_typed(ProfileForm, form, _profile_initial(request)), changed=refusal)
    messages.success(request, "Your profile is saved.")
    return redirect("settings_profile")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: SignedInRequest) -> HttpResponse:
    """The list of the person's sessions; a POST ends all but this one. allauth's own view costs a query per session."""
    if request.method == "POST":
        services.end_sessions(user=request.user, keep=request.session.session_key)
        messages.success(request, "You are signed out everywhere else.")
        return redirect("usersessions_list")
    found = queries.sessions_of(request.user, now=clock.now())
    return render(request, "usersessions/usersession_list.html", {"sessions": found})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: SignedInRequest) -> HttpResponse:
    device = zones.device_zone(request)
    if request.method != "POST":
        form = PreferencesForm(initial=_preferences_initial(request), user=request.user, device=device)
        return _preferences_page(request, form)
    form = PreferencesForm(request.POST, user=request.user, device=device)
    if not form.is_valid():
        return _preferences_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        services.update_preferences(
            user=request.user, actor=request.user, values=form.cleaned_data, seen=form.cleaned_data["seen"]
        )
    except ChangedMeanwhile as refusal:
        kept = _keep_typed(PreferencesForm, form, _preferences_initial(request), user=request.user, device=device)
        return _preferences_page(request, kept, changed=refusal)
    messages.success(request, "Your preferences are saved.")
    return redirect("settings_preferences")


@never_cache
@login_required
@require_safe
def security(request: SignedInRequest) -> HttpResponse:
    context = {"overview": queries.security_overview(request.user), "offers_google": google_oauth.is_offered()}
    return render(request, "accounts/security.html", context)


@never_cache
@login_required
@require_POST
def photo_too_large(request: SignedInRequest) -> HttpResponse:
    """The answer to a photo that is too large.

    A browser reads it only after sending everything, so a body of a camera's size is read first, and thrown away.
    """
    if length_of(request) <= LARGEST_CAMERA_FILE:
        while request.read(64 * 1024):
            pass
    return _photo_page(request, photos.TOO_LARGE, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


@takes(most_bytes=photos.MAX_BYTES + ROOM_FOR_THE_REST_OF_THE_FORM, too_large=photo_too_large)
@never_cache
@login_required
@require_POST
def change_photo(request: SignedInRequest) -> HttpResponse:
    form = PhotoForm(request.POST, request.FILES)
    if not form.is_valid():
        return _profile_page(request, photo_form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        services.change_photo(user=request.user, actor=request.user, upload=form.cleaned_data["photo"])
    except PhotoRefused as refusal:
        return _photo_page(request, str(refusal), status=refusal.status)
    messages.success(request, "Your photo is saved.")
    return redirect("settings_profile")


@login_required
@require_POST
def remove_photo(request: SignedInRequest) -> HttpResponse:
    services.remove_photo(user=request.user, actor=request.user)
    messages.success(request, "Your photo is removed.")
    return redirect("settings_profile")


@login_required
@require_POST
def device_zone(request: SignedInRequest) -> HttpResponse:
    """Save the answer to 'Show times in Paris time?' and return to the page that asked."""
    try:
        services.answer_device_zone(
            user=request.user,
            actor=request.user,
            zone=request.POST.get("zone", ""),
            follow=request.POST.get("answer") == "yes",
        )
    except ValueError:
        return HttpResponse(
            "Choose a time zone from the list.", status=HTTPStatus.BAD_REQUEST, content_type="text/plain"
        )
    back = request.POST.get("next", "")
    return redirect(back if AccountAdapter(request).is_safe_url(back) else reverse("settings_preferences"))


def _newest(request: SignedInRequest) -> User:
    """The person's row as it is now, not as it was when the request came in."""
    return User.objects.get(pk=request.user.pk)


def _profile_initial(request: SignedInRequest) -> dict[str, Any]:
    user = _newest(request)
    return {"name": user.name, "phone": user.phone, "seen": services.fingerprint(user, services.PROFILE_FIELDS)}


def _preferences_initial(request: SignedInRequest) -> dict[str, Any]:
    user = _newest(request)
    initial = {field: getattr(user, field) for field in services.PREFERENCE_FIELDS}
    initial["uses_12h_clock"] = "12" if user.uses_12h_clock else "24"
    return {**initial, "seen": services.fingerprint(user, services.PREFERENCE_FIELDS)}


def _keep_typed(kind: type, form: Any, initial: dict[str, Any], **kwargs: Any) -> Any:
    """The form with its typed values and the fingerprint of the newest state, which sending it again overwrites."""
    data = form.data.copy()
    data["seen"] = initial["seen"]
    return kind(data, initial=initial, **kwargs)


def _profile_page(
    request: SignedInRequest,
    *,
    form: Any = None,
    photo_form: Any = None,
    changed: Any = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    initial = _profile_initial(request)
    context = {
        "form": form or ProfileForm(initial=initial),
        "photo_form": photo_form or PhotoForm(),
        "changed": changed,
        "newest": initial,
    }
    return render(request, "accounts/profile.html", context, status=changed.status if changed else status)


def _photo_page(request: SignedInRequest, problem: str, *, status: int) -> HttpResponse:
    form = PhotoForm({})
    form.errors.clear()
    form.add_error("photo", problem)
    return _profile_page(request, photo_form=form, status=status)


def _preferences_page(
    request: SignedInRequest, form: PreferencesForm, *, changed: Any = None, status: int = HTTPStatus.OK
) -> HttpResponse:
    newest = _newest(request) if changed else None
    context = {"form": form, "changed": changed, "newest": newest, "now": clock.now()}
    return render(request, "accounts/preferences.html", context, status=changed.status if changed else status)


# --- Photos -----------------------------------------------------------------------------------------------------------


@require_safe
def photo(request: HttpRequest, name: str) -> HttpResponseBase:
    """A person's photo by its random name: for everybody signed in, for visitors where the person has a public page.

    Browsers keep a public photo for an hour. They ask for any other each time, and so show none after signing out. A
    sandbox policy keeps a file that is opened on its own from running scripts.
    """
    path = f"{photos.FOLDER}/{name}.webp"
    owner = User.objects.filter(photo=path, is_active=True).first()
    is_public = owner is not None and photos.is_public(owner)
    if owner is None or not (is_public or request.user.is_authenticated):
        raise Http404
    etag = f'"{name}"'  # a new picture has a new name
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    try:
        response = response or FileResponse(default_storage.open(path), content_type="image/webp")
    except FileNotFoundError:
        raise Http404 from None
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=3600" if is_public else "private, no-cache"
    response["Content-Disposition"] = "inline"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


# --- Passkeys ---------------------------------------------------------------------------------------------------------


class _OwnPasskey:
    """A mixin that finds a passkey of the person signed in by its public name in the address (`passkeys.name_of`)."""

    def get_object(self, queryset: Any = None) -> Authenticator:
        found = passkeys.find(self.get_queryset(), self.kwargs["key"])  # type: ignore[attr-defined]
        if found is None:
            raise Http404
        return found


class RenamePasskey(_OwnPasskey, webauthn_views.EditWebAuthnView):
    pass


class RemovePasskey(_OwnPasskey, webauthn_views.RemoveWebAuthnView):
    pass


# The script's question for a challenge is a GET, but each answer to a visitor is a new session.
sign_in_with_passkey = limited("passkey", methods=("GET", "HEAD"))(webauthn_views.login_webauthn)
rename_passkey = RenamePasskey.as_view()
remove_passkey = RemovePasskey.as_view()


# --- Links from our mails ---------------------------------------------------------------------------------------------


class ConfirmEmail(allauth_views.ConfirmEmailView):
    """allauth's page that confirms an address, except that a GET changes nothing and signs nobody out."""

    username_form: UsernameForm | None = None

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            self.object = self.get_object()
        except Http404:
            self.object = None
        if self.object and queries.is_username_taken(self.object.email_address.user.wanted_username):
            self.username_form = UsernameForm()
        return self.render_to_response(
            self.get_context_data(), status=HTTPStatus.OK if self.object else HTTPStatus.GONE
        )

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        self.request.user.is_authenticated  # noqa: B018  looked up now: with a new address the session reads as ended
        try:
            address = self.get_object().email_address
        except Http404:
            self.object = None
            return self.render_to_response(self.get_context_data(), status=HTTPStatus.GONE)
        if not self._takes_username(address.user):
            self.object = EmailConfirmationHMAC(address)
            return self.render_to_response(self.get_context_data(), status=HTTPStatus.UNPROCESSABLE_ENTITY)
        if User.objects.filter(email=address.email).exclude(pk=address.user_id).exists():
            services.discard_unconfirmed_account(email=address.email)
        first = address.user.email is None
        try:
            with transaction.atomic():
                answer = super().post(*args, **kwargs)
            if first:  # their sessions name an account without an address, and read as ended
                services.end_sessions(user=address.user)
            return answer
        except IntegrityError:  # the address became somebody else's meanwhile
            self.object = None
            return self.render_to_response(self.get_context_data(), status=HTTPStatus.GONE)

    def _takes_username(self, person: User) -> bool:
        """Give the person the username that they wanted, or type now because somebody else has that one by now.

        False where they have to choose another one, or say that they go without: `username_form` is the form for that.
        """
        if not person.wanted_username or self.request.POST.get("do") == "without":
            if person.wanted_username:
                services.drop_wanted_username(user=person)
            return True
        form = UsernameForm({"username": self.request.POST.get("username", person.wanted_username)})
        self.username_form = form
        if not form.is_valid():
            return False
        try:
            services.claim_username(user=person, username=form.cleaned_data["username"])
        except FieldsRefused as refusal:
            form.add_error("username", refusal.errors["username"])
        except UsernameTaken as refusal:
            form.add_error("username", str(refusal))
        return form.is_valid()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"username_form": self.username_form}

    def get_object(self, queryset: Any = None) -> EmailConfirmationHMAC:
        try:
            key = url_secrets.unseal(self.kwargs["key"])
        except url_secrets.CannotDecrypt:
            raise Http404 from None
        confirmation = EmailConfirmationHMAC.from_key(key)
        if confirmation is None or not confirmation.email_address.user.is_active:
            raise Http404
        return confirmation


class ConfirmLoginCode(allauth_views.ConfirmLoginCodeView):
    """allauth's page that asks for a mailed code; it also says why a password alone was not enough."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        state = self._process.state
        wait = 0
        if after_password := state.get("after_password", False):
            wait = sign_in_limits.wait_for_password_alone(self.request, email=state["email"])
        return super().get_context_data(**kwargs) | {"after_password": after_password, "minutes": -(-wait // 60)}


class _ThenSaysSo:
    """A mixin for views that lead on to a page saying what was done, with the way back in its address."""

    def get_success_url(self) -> str:
        return self.passthrough_next_url(str(self.success_url))  # type: ignore[attr-defined]


class AskForReset(_ThenSaysSo, allauth_views.PasswordResetView):
    pass


class ResetPassword(_ThenSaysSo, allauth_views.PasswordResetFromKeyView):
    """allauth's page for a new password, except that only the POST signs out another account signed in here."""

    def logout(self) -> None:
        if self.request.method == "POST":
            super().logout()


class ReauthenticateByMail(allauth_views.BaseReauthenticateView):
    """The page on which somebody without a password types a mailed code, before they touch their account's security."""

    form_class = MailedCodeForm
    template_name = "account/reauthenticate_by_mail.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        person = self.request.user
        return super().get_form_kwargs() | {"mailed": AGAIN, "request": self.request, "about": str(person.pk)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"is_sent": AGAIN.is_sent(self.request)}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("do") != "code":
            return super().post(request, *args, **kwargs)
        person = authenticated_user(request)
        if refused := sign_in_limits.over(request, "again_code", key=person.email):
            return refused
        AGAIN.send(request, to=person.email, about=str(person.pk))
        return redirect(self.passthrough_next_url(request.path))

    def form_valid(self, form: MailedCodeForm) -> HttpResponse:
        AGAIN.forget(self.request)
        record_authentication(self.request, self.request.user, "mailed_code", reauthenticated=True)
        return super().form_valid(form)


confirm_email = never_cache(ConfirmEmail.as_view())
confirm_login_code = ConfirmLoginCode.as_view()
ask_for_reset = AskForReset.as_view()
reset_password = never_cache(ResetPassword.as_view())
# Who is banned may have a copy of their data, and confirms for it that it is they.
reauthenticate = open_to_banned(allauth_views.reauthenticate)
reauthenticate_by_mail = open_to_banned(never_cache(login_required(ReauthenticateByMail.as_view())))
reauthenticate_by_code = open_to_banned(mfa_views.reauthenticate)
sign_out = open_to_all(allauth_views.LogoutView.as_view())


def too_many_requests(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The 429 answer of allauth's limits, with the time until there is room again."""
    return errors.too_many(request, seconds=sign_in_limits.wait_of_page(request) or sign_in_limits.A_MINUTE)
