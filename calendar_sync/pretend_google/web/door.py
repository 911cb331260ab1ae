"""The door for tests and soaks in other processes: JSON to arrange what a person or Google itself would do.

POST /pretend/<action> with the keywords of the action as JSON; GET /pretend/state tells what there is.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from calendar_sync.pretend_google.google import Google
from calendar_sync.pretend_google.refusals import OAuthRefusal, Refusal, invalid

from .messages import Request

Action = Callable[..., Any]


def _action(do: Action) -> Callable[[Google, Request], dict[str, Any]]:
    def handler(google: Google, request: Request) -> dict[str, Any]:
        try:
            return {"done": do(google, **request.json)}
        except (TypeError, ValueError, KeyError) as error:
            raise invalid(f"{type(error).__name__}: {error}") from None
        except OAuthRefusal as refusal:
            raise Refusal(404, refusal.error, refusal.description) from None

    return handler


def _account(google: Google, email: str, name: str, **more: Any) -> dict[str, Any]:
    return asdict(google.add_account(email, name, **more))


def _change_account(google: Google, who: str, **changes: Any) -> dict[str, Any]:
    account = google.accounts.get(who)
    if unknown := set(changes) - {"email", "name", "zone", "email_verified", "has_calendar"}:
        raise ValueError(f"an account has no {', '.join(sorted(unknown))}")
    for name, value in changes.items():
        setattr(account, name, value)
    return asdict(account)


def _connect(google: Google, who: str, scopes: list[str]) -> dict[str, Any]:
    return google.connect(who, scopes)


def _fault(google: Google, method: str, **how: Any) -> int:
    google.faults.add(method, **how)
    return len(google.faults.planned)


def _expire(google: Google, what: str, who: str = "", calendar_id: str = "") -> None:
    sub = google.accounts.get(who).sub if who else ""
    match what:
        case "sync_tokens":
            google.listing.expire_sync_tokens(calendar_id)
        case "access_tokens":
            google.tokens.expire_access(sub)
        case "refresh_tokens":
            google.tokens.kill_refresh(sub)
        case _:
            raise ValueError("sync_tokens, access_tokens or refresh_tokens expire")


def _pushes(google: Google, drop: int = 0, copies: int = 1, held: bool = False) -> None:
    channels = google.channels
    channels.drop, channels.copies = drop, copies
    if channels.held and not held:
        channels.release()
    channels.held = held


def _lists(google: Google, most_on_a_page: int = 2500, empty_pages: int = 0) -> None:
    google.listing.most_on_a_page, google.listing.empty_pages = most_on_a_page, empty_pages


def _freebusy_error(google: Google, calendar_id: str, reason: str = "") -> None:
    google.freebusy_errors[calendar_id] = reason


_ACTIONS: dict[str, Action] = {
    "add_account": _account,
    "change_account": _change_account,
    "connect": _connect,
    "revoke": Google.revoke,
    "add_calendar": Google.add_calendar,
    "remove_calendar": Google.remove_calendar,
    "calendars_of": Google.calendars_of,
    "share": Google.share,
    "put": Google.put,
    "invite": Google.invite,
    "change": Google.change,
    "remove": Google.remove,
    "answer": Google.answer,
    "entries": Google.entries,
    "fault": _fault,
    "no_more_faults": lambda google: google.faults.clear(),
    "expire": _expire,
    "pushes": _pushes,
    "lists": _lists,
    "freebusy_error": _freebusy_error,
    "advance": lambda google, seconds: google.clock.advance(seconds),
}
ACTIONS = {name: _action(do) for name, do in _ACTIONS.items()}


def state(google: Google, request: Request) -> dict[str, Any]:
    return {
        "accounts": [asdict(account) for account in google.accounts],
        "calls": [{"method": call.method, "status": call.status, "email": call.email} for call in google.calls],
        "channels": [channel.answered() for channel in google.channels.live()],
        "pushes_waiting": len(google.channels.waiting),
        "sent": [asdict(one) for one in google.events.sent],
        "faults": [asdict(fault) for fault in google.faults.planned],
        "now": google.clock.now().isoformat(),
    }
