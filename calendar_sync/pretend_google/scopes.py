"""Scopes: what they are called, which a person can leave out, and which of them a method of the calendar accepts."""

from collections.abc import Iterable

OPENID = "openid"
EMAIL = "https://www.googleapis.com/auth/userinfo.email"
PROFILE = "https://www.googleapis.com/auth/userinfo.profile"
SIGN_IN = frozenset({OPENID, EMAIL, PROFILE})
CALENDAR = "https://www.googleapis.com/auth/calendar"

# scope of the calendar, without its prefix -> how the page of consent puts it
WORDS = {
    "": "See, edit, share and permanently delete all the calendars you can access using Google Calendar",
    "app.created": "Make secondary Google calendars, and see, create, change and delete events on them",
    "calendarlist": "See, add and remove Google calendars you’re subscribed to",
    "calendarlist.readonly": "See the list of Google calendars you’re subscribed to",
    "calendars": "See and change the properties of Google calendars you have access to, and create secondary calendars",
    "calendars.readonly": "See the title, description, default time zone and other properties of Google calendars",
    "events": "View and edit events on all your calendars",
    "events.freebusy": "See the availability on Google calendars you have access to",
    "events.owned": "See, create, change and delete events on Google calendars you own",
    "events.owned.readonly": "See the events on Google calendars you own",
    "events.readonly": "View events on all your calendars",
    "freebusy": "View your availability in your calendars",
    "readonly": "See and download any calendar you can access using your Google Calendar",
}


def calendar_scope(short: str) -> str:
    return f"{CALENDAR}.{short}" if short else CALENDAR


_ALIASES = {"email": EMAIL, "profile": PROFILE}
KNOWN = SIGN_IN | {calendar_scope(short) for short in WORDS}

_READS = "readonly events events.readonly events.freebusy events.owned events.owned.readonly app.created"
_WRITES = "events events.owned app.created"
# method -> scopes of which one is enough, as in Google's discovery document; the whole calendar is enough for all
_ENOUGH = {
    "calendarList.list": "readonly calendarlist calendarlist.readonly",
    "calendarList.get": "readonly calendarlist calendarlist.readonly app.created",
    "calendars.get": "readonly calendars calendars.readonly app.created",
    "calendars.insert": "calendars app.created",
    "calendars.delete": "calendars app.created",
    "events.list": _READS,
    "events.get": _READS,
    "events.instances": _READS,
    "events.watch": _READS,
    "events.insert": _WRITES,
    "events.patch": _WRITES,
    "events.update": _WRITES,
    "events.delete": _WRITES,
    "channels.stop": f"{_READS} calendarlist calendarlist.readonly",
    "freebusy.query": "readonly freebusy events.freebusy",
}
ENOUGH = {method: frozenset(map(calendar_scope, ["", *shorts.split()])) for method, shorts in _ENOUGH.items()}


def asked(text: str) -> tuple[frozenset[str], list[str]]:
    """The scopes of a space-separated text under their full names, and those that nobody knows."""
    names = {_ALIASES.get(name, name) for name in text.split()}
    if names & {EMAIL, PROFILE}:
        names.add(OPENID)  # Google adds it by itself
    return frozenset(names & KNOWN), sorted(names - KNOWN)


def written(scopes: Iterable[str]) -> str:
    return " ".join(sorted(scopes))


def words(scope: str) -> str:
    return WORDS[scope.removeprefix(CALENDAR).removeprefix(".")]


def allows(scopes: Iterable[str], method: str, *, owned: bool, made_by_client: bool) -> bool:
    """Whether one of these scopes allows the method on a calendar: the account's own, or one that the client made."""
    limits = {"events.owned": owned, "events.owned.readonly": owned, "app.created": made_by_client}
    return any(limits.get(scope.removeprefix(f"{CALENDAR}."), True) for scope in ENOUGH[method] & set(scopes))
