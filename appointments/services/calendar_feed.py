"""Making and turning off the calendar link of a person."""

import secrets

from django.db import transaction

from accounts.models import User
from appointments.models import CalendarFeed
from appointments.states import Shown
from core import clock

TOKEN_BYTES = 32


@transaction.atomic
def make_feed(*, actor: User, shows: Shown) -> str:
    """A new token for the actor's calendar link; one made earlier stops. The token is kept nowhere: it is told once."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    values = {"token_hash": CalendarFeed.hash_of(token), "shows": shows, "created_at": clock.now()}
    CalendarFeed.objects.update_or_create(owner=actor, defaults=values)
    return token


def turn_off_feed(*, actor: User) -> bool:
    """Delete the actor's calendar link. Returns whether there was one."""
    return bool(CalendarFeed.objects.filter(owner=actor).delete()[0])
