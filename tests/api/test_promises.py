"""What a version of the API promises is kept: within it a path, field or value only comes, and never goes."""

import json
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta

import pytest

from api.management.commands.api_docs import PROMISES, broken_promises
from api.promises import SUNSET, broken, promised
from api.routes import Retirement
from api.views.pages import schema

TODAY = date(2026, 12, 1)


def part(name: str) -> dict:
    return {"schema": {"$ref": f"#/components/schemas/{name}"}}


# A small API: a booking with all that can be taken from one.
MADE = {
    "paths": {
        "/bookings/{id}/": {
            "put": {
                "operationId": "put_booking",
                "parameters": [
                    {"in": "path", "name": "id", "required": True, "schema": {"type": "string"}},
                    {"in": "query", "name": "sort", "schema": {"type": "string", "enum": ["name", "start"]}},
                ],
                "requestBody": {"content": {"application/json": part("BookingIn")}},
                "responses": {"200": {"content": {"application/json": part("BookingOut")}}, "404": {}},
            },
        },
        "/bookings/": {"get": {"responses": {"200": {"content": {"application/json": part("Page")}}}}},
    },
    "components": {
        "schemas": {
            "BookingIn": {
                "type": "object",
                "properties": {
                    "start": {"type": "string", "format": "date-time"},
                    "note": {"type": "string", "maxLength": 100},
                    "level": {"type": "integer", "minimum": 1},
                    "extra": {},
                    "venue": {"$ref": "#/components/schemas/Venue"},
                },
                "required": ["start"],
            },
            "Venue": {"type": "string", "enum": ["online", "in_person"], "description": "Where."},
            "BookingOut": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "status": {"oneOf": [{"enum": ["open", "done"], "type": "string"}, {"type": "null"}]},
                    "description": {"type": "string"},
                    "before": {"$ref": "#/components/schemas/BookingOut"},
                },
                "required": ["id", "status"],
            },
            "Page": {
                "type": "object",
                "properties": {"results": {"type": "array", "items": {"$ref": "#/components/schemas/BookingOut"}}},
                "required": ["results"],
            },
        }
    },
}
PUT, OUT, IN = "PUT /bookings/{id}/: ", "BookingOut", "BookingIn"


def changed(change) -> dict:
    made = deepcopy(MADE)
    change(made["paths"], made["components"]["schemas"])
    return made


def put(paths: dict) -> dict:
    return paths["/bookings/{id}/"]["put"]


def gone(which: dict, *names: str):
    for name in names:
        del which[name]


BREAKS = {
    "a path": (lambda paths, parts: gone(paths, "/bookings/"), ["GET /bookings/ is gone"]),
    "a verb": (lambda paths, parts: gone(paths["/bookings/{id}/"], "put"), ["PUT /bookings/{id}/ is gone"]),
    "a parameter": (lambda paths, parts: put(paths)["parameters"].pop(), [f"{PUT}query sort is gone"]),
    "a value of a parameter": (
        lambda paths, parts: put(paths)["parameters"][1]["schema"]["enum"].remove("name"),
        [f"{PUT}query sort takes no more name"],
    ),
    "a new parameter that has to be sent": (
        lambda paths, parts: put(paths)["parameters"].append(
            {"in": "query", "name": "tz", "required": True, "schema": {"type": "string"}}
        ),
        [f"{PUT}query tz has to be sent"],
    ),
    "a body that was not needed": (
        lambda paths, parts: put(paths)["requestBody"].update(required=True),
        [f"{PUT}a body has to be sent"],
    ),
    "a kind of body": (
        lambda paths, parts: put(paths)["requestBody"].update(content={"text/plain": part(IN)}),
        [f"{PUT}takes no more application/json"],
    ),
    "a field that is sent": (lambda paths, parts: gone(parts[IN]["properties"], "note"), [f"{PUT}body.note is gone"]),
    "a field that is renamed": (
        lambda paths, parts: parts[IN]["properties"].update(text=parts[IN]["properties"].pop("note")),
        [f"{PUT}body.note is gone"],
    ),
    "a field that has to be sent": (
        lambda paths, parts: parts[IN]["required"].append("note"),
        [f"{PUT}body.note has to be sent"],
    ),
    "a field of another type": (
        lambda paths, parts: parts[IN]["properties"].update(level={"type": "string"}),
        [f"{PUT}body.level was integer and is string"],
    ),
    "a field that took anything": (
        lambda paths, parts: parts[IN]["properties"].update(extra={"type": "string"}),
        [f"{PUT}body.extra was anything and is string"],
    ),
    "a field of another format": (
        lambda paths, parts: parts[IN]["properties"]["start"].update(format="date"),
        [f"{PUT}body.start was string (date-time) and is string (date)"],
    ),
    "a field that takes less": (
        lambda paths, parts: (
            parts[IN]["properties"]["note"].update(maxLength=50),
            parts[IN]["properties"]["level"].update(minimum=2),
        ),
        [f"{PUT}body.note has a maxLength of 50, and had 100", f"{PUT}body.level has a minimum of 2, and had 1"],
    ),
    "a field that takes a few values only": (
        lambda paths, parts: parts[IN]["properties"]["note"].update(enum=["a"]),
        [f"{PUT}body.note takes a few values only"],
    ),
    "a value that is sent": (
        lambda paths, parts: parts["Venue"]["enum"].remove("online"),
        [f"{PUT}body.venue takes no more online"],
    ),
    "an answer": (
        lambda paths, parts: put(paths).update(responses={"202": put(paths)["responses"]["200"]}),
        [f"{PUT}never answers 200 any more"],
    ),
    "a kind of answer": (
        lambda paths, parts: put(paths)["responses"]["200"].update(content={"text/plain": part(OUT)}),
        [f"{PUT}200 is no more application/json"],
    ),
    "a field that is read": (
        lambda paths, parts: gone(parts[OUT]["properties"], "description"),
        [f"{PUT}200.description is gone", "GET /bookings/: 200.results[].description is gone"],
    ),
    "a field that may be left out": (
        lambda paths, parts: parts[OUT]["required"].remove("id"),
        [f"{PUT}200.id may be left out", "GET /bookings/: 200.results[].id may be left out"],
    ),
    "a field that may be null": (
        lambda paths, parts: parts[OUT]["properties"].update(id={"type": ["string", "null"]}),
        [
            f"{PUT}200.id was string and is null or string",
            "GET /bookings/: 200.results[].id was string and is null or string",
        ],
    ),
    "a value that is read": (
        lambda paths, parts: parts[OUT]["properties"]["status"]["oneOf"][0]["enum"].remove("done"),
        [f"{PUT}200.status is never done any more", "GET /bookings/: 200.results[].status is never done any more"],
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_nothing_that_was_promised_is_taken_away(what):
    change, said = BREAKS[what]

    assert broken(promised(MADE), promised(changed(change)), today=TODAY) == said


def grow(paths: dict, parts: dict) -> None:
    """Everything that may come, or become less strict."""
    put(paths)["operationId"] = "other"
    put(paths)["parameters"].append({"in": "query", "name": "tz", "schema": {"type": "string"}})
    put(paths)["parameters"][1]["schema"]["enum"].append("price")
    put(paths)["responses"]["202"] = put(paths)["responses"]["200"]
    gone(put(paths)["responses"], "404")
    paths["/rooms/"] = paths["/bookings/"]
    parts[IN]["properties"] |= {"room": {"type": "string"}, "level": {"type": ["integer", "null"]}, "start": {}}
    parts[IN]["properties"]["note"]["maxLength"] = 200
    parts[IN]["required"].clear()
    parts["Venue"] |= {"enum": ["phone", "online", "in_person"], "description": "How."}
    parts[OUT]["properties"]["status"]["oneOf"][0]["enum"].append("late")
    parts[OUT]["properties"]["room"] = {"type": "string"}
    parts[OUT]["required"].append("description")
    # A part may have another name.
    parts["Bookings"] = parts.pop("Page")
    for path in ("/bookings/", "/rooms/"):
        paths[path]["get"]["responses"]["200"]["content"]["application/json"] = part("Bookings")


def test_an_api_may_grow_and_ask_for_less():
    assert broken(promised(MADE), promised(changed(grow)), today=TODAY) == []


@pytest.mark.parametrize(("until", "said"), [("2026-12-02", ["GET /bookings/ is gone"]), ("2026-12-01", [])])
def test_a_route_that_was_to_go_may_be_gone_on_its_day(until, said):
    kept = promised(changed(lambda paths, parts: paths["/bookings/"]["get"].update({SUNSET: until})))
    served = promised(changed(lambda paths, parts: gone(paths, "/bookings/")))

    assert broken(kept, served, today=TODAY) == said


def test_nobody_announces_an_end_that_is_less_than_a_year_away():
    since = datetime(2026, 12, 1, tzinfo=UTC)

    assert Retirement(since, since + timedelta(days=365), "/api/me/").headers["Sunset"].startswith("Wed, 01 Dec 2027")
    with pytest.raises(ValueError):
        Retirement(since, since + timedelta(days=364), "/api/me/")


def test_the_routes_keep_what_the_repository_promises(monkeypatch, tmp_path):
    """Where this fails, a program that worked would not. See `docs/api.md` on what a version keeps."""
    assert broken_promises() == []

    # It looks at the very file, and at everything in it.
    told = json.loads(PROMISES.read_text())
    assert told == json.loads(json.dumps(promised(schema())))
    told["parts"]["WelcomeOut"]["properties"]["wave"] = {"type": "string"}
    (tmp_path / "kept.json").write_text(json.dumps(told))
    monkeypatch.setattr("api.management.commands.api_docs.PROMISES", tmp_path / "kept.json")
    assert broken_promises() == ["GET /api/welcome: 200.wave is gone"]
