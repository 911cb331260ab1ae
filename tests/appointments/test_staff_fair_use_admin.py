"""The admin of suspensions, appeals and late cancellations: only actions change a row; each asks first."""

from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Appeal, Ban
from appointments.models import LateCancellation
from appointments.services import transitions
from appointments.states import Role, Verb
from outbox.models import Message
from outbox.testing import deliver
from tests.factories.accounts import UserFactory
from tests.hardening.forms import hidden_values

from .conftest import NOW, TUESDAY_TEN
from .test_staff_fair_use import appealed, banned, on_record

pytestmark = pytest.mark.django_db

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
NAMES = {"lift": "accounts_ban", "answer_and_lift": "accounts_appeal", "answer_and_keep": "accounts_appeal",
         "forgive": "appointments_latecancellation"}  # fmt: skip
RIGHTS = ["change_ban", "change_appeal", "change_latecancellation"]


def lists(name):
    return reverse(f"admin:{name}_changelist")


def page_of(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def act(client, action, *rows, text="Asked by phone"):
    chosen = {"action": action, "_selected_action": [row.pk for row in rows], "confirmed": "yes"}
    field = "answer" if action.startswith("answer") else "reason"
    return client.post(lists(NAMES[action]), {**chosen, field: text}, follow=True)


def logged():
    return sorted(LogEntry.objects.values_list("user", "object_id", "change_message"))


@pytest.fixture
def staff(client):
    """Staff who may look at everything and change what fair use is about, and who are no superuser."""
    person = UserFactory(name="Robin Ellis", is_staff=True)
    person.user_permissions.set(
        Permission.objects.filter(codename__startswith="view_") | Permission.objects.filter(codename__in=RIGHTS)
    )
    client.force_login(person)
    return person


@pytest.fixture
def viewer(client):
    person = UserFactory(is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(person)
    return person


def test_lifting_asks_first_takes_a_reason_and_is_logged(client, staff, customer):
    ban = banned(customer)

    asks = client.post(lists("accounts_ban"), {"action": "lift", "_selected_action": [ban.pk]})
    shown = " ".join(unescape(asks.text).split())
    client.post(lists("accounts_ban"), {**hidden_values(asks), "reason": "A death in the family"}, follow=True)

    assert asks.status_code == 200
    assert "<h1>Lift</h1>" in shown and customer.email in shown and "Nothing that was cancelled comes back." in shown
    ban.refresh_from_db()
    assert (ban.lifted_at, ban.lifted_by, ban.lift_reason) == (NOW, staff, "A death in the family")
    assert logged() == [(staff.pk, str(ban.pk), "lift: A death in the family")]


@pytest.mark.parametrize("action", NAMES)
@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_an_action_without_its_text_changes_nothing(client, staff, customer, action, text):
    ban = banned(customer)
    rows = {"accounts_ban": ban, "accounts_appeal": appealed(ban)}
    row = rows.get(NAMES[action]) or LateCancellation.objects.first()

    assert act(client, action, row, text=text).status_code == 422

    assert Ban.objects.get().is_open and Appeal.objects.get().answered_at is None
    assert not LateCancellation.objects.exclude(forgiven_at=None).exists()
    assert logged() == []


@pytest.mark.parametrize(("action", "is_open"), [("answer_and_lift", False), ("answer_and_keep", True)])
def test_an_appeal_is_read_beside_its_answer_and_answered(client, staff, customer, action, is_open):
    appeal = appealed(banned(customer), text="I was in <hospital>.")

    asks = client.post(lists("accounts_appeal"), {"action": action, "_selected_action": [appeal.pk]})
    act(client, action, appeal, text="We read it.")
    again = act(client, action, appeal, text="Another answer.")

    assert "I was in &lt;hospital&gt;." in asks.text
    appeal.refresh_from_db()
    assert (appeal.answer, appeal.answered_by, Ban.objects.get().is_open) == ("We read it.", staff, is_open)
    assert "was answered already" in again.text
    assert logged() == [(staff.pk, str(appeal.pk), f"{action}: We read it.")]


@pytest.mark.parametrize(
    ("action", "subject"),
    [
        ("lift", "Booking is open again"),
        ("answer_and_lift", "Booking is open again"),
        ("answer_and_keep", "Booking stays suspended"),
    ],
)
def test_each_decision_is_told_to_its_person_in_one_mail(client, staff, customer, action, subject):
    ban = banned(customer)
    appeal = appealed(ban)
    Message.objects.all().delete()

    act(client, action, ban if action == "lift" else appeal, text="We read it.")
    act(client, action, ban if action == "lift" else appeal, text="Again.")
    deliver("notifications.send_mail")

    [told] = mail.outbox
    assert told.to == [f'"{customer.name}" <{customer.email}>']
    assert subject in told.body
    assert ("We read it." in told.body) == (action != "lift"), "a reason is for staff, an answer for the person"


def test_each_appeal_gets_an_answer_of_its_own(client, staff):
    appeals = [appealed(Ban.objects.create(user=UserFactory(), since=NOW)) for _ in range(2)]

    assert "Choose at most 1 at a time." in act(client, "answer_and_keep", *appeals).text
    assert not Appeal.objects.exclude(answered_at=None).exists()


def test_forgiving_is_logged_and_says_that_an_open_suspension_stays(client, staff, customer):
    banned(customer)
    other = UserFactory(name="Somebody else")
    [free] = on_record(other, NOW - DAY)
    evidence = LateCancellation.objects.filter(person=customer).first()

    answer = act(client, "forgive", evidence, free)

    assert f"{customer} stays suspended" in answer.text and "Somebody else stays" not in answer.text
    assert Ban.objects.get().is_open
    assert {late.pk for late in LateCancellation.objects.exclude(forgiven_at=None)} == {evidence.pk, free.pk}
    assert logged() == sorted((staff.pk, str(one.pk), "forgive: Asked by phone") for one in (evidence, free))


@pytest.mark.parametrize("action", NAMES)
def test_staff_who_may_only_look_change_nothing_and_are_offered_nothing(client, viewer, customer, action):
    ban = banned(customer)
    rows = {"accounts_ban": ban, "accounts_appeal": appealed(ban)}
    row = rows.get(NAMES[action]) or LateCancellation.objects.first()

    shown = client.get(page_of(row))

    assert shown.status_code == 200 and 'name="action"' not in shown.text
    assert act(client, action, row).status_code == 403
    assert Ban.objects.get().is_open and Appeal.objects.get().answered_at is None
    assert not LateCancellation.objects.exclude(forgiven_at=None).exists()


def test_answering_alone_does_not_give_the_right_to_lift(client, staff, customer):
    staff.user_permissions.remove(Permission.objects.get(codename="change_ban"))
    appeal = appealed(banned(customer))

    assert act(client, "answer_and_lift", appeal).status_code == 403
    assert "Answer and lift" not in client.get(page_of(appeal)).text
    act(client, "answer_and_keep", appeal)

    assert Ban.objects.get().is_open and Appeal.objects.get().answered_at == NOW


def test_what_staff_may_not_decide_is_answered_in_words_and_stops_no_other(client, staff, customer):
    own, theirs = on_record(staff, NOW)[0], on_record(UserFactory(is_staff=True), NOW)[0]
    [free] = on_record(customer, NOW)

    answer = act(client, "forgive", own, theirs, free)

    shown = unescape(answer.text)
    assert "Nobody decides about their own suspension" in shown
    assert "Only a superuser decides about another member of staff." in shown
    assert [late.pk for late in LateCancellation.objects.exclude(forgiven_at=None)] == [free.pk]
    assert logged() == [(staff.pk, str(free.pk), "forgive: Asked by phone")]


def test_a_row_s_own_page_offers_what_may_still_be_done(client, staff, customer):
    ban = banned(customer)
    appeal, late = appealed(ban), LateCancellation.objects.first()
    before = [client.get(page_of(row)).text for row in (ban, appeal, late)]

    act(client, "forgive", late)
    act(client, "answer_and_lift", appeal)
    after = [client.get(page_of(row)).text for row in (ban, appeal, late)]

    assert ['href="?act=' in page for page in before] == [True] * 3
    assert ['href="?act=' in page for page in after] == [False] * 3


def test_the_evidence_names_each_appointment_with_how_long_before_its_start(client, staff, book, provider):
    made = [book(TUESDAY_TEN + n * HOUR, customer=UserFactory()).appointment for n in range(3)]
    on_record(provider.user, NOW - DAY, NOW - 2 * DAY)
    with time_machine.travel(TUESDAY_TEN - 12 * HOUR, tick=False):
        changes = [transitions.Change(one, Verb.CANCEL) for one in made[:2]]
        transitions.apply(changes, actor=provider.user, role=Role.PROVIDER)
    ban = Ban.objects.get()
    appeal, late = appealed(ban), LateCancellation.objects.get(at=ban.since)

    pages = [unescape(client.get(page_of(row)).text) for row in (ban, appeal, late)]

    for page in pages:
        assert f">{made[0].reference}</a>, starts 03 Mar 2026, 10:00:00 UTC, cancelled 12 h before its start<" in page
        assert f">{made[1].reference}</a>" in page and "13 h before its start, not late by itself" in page
        assert made[2].reference not in page, "the system cancelled it"
    assert "I was in hospital." in pages[0], "the appeals stand with the suspension"


def test_a_late_cancellation_says_until_when_it_counts_or_why_not(client, staff, customer):
    ban = banned(customer)
    texts = {}
    [counting, over, forgiven] = on_record(UserFactory(), NOW - 30 * DAY, NOW - 30 * DAY - SECOND, NOW)
    act(client, "forgive", forgiven, text="Snow")
    for name, late in {"now": counting, "over": over, "forgiven": forgiven, "ban": ban.evidence.first()}.items():
        texts[name] = unescape(client.get(page_of(late)).text)

    assert "counts until 02 Mar 2026, 08:00:00 UTC" in texts["now"]
    assert "counted until 02 Mar 2026, 07:59:59 UTC" in texts["over"]
    assert "forgiven 02 Mar 2026, 08:00:00 UTC by Robin Ellis: Snow" in texts["forgiven"]
    assert "evidence of the suspension since 02 Mar 2026, 08:00:00 UTC" in texts["ban"]


def test_lists_are_filtered_by_state_and_searched_by_address(client, staff):
    old, new = (banned(UserFactory(email=f"{name}@example.org")) for name in ("old", "new"))
    appealed(new)
    answered = appealed(old)
    act(client, "answer_and_lift", answered)
    [free] = on_record(UserFactory(), NOW)
    act(client, "forgive", free)

    def found(name, query):
        return {row.pk for row in client.get(lists(name), query).context["cl"].result_list}

    assert found("accounts_ban", {"state": "open"}) == {new.pk} == found("accounts_ban", {"q": "new@example.org"})
    assert found("accounts_ban", {"state": "lifted"}) == {old.pk}
    assert found("accounts_appeal", {"state": "waiting"}) == {new.appeals.get().pk}
    assert found("accounts_appeal", {"state": "answered"}) == {answered.pk}
    assert found("appointments_latecancellation", {"state": "forgiven"}) == {free.pk}
    assert found("appointments_latecancellation", {"state": "evidence"}) == {
        late.pk for late in LateCancellation.objects.exclude(pk=free.pk)
    }
    assert found("appointments_latecancellation", {"state": "counts"}) == set()
    assert [row.is_open for row in client.get(lists("accounts_ban")).context["cl"].result_list] == [True, False]
    waits_first = client.get(lists("accounts_appeal")).context["cl"].result_list
    assert [row.answered_at is None for row in waits_first] == [True, False]


def test_a_person_s_page_says_whether_they_are_suspended_and_links_to_it(client, staff, customer):
    ban = banned(customer)
    address = reverse("admin:accounts_user_change", args=[customer.pk])

    while_open = client.get(address).text
    act(client, "lift", ban)
    lifted = client.get(address).text
    never = client.get(reverse("admin:accounts_user_change", args=[UserFactory().pk])).text

    link = f'<a href="{page_of(ban)}">since 02 Mar 2026, 08:00 UTC</a>, '
    assert f"{link}open" in while_open and f"{link}lifted 02 Mar 2026, 08:00 UTC" in lifted
    assert "Suspensions" in never and page_of(ban) not in never


def test_people_are_filtered_by_whether_they_are_suspended(client, staff, customer):
    banned(customer)

    def found(answer):
        return {row.pk for row in client.get(lists("accounts_user"), {"standing": answer}).context["cl"].result_list}

    assert found("suspended") == {customer.pk}
    assert customer.pk not in found("good") and staff.pk in found("good")


@pytest.mark.parametrize("name", ["accounts_ban", "accounts_appeal", "appointments_latecancellation"])
def test_nothing_is_edited_added_or_deleted_by_hand(client, customer, name):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    ban = banned(customer)
    row = {"accounts_ban": ban, "accounts_appeal": appealed(ban)}.get(name) or LateCancellation.objects.first()

    answers = [
        client.post(address, {"lift_reason": "x", "answer": "x", "post": "yes"}).status_code
        for address in (reverse(f"admin:{name}_add"), page_of(row), reverse(f"admin:{name}_delete", args=[row.pk]))
    ]

    assert answers == [403] * 3


def test_pages_cost_the_same_with_one_row_of_evidence_and_with_many(client, staff, book, provider):
    """The evidence with its appointments, the appeals with who answered them."""

    def cost(row):
        client.get(page_of(row))
        with CaptureQueriesContext(connection) as asked:
            assert client.get(page_of(row)).status_code == 200
        return len(asked)

    made = [book(TUESDAY_TEN + n * HOUR, customer=UserFactory()).appointment for n in range(4)]
    with time_machine.travel(TUESDAY_TEN - 2 * HOUR, tick=False):
        for changes in ([made[0]], made[1:]):
            acts = [transitions.Change(one, Verb.CANCEL) for one in changes]
            transitions.apply(acts, actor=provider.user, role=Role.PROVIDER)
    few, many = (Ban.objects.create(user=UserFactory(), since=NOW) for _ in range(2))
    for ban, number in ((few, 1), (many, 3)):
        for n in range(number):
            Appeal.objects.create(
                ban=ban, text="x", sent_at=NOW, answer="y", answered_at=NOW, answered_by=UserFactory(name=f"S{n}")
            )
    one, several = LateCancellation.objects.order_by("pk")
    appeals = [ban.appeals.first() for ban in (few, many)]
    LateCancellation.objects.filter(pk=one.pk).update(ban=few)
    LateCancellation.objects.filter(pk=several.pk).update(ban=many)
    LateCancellation.objects.create(person=provider.user, occasion=many_id(), at=NOW, ban=many)

    assert cost(few) == cost(many)
    assert cost(appeals[0]) == cost(appeals[1])
    assert cost(one) == cost(LateCancellation.objects.get(pk=several.pk))


def many_id():
    return "00000000-0000-4000-8000-000000000099"
