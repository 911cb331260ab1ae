"""Operations on the people who ever had an appointment with the provider who asks."""

from accounts.models import User
from api import paging
from api.calls import Call
from api.errors import not_found
from api.operations import found, own
from api.paging import Page
from api.serializers.studio import OwnCustomer
from appointments.queries.customers import customer_figures, customer_of, customer_rows
from appointments.services.persons import dealings_between
from providers import edit_stamps, services
from providers.models import Provider
from providers.queries import blocks_of


def list_customers(call: Call, *, q: str = "") -> Page:
    """List everybody who ever had an appointment with the provider, by name."""
    page = own.provider(call)
    return paging.page(call, customer_rows(page, now=call.now, words=q), by=("customer__name", "customer__uuid"))


def read_customer(call: Call, *, customer: str) -> OwnCustomer:
    """Read one customer. Email and phone are there until 90 days after their last appointment."""
    page = own.provider(call)
    return _told(call, page, _customer(page, customer))


def block(call: Call, *, customer: str, reason: str = "") -> OwnCustomer:
    """Take no bookings of this customer; what is booked stays. The reason is the provider's alone."""
    page = own.provider(call)
    person = _customer(page, customer)
    services.block_customer(provider=page, actor=call.person, customer=person, reason=reason, seen=_seen(call))
    return _told(call, page, person)


def allow(call: Call, *, customer: str) -> OwnCustomer:
    """Let this customer book again."""
    page = own.provider(call)
    person = _customer(page, customer)
    services.unblock_customer(provider=page, actor=call.person, customer=person, seen=_seen(call))
    return _told(call, page, person)


def lift_limits(call: Call, *, customer: str) -> OwnCustomer:
    """Lift the limits of the booking policy for this customer alone."""
    page = own.provider(call)
    person = _customer(page, customer)
    services.lift_limits(provider=page, actor=call.person, customer=person, seen=_seen(call))
    return _told(call, page, person)


def apply_limits(call: Call, *, customer: str) -> OwnCustomer:
    """Apply the limits of the booking policy to this customer again; what is booked stays."""
    page = own.provider(call)
    person = _customer(page, customer)
    services.apply_limits(provider=page, actor=call.person, customer=person, seen=_seen(call))
    return _told(call, page, person)


def _seen(call: Call) -> str | None:
    return edit_stamps.of_customer(call.seen.block, limits_lifted=call.seen.limits_lifted) if call.seen else None


def _customer(page: Provider, text: str) -> User:
    try:
        return customer_of(page, found.uuid_of(text))
    except User.DoesNotExist:
        raise not_found() from None


def _told(call: Call, page: Provider, person: User) -> OwnCustomer:
    figures = customer_figures(page, person, now=call.now)
    return OwnCustomer(
        person=person,
        figures=figures,
        can_be_reached=person.is_active and figures.can_be_reached(call.now),
        limits_lifted=dealings_between(person, page).limits_lifted,
        block=next((each for each in blocks_of(page, person) if each.is_open), None),
    )
