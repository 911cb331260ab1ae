"""Composing the message of a letter: its text and HTML parts, its headers, its calendar files."""

import email.message
from collections.abc import Sequence
from email.header import Header
from email.utils import format_datetime, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from core.letters import Letter, Mailbox

from .catalogue import CalendarPart, Reader
from .models import SentMail
from .text import one_line

# Header values stay short enough to be read in a list of mails.
LONGEST_NAME = 60
LONGEST_SENDER = 100
LONGEST_SUBJECT = 160


class Message(EmailMultiAlternatives):
    """A message with a well folded subject: Django's first line of a long one is empty, and some programs show that."""

    def message(self, **kwargs: Any) -> Any:
        message = super().message(**kwargs)
        del message["Subject"]
        subject = str(self.subject)
        folded = Header(subject, None if subject.isascii() else "utf-8", header_name="Subject").encode()
        email.message.Message.__setitem__(message, "Subject", folded)
        return message


def compose(
    row: SentMail, reader: Reader, letter: Letter, calendars: Sequence[CalendarPart] = (), *, unsubscribe: str = ""
) -> Message:
    """The message to one reader. Raises ValueError for a text that can't stand in a header.

    With `unsubscribe`, the address that turns such mails off, mail programs offer that with one press (RFC 8058).

    See `docs/decisions/one-mail-per-act.md` for how calendar files travel.
    """
    text, html = render(letter, unsubscribe=unsubscribe)
    one_press = {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    message = Message(
        subject=_plain(one_line(letter.subject, limit=LONGEST_SUBJECT)),
        body=text,
        from_email=sender(letter.from_name),
        to=[address_of(reader.name, reader.address)],
        reply_to=[_header(letter.reply_to) if letter.reply_to else support_address()],
        headers={
            "Message-ID": row.message_id,
            # The time of the first attempt, not of its job, which may have waited for the night to end: a repeat is the
            # same mail.
            "Date": format_datetime(row.handed_over_at or row.created_at),
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            **(one_press if unsubscribe else {}),
        },
    )
    message.attach_alternative(html, "text/html")
    if len(calendars) == 1 and not letter.items:
        [calendar] = calendars
        message.attach_alternative(calendar.content.decode(), _calendar_type(calendar))
        # Not text/calendar a second time: programs would ask twice.
        message.attach("appointment.ics", calendar.content, "application/ics")
    else:
        # A file of its own for each: programs read the first entry of a file with a method and pass over the others.
        # None as an alternative to the text: Outlook would show that one entry in place of the whole letter.
        for calendar in calendars:
            message.attach(f"appointment-{calendar.name}.ics", calendar.content.decode(), _calendar_type(calendar))
    return message


def _calendar_type(calendar: CalendarPart) -> str:
    # Programs act upon a cancellation only where the part's type names the file's method (RFC 6047, 2.4).
    return f"text/calendar; method={calendar.method}"


def render(letter: Letter, *, unsubscribe: str = "") -> tuple[str, str]:
    """The plain text and the HTML of the letter."""
    known = {
        "letter": letter,
        "unsubscribe": unsubscribe,
        "SITE_NAME": settings.SITE_NAME,
        "SITE_URL": settings.SITE_URL,
        "SUPPORT_EMAIL": parseaddr(settings.SUPPORT_EMAIL)[1],
        "SUPPORT_PHONE": settings.SUPPORT_PHONE,
    }
    html = render_to_string(f"{letter.template}.html", known)
    text = render_to_string(f"{letter.template}.txt", known)
    return text.strip() + "\n", html.strip() + "\n"


def sender(name: str = "") -> str:
    """The From header: `Maya Okafor via SITE_NAME <address>`, without a name the site alone."""
    site = one_line(settings.SITE_NAME)
    return address_of(f"{one_line(name, limit=LONGEST_NAME)} via {site}" if name else site, sender_address())


def sender_address() -> str:
    """The platform's own address, without a name."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def support_address() -> str:
    name, address = parseaddr(settings.SUPPORT_EMAIL)
    return address_of(name or settings.SITE_NAME, address)


def address_of(name: str, address: str) -> str:
    """The name and address for a header, the name quoted so that no character in it can separate addresses."""
    quoted = _plain(one_line(name, limit=LONGEST_SENDER)).replace("\\", "").replace('"', "'")
    return f'"{quoted}" <{address}>' if quoted else address


def _header(mailbox: Mailbox) -> str:
    return address_of(mailbox.name, mailbox.address)


def _plain(text: str) -> str:
    """The text with its encoded words (RFC 2047) broken: a mail program could decode one in a name to a line end."""
    return text.replace("=?", "= ?")
