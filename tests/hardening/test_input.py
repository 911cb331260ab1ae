"""Numbers, dates, zones, names of fields and ids that nobody's form would send."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from appointments.models import Appointment, AppointmentEvent, Hold
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory
from tests.invariants import check_all

from .forms import START, book_address, booking_values

pytestmark = pytest.mark.django_db

NUMBERS = [
    "-1",
    "0",
    "1e309",
    "NaN",
    "-Infinity",
    "0.005",
    "99999999999",
    "1,5",
    "1e3",
    "５９",
    "9" * 400,
    "9" * 5000,
    "",
    " ",
]
MOMENTS = [
    "2026-02-30T10:00:00Z",
    "2026-03-03T24:00:00Z",
    "2026-03-03T10:00:60Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-12:00",
    "10000-01-01T00:00:00Z",
    "2026-03-03T10:00:00",
    "2026-03-03T10:00:00+99:99",
    "2026-03-29T01:30:00",
    "2026-03-03",
    "1772532000",
    "2026-W54-1T10:00:00Z",
    "2000-01-01T00:00:00Z",
    "2199-12-31T23:59:59Z",
    "2026-03-03T10:00:00.000001Z",
    "２０２６-03-03T10:00:00Z",
    "2026-03-03T10:00:00Z\x00",
    "\ud800",
    "x" * 5000,
    "",
]
ZONES = [
    "Nowhere/City",
    "europe/london",
    "../../etc/passwd",
    "/etc/passwd",
    "posixrules",
    "localtime",
    "EST5EDT",
    "Etc/GMT+5",
    "",
    "A" * 500,
    "Europe/Kiev",
    "Europe/London\x00",
    "\ud800",
    "<script>",
]
NAMES = [
    "id", "pk", "is_staff", "is_superuser", "user", "user_id", "customer", "customer_id", "provider", "provider_id",
    "service_id", "status", "end", "platform_fee", "fee", "fee_percent", "discount", "tip", "paid", "is_paid",
    "late_count", "google_id", "created", "created_at", "closed_at", "ended_by", "answer_by", "sequence", "uuid",
    "reference", "booking_key", "actor", "role", "history", "holds", "accepts_at_once", "confirmation", "is_active",
    "listing", "slug",
]  # fmt: skip


def text(value):
    """As it would travel: a lone surrogate as the bytes that Python would never send."""
    return value.encode("utf-8", "surrogatepass").decode("latin-1") if "\ud800" in value else value


@pytest.fixture
def address(service):
    return book_address(service)


@pytest.fixture
def values(me, service):
    return booking_values(me, service) | {"note": "Left knee"}


@pytest.mark.parametrize("name", ["price", "minutes"])
@pytest.mark.parametrize("number", NUMBERS)
def test_no_number_that_comes_back_is_believed(me, address, values, name, number):
    response = me.post(address, values | {name: number})

    assert response.status_code in {409, 422}
    assert not Appointment.objects.exists()
    assert "Left knee" in response.content.decode()


@pytest.mark.parametrize("key", ["key", "person"])
@pytest.mark.parametrize("value", ["", "1", "x" * 36, " " * 36, "00000000-0000-0000-0000-000000000000\x00", "9" * 5000])
def test_a_form_without_its_keys_is_asked_again(me, address, values, key, value):
    assert me.post(address, values | {key: value}).status_code in {409, 422}
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("currency", ["", "EUR", "gbp", "GBPGBP", "\x00", "€€€"])
def test_another_currency_books_nothing(me, address, values, currency):
    assert me.post(address, values | {"currency": currency}).status_code in {409, 422}
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_start_that_is_none_books_and_keeps_nothing(me, service, address, values, moment):
    keep = reverse("keep_time", args=[service.provider.slug, service.slug])
    longer = reverse("extend_time", args=[service.provider.slug, service.slug])

    answers = [
        me.post(address, values | {"start": text(moment)}),
        me.post(address, {"pick": text(moment), "note": "Left knee"}),
        me.get(address, {"start": text(moment)}),
        me.post(keep, {"start": text(moment), "day": text(moment), "tz": text(moment)}),
        me.post(longer, {"start": text(moment)}),
        me.get(reverse("provider_service", args=[service.provider.slug, service.slug]), {"start": text(moment)}),
    ]

    assert {answer.status_code for answer in answers} <= {200, 302, 400, 409, 422}
    assert (Appointment.objects.count(), Hold.objects.count()) == (0, 0)


@pytest.mark.parametrize("zone", ZONES)
def test_a_zone_that_is_none_shows_the_same_instants(me, calm, service, zone):
    page = reverse("provider_service", args=[service.provider.slug, service.slug])
    zone = zone.replace("\x00", "")  # an address with NUL is refused as a whole
    with_it = me.get(page, {"tz": text(zone), "day": "2026-03-03"})
    me.cookies["tz"] = text(zone)
    by_cookie = me.get(page, {"day": "2026-03-03"})

    starts = [
        [time.start for _, times in each.context["picker"].groups for time in times] for each in (with_it, by_cookie)
    ]
    assert with_it.status_code == by_cookie.status_code == 200
    assert sorted(starts[0]) == sorted(starts[1]) != []
    assert me.get(book_address(service), {"start": START, "tz": text(zone)}).status_code == 200


@pytest.mark.parametrize("zone", [zone for zone in ZONES if zone != "Europe/Kiev"])
def test_a_zone_that_is_none_is_not_stored(me, customer, zone):
    assert me.post(reverse("settings_zone"), {"time_zone": text(zone), "zone": text(zone)}).status_code in {400, 422}
    customer.refresh_from_db()
    assert customer.time_zone == "Europe/London"


@pytest.mark.parametrize("zone", ["Nowhere/City", "../../etc/passwd", "posixrules", "A" * 60])
def test_a_zone_stored_by_hand_that_nobody_knows_breaks_no_page(me, book, customer, provider, zone):
    appointment = book().appointment
    type(customer).objects.filter(pk=customer.pk).update(time_zone=zone)
    type(provider).objects.filter(pk=provider.pk).update(time_zone=zone)

    pages = ["home", "my_appointments", "settings_preferences"]
    answers = [me.get(reverse(name)).status_code for name in pages]
    answers.append(me.get(reverse("my_appointment", args=[appointment.reference])).status_code)
    answers.append(me.get(reverse("appointment_ics", args=[appointment.reference])).status_code)
    answers.append(me.get(reverse("provider_page", args=[provider.slug])).status_code)
    answers.append(me.get(reverse("search"), {"tz": zone}).status_code)

    assert set(answers) == {200}


def everything(model):
    return list(model.objects.order_by("pk").values())


def test_forty_names_that_are_not_the_forms_change_nothing_of_a_booking(me, address, values, customer, service):
    stranger = UserFactory()
    extra = dict.fromkeys(NAMES, str(stranger.pk))

    me.post(f"{address}?status=completed&customer={stranger.pk}", extra | values)

    one = Appointment.objects.get()
    assert (one.customer, one.provider, one.service) == (customer, service.provider, service)
    assert (one.status, one.price, one.platform_fee, one.sequence, one.closed_at) == (
        "confirmed",
        58,
        Decimal("4.35"),
        0,
        None,
    )
    assert one.booking_key == values["key"] and one.reference != str(stranger.pk)
    customer.refresh_from_db()
    assert not customer.is_staff and not customer.is_superuser
    check_all()


@pytest.mark.parametrize("name", ["cancel_appointment", "withdraw_request"])
def test_forty_names_change_nothing_of_what_a_customer_presses(me, request, name):
    if name == "withdraw_request":
        request.getfixturevalue("by_hand")
    one = request.getfixturevalue("book")().appointment
    stranger = UserFactory()
    before = Appointment.objects.values().get()

    me.post(reverse(name, args=[one.reference]), dict.fromkeys(NAMES, str(stranger.pk)) | {"seen": "0"})

    changed = {field: value for field, value in Appointment.objects.values().get().items() if value != before[field]}
    withdrawn = {"was_withdrawn"} if name == "withdraw_request" else set()
    assert changed.keys() == {"status", "sequence", "closed_at", "ended_by", "refund", "fee_due"} | withdrawn
    assert changed["status"] == "cancelled" and changed["ended_by"] == "customer"
    check_all()


def test_forty_names_change_nothing_of_what_a_provider_presses(calm, book, by_hand):
    one = book().appointment
    calm.force_login(one.provider.user)
    before = Appointment.objects.values().get()

    calm.post(reverse("accept_request", args=[one.reference]), dict.fromkeys(NAMES, "1"))

    changed = {field: value for field, value in Appointment.objects.values().get().items() if value != before[field]}
    agreed_at = Appointment.objects.get().history.latest("at").at
    assert changed == {"status": "confirmed", "sequence": 1, "agreed_at": agreed_at}
    check_all()


LISTS = ["my_appointments", "search", "studio_requests", "studio_customers", "studio_earnings"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        *(
            {"page": page}
            for page in ["0", "-1", "1000000000", "NaN", "9" * 400, "9" * 5000, "1e3", "１", "\x00x", "last"]
        ),
        {"size": "1000000", "per_page": "-1", "limit": "0"},
        {"sort": "customer__password", "ordering": "-customer__email", "o": "password"},
        {"q": "(a+)+$" * 3, "customer__password__regex": ".*"},
        {"q": "x" * 20_000},
        {"q": "%_\\'\"--;"},
        {"tab": "history", "page": "2", "year": "９999", "provider": "-1", "status": "x", "service": "9" * 400},
    ],
)
def test_no_page_number_order_or_search_breaks_a_list(calm, book, provider, name, query):
    book()
    calm.force_login(provider.user)

    answer = calm.get(reverse(name), {key: value.replace("\x00", "") for key, value in query.items()})

    assert answer.status_code in {200, 302, 400, 404, 422}


def body(answer):
    """Status and text, without the token that is another in each answer."""
    return answer.status_code, re.sub(r'"csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())


@pytest.mark.parametrize(
    "name",
    [
        "appointment_done",
        "my_appointment",
        "cancel_appointment",
        "withdraw_request",
        "appointment_ics",
        "studio_appointment",
        "studio_request",
        "studio_cancel",
        "decline_request",
    ],
)
def test_what_is_not_yours_reads_like_what_does_not_exist(calm, book, name):
    one = book().appointment
    stranger = UserFactory()
    calm.force_login(stranger)
    if name.startswith(("studio", "decline")):
        calm.force_login(ProviderFactory().user)
    unknown = next(text for text in ("K7QFMR2W", "K7QFMR2X") if text != one.reference)

    theirs, nobodys = (body(calm.get(reverse(name, args=[reference]))) for reference in (one.reference, unknown))

    assert theirs == nobodys
    assert theirs[0] == 404


@pytest.mark.parametrize(
    "wrong",
    [
        str.lower,
        lambda r: f"{{{r}}}",
        lambda r: f"urn:uuid:{r}",
        lambda r: f" {r}",
        lambda r: r + "%00",
        lambda r: r + "%0a",
        lambda r: "1",
        lambda r: "%20" * 36,
        lambda r: "00000000-0000-0000-0000-000000000000",
        lambda r: r[:-1],
        lambda r: r + "A",
        lambda r: "Ａ" + r[1:],
    ],
)
def test_a_reference_written_in_another_way_is_none(me, book, wrong):
    one = book().appointment

    for page in ("my/appointments/{}/", "appointments/{}/done/", "my/appointments/{}/calendar.ics"):
        assert me.get("/" + page.format(wrong(one.reference))).status_code in {400, 404}
    assert AppointmentEvent.objects.count() == 1


@pytest.mark.parametrize("customer_id", ["00000000-0000-0000-0000-000000000000", "1", "{}", "x" * 36])
def test_a_providers_page_of_nobody_is_404(calm, provider, customer_id):
    calm.force_login(provider.user)

    assert calm.get(f"/studio/customers/{customer_id}/").status_code == 404


def test_a_customer_of_somebody_else_reads_like_nobody(calm, book, customer):
    book()
    calm.force_login(ProviderFactory().user)
    nobody = "11111111-1111-4111-8111-111111111111"

    theirs, nobodys = (body(calm.get(f"/studio/customers/{uuid}/")) for uuid in (customer.uuid, nobody))

    assert theirs == nobodys
    assert theirs[0] == 404


@pytest.mark.parametrize(
    "address",
    [
        "appointments/appointment/?start__year=99999999999",
        "appointments/appointment/?start__year=" + "9" * 400,
        "outbox/message/?created_at__year=0",
        "providers/provider/?created_at__year=99999999999",
        "providers/provider/{provider.pk}/change/?_to_field=",
    ],
)
def test_no_address_of_the_admin_breaks_it(calm, provider, address):
    calm.force_login(UserFactory(is_staff=True, is_superuser=True))

    assert calm.get(reverse("admin:index") + address.format(provider=provider)).status_code == 400


def test_a_fault_of_ours_in_the_admin_is_not_blamed_on_its_address(calm, monkeypatch):
    def broken(*args):
        raise ValueError

    calm.force_login(UserFactory(is_staff=True, is_superuser=True))
    monkeypatch.setattr("appointments.admin.AppointmentAdmin.get_queryset", broken)

    assert calm.get(reverse("admin:appointments_appointment_changelist")).status_code == 500
