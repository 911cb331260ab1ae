"""Rows of a provider's page and booking, open to everybody up to the form, and of the customer's own pages.

Only the customer sees the customer's page of an appointment: provider and staff have pages of their own.
"""

from appointments import links
from appointments.models import Appointment
from appointments.services.waitlist_offers import token_of
from appointments.states import Role
from appointments.views import help
from core import clock
from tests.access.table import Row, everyone, signed_in

READ_ONLY = everyone("405")
MINE = signed_in("404", C="200")


def provider(world):
    return {"provider": world.provider.slug}


def service(world):
    return provider(world) | {"service": world.service.slug}


def appointment(world):
    return {"reference": world.appointment.reference}


def request(world):
    return {"reference": world.request.reference}


def asked_of_series(world):
    return {"series": world.series_asked_by("P").uuid}


def series(world):
    return {"series": world.series.uuid}


def invited_by_link(world):
    return {"token": world.link_of_invited}


def link(world):
    """The customer's link, as in their mail."""
    return {"token": links.token_for(world.appointment, Role.CUSTOMER, now=clock.now())}


def link_to_cancel(world):
    return link(world) | {"verb": "cancel"}


def asked(world):
    """The appointment of C, for which P has proposed another time."""
    return {"reference": world.proposal.appointment.reference}


def asked_by_link(world):
    return {"token": links.token_for(world.proposal.appointment, Role.CUSTOMER, now=clock.now())}


def own_event(world):
    return {"event": world.customers_own_event.uuid}


def its_version(world):
    return {"version": world.customers_own_event.version}


def has_provider(world):
    world.provider  # noqa: B018  - built when it is asked for
    return {}


def own(default="404", **answers):
    """The answers of a page of one's own events: providers are led to the studio."""
    return signed_in(default, P="go", P2="go", **answers)


def some_view(world):
    return {"view": "month"}


def some_week(world):
    """The week of an appointment of C."""
    return {"view": "week", "day": world.appointment.start.date()}


def feed(world):
    return {"token": world.feed_token}


def offered(world):
    """The appointment of C instead of which P offers other times."""
    return {"reference": world.offers[0].instead_of.reference}


def offered_by_link(world):
    one = Appointment.objects.with_people().get(pk=world.offers[0].instead_of_id)
    return {"token": links.token_for(one, Role.CUSTOMER, now=clock.now())}


def passing(world):
    return {"pass": "1"}


def accepting(world):
    return {"proposal": world.proposal.uuid, "answer": "accept"}


def place(world):
    return {"place": world.place.uuid}


def place_by_link(world):
    return {"token": token_of(world.place.offers.get())}


def some_start(world):
    return {"start": "2100-01-01T10:00:00Z"}


ROWS = [
    Row("provider_page", args=provider, get=everyone("200"), post=READ_ONLY),
    Row("provider_service", args=service, get=everyone("200"), post=READ_ONLY),
    # Without a chosen time the form leads back to the times; with one a visitor signs in first.
    Row("book", args=service, data=some_start, get=everyone("go"), post=signed_in("409")),
    # Without a form there are no dates to show; one that lacks all but the start leads back to the booking form.
    Row("check_series", args=service, data=some_start, get=everyone("go"), post=signed_in("409")),
    Row("keep_time", args=service, data=some_start, get=READ_ONLY, post=everyone("go")),
    Row("release_time", args=service, data=some_start, get=READ_ONLY, post=everyone("go")),
    Row("extend_time", args=service, data=some_start, get=READ_ONLY, post=everyone("go")),
    Row("appointment_done", args=appointment, get=MINE, post=signed_in("405")),
    Row("my_appointments", get=signed_in("200"), post=signed_in("405")),
    Row("my_appointment", args=appointment, get=MINE, post=signed_in("405")),
    # A POST without the number that the page showed may cancel for free, as here, and never late.
    Row("cancel_appointment", args=appointment, get=MINE, post=signed_in("404", C="go")),
    Row("say_coming", args=appointment, get=MINE, post=signed_in("404", C="go")),
    Row("withdraw_request", args=request, get=MINE, post=signed_in("404", C="go")),
    # A time beyond the booking window is refused to whom the appointment belongs.
    Row("reschedule_appointment", args=appointment, data=some_start, get=MINE, post=signed_in("404", C="409")),
    Row("answer_time", args=asked, data=accepting, get=MINE, post=signed_in("404", C="go")),
    # Nobody takes back what the other side has proposed.
    Row("withdraw_time", args=asked, get=signed_in("405"), post=signed_in("404", C="409")),
    Row("offered_times", args=offered, data=passing, get=MINE, post=signed_in("404", C="go")),
    Row("appointment_ics", args=appointment, get=MINE, post=signed_in("405")),
    # Anybody with the link may do what its reader may; the reader, if signed in, is sent to their usual page.
    Row("link", args=link, get=everyone("200", C="go"), post=READ_ONLY),
    Row("link_ics", args=link, get=everyone("200", C="go"), post=READ_ONLY),
    Row("link_new", args=link, get=READ_ONLY, post=everyone("go")),
    Row("link_reschedule", args=link, data=some_start, get=everyone("200", C="go"), post=everyone("409")),
    Row("link_answer_time", args=asked_by_link, data=accepting, get=everyone("200", C="go"), post=everyone("go")),
    Row("link_withdraw_time", args=asked_by_link, get=READ_ONLY, post=everyone("409")),
    Row("link_offered_times", args=offered_by_link, data=passing, get=everyone("200", C="go"), post=everyone("go")),
    # The reader of this link was invited and has no account: the page asks for a password first.
    Row("link_account", args=invited_by_link, get=everyone("200"), post=everyone("422")),
    Row("link_come", args=link, get=everyone("200", C="go"), post=everyone("go")),
    Row("link_act", args=link_to_cancel, get=everyone("200", C="go"), post=everyone("go")),
    Row("all_appointments_ics", get=signed_in("200"), post=signed_in("405")),
    Row("settings_calendar", get=signed_in("200"), post=signed_in("200")),
    Row("calendar_feed_off", get=signed_in("405"), post=signed_in("go")),
    # Whoever knows a calendar link may read it, also while signed in as somebody who is suspended.
    Row("calendar_feed", args=feed, get=everyone("200"), post=READ_ONLY),
    # The form is open to everybody; who is not signed in does so after it, and a page without a date is asked again.
    Row("join_waitlist", args=service, get=everyone("200"), post=everyone("422")),
    Row("sooner", args=appointment, get=MINE, post=signed_in("404", C="422")),
    Row("my_calendar", get=signed_in("go"), post=READ_ONLY),
    Row("my_calendar_add", get=own("200"), post=READ_ONLY, args=has_provider),
    Row("my_calendar_jump", get=signed_in("go"), post=READ_ONLY, args=some_view),
    Row("my_calendar_on", get=signed_in("200"), post=READ_ONLY, args=some_week),
    Row("my_events", get=own("200"), post=READ_ONLY, args=has_provider),
    # Forms that say nothing are shown again.
    Row("my_event_new", get=own("200"), post=own("422"), args=has_provider),
    # What somebody types about an event that they do not have may become one of their own.
    Row("my_event", get=own(C="200"), post=own("409", C="422"), args=own_event),
    Row("my_event_delete", get=own(C="200"), post=own(C="go"), args=own_event, data=its_version),
    Row("my_waitlist", get=signed_in("200"), post=signed_in("405")),
    Row("waitlist_place", args=place, get=MINE, post=signed_in("404", C="422")),
    Row("waitlist_offer", args=place, data=passing, get=MINE, post=signed_in("404", C="go")),
    Row("link_waitlist_offer", args=place_by_link, data=passing, get=everyone("200", C="go"), post=everyone("go")),
    Row("leave_waitlist", args=place, get=MINE, post=signed_in("404", C="go")),
    Row("my_series", args=series, get=MINE, post=signed_in("405")),
    Row("my_series_ics", args=series, get=signed_in("404"), post=signed_in("405")),
    # A form that says nothing is shown again.
    Row("answer_series_times", args=asked_of_series, get=MINE, post=signed_in("404", C="422")),
    Row("extend_series", args=series, get=MINE, post=signed_in("404", C="422")),
    Row("move_series", args=series, get=MINE, post=signed_in("404", C="422")),
    Row("cancel_series", args=series, get=MINE, post=signed_in("404", C="422")),
    Row("my_standing", get=signed_in("200"), post=signed_in("405")),
    # Nobody else is told anything about a suspension here; an appeal without a text is asked for again.
    Row("suspended", get=everyone("go", V="200", B="200"), post=everyone("go", V="login", B="422")),
    Row("help", get=everyone("200", B="200"), post=everyone("405", B="405")),
    *(Row(name, get=everyone("200", B="200"), post=everyone("405", B="405")) for name in help.PAGES),
]
