"""Taking a provider's time. Nothing else writes `Hold`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from accounts.models import User
from appointments.exceptions import PolicyRefused, SlotTaken
from appointments.models import Appointment, Hold
from appointments.rules.obstacles import Obstacle, obstacle_words
from appointments.states import HoldKind
from core import clock
from core.compiled_inserts import insert_all
from core.db import retrying, violates
from core.exceptions import Busy
from providers.models import Provider, Service

from . import availability
from .availability import NOBODY, Mine
from .locks import lock_service
from .shares import check_visitors

# The brief, section 6, rule 15.
KEPT_FOR = timedelta(minutes=10)
NO_OVERLAP = "hold_no_overlap"
# As PostgreSQL names it; on SQLite nobody else writes meanwhile.
ONE_FOR_A_BROWSER = "appointments_hold_browser_key"
ONE_FOR_AN_ACCOUNT = "hold_one_kept_by_an_account"
# So many tabs may keep times at once before one is asked to try again.
TABS = 6


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who wants to keep a time: a browser, signed in to an account or not, at an address."""

    browser: str
    account: User | None
    address: str

    @property
    def mine(self) -> Mine:
        return Mine(self.browser, self.account.pk if self.account else None)


def blocked_range(service: Service, start: datetime) -> tuple[datetime, datetime]:
    """What an appointment of `service` at `start` takes: its time plus both buffers."""
    shape = availability.shape_of(service)
    return start - shape.before, start + shape.duration + shape.after


def drop_stale(provider: Provider, *, now: datetime, mine: Mine) -> None:
    """Delete the provider's kept times that ran out, and one's own anywhere, which another time takes the place of."""
    Hold.objects.filter(Q(provider=provider, expires_at__lte=now) | mine.holds()).delete()


def take(appointments: Sequence[Appointment]) -> None:
    """Hold the blocked range of each. The database refuses all of them when another hold is in the way of one."""
    ranges = [(one, *blocked_range(one.service, one.start)) for one in appointments]
    insert_all(
        Hold(kind=HoldKind.APPOINTMENT, provider_id=one.provider_id, appointment=one, start=start, end=end)
        for one, start, end in ranges
    )


def release(appointments: Sequence[Appointment]) -> None:
    """Give the time of these appointments back; without any nothing is asked."""
    if appointments:
        Hold.objects.filter(appointment__in=appointments).delete()


def keep_time(
    *, service: Service, start: datetime, browser: str, account: User | None = None, address: str = ""
) -> Hold:
    """Keep a start for ten minutes for one browser, which then holds nothing else, nor does the account in another.

    `browser` and `address` are opaque hashes. Raises SlotTaken when the start is not open, NotKept where it is but too
    much is kept by people without an `account`, PolicyRefused when nobody can book, Busy.
    """
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
    service, _ = lock_service(service)
    provider, now = service.provider, clock.now()
    check_bookable(service)
    drop_stale(provider, now=now, mine=keeper.mine)
    if not availability.may_book(service, start, now=now):
        raise slot_taken(service, start, mine=keeper.mine)
    taken_from, taken_to = blocked_range(service, start)
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
    """Ten minutes more than were left, once. None when nothing is kept any more; a second press changes nothing."""
    now = clock.now()
    Hold.objects.filter(browser=browser, expires_at__gt=now, extended=False).update(
        expires_at=F("expires_at") + KEPT_FOR, extended=True
    )
    return kept_time(browser, now=now)


def kept_time(browser: str | None, *, now: datetime) -> Hold | None:
    return Hold.objects.filter(browser=browser, expires_at__gt=now).first() if browser else None


def release_kept_time(*, browser: str) -> None:
    """What this browser kept is open to others again; without a kept time nothing changes."""
    Hold.objects.filter(browser=browser).delete()


def leave_kept_time(*, browser: str, provider: str, start: datetime) -> None:
    """As above, for the form of one time: where another tab keeps another time by now, that one stays kept."""
    Hold.objects.filter(browser=browser, provider__slug=provider, start__lte=start, end__gt=start).delete()


def drop_lapsed_times(*, now: datetime, mine: Mine = NOBODY) -> int:
    """Delete every kept time that ran out, and one's own; how many. The slots ignore both, the database can't."""
    return Hold.objects.filter(Q(expires_at__lte=now) | mine.holds()).delete()[0]


def check_bookable(service: Service) -> None:
    provider = service.provider
    if not (provider.is_live and provider.user.is_active):
        raise PolicyRefused(f"{provider.first_name} is not taking bookings right now.")
    if not service.is_active:
        raise PolicyRefused(f"{provider.first_name} no longer offers {service.name}.")


def slot_taken(service: Service, start: datetime, *, mine: Mine = NOBODY, just_now: bool = False) -> SlotTaken:
    """The refusal that says what stands in the way and names the nearest starts that are open.

    `just_now` where the database saw somebody else take the time at this very moment.
    """
    now, provider = clock.now(), service.provider
    nearest = availability.nearest_slots(service, start, now=now, mine=mine)
    found = availability.what_stands_in_the_way(service, start, now=now, mine=mine)
    if found is None or just_now:
        return SlotTaken(nearest=nearest)
    words = obstacle_words(found, rules=availability.rules_of(provider), name=provider.first_name)
    return SlotTaken(words, nearest, is_taken=found is Obstacle.TAKEN)
