"""Rows of the addresses for programs. A token of somebody banned answers as their browser does."""

from tests.access.table import Answers, Row, everyone

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


OF_SERVICE = "?provider=petra&service=first-assessment"
ROWS = [
    Row("api_docs", get=everyone("200", B="200"), post=everyone("405", B="405")),
    Row("api_docs_short", get=everyone("go"), post=everyone("405", B="405")),
    Row("api_docs_redoc", get=everyone("go"), post=everyone("405", B="405")),
    program("api_schema", get=everyone("200", B="200")),
    program(
        "api_nothing_here",
        **{verb: everyone("404", B="404") for verb in ("get", "post", "put", "patch", "delete")},
        args=lambda world: {"rest": "nothing/here"},
    ),
    program("api_welcome", get=to_people()),
    program("api_providers_available_slots", get=to_everybody()),
    *[
        program(
            name,
            post=to_people("201", P="409"),
            data=a_booking,
            first=lambda world, role, client: world.confirm(role),
        )
        for name in ("api_appointments", "api_appointments_create")
    ],
    program("api_appointments_ref", get=to_sides(), args=lambda world: {"ref": world.appointment.reference}),
]
