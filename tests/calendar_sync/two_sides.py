"""A provider's appointments here and their calendar at the stand-in for Google, changed at random on both sides.

`TwoSides.run` makes so many steps; `settle` ends all faults and lets everything that waits come to its end, after which
`disagreements` has to be empty. What happened stands in `history`, and follows from the seed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from unittest import mock

from django.db import transaction

from appointments.models import Appointment, OwnEvent, Proposal
from appointments.rules.own_events import Details, details_of
from appointments.services import own_events, proposals, transitions
from appointments.states import ProposalState, Role, Status
from calendar_sync.models import BusyInterval, Connection, WrittenEvent
from calendar_sync.rules.entries import about, event_id_of
from calendar_sync.services import edits, reading, tokens, writing
from calendar_sync.states import WhenChanged
from core import clock
from core.exceptions import DomainError
from core.letters import site_host
from outbox.testing import deliver
from providers import services as providers
from providers.models import BookingPolicy, TimeOff

from .world import DAY, HOUR, book, cancel, hour_from, take_off

JOBS = (
    "appointments.write_to_calendars",
    "appointments.write_own_event",
    "calendar_sync.write_time_off",
    "calendar_sync.hand_link",
)
AHEAD = (Status.REQUESTED, Status.CONFIRMED)
PAGE = "<html>Welcome to the hotel</html>"
FAULTS: tuple[dict[str, Any], ...] = (
    {"status": 500},
    {"status": 503, "after": True},
    {"close": True, "times": 2},
    {"close": True, "after": True, "times": 2},
    {"status": 200, "body": PAGE},
    {"status": 200, "body": PAGE, "after": True},
    {"status": 200, "body": ""},
    {"status": 429, "reason": "rateLimitExceeded", "retry_after": "120"},
    {"status": 403, "reason": "userRateLimitExceeded"},
    {"status": 403, "reason": "quotaExceeded"},
    {"status": 400, "reason": "invalid"},
    {"status": 401, "reason": "authError"},
)
METHODS = ("events.insert", "events.patch", "events.delete", "events.get", "events.list", "events.*")
# Where a turn may be interrupted, or end as by kill -9.
POINTS = (
    (writing, "_look"),
    (writing, "_send"),
    (writing, "_save"),
    (writing.edits, "decide"),
    (reading, "_read"),
    (reading, "_save"),
)


class Killed(BaseException):
    """The end of a process in the middle of its turn."""


class TwoSides:
    """One provider with a service of an hour, connected to the calendar of `who` at the stand-in for Google."""

    def __init__(self, google: Any, who: str, connection: Connection, service: Any, morning: datetime, seed: int):
        self.google, self.who, self.service, self.morning = google, who, service, morning
        self.connection, self.user = connection, connection.user
        self.random = Random(seed)
        self.history: list[str] = []
        self.agreed: dict[Any, tuple] = {}
        # The events that their owner brought back at Google, and has not deleted here since.
        self.restored: set[str] = set()
        self.in_turn = False

    # --- Steps --------------------------------------------------------------------------------------------------------

    def run(self, steps: int) -> None:
        """Make so many random steps; raises AssertionError where a reading or writing changed anything of ours."""
        turns = [self.read, self.write, self.worker] * 3 + [self.tell, self.wait, self.answer] * 2
        turns += [self.fail, self.forget_token]
        with self._interrupted():
            for _ in range(steps):
                kind = self.random.choices((self.ours, self.theirs, turns), (1, 1, 2))[0]
                (self.random.choice(turns) if kind is turns else kind)()

    def ours(self) -> None:
        """Change something here, as far as our rules let it be changed."""
        steps = [self._book, self._book, self._accept, self._cancel, self._move, self._agree, self._off, self._on]
        step = self.random.choice([*steps, self._add_own, self._add_own, self._change_own, self._delete_own])
        try:
            self._say(step.__name__, step())
        except DomainError as error:
            self._say(step.__name__, type(error).__name__)
        self.agreed = self._as_agreed()

    def theirs(self) -> None:
        """Change something in the calendar at Google, as its owner does there."""
        steps = [self._put, self._move_there, self._move_there, self._delete_there, self._recolour, self._restore]
        step = self.random.choice(
            [*steps, self._copy, self._free, self._unlink, self._rename_there, self._rename_there]
        )
        self._say(step.__name__, step())

    def read(self) -> None:
        """Read the calendar if it is due, or be killed on the way."""
        [calendar] = self.connection.calendars.filter(is_primary=True)
        self._take_turn("read", partial(reading.read_calendar, calendar.pk))

    def write(self) -> None:
        self._take_turn("write", partial(writing.write_due, self.connection.pk))

    def worker(self) -> None:
        """Do all that a worker would do after a while."""
        for step in (self.wait, self.tell, self.read, self.write):
            step()

    def tell(self) -> None:
        """Let the jobs run that were published with what changed here."""
        self._say("tell", sum(len(deliver(topic)) for topic in JOBS))

    def wait(self) -> None:
        """Let so much time pass that all pauses and leases are over, and Google has made the links asked for."""
        now = clock.now()
        self.google.clock.advance(seconds=self.google.meets.takes.total_seconds())
        Connection.objects.filter(pk=self.connection.pk).update(wait_until=None, writing_until=None)
        self.connection.calendars.update(next_read_at=now, reading_until=None)
        rows = WrittenEvent.objects.filter(calendar__connection=self.connection)
        rows.exclude(write_at=None).update(write_at=now)
        self._say("wait")

    def fail(self) -> None:
        fault, method = self.random.choice(FAULTS), self.random.choice(METHODS)
        with self.google.lock:
            self.google.faults.add(method, **fault)
        self._say("fail", method, fault)

    def forget_token(self) -> None:
        """Have Google answer 410 to the next reading."""
        with self.google.lock:
            self.google.listing.expire_sync_tokens(self.google.calendar(self.who).id)
        self._say("forget_token")

    def answer(self) -> None:
        """Answer a question about an edit: put it back, or do the same here."""
        rows = list(edits.open_for(self.user))
        if not rows:
            return
        row = self.random.choice(rows)
        try:
            said = self.random.choice([edits.put_back, edits.follow])(event=row, actor=self.user)
            self._say("answer", row.key, said)
        except DomainError as error:
            self._say("answer", type(error).__name__)
        self.agreed = self._as_agreed()

    # --- Ours ---------------------------------------------------------------------------------------------------------

    def _book(self) -> str:
        BookingPolicy.objects.filter(provider=self.service.provider).update(accepts_at_once=self.random.random() < 0.7)
        row = book(self.service, self._some_time())
        return f"{row.uuid} {row.status} {row.start:%d %H:%M}"

    def _accept(self) -> Any:
        if row := self._one(status=Status.REQUESTED):
            transitions.accept_request(appointment=row, actor=self.user)
            return row.uuid

    def _cancel(self) -> Any:
        if row := self._one(status=Status.CONFIRMED):
            cancel(row)
            return row.uuid

    def _move(self) -> Any:
        """The customer moves it, at once or as a proposal."""
        BookingPolicy.objects.filter(provider=self.service.provider).update(accepts_at_once=self.random.random() < 0.7)
        if row := self._one():
            start = self._some_time()
            proposals.propose_time(appointment=row, start=start, actor=row.customer, role=Role.CUSTOMER)
            return f"{row.uuid} {start:%d %H:%M}"

    def _agree(self) -> Any:
        """The other side accepts or declines a proposed time."""
        mine = Proposal.objects.filter(appointment__provider=self.service.provider, state=ProposalState.OPEN)
        if proposal := self._pick(mine.order_by("pk")):
            row = proposal.appointment = Appointment.objects.with_people().get(pk=proposal.appointment_id)
            role = Role.CUSTOMER if proposal.waits_for(Role.CUSTOMER, clock.now()) else Role.PROVIDER
            actor = row.customer if role is Role.CUSTOMER else self.user
            done = self.random.choice([proposals.accept_time, proposals.decline_time])
            done(proposal=proposal, actor=actor, role=role)
            return f"{done.__name__} {row.uuid}"

    def _off(self) -> Any:
        start = self._some_time()
        with transaction.atomic():
            return take_off(self.service.provider, start, start + 2 * HOUR).uuid

    def _on(self) -> Any:
        if row := self._pick(TimeOff.objects.filter(provider=self.service.provider).order_by("pk")):
            providers.remove_time_off(time_off=row, actor=self.user)
            return row.uuid

    def _add_own(self) -> Any:
        start = self._some_time()
        details = Details(self._word(), start, start + HOUR, place=self._word(), is_free=self.random.random() < 0.3)
        return self._save_own(
            lambda shown: own_events.create_own_event(details=details, actor=self.user, shown=shown), details
        )

    def _change_own(self) -> Any:
        """Move it, or give it another title, or both."""
        if row := self._pick(OwnEvent.objects.filter(user=self.user).order_by("pk")):
            details = details_of(row)
            if self.random.random() < 0.5:
                details = replace(details, title=self._word())
            if self.random.random() < 0.5:
                start = self._some_time()
                details = replace(details, start=start, end=start + HOUR)

            def save(shown: dict[str, str]) -> Any:
                return own_events.change_own_event(
                    event=row, details=details, actor=self.user, version=row.version, shown=shown
                )

            return self._save_own(save, details)

    def _save_own(self, save: Callable[[dict[str, str]], Any], details: Details) -> str:
        """Save it over whatever lies there, as who was shown that."""
        claims = own_events.what_lies_inside(self.user, details, now=clock.now())
        row = save({claim.appointment.reference: claim.appointment.as_shown for claim in claims}).event
        return f"{row.uuid} {row.title} {row.start:%d %H:%M}"

    def _delete_own(self) -> Any:
        if row := self._pick(OwnEvent.objects.filter(user=self.user).order_by("pk")):
            own_events.delete_own_event(event=row, actor=self.user, version=row.version)
            self.restored.discard(self._id("own_event", row.uuid))
            return row.uuid

    def _one(self, **which: Any) -> Appointment | None:
        rows = Appointment.objects.with_people().filter(provider=self.service.provider, status__in=AHEAD, **which)
        return self._pick(rows.order_by("pk"))

    # --- Theirs -------------------------------------------------------------------------------------------------------

    def _put(self) -> str:
        more = {"transparency": "transparent"} if self.random.random() < 0.2 else {}
        if self.random.random() < 0.2:
            more["recurrence"] = ["RRULE:FREQ=DAILY;COUNT=3"]
        times = hour_from(self._some_time() + 15 * timedelta(minutes=1))
        zoned = {name: edge | {"timeZone": "Asia/Kathmandu"} for name, edge in times.items()}
        return self.google.put(self.who, {"summary": "Dentist", **zoned, **more})["id"]

    def _move_there(self) -> Any:
        if event := self._some_event():
            start = self._some_time()
            self.google.change(self.who, event.id, hour_from(start))
            return f"{event.id} {start:%d %H:%M}"

    def _delete_there(self) -> Any:
        if event := self._some_event():
            self.google.remove(self.who, event.id)
            return event.id

    def _restore(self) -> Any:
        if event := self._some_event(cancelled=True):
            self.google.change(self.who, event.id, {"status": "confirmed"})
            self.restored.add(event.id)
            return event.id

    def _recolour(self) -> Any:
        if event := self._some_event():
            self.google.change(self.who, event.id, {"colorId": str(self.random.randint(1, 11))})
            return event.id

    def _rename_there(self) -> Any:
        """Give an entry another title, and sometimes another place."""
        if event := self._some_event():
            words = {"summary": self._word()} | ({"location": self._word()} if self.random.random() < 0.5 else {})
            self.google.change(self.who, event.id, words)
            return f"{event.id} {words}"

    def _unlink(self) -> Any:
        """Take the Meet link away from an entry."""
        if event := self._some_event():
            self.google.change(self.who, event.id, {"conferenceData": None})
            return event.id

    def _free(self) -> Any:
        """Make an entry busy or free."""
        if (event := self._some_event()) and (about(event.fields) or ("own_event",))[0] == "own_event":
            is_free = event.fields.get("transparency") == "transparent"
            self.google.change(self.who, event.id, {"transparency": "opaque" if is_free else "transparent"})
            return event.id

    def _copy(self) -> Any:
        """Duplicate an entry, with all that stands in it, as Google's own page does."""
        if event := self._some_event():
            kept = ("summary", "start", "end", "extendedProperties")
            body = {name: value for name, value in event.fields.items() if name in kept}
            return self.google.put(self.who, body)["id"]

    def _some_event(self, *, cancelled: bool = False) -> Any:
        """An event without recurrence."""
        return self._pick([each for each in self._stored() if each.cancelled == cancelled and not each.repeats])

    def _stored(self) -> list[Any]:
        with self.google.lock:
            return self.google.events.stored(self.google.calendar(self.who))

    # --- Turns --------------------------------------------------------------------------------------------------------

    def _take_turn(self, name: str, turn: Callable[[], Any]) -> None:
        self.in_turn = True
        try:
            self._say(name, turn())
        except (reading.BeingRead, writing.BeingWritten, tokens.BeingRefreshed) as error:
            self._say(name, type(error).__name__)
        except Killed:
            self._say(name, "killed")
            if name == "write":  # which gave its lease back, as no killed process can
                lease = clock.now() + writing.LEASE
                Connection.objects.filter(pk=self.connection.pk).update(writing_until=lease)
        finally:
            self.in_turn = False
        assert self._as_agreed() == self.agreed, f"{name} changed what was agreed"

    @contextmanager
    def _interrupted(self) -> Iterator[None]:
        """Let things happen on both sides between the steps of a turn, and turns end in the middle."""
        patched = [mock.patch.object(place, name, self._around(getattr(place, name))) for place, name in POINTS]
        for each in patched:
            each.start()
        try:
            yield
        finally:
            for each in patched:
                each.stop()

    def _around(self, real: Callable) -> Callable:
        def run(*args: Any, **kwargs: Any) -> Any:
            self._meanwhile()
            result = real(*args, **kwargs)
            self.agreed = self._as_agreed() if real is edits.decide else self.agreed
            self._meanwhile()
            return result

        return run

    def _meanwhile(self) -> None:
        if not self.in_turn or (drawn := self.random.random()) > 0.2:
            return
        self._say("meanwhile")
        if drawn < 0.04:
            raise Killed
        self.ours() if drawn < 0.12 else self.theirs()

    # --- The end ------------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """End the faults, answer what is asked, and read and write until nothing is due."""
        with self.google.lock:
            self.google.faults.clear()
        self.agreed = self._as_agreed()
        for _ in range(8):
            self.worker()
            for row in edits.open_for(self.user):
                edits.put_back(event=row, actor=self.user)
            if not WrittenEvent.objects.filter(calendar__connection=self.connection).exclude(write_at=None).exists():
                self.tell()
                return
        raise AssertionError("something is due for ever")

    def disagreements(self) -> list[str]:
        """What Google and our tables do not agree about."""
        found = [*_differences("event", self.expected_events(), self.found_events())]
        found += _differences("busy", self.expected_busy(), self.found_busy())
        found += _differences("own event", self.expected_own(), self.found_own())
        found += _differences("link", self.expected_links(), self.found_links())
        for event_id, count in self.marks().items():
            if count > 1:
                found.append(f"doubled: {event_id} {count} times")
        return found

    def expected_events(self) -> dict[str, tuple]:
        shown = AHEAD if self.connection.writes_requests else (Status.CONFIRMED,)
        rows = Appointment.objects.filter(provider=self.service.provider, status__in=shown)
        ours = {self._id("appointment", each.uuid): (each.start, each.end) for each in rows}
        off = TimeOff.objects.filter(provider=self.service.provider)
        ours |= {self._id("time_off", each.uuid): (each.start, each.end) for each in off}
        own = OwnEvent.objects.filter(user=self.user)
        return ours | {self._id("own_event", each.uuid): (each.start, each.end) for each in own}

    def expected_own(self) -> dict[str, tuple]:
        """What each own event says here, beside its times."""
        rows = OwnEvent.objects.filter(user=self.user)
        return {self._id("own_event", each.uuid): (each.title, each.place, each.is_free) for each in rows}

    def found_own(self) -> dict[str, tuple]:
        """What those at Google say."""
        ours = [each for each in self._stored() if not each.cancelled and self._is_ours(each)]
        own = [each for each in ours if (about(each.fields) or ("",))[0] == "own_event"]
        return {
            each.id: (
                each.fields.get("summary", ""),
                each.fields.get("location", ""),
                each.fields.get("transparency") == "transparent",
            )
            for each in own
        }

    def found_events(self) -> dict[str, tuple]:
        """The events of ours that stand at Google, by their ids."""
        zone = self.google.calendar(self.who).zone
        return {
            each.id: each.span.instants(zone) for each in self._stored() if not each.cancelled and self._is_ours(each)
        }

    def expected_links(self) -> dict[str, tuple]:
        """By which link each appointment is joined here."""
        rows = Appointment.objects.filter(provider=self.service.provider).exclude(join_link="")
        return {self._id("appointment", each.uuid): (each.join_link,) for each in rows}

    def found_links(self) -> dict[str, tuple]:
        """The links of our events at Google."""
        mine = [each for each in self.google.entries(self.who) if about(each) and each.get("hangoutLink")]
        return {each["id"]: (each["hangoutLink"],) for each in mine if each["id"] == self._id(*about(each))}

    def expected_busy(self) -> dict[str, tuple]:
        """The foreign entries at Google that make busy."""
        zone, now = self.google.calendar(self.who).zone, clock.now()
        return {
            each.id: each.span.instants(zone)
            for each in self.google.between(self.who, now, now + 100 * DAY)
            if not self._is_ours(each) and each.fields.get("transparency") != "transparent"
        }

    def found_busy(self) -> dict[str, tuple]:
        rows = BusyInterval.objects.filter(calendar__connection=self.connection)
        return {each.event_id: (each.start, each.end) for each in rows}

    def marks(self) -> dict[str, int]:
        """How many events stand at Google with an id of ours for each thing; a copy that somebody made has another."""
        found: dict[str, int] = {}
        for each in self._stored():
            if not each.cancelled and self._is_ours(each):
                thing = str(about(each.fields))
                found[thing] = found.get(thing, 0) + 1
        return found

    def _is_ours(self, event: Any) -> bool:
        """Whether we wrote it. A deleted own event that its owner brings back is theirs again."""
        thing = about(event.fields)
        if not thing or event.id != self._id(*thing):
            return False
        source, key = thing
        is_theirs = source == "own_event" and event.id in self.restored
        return not (is_theirs and not OwnEvent.objects.filter(uuid=key).exists())

    def _id(self, source: str, key: Any) -> str:
        return event_id_of(source, key, owner=self.user.pk, site=site_host())

    def _as_agreed(self) -> dict[Any, tuple]:
        """How everything of ours stands that no edit at Google may change: own events only where all is put back."""
        mine = self.service.provider
        rows = Appointment.objects.filter(provider=mine).values_list("uuid", "status", "start", "end")
        off = TimeOff.objects.filter(provider=mine).values_list("uuid", "start", "end")
        own = OwnEvent.objects.filter(user=self.user).values_list("uuid", "start", "end", "title", "version")
        is_put_back = self.connection.when_changed == WhenChanged.PUT_BACK
        return {each[0]: each[1:] for each in [*rows, *off, *(own if is_put_back else [])]}

    def _some_time(self) -> datetime:
        return self.morning + self.random.randrange(6) * DAY + self.random.randrange(7) * HOUR

    def _word(self) -> str:
        return self.random.choice(["School run", "Dentist", "Lunch", "Bus", "Swimming"])

    def _pick(self, rows: Any) -> Any:
        found = list(rows)
        return self.random.choice(found) if found else None

    def _say(self, *words: Any) -> None:
        self.history.append(" ".join(str(each) for each in words))


def _differences(kind: str, expected: dict[str, tuple], found: dict[str, tuple]) -> Iterator[str]:
    for key in sorted(expected.keys() | found.keys()):
        if expected.get(key) != found.get(key):
            yield f"{kind} {key}: expected {expected.get(key)}, found {found.get(key)}"
