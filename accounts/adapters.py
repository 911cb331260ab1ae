"""Adapters of allauth: mail through the outbox, secrets encrypted, answers that don't say who has an account."""

from datetime import datetime
from time import time
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import qrcode  # type: ignore[import-untyped]
from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.email_verification import consume_email_verification_rate_limit
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import url_str_to_user_pk
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.request import validate_host
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from qrcode.image.svg import SvgPathFillImage  # type: ignore[import-untyped]

from accounts import after_login, services, sign_in_limits
from accounts.client_ip import client_ip, network
from accounts.models import User
from core.encryption import decrypt, encrypt

KNOWN_DEVICE = "device"
KNOWN_DEVICE_DAYS = 365
# Minutes for which a mail is worth sending: as long as its link works, a little less for a code.
LASTS_MINUTES = {"account/email/login_code": 15}


def on_our_site(url: str) -> str:
    """The page of `url` at SITE_URL, so that a forged Host header never gets into a mail."""
    parts = urlsplit(url)
    return urljoin(settings.SITE_URL + "/", urlunsplit(("", "", parts.path, parts.query, parts.fragment)))


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "This account is closed.",
        "email_password_mismatch": (
            "That email and password do not match an account. If you have just signed up, "
            "open the link in our email first."
        ),
        "enter_current_password": "That is not your current password.",
        "incorrect_password": "That is not your password.",
        "incorrect_code": "That code is not right. Check the newest email or your app, and type it again.",
        "invalid_password_reset": "This link no longer works.",
        "too_many_login_attempts": "Too many tries. Wait a quarter of an hour, then try again.",
        "duplicate_email": "This is your address already.",
        "rate_limited": "Too many tries. Wait a quarter of an hour, then try again.",
    }

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        assert isinstance(user, User)
        services.store_password(user=user, password=password)

    def clean_password(self, password: str, user: AbstractBaseUser | None = None) -> str:
        """The password, if it may be one. Raises ValidationError (see `services.password_errors`)."""
        known = user if isinstance(user, User) else User()
        if errors := services.password_errors(password, email=known.email, username=known.username, name=known.name):
            raise ValidationError(errors)
        return password

    # --- Who may come in --------------------------------------------------------------------------------------------

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """The account whose password was typed, None for a wrong password or an unconfirmed account.

        An unconfirmed account is mailed its link again. Past a limit raises ImmediateHttpResponse (`sign_in_limits`).
        """
        user = super().authenticate(request, **credentials)
        if self._try.is_in_vain:
            user = None
        if isinstance(user, User) and not user.address_suffices:
            self.send_link_again(request, user)
            user = None
        assert user is None or isinstance(user, User)
        if self._try.needs_code or (self._try.right_one_needs_code and user is not None):
            email = _email_of(credentials)
            raise ImmediateHttpResponse(sign_in_limits.ask_for_code(request, email=email, user=user))
        if user is not None:
            self._try.forgive()
        return user

    def send_link_again(self, request: HttpRequest, user: User) -> None:
        """Mail an unconfirmed account its link again, as often as that is allowed."""
        address, _ = EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True})
        if consume_email_verification_rate_limit(request, user.email):
            services.mail_link(address=address, is_sign_up=True, **self._asked(request, address.email))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        email = _email_of(credentials)
        known = self._is_known_device(request, email)
        self._try = sign_in_limits.count_try(request, email=email, on_known_device=known)

    def _rollback_login_failed_rl_usage(self) -> None:
        """Does nothing. allauth would take the try off its limit here, before our `authenticate` is done."""

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        sign_in_limits.forget_tries(request, email=_email_of(credentials))

    def _is_known_device(self, request: HttpRequest, email: str) -> bool:
        try:
            name, longest = settings.DEVICE_COOKIE_NAME, KNOWN_DEVICE_DAYS * 86400
            known = request.get_signed_cookie(name, salt=KNOWN_DEVICE, max_age=longest)
        except (KeyError, signing.BadSignature):
            return False
        return known == _device_mark(email)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request)

    # --- Signing in ---------------------------------------------------------------------------------------------------

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse | None:
        assert isinstance(user, User)
        services.ensure_address_row(user=user)
        if kwargs.get("redirect_url"):
            after_login.remember(request, kwargs["redirect_url"])  # for the steps in between
        return super().pre_login(request, user, **kwargs)

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse:
        assert isinstance(user, User)
        response = super().post_login(request, user, **kwargs)
        after_login.forget(request)
        if user.email is None:
            return response
        response.set_signed_cookie(
            settings.DEVICE_COOKIE_NAME,
            _device_mark(user.email),
            salt=KNOWN_DEVICE,
            max_age=KNOWN_DEVICE_DAYS * 86400,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return response

    def is_safe_url(self, url: str | None) -> bool:
        """Whether `url` is a page of this site: a path, or a whole address with our own host and scheme."""
        if not url or any(ord(character) < 33 for character in url) or "\\" in url:
            return False
        request = self.request
        parts = urlsplit(url) if not url.startswith("//") else None
        if parts is None or "@" in parts.netloc:
            return False
        if not parts.netloc and not url.startswith("/"):
            return False
        return validate_host(request.get_host().partition(":")[0], settings.ALLOWED_HOSTS) and (
            url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
        )

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        assert isinstance(request.user, User)
        return after_login.way_back(request) or after_login.start_page_of(request.user)

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def is_ajax(self, request: HttpRequest) -> bool:
        """Whether to answer in JSON: only for the script that asks for a passkey; all other pages are HTML."""
        match = request.resolver_match
        return match is not None and match.url_name == "mfa_login_webauthn" and super().is_ajax(request)

    # --- Asking again who it is ---------------------------------------------------------------------------------------

    def is_reauthentication_required(self, *, app: str = "", **kwargs: Any) -> bool:
        """Whether who touches their account's security has to show again that it is they.

        allauth lets those pass who have nothing but Google to sign in with. Here they type a code from their mailbox.
        """
        required = super().is_reauthentication_required(app=app, **kwargs)
        if required and self._has_only_the_mailbox(self.request.user) and not _was_asked_lately(self.request):
            raise ReauthenticationRequired
        return required

    def get_reauthentication_methods(self, user: AbstractBaseUser) -> list[dict[str, Any]]:
        if not self._has_only_the_mailbox(user):
            return super().get_reauthentication_methods(user)
        return [
            {
                "id": "reauthenticate_by_mail",
                "description": "Use a code by email",
                "url": reverse("reauthenticate_by_mail"),
            }
        ]

    def _has_only_the_mailbox(self, user: Any) -> bool:
        return user.is_authenticated and not user.has_usable_password() and not get_reauthentication_flows(user)

    # --- Links and mail -----------------------------------------------------------------------------------------------

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: EmailConfirmationHMAC) -> str:
        return services.link_of(emailconfirmation.email_address, way_back=after_login.way_back(request))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link of a reset, with the way back. It names the account by its uuid; allauth's key, by row number."""
        number, _, token = key.partition("-")
        user = User.objects.only("uuid").get(pk=url_str_to_user_pk(number))
        path = reverse("account_reset_password_from_key", args=[user.uuid.hex, token])
        return on_our_site(_with_the_way_back(path, self.request))

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        if self.request.user.is_authenticated:
            return self.get_login_redirect_url(self.request)
        return reverse("account_login")

    def send_confirmation_mail(
        self, request: HttpRequest, emailconfirmation: EmailConfirmationHMAC, signup: bool
    ) -> None:
        address = emailconfirmation.email_address
        services.mail_link(address=address, is_sign_up=signup, **self._asked(request, address.email))

    def send_account_already_exists_mail(self, email: str) -> None:
        services.mail_account_exists(
            to=email, asked_from=network(self.request), on_known_device=self._is_known_device(self.request, email)
        )

    def _asked(self, request: HttpRequest, email: str) -> dict[str, Any]:
        """What a service is told of the request for a link."""
        return {
            "asked_from": network(request),
            "on_known_device": self._is_known_device(request, email.lower()),
            "way_back": after_login.way_back(request),
        }

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Have the letter sent by a worker, so that the page waits for no mail server and its time tells nothing."""
        services.send_letter(
            letter=template_prefix,
            to=email,
            said={name: text for name, value in context.items() if (text := _as_text(name, value)) is not None},
            asked_from=network(self.request) if self.request else "",
            on_known_device=bool(self.request) and self._is_known_device(self.request, email.lower()),
            lasts_minutes=LASTS_MINUTES.get(template_prefix, app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS * 24 * 60),
        )


def _was_asked_lately(request: HttpRequest) -> bool:
    """Whether the person signed in has shown again, within allauth's time for that, that it is they."""
    records = get_authentication_records(request, request.user)
    moments = [record["at"] for record in records if record.get("reauthenticated")]
    return bool(moments) and time() - moments[-1] < app_settings.REAUTHENTICATION_TIMEOUT


def _as_text(name: str, value: Any) -> str | None:
    """A value of allauth's context as text for a letter: texts, addresses of our pages, moments; None for the rest."""
    if isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str):
        return None
    return on_our_site(value) if name.endswith("_url") else str(value)


def _with_the_way_back(path: str, request: HttpRequest) -> str:
    back = after_login.way_back(request)
    return path + ("?" + urlencode({"next": back}) if back else "")


def _email_of(credentials: dict[str, Any]) -> str:
    return credentials.get("email", "").lower()


def _device_mark(email: str) -> str:
    return signing.Signer(salt="accounts.device").signature(email.lower())


class MFAAdapter(DefaultMFAAdapter):
    """allauth's adapter of second steps; it encrypts TOTP secrets and the seeds of recovery codes at rest."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "add_email_blocked": "Your account has a second step, so a new address can't be added here.",
        "incorrect_code": "That code is not right. Wait for the next one in your app, and type it again.",
        "unverified_email": "Confirm your email address first.",
    }

    def _get_site_name(self) -> str:
        return settings.SITE_NAME

    def build_totp_svg(self, url: str) -> str:
        """The QR code as SVG, on white, so that a camera reads it in the dark theme, too."""
        drawing = qrcode.make(url, image_factory=SvgPathFillImage)
        return drawing.to_string(encoding="unicode")

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)
