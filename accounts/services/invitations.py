"""Accounts that wait for somebody whom a provider invited by email: made, opened by the person, and forgotten."""

from datetime import datetime
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import queries
from accounts.exceptions import AddressTaken, FieldsRefused
from accounts.models import User
from core.db import lock_row, retrying, violates

from .addresses import ONE_ACCOUNT_FOR_AN_ADDRESS, confirm_address, discard_unconfirmed_account
from .passwords import password_errors

FORGOTTEN = "Deleted customer"


def create_invited(*, email: str, name: str, zone: str) -> User:
    """Make an account that waits for whoever reads the mail at `email`, whether or not that has an account already.

    Nobody signs in to it. Where an account has the address, nothing tells the one who invites.
    """
    user = User(invited_email=email, name=name, time_zone=zone)
    user.set_unusable_password()
    user.save()
    return user


def is_known(user: User) -> bool:
    """Whether another account has the address of this invited person, for the page that its reader alone opens."""
    return queries.is_address_taken(user.invited_email)


@retrying
@transaction.atomic
def open_invited(*, user: User, name: str, password: str, now: datetime) -> User:
    """Make an account of an invitation, for the person who came by the link that was mailed to the address.

    The address counts as confirmed by that. Opened already: nothing happens. Raises FieldsRefused, and AddressTaken
    where another account has the address.
    """
    person = lock_row(User.objects.filter(pk=user.pk))
    if not person.is_invited:
        return person
    email = person.invited_email
    if errors := password_errors(password, email=email, name=name):
        raise FieldsRefused({"password": errors})
    if not name.strip():
        raise FieldsRefused({"name": [ValidationError("Enter your name.", code="required")]})
    if not discard_unconfirmed_account(email=email):
        raise AddressTaken
    person.email, person.invited_email, person.name = email, "", name.strip()
    person.set_password(password)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:  # somebody signed up with the address at this very moment
        if not any(violates(error, each) for each in ONE_ACCOUNT_FOR_AN_ADDRESS):
            raise
        raise AddressTaken from None
    EmailAddress.objects.create(user=person, email=email, primary=True)
    confirm_address(user=person, email=email, now=now)
    return person


def forget_invited(*, user: User, now: datetime) -> None:
    """Take name and address out of an invitation that nobody opened; its row stays for the appointments."""
    User.objects.filter(pk=user.pk).exclude(invited_email="").update(
        email=f"{uuid4().hex}@deleted.invalid",
        invited_email="",
        name=FORGOTTEN,
        time_zone="UTC",
        is_active=False,
        leaves_at=now,
    )
