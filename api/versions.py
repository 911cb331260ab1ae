"""Versions of the API: dates, in the header `Dayline-Version`. Additions make no new version."""

from django.http import HttpRequest

from api.errors import FieldError, Problem

HEADER = "Dayline-Version"
VERSIONS = ("2026-12-01",)
NEWEST = VERSIONS[-1]
# The headers of every answer that asks for no other version, also of one that was given before anybody looked at it.
HEADERS = {HEADER: NEWEST}


def version_for(request: HttpRequest, *, own: str = "") -> str:
    """The version to answer in: the one asked for, else the key's `own`, else the newest. Raises Problem `invalid`."""
    asked = request.headers.get(HEADER, "")
    if asked and asked not in VERSIONS:
        detail = f"There is no such version. The newest is {NEWEST}."
        raise Problem("invalid", detail, errors=[FieldError(HEADER, "unknown", detail)])
    return asked or own or NEWEST
