"""The rows of this app about a person; see `accounts.personal_data`."""

from accounts.models import User
from accounts.personal_data import Rows

from .models import RefusedAddress, SentMail


def kept(user: User) -> Rows:
    """The logged mails to the person and about them, and the row that says their address refuses mail."""
    return {
        "mails to them": SentMail.objects.filter(user=user),
        "mails about them": SentMail.objects.filter(about_whom=user),
        "addresses that refuse mail": RefusedAddress.objects.filter(user=user),
    }
