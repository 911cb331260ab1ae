"""The service by which anybody gets an account. Whether an address was known is told by mail alone, to its owner."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.exceptions import AddressTaken, FieldsRefused, UsernameTaken
from accounts.models import LONGEST_NAME, User
from core.db import violates

from .addresses import address_errors, create_account, mail_account_exists, mail_own_link
from .passwords import password_errors
from .usernames import ONE_ACCOUNT_FOR_A_USERNAME, check_username

ADDRESS_TAKEN = "There is an account under this address already."


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUp:
    """The answer to a sign-up, which is the same for a new address and for a known one.

    For a known address `id` names nobody and `user` is None; nobody who asks may be told of `user` then. `works` says
    whether the account can be used now, before a link is opened.
    """

    id: uuid.UUID
    user: User | None
    email: str | None
    username: str | None
    works: bool


@transaction.atomic
def sign_up(
    *,
    email: str | None,
    username: str | None,
    password: str,
    name: str,
    zone: str,
    asked_from: str,
    on_known_device: bool = False,
    way_back: str = "",
    until_confirmed: Callable[[User], object] | None = None,
) -> SignedUp:
    """Make an account under an address, a username or both, and mail the link that confirms the address.

    With an address, a username sent along is only wanted until the link is opened, and a known address is answered as a
    new one; its owner gets a letter. With EMAIL_CONFIRMATION `later`, both are said and the account works at once. So
    does one under a username alone. What an account is to wait with until then is written by `until_confirmed`, for a
    known address, too, where it is taken back: so that both take the same time. Without a name the username is the
    name; a name is one clean line already. Raises FieldsRefused.
    """
    email = (email or "").strip().lower() or None
    username = (username or "").strip().lower() or None
    name = name.strip() or username or ""
    _check(email=email, username=username, password=password, name=name)
    if email is None:
        user = _create_under_username(username=username or "", name=name, password=password, zone=zone)
        return SignedUp(id=user.uuid, user=user, email=None, username=username, works=True)
    is_open = settings.EMAIL_CONFIRMATION == "later"
    try:
        user = create_account(
            email=email,
            name=name,
            password=password,
            zone=zone,
            username=username or "",
            takes_username=is_open,
            also=None if is_open else until_confirmed,
        )
    except UsernameTaken as refusal:
        raise FieldsRefused({"username": [ValidationError(str(refusal), code="taken")]}) from None
    except AddressTaken:
        if is_open:
            raise FieldsRefused({"email": [ValidationError(ADDRESS_TAKEN, code="taken")]}) from None
        mail_account_exists(to=email, asked_from=asked_from, on_known_device=on_known_device)
        return SignedUp(id=uuid.uuid4(), user=None, email=email, username=username, works=False)
    # Whose it is was asked to make the account; asked again, a new address would take longer than a known one.
    mail_own_link(
        address=EmailAddress.objects.get(user=user),
        is_sign_up=True,
        asked_from=asked_from,
        on_known_device=on_known_device,
        way_back=way_back,
    )
    return SignedUp(id=user.uuid, user=user, email=email, username=username, works=is_open)


def _check(*, email: str | None, username: str | None, password: str, name: str) -> None:
    errors: dict[str, list[ValidationError]] = {}
    if email is None and username is None:
        errors["username"] = [ValidationError("Choose a username, or say an email address.", code="required")]
    if email is not None:
        errors["email"] = address_errors(email)
    if username is not None:
        errors["username"] = check_username(username)
    if not name:
        errors["name"] = [ValidationError("Enter your name.", code="required")]
    elif len(name) > LONGEST_NAME:
        errors["name"] = [ValidationError(f"Use at most {LONGEST_NAME} characters.", code="max_length")]
    if not password:
        errors["password"] = [ValidationError("Choose a password.", code="required")]
    else:
        errors["password"] = password_errors(password, email=email, username=username, name=name)
    if found := {field: those for field, those in errors.items() if those}:
        raise FieldsRefused(found)


def _create_under_username(*, username: str, name: str, password: str, zone: str) -> User:
    user = User(email=None, username=username, name=name)
    user.time_zone = zone or user.time_zone
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        if not any(violates(error, each) for each in ONE_ACCOUNT_FOR_A_USERNAME):
            raise
        taken = UsernameTaken()
        raise FieldsRefused({"username": [ValidationError(str(taken), code="taken")]}) from None
    return user
