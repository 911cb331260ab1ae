"""Every address of the API, called as a program would, in an order that makes sense, on both databases.

`STORIES` is written by hand. Each step says who calls (visitor; program: the customer's; studio: the provider's), verb
and path as in the route, and what comes of it:

    Step("program", "POST", "/api/appointments/", {"start": "{start}", ...}, status=201, keep={"ref": "id"})
    Step("program", "GET", "/api/appointments/<ref>/")
    Step("visitor", "GET", SLOTS, query={"date": TUESDAY}, keep={"start": "slots.0.start"})

`keep` takes values out of the answer by their path, to fill `<ref>` in later paths and `{start}` in later bodies and
queries; each story begins with `provider`, `service` and `customer`, as the world of these tests has them. `before` is
a function of the kept values for what no program does, such as opening a mailed link, and `at` another moment than NOW.
A route without a step fails, and so does a step without a route; `Program` holds each answer against the schema.

A route's example in the schema is the answer of its first step here. To write them:

    API_EXAMPLES=1 python -m pytest tests/api/test_table.py && python manage.py api_docs
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from accounts.models import User
from api.schema import EXAMPLES, examples
from api.urls import ROUTES
from api.views.pages import schema
from appointments.models import WaitlistPlace
from appointments.services import waitlist
from providers.models import BookingPolicy, Provider, Service
from tests.api.program import Program, _validator, check, signed_in
from tests.appointments.conftest import NOW, TUESDAY_TEN
from tests.factories.calendars import connect

TUESDAY = "2026-03-03"


@dataclass(frozen=True)
class Step:
    who: str
    verb: str
    path: str
    body: dict[str, Any] | None = None
    status: int = 200
    query: dict[str, str] = field(default_factory=dict)
    keep: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    before: Callable[[dict[str, Any]], None] | None = None
    at: datetime = NOW


def by_hand(kept: dict[str, Any]) -> None:
    """The provider answers requests by hand from now on."""
    BookingPolicy.objects.filter(provider__slug=kept["provider"]).update(accepts_at_once=False)


SLOTS, LIST, ONE = "/api/providers/available/slots", "/api/appointments/", "/api/appointments/<ref>/"
WISH = {"provider": "{provider}", "service": "{service}", "start": "{start}"}
WEEKLY = {"every": "weekly", "count": 3}
OFFER = "/api/provider/"
PAGE = {"name": "Ada Practice", "trade": "Physio", "category": "{category}", "venues": ["online"]}
MASSAGE = {"name": "Massage", "minutes": 50, "price": "61.50", "currency": "GBP"}
WAITLIST = "/api/waitlist/"
# Beyond what can be booked, so that nothing that fits is open.
WAIT = {"provider": "{provider}", "service": "{service}", "from": "2026-06-10", "to": "2026-06-24"}
DENTIST = {"title": "Dentist", "start": "2026-03-03T10:00:00+01:00", "end": "2026-03-03T11:00:00+01:00"}
PASSWORD = "two goats in a boat"
A_WEEK = {"from": "2026-02-27", "to": "2026-03-06", "compare": "true"}
OVER = TUESDAY_TEN + timedelta(days=2)


def takes_series(kept: dict[str, Any]) -> None:
    """The service may be booked as a series from now on."""
    Service.objects.filter(slug=kept["service"]).update(repeats=True, max_occurrences=6)


def has_password(kept: dict[str, Any]) -> None:
    person = User.objects.get(uuid=kept["customer"])
    person.set_password(PASSWORD)
    person.save()


def has_calendar(kept: dict[str, Any]) -> None:
    connect(Provider.objects.get(slug=kept["provider"]), "Own")


def is_offered_a_time(kept: dict[str, Any]) -> None:
    """The provider offers the waiting customer a time by hand."""
    place = WaitlistPlace.objects.get(uuid=kept["id"])
    waitlist.offer_by_hand(place=place, start=TUESDAY_TEN, actor=place.provider.user)


def look(*names: str) -> Step:
    """A look at the open starts of Tuesday, which are kept under these names."""
    return Step(
        "visitor",
        "GET",
        SLOTS,
        query={"provider": "{provider}", "service": "{service}", "date": TUESDAY},
        keep={name: f"slots.{at}.start" for at, name in enumerate(names)},
    )


def book(start: str, **more: Any) -> Step:
    return Step("program", "POST", LIST, {**WISH, "start": start}, status=201, keep={"ref": "id"}, **more)


def ask_for(start: str) -> Step:
    """The provider proposes a new time, which the customer has to answer."""
    body = {"start": start, "reason": "A course"}
    return Step("studio", "POST", f"{ONE}proposals/", body, status=202, keep={"id": "proposal.id"})


STORIES = {
    "finding": [
        Step("visitor", "GET", "/api/categories/"),
        Step("visitor", "GET", "/api/providers/", query={"sort": "name"}),
        Step("visitor", "GET", "/api/providers/<provider>/"),
        Step("visitor", "GET", "/api/providers/<provider>/services/"),
        look("start"),
    ],
    "a first booking": [
        Step("program", "GET", "/api/welcome"),
        look("start", "later"),
        Step("program", "POST", LIST, {**WISH, "note": "Left knee"}, status=201, keep={"ref": "id"}),
        Step("program", "GET", ONE),
        Step("program", "POST", "/api/appointments/create/", {**WISH, "start": "{later}"}, status=201),
        Step("program", "GET", LIST, query={"as": "customer", "when": "upcoming"}),
        Step("program", "PATCH", ONE, {"note": "Both knees"}),
        Step("program", "GET", f"{ONE}history/"),
        Step("program", "GET", f"{ONE}calendar.ics"),
        Step("program", "GET", "/api/appointments/calendar.ics"),
        Step("program", "POST", f"{ONE}cancel/", {"reason": "I am well again"}),
        Step("program", "GET", "/api/appointments/history/"),
    ],
    "requests": [
        look("start", "second", "third"),
        book("{start}", before=by_hand),
        Step("studio", "POST", f"{ONE}accept/"),
        book("{second}"),
        Step("studio", "POST", f"{ONE}decline/", {"reason": "I am at a fair"}),
        book("{second}"),
        Step("program", "POST", f"{ONE}withdraw/"),
        book("{third}"),
        Step("studio", "GET", LIST, query={"as": "provider", "status": "requested"}),
    ],
    "another time": [
        look("start", "second", "third"),
        book("{start}"),
        Step("program", "POST", "/api/appointments/reschedule/", {"appointment": "{ref}", "start": "{second}"}),
        ask_for("{start}"),
        Step("program", "GET", f"{ONE}proposals/"),
        Step("program", "POST", f"{ONE}proposals/<id>/accept/"),
        ask_for("{second}"),
        Step("program", "POST", f"{ONE}proposals/<id>/decline/", {"reason": "I work then"}),
        ask_for("{third}"),
        Step("studio", "POST", f"{ONE}proposals/<id>/withdraw/"),
    ],
    "what took place": [
        look("start", "second"),
        book("{start}"),
        Step("studio", "POST", f"{ONE}complete/", at=TUESDAY_TEN),
        Step("studio", "POST", f"{ONE}correct/", {"to": "no_show"}, at=OVER),
        book("{second}"),
        Step("studio", "POST", f"{ONE}no-show/", at=TUESDAY_TEN),
    ],
    "before booking": [
        look("start"),
        Step("program", "POST", "/api/appointments/check/", WISH),
        Step("program", "POST", "/api/appointments/hold/", WISH, status=201, keep={"hold": "hold"}),
        Step("program", "DELETE", "/api/appointments/hold/", {"hold": "{hold}"}, status=204),
    ],
    "a series": [
        look("start"),
        Step("program", "POST", "/api/series/preview/", {**WISH, "repeat": WEEKLY}, before=takes_series),
        Step("program", "POST", "/api/series/", {**WISH, "repeat": WEEKLY}, status=201, keep={"id": "id"}),
        Step("program", "GET", "/api/series/<id>/"),
        Step("program", "POST", "/api/series/<id>/cancel/", {"which": "all"}),
    ],
    "becoming a provider": [
        Step("program", "POST", OFFER, PAGE, status=201),
        Step("program", "POST", f"{OFFER}services/", MASSAGE, status=201, keep={"service": "id"}),
        Step("program", "PUT", f"{OFFER}hours/", {"monday": [["09:00", "12:30"]]}),
        Step("program", "POST", f"{OFFER}live/"),
        Step("program", "GET", OFFER),
        Step("program", "PATCH", OFFER, {"about": "Knees and hips"}),
        Step("program", "POST", f"{OFFER}pause/"),
    ],
    "the studio": [
        Step("studio", "POST", f"{OFFER}services/", MASSAGE, status=201, keep={"service": "id"}),
        Step("studio", "GET", f"{OFFER}services/"),
        Step("studio", "GET", f"{OFFER}services/<service>/"),
        Step("studio", "PATCH", f"{OFFER}services/<service>/", {"minutes": 55}),
        Step("studio", "POST", f"{OFFER}services/<service>/pause/"),
        Step("studio", "POST", f"{OFFER}services/<service>/resume/"),
        Step("studio", "DELETE", f"{OFFER}services/<service>/", status=204),
        Step("studio", "GET", f"{OFFER}hours/"),
        Step("studio", "GET", f"{OFFER}policy/"),
        Step("studio", "PUT", f"{OFFER}policy/", {"window_days": 30}),
        Step("studio", "PATCH", f"{OFFER}policy/", {"notice_minutes": 60}),
        Step(
            "studio",
            "POST",
            f"{OFFER}overrides/",
            {"from_date": "2026-03-10", "to_date": "2026-03-12", "ranges": []},
            status=201,
            keep={"override": "id"},
        ),
        Step("studio", "GET", f"{OFFER}overrides/"),
        Step("studio", "GET", f"{OFFER}overrides/<override>/"),
        Step("studio", "PATCH", f"{OFFER}overrides/<override>/", {"ranges": [["10:00", "11:00"]]}),
        Step("studio", "DELETE", f"{OFFER}overrides/<override>/", status=204),
    ],
    "time off": [
        Step(
            "studio",
            "POST",
            f"{OFFER}block-availability/",
            {"from_date": "2026-03-16", "to_date": "2026-03-18", "reason": "A fair"},
            status=201,
            keep={"time_off": "id"},
        ),
        Step("studio", "GET", f"{OFFER}block-availability/"),
        Step("studio", "GET", f"{OFFER}block-availability/<time_off>/"),
        Step("studio", "DELETE", f"{OFFER}block-availability/<time_off>/", status=204),
    ],
    "a calendar": [
        Step("studio", "GET", "/api/calendar/", before=has_calendar),
        Step("studio", "POST", "/api/calendar/sync/", status=202),
        Step("studio", "GET", "/api/calendar/reconnect/"),
        Step("studio", "POST", "/api/calendar/reconnect/"),
        Step("studio", "DELETE", "/api/calendar/", status=204),
    ],
    "customers": [
        look("start"),
        book("{start}"),
        Step("studio", "GET", f"{OFFER}customers/"),
        Step("studio", "GET", f"{OFFER}customers/<customer>/"),
        Step("studio", "POST", f"{OFFER}customers/<customer>/block/", {"reason": "Rude"}),
        Step("studio", "POST", f"{OFFER}customers/<customer>/allow/"),
        Step("studio", "POST", f"{OFFER}customers/<customer>/lift-limits/"),
        Step("studio", "POST", f"{OFFER}customers/<customer>/apply-limits/"),
    ],
    "figures": [
        look("start"),
        book("{start}"),
        Step("studio", "POST", f"{ONE}complete/", at=TUESDAY_TEN),
        Step("studio", "GET", "/api/analytics/provider/", query=A_WEEK, at=OVER),
    ],
    "signing up and in": [
        Step("visitor", "POST", "/api/signup", {"username": "till", "password": PASSWORD}, status=201),
        Step(
            "visitor",
            "POST",
            "/api/token",
            {"username": "till", "password": PASSWORD},
            keep={"refresh": "refresh"},
        ),
        Step("visitor", "POST", "/api/token/refresh", {"refresh": "{refresh}"}, keep={"refresh": "refresh"}),
        Step("visitor", "POST", "/api/token/revoke", {"refresh": "{refresh}"}, status=204),
    ],
    "one's own data": [
        Step("program", "GET", "/api/me/", before=has_password),
        Step("program", "PATCH", "/api/me/", {"name": "Maya O.", "theme": "dark"}),
        Step("program", "PUT", "/api/me/photo/", {"photo": "PHOTO"}),
        Step("program", "DELETE", "/api/me/photo/", status=204),
        Step("program", "GET", "/api/me/standing/"),
        Step("program", "POST", "/api/me/export/", status=202),
        Step("program", "POST", "/api/me/email/", {"email": "maya@example.net", "password": PASSWORD}),
        Step("program", "POST", "/api/me/password/", {"old_password": PASSWORD, "new_password": f"{PASSWORD} too"}),
        Step("program", "GET", "/api/notifications/settings/"),
        Step("program", "PUT", "/api/notifications/settings/", {"level": "important", "reminder_minutes": [60]}),
        Step("program", "PATCH", "/api/notifications/settings/", {"reminder_minutes": [1440, 60]}),
        Step("program", "GET", "/api/customer/delete/"),
        Step("program", "POST", "/api/customer/delete/", {"password": f"{PASSWORD} too"}, status=202),
    ],
    "leaving by another verb": [
        Step("program", "DELETE", "/api/customer/delete/", {"password": PASSWORD}, status=202, before=has_password),
    ],
    "waiting": [
        look("start"),
        Step("program", "POST", WAITLIST, WAIT, status=201, keep={"id": "id"}),
        Step("program", "GET", WAITLIST),
        Step("program", "GET", f"{WAITLIST}<id>/"),
        Step("program", "POST", f"{WAITLIST}<id>/pass/", before=is_offered_a_time),
        Step("program", "POST", f"{WAITLIST}<id>/claim/", before=is_offered_a_time),
        Step("program", "POST", WAITLIST, WAIT, status=201, keep={"id": "id"}),
        Step("program", "DELETE", f"{WAITLIST}<id>/", status=204),
    ],
    "own events": [
        Step("program", "POST", "/api/events/", DENTIST, status=201, keep={"id": "id"}),
        Step("program", "GET", "/api/events/", query={"from": TUESDAY, "to": "2026-03-10"}),
        Step("program", "GET", "/api/events/<id>/"),
        Step("program", "PUT", "/api/events/<id>/", {**DENTIST, "title": "Hygienist"}),
        Step("program", "PATCH", "/api/events/<id>/", {"location": "Camden"}),
        Step("program", "PATCH", "/api/events/<id>/", {"repeat": {"every": "weekly", "count": 4}}),
        Step("program", "DELETE", "/api/events/<id>/", status=204),
    ],
    "keys": [
        Step(
            "program",
            "POST",
            "/api/me/keys/",
            {"name": "Clinic website", "scopes": ["appointments:read"]},
            status=201,
            keep={"id": "id"},
        ),
        Step("program", "GET", "/api/me/keys/"),
        Step("program", "DELETE", "/api/me/keys/<id>/", status=204),
    ],
}
STEPS = [step for story in STORIES.values() for step in story]


def test_every_route_has_a_step_and_every_step_its_route():
    routes = {(route.verb, route.path) for route in ROUTES}
    steps = {(step.verb, step.path) for step in STEPS}

    assert (routes - steps, steps - routes) == (set(), set())


@pytest.mark.every_case
@pytest.mark.parametrize("name", STORIES)
def test_every_address_answers_as_its_row_says(name, service, customer):
    people = {"program": customer, "studio": service.provider.user}
    kept = {"provider": service.provider.slug, "service": service.slug, "customer": str(customer.uuid)}
    kept["category"] = service.provider.category.slug

    for step in STORIES[name]:
        with time_machine.travel(step.at, tick=False):
            if step.before:
                step.before(kept)
            caller = program_of(people.get(step.who))
            body = filled(step.query or step.body, kept)
            if body == {"photo": "PHOTO"}:
                answer = send_photo(caller, step)
            else:
                answer = caller.call(step.verb.lower(), path_of(step, kept), body, **step.headers)
        assert answer.status_code == step.status, (step, answer.content)
        told = json.loads(answer.content) if answer.headers.get("Content-Type") == "application/json" else None
        kept |= {key: reduce(inside, where.split("."), told) for key, where in step.keep.items()}
        show(step, body, told)


def test_every_example_in_the_schema_was_an_answer_that_still_fits():
    operations = {told["operationId"]: told for verbs in schema()["paths"].values() for told in verbs.values()}

    assert set(examples()) <= set(operations)
    for name, example in examples().items():
        content = operations[name]["responses"][str(example["status"])]["content"]["application/json"]
        assert content["example"] == example["answer"]
        _validator(json.dumps(content["schema"])).validate(example["answer"])


def program_of(person: User | None) -> Program:
    if person is None:
        return Program()
    person.refresh_from_db()
    return signed_in(person)


def send_photo(program: Program, step: Step) -> HttpResponse:
    """The answer to a file, the only body that is no JSON."""
    picture = BytesIO()
    Image.new("RGB", (300, 300), "teal").save(picture, "PNG")
    picture.seek(0)
    picture.name = "me.png"
    body = encode_multipart(BOUNDARY, {"photo": picture})
    headers = {"Authorization": f"Bearer {program.token}"}
    answer = getattr(program.client, step.verb.lower())(step.path, body, MULTIPART_CONTENT, headers=headers)
    check(step.verb.lower(), step.path, answer)
    return answer


def path_of(step: Step, kept: dict[str, Any]) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: kept[found[1]], step.path)


def inside(told: Any, part: str) -> Any:
    return told[int(part)] if part.isdigit() else told[part]


def filled(value: Any, kept: dict[str, Any]) -> Any:
    """`value` with the kept values in place of their names."""
    if isinstance(value, dict):
        return {key: filled(each, kept) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, kept) for each in value]
    return re.sub(r"{(\w+)}", lambda found: kept[found[1]], value) if isinstance(value, str) else value


def show(step: Step, body: Any, told: Any) -> None:
    """Make the answer of a step the example of its route, where examples are to be written; the first step counts."""
    if not os.environ.get("API_EXAMPLES") or told is None:
        return
    route = next(route for route in ROUTES if (route.verb, route.path) == (step.verb, step.path))
    if route.name not in SHOWN:
        SHOWN[route.name] = {"status": step.status, "answer": shortened(told)}
        if step.body:
            SHOWN[route.name]["body"] = shortened(body)
    EXAMPLES.write_text(json.dumps(dict(sorted(SHOWN.items())), indent=1, ensure_ascii=False) + "\n")


SHOWN: dict[str, Any] = {}


def shortened(value: Any) -> Any:
    """`value` with two rows of each list, without what is secret."""
    if isinstance(value, dict):
        return {
            key: "…" if key in {"access", "refresh", "password", "key", "secret"} else shortened(each)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [shortened(each) for each in value[:2]]
    return value
