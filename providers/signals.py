"""The receiver of the signal of signing in."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from providers import menu
from providers.models import Provider


@receiver(user_logged_in, dispatch_uid="providers.note_studio")
def note_studio(sender: Any, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Note whether the account menu offers the studio; for a provider who goes live later, a studio page does."""
    if request is not None and hasattr(request, "session"):
        menu.note_studio(request, has_studio=Provider.objects.filter(user=user).exists())
