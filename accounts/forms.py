"""Forms of the account pages: allauth's with our words and rules, and our own for profile and preferences."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from phonenumber_field.formfields import PhoneNumberField

from accounts import after_login, queries, services, zones
from accounts.exceptions import AddressTaken
from accounts.mailed_codes import LEAVING, MailedCode
from accounts.models import LANGUAGES, LONGEST_USERNAME, USERNAME_WORDS, Theme, User, Weekday
from core import clock
from core.forms import LineField, ZoneField

PASSWORD_HINT = "At least 8 characters. A few words in a row are easier to remember and harder to guess."


def _say(form: forms.Form, **words: dict[str, str]) -> None:
    """Put our labels and hints on allauth's fields, and remove placeholders, which would repeat the label."""
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        said = words.get(name, {})
        field.label = said.get("label", field.label)
        field.help_text = said.get("hint", "")
    if "email" in form.fields:
        form.fields["email"].error_messages.update(EMAIL_ERRORS)
        form.fields["email"].validators.append(_fits_an_address)  # allauth would cut a longer one


_fits_an_address = MaxLengthValidator(254, "Enter an email address of at most 254 characters.")
EMAIL_ERRORS = {"required": "Enter your email address.", "invalid": "Enter an email address, like name@example.com."}


class LoginForm(allauth_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, login={"label": "Email"}, password={"label": "Password"}, remember={"label": "Keep me signed in"})
        self.fields["login"].error_messages.update(EMAIL_ERRORS)
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        self.fields["password"].error_messages["required"] = "Enter your password."


class SignupForm(allauth_forms.SignupForm):
    """The sign-up form. A known address gets the answer of a new one, in the same time, but another mail."""

    name = LineField(label="Name", max_length=120, error_messages={"required": "Enter your name."})
    field_order = ["name", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, email={"label": "Email"}, password1={"label": "Password", "hint": PASSWORD_HINT})
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["password1"].error_messages["required"] = "Choose a password."

    def validate_unique_email(self, value: str) -> str:
        # Where the page may not say it, it is found out by making the account: that takes as long for a known address.
        if settings.EMAIL_CONFIRMATION == "later" and queries.is_address_taken(value):
            raise ValidationError(services.ADDRESS_TAKEN)
        return value

    def clean(self) -> dict[str, Any]:
        cleaned = super(allauth_forms.SignupForm, self).clean()  # allauth's own checks the password without the name
        if password := cleaned.get("password1"):
            known = {"email": cleaned.get("email"), "name": cleaned.get("name") or ""}
            for error in services.password_errors(password, **known):
                self.add_error("password1", error)
        return cleaned

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if back := after_login.way_back(request):
            after_login.remember(request, back)  # the next page has no `next`
        try:
            return super().try_save(request)
        except AddressTaken:
            if settings.EMAIL_CONFIRMATION == "later":
                messages.error(request, services.ADDRESS_TAKEN)
                return None, redirect("account_login")
            self.account_already_exists = True
            return super().try_save(request)

    def save(self, request: HttpRequest) -> User:
        return services.create_account(
            email=self.cleaned_data["email"],
            name=self.cleaned_data["name"],
            password=self.cleaned_data["password1"],
            zone=zone_of_newcomer(request),
        )


def zone_of_newcomer(request: HttpRequest) -> str:
    """The zone of the device, else that in which the time they are about to book was chosen; empty for neither."""
    chosen = after_login.chosen_time_of(request)
    return zones.device_zone(request) or (chosen.chosen_in if chosen else "")


class AddEmailForm(allauth_forms.AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(
            self,
            email={
                "label": "New email address",
                "hint": "We send a link there. Your address changes when you open it.",
            },
        )

    def save(self, request: HttpRequest) -> EmailAddress:
        """Note the address and mail the link to it, as often as that is allowed."""
        address = services.note_new_address(user=self.user, email=self.cleaned_data["email"])
        send_verification_email_to_address(request, address)
        return address


class ChangePasswordForm(allauth_forms.ChangePasswordForm):
    """The form that changes a password. The new one is typed once and shown on request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        _say(
            self,
            oldpassword={"label": "Current password"},
            password1={"label": "New password", "hint": PASSWORD_HINT},
        )


class SetPasswordForm(allauth_forms.SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        _say(self, password1={"label": "Password", "hint": PASSWORD_HINT})


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, email={"label": "Email"})


class ResetPasswordKeyForm(allauth_forms.ResetPasswordKeyForm):
    """The form behind a reset link. Only the owner of the mailbox has the link, so saving also confirms the address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        _say(self, password1={"label": "New password", "hint": PASSWORD_HINT})

    def save(self) -> None:
        with transaction.atomic():
            super().save()
            if not self.user.email_confirmed:
                services.confirm_address(user=self.user, email=self.user.email, now=clock.now())
            services.end_sessions(user=self.user)


class UserTokenForm(allauth_forms.UserTokenForm):
    def _get_user(self, uidb36: str) -> User | None:
        """The account of a reset link, which names it by its uuid; None where there is none."""
        try:
            return User.objects.filter(uuid=uidb36, is_active=True).first()
        except (ValidationError, ValueError):
            return None


class ReauthenticateForm(allauth_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, password={"label": "Password"})


class RequestLoginCodeForm(allauth_forms.RequestLoginCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, email={"label": "Email"})

    def clean_email(self) -> str:
        """The address. An unconfirmed account gets no code: somebody else may have chosen its password."""
        email = super().clean_email()
        found: User | None = self._user  # type: ignore[has-type]
        self._user = found if found is not None and found.email_confirmed else None
        return email


class UsernameForm(forms.Form):
    """The form of a link's page whose person wanted a username that somebody else has by now."""

    username = forms.CharField(
        label="Username for programs",
        help_text=USERNAME_WORDS,
        max_length=LONGEST_USERNAME,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": "Choose a username, or go without one."},
    )


class ConfirmLoginCodeForm(allauth_forms.ConfirmLoginCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, code={"label": "Code from our email"})


class MailedCodeForm(forms.Form):
    """A code that was mailed in this session, about `about` (see `mailed_codes`)."""

    code = forms.CharField(
        label="Code from our email",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": "Enter the code from our email."},
    )

    def __init__(self, *args: Any, mailed: MailedCode, request: HttpRequest, about: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mailed, self.request, self.about = mailed, request, about

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        if not self.mailed.matches(self.request, code, about=self.about):
            raise ValidationError("That code is not right. Check the newest email, or ask for another code.")
        return code


class _CodeWords(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(
            self,
            code={"label": "Code", "hint": "Six digits from your authenticator app, or one of your recovery codes."},
        )


class ActivateTOTPForm(totp_forms.ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, code={"label": "Code from the app"})
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class AuthenticateForm(_CodeWords, mfa_forms.AuthenticateForm):
    pass


class MFAReauthenticateForm(_CodeWords, mfa_forms.ReauthenticateForm):
    pass


class CredentialField(forms.JSONField):
    """A field for the JSON that the browser's passkey dialog returns; JSON nested too deep to parse is an error."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError:
            raise ValidationError(NO_PASSKEY) from None


NO_PASSKEY = "That passkey did not work here. Try again, or sign in another way."


class _CalmAboutCredentials:
    """A mixin that turns the errors which libraries raise for a made-up passkey into a validation error."""

    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            raise ValidationError(NO_PASSKEY) from None


class AuthenticateWebAuthnForm(_CalmAboutCredentials, webauthn_forms.AuthenticateWebAuthnForm):
    credential = CredentialField()


class LoginWebAuthnForm(_CalmAboutCredentials, webauthn_forms.LoginWebAuthnForm):
    credential = CredentialField()


class ReauthenticateWebAuthnForm(_CalmAboutCredentials, webauthn_forms.ReauthenticateWebAuthnForm):
    credential = CredentialField()


class AddWebAuthnForm(webauthn_forms.AddWebAuthnForm):
    credential = CredentialField()
    name = LineField(max_length=60, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(
            self,
            name={"label": "Name of this key", "hint": "So that you can tell your keys apart, like “Phone”."},
            passwordless={"label": "Let this key sign me in without a password"},
        )

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except ValidationError:
            raise
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            raise ValidationError(NO_PASSKEY) from None


class EditWebAuthnForm(webauthn_forms.EditWebAuthnForm):
    name = LineField(label="Name of this key", max_length=60)


# --- Settings ---------------------------------------------------------------------------------------------------------


class ProfileForm(forms.Form):
    name = LineField(
        label="Name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your name."},
    )
    phone = PhoneNumberField(
        label="Phone",
        required=False,
        help_text="With the country, like +44 20 7946 0011. A provider sees it once you have an appointment.",
        error_messages={"invalid": "Enter a phone number with its country, like +44 20 7946 0011."},
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel", "type": "tel"}),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)


class PreferencesForm(forms.Form):
    time_zone = ZoneField(label="Time zone")
    language = forms.ChoiceField(label="Language", choices=LANGUAGES)
    uses_12h_clock = forms.TypedChoiceField(
        label="Clock",
        choices=[("24", "24 hours, like 14:20"), ("12", "12 hours, like 2:20 pm")],
        coerce=lambda hours: hours == "12",
    )
    first_weekday = forms.TypedChoiceField(label="Week starts on", choices=Weekday.choices, coerce=int)
    theme = forms.ChoiceField(label="Colours", choices=Theme.choices)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, user: User, device: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields["time_zone"]
        assert isinstance(zone, ZoneField)
        zone.choices = zone_options(user.time_zone, device, twelve_hour=user.uses_12h_clock)


def zone_options(*first: str | None, twelve_hour: bool = False) -> list[Any]:
    """Choices of a zone select: the zones in `first` with their time now, then all others."""
    now = clock.now()
    near = list(dict.fromkeys(name for name in first if name))
    named = [(name, clock.zone_label_now(name, now, twelve_hour=twelve_hour)) for name in near]
    others = [choice for choice in clock.zone_choices() if choice[0] not in near]
    return [("Yours", named), ("All time zones", others)] if named else others


class LeavingForm(forms.Form):
    """The yes to deleting one's account: a password, or a code where one was mailed; and what the page showed."""

    password = forms.CharField(
        label="Your password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
    )
    code = forms.CharField(
        label="Code from our email",
        help_text="Six digits. It works for 15 minutes, on this device.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": "Enter the code from our email."},
    )
    seen = forms.IntegerField(min_value=0, max_value=1000, widget=forms.HiddenInput)
    shown = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, request: HttpRequest, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.person = request, person
        self.by_code = LEAVING.is_sent(request)
        del self.fields["password" if self.by_code or not person.has_usable_password() else "code"]

    def clean_password(self) -> str:
        """The password. Raises ImmediateHttpResponse with the 429 page after too many wrong ones."""
        password = self.cleaned_data["password"]
        if not get_adapter().reauthenticate(self.person, password):
            raise ValidationError("That is not your password.")
        return password

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        if not LEAVING.matches(self.request, code, about=str(self.person.pk)):
            raise ValidationError("That code is not right. Check the newest email, or ask for another code.")
        return code


class PhotoForm(forms.Form):
    photo = forms.FileField(
        label="Choose a photo",
        help_text="PNG, JPEG or WebP, up to 5 MB. It is cut to a square.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        error_messages={"required": "Choose a photo first.", "empty": "The file is empty. Choose another one."},
        max_length=None,
    )
