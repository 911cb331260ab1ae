from core.exceptions import DomainError


class ChangedMeanwhile(DomainError):
    message = "These settings were changed in another tab or on another device. Below is what they say now."


class PhotoRefused(DomainError):
    """The upload can't be used as a photo; the message says why and what to do."""

    status = 422
    message = "That file could not be read as a photo. Choose a PNG, JPEG or WebP file."
