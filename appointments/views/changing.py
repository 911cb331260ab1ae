"""The customer's and the studio's addresses that change an appointment's time, or keep it; a link's are in `link`."""

from functools import partial

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.limits import limited
from providers.access import provider_required
from providers.models import Provider

from .answering import answer_time, withdraw_time
from .coming import ask_whether_they_come
from .doors import customers_door, providers_door
from .new_time import choose_time
from .offered import take_one


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@limited("change_time")
def reschedule(request: HttpRequest, reference: str) -> HttpResponse:
    """Choose another time for one's own appointment."""
    return choose_time(request, partial(customers_door, request, reference))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, reference: str) -> HttpResponse:
    """Answer the provider's proposal of another time."""
    return answer_time(request, partial(customers_door, request, reference))


@never_cache
@login_required
@require_POST
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    """Take back one's own proposal of another time."""
    return withdraw_time(request, partial(customers_door, request, reference))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@limited("book")
def offered(request: HttpRequest, reference: str) -> HttpResponse:
    """Take one of the times that are offered instead of one's own appointment."""
    return take_one(request, partial(customers_door, request, reference))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def come(request: HttpRequest, reference: str) -> HttpResponse:
    """Say that one will come to one's own appointment."""
    return ask_whether_they_come(request, partial(customers_door, request, reference))


@require_http_methods(["GET", "HEAD", "POST"])
@limited("change_time")
@provider_required
def studio_reschedule(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """Propose another time to the customer."""
    return choose_time(request, partial(providers_door, request, provider, reference))


@require_http_methods(["GET", "HEAD", "POST"])
@provider_required
def studio_answer(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """Answer the customer's proposal of another time."""
    return answer_time(request, partial(providers_door, request, provider, reference))


@require_POST
@provider_required
def studio_withdraw(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """Take back the provider's own proposal of another time."""
    return withdraw_time(request, partial(providers_door, request, provider, reference))
