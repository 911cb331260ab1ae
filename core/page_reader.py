"""The person a page is drawn for, and the zone and clock its times are written in.

Their settings belong to a higher app, which answers `settings_of`.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from core.hooks import Question


@dataclass(frozen=True)
class Reader:
    """A signed-in person's settings for reading pages. `public_id` names their account where a row number must not."""

    public_id: str
    time_zone: str
    uses_12h_clock: bool
    theme: str


settings_of = Question[[Any], Reader]("How does the person with this account read pages?")


def reader_with(account: AbstractBaseUser) -> Reader:
    """The settings of the person with this account. Raises LookupError where no app answers for accounts."""
    reader = settings_of.first(account)
    if reader is None:
        raise LookupError("No app says how the owner of an account reads pages.")
    return reader


def reader_at(request: HttpRequest | None) -> Reader | None:
    """The settings of the person signed in, None for a visitor."""
    account = _signed_in(request)
    return reader_with(account) if account is not None else None


def account_of(context) -> AbstractBaseUser | None:
    """The account of the person that a template is drawn for, None for a visitor and where there is no request."""
    return _signed_in(getattr(context, "request", None) or context.get("request"))


def _signed_in(request: HttpRequest | None) -> AbstractBaseUser | None:
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def zone_for(context, zone=None):
    """The zone of a tag: its own argument, else `zone` in the context, else the signed-in user's, else the site's."""
    if zone:
        return zone
    if named := context.get("zone"):
        return named
    account = account_of(context)
    return reader_with(account).time_zone if account is not None else settings.TIME_ZONE


def uses_12h_clock(context) -> bool:
    """Whether times are written with am and pm: `twelve_hour` in the context, else the signed-in user's setting."""
    if "twelve_hour" in context:
        return bool(context["twelve_hour"])
    account = account_of(context)
    return account is not None and reader_with(account).uses_12h_clock
