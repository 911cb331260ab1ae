"""The identity of a browser for which a time is kept: a random name in its session, stored only as a hash."""

import secrets
from hashlib import sha256

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.client_ip import network
from appointments.services.availability import Mine

KEY = "browser"


def known(request: HttpRequest) -> str | None:
    """The hash of this browser's name; None if it has none."""
    name = request.session.get(KEY)
    return sha256(name.encode()).hexdigest() if name else None


def ensured(request: HttpRequest) -> str:
    """The hash of this browser's name, which is made now if it has none."""
    if KEY not in request.session:
        request.session[KEY] = secrets.token_urlsafe(24)
    name: str = request.session[KEY]
    return sha256(name.encode()).hexdigest()


def mine(request: HttpRequest) -> Mine:
    """The holder of times that this browser and the account signed in with it keep, if any."""
    return Mine(known(request), request.user.pk if request.user.is_authenticated else None)


def address(request: HttpRequest) -> str:
    """The keyed hash of the network from which the request comes."""
    return salted_hmac("appointments.visitor", network(request), algorithm="sha256").hexdigest()
