"""Queries about mails: one SQL query for each call."""

from django.db.models import Count, F, Q
from django.db.models.functions import Now

from accounts.models import User
from core import clock

from .models import REFUSAL_HOLDS, RefusedAddress, SentMail, State
from .rules import DAY, HOUR, AskedBefore, Sent


def mails_about(reference: str, user: User) -> list[SentMail]:
    """The mails sent to this person about the appointment, newest first; never those to the other side."""
    sent = SentMail.objects.filter(user=user, state=State.SENT).order_by()
    # Two statements in one, for each has an index of its own.
    found = sent.filter(about=reference).union(sent.filter(mentions__about=reference), all=True)
    return list(found.order_by("-sent_at", "-id"))


def refusal_of(user: User) -> RefusedAddress | None:
    """The refusal of the person's present address within `REFUSAL_HOLDS`, or None while mail reaches them."""
    since = clock.now() - REFUSAL_HOLDS
    return RefusedAddress.objects.filter(user=user, email=user.email, refused_at__gt=since).first()


def sent_lately(user_id: int | None) -> list[Sent]:
    """The mails sent to this person within the last hour, by the database's clock."""
    sent = SentMail.objects.filter(user=user_id, sent_at__gt=Now() - HOUR)
    return [Sent(age, whom) for age, whom in sent.values_list(Now() - F("sent_at"), "about_whom")]


def asked_before(row: SentMail) -> AskedBefore:
    """The counts of mails asked for before this one, without dropped ones. The order of rows counts, not of sending."""
    earlier = SentMail.objects.filter(created_at__gt=Now() - DAY, pk__lt=row.pk).exclude(state=State.SKIPPED)
    to_them, from_there = Q(recipient=row.recipient), Q(asked_from=row.asked_from) & ~Q(asked_from="")
    counts = earlier.filter(to_them | from_there).aggregate(
        to_them_in_an_hour=Count("pk", filter=to_them & Q(created_at__gt=Now() - HOUR)),
        to_them_in_a_day=Count("pk", filter=to_them),
        from_there_in_a_day=Count("pk", filter=from_there),
    )
    return AskedBefore(**counts)
