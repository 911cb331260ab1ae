"""The request of a view that only a signed-in person reaches."""

from accounts.models import User
from core.http import Request


class SignedInRequest(Request):
    user: User
