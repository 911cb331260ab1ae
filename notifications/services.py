"""Sending a mail: by one worker at a time, and at least once. Called from a job's handler, never from a page.

A mail has a key. Whoever works on it holds a lease on its row in `SentMail`; a finished key sends nothing more. When
the server's answer is lost, the next attempt sends the same mail again under the same Message-ID.
"""

import email.message
import uuid
from dataclasses import dataclass
from datetime import timedelta
from email.header import Header
from email.utils import format_datetime, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils.crypto import salted_hmac

from accounts.models import User
from core import clock
from outbox import services as outbox

from .letters import site_host
from .models import UNFINISHED, RefusedAddress, SentMail, State
from .queries import refusal_of
from .smtp import Failure, deliver
from .text import one_line

# Whoever books and cancels in a loop fills no mailbox: beyond so many mails to one person within an hour, altogether
# and about dealings with one other person, a mail waits for its turn. None is dropped; those about others go on.
HOUR = timedelta(hours=1)
PER_HOUR = 60
PER_HOUR_ABOUT_ONE = 20
ENOUGH = "it waits: as many mails as may be were sent to this person within the hour"

# Header values stay short enough to be read in a list of mails.
LONGEST_NAME = 60
LONGEST_SENDER = 100
LONGEST_SUBJECT = 160


class Message(EmailMultiAlternatives):
    """Django folds a long subject as if its name took no room, which leaves the first line empty; some show that."""

    def message(self, **kwargs: Any) -> Any:
        message = super().message(**kwargs)
        del message["Subject"]
        subject = str(self.subject)
        folded = Header(subject, None if subject.isascii() else "utf-8", header_name="Subject").encode()
        email.message.Message.__setitem__(message, "Subject", folded)
        return message


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """An iCalendar file with its method; the mail carries it as a part of its own and as `appointment.ics`."""

    method: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Job:
    """The outbox job that writes a mail, kept so that staff can have it done again. `again` counts from 1."""

    topic: str
    payload: dict[str, Any]
    again: int = 0


def send_mail(
    *,
    to_user: User,
    kind: str,
    key: str,
    subject: str,
    template: str,
    context: dict[str, Any],
    about: str = "",
    calendar: CalendarPart | None = None,
    reply_to: User | None = None,
    from_name: str = "",
    about_whom: User | None = None,
    job: Job | None = None,
) -> SentMail | None:
    """Send `template`.html and .txt to one person; None when they have left, else the log's row as it is afterwards.

    Replies go to `reply_to`, or to support. `from_name` is shown as 'Maya Okafor via SITE_NAME'. A repeat of a finished
    `key` sends nothing. Raises Retry when the server could not be reached or asks to wait, somebody else sends this
    very mail at the moment, or the person got enough within the hour, altogether or about dealings with `about_whom`;
    GiveUp when it was refused for good, and marks the address if that is why.
    """
    if not to_user.is_active:
        return None
    key = f"{key}:again-{job.again}" if job and job.again else key
    mail = _claim(key, to_user=to_user, kind=kind, about=about, about_whom=about_whom, job=job)
    if mail.is_finished:
        return mail
    insists = bool(job and job.again)
    refusal = None if insists else refusal_of(to_user)
    if refusal:
        _finish(mail, state=State.REFUSED, reason=f"the address was refused before: {refusal.code}"[:120])
        raise outbox.GiveUp("the address was refused before")
    if not insists:
        _wait_for_a_turn(mail)
    try:
        message = _compose(mail, to_user, subject, template, context, calendar, reply_to, from_name)
        failure = deliver(message)
    except ValueError as error:
        _finish(mail, state=State.REFUSED, reason="it can't be written as a mail")
        raise outbox.GiveUp(f"it can't be written as a mail: {type(error).__name__}") from error
    except BaseException:
        _release(mail)
        raise
    if failure:
        _fail(mail, to_user, failure)
    _finish(mail, state=State.SENT, sent_at=Now())
    RefusedAddress.objects.filter(user=to_user).delete()
    return mail


def note_unsent(*, to_user: User, kind: str, key: str, reason: str, about: str = "", job: Job | None = None) -> None:
    """Record that a mail was not sent because it would no longer be true. A mail already under way is left alone.

    Raises Retry while it is under way: whoever sends it may have died, and then nobody else says how it ended.
    """
    key = f"{key}:again-{job.again}" if job and job.again else key
    _write_row(key, to_user=to_user, kind=kind, about=about, job=job)
    unsent = SentMail.objects.filter(key=key, state=State.SENDING)
    if unsent.filter(_free()).update(state=State.SKIPPED, reason=reason[:120], leased_until=None, lease_token=None):
        return
    if unsent.exists():
        raise outbox.Retry(after=5, reason="another worker is sending it")


@transaction.atomic
def send_again(*, mail: SentMail) -> bool:
    """Publish the job of `mail` once more, as a mail of its own. False when it has no job to repeat.

    Asking twice before the repeat was sent gives one repeat. Whether it is still true is checked again when it is sent.
    """
    if not mail.topic:
        return False
    first_key = mail.key.partition(":again-")[0]
    finished = SentMail.objects.filter(key__startswith=f"{first_key}:again-").exclude(state=State.SENDING).count()
    again = finished + 1
    outbox.publish(mail.topic, key=f"{first_key}:again-{again}", payload={**mail.payload, "again": again})
    return True


def _claim(key: str, *, to_user: User, kind: str, about: str, about_whom: User | None, job: Job | None) -> SentMail:
    """The mail's row, leased to the caller unless it is finished. Raises Retry while somebody else has the lease."""
    _write_row(key, to_user=to_user, kind=kind, about=about, about_whom=about_whom, job=job)
    lease = timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
    token = uuid.uuid4()
    # One statement both looks and takes: of two workers the second finds the first one's lease.
    free = SentMail.objects.filter(_free(), key=key, state__in=UNFINISHED)
    claimed = free.update(
        state=State.SENDING, reason="", leased_until=Now() + lease, lease_token=token, attempts=F("attempts") + 1
    )
    mail = SentMail.objects.get(key=key)
    if not claimed and not mail.is_finished:
        raise outbox.Retry(after=5, reason="another worker is sending it")
    return mail


def _free() -> Q:
    """Nobody is sending it, or whoever did has fallen silent."""
    return Q(leased_until=None) | Q(leased_until__lte=Now())


def _wait_for_a_turn(mail: SentMail) -> None:
    """Raises Retry until there is room for this mail. Several workers at once may send one too many each."""
    sent = SentMail.objects.filter(user=mail.user_id, sent_at__gt=Now() - HOUR).order_by("-sent_at")
    lately = list(sent.values_list(Now() - F("sent_at"), "about_whom")[:PER_HOUR])
    altogether = [age for age, _whom in lately]
    about_them = [age for age, whom in lately if whom and whom == mail.about_whom_id]
    in_the_way = altogether[PER_HOUR - 1 :] + about_them[PER_HOUR_ABOUT_ONE - 1 :][:1]
    if in_the_way:
        _release(mail, reason=ENOUGH)
        raise outbox.Retry(after=(HOUR - min(in_the_way)).total_seconds(), reason=ENOUGH)


def _write_row(
    key: str, *, to_user: User, kind: str, about: str, job: Job | None, about_whom: User | None = None
) -> None:
    # Derived, not random, and not to be guessed back to a row number.
    digest = salted_hmac("notifications.message_id", key, algorithm="sha256").hexdigest()[:40]
    message_id = f"<{digest}@{site_host()}>"
    row = SentMail(key=key, user=to_user, kind=kind, about=about, about_whom=about_whom, message_id=message_id)
    if job:
        row.topic, row.payload = job.topic, job.payload
    SentMail.objects.bulk_create([row], ignore_conflicts=True)


def _compose(
    mail: SentMail,
    to_user: User,
    subject: str,
    template: str,
    context: dict[str, Any],
    calendar: CalendarPart | None,
    reply_to: User | None,
    from_name: str,
) -> Message:
    text, html = render(template, context)
    message = Message(
        subject=_plain(one_line(subject, limit=LONGEST_SUBJECT)),
        body=text,
        from_email=sender(from_name),
        to=[address_of(to_user.name, to_user.email)],
        reply_to=[address_of(reply_to.name, reply_to.email) if reply_to else support_address()],
        headers={
            "Message-ID": mail.message_id,
            # That of the first attempt: a repeat is the same mail.
            "Date": format_datetime(mail.created_at),
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    message.attach_alternative(html, "text/html")
    if calendar:
        message.attach_alternative(calendar.content.decode(), f"text/calendar; method={calendar.method}")
        # Not text/calendar a second time: programs would ask twice.
        message.attach("appointment.ics", calendar.content, "application/ics")
    return message


def render(template: str, context: dict[str, Any]) -> tuple[str, str]:
    """The plain-text and the HTML part."""
    support_name, support = parseaddr(settings.SUPPORT_EMAIL)
    known = {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_URL": settings.SITE_URL,
        "SUPPORT_EMAIL": support,
        "SUPPORT_PHONE": settings.SUPPORT_PHONE,
    }
    html = render_to_string(f"{template}.html", known | context)
    text = render_to_string(f"{template}.txt", known | context)
    return text.strip() + "\n", html.strip() + "\n"


def sender(name: str = "") -> str:
    """`Maya Okafor via SITE_NAME <address>`, or the site alone."""
    site = one_line(settings.SITE_NAME)
    return address_of(f"{one_line(name, limit=LONGEST_NAME)} via {site}" if name else site, sender_address())


def sender_address() -> str:
    """The platform's own address, without a name."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def support_address() -> str:
    name, address = parseaddr(settings.SUPPORT_EMAIL)
    return address_of(name or settings.SITE_NAME, address)


def address_of(name: str, address: str) -> str:
    """For a header: the name quoted, so that no sign in it parts addresses."""
    quoted = _plain(one_line(name, limit=LONGEST_SENDER)).replace("\\", "").replace('"', "'")
    return f'"{quoted}" <{address}>' if quoted else address


def _plain(text: str) -> str:
    """Nothing a mail program would decode (RFC 2047): what a name spells out could be a line end."""
    return text.replace("=?", "= ?")


def _fail(mail: SentMail, to_user: User, failure: Failure) -> None:
    if failure.blames_address:
        RefusedAddress.objects.update_or_create(
            user=to_user,
            defaults={"email": to_user.email, "code": failure.reason[:20], "refused_at": clock.now()},
        )
    if failure.is_final:
        _finish(mail, state=State.REFUSED, reason=failure.reason)
        raise outbox.GiveUp(f"refused: {failure.reason}")
    _release(mail)
    raise outbox.Retry(reason=failure.reason)


def _finish(mail: SentMail, *, state: State, **facts: Any) -> None:
    row = SentMail.objects.filter(pk=mail.pk, state=State.SENDING)
    if state != State.SENT:
        # That it was sent is a fact whoever holds the lease by now; anything else is for the holder to say.
        row = row.filter(lease_token=mail.lease_token)
    row.update(state=state, leased_until=None, lease_token=None, **facts)
    mail.refresh_from_db()


def _release(mail: SentMail, **facts: Any) -> None:
    held = SentMail.objects.filter(pk=mail.pk, lease_token=mail.lease_token)
    held.update(leased_until=None, lease_token=None, **facts)
