"""The type of a request in a view that requires sign-in."""

from accounts.models import User
from core.http import Request


class SignedInRequest(Request):
    user: User
