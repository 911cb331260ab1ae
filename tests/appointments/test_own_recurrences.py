"""Own events that repeat: rules by table, and acts on one date, from one on, and on all.

It is Monday 2 March 2026, 08:00 UTC.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import User
from appointments.exceptions import EventRefused, FormSpent, InsideChanged
from appointments.models import DeletedOwnEvent, OwnEvent, OwnRecurrence
from appointments.rules import own_events as rules
from appointments.rules.own_events import MOST_DATES, Details, check_repeats, dates_of, details_of, last_day, rule_of
from appointments.rules.recurrence import Rule
from appointments.rules.stopping import Scope
from appointments.services.availability import open_among
from appointments.services.own_events import WRITE, create_own_event
from appointments.services.own_recurrences import change_dates, delete_dates
from appointments.states import Frequency
from core import clock
from outbox.models import Message
from providers.exceptions import ChangedMeanwhile

from .conftest import NOW, TUESDAY_TEN

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
LONDON, KATHMANDU, LORD_HOWE = (ZoneInfo(name) for name in ("Europe/London", "Asia/Kathmandu", "Australia/Lord_Howe"))
SCHOOL = Details("School run", TUESDAY_TEN, TUESDAY_TEN + HOUR)


def weekly(details=SCHOOL, zone=LONDON, frequency=Frequency.WEEKLY, **end):
    return Rule(frequency, details.start, zone, **(end or {"count": 4}))


def wall(zone, *moment):
    return clock.to_instant(datetime(*moment), zone)


# --- Rules, by table ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "start", "end", "rule", "expected"),
    [
        # The wall time stays where clocks change: London goes to summer time on 29 March.
        (LONDON, (2026, 3, 24, 10), (2026, 3, 24, 11, 30), {"count": 2}, [((3, 24, 10), 90), ((3, 31, 10), 90)]),
        # A night over the change ends at the same wall time, an hour sooner.
        (LONDON, (2026, 3, 21, 22), (2026, 3, 22, 6), {"count": 2}, [((3, 21, 22), 480), ((3, 28, 22), 420)]),
        # 01:30 does not exist on 29 March: it begins after the gap, and 02:30 stays its end.
        (LONDON, (2026, 3, 22, 1, 30), (2026, 3, 22, 2, 30), {"count": 2}, [((3, 22, 1, 30), 60), ((3, 29, 2), 30)]),
        # All of it lies in the gap: it lasts as long as elsewhere.
        (LONDON, (2026, 3, 22, 1, 10), (2026, 3, 22, 1, 50), {"count": 2}, [((3, 22, 1, 10), 40), ((3, 29, 2), 40)]),
        # Half an hour of daylight saving: Lord Howe's clocks go back on 5 April.
        (
            LORD_HOWE,
            (2026, 4, 4, 9),
            (2026, 4, 4, 10),
            {"until": date(2026, 4, 11)},
            [((4, 4, 9), 60), ((4, 11, 9), 60)],
        ),
        (KATHMANDU, (2026, 3, 3, 0, 15), (2026, 3, 3, 1), {"count": 2}, [((3, 3, 0, 15), 45), ((3, 10, 0, 15), 45)]),
    ],
)
def test_dates_keep_their_wall_time(zone, start, end, rule, expected):
    details = Details("x", wall(zone, *start), wall(zone, *end))

    found = dates_of(details, Rule(Frequency.WEEKLY, details.start, zone, **rule))

    assert list(found) == list(range(1, len(expected) + 1))
    assert [(each.start, (each.end - each.start) // timedelta(minutes=1)) for each in found.values()] == [
        (wall(zone, 2026, *moment), minutes) for moment, minutes in expected
    ]


def test_whole_days_stay_whole_days():
    first, last = clock.day_bounds(date(2026, 3, 27), LONDON)[0], clock.day_bounds(date(2026, 3, 28), LONDON)[1]
    details = Details("Away", first, last, is_all_day=True)

    found = dates_of(details, Rule(Frequency.DAILY, first, LONDON, count=2))

    assert found[2].span == (
        clock.day_bounds(date(2026, 3, 28), LONDON)[0],
        clock.day_bounds(date(2026, 3, 29), LONDON)[1],
    )
    assert found[2].end - found[2].start == 47 * HOUR


def test_second_of_two_equal_hours_stays_on_its_own_date():
    # 01:30 occurs twice on 25 October; the event is in the second.
    second = wall(LONDON, 2026, 10, 25, 1, 30) + HOUR
    details = Details("x", second, second + HOUR)

    found = dates_of(details, Rule(Frequency.WEEKLY, second, LONDON, count=2))

    assert [each.start for each in found.values()] == [second, wall(LONDON, 2026, 11, 1, 1, 30)]


@pytest.mark.parametrize(
    ("frequency", "end", "field"),
    [
        (Frequency.WEEKLY, {"count": 1}, "count"),
        (Frequency.WEEKLY, {"until": date(2026, 3, 9)}, "until"),
        (Frequency.DAILY, {"count": MOST_DATES + 1}, "count"),
        (Frequency.DAILY, {"until": date(2027, 3, 4)}, "until"),
        (Frequency.MONTHLY_LAST, {"count": 3}, "repeat"),
        (Frequency.DAILY, {"count": MOST_DATES}, ""),
        (Frequency.DAILY, {"until": date(2027, 3, 3)}, ""),
        (Frequency.FORTNIGHTLY, {"until": date(2026, 3, 17)}, ""),
    ],
)
def test_rules_that_can_be_kept(frequency, end, field):
    try:
        check_repeats(weekly(frequency=frequency, **end))
    except EventRefused as refusal:
        assert refusal.field == field
    else:
        assert field == ""


# --- Acts -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def maya(provider):
    return provider.user


def starts():
    return list(OwnEvent.objects.order_by("start").values_list("start", flat=True))


def made(user, details=SCHOOL, **end):
    return create_own_event(details=details, actor=user, rule=weekly(details, **end)).event


def all_rows():
    return list(OwnEvent.objects.select_related("recurrence").order_by("start"))


def change(row, details=None, scope=Scope.ALL, **said):
    row = OwnEvent.objects.select_related("recurrence").get(pk=row.pk)
    rule = rule_of(row)
    end = {"until": last_day(rule)} if rule else {}
    wanted = {"frequency": rule.frequency if rule else Frequency.WEEKLY, "zone": LONDON} | (said or end)
    details = details or details_of(row)
    return change_dates(
        event=row, details=details, rule=weekly(details, **wanted), scope=scope, actor=row.user, version=row.version
    )


@pytest.mark.django_db
def test_each_date_is_an_event_that_closes_its_time(maya, service):
    dates = [TUESDAY_TEN + n * WEEK for n in range(4)]
    assert open_among(service, dates, now=NOW) == dates

    saved = create_own_event(details=SCHOOL, actor=maya, rule=weekly())

    assert (saved.dates, saved.event.start) == (4, TUESDAY_TEN)
    assert starts() == [TUESDAY_TEN + n * WEEK for n in range(4)]
    assert [row.occurrence for row in all_rows()] == [1, 2, 3, 4]
    assert open_among(service, [*dates, dates[3] + HOUR], now=NOW) == [dates[3] + HOUR]


@pytest.mark.django_db
def test_form_sent_twice_makes_its_dates_once(maya):
    first = create_own_event(details=SCHOOL, actor=maya, rule=weekly())

    again = create_own_event(details=SCHOOL, actor=maya, rule=weekly(), key=first.event.uuid)

    assert (again.event, again.changed, OwnEvent.objects.count()) == (first.event, False, 4)
    for rule in (None, weekly(count=5)):
        with pytest.raises(FormSpent):
            create_own_event(details=SCHOOL, actor=maya, rule=rule, key=first.event.uuid)


@pytest.mark.django_db
def test_what_lies_inside_any_date_is_asked_about(maya, confirmed):
    begins = replace(SCHOOL, start=TUESDAY_TEN - WEEK, end=TUESDAY_TEN - WEEK + HOUR)
    with pytest.raises(InsideChanged):
        create_own_event(details=begins, actor=maya, rule=weekly(begins))
    shown = {confirmed.reference: confirmed.as_shown}

    assert create_own_event(details=begins, actor=maya, rule=weekly(begins), shown=shown).dates == 4
    # What it lay over before is not told again.
    row = OwnEvent.objects.order_by("start").first()
    assert change(row, replace(details_of(row), title="Bus")).changed


@pytest.mark.django_db
def test_no_more_are_kept_than_there_is_room_for(maya, monkeypatch):
    monkeypatch.setattr("appointments.services.own_events.MOST_AHEAD", 4)
    made(maya, count=3)

    with pytest.raises(EventRefused):
        made(maya, count=2)

    # Those that it replaces do not count.
    assert change(all_rows()[0], replace(SCHOOL, title="Bus")).dates == 3


@pytest.mark.django_db
def test_last_date_lies_within_three_years(maya, monkeypatch):
    monkeypatch.setattr(rules, "FURTHEST", 10 * DAY)
    monkeypatch.setattr("appointments.services.own_events.FURTHEST", 10 * DAY)

    with pytest.raises(EventRefused) as refused:
        made(maya, count=3)

    assert (refused.value.field, OwnEvent.objects.count(), OwnRecurrence.objects.count()) == ("count", 0, 0)


@pytest.mark.django_db
def test_one_date_is_changed_alone(maya):
    made(maya)
    second = all_rows()[1]

    change(second, replace(details_of(second), start=second.start + HOUR, end=second.end + HOUR), Scope.ONE)

    assert starts() == [TUESDAY_TEN + n * WEEK + (n == 1) * HOUR for n in range(4)]
    assert OwnRecurrence.objects.count() == 1


@pytest.mark.django_db
def test_this_and_following_leave_what_was_before(maya):
    made(maya)
    keys = [row.uuid for row in all_rows()]
    third = all_rows()[2]

    saved = change(
        third, replace(details_of(third), title="Bus", start=third.start + DAY, end=third.end + DAY), Scope.FOLLOWING
    )

    assert (saved.dates, saved.event) == (2, third)
    rows = all_rows()
    assert [row.uuid for row in rows] == keys
    assert [(row.title, row.start) for row in rows] == [
        ("School run", TUESDAY_TEN),
        ("School run", TUESDAY_TEN + WEEK),
        ("Bus", TUESDAY_TEN + 2 * WEEK + DAY),
        ("Bus", TUESDAY_TEN + 3 * WEEK + DAY),
    ]
    assert [(last_day(rule_of(row)), row.occurrence) for row in rows] == [
        (date(2026, 3, 10), 1),
        (date(2026, 3, 10), 2),
        (date(2026, 3, 25), 1),
        (date(2026, 3, 25), 2),
    ]


@pytest.mark.django_db
def test_all_move_by_as_many_days_from_whichever_date(maya):
    made(maya)
    third = all_rows()[2]

    change(third, replace(details_of(third), start=third.start - DAY + HOUR, end=third.end - DAY + 2 * HOUR))

    assert [(row.start, row.end - row.start) for row in all_rows()] == [
        (TUESDAY_TEN + n * WEEK - DAY + HOUR, 2 * HOUR) for n in range(4)
    ]


@pytest.mark.django_db
def test_dates_changed_alone_follow_and_those_deleted_alone_stay_away(maya):
    made(maya)
    first, second, third, _ = all_rows()
    change(
        second, replace(details_of(second), title="Bus", start=second.start + HOUR, end=second.end + HOUR), Scope.ONE
    )
    delete_dates(event=third, scope=Scope.ONE, actor=maya, version=third.version)

    change(first, replace(SCHOOL, title="Swim"))

    assert [(row.title, row.start, row.occurrence) for row in all_rows()] == [
        ("Swim", TUESDAY_TEN, 1),
        ("Swim", TUESDAY_TEN + WEEK, 2),
        ("Swim", TUESDAY_TEN + 3 * WEEK, 4),
    ]


@pytest.mark.django_db
def test_an_end_before_every_date_that_is_left_is_refused(maya):
    made(maya)
    first, second, third, _ = all_rows()
    for row in (first, second):
        delete_dates(event=row, scope=Scope.ONE, actor=maya, version=row.version)

    with pytest.raises(EventRefused, match="no date would be left") as refused:
        change(third, until=date(2026, 3, 10))

    assert refused.value.field == "until"
    assert starts() == [TUESDAY_TEN + 2 * WEEK, TUESDAY_TEN + 3 * WEEK]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"until": date(2026, 3, 31)}, [0, 7, 14, 21, 28]),
        ({"until": date(2026, 3, 12)}, [0, 7]),
        ({"frequency": Frequency.FORTNIGHTLY, "until": date(2026, 3, 24)}, [0, 14]),
        ({"frequency": Frequency.DAILY, "until": date(2026, 3, 6)}, [0, 1, 2, 3]),
        ({"frequency": Frequency.DAILY, "count": 6}, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_it_comes_at_other_intervals_or_longer(maya, said, expected):
    made(maya)

    change(all_rows()[0], **said)

    assert starts() == [wall(LONDON, 2026, 3, 3 + days, 10) for days in expected]
    assert OwnRecurrence.objects.count() == 1
    assert DeletedOwnEvent.objects.count() == max(4 - len(expected), 0)


@pytest.mark.django_db
def test_event_begins_to_repeat(maya):
    row = create_own_event(details=SCHOOL, actor=maya).event

    saved = change(row, frequency=Frequency.WEEKLY, count=3)

    assert (saved.event, saved.dates, starts()) == (row, 3, [TUESDAY_TEN + n * WEEK for n in range(3)])


@pytest.mark.django_db
@pytest.mark.parametrize("scope", [Scope.FOLLOWING, Scope.ALL])
def test_saved_as_it_is_nothing_changes(maya, scope):
    made(maya)
    third = all_rows()[2]

    assert not change(third, scope=scope).changed
    assert {row.version for row in OwnEvent.objects.all()} == {1}


@pytest.mark.django_db
def test_what_changed_meanwhile_is_not_overwritten(maya):
    row = made(maya)
    stale = replace(SCHOOL, title="Swim")
    change(row, replace(SCHOOL, title="Bus"), Scope.ONE)

    for act in (
        lambda: change_dates(event=row, details=stale, rule=weekly(), scope=Scope.ALL, actor=maya, version=1),
        lambda: delete_dates(event=row, scope=Scope.ALL, actor=maya, version=1),
    ):
        with pytest.raises(ChangedMeanwhile):
            act()

    assert OwnEvent.objects.count() == 4


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("at", "scope", "left", "rules_left"),
    [
        (1, Scope.ONE, [0, 2, 3], 1),
        (2, Scope.FOLLOWING, [0, 1], 1),
        (1, Scope.FOLLOWING, [0], 0),
        (0, Scope.FOLLOWING, [], 0),
        (2, Scope.ALL, [], 0),
    ],
)
def test_one_date_the_following_or_all_are_deleted(maya, at, scope, left, rules_left):
    made(maya)
    row = all_rows()[at]

    gone = delete_dates(event=row, scope=scope, actor=maya, version=1)

    assert gone == 4 - len(left) == DeletedOwnEvent.objects.count()
    assert starts() == [TUESDAY_TEN + n * WEEK for n in left]
    assert OwnRecurrence.objects.count() == rules_left
    assert delete_dates(event=row, scope=scope, actor=maya, version=1) == 0


@pytest.mark.django_db
def test_calendar_that_is_written_to_follows_with_all_dates_at_once(maya):
    User.objects.filter(pk=maya.pk).update(keeps_calendar=True)
    made(maya)
    keys = {str(row.uuid) for row in all_rows()}
    delete_dates(event=all_rows()[0], scope=Scope.ALL, actor=maya, version=1)

    payloads = list(Message.objects.filter(topic=WRITE).values_list("payload", flat=True))

    assert [set(each["events"]) for each in payloads] == [keys, keys]
    assert {each["owner"] for each in payloads} == {maya.pk}


@pytest.mark.django_db
def test_many_dates_cost_few_queries(maya, django_assert_max_num_queries):
    details = replace(SCHOOL, end=SCHOOL.start + HOUR / 2)
    with django_assert_max_num_queries(20):
        create_own_event(details=details, actor=maya, rule=weekly(details, frequency=Frequency.DAILY, count=MOST_DATES))

    assert OwnEvent.objects.count() == MOST_DATES
    assert OwnEvent.objects.order_by("-start").first().start == datetime(2027, 3, 3, 10, tzinfo=UTC)
