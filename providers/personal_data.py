"""The rows of this app about a person; see `accounts.personal_data`."""

from accounts.models import User
from accounts.personal_data import Rows
from providers.models import CustomerAllowance, Provider, Service, TimeOff


def kept(user: User) -> Rows:
    """The person's own page as a provider, its services and time off, and the limits that others lifted for them.

    Hours, date overrides, policy, and the limits the person lifted for others belong to the page.
    """
    return {
        "provider pages": Provider.objects.filter(user=user),
        "limits lifted for them": CustomerAllowance.objects.filter(customer=user),
        "services": Service.objects.filter(provider__user=user),
        "times off": TimeOff.objects.filter(provider__user=user),
    }
