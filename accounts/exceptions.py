from core.exceptions import DomainError


class ChangedMeanwhile(DomainError):
    message = "These settings were changed in another tab or on another device. Below is what they say now."


class AddressTaken(DomainError):
    """Raised where the address belongs to an account that was confirmed or used, and for no page to tell."""

    message = "There is an account under this address already."


class PhotoRefused(DomainError):
    """The upload can't be used as a photo; the message says why and what to do."""

    status = 422
    message = "That file could not be read as a photo. Choose a PNG, JPEG or WebP file."


class NotBanned(DomainError):
    """There is no ban that could be appealed: it was lifted meanwhile."""

    message = "Booking is open again, so there is nothing to appeal."
