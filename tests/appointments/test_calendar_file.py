"""Calendar files: what a strict reader sees, in every zone, whatever people type."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from icalendar import Calendar

from accounts.models import User
from appointments.mail.ics import NoCalendarEntry, appointment_ics, cancellation, invitation
from appointments.mail.preview import NOW, sample_appointment
from appointments.services import transitions
from appointments.states import Role, Status

ZONES = [
    "Europe/London",
    "Europe/Dublin",  # its winter is the exception, not its summer
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",  # half an hour
    "Antarctica/Troll",  # two hours
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Africa/Casablanca",  # back for Ramadan
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Gaza",
    "America/Vancouver",
    "America/Edmonton",
    "America/Winnipeg",
    "UTC",
]


@pytest.fixture(autouse=True)
def _monday():
    with time_machine.travel(NOW, tick=False):
        yield


def made(*, zone="Europe/London", start=None, minutes=45, **changes):
    appointment = sample_appointment(Status.CONFIRMED)
    appointment.provider.time_zone = zone
    if start:
        appointment.start, appointment.end = start, start + timedelta(minutes=minutes)
    for field, value in changes.items():
        setattr(appointment, field, value)
    return appointment


def unfolded(content: bytes) -> list[str]:
    return content.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def entry_of(content: bytes):
    [entry] = Calendar.from_ical(content).walk("VEVENT")
    return entry


def check_wire_format(content: bytes) -> None:
    """RFC 5545, 3.1: CRLF alone ends lines, 75 octets at most, no character split, no control characters."""
    assert content.endswith(b"\r\n")
    for line in content.removesuffix(b"\r\n").split(b"\r\n"):
        assert len(line) <= 75
        text = line.decode()  # fails when a fold splits a character
        assert not re.search("[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]", text)


# --- The entry -------------------------------------------------------------------------------------------------------


def test_an_invitation_to_the_customer_says_everything_once():
    appointment = made(sequence=3)

    part = invitation(appointment, Role.CUSTOMER)

    check_wire_format(part.content)
    lines = unfolded(part.content)
    assert part.method == "REQUEST"
    assert lines[:4] == ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Dayline//Appointments//EN", "METHOD:REQUEST"]
    assert sorted(lines[lines.index("BEGIN:VEVENT") :]) == sorted(
        [
            "BEGIN:VEVENT",
            f"UID:{appointment.uuid}@testserver",
            "SEQUENCE:3",
            "DTSTAMP:20260309T142000Z",
            "DTSTART:20260312T142000Z",
            "DTEND:20260312T150500Z",
            "STATUS:CONFIRMED",
            "TRANSP:OPAQUE",
            "SUMMARY:First assessment with Maya Okafor",
            "LOCATION:18 Arlington Road\\, Camden",
            "DESCRIPTION:First assessment\\, 45 min\\, with Maya Okafor.\\n\\n"
            "Thursday 12 March 2026\\, 14:20 to 15:05\\, London time (GMT).\\n\\nTo see or change it: "
            "http://testserver/my/appointments/K7QFMR2W/\\n\\nAnswering in your calendar changes nothing here."
            "\\n\\nReference K7QFMR2W",
            "URL:http://testserver/my/appointments/K7QFMR2W/",
            'ORGANIZER;CN="Maya Okafor via Dayline":mailto:no-reply@testserver',
            'ATTENDEE;CN="Amara Nwosu";PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=FALSE:mailto:amara@example.com',
            "END:VEVENT",
            "END:VCALENDAR",
        ]
    )


def test_the_provider_gets_the_same_entry_under_the_customers_name():
    appointment = made()

    customers, providers = (entry_of(invitation(appointment, side).content) for side in (Role.CUSTOMER, Role.PROVIDER))

    assert providers["UID"] == customers["UID"]
    assert providers["SUMMARY"] == "Amara Nwosu: First assessment"
    assert providers["ATTENDEE"] == "mailto:maya@example.com"
    assert "My left knee hurts" in providers["DESCRIPTION"]
    assert providers["URL"] == "http://testserver/studio/appointments/K7QFMR2W/"
    assert "amara@example.com" not in invitation(appointment, Role.PROVIDER).content.decode()
    assert "maya@example.com" not in invitation(appointment, Role.CUSTOMER).content.decode()


def test_a_cancellation_ends_the_same_entry():
    appointment = made()
    invited = entry_of(invitation(appointment, Role.CUSTOMER).content)
    appointment.sequence += 1

    part = cancellation(appointment, Role.CUSTOMER)

    check_wire_format(part.content)
    cancelled = entry_of(part.content)
    assert part.method == "CANCEL"
    assert "METHOD:CANCEL" in unfolded(part.content)
    assert cancelled["STATUS"] == "CANCELLED"
    assert cancelled["UID"] == invited["UID"]
    assert cancelled["SEQUENCE"] == invited["SEQUENCE"] + 1
    assert cancelled["DTSTART"].dt == invited["DTSTART"].dt


@pytest.mark.parametrize(
    ("online", "in_person", "address", "place", "expected"),
    [
        (False, True, "18 Arlington Road", "Camden", "18 Arlington Road, Camden"),
        (False, True, "18 Arlington Road, Camden", "Camden", "18 Arlington Road, Camden"),
        (False, True, "", "Camden", "Camden"),
        (True, False, "18 Arlington Road", "Camden", "Online"),
        (True, True, "18 Arlington Road", "Camden", "18 Arlington Road, Camden, or online"),
        (True, True, "", "", "In person or online"),
        (False, True, "", "", None),
    ],
)
def test_the_place(online, in_person, address, place, expected):
    appointment = made()
    for field, value in {"is_online": online, "is_in_person": in_person, "address": address, "place": place}.items():
        setattr(appointment.provider, field, value)

    assert entry_of(invitation(appointment, Role.CUSTOMER).content).get("LOCATION") == expected


# --- Time ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 3, 12, 14, 20, tzinfo=UTC),
        datetime(2026, 3, 29, 0, 30, tzinfo=UTC),  # over London's skipped hour
        datetime(2026, 10, 25, 0, 45, tzinfo=UTC),  # over London's repeated one
        datetime(2027, 4, 3, 14, 45, tzinfo=UTC),  # over Lord Howe's repeated half hour
        datetime(2027, 1, 14, 17, 0, tzinfo=UTC),  # a winter whose rules the world still changes
    ],
)
@pytest.mark.parametrize("minutes", [45, 60])
def test_the_file_tells_instants_in_utc_and_needs_nobodys_zone_rules(zone, start, minutes):
    appointment = made(zone=zone, start=start, minutes=minutes)

    files = [invitation(appointment, Role.CUSTOMER), cancellation(appointment, Role.PROVIDER)]
    contents = [*(part.content for part in files), appointment_ics(appointment, appointment.customer)]

    for content in contents:
        check_wire_format(content)
        times = [line for line in unfolded(content) if re.match("DT(START|END)|.*TZID|BEGIN:VTIMEZONE", line)]
        assert times == [
            f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
            f"DTEND:{start + timedelta(minutes=minutes):%Y%m%dT%H%M%SZ}",
        ]


@pytest.mark.parametrize(
    ("zone", "start", "expected"),
    [
        ("Europe/London", datetime(2026, 3, 12, 14, 20, tzinfo=UTC), "14:20 to 15:05, London time (GMT)"),
        ("America/Vancouver", datetime(2026, 3, 12, 17, 0, tzinfo=UTC), "10:00 to 10:45, Vancouver time (GMT−7)"),
        ("Asia/Kathmandu", datetime(2026, 3, 12, 4, 15, tzinfo=UTC), "10:00 to 10:45, Kathmandu time (GMT+5:45)"),
        ("UTC", datetime(2026, 3, 12, 10, 0, tzinfo=UTC), "10:00 to 10:45, UTC time (GMT)"),
    ],
)
@pytest.mark.parametrize("side", [Role.CUSTOMER, Role.PROVIDER])
def test_the_description_names_the_wall_time_and_zone_of_the_place(zone, start, expected, side):
    appointment = made(zone=zone, start=start)
    appointment.customer.time_zone = "Asia/Tokyo"

    paragraphs = entry_of(invitation(appointment, side).content)["DESCRIPTION"].split("\n\n")

    assert paragraphs[1] == f"Thursday 12 March 2026, {expected}."


def test_the_description_says_which_of_two_equal_wall_times_is_meant():
    appointment = made(start=datetime(2026, 10, 25, 0, 15, tzinfo=UTC))

    paragraphs = entry_of(invitation(appointment, Role.CUSTOMER).content)["DESCRIPTION"].split("\n\n")

    assert paragraphs[1] == "Sunday 25 October 2026, 01:15, first to 01:00, second, London time (GMT+1)."


def test_an_appointment_online_is_described_in_the_readers_zone_and_clock():
    appointment = made()
    appointment.provider.is_online, appointment.provider.is_in_person = True, False
    appointment.customer.time_zone, appointment.customer.uses_12h_clock = "Asia/Tokyo", True

    described = [
        entry_of(invitation(appointment, side).content)["DESCRIPTION"].split("\n\n")[1]
        for side in (Role.CUSTOMER, Role.PROVIDER)
    ]

    assert described == [
        "Thursday 12 March 2026, 11:20 pm to Friday 13 March 2026, 12:05 am, Tokyo time (GMT+9).",
        "Thursday 12 March 2026, 14:20 to 15:05, London time (GMT).",
    ]


# --- Hostile text ----------------------------------------------------------------------------------------------------

HOSTILE = [
    "x\r\nATTENDEE:mailto:victim@example.com",
    "x\nEND:VEVENT\nBEGIN:VEVENT",
    "x\rX-EVIL:1",
    "x\u2028X-EVIL:1",
    "x\x85X-EVIL:1",
    "x\x0bX-EVIL:1\x0c",
    "x\\nX-EVIL:1",
    'x";X-EVIL=1:mailto:victim@example.com',
    "x;RSVP=TRUE:mailto:victim@example.com,y",
    "x^nX-EVIL:1^'",
    "x\r\n X-EVIL:1",
    "x\x00y\x07\x1b[31m",
    "\u202ex\u2066",
    "田中" * 60,
    "👩‍👩‍👧" * 30,
    "y" * 10_000,
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("side", [Role.CUSTOMER, Role.PROVIDER])
def test_no_text_adds_a_line_a_property_or_an_attendee(text, side):
    plain = made(note="")
    appointment = made(note=text)
    provider, customer = appointment.provider, appointment.customer
    provider.name = customer.name = provider.user.name = appointment.service.name = provider.address = text

    content = invitation(appointment, side).content

    check_wire_format(content)
    names = [re.split("[;:]", line)[0] for line in unfolded(content)]
    assert names == [re.split("[;:]", line)[0] for line in unfolded(invitation(plain, side).content)]
    entry = entry_of(content)
    recipient = "amara" if side is Role.CUSTOMER else "maya"
    assert entry["ATTENDEE"] == f"mailto:{recipient}@example.com"
    assert dict(entry["ATTENDEE"].params).keys() == {"CN", "PARTSTAT", "ROLE", "RSVP"}
    assert entry["ATTENDEE"].params["RSVP"] == "FALSE"
    assert entry["ORGANIZER"] == "mailto:no-reply@testserver"
    assert dict(entry["ORGANIZER"].params).keys() == {"CN"}


# --- To download -----------------------------------------------------------------------------------------------------


def test_the_file_to_download_is_published_without_attendees():
    appointment = made()

    content = appointment_ics(appointment, appointment.customer)

    check_wire_format(content)
    entry = entry_of(content)
    assert "METHOD:PUBLISH" in unfolded(content)
    assert entry["STATUS"] == "CONFIRMED"
    assert "ATTENDEE" not in entry
    assert entry["SUMMARY"] == "First assessment with Maya Okafor"
    assert entry_of(appointment_ics(appointment, appointment.provider.user))["SUMMARY"].startswith("Amara Nwosu")


def test_nobody_else_gets_the_file():
    with pytest.raises(PermissionDenied):
        appointment_ics(made(), User(pk=99))


@pytest.mark.parametrize("status", [Status.REQUESTED, Status.DECLINED, Status.EXPIRED])
def test_what_was_never_agreed_has_no_file(status):
    appointment = sample_appointment(status)

    with pytest.raises(NoCalendarEntry):
        appointment_ics(appointment, appointment.customer)


@pytest.mark.django_db
def test_a_cancelled_one_says_so_and_a_withdrawn_request_has_no_file(book, by_hand, customer, provider):
    with time_machine.travel(datetime(2026, 3, 2, 8, tzinfo=UTC), tick=False):
        request = book().appointment
        transitions.withdraw_request(appointment=request, actor=customer)
        request.refresh_from_db()
        with pytest.raises(NoCalendarEntry):
            appointment_ics(request, customer)

        confirmed = book(booking_key="another").appointment
        transitions.accept_request(appointment=confirmed, actor=provider.user)
        transitions.cancel_appointment(appointment=confirmed, actor=customer, role=Role.CUSTOMER)
        confirmed.refresh_from_db()

        assert entry_of(appointment_ics(confirmed, customer))["STATUS"] == "CANCELLED"
