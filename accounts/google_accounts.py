"""Which account a Google account opens: found by its subject, linked once its mailbox is proven, or made anew.

The rules and their reasons: `docs/decisions/sign-in-with-google.md`. Nothing here asks Google.
"""

from datetime import datetime

from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.google.provider import GoogleProvider
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts import services
from accounts.exceptions import AddressNotConfirmed, AddressTaken
from accounts.google_oauth import Identity
from accounts.models import User
from core import clock
from core.db import lock_row, retrying, violates
from core.exceptions import DomainError

# The constraint as PostgreSQL names it; on SQLite nobody else writes at the same time.
ONE_ACCOUNT_FOR_A_SUBJECT = "socialaccount_socialaccount_provider_uid_fc810c6e_uniq"


class AddressNotProven(DomainError):
    """Raised for a new Google account whose address nobody has proven: it opens, links and makes no account."""


class AddressIsAnothers(DomainError):
    """Raised where the account under the address has another Google account, or can't be given away."""

    message = (
        "There is an account under this address that another Google account signs in to, or that we can't open this "
        "way. Sign in to it by password or by a code that we email you."
    )


class SecondStepFirst(AddressIsAnothers):
    """Raised where the account asks for a second step, which linking by the address would come before."""

    message = (
        "There is an account under this address that asks for a second step. Sign in to it another way, with that "
        "step. Then connect Google in your security settings."
    )


class OthersGoogle(DomainError):
    """Raised where the Google account signs in to another account already."""

    message = "This Google account signs in to another account here. Sign in with it, and disconnect it there first."


class HasGoogle(DomainError):
    """Raised where the account has another Google account."""

    message = "Another Google account signs in to your account. Disconnect that one first."


class TakesNoPart(DomainError):
    """Raised where the account was suspended or closed meanwhile."""

    message = "Your account is suspended or closed, so nothing can be connected to it."


class NoOtherWay(DomainError):
    """Raised where the person could not sign in any more."""

    message = "Without Google you could not sign in any more. Set a password first."


def of(user: User) -> SocialAccount | None:
    """The Google account that signs in to this account."""
    return _all().filter(user=user.pk).first()


def find(identity: Identity) -> User | None:
    """The person whose account this Google account opens, by its subject alone: addresses on both sides may change."""
    found = _all().select_related("user").filter(uid=identity.subject).first()
    return found.user if found else None


def must_prove_mailbox(identity: Identity) -> bool:
    """Whether nobody can tell by Google's word that this new visitor reads the mailbox today, but by a code in it."""
    return identity.is_checked and not identity.is_hosted and find(identity) is None


def enter(*, identity: Identity, mailbox_proven: bool, zone: str, now: datetime) -> User:
    """The account that this Google account opens, linked or made in one transaction where it opened none.

    `mailbox_proven` says that its person reads the mailbox now. Raises AddressNotProven, AddressIsAnothers or
    SecondStepFirst.
    """
    try:
        return _enter(identity, mailbox_proven=mailbox_proven, zone=zone, now=now)
    except AddressIsAnothers:
        pass
    except IntegrityError as error:
        if not violates(error, ONE_ACCOUNT_FOR_A_SUBJECT):
            raise
    # The same person in another tab, or somebody who signed up with the address at this moment, may have come first.
    return _enter(identity, mailbox_proven=mailbox_proven, zone=zone, now=now)


@retrying
@transaction.atomic
def _enter(identity: Identity, *, mailbox_proven: bool, zone: str, now: datetime) -> User:
    if found := find(identity):
        _note_use(found, identity)
        return found
    if not mailbox_proven:
        raise AddressNotProven
    owner = User.objects.filter(email=identity.email).first()
    if owner is not None and owner.email_confirmed:
        return _link_to_owner(owner, identity)
    try:
        return _make(identity, zone=zone, now=now)
    except AddressTaken:
        raise AddressIsAnothers from None


def _link_to_owner(owner: User, identity: Identity) -> User:
    """Link the account whose confirmed address this is: who reads the mailbox could choose a new password as well.

    They could not pass a second step by that, so an account that has one is linked only from its settings.
    """
    owner = lock_row(User.objects.filter(pk=owner.pk))
    if owner.email != identity.email or not owner.email_confirmed or of(owner):
        raise AddressIsAnothers
    if owner.is_active:
        if is_mfa_enabled(owner):
            raise SecondStepFirst
        _connect(owner, identity)
    return owner


def _make(identity: Identity, *, zone: str, now: datetime) -> User:
    user = services.create_account(email=identity.email, name=identity.name, zone=zone)
    _all().create(user=user, provider=GoogleProvider.id, uid=identity.subject, extra_data=_shown(identity))
    services.confirm_address(user=user, email=identity.email, now=now)
    services.inherit_ban(user=user, google=identity.subject)
    return user


@retrying
@transaction.atomic
def connect(*, user: User, identity: Identity) -> bool:
    """Let this Google account sign in to the account of `user`, who is signed in. False where it did already.

    Raises TakesNoPart, AddressNotConfirmed, OthersGoogle or HasGoogle.

    The address at Google matters not, and becomes none of the account's.
    """
    person = lock_row(User.objects.filter(pk=user.pk))
    if not person.takes_part:
        raise TakesNoPart
    if not person.email_confirmed:
        raise AddressNotConfirmed
    found = find(identity)
    if found is not None and found.pk != person.pk:
        raise OthersGoogle
    if found is not None:
        return False
    if of(person):
        raise HasGoogle
    try:
        with transaction.atomic():
            _connect(person, identity)
    except IntegrityError as error:
        if not violates(error, ONE_ACCOUNT_FOR_A_SUBJECT):
            raise
        raise OthersGoogle from None
    return True


def _connect(user: User, identity: Identity) -> None:
    """Link them. The caller has locked the row of `user`."""
    _all().create(user=user, provider=GoogleProvider.id, uid=identity.subject, extra_data=_shown(identity))
    services.inherit_ban(user=user, google=identity.subject)
    _tell(user, "accounts/google_connected", identity.email)


@retrying
@transaction.atomic
def disconnect(*, user: User) -> bool:
    """End that Google signs in to the account; False where it did not. Raises NoOtherWay."""
    person = lock_row(User.objects.filter(pk=user.pk))
    found = of(person)
    if found is None:
        return False
    if not has_another_way(person):
        raise NoOtherWay
    found.delete()
    _tell(person, "accounts/google_disconnected", address_of(found))
    return True


def has_another_way(user: User) -> bool:
    """Whether the person can sign in without Google: by password, or by a code to their confirmed address."""
    return user.has_usable_password() or user.email_confirmed


def address_of(account: SocialAccount) -> str:
    """The address by which its person knows the Google account, as Google last told it."""
    return account.extra_data.get("email", "")


def _all() -> QuerySet[SocialAccount]:
    return SocialAccount.objects.filter(provider=GoogleProvider.id)


def _note_use(user: User, identity: Identity) -> None:
    """Keep when it was used last, and its present address, to be shown: it decides nothing."""
    _all().filter(user=user, uid=identity.subject).update(last_login=clock.now(), extra_data=_shown(identity))


def _shown(identity: Identity) -> dict[str, str]:
    return {"email": identity.email}


def _tell(user: User, letter: str, email: str) -> None:
    account = f"The Google account {email}" if email else "A Google account"
    services.send_letter(letter=letter, to=user.email, said={"account": account, "timestamp": clock.now().isoformat()})
