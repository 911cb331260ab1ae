"""Rows of sign-up, sign-in and settings. Each page shows the signed-in person: no address names one."""

from django.urls import reverse

from accounts import passkeys
from tests.access.table import Row, everyone, signed_in

FORM = signed_in("200")
UNFILLED = signed_in("422")
NOTICE = everyone("200")
READ_ONLY = everyone("405")
ASKED = everyone("go", V="200")
SENT = everyone("go", V="422")
TOKEN = {"uidb36": "1", "key": "not-a-token"}


OWN = signed_in("404", C="200")


def confirmed(world):
    world.addresses  # noqa: B018  - built when it is asked for
    return {}


def with_app(world):
    world.apps  # noqa: B018
    return confirmed(world)


def with_passkeys(world):
    world.passkeys  # noqa: B018
    return confirmed(world)


def with_google(world):
    world.google  # noqa: B018
    return {}


def no_code(world):
    return {"code": ""}


def photo(world):
    return {"name": world.photo}


def data_copy(world):
    return {"copy": world.data_copy.uuid}


def password_only(world, role, client):
    """Sign in anew, up to the right password: the second step is still to come."""
    client.logout()
    if role != "V":
        client.post(reverse("account_login"), {"login": world.people[role].email, "password": "pass"})


def long_ago(world, role, client):
    """Let the last password be so long ago that it is asked for again."""
    if role not in {"V", "X"}:
        session = client.session
        session["account_authentication_methods"][0]["at"] = 0
        session.save()


def passkey(world):
    return {"key": passkeys.name_of(world.passkey)}


ROWS = [
    Row("settings_profile", get=FORM, post=UNFILLED),
    Row("settings_preferences", get=FORM, post=UNFILLED),
    Row("settings_security", get=FORM, post=signed_in("405")),
    Row("settings_photo", get=signed_in("405"), post=UNFILLED),
    Row("settings_photo_remove", get=signed_in("405"), post=signed_in("go")),
    Row("settings_zone", get=signed_in("405"), post=signed_in("400")),
    # Who is banned may have a copy of their data, too.
    Row("settings_data", get=FORM | {"B": "200"}, post=signed_in("405", B="405")),
    Row("settings_data_copy", get=signed_in("405", B="405"), post=signed_in("go")),
    Row("settings_data_file", args=data_copy, get=OWN | {"B": "404"}, post=signed_in("405", B="405")),
    Row("settings_delete", get=FORM | {"B": "200"}, post=signed_in("422", B="422", SV="200", S="200", SU="200")),
    # Nobody of the world leaves: they are led to the page that says what leaving would do.
    Row("leaving", get=everyone("go", V="200", B="go"), post=READ_ONLY | {"B": "405"}),
    Row("leaving_keep", get=signed_in("405", B="405"), post=signed_in("go")),
    # The photo is C's, who has no provider page, so visitors can't see it.
    Row("photo", args=photo, get=everyone("200", V="404"), post=READ_ONLY),
    Row("account_login", get=ASKED, post=SENT),
    Row("account_signup", get=ASKED, post=SENT),
    Row("account_request_login_code", get=ASKED, post=SENT),
    Row("account_confirm_login_code", get=everyone("go"), post=everyone("go")),
    Row("account_logout", get=everyone("200", V="go", B="200"), post=everyone("go")),
    Row("account_inactive", get=NOTICE, post=READ_ONLY),
    Row("account_reauthenticate", get=FORM | {"B": "200"}, post=UNFILLED | {"B": "422"}),
    # Everybody here has a password, and is led to where it is typed.
    Row("reauthenticate_by_mail", get=signed_in("go"), post=signed_in("go")),
    Row("account_email", args=confirmed, get=FORM, post=signed_in("go")),
    Row("account_email_verification_sent", get=NOTICE, post=READ_ONLY),
    Row(
        "account_confirm_email",
        args=lambda world: {"key": "not-a-token"},
        get=everyone("410"),
        post=everyone("410"),
    ),
    Row("account_change_password", get=FORM, post=UNFILLED),
    Row("account_set_password", get=signed_in("go"), post=signed_in("go")),
    Row("account_reset_password", get=NOTICE, post=everyone("422")),
    Row("account_reset_password_done", get=NOTICE, post=READ_ONLY),
    Row("account_reset_password_from_key", args=lambda world: TOKEN, get=everyone("200"), post=everyone("422")),
    Row("account_reset_password_from_key_done", get=NOTICE, post=READ_ONLY),
    # Nobody has been at Google: a code without a state is refused, also to who is signed in, who starts at their page.
    Row("google_login", get=READ_ONLY, post=everyone("go")),
    Row("google_callback", get=everyone("400"), post=READ_ONLY),
    Row("google_code", get=everyone("go", V="login"), post=everyone("go", V="login")),
    Row("settings_google_connect", get=signed_in("405"), post=signed_in("go")),
    # Google signs in to C's account alone.
    Row("settings_google_disconnect", args=with_google, get=signed_in("go", C="200"), post=signed_in("go")),
    Row("usersessions_list", get=signed_in("200"), post=signed_in("go")),
    Row("mfa_index", get=FORM, post=signed_in("405")),
    # The password was right, and the code of the app is asked for.
    Row(
        "mfa_authenticate",
        args=with_app,
        first=password_only,
        data=no_code,
        get=FORM | {"B": "200"},
        post=UNFILLED | {"B": "422"},
    ),
    Row(
        "mfa_reauthenticate",
        args=with_app,
        first=long_ago,
        get=FORM | {"B": "200"},
        post=UNFILLED | {"B": "422"},
    ),
    # A malformed answer of a passkey leads back to sign-in.
    Row("mfa_reauthenticate_webauthn", args=with_passkeys, first=long_ago, get=FORM, post=everyone("login")),
    # The script of the sign-in page asks here; a browser that opens the address is sent to that page.
    Row("mfa_login_webauthn", get=everyone("go", V="login"), post=everyone("go", V="login")),
    Row("mfa_activate_totp", args=confirmed, get=FORM, post=UNFILLED),
    Row("mfa_deactivate_totp", args=with_app, get=FORM, post=signed_in("go")),
    # The GET stores that the codes were seen.
    Row("mfa_view_recovery_codes", args=with_app, get=FORM, post=signed_in("405"), notes="viewed_at"),
    Row("mfa_download_recovery_codes", args=with_app, get=FORM, post=signed_in("405"), notes="viewed_at"),
    Row("mfa_generate_recovery_codes", args=with_app, get=FORM, post=signed_in("go")),
    Row("mfa_list_webauthn", get=FORM, post=signed_in("405")),
    Row("mfa_add_webauthn", args=confirmed, get=FORM, post=UNFILLED),
    # For anybody but its owner there is no such passkey.
    Row("mfa_edit_webauthn", args=passkey, get=OWN, post=signed_in("404", C="422")),
    Row("mfa_remove_webauthn", args=passkey, get=OWN, post=signed_in("404", C="go")),
]
