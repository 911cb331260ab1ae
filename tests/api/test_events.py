"""Programs keep their person's own events."""

from datetime import UTC, datetime

import pytest

from api.operations import events
from appointments.models import OwnEvent
from tests.api.program import signed_in
from tests.factories.accounts import UserFactory
from tests.factories.own_events import OwnEventFactory

ALL = "/api/events/"
DENTIST = {
    "title": "Dentist",
    "start": "2026-03-03T10:00:00+01:00",
    "end": "2026-03-03T11:00:00+01:00",
    "location": "Camden",
    "description": "Upper left",
}

LATE = {"start": "9999-12-31T22:00:00Z", "end": "9999-12-31T23:00:00Z"}


def problem(answer):
    return answer.status_code, answer.json()["type"].strip("/").rpartition("/")[2]


@pytest.fixture
def customer(db):
    return UserFactory(time_zone="Europe/Berlin")


@pytest.fixture
def event(customer):
    start = datetime(2026, 3, 3, 9, tzinfo=UTC)
    return OwnEventFactory(user=customer, title="Dentist", start=start)


def test_an_event_is_written_and_read(program):
    made = program.post(ALL, DENTIST)

    told = made.json()
    assert made.status_code == 201
    assert {name: told[name] for name in DENTIST} == DENTIST
    assert (told["all_day"], told["is_free"], told["time_zone"]) == (False, False, "Europe/Berlin")
    assert program.get(made.headers["Location"]).json() == told
    assert [row["id"] for row in program.get(ALL).json()["results"]] == [told["id"]]


def test_an_event_of_whole_days_has_dates_of_its_persons_zone(program):
    said = {"title": "Away", "start": "2026-03-28", "end": "2026-03-30", "all_day": True}
    told = program.post(f"{ALL}?tz=Asia/Kathmandu", said).json()

    assert {name: told[name] for name in said} == said
    row = OwnEvent.objects.get()
    assert (row.start, row.end) == (datetime(2026, 3, 27, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))


def test_an_event_is_made_once_by_one_key(program):
    first = program.post(ALL, DENTIST, idempotency_key="one")
    again = program.post(ALL, DENTIST, idempotency_key="one")

    assert (again.status_code, again.json()) == (201, first.json())
    assert OwnEvent.objects.count() == 1
    program.delete(first.headers["Location"])
    assert problem(program.post(ALL, DENTIST, idempotency_key="one")) == (404, "not-found")


@pytest.mark.parametrize(
    ("more", "field", "named"),
    [
        ({"end": DENTIST["start"]}, "end", "invalid"),
        ({"start": "2026-03-03"}, "start", "invalid"),
        ({"all_day": True}, "start", "invalid"),
        ({"start": "2026-03-03T10:00:00"}, "start", "time-without-offset"),
        ({"title": ""}, "title", "invalid"),
        ({"location": "x" * 301}, "location", "invalid"),
        ({"repeat": {"every": "weekly"}}, "repeat.count", "invalid"),
        ({"repeat": {"every": "weekly", "count": 1}}, "repeat.count", "invalid"),
        ({"repeat": {"every": "daily", "count": 367}}, "repeat.count", "invalid"),
        ({"repeat": {"every": "weekly", "until": "2026-03-04"}}, "repeat.until", "invalid"),
        (
            {"repeat": {"every": "weekly", "count": 2}, **LATE},
            "start",
            "invalid",
        ),
        ({"repeat": {"every": "daily", "until": "9999-12-31"}}, "repeat.until", "invalid"),
        ({"repeats": "weekly"}, "repeats", "unknown-field"),
    ],
)
def test_an_event_that_nobody_can_mean_is_refused(program, more, field, named):
    answer = program.post(ALL, DENTIST | more)

    assert problem(answer) == (400, named)
    assert answer.json()["errors"][0]["field"] == field
    assert not OwnEvent.objects.exists()


def test_an_event_is_changed_in_part_or_as_a_whole(program, event):
    address = f"{ALL}{event.uuid}/"
    program.put(address, DENTIST)

    told = program.patch(address, {"title": "Surgeon"}).json()
    assert {name: told[name] for name in DENTIST} == DENTIST | {"title": "Surgeon"}
    told = program.put(address, {name: DENTIST[name] for name in ("title", "start", "end")}).json()
    assert (told["title"], told["location"], told["description"]) == ("Dentist", "", "")
    assert problem(program.patch(address, {"all_day": True})) == (400, "invalid")
    whole = program.patch(address, {"all_day": True, "start": "2026-03-04", "end": "2026-03-05"}).json()
    assert (whole["start"], whole["end"]) == ("2026-03-04", "2026-03-05")


def test_an_event_is_read_and_changed_by_its_person_alone(program, event):
    other, address = signed_in(UserFactory()), f"{ALL}{event.uuid}/"

    for verb, body in (("get", None), ("put", DENTIST), ("patch", {"title": "x"}), ("delete", None)):
        assert problem(other.call(verb, address, body)) == (404, "not-found")
    assert other.get(ALL).json()["results"] == []
    assert program.delete(address).status_code == 204
    assert problem(program.delete(address)) == (404, "not-found")


def test_a_version_that_was_read_is_not_written_over(program, event):
    address = f"{ALL}{event.uuid}/"
    seen = program.get(address).headers["ETag"]
    program.patch(address, {"title": "Faster"})

    assert problem(program.patch(address, {"title": "Slower"}, if_match=seen)) == (412, "changed-meanwhile")
    assert problem(program.delete(address, if_match=seen)) == (412, "changed-meanwhile")


def test_a_change_right_after_the_look_is_seen_under_the_lock(program, event, monkeypatch):
    address = f"{ALL}{event.uuid}/"
    seen, read, looks = program.get(address).headers["ETag"], events.own_event_of, []

    def changed_after_the_look(*who):
        found = read(*who)
        if not looks:
            OwnEvent.objects.filter(pk=event.pk).update(version=event.version + 1)
        looks.append(found.version)
        return found

    monkeypatch.setattr(events, "own_event_of", changed_after_the_look)

    assert problem(program.patch(address, {"title": "Slower"}, if_match=seen)) == (412, "changed-meanwhile")
    assert looks == [1, 2]


def test_a_list_holds_what_meets_the_days_that_are_asked_for(program, event):
    def found(**asked):
        return len(program.get(ALL, asked).json()["results"])

    assert found(**{"from": "2026-03-03", "to": "2026-03-04"}) == 1
    assert found(**{"from": "2026-03-04"}) == found(to="2026-03-03") == 0


def test_what_is_agreed_inside_an_event_stays(program, studio, confirmed, provider):
    said = {"title": "Away", "start": confirmed.start.isoformat(), "end": confirmed.end.isoformat()}

    assert studio.post(ALL, said).status_code == 201
    confirmed.refresh_from_db()
    assert confirmed.status == "confirmed"


def test_an_event_repeats_on_the_clocks_of_its_person(program):
    # Berlin goes to summer time on 29 March.
    said = {**DENTIST, "repeat": {"every": "month_date", "count": 3}}
    told = program.post(ALL, said).json()

    assert told["repeat"] == {"every": "month_date", "until": "2026-05-03", "number": 1}
    rows = program.get(ALL).json()["results"]
    assert [row["start"] for row in rows] == [
        "2026-03-03T10:00:00+01:00",
        "2026-04-03T10:00:00+02:00",
        "2026-05-03T10:00:00+02:00",
    ]
    assert [row["repeat"]["number"] for row in rows] == [1, 2, 3]


def test_one_date_the_following_or_all_are_changed_and_deleted(program):
    program.post(ALL, {**DENTIST, "repeat": {"every": "weekly", "until": "2026-03-24"}})
    ids = [row["id"] for row in program.get(ALL).json()["results"]]

    assert program.patch(f"{ALL}{ids[1]}/", {"title": "Alone"}).status_code == 200
    assert program.patch(f"{ALL}{ids[2]}/?which=following", {"title": "Later"}).json()["repeat"]["number"] == 1
    assert [row["title"] for row in program.get(ALL).json()["results"]] == ["Dentist", "Alone", "Later", "Later"]
    longer = {**DENTIST, "title": "All", "repeat": {"every": "weekly", "count": 3}}
    assert program.put(f"{ALL}{ids[0]}/?which=all", longer).status_code == 200
    assert [row["title"] for row in program.get(ALL).json()["results"]] == ["All"] * 2 + ["Later"] + ["All", "Later"]
    assert program.delete(f"{ALL}{ids[0]}/?which=all").status_code == 204
    assert [row["id"] for row in program.get(ALL).json()["results"]] == ids[2:]


def test_an_event_begins_to_repeat(program, event):
    told = program.patch(f"{ALL}{event.uuid}/", {"repeat": {"every": "weekly", "count": 2}}).json()

    assert told["repeat"] == {"every": "weekly", "until": "2026-03-10", "number": 1}
    assert OwnEvent.objects.count() == 2
    assert problem(program.patch(f"{ALL}{event.uuid}/?which=some", {"title": "X"})) == (400, "invalid")
