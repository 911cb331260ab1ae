"""What every page knows: the name of the place, whom to write to, the theme, and whether this person has a studio."""

from django.conf import settings

THEMES = {"light", "dark"}


def site(request) -> dict[str, object]:
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SUPPORT_EMAIL": settings.SUPPORT_EMAIL,
        "SUPPORT_PHONE": settings.SUPPORT_PHONE,
        "theme": chosen_theme(request),
        "has_studio": bool(getattr(request, "session", None) and request.session.get("has_studio")),
    }


def chosen_theme(request) -> str:
    """The signed-in person's own setting, else the cookie of this browser; empty means as the device says."""
    user = getattr(request, "user", None)
    wanted = user.theme if user is not None and user.is_authenticated else request.COOKIES.get("theme", "")
    return wanted if wanted in THEMES else ""
