"""Times that are kept by an account alone, as its programs do: as good as those of a browser, and known by an id."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from appointments.exceptions import SlotTaken
from appointments.models import Hold
from appointments.services import holds, kept_times, waitlist_offers
from core import clock
from tests.factories.accounts import UserFactory

from .conftest import NOW, TUESDAY_TEN

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def keep(service, customer):
    def keep(start=TUESDAY_TEN, **changes):
        return holds.keep_time(**{"service": service, "start": start, "account": customer} | changes)

    return keep


def test_a_time_is_kept_by_an_account_without_a_browser_for_nobody_else(keep, book, customer):
    kept = keep()

    assert holds.kept_by(customer, now=NOW) == kept
    assert (kept.kept_by, kept.expires_at) == (customer, NOW + timedelta(minutes=10))
    with pytest.raises(SlotTaken):
        book(customer=UserFactory())
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        assert holds.kept_by(customer, now=clock.now()) is None
        assert book(customer=UserFactory()).changed


def test_somebody_keeps_it():
    with pytest.raises(ValueError, match="by a browser or by an account"):
        holds.keep_time(service=None, start=TUESDAY_TEN)


@pytest.mark.parametrize("first", [None, "b" * 64])
def test_an_account_keeps_one_time_in_its_browsers_and_programs_together(keep, first):
    keep(browser=first)

    last = keep(TUESDAY_TEN + HOUR)

    assert list(Hold.objects.all()) == [last]


def test_the_kept_time_of_one_account_stays_when_another_account_keeps_one(keep):
    first = keep()

    second = keep(TUESDAY_TEN + HOUR, account=UserFactory())

    assert list(Hold.objects.order_by("pk")) == [first, second]


@pytest.mark.parametrize("start", [TUESDAY_TEN, TUESDAY_TEN + 2 * HOUR])
def test_booking_by_a_program_takes_what_its_account_keeps_or_releases_it(keep, book, customer, start):
    keep()

    made = book(start, browser=holds.programs_of(customer)).appointment

    assert [hold.appointment for hold in Hold.objects.all()] == [made]


def test_a_kept_time_is_extended_once_by_the_account_s_programs(keep, customer):
    keep()

    once = holds.extend_kept_time(browser=holds.programs_of(customer))
    twice = holds.extend_kept_time(browser=holds.programs_of(customer))

    assert once.expires_at == twice.expires_at == NOW + timedelta(minutes=20)


def test_a_kept_time_is_released_by_its_id_and_its_account_alone(keep, customer, monkeypatch):
    offered = []
    monkeypatch.setattr(waitlist_offers, "offer_freed", lambda provider, **_: offered.append(provider))
    other = UserFactory()
    kept = keep()
    id_ = holds.id_of_kept(kept, customer)

    assert not kept_times.release_by_id(account=other, kept=id_)
    assert not kept_times.release_by_id(account=customer, kept=uuid4())
    assert Hold.objects.exists()
    assert kept_times.release_by_id(account=customer, kept=id_)
    assert offered == [kept.provider_id]
    assert not Hold.objects.exists()
    assert not kept_times.release_by_id(account=customer, kept=id_)


def test_the_id_of_a_former_kept_time_releases_none(keep, customer):
    former = holds.id_of_kept(keep(), customer)
    keep(TUESDAY_TEN + HOUR)

    assert not kept_times.release_by_id(account=customer, kept=former)
    assert Hold.objects.count() == 1
