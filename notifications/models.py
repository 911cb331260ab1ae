"""What people are told: the log of all mails, the inbox, what they chose, and the addresses that a server refused."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

# The channels of this app by name, as choices are stored.
EMAIL, INBOX = "email", "inbox"
# How long before an appointment somebody may be reminded of it, in minutes; and when those are who chose nothing.
LEAST_LEAD, MOST_LEAD = 15, 7 * 24 * 60
DEFAULT_LEAD = 24 * 60
MOST_LEADS = 6
# A refusal counts for this long; then one mail tries the address again, because mailboxes do come back.
REFUSAL_HOLDS = timedelta(days=7)
MINUTES_OF_DAY = 24 * 60


class Kind(models.TextChoices):
    """The kinds of what people are told, by subject matter; `TOPICS` says under which topic each is chosen."""

    REQUEST_SENT = "request_sent", "Request"
    ANSWER_NEEDED = "answer_needed", "Request to answer"
    CONFIRMED = "confirmed", "Confirmation"
    NOT_CONFIRMED = "not_confirmed", "Answer"
    WITHDRAWN = "withdrawn", "Withdrawal"
    TAKEN_BACK = "taken_back", "Request taken back"
    CANCELLED = "cancelled", "Cancellation"
    TIME_PROPOSED = "time_proposed", "New time to answer"
    RESCHEDULED = "rescheduled", "New time"
    TIME_KEPT = "time_kept", "Original time stays"
    OFFER_WITHDRAWN = "offer_withdrawn", "Times no longer offered"
    PLACE_OPENED = "place_opened", "Place opened"
    WAITLIST = "waitlist", "Waitlist"
    CHANGES = "changes", "Several changes"
    LINK = "link", "New link"
    JOIN = "join", "Link to join"
    ACCOUNT = "account", "Sign-up, code or reset"
    SECURITY = "security", "Security of the account"
    SUSPENSION = "suspension", "Suspension"
    STANDING = "standing", "Standing"
    REMINDER = "reminder", "Reminder"
    DIGEST = "digest", "Evening digest"
    REPORT = "report", "Monthly report"
    CALENDAR = "calendar", "Google Calendar"


class Topic(models.TextChoices):
    """The groups of kinds among which a person chooses; what belongs to no topic is always sent."""

    APPOINTMENTS = "appointments", "Confirmed, changed, cancelled"
    NEW_TIMES = "new_times", "A new time to answer"
    REMINDERS = "reminders", "Reminders"
    ANSWERS = "answers", "Requests not confirmed"
    WAITLIST = "waitlist", "A place opened on a waitlist"
    REQUESTS = "requests", "Requests to answer"
    RECEIPTS = "receipts", "What you did yourself"
    CALENDAR = "calendar", "Google Calendar needs you"
    DIGEST = "digest", "Your next day, the evening before"
    REPORT = "report", "Your month, on the first of the next"


# A link that was asked for, the account, its security, standing and suspension have no topic: nobody turns them off.
TOPICS: dict[Kind, Topic] = {
    Kind.CONFIRMED: Topic.APPOINTMENTS,
    Kind.RESCHEDULED: Topic.APPOINTMENTS,
    Kind.CANCELLED: Topic.APPOINTMENTS,
    Kind.CHANGES: Topic.APPOINTMENTS,
    Kind.JOIN: Topic.APPOINTMENTS,
    Kind.TIME_PROPOSED: Topic.NEW_TIMES,
    Kind.TIME_KEPT: Topic.NEW_TIMES,
    Kind.OFFER_WITHDRAWN: Topic.NEW_TIMES,
    Kind.PLACE_OPENED: Topic.WAITLIST,
    Kind.WAITLIST: Topic.WAITLIST,
    Kind.REMINDER: Topic.REMINDERS,
    Kind.NOT_CONFIRMED: Topic.ANSWERS,
    Kind.ANSWER_NEEDED: Topic.REQUESTS,
    Kind.WITHDRAWN: Topic.REQUESTS,
    Kind.REQUEST_SENT: Topic.RECEIPTS,
    Kind.TAKEN_BACK: Topic.RECEIPTS,
    Kind.CALENDAR: Topic.CALENDAR,
    Kind.DIGEST: Topic.DIGEST,
    Kind.REPORT: Topic.REPORT,
}
# Topics that nobody gets unless they asked for it, which they do on a page of its own.
CHOSEN_ELSEWHERE = frozenset({Topic.DIGEST})


class Much(models.TextChoices):
    """How much a person wants to hear: a few choices of topics under one name, or their own."""

    ALL = "all", "Everything"
    NEEDED = "needed", "Only what needs me"
    ESSENTIAL = "essential", "Nothing but essentials"
    OWN = "own", "My own choice"


# What each name turns off in every channel that interrupts, also in one that comes later, and with topics that come
# later. One's own choice turns off what is named in it, and nothing else.
TURNS_OFF: dict[Much, frozenset[Topic]] = {
    Much.ALL: frozenset(),
    Much.NEEDED: frozenset({Topic.RECEIPTS, Topic.REPORT}),
    Much.ESSENTIAL: frozenset(Topic),
    Much.OWN: frozenset(),
}


# These never wait for the end of somebody's quiet hours: none of them can be turned off, or somebody chose its hour.
AT_ANY_HOUR = frozenset({Kind.ACCOUNT, Kind.SECURITY, Kind.SUSPENSION, Kind.LINK, Kind.DIGEST})


# The person waits for these mails or must not miss them: no limit delays them, no refusal of the address stops them.
ALWAYS_TRIED = frozenset({Kind.ACCOUNT, Kind.SECURITY, Kind.SUSPENSION})


# Mail programs offer to turn these off with one press; the others, whose loss could cost an appointment, only our page.
ONE_PRESS = frozenset({Topic.REMINDERS, Topic.RECEIPTS, Topic.DIGEST, Topic.WAITLIST, Topic.REPORT})


class State(models.TextChoices):
    SENDING = "sending", "Queued"
    SENT = "sent", "Sent"
    # Refused for good, or given up after many tries.
    REFUSED = "refused", "Failed"
    # No longer true when it was to leave, or asked for too often.
    SKIPPED = "skipped", "Not sent"
    # By the person's choice, or, with a moment in `held_until`, by their quiet hours or the limit of an hour.
    HELD = "held", "Held back"
    # Of a mail that is never repeated: it was handed over, and nobody knows whether it arrived.
    UNCLEAR = "unclear", "Unclear whether it was sent"


# A refused mail counts as unfinished: its job is dead by then, and staff who run it again want the mail tried again.
UNFINISHED = (State.SENDING, State.REFUSED, State.HELD)


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
    held_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When a mail that is held back is tried next; empty where a choice holds it.",
    )
    topic = models.CharField(max_length=100, blank=True)
    payload = models.JSONField(default=dict, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now())
    handed_over_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was first handed to the mail server, which is the date of the mail."
    )
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["about", "user"], name="sentmail_about_user"),
            models.Index(fields=["user", "sent_at"], name="sentmail_user_sent"),
            models.Index(fields=["created_at"], name="sentmail_created"),
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
            ),
            models.CheckConstraint(
                condition=models.Q(state=State.HELD) | models.Q(held_until=None), name="sentmail_only_held_waits"
            ),
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


class InboxItem(models.Model):
    """One thing that a person was told, kept for them to read on the site. It holds no text, only links to its rows.

    `name` and `facts` are those of the catalogue, from which the page says what became of the thing since.
    """

    # Made from name, key and reader, so that the same thing told again is the same row.
    id = models.UUIDField(primary_key=True, editable=False)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind)
    topic = models.CharField(max_length=20, choices=Topic, blank=True)
    about = models.CharField(max_length=40, blank=True, help_text="The appointment's reference; empty for several.")
    name = models.CharField(max_length=100)
    facts = models.JSONField(default=dict, blank=True)
    told_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True, help_text="Empty while it is new.")

    class Meta:
        ordering = ["-told_at", "-id"]
        indexes = [
            models.Index(fields=["reader", "-told_at", "-id"], name="inboxitem_reader_told"),
            models.Index(fields=["reader", "topic"], condition=models.Q(read_at=None), name="inboxitem_new"),
            models.Index(fields=["told_at"], name="inboxitem_told"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.about}".strip()

    @staticmethod
    def id_for(name: str, key: str, reader: int) -> uuid.UUID:
        return uuid.uuid5(uuid.NAMESPACE_URL, f"inbox:{name}\n{key}\n{reader}")


class MailPreferences(models.Model):
    """What a person chose about being told. Without a row they are told everything, at any hour, with the default
    reminder."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    # Kept besides the rows of what is off: those know nothing of a channel or a topic that was added since.
    much = models.CharField(
        "how much", max_length=9, choices=Much, default=Much.OWN, db_default=Much.OWN, help_text="Under which name."
    )
    # Minutes after midnight in the person's own zone; past midnight where the end comes before the beginning.
    quiet_from = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Minutes after midnight.")
    quiet_until = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Minutes after midnight.")

    class Meta:
        verbose_name_plural = "mail preferences"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quiet_from=None, quiet_until=None)
                | models.Q(
                    quiet_from__isnull=False,
                    quiet_until__isnull=False,
                    quiet_from__lt=MINUTES_OF_DAY,
                    quiet_until__lt=MINUTES_OF_DAY,
                )
                & ~models.Q(quiet_from=models.F("quiet_until")),
                name="mailpreferences_quiet_hours_of_a_day",
            )
        ]

    def __str__(self) -> str:
        return f"Mail preferences of {self.user}"


class TurnedOff(models.Model):
    """A topic of which a person with preferences is not told through one channel."""

    preferences = models.ForeignKey(MailPreferences, on_delete=models.CASCADE, related_name="turned_off")
    channel = models.CharField(max_length=20)
    topic = models.CharField(max_length=20, choices=Topic)

    class Meta:
        verbose_name_plural = "topics turned off"
        constraints = [
            models.UniqueConstraint(fields=["preferences", "channel", "topic"], name="turnedoff_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_topic_display()}, {self.channel}"


class ReminderLead(models.Model):
    """One of the times before an appointment at which a person with preferences is reminded of it."""

    preferences = models.ForeignKey(MailPreferences, on_delete=models.CASCADE, related_name="leads")
    minutes = models.PositiveIntegerField(help_text="Minutes before the start.")

    class Meta:
        ordering = ["-minutes"]
        indexes = [models.Index(fields=["minutes", "preferences"], name="reminderlead_minutes")]
        constraints = [
            models.UniqueConstraint(fields=["preferences", "minutes"], name="reminderlead_once"),
            models.CheckConstraint(
                condition=models.Q(minutes__gte=LEAST_LEAD, minutes__lte=MOST_LEAD), name="reminderlead_within"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minutes} minutes before"


class UnsubscribeLink(models.Model):
    """The link in the mails of one topic to one person that turns the topic off. Of its token only a hash is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    topic = models.CharField(max_length=20, choices=Topic)
    # The token is made from it and the site's key, so that every mail of the topic carries the same one.
    seed = models.UUIDField(default=uuid.uuid4, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "topic"], name="unsubscribelink_one_a_topic")]

    def __str__(self) -> str:
        return f"{self.get_topic_display()}, {self.user}"


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
