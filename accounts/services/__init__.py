"""Services that change accounts: `from accounts import services`. None knows a request.

Pages and programs call the same ones; how a session begins in a browser is allauth's (see `accounts.adapters`).
"""

from .addresses import confirm_address, create_account, discard_unconfirmed_account, ensure_address_row, inherit_ban
from .mail import CODE_LASTS_MINUTES, mail_code_later, send_letter
from .photo import change_photo, remove_photo, sweep_photos
from .profile import (
    PREFERENCE_FIELDS,
    PROFILE_FIELDS,
    answer_device_zone,
    compare_calendar,
    fingerprint,
    update_preferences,
    update_profile,
)
from .purging import ADMIN_LOG_KEPT, UNCONFIRMED_LASTS, forget_admin_log, purge
from .sessions import deactivate_account, end_sessions

__all__ = [
    "ADMIN_LOG_KEPT",
    "CODE_LASTS_MINUTES",
    "PREFERENCE_FIELDS",
    "PROFILE_FIELDS",
    "UNCONFIRMED_LASTS",
    "answer_device_zone",
    "change_photo",
    "compare_calendar",
    "confirm_address",
    "create_account",
    "deactivate_account",
    "discard_unconfirmed_account",
    "end_sessions",
    "ensure_address_row",
    "fingerprint",
    "forget_admin_log",
    "inherit_ban",
    "mail_code_later",
    "purge",
    "remove_photo",
    "send_letter",
    "sweep_photos",
    "update_preferences",
    "update_profile",
]
