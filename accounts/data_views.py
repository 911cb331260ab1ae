"""Views of 'Your data': what is kept about the person signed in, and copies of it."""

from http import HTTPStatus
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import copies, personal_data
from accounts.http import SignedInRequest
from accounts.limits import limited
from accounts.models import DataCopy
from core import clock
from core.view_contract import open_to_banned

MOST_COPIES = 5


@open_to_banned
@never_cache
@login_required
@require_safe
def data(request: SignedInRequest) -> HttpResponse:
    """What is kept, in counts, and the copies so far. A query for each kind of row, and one for the copies.

    An open page asks for the copies alone, and is answered with 204 while one is being made.
    """
    now = clock.now()
    found = list(DataCopy.objects.filter(user=request.user)[:MOST_COPIES])
    context = {
        "copies": [(copy, copy.can_be_fetched(now)) for copy in found],
        "is_being_made": any(copy.is_being_made and not copies.has_failed(copy, now) for copy in found),
    }
    if not request.htmx:
        answer = render(request, "accounts/data.html", context | {"counts": personal_data.count_sections(request.user)})
    elif context["is_being_made"]:
        answer = HttpResponse(status=HTTPStatus.NO_CONTENT)
    else:
        announce = "Your copy is ready." if found and found[0].can_be_fetched(now) else "Your copy could not be made."
        answer = render(request, "accounts/_copies.html", context | {"announce": announce})
    patch_vary_headers(answer, ["HX-Request"])
    return answer


@open_to_banned
@never_cache
@login_required
@require_POST
@reauthentication_required
@limited("data_copy")
def ask_for_copy(request: SignedInRequest) -> HttpResponse:
    copies.ask_for_copy(user=request.user)
    messages.success(request, f"Your copy is being made. We mail {request.user.email} when it is ready.")
    return redirect("settings_data")


@open_to_banned
@never_cache
@login_required
@require_safe
@reauthentication_required
def fetch_copy(request: SignedInRequest, copy: UUID) -> HttpResponseBase:
    """The file of a copy, for its person alone; a page that says so once it has ended."""
    found = DataCopy.objects.filter(user=request.user, uuid=copy).first()
    if found is None:
        raise Http404("No copy of theirs")
    try:
        file = copies.open_file(found, now=clock.now())
    except FileNotFoundError:
        return render(request, "accounts/copy_ended.html", {"copy": found}, status=HTTPStatus.GONE)
    name = f"my-data-{found.asked_at:%Y-%m-%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
