"""The studio's pages of services, policies and the public profile."""

from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from providers.models import BookingPolicy, Confirmation, Listing, Provider, Service
from tests.factories.accounts import UserFactory
from tests.factories.providers import DateOverrideFactory, ProviderFactory, ServiceFactory
from tests.providers.pages import fields_of, send

pytestmark = pytest.mark.django_db

LISTS = ("studio_services", "studio_hours", "studio_overrides", "studio_policies", "studio_profile")


@pytest.fixture
def maya(client):
    provider = ProviderFactory(name="Maya Okafor", slug="maya-okafor")
    client.force_login(provider.user)
    return provider


@pytest.fixture
def service(maya):
    return ServiceFactory(provider=maya, name="First assessment", slug="first-assessment")


def words(response):
    return response.content.decode()


# --- Who may enter ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTS)
def test_a_customer_has_no_studio(client, name):
    client.force_login(UserFactory())

    assert client.get(reverse(name)).status_code == 404


@pytest.mark.parametrize("name", LISTS)
def test_a_draft_is_led_to_where_it_was_left(client, name):
    provider = ProviderFactory(listing=Listing.DRAFT)
    client.force_login(provider.user)

    assert client.get(reverse(name)).headers["Location"] == reverse("become_provider")


def test_another_providers_service_does_not_exist(client, service):
    client.force_login(ProviderFactory().user)

    for name in ("studio_service", "studio_service_delete"):
        assert client.get(reverse(name, args=[service.slug])).status_code == 404
    for name in ("studio_service", "studio_service_delete", "studio_service_pause", "studio_service_move"):
        assert client.post(reverse(name, args=[service.slug])).status_code == 404
    service.refresh_from_db()
    assert service.is_active


# --- Services ---------------------------------------------------------------------------------------------------------


def test_a_service_is_added(client, maya):
    answer = send(
        client,
        reverse("studio_service_new"),
        "price",
        name="Follow-up",
        duration_minutes="30",
        price="41.50",
        confirmation="by_hand",
    )

    assert answer.headers["Location"] == reverse("studio_services")
    service = Service.objects.get()
    assert (service.name, service.slug, service.price) == ("Follow-up", "follow-up", Decimal("41.50"))
    assert (service.currency, service.confirmation, service.is_active) == ("GBP", Confirmation.BY_HAND, True)
    page = words(client.get(reverse("studio_services")))
    assert "£41.50" in page
    assert "You answer each request" in page


def test_a_service_is_changed_and_its_address_stays(client, service):
    answer = send(client, reverse("studio_service", args=[service.slug]), "price", name="Assessment", price="60")

    assert answer.status_code == 302
    service.refresh_from_db()
    assert (service.name, service.slug, service.price) == ("Assessment", "first-assessment", 60)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"price": "58.505"}, "GBP has at most 2 digits after the point."),
        ({"price": "5800.50", "currency": "JPY"}, "JPY has no digits after the point."),
        ({"price": "-1"}, "Enter an amount of 0 or more."),
        ({"price": "1,5"}, "Enter an amount in figures, like 58 or 61.50."),
        ({"price": "1e3"}, "Enter an amount in figures, like 58 or 61.50."),
        ({"price": "NaN"}, "Enter an amount in figures, like 58 or 61.50."),
        ({"price": "Infinity"}, "Enter an amount in figures, like 58 or 61.50."),
        ({"price": "５８"}, "Enter an amount in figures, like 58 or 61.50."),
        ({"price": "99999999999"}, "Enter an amount below 1,000,000,000."),
        ({"price": ""}, "Enter the amount."),
        ({"currency": "XXX"}, "Choose one from the list."),
        ({"duration_minutes": "4"}, "Enter a whole number from 5 to 720."),
        ({"duration_minutes": "721"}, "Enter a whole number from 5 to 720."),
        ({"duration_minutes": "45.5"}, "Enter a whole number from 5 to 720."),
        ({"duration_minutes": "4_5"}, "Enter a whole number from 5 to 720."),
        ({"duration_minutes": "1e309"}, "Enter a whole number from 5 to 720."),
        ({"buffer_after_minutes": "-1"}, "Enter a whole number from 0 to 240."),
        ({"slot_interval_minutes": "0"}, "Enter a whole number from 5 to 720."),
        ({"pricing": "free"}, "Choose one from the list."),
        ({"name": "\u200b\u3164"}, "Enter the name."),
        ({"name": "a\x00b"}, "This has characters that can’t be used here. Please type it again without them."),
        ({"name": "a\u2028b"}, "Keep this on one line."),
        ({"name": "x" * 81}, "at most 80 characters"),
        ({"description": "x" * 601}, "at most 600 characters"),
    ],
)
def test_a_service_that_makes_no_sense_is_told_at_its_field(client, maya, typed, message):
    field = next(iter(typed))

    page = send(client, reverse("studio_service_new"), "price", **{"name": "Follow-up", "price": "58", **typed})

    assert page.status_code == 422
    assert "There is 1 thing to fix" in words(page)
    assert [
        message in error
        for error in page.context["form"].errors[field if field != "currency" or "price" not in typed else "price"]
    ] == [True]
    assert not Service.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7919*104729 }}{% debug %}",
        "=HYPERLINK(1)",
        "Hebrew שלום and عربي",
        "'; DROP TABLE providers_service;--",
        "%(name)s {0.__class__}",
    ],
)
def test_whatever_is_typed_is_text(client, maya, text):
    send(client, reverse("studio_service_new"), "price", name=text, price="58", description=text)

    service = Service.objects.get()
    assert (service.name, service.description) == (text, text)
    for address in (reverse("studio_services"), reverse("studio_service", args=[service.slug])):
        page = words(client.get(address))
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "829348951" not in page


def test_fields_that_are_not_the_forms_change_nothing(client, service):
    other = ProviderFactory()
    before = Service.objects.filter(pk=service.pk).values().get()

    send(
        client,
        reverse("studio_service", args=[service.slug]),
        "price",
        id="99",
        provider=str(other.pk),
        provider_id=str(other.pk),
        slug="free",
        position="9",
        is_active="",
        is_staff="on",
        status="confirmed",
    )

    assert Service.objects.filter(pk=service.pk).values().get() == before


def test_a_service_changed_in_another_tab_is_told(client, service):
    address = reverse("studio_service", args=[service.slug])
    old = fields_of(client.get(address), "price")
    client.post(address, {**old, "price": "60"})

    page = client.post(address, {**old, "price": "70"})

    assert page.status_code == 409
    assert "Nothing was saved." in words(page)
    assert "<dt>Amount</dt><dd>60</dd>" in words(page)
    again = fields_of(page, "price")
    assert again["price"] == ["70"]
    assert client.post(address, again).status_code == 302
    service.refresh_from_db()
    assert service.price == 70


def test_services_are_paused_resumed_moved_and_deleted(client, service, maya):
    ServiceFactory(provider=maya, name="Follow-up", slug="follow-up", position=1)

    def post(name, slug, **data):
        return client.post(reverse(name, args=[slug]), data).status_code

    assert post("studio_service_pause", "first-assessment") == 302
    assert "Paused" in words(client.get(reverse("studio_services")))
    assert post("studio_service_resume", "first-assessment") == 302
    assert post("studio_service_move", "follow-up", to="up") == 302
    assert [row.slug for row in maya.services.all()] == ["follow-up", "first-assessment"]
    assert client.get(reverse("studio_service_delete", args=["follow-up"])).status_code == 200
    assert maya.services.count() == 2
    assert post("studio_service_delete", "follow-up") == 302
    assert [row.slug for row in maya.services.all()] == ["first-assessment"]


def test_a_live_page_without_a_live_service_says_that_nobody_can_book(client, service):
    warning = "Nobody can book you: every service is paused."
    before = words(client.get(reverse("studio_services")))

    client.post(reverse("studio_service_pause", args=[service.slug]))

    assert warning not in before
    assert warning in words(client.get(reverse("studio_services")))


def test_a_service_of_a_paused_page_is_not_promised_to_customers(client, service, maya):
    Provider.objects.filter(pk=maya.pk).update(listing=Listing.PAUSED)

    page = words(client.post(reverse("studio_service_resume", args=[service.slug]), follow=True))

    assert "Customers can book it once your page is live again." in page


@pytest.mark.parametrize("verb", ["move", "pause", "resume"])
def test_a_link_changes_nothing(client, service, verb):
    assert client.get(reverse(f"studio_service_{verb}", args=[service.slug])).status_code == 405


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            "duration_minutes=45&pricing=hourly&price=84&currency=GBP",
            "45 min at £84 an hour is £63; 8 appointments are £504.",
        ),
        ("duration_minutes=90&pricing=fixed&price=5800&currency=JPY", "1 h 30 min costs ¥5,800."),
        ("duration_minutes=45&pricing=hourly&price=&currency=GBP", "Length, amount and currency make an example here."),
        ("price=NaN", "Length, amount and currency make an example here."),
    ],
)
def test_the_worked_example_follows_the_figures(client, maya, query, sentence):
    answer = client.get(f"{reverse('studio_service_example')}?{query}")

    assert words(answer).strip() == sentence


# --- Policies ---------------------------------------------------------------------------------------------------------


def test_policies_are_saved_and_read_as_customers_do(client, maya):
    answer = send(
        client,
        reverse("studio_policies"),
        "window_days",
        accepts_at_once="no",
        answer_minutes="1440",
        notice_minutes="720",
        window_days="30",
        cancellation_cutoff_minutes="1440",
        reschedule_cutoff_minutes="4320",
        max_per_day="6",
        max_open="1",
    )

    assert answer.status_code == 302
    page = words(client.get(reverse("studio_policies")))
    for sentence in (
        "Maya answers each request within 1 day. One without an answer ends by itself.",
        "Book at least 12 hours ahead, and at most 30 days ahead.",
        "Free to cancel until 1 day before the start. After that, only Maya can cancel it.",
        "Ask for another time until 3 days before the start. After that, only Maya can.",
        "Maya takes at most 6 appointments a day.",
        "Maya takes no more while 1 appointment lies ahead.",
    ):
        assert sentence in page
    policy = BookingPolicy.objects.get()
    assert (policy.accepts_at_once, policy.answer_minutes, policy.max_open) == (False, 1440, 1)
    assert policy.reschedule_cutoff_minutes == 4320


def test_a_length_set_elsewhere_stays_a_choice(client, maya):
    BookingPolicy.objects.update(notice_minutes=95)

    send(client, reverse("studio_policies"), "window_days", window_days="31")

    policy = BookingPolicy.objects.get()
    assert (policy.notice_minutes, policy.window_days) == (95, 31)


@pytest.mark.parametrize(
    "typed",
    [
        {"window_days": "366"},
        {"window_days": "0"},
        {"window_days": "１２"},
        {"max_per_day": "0"},
        {"notice_minutes": "-30"},
        {"notice_minutes": "31"},
        {"answer_minutes": ""},
        {"accepts_at_once": "maybe"},
    ],
)
def test_policies_that_make_no_sense_are_told_at_their_field(client, maya, typed):
    before = BookingPolicy.objects.values().get()

    page = send(client, reverse("studio_policies"), "window_days", **typed)

    assert page.status_code == 422
    assert list(page.context["form"].errors) == list(typed)
    assert BookingPolicy.objects.values().get() == before


def test_policies_changed_in_another_tab_are_told(client, maya):
    old = fields_of(client.get(reverse("studio_policies")), "window_days")
    client.post(reverse("studio_policies"), {**old, "window_days": "30"})

    page = client.post(reverse("studio_policies"), {**old, "window_days": "90", "accepts_at_once": "no"})

    assert page.status_code == 409
    assert "<dt>Days ahead</dt><dd>30</dd>" in words(page)
    assert BookingPolicy.objects.get().window_days == 30


# --- Public profile ---------------------------------------------------------------------------------------------------


def photo(size=(40, 30), name="me.png"):
    file = BytesIO()
    Image.new("RGB", size, "teal").save(file, "PNG")
    return SimpleUploadedFile(name, file.getvalue(), content_type="image/png")


def test_the_profile_is_saved_with_a_photo(client, maya):
    answer = send(client, reverse("studio_profile"), "trade", trade="Osteopath", about="Two\r\nlines", photo=photo())

    assert answer.status_code == 302
    maya.refresh_from_db()
    assert (maya.trade, maya.about, maya.slug) == ("Osteopath", "Two\nlines", "maya-okafor")
    maya.user.refresh_from_db()
    assert maya.user.photo.name.endswith(".webp")

    send(client, reverse("studio_profile"), "trade", **{"photo-clear": "on"})
    maya.user.refresh_from_db()
    assert not maya.user.photo


def test_what_is_no_photo_is_told_and_nothing_is_saved(client, maya):
    fake = SimpleUploadedFile("me.png", b"<svg onload=alert(1)>", content_type="image/png")

    page = send(client, reverse("studio_profile"), "trade", trade="Osteopath", photo=fake)

    assert page.status_code == 422
    assert list(page.context["form"].errors) == ["photo"]
    maya.refresh_from_db()
    assert maya.trade == "Physiotherapist"


def test_a_photo_that_is_too_large_is_refused_before_it_is_read(client, maya):
    large = SimpleUploadedFile("me.png", b"x" * 6_000_000, content_type="image/png")

    page = send(client, reverse("studio_profile"), "trade", trade="Osteopath", photo=large)

    assert page.status_code == 413
    assert "The photo is larger than 5 MB." in words(page)
    maya.refresh_from_db()
    assert maya.trade == "Physiotherapist"


def test_a_form_with_a_photo_is_protected_like_any_other(maya):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(maya.user)

    assert strict.post(reverse("studio_profile"), {"trade": "Osteopath"}).status_code == 403
    assert strict.post(reverse("become_provider_step", args=["about"]), {"trade": "Osteopath"}).status_code == 403


def test_fields_that_are_not_the_profiles_change_nothing(client, maya):
    before = Provider.objects.values().get()

    send(
        client,
        reverse("studio_profile"),
        "trade",
        user="1",
        slug="other",
        listing="hidden",
        live_since="2020-01-01",
        time_zone="Asia/Tokyo",
        steps_done="[]",
        is_staff="on",
    )

    assert Provider.objects.values().get() == before


def test_the_page_is_paused_and_resumed(client, maya, service):
    assert client.get(reverse("studio_page_pause")).status_code == 200
    assert client.post(reverse("studio_page_pause")).status_code == 302
    maya.refresh_from_db()
    assert maya.listing == Listing.PAUSED
    assert "Resume page" in words(client.get(reverse("studio_profile")))

    assert client.post(reverse("studio_page_resume")).status_code == 302
    maya.refresh_from_db()
    assert maya.listing == Listing.LIVE


def test_a_page_that_lost_its_hours_stays_paused_and_says_why(client, maya, service):
    maya.working_hours.all().delete()
    client.post(reverse("studio_page_pause"))

    client.post(reverse("studio_page_resume"))

    maya.refresh_from_db()
    assert maya.listing == Listing.PAUSED
    assert "Set at least one range of working hours." in words(client.get(reverse("studio_profile")))


# --- What a page costs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTS)
def test_lists_cost_the_same_for_one_row_and_for_many(client, maya, service, django_assert_num_queries, name):
    import datetime as dt

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    DateOverrideFactory(provider=maya, start_on=dt.date(2027, 1, 1))
    client.get(reverse(name))
    with CaptureQueriesContext(
        connection,
    ) as once:
        client.get(reverse(name))
    for n in range(20):
        ServiceFactory(provider=maya, position=n)
        DateOverrideFactory(provider=maya, start_on=dt.date(2027, 2, 1 + n))

    with django_assert_num_queries(len(once)):
        client.get(reverse(name))

    assert len(once) <= 8
