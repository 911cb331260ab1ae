"""The addresses of the person who asks."""

from api.models import Scope
from api.operations import people
from api.routes import Route
from api.serializers.people import WelcomeOut

ROUTES = [
    Route(
        verb="GET",
        path="/api/welcome",
        operation=people.welcome,
        scope=Scope.PROFILE_READ,
        writes=WelcomeOut,
    ),
]
