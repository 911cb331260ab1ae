"""The refusals of accounts. Their messages may be shown as they are, unless the class says otherwise."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError

from core.exceptions import DomainError


class FieldsRefused(DomainError):
    """What was sent can't be used. `errors` has the reasons by field, each with a code for programs."""

    status = 422
    program_status = 400
    problem = "invalid"

    def __init__(self, errors: Mapping[str, Sequence[ValidationError]]) -> None:
        self.errors = {field: list(those) for field, those in errors.items()}
        super().__init__(" ".join(self.sentences()))

    def sentences(self) -> list[str]:
        """All reasons as sentences, in the order of the fields."""
        return [sentence for those in self.errors.values() for error in those for sentence in error.messages]


class ChangedMeanwhile(DomainError):
    program_status = 412
    problem = "changed-meanwhile"
    message = "These settings were changed in another tab or on another device. Below is what they say now."


class AddressTaken(DomainError):
    """Raised where the address belongs to an account that was confirmed or used, and for no page to tell."""

    message = "There is an account under this address already."


class UsernameTaken(DomainError):
    program_status = 400
    problem = "invalid"
    message = "Somebody has this username already. Choose another one."


class AddressNotConfirmed(DomainError):
    """Raised for what needs a proven address."""

    problem = "policy-refused"
    message = "Confirm your email address first, by the link we sent you."


class BadCredentials(DomainError):
    """Raised for a sign-in that opens nothing, whatever the reason: nobody learns whether there is an account."""

    status = 401
    problem = "bad-credentials"
    message = (
        "That username or email and password do not match an account. If you have just signed up, open the link in our "
        "email first."
    )


class WrongCode(BadCredentials):
    """Raised after the right password."""

    message = "That code is not right. Wait for the next one in your app, and send it again."


class SecondStepNeeded(DomainError):
    """Raised after the right password where the account has a second step and no code came along."""

    status = 401
    problem = "second-step-needed"
    message = "This account has a second step. Send the code from your app, or a recovery code, as well."


class BrowserNeeded(SecondStepNeeded):
    """Raised where the second step is a passkey, which programs have not."""

    message = (
        "This account has a passkey as its second step. Sign in with it in a browser, and make a key for your program "
        "in the settings there."
    )


class Suspended(DomainError):
    """Raised for a banned person, who has signed in with all that it takes. `since` is when the ban began."""

    status = 403
    problem = "suspended"
    message = "Booking is suspended for this account. Sign in on the page to read why, and to appeal."

    def __init__(self, since: datetime) -> None:
        super().__init__()
        self.since = since


class TooManyTries(DomainError):
    """Raised past a limit on signing in; `seconds` is how long to wait."""

    status = 429
    problem = "too-many"
    message = "Too many tries. Wait a quarter of an hour, then try again."

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many tries. Try again in {seconds} seconds.")
        self.seconds = seconds


class PhotoRefused(DomainError):
    """The upload can't be used as a photo; the message says why and what to do."""

    status = 422
    program_status = 400
    problem = "invalid"
    message = "That file could not be read as a photo. Choose a PNG, JPEG or WebP file."


class PhotoTooLarge(PhotoRefused):
    status = program_status = 413
    problem = "too-large"
    message = "The photo is larger than 5 MB. Choose a smaller one, or save it at a lower quality."


class NotBanned(DomainError):
    """There is no ban that could be appealed: it was lifted meanwhile."""

    problem = "move-refused"
    message = "Booking is open again, so there is nothing to appeal."
