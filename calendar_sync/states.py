"""The states of a connection to Google and of its calendars, and the names of what can go wrong."""

from django.db import models


class State(models.TextChoices):
    """How a connection stands. Only a working one calls Google; a leaving one only to end what it had there."""

    WORKING = "working", "Connected"
    SIGN_IN_AGAIN = "sign_in_again", "Sign in again"
    LEAVING = "leaving", "Disconnecting"


class Profile(models.TextChoices):
    """How much of a Google account a connection may use; `rules.scopes` names what each asks Google for."""

    FULL = "full", "My own calendar"
    PRIVATE = "private", "A calendar of its own"


class WhenStale(models.TextChoices):
    """What a connection that is dead, or whose last good copy is too old, means for booking."""

    PAUSE = "pause", "Pause bookings"
    GO_ON = "go_on", "Go on by working hours"


class WhenChanged(models.TextChoices):
    """What it means that somebody moves or deletes an event of ours at Google. It never cancels an appointment."""

    ASK = "ask", "Ask me what should happen"
    PROPOSE = "propose", "Propose a moved time to the other side, and ask me about a deleted one"
    PUT_BACK = "put_back", "Put it back"


class Edit(models.TextChoices):
    """What somebody did with an event of ours at Google."""

    MOVED = "moved", "Moved in Google"
    DELETED = "deleted", "Deleted in Google"
    CHANGED = "changed", "Changed in Google"


class Meet(models.TextChoices):
    """How the Google Meet link of an event of ours stands, which Google makes some time after it was asked for."""

    ASKED = "asked", "Asked for"
    READY = "ready", "Ready"
    FAILED = "failed", "Google made none"
    REMOVED = "removed", "Taken away in Google"


class Problem(models.TextChoices):
    """Why a call to Google did not do what was asked; the label is what the owner of the connection reads."""

    SLOW = "slow", "Google was slow or could not be reached"
    BUSY = "busy", "Google asked us to slow down"
    LIMIT = "limit", "The limit of this Google account is used up for now"
    SIGN_IN = "sign_in", "Google refused the sign-in"
    SCOPES = "scopes", "Google says that a permission is missing"
    NO_CALENDAR = "no_calendar", "This Google account has no calendar"
    GONE = "gone", "A calendar is gone, or no longer shared"
    REFUSED = "refused", "Google did not understand us"


# The problems that pass by themselves, also if it takes until tomorrow.
PASSING = frozenset({Problem.SLOW, Problem.BUSY, Problem.LIMIT})


class ChannelState(models.TextChoices):
    """How a push channel stands. Google was asked for one before its answer is known, if that ever comes."""

    ASKED = "asked", "Asked for"
    OPEN = "open", "Open"
    VERIFIED = "verified", "Messages arrive"
    REFUSED = "refused", "Refused by Google"
    STOPPING = "stopping", "Being stopped"


class NoteKind(models.TextChoices):
    """The kinds of entries in a connection's history."""

    CONNECTED = "connected", "Connected"
    SIGNED_IN = "signed_in", "Signed in to Google again"
    CHOSEN = "chosen", "Calendars chosen"
    READ = "read", "Busy times read"
    FAILED = "failed", "Not read"
    WRITTEN = "written", "Written to Google"
    NOT_WRITTEN = "not_written", "Not written to Google"
    ASKED = "asked", "Changed in Google, and waits for you"
    PROPOSED = "proposed", "Moved in Google, and proposed"
    PUT_BACK = "put_back", "Changed in Google, and put back"
    TAKEN_OVER = "taken_over", "Changed in Google, and taken over here"
    OVERWRITTEN = "overwritten", "Changed in Google and here: what you changed here stands"
    SIGNED_OUT = "signed_out", "Google refused the sign-in"
    NOT_TOLD = "not_told", "Google will not tell us of changes"
    NO_MEET = "no_meet", "Google made no Meet link for an appointment"
    MADE = "made", "A calendar of its own made"
    CHANGED = "changed", "Access changed"
