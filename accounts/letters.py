"""The letters of the account pages, by the names allauth has for them."""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.conf import settings

from core import wording
from core.letters import Button, Fact, Letter, Tone, page

# The facts of a letter by name: addresses of pages, a code, a moment as ISO text.
Said = Mapping[str, str]

ASKED = "You get this mail because somebody, we think you, asked for it with this address."
SECURITY = "You get this mail because it is about the security of your account. Such mails can't be turned off."


def _letter(
    *,
    subject: str,
    badge: str = "Your account",
    tone: Tone = "slate",
    headline: str,
    lead: tuple[str, ...],
    button: Button,
    facts: tuple[Fact, ...] = (),
    after: tuple[str, ...] = (),
    why: str,
) -> Letter:
    return Letter(
        subject=subject,
        badge=badge,
        tone=tone,
        headline=headline,
        preheader=lead[0],
        lead=lead,
        button=button,
        facts=facts,
        after=after,
        contact=f"Questions? Write to {settings.SUPPORT_EMAIL}.",
        why=why,
    )


def confirm_sign_up(said: Said) -> Letter:
    return _letter(
        subject=f"Confirm your email for {settings.SITE_NAME}",
        badge="One step left",
        tone="brass",
        headline="Is this your address?",
        lead=("Confirm it to finish your account. Then you can book, or offer your own time.",),
        button=Button("Confirm my email", said["activate_url"]),
        after=(
            "The link works for 3 days, on any device.",
            "If you did not ask for an account, do nothing: none is made.",
        ),
        why=ASKED,
    )


def confirm_change(said: Said) -> Letter:
    return _letter(
        subject=f"Confirm your new email for {settings.SITE_NAME}",
        badge="One step left",
        tone="brass",
        headline="Is this your new address?",
        lead=("Confirm it to sign in with it from now on. Until then nothing changes.",),
        button=Button("Confirm my new email", said["activate_url"]),
        after=(
            "The link works for 3 days.",
            "Other devices are signed out when you confirm.",
            "If you did not ask for this, do nothing.",
        ),
        why=ASKED,
    )


def account_exists(said: Said) -> Letter:
    return _letter(
        subject=f"You have an account at {settings.SITE_NAME}",
        headline="You have an account already",
        lead=(
            "Somebody, perhaps you, wanted to use this address for an account. There is one under it already.",
            "If it was you, sign in as before.",
        ),
        button=Button("Choose a new password", said["password_reset_url"]),
        after=("If it was not you, do nothing. Nobody has seen anything of your account.",),
        why=ASKED,
    )


def no_account(said: Said) -> Letter:
    return _letter(
        subject=f"No account under this address at {settings.SITE_NAME}",
        headline="There is no account under this address",
        lead=(
            "Somebody, perhaps you, asked to sign in with it. "
            "Perhaps you used another one, or have not confirmed it yet.",
        ),
        button=Button("Create an account", said["signup_url"]),
        after=("If it was not you, do nothing.",),
        why=ASKED,
    )


def sign_in_code(said: Said) -> Letter:
    return _letter(
        subject=f"Your code to sign in to {settings.SITE_NAME}",
        badge="Code",
        tone="brand",
        headline="Your code to sign in",
        lead=("It works once, for 15 minutes, on the page where you asked for it.",),
        button=Button("Go to that page", page("account_confirm_login_code")),
        facts=(Fact("Code", said["code"]),),
        after=(
            "Nobody from us asks you for this code.",
            "If you did not want to sign in, do nothing.",
        ),
        why=ASKED,
    )


def code_after_password(said: Said) -> Letter:
    return _letter(
        subject=f"Your code to sign in to {settings.SITE_NAME}",
        badge="Code",
        tone="brand",
        headline="Your code to sign in",
        lead=(
            "Somebody, we think you, signs in with your password on a new device. Many wrong passwords were typed for "
            "your account lately, so this device needs a code, too. It works once, for 15 minutes.",
        ),
        button=Button("Go to that page", page("account_confirm_login_code")),
        facts=(Fact("Code", said["code"]),),
        after=(
            "Nobody from us asks you for this code.",
            f"If this was not you, somebody knows your password. Choose a new one at {page('account_reset_password')}",
        ),
        why=SECURITY,
    )


def reset_link(said: Said) -> Letter:
    return _letter(
        subject=f"Choose a new password for {settings.SITE_NAME}",
        headline="Choose a new password",
        lead=("Your old password works until you have chosen a new one.",),
        button=Button("Choose a new password", said["password_reset_url"]),
        after=(
            "The link works once, for 3 days.",
            "If you did not ask for this, do nothing.",
        ),
        why=ASKED,
    )


def copy_ready(said: Said) -> Letter:
    return _letter(
        subject=f"Your data from {settings.SITE_NAME} is ready",
        badge="Ready",
        tone="brand",
        headline="The copy of your data is ready",
        lead=(f"Download it until {said['until']}. You sign in first, so that nobody else can.",),
        button=Button("Download my data", said["url"]),
        after=(
            "If you did not ask for this, somebody may be signed in as you. "
            f"Choose a new password at {page('account_reset_password')}",
        ),
        why=SECURITY,
    )


def leaving(said: Said) -> Letter:
    return _letter(
        subject=f"Your account is deleted on {said['day']}",
        badge="Deletion planned",
        tone="ruby",
        headline="Your account is closed, and will be erased",
        lead=(
            f"Nothing is erased before {said['until']}. Until then one press keeps your account.",
            "What was cancelled stays cancelled.",
        ),
        button=Button("Keep my account", said["url"]),
        after=(
            "You sign in first. Without it, there is nothing to do.",
            "If you did not delete your account, keep it, then choose a new password at "
            f"{page('account_reset_password')}",
        ),
        why=SECURITY,
    )


def leaving_code(said: Said) -> Letter:
    return _letter(
        subject=f"Your code to delete your account at {settings.SITE_NAME}",
        badge="Code",
        tone="ruby",
        headline="Your code to delete your account",
        lead=("It works once, for 15 minutes, on the page where you asked for it.",),
        button=Button("Go to that page", said["url"]),
        facts=(Fact("Code", said["code"]),),
        after=(
            "Nobody from us asks you for this code.",
            "If you did not want this, somebody is signed in as you. "
            f"Choose a new password at {page('account_reset_password')}",
        ),
        why=SECURITY,
    )


def google_code(said: Said) -> Letter:
    return _letter(
        subject=f"Your code for {settings.SITE_NAME}",
        badge="Code",
        tone="brand",
        headline="Is this your address?",
        lead=("Somebody, we think you, continues with Google. Type this code on the page where it was asked for.",),
        button=Button("Go to that page", said["url"]),
        facts=(Fact("Code", said["code"]),),
        after=(
            "It works once, for 15 minutes. Whoever types it can sign in with this address from then on.",
            "Nobody from us asks you for this code. If you did not want to sign in, do nothing.",
        ),
        why=ASKED,
    )


def again_code(said: Said) -> Letter:
    return _letter(
        subject=f"Your code for {settings.SITE_NAME}",
        badge="Code",
        tone="brand",
        headline="Is it you?",
        lead=("Somebody, we think you, is about to touch the security of your account. Type this code there.",),
        button=Button("Go to that page", said["url"]),
        facts=(Fact("Code", said["code"]),),
        after=(
            "It works once, for 15 minutes. Nobody from us asks you for this code.",
            f"If this was not you, somebody is signed in as you: sign out everywhere at {page('usersessions_list')}",
        ),
        why=SECURITY,
    )


def told(subject: str, headline: str, *lead: str) -> Callable[[Said], Letter]:
    """A letter about a change to an account's security: the change, when, from where, what to do if it was not you."""

    def letter(said: Said) -> Letter:
        facts = []
        if "timestamp" in said:
            when = datetime.fromisoformat(said["timestamp"])
            facts.append(Fact("When", f"{wording.moment_text(when, 'UTC', year=True)}, UTC"))
        if said.get("ip"):
            facts.append(Fact("From", said["ip"]))
        return _letter(
            subject=f"{subject} at {settings.SITE_NAME}",
            badge="Security",
            headline=headline,
            lead=tuple(line.format(**said) for line in lead),
            button=Button("See your security settings", page("settings_security")),
            facts=tuple(facts),
            after=(
                "If this was not you, somebody may know your password. "
                f"Choose a new one at {page('account_reset_password')}",
            ),
            why=SECURITY,
        )

    return letter


LETTERS: dict[str, Callable[[Said], Letter]] = {
    "account/email/email_confirmation_signup": confirm_sign_up,
    "account/email/email_confirmation": confirm_change,
    "account/email/account_already_exists": account_exists,
    "account/email/unknown_account": no_account,
    "account/email/login_code": sign_in_code,
    "account/email/code_after_password": code_after_password,
    "account/email/password_reset_key": reset_link,
    "account/email/password_reset": told(
        "Your password was reset", "Your password was reset", "Every device was signed out."
    ),
    "account/email/password_changed": told(
        "Your password was changed", "Your password was changed", "Your other devices were signed out."
    ),
    "account/email/password_set": told(
        "You have a password now", "You have a password now", "You can sign in with it."
    ),
    "account/email/email_changed": told(
        "Your email was changed",
        "Your email was changed",
        "You sign in with {to_email} now, no longer with {from_email}. Your other devices were signed out.",
    ),
    "account/email/email_deleted": told(
        "A change of email was dropped",
        "A change of email was dropped",
        "{deleted_email} will not become your address.",
    ),
    "accounts/token_used_twice": told(
        "A program was signed out of your account",
        "A program was signed out",
        "It used a token that had been replaced long ago, which somebody else may have copied. Its session has ended.",
        "If it is yours, sign in with it again.",
    ),
    "account/email/email_confirm": told("Your email is confirmed", "Your email is confirmed", "You can book now."),
    "accounts/copy_ready": copy_ready,
    "accounts/leaving": leaving,
    "accounts/leaving_code": leaving_code,
    "accounts/again_code": again_code,
    "accounts/google_code": google_code,
    "accounts/google_connected": told(
        "Google signs in to your account",
        "Google signs in to your account now",
        "{account} was connected to it.",
    ),
    "accounts/google_disconnected": told(
        "Google no longer signs in to your account",
        "Google no longer signs in to your account",
        "{account} was disconnected from it.",
    ),
    "accounts/kept": told("Your account stays", "Your account stays", "It is no longer going to be deleted."),
    "mfa/email/totp_activated": told(
        "An authenticator app was added",
        "An authenticator app was added",
        "Signing in now also needs a code from your app.",
    ),
    "mfa/email/totp_deactivated": told(
        "The authenticator app was removed",
        "The authenticator app was removed",
        "Signing in no longer needs a code from an app.",
    ),
    "mfa/email/recovery_codes_generated": told(
        "New recovery codes", "You have new recovery codes", "The old ones no longer work."
    ),
    "mfa/email/webauthn_added": told(
        "A key was added", "A key was added", "It can be used to sign in to your account."
    ),
    "mfa/email/webauthn_removed": told(
        "A key was removed", "A key was removed", "It no longer signs in to your account."
    ),
}

# Anybody can have these sent by typing an address, so they have a budget. The others tell what happened to an account.
ANYONE_MAY_ASK = frozenset(
    {
        "account/email/email_confirmation_signup",
        "account/email/email_confirmation",
        "account/email/account_already_exists",
        "account/email/unknown_account",
        "account/email/login_code",
        "account/email/password_reset_key",
        "accounts/google_code",
    }
)
