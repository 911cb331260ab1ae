"""From a provider's page to a booked appointment, through the browser's door."""

import re
from datetime import timedelta
from unittest import mock

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Session
from appointments.exceptions import SlotTaken
from appointments.models import Appointment, Hold
from appointments.pages import month_picker
from appointments.services import availability, booking, holds
from core import clock
from core.exceptions import Busy
from tests.factories.accounts import UserFactory
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

from .conftest import NOW, TUESDAY_TEN, move_to_london

pytestmark = pytest.mark.django_db

START = "2026-03-03T10:00:00Z"
CANNOT = "can’t be booked."
TOO_FAR = "That is too far ahead: Maya can be booked at most 60 days ahead."


@pytest.fixture
def provider(provider):
    """In London: these tests read wall times."""
    return move_to_london(provider)


@pytest.fixture
def page(service):
    return reverse("provider_service", args=[service.provider.slug, service.slug])


@pytest.fixture
def form_page(service):
    return reverse("book", args=[service.provider.slug, service.slug])


def hidden_values(response):
    """What the form would send as it stands."""
    found = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', response.content.decode())
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def press(client, response, name, **typed):
    """Press a button of the form that sends it elsewhere, as it stands and with what is typed."""
    address = re.search(rf'formaction="([^"]+)"[^>]*>{name}</button>', response.content.decode())[1]
    return client.post(address.replace("&amp;", "&"), hidden_values(response) | typed)


def test_provider_page_shows_the_first_day_with_times(client, page):
    response = client.get(page)

    shown = response.context["picker"]
    assert str(shown.chosen) == "2026-03-02"
    assert [(part, [time.text for time in times]) for part, times in shown.groups] == [
        ("Morning", ["10:00", "11:00"]),
        ("Afternoon", ["12:00", "13:00", "14:00", "15:00", "16:00"]),
    ]


@pytest.mark.parametrize(
    "query",
    [
        "?month=2026-13",
        "?month=0001-01",
        "?month=9999-12",
        "?day=2026-02-30",
        "?day=0001-01-01",
        "?day=9999-12-31",
        "?start=tomorrow",
        "?start=2026-03-03T10:00:00",
        "?start=2026-03-03T10:00:00%2B99:99",
        "?tz=../../etc/passwd",
        "?tz=posixrules",
        "?tz=Europe/Kiev",
        "?tz=all",
        "?month=1999-01&day=x&start=%20",
    ],
)
def test_nonsense_in_the_address_shows_an_ordinary_page(client, page, query):
    assert client.get(page + query).status_code == 200


def test_changing_the_zone_keeps_the_moment_and_moves_the_day(client, page):
    response = client.get(page, {"start": "2026-03-03T16:00:00Z", "tz": "Pacific/Kiritimati"})

    assert str(response.context["picker"].chosen) == "2026-03-04"
    assert response.context["chosen_start"].isoformat() == "2026-03-03T16:00:00+00:00"


def test_continue_keeps_the_time_for_ten_minutes_and_leads_to_the_form(client, service, customer):
    client.force_login(customer)
    response = client.post(reverse("keep_time", args=[service.provider.slug, service.slug]), {"start": START})

    assert (
        response.url == reverse("book", args=[service.provider.slug, service.slug]) + "?start=2026-03-03T10%3A00%3A00Z"
    )
    assert Hold.objects.get().start == TUESDAY_TEN
    assert "Kept for you until" in client.get(response.url).content.decode()


def test_a_time_kept_by_one_browser_is_taken_for_another_and_free_for_its_own(client, service, customer):
    holds.keep_time(service=service, start=TUESDAY_TEN, browser="a" * 64)
    client.force_login(customer)

    response = client.get(reverse("book", args=[service.provider.slug, service.slug]), {"start": START})

    assert response.status_code == 409
    assert "is no longer open" in response.content.decode()


def test_visitor_signs_in_first_and_comes_back_to_the_start(client, form_page):
    response = client.get(form_page, {"start": START})

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))
    assert "start%3D2026-03-03T10" in response.url
    assert Session.objects.count() == 0


def test_booking_makes_one_appointment_and_pressing_twice_does_not_make_two(client, form_page, customer):
    client.force_login(customer)
    values = hidden_values(client.get(form_page, {"start": START})) | {"note": "Left knee"}

    first = client.post(form_page, values)
    second = client.post(form_page, values)

    appointment = Appointment.objects.get()
    assert (appointment.note, appointment.status, appointment.start) == ("Left knee", "confirmed", TUESDAY_TEN)
    assert first.url == second.url == reverse("appointment_done", args=[appointment.reference])
    assert "You are booked." in client.get(first.url).content.decode()


def test_request_reads_differently_from_a_booking(client, form_page, customer, by_hand):
    client.force_login(customer)
    form = client.get(form_page, {"start": START})
    answer = client.post(form_page, hidden_values(form), follow=True)

    assert "Request this time" in form.content.decode()
    assert "It is not confirmed yet." in answer.content.decode()


def test_a_time_that_went_meanwhile_is_answered_with_the_nearest_and_keeps_what_was_typed(
    client, form_page, customer, book
):
    client.force_login(customer)
    values = hidden_values(client.get(form_page, {"start": START})) | {"note": "Left knee"}
    book(customer=UserFactory())

    response = client.post(form_page, values)
    again = client.post(form_page, values | {"pick": "2026-03-03T11:00:00Z"})

    assert response.status_code == 409
    assert [f"{start:%H:%M}" for start in response.context["page"].taken.nearest] == ["09:00", "11:00", "12:00"]
    assert "Left knee" in response.content.decode()
    assert (again.status_code, again.context["start"]) == (200, TUESDAY_TEN + timedelta(hours=1))
    assert "Left knee" in again.content.decode()
    assert Appointment.objects.count() == 1


def test_the_nearest_openings_say_where_the_customer_is_busy(client, form_page, customer, book):
    client.force_login(customer)
    values = hidden_values(client.get(form_page, {"start": START}))
    book(customer=UserFactory())
    eleven = TUESDAY_TEN + timedelta(hours=1)
    OwnEventFactory(user=customer, title="Dentist", start=eleven, end=eleven + timedelta(minutes=30))
    OwnEventFactory(user=customer, title="Swim", start=TUESDAY_TEN, end=eleven)

    response = client.post(form_page, values)

    assert response.status_code == 409
    assert [one.title for one in response.context["busy"]] == ["Dentist"]
    assert "You can choose a time then all the same." in response.text


def test_changed_terms_are_shown_and_asked_again(client, form_page, customer, service):
    client.force_login(customer)
    values = hidden_values(client.get(form_page, {"start": START})) | {"note": "Left knee"}
    service.price = 70
    service.save()

    response = client.post(form_page, values)

    assert response.status_code == 409
    assert "The price is now £70." in response.content.decode()
    assert "Left knee" in response.content.decode()
    assert not Appointment.objects.exists()
    client.post(form_page, hidden_values(response))
    assert Appointment.objects.get().price == 70


def test_a_stricter_rule_for_cancelling_is_said_and_asked_again(client, form_page, customer, provider):
    client.force_login(customer)
    values = hidden_values(client.get(form_page, {"start": START})) | {"note": "Left knee"}
    provider.policy.cancellation_cutoff_minutes = 14 * 24 * 60
    provider.policy.save()

    response = client.post(form_page, values)
    again = client.post(form_page, hidden_values(response) | {"note": "Left knee"})

    assert response.status_code == 409
    assert "It is now free to cancel until 14 days before the start." in response.content.decode()
    assert again.status_code == 302
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "is_told"), [({}, False), ({"note": "Right knee"}, True), ({"start": "2026-03-03T11:00:00Z"}, True)]
)
def test_a_form_that_is_sent_again_books_once_and_says_what_was_not_saved(
    client, form_page, customer, changed, is_told
):
    client.force_login(customer)
    values = hidden_values(client.get(form_page, {"start": START})) | {"note": "Left knee"}

    first, second = client.post(form_page, values), client.post(form_page, values | changed)

    assert (second.status_code, second.url) == (302, first.url)
    assert ("What you changed since was not saved" in client.get(second.url).content.decode()) is is_told
    assert (Appointment.objects.get().note, Appointment.objects.get().start) == ("Left knee", TUESDAY_TEN)


def test_a_database_that_is_busy_loses_no_note(client, form_page, customer, monkeypatch):
    client.force_login(customer)
    values = hidden_values(client.get(form_page, {"start": START})) | {"note": "Left knee"}
    with monkeypatch.context() as busy:
        busy.setattr(booking, "book_appointment", mock.Mock(side_effect=Busy))
        assert client.post(form_page, values).status_code == 503

    assert "Left knee" in client.get(form_page, {"start": START}).content.decode()


def test_a_paused_service_is_said_and_not_booked(client, form_page, customer, service):
    client.force_login(customer)
    values = hidden_values(client.get(form_page, {"start": START})) | {"note": "Left knee"}
    service.is_active = False
    service.save()

    response = client.post(form_page, values)

    assert response.status_code == 409
    assert "no longer offers First assessment" in response.content.decode()
    assert "Left knee" in response.content.decode()
    assert not Appointment.objects.exists()


def test_a_form_of_somebody_else_is_never_booked_in_this_persons_name(client, form_page, customer):
    client.force_login(customer)
    values = hidden_values(client.get(form_page, {"start": START}))
    client.force_login(UserFactory())

    response = client.post(form_page, values)

    assert response.status_code == 409
    assert "check it and press the button again" in response.content.decode()
    assert "Book this time" in response.content.decode()
    assert not Appointment.objects.exists()


def test_what_was_typed_survives_a_session_that_ended(client, form_page, customer):
    client.force_login(customer)
    values = hidden_values(client.get(form_page, {"start": START})) | {"note": "Left knee"}
    client.logout()

    response = client.post(form_page, values)
    client.force_login(customer)

    assert response.url.startswith(reverse("account_login"))
    assert "Left knee" in client.get(form_page, {"start": START}).content.decode()


def test_price_and_length_that_come_back_are_never_believed(client, form_page, customer):
    client.force_login(customer)
    values = hidden_values(client.get(form_page, {"start": START}))

    response = client.post(form_page, values | {"price": "1", "minutes": "5", "status": "completed", "fee": "0"})

    assert response.status_code == 409
    assert not Appointment.objects.exists()


def test_own_clash_is_warned_and_not_stopped(client, form_page, customer, book):
    other = ServiceFactory(name="Cello lesson", duration_minutes=60)
    give_hours(other.provider, {1: [("09:00", "17:00")]})
    book(service=other)
    client.force_login(customer)

    response = client.get(form_page, {"start": START})

    assert response.status_code == 200
    assert "You have Cello lesson" in response.content.decode()


def test_nobody_books_with_themselves(client, form_page, provider):
    client.force_login(provider.user)

    assert client.get(form_page, {"start": START}).status_code == 409


def test_paused_provider_keeps_a_page_without_a_picker(client, page, provider):
    provider.listing = "paused"
    provider.save()

    content = client.get(page).content.decode()

    assert "is not taking bookings right now" in content
    assert 'name="start"' not in content


@pytest.mark.parametrize("listing", ["draft", "hidden"])
def test_page_that_is_not_public_is_404_for_others_and_a_preview_for_its_owner(client, page, provider, listing):
    provider.listing = listing
    provider.save()

    assert client.get(page).status_code == 404
    client.force_login(provider.user)
    assert client.get(page).status_code == 200


def test_the_owner_of_a_live_page_is_told_that_it_is_theirs(client, page, provider):
    words = "You can’t book a time with yourself."

    assert words not in client.get(page).content.decode()
    client.force_login(provider.user)
    assert words in client.get(page).content.decode()


@pytest.mark.parametrize("appointments", [0, 1, 40])
def test_provider_page_costs_the_same_queries_whatever_is_booked(
    client, page, provider, service, appointments, django_assert_num_queries
):
    start = TUESDAY_TEN + timedelta(days=1)
    Hold.objects.bulk_create(
        Hold(
            kind="kept",
            provider=provider,
            start=start + n * timedelta(minutes=5),
            end=start + (n + 1) * timedelta(minutes=5),
            browser=f"{n:064}",
            expires_at=start,
        )
        for n in range(appointments)
    )

    with django_assert_num_queries(6):
        client.get(page)


def test_every_listed_time_can_be_booked_and_travels_as_an_instant(client, page, service):
    for _, times in client.get(page, {"day": "2026-03-03"}).context["picker"].groups:
        for time in times:
            assert month_picker.from_value(time.value) == time.start
            assert availability.may_book(service, time.start, now=clock.now())


def test_a_kept_time_that_lapsed_is_in_nobodys_way(service, book):
    holds.keep_time(service=service, start=TUESDAY_TEN, browser="a" * 64)
    Hold.objects.update(expires_at=clock.now())

    assert book().changed
    assert [hold.appointment is not None for hold in Hold.objects.all()] == [True]


@pytest.mark.parametrize(("times", "taken"), [(1, ""), (9, "SlotTaken")])
def test_times_that_lapse_while_others_are_cleared_end_in_a_booking_or_a_refusal(
    service, book, monkeypatch, times, taken
):
    clear, left = holds.drop_lapsed_times, [*range(times)]

    def another_lapses(**values):
        cleared = clear(**values)
        if left:
            holds.keep_time(service=service, start=TUESDAY_TEN, browser=f"{left.pop():064}")
            Hold.objects.update(expires_at=clock.now())
        return cleared

    holds.keep_time(service=service, start=TUESDAY_TEN, browser="a" * 64)
    Hold.objects.update(expires_at=clock.now())
    monkeypatch.setattr(holds, "drop_lapsed_times", another_lapses)

    try:
        outcome = "" if book().changed else "replayed"
    except SlotTaken as refusal:
        outcome = type(refusal).__name__

    assert outcome == taken
    assert Appointment.objects.count() == (0 if taken else 1)


@pytest.mark.parametrize("pricing", ["fixed", "hourly"])
def test_what_costs_nothing_reads_free_on_the_way_to_it_and_after(client, service, customer, page, form_page, pricing):
    service.pricing, service.price, service.currency = pricing, 0, "GBP"
    service.save()
    client.force_login(customer)

    form = client.get(form_page, {"start": START})
    answer = client.post(form_page, hidden_values(form), follow=True)

    reference = Appointment.objects.get().reference
    mine = [client.get(address) for address in (page, reverse("my_appointment", args=[reference]), "/my/appointments/")]
    client.force_login(service.provider.user)
    studio = client.get(reverse("studio_appointment", args=[reference]))
    for each in [form, answer, *mine, studio]:
        said = " ".join(re.sub(r"<[^>]*>", " ", each.content.decode()).split())
        assert "Free" in said.replace("Free to cancel", ""), each.request["PATH_INFO"]
        assert "£0" not in said
        assert "on the day" not in said


def test_choosing_another_time_frees_the_kept_one_and_keeps_what_was_typed(client, service, customer, form_page):
    client.force_login(customer)
    names = [service.provider.slug, service.slug]
    client.post(reverse("keep_time", args=names), {"start": START})
    values = hidden_values(client.get(form_page, {"start": START})) | {"note": "Left knee"}

    answer = client.post(reverse("release_time", args=names) + "?tz=Asia/Tokyo", values)

    page = reverse("provider_service", args=names)
    assert answer.url == f"{page}?start=2026-03-03T10%3A00%3A00Z&tz=Asia%2FTokyo"
    assert not Hold.objects.exists()
    assert "Left knee" in client.get(form_page, {"start": START}).content.decode()


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_note_of_a_thousand_characters_in_many_lines_is_kept_whole(client, service, customer, form_page, signed_in):
    lines = ["Left knee, since Tuesday"] * 40
    client.force_login(customer)
    values = hidden_values(client.get(form_page, {"start": START})) | {"note": "\r\n".join(lines)}
    address = reverse("release_time", args=[service.provider.slug, service.slug]) if signed_in else form_page
    if not signed_in:
        client.logout()

    client.post(address, values)
    client.force_login(customer)
    page = client.get(form_page, {"start": START}).content.decode().replace("\r\n", "\n")

    assert "\n".join(lines) in page


def test_a_form_that_was_left_frees_its_time_and_keeps_what_was_typed(client, service, customer, form_page):
    client.force_login(customer)
    names = [service.provider.slug, service.slug]
    client.post(reverse("keep_time", args=names), {"start": START})
    values = hidden_values(client.get(form_page, {"start": START})) | {"note": "Left knee"}

    answer = client.post(reverse("release_time", args=names) + "?gone", values)

    assert (answer.status_code, answer.content) == (204, b"")
    assert not Hold.objects.exists()
    assert "Left knee" in client.get(form_page, {"start": START}).content.decode()


@pytest.fixture
def left(client, service, customer, form_page):
    """Somebody wrote a note and went to look for another time."""
    client.force_login(customer)
    values = hidden_values(client.get(form_page, {"start": START})) | {"note": "Left knee"}
    client.post(reverse("release_time", args=[service.provider.slug, service.slug]), values)
    return values


def note_on(client, address):
    return "Left knee" in client.get(address, {"start": START}).content.decode()


def test_what_was_typed_waits_for_its_own_person_alone(client, customer, form_page, left):
    client.force_login(UserFactory())
    assert not note_on(client, form_page)
    client.logout()

    client.post(form_page, left)
    client.force_login(UserFactory())

    assert not note_on(client, form_page)


def test_what_was_typed_waits_for_a_form_of_the_same_provider(client, service, form_page, left):
    another = ServiceFactory(provider=service.provider)
    elsewhere = ServiceFactory(provider=ProviderFactory(hours={1: [("09:00", "17:00")]}))

    assert not note_on(client, reverse("book", args=[elsewhere.provider.slug, elsewhere.slug]))
    assert note_on(client, reverse("book", args=[another.provider.slug, another.slug]))


def test_what_was_typed_stays_until_it_is_sent_however_often_it_is_looked_at(client, form_page, left):
    client.head(form_page, {"start": START})
    assert note_on(client, form_page) and note_on(client, form_page)

    assert client.post(form_page, left).status_code == 302

    later = client.get(form_page, {"start": "2026-03-03T12:00:00Z"})
    assert later.status_code == 200
    assert "Left knee" not in later.content.decode()


def test_what_was_typed_survives_a_limit(client, customer, form_page, settings):
    settings.LIMITS = {**settings.LIMITS, "book": (1, 60)}
    client.force_login(customer)
    values = hidden_values(client.get(form_page, {"start": START})) | {"note": "Left knee", "price": "1"}
    assert client.post(form_page, values).status_code == 409

    assert client.post(form_page, values).status_code == 429

    page = client.get(form_page, {"start": START}).content.decode()
    assert "Left knee" in page
    assert "That was not saved. What you typed is back" in page


@pytest.mark.parametrize("left", ["2026-03-03T10:00:00Z", "", "then"])
def test_a_form_that_was_left_frees_no_time_that_another_tab_keeps(client, service, customer, left):
    client.force_login(customer)
    names = [service.provider.slug, service.slug]
    client.post(reverse("keep_time", args=names), {"start": START})
    client.post(reverse("keep_time", args=names), {"start": "2026-03-03T12:00:00Z"})

    answer = client.post(reverse("release_time", args=names) + "?gone", {"start": left})

    assert answer.status_code == 204
    assert Hold.objects.get().start == TUESDAY_TEN + timedelta(hours=2)


def test_choosing_another_time_frees_nobody_elses(client, service, customer):
    holds.keep_time(service=service, start=TUESDAY_TEN, browser="a" * 64)
    client.force_login(customer)

    client.post(reverse("release_time", args=[service.provider.slug, service.slug]), {"start": START})

    assert Hold.objects.get().browser == "a" * 64


def test_signing_out_frees_the_kept_time_and_no_booked_one(client, service, customer, book):
    book(start=TUESDAY_TEN + timedelta(hours=3))
    holds.keep_time(service=service, start=TUESDAY_TEN + timedelta(hours=2), browser="a" * 64)
    client.force_login(customer)
    client.post(reverse("keep_time", args=[service.provider.slug, service.slug]), {"start": START})
    assert Hold.objects.count() == 3

    client.post(reverse("account_logout"))

    assert {(hold.browser, hold.start.hour) for hold in Hold.objects.all()} == {("a" * 64, 12), (None, 13)}


def test_the_form_says_what_happens_as_the_kept_time_runs_out(client, service, customer, form_page):
    client.force_login(customer)
    names = [service.provider.slug, service.slug]
    form = client.post(reverse("keep_time", args=names), {"start": START, "tz": "Asia/Tokyo"})
    kept = client.get(form.url).content.decode()
    Hold.objects.all().delete()
    not_kept = client.get(form.url).content.decode()

    until = re.search(r'data-until="([^"]+)" data-soon="kept-soon" data-expired="kept-over"', kept)
    assert until[1].endswith("08:10:00+00:00") or until[1].endswith("17:10:00+09:00")
    for action in ("longer", "other"):
        assert f'formaction="/book/{names[0]}/{names[1]}/{action}/?tz=Asia%2FTokyo"' in kept
    assert "/longer/" not in not_kept
    assert "kept-over" not in not_kept


def test_ten_minutes_longer_are_ten_more_than_were_left_and_come_once(client, service, customer):
    client.force_login(customer)
    names = [service.provider.slug, service.slug]
    form = client.get(client.post(reverse("keep_time", args=names), {"start": START}).url)

    longer = press(client, form, "Keep it ten minutes longer", note="Left knee")
    shown = client.get(longer.url).content.decode()
    with time_machine.travel(NOW + timedelta(minutes=3), tick=False):
        press(client, form, "Keep it ten minutes longer")

    assert Hold.objects.get().expires_at == NOW + timedelta(minutes=20)
    assert "Left knee" in shown
    assert "(<span" in shown and ">20 min</span> left)" in shown
    assert "Keep it ten minutes longer" not in shown


@pytest.mark.parametrize(
    ("minutes", "said"), [(45, "Kept for you until"), (75, "Part of this time is kept for you until")]
)
def test_a_kept_time_stays_kept_when_its_length_changes(client, service, customer, form_page, minutes, said):
    client.force_login(customer)
    form = client.get(
        client.post(
            reverse("keep_time", args=[service.provider.slug, service.slug]), {"start": "2026-03-03T09:00:00Z"}
        ).url
    )
    service.duration_minutes = minutes
    service.save()

    changed = client.post(form_page, hidden_values(form) | {"note": "Left knee"})
    content = changed.content.decode()
    assert changed.status_code == 409
    assert f">{said}" in content
    assert ("The rest is open to others." in content) == (minutes > 60)
    assert "Keep it ten minutes longer" in content
    client.post(form_page, hidden_values(changed))

    assert Appointment.objects.get().minutes == minutes
    assert [hold.appointment_id for hold in Hold.objects.all()] == [Appointment.objects.get().pk]


def test_a_kept_time_that_became_too_long_is_not_said_to_be_kept(client, service, customer, form_page, book):
    book(start=TUESDAY_TEN + timedelta(hours=1), customer=UserFactory())
    client.force_login(customer)
    form = client.post(reverse("keep_time", args=[service.provider.slug, service.slug]), {"start": START})
    service.duration_minutes = 75
    service.save()

    content = client.get(form.url).content.decode()

    assert "can’t be booked. Appointments of this service don’t start at that minute." in content
    assert "kept for you until" not in content.lower()


@pytest.mark.parametrize("button", ["Another day", "Change"])
def test_another_day_keeps_what_was_typed(client, form_page, customer, book, button):
    client.force_login(customer)
    form = client.get(form_page, {"start": START, "tz": "Asia/Tokyo"})
    if button == "Another day":
        book(customer=UserFactory())
        form = client.post(form_page + "?tz=Asia/Tokyo", hidden_values(form))

    answer = press(client, form, button, note="Left knee")
    again = client.get(form_page, {"start": "2026-03-03T14:00:00Z"})

    assert answer.url.startswith("/providers/")
    assert answer.url.endswith("?start=2026-03-03T10%3A00%3A00Z&tz=Asia%2FTokyo")
    assert again.context["form"]["note"].value() == "Left knee"


def test_another_day_frees_no_time_that_another_tab_keeps(client, service, form_page, customer):
    client.force_login(customer)
    form = client.get(form_page, {"start": START})
    client.post(reverse("keep_time", args=[service.provider.slug, service.slug]), {"start": "2026-03-03T12:00:00Z"})

    press(client, form, "Change")

    assert Hold.objects.get().start == TUESDAY_TEN + timedelta(hours=2)


def test_the_form_of_what_was_booked_leads_to_it(client, form_page, customer, book):
    appointment = book().appointment
    client.force_login(customer)

    back = client.get(form_page, {"start": START}, follow=True)

    assert back.redirect_chain == [(reverse("appointment_done", args=[appointment.reference]), 302)]
    assert "You have already booked this time." in back.content.decode()
    assert "no longer open" not in back.content.decode()


def test_a_second_form_for_what_was_requested_leads_to_it_and_loses_nothing(client, form_page, customer, by_hand, book):
    client.force_login(customer)
    values = hidden_values(client.get(form_page, {"start": START})) | {"note": "Left knee"}
    appointment = book().appointment

    answer = client.post(form_page, values)

    assert answer.url == reverse("appointment_done", args=[appointment.reference])
    assert "You have already requested this time." in client.get(answer.url).content.decode()
    assert Appointment.objects.count() == 1
    assert client.get(form_page, {"start": "2026-03-03T14:00:00Z"}).context["form"]["note"].value() == "Left knee"


def test_a_time_that_is_gone_does_not_say_that_it_can_still_be_booked(client, form_page, customer, book):
    other = ServiceFactory(name="Cello lesson", duration_minutes=60)
    give_hours(other.provider, {1: [("09:00", "17:00")]})
    book(service=other)
    book(customer=UserFactory())
    client.force_login(customer)

    content = client.get(form_page, {"start": START}).content.decode()

    assert "is no longer open" in content
    assert "You can still book this one" not in content


@pytest.mark.parametrize(
    ("start", "cap", "said"),
    [
        ("2026-03-02T07:00:00Z", None, f"07:00 {CANNOT} That time is over."),
        ("2026-03-02T09:00:00Z", None, f"09:00 {CANNOT} That is too soon: Maya is booked at least 2 hours ahead."),
        ("2026-05-04T09:00:00Z", None, f"10:00 {CANNOT} {TOO_FAR}"),
        ("2026-03-07T10:00:00Z", None, f"10:00 {CANNOT} Maya is not open for all of that time."),
        ("2026-03-04T10:30:00Z", None, f"10:30 {CANNOT} Appointments of this service don’t start at that minute."),
        ("2026-03-03T11:00:00Z", 1, f"11:00 {CANNOT} Maya takes no more appointments on that day."),
        ("2026-03-03T10:00:00Z", None, "10:00 is no longer open."),
    ],
)
def test_a_time_that_is_not_open_is_answered_with_the_rule_in_its_way(
    client, service, customer, form_page, book, provider, start, cap, said
):
    book(customer=UserFactory())
    provider.policy.max_per_day = cap
    provider.policy.save()
    client.force_login(customer)

    answer = client.get(form_page, {"start": start})

    assert answer.status_code == 409
    assert f"<b>{said}</b> Your details are kept." in re.sub(r"</?time[^>]*>", "", answer.text)


def test_just_taken_is_said_of_a_time_that_somebody_took_at_this_moment(service, customer, book):
    book(customer=UserFactory())

    long_ago = holds.slot_taken(service, TUESDAY_TEN)
    at_this_moment = holds.slot_taken(service, TUESDAY_TEN, just_now=True)

    assert (str(long_ago), str(at_this_moment)) == ("That time is taken.", "That time was just taken.")
    assert long_ago.nearest == at_this_moment.nearest != []
