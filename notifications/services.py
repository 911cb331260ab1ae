"""Services that send mail: at least once, each mail by one worker at a time. Called by jobs, never by a page.

A mail has a key. The worker that sends it holds a lease on its row in `SentMail`; a finished key sends nothing more.
When the server's answer is lost, the next attempt sends the mail again with an unchanged Message-ID.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from core import clock
from core.db import lock_rows, persistently
from core.letters import Button, Letter, site_host
from outbox import services as outbox

from . import catalogue, preferences, rules
from .catalogue import Mail, Reader
from .composing import compose
from .models import ALWAYS_TRIED, REFUSAL_HOLDS, UNFINISHED, Mention, RefusedAddress, SentMail, State
from .queries import asked_before, refusal_of, sent_lately
from .smtp import Failure, deliver

TOPIC = "notifications.send_mail"
UNWANTED = "the person turned such mails off"
LEFT = "the person's account is closed"
NO_ADDRESS = "the person's account has no address"
QUIET = "it waits for the end of the person's quiet hours"
GIVEN_UP = "given up after many tries: "
# How long the log keeps a mail, and how long a refusal of an address is kept after it stopped to count.
LOG_KEPT = timedelta(days=365)
REFUSALS_KEPT = timedelta(days=30)
BATCH = 1000
SENT_BY_STAFF = "staff had it sent before it was its turn"
ENOUGH = "it waits: as many mails as may be were sent to this person within the hour"


@dataclass(frozen=True, slots=True)
class Job:
    """The outbox job that makes a mail, logged with it so that staff can have it sent again. `again` counts from 1.

    `is_last_try` says that the job is not tried another time should it fail.
    """

    topic: str
    payload: dict[str, Any]
    again: int = 0
    is_last_try: bool = False


def draft(name: str, *, key: str, **facts: Any) -> outbox.Draft:
    """The job that sends the mail called `name` in the catalogue; publish it in the transaction of the change.

    `facts` are what the mail is made from: ids, never personal data.
    """
    return outbox.Draft(topic=TOPIC, key=f"{name}:{key}", payload={"mail": name, **facts})


def is_being_sent(name: str, *, key: str) -> bool:
    """Whether a worker is at the job of this mail now, so that it may still leave although it is no longer true.

    A job that begins later finds out before it sends. One query.
    """
    return outbox.is_running(TOPIC, key=f"{name}:{key}")


def send_by_name(name: str, facts: dict[str, Any], *, again: int = 0, is_last_try: bool = False) -> SentMail | None:
    """Make the mail that a job names and send it. Raises the errors of `send_mail`, and Retry for an unknown name."""
    entry = catalogue.entry(name)
    if entry is None:
        raise outbox.Retry(reason=f"no mail is called {name}; perhaps newer code knows it")
    mail = entry.load(**facts)
    if mail is None:
        return None
    # The facts of a secret mail are not kept with it.
    job = (
        Job("", {}, is_last_try=is_last_try)
        if entry.is_secret
        else Job(TOPIC, {"mail": name, **facts}, again, is_last_try)
    )
    return send_mail(mail, job=job)


def send_mail(mail: Mail, *, job: Job | None = None) -> SentMail | None:
    """Send a mail if it is still true and wanted, and return its row in the log; None when its reader has left.

    A repeat of a finished key sends nothing, and a mail that goes `once` is not repeated after an unclear answer.
    Raises Retry when the server could not be reached or asks to wait, or when another worker is sending this mail;
    NotYet when the reader's hourly limit is reached or their quiet hours last; GiveUp when the mail was refused for
    good, and then records the address as refused if the server blames it.
    """
    key = f"{mail.key}:again-{job.again}" if job and job.again else mail.key
    if mail.reader.has_left:
        waits = SentMail.objects.filter(_free(), key=key, state__in=(State.SENDING, State.HELD))
        waits.update(state=State.SKIPPED, reason=LEFT, held_until=None, leased_until=None, lease_token=None)
        return None
    if reason := mail.stale_because(clock.now()) or ("" if mail.reader.address else NO_ADDRESS):
        return _note_unsent(mail, key, job, reason)
    terms = preferences.terms_for(mail.reader.user, mail.kind) if mail.reader.user else preferences.Terms()
    if not terms.is_wanted:
        return _note_unsent(mail, key, job, UNWANTED, state=State.HELD)
    row = _claim(mail, key, job)
    if row.is_finished or _is_one_too_many(row, mail):
        return row
    if not (job and job.again):  # a repeat asked for by staff skips the checks
        _refuse_what_bounced(row, mail.reader)
        _wait_for_quiet_to_end(row, mail, terms.quiet)
        _wait_for_a_turn(row)
    try:
        failure = _hand_over(mail, row)
    except BaseException:
        _release(row)
        raise
    if failure and failure.is_unclear and mail.once:
        _finish(row, state=State.UNCLEAR, reason=failure.reason)
        return row
    if failure:
        _fail(row, mail.reader, failure, is_last_try=job is not None and job.is_last_try)
    # The mail is out and can't be taken back: if this is not stored, it is sent once more.
    persistently(lambda: _finish(row, state=State.SENT, sent_at=Now()))
    if mail.reader.user:
        RefusedAddress.objects.filter(user=mail.reader.user).delete()
    return row


def send_test_mail(address: str) -> Failure | None:
    """Send a mail that tells nothing but that mail works, at once and without a trace in the log."""
    site = settings.SITE_NAME
    letter = Letter(
        subject=f"Test: mail from {site} works",
        tone="brand",
        badge="Test",
        headline="Mail works.",
        preheader="Nothing else to read.",
        lead=(f"Somebody who runs {site} asked for this mail, to see that it arrives.",),
        button=Button(f"Open {site}", f"{settings.SITE_URL}/"),
        contact="There is nothing to do.",
        why=f"You get this mail because somebody who runs {site} typed your address.",
    )
    row = SentMail(message_id=f"<{uuid.uuid4().hex}@{site_host()}>", created_at=clock.now())
    return deliver(compose(row, Reader(address), letter))


def forget_who_asked() -> int:
    """Empty the hashes of addresses and networks that no budget counts any more; returns the number of rows changed."""
    old = SentMail.objects.filter(created_at__lt=Now() - rules.DAY).exclude(recipient="", asked_from="")
    return old.update(recipient="", asked_from="")


def forget_old(*, now: datetime) -> int:
    """Delete old mails from the log and old refusals of addresses, some rows at a time; returns the number of mails.

    No mail of that age can come again: the jobs that would send it are long gone.
    """
    RefusedAddress.objects.filter(refused_at__lt=now - REFUSAL_HOLDS - REFUSALS_KEPT).delete()
    old, gone = SentMail.objects.filter(created_at__lt=now - LOG_KEPT).order_by("created_at"), 0
    while keys := list(old.values_list("pk", flat=True)[:BATCH]):
        gone += len(keys)
        SentMail.objects.filter(pk__in=keys).delete()
        outbox.renew_lease()
    return gone


@transaction.atomic
def send_again(*, mail: SentMail) -> bool:
    """Publish the job of a logged mail once more, as a new mail, at once and in place of one that still waits.

    Returns False for a mail that has no job to repeat, that a worker is just sending, or that one sent since `mail` was
    read. Asking twice before the repeat was sent gives one repeat. Before sending, the mail is checked again for being
    true.
    """
    if not mail.topic:
        return False
    first_key = mail.key.partition(":again-")[0]
    waits = Q(state=State.SENDING) | Q(state=State.HELD, held_until__isnull=False)
    # Locked, so that of a worker and the one who asks here the second finds what the first one did.
    first = lock_rows(SentMail.objects.filter(key=first_key)).first()
    if first and first.pk == mail.pk and first.state == State.SENT != mail.state:
        return False
    facts = {"state": State.SKIPPED, "reason": SENT_BY_STAFF, "held_until": None}
    waiting = SentMail.objects.filter(waits, key=first_key)
    settled = waiting.filter(_free()).update(**facts, leased_until=None, lease_token=None)
    if not settled and waiting.exists():
        return False
    finished = SentMail.objects.filter(key__startswith=f"{first_key}:again-").exclude(waits).count()
    again = finished + 1
    outbox.publish(mail.topic, key=f"{first_key}:again-{again}", payload={**mail.payload, "again": again})
    return True


def _note_unsent(mail: Mail, key: str, job: Job | None, reason: str, *, state: State = State.SKIPPED) -> SentMail:
    """The row of a mail that is no longer true, or not wanted, marked as not sent unless it was sent before.

    Raises Retry while another worker has the lease: if that worker died, only a retry can mark the row.
    """
    _write_row(mail, key, job)
    unsent = SentMail.objects.filter(key=key, state__in=(State.SENDING, State.HELD))
    facts = {"state": state, "reason": reason[:120], "held_until": None}
    noted = unsent.filter(_free()).update(**facts, leased_until=None, lease_token=None)
    if not noted and unsent.exists():
        raise outbox.Retry(after=5, reason="another worker is sending it")
    row = SentMail.objects.get(key=key)
    if noted:
        _write_mentions(row, mail)
    return row


def _claim(mail: Mail, key: str, job: Job | None) -> SentMail:
    """The mail's row, leased to the caller unless it is finished. Raises Retry while another worker has the lease."""
    _write_row(mail, key, job)
    lease = timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
    token = uuid.uuid4()
    # One statement checks and takes the lease: the second of two workers finds the lease of the first.
    free = SentMail.objects.filter(_free(), key=key, state__in=UNFINISHED)
    claimed = free.update(
        state=State.SENDING,
        reason="",
        held_until=None,
        leased_until=Now() + lease,
        lease_token=token,
        attempts=F("attempts") + 1,
    )
    row = SentMail.objects.get(key=key)
    if not claimed and not row.is_finished:
        raise outbox.Retry(after=5, reason="another worker is sending it")
    if claimed:
        _write_mentions(row, mail)
    return row


def _free() -> Q:
    """The condition that no worker has a lease on the row, or that its lease has run out."""
    return Q(leased_until=None) | Q(leased_until__lte=Now())


def _write_row(mail: Mail, key: str, job: Job | None) -> None:
    # Derived from the key, so that a repeat has it too, and keyed, so that nobody can work out a row number.
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
        # A stranger's requests and those from a known device have different marks, and so count on different budgets.
        row.recipient = _mark(f"{mail.reader.address} {mail.asked.on_known_device}")
        row.asked_from = _mark(mail.asked.by) if mail.asked.by else ""
    if job:
        row.topic, row.payload = job.topic, job.payload
    SentMail.objects.bulk_create([row], ignore_conflicts=True)


def _write_mentions(row: SentMail, mail: Mail) -> None:
    """Record the appointments that a mail about several is about, without those it leaves out by now."""
    if mail.mentions:
        named = [Mention(mail=row, about=reference) for reference in mail.mentions]
        Mention.objects.bulk_create(named, ignore_conflicts=True)
        Mention.objects.filter(mail=row).exclude(about__in=mail.mentions).delete()


def _mark(text: str) -> str:
    """A keyed hash of the text, from which the text can't be guessed."""
    return salted_hmac("notifications.asked", text, algorithm="sha256").hexdigest()[:40]


def _is_one_too_many(row: SentMail, mail: Mail) -> bool:
    """Drop a mail asked for beyond its budget; whether it was dropped. Later its code or link would be of no use."""
    used_up = rules.used_up_budget(asked_before(row)) if mail.asked else ""
    if used_up:
        _finish(row, state=State.SKIPPED, reason=used_up)
    return bool(used_up)


def _refuse_what_bounced(row: SentMail, reader: Reader) -> None:
    """Mark the mail as refused and raise GiveUp when the reader's address was refused for good lately."""
    refusal = refusal_of(reader.user) if reader.user and row.kind not in ALWAYS_TRIED else None
    if refusal:
        _finish(row, state=State.REFUSED, reason=f"the address was refused before: {refusal.code}"[:120])
        raise outbox.GiveUp("the address was refused before")


def _wait_for_a_turn(row: SentMail) -> None:
    """Raise NotYet while the reader's hour has no room for this mail. Workers at once may send one too many each."""
    if row.kind in ALWAYS_TRIED:
        return
    wait = rules.time_until_a_place(sent_lately(row.user_id), row.about_whom_id)
    if wait:
        _hold_back(row, wait, ENOUGH)


def _wait_for_quiet_to_end(row: SentMail, mail: Mail, quiet: rules.QuietHours | None) -> None:
    """Raise NotYet while the reader's quiet hours last, unless the mail could come too late afterwards."""
    if quiet is None or mail.reader.user is None:
        return
    now = clock.now()
    end = rules.waits_until(quiet, now, mail.reader.user.zone, matters_at=mail.matters_at)
    if end:
        _hold_back(row, end - now, QUIET)


def _hold_back(row: SentMail, wait: timedelta, reason: str) -> None:
    """Let the mail wait, visible in the log, and its job be done again after that. Raises NotYet."""
    _release(row, state=State.HELD, held_until=Now() + wait, reason=reason)
    raise outbox.NotYet(after=wait.total_seconds(), reason=reason)


def _hand_over(mail: Mail, row: SentMail) -> Failure | None:
    """Compose the mail and give it to the server; None once it was accepted.

    Raises GiveUp for a mail that can't be written, because of its address, for example.
    """
    mail.promise()
    letter, calendars = mail.letter(), mail.calendars()
    user = mail.reader.user
    if row.handed_over_at is None:
        row.handed_over_at = clock.now()
        _held(row).update(handed_over_at=row.handed_over_at)
    unsubscribe = preferences.unsubscribe_address(user, mail.kind) if user else ""
    try:
        message = compose(row, mail.reader, letter, calendars, unsubscribe=unsubscribe)
        if mail.once:  # should this worker die from here on, nobody sends it again
            _held(row).update(state=State.UNCLEAR)
        return deliver(message)
    except ValueError as error:
        _finish(row, state=State.REFUSED, reason="it can't be written as a mail")
        raise outbox.GiveUp(f"it can't be written as a mail: {type(error).__name__}") from error


def _fail(row: SentMail, reader: Reader, failure: Failure, *, is_last_try: bool) -> None:
    if failure.blames_address and reader.user:
        RefusedAddress.objects.update_or_create(
            user=reader.user,
            defaults={"email": reader.address, "code": failure.reason[:20], "refused_at": clock.now()},
        )
    if failure.is_final:
        _finish(row, state=State.REFUSED, reason=failure.reason)
        raise outbox.GiveUp(f"refused: {failure.reason}")
    if is_last_try:
        _finish(row, state=State.REFUSED, reason=f"{GIVEN_UP}{failure.reason}"[:120])
    else:
        _release(row, state=State.SENDING, reason=f"tried again later: {failure.reason}"[:120])
    raise outbox.Retry(reason=failure.reason)


def _finish(row: SentMail, *, state: State, **facts: Any) -> None:
    unfinished = SentMail.objects.filter(pk=row.pk, state__in=(State.SENDING, State.UNCLEAR))
    if state != State.SENT:
        # A sent mail is recorded whichever worker has the lease by now; any other state only by the worker that has it.
        unfinished = unfinished.filter(lease_token=row.lease_token)
    unfinished.update(state=state, leased_until=None, lease_token=None, **facts)
    row.refresh_from_db()


def _release(row: SentMail, **facts: Any) -> None:
    _held(row).update(leased_until=None, lease_token=None, **facts)


def _held(row: SentMail) -> QuerySet[SentMail]:
    """The row, while this worker has its lease."""
    return SentMail.objects.filter(pk=row.pk, lease_token=row.lease_token)
