"""The page of the keys that a person has made for programs."""

from http import HTTPStatus
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.exceptions import FieldsRefused
from accounts.http import SignedInRequest
from accounts.limits import limited
from api import keys
from api.exceptions import NoKeysAnyMore, TooManyKeys
from api.forms import KeyForm
from api.models import ApiKey
from core import clock


@never_cache
@login_required
@reauthentication_required
@limited("make_key")
@require_http_methods(["GET", "HEAD", "POST"])
def own_keys(request: SignedInRequest) -> HttpResponse:
    """The person's keys, and the form of a new one. A POST makes it and tells its text: this once, for nobody keeps
    it."""
    if request.method != "POST":
        return _page(request, KeyForm())
    form, now = KeyForm(request.POST), clock.now()
    if not form.is_valid():
        return _page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    given = form.cleaned_data
    try:
        made, text = keys.make_key(
            person=request.user,
            name=given["name"],
            scopes=given["scopes"],
            now=now,
            ends_at=now + form.length,
            uuid=given["once"],
        )
    except (FieldsRefused, NoKeysAnyMore, TooManyKeys) as refusal:
        form.add_error(None, str(refusal))
        return _page(request, form, status=refusal.status)
    return _page(request, KeyForm(), made=made, text=text)


@login_required
@require_POST
def end_own_key(request: SignedInRequest, key: UUID) -> HttpResponse:
    """End one of the person's keys. One that has ended already is no other than one that never was."""
    found = keys.keys_of(request.user, now=clock.now()).filter(uuid=key).first()
    if found is None:
        raise Http404
    keys.end_key(key=found)
    messages.success(request, f"The key “{found.name}” has ended. Its next request is refused.")
    return redirect("settings_api")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end_all_own_keys(request: SignedInRequest) -> HttpResponse:
    """End every key of the person, after a page that names them."""
    if request.method != "POST":
        found = list(keys.keys_of(request.user, now=clock.now()))
        return render(request, "api/end_all_keys.html", {"keys": found})
    number = keys.end_all_keys(request.user)
    said = "You had no keys." if not number else "Your key has ended." if number == 1 else "All your keys have ended."
    messages.success(request, said)
    return redirect("settings_api")


def _page(
    request: HttpRequest, form: KeyForm, *, made: ApiKey | None = None, text: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    now = clock.now()
    found = list(keys.keys_of(request.user, now=now))  # type: ignore[arg-type]
    context = {
        "keys": [(key, key.ends_at < now + keys.SOON) for key in found],
        "most": keys.MOST_KEYS,
        "form": form,
        "made": made,
        "text": text,
        "today": now.date(),
    }
    return render(request, "api/keys.html", context, status=status)
