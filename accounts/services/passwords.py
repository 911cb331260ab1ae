"""Services for passwords: the rules of a new one, storing it, and what follows."""

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.exceptions import FieldsRefused
from accounts.models import Session, User
from core import clock
from core.db import lock_row, retrying

from .mail import send_letter
from .sessions import end_sessions

NOT_YOUR_NAME = "The password must not be your name."
NOT_CURRENT = "That is not your current password."


def check_password(password: str, *, email: str | None = None, username: str | None = None, name: str = "") -> None:
    """Raise FieldsRefused with the sentences about `password` where it may not be this person's."""
    errors = password_errors(password, email=email, username=username, name=name)
    if errors:
        raise FieldsRefused({"password": errors})


def password_errors(
    password: str, *, email: str | None = None, username: str | None = None, name: str = ""
) -> list[ValidationError]:
    """The reasons why `password` may not be this person's, each with a code for programs; none where it may."""
    if name and password.strip().lower() == name.strip().lower():
        return [ValidationError(NOT_YOUR_NAME, code="password_is_name")]
    try:
        validate_password(password, User(email=email, username=username, name=name))
    except ValidationError as error:
        return list(error.error_list)
    return []


def store_password(*, user: User, password: str) -> None:
    """Set the password and nothing else: an account closed since `user` was read stays closed."""
    user.set_password(password)
    user.save(update_fields=["password"])


@retrying
@transaction.atomic
def change_password(*, user: User, actor: User, old: str, new: str, keep_session: str | None) -> None:
    """Give the account a new password; every session ends but the one with the key `keep_session`. A mail says so.

    Raises FieldsRefused, on `old` where that is not the password, on `new` where it may not be one.
    """
    person = lock_row(User.objects.filter(pk=user.pk))
    if not person.check_password(old):
        raise FieldsRefused({"old": [ValidationError(NOT_CURRENT, code="wrong_password")]})
    if errors := password_errors(new, email=person.email, username=person.username, name=person.name):
        raise FieldsRefused({"new": errors})
    store_password(user=person, password=new)
    user.password = person.password
    end_sessions(user=person, keep=keep_session)
    if keep_session:
        _go_on(keep_session, person)
    send_letter(letter="account/email/password_changed", to=person.email, said={"timestamp": clock.now().isoformat()})


def _go_on(key: str, person: User) -> None:
    """Let this session of the person go on with their new password, which ends every other (see `User`)."""
    session = Session.get_session_store_class()(key)
    if session.get(SESSION_KEY) == str(person.pk):
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.save(must_create=False)
