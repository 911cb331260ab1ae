"""The rows of this app about a person; see `accounts.personal_data`."""

from django.db.models import Q

from accounts.models import User
from accounts.personal_data import Rows
from providers.models import CustomerAllowance, CustomerBlock, Provider, Service, TimeOff


def kept(user: User) -> Rows:
    """The person's own page as a provider, its services and time off, the limits that others lifted for them, and who
    takes no bookings of them.

    Hours, date overrides, policy, and what the person decided about their customers belong to the page.
    """
    return {
        "provider pages": Provider.objects.filter(user=user),
        "limits lifted for them": CustomerAllowance.objects.filter(customer=user),
        "blocks from booking with a provider": CustomerBlock.objects.filter(customer=user),
        "blocks they set or lifted": CustomerBlock.objects.filter(Q(blocked_by=user) | Q(lifted_by=user)),
        "services": Service.objects.filter(provider__user=user),
        "times off": TimeOff.objects.filter(provider__user=user),
    }
