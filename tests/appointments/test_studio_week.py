"""The week, the day's sentence and the words of requests: decided from facts, without a database."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils.html import escape

from accounts.models import User
from appointments.models import Appointment
from appointments.pages.calendar.layout import days_of_week
from appointments.pages.studio.requests import history_words
from appointments.pages.studio.today import build_today
from appointments.pages.studio.week import build_week, week_name
from appointments.queries.agenda import Agenda
from appointments.states import Status
from appointments.views.studio import shown_day
from core.intervals import merge
from providers.models import Provider, Service
from tests.hardening.skeleton import parts_of

LONDON = ZoneInfo("Europe/London")
OFFICE = {day: [(9 * 60, 17 * 60)] for day in range(5)}
# Tuesday 10 March 2026, 11:00 in London.
NOW = datetime(2026, 3, 10, 11, tzinfo=UTC)
TODAY = date(2026, 3, 10)


def at(day, time, zone=LONDON, fold=0):
    hours, minutes = map(int, time.split(":"))
    return datetime(2026, day.month, day.day, hours, minutes, tzinfo=zone, fold=fold).astimezone(UTC)


def one(start, minutes=45, status=Status.CONFIRMED, name="Dana Kowalski"):
    return Appointment(
        pk=int(start.timestamp()),
        reference="K7QFMR2W",
        customer=User(name=name),
        provider=Provider(name="Maya Okafor"),
        service=Service(name="First assessment"),
        status=status,
        start=start,
        end=start + timedelta(minutes=minutes),
        answer_by=start,
    )


def agenda(*appointments, busy=(), hours=OFFICE, zone=LONDON, overrides=None):
    rows = sorted(appointments, key=lambda row: row.start)
    return Agenda(zone=zone, appointments=rows, busy=merge(busy), hours=hours, overrides=overrides or {})


def week(*appointments, shown=TODAY, today=TODAY, now=NOW, **facts):
    return build_week(agenda(*appointments, **facts), shown=shown, today=today, now=now)


def column(built, day):
    return next(column for column in built.columns if column.day == day)


def placed(built, day):
    return [(piece.at, piece.rows) for piece in column(built, day).pieces]


# --- Where things stand ---------------------------------------------------------------------------------------------


def test_week_says_which_days_are_closed_and_empty():
    saturday = date(2026, 3, 14)
    shut = {"hours": OFFICE, "overrides": {TODAY: [], date(2026, 3, 11): []}}

    built = week(one(at(date(2026, 3, 11), "10:00")), shown=saturday, **shut)

    assert [column.day.day for column in built.columns if column.is_closed] == [10, 14]


def test_week_shows_weekdays_with_an_hour_after_the_last_open_one():
    built = week()

    assert [column.day.day for column in built.columns] == [9, 10, 11, 12, 13]
    assert (built.first_hour, built.hours, built.zoom) == (9, 9, 1)
    assert column(built, TODAY).shut == [(96, 12)]
    assert [column.now_at for column in built.columns] == [None, 24, None, None, None]


def test_week_names_its_neighbours_and_itself():
    built = week()

    assert (built.previous, built.following, built.title) == ("2026-W10", "2026-W12", "9 to 13 March")
    assert week_name(date(2026, 1, 1)) == "2026-W01"
    assert week_name(date(2027, 1, 1)) == "2026-W53"


def test_week_title_names_both_months():
    built = week(shown=date(2026, 3, 31))

    assert built.title == "30 March to 3 April"


def test_week_shows_the_weekend_as_far_as_something_is_on_it():
    saturday, sunday = date(2026, 3, 14), date(2026, 3, 15)

    assert week(one(at(saturday, "10:00"))).last == saturday
    assert week(busy=[(at(sunday, "10:00"), at(sunday, "11:00"))]).last == sunday
    assert week(hours=OFFICE | {6: [(600, 720)]}).last == sunday
    assert week(shown=sunday).last == sunday


def test_entry_stands_at_its_five_minute_row():
    built = week(one(at(TODAY, "11:40")))

    assert placed(built, TODAY) == [(32, 9)]
    assert [column.count for column in built.columns] == [0, 1, 0, 0, 0]


def test_entry_outside_opening_hours_extends_the_visible_ones():
    built = week(one(at(TODAY, "06:15")), one(at(TODAY, "21:30")))

    assert (built.first_hour, built.hours) == (6, 18)
    assert placed(built, TODAY) == [(3, 9), (186, 9)]


def test_appointment_across_midnight_stands_on_both_days():
    built = week(one(at(TODAY, "23:30"), minutes=90))

    wednesday = date(2026, 3, 11)
    assert (built.first_hour, built.hours) == (0, 24)
    assert placed(built, TODAY) == [(282, 6)]
    assert placed(built, wednesday) == [(0, 12)]
    assert [piece.is_rest for piece in column(built, wednesday).pieces] == [True]


def test_nothing_reaches_below_the_last_row_of_a_day():
    built = week(one(at(TODAY, "23:55"), minutes=20))

    pieces = [piece for column in built.columns for piece in column.pieces]
    assert [piece.at + piece.rows <= built.hours * 12 for piece in pieces] == [True, True]


@pytest.mark.parametrize(("minutes", "zoom", "rows"), [(30, 1, 6), (20, 2, 4), (15, 3, 3), (5, 3, 3)])
def test_short_appointments_make_hours_taller(minutes, zoom, rows):
    built = week(one(at(TODAY, "10:00"), minutes=minutes))

    assert (built.zoom, placed(built, TODAY)) == (zoom, [(12, rows)])


def test_overlapping_entries_share_the_width():
    ten, half, eleven, four = (at(TODAY, time) for time in ("10:00", "10:30", "11:00", "16:00"))
    built = week(one(ten, 60), one(four), busy=[(half, eleven + timedelta(minutes=30))])

    lanes = [(piece.lane, piece.lanes) for piece in column(built, TODAY).pieces]
    assert lanes == [(1, 2), (2, 2), (1, 1)]


def test_load_is_the_taken_share_of_open_time():
    full = week(one(at(TODAY, "09:00"), 8 * 60))
    half = week(one(at(TODAY, "09:00"), 4 * 60))
    closed = week(one(at(TODAY, "09:00"), 60), hours={})

    assert [column(built, TODAY).load for built in (full, half, closed, week())] == [100, 50, 100, 0]


def test_override_closes_a_day():
    built = week(overrides={TODAY: []})

    assert column(built, TODAY).shut == [(0, built.hours * 12)]


# --- The days clocks change -----------------------------------------------------------------------------------------


def test_day_of_23_hours_keeps_the_wall():
    sunday = date(2026, 3, 29)  # London: 01:00 becomes 02:00
    night = one(at(sunday, "00:30"), minutes=60)
    morning = one(at(sunday, "09:00"), minutes=60)
    built = week(night, morning, shown=sunday, hours={6: [(540, 600)]})

    # 00:30 to 02:30 on the wall, an hour in truth.
    assert placed(built, sunday) == [(6, 24), (108, 12)]


def test_day_of_25_hours_puts_both_runs_of_an_hour_side_by_side():
    sunday = date(2026, 10, 25)  # London: 02:00 becomes 01:00
    first = one(at(sunday, "01:10", fold=0), minutes=40)
    second = one(at(sunday, "01:10", fold=1), minutes=40)
    built = week(first, second, shown=sunday, hours={})

    pieces = column(built, sunday).pieces
    assert [(piece.at, piece.rows, piece.lane, piece.lanes) for piece in pieces] == [(2, 8, 1, 2), (2, 8, 2, 2)]


def test_appointment_through_the_repeated_hour_is_drawn_as_long_as_it_lasts():
    sunday = date(2026, 10, 25)
    built = week(one(at(sunday, "01:30"), minutes=60), shown=sunday, hours={})

    assert placed(built, sunday) == [(6, 12)]


@pytest.mark.parametrize("zone", ["America/Havana", "Pacific/Apia", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_every_week_of_a_year_can_be_drawn(zone):
    """With something at every hour of every day, also on days with a clock change at midnight."""
    zone = ZoneInfo(zone)
    monday = date(2026, 1, 5)
    for n in range(0, 52, 3):
        days = days_of_week(monday + timedelta(weeks=n))
        start = datetime(days[0].year, days[0].month, days[0].day, tzinfo=zone).astimezone(UTC)
        rows = [one(start + timedelta(hours=hour), 60) for hour in range(0, 168, 5)]
        built = build_week(agenda(*rows, zone=zone), shown=days[0], today=TODAY, now=NOW)
        for found in built.columns:
            for piece in found.pieces:
                assert 0 <= piece.at < piece.at + piece.rows <= built.hours * 12
                assert 1 <= piece.lane <= piece.lanes


# --- Where the day stands -------------------------------------------------------------------------------------------


def said(*appointments, now=NOW, **facts):
    return build_today(agenda(*appointments, **facts), now=now).sentence


def test_sentence_counts_done_and_to_go():
    done = [one(at(TODAY, "08:30"), status=Status.COMPLETED), one(at(TODAY, "09:30"), status=Status.NO_SHOW)]
    to_go = [one(at(TODAY, time)) for time in ("11:40", "14:20", "15:15", "16:00")]

    assert said(*done, *to_go) == "Two done, four to go. You are free until 11:40."


def test_sentence_counts_what_is_over_and_not_marked_as_done():
    assert said(one(at(TODAY, "09:00"))) == "One done, and that was all for today."


def test_sentence_does_not_count_a_request_as_agreed():
    waiting = one(at(TODAY, "14:20"), status=Status.REQUESTED)

    assert said(waiting) == (
        "Nothing is confirmed for today. Nothing is booked ahead either. One request for today awaits your answer."
    )
    assert said(waiting, one(at(TODAY, "15:15"))) == (
        "One to go. One request for today awaits your answer. You are free until 15:15."
    )


def test_sentence_says_who_is_there_now():
    assert said(one(at(TODAY, "10:45"))) == "One on now. You are with Dana until 11:30."


def test_sentence_knows_the_own_calendar():
    to_go = one(at(TODAY, "15:00"))

    now_busy = [(at(TODAY, "10:30"), at(TODAY, "12:00"))]
    soon_busy = [(at(TODAY, "13:00"), at(TODAY, "14:00"))]
    assert said(to_go, busy=now_busy) == "One to go. Your calendar says busy until 12:00."
    assert said(to_go, busy=soon_busy) == "One to go. You are free until 13:00."


def test_sentence_of_an_empty_day_names_the_next():
    thursday = date(2026, 3, 12)

    assert said(one(at(thursday, "10:00"))) == "Nothing today. Your next is Thu 12 March, 10:00."
    assert said() == "Nothing today. Nothing is booked ahead either."


def test_line_of_the_day_covers_what_is_open_and_taken():
    day = build_today(agenda(one(at(TODAY, "18:30"))), now=NOW)

    assert (day.opens, day.closes) == (at(TODAY, "09:00"), at(TODAY, "20:00"))
    assert [kind for kind, _, _ in day.segments] == ["open", "confirmed"]
    assert day.line_words == "Tuesday 10 March from 09:00 to 20:00: open 09:00 to 17:00; booked 18:30 to 19:15."


# --- The columns as they are written --------------------------------------------------------------------------------

TUESDAY = """<section class="wday" data-today data-shown aria-labelledby="d0310">
<h3 id="d0310"><span class="visually-hidden"><time datetime="2026-03-10">Tuesday 10 March</time>, today, 1 appointment\
</span><span class="wday__head" aria-hidden="true"><span>Tue</span> <b>10</b></span><a class="wday__go" id="g0310" \
href="?day=2026-03-10#week" aria-label="Show Tuesday 10 March" aria-current="true"><span>Tue</span> <b>10</b>\
<i class="wday__dot"></i></a><svg class="load" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">\
<rect class="t" width="100" height="4"/><rect class="l" width="9" height="4"/></svg></h3>
<div class="wday__grid"><div class="shut" data-at="96" data-for="12" aria-hidden="true"></div>\
<div class="week__now" data-at="24" aria-hidden="true"></div><ol role="list">
<li data-at="6" data-for="9"><a href="/studio/appointments/K7QFMR2W/" class="ev" id="e0310-K7QFMR2W" \
data-state="confirmed" data-past><b>Dana Kowalski</b><span class="ev__w" aria-hidden="true">\
<time datetime="2026-03-10T09:30+00:00">09:30</time> First assessment</span><span class="visually-hidden">, \
First assessment, <time datetime="2026-03-10T09:30+00:00">Tuesday 10 March, 09:30</time> to \
<time datetime="2026-03-10T10:15+00:00">10:15</time>, Confirmed</span></a></li>
<li data-at="60" data-for="12"><p class="ev" data-state="busy"><b>Busy</b><span class="ev__w" aria-hidden="true">\
<time datetime="2026-03-10T14:00+00:00">14:00</time></span><span class="visually-hidden">, \
<time datetime="2026-03-10T14:00+00:00">Tuesday 10 March, 14:00</time> to \
<time datetime="2026-03-10T15:00+00:00">15:00</time>, in your own calendar</span></p></li>
</ol></div></section>"""


def written(built, zone="Europe/London", twelve=False):
    context = Context({"columns": built.columns, "zone": zone, "twelve_hour": twelve})
    return Template("{% load week %}{% week_columns columns %}").render(context)


def test_a_column_is_written_in_full():
    built = week(one(at(TODAY, "09:30")), busy=[(at(TODAY, "14:00"), at(TODAY, "15:00"))])

    sections = written(built).split("\n<section")

    assert len(sections) == 5
    assert "<section" + sections[1] == TUESDAY


def test_a_closed_day_says_so_and_has_no_dot():
    built = week(one(at(TODAY, "09:30")), shown=TODAY + timedelta(days=4))

    saturday = written(week(shown=TODAY + timedelta(days=4))).split("\n<section")[-1]

    assert saturday.startswith(' class="wday" data-shown data-closed aria-labelledby="d0314">')
    assert ">Saturday 14 March</time>, 0 appointments</span>" in saturday and "wday__dot" not in saturday
    assert saturday.endswith('<p class="wday__closed">Closed, and nothing is booked.</p></section>')
    assert written(built).count("wday__dot") == 1


def test_the_rest_of_a_night_says_until_when_and_each_end_its_date():
    night = one(at(TODAY, "23:30"), minutes=60)

    first, rest = (part for part in written(week(night), twelve=True).split("\n<section") if 'class="ev"' in part)

    words = (
        '<time datetime="2026-03-10T23:30+00:00">Tuesday 10 March, 11:30 pm</time> to '
        '<time datetime="2026-03-11T00:30+00:00">Wednesday 11 March, 12:30 am</time>'
    )
    assert words in first and words in rest
    assert '<time datetime="2026-03-10T23:30+00:00">11:30 pm</time> First assessment' in first
    assert 'until <time datetime="2026-03-11T00:30+00:00">12:30 am</time> First assessment' in rest


def test_an_hour_that_comes_twice_is_told_apart():
    sunday = date(2026, 10, 25)
    twice = [one(at(sunday, "01:30", fold=fold), minutes=20) for fold in (0, 1)]

    page = written(week(*twice, shown=sunday, today=sunday, now=at(sunday, "00:30")))

    assert '<time datetime="2026-10-25T01:30+01:00">01:30, first</time>' in page
    assert '<time datetime="2026-10-25T01:30+00:00">01:30, second</time>' in page


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onfocus='alert(1)"])
def test_hostile_text_stays_text_in_the_week(text):
    usual, nasty = one(at(TODAY, "09:30")), one(at(TODAY, "09:30"), name=text)
    nasty.service.name = text

    page = written(week(nasty))

    assert parts_of(page).tags == parts_of(written(week(usual))).tags
    assert text not in page and page.count(escape(text)) == 3


# --- Small words and addresses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("visits", "no_shows", "late", "words"),
    [
        (0, 0, 0, "First visit"),
        (1, 0, 0, "1 visit, always kept"),
        (6, 0, 0, "6 visits, always kept"),
        (2, 1, 0, "2 visits, 1 no-show"),
        (2, 0, 1, "2 visits, 1 late cancellation"),
        (2, 1, 2, "2 visits, 1 no-show, 2 late cancellations"),
        (0, 2, 0, "No visit yet, 2 no-shows"),
        (0, 0, 1, "No visit yet, 1 late cancellation"),
    ],
)
def test_history_is_one_line(visits, no_shows, late, words):
    assert history_words(visits, no_shows, late) == words


@pytest.mark.parametrize(
    ("day", "week", "shown"),
    [
        (None, None, TODAY),
        ("2026-04-01", None, date(2026, 4, 1)),
        (None, "2026-W12", date(2026, 3, 16)),
        (None, "2026-W11", TODAY),
        ("2026-02-30", "2026-W54", TODAY),
        ("9999-12-31", None, TODAY),
        ("0001-01-01", "0001-W01", TODAY),
        ("x" * 5000, "’", TODAY),
        ("2026-3-1\x00", None, TODAY),
    ],
)
def test_address_names_the_day_or_the_week(day, week, shown):
    assert shown_day(day, week, today=TODAY) == shown
