"""The words of each mail about an appointment: one function for each event and side."""

from dataclasses import dataclass

from appointments.pages.places import there
from appointments.rules.moves import cancel_terms
from appointments.states import Role
from core import clock
from core.letters import Button, page
from core.wording import date_text, zone_text

from .context import Scene

CALENDAR_ENTRY = "The file with this mail adds it to your calendar. Whatever changes later updates the same entry."


@dataclass(frozen=True, slots=True)
class Words:
    """What one kind of mail says beyond the facts all of them share."""

    subject: str
    headline: str
    lead: tuple[str, ...]
    button: Button
    after: tuple[str, ...] = ()
    change: str = ""


def request_sent(scene: Scene) -> Words:
    return Words(
        subject=f"Request sent: {scene.short} with {scene.other_name}",
        headline=f"{scene.other} has your request.",
        lead=(
            f"It is not confirmed yet. {scene.other} has until {_deadline(scene)} to answer. We email you either way.",
        ),
        button=Button("See your request", scene.own_page),
        after=(
            "The time is held for you until then.",
            "If the answer is yes, you get a confirmation and the entry for your calendar. If it is no, or none comes "
            "in time, the request ends and nothing is charged.",
        ),
        change="You can withdraw the request on its page for as long as it waits.",
    )


def answer_needed(scene: Scene) -> Words:
    day = date_text(clock.local(scene.start, scene.zone).date())
    return Words(
        subject=f"Answer needed by {scene.short_deadline}: {scene.other_name}, {day}",
        headline=f"{scene.other_name} asks for a time.",
        lead=(f"Please answer by {_deadline(scene)}. After that the request expires by itself.",),
        button=Button("Answer", scene.own_page),
        after=(
            f"The time is held for {scene.other} until you answer. If you accept, it is confirmed; if you decline, "
            f"it is open again. We tell {scene.other} either way.",
        ),
    )


def booked(scene: Scene) -> Words:
    return _confirmed_for_customer(scene, "")


def accepted(scene: Scene) -> Words:
    who = {Role.STAFF: "Our team"}.get(Role(scene.event.role), scene.other)
    return _confirmed_for_customer(scene, f"{who} accepted your request. ")


def _confirmed_for_customer(scene: Scene, news: str) -> Words:
    return Words(
        subject=f"Confirmed: {scene.short} with {scene.other_name}",
        headline="You are booked.",
        lead=(f"{news}{scene.other} expects you{there(scene.appointment)}.",),
        button=Button("See appointment", scene.own_page),
        after=(CALENDAR_ENTRY,),
        change=_change(scene),
    )


def new_appointment(scene: Scene) -> Words:
    return Words(
        subject=f"Confirmed: {scene.short} with {scene.other_name}",
        headline=f"{scene.other_name} booked a time.",
        lead=("It is confirmed; there is nothing to answer.",),
        button=Button("See appointment", scene.own_page),
        after=(CALENDAR_ENTRY,),
        change=_change(scene),
    )


def accepted_by_you(scene: Scene) -> Words:
    return Words(
        subject=f"Confirmed: {scene.short} with {scene.other_name}",
        headline=f"{scene.doer} accepted {scene.other}’s request.",
        lead=(f"The appointment is confirmed. We tell {scene.other}, too.",),
        button=Button("See appointment", scene.own_page),
        after=(CALENDAR_ENTRY,),
        change=_change(scene),
    )


def not_confirmed(scene: Scene) -> Words:
    moment = scene.at(scene.start)
    by_provider = f"{scene.other} cannot do {moment}."
    by_staff = f"Our team declined your request for {moment}."
    return Words(
        subject=f"Not confirmed: {scene.short}",
        headline=by_provider if scene.event.role == Role.PROVIDER else by_staff,
        lead=("The request has ended and nothing was charged.",),
        button=_another_try(scene),
        after=_what_else(scene),
    )


def declined_by_you(scene: Scene) -> Words:
    other_times = ", with a link to your other times" if scene.can_be_booked else ""
    return Words(
        subject=f"Declined: {scene.short} with {scene.other_name}",
        headline=f"{scene.doer} declined {scene.other}’s request.",
        lead=(f"The time is no longer held. We tell {scene.other}{other_times}.",),
        button=Button("See appointment", scene.own_page),
    )


def withdrawn_by_customer(scene: Scene) -> Words:
    return Words(
        subject=f"Request withdrawn: {scene.short} with {scene.other_name}",
        headline=f"{scene.doer} withdrew your request.",
        lead=("It has ended, the time is no longer held, and nothing was charged.",),
        button=Button("See other times", scene.other_times),
    )


def withdrawn(scene: Scene) -> Words:
    whose = "the" if scene.event.role == Role.CUSTOMER else f"{scene.other}’s"
    return Words(
        subject=f"Request withdrawn: {scene.short} with {scene.other_name}",
        headline=f"{scene.doer} withdrew {whose} request.",
        lead=("There is nothing left to answer, and the time is no longer held.",),
        button=Button("See appointment", scene.own_page),
    )


def new_link(scene: Scene) -> Words:
    return Words(
        subject=f"Your new link: {scene.short} with {scene.other_name}",
        headline="Here is a new link.",
        lead=("It opens this appointment without signing in. It is for you alone and ends after 30 days.",),
        button=Button("See appointment", scene.own_page),
    )


def unanswered(scene: Scene) -> Words:
    return Words(
        subject=f"Not confirmed: {scene.short}",
        headline=f"{scene.other} did not answer in time.",
        lead=("So this request has ended. Nothing was charged.",),
        button=_another_try(scene),
        after=_what_else(scene),
    )


def expired(scene: Scene) -> Words:
    return Words(
        subject=f"Expired: {scene.short} with {scene.other_name}",
        headline=f"{scene.other}’s request has expired.",
        lead=(f"It was not answered by {_deadline(scene)}. The time is no longer held. We tell {scene.other}, too.",),
        button=Button("See appointment", scene.own_page),
    )


def cancelled_for_customer(scene: Scene) -> Words:
    button = Button("Book another time", scene.other_times) if scene.can_be_booked else _another_try(scene)
    return _cancelled(scene, "your appointment", button)


def cancelled_for_provider(scene: Scene) -> Words:
    return _cancelled(scene, f"the appointment with {scene.other}", Button("See appointment", scene.own_page))


def _cancelled(scene: Scene, what: str, button: Button) -> Words:
    if not scene.doer:
        headline = f"{what[0].upper()}{what[1:]} was cancelled."
    elif scene.by_reader or scene.for_customer or scene.doer == "Our team":
        headline = f"{scene.doer} cancelled {what}."
    else:
        headline = f"{scene.doer} cancelled the appointment."
    return Words(
        subject=f"Cancelled: {scene.short} with {scene.other_name}",
        headline=headline,
        lead=("It no longer takes place. The file with this mail takes it out of your calendar.",),
        button=button,
    )


def _another_try(scene: Scene) -> Button:
    if scene.can_be_booked:
        return Button("See other times", scene.other_times)
    return Button("Find a provider", page("search"))


def _what_else(scene: Scene) -> tuple[str, ...]:
    if scene.can_be_booked:
        return (f"Choose another time with {scene.other}, or look for somebody else.",)
    return (f"{scene.other} takes no new bookings for it at the moment, but somebody else may.",)


def _deadline(scene: Scene) -> str:
    return f"{scene.at(scene.deadline)}, {zone_text(scene.zone)}"


def _change(scene: Scene) -> str:
    """Until when it can be called off, by the policy in force."""
    terms = cancel_terms(scene.appointment, role=scene.side, policy=scene.provider.policy, now=scene.now)
    if not terms.allowed:
        return terms.sentence
    if scene.for_customer:
        return (
            f"Can’t make it? You can cancel for free until {scene.at(terms.until)}, {zone_text(scene.zone)}, "
            "on the appointment’s page."
        )
    return "Can’t make it? You can cancel until it starts, on the appointment’s page."
