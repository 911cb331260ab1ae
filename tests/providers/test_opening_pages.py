"""The editors of open time, worked by submit buttons alone."""

import datetime as dt
import re

import pytest
import time_machine
from django.urls import reverse

from providers import hooks, queries
from providers.models import DateOverride
from tests.factories.providers import DateOverrideFactory, ProviderFactory, give_hours
from tests.providers.pages import fields_of, send

pytestmark = pytest.mark.django_db

HOURS = "/studio/hours/"
DATES = "/studio/hours/dates/"


@pytest.fixture(autouse=True)
def march():
    with time_machine.travel(dt.datetime(2026, 3, 9, 10, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def maya(client):
    provider = ProviderFactory(name="Maya Okafor", slug="maya-okafor", hours={0: [("08:00", "12:30")]})
    client.force_login(provider.user)
    return provider


def words(response):
    return response.content.decode()


def times(fields):
    return {name: value for name, [value] in fields.items() if re.match("(start|end)-", name)}


# --- The week ---------------------------------------------------------------------------------------------------------


def test_the_week_is_saved_whole_and_added_up(client, maya):
    answer = send(
        client,
        HOURS,
        "time_zone",
        open__1="on",
        start__1__0="13:30",
        end__1__0="18:00",
        start__1__1="08:00",
        end__1__1="12:30",
        time_zone="Europe/Paris",
    )

    assert answer.headers["Location"] == HOURS
    assert queries.week_of(maya) == {0: [(480, 750)], 1: [(480, 750), (810, 1080)]}
    maya.refresh_from_db()
    assert maya.time_zone == "Europe/Paris"
    page = words(client.get(HOURS))
    assert "13 h 30 min a week, Paris time." in page
    assert 'aria-label="Tuesday: 08:00 to 12:30 and 13:30 to 18:00"' in page


def test_an_unticked_day_is_closed(client, maya):
    send(client, HOURS, "time_zone", ("open__0",))

    assert queries.week_of(maya) == {}


def test_hours_across_midnight_are_two_ranges(client, maya):
    send(
        client,
        HOURS,
        "time_zone",
        open__4="on",
        start__4__0="22:00",
        end__4__0="00:00",
        open__5="on",
        start__5__0="00:00",
        end__5__0="02:00",
    )

    assert queries.week_of(maya) == {0: [(480, 750)], 4: [(1320, 1440)], 5: [(0, 120)]}
    assert times(fields_of(client.get(HOURS), "time_zone"))["end-4-0"] == "00:00"


def test_only_the_wrong_range_is_marked_and_named(client, maya):
    page = send(
        client,
        HOURS,
        "time_zone",
        open__1="on",
        start__1__0="08:00",
        end__1__0="12:30",
        start__1__1="12:00",
        end__1__1="18:00",
    )

    assert page.status_code == 422
    text = words(page)
    assert "<title>Error: Working hours" in text
    assert "There is 1 thing to fix" in text
    assert text.count("Tuesday’s second range starts at 12:00, before the first one ends at 12:30.") == 2
    assert re.findall(r'id="([^"]+)"[^>]*aria-invalid="true"', text) == ["start-1-1", "end-1-1"]
    assert 'href="#start-1-1"' in text
    assert queries.week_of(maya) == {0: [(480, 750)]}


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"start__0__0": "25:00"}, "Enter when Monday’s range starts, like 09:00."),
        ({"end__0__0": "soon"}, "Enter when Monday’s range ends, like 17:00."),
        ({"end__0__0": ""}, "Enter when Monday’s range ends, like 17:00."),
        ({"start__0__0": "09:00" + "0" * 100}, "Enter when Monday’s range starts, like 09:00."),
        ({"start__0__0": "13:00"}, "Monday’s range ends at 12:30, before it starts at 13:00."),
        ({"open__3": "on"}, "Thursday is open but has no hours. Add a range, or untick Thursday."),
        ({"time_zone": "EST5EDT"}, "Choose a time zone from the list."),
        ({"time_zone": "../../etc/passwd"}, "Choose a time zone from the list."),
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_is_saved(client, maya, typed, message):
    page = send(client, HOURS, "time_zone", **typed)

    assert page.status_code == 422
    assert message in words(page)
    assert "There is 1 thing to fix" in words(page)
    assert queries.week_of(maya) == {0: [(480, 750)]}


def test_more_ranges_than_a_day_has_are_told(client, maya):
    many = {f"start__0__{n}": f"{n:02}:00" for n in range(12)} | {f"end__0__{n}": f"{n:02}:30" for n in range(12)}

    page = send(client, HOURS, "time_zone", **many)

    assert page.status_code == 422
    assert "A day has at most 8 ranges." in words(page)


def test_a_range_is_added_with_everything_kept_and_nothing_saved(client, maya):
    page = send(client, HOURS, "time_zone", start__0__0="07:15", open__1="on", start__1__0="10:00", do="add-0")

    assert page.status_code == 200
    fields = times(fields_of(page, "time_zone"))
    assert fields["start-0-0"] == "07:15"
    assert fields["start-1-0"] == "10:00"
    assert (fields["start-0-1"], fields["end-0-1"]) == ("", "")
    assert re.search(r'id="start-0-1"[^>]*autofocus', words(page))
    assert queries.week_of(maya) == {0: [(480, 750)]}


def test_adding_opens_a_closed_day_with_the_usual_hours(client, maya):
    fields = fields_of(send(client, HOURS, "time_zone", do="add-2"), "time_zone")

    assert fields["open-2"] == ["on"]
    assert (fields["start-2-0"], fields["end-2-0"]) == (["09:00"], ["17:00"])


def test_a_range_is_removed_and_the_last_one_closes_the_day(client, maya):
    give_hours(maya, {0: [("08:00", "12:30"), ("13:30", "18:00")]})

    fields = fields_of(send(client, HOURS, "time_zone", do="remove-0-0"), "time_zone")
    assert times(fields) == {"start-0-0": "13:30", "end-0-0": "18:00"}

    give_hours(maya, {0: [("08:00", "12:30")]})
    fields = fields_of(send(client, HOURS, "time_zone", do="remove-0-0"), "time_zone")
    assert times(fields) == {}
    assert "open-0" not in fields


def test_a_day_is_copied_to_others(client, maya):
    page = send(client, HOURS, "time_zone", to__0=["1", "6", "0", "9"], do="copy-0")

    fields = fields_of(page, "time_zone")
    assert [name for name in fields if name.startswith("open-")] == ["open-0", "open-1", "open-6"]
    assert (fields["start-6-0"], fields["end-6-0"]) == (["08:00"], ["12:30"])
    assert 'data-announce="Monday’s hours copied to Tuesday and Sunday"' in words(page)
    assert 'aria-label="Add a range on Monday" autofocus data-focus' in words(page)


def test_copying_nowhere_says_what_to_do(client, maya):
    page = send(client, HOURS, "time_zone", do="copy-0")

    assert "Tick the days that get Monday’s hours, then press Copy." in words(page)


@pytest.mark.parametrize("do", ["add-7", "add-", "remove-0-99", "copy-9", "destroy-0", "add-0-0", "١", "a" * 5000])
def test_an_unknown_button_harms_nothing(client, maya, do):
    answer = send(client, HOURS, "time_zone", do=do)

    assert answer.status_code == 200
    assert queries.week_of(maya) == {0: [(480, 750)]}


def test_a_week_changed_in_another_tab_is_told(client, maya):
    old = fields_of(client.get(HOURS), "time_zone")
    client.post(HOURS, {**old, "end-0-0": "11:00"})

    page = client.post(HOURS, {**old, "end-0-0": "16:00"})

    assert page.status_code == 409
    assert "<dt>Monday</dt><dd>08:00 to 11:00</dd>" in words(page)
    again = fields_of(page, "time_zone")
    assert again["end-0-0"] == ["16:00"]
    assert client.post(HOURS, again).status_code == 302
    assert queries.week_of(maya) == {0: [(480, 960)]}


def test_pressing_a_button_does_not_hide_a_change_from_another_tab(client, maya):
    old = fields_of(client.get(HOURS), "time_zone")
    client.post(HOURS, {**old, "end-0-0": "11:00"})

    pressed = fields_of(client.post(HOURS, {**old, "do": "add-1"}), "time_zone")

    assert client.post(HOURS, pressed).status_code == 409


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (0, None),
        (1, "1 confirmed appointment falls outside the new hours. It stays."),
        (2, "2 confirmed appointments fall outside the new hours. They stay."),
    ],
)
def test_the_effect_on_what_is_booked_is_told(client, maya, monkeypatch, count, sentence):
    monkeypatch.setattr(hooks.outside_hours, "_answers", [lambda provider, now: count])

    send(client, HOURS, "time_zone", end__0__0="11:00")

    page = words(client.get(HOURS))
    assert "Working hours saved: 3 h a week." in page
    assert ("outside the new hours" in page) is bool(sentence)
    assert sentence is None or sentence in page


def test_with_scripts_only_the_editor_comes_back(client, maya):
    fields = fields_of(client.get(HOURS), "time_zone")

    part = client.post(HOURS, {**fields, "do": "add-0"}, headers={"HX-Request": "true", "HX-Target": "hours-editor"})

    assert words(part).strip().startswith('<div id="hours-editor"')
    assert "<html" not in words(part)
    assert 'hx-post="/studio/hours/"' in words(part)
    assert "HX-Request" in part.headers["Vary"]


def test_with_scripts_only_the_hours_of_dates_come_back(client, maya):
    page = DATES + "new/"
    fields = fields_of(client.get(page), "start_on")

    part = client.post(page, {**fields, "do": "add-0"}, headers={"HX-Request": "true", "HX-Target": "hours-editor"})

    assert (
        words(part).strip().startswith('<div class="stack" data-gap="l" id="hours-editor" data-announce="Range added"')
    )
    assert "<html" not in words(part)
    assert re.search(r'value="hours"[^>]* checked', words(part))
    assert 'id="start-0-0"' in words(part)


# --- Dates of their own -----------------------------------------------------------------------------------------------


def test_dates_are_closed(client, maya):
    answer = send(client, DATES + "new/", "start_on", start_on="2026-12-21", end_on="2026-12-27", note="Christmas")

    assert answer.headers["Location"] == DATES
    override = DateOverride.objects.get()
    assert (override.start_on, override.end_on, override.ranges) == (dt.date(2026, 12, 21), dt.date(2026, 12, 27), [])
    page = words(client.get(DATES))
    assert "Mon 21 December to Sun 27 December" in page
    assert "4 h 30 min less than the week has" in page


def test_dates_get_other_hours(client, maya):
    page = send(client, DATES + "new/", "start_on", start_on="2026-12-19", note="Fair", do="add-0")
    fields = fields_of(page, "start_on")
    assert fields["kind"] == ["hours"]
    assert fields["note"] == ["Fair"]
    assert "to fix" not in words(page)

    client.post(DATES + "new/", {**fields, "start-0-0": "10:00", "end-0-0": "00:00"})

    assert DateOverride.objects.get().ranges == [[600, 1440]]
    assert "14 h more than the week has" in words(client.get(DATES))


def test_dates_are_changed_and_removed(client, maya):
    DateOverrideFactory(provider=maya, start_on=dt.date(2026, 12, 24), ranges=[[540, 720]])

    send(client, DATES + "2026-12-24/", "start_on", end_on="2026-12-26", start__0__0="10:00")
    assert DateOverride.objects.get().ranges == [[600, 720]]
    assert client.get(DATES + "2026-12-24/remove/").status_code == 200
    assert DateOverride.objects.count() == 1
    assert client.post(DATES + "2026-12-24/remove/").status_code == 302

    assert not DateOverride.objects.exists()


def test_choosing_closed_keeps_no_hours(client, maya):
    DateOverrideFactory(provider=maya, start_on=dt.date(2026, 12, 24), ranges=[[540, 720]])

    send(client, DATES + "2026-12-24/", "start_on", kind="closed")

    assert DateOverride.objects.get().is_closed


def test_dates_that_overlap_are_told_with_both_named(client, maya):
    DateOverrideFactory(provider=maya, start_on=dt.date(2026, 12, 24), end_on=dt.date(2026, 12, 26), note="Christmas")

    page = send(client, DATES + "new/", "start_on", start_on="2026-12-26", end_on="2026-12-31")

    assert page.status_code == 422
    assert (
        "Sat 26 December to Thu 31 December can’t be added: "
        "Thu 24 December to Sat 26 December (Christmas) already have hours of their own."
    ) in words(page)
    assert DateOverride.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"start_on": "2026-02-30"}, "Enter a date, like"),
        ({"start_on": ""}, "Enter the first date."),
        ({"start_on": "10000-01-01"}, "Enter a date, like"),
        ({"start_on": "9999-12-31"}, "Choose dates within the next three years."),
        ({"start_on": "0001-01-01"}, "These dates are over."),
        ({"start_on": "2026-03-10T10:00"}, "Enter a date, like"),
        ({"start_on": "2026-12-24", "end_on": "2026-12-23"}, "The last date is before the first one."),
        ({"start_on": "2026-12-24", "end_on": "2036-12-23"}, "One entry covers at most a year."),
        ({"kind": "sometimes"}, "Choose one from the list."),
        ({"kind": "hours"}, "There are no hours. Add a range, or choose Closed."),
        ({"kind": "hours", "start__0__0": "10:00", "end__0__0": "09:00"}, "The range ends at 09:00, before it starts"),
        ({"note": "a\x00b"}, "This has characters"),
    ],
)
def test_dates_that_make_no_sense_are_told(client, maya, typed, message):
    page = send(client, DATES + "new/", "start_on", **{"start_on": "2026-12-24", **typed})

    assert page.status_code == 422
    assert message in words(page)
    assert not DateOverride.objects.exists()


def test_dates_changed_in_another_tab_are_told(client, maya):
    DateOverrideFactory(provider=maya, start_on=dt.date(2026, 12, 24), ranges=[[540, 720]])
    old = fields_of(client.get(DATES + "2026-12-24/"), "start_on")
    client.post(DATES + "2026-12-24/", {**old, "end-0-0": "11:00"})

    page = client.post(DATES + "2026-12-24/", {**old, "end-0-0": "16:00"})

    assert page.status_code == 409
    assert "<dt>Hours</dt><dd>09:00 to 11:00</dd>" in words(page)
    assert client.post(DATES + "2026-12-24/", fields_of(page, "start_on")).status_code == 302
    assert DateOverride.objects.get().ranges == [[540, 960]]


def test_the_same_dates_sent_twice_are_one_entry(client, maya):
    for _ in range(2):
        assert send(client, DATES + "new/", "start_on", start_on="2026-12-24").status_code == 302

    assert DateOverride.objects.count() == 1


@pytest.mark.parametrize("day", ["2026-12-25", "2026-02-30", "2026-13-01", "soon"])
def test_dates_that_are_not_there_are_no_page(client, maya, day):
    DateOverrideFactory(start_on=dt.date(2026, 12, 25))

    assert client.get(f"{DATES}{day}/").status_code == 404
    assert client.post(f"{DATES}{day}/remove/").status_code == 404
    assert DateOverride.objects.count() == 1


def test_dates_that_are_over_are_not_listed(client, maya):
    DateOverrideFactory(provider=maya, start_on=dt.date(2026, 3, 8))
    DateOverrideFactory(provider=maya, start_on=dt.date(2026, 3, 9), note="Today")

    page = words(client.get(DATES))

    assert "Today" in page
    assert "Sun 8 March" not in page


def test_reverse_of_an_override_is_its_first_date():
    assert reverse("studio_override", args=[dt.date(2026, 12, 24)]) == DATES + "2026-12-24/"


def test_who_likes_twelve_reads_twelve(client, maya):
    maya.user.uses_12h_clock = True
    maya.user.save()

    assert "8:00 am to 12:30 pm" in words(client.get(HOURS))
    page = send(client, HOURS, "time_zone", start__0__1="12:00", end__0__1="18:00")
    assert "Monday’s second range starts at 12:00, before the first one ends at 12:30 pm." in words(page)
