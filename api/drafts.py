"""The draft of a page that somebody gets who signed up as a provider.

Nobody becomes staff by asking, and nobody holds an address that is not theirs by asking to be a provider: where the
account works only once its address is confirmed, the wish waits for that.
"""

from accounts.models import User
from api.models import PageWish
from providers import services

CUSTOMER = "customer"
CUSTOMERS = (CUSTOMER, "client", "patient")
PROVIDERS = ("provider", "doctor", "staff")


def wants_page(role: str) -> bool:
    return role in PROVIDERS


def wish_for_page(person: User) -> None:
    """Note that the person, whose account is made in this transaction, gets a draft once it is confirmed."""
    PageWish.objects.create(person=person)


def grant_wish(person: User) -> None:
    """Make the draft that the person wished for when they signed up, if they did."""
    if PageWish.objects.filter(person=person).delete()[0]:
        services.draft_page(person=person)
