"""What signing out means here."""

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver

from appointments import visitor
from appointments.services import holds


@receiver(user_logged_out, dispatch_uid="appointments.release_kept_time")
def release_kept_time(sender, request, **kwargs) -> None:
    """Whoever signs out leaves: the time kept for this browser, whose name ends with the session, is open again."""
    browser = visitor.known(request) if hasattr(request, "session") else None
    if browser:
        holds.release_kept_time(browser=browser)
