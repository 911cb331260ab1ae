"""Where entries stand on a calendar, and what its periods and sentences say: decided without a database."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from appointments.pages.calendar.day import build_day
from appointments.pages.calendar.layout import (
    Entry,
    Figures,
    Ground,
    Kind,
    build_grid,
    by_day,
    days_of_week,
    fills,
    hours_text,
)
from appointments.pages.calendar.listing import build_list
from appointments.pages.calendar.month import build_month
from appointments.pages.calendar.periods import View, dates_text, is_shown, period_of
from appointments.pages.calendar.week import ZOOMS, build_week
from appointments.pages.calendar.words import key_of, summary
from core import clock

LONDON = ZoneInfo("Europe/London")
TODAY = date(2026, 3, 10)  # a Tuesday
NOW = datetime(2026, 3, 10, 11, tzinfo=UTC)
WEEK = days_of_week(TODAY)
OFFICE = [(9 * 60, 17 * 60)]


def at(day, time, zone=LONDON, fold=0):
    hours, minutes = map(int, time.split(":"))
    return datetime(day.year, day.month, day.day, hours, minutes, tzinfo=zone, fold=fold).astimezone(UTC)


def entry(start, minutes=45, kind=Kind.APPOINTMENT, key="", **facts):
    facts = {"state": "confirmed", "title": "Dana", "counts": kind is Kind.APPOINTMENT} | facts
    return Entry(key or f"{kind}{start:%d%H%M}", kind, start=start, end=start + timedelta(minutes=minutes), **facts)


def whole(day, days=1, kind=Kind.OFF, zone=LONDON, **facts):
    start, end = clock.day_bounds(day, zone)[0], clock.day_bounds(day + timedelta(days=days - 1), zone)[1]
    return entry(start, int((end - start).total_seconds() // 60), kind, is_all_day=True, state="off", **facts)


def ground(days=WEEK, zone=LONDON, **other):
    hours = {day: OFFICE if day.weekday() < 5 else [] for day in days}
    return Ground(zone, hours | {date.fromisoformat(day): ranges for day, ranges in other.items()})


def grid(*entries, days=WEEK, on=None, now=NOW):
    return build_grid(entries, days, ground=on or ground(days), now=now, zooms=ZOOMS)


def column(built, day):
    return next(column for column in built.columns if column.day == day)


def placed(built, day):
    return [(piece.at, piece.rows) for piece in column(built, day).pieces]


# --- Columns --------------------------------------------------------------------------------------------------------


def test_entry_stands_at_its_five_minute_row():
    built = grid(entry(at(TODAY, "11:40")))

    assert (built.first_hour, built.hours, built.zoom) == (9, 9, 1)
    assert placed(built, TODAY) == [(32, 9)]
    assert [len(column.pieces) for column in built.columns] == [0, 1, 0, 0, 0, 0, 0]
    assert [column.now_at for column in built.columns] == [None, 24, None, None, None, None, None]


def test_closed_hours_are_shut_and_whole_days_off_too():
    built = grid(whole(TODAY))

    assert column(built, TODAY).shut == [(0, 108)]
    assert column(built, WEEK[0]).shut == [(96, 12)]
    assert [one.key for one in column(built, TODAY).whole] == ["off100000"]
    assert (built.whole_rows, column(built, TODAY).pieces) == (1, [])


def test_calendar_without_hours_shuts_nothing():
    built = grid(entry(at(TODAY, "11:00")), on=Ground(LONDON))

    assert [column.shut for column in built.columns] == [[]] * 7
    assert (built.first_hour, built.hours) == (9, 9)


def test_appointment_across_midnight_stands_on_both_days():
    built = grid(entry(at(TODAY, "23:30"), 90))

    assert (built.first_hour, built.hours) == (0, 24)
    assert (placed(built, TODAY), placed(built, WEEK[2])) == ([(282, 6)], [(0, 12)])
    assert [piece.is_rest for piece in column(built, WEEK[2]).pieces] == [True]


def test_time_off_over_the_night_does_not_stretch_the_hours():
    built = grid(entry(at(TODAY, "15:00"), 26 * 60, Kind.OFF))

    assert (built.first_hour, built.hours) == (9, 9)
    assert (placed(built, TODAY), placed(built, WEEK[2])) == ([(72, 36)], [(0, 96)])


def test_what_has_no_place_in_the_hours_stands_above_them():
    night = entry(at(TODAY, "22:00"), 4 * 60, Kind.BUSY)
    built = grid(night)

    above = [[(piece.entry, piece.is_rest) for piece in column.above] for column in built.columns]
    assert above == [[], [(night, False)], [(night, True)], [], [], [], []]
    assert ([column.whole for column in built.columns], built.whole_rows) == ([[]] * 7, 1)
    assert (built.first_hour, built.hours) == (9, 9)


def test_busy_evening_is_seen():
    built = grid(entry(at(TODAY, "20:00"), 60, Kind.BUSY))

    assert (built.first_hour, built.hours) == (9, 13)


def test_overlapping_entries_share_the_width():
    ten = at(TODAY, "10:00")
    built = grid(entry(ten, 60), entry(ten + timedelta(minutes=30), 60, Kind.BUSY), entry(at(TODAY, "16:00")))

    assert [(piece.lane, piece.lanes) for piece in column(built, TODAY).pieces] == [(1, 2), (2, 2), (1, 1)]


@pytest.mark.parametrize(("number", "lanes", "crowd"), [(5, 5, 0), (6, 6, 0), (7, 5, 2), (9, 5, 4)])
def test_where_more_than_six_are_at_once_the_last_lane_counts_the_rest(number, lanes, crowd):
    ten = at(TODAY, "10:00")
    built = grid(*(entry(ten, 60, Kind.BUSY, key=f"b{n}") for n in range(number)))

    on_day = column(built, TODAY)
    assert {piece.lanes for piece in on_day.pieces} == {6}
    assert [piece.lane for piece in on_day.pieces] == list(range(1, lanes + 1))
    assert [(each.at, each.rows, len(each.entries)) for each in on_day.crowds] == ([(12, 12, crowd)] if crowd else [])
    assert len(on_day.entries) == number


def test_in_a_week_what_is_booked_is_seen_first_where_more_than_three_are_at_once():
    ten = at(TODAY, "10:00")
    busy = [entry(ten, 60, Kind.BUSY, key=f"b{n}") for n in range(4)]

    period = period_of(View.WEEK, TODAY, today=TODAY, first_weekday=0, weekend=True)
    built = build_week(period, [*busy, entry(ten, 45, key="ann")], ground=ground(), now=NOW)

    on_day = column(built.grid, TODAY)
    assert {piece.entry.key: (piece.lane, piece.lanes) for piece in on_day.pieces} == {"ann": (1, 3), "b0": (2, 3)}
    [crowd] = on_day.crowds
    assert (crowd.lanes, sorted(each.key for each in crowd.entries)) == (3, ["b1", "b2", "b3"])


def test_rows_that_are_over_are_counted_today_alone():
    assert [column.over for column in grid().columns] == [0, 24, 0, 0, 0, 0, 0]
    assert grid(now=at(TODAY, "22:00")).columns[1].over == 108


@pytest.mark.parametrize(("minutes", "zoom", "rows"), [(45, 1, 9), (30, 1, 6), (20, 2, 4), (5, 3, 3)])
def test_short_appointments_make_hours_taller(minutes, zoom, rows):
    built = grid(entry(at(TODAY, "10:00"), minutes))

    assert (built.zoom, placed(built, TODAY)) == (zoom, [(12, rows)])


def test_short_event_of_google_changes_no_hour():
    built = grid(entry(at(TODAY, "10:00"), 5, Kind.BUSY))

    assert (built.zoom, placed(built, TODAY)) == (1, [(12, 5)])


def test_nothing_reaches_below_the_last_row_of_a_day():
    built = grid(entry(at(TODAY, "23:55"), 20))

    pieces = [piece for column in built.columns for piece in column.pieces]
    assert [piece.at + piece.rows <= built.hours * 12 for piece in pieces] == [True, True]


def test_time_kept_free_stands_around_its_entry():
    ten = at(TODAY, "10:00")
    held = ten - timedelta(minutes=10), ten + timedelta(minutes=80)
    built = grid(entry(ten, 60, held=held))

    (piece,) = column(built, TODAY).pieces
    assert (piece.before, piece.at, piece.rows, piece.after) == ((10, 2), 12, 12, (24, 4))


def test_time_kept_free_begins_below_an_entry_that_is_drawn_longer():
    ten = at(TODAY, "10:00")
    built = grid(entry(ten, 5, Kind.OFFER, held=(ten, ten + timedelta(minutes=20))))

    (piece,) = column(built, TODAY).pieces
    assert (piece.at, piece.rows, piece.before, piece.after) == (12, 3, None, (15, 1))


# --- Clock changes and other zones ----------------------------------------------------------------------------------


def test_hour_that_clocks_skip_is_shut():
    spring = date(2026, 3, 29)
    days = days_of_week(spring)
    open_all = {day.isoformat(): [(0, 1440)] for day in days}
    built = grid(entry(at(spring, "00:30"), 60), days=days, on=ground(days, **open_all))

    # 00:30 to 01:30 elapsed ends at 02:30 on the wall.
    assert placed(built, spring) == [(6, 24)]
    assert column(built, spring).shut == [(12, 12)]
    assert [shut.shut for shut in built.columns[:-1]] == [[]] * 6


def test_hour_that_comes_twice_holds_two_entries_beside_each_other():
    autumn = date(2026, 10, 25)
    days = days_of_week(autumn)
    first, second = entry(at(autumn, "01:00"), 60), entry(at(autumn, "01:00", fold=1), 60)
    built = grid(first, second, days=days, on=ground(days))

    pieces = column(built, autumn).pieces
    assert built.first_hour == 1
    assert [(piece.at, piece.rows, piece.lane) for piece in pieces] == [(0, 12, 1), (0, 12, 2)]


@pytest.mark.parametrize(
    ("zone", "day", "opens", "minutes"),
    [
        ("Europe/London", "2026-03-29", (0, 1440), 23 * 60),
        ("Europe/London", "2026-10-25", (0, 1440), 25 * 60),
        ("Australia/Lord_Howe", "2026-04-05", (0, 1440), 24 * 60 + 30),
        ("Asia/Kathmandu", "2026-03-10", (0, 1440), 24 * 60),
        ("Europe/London", "2026-03-29", (60, 120), 0),
    ],
)
def test_open_time_is_elapsed_time(zone, day, opens, minutes):
    day = date.fromisoformat(day)
    figures = Figures.on([day], [], Ground(ZoneInfo(zone), {day: [opens]}))

    assert figures.open == minutes


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Australia/Eucla", "America/St_Johns", "Pacific/Chatham"])
def test_zones_off_the_full_hour_keep_wall_time(zone):
    there = ZoneInfo(zone)
    built = grid(entry(at(TODAY, "10:15", there)), on=ground(zone=there), now=at(TODAY, "12:00", there))

    assert placed(built, TODAY) == [(15, 9)]


def test_skipped_date_holds_nothing():
    apia = ZoneInfo("Pacific/Apia")
    skipped, before = date(2011, 12, 30), date(2011, 12, 29)
    late = entry(at(before, "23:00", apia), 120)

    found = by_day([late], [before, skipped, date(2011, 12, 31)], apia)

    assert {day.day: len(rows) for day, rows in found.items()} == {29: 1, 30: 0, 31: 1}


def test_whole_date_of_another_zone_belongs_to_the_date_it_takes_most_of():
    new_york = ZoneInfo("America/New_York")
    one = whole(TODAY, zone=new_york, kind=Kind.BUSY)  # 04:00 to 04:00 in London

    assert [fills(one, day, LONDON) for day in WEEK[:3]] == [False, True, False]
    assert [len(rows) for rows in by_day([one], WEEK, LONDON).values()] == [0, 1, 1, 0, 0, 0, 0]


# --- Periods --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "first", "last", "before", "after", "title"),
    [
        (View.LIST, "2026-03-10", "2026-03-16", "2026-03-03", "2026-03-17", "From Tuesday 10 March"),
        (View.DAY, "2026-03-10", "2026-03-10", "2026-03-09", "2026-03-11", "Tuesday 10 March"),
        (View.WEEK, "2026-03-09", "2026-03-15", "2026-03-03", "2026-03-17", "9 to 15 March"),
        (View.MONTH, "2026-02-23", "2026-04-05", "2026-02-01", "2026-04-01", "March 2026"),
    ],
)
def test_period_of_each_view(view, first, last, before, after, title, this_year):
    period = period_of(view, TODAY, today=TODAY)

    shown = [each.isoformat() for each in (period.first, period.last, period.previous, period.following)]
    assert (*shown, period.title) == (first, last, before, after, title)
    assert period.is_now


@pytest.fixture
def this_year():
    with clock.pretended(NOW):
        yield


def test_week_begins_on_the_readers_day_and_leaves_weekends_out(this_year):
    sunday = period_of(View.WEEK, TODAY, today=TODAY, first_weekday=6)
    short = period_of(View.WEEK, TODAY, today=TODAY, first_weekday=6, weekend=False)

    assert (sunday.title, short.title) == ("8 to 14 March", "9 to 13 March")
    assert [day.day for day in short.hidden] == [8, 14]


def test_month_without_weekends_has_five_columns(this_year):
    period = period_of(View.MONTH, TODAY, today=TODAY, weekend=False)
    built = build_month(period, [], ground=ground(period.within), openings={}, chosen=TODAY)

    assert {len(week) for week in built.weeks} == {5}
    assert [day.weekday() for day in built.weekdays] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-03-30", "2026-04-05", "30 March to 5 April"),
        ("2026-12-28", "2027-01-03", "28 December 2026 to 3 January 2027"),
        ("2027-03-01", "2027-03-07", "1 to 7 March 2027"),
    ],
)
def test_dates_are_named_once(first, last, words, this_year):
    assert dates_text(date.fromisoformat(first), date.fromisoformat(last)) == words


def test_calendar_ends_somewhere():
    assert [is_shown(date(year, 6, 1)) for year in (1, 1999, 2000, 2200, 2201, 9999)] == [
        False, False, True, True, False, False,
    ]  # fmt: skip


# --- Figures and words ----------------------------------------------------------------------------------------------


def test_figures_count_what_is_agreed_and_what_waits():
    request = entry(at(TODAY, "14:00"), state="requested", counts=False, waits=True)
    figures = Figures.on([TODAY], [entry(at(TODAY, "10:00")), entry(at(TODAY, "12:00")), request], ground())

    assert (figures.appointments, figures.requests, figures.booked, figures.open) == (2, 1, 90, 480)
    assert (figures.counted, figures.hours, figures.load) == (
        "2 appointments, 1 request",
        "1 h 30 min of 8 h booked",
        19,
    )


def test_figures_take_time_off_from_what_is_open():
    off = entry(at(TODAY, "13:00"), 6 * 60, Kind.OFF)

    assert Figures.on([TODAY], [off], ground()).open == 240


def test_appointment_over_midnight_counts_once_in_a_week():
    figures = Figures.on(WEEK, [entry(at(TODAY, "23:30"), 90)], ground())

    assert (figures.appointments, figures.booked) == (1, 90)


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0 min"), (45, "45 min"), (60, "1 h"), (2940, "49 h"), (75, "1 h 15 min")]
)
def test_hours_are_never_days(minutes, words):
    assert hours_text(minutes) == words


def test_summary_says_what_waits_and_what_is_not_shown(this_year):
    saturday = date(2026, 3, 14)
    period = period_of(View.WEEK, TODAY, today=TODAY, weekend=False)
    request = entry(at(TODAY, "14:00"), state="requested", counts=False, waits=True)
    rows = [entry(at(TODAY, "10:00")), request, entry(at(saturday, "10:00"))]

    assert summary(period, rows, ground()) == (
        "1 appointment, 45 min of 40 h booked. One request waits. 1 appointment on the weekend is not shown."
    )


def test_summary_of_a_month_names_the_days_off_ahead(this_year):
    period = period_of(View.MONTH, TODAY, today=TODAY)
    rows = [whole(date(2026, 3, 2)), whole(date(2026, 3, 19), days=2)]

    said = summary(period, rows, ground(period.within))

    assert said == "No appointments. 2 days of time off ahead, Thu 19 March and Fri 20 March."


def test_summary_of_a_month_leaves_other_months_out(this_year):
    period = period_of(View.MONTH, TODAY, today=TODAY)
    april = date(2026, 4, 2)
    rows = [entry(at(TODAY, "10:00")), entry(at(april, "10:00")), whole(april)]

    assert summary(period, rows, ground(period.within)) == "1 appointment."


def test_key_names_only_what_is_seen():
    ten = at(TODAY, "10:00")
    held = entry(ten, held=(ten, ten + timedelta(minutes=60)))

    assert key_of([held, entry(ten, kind=Kind.BUSY, state="busy")], shut=True) == [
        ("kc", "Confirmed"),
        ("kb", "Busy in Google"),
        ("kz", "Kept free around"),
        ("ks", "Closed"),
    ]
    assert key_of([entry(ten, is_past=True)], shut=False) == [("ke", "Over")]


# --- Day, month, list ------------------------------------------------------------------------------------------------


def test_day_marks_the_days_of_its_week_with_something_on(this_year):
    period = period_of(View.DAY, TODAY, today=TODAY)
    rows = [entry(at(TODAY, "10:00")), whole(WEEK[3])]
    built = build_day(period, rows, week=WEEK, ground=ground(), now=NOW)

    assert [has_any for _, has_any in built.strip] == [False, True, False, False, False, False, False]
    assert built.figures.appointments == 1


def test_month_shows_two_titles_appointments_first_and_counts_the_rest(this_year):
    busy = entry(at(TODAY, "09:00"), kind=Kind.BUSY, state="busy")
    later = [entry(at(TODAY, f"{hour}:00")) for hour in (10, 12, 14)]
    period = period_of(View.MONTH, TODAY, today=TODAY)
    opens = {TODAY: (False, True, False), WEEK[0]: (True, True, True)}
    built = build_month(period, [busy, *later], ground=ground(period.within), openings=opens, chosen=TODAY)

    cells = {cell.day: cell for week in built.weeks for cell in week}
    today = cells[TODAY]
    assert (today.shown, today.more, today.count, today.open) == (later[:2], 2, 3, (False, True, False))
    assert today.label == "Tuesday 10 March, 3 appointments, open in the afternoon"
    # The day before is over.
    assert cells[WEEK[0]].open is None
    assert (cells[date(2026, 3, 14)].is_off, cells[date(2026, 3, 14)].label) == (True, "Saturday 14 March, closed")
    assert [line.entry for line in built.chosen.lines] == [busy, *later]


def test_list_leaves_out_days_with_nothing_but_closed_ones_and_today(this_year):
    rows = [entry(at(WEEK[3], "10:00"))]
    built = build_list(WEEK, rows, ground=ground(), today=TODAY)

    assert [(each.day.day, each.figures) for each in built] == [
        (10, "No appointments. 8 h open"),
        (12, "1 appointment. 45 min of 8 h booked"),
        (14, "Closed"),
        (15, "Closed"),
    ]
    assert [each.heading for each in built][:2] == ["Today, Tuesday 10 March", "Thursday 12 March"]


def test_list_has_whole_days_first_and_says_what_began_before(this_year):
    night, off = entry(at(WEEK[0], "23:30"), 60), whole(TODAY)
    built = build_list([TODAY], [night, off], ground=ground(), today=TODAY)

    assert [(line.entry.kind, line.is_whole, line.is_rest) for line in built[0].lines] == [
        (Kind.OFF, True, False),
        (Kind.APPOINTMENT, False, True),
    ]


def test_week_is_empty_without_entries(this_year):
    period = period_of(View.WEEK, TODAY, today=TODAY)

    assert build_week(period, [], ground=ground(), now=NOW).is_empty
    assert not build_week(period, [whole(TODAY)], ground=ground(), now=NOW).is_empty
