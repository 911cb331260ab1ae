"""People and their settings. Every user is a customer; a provider is a user with a profile (see `providers`)."""

import uuid
from datetime import datetime
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from phonenumber_field.modelfields import PhoneNumberField

from core import clock

SHORTEST_USERNAME, LONGEST_USERNAME = 3, 40
LONGEST_NAME, LONGEST_ADDRESS = 120, 254
USERNAME_WORDS = (
    f"Use {SHORTEST_USERNAME} to {LONGEST_USERNAME} of the letters a to z, digits, dots, and the characters _ + -."
)
validate_username: tuple[Any, ...] = (
    RegexValidator(r"\A[a-z0-9._+-]*\Z", USERNAME_WORDS),
    MinLengthValidator(SHORTEST_USERNAME, USERNAME_WORDS),
)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str | None, password: str | None = None, **fields) -> "User":
        user = self.model(email=(email or "").strip().lower() or None, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields) -> "User":
        """A new superuser. Their address counts as confirmed, since they may run commands on the server."""
        fields.setdefault("email_confirmed_at", clock.now())
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=(email or "").lower())

    def without_address(self) -> models.QuerySet["User"]:
        """The accounts that a program made under a username alone."""
        return self.filter(email=None, invited_email="")


class Theme(models.TextChoices):
    SYSTEM = "system", "Same as my device"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class Weekday(models.IntegerChoices):
    """The days of the week as in Python's `date.weekday()`: Monday is 0."""

    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


# The languages the pages are written in.
LANGUAGES = [("en-gb", "English")]


TAKES_PART = models.Q(is_active=True, banned_at=None, leaves_at=None)


def taking_part(path: str) -> models.Q:
    """The condition that the person at `path`, such as "provider__user__", takes part in appointments."""
    return models.Q(**{f"{path}is_active": True, f"{path}banned_at": None, f"{path}leaves_at": None})


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account, who signs in by email. `uuid` is the only key shown outside.

    A program signs in by `username`, too; an account that it made under a username alone has no address at first.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(max_length=LONGEST_ADDRESS, unique=True, null=True, blank=True)
    # The address at which a provider invited the person, until they open the link that is mailed there: nobody signs in
    # to such an account. It may be the `email` of another one, which the page of the link tells its reader alone.
    invited_email = models.EmailField(max_length=LONGEST_ADDRESS, blank=True, default="", db_default="", editable=False)
    # When the person proved that `email` is theirs; empty until then.
    email_confirmed_at = models.DateTimeField(null=True, blank=True)
    username = models.CharField(
        max_length=LONGEST_USERNAME,
        unique=True,
        null=True,
        blank=True,
        validators=validate_username,
        help_text="For programs only.",
    )
    # The username that was sent with the address at sign-up. It is theirs once they open the link, if it is free then.
    wanted_username = models.CharField(
        max_length=LONGEST_USERNAME, blank=True, default="", db_default="", editable=False
    )
    name = models.CharField(max_length=LONGEST_NAME)
    phone = PhoneNumberField(blank=True)
    photo = models.ImageField(upload_to="photos/", blank=True)
    time_zone = models.CharField(max_length=64, default="Europe/London", validators=[clock.validate_zone])
    # The zone of a device that the person chose not to follow; we ask again only when the device reports another.
    declined_time_zone = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=12, default="en-gb")
    uses_12h_clock = models.BooleanField(default=False)
    first_weekday = models.PositiveSmallIntegerField(choices=Weekday, default=Weekday.MONDAY)
    theme = models.CharField(max_length=8, choices=Theme, default=Theme.SYSTEM)
    is_active = models.BooleanField(default=True)
    # Since when the person is banned: a copy of their open `Ban`, so that each request knows without a query.
    banned_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When the account is erased, or was: a copy of the `Departure` of a person who deleted it.
    leaves_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Whether what the person books is written to a calendar of theirs elsewhere: a copy, for bookings without a query.
    keeps_calendar = models.BooleanField(default=False, editable=False)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=clock.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"),
            models.CheckConstraint(condition=~models.Q(email=""), name="user_email_is_not_blank"),
            models.CheckConstraint(condition=models.Q(username=Lower("username")), name="user_username_is_lower_case"),
            models.CheckConstraint(condition=~models.Q(username=""), name="user_username_is_not_blank"),
            models.CheckConstraint(
                condition=models.Q(email__isnull=False)
                | models.Q(username__isnull=False)
                | ~models.Q(invited_email=""),
                name="user_has_email_or_username",
            ),
            models.CheckConstraint(
                condition=models.Q(invited_email="") | models.Q(email=None, email_confirmed_at=None),
                name="user_invited_has_no_email_yet",
            ),
        ]
        # Few people take no part, and every search leaves them out.
        indexes = [
            models.Index(fields=["id"], condition=~TAKES_PART, name="user_takes_no_part"),
            models.Index(fields=["invited_email"], condition=~models.Q(invited_email=""), name="user_invited_email"),
        ]

    def __str__(self) -> str:
        return self.name or self.known_as

    @property
    def known_as(self) -> str:
        """The address of the account, or its username where it has none."""
        return self.email or self.username or self.invited_email

    @property
    def mail_address(self) -> str:
        """The address to which mail for the person goes, proven or given by who invited them; empty without one."""
        return self.email or self.invited_email

    @property
    def is_invited(self) -> bool:
        """Whether a provider entered the person, who has not opened the link of the invitation yet."""
        return bool(self.invited_email)

    @property
    def first_name(self) -> str:
        if self.is_erased:
            return self.name
        return self.name.split()[0] if self.name.split() else "You"

    @property
    def zone(self) -> ZoneInfo:
        return clock.zone(self.time_zone)

    @property
    def takes_part(self) -> bool:
        """Whether the person may take part in appointments: the account is open and not banned."""
        return self.is_active and self.banned_at is None and self.leaves_at is None

    @property
    def why_not(self) -> str:
        """The word for why somebody takes no part, as others may read it: suspended or closed."""
        return "suspended" if self.is_active and self.leaves_at is None else "closed"

    @property
    def is_erased(self) -> bool:
        """Whether nothing of the person is left but this row: erasing closes an account for good when it begins."""
        return self.leaves_at is not None and not self.is_active

    @property
    def email_confirmed(self) -> bool:
        return self.email_confirmed_at is not None

    @property
    def address_suffices(self) -> bool:
        """Whether the address is confirmed, or need not be yet (EMAIL_CONFIRMATION); False without one."""
        return self.email is not None and (self.email_confirmed or settings.EMAIL_CONFIRMATION == "later")

    @property
    def may_take_time(self) -> bool:
        """Whether others' time may be booked by this account, as far as its address goes. Who was invited acts by links
        that go to the address alone."""
        return self.address_suffices or self.is_invited

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the account without the copies of what stands elsewhere, which a row read before must not undo."""
        if not self._state.adding and kwargs.get("update_fields") is None and not args:
            left_out = {"id", "banned_at", "leaves_at", "keeps_calendar", *self.get_deferred_fields()}
            names = {field.attname for field in self._meta.concrete_fields}
            kwargs["update_fields"] = names - left_out
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.first_name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """The hash of password and address in each session: a change of either ends all others at the next request."""
        return salted_hmac(
            "accounts.models.User.session", f"{self.password}|{self.email}", secret=secret, algorithm="sha256"
        ).hexdigest()


class Ban(models.Model):
    """A ban, on pages called a suspension: the person takes part in no appointment until staff lift it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="bans")
    since = models.DateTimeField()
    # Who suspended the person, and what the person reads about it; both empty where late cancellations did it.
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True, default="", db_default="")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    lift_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "suspension"
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=models.Q(lifted_at=None), name="ban_one_open"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, since {self.since:%d %b %Y, %H:%M} UTC"

    @property
    def is_open(self) -> bool:
        return self.lifted_at is None


class KeptBan(models.Model):
    """A mark by which an open ban finds its person again after their account was erased, and no other data of them.

    Whoever proves the address, or brings the Google account, with this mark gets the ban. A ban has one for each. `key`
    names the key of the hash. The row goes with the ban.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", "Email address"
        GOOGLE = "google", "Google account"

    ban = models.ForeignKey(Ban, on_delete=models.CASCADE, related_name="kept")
    kind = models.CharField(max_length=8, choices=Kind)
    key = models.CharField(max_length=8)
    mark = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "mark"], name="kept_ban_once_for_a_mark")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of a deleted account"


class Appeal(models.Model):
    """What a banned person wrote to staff about their ban, and the answer; one waits at a time."""

    ban = models.ForeignKey(Ban, on_delete=models.PROTECT, related_name="appeals")
    text = models.TextField(max_length=2000)
    sent_at = models.DateTimeField()
    answer = models.TextField(max_length=2000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["sent_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["ban"], condition=models.Q(answered_at=None), name="appeal_one_waits"),
        ]

    def __str__(self) -> str:
        return f"Appeal of {self.ban.user}, {self.sent_at:%d %b %Y, %H:%M} UTC"


class Departure(models.Model):
    """The deletion of an account by its person. Until `erase_at` they can keep it; then a job erases it.

    `step` is the last step of the erasure that was done, so that it goes on where a worker was killed.
    """

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="departure")
    asked_at = models.DateTimeField()
    erase_at = models.DateTimeField()
    step = models.CharField(max_length=60, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(erase_at__gt=models.F("asked_at")), name="departure_leaves_time_to_stay"
            )
        ]

    def __str__(self) -> str:
        return f"asked for {self.asked_at:%d %b %Y, %H:%M} UTC"


class DataCopy(models.Model):
    """A copy of a person's data that they asked for: being made until `ready_at`, a file to fetch until `ends_at`.

    `file` is its name in the private storage, empty once the file is deleted; the row stays for a while as history.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="data_copies")
    asked_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    file = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField(default=0, help_text="In bytes.")

    class Meta:
        verbose_name_plural = "data copies"
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(ready_at=None), name="data_copy_one_being_made"
            ),
            models.CheckConstraint(
                condition=models.Q(ready_at=None, ends_at=None, file="")
                | models.Q(ready_at__isnull=False, ends_at__gt=models.F("ready_at")),
                name="data_copy_ready_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"asked for {self.asked_at:%d %b %Y, %H:%M} UTC"

    @property
    def is_being_made(self) -> bool:
        return self.ready_at is None

    def can_be_fetched(self, now: datetime) -> bool:
        return bool(self.file) and self.ends_at is not None and now < self.ends_at


class Session(AbstractBaseSession):
    """The session of a browser. It names the person signed in, so that a page reads both with one query."""

    # Only a copy of what the session's data say, which decide. Without a constraint, so that a session may be saved
    # while the account is being deleted.
    person = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, db_constraint=False, editable=False, related_name="+"
    )

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        return import_module(settings.SESSION_ENGINE).SessionStore
