"""The addresses by which programs sign up, sign in and out."""

from api.operations import signing_in
from api.routes import ANYBODY, Route
from api.serializers.signing_in import PairOut, RefreshIn, RevokeIn, SignedUpOut, SignInIn, SignUpIn

ROUTES = [
    Route(
        verb="POST",
        path="/api/signup",
        operation=signing_in.sign_up,
        scope=ANYBODY,
        reads=SignUpIn,
        writes=SignedUpOut,
        status=201,
    ),
    Route(
        verb="POST",
        path="/api/token",
        operation=signing_in.sign_in,
        scope=ANYBODY,
        reads=SignInIn,
        writes=PairOut,
        problems=("bad-credentials", "second-step-needed"),
        open_to_banned=True,
    ),
    Route(
        verb="POST",
        path="/api/token/refresh",
        operation=signing_in.refresh,
        scope=ANYBODY,
        reads=RefreshIn,
        writes=PairOut,
        problems=("token-invalid",),
        open_to_banned=True,
    ),
    Route(
        verb="POST",
        path="/api/token/revoke",
        operation=signing_in.revoke,
        scope=ANYBODY,
        reads=RevokeIn,
        status=204,
        problems=("token-invalid",),
        open_to_banned=True,
    ),
]
