"""People's own events in their connected calendars at Google, and what they change there: a source of
`calendar_sync.hooks` that is its owner's alone."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.models import User
from appointments.exceptions import EventGone, EventRefused, InsideChanged
from appointments.models import OwnEvent
from appointments.rules.own_events import Details, check_details, details_of
from appointments.services.own_events import (
    change_own_event,
    delete_own_event,
    what_is_offered_inside,
    what_lies_inside,
)
from calendar_sync.exceptions import NotFollowed
from calendar_sync.hooks import Asked, Edited
from calendar_sync.rules.entries import Entry
from calendar_sync.services import written
from calendar_sync.states import Edit
from core import clock
from core.letters import page
from core.wording import moment_text
from providers.exceptions import ChangedMeanwhile
from providers.queries import provider_of

name = "own_event"
word = "Your event"
A_DAY = timedelta(days=1)


def write(keys: Collection[UUID], *, owner: int) -> None:
    """Have the calendar of the owner compared with these events of theirs, or with that they are gone."""
    person = User.objects.filter(pk=owner).first()
    if person is None:
        return
    there = set(OwnEvent.objects.filter(uuid__in=keys, user=person).values_list("uuid", flat=True))
    if there:
        written.things_changed(source=name, keys=there, owners=[person])
    if gone := set(keys) - there:
        written.written_changed(source=name, keys=gone)


def entry(key: UUID, *, owner: User) -> Entry | None:
    """The entry of an own event, just as its owner wrote it; None where it was deleted."""
    row = _theirs(key, owner)
    return _entry(row, owner) if row else None


def ahead(owner: User, *, now: datetime) -> Collection[UUID]:
    """The keys of the person's own events that are not over."""
    return list(OwnEvent.objects.filter(user=owner, end__gt=now).values_list("uuid", flat=True))


def take_over(key: UUID, *, owner: User, edit: Edited) -> Entry | None:
    """Change or delete the event as its owner did at Google; returns the entry that stands now.

    Raises ChangedMeanwhile where the event is not as it was written, NotFollowed where it would lie over something that
    its owner has not seen, EventRefused.
    """
    row = _theirs(key, owner)
    if row is None and edit.kind == Edit.DELETED:
        return None
    if row is None or _entry(row, owner) != edit.entry:
        raise ChangedMeanwhile
    try:
        if edit.kind == Edit.DELETED:
            delete_own_event(event=row, actor=owner, version=row.version)
            return None
        details = _as_found(row, edit)
        saved = change_own_event(event=row, details=details, actor=owner, version=row.version)
    except EventGone:
        raise ChangedMeanwhile from None
    except InsideChanged:
        raise NotFollowed(_lies_over(row, details, owner, _desk(owner)[0])) from None
    return _entry(saved.event, owner)


def asked(key: UUID, *, owner: User, edit: Edited) -> Asked | None:
    """What a person is asked about an own event that could not be changed as they did at Google."""
    row = _theirs(key, owner)
    if row is None:
        return None
    zone, name_of_page = _desk(owner)
    address, follow, meaning, go = page(name_of_page, str(key)), "", "", "See the event"
    details = _moved(row, edit, zone) if edit.kind == Edit.MOVED else None
    if edit.kind == Edit.DELETED:
        follow, meaning = "Delete it here, too", "The time that it took is free again."
    elif details is not None and (refusal := _refusal(details)):
        meaning = refusal
    elif details is not None and _lies_over(row, details, owner, zone):
        address, go = f"{address}?{urlencode(_times(details, zone))}", "See what it lies over, and move it here"
    elif details is not None:
        follow, meaning = "Move it here, too", "Nothing that is agreed lies there."
    return Asked(title=row.name, zone=zone.key, follow=follow, meaning=meaning, address=address, go=go, is_own=True)


def follow(key: UUID, *, owner: User, edit: Edited) -> str:
    """Move or delete the event as its owner did at Google, and now says. Raises NotFollowed where it would lie over
    something, or is another by now."""
    row = _theirs(key, owner)
    if row is None:
        return "The event was deleted already."
    if not _is_same(row, edit):
        raise NotFollowed("The event is another one by now. Look at it first.")
    if edit.kind == Edit.DELETED:
        delete_own_event(event=row, actor=owner, version=row.version)
        return "The event is deleted."
    if edit.kind != Edit.MOVED:
        raise NotFollowed("Change it on its own page.")
    zone, _ = _desk(owner)
    details = _moved(row, edit, zone)
    try:
        change_own_event(event=row, details=details, actor=owner, version=row.version)
    except InsideChanged:
        raise NotFollowed(_lies_over(row, details, owner, zone)) from None
    return "The event is moved."


def _theirs(key: UUID, owner: User) -> OwnEvent | None:
    return OwnEvent.objects.filter(uuid=key, user=owner).first()


def _entry(row: OwnEvent, owner: User) -> Entry:
    zone, name_of_page = _desk(owner)
    return Entry(
        start=row.start,
        end=row.end,
        zone=zone.key,
        title=row.title,
        text=row.description,
        place=row.place,
        address=page(name_of_page, str(row.uuid)),
        reminders=None,
        all_day=row.is_all_day,
        is_free=row.is_free,
    )


def _as_found(row: OwnEvent, edit: Edited) -> Details:
    """The event with what was changed at Google; a text that reads the same there stays as it was written here."""
    wrote, found = edit.wrote, edit.found
    assert wrote is not None and found is not None
    same_times = (wrote.start, wrote.end, wrote.all_day) == (found.start, found.end, found.all_day)
    return Details(
        title=row.title if found.title == wrote.title else found.title,
        start=row.start if same_times else found.start,
        end=row.end if same_times else found.end,
        is_all_day=row.is_all_day if same_times else found.all_day,
        place=row.place if found.place == wrote.place else found.place,
        description=row.description if found.text == wrote.text else found.text,
        is_free=found.is_free,
    )


def _moved(row: OwnEvent, edit: Edited, zone: ZoneInfo) -> Details:
    """The event at the times that it has at Google, whole days where these are."""
    assert edit.start is not None and edit.end is not None
    days = [clock.local(each, zone) for each in (edit.start, edit.end)]
    is_all_day = row.is_all_day and all(each == clock.day_bounds(each.date(), zone)[0] for each in days)
    return replace(details_of(row), start=edit.start, end=edit.end, is_all_day=is_all_day)


def _refusal(details: Details) -> str:
    """Why an event can't be so here, as a sentence; empty where it can."""
    try:
        check_details(details, now=clock.now())
    except EventRefused as refusal:
        return str(refusal)
    return ""


def _is_same(row: OwnEvent, edit: Edited) -> bool:
    """Whether the event still has the times that we wrote. At Google, whole days are those of the calendar's own zone,
    so that they may lie less than a day apart."""
    if row.is_all_day:
        return abs(row.start - edit.was_start) < A_DAY and abs(row.end - edit.was_end) < A_DAY
    return (row.start, row.end) == (edit.was_start, edit.was_end)


def _lies_over(row: OwnEvent, details: Details, owner: User, zone: ZoneInfo) -> str:
    """What the event would lie over that it does not lie over now, as a sentence; empty where there is nothing."""
    claims = what_lies_inside(owner, details, now=clock.now(), besides=details_of(row))
    if not claims:
        offered = what_is_offered_inside(owner, details, now=clock.now())
        if not offered:
            return ""
        start = moment_text(offered[0].start, zone, twelve=owner.uses_12h_clock)
        return f"There it lies over a time that you offer to somebody, {start}."
    # Nobody's name: the sentence is kept, and may outlive an account.
    start = moment_text(claims[0].start, zone, twelve=owner.uses_12h_clock)
    more = f", and over {len(claims) - 1} more" if len(claims) > 1 else ""
    return f"There it lies over something that is agreed or asked for, {start}{more}."


def _times(details: Details, zone: ZoneInfo) -> dict[str, str]:
    """The times as the page of an event takes them from its address."""
    start, end = clock.local(details.start, zone), clock.local(details.end, zone)
    if details.is_all_day:
        last = (end - A_DAY).date()
        return {"date": start.date().isoformat(), "until": last.isoformat()}
    return {
        "date": start.date().isoformat(),
        "start": f"{start:%H:%M}",
        "until": end.date().isoformat(),
        "end": f"{end:%H:%M}",
    }


def _desk(owner: User) -> tuple[ZoneInfo, str]:
    """The zone in which the owner reads their events, which is that of their calendar where they are a provider, and
    the name of an event's page. One query."""
    provider = provider_of(owner)
    is_booked = provider is not None and not provider.is_draft
    return (provider.zone, "studio_event") if provider and is_booked else (owner.zone, "my_event")
