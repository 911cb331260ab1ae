"""Receivers of signals of other apps."""

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver

from appointments import visitor
from appointments.services import kept_times


@receiver(user_logged_out, dispatch_uid="appointments.release_kept_time")
def release_kept_time(sender, request, **kwargs) -> None:
    """Release the time kept for the browser that signs out, because its name ends with the session."""
    browser = visitor.known(request) if hasattr(request, "session") else None
    if browser:
        kept_times.release_kept_time(browser=browser)
