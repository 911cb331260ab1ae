"""Calendar files as other programs' parsers read them: the feed, the file of all, and what a change makes of them.

Needs Node and, in the folder that CALENDAR_PARSERS names, `npm install ical.js node-ical` (docs/testing.md); skipped
without. The suite itself reads files with the package that writes them, and their lines by the grammar of RFC 5545
(`check_wire_format`); this is the look from outside.
"""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.urls import reverse

from appointments.models import Appointment
from appointments.services import proposals, transitions
from appointments.states import Role
from tests.factories.accounts import UserFactory
from tests.factories.providers import give_hours

from .conftest import TUESDAY_TEN
from .test_calendar_link import address

FOLDER = os.environ.get("CALENDAR_PARSERS", "")
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FOLDER, reason="CALENDAR_PARSERS names no folder with ical.js and node-ical"),
]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

READ = """
import ICAL from "ical.js";
import ical from "node-ical";
import {readFileSync} from "fs";
const text = readFileSync(0, "utf8");
const value = each => typeof each === "object" && each !== null ? each.val : each;
const entries = new ICAL.Component(ICAL.parse(text)).getAllSubcomponents("vevent");
const first = entries.map(each => {
  const e = new ICAL.Event(each);
  return {uid: e.uid, summary: e.summary, description: e.description, location: e.location || "",
    start: e.startDate.toJSDate().toISOString(), end: e.endDate.toJSDate().toISOString(),
    sequence: e.sequence, status: each.getFirstPropertyValue("status")};
});
const second = Object.values(ical.sync.parseICS(text)).filter(e => e.type === "VEVENT").map(e => (
  {uid: e.uid, summary: value(e.summary), description: value(e.description), location: value(e.location) || "",
    start: e.start.toISOString(), end: e.end.toISOString(), sequence: Number(e.sequence), status: e.status}
));
console.log(JSON.stringify([first, second]));
"""


def read(answer):
    """The entries by UID as ical.js reads them; node-ical must agree.

    But for a backslash before an n that somebody typed: node-ical, 0.26, reads a line end there.
    """
    assert answer.status_code == 200
    script = Path(FOLDER, "read.mjs")
    script.write_text(READ)
    done = subprocess.run(["node", script], input=answer.content, capture_output=True, timeout=60, check=True)
    one, other = ({each["uid"]: each for each in found} for found in json.loads(done.stdout))
    assert one.keys() == other.keys()
    for uid, entry in one.items():
        texts = [name for name, value in entry.items() if "\\n" in str(value)]
        assert {**entry, **dict.fromkeys(texts)} == {**other[uid], **dict.fromkeys(texts)}
    return one


def iso(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


HOSTILE = [
    "Ärztin, Dr. Ö; \\n BEGIN:VEVENT",
    "Semicolons; commas, and: colons",
    'Quotes " and ^n and \\\\ back\\slashes',
    "👩🏽‍⚕️ Zoë " + "é" * 80,
    "مرحبا שלום 你好",
    "A " + "very long name without any end " * 3,
]


def test_hostile_names_arrive_whole_in_both_files(client, book, provider, service, customer):
    made = {}
    for number, name in enumerate(HOSTILE):
        person = UserFactory(name=name[:120])
        one = book(start=TUESDAY_TEN + number * HOUR, customer=person).appointment
        made[f"{one.uuid}@testserver"] = (one, " ".join(person.name.split()))
    provider.place, provider.address = "Camden; north, side", '18 Arlington Road, back \\ door; "2nd" floor'
    provider.save()
    client.force_login(provider.user)

    feed, whole = read(client.get(address(provider.user))), read(client.get(reverse("all_appointments_ics")))

    for found in (feed, whole):
        assert found.keys() == made.keys()
        for uid, (one, name) in made.items():
            entry = found[uid]
            assert entry["summary"] == f"{name}: {service.name}"
            assert (entry["start"], entry["end"]) == (iso(one.start), iso(one.end))
            assert provider.address in entry["location"]
            assert name in entry["description"]
            assert "\n\nReference " in entry["description"]
            assert entry["status"] == "CONFIRMED"


def test_a_move_and_a_cancellation_reach_a_subscriber(client, book, customer, provider):
    moved, cancelled = book().appointment, book(start=TUESDAY_TEN + 2 * HOUR).appointment
    link = address(customer)
    before = read(client.get(link))
    one = Appointment.objects.with_people().get(pk=moved.pk)
    proposals.propose_time(appointment=one, start=TUESDAY_TEN + DAY, actor=customer, role=Role.CUSTOMER)
    transitions.cancel_appointment(appointment=cancelled, actor=customer, role=Role.CUSTOMER)
    client.force_login(customer)

    after, whole = read(client.get(link)), read(client.get(reverse("all_appointments_ics")))

    uid, gone = f"{moved.uuid}@testserver", f"{cancelled.uuid}@testserver"
    assert before.keys() == {uid, gone}
    assert after.keys() == {uid}
    assert after[uid]["start"] == iso(TUESDAY_TEN + DAY)
    assert after[uid]["sequence"] > before[uid]["sequence"]
    assert (whole[gone]["status"], whole[gone]["sequence"]) == ("CANCELLED", before[gone]["sequence"] + 1)


def test_both_runs_of_a_repeated_hour_are_two_instants(client, book, provider, service):
    """In London clocks go back on 25 October 2026 at 01:00 UTC."""
    provider.time_zone = "Europe/London"
    provider.save()
    give_hours(provider, {day: [("00:00", "24:00")] for day in range(7)})
    with time_machine.travel(datetime(2026, 10, 23, 8, tzinfo=UTC), tick=False):
        starts = [datetime(2026, 10, 25, hour, tzinfo=UTC) for hour in (0, 1)]
        for start in starts:
            book(start=start, customer=UserFactory())
        found = read(client.get(address(provider.user)))

    assert sorted(entry["start"] for entry in found.values()) == [iso(start) for start in starts]
    said = " ".join(entry["description"] for entry in found.values())
    assert "01:00, first" in said
    assert "01:00, second" in said
