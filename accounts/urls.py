"""URLs of settings, photos, signing in and signing up (allauth's, eleven of them with views of ours, one guarded)."""

from allauth.account import views as allauth_views
from allauth.account.decorators import reauthentication_required
from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path

from accounts import data_views, google_views, views

urlpatterns = [
    path("my/settings/", views.profile, name="settings_profile"),
    path("my/settings/preferences/", views.preferences, name="settings_preferences"),
    path("my/settings/security/", views.security, name="settings_security"),
    path("my/settings/data/", data_views.data, name="settings_data"),
    path("my/settings/data/copies/", data_views.ask_for_copy, name="settings_data_copy"),
    path("my/settings/data/copies/<uuid:copy>/", data_views.fetch_copy, name="settings_data_file"),
    path("my/settings/photo/", views.change_photo, name="settings_photo"),
    path("my/settings/photo/remove/", views.remove_photo, name="settings_photo_remove"),
    path("my/settings/zone/", views.device_zone, name="settings_zone"),
    re_path(r"^media/photos/(?P<name>[0-9a-f]{32})\.webp$", views.photo, name="photo"),
    re_path(r"^accounts/confirm-email/(?P<key>[-:\w]+)/$", views.confirm_email, name="account_confirm_email"),
    path("accounts/login/code/confirm/", views.confirm_login_code, name="account_confirm_login_code"),
    path("accounts/password/reset/", views.ask_for_reset, name="account_reset_password"),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.reset_password,
        name="account_reset_password_from_key",
    ),
    path("accounts/2fa/webauthn/login/", views.sign_in_with_passkey, name="mfa_login_webauthn"),
    path("accounts/2fa/webauthn/keys/<slug:key>/edit/", views.rename_passkey, name="mfa_edit_webauthn"),
    path("accounts/2fa/webauthn/keys/<slug:key>/remove/", views.remove_passkey, name="mfa_remove_webauthn"),
    path("accounts/reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("accounts/reauthenticate/mail/", views.reauthenticate_by_mail, name="reauthenticate_by_mail"),
    path("accounts/2fa/reauthenticate/", views.reauthenticate_by_code, name="mfa_reauthenticate"),
    # allauth asks nothing before it takes the first password of somebody who came by Google.
    path(
        "accounts/password/set/",
        login_required(reauthentication_required(allauth_views.password_set)),
        name="account_set_password",
    ),
    path("accounts/logout/", views.sign_out, name="account_logout"),
    path("accounts/sessions/", views.sessions, name="usersessions_list"),
    path("accounts/google/login/", google_views.sign_in, name="google_login"),
    path("accounts/google/login/callback/", google_views.callback, name="google_callback"),
    path("accounts/google/code/", google_views.prove_mailbox, name="google_code"),
    path("my/settings/security/google/connect/", google_views.connect, name="settings_google_connect"),
    path("my/settings/security/google/disconnect/", google_views.disconnect, name="settings_google_disconnect"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
]
