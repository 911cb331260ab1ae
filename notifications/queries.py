"""Queries about mails and the inbox: one SQL query for each call."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Now

from accounts.models import User
from core import clock

from .models import INBOX, REFUSAL_HOLDS, InboxItem, RefusedAddress, SentMail, State, TurnedOff
from .rules import DAY, HOUR, AskedBefore, Sent


def mails_about(reference: str, user: User) -> list[SentMail]:
    """The mails sent to this person about the appointment, newest first; never those to the other side."""
    sent = SentMail.objects.filter(user=user, state=State.SENT).order_by()
    # Two statements in one, for each has an index of its own.
    found = sent.filter(about=reference).union(sent.filter(mentions__about=reference), all=True)
    return list(found.order_by("-sent_at", "-id"))


def mails_of_appointment(reference: str) -> list[SentMail]:
    """The mails to either side about the appointment, whatever became of them, newest first, with their readers."""
    rows = SentMail.objects.order_by()
    found = rows.filter(about=reference).union(rows.filter(mentions__about=reference), all=True).values("pk")
    keys = [row["pk"] for row in found]
    return list(SentMail.objects.filter(pk__in=keys).select_related("user").order_by("-created_at", "-id"))


def may_have_arrived(key: str, *, to: User) -> bool:
    """Whether the mail to this person with this key left, or a repeat of it, as far as anybody can know."""
    out = SentMail.objects.filter(user=to, state__in=(State.SENDING, State.SENT, State.UNCLEAR))
    this = Q(key=key) | Q(key__startswith=f"{key}:again-")
    return out.filter(this, handed_over_at__isnull=False).exists()


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


# New items are counted up to here, so that the count costs the same for somebody who never reads any.
COUNTED_TO = 100
PER_PAGE = 20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _CountUpTo(Subquery):
    """The number of rows of a sliced query, as a part of another query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS few)"
    output_field = IntegerField()


def new_items_of_session() -> dict[str, Subquery]:
    """The number of new items of a session's person, at most `COUNTED_TO`, for the query that reads the session."""
    return {"new_items": _count_of(OuterRef("person"))}


def count_new(user: User) -> int:
    """The number of the person's new items, at most `COUNTED_TO`."""
    return User.objects.filter(pk=user.pk).values_list(_count_of(OuterRef("pk")), flat=True)[0]


def _count_of(reader: OuterRef) -> _CountUpTo:
    few = _shown(InboxItem.objects.filter(reader=reader, read_at=None)).order_by().values(one=Value(1))
    return _CountUpTo(few[:COUNTED_TO])


def inbox_of(user: User, *, only_new: bool = False, before: str = "") -> tuple[list[InboxItem], str]:
    """A page of the person's items, the newest first, and the mark from which the next page begins, empty on the last.

    `before` is such a mark; one that no page gave is no mark.
    """
    rows = _shown(InboxItem.objects.filter(reader=user))
    if only_new:
        rows = rows.filter(read_at=None)
    found = list(_after(rows, before)[: PER_PAGE + 1])
    return found[:PER_PAGE], mark_of(found[PER_PAGE - 1]) if len(found) > PER_PAGE else ""


def _shown(rows: QuerySet[InboxItem]) -> QuerySet[InboxItem]:
    """The items without the topics that their reader does not want to see here."""
    off = TurnedOff.objects.filter(preferences=OuterRef("reader"), channel=INBOX, topic=OuterRef("topic"))
    return rows.exclude(Exists(off))


def item_of(user: User, item: UUID) -> InboxItem:
    """The person's item with this id. Raises InboxItem.DoesNotExist for another person's, as for none."""
    return InboxItem.objects.get(reader=user, pk=item)


def mark_of(item: InboxItem) -> str:
    """The item's place in the order of the inbox, for the address of a page."""
    return f"{(item.told_at - EPOCH) // timedelta(microseconds=1)}-{item.pk.hex}"


def moment_of(mark: str) -> datetime | None:
    """The moment of a mark that `mark_of` gave, None for anything else."""
    moment = mark.partition("-")[0]
    try:
        return EPOCH + timedelta(microseconds=int(moment))
    except (ValueError, OverflowError):
        return None


def _after(rows: QuerySet[InboxItem], mark: str) -> QuerySet[InboxItem]:
    told_at = moment_of(mark)
    try:
        last = UUID(mark.partition("-")[2])
    except ValueError:
        return rows
    return rows if told_at is None else rows.filter(Q(told_at__lt=told_at) | Q(told_at=told_at, pk__lt=last))
