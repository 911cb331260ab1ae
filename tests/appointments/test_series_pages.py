"""A series through the browser's door: from the booking form over its dates to the page of the series."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.models import Appointment, AppointmentEvent, Hold, LeftOutDate, Series
from appointments.services import booking, transitions
from appointments.states import LeftOut, Role, Status
from tests.factories.accounts import UserFactory
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import ServiceFactory, TimeOffFactory
from tests.invariants import check_all

from .conftest import move_to_london

pytestmark = pytest.mark.django_db

FIRST = datetime(2026, 3, 3, 10, tzinfo=UTC)  # a Tuesday; clocks change in London on 29 March
WEEK = timedelta(days=7)


@pytest.fixture
def provider(provider):
    """In London: these tests read wall times."""
    return move_to_london(provider)


@pytest.fixture
def service(provider):
    return ServiceFactory(
        provider=provider, name="Cello", slug="cello", duration_minutes=60, price=Decimal("40"), repeats=True
    )


@pytest.fixture
def address(service):
    return reverse("check_series", args=[service.provider.slug, service.slug])


@pytest.fixture
def form_values(signed_in, service):
    """What the booking form would send for this customer, with the choice to repeat."""

    def values(start=FIRST, *, repeat="weekly", count="6", **typed):
        page = reverse("book", args=[service.provider.slug, service.slug])
        response = signed_in.get(page, {"start": f"{start:%Y-%m-%dT%H:%M:%SZ}"})
        return hidden_values(response) | {"repeat": repeat, "count": count, "until": "", "note": ""} | typed

    return values


def hidden_values(response):
    found = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', response.content.decode())
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def shown_values(response):
    """What the page of the dates would send as it stands: hidden fields and chosen radios."""
    text = response.content.decode()
    radios = re.findall(r'<input type="radio"[^>]* name="(pick-\d+)" value="([^"]*)" checked', text)
    return hidden_values(response) | dict(radios)


def outcomes(response):
    return [str(row.settled.outcome) for row in response.context["preview"].rows]


def book_all(client, address, values):
    preview = client.post(address, values)
    assert preview.status_code == 200, preview.content.decode()
    return client.post(address, shown_values(preview) | {"do": "book"})


def test_series_is_shown_date_by_date_and_then_booked_at_the_same_wall_time(signed_in, address, form_values, customer):
    preview = signed_in.post(address, form_values())

    assert outcomes(preview) == ["open"] * 6
    assert preview.context["preview"].working == "6 × £40 = £240"
    assert not Appointment.objects.exists()

    booked = signed_in.post(address, shown_values(preview) | {"do": "book"})

    series = Series.objects.get()
    assert booked.url == reverse("my_series", args=[series.uuid])
    made = list(series.appointments.order_by("occurrence"))
    assert [one.start for one in made] == [FIRST + n * WEEK - timedelta(hours=n >= 4) for n in range(6)]
    assert [one.occurrence for one in made] == [1, 2, 3, 4, 5, 6]
    assert {one.price for one in made} == {Decimal("40")}
    assert len({one.reference for one in made}) == 6
    assert Hold.objects.count() == 6
    assert len(set(AppointmentEvent.objects.values_list("occasion", flat=True))) == 1
    check_all()


@pytest.mark.parametrize(
    "typed, said",
    [
        (
            {"repeat": "weekly", "count": "6"},
            "6 Tuesdays, from Tue 3 March 2026 to Tue 7 April 2026. <b>6 × £40 = £240.</b>",
        ),
        ({"repeat": "daily", "until": "2026-03-05"}, "3 dates, from Tue 3 March 2026 to Thu 5 March 2026."),
        ({"repeat": "weekly", "count": "99"}, "Always at the same time"),
        ({"repeat": "once", "count": "6"}, "Always at the same time"),
    ],
)
def test_form_says_what_the_series_comes_to_while_it_is_filled_in(signed_in, address, typed, said):
    query = {"start": "2026-03-03T10:00:00Z", **typed}

    answer = signed_in.get(address, query, headers={"HX-Request": "true", "HX-Target": "repeat-said"})

    assert said in answer.content.decode()


def test_booking_form_sent_with_a_repeat_shows_the_dates_and_books_nothing(signed_in, service, form_values):
    page = reverse("book", args=[service.provider.slug, service.slug])

    response = signed_in.post(page, form_values())

    assert outcomes(response) == ["open"] * 6
    assert not Appointment.objects.exists()


def test_taken_date_gets_the_nearest_time_of_its_day_and_a_closed_one_asks(
    signed_in, address, form_values, book, provider
):
    book(start=FIRST + WEEK, customer=UserFactory())
    TimeOffFactory(provider=provider, start=FIRST + 2 * WEEK - timedelta(hours=12), end=FIRST + 2 * WEEK + WEEK / 7)

    preview = signed_in.post(address, form_values())

    assert outcomes(preview) == ["open", "other", "unsettled", "open", "open", "open"]
    second, third = preview.context["preview"].rows[1:3]
    assert second.start == FIRST + WEEK - timedelta(hours=1)
    assert second.said == ("10:00 is taken.",)
    assert third.said == ("Maya is away then.",)
    assert preview.context["preview"].working == "5 × £40 = £200"
    assert "need your answer" in preview.content.decode().replace("needs", "need")


def test_nothing_is_booked_while_a_date_has_no_answer(signed_in, address, form_values, provider):
    TimeOffFactory(provider=provider, start=FIRST + WEEK - timedelta(hours=12), end=FIRST + WEEK + timedelta(hours=9))
    preview = signed_in.post(address, form_values())

    refused = signed_in.post(address, shown_values(preview) | {"do": "book"})

    assert refused.status_code == 422
    assert outcomes(refused)[1] == "unsettled"
    assert not Appointment.objects.exists()

    booked = signed_in.post(address, shown_values(preview) | {"do": "book", "pick-2": "skip"})

    series = Series.objects.get()
    assert booked.url == reverse("my_series", args=[series.uuid])
    assert series.appointments.count() == 5
    assert list(series.left_out.values_list("occurrence", "reason")) == [(2, LeftOut.AWAY)]
    check_all()


def test_date_that_is_taken_meanwhile_comes_back_without_an_answer_and_nothing_is_booked(
    signed_in, address, form_values, book
):
    preview = signed_in.post(address, form_values(note="Left knee"))
    book(start=FIRST + 3 * WEEK, customer=UserFactory())

    refused = signed_in.post(address, shown_values(preview) | {"do": "book"})

    assert refused.status_code == 409
    assert outcomes(refused) == ["open", "open", "open", "unsettled", "open", "open"]
    assert Appointment.objects.count() == 1
    assert not Series.objects.exists()
    assert hidden_values(refused)["note"] == "Left knee"


def test_form_sent_twice_makes_one_series(signed_in, address, form_values):
    sent = shown_values(signed_in.post(address, form_values())) | {"do": "book"}
    signed_in.post(address, sent)

    again = signed_in.post(address, sent)

    series = Series.objects.get()
    assert again.url == reverse("my_series", args=[series.uuid])
    assert Appointment.objects.count() == 6


def test_another_time_and_another_day_can_be_picked(signed_in, address, form_values, book):
    book(start=FIRST + WEEK, customer=UserFactory())
    preview = signed_in.post(address, form_values())
    opened = signed_in.post(address, shown_values(preview) | {"other": "2", "day-2": "2026-03-11"})
    [choice] = [one for one in opened.context["preview"].rows[1].opened.choices if one.words == "Wed 11 March, 15:00"]

    book_it = signed_in.post(address, shown_values(opened) | {"pick-2": choice.value, "do": "book"})

    assert book_it.status_code == 302
    assert Series.objects.get().appointments.get(occurrence=2).start == datetime(2026, 3, 11, 15, tzinfo=UTC)


def test_dates_beyond_the_window_are_left_out_and_say_from_when_they_can_be_booked(
    signed_in, address, form_values, provider
):
    provider.policy.window_days = 21
    provider.policy.save()

    preview = signed_in.post(address, form_values())

    assert outcomes(preview) == ["open"] * 3 + ["window"] * 3
    assert preview.context["preview"].rows[3].said == ("Can be booked from Tue 3 March on.",)
    signed_in.post(address, shown_values(preview) | {"do": "book"})
    assert Series.objects.get().appointments.count() == 3
    assert set(LeftOutDate.objects.values_list("reason", flat=True)) == {LeftOut.WINDOW}


def test_a_date_that_was_too_far_ahead_is_not_booked_after_midnight_either(signed_in, address, form_values, provider):
    provider.policy.window_days = 21
    provider.policy.save()
    preview = signed_in.post(address, form_values(count="4"))
    assert outcomes(preview) == ["open"] * 3 + ["window"]

    with time_machine.travel(FIRST - timedelta(hours=9), tick=False):
        signed_in.post(address, shown_values(preview) | {"do": "book"})

    assert Series.objects.get().appointments.count() == 3


def test_own_appointment_at_the_time_is_a_warning(signed_in, address, form_values, customer):
    other = ServiceFactory(name="Reformer", duration_minutes=60)
    at = FIRST + WEEK + timedelta(minutes=0)
    booking.book_appointment(
        service=other, start=at, customer=customer, terms=booking.terms_of(other), booking_key="other"
    )

    preview = signed_in.post(address, form_values())

    row = preview.context["preview"].rows[1]
    assert row.clash.startswith("You have Reformer with")
    assert [choice.words for choice in row.choices][0] == "Take it all the same"
    assert outcomes(preview) == ["open"] * 6


def test_own_event_at_the_time_is_a_warning_with_other_times(signed_in, address, form_values, customer):
    at = FIRST + WEEK
    OwnEventFactory(user=customer, title="Dentist", start=at, end=at + timedelta(hours=1))
    OwnEventFactory(user=customer, title="Walk", start=at + WEEK, end=at + WEEK + timedelta(hours=1), is_free=True)
    OwnEventFactory(title="Of somebody else", start=at, end=at + timedelta(hours=1))

    preview = signed_in.post(address, form_values())

    rows = preview.context["preview"].rows
    assert [row.busy.title if row.busy else None for row in rows] == [None, "Dentist", None, None, None, None]
    assert "You have an event of your own, " in preview.text and "<bdi>Dentist</bdi>." in preview.text
    assert [choice.words for choice in rows[1].choices][0] == "Take it all the same"
    assert outcomes(preview) == ["open"] * 6


def test_more_own_events_cost_no_more_queries(signed_in, address, form_values, customer):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            signed_in.post(address, form_values())
        return len(asked)

    queries()
    without = queries()
    for n in range(6):
        OwnEventFactory(user=customer, start=FIRST + n * WEEK, end=FIRST + n * WEEK + timedelta(hours=1))
    assert queries() == without


@pytest.mark.parametrize(
    "typed, error",
    [
        ({"count": "13"}, "Enter a whole number from 2 to 12."),
        ({"count": ""}, "Enter how many appointments, or a last date."),
        ({"count": "", "until": "2026-03-05"}, "Choose a later date: a series has at least two appointments."),
        ({"count": "", "until": "2026-12-31"}, "Choose Tue 19 May 2026 or earlier: 12 are the most."),
    ],
)
def test_form_says_what_is_wrong_with_the_rule(signed_in, address, form_values, typed, error):
    response = signed_in.post(address, form_values(**typed))

    assert response.status_code == 422
    assert error in response.content.decode()


def test_service_that_is_not_offered_as_a_series_asks_for_no_rule(signed_in, address, form_values, service):
    service.repeats = False
    service.save()

    response = signed_in.post(address, form_values())

    assert Series.objects.count() == 0
    assert response.url == reverse("appointment_done", args=[Appointment.objects.get().reference])


def test_requests_of_a_series_are_answered_in_one_press(signed_in, client, address, form_values, by_hand, service):
    book_all(signed_in, address, form_values())
    series = Series.objects.get()
    assert set(series.appointments.values_list("status", flat=True)) == {Status.REQUESTED}
    client.force_login(service.provider.user)
    page = client.get(reverse("answer_series", args=[series.uuid]))
    first = series.appointments.get(occurrence=1)
    sent = {f"answer-{one.reference}": "accept" for one in series.appointments.all()}

    client.post(
        reverse("answer_series", args=[series.uuid]),
        sent | {"shown": page.context["shown"], f"answer-{first.reference}": "decline", "reason": "Full", "do": "send"},
    )

    statuses = list(series.appointments.order_by("occurrence").values_list("status", flat=True))
    assert statuses == [Status.DECLINED] + [Status.CONFIRMED] * 5
    acts = AppointmentEvent.objects.exclude(from_status="").values_list("occasion", flat=True)
    assert len(set(acts)) == 1
    check_all()


def test_customer_cancels_this_and_the_following(signed_in, address, form_values):
    book_all(signed_in, address, form_values())
    series = Series.objects.get()
    third = series.appointments.get(occurrence=3)
    page = signed_in.get(reverse("cancel_series", args=[series.uuid]), {"from": third.reference})
    assert [(choice.scope, choice.counts) for choice in page.context["stopping"].choices] == [
        ("one", "Free."), ("following", "Free."), ("all", "Free."),
    ]  # fmt: skip
    assert page.context["stopping"].button == "Cancel 4 appointments"

    done = signed_in.post(
        reverse("cancel_series", args=[series.uuid]), hidden_values(page) | {"which": "following", "reason": "Moving"}
    )

    assert done.url == reverse("my_series", args=[series.uuid])
    statuses = list(series.appointments.order_by("occurrence").values_list("status", flat=True))
    assert statuses == [Status.CONFIRMED] * 2 + [Status.CANCELLED] * 4
    assert Hold.objects.count() == 2
    check_all()


def test_cancelling_all_counts_once_and_says_so_first(signed_in, address, form_values, service, customer):
    book_all(signed_in, address, form_values(FIRST - timedelta(hours=22), count="3"))
    series = Series.objects.get()
    page = signed_in.get(reverse("cancel_series", args=[series.uuid]))
    [choice] = page.context["stopping"].choices
    assert choice.counts == "Counts as one late cancellation, your 1st of 3."

    signed_in.post(reverse("cancel_series", args=[series.uuid]), hidden_values(page) | {"which": "all", "reason": ""})

    assert customer.late_cancellations.count() == 1
    assert set(series.appointments.values_list("status", flat=True)) == {Status.CANCELLED}
    check_all()


def test_cancelling_that_counts_for_more_than_was_shown_comes_back(signed_in, address, form_values):
    book_all(signed_in, address, form_values(FIRST - timedelta(hours=22), count="3"))
    series = Series.objects.get()
    page = signed_in.get(reverse("cancel_series", args=[series.uuid]))

    refused = signed_in.post(
        reverse("cancel_series", args=[series.uuid]),
        hidden_values(page) | {"which": "all", "reason": "", "seen-all": "0"},
    )

    assert refused.status_code == 409
    assert set(series.appointments.values_list("status", flat=True)) == {Status.CONFIRMED}


def test_series_page_shows_each_date_with_its_state(signed_in, client, address, form_values, customer, service):
    book_all(signed_in, address, form_values())
    series = Series.objects.get()
    second = series.appointments.get(occurrence=2)
    transitions.cancel_appointment(appointment=second, actor=customer, role=Role.CUSTOMER)

    page = signed_in.get(reverse("my_series", args=[series.uuid]))

    assert page.context["page"].rule_words == "Every Tuesday, 10:00 to 11:00, 5 times ahead, until Tue 7 April 2026"
    assert page.context["page"].still_to_come == "£200"
    assert [row.labels[0].label for row in page.context["page"].rows][:2] == ["Confirmed", "Cancelled by you"]
    listed = signed_in.get(reverse("my_appointments"), {"tab": "series"})
    assert "5 of 6 dates ahead" in listed.content.decode()
    assert "Date 2 of a series" in signed_in.get(reverse("my_appointment", args=[second.reference])).content.decode()
    client.force_login(service.provider.user)
    assert client.get(reverse("studio_series", args=[series.uuid])).status_code == 200
    client.force_login(UserFactory())
    assert client.get(reverse("my_series", args=[series.uuid])).status_code == 404


def test_calendar_file_has_an_entry_for_each_agreed_date(signed_in, address, form_values):
    book_all(signed_in, address, form_values())
    series = Series.objects.get()

    file = signed_in.get(reverse("my_series_ics", args=[series.uuid])).content.decode()

    assert file.count("BEGIN:VEVENT") == 6
    assert "METHOD:PUBLISH" in file


def test_a_date_that_opens_after_it_was_asked_about_is_not_booked_unseen(signed_in, address, form_values, provider):
    span = (FIRST + WEEK - timedelta(hours=10), FIRST + WEEK + timedelta(hours=14))
    off = TimeOffFactory(provider=provider, start=span[0], end=span[1])
    preview = signed_in.post(address, form_values(count="3"))
    assert outcomes(preview) == ["open", "unsettled", "open"]
    off.delete()

    late = signed_in.post(address, shown_values(preview) | {"do": "book"})

    assert late.status_code == 422
    assert outcomes(late) == ["open", "unsettled", "open"]
    assert not Appointment.objects.exists()
    own = f"{FIRST + WEEK:%Y-%m-%dT%H:%M:%SZ}"
    assert signed_in.post(address, shown_values(late) | {"pick-2": own, "do": "book"}).status_code == 302
    assert Appointment.objects.count() == 3


def test_the_rule_is_told_in_its_own_zone_whoever_reads_it(
    signed_in, address, form_values, provider, service, customer
):
    """Tuesday 15:00 in London is Wednesday 02:00 in Sydney, and after the clocks change 01:00 and midnight."""
    provider.is_online = True
    provider.save()
    service.venue = "online"
    service.save()
    customer.time_zone = "Australia/Sydney"
    customer.save()

    page = signed_in.post(address, form_values(start=FIRST.replace(hour=15)))

    preview, text = page.context["preview"], page.content.decode()
    assert preview.rule_words == "Every Tuesday, 15:00 to 16:00, from Tue 3 March 2026 to Tue 7 April 2026"
    assert "to Tue 7 April 2026, London time." in text
    assert "The dates below are in Sydney time." in text
    assert preview.sums[0] == ("Tuesdays, 15:00", "6 × £40")
    signed_in.post(address, shown_values(page) | {"do": "book"})
    assert "Every Tuesday, 15:00, London time" in signed_in.get("/my/appointments/?tab=series").content.decode()
    series = Series.objects.get()
    shown = signed_in.get(reverse("my_series", args=[series.uuid])).content.decode()
    assert "Every Tuesday, 15:00 to 16:00, 6 times ahead, until Tue 7 April 2026, London time." in shown


# --- Who has used up their share --------------------------------------------------------------------------------------


@pytest.fixture
def three_requests(by_hand, provider, customer):
    """As many as may wait at a time."""
    other = ServiceFactory(provider=provider, duration_minutes=60)
    for n in range(3):
        terms = booking.terms_of(other)
        booking.book_appointment(
            service=other,
            start=FIRST + (1 + n) * timedelta(days=1) + timedelta(hours=4),
            customer=customer,
            terms=terms,
            booking_key=f"waiting-{n}",
        )
    return other


def booking_page(client, service):
    start = {"start": f"{FIRST:%Y-%m-%dT%H:%M:%SZ}"}
    return client.get(reverse("book", args=[service.provider.slug, service.slug]), start)


def test_who_has_three_requests_waiting_reads_why_and_gets_no_form(signed_in, three_requests):
    page = booking_page(signed_in, three_requests)
    text = page.content.decode()

    assert "You have 3 requests waiting" in text
    assert 'name="note" id' not in text and "<textarea" not in text
    assert "Request this time" not in text
    assert "Choose another time" in text


def test_what_was_typed_is_kept_where_the_share_was_used_up_meanwhile(signed_in, provider, customer, by_hand):
    service = ServiceFactory(provider=provider, duration_minutes=60)
    page = booking_page(signed_in, service)
    values = hidden_values(page) | {"note": "Left knee"}
    values |= {field.html_name: field.value() for field in page.context["form"].hidden_fields()}
    for n in range(3):
        booking.book_appointment(
            service=service,
            start=FIRST + (1 + n) * timedelta(days=1) + timedelta(hours=4),
            customer=customer,
            terms=booking.terms_of(service),
            booking_key=f"waiting-{n}",
        )

    refused = signed_in.post(reverse("book", args=[provider.slug, service.slug]), values)
    assert refused.status_code == 409
    assert "What you wrote is kept" in refused.content.decode()
    for one in Appointment.objects.all():
        transitions.withdraw_request(appointment=one, actor=customer)

    assert "Left knee" in booking_page(signed_in, service).content.decode()


def test_a_series_can_still_be_asked_for(signed_in, three_requests, service):
    page = booking_page(signed_in, service)
    text = page.content.decode()

    assert "so you can still ask for a series" in text
    assert 'value="once"' not in text
    assert "Request this time" not in text
    assert "booking__check" in text


# --- Which dates, and where -------------------------------------------------------------------------------------------


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def series_of_three(client, address, form_values, **typed):
    book_all(client, address, form_values(count="3", **typed))
    series = Series.objects.get()
    return series, list(series.appointments.order_by("occurrence"))


def test_the_date_from_which_on_a_series_is_cancelled_is_chosen_on_the_page(signed_in, address, form_values):
    series, dates = series_of_three(signed_in, address, form_values)
    cancel = reverse("cancel_series", args=[series.uuid])

    page = signed_in.get(cancel)
    options = re.findall(r'<option value="(\w*)"', page.content.decode())
    chosen = signed_in.post(cancel, {"do": "since", "since": dates[1].reference, "from": "", "reason": "Moving away"})

    assert options == ["", *(one.reference for one in dates)]
    assert "All 3 dates that lie ahead" in text_of(page)
    assert "Tue 10 March and all after it, 2 dates" in text_of(chosen)
    assert ("Cancel 2 appointments" in text_of(chosen), "Moving away" in text_of(chosen)) == (True, True)
    signed_in.post(cancel, hidden_values(chosen) | {"which": "following", "reason": "", "do": "stop"})
    assert [one.status for one in series.appointments.order_by("start")] == ["confirmed", "cancelled", "cancelled"]


def test_from_the_last_date_on_only_that_one_is_chosen(signed_in, address, form_values):
    series, dates = series_of_three(signed_in, address, form_values)

    page = signed_in.post(
        reverse("cancel_series", args=[series.uuid]), {"do": "since", "since": dates[2].reference, "reason": ""}
    )

    assert "Cancel 1 appointment" in text_of(page)


def test_the_date_from_which_on_a_series_moves_is_chosen_on_the_page(signed_in, address, form_values):
    series, dates = series_of_three(signed_in, address, form_values)
    move = reverse("move_series", args=[series.uuid])
    assert f'<option value="{dates[1].reference}">Tue 10 March</option>' in signed_in.get(move).content.decode()

    page = signed_in.post(move, {"do": "since", "since": dates[1].reference})

    assert "Tue 10 March and all after it, 2 dates" in text_of(page)
    assert page.context["form"].initial["from"] == dates[1].reference
    assert [choice.value for choice in page.context["choices"] if choice.is_chosen] == ["following"]


def test_choosing_another_date_to_move_from_keeps_what_was_typed(signed_in, address, form_values):
    series, dates = series_of_three(signed_in, address, form_values)
    move, first, second = reverse("move_series", args=[series.uuid]), *dates[:2]
    untouched = {"from": first.reference, "day": "2026-03-03", "at": "10:00", "which": "all"}
    assert signed_in.get(move).context["form"].initial == {name: untouched[name] for name in ("from", "day", "at")}

    def since_second(**typed):
        sent = untouched | {"do": "since", "since": second.reference} | typed
        return signed_in.post(move, sent)

    assert since_second().context["form"].initial == {"from": second.reference, "day": "2026-03-10", "at": "10:00"}
    kept = since_second(at="15:30", message="See you then")
    assert 'value="15:30"' in kept.content.decode() and 'value="2026-03-10"' in kept.content.decode()
    assert "See you then" in text_of(kept)
    assert 'value="2026-03-12"' in since_second(day="2026-03-12").content.decode()


def test_going_back_from_the_new_times_keeps_the_note(signed_in, address, form_values):
    series, _ = series_of_three(signed_in, address, form_values)
    move = reverse("move_series", args=[series.uuid])
    sent = {"from": "", "which": "all", "day": "2026-03-04", "at": "15:30", "message": "See you then"}

    page = signed_in.post(move, sent | {"do": "change"})

    assert "See you then" in text_of(page)
    assert 'value="15:30"' in page.content.decode() and 'value="2026-03-04"' in page.content.decode()


def test_the_pages_of_a_series_name_the_place_that_was_chosen(signed_in, address, form_values, provider):
    provider.is_in_person = provider.is_online = True
    provider.place, provider.address = "Camden", "18 Arlington Road"
    provider.save()

    check = signed_in.post(address, form_values(venue="in_person", count="3"))
    series, _ = series_of_three(signed_in, address, form_values, venue="in_person")
    page = signed_in.get(reverse("my_series", args=[series.uuid]))

    assert "Camden or online" not in text_of(check)
    assert ", Camden" in text_of(check)
    assert "Place 18 Arlington Road, Camden" in text_of(page)


def test_another_day_that_is_over_says_so(signed_in, address, form_values, book):
    book(FIRST + WEEK)
    preview = signed_in.post(address, form_values())

    page = signed_in.post(address, shown_values(preview) | {"do": "weigh", "other": "2", "day-2": "2020-01-01"})

    assert "Wed 1 January 2020 is over." in text_of(page)
    assert "Nothing else is open" not in text_of(page)
