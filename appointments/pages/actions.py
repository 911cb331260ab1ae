"""The buttons on a customer's page of an appointment."""

from typing import NamedTuple

from django.urls import reverse

from appointments.states import Status

from .standing import Standing

TOOK_PLACE = {Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW}


class Action(NamedTuple):
    """A button that leads to `address`. Where the state has a primary button, it is the first of the page.

    With `asks`, the address is a page that asks for confirmation; a wide screen shows it in a dialog.
    """

    label: str
    address: str
    icon: str = ""
    kind: str = ""
    asks: bool = False


def customer_actions(standing: Standing) -> list[Action]:
    """The buttons that the state of the appointment allows. Withdrawing is never a primary button."""
    appointment, at = standing.appointment, [standing.appointment.reference]
    if standing.lies_ahead or standing.may_withdraw:
        return [*_about_a_new_time(standing, at), *_as_agreed(standing, at)]
    provider = appointment.provider
    if not provider.takes_bookings:
        return []
    took_place = standing.is_past and appointment.status in TOOK_PLACE
    page = reverse("provider_service", args=[provider.slug, appointment.service.slug])
    return [Action("Book again" if took_place else "See other times", page, kind="primary")]


def _about_a_new_time(standing: Standing, at: list[str]) -> list[Action]:
    """The way to answer the other side's new time or to see one's own, where one waits."""
    if standing.must_answer:
        return [Action("Answer the new time", reverse("answer_time", args=at), "swap", "primary")]
    return [Action("See both times", reverse("answer_time", args=at), "swap")] if standing.has_proposed else []


def _as_agreed(standing: Standing, at: list[str]) -> list[Action]:
    actions = []
    if standing.may_say_coming:
        actions.append(Action("I will come", reverse("say_coming", args=at), "check", "primary", asks=True))
    if standing.join_link:
        kind = "" if standing.must_answer or standing.may_say_coming else "primary"
        actions.append(Action("Join online", standing.join_link, "video", kind))
    if standing.lies_ahead:
        kind = "" if standing.must_answer or standing.may_say_coming or standing.join_link else "primary"
        actions.append(Action("Add to calendar", reverse("appointment_ics", args=at), "cal", kind))
    if standing.may_reschedule and not standing.must_answer:
        actions.append(Action("Reschedule", reverse("reschedule_appointment", args=at), "swap"))
    if standing.may_cancel:
        actions.append(Action("Cancel appointment", reverse("cancel_appointment", args=at), "x", asks=True))
    if standing.may_withdraw:
        actions.append(Action("Withdraw request", reverse("withdraw_request", args=at), "x", asks=True))
    return actions
