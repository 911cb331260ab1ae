"""Rows of becoming a provider, and of the studio's pages of services, hours and profile."""

from tests.access.table import Answers, Row, refused, signed_in


def studio(answer: str = "200") -> Answers:
    """The answers of a page that each provider has for themselves: `answer`, or 404 for other accounts."""
    return signed_in("404", P=answer, P2=answer)


def own(answer: str = "200") -> Answers:
    """The answers of a page of something that belongs to P."""
    return signed_in("404", P=answer)


def has_page(world):
    world.provider  # noqa: B018  - built when it is asked for
    return {}


def service(world):
    return {"slug": world.service.slug}


def dates(world):
    return {"day": world.override.start_on}


ROWS = [
    Row("become_provider", get=signed_in("go"), args=has_page),
    Row(
        "become_provider_step",
        get=signed_in("200", P="go", P2="go"),
        post=signed_in("422", P="go", P2="go"),
        args=lambda world: has_page(world) or {"step": "about"},
    ),
    Row("studio_services", get=studio(), args=has_page),
    Row("studio_service_new", get=studio(), post=studio("422"), args=has_page),
    Row("studio_service_example", get=signed_in("go", P="200", P2="200"), args=has_page),
    Row("studio_service", get=own(), post=own("422"), args=service),
    Row("studio_service_move", get=refused(), post=own("go"), args=service),
    Row("studio_service_pause", get=refused(), post=own("go"), args=service),
    Row("studio_service_resume", get=refused(), post=own("go"), args=service),
    Row("studio_service_delete", get=own(), post=own("go"), args=service),
    Row("studio_hours", get=studio(), post=studio("422"), args=has_page),
    Row("studio_overrides", get=studio(), args=has_page),
    Row("studio_override_new", get=studio(), post=studio("422"), args=has_page),
    Row("studio_override", get=own(), post=own("422"), args=dates),
    Row("studio_override_remove", get=own(), post=own("go"), args=dates),
    Row("studio_policies", get=studio(), post=studio("422"), args=has_page),
    Row("studio_profile", get=studio(), post=studio("422"), args=has_page),
    Row("studio_page_pause", get=studio(), post=studio("go"), args=has_page),
    Row("studio_page_resume", get=refused(), post=studio("go"), args=has_page),
]
