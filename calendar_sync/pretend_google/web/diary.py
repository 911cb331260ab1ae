"""The pretend calendar: a week of somebody's entries, to add to, move and delete, and the clients with access to it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from calendar_sync.pretend_google.accounts import Account
from calendar_sync.pretend_google.calendars import Calendar
from calendar_sync.pretend_google.events import Event
from calendar_sync.pretend_google.freebusy import takes_time
from calendar_sync.pretend_google.google import Google
from calendar_sync.pretend_google.moments import Span
from calendar_sync.pretend_google.refusals import Refusal, invalid

from .markup import Html, button, choice, field, hidden, join, page, tag
from .messages import Answer, Request
from .pages import diary_of, redirect, shown

RULES = {"": "Never", "RRULE:FREQ=DAILY": "Every day", "RRULE:FREQ=WEEKLY": "Every week"}
BUSY = {"opaque": "Busy", "transparent": "Free"}
ONE_DAY, ONE_WEEK = timedelta(days=1), timedelta(days=7)
Form = Mapping[str, str]


def diary(google: Google, request: Request) -> Answer:
    account = google.accounts.get(request.places["who"])
    return _diary_page(google, account, _day(request.query.text("week"), google, account))


def add(google: Google, request: Request) -> Answer:
    return _press(google, request, _add)


def move(google: Google, request: Request) -> Answer:
    return _press(google, request, _move)


def delete(google: Google, request: Request) -> Answer:
    return _press(google, request, _delete)


def disconnect(google: Google, request: Request) -> Answer:
    return _press(google, request, lambda google, account, form: google.revoke(account.email, form["client"]))


def _press(google: Google, request: Request, act: Callable[[Google, Account, Form], object]) -> Answer:
    """Do what a button of the page says and show the same week again, or say why not and keep what was typed."""
    account, form = google.accounts.get(request.places["who"]), request.form
    week = _day(form.get("week", ""), google, account)
    try:
        act(google, account, form)
    except (Refusal, KeyError) as refusal:
        said = refusal.message if isinstance(refusal, Refusal) else "Something is missing in this form."
        return _diary_page(google, account, week, form=form, alert=said)
    return redirect(f"{diary_of(account)}?week={week.isoformat()}")


def _add(google: Google, account: Account, form: Form) -> None:
    body = {
        "summary": form.get("title") or "(No title)",
        "transparency": form.get("transparency", "opaque"),
        "recurrence": [form["repeats"]] if form.get("repeats") else None,
        **_when(form, account),
    }
    google.put(account.email, body, form.get("calendar", "primary"))


def _move(google: Google, account: Account, form: Form) -> None:
    google.change(account.email, form["event"], _when(form, account), form["calendar"])


def _delete(google: Google, account: Account, form: Form) -> None:
    google.remove(account.email, form["event"], form["calendar"])


def _day(text: str, google: Google, account: Account) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return google.clock.now().astimezone(ZoneInfo(account.zone)).date()


def _when(form: Form, account: Account) -> dict[str, object]:
    """`start` and `end` as the form has them; whole days where no time is given."""
    try:
        day = date.fromisoformat(form.get("date", ""))
        if not form.get("from"):
            return {"start": {"date": day.isoformat()}, "end": {"date": (day + ONE_DAY).isoformat()}}
        first, last = time.fromisoformat(form["from"]), time.fromisoformat(form.get("to", ""))
    except ValueError:
        raise invalid("Say a date, and both times or none.") from None
    end = day if last > first else day + ONE_DAY
    return {
        "start": {"dateTime": datetime.combine(day, first).isoformat(), "timeZone": account.zone},
        "end": {"dateTime": datetime.combine(end, last).isoformat(), "timeZone": account.zone},
    }


def _diary_page(google: Google, account: Account, day: date, *, form: Form | None = None, alert: str = "") -> Answer:
    zone = ZoneInfo(account.zone)
    days = [day + number * ONE_DAY for number in range(7)]
    calendars = [entry.calendar for entry in google.calendars.list_of(account) if not entry.deleted]
    found = [
        (event, calendar)
        for calendar in calendars
        for event in google.between(
            account.email, _midnight(days[0], zone), _midnight(days[-1] + ONE_DAY, zone), calendar.id
        )
    ]
    sections = (_one_day(each, found, account, day) for each in days)
    address = diary_of(account)
    return shown(
        page(
            f"Calendar of {account.name}",
            tag("h1", f"Calendar of {account.name}"),
            tag("p", f"{account.email} · times are in {account.zone.replace('_', ' ')}", class_="quiet"),
            tag("p", alert, class_="alert", role="alert") if alert else "",
            _add_form(account, calendars, day, form or {}),
            tag(
                "nav",
                tag("a", "Week before", href=f"{address}?week={day - ONE_WEEK}"),
                tag("a", "Today", href=address),
                tag("a", "Week after", href=f"{address}?week={day + ONE_WEEK}"),
                class_="week",
                aria_label="Weeks",
            ),
            *sections,
            _connected(google, account, day),
            tag("p", tag("a", "All calendars", href="/")),
        ),
        status=400 if alert else 200,
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _add_form(account: Account, calendars: list[Calendar], day: date, form: Form) -> Html:
    which = [(calendar.id, calendar.summary) for calendar in calendars]
    return tag(
        "form",
        tag("h2", "Add an entry"),
        hidden(week=day.isoformat()),
        tag(
            "div",
            tag(
                "label",
                tag("span", "Title"),
                tag("input", name="title", value=form.get("title", ""), placeholder="Dentist", maxlength=200),
                class_="field wide",
            ),
            field("Date", "date", type="date", value=form.get("date", day.isoformat()), required=True),
            field("From (empty: the whole day)", "from", type="time", value=form.get("from", "10:00")),
            field("To", "to", type="time", value=form.get("to", "11:00")),
            choice("Repeats", "repeats", RULES.items(), form.get("repeats", "")),
            choice("Show as", "transparency", BUSY.items(), form.get("transparency", "")),
            choice("Calendar", "calendar", which, form.get("calendar", "")) if len(which) > 1 else "",
            class_="fields",
        ),
        button("Add"),
        method="post",
        action=f"{diary_of(account)}/add",
        class_="card",
    )


def _one_day(day: date, found: Iterable[tuple[Event, Calendar]], account: Account, week: date) -> Html:
    rows = [_row(event, calendar, account, week) for event, calendar in found if _meets(event, calendar, day)]
    inside = tag("ul", *rows, class_="entries") if rows else tag("p", "Nothing", class_="quiet small")
    return tag("section", tag("h2", f"{day:%A} {day.day} {day:%B}"), inside, class_="card")


def _meets(event: Event, calendar: Calendar, day: date) -> bool:
    zone = ZoneInfo(calendar.zone)
    start, end = event.span.instants(calendar.zone)
    return start < _midnight(day + ONE_DAY, zone) and end > _midnight(day, zone)


def _row(event: Event, calendar: Calendar, account: Account, week: date) -> Html:
    title = event.fields.get("summary", "(No title)")
    tags = [
        *(["free"] if not takes_time(event, calendar) else []),
        *(["repeats: this date alone changes"] if event.series_id else []),
        *([calendar.summary] if calendar.id != account.email else []),
    ]
    which = hidden(event=event.id, calendar=calendar.id, week=week.isoformat())
    address = diary_of(account)
    return tag(
        "li",
        tag("strong", _times(event.span, account.zone)),
        " ",
        title,
        *(join([" ", tag("span", text, class_="tag")]) for text in tags),
        tag(
            "details",
            tag("summary", "Move or delete"),
            tag(
                "form",
                which,
                tag("div", *_time_fields(event.span, account.zone), class_="fields"),
                button("Move", kind="plain", aria_label=f"Move {title}"),
                method="post",
                action=f"{address}/move",
            ),
            tag(
                "form",
                which,
                button("Delete", kind="danger", aria_label=f"Delete {title}"),
                method="post",
                action=f"{address}/delete",
            ),
        ),
    )


def _times(span: Span, zone: str) -> str:
    if span.all_day:
        return "All day"
    start, end = (moment.astimezone(ZoneInfo(zone)) for moment in span.instants(zone))
    return f"{start:%H:%M}–{end:%H:%M}"


def _time_fields(span: Span, zone: str) -> list[Html]:
    start, end = (moment.astimezone(ZoneInfo(zone)) for moment in span.instants(zone))
    first, last = ("", "") if span.all_day else (f"{start:%H:%M}", f"{end:%H:%M}")
    return [
        field("Date", "date", type="date", value=start.date().isoformat(), required=True),
        field("From", "from", type="time", value=first),
        field("To", "to", type="time", value=last),
    ]


def _connected(google: Google, account: Account, week: date) -> Html:
    rows = [
        tag(
            "li",
            tag(
                "form",
                hidden(client=client.id, week=week.isoformat()),
                tag("span", client.name),
                button("Remove access", kind="danger"),
                method="post",
                action=f"{diary_of(account)}/disconnect",
                class_="row",
            ),
        )
        for client, _ in google.consents.granted_to(account.sub)
    ]
    inside = tag("ul", *rows, class_="entries") if rows else tag("p", "None", class_="quiet small")
    return tag("section", tag("h2", "Apps with access to this account"), inside, class_="card")
