"""Delivery of a message by SMTP, and the meaning of the server's answer: whether to try again, and whom it blames."""

import re
import smtplib
from contextlib import suppress
from dataclasses import dataclass, replace

from django.core.mail import EmailMessage, get_connection

_ENHANCED = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Failure:
    """A mail that was not accepted. `reason` has the server's codes only: its text may quote an address.

    `is_unclear` says that the server may have it all the same: the line was cut before the answer came.
    """

    reason: str
    is_final: bool = False
    blames_address: bool = False
    is_unclear: bool = False

    @property
    def has_answer(self) -> bool:
        """Whether the server itself said no, with a code."""
        return self.reason[:1].isdigit()


def deliver(message: EmailMessage) -> Failure | None:
    """Hand a mail to the server; None once it was accepted, even if the connection breaks after that."""
    connection = get_connection(fail_silently=False)
    is_open = False
    try:
        connection.open()
        is_open = True
        connection.send_messages([message])
    except (smtplib.SMTPException, OSError) as error:
        failure = judge(error)
        return replace(failure, is_unclear=is_open and not failure.has_answer)
    finally:
        with suppress(smtplib.SMTPException, OSError):
            connection.close()
    return None


def judge(error: Exception) -> Failure:
    """The failure that an error stands for: 4xx and broken connections are temporary, 5xx is final (RFC 5321).

    Of the enhanced codes (RFC 3463), x.1.x and x.2.x blame the mailbox, x.7.x blames us.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        detail = _enhanced(text)
        blames = 500 <= code < 600 and (not detail or detail.startswith(("5.1.", "5.2.")))
        return Failure(f"{code} {detail}".strip(), is_final=500 <= code < 600, blames_address=blames)
    if isinstance(error, smtplib.SMTPDataError):
        detail = _enhanced(error.smtp_error)
        final = 500 <= error.smtp_code < 600
        return Failure(
            f"{error.smtp_code} {detail}".strip(), is_final=final, blames_address=final and detail.startswith("5.1.")
        )
    if isinstance(error, smtplib.SMTPResponseException):
        # Refused at greeting, sign-in or sender, so our own set-up is wrong: the mail waits until it is mended.
        return Failure(f"{error.smtp_code} {_enhanced(error.smtp_error)}".strip())
    return Failure(type(error).__name__)


def _enhanced(text: bytes | str) -> str:
    found = _ENHANCED.match(text if isinstance(text, bytes) else text.encode(errors="replace"))
    return found[1].decode() if found else ""
