"""Rows of a provider's appointments, requests and customers, which are 404 for other accounts."""

from datetime import timedelta

from core import clock
from tests.access.table import Answers, Row, everyone, refused, signed_in

ACT_ONLY = everyone("405")


def studio(answer: str = "200") -> Answers:
    """The answers of a page that each provider has for themselves, and 404 for other accounts."""
    return signed_in("404", P=answer, P2=answer)


def own(answer: str = "200") -> Answers:
    """The answers of a page of an appointment or a customer of P."""
    return signed_in("404", P=answer)


def has_page(world):
    world.provider  # noqa: B018  - built when it is asked for
    return {}


def appointment(world):
    return {"reference": world.appointment.reference}


def in_conflict(world):
    return {"reference": world.conflict.appointment.reference}


def request(world):
    return {"reference": world.request.reference}


def asked_of_series(world):
    return {"series": world.series_asked_by("C").uuid}


def series(world):
    return {"series": world.series.uuid}


def customer(world):
    world.appointment  # noqa: B018
    return {"customer": world.people["C"].uuid}


def ledger(world):
    """The month and the currency of an appointment of P's ledger."""
    ended = world.offers[0].instead_of
    return {"month": f"{clock.local(ended.start, world.provider.zone):%Y-%m}", "currency": ended.currency}


def time_off(world):
    return {"time_off": world.time_off.uuid}


def own_event(world):
    return {"event": world.own_event.uuid}


def its_version(world):
    return {"version": world.own_event.version}


def quiet_day(world):
    """A date on which nobody has an appointment."""
    world.provider  # noqa: B018
    return {"day": clock.now().date() + timedelta(days=300)}


def some_view(world):
    world.provider  # noqa: B018
    return {"view": "month"}


def some_week(world):
    """The week of an appointment of P."""
    return {"view": "week", "day": world.appointment.start.date()}


def its_reference(world):
    return {"request": world.request.reference}


def place(world):
    return {"place": world.place.uuid}


def offered(world):
    return {"reference": world.offers[0].instead_of.reference}


def asked_by_provider(world):
    """The appointment of P, for which P has proposed another time."""
    return {"reference": world.proposal.appointment.reference}


def accepting_the_own(world):
    return {"proposal": world.proposal.uuid, "answer": "accept"}


def note(world):
    return {"customer": world.note.customer.uuid, "note": world.note.uuid}


ROWS = [
    Row("studio_today", get=studio(), post=refused(), args=has_page),
    Row("studio_calendar", get=studio("go"), post=refused(), args=has_page),
    Row("studio_calendar_add", get=studio(), post=refused(), args=has_page),
    # A form that says nothing is shown, and nothing is added.
    Row("studio_appointment_new", get=studio(), post=studio(), args=has_page),
    Row("studio_calendar_jump", get=studio("go"), post=refused(), args=some_view),
    Row("studio_calendar_on", get=studio(), post=refused(), args=some_week),
    Row("studio_requests", get=studio(), post=refused(), args=has_page),
    # The reference of somebody else's request is 404.
    Row("accept_requests", get=ACT_ONLY, post=own("go"), args=has_page, data=its_reference),
    Row("studio_request", get=own(), post=refused(), args=request),
    Row("accept_request", get=ACT_ONLY, post=own("go"), args=request),
    Row("decline_request", get=own(), post=own("go"), args=request),
    Row("studio_appointment", get=own(), post=refused(), args=appointment),
    # The appointment has not begun yet.
    Row("complete_appointment", get=ACT_ONLY, post=own("409"), args=appointment),
    Row("mark_no_show", get=ACT_ONLY, post=own("409"), args=appointment),
    Row(
        "correct_outcome",
        get=ACT_ONLY,
        post=own("409"),
        args=appointment,
        data=lambda world: {"to": "completed"},
    ),
    Row("studio_appointment_ics", get=own(), post=refused(), args=appointment),
    Row("studio_cancel", get=own(), post=own("go"), args=appointment),
    # A form without a start is asked for one.
    Row("studio_reschedule", get=own(), post=own("422"), args=appointment),
    # Nobody answers what they have proposed themselves: they take it back.
    Row("studio_answer_time", get=own(), post=own("409"), args=asked_by_provider, data=accepting_the_own),
    Row("studio_withdraw_time", get=ACT_ONLY, post=own("go"), args=asked_by_provider),
    Row("studio_withdraw_offers", get=ACT_ONLY, post=own("go"), args=offered),
    Row("studio_series", get=own(), post=refused(), args=series),
    # The series has only requests, which no calendar has.
    Row("studio_series_ics", get=signed_in("404"), post=refused(), args=series),
    # Forms that say nothing are shown again.
    Row("studio_answer_series_times", get=own(), post=own("422"), args=asked_of_series),
    Row("studio_move_series", get=own(), post=own("422"), args=series),
    Row("studio_cancel_series", get=own(), post=own("422"), args=series),
    Row("answer_series", get=own(), post=own("422"), args=series),
    # In conflict; a form without a choice is shown again.
    Row("studio_conflict", get=own(), post=own("422"), args=in_conflict),
    # A form without a time is shown again.
    Row("studio_digest", get=studio(), post=studio("422"), args=has_page),
    Row("studio_why_not", get=studio(), post=refused(), args=has_page),
    Row("studio_time_off", get=studio(), post=refused(), args=has_page),
    Row("studio_time_off_new", get=studio(), post=refused(), args=has_page),
    # Without a time there is nothing to check.
    Row("studio_time_off_check", get=studio("go"), post=studio("422"), args=has_page),
    Row("studio_events", get=studio(), post=refused(), args=has_page),
    # Forms that say nothing are shown again.
    Row("studio_event_new", get=studio(), post=studio("422"), args=has_page),
    # What somebody types about an event that they do not have may become one of their own.
    Row("studio_event", get=own(), post=signed_in("404", P="422", P2="409"), args=own_event),
    Row("studio_event_delete", get=own(), post=own("go"), args=own_event, data=its_version),
    Row("studio_time_off_remove", get=own(), post=own("go"), args=time_off),
    Row("studio_cancel_day", get=studio(), post=studio("go"), args=quiet_day),
    Row("studio_waitlist", get=studio(), post=refused(), args=has_page),
    # A time is held for them already.
    Row("studio_waitlist_offer", get=own(), post=own("422"), args=place),
    Row("studio_waitlist_remove", get=own(), post=own("go"), args=place),
    Row("studio_earnings", get=studio(), post=refused(), args=has_page),
    Row("studio_earnings_csv", get=studio(), post=refused(), args=lambda world: {"period": ledger(world)["month"]}),
    Row("studio_statement", get=own(), post=refused(), args=ledger),
    Row("studio_customers", get=studio(), post=refused(), args=has_page),
    Row("studio_customer", get=own(), post=refused(), args=customer),
    # An empty note is shown again, and one that says nothing else changes nothing.
    Row("write_customer_note", get=ACT_ONLY, post=own("422"), args=customer),
    Row("customer_note", get=own(), post=own("422"), args=note),
    Row("lift_limits", get=ACT_ONLY, post=own("go"), args=customer),
    Row("apply_limits", get=ACT_ONLY, post=own("go"), args=customer),
    Row("block_customer", get=own(), post=own("go"), args=customer),
    Row("unblock_customer", get=ACT_ONLY, post=own("go"), args=customer),
]
