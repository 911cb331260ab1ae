"""What people are told stands in their inbox: written with the change, once, counted at the bell, and read in time."""

import html
import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock
from notifications import catalogue, channels, inbox
from notifications.catalogue import Line, Notice
from notifications.models import InboxItem, Kind, Topic
from notifications.queries import COUNTED_TO, PER_PAGE, inbox_of, mark_of
from outbox.models import Message
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@catalogue.lines("probe.thing")
def probe_lines(items, view):
    """Lines of things that exist in this test alone; number 13 is gone."""
    return [
        None if facts["number"] == 13 else Line(title=f"Thing {facts['number']}", address="/help/", text="As it is.")
        for facts in items
    ]


def notice(person, number=1, **changes):
    facts = {"name": "probe.thing", "key": str(number), "kind": Kind.CONFIRMED, "facts": {"number": number}}
    return Notice(reader=person.pk, **facts | changes)


def tell(*notices):
    with transaction.atomic():
        channels.tell(notices)


def write(person, *numbers, at=None):
    inbox.write([notice(person, number) for number in numbers], now=at or clock.now())


def bell_of(page):
    return page.context["bell"].count


def test_somebody_is_told_by_mail_and_in_their_inbox():
    person = UserFactory()

    tell(notice(person, about="K7QFMR2W"))

    item = InboxItem.objects.get()
    assert (item.reader, item.kind, item.topic, item.about) == (person, Kind.CONFIRMED, Topic.APPOINTMENTS, "K7QFMR2W")
    assert (item.name, item.facts, item.read_at) == ("probe.thing", {"number": 1}, None)
    assert [message.payload for message in Message.objects.all()] == [{"mail": "probe.thing", "number": 1}]


def test_the_same_thing_is_told_once_and_stays_as_it_was_read():
    person, other = UserFactory(), UserFactory()
    tell(notice(person))
    inbox.mark_all_read(actor=person, until=clock.now())

    tell(notice(person), notice(other), notice(person, 2))

    told = InboxItem.objects.order_by("reader", "facts__number").values_list("reader", "facts__number")
    assert list(told) == [(person.pk, 1), (person.pk, 2), (other.pk, 1)]
    assert InboxItem.objects.filter(reader=person, read_at__isnull=False).count() == 1


def test_nothing_is_told_of_a_change_that_did_not_happen():
    person = UserFactory()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        channels.tell([notice(person)])
        raise ZeroDivisionError

    assert not InboxItem.objects.exists()
    assert not Message.objects.exists()


def test_what_somebody_did_themselves_is_not_new_to_them(client):
    person = UserFactory()
    client.force_login(person)

    tell(notice(person, is_own=True))

    page = client.get(reverse("my_inbox"))
    assert bell_of(page) == 0
    assert "Thing 1" in page.text
    assert "New: " not in page.text


def test_opening_the_page_reads_nothing_and_following_a_link_reads_that_one(client):
    person = UserFactory()
    client.force_login(person)
    write(person, 1, 2)
    [first, second] = InboxItem.objects.order_by("facts__number")

    before = bell_of(client.get(reverse("my_inbox")))
    still = bell_of(client.get(reverse("my_inbox")))
    followed = client.get(reverse("my_inbox_item", args=[first.pk]))
    after = bell_of(client.get(reverse("my_inbox")))

    assert (before, still, after) == (2, 2, 1)
    assert followed.url == "/help/"
    second.refresh_from_db()
    assert second.read_at is None


def test_all_is_marked_as_read_but_what_came_after_the_page(client):
    person, other = UserFactory(), UserFactory()
    client.force_login(person)
    now = clock.now()
    write(person, 1, 2, at=now - DAY)
    write(other, 3, at=now - DAY)
    newest = client.get(reverse("my_inbox")).context["newest"]
    write(person, 4, at=now)

    answer = client.post(reverse("my_inbox_read"), {"until": newest}, follow=True)

    assert list(InboxItem.objects.filter(read_at=None).values_list("facts__number", flat=True).order_by("told_at")) == [
        3,
        4,
    ]
    assert "All is marked as read." in answer.text


@pytest.mark.parametrize("until", ["", "nonsense", "9" * 40, "-5", "²"])
def test_marking_all_as_read_understands_any_mark(client, until):
    person = UserFactory()
    client.force_login(person)
    write(person, 1)

    answer = client.post(reverse("my_inbox_read"), {"until": until})

    assert answer.status_code == 302


def test_the_page_begins_with_the_newest_and_its_pages_have_each_item_once(client):
    person = UserFactory()
    client.force_login(person)
    now = clock.now()
    # Many in one instant, as an act over several appointments tells them.
    write(person, *range(100, 100 + PER_PAGE), at=now)
    write(person, *range(200, 205), at=now - DAY)

    address, seen, pages = reverse("my_inbox"), [], 0
    while address:
        page = client.get(address)
        seen += [item.facts["number"] for item, _ in page.context["rows"]]
        pages += 1
        address = f"{reverse('my_inbox')}?before={page.context['older']}" if page.context["older"] else ""

    assert pages == 2
    assert sorted(seen[:PER_PAGE]) == list(range(100, 100 + PER_PAGE))
    assert sorted(seen[PER_PAGE:]) == list(range(200, 205))


def test_a_page_that_just_fits_has_no_further_one():
    person = UserFactory()
    write(person, *range(100, 100 + PER_PAGE))

    items, older = inbox_of(person)

    assert (len(items), older) == (PER_PAGE, "")


@pytest.mark.parametrize("mark", ["x", "1-x", "9999999999999999999999-" + "0" * 32, "-", "1-"])
def test_a_mark_that_no_page_gave_begins_anew(client, mark):
    person = UserFactory()
    client.force_login(person)
    write(person, 1)

    page = client.get(reverse("my_inbox"), {"before": mark})

    assert page.status_code == 200
    assert len(page.context["rows"]) == 1


def test_the_list_of_new_things_leaves_out_what_was_read(client):
    person = UserFactory()
    client.force_login(person)
    write(person, 1, 2)
    inbox.mark_read(item=InboxItem.objects.get(facts__number=1))

    page = client.get(reverse("my_inbox"), {"tab": "new"})

    assert [item.facts["number"] for item, _ in page.context["rows"]] == [2]


def test_what_is_gone_stays_new_until_its_link_which_says_so_is_followed(client):
    person = UserFactory()
    client.force_login(person)
    write(person, 13, 1)

    for tab in ("", "new", "waiting"):
        client.get(reverse("my_inbox"), {"tab": tab})
    page = client.get(reverse("my_inbox"), {"tab": "new"})
    answer = client.get(reverse("my_inbox_item", args=[InboxItem.objects.get(facts__number=13).pk]), follow=True)

    titles = {item.facts["number"]: line.title for item, line in page.context["rows"]}
    assert titles == {13: "Confirmation: no longer here", 1: "Thing 1"}
    assert bell_of(page) == len(titles)
    assert "That is no longer here." in answer.text
    assert bell_of(answer) == 1


def test_no_page_of_the_inbox_writes_anything(client):
    person = UserFactory()
    client.force_login(person)
    write(person, 13, 1)

    with CaptureQueriesContext(transaction.get_connection()) as asked:
        for tab in ("", "new", "waiting"):
            client.get(reverse("my_inbox"), {"tab": tab})

    assert [query["sql"] for query in asked if not query["sql"].startswith(("SELECT", "WITH"))] == []


def test_how_many_are_new_today_is_said_where_the_page_has_all_of_the_day(client):
    person = UserFactory()
    client.force_login(person)
    now = clock.now()
    write(person, *range(100, 103), at=now)
    write(person, 1, at=now - 2 * DAY)
    few = client.get(reverse("my_inbox"))
    write(person, *range(200, 200 + PER_PAGE), at=now)
    many = client.get(reverse("my_inbox"))

    assert (few.context["new_today"], many.context["new_today"]) == (3, 0)


def test_a_thing_of_newer_code_is_left_out(client):
    person = UserFactory()
    client.force_login(person)
    inbox.write([notice(person, name="unheard.of")], now=clock.now())

    page = client.get(reverse("my_inbox"))

    assert (page.status_code, page.context["rows"]) == (200, [])


def test_nobody_sees_or_opens_what_others_were_told(client):
    person, other = UserFactory(), UserFactory()
    client.force_login(person)
    write(other, 1)
    item = InboxItem.objects.get()

    assert client.get(reverse("my_inbox")).context["rows"] == []
    assert client.get(reverse("my_inbox_item", args=[item.pk])).status_code == 404
    item.refresh_from_db()
    assert item.read_at is None


def test_the_count_at_the_bell_comes_with_the_session(client):
    person = UserFactory()
    client.force_login(person)
    write(person, 1, 2, 3)

    with CaptureQueriesContext(transaction.get_connection()) as asked:
        page = client.get(reverse("help"))

    assert 'aria-label="Notifications, 3 new"' in page.text
    assert len([query for query in asked if "inboxitem" in query["sql"]]) == 1
    assert "accounts_session" in next(query["sql"] for query in asked if "inboxitem" in query["sql"])


def test_a_page_of_many_costs_the_queries_of_a_page_of_one(client):
    person = UserFactory()
    client.force_login(person)
    counts = []
    for numbers in ([1], range(200, 260)):
        write(person, *numbers)
        with CaptureQueriesContext(transaction.get_connection()) as asked:
            client.get(reverse("my_inbox"))
        counts.append(len(asked))

    # Session with person and count, the items; the new times, the offered times and the requests that wait.
    assert counts == [5, 5]


def test_beyond_a_hundred_nobody_counts(client):
    person = UserFactory()
    client.force_login(person)
    write(person, *range(200, 200 + COUNTED_TO + 5))

    page = client.get(reverse("help"))

    assert bell_of(page) == COUNTED_TO
    assert 'aria-label="Notifications, 99 or more new"' in page.text
    assert ">99+<" in page.text


def test_a_visitor_has_no_bell(client):
    assert 'class="bell"' not in client.get(reverse("help")).text


def test_old_things_go_read_ones_after_90_days_and_new_ones_after_a_year():
    person = UserFactory()
    now = clock.now()
    for number, age, is_read in [(1, 89, True), (2, 91, True), (3, 91, False), (4, 366, False)]:
        write(person, number, at=now - age * DAY)
        InboxItem.objects.filter(facts__number=number).update(read_at=now - age * DAY if is_read else None)

    gone = inbox.forget_old(now=now)

    assert gone == 2
    assert sorted(InboxItem.objects.values_list("facts__number", flat=True)) == [1, 3]


def test_a_mark_names_a_place_between_items_of_one_instant():
    person = UserFactory()
    now = clock.now()
    write(person, 1, 2, 3, at=now)
    items, _ = inbox_of(person)

    after, _ = inbox_of(person, before=mark_of(items[0]))

    assert [item.pk for item in after] == [item.pk for item in items[1:]]


def test_marking_all_as_read_from_an_older_page_leaves_what_came_since(client):
    person = UserFactory()
    client.force_login(person)
    now = clock.now()
    for n in range(2 * PER_PAGE + 5):
        write(person, 200 + n, at=now - DAY - n * timedelta(minutes=1))
    page = client.get(reverse("my_inbox"))
    for _ in range(2):
        [older] = re.findall(r'href="([^"]*)" rel="next"', page.text)
        page = client.get(reverse("my_inbox") + html.unescape(older))
    write(person, 1, at=now)

    [until] = re.findall(r'name="until" value="([^"]+)"', page.text)
    client.post(reverse("my_inbox_read"), {"until": until})

    assert [item.facts["number"] for item in InboxItem.objects.filter(read_at=None)] == [1]


def test_a_thing_of_newer_code_stays_new_for_that(client):
    person = UserFactory()
    client.force_login(person)
    inbox.write([notice(person, name="unheard.of")], now=clock.now())

    client.get(reverse("my_inbox"))

    assert InboxItem.objects.get().read_at is None


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"Sec-Purpose": "prefetch"}),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}),
    ],
)
def test_what_only_looks_ahead_reads_nothing(client, method, headers):
    person = UserFactory()
    client.force_login(person)
    write(person, 1, 13)

    for item in InboxItem.objects.all():
        address = reverse("my_inbox_item", args=[item.pk])
        assert client.generic(method, address, headers=headers).status_code == 302

    assert InboxItem.objects.filter(read_at=None).count() == 2
    assert "no longer here" not in client.get(reverse("help")).text


def test_what_was_read_late_stays_90_days_from_then_and_a_long_deletion_keeps_its_lease(monkeypatch):
    person = UserFactory()
    now, renewed = clock.now(), []
    monkeypatch.setattr(inbox, "BATCH", 1)
    monkeypatch.setattr(inbox.outbox, "renew_lease", lambda: renewed.append(1))
    for number, read in [(1, 89), (2, 91), (3, 92)]:
        write(person, number, at=now - 100 * DAY)
        InboxItem.objects.filter(facts__number=number).update(read_at=now - read * DAY)

    gone = inbox.forget_old(now=now)

    assert (gone, len(renewed)) == (2, 2)
    assert InboxItem.objects.get().facts == {"number": 1}
