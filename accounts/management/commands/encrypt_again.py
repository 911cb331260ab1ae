from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.encrypted_again import encrypt_again
from core.encryption import CannotDecrypt


class Command(BaseCommand):
    help = "Encrypt what is encrypted at rest with the first of ENCRYPTION_KEYS, so that an old key can be taken out."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            number = encrypt_again(sign_of_life=lambda name, done: self.stdout.write(f"{name} … {done}"))
        except CannotDecrypt:
            raise CommandError(
                "None of ENCRYPTION_KEYS opens one of the rows: put the key that made it back."
            ) from None
        self.stdout.write(
            f"{number} rows are encrypted with the newest key. Jobs under way may need the old one for a day."
        )
