"""Evening digests: choosing them, turning them off, and publishing those whose time has come.

Nothing is planned ahead. Each minute the clocks of all zones in use are read, and whoever's time has come today and who
was not told of tomorrow is told. So it follows a change of zone, time or clocks, and what was missed while no worker
ran is made up until midnight, after which it would tell of a day that has begun.
"""

from collections import defaultdict
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User, taking_part
from appointments.models import Digest
from appointments.rules.digest import day_to_tell, read_clock
from core import clock
from core.db import lock_rows, retrying
from notifications import services as notifications
from notifications.models import Topic
from outbox import services as outbox
from providers.models import Provider
from providers.queries import provider_of

from .locks import lock_providers

BATCH = 200


@transaction.atomic
def choose_digest(*, provider: Provider, minute: int, also_empty: bool, now: datetime) -> Digest:
    """Have the provider told of the next day at `minute` from now on; a first one whose time is over today comes
    tomorrow."""
    lock_providers([provider.pk])
    digest, is_new = Digest.objects.update_or_create(
        provider=provider, defaults={"minute": minute, "also_empty": also_empty}
    )
    minute_now, tomorrow = read_clock(provider.zone, now)
    if is_new and minute_now >= minute:
        digest.told = tomorrow
        digest.save(update_fields=["told"])
    return digest


@transaction.atomic
def turn_off_digest(*, provider: Provider) -> bool:
    """Send the provider no more of them. Returns whether any were sent."""
    lock_providers([provider.pk])
    return bool(Digest.objects.filter(provider=provider).delete()[0])


def turn_off_topic(person: User, topic: Topic) -> bool | None:
    """Turn digests off for the person whose mail program asked for it; None for another topic."""
    if topic is not Topic.DIGEST:
        return None
    provider = provider_of(person)
    return turn_off_digest(provider=provider) if provider else False


def publish_due(*, now: datetime) -> int:
    """Publish every digest whose time has come by `now`; returns their number. Two queries where none is due, and a
    few more for each BATCH."""
    due, published, last = _due(now), 0, 0
    while batch := list(due.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        published += _publish(batch, now=now)
        last = batch[-1]
        outbox.renew_lease()
    return published


def _due(now: datetime) -> QuerySet[Digest]:
    """The digests whose time has come, by the clocks of each zone in use. One query, and one when it is read."""
    zones = Digest.objects.values_list("provider__time_zone", flat=True).distinct()
    alike: dict[tuple[int, date], list[str]] = defaultdict(list)
    for name in zones:
        alike[read_clock(clock.zone(name), now)].append(name)
    wanted = Q(pk__in=[])
    for (minute, tomorrow), names in alike.items():
        wanted |= Q(provider__time_zone__in=names, minute__lte=minute) & ~Q(told=tomorrow)
    return Digest.objects.filter(wanted, taking_part("provider__user__"))


@retrying
@transaction.atomic
def _publish(batch: list[int], *, now: datetime) -> int:
    """Publish those of these digests that are still due once they are locked; returns their number. Three queries, and
    one more for each date."""
    rows = lock_rows(Digest.objects.filter(pk__in=batch).order_by("pk"))
    zones = dict(Provider.objects.filter(pk__in=batch).values_list("pk", "time_zone"))
    days: dict[date, list[int]] = defaultdict(list)
    for row in rows:
        if day := day_to_tell(row, clock.zone(zones[row.pk]), now):
            days[day].append(row.pk)
    told = [(pk, day) for day, found in days.items() for pk in found]
    outbox.publish_all(
        notifications.draft("appointments.digest", key=f"{pk}:{day}", provider=pk, day=day.isoformat())
        for pk, day in told
    )
    for day, found in days.items():
        Digest.objects.filter(pk__in=found).update(told=day)
    return len(told)
