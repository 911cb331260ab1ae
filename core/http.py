"""The request with our middleware's attributes, for the type checker; `accounts.http` adds the signed-in user."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class Request(HttpRequest):
    htmx: HtmxDetails
    request_id: str
    has_bad_address: bool
