"""The letter of a provider's next day."""

from datetime import datetime

from django.conf import settings

from appointments import links
from appointments.mail.letters import TEMPLATE, contact
from appointments.models import Appointment
from appointments.pages.labels import WILL_COME, badges
from appointments.pages.studio.digest import NextDay
from appointments.states import Role
from core import clock
from core.letters import Button, Item, Letter, Tone, When, page
from core.wording import clock_text, date_text, moment_text, range_text, why_repeated, zone_text
from notifications.text import one_line
from providers.models import Provider

# A longer day is listed without links, and from MOST on only counted: Gmail cuts a mail at 102 kB.
WITH_LINKS, MOST = 40, 150
WHY = "You get this mail because you asked for your next day in the evening before, on {}."
TONES: dict[str, Tone] = {"brand": "brand", "brass": "brass", "iris": "iris"}


def digest(provider: Provider, told: NextDay) -> Letter:
    """The letter about the day; `provider` comes with its user."""
    twelve = provider.user.uses_12h_clock
    said = f"{_count(len(told.confirmed), 'appointment')}" if told.confirmed else "nothing booked"
    listed = sorted([*told.confirmed, *told.requests], key=lambda one: (one.start, one.pk))
    now = clock.now()
    return Letter(
        subject=f"Tomorrow, {date_text(told.day)}: {said}",
        template=TEMPLATE,
        tone="brand" if told.confirmed else "brass" if told.requests else "slate",
        badge="Tomorrow",
        headline=f"{date_text(told.day, long=True)}: {said}.",
        preheader=_preheader(told, twelve),
        lead=(*_lead(told, twelve), *_waiting(told, twelve), *_rest(len(listed))),
        items=tuple(_item(one, told, twelve, now, links_too=len(listed) <= WITH_LINKS) for one in listed[:MOST]),
        button=Button("See the day", f"{page('studio_today')}?day={told.day.isoformat()}"),
        links=(
            *((Button("See what waits", page("studio_requests")),) if told.waiting else ()),
            Button("Change or end these mails", page("studio_digest")),
        ),
        contact=contact(None),
        why=WHY.format(settings.SITE_NAME),
    )


def _lead(told: NextDay, twelve: bool) -> list[str]:
    """The sentences about the day as a whole."""
    lines = []
    if told.confirmed:
        lines.append(f"{_span(told, twelve)}, {zone_text(told.zone)}.")
        come = told.will_come
        if come == len(told.confirmed):
            lines.append("All of them said that they will come." if come > 1 else "They said that they will come.")
        elif come:
            lines.append(f"{come} of {len(told.confirmed)} said that they will come.")
    if told.requests:
        verb = "waits" if len(told.requests) == 1 else "wait"
        lines.append(f"{_count(len(told.requests), 'request')} for that day {verb} for your answer.")
    if told.is_off:
        lines.append("You are off all day.")
    elif told.off:
        times = ", and ".join(f"from {_at(start, told, twelve)} to {_at(end, told, twelve)}" for start, end in told.off)
        lines.append(f"You are off {times}.")
    if not told.confirmed:
        lines.append(f"All times are {zone_text(told.zone)}.")
    return lines


def _span(told: NextDay, twelve: bool) -> str:
    """From when to when there are appointments on the day, with the date of what begins or ends on another one."""
    first, last = told.confirmed[0].start, max(one.end for one in told.confirmed)
    since, until = (_named(moment, told, twelve) for moment in (first, last))
    return f"From {since} to {until}"


def _named(moment: datetime, told: NextDay, twelve: bool) -> str:
    """The time of a moment; with its date where it is not on the day."""
    if clock.local(moment, told.zone).date() == told.day:
        return _at(moment, told, twelve)
    return moment_text(moment, told.zone, twelve=twelve, spoken=True)


def _rest(listed: int) -> list[str]:
    return (
        [f"The list has the first {MOST}, and {listed - MOST} more are on the page of the day."]
        if listed > MOST
        else []
    )


def _waiting(told: NextDay, twelve: bool) -> list[str]:
    """The sentences about all that waits for the provider, on whatever day."""
    if not told.waiting:
        return []
    verb = "waits" if told.waiting == 1 else "wait"
    lines = [f"In all, {_count(told.waiting, 'request or new time', 'requests and new times')} {verb} for your answer."]
    if told.due:
        until = moment_text(told.due[0], told.zone, twelve=twelve, spoken=True)
        which = "It expires" if told.waiting == 1 else "The first expires"
        lines.append(f"{which} at {until}.")
    return lines


def _item(one: Appointment, told: NextDay, twelve: bool, now: datetime, *, links_too: bool) -> Item:
    labels = badges(one, Role.PROVIDER, now=now)
    label = labels[-1] if WILL_COME in labels else labels[0]
    return Item(
        tone=TONES.get(label.family, "slate"),
        badge=label.label,
        when=When("", _times(one, told, twelve), "", notes=_why_twice(one, told)),
        title=f"{one_line(one.customer.name, limit=60)}, {one_line(one.service.name)}",
        button=Button("Answer" if one.is_request else "See appointment", _address(one, now)) if links_too else None,
    )


def _times(one: Appointment, told: NextDay, twelve: bool) -> str:
    """The times of the appointment on the day; with its dates where it is on two."""
    start, end = (clock.local(moment, told.zone).date() for moment in (one.start, one.end))
    if start == end == told.day:
        return f"{_at(one.start, told, twelve)} to {_at(one.end, told, twelve)}"
    return range_text(one.start, one.end, told.zone, twelve=twelve, spoken=True)


def _why_twice(one: Appointment, told: NextDay) -> tuple[str, ...]:
    return tuple(dict.fromkeys(why for each in (one.start, one.end) if (why := why_repeated(each, told.zone))))


def _address(one: Appointment, now: datetime) -> str:
    return page("link", links.token_for(one, Role.PROVIDER, now=now))


def _preheader(told: NextDay, twelve: bool) -> str:
    named = ", ".join(f"{_named(one.start, told, twelve)} {one.customer.first_name}" for one in told.confirmed[:3])
    return f"{named}." if named else f"{zone_text(told.zone)}."


def _at(moment: datetime, told: NextDay, twelve: bool) -> str:
    return clock_text(moment, told.zone, twelve=twelve, spoken=True)


def _count(number: int, thing: str, things: str = "") -> str:
    return f"{number} {thing if number == 1 else things or f'{thing}s'}"
