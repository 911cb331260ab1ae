"""The inbox of a person: writing what they are told, marking it as read, and forgetting it in the end.

An item is written in the transaction of the change that it tells of, so it is there although mail may hang.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from core import clock
from core.compiled_inserts import insert_all
from core.db import retrying
from outbox import services as outbox

from .catalogue import Notice
from .models import TOPICS, InboxItem

# What was read goes after this time, and what nobody read after the longer one.
KEPT_READ = timedelta(days=90)
KEPT_NEW = timedelta(days=365)
BATCH = 1000


def write(notices: Sequence[Notice], *, now: datetime) -> None:
    """Write an item for each of these; one that is there already stays as it is. One INSERT.

    What its reader did themselves is read from the start.
    """
    insert_all(
        [
            InboxItem(
                id=InboxItem.id_for(each.name, each.key, each.reader),
                reader_id=each.reader,
                kind=each.kind,
                topic=TOPICS.get(each.kind, ""),
                about=each.about,
                name=each.name,
                facts=each.facts,
                told_at=now,
                read_at=now if each.is_own else None,
            )
            for each in notices
        ],
        ignore_conflicts=True,
    )


def mark_read(*, item: InboxItem) -> None:
    """Mark one item as read; the first time counts."""
    InboxItem.objects.filter(pk=item.pk, read_at=None).update(read_at=clock.now())


@retrying
@transaction.atomic
def mark_all_read(*, actor: User, until: datetime) -> int:
    """Mark as read what the person was told up to `until`, the newest that they saw; returns the number of items."""
    return InboxItem.objects.filter(reader=actor, read_at=None, told_at__lte=until).update(read_at=clock.now())


def forget_old(*, now: datetime) -> int:
    """Delete what is kept no longer, some rows at a time; returns their number."""
    # Nothing is read before it was told, and the moment of that has an index.
    old = InboxItem.objects.filter(told_at__lt=now - KEPT_READ)
    old = old.filter(Q(read_at__lt=now - KEPT_READ) | Q(read_at=None, told_at__lt=now - KEPT_NEW))
    gone = 0
    while keys := list(old.order_by("told_at").values_list("pk", flat=True)[:BATCH]):
        gone += InboxItem.objects.filter(pk__in=keys).delete()[0]
        outbox.renew_lease()
    return gone
