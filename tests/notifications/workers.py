"""What the race tests run in processes of their own."""

from django.conf import settings

from accounts.models import User
from notifications.services import send_mail
from outbox import dispatch

from .conftest import letter


def use_server(port):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 60


def send_one(port, user_id):
    use_server(port)
    mail = send_mail(
        to_user=User.objects.get(pk=user_id),
        kind="confirmed",
        key="one",
        subject="Confirmed: Thu 12 March, 14:20",
        template="emails/base",
        context={"letter": letter()},
    )
    return mail.state


def drain(port):
    use_server(port)
    return dispatch.drain(seconds=60)
