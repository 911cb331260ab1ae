"""The addresses of the person who asks."""

from api.models import ApiKey, Scope
from api.operations import keys, people
from api.routes import NO_KEY, Route
from api.serializers.keys import KeyIn, KeyOut, KeyParams, KeysParams, NewKeyOut
from api.serializers.people import WelcomeOut


def _id(made: tuple[ApiKey, str]) -> str:
    return str(made[0].uuid)


KEYS = [
    Route(
        verb="GET",
        path="/api/me/keys/",
        operation=keys.list_keys,
        scope=NO_KEY,
        params=KeysParams,
        writes=KeyOut,
        pages=True,
    ),
    Route(
        verb="POST",
        path="/api/me/keys/",
        operation=keys.make_key,
        scope=NO_KEY,
        reads=KeyIn,
        params=KeyParams,
        writes=NewKeyOut,
        status=201,
        made=_id,
        again=keys.made_before,
        limit="make_key",
        problems=("policy-refused", "not-allowed", "not-found", "time-without-offset"),
    ),
    Route(
        verb="DELETE",
        path="/api/me/keys/<id>/",
        operation=keys.end_key,
        scope=NO_KEY,
        status=204,
    ),
]
ROUTES = [
    Route(
        verb="GET",
        path="/api/welcome",
        operation=people.welcome,
        scope=Scope.PROFILE_READ,
        writes=WelcomeOut,
    ),
    *KEYS,
]
