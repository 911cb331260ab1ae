"""The rows of this app about a person; see `accounts.personal_data`."""

from accounts.models import User
from accounts.personal_data import Rows
from providers.models import CustomerAllowance, Provider, Service


def kept(user: User) -> Rows:
    """The person's own page as a provider and its services, and what other providers allow them.

    Hours, dates, policy and what the person allows others go with the page.
    """
    return {
        "provider pages": Provider.objects.filter(user=user),
        "limits lifted for them": CustomerAllowance.objects.filter(customer=user),
        "services": Service.objects.filter(provider__user=user),
    }
