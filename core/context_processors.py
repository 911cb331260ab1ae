"""Context of every page: the site's name, its support addresses, the theme."""

from django.conf import settings
from django.http import HttpRequest

from core.page_reader import reader_at

THEMES = {"light", "dark"}


def site(request: HttpRequest) -> dict[str, object]:
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SUPPORT_EMAIL": settings.SUPPORT_EMAIL,
        "SUPPORT_PHONE": settings.SUPPORT_PHONE,
        "theme": chosen_theme(request),
    }


def chosen_theme(request: HttpRequest) -> str:
    """The theme by the signed-in person's setting, else by this browser's cookie; empty to follow the device."""
    reader = reader_at(request)
    wanted = reader.theme if reader else request.COOKIES.get("theme", "")
    return wanted if wanted in THEMES else ""
