"""Adding dates to a running series: what follows, what is shown first, and what may not be added."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from appointments.exceptions import ChangedSince, PolicyRefused
from appointments.models import Appointment, AppointmentEvent, LeftOutDate, Series
from appointments.rules.recurrence import Rule
from appointments.rules.series import Outcome as Settled
from appointments.rules.series import SettledDate, rule_of
from appointments.services import booking, transitions
from appointments.services.proposals import propose_time
from appointments.services.series import end_several
from appointments.services.series_booking import Extension, book_series
from appointments.states import Frequency, LeftOut, Role, Status
from core import clock
from outbox.testing import deliver
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory
from tests.factories.series import book_series as book_starts
from tests.factories.series import weekly
from tests.invariants import check_all

from .conftest import TUESDAY_TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("far_ahead")]

WEEK, HOUR = timedelta(days=7), timedelta(hours=1)


@pytest.fixture
def service(provider):
    return ServiceFactory(provider=provider, duration_minutes=60, price=Decimal("40"), repeats=True, max_occurrences=12)


@pytest.fixture
def series(service, customer):
    """Three Tuesdays at ten."""
    book_starts(service, customer, weekly(TUESDAY_TEN, 3))
    return Series.objects.get()


@pytest.fixture
def address(series):
    return reverse("extend_series", args=[series.uuid])


def hidden_values(response):
    found = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', response.content.decode())
    found += re.findall(r'<input type="hidden" name="([\w-]+)" id="[^"]*" value="([^"]*)"', response.content.decode())
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def typed_values(response, **typed):
    form = response.context["form"]
    hidden = {field.html_name: field.value() for field in form.hidden_fields()}
    return hidden | {"count": "", "until": "", "note": ""} | typed


def shown_values(response):
    radios = re.findall(
        r'<input type="radio"[^>]* name="(pick-\d+)" value="([^"]*)" checked', response.content.decode()
    )
    return hidden_values(response) | dict(radios)


def add(client, address, **typed):
    """Add dates as somebody does who presses the button of each page; the last response."""
    preview = client.post(address, typed_values(client.get(address), **typed))
    assert preview.status_code == 200, preview.content.decode()
    return client.post(address, shown_values(preview) | {"do": "book"})


def extend(series, customer, *, count=2, after=None):
    """Add the next dates of the rule, all open, without the pages."""
    service = series.service
    service.provider = series.provider
    after = after or series.appointments.latest("occurrence").occurrence
    extension = Extension.of(series, after, now=clock.now())
    rule = rule_of(series)
    longer = Rule(rule.frequency, rule.first, rule.zone, count=after + count)
    dates = [SettledDate(one, Settled.OPEN, one.start) for one in extension.possible.occurrences[:count]]
    terms = booking.terms_of(service)
    return book_series(
        service=service,
        rule=longer,
        dates=dates,
        customer=customer,
        terms=terms,
        booking_key=uuid4().hex,
        extension=extension,
    )


# --- Through the pages ------------------------------------------------------------------------------------------------


def test_dates_go_on_from_the_next_one_by_the_same_rule_and_belong_to_the_series(signed_in, address, series):
    booked = add(signed_in, address, count="4")

    assert booked.url == reverse("my_series", args=[series.uuid])
    series.refresh_from_db()
    made = list(series.appointments.order_by("occurrence"))
    assert [one.occurrence for one in made] == [1, 2, 3, 4, 5, 6, 7]
    # Clocks change in London on 29 March.
    assert [one.start for one in made] == [TUESDAY_TEN + n * WEEK - timedelta(hours=n >= 4) for n in range(7)]
    assert (series.count, series.until) == (7, None)
    assert len(set(AppointmentEvent.objects.values_list("occasion", flat=True))) == 2
    page = signed_in.get(reverse("my_series", args=[series.uuid])).context["page"]
    assert page.rule_words == "Every Tuesday, 10:00 to 11:00, 7 times ahead, until Tue 14 April 2026"
    check_all()


def test_dates_are_added_until_a_date_which_is_the_end_of_the_rule_then(signed_in, address, series):
    add(signed_in, address, until="2026-04-07")

    series.refresh_from_db()
    assert (series.count, series.until) == (None, date(2026, 4, 7))
    assert series.appointments.count() == 6
    check_all()


def test_added_dates_have_the_price_of_the_day_and_the_others_keep_theirs(signed_in, address, series, service):
    service.price = Decimal("55")
    service.save()

    preview = signed_in.post(address, typed_values(signed_in.get(address), count="2"))
    assert preview.context["preview"].working == "2 × £55 = £110"
    signed_in.post(address, shown_values(preview) | {"do": "book"})

    assert list(series.appointments.order_by("occurrence").values_list("price", flat=True)) == [40, 40, 40, 55, 55]
    check_all()


def test_a_price_that_changed_meanwhile_is_shown_before_anything_is_added(signed_in, address, series, service):
    preview = signed_in.post(address, typed_values(signed_in.get(address), count="2"))
    service.price = Decimal("55")
    service.save()

    late = signed_in.post(address, shown_values(preview) | {"do": "book"})

    assert late.status_code == 409
    assert "2 × £55 = £110" in late.content.decode()
    assert series.appointments.count() == 3


def test_a_form_sent_twice_adds_its_dates_once(signed_in, address, series):
    preview = signed_in.post(address, typed_values(signed_in.get(address), count="4"))
    signed_in.post(address, shown_values(preview) | {"do": "book"})

    again = signed_in.post(address, shown_values(preview) | {"do": "book"}, follow=True)

    assert "This form was sent before" in again.content.decode()
    assert series.appointments.count() == 7


def test_a_second_tab_adds_nothing_to_dates_that_it_did_not_show(signed_in, address, series):
    first = signed_in.post(address, typed_values(signed_in.get(address), count="2"))
    second = signed_in.post(address, typed_values(signed_in.get(address), count="3"))
    signed_in.post(address, shown_values(first) | {"do": "book"})

    late = signed_in.post(address, shown_values(second) | {"do": "book"})

    assert late.url == address
    assert series.appointments.count() == 5


@pytest.mark.parametrize(
    "typed, error",
    [
        ({}, "Enter how many more, or a last date."),
        ({"count": "13"}, "Enter a whole number from 1 to 12."),
        ({"until": "2026-03-17"}, "Choose Tue 24 March 2026 or later: that is the next date."),
        ({"until": "2026-06-16"}, "Choose Tue 9 June 2026 or earlier: 12 are the most."),
    ],
)
def test_form_says_what_is_wrong_and_adds_nothing(signed_in, address, series, typed, error):
    response = signed_in.post(address, typed_values(signed_in.get(address), **typed))

    assert response.status_code == 422
    assert error in response.content.decode()
    assert series.appointments.count() == 3


def test_a_series_never_has_more_than_52_dates(signed_in, address, series, service):
    service.max_occurrences = 52
    service.save()

    page = signed_in.get(address)
    assert page.context["form"].most == 49
    add(signed_in, address, count="49")

    assert series.appointments.count() == 52
    full = signed_in.get(address, follow=True)
    assert "52 dates, and that is the most" in full.content.decode()
    assert full.context["page"].more == ""
    check_all()


def test_what_was_too_far_ahead_is_added_once_it_can_be_booked(signed_in, service, customer, provider):
    provider.policy.window_days = 30
    provider.policy.save()
    page = reverse("check_series", args=[provider.slug, service.slug])
    fields = booking_form(signed_in, service)
    preview = signed_in.post(page, fields | {"repeat": "weekly", "count": "6"})
    signed_in.post(page, shown_values(preview) | {"do": "book"})
    series = Series.objects.get()
    assert list(series.left_out.values_list("occurrence", "reason")) == [(6, LeftOut.WINDOW)]

    with time_machine.travel(TUESDAY_TEN + 2 * WEEK, tick=False):
        signed_in.force_login(customer)
        add(signed_in, reverse("extend_series", args=[series.uuid]), count="2")

    assert sorted(series.appointments.values_list("occurrence", flat=True)) == [1, 2, 3, 4, 5, 6, 7]
    assert not LeftOutDate.objects.exists()


def booking_form(client, service):
    values = {"start": f"{TUESDAY_TEN:%Y-%m-%dT%H:%M:%SZ}"}
    return typed_values(client.get(reverse("book", args=[service.provider.slug, service.slug]), values))


def test_a_series_of_somebody_else_is_not_found(client, address):
    client.force_login(UserFactory())

    assert client.get(address).status_code == 404
    assert client.post(address, {}).status_code == 404


@pytest.mark.parametrize("ended", ["stopped", "no longer repeats", "archived", "paused"])
def test_a_series_that_cannot_go_on_offers_no_dates(signed_in, address, series, service, customer, provider, ended):
    if ended == "stopped":
        end_several(appointments=list(series.appointments.all()), actor=customer, role=Role.CUSTOMER)
    elif ended == "no longer repeats":
        service.repeats = False
        service.save()
    elif ended == "archived":
        service.is_active = False
        service.save()
    else:
        provider.listing = "paused"
        provider.save()

    shown = signed_in.get(address, follow=True)

    assert shown.redirect_chain == [(reverse("my_series", args=[series.uuid]), 302)]
    assert shown.context["page"].more == ""


# --- In the services --------------------------------------------------------------------------------------------------


def test_dates_are_refused_where_others_were_added_meanwhile(series, customer):
    extend(series, customer)

    with pytest.raises(ChangedSince):
        extend(series, customer, after=3)

    assert series.appointments.count() == 5


def test_dates_are_refused_once_nothing_of_the_series_lies_ahead(series, customer):
    end_several(appointments=list(series.appointments.all()), actor=customer, role=Role.CUSTOMER)

    with pytest.raises(PolicyRefused, match="lies ahead"):
        extend(series, customer)


def test_all_series_of_a_customer_count_when_dates_are_added(series, customer, service):
    service.max_occurrences = 52
    service.save()
    book_starts(service, customer, weekly(TUESDAY_TEN + HOUR, 48))

    with pytest.raises(PolicyRefused, match="book 1 more now"):
        extend(series, customer)
    extend(series, customer, count=1)

    assert series.appointments.count() == 4
    check_all()


def test_dates_whose_time_is_over_are_left_out_where_the_last_one_was_moved_far_ahead(series, customer):
    """The third date is moved from 17 March to 5 May; on 2 April the fourth, of 24 March, can't be booked any more."""
    third = series.appointments.get(occurrence=3)
    third = Appointment.objects.with_people().get(pk=third.pk)
    propose_time(appointment=third, start=datetime(2026, 5, 5, 9, tzinfo=UTC), actor=customer, role=Role.CUSTOMER)

    with time_machine.travel(datetime(2026, 4, 2, 12, tzinfo=UTC), tick=False):
        extend(series, customer, count=1)

    assert list(series.left_out.values_list("occurrence", "reason")) == [(4, "soon"), (5, "soon")]
    assert series.appointments.latest("occurrence").start == datetime(2026, 4, 7, 9, tzinfo=UTC)


def test_each_side_is_told_of_the_added_dates_in_one_mail(series, customer):
    deliver("notifications.send_mail")
    mail.outbox.clear()

    extend(series, customer, count=4)
    deliver("notifications.send_mail")

    assert len(mail.outbox) == 2
    for message in mail.outbox:
        assert message.subject.startswith("Confirmed: 4 Tuesdays from 24 March, 10:00")
        [attached] = message.attachments
        assert attached[1].count("BEGIN:VEVENT") == 4


def test_dates_are_requested_where_the_provider_answers_by_hand(series, customer, by_hand):
    extend(series, customer)

    states = list(series.appointments.order_by("occurrence").values_list("status", flat=True))
    assert states == [Status.CONFIRMED] * 3 + [Status.REQUESTED] * 2


def test_months_without_the_day_are_told_from_the_last_date_on(signed_in, service, customer):
    """31 March and, instead of Sunday 31 May, 26 May; then 31 July."""
    book_starts(service, customer, [datetime(2026, 3, 31, 9, tzinfo=UTC), datetime(2026, 5, 26, 9, tzinfo=UTC)])
    Series.objects.update(frequency=Frequency.MONTHLY_DATE)
    series = Series.objects.get()
    address = reverse("extend_series", args=[series.uuid])

    preview = signed_in.post(address, typed_values(signed_in.get(address), count="1"))

    assert preview.context["preview"].notes == ("June 2026 has no 31st, so nothing is booked there.",)


def test_a_cancelled_last_date_is_not_offered_again(series, customer):
    last = series.appointments.get(occurrence=3)
    transitions.cancel_appointment(appointment=last, actor=customer, role=Role.CUSTOMER)

    extend(series, customer, count=1)

    assert sorted(series.appointments.values_list("occurrence", flat=True)) == [1, 2, 3, 4]


def test_dates_in_two_currencies_are_summed_apart_on_every_page(client, series, customer, provider, service):
    service.currency = "EUR"
    service.save()
    extend(Series.objects.with_people().get(), customer)

    client.force_login(customer)
    page = client.get(reverse("my_series", args=[series.uuid]))
    assert page.context["page"].still_to_come == "£120 and €80"
    assert page.context["page"].working == "3 × £40 and 2 × €40"
    for name in ("cancel_series", "move_series"):
        assert client.get(reverse(name, args=[series.uuid])).status_code == 200
    client.force_login(provider.user)
    for name in ("studio_series", "studio_cancel_series", "studio_move_series"):
        assert client.get(reverse(name, args=[series.uuid])).status_code == 200


def test_requests_in_two_currencies_are_answered(client, series, customer, provider, service, by_hand):
    service.currency = "EUR"
    service.save()
    extend(Series.objects.with_people().get(), customer)

    client.force_login(provider.user)
    assert client.get(reverse("answer_series", args=[series.uuid])).status_code == 200


def test_accepting_all_accepts_what_the_page_showed(client, service, customer, provider, by_hand):
    provider.policy.answer_minutes = 5000
    provider.policy.save()
    book_starts(service, customer, weekly(TUESDAY_TEN + WEEK, 3))
    series = Series.objects.with_people().get()
    client.force_login(provider.user)
    address = reverse("answer_series", args=[series.uuid])
    shown = client.get(address).context["shown"]
    extend(series, customer)

    answer = client.post(address, {"do": "accept-all", "shown": shown, "reason": ""}, follow=True)

    statuses = list(series.appointments.order_by("occurrence").values_list("status", flat=True))
    assert statuses == [Status.CONFIRMED] * 3 + [Status.REQUESTED] * 2
    said = [str(message) for message in answer.context["messages"]]
    assert said[1] == "2 more requests have joined since the page was opened, and still wait."


def test_declining_nothing_that_was_shown_declines_nothing(client, service, customer, provider, by_hand):
    book_starts(service, customer, weekly(TUESDAY_TEN + WEEK, 3))
    series = Series.objects.get()
    client.force_login(provider.user)

    answer = client.post(reverse("answer_series", args=[series.uuid]), {"do": "decline-all", "reason": ""})

    assert answer.status_code == 422
    assert set(series.appointments.values_list("status", flat=True)) == {Status.REQUESTED}


def test_dates_that_the_page_did_not_show_are_not_added(signed_in, customer, provider, service, series, address):
    """The first date to add is over when the button is pressed, so that the next ones would be others."""
    provider.policy.notice_minutes = 0
    provider.policy.save()
    third = Appointment.objects.with_people().get(series=series, occurrence=3)
    propose_time(appointment=third, start=datetime(2026, 3, 26, 10, tzinfo=UTC), actor=customer, role=Role.CUSTOMER)
    fourth = TUESDAY_TEN + 3 * WEEK
    with time_machine.travel(fourth - timedelta(minutes=1), tick=False):
        signed_in.force_login(customer)
        preview = signed_in.post(address, typed_values(signed_in.get(address), count="2"))
    assert [row.start for row in preview.context["preview"].rows] == [fourth, fourth + WEEK - HOUR]

    with time_machine.travel(fourth + timedelta(minutes=1), tick=False):
        signed_in.force_login(customer)
        again = signed_in.post(address, shown_values(preview) | {"do": "book"})
        assert again.status_code == 409
        assert series.appointments.count() == 3
        signed_in.post(address, shown_values(again) | {"do": "book"})

    added = series.appointments.filter(occurrence__gt=3).order_by("start").values_list("start", flat=True)
    assert list(added) == [row.start for row in again.context["preview"].rows]


# --- What lies beyond the booking window ------------------------------------------------------------------------------


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def window(provider, days):
    provider.policy.window_days = days
    provider.policy.save()


def test_where_the_next_date_lies_too_far_ahead_the_page_says_from_when_on_and_offers_no_button(
    signed_in, address, series, provider
):
    window(provider, 15)
    own = reverse("my_series", args=[series.uuid])

    page, sent_on = signed_in.get(own), signed_in.get(address)

    assert "The next date, Tue 24 March 2026, can be added from Mon 9 March 2026 on." in text_of(page)
    assert address not in page.content.decode()
    assert sent_on.url == own


def test_dates_that_reach_the_windows_end_are_proposed_and_one_alone_is_added(signed_in, address, series, provider):
    window(provider, 22)

    page, form = signed_in.get(reverse("my_series", args=[series.uuid])), signed_in.get(address)

    said = "1 date can be added now: Tue 24 March 2026. The next one can be added from Mon 9 March 2026 on."
    assert said in text_of(page)
    assert (said in text_of(form), form.context["form"].initial["count"]) == (True, 1)
    booked = add(signed_in, address, count="1")
    assert booked.url == reverse("my_series", args=[series.uuid])
    assert series.appointments.count() == 4
    check_all()


def test_a_page_of_dates_of_which_none_can_be_booked_has_no_button_and_says_so(signed_in, address, series, provider):
    values = typed_values(signed_in.get(address), count="2")
    window(provider, 15)

    page = signed_in.post(address, values)

    assert "None of these dates would be booked." in text_of(page)
    assert "at least 2 dates" not in text_of(page)
    assert 'value="book"' not in page.content.decode()
