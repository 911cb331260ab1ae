"""What deleting an account would do, in counts and sentences: at once, after the days of grace, and for standing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from appointments.queries.leaving import Past
from appointments.rules.fair_use import LIMIT, Consequence
from appointments.rules.leaving import Ahead, Waiting
from appointments.states import Role
from core.wording import duration_text

from .consequences import LATE_NOTICE, WINDOW, ordinal


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence with its icon; `count` is its beginning, set apart."""

    icon: str
    count: str
    text: str


@dataclass(frozen=True, slots=True)
class Warning:
    """What the late cancellation would be, and how to avoid it."""

    headline: str
    details: str


@dataclass(frozen=True, slots=True)
class Leaving:
    """The whole page. `number` is that of the late cancellation, 0 for none, which the form sends back."""

    number: int
    warning: Warning | None
    at_once: Sequence[Line]
    later: Sequence[Line]

    @property
    def button(self) -> str:
        return "Delete my account and be suspended" if self.number >= LIMIT else "Delete my account"


def leaving_page(
    ahead: Sequence[Ahead], counts: Consequence, waiting: Waiting, past: Past, *, is_banned: bool, now: datetime
) -> Leaving:
    """What deleting means for what lies `ahead`, of which ending counts as `counts`. Asks no database."""
    return Leaving(
        number=counts.number,
        warning=_warning([one for one in ahead if one.counts], counts, now) if counts.is_late else None,
        at_once=[*_ended(ahead), *_given_up(waiting), *_staying(ahead), *_page_down(past), SIGNED_OUT],
        later=[ERASED, *_kept(past), _ban(is_banned or counts.bans)],
    )


SIGNED_OUT = Line("lock", "", "You are signed out everywhere, and your calendar link stops.")
ERASED = Line("trash", "", "Your name, email, phone, photo, messages and settings are erased.")


def _ended(ahead: Sequence[Ahead]) -> list[Line]:
    kinds = (
        (Role.CUSTOMER, False, "upcoming appointment", "cancelled", "The other side is told."),
        (Role.CUSTOMER, True, "request", "withdrawn", ""),
        (Role.PROVIDER, False, "appointment of your customers", "cancelled", "They are told."),
        (Role.PROVIDER, True, "request to you", "declined", "Whoever asked is told."),
    )
    lines = []
    for role, is_request, noun, done, told in kinds:
        number = sum(one.ends and one.role is role and one.is_request is is_request for one in ahead)
        if number:
            text = f"{'is' if number == 1 else 'are'} {done}. {told}".strip()
            lines.append(Line("x", _counted(number, noun), text))
    return lines


def _given_up(waiting: Waiting) -> list[Line]:
    kinds = (
        (waiting.places, "waitlist place", "withdrawn."),
        (waiting.on_theirs, "place on your waitlist", "ended. Whoever waits is told."),
        (waiting.offered, "time offered to you", "given up."),
        (waiting.offering, "time that you offer", "taken back."),
    )
    return [
        Line("x", _counted(number, noun), f"{'is' if number == 1 else 'are'} {done}")
        for number, noun, done in kinds
        if number
    ]


def _staying(ahead: Sequence[Ahead]) -> list[Line]:
    staying = [one for one in ahead if not one.ends and not one.is_request]
    if not staying:
        return []
    whom = " and ".join(dict.fromkeys(one.appointment.provider.first_name for one in staying))
    is_one = len(staying) == 1
    text = (
        f"{'starts' if is_one else 'start'} too soon to be cancelled here and "
        f"{'stays' if is_one else 'stay'}: {whom} expects you. If you can’t come, say so first."
    )
    return [Line("clock", _counted(len(staying), "appointment"), text)]


def _page_down(past: Past) -> list[Line]:
    return [Line("eye", "", "Your public page is taken down. Nobody finds or books you.")] if past.is_public else []


def _kept(past: Past) -> list[Line]:
    lines = []
    if past.as_customer:
        text = f"{_stays(past.as_customer)} with their providers, without your name."
        lines.append(Line("user", _counted(past.as_customer, "past appointment"), text))
    if past.as_provider:
        text = f"{_stays(past.as_provider)} with your customers, with the service and the price but without your name."
        lines.append(Line("user", _counted(past.as_provider, "appointment you gave"), text))
    if past.has_page:
        lines.append(Line("tag", "", "Your page, hours and time off are erased; of services the name and price stay."))
    return lines


def _ban(is_kept: bool) -> Line:
    if not is_kept:
        return Line("shield", "", "There is no open suspension, so nothing is kept to know you by.")
    return Line(
        "shield",
        "",
        "The suspension stays. Until it is lifted we keep a hash of your address, from which nobody can read it: "
        "an account made with the same address is suspended, too.",
    )


def _warning(late: Sequence[Ahead], counts: Consequence, now: datetime) -> Warning:
    headline = f"This counts as one late cancellation, your {ordinal(counts.number)} of {LIMIT} in {WINDOW}."
    if counts.bans:
        headline = f"This will be your {ordinal(counts.number)} late cancellation of {LIMIT}: booking is suspended."
    if len(late) == 1:
        [one] = late
        whom = one.appointment.provider if one.role is Role.CUSTOMER else one.appointment.customer
        left = duration_text(one.appointment.start - now)
        what = f"{one.appointment.service.name} with {whom.first_name}"
        details = f"{what} starts in {left}. Delete after it, and nothing counts."
    else:
        details = f"{len(late)} appointments start within {LATE_NOTICE}. Delete after them, and nothing counts."
    return Warning(headline, details)


def _counted(number: int, noun: str) -> str:
    many = re.sub("^(time|.*(?:appointment|request|place))", r"\1s", noun)
    return f"{number} {noun if number == 1 else many}"


def _stays(number: int) -> str:
    return "stays" if number == 1 else "stay"
