from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from notifications.services import send_test_mail


class Command(BaseCommand):
    """Sends at once, past the queue and the log, so that it tells about the mail server and nothing else."""

    help = "Send a mail to ADDRESS, as all others are sent, and say what the mail server answered."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", help="who gets it")

    def handle(self, *args: Any, **options: Any) -> None:
        address = options["address"]
        try:
            validate_email(address)
        except ValidationError:
            raise CommandError(f"{address} is no email address.") from None
        failure = send_test_mail(address)
        if failure and failure.has_answer:
            raise CommandError(f"The mail server refused it: {failure.reason}.")
        if failure:
            raise CommandError(f"The mail server could not be used: {failure.reason}. EMAIL_URL says which one it is.")
        self.stdout.write(f"The mail server took it for {address}. Whether it arrives, the mailbox tells.")
