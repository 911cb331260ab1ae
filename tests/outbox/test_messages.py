"""Publishing, handling, failing, trying again: in one process, with the test's own rows."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core import clock
from outbox import dispatch, liveness, registry
from outbox import services as outbox
from outbox import tasks as outbox_tasks
from outbox.clock import database_now
from outbox.models import Message, ScheduledJob
from outbox.testing import deliver
from tests.outbox.probe.handlers import traces

# What the page that asks for a reason sends beside the action.
CONFIRMED = {"confirmed": "1", "reason": "The server is back."}


def handle_with(monkeypatch, function):
    monkeypatch.setitem(registry.handlers, "probe.count", function)


def lapse(message):
    """As if the lease had run out."""
    Message.objects.filter(pk=message.pk).update(
        due_at=database_now() - timedelta(seconds=1), leased_until=database_now() - timedelta(seconds=1)
    )


class TestPublish:
    @pytest.mark.django_db(transaction=True)
    def test_outside_a_transaction_is_refused(self):
        with pytest.raises(RuntimeError):
            outbox.publish("probe.count", key="one", payload={"n": 1})

        assert not Message.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_a_rollback_leaves_nothing(self):
        class Broken(Exception):
            pass

        with pytest.raises(Broken), transaction.atomic():
            outbox.publish("probe.count", key="one", payload={"n": 1})
            assert Message.objects.count() == 1
            raise Broken

        assert not Message.objects.exists()
        assert dispatch.drain() == 0

    @pytest.mark.django_db
    def test_is_one_insert(self, publish):
        with (
            transaction.atomic(),
            CaptureQueriesContext(
                connection,
            ) as queries,
        ):
            outbox.publish("probe.count", key="one", payload={"n": 1})
            outbox.publish_all(
                [outbox.Draft(topic="probe.count", key=f"many-{n}", payload={"n": n}) for n in range(50)]
            )

        assert [query["sql"].split()[0] for query in queries] == ["INSERT", "INSERT"]
        assert Message.objects.count() == 51

    @pytest.mark.django_db
    def test_an_existing_key_changes_nothing_and_spoils_no_transaction(self):
        with transaction.atomic():
            first = outbox.publish("probe.count", key="one", payload={"n": 1})
            again = outbox.publish("probe.count", key="one", payload={"n": 2})
            other = outbox.publish("probe.affect", key="one", payload={})
            assert Message.objects.count() == 2

        assert again.pk == first.pk != other.pk
        assert Message.objects.get(pk=first.pk).payload == {"n": 1}

    @pytest.mark.django_db
    def test_a_key_that_is_done_stays_done(self, publish):
        publish("probe.count", payload={"n": 1})
        assert dispatch.drain() == 1

        publish("probe.count", payload={"n": 1})

        assert dispatch.drain() == 0
        assert traces("counted") == ["1"]

    @pytest.mark.django_db
    @pytest.mark.parametrize(("topic", "key"), [("", "k"), ("t", ""), ("t" * 101, "k"), ("t", "k" * 201)])
    def test_what_could_not_be_stored_is_refused_aloud(self, publish, topic, key):
        with pytest.raises(ValueError):
            publish(topic, key=key)

    @pytest.mark.django_db
    @pytest.mark.parametrize("wrong_by", [timedelta(seconds=-90), timedelta(seconds=90), timedelta(days=1)])
    def test_a_machine_with_a_wrong_clock_publishes_what_is_due_at_once(self, publish, wrong_by):
        with time_machine.travel(clock.now() + wrong_by):
            message = publish("probe.count", payload={"n": 1})
            before = database_now()
            claimed = dispatch.claim()
            after = database_now()

        assert claimed.pk == message.pk
        lease = timedelta(seconds=120)
        assert before + lease <= Message.objects.get().leased_until <= after + lease

    @pytest.mark.django_db
    def test_later_means_later(self, publish):
        publish("probe.count", payload={"n": 1}, due_at=database_now() + timedelta(minutes=5))

        assert dispatch.drain() == 0
        assert not Message.objects.due().exists()

        Message.objects.update(due_at=database_now() - timedelta(seconds=1))
        assert dispatch.drain() == 1


@pytest.mark.django_db
class TestClaim:
    def test_a_leased_message_is_nobody_elses(self, publish):
        publish("probe.count", payload={"n": 1})

        first, second = dispatch.claim(), dispatch.claim()

        assert first.attempts == 1
        assert second is None

    def test_the_one_due_longest_comes_first(self, publish):
        now = database_now()
        for n in (2, 3, 1):
            publish("probe.count", key=str(n), payload={"n": n}, due_at=now - timedelta(seconds=100 - n))

        dispatch.drain()

        assert traces("counted") == ["1", "2", "3"]

    def test_a_lapsed_lease_falls_due_by_itself_and_its_old_holder_changes_nothing(self, publish):
        publish("probe.affect", payload={})
        slow = dispatch.claim()
        lapse(slow)

        quick = dispatch.claim()
        dispatch.handle(slow)

        assert quick.lease_token != slow.lease_token
        with pytest.raises(outbox.LeaseLost):
            slow.renew_lease()
        message = Message.objects.get()
        assert (message.done_at, message.lease_token) == (None, quick.lease_token)
        dispatch.handle(quick)
        assert Message.objects.get().done_at

    def test_renewing_moves_the_lease_on(self, publish):
        publish("probe.count", payload={"n": 1})
        message = dispatch.claim()
        Message.objects.update(leased_until=database_now() + timedelta(seconds=3), due_at=database_now())

        before = database_now()
        message.renew_lease()

        assert Message.objects.get().leased_until >= before + timedelta(seconds=120)
        assert dispatch.claim() is None

    def test_a_handler_that_lost_its_lease_records_nothing(self, publish, monkeypatch):
        def lose(payload, *, message):
            Message.objects.update(lease_token=None)
            message.renew_lease()

        handle_with(monkeypatch, lose)
        publish("probe.count")

        dispatch.drain()

        assert Message.objects.values_list("done_at", "dead_at", "last_error").get() == (None, None, "")

    def test_one_that_keeps_killing_its_worker_pauses_and_is_seen(self, publish):
        publish("probe.count", payload={"n": 1})
        for _ in range(dispatch.LAPSES_AT_ONCE + 1):
            lapse(dispatch.claim())

        before = database_now()
        assert dispatch.claim() is None
        message = Message.objects.get()
        assert message.last_error == "LeaseLapsed"
        assert message.due_at > before + timedelta(seconds=10)


@pytest.mark.django_db
class TestFailing:
    def test_pauses_and_names_the_place_but_no_personal_data(self, publish):
        publish("probe.fail")

        before = database_now()
        dispatch.drain()
        after = database_now()

        message = Message.objects.get()
        assert message.last_error.startswith("ValueError at tests/outbox/probe/handlers.py:")
        assert "ada" not in message.last_error
        assert before + timedelta(seconds=4) <= message.due_at <= after + timedelta(seconds=6)
        assert (message.attempts, message.done_at, message.dead_at, message.leased_until) == (1, None, None, None)

    def test_a_poisonous_message_holds_up_no_other(self, publish):
        publish("probe.fail", key="poison")
        for n in range(5):
            publish("probe.count", key=str(n), payload={"n": n})

        assert dispatch.drain() == 6

        assert sorted(traces("counted")) == ["0", "1", "2", "3", "4"]

    def test_pauses_grow_to_an_hour_and_end_after_about_a_day(self):
        pauses = [dispatch.pause_after(attempts) for attempts in range(1, dispatch.MAX_ATTEMPTS)]

        assert 4 <= pauses[0] <= 6
        assert 160 * 0.8 <= pauses[5] <= 160 * 1.2
        assert max(pauses) <= 3600 * 1.2
        assert 18 < sum(pauses) / 3600 < 30
        assert len({round(dispatch.pause_after(8), 6) for _ in range(20)}) > 1  # jitter

    def test_is_dead_in_the_end(self, publish):
        message = publish("probe.fail")
        Message.objects.update(attempts=dispatch.MAX_ATTEMPTS - 1)

        dispatch.drain()

        message = Message.objects.get()
        assert message.dead_at and not message.done_at
        assert dispatch.claim() is None

    def test_retry_waits_at_least_as_long_as_asked(self, publish, monkeypatch):
        def later(payload, *, message):
            raise outbox.Retry(after=600, reason="rate limited")

        handle_with(monkeypatch, later)
        publish("probe.count")

        before = database_now()
        dispatch.drain()
        after = database_now()

        message = Message.objects.get()
        assert message.last_error == "Retry: rate limited"
        assert before + timedelta(seconds=600) <= message.due_at <= after + timedelta(seconds=600)

    def test_giving_up_is_dead_at_once(self, publish, monkeypatch):
        def give_up(payload, *, message):
            raise outbox.GiveUp("the address is refused for good")

        handle_with(monkeypatch, give_up)
        publish("probe.count")

        dispatch.drain()

        message = Message.objects.get()
        assert message.dead_at
        assert message.last_error == "GiveUp: the address is refused for good"

    def test_a_topic_nobody_handles_is_tried_again_later(self, publish):
        publish("probe.of_newer_code")

        dispatch.drain()

        message = Message.objects.get()
        assert message.last_error.startswith("UnknownTopic")
        assert message.dead_at is None

    def test_trying_again_starts_anew_and_pressing_twice_does_it_once(self, publish, admin_user):
        publish("probe.count", payload={"n": 1})
        Message.objects.update(dead_at=database_now(), attempts=32, last_error="GiveUp")
        message = Message.objects.get()

        assert outbox.retry_message(message=message, actor=admin_user) is True
        assert outbox.retry_message(message=message, actor=admin_user) is False

        assert dispatch.drain() == 1
        message.refresh_from_db()
        assert message.done_at
        assert (message.attempts, message.dead_at, message.last_error) == (1, None, "")

    def test_what_is_done_can_not_be_run_again(self, publish, admin_user):
        message = publish("probe.count", payload={"n": 1})
        dispatch.drain()

        assert outbox.retry_message(message=message, actor=admin_user) is False
        assert dispatch.drain() == 0

    def test_what_waits_can_be_left_undone_until_somebody_asks_for_it_again(self, publish, admin_user):
        message = publish("probe.count", payload={"n": 1})

        assert outbox.leave_undone(message=message, actor=admin_user) is True
        assert outbox.leave_undone(message=message, actor=admin_user) is False

        assert dispatch.drain() == 0
        message.refresh_from_db()
        assert message.dead_at
        assert message.last_error == "Left undone by staff."
        assert outbox.retry_message(message=message, actor=admin_user) is True
        assert dispatch.drain() == 1

    def test_what_is_under_way_or_done_can_not_be_left_undone(self, publish, admin_user):
        publish("probe.count", payload={"n": 1})
        message = dispatch.claim()
        assert outbox.leave_undone(message=message, actor=admin_user) is False

        dispatch.handle(message)

        assert outbox.leave_undone(message=message, actor=admin_user) is False
        assert Message.objects.get().done_at

    def test_what_a_dead_worker_held_can_be_left_undone(self, publish, admin_user):
        publish("probe.count", payload={"n": 1})
        message = dispatch.claim()
        Message.objects.update(leased_until=database_now() - timedelta(seconds=1), due_at=database_now())

        assert outbox.leave_undone(message=message, actor=admin_user) is True
        dispatch.finish(message)

        message.refresh_from_db()
        assert (message.done_at, message.lease_token) == (None, None)


@pytest.mark.django_db
class TestStopping:
    def test_no_new_message_is_taken(self, publish, monkeypatch):
        publish("probe.count", payload={"n": 1})
        liveness.stopping.set()
        try:
            assert dispatch.drain() == 0
        finally:
            liveness.stopping.clear()
        assert dispatch.drain() == 1

    def test_what_is_still_held_goes_back(self, publish, monkeypatch):
        def stop(payload, *, message):
            dispatch.return_unfinished()
            held = Message.objects.get()
            assert (held.leased_until, held.lease_token) == (None, None)
            assert held.due_at <= database_now()

        handle_with(monkeypatch, stop)
        publish("probe.count")
        message = dispatch.claim()

        dispatch.handle(message)

        assert Message.objects.values_list("done_at", "last_error").get() == (None, "")


@pytest.mark.django_db
class TestPruning:
    def test_forgets_done_after_a_week_and_dead_after_three_months(self, publish):
        now = database_now()
        for key, done, dead in [
            ("done-old", 8, None),
            ("done-new", 6, None),
            ("dead-old", None, 91),
            ("dead-new", None, 89),
            ("waiting", None, None),
        ]:
            message = publish("probe.count", key=key)
            Message.objects.filter(pk=message.pk).update(
                created_at=now - timedelta(days=100),
                done_at=done and now - timedelta(days=done),
                dead_at=dead and now - timedelta(days=dead),
            )

        assert outbox_tasks.prune() == 2

        assert set(Message.objects.values_list("key", flat=True)) == {"done-new", "dead-new", "waiting"}


@pytest.mark.django_db
class TestDelivering:
    def test_lets_everything_happen_and_shows_what_goes_wrong(self, publish):
        publish("probe.count", payload={"n": 1})
        publish("probe.fail")

        assert [message.key for message in deliver("probe.count")] == ["one"]
        assert traces("counted") == ["1"]
        with pytest.raises(ValueError):
            deliver()


@pytest.mark.django_db
class TestAdmin:
    def test_shows_states_with_counts_and_changes_nothing(self, admin_client, publish):
        message = publish("probe.fail")
        Message.objects.update(dead_at=database_now(), last_error="GiveUp: no such mailbox")

        page = admin_client.get("/admin/outbox/message/?state=dead").content.decode()

        assert "GiveUp: no such mailbox" in page
        assert "Failed (1)" in page
        assert "Done (0)" in page
        assert admin_client.get("/admin/outbox/message/add/").status_code == 403
        assert admin_client.post(f"/admin/outbox/message/{message.pk}/change/", {"topic": "x"}).status_code == 403
        assert admin_client.post(f"/admin/outbox/message/{message.pk}/delete/", {"post": "yes"}).status_code == 403
        assert admin_client.get("/admin/outbox/scheduledjob/").status_code == 200

    def test_tries_dead_ones_again_and_keeps_a_trace_of_who(self, admin_client, admin_user, publish):
        dead, waiting = publish("probe.count", key="dead", payload={"n": 1}), publish("probe.fail", key="waiting")
        Message.objects.filter(pk=dead.pk).update(dead_at=database_now())

        admin_client.post(
            "/admin/outbox/message/",
            {"action": "try_again", "_selected_action": [str(dead.pk), str(waiting.pk)], **CONFIRMED},
        )

        assert Message.objects.get(pk=dead.pk).dead_at is None
        entries = admin_user.logentry_set.values_list("object_id", flat=True)
        assert list(entries) == [str(dead.pk)]

    def test_leaves_waiting_ones_undone_and_keeps_a_trace_of_who(self, admin_client, admin_user, publish):
        done, waiting = publish("probe.count", key="done", payload={"n": 1}), publish("probe.fail", key="waiting")
        Message.objects.filter(pk=done.pk).update(done_at=database_now())

        admin_client.post(
            "/admin/outbox/message/",
            {"action": "leave_undone", "_selected_action": [str(done.pk), str(waiting.pk)], **CONFIRMED},
        )

        assert [message.pk for message in Message.objects.dead()] == [waiting.pk]
        assert list(admin_user.logentry_set.values_list("object_id", flat=True)) == [str(waiting.pk)]

    def test_staff_who_may_only_look_can_not_try_again(self, client, django_user_model, publish):
        from django.contrib.auth.models import Permission

        looker = django_user_model.objects.create(email="looker@example.com", is_staff=True, is_active=True)
        looker.user_permissions.add(Permission.objects.get(codename="view_message"))
        client.force_login(looker, backend="django.contrib.auth.backends.ModelBackend")
        message = publish("probe.count", payload={"n": 1})
        Message.objects.update(dead_at=database_now())

        asked = {"action": "try_again", "_selected_action": [str(message.pk)], **CONFIRMED}
        client.post("/admin/outbox/message/", asked)

        assert Message.objects.get().dead_at


@pytest.mark.django_db
class TestTheLongestWait:
    """What /ready/ tells of the queue."""

    def waiting(self, key, **values):
        with transaction.atomic():
            message = outbox.publish("probe.count", key=key, payload={})
        Message.objects.filter(pk=message.pk).update(**values)

    def test_is_that_of_the_oldest_due_job_alone(self):
        now = database_now()
        old = now - timedelta(hours=9)
        assert outbox.longest_wait() == 0
        self.waiting("done", due_at=old, done_at=now)
        self.waiting("dead", due_at=old, dead_at=now)
        self.waiting("running", due_at=now + timedelta(minutes=2), leased_until=now + timedelta(minutes=2))
        self.waiting("later", due_at=now + timedelta(seconds=90))
        assert outbox.longest_wait() == 0

        self.waiting("new", due_at=now - timedelta(seconds=10))
        self.waiting("old", due_at=now - timedelta(seconds=70))

        assert 70 <= outbox.longest_wait() < 100

    def test_counts_a_recurring_job_that_nobody_fires_and_none_that_the_code_knows_no_more(self, monkeypatch):
        late = database_now() - timedelta(seconds=40)
        ScheduledJob.objects.create(name="probe.gone", next_run_at=late - timedelta(days=1))
        assert outbox.longest_wait() == 0

        monkeypatch.setitem(registry.recurring, "probe.tick", None)
        ScheduledJob.objects.create(name="probe.tick", next_run_at=late)

        assert 40 <= outbox.longest_wait() < 70

    def test_is_found_by_the_index_of_what_is_pending(self):
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL enable_seqscan = off")

        plan = Message.objects.due().values_list("due_at")[:1].explain()

        assert "outbox_message_pending" in plan
        assert "SCAN outbox_message\n" not in plan

    def test_costs_two_queries(self, django_assert_num_queries, monkeypatch):
        monkeypatch.setitem(registry.recurring, "probe.tick", None)
        for number in range(20):
            self.waiting(str(number), due_at=database_now() - timedelta(seconds=number))

        with django_assert_num_queries(2):
            outbox.longest_wait()
