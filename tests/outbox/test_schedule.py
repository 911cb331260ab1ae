"""What recurs fires once a beat, whoever ticks."""

from datetime import UTC, datetime, timedelta

import pytest

from outbox import dispatch, registry, schedule
from outbox import services as outbox
from outbox.clock import database_now
from outbox.models import Message, ScheduledJob
from outbox.registry import Daily, Every, Monthly
from tests.outbox.probe import handlers
from tests.processes import run_processes

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def after(**distance):
    return NOON + timedelta(**distance)


@pytest.mark.parametrize(
    ("rhythm", "first"),
    [
        (Every(60), NOON),
        (Daily(13), after(hours=1)),
        (Daily(12), after(days=1)),
        (Monthly(day=1, hour=13), after(hours=1)),
        (Monthly(day=1, hour=12), datetime(2026, 4, 1, 12, tzinfo=UTC)),
        (Monthly(day=28, hour=0), datetime(2026, 3, 28, 0, tzinfo=UTC)),
    ],
    ids=str,
)
def test_first_firing(rhythm, first):
    assert rhythm.first_after(NOON) == first


@pytest.mark.parametrize(
    ("rhythm", "seen", "following"),
    [
        (Every(60), after(seconds=-10), after(seconds=50)),  # keeps the beat
        (Every(60), after(days=-3), after(seconds=60)),  # three days down: one firing
        (Every(60), after(days=1), after(seconds=60)),  # the clock was set back
        (Daily(3), after(days=-3), datetime(2026, 3, 2, 3, tzinfo=UTC)),
        (Monthly(day=1, hour=3), after(days=-70), datetime(2026, 4, 1, 3, tzinfo=UTC)),
        (Monthly(day=28, hour=3), datetime(2026, 2, 28, 3, tzinfo=UTC), datetime(2026, 3, 28, 3, tzinfo=UTC)),
    ],
    ids=str,
)
def test_next_firing_collapses_what_was_missed(rhythm, seen, following):
    assert rhythm.next_after(seen, NOON) == following


@pytest.mark.parametrize(
    ("next_run_at", "due"),
    [
        (after(seconds=-1), True),
        (NOON, True),
        (after(seconds=1), False),
        (after(seconds=61), False),  # the clock was corrected by a second
        (after(hours=1), True),  # it was set back by an hour: the job does not stand still for so long
    ],
)
def test_due_or_not(next_run_at, due):
    assert Every(60).is_due(next_run_at, NOON) is due


def test_monthly_crosses_the_end_of_the_year():
    december = datetime(2026, 12, 28, 6, tzinfo=UTC)

    assert Monthly(day=28, hour=6).next_after(december, december) == datetime(2027, 1, 28, 6, tzinfo=UTC)


@pytest.mark.django_db
class TestTick:
    @pytest.fixture(autouse=True)
    def job(self, probe):
        outbox.every(seconds=60, name="probe.recur")(handlers.recur)

    def test_fires_what_is_due_and_runs_it_through_the_outbox(self):
        assert [schedule.tick(), schedule.tick()] == [1, 0]

        assert dispatch.drain() == 1
        assert handlers.traces("recurred") == ["once"]

    def test_fires_again_after_its_beat_with_the_same_message(self):
        schedule.tick()
        dispatch.drain()
        ScheduledJob.objects.update(next_run_at=database_now() - timedelta(seconds=1))

        assert schedule.tick() == 1

        assert dispatch.drain() == 1
        assert handlers.traces("recurred") == ["once", "once"]
        assert Message.objects.count() == 1

    def test_three_days_down_means_one_run(self):
        schedule.tick()
        ScheduledJob.objects.update(next_run_at=database_now() - timedelta(days=3))
        Message.objects.all().delete()

        assert [schedule.tick(), schedule.tick()] == [1, 0]

        assert dispatch.drain() == 1
        assert ScheduledJob.objects.get().next_run_at > database_now()

    def test_never_runs_twice_at_the_same_time(self):
        schedule.tick()
        dispatch.claim()
        ScheduledJob.objects.update(next_run_at=database_now() - timedelta(seconds=1))

        assert schedule.tick() == 1

        assert dispatch.claim() is None

    def test_a_failing_job_runs_at_its_next_firing_whatever_its_pause(self, monkeypatch):
        def fail():
            raise ValueError

        monkeypatch.setitem(registry.recurring, "probe.recur", registry.Recurring("probe.recur", Every(60), fail))
        schedule.tick()
        dispatch.drain()
        Message.objects.update(due_at=database_now() + timedelta(hours=1))
        ScheduledJob.objects.update(next_run_at=database_now() - timedelta(seconds=1))

        schedule.tick()

        assert dispatch.drain() == 1
        message = Message.objects.get()
        assert message.attempts == 2
        assert message.last_error.startswith("ValueError at tests/outbox/test_schedule.py")

    def test_a_firing_leaves_a_job_that_is_due_already_at_its_place_in_the_queue(self):
        schedule.tick()
        waiting_since = database_now() - timedelta(minutes=5)
        Message.objects.update(due_at=waiting_since)
        ScheduledJob.objects.update(next_run_at=database_now() - timedelta(seconds=1))

        assert schedule.tick() == 1

        assert Message.objects.get().due_at == waiting_since

    def test_a_dead_job_lives_again_at_its_next_firing(self):
        schedule.tick()
        Message.objects.update(dead_at=database_now(), attempts=32)
        ScheduledJob.objects.update(next_run_at=database_now() - timedelta(seconds=1))

        schedule.tick()

        assert dispatch.drain() == 1
        assert handlers.traces("recurred") == ["once"]

    def test_a_faster_rhythm_holds_at_once(self):
        schedule.tick()
        ScheduledJob.objects.update(next_run_at=database_now() + timedelta(days=1))

        assert schedule.tick() == 1

    def test_a_monthly_job_does_not_fire_when_it_is_first_seen(self):
        registry.recurring.clear()
        outbox.monthly(day=1, name="probe.recur")(handlers.recur)

        assert schedule.tick() == 0
        assert ScheduledJob.objects.get().next_run_at.day == 1

    def test_names_and_topics_are_taken_once(self):
        with pytest.raises(ValueError):
            outbox.every(seconds=1, name="probe.recur")(handlers.fail)
        with pytest.raises(ValueError):
            outbox.handler("probe.count")(handlers.fail)


def fire_many():
    """Tries to fire twenty beats in this process, racing others for each; the number won."""
    job = registry.Recurring("probe.recur", Every(60), handlers.recur)
    beats = [NOON + timedelta(seconds=60 * number) for number in range(20)]
    return sum(schedule.fire(job, seen=beat, now=beat) for beat in beats)


def test_each_beat_fires_once_however_many_tick(transactional_db):
    ScheduledJob.objects.create(name="probe.recur", next_run_at=NOON)

    outcomes = run_processes(6, fire_many)

    assert [outcome.traceback for outcome in outcomes if not outcome.ok] == []
    assert sum(outcome.value for outcome in outcomes) == 20
    assert ScheduledJob.objects.get().next_run_at == NOON + timedelta(minutes=20)
    assert Message.objects.count() == 1
