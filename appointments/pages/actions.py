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
    if standing.lies_ahead:
        actions = [Action("Add to calendar", reverse("appointment_ics", args=at), "cal", "primary")]
        if standing.may_cancel:
            actions.append(Action("Cancel appointment", reverse("cancel_appointment", args=at), "x", asks=True))
        return actions
    if standing.may_withdraw:
        return [Action("Withdraw request", reverse("withdraw_request", args=at), "x", asks=True)]
    provider = appointment.provider
    if not provider.takes_bookings:
        return []
    took_place = standing.is_past and appointment.status in TOOK_PLACE
    page = reverse("provider_service", args=[provider.slug, appointment.service.slug])
    return [Action("Book again" if took_place else "See other times", page, kind="primary")]
