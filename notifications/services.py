"""Sending mail: by one worker at a time, and at least once. Called by jobs, never by a page.

A mail has a key. A worker that sends it holds a lease on its row in `SentMail`; a finished key sends nothing more. When
the server's answer is lost, the next attempt sends the same mail again under the same Message-ID.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from core import clock
from core.db import persistently
from core.letters import site_host
from outbox import services as outbox

from . import catalogue, rules
from .catalogue import Mail, Reader
from .composing import compose
from .models import ALWAYS_TRIED, UNFINISHED, RefusedAddress, SentMail, State
from .queries import asked_before, refusal_of, sent_lately
from .smtp import Failure, deliver

TOPIC = "notifications.send_mail"
ENOUGH = "it waits: as many mails as may be were sent to this person within the hour"


@dataclass(frozen=True, slots=True)
class Job:
    """The outbox job that makes a mail, logged with it so that staff can have it sent again. `again` counts from 1."""

    topic: str
    payload: dict[str, Any]
    again: int = 0


def draft(name: str, *, key: str, **facts: Any) -> outbox.Draft:
    """The job that sends the mail called `name` in the catalogue; publish it in the transaction of the change.

    `facts` are what the mail is made from: ids, never personal data.
    """
    return outbox.Draft(topic=TOPIC, key=f"{name}:{key}", payload={"mail": name, **facts})


def send_by_name(name: str, facts: dict[str, Any], *, again: int = 0) -> SentMail | None:
    """Make the mail that a job names and send it. Raises what `send_mail` raises, and Retry for an unknown name."""
    entry = catalogue.entry(name)
    if entry is None:
        raise outbox.Retry(reason=f"no mail is called {name}; perhaps newer code knows it")
    mail = entry.load(**facts)
    if mail is None:
        return None
    return send_mail(mail, job=None if entry.is_secret else Job(TOPIC, {"mail": name, **facts}, again))


def send_mail(mail: Mail, *, job: Job | None = None) -> SentMail | None:
    """Send a mail if it is still true, and return its row in the log; None when its reader has left.

    A repeat of a finished key sends nothing. Raises Retry when the server could not be reached or asks to wait, or when
    another worker sends this very mail at the moment; NotYet when the reader got enough within the hour; GiveUp when it
    was refused for good, and marks the address if that is why.
    """
    key = f"{mail.key}:again-{job.again}" if job and job.again else mail.key
    if reason := mail.stale_because(clock.now()):
        return _note_unsent(mail, key, job, reason)
    if mail.reader.has_left:
        return None
    row = _claim(mail, key, job)
    if row.is_finished or _is_one_too_many(row, mail):
        return row
    if not (job and job.again):  # staff insist
        _refuse_what_bounced(row, mail.reader)
        _wait_for_a_turn(row)
    try:
        failure = _hand_over(mail, row)
    except BaseException:
        _release(row)
        raise
    if failure:
        _fail(row, mail.reader, failure)
    # The mail is out, and no error can take it back: without this note it would be sent once more.
    persistently(lambda: _finish(row, state=State.SENT, sent_at=Now()))
    if mail.reader.user:
        RefusedAddress.objects.filter(user=mail.reader.user).delete()
    return row


def forget_who_asked() -> int:
    """Empty the hashes of addresses and networks once no budget counts them any more; the number of rows changed."""
    old = SentMail.objects.filter(created_at__lt=Now() - rules.DAY).exclude(recipient="", asked_from="")
    return old.update(recipient="", asked_from="")


@transaction.atomic
def send_again(*, mail: SentMail) -> bool:
    """Publish the job of a logged mail once more, as a mail of its own. False when it has no job to repeat.

    Asking twice before the repeat was sent gives one repeat. Whether it is still true is checked again when it is sent.
    """
    if not mail.topic:
        return False
    first_key = mail.key.partition(":again-")[0]
    finished = SentMail.objects.filter(key__startswith=f"{first_key}:again-").exclude(state=State.SENDING).count()
    again = finished + 1
    outbox.publish(mail.topic, key=f"{first_key}:again-{again}", payload={**mail.payload, "again": again})
    return True


def _note_unsent(mail: Mail, key: str, job: Job | None, reason: str) -> SentMail:
    """The row of a mail that is no longer true, marked as not sent unless it was sent before.

    Raises Retry while another worker sends it: that worker may have died, and then nobody else says how it ended.
    """
    _write_row(mail, key, job)
    unsent = SentMail.objects.filter(key=key, state=State.SENDING)
    noted = unsent.filter(_free()).update(state=State.SKIPPED, reason=reason[:120], leased_until=None, lease_token=None)
    if not noted and unsent.exists():
        raise outbox.Retry(after=5, reason="another worker is sending it")
    return SentMail.objects.get(key=key)


def _claim(mail: Mail, key: str, job: Job | None) -> SentMail:
    """The mail's row, leased to the caller unless it is finished. Raises Retry while another worker has the lease."""
    _write_row(mail, key, job)
    lease = timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
    token = uuid.uuid4()
    # One statement both looks and takes: of two workers the second finds the first one's lease.
    free = SentMail.objects.filter(_free(), key=key, state__in=UNFINISHED)
    claimed = free.update(
        state=State.SENDING, reason="", leased_until=Now() + lease, lease_token=token, attempts=F("attempts") + 1
    )
    row = SentMail.objects.get(key=key)
    if not claimed and not row.is_finished:
        raise outbox.Retry(after=5, reason="another worker is sending it")
    return row


def _free() -> Q:
    """No worker is sending it, or the one that did has fallen silent."""
    return Q(leased_until=None) | Q(leased_until__lte=Now())


def _write_row(mail: Mail, key: str, job: Job | None) -> None:
    # Derived, not random, and not to be guessed back to a row number.
    digest = salted_hmac("notifications.message_id", key, algorithm="sha256").hexdigest()[:40]
    row = SentMail(
        key=key,
        user=mail.reader.user,
        kind=mail.kind,
        about=mail.about,
        about_whom=mail.counterpart,
        message_id=f"<{digest}@{site_host()}>",
    )
    if mail.asked:
        # What a stranger asks for takes nothing from what the person does on a device of their own.
        row.recipient = _mark(f"{mail.reader.address} {mail.asked.on_known_device}")
        row.asked_from = _mark(mail.asked.by) if mail.asked.by else ""
    if job:
        row.topic, row.payload = job.topic, job.payload
    SentMail.objects.bulk_create([row], ignore_conflicts=True)


def _mark(text: str) -> str:
    """A keyed hash: the same for the same text, and not to be guessed back."""
    return salted_hmac("notifications.asked", text, algorithm="sha256").hexdigest()[:40]


def _is_one_too_many(row: SentMail, mail: Mail) -> bool:
    """Drop a mail that was asked for beyond the budget. It does not wait: by then its code or link is of no use."""
    used_up = rules.used_up_budget(asked_before(row)) if mail.asked else ""
    if used_up:
        _finish(row, state=State.SKIPPED, reason=used_up)
    return bool(used_up)


def _refuse_what_bounced(row: SentMail, reader: Reader) -> None:
    """Raises GiveUp when the reader's address was refused for good lately."""
    refusal = refusal_of(reader.user) if reader.user and row.kind not in ALWAYS_TRIED else None
    if refusal:
        _finish(row, state=State.REFUSED, reason=f"the address was refused before: {refusal.code}"[:120])
        raise outbox.GiveUp("the address was refused before")


def _wait_for_a_turn(row: SentMail) -> None:
    """Raises NotYet until there is room for this mail. Several workers at once may send one too many each."""
    if row.kind in ALWAYS_TRIED:
        return
    wait = rules.time_until_a_place(sent_lately(row.user_id), row.about_whom_id)
    if wait:
        _release(row, reason=ENOUGH)
        raise outbox.NotYet(after=wait.total_seconds(), reason=ENOUGH)


def _hand_over(mail: Mail, row: SentMail) -> Failure | None:
    """Write the mail and give it to the server. Raises GiveUp for what can't stand in a mail, such as an address."""
    letter, calendar = mail.letter(), mail.calendar()
    try:
        return deliver(compose(row, mail.reader, letter, calendar))
    except ValueError as error:
        _finish(row, state=State.REFUSED, reason="it can't be written as a mail")
        raise outbox.GiveUp(f"it can't be written as a mail: {type(error).__name__}") from error


def _fail(row: SentMail, reader: Reader, failure: Failure) -> None:
    if failure.blames_address and reader.user:
        RefusedAddress.objects.update_or_create(
            user=reader.user,
            defaults={"email": reader.address, "code": failure.reason[:20], "refused_at": clock.now()},
        )
    if failure.is_final:
        _finish(row, state=State.REFUSED, reason=failure.reason)
        raise outbox.GiveUp(f"refused: {failure.reason}")
    _release(row)
    raise outbox.Retry(reason=failure.reason)


def _finish(row: SentMail, *, state: State, **facts: Any) -> None:
    unfinished = SentMail.objects.filter(pk=row.pk, state=State.SENDING)
    if state != State.SENT:
        # That it was sent is a fact whoever holds the lease by now; anything else is for the holder to say.
        unfinished = unfinished.filter(lease_token=row.lease_token)
    unfinished.update(state=state, leased_until=None, lease_token=None, **facts)
    row.refresh_from_db()


def _release(row: SentMail, **facts: Any) -> None:
    held = SentMail.objects.filter(pk=row.pk, lease_token=row.lease_token)
    held.update(leased_until=None, lease_token=None, **facts)
