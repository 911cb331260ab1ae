"""Services that change accounts: `from accounts import services`. None knows a request.

Pages and programs call the same ones; how a session begins in a browser is allauth's (see `accounts.adapters`).
"""

from .addresses import (
    ask_for_new_address,
    confirm_address,
    create_account,
    discard_unconfirmed_account,
    ensure_address_row,
    inherit_ban,
    link_of,
    mail_account_exists,
    mail_link,
    note_new_address,
)
from .invitations import create_invited, forget_invited, is_known, open_invited
from .mail import CODE_LASTS_MINUTES, mail_code_later, send_letter
from .passwords import change_password, check_password, password_errors, store_password
from .photo import change_photo, remove_photo, sweep_photos
from .profile import (
    PREFERENCE_FIELDS,
    PROFILE_FIELDS,
    SETTINGS_FIELDS,
    answer_device_zone,
    compare_calendar,
    fingerprint,
    update_preferences,
    update_profile,
    update_settings,
)
from .purging import ADMIN_LOG_KEPT, UNCONFIRMED_LASTS, forget_admin_log, purge
from .sessions import deactivate_account, end_access, end_sessions
from .sign_up import ADDRESS_TAKEN, SignedUp, sign_up
from .usernames import claim_username, drop_wanted_username

__all__ = [
    "ADDRESS_TAKEN",
    "ADMIN_LOG_KEPT",
    "CODE_LASTS_MINUTES",
    "PREFERENCE_FIELDS",
    "PROFILE_FIELDS",
    "SETTINGS_FIELDS",
    "UNCONFIRMED_LASTS",
    "SignedUp",
    "answer_device_zone",
    "ask_for_new_address",
    "change_password",
    "change_photo",
    "check_password",
    "claim_username",
    "compare_calendar",
    "confirm_address",
    "create_account",
    "create_invited",
    "deactivate_account",
    "discard_unconfirmed_account",
    "drop_wanted_username",
    "end_access",
    "end_sessions",
    "ensure_address_row",
    "fingerprint",
    "forget_admin_log",
    "forget_invited",
    "inherit_ban",
    "is_known",
    "link_of",
    "mail_account_exists",
    "mail_code_later",
    "mail_link",
    "note_new_address",
    "open_invited",
    "password_errors",
    "purge",
    "remove_photo",
    "send_letter",
    "sign_up",
    "store_password",
    "sweep_photos",
    "update_preferences",
    "update_profile",
    "update_settings",
]
