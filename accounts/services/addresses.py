"""Services for the address of an account: made under one, confirmed, given up again."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts import ban_marks, queries
from accounts.exceptions import AddressTaken
from accounts.models import User
from core.db import violates
from outbox import services as outbox

from .sessions import end_sessions

# The constraint as PostgreSQL names it, and as SQLite tells of it.
ONE_ACCOUNT_FOR_AN_ADDRESS = ("accounts_user_email_key", "accounts_user.email")


@transaction.atomic
def create_account(*, email: str, name: str, password: str | None = None, zone: str = "") -> User:
    """Make an account under an address that nobody has proven yet, in place of one that nobody confirmed or used.

    Without a `password` none signs in to it. `email` is in lower case. Raises AddressTaken.
    """
    if not discard_unconfirmed_account(email=email):
        raise AddressTaken
    user = User(email=email, name=name)
    user.time_zone = zone or user.time_zone
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:  # somebody signed up with the same address at this very moment
        if not any(violates(error, name) for name in ONE_ACCOUNT_FOR_AN_ADDRESS):
            raise
        raise AddressTaken from None
    EmailAddress.objects.create(user=user, email=email, primary=True)
    return user


def confirm_address(*, user: User, email: str, now: datetime) -> None:
    """Record that `email` belongs to the person; from then on they may book.

    A ban that an erased account had under this address is theirs from now on (`inherit_ban`).
    """
    with transaction.atomic():
        inherit_ban(user=user, email=email)
        User.objects.filter(pk=user.pk).update(email_confirmed_at=now)
        _ensure_address_row(user=user, email=email)
    user.email_confirmed_at = now


def inherit_ban(*, user: User, email: str = "", google: str = "") -> None:
    """Give `user` the ban that an erased account had under their address or their Google account, in one transaction.

    They are signed out everywhere, and a job ends what lies ahead of them.
    """
    ban = ban_marks.take(user, email, google=google)
    if ban is not None:
        end_sessions(user=user)
        outbox.publish("appointments.end_all_ahead", key=f"ban-{ban.pk}-{user.pk}", payload={"person": user.pk})


def ensure_address_row(*, user: User) -> None:
    """Create allauth's row of a confirmed address where it is missing: for accounts made by staff or a command."""
    if user.email and user.email_confirmed:
        _ensure_address_row(user=user, email=user.email)


def _ensure_address_row(*, user: User, email: str) -> None:
    address, _ = EmailAddress.objects.get_or_create(
        user=user, email=email, defaults={"verified": True, "primary": True}
    )
    if not address.verified:
        address.verified = True
        address.save(update_fields=["verified"])


def discard_unconfirmed_account(*, email: str) -> bool:
    """Remove an account under `email` that nobody ever confirmed or used; the next sign-up takes its place.

    Signing up first with somebody else's address so gains nothing: the old link and password are gone. Returns
    whether the address is free now.
    """
    with transaction.atomic():
        # Locked before the question: an account that is made, confirmed or used at this moment stays.
        there = list(User.objects.select_for_update(of=("self",)).filter(email=email))
        if queries.is_address_taken(email):
            return False
        for user in there:
            try:
                user.delete()
            except ProtectedError:  # staff gave it something to do
                return False
    return True
