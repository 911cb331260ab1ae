"""Services that take, keep and release a provider's time. No other module writes `Hold`."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Least

from accounts.models import User
from appointments.exceptions import HoldRefused, NotKept, PolicyRefused, SlotTaken
from appointments.models import Appointment, Hold, Offer, Proposal, WaitlistPlace
from appointments.rules.bookable import shut_words, what_is_shut
from appointments.rules.obstacles import Obstacle, obstacle_words
from appointments.states import HoldKind
from core import clock
from core.compiled_inserts import insert_all
from core.db import retrying, violates
from core.exceptions import Busy
from core.intervals import Interval, merge
from outbox import services as outbox
from providers.models import Provider, Service

from . import availability
from .availability import NOBODY, Mine
from .locks import lock_service
from .persons import check_dealings, check_person, dealings_between
from .shares import check_visitors

# A product rule: a time is kept for ten minutes while somebody fills in the form.
KEPT_FOR = timedelta(minutes=10)
NO_OVERLAP = "hold_no_overlap"
# The constraint as PostgreSQL names it; on SQLite nobody else writes at the same time.
ONE_FOR_A_BROWSER = "appointments_hold_browser_key"
ONE_FOR_AN_ACCOUNT = "hold_one_kept_by_an_account"
# The number of tabs that may keep times at the same moment before one is asked to try again.
TABS = 6


@dataclass(frozen=True, slots=True)
class Keeper:
    """The keeper of a time: a browser, the account signed in with it, if any, and its network address (a hash)."""

    browser: str
    account: User | None
    address: str

    @property
    def is_program(self) -> bool:
        """Whether an account keeps it without a browser."""
        return self.account is not None and self.browser == programs_of(self.account)

    @property
    def mine(self) -> Mine:
        return Mine(self.browser, self.account.pk if self.account else None)


def blocked_range(service: Service, start: datetime) -> tuple[datetime, datetime]:
    """The range that an appointment of `service` at `start` blocks: its time plus both buffers."""
    shape = availability.shape_of(service)
    return start - shape.before, start + shape.duration + shape.after


def drop_stale(provider: Provider, *, now: datetime, mine: Mine, instead: Interval | None = None) -> None:
    """Delete the provider's kept, proposed and offered times that ran out, and the time that `mine` keeps, as it is
    replaced, by one that takes `instead` where that is given.

    What they keep elsewhere, or beside that, runs out now, and a job offers it to those who wait for it.
    """
    own = mine.kept()
    replaced = own & Q(provider=provider) if own else Q()
    if own and instead:
        replaced &= Q(start__lt=instead[1], end__gt=instead[0])
    _drop(Hold.objects.filter(Q(provider=provider) & availability.stale_holds(now) | replaced))
    if own:
        _give_up(Hold.objects.filter(own), now=now)


def make_room(provider: Provider, spans: Sequence[Interval], *, now: datetime, mine: Mine) -> None:
    """Delete the provider's kept and proposed times that ran out, and the time that `mine` keeps in one of the spans,
    which they take for an appointment of theirs."""
    gone = availability.stale_holds(now)
    if kept := mine.kept():
        gone |= kept & reduce(or_, (Q(start__lt=end, end__gt=start) for start, end in merge(spans)))
    _drop(Hold.objects.filter(gone, provider=provider))


def _drop(rows: QuerySet[Hold]) -> int:
    """Delete these times, and have a job offer those that somebody kept to who waits for them, as not every provider of
    theirs is locked; the number deleted."""
    waiting = WaitlistPlace.objects.waiting().filter(provider=OuterRef("provider"))
    found = list(rows.order_by().values_list("pk", "provider_id", "kind", Exists(waiting)))
    if not found:
        return 0
    kept = {provider for _, provider, kind, waits in found if waits and kind == HoldKind.KEPT}
    if kept:
        outbox.publish_all(answer_later(kept, act=uuid.uuid4().hex))
    return Hold.objects.filter(pk__in=[pk for pk, *_ in found]).delete()[0]


def _give_up(kept: QuerySet[Hold], *, now: datetime) -> None:
    """Release times that somebody keeps no more. Where somebody waits they run out now, but stay closed, although their
    providers are not locked, until a job has offered them."""
    waiting = WaitlistPlace.objects.waiting().filter(provider=OuterRef("provider"))
    for pk, provider, waits in kept.order_by("pk").values_list("pk", "provider_id", Exists(waiting)):
        if not waits:
            Hold.objects.filter(pk=pk).delete()
            continue
        ends = {"expires_at": Least("expires_at", Value(now)), "browser": f"given up {pk}"}
        Hold.objects.filter(pk=pk).update(**ends, kept_by=None, kept_from="")
        outbox.publish_all(answer_later([provider], act=uuid.uuid4().hex))


def answer_later(provider_ids: Iterable[int], *, act: str) -> list[outbox.Draft]:
    """The jobs that offer what became free at providers whom the present act does not lock."""
    return [
        outbox.Draft(topic="appointments.answer_waitlist", key=f"{act}:{pk}", payload={"provider": pk})
        for pk in dict.fromkeys(provider_ids)
    ]


def take(appointments: Sequence[Appointment]) -> None:
    """Hold the blocked range of each appointment. The database refuses all when another hold overlaps one of them."""
    ranges = [(one, *blocked_range(availability.as_agreed(one), one.start)) for one in appointments]
    insert_all(
        Hold(kind=HoldKind.APPOINTMENT, provider_id=one.provider_id, appointment=one, start=start, end=end)
        for one, start, end in ranges
    )


def release(appointments: Sequence[Appointment]) -> None:
    """Release the time of these appointments, proposed times with it. No query for an empty list."""
    if appointments:
        Hold.objects.filter(appointment__in=appointments).delete()


def move(appointments: Sequence[Appointment]) -> None:
    """Hold the appointments' times as they are now instead of all that was held for them."""
    release(appointments)
    take(appointments)


def take_proposed(proposals: Iterable[Proposal]) -> None:
    """Hold each proposed time until its time to answer is over, besides the time that the appointment has."""
    ranges = [(one, *blocked_range(availability.as_agreed(one.appointment), one.start)) for one in proposals]
    insert_all(
        Hold(
            kind=HoldKind.PROPOSAL,
            provider_id=one.appointment.provider_id,
            appointment=one.appointment,
            start=start,
            end=end,
            expires_at=one.answer_by,
        )
        for one, start, end in ranges
    )


def take_offered(offers: Iterable[Offer]) -> None:
    """Hold each offered time until its deadline. The offers come with their service and place."""
    ranges = [(one, *blocked_range(_lengths_of(one), one.start)) for one in offers]
    insert_all(
        Hold(
            kind=HoldKind.OFFER,
            provider_id=one.provider_id,
            offer=one,
            start=start,
            end=end,
            expires_at=one.expires_at,
        )
        for one, start, end in ranges
    )


def _lengths_of(offer: Offer) -> Service:
    """The service with the lengths of the offered time: as agreed, where an appointment is to move to it."""
    waiting = offer.place.appointment if offer.place else None
    return availability.as_agreed(waiting) if waiting else offer.service


def release_offered(offers: Iterable[int]) -> None:
    """Release the times of the offers with these keys."""
    Hold.objects.filter(offer__in=offers).delete()


def release_lapsed(provider_id: int, *, now: datetime) -> None:
    """Release the kept, proposed and offered times of the locked provider that ran out. What is open by that is offered
    in the same transaction."""
    Hold.objects.filter(provider=provider_id, expires_at__lte=now).delete()


def release_proposed(appointments: Sequence[Appointment]) -> None:
    """Release the proposed times of these appointments."""
    Hold.objects.filter(appointment__in=appointments, kind=HoldKind.PROPOSAL).delete()


def keep_proposed(appointments: Sequence[Appointment]) -> bool:
    """Make the proposed times the appointments' own, and release the ones they had. False, for the caller to give up
    the transaction, where one of them is held no more."""
    theirs = Hold.objects.filter(appointment__in=appointments)
    former = list(theirs.filter(kind=HoldKind.APPOINTMENT).values_list("pk", flat=True))
    kept = theirs.filter(kind=HoldKind.PROPOSAL).update(kind=HoldKind.APPOINTMENT, expires_at=None)
    if kept < len(appointments):
        return False
    Hold.objects.filter(pk__in=former).delete()
    return True


def programs_of(account: User) -> str:
    """The browser that stands for all programs of the account: together they keep one time."""
    return f"account {account.uuid.hex}"


def id_of_kept(kept: Hold, account: User) -> uuid.UUID:
    """The id by which the account's programs know its kept time. It tells nothing, and no other time has it."""
    return uuid.uuid5(account.uuid, f"kept {kept.pk}")


def keep_time(
    *, service: Service, start: datetime, browser: str | None = None, account: User | None = None, address: str = ""
) -> Hold:
    """Keep a start for ten minutes for one browser, and release any other time kept by it or by its account.

    `browser` and `address` are opaque hashes; without a browser the account's programs keep it (`programs_of`), and
    booking takes it for the same one. They keep only what the account may book: in a browser somebody may confirm
    their address on the way. Raises SlotTaken when the start is not open, NotKept when people without
    an `account` keep too much already, PolicyRefused when the service takes no bookings, Busy after six collisions.
    """
    if browser is None:
        if account is None:
            raise ValueError("A time is kept by a browser or by an account.")
        browser = programs_of(account)
    keeper = Keeper(browser, account, address)
    for _ in range(TABS):
        try:
            return _keep_time(service=service, start=start, keeper=keeper)
        except IntegrityError as error:
            if violates(error, ONE_FOR_A_BROWSER) or violates(error, ONE_FOR_AN_ACCOUNT):
                # Another tab kept a time with another provider at this moment; the last press counts.
                continue
            if not violates(error, NO_OVERLAP):
                raise
            raise slot_taken(service, start, mine=keeper.mine, just_now=True) from None
    raise Busy


@retrying
@transaction.atomic
def _keep_time(*, service: Service, start: datetime, keeper: Keeper) -> Hold:
    service, account = lock_service(service, customer_id=keeper.account.pk if keeper.account else None)
    provider, now = service.provider, clock.now()
    check_bookable(service)
    if account and not account.takes_part:
        raise PolicyRefused("Nothing can be kept for this account.")
    if account and keeper.is_program:
        check_person(account, provider, dealings_between(account, provider))
    elif account:
        check_dealings(account, provider)
    taken_from, taken_to = blocked_range(service, start)
    drop_stale(provider, now=now, mine=keeper.mine, instead=(taken_from, taken_to))
    if not availability.may_book(service, start, now=now):
        if account and availability.may_book(service, start, now=now, mine=keeper.mine):
            # Only what is offered to them is in the way.
            if Offer.objects.live(now).filter(customer=account, service=service, start=start).exists():
                raise NotKept("This time is offered to you, so it is held for you already.")
            raise NotKept("This time meets one that is offered to you, so it can’t be kept. You can still book it.")
        raise slot_taken(service, start, mine=keeper.mine)
    if not keeper.account:
        check_visitors(service=service, start=start, blocked=(taken_from, taken_to), address=keeper.address, now=now)
    return Hold.objects.create(
        kind=HoldKind.KEPT,
        provider=provider,
        start=taken_from,
        end=taken_to,
        browser=keeper.browser,
        kept_by=keeper.account,
        kept_from="" if keeper.account else keeper.address,
        expires_at=now + KEPT_FOR,
    )


def extend_kept_time(*, browser: str) -> Hold | None:
    """Extend the browser's kept time by ten minutes, once, and return it; None when nothing is kept any more."""
    now = clock.now()
    Hold.objects.filter(browser=browser, expires_at__gt=now, extended=False).update(
        expires_at=F("expires_at") + KEPT_FOR, extended=True
    )
    return kept_time(browser, now=now)


def kept_time(browser: str | None, *, now: datetime) -> Hold | None:
    return Hold.objects.filter(browser=browser, expires_at__gt=now).first() if browser else None


def kept_by(account: User, *, now: datetime) -> Hold | None:
    """The time that the account keeps, in a browser or by a program. One query."""
    return Hold.objects.filter(kept_by=account, expires_at__gt=now).select_related("provider").first()


def check_kept(kept: uuid.UUID, *, account: User, service: Service, starts: Iterable[datetime], now: datetime) -> None:
    """Raise HoldRefused unless the account keeps a time under the id `kept` (`id_of_kept`), and that time is the one
    that the service takes at one of the starts. One query."""
    found = kept_by(account, now=now)
    if found is None or id_of_kept(found, account) != kept:
        raise HoldRefused
    ranges = {blocked_range(service, start) for start in starts}
    if found.provider_id != service.provider_id or (found.start, found.end) not in ranges:
        raise HoldRefused("That time is kept for another start or service than this booking’s.")


def drop_kept(kept: QuerySet[Hold]) -> bool:
    """Delete these kept times of a locked provider; whether there were any. The caller offers what is open by that."""
    return bool(kept.delete()[0])


def count_kept_inside(provider: Provider, span: Interval, *, now: datetime) -> int:
    """The number of times that people keep now in the span. One query."""
    return _kept_inside(provider, span).filter(expires_at__gt=now).count()


def release_kept_inside(provider: Provider, span: Interval) -> None:
    """Release the times that people keep in the span, which the provider takes for something else."""
    _kept_inside(provider, span).delete()


def _kept_inside(provider: Provider, span: Interval) -> QuerySet[Hold]:
    start, end = span
    return Hold.objects.filter(provider=provider, kind=HoldKind.KEPT, start__lt=end, end__gt=start)


@retrying
@transaction.atomic
def drop_lapsed_times(*, now: datetime, mine: Mine = NOBODY) -> int:
    """Delete all kept, proposed and offered times that ran out, and the one that `mine` keeps; the number deleted.

    The slots ignore them, but the constraint against overlaps can't.
    """
    return _drop(Hold.objects.filter(availability.stale_holds(now) | mine.kept()))


def check_bookable(service: Service) -> None:
    """Raise PolicyRefused where the service takes no bookings, whatever the time."""
    if shut := what_is_shut(service):
        raise PolicyRefused(shut_words(shut[0], service))


def slot_taken(service: Service, start: datetime, *, mine: Mine = NOBODY, just_now: bool = False) -> SlotTaken:
    """The refusal of a start, with the obstacle and the nearest open starts.

    `just_now` says that the database refused the time because somebody else took it at this moment.
    """
    now, provider = clock.now(), service.provider
    nearest = availability.nearest_slots(service, start, now=now, mine=mine)
    found = availability.what_stands_in_the_way(service, start, now=now, mine=mine)
    if found is None or just_now:
        return SlotTaken(nearest=nearest)
    words = obstacle_words(found, rules=availability.rules_of(provider), name=provider.first_name)
    return SlotTaken(words, nearest, is_taken=found is Obstacle.TAKEN)
