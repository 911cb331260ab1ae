"""What is noted once at sign-in, so that pages need not ask again."""

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver


@receiver(user_logged_in, dispatch_uid="core.note_studio")
def note_studio(sender, request, user, **kwargs) -> None:
    """Whether the account menu offers the studio. Goes live later: the first studio page notes it too."""
    if request is not None and hasattr(request, "session"):
        request.session["has_studio"] = hasattr(user, "provider")
