"""The refusals of reports; their words may be shown as they are."""

from core.exceptions import DomainError


class MailedJustNow(DomainError):
    """The report was mailed so recently that another mail would be the same again."""
