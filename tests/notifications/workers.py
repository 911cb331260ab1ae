"""Functions that race tests run in processes of their own."""

from django.conf import settings
from django.db import transaction

from accounts.models import User
from appointments.services.reminders import publish_due
from core import clock
from notifications import catalogue, channels, inbox
from notifications.catalogue import Notice
from notifications.models import Kind, SentMail, UnsubscribeLink
from notifications.preferences import turn_off
from notifications.services import send_again, send_mail
from outbox import dispatch

from .conftest import PlainMail


@catalogue.mail("probe.pressed")
def pressed_mail(*, person, number):
    return PlainMail(User.objects.get(pk=person), key=f"pressed-{number}")


def use_server(port):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 60


def send_one(port, user_id):
    use_server(port)
    mail = send_mail(PlainMail(User.objects.get(pk=user_id)))
    return mail.state


def turn_off_by_link(pk):
    turn_off(UnsubscribeLink.objects.select_related("user").get(pk=pk))


def drain(port):
    use_server(port)
    return dispatch.drain(seconds=60)


def press_send_again(keys):
    """Ask for each of these mails once, as staff do who press in their list; whether each will be sent again."""
    return [send_again(mail=SentMail.objects.get(key=key)) for key in keys]


def remind_and_drain(port):
    use_server(port)
    published = publish_due(now=clock.now())
    dispatch.drain(seconds=60)
    return published


@transaction.atomic
def tell_of_standing(reader, number=1):
    facts = {"name": "appointments.late_forgiven", "kind": Kind.STANDING, "facts": {"late": number}}
    channels.tell([Notice(key=str(number), reader=reader, **facts)])


def mark_all_read(reader):
    inbox.mark_all_read(actor=User.objects.get(pk=reader), until=clock.now())
