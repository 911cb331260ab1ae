"""The refusals of the API's own services. Their messages may be shown as they are."""

from core.exceptions import DomainError


class TooManyKeys(DomainError):
    """Raised when the person has as many keys as they may."""

    problem = "policy-refused"

    def __init__(self, most: int) -> None:
        super().__init__(f"You have {most} keys, which is the most. End one that you no longer need.")


class NoKeysAnyMore(DomainError):
    """Raised for a person who stopped taking part after they asked for a key."""

    status = 403
    problem = "not-allowed"
    message = "This account can have no keys any more."
