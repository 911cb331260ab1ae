"""Services for the address of an account: made under one, confirmed, given up again."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from allauth.account import app_settings
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.http import urlencode

from accounts import ban_marks, hooks, queries, url_secrets
from accounts.exceptions import AddressTaken, FieldsRefused, UsernameTaken
from accounts.models import LONGEST_ADDRESS, User
from core.db import lock_row, retrying, violates
from core.letters import page
from outbox import services as outbox

from .mail import send_letter
from .sessions import end_access
from .usernames import ONE_ACCOUNT_FOR_A_USERNAME, drop_wanted_username, take_username

# The constraint as PostgreSQL names it, and as SQLite tells of it.
LINK_LASTS_MINUTES = app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS * 24 * 60
YOUR_ADDRESS = "This is your address already."
SECOND_STEP_FIRST = "Your account has a second step, so a new address can't be added here."
ONE_ACCOUNT_FOR_AN_ADDRESS = ("accounts_user_email_key", "accounts_user.email")


@transaction.atomic
def create_account(
    *,
    email: str,
    name: str,
    password: str | None = None,
    zone: str = "",
    username: str = "",
    takes_username: bool = False,
    also: Callable[[User], object] | None = None,
) -> User:
    """Make an account under an address that nobody has proven yet, in place of one that nobody confirmed or used.

    Without a `password` none signs in to it. `email` and `username` are in lower case. The username is only wanted,
    until the address is confirmed, so that it tells nobody whether the address was known; with `takes_username` it is
    taken at once. `also` writes what belongs to the account, in the same transaction. Raises AddressTaken, and
    UsernameTaken.

    Where the answer may not tell whether the address was known, a known one takes as long as a new one: all rows are
    written under a stand-in for it, and the error takes them back.
    """
    is_taken = not discard_unconfirmed_account(email=email)
    if is_taken and takes_username:
        raise AddressTaken
    if is_taken:
        email = f"{uuid4().hex}@example.invalid"
    user = User(email=email, name=name)
    if takes_username:
        user.username = username or None
    else:
        user.wanted_username = username
    user.time_zone = zone or user.time_zone
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:  # somebody signed up with the same address at this very moment
        if any(violates(error, name) for name in ONE_ACCOUNT_FOR_A_USERNAME):
            raise UsernameTaken from None
        if not any(violates(error, name) for name in ONE_ACCOUNT_FOR_AN_ADDRESS):
            raise
        raise AddressTaken from None
    EmailAddress.objects.create(user=user, email=email, primary=True)
    if also is not None:
        also(user)
    if is_taken:
        raise AddressTaken
    return user


def confirm_address(*, user: User, email: str, now: datetime) -> None:
    """Record that `email` belongs to the person; from then on they may book.

    The username that they wanted at sign-up is theirs from now on, unless somebody was faster. So is a ban that an
    erased account had under this address (`inherit_ban`).
    """
    with transaction.atomic():
        inherit_ban(user=user, email=email)
        _take_wanted_username(user)
        User.objects.filter(pk=user.pk).update(email_confirmed_at=now)
        _ensure_address_row(user=user, email=email)
        for _ in hooks.address_confirmed.each(user):
            pass
    user.email_confirmed_at = now


def _take_wanted_username(user: User) -> None:
    if not user.wanted_username:
        return
    person = lock_row(User.objects.filter(pk=user.pk))
    try:
        if person.username is None and person.wanted_username:
            take_username(person, person.wanted_username)
    except UsernameTaken:
        drop_wanted_username(user=person)
    user.username, user.wanted_username = person.username, ""


def mail_link(
    *,
    address: EmailAddress,
    is_sign_up: bool = False,
    asked_from: str = "",
    on_known_device: bool = False,
    way_back: str = "",
) -> None:
    """Mail the link that confirms an address; where it is another account's, a letter that it has an account.

    `asked_from` is the network that the request came from, `way_back` the page of ours to which the link leads on.
    """
    others = User.objects.filter(email=address.email, email_confirmed_at__isnull=False).exclude(pk=address.user_id)
    if not address.can_set_verified() or others.exists():
        mail_account_exists(to=address.email, asked_from=asked_from, on_known_device=on_known_device)
        return
    mail_own_link(
        address=address,
        is_sign_up=is_sign_up,
        asked_from=asked_from,
        on_known_device=on_known_device,
        way_back=way_back,
    )


def mail_own_link(
    *, address: EmailAddress, is_sign_up: bool, asked_from: str, on_known_device: bool, way_back: str
) -> None:
    """Mail the link that confirms an address which is no other account's, as was asked in the same transaction."""
    send_letter(
        letter="account/email/email_confirmation_signup" if is_sign_up else "account/email/email_confirmation",
        to=address.email,
        said={"activate_url": link_of(address, way_back=way_back)},
        asked_from=asked_from,
        on_known_device=on_known_device,
        lasts_minutes=LINK_LASTS_MINUTES,
    )


def mail_account_exists(*, to: str, asked_from: str = "", on_known_device: bool = False) -> None:
    """Mail the owner of a known address that somebody, perhaps they, wanted to use it for an account."""
    send_letter(
        letter="account/email/account_already_exists",
        to=to,
        said={"password_reset_url": page("account_reset_password")},
        asked_from=asked_from,
        on_known_device=on_known_device,
        lasts_minutes=LINK_LASTS_MINUTES,
    )


def link_of(address: EmailAddress, *, way_back: str = "") -> str:
    """The link that confirms an address, without row numbers, and with the way back for any device."""
    link = page("account_confirm_email", url_secrets.seal(EmailConfirmationHMAC(address).key))
    return link + ("?" + urlencode({"next": way_back}) if way_back else "")


@retrying
def ask_for_new_address(
    *,
    user: User,
    actor: User,
    email: str,
    asked_from: str,
    on_known_device: bool = False,
    way_back: str = "",
) -> EmailAddress:
    """Note the address that the person wants to move to, in place of an earlier wish, and mail the link to it.

    Nothing changes until the link is opened. An address of another account is answered alike; its owner gets a letter.
    Raises FieldsRefused.
    """
    address = note_new_address(user=user, email=email)
    mail_link(address=address, asked_from=asked_from, on_known_device=on_known_device, way_back=way_back)
    return address


@transaction.atomic
def note_new_address(*, user: User, email: str) -> EmailAddress:
    """Note the address that the person wants to move to, without a mail. Raises FieldsRefused."""
    email = email.strip().lower()
    if errors := address_errors(email):
        raise FieldsRefused({"email": errors})
    person = lock_row(User.objects.filter(pk=user.pk))
    if email == person.email:
        raise FieldsRefused({"email": [ValidationError(YOUR_ADDRESS, code="yours")]})
    if is_mfa_enabled(person):
        raise FieldsRefused({"email": [ValidationError(SECOND_STEP_FIRST, code="second_step")]})
    EmailAddress.objects.filter(user=person, verified=False).exclude(email=person.email or "").delete()
    return EmailAddress.objects.create(user=person, email=email)


def address_errors(email: str) -> list[ValidationError]:
    """The reason why this can't be an address; empty where it can."""
    if len(email) > LONGEST_ADDRESS:
        words = f"Enter an email address of at most {LONGEST_ADDRESS} characters."
        return [ValidationError(words, code="max_length")]
    try:
        EmailValidator("Enter an email address, like name@example.com.")(email)
    except ValidationError as error:
        return [error]
    return []


def inherit_ban(*, user: User, email: str = "", google: str = "") -> None:
    """Give `user` the ban that an erased account had under their address or their Google account, in one transaction.

    They are signed out everywhere, their keys end, and a job ends what lies ahead of them.
    """
    ban = ban_marks.take(user, email, google=google)
    if ban is not None:
        end_access(user=user)
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
