"""A form with a photo: what is too large is refused before it is read."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from accounts import photos, services
from providers.forms import ProfileForm

ROOM_FOR_THE_REST_OF_THE_FORM = 100_000


def limited_upload(too_large: Callable[..., HttpResponse]) -> Callable:
    """Decorates the outermost view of a form with a photo; `too_large` answers instead of it.

    The usual protection of forms follows once the size is known.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        protected = csrf_protect(view)

        @csrf_exempt
        @wraps(view)
        def check(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if int(request.META.get("CONTENT_LENGTH") or 0) > photos.MAX_BYTES + ROOM_FOR_THE_REST_OF_THE_FORM:
                # Not read, so nothing of what was typed is known.
                return too_large(request, *args, **kwargs)
            return protected(request, *args, **kwargs)

        return check

    return decorate


def save_photo(request: HttpRequest, form: ProfileForm) -> None:
    """What the form, which was valid, says of the photo: a new one, none any more, or nothing."""
    photo = form.cleaned_data["photo"]
    if "photo" in request.FILES and photo:
        services.change_photo(user=request.user, actor=request.user, upload=photo)  # type: ignore[arg-type]
    elif photo is False:
        services.remove_photo(user=request.user, actor=request.user)  # type: ignore[arg-type]
