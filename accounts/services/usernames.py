"""Services for usernames, by which programs sign in."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.exceptions import FieldsRefused, UsernameTaken
from accounts.models import LONGEST_USERNAME, USERNAME_WORDS, User, validate_username
from core.db import lock_row, retrying, violates

# The constraint as PostgreSQL names it, and as SQLite tells of it.
ONE_ACCOUNT_FOR_A_USERNAME = ("accounts_user_username_key", "accounts_user.username")


def check_username(username: str) -> list[ValidationError]:
    """The reason why `username`, in lower case, can't be one; empty where it can, whether it is taken or not."""
    if len(username) > LONGEST_USERNAME:
        return [ValidationError(USERNAME_WORDS, code="max_length")]
    for validate in validate_username:
        try:
            validate(username)
        except ValidationError as error:
            return [error]
    return []


@retrying
@transaction.atomic
def claim_username(*, user: User, username: str) -> None:
    """Give the account this username, in place of the one it wanted at sign-up. Raises UsernameTaken or FieldsRefused.

    An account that has a username keeps it.
    """
    username = username.strip().lower()
    if errors := check_username(username):
        raise FieldsRefused({"username": errors})
    person = lock_row(User.objects.filter(pk=user.pk))
    if person.username is None:
        take_username(person, username)
    else:
        drop_wanted_username(user=person)
    user.username, user.wanted_username = person.username, ""


def take_username(person: User, username: str) -> None:
    """Write the username to the row, which the caller has locked. Raises UsernameTaken where another has it."""
    try:
        with transaction.atomic():
            User.objects.filter(pk=person.pk).update(username=username, wanted_username="")
    except IntegrityError as error:
        if not any(violates(error, each) for each in ONE_ACCOUNT_FOR_A_USERNAME):
            raise
        raise UsernameTaken from None
    person.username, person.wanted_username = username, ""


def drop_wanted_username(*, user: User) -> None:
    """Forget the username that was wanted at sign-up: the person goes without one."""
    User.objects.filter(pk=user.pk).update(wanted_username="")
    user.wanted_username = ""
