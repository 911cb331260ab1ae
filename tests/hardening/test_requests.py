"""Requests that no browser of an honest person sends: verbs, bodies, headers, hosts, redirects. Never a 5xx."""

import re
from http.cookies import SimpleCookie
from io import BytesIO
from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth import get_user
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Session, User
from appointments.models import Appointment, AppointmentEvent, Hold
from config.wsgi import application
from outbox.models import Message
from tests.access.patterns import all_patterns
from tests.access.table import all_rows
from tests.access.world import World
from tests.accounts.google import google

from .forms import START, book_address, booking_values

pytestmark = pytest.mark.django_db
__all__ = ["google"]


def state():
    """What a refused request must leave as it was."""
    return [list(model.objects.order_by("pk").values()) for model in (Appointment, AppointmentEvent, Hold, Message)]


@pytest.fixture
def actions(request):
    """(client, address, form) of every button on an appointment that is there to be pressed."""
    calm, customer = request.getfixturevalue("calm"), request.getfixturevalue("customer")
    request.getfixturevalue("by_hand")
    one = request.getfixturevalue("book")().appointment
    provider, theirs = one.provider, Client(raise_request_exception=False)
    calm.force_login(customer)
    theirs.force_login(provider.user)
    names = ["accept_request", "decline_request", "complete_appointment", "mark_no_show", "correct_outcome"]
    found = [
        (calm, reverse("withdraw_request", args=[one.reference]), {}),
        (calm, reverse("cancel_appointment", args=[one.reference]), {"seen": "0"}),
        *((theirs, reverse(name, args=[one.reference]), {"to": "no_show"}) for name in names),
        (theirs, reverse("accept_requests"), {"request": one.reference}),
        (theirs, reverse("studio_cancel", args=[one.reference]), {}),
        (calm, book_address(one.service), booking_values(calm, one.service, "2026-03-03T12:00:00Z")),
        (calm, reverse("keep_time", args=[provider.slug, one.service.slug]), {"start": "2026-03-03T12:00:00Z"}),
    ]
    return found


@pytest.mark.parametrize("verb", ["get", "head", "options", "trace", "put", "patch", "delete"])
def test_nothing_changes_but_by_post(actions, verb):
    before = state()

    answers = [getattr(client, verb)(address, form).status_code for client, address, form in actions if verb != "trace"]
    answers += [client.trace(address).status_code for client, address, _ in actions if verb == "trace"]

    assert set(answers) <= {200, 302, 405, 409}
    assert state() == before
    if verb in {"trace", "put", "patch", "delete"}:
        assert set(answers) == {405}


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_no_header_turns_one_verb_into_another(actions, header):
    before = state()

    for client, address, form in actions:
        assert client.get(address, form, headers={header: "POST"}).status_code < 500
        assert client.get(address, {**form, "_method": "POST"}).status_code < 500
    assert state() == before


@pytest.mark.any_database
def test_a_body_that_is_no_form_presses_no_button(actions):
    before = state()

    answers = {
        (kind, sent): [
            client.generic("POST", address, sent, CONTENT_TYPE=kind).status_code for client, address, _ in actions
        ]
        for kind in ("application/json", "text/plain", "application/xml", "text/html", "nonsense")
        for sent in (b"{}", b"", b"[]", b"null", b"<a/>", b"\xff\xfe{\x00}\x00")
    }

    assert {asked: each for asked, each in answers.items() if set(each) != {415}} == {}
    assert state() == before


def ask_the_server(client, method, address, sent=b"", **headers):
    """The status of an answer that came the way a web server asks, without the test client's own request."""
    path, _, query = address.partition("?")
    environ = client._base_environ(
        REQUEST_METHOD=method,
        PATH_INFO=path,
        QUERY_STRING=query,
        CONTENT_LENGTH=str(len(sent)),
        **{"wsgi.input": BytesIO(sent)},
        **headers,
    )
    found = []
    with mock.patch.object(connection, "close_if_unusable_or_obsolete"):  # it is the test's own
        application(environ, lambda status, headers: found.append(int(status[:3]))).close()
    return found[0]


CHARSETS = ["hex", "rot13", "utf-7", "utf-16", "unicode_escape", "idna", "punycode", "latin-1", "nonsense", "\x00",
            "x" * 999]  # fmt: skip


@pytest.mark.any_database
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/html"])
def test_another_charset_than_utf_8_is_refused(actions, kind):
    before, pages = state(), ("/", "/providers/", reverse("account_login"))
    query = "q=%5cud800+%2bAA-&start=1&" + "a=&" * 600

    answers = {}
    for charset in CHARSETS:
        header = f"{kind}; charset={charset}"
        answers[charset] = [
            ask_the_server(client, "POST", address, b"reason=%5cud800", CONTENT_TYPE=header)
            for client, address, _ in actions
        ]
        answers[charset] += [
            ask_the_server(actions[0][0], "GET", f"{page}?{query}", CONTENT_TYPE=header) for page in pages
        ]

    assert {charset: each for charset, each in answers.items() if set(each) != {415}} == {}
    assert state() == before


def test_utf_8_by_any_of_its_names_is_fine(actions):
    client, address, _ = actions[0]

    for name in ("UTF-8", "utf8", '"utf-8"'):
        header = f"application/x-www-form-urlencoded; charset={name}"
        assert ask_the_server(client, "POST", reverse("settings_zone"), b"", CONTENT_TYPE=header) in {302, 400, 403}


@pytest.mark.parametrize(
    "sent",
    [
        b"%ff=%ff&reason=%ff%fe&note=%ed%a0%80&start=%ed%a0%80",
        b"reason=%00&note=a%00b&name=%00&price=%00&key=%00",
        b"&&&===&=&;;;",
        b"__proto__=1&constructor[prototype]=1&reason[]=1",
        b"reason=" + b"x" * 900_000,
        b"a=" * 2_000,
        b"csrfmiddlewaretoken=%00",
    ],
)
def test_a_broken_body_is_at_most_refused(actions, sent):
    form = "application/x-www-form-urlencoded"

    answers = [client.post(address, sent, content_type=form).status_code for client, address, _ in actions]

    assert all(status < 500 for status in answers)
    assert all("\x00" not in event.reason and "\ud800" not in event.reason for event in AppointmentEvent.objects.all())


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_three_megabytes_are_refused_and_change_nothing(actions, kind):
    before = state()
    sent = b"reason=" + b"x" * 3_000_000
    if "multipart" in kind:
        sent = b'--x\r\nContent-Disposition: form-data; name="reason"\r\n\r\n' + sent + b"\r\n--x--\r\n"
    token = "k" * 32
    answers = []
    for client, address, _ in actions:
        client.handler.enforce_csrf_checks = True
        client.cookies[settings.CSRF_COOKIE_NAME] = token
        answers.append(client.post(address, sent, content_type=kind, headers={"X-CSRFToken": token}).status_code)

    assert set(answers) == {413}
    assert state() == before


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"nonsense", "multipart/form-data"),
        (b"nonsense", "multipart/form-data; boundary="),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="\x00"\r\n\r\n\xff\r\n--x--', "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: form-data; name=a\r\n\r\n!\r\n--x--",
         "multipart/form-data; boundary=x"),
    ],
)  # fmt: skip
def test_a_broken_multipart_body_is_at_most_refused(actions, sent, kind):
    assert all(client.post(address, sent, content_type=kind).status_code < 500 for client, address, _ in actions)


# --- What can't be read, and what never ends --------------------------------------------------------------------------

FIELDS = "&".join(["a="] * 600)
PATTERNS = {pattern.name: pattern for pattern in all_patterns()}


@pytest.fixture
def addresses():
    """Every address of a page, some that are none among them; for programs see tests/api/test_every_call.py."""
    world = World()
    pages = [row for row in all_rows() if row.sends != "json"]
    found = [row.path or PATTERNS[row.name].address(row.args(world)) for row in pages]
    return [*found, "/accounts/no-such-page/", "/accounts/no/such/page", "/no-such-page/"]


@pytest.mark.any_database
@pytest.mark.parametrize("role", ["V", "C"])
def test_more_query_fields_than_are_read_are_refused_at_every_address(calm, customer, addresses, role):
    if role == "C":
        calm.force_login(customer)

    answers = {address: calm.get(f"{address}?{FIELDS}") for address in addresses}

    assert {address: answer.status_code for address, answer in answers.items() if answer.status_code != 400} == {}
    assert "We could not read that address" in answers[reverse("account_login")].text


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (FIELDS.encode(), "application/x-www-form-urlencoded"),
        (b"nonsense", "multipart/form-data"),
        (
            b"".join(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' for _ in range(600))
            + b"--x--\r\n",
            "multipart/form-data; boundary=x",
        ),
    ],
    ids=["fields", "broken", "parts"],
)
@pytest.mark.parametrize("checked", [True, False], ids=["with its key checked", "unchecked"])
def test_a_form_that_cannot_be_read_breaks_no_address(addresses, sent, kind, checked):
    client = Client(raise_request_exception=False, enforce_csrf_checks=checked)

    answers = {address: client.post(address, sent, content_type=kind).status_code for address in addresses}

    assert {address: status for address, status in answers.items() if status >= 500} == {}


class NeverRead(BytesIO):
    def read(self, *args):
        raise AssertionError("somebody read the body")

    readline = read


@pytest.mark.any_database
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_far_too_long_is_refused_at_every_address_before_anything_is_read(calm, addresses, kind):
    told = {"CONTENT_LENGTH": "200000000", "CONTENT_TYPE": kind, "wsgi.input": NeverRead()}

    answers = {address: calm.post(address, **told) for address in addresses}

    by_status = {}
    for address, answer in answers.items():
        by_status.setdefault(answer.status_code, set()).add(address)
    signs_in = {reverse("settings_photo"), reverse("studio_profile"), reverse("become_provider_step", args=["about"])}
    assert by_status.pop(404) == set(addresses[-3:])
    assert by_status.pop(302) == signs_in
    assert by_status.keys() == {413}
    assert "That was too much at once" in answers[reverse("account_login")].text


def test_one_byte_more_than_a_form_may_have_is_refused(calm):
    form = {"content_type": "application/x-www-form-urlencoded"}
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    answers = [calm.post(reverse("account_login"), b"a=" + b"x" * (most - 2 + more), **form) for more in (0, 1)]

    assert [answer.status_code for answer in answers] == [422, 413]


# --- Names, cookies ---------------------------------------------------------------------------------------------------


def test_a_name_sent_twice_books_once_and_what_is_shown(me, service):
    values = booking_values(me, service)
    twice = "&".join(f"{name}={value}&{name}={value}" for name, value in values.items())
    other = twice + "&start=2026-03-03T12:00:00Z"

    me.post(book_address(service), twice, content_type="application/x-www-form-urlencoded")
    me.post(book_address(service), other, content_type="application/x-www-form-urlencoded")

    assert [one.start.isoformat() for one in Appointment.objects.all()] == ["2026-03-03T10:00:00+00:00"]


# --- Cookies and sessions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    ['"abcdefgh\\000ijklmnop"', "x" * 4000, "'; drop table", "\ud800", "", "null", "a" * 32, '"\\377\\376"', "../../x"],
)
@pytest.mark.parametrize(
    "name", [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "tz", "zones", "messages", "theme"]
)
def test_no_cookie_breaks_a_page(service, name, value):
    client = Client(raise_request_exception=False)
    header = f"{name}={value.encode('utf-8', 'surrogatepass').decode('latin-1')}"

    for address in ("/", reverse("my_appointments"), book_address(service) + f"?start={START}", "/providers/"):
        assert client.get(address, HTTP_COOKIE=header).status_code in {200, 302, 400}
    assert client.post(reverse("account_login"), {"login": "a@example.com"}, HTTP_COOKIE=header).status_code < 500


def test_a_session_given_from_outside_is_not_the_one_that_signs_in(customer):
    client = Client()
    client.get(reverse("account_login"))
    client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: "given" * 7})
    session = client.session
    session["browser"] = "planted"
    session.save()
    before = session.session_key

    client.cookies[settings.SESSION_COOKIE_NAME] = before
    answer = client.post(reverse("account_login"), {"login": customer.email, "password": "correct horse battery"})

    assert answer.status_code == 302
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert not Session.objects.filter(session_key=before).exists()


def test_a_session_that_was_deleted_is_a_visitor(me, service):
    values = booking_values(me, service)
    Session.objects.all().delete()

    assert me.get(reverse("my_appointments")).status_code == 302
    assert me.post(book_address(service), values).url.startswith(reverse("account_login"))
    assert not Appointment.objects.exists()


def test_a_person_who_was_closed_is_a_visitor_at_the_next_request(me, book, customer, service):
    one = book().appointment
    values = booking_values(me, service, "2026-03-03T12:00:00Z")
    User.objects.filter(pk=customer.pk).update(is_active=False)

    assert me.get(reverse("my_appointment", args=[one.reference])).status_code == 302
    assert me.post(book_address(service), values).url.startswith(reverse("account_login"))
    assert me.post(reverse("cancel_appointment", args=[one.reference]), {"seen": "0"}).status_code == 302
    assert list(Appointment.objects.values_list("status", flat=True)) == ["confirmed"]


# --- Hosts ------------------------------------------------------------------------------------------------------------

HOSTS = [
    "evil.example",
    "testserver.evil.example",
    "evil.example:80",
    "testserver@evil.example",
    "x" * 300,
    "",
    "a b",
    "[::1",
    "testserver:port",
]


@pytest.mark.parametrize("host", HOSTS)
def test_a_foreign_host_is_refused(calm, service, host):
    for address in ("/", "/providers/", reverse("account_login"), book_address(service), "/nowhere/"):
        answer = calm.get(address, HTTP_HOST=host)
        assert answer.status_code == 400
        assert not host or host not in answer.content.decode()


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "X-Original-Host", "Forwarded"])
def test_a_forwarded_host_gets_into_no_page(calm, service, header):
    value = "host=evil.example" if header == "Forwarded" else "evil.example"
    for address in ("/", reverse("account_login"), book_address(service) + f"?start={START}"):
        answer = calm.get(address, headers={header: value})
        assert answer.status_code in {200, 302}
        assert "evil.example" not in answer.content.decode() + answer.get("Location", "")


# --- Redirects --------------------------------------------------------------------------------------------------------

AWAY = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "https:evil.example",
    "https:///evil.example",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/",
    "http://evil.example\\@testserver/",
    "javascript:alert(1)",
    "data:text/html,x",
    "%2f%2fevil.example",
    "/%09/evil.example",
    "http://evil.example/\x00",
    "/x\r\nLocation: http://evil.example/",
]


def assert_stays(answer):
    """The redirect, if any, is to a path of ours; nothing in the page leads away."""
    assert answer.status_code < 500
    target = answer.get("Location", "")
    assert "\n" not in target and "\r" not in target
    assert re.match(r"/(?![/\\\t])", target) or urlsplit(target).netloc == "testserver" or not target, target
    assert 'href="//evil' not in answer.content.decode() and 'href="javascript:' not in answer.content.decode()


@pytest.mark.parametrize("away", AWAY)
def test_every_next_stays_here(calm, customer, away):
    calm.force_login(customer)
    signed_in = [
        calm.get(reverse("account_login"), {"next": away.replace("\x00", "")}),
        calm.post(reverse("settings_zone"), {"time_zone": "Europe/Paris", "zone": "Europe/Paris", "next": away}),
        calm.post(reverse("settings_zone"), {"zone": "Europe/Paris"}, headers={"Referer": away.replace("\x00", "")}),
        calm.post(reverse("account_logout"), {"next": away}),
    ]
    visitor = [
        calm.get(reverse("account_login"), {"next": away.replace("\x00", "")}),
        calm.get(reverse("account_signup"), {"next": away.replace("\x00", "")}),
        calm.post(
            reverse("account_login"), {"login": customer.email, "password": "correct horse battery", "next": away}
        ),
    ]

    for answer in signed_in + visitor:
        assert_stays(answer)


@pytest.mark.parametrize("away", AWAY)
def test_the_way_back_from_google_stays_here(calm, google, away):
    assert_stays(google.sign_in(calm, next=away))

    assert get_user(calm).is_authenticated
    assert_stays(calm.post(reverse("google_login"), {"next": away}))


@pytest.mark.parametrize("away", AWAY)
def test_a_refused_sign_in_with_google_leads_nowhere_else(calm, google, away):
    state = google.go(calm, next=away)["state"]

    refused = calm.get(reverse("google_callback"), {"state": state, "error": "access_denied"})

    assert refused.status_code == 403
    assert_stays(refused)


@pytest.mark.parametrize("away", AWAY)
def test_every_zone_and_time_that_travels_stays_here(calm, customer, service, away):
    page = [service.provider.slug, service.slug]
    plain = away.replace("\x00", "")
    answers = [
        calm.get(book_address(service), {"tz": plain}),
        calm.get(book_address(service), {"start": START, "tz": plain}),
        calm.post(reverse("keep_time", args=page), {"start": START, "tz": away, "day": away}),
        calm.post(reverse("keep_time", args=page), {"start": "", "tz": away, "day": away}),
        calm.post(reverse("extend_time", args=page) + "?tz=%2f%2fevil.example", {"start": away, "next": away}),
        calm.post(reverse("release_time", args=page) + "?tz=%2f%2fevil.example", {"start": away, "next": away}),
        calm.get(reverse("provider_page", args=[service.provider.slug]), {"tz": plain, "service": plain}),
        calm.get("/providers/", {"tz": plain, "q": plain, "sort": plain, "page": "1"}),
    ]

    for answer in answers:
        assert_stays(answer)


# --- Caches and headers -----------------------------------------------------------------------------------------------


def test_no_private_page_is_kept(me, book):
    reference = book().appointment.reference
    addresses = [
        reverse(name, args=args)
        for name, args in [
            ("my_appointments", []),
            ("my_appointment", [reference]),
            ("appointment_done", [reference]),
            ("cancel_appointment", [reference]),
            ("appointment_ics", [reference]),
            ("settings_profile", []),
            ("settings_security", []),
            ("home", []),
        ]
    ]

    assert {address: "no-store" in me.get(address).get("Cache-Control", "") for address in addresses} == dict.fromkeys(
        addresses, True
    )


def test_a_studios_pages_are_not_kept(calm, book):
    one = book().appointment
    calm.force_login(one.provider.user)
    names = [("studio_today", []), ("studio_requests", []), ("studio_appointment", [one.reference]),
             ("studio_customers", []), ("studio_customer", [one.customer.uuid]), ("studio_hours", [])]  # fmt: skip

    for name, args in names:
        answer = calm.get(reverse(name, args=args))
        assert (name, answer.status_code, "no-store" in answer.get("Cache-Control", "")) == (name, 200, True)


def test_twenty_presses_one_after_the_other_book_once(me, service):
    values = booking_values(me, service)

    answers = {me.post(book_address(service), values).url for _ in range(20)}

    assert answers == {reverse("appointment_done", args=[Appointment.objects.get().reference])}
    assert (AppointmentEvent.objects.count(), Hold.objects.count()) == (1, 1)


def test_a_press_without_its_key_from_the_site_is_refused(customer, service, book):
    one = book().appointment
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(customer)

    for address in (
        reverse("cancel_appointment", args=[one.reference]),
        reverse("account_logout"),
        reverse("settings_zone"),
        book_address(service),
        reverse("keep_time", args=[service.provider.slug, service.slug]),
    ):
        assert client.post(address, {"seen": "0"}).status_code == 403
    assert list(Appointment.objects.values_list("status", flat=True)) == ["confirmed"]
    assert client.get(reverse("my_appointments")).status_code == 200
