"""The rows of this app about a person; see `accounts.personal_data`."""

from accounts.models import User
from accounts.personal_data import Rows
from providers.models import Provider, Service


def kept(user: User) -> Rows:
    """The person's own page as a provider and its services. Hours, dates and policy go with the page."""
    return {
        "provider pages": Provider.objects.filter(user=user),
        "services": Service.objects.filter(provider__user=user),
    }
