"""Rows of what programs read of providers, and of a provider's own studio by API."""

from datetime import timedelta

from tests.access.rows_api import program, to_everybody, to_people
from tests.access.table import Answers, Row


def to_owners(answer: str = "200") -> Answers:
    """What each provider may with their own."""
    return to_people("404", P=answer, P2=answer)


def to_p(answer: str = "200") -> Answers:
    """What P alone may, whose it is."""
    return to_people("404", P=answer)


def nothing_with_providers(world) -> dict[str, str]:
    """No values of an address, once P and P2 have their pages."""
    world.provider  # noqa: B018  - built when it is asked for
    return {}


def of_own(name: str, **terms: object) -> Row:
    """A row of what each provider has."""
    return program(name, **{"args": nothing_with_providers, **terms})


def of_service(world) -> dict[str, str]:
    return {"service": world.service.slug}


def of_override(world) -> dict[str, str]:
    return {"override": world.override.start_on.isoformat()}


def of_customer(world) -> dict[str, str]:
    return {"customer": str(world.appointment.customer.uuid)}


ROWS = [
    program("api_categories", get=to_everybody()),
    program("api_providers", get=to_everybody()),
    program("api_providers_provider", get=to_everybody(), args=lambda world: {"provider": world.provider.slug}),
    program(
        "api_providers_provider_services", get=to_everybody(), args=lambda world: {"provider": world.provider.slug}
    ),
    of_own(
        "api_provider",
        get=to_owners(),
        post=to_people("201", P="409", P2="409"),
        patch=to_owners(),
        data=lambda world: {"name": "P", "trade": "P", "category": world.provider.category.slug, "venues": ["online"]},
    ),
    of_own("api_provider_live", post=to_owners()),
    of_own("api_provider_pause", post=to_owners()),
    of_own(
        "api_provider_services",
        get=to_owners(),
        post=to_owners("201"),
        data=lambda world: {"name": "Massage", "minutes": 50, "price": "60", "currency": "GBP"},
    ),
    program(
        "api_provider_services_service",
        get=to_p(),
        patch=to_p(),
        delete=to_p("204"),
        args=of_service,
    ),
    program("api_provider_services_service_pause", post=to_p(), args=of_service),
    program("api_provider_services_service_resume", post=to_p(), args=of_service),
    of_own("api_provider_hours", get=to_owners(), put=to_owners(), data=lambda world: {"monday": [["09:00", "12:30"]]}),
    of_own(
        "api_provider_overrides",
        get=to_owners(),
        post=to_owners("201"),
        data=lambda world: {"from_date": (world.open_start + timedelta(days=20)).date().isoformat(), "ranges": []},
    ),
    program(
        "api_provider_overrides_override",
        get=to_p(),
        patch=to_p(),
        delete=to_p("204"),
        args=of_override,
    ),
    of_own(
        "api_provider_policy",
        get=to_owners(),
        put=to_owners(),
        patch=to_owners(),
        data=lambda world: {"notice_minutes": 45},
    ),
    of_own("api_provider_customers", get=to_owners()),
    of_own("api_analytics_provider", get=to_owners()),
    *[
        program(f"api_provider_customers_customer_{act}", post=to_p(), args=of_customer)
        for act in ("block", "allow", "lift_limits", "apply_limits")
    ],
    program("api_provider_customers_customer", get=to_p(), args=of_customer),
]

# --- Time off, and Google Calendar ------------------------------------------------------------------------------------


def of_time_off(world) -> dict[str, str]:
    return {"time_off": str(world.time_off.uuid)}


def with_connection(world) -> dict[str, str]:
    """No values of an address, once P has a connection to Google and P2 has none."""
    world.connection  # noqa: B018  - built when it is asked for
    return {}


def far_away(world) -> dict[str, str]:
    day = (world.open_start + timedelta(days=60)).date().isoformat()
    return {"from_date": day, "to_date": day}


ROWS += [
    of_own("api_provider_block_availability", get=to_owners(), post=to_owners("201"), data=far_away),
    program("api_provider_block_availability_time_off", get=to_p(), delete=to_p("204"), args=of_time_off),
    program("api_calendar", get=to_owners(), delete=to_p("204"), args=with_connection),
    program("api_calendar_reconnect", get=to_owners(), post=to_owners(), args=with_connection),
    program("api_calendar_sync", post=to_p("202"), args=with_connection),
]
