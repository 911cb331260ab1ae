"""Forms with a photo, whose bodies are refused unread when they are too large."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts import photos, services
from core.view_contract import takes
from providers.forms import ProfileForm

ROOM_FOR_THE_REST_OF_THE_FORM = 100_000


def limited_upload(too_large: Callable[..., HttpResponse]) -> Callable:
    """Decorates the view of a form with a photo; `too_large` answers a body over the limit, which is not read."""
    return takes(most_bytes=photos.MAX_BYTES + ROOM_FOR_THE_REST_OF_THE_FORM, too_large=too_large)


def save_photo(request: HttpRequest, form: ProfileForm) -> None:
    """Change or remove the photo as the valid form says, or leave it."""
    photo = form.cleaned_data["photo"]
    if "photo" in request.FILES and photo:
        services.change_photo(user=request.user, actor=request.user, upload=photo)  # type: ignore[arg-type]
    elif photo is False:
        services.remove_photo(user=request.user, actor=request.user)  # type: ignore[arg-type]
