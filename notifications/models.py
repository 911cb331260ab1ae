"""The log of all mails, and the addresses that a server refused."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

# A refusal counts for this long; then one mail tries the address again, because mailboxes do come back.
REFUSAL_HOLDS = timedelta(days=7)


class Kind(models.TextChoices):
    """The kinds of mail by subject matter. Preferences are to be kept by kind, except for mails of the account."""

    REQUEST_SENT = "request_sent", "Request"
    ANSWER_NEEDED = "answer_needed", "Request to answer"
    CONFIRMED = "confirmed", "Confirmation"
    NOT_CONFIRMED = "not_confirmed", "Answer"
    WITHDRAWN = "withdrawn", "Withdrawal"
    CANCELLED = "cancelled", "Cancellation"
    TIME_PROPOSED = "time_proposed", "New time to answer"
    RESCHEDULED = "rescheduled", "New time"
    TIME_KEPT = "time_kept", "Original time stays"
    CHANGES = "changes", "Several changes"
    LINK = "link", "New link"
    ACCOUNT = "account", "Sign-up, code or reset"
    SECURITY = "security", "Security of the account"
    SUSPENSION = "suspension", "Suspension"
    STANDING = "standing", "Standing"


# The person waits for these mails or must not miss them: no limit delays them, no refusal of the address stops them.
ALWAYS_TRIED = frozenset({Kind.ACCOUNT, Kind.SECURITY, Kind.SUSPENSION})


class State(models.TextChoices):
    SENDING = "sending", "On its way"
    SENT = "sent", "Sent"
    REFUSED = "refused", "Refused by the receiving server"
    SKIPPED = "skipped", "Not sent, no longer true"


# A refused mail counts as unfinished: its job is dead by then, and staff who run it again want the mail tried again.
UNFINISHED = (State.SENDING, State.REFUSED)


class SentMail(models.Model):
    """One mail to one person, unique by key. It holds no address, subject or text, only links to their rows.

    `user` is empty for an address without a confirmed account. `leased_until` keeps two workers from sending at once;
    `topic` and `payload` are the job that can make the mail again.
    """

    key = models.CharField(max_length=200, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=20, choices=Kind)
    about = models.CharField(max_length=40, blank=True, help_text="The appointment's reference; empty for several.")
    about_whom = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The other side of the appointment.",
    )
    # Keyed hashes, emptied after a day: the address of a mail that anybody can ask for, and the network that asked.
    recipient = models.CharField(max_length=40, blank=True, default="", db_default="", editable=False)
    asked_from = models.CharField(max_length=40, blank=True, default="", db_default="", editable=False)
    message_id = models.CharField(max_length=255)
    state = models.CharField(max_length=8, choices=State, default=State.SENDING)
    reason = models.CharField(max_length=120, blank=True, help_text="Why it was refused, not sent, or waits.")
    topic = models.CharField(max_length=100, blank=True)
    payload = models.JSONField(default=dict, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["about", "user"], name="sentmail_about_user"),
            models.Index(fields=["user", "sent_at"], name="sentmail_user_sent"),
            models.Index(
                fields=["recipient", "created_at"], condition=~models.Q(recipient=""), name="sentmail_recipient"
            ),
            models.Index(
                fields=["asked_from", "created_at"], condition=~models.Q(asked_from=""), name="sentmail_asked_from"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state=State.SENT, sent_at__isnull=False)
                | (~models.Q(state=State.SENT) & models.Q(sent_at__isnull=True)),
                name="sentmail_sent_has_a_moment",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.about}".strip()

    @property
    def is_finished(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def words(self) -> str:
        """The text of this mail in the appointment's timeline."""
        return f"{self.get_kind_display()} emailed"


class Mention(models.Model):
    """One of the appointments that a mail is about, where these are several; that of a mail about one is in `about`."""

    mail = models.ForeignKey(SentMail, on_delete=models.CASCADE, related_name="mentions")
    about = models.CharField(max_length=40, help_text="The appointment's reference.")

    class Meta:
        indexes = [models.Index(fields=["about"], name="mention_about")]
        constraints = [models.UniqueConstraint(fields=["mail", "about"], name="mention_once_in_a_mail")]

    def __str__(self) -> str:
        return self.about


class RefusedAddress(models.Model):
    """An address that a server refused for good. Deleting the row lets the next mail try it at once."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    email = models.EmailField(max_length=254)
    code = models.CharField(max_length=20, help_text="What the server answered.")
    refused_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "refused addresses"

    def __str__(self) -> str:
        return f"{self.code} for {self.user_id}"
