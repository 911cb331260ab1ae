"""Many providers whose calendars at the stand-in for Google are changed on both sides, while workers read and write."""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from django.db.models import Q

from calendar_sync.models import Connection, GoogleCalendar, WrittenEvent
from calendar_sync.pretend_google.faults import Fault
from calendar_sync.pretend_google.web.server import PretendGoogle
from calendar_sync.services import edits, reading, written
from calendar_sync.states import WhenChanged
from core import clock
from outbox.models import Message
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

from .two_sides import FAULTS, TwoSides
from .world import DAY, connect_person

# How many messages may wait before changes make way for the workers, and the longest that all may take in the end.
BACKLOG, PATIENCE = 60, 600
SOON = timedelta(minutes=5)


@dataclass
class Chance:
    """Faults that come by chance and for ever, in place of the planned ones."""

    random: Random
    share: float
    planned: list[Any] = field(default_factory=list)  # as the server's pages look at it

    def take(self, method: str, address: str = "") -> Fault | None:
        if not method.startswith("events.") or self.random.random() >= self.share:
            return None
        return Fault(method, **self.random.choice(FAULTS))

    def clear(self) -> None:
        self.share = 0


class Soak:
    """The providers, their calendars, and what happens to them."""

    def __init__(self, server: PretendGoogle, *, providers: int, faults: float, seed: int) -> None:
        self.server, self.google = server, server.google
        self.random = Random(seed)
        self.sides: list[TwoSides] = [self._side(number) for number in range(providers)]
        self.chance = Chance(Random(seed), faults)
        self.done: Counter[str] = Counter()

    def _side(self, number: int) -> TwoSides:
        """A provider in a zone that is a quarter of an hour off, with an account at Google and a choice about edits."""
        provider = ProviderFactory(time_zone="Asia/Kathmandu", policy__notice_minutes=0, policy__window_days=30)
        give_hours(provider, {day: [("08:00", "18:00")] for day in range(7)})
        who = f"provider-{number}@example.com"
        self.google.add_account(who, f"Provider {number}")
        connection = connect_person(provider.user, self.server, who)
        choices = list(WhenChanged)
        connection.when_changed, connection.writes_requests = choices[number % len(choices)], number % 2 == 1
        connection.save(update_fields=["when_changed", "writes_requests"])
        connection = Connection.objects.select_related("user").get(pk=connection.pk)
        service = ServiceFactory(provider=provider, duration_minutes=60)
        service.provider.user = connection.user
        day = clock.local(clock.now(), provider.zone).date() + 3 * DAY
        morning = clock.wall_minute_to_instant(day, 600, provider.zone)
        return TwoSides(self.google, who, connection, service, morning, self.random.randrange(2**32))

    def run(self, calls: int) -> None:
        """Change things at random until Google was called so often. Nothing may change what was agreed but this."""
        self.google.faults = self.chance
        while len(self.google.calls) < calls:
            side = self.random.choice(self.sides)
            assert side._as_agreed() == side.agreed, f"what was agreed with {side.who} was changed"
            step = self.random.choice((side.ours, side.ours, side.theirs, side.answer))
            step()
            self.done[step.__name__] += 1
            if self.random.random() < 0.2:
                self.hasten()
            while self.waiting() > BACKLOG:
                time.sleep(0.05)

    def hasten(self) -> None:
        """Cut all pauses short, and have published what is due then."""
        now = clock.now()
        Connection.objects.exclude(wait_until=None).update(wait_until=None)
        GoogleCalendar.objects.filter(failures__gt=0).update(next_read_at=now)
        WrittenEvent.objects.exclude(write_at=None).update(write_at=now)
        reading.publish_due(now=now)
        written.publish_due(now=now)

    def waiting(self) -> int:
        """How many messages about calendars nobody has handled yet."""
        topics = Q(topic__startswith="calendar_sync.") | Q(topic="appointments.write_to_calendars")
        return Message.objects.filter(topics, done_at=None, due_at__lt=clock.now() + SOON).count()

    def settle(self) -> None:
        """End the faults, answer what is asked, and wait until nothing is due. Raises where that does not come."""
        self.chance.clear()
        ends_at, quiet = time.monotonic() + PATIENCE, 0
        while quiet < 2:  # what the last readings found is written, and read again
            if time.monotonic() > ends_at:
                raise TimeoutError("something is due for ever")
            GoogleCalendar.objects.update(next_read_at=clock.now())
            self.hasten()
            while self.waiting() and time.monotonic() < ends_at:
                time.sleep(0.2)
            asked = [(side, row) for side in self.sides for row in edits.open_for(side.user)]
            for side, row in asked:
                edits.put_back(event=row, actor=side.user)
            is_due = WrittenEvent.objects.exclude(write_at=None).exists()
            quiet = 0 if asked or is_due else quiet + 1

    def told(self) -> int:
        """Print how far both sides agree; returns how many providers' do not."""
        calls = [call for call in self.google.calls if call.method.startswith("events.")]
        spoilt = sum(call.spoilt for call in calls)
        events = sum(len(side.expected_events()) for side in self.sides)
        wrong = {side.who: found for side in self.sides if (found := side.disagreements())}
        changes = ", ".join(f"{name} {count}" for name, count in sorted(self.done.items()))
        print(f"changes:   {changes}")
        print(f"calls:     {len(calls)} of events, {spoilt} failed ({spoilt / max(len(calls), 1):.0%})")
        print(f"agreement: {len(self.sides) - len(wrong)} of {len(self.sides)} providers, {events} events")
        for who, found in wrong.items():
            print(f"  {who}", *found, sep="\n    ")
        return len(wrong)
