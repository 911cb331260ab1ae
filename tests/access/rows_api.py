"""Rows of the addresses for programs. A token of somebody banned answers as their browser does."""

from datetime import timedelta

from django.core.cache import cache

from core import clock
from providers.models import Service
from tests.access.table import Answers, Row, everyone, signed_in

WAYS = ("cookie", "bearer", "key")


def program(name: str, **terms: object) -> Row:
    """A row for programs: JSON, by each of the three ways; verbs that it does not name are refused."""
    terms.setdefault("get", refused_to_all())
    return Row(name, sends="json", ways=WAYS, **{"post": refused_to_all(), **terms})  # type: ignore[arg-type]


def refused_to_all() -> Answers:
    return everyone("405", B="405")


def to_everybody(answer: str = "200") -> Answers:
    """What is open to visitors, too; only who is banned is refused."""
    return everyone(answer, B="403")


def to_people(answer: str = "200", **others: str) -> Answers:
    return everyone(answer, **{"V": "401", "B": "403", **others})


def to_sides(answer: str = "200") -> Answers:
    """What only the customer and the provider of an appointment may."""
    return to_people("404", C=answer, P=answer)


def a_booking(world) -> dict[str, str]:
    """A wish of whoever asks for an open start of P."""
    return {
        "provider": world.provider.slug,
        "service": world.service.slug,
        "start": world.open_start.isoformat(),
    }


def act_of(*roles: str, **others: str) -> Answers:
    """An act on an appointment by these roles; staff, who act in admin with what is not their own, are told so."""
    staff = dict.fromkeys(("SV", "S", "SU"), "403")
    return to_people("404", **{**staff, **dict.fromkeys(roles, "200"), **others})


def of_appointment(name: str, **terms: object) -> Row:
    """A row about the confirmed appointment of C with P."""
    return program(f"api_appointments_ref{name}", args=lambda world: {"ref": world.appointment.reference}, **terms)


def of_request(name: str, **terms: object) -> Row:
    """A row about the request of C to P."""
    return program(f"api_appointments_ref{name}", args=lambda world: {"ref": world.request.reference}, **terms)


def of_proposal(name: str, **terms: object) -> Row:
    """A row about the new time that P proposes to C."""
    return program(
        f"api_appointments_ref_proposals_id_{name}",
        args=lambda world: {"ref": world.proposal.appointment.reference, "id": str(world.proposal.uuid)},
        **terms,
    )


APPOINTMENTS = [
    program(
        "api_appointments",
        get=to_people(),
        post=to_people("201", P="409"),
        data=a_booking,
        first=lambda world, role, client: world.confirm(role),
    ),
    program(
        "api_appointments_create",
        post=to_people("201", P="409"),
        data=a_booking,
        first=lambda world, role, client: world.confirm(role),
    ),
    program(
        "api_appointments_check",
        post=to_people(),
        data=a_booking,
        first=lambda world, role, client: world.confirm(role),
    ),
    program(
        "api_appointments_hold",
        post=to_people("201", P="409"),
        # The wish to keep a time names none that is kept.
        delete=to_people("400"),
        data=a_booking,
        first=lambda world, role, client: world.confirm(role),
    ),
    program("api_appointments_history", get=to_people()),
    program("api_appointments_calendar_ics", get=to_people()),
    of_appointment("", get=to_sides(), patch=act_of("C"), data=lambda world: {"note": "Left knee"}),
    of_appointment("_history", get=to_sides()),
    of_appointment("_calendar_ics", get=to_sides()),
    of_request("_accept", post=act_of("P")),
    of_request("_decline", post=act_of("P")),
    of_request("_withdraw", post=act_of("C")),
    of_appointment("_cancel", post=act_of("C", "P")),
    # It has not begun, so that whose act it is learns that it is too soon.
    of_appointment("_complete", post=act_of(P="409")),
    of_appointment("_no_show", post=act_of(P="409")),
    of_appointment("_correct", post=act_of(P="409"), data=lambda world: {"to": "no_show"}),
    of_appointment(
        "_proposals",
        get=to_sides(),
        post=act_of(C="200", P="202"),
        data=lambda world: {"start": world.open_start.isoformat()},
    ),
    program(
        "api_appointments_reschedule",
        post=act_of(C="200", P="202"),
        data=lambda world: {"appointment": world.appointment.reference, "start": world.open_start.isoformat()},
    ),
    of_proposal("accept", post=act_of("C", P="409")),
    of_proposal("decline", post=act_of("C", P="409")),
    of_proposal("withdraw", post=act_of("P", C="409")),
]


def a_series(world) -> dict[str, object]:
    """A wish for two dates of a service of P that repeats."""
    Service.objects.filter(pk=world.by_hand.pk).update(repeats=True)
    return {**a_booking(world), "service": world.by_hand.slug, "repeat": {"every": "weekly", "count": 2}}


SERIES = [
    program(
        name,
        post=to_people(good, P="409" if good == "201" else "200"),
        data=a_series,
        first=lambda world, role, client: world.confirm(role),
    )
    for name, good in (("api_series", "201"), ("api_series_preview", "200"))
] + [
    program("api_series_id", get=to_sides(), args=lambda world: {"id": str(world.series.uuid)}),
    program(
        "api_series_id_cancel",
        post=act_of("C", "P"),
        args=lambda world: {"id": str(world.series.uuid)},
        data=lambda world: {"which": "all"},
    ),
]


def of_place(name: str, **terms: object) -> Row:
    """A row about the place of C on P's waitlist."""
    return program(f"api_waitlist_id{name}", args=lambda world: {"id": str(world.place.uuid)}, **terms)


def a_wish(world) -> dict[str, str]:
    """A wish for days on which P can't be booked yet."""
    day = clock.now().date() + timedelta(days=100)
    service = {"provider": world.provider.slug, "service": world.service.slug}
    return {**service, "from": day.isoformat(), "to": (day + timedelta(days=7)).isoformat()}


WAITLIST = [
    program(
        "api_waitlist",
        get=to_people(),
        post=to_people("201", P="409"),
        data=a_wish,
        first=lambda world, role, client: world.confirm(role),
    ),
    of_place("", get=to_people("404", C="200"), delete=to_people("404", C="204")),
    of_place("_claim", post=to_people("404", C="200")),
    of_place("_pass", post=to_people("404", C="200")),
]


def an_event(world) -> dict[str, str]:
    day = clock.now() + timedelta(days=50)
    return {"title": "Dentist", "start": day.isoformat(), "end": (day + timedelta(hours=1)).isoformat()}


EVENTS = [
    program("api_events", get=to_people(), post=to_people("201"), data=an_event),
    program(
        "api_events_id",
        get=to_people("404", C="200"),
        put=to_people("404", C="200"),
        patch=to_people("404", C="200"),
        # An event to write is nothing to delete by.
        delete=to_people("400"),
        args=lambda world: {"id": str(world.customers_own_event.uuid)},
        data=an_event,
    ),
]

OF_SERVICE = "?provider=petra&service=first-assessment"
ROWS = [
    Row("settings_api", get=signed_in("200"), post=signed_in("422")),
    Row("settings_api_end_all", get=signed_in("200"), post=signed_in("go")),
    Row(
        "settings_api_end",
        args=lambda world: {"key": world.api_key.uuid},
        get=signed_in("405"),
        post=signed_in("404", C="go"),
    ),
    Row("api_docs", get=everyone("200", B="200"), post=everyone("405", B="405")),
    Row("api_docs_short", get=everyone("go"), post=everyone("405", B="405")),
    Row("api_docs_redoc", get=everyone("go"), post=everyone("405", B="405")),
    Row("developers", get=everyone("200", B="200"), post=everyone("405", B="405")),
    Row("developers_problems", get=everyone("200", B="200"), post=everyone("405", B="405")),
    Row(
        "developers_problem",
        get=everyone("200", B="200"),
        post=everyone("405", B="405"),
        args=lambda world: {"name": "slot-taken"},
    ),
    program("api_schema", get=everyone("200", B="200")),
    program(
        "api_nothing_here",
        **{verb: everyone("404", B="404") for verb in ("get", "post", "put", "patch", "delete")},
        args=lambda world: {"rest": "nothing/here"},
    ),
    program("api_welcome", get=to_people()),
    # The person's own data. A key is for no key; a third party's does not exist.
    program("api_me", get=to_people(), patch=to_people(), data=lambda world: {"name": "Somebody"}),
    program("api_me_photo", put=to_people("415"), delete=to_people("204")),
    program(
        "api_me_email",
        post=to_people(),
        data=lambda world: {"email": "new@example.net", "password": "pass"},
        closed_to_keys=True,
    ),
    program(
        "api_me_password",
        post=to_people(),
        data=lambda world: {"old_password": "pass", "new_password": "a much longer one"},
        closed_to_keys=True,
    ),
    program("api_me_standing", get=to_people()),
    program(
        "api_me_export",
        post=to_people("202", B="202"),
        data=lambda world: {"password": "pass"},
        closed_to_keys=True,
    ),
    program("api_notifications_settings", get=to_people(), put=to_people(), patch=to_people()),
    program(
        "api_customer_delete",
        get=to_people(B="200"),
        post=to_people("202", B="202", SV="409", S="409", SU="409"),
        delete=to_people("202", B="202", SV="409", S="409", SU="409"),
        data=lambda world: {"password": "pass"},
        closed_to_keys=True,
    ),
    program(
        "api_me_keys",
        get=to_people(),
        post=to_people("201"),
        data=lambda world: {"name": "Till", "scopes": ["calendar:read"], "password": "pass"},
        closed_to_keys=True,
    ),
    program(
        "api_me_keys_id",
        delete=to_people("404", C="204"),
        args=lambda world: {"id": world.api_key.uuid},
        closed_to_keys=True,
    ),
    # The answers to a name and password that are none; with the right ones, see tests/api/test_signing_in.py.
    program("api_signup", post=to_everybody("400")),
    program(
        "api_token",
        post=everyone("401", B="401"),
        data=lambda world: {"username": "x", "password": "x"},
        first=lambda world, role, client: cache.clear(),  # tries are counted
    ),
    program("api_token_refresh", post=everyone("401", B="401"), data=lambda world: {"refresh": "x"}),
    program("api_token_revoke", post=everyone("401", B="401"), data=lambda world: {"refresh": "x"}),
    program("api_providers_available_slots", get=to_everybody()),
    *APPOINTMENTS,
    *SERIES,
    *WAITLIST,
    *EVENTS,
]
