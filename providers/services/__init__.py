"""Services that change a provider's page, services and open time: `from providers import services`.

Each takes the `actor`, opens its own transaction, locks the provider first (bookings wait for that lock) and publishes
`appointments.refresh_openings` when open time may have changed.
"""

from providers.services.catalogue import delete_service, move_service, pause_service, resume_service, save_service

from .allowances import apply_limits, hand_over_customer, lift_limits
from .blocks import block_customer, unblock_customer
from .drafts import draft_page
from .fee_rates import check_fee_rate, set_fee_rate, withdraw_fee_rate
from .locking import lock_provider, open_time_changed, refresh_openings
from .notes import change_note, delete_note, write_note
from .opening import add_date_hours, add_hours, dates_text, remove_override, save_override, set_working_hours
from .page import go_live, leave_calendar_for_later, pause_page, resume_page, save_policy, save_profile, start_page
from .page_decisions import decide_page, decisions_open
from .time_off import Written, check_time_off, remove_time_off, write_time_off

__all__ = [
    "Written",
    "add_date_hours",
    "add_hours",
    "apply_limits",
    "block_customer",
    "change_note",
    "check_fee_rate",
    "check_time_off",
    "dates_text",
    "delete_note",
    "decide_page",
    "decisions_open",
    "delete_service",
    "draft_page",
    "go_live",
    "hand_over_customer",
    "leave_calendar_for_later",
    "lift_limits",
    "lock_provider",
    "move_service",
    "open_time_changed",
    "pause_page",
    "pause_service",
    "refresh_openings",
    "remove_override",
    "remove_time_off",
    "resume_page",
    "resume_service",
    "save_override",
    "save_policy",
    "save_profile",
    "save_service",
    "set_fee_rate",
    "set_working_hours",
    "start_page",
    "unblock_customer",
    "withdraw_fee_rate",
    "write_note",
    "write_time_off",
]
