from argparse import ArgumentParser
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts import ban_marks
from accounts.models import Ban, User
from appointments.forms.reasons import REASON_LENGTH
from appointments.pages.staff_standing import standing_lines
from appointments.queries.fair_use import bans_of, cancelled_by, late_cancellations_of
from appointments.queries.no_shows import no_shows_by_provider
from appointments.services import fair_use
from core import clock
from core.exceptions import DomainError
from core.forms import TextField


class Command(BaseCommand):
    """Prints; nothing about the person goes to a log."""

    help = (
        "Explain how a person's late cancellations and no-shows are counted, and lift their suspension with --lift and "
        "--by."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="whose")
        parser.add_argument("--lift", metavar="REASON", help="lift the suspension, for this reason, before explaining")
        parser.add_argument("--by", metavar="EMAIL", help="the member of staff in whose name it is lifted")

    def handle(self, *args: Any, **options: Any) -> None:
        person = self._person_or_kept(options["email"])
        if (options["lift"] is None) != (options["by"] is None):
            raise CommandError("--lift and --by go together.")
        if options["lift"] is not None:
            self._lift(person, actor=_person(options["by"]), reason=options["lift"])
        late = late_cancellations_of(person)
        for line in standing_lines(
            late, cancelled_by(late), bans_of(person), no_shows_by_provider(person), now=clock.now()
        ):
            self.stdout.write(line)

    def _person_or_kept(self, email: str) -> User:
        """The person with the address, or the erased account whose suspension is kept for it."""
        if kept := ban_marks.kept_for(email):
            self.stdout.write("A deleted account had this address. Whoever proves it gets its suspension.")
            return kept.ban.user
        return _person(email)

    def _lift(self, person: User, *, actor: User, reason: str) -> None:
        ban = Ban.objects.filter(user=person, lifted_at=None).first()
        if ban is None:
            self.stdout.write("There is no suspension to lift.")
            return
        try:
            reason = TextField(max_length=REASON_LENGTH).clean(reason)
            lifted = fair_use.lift_ban(ban=ban, actor=actor, reason=reason, on_server=True)
        except ValidationError as error:
            raise CommandError(f"--lift: {' '.join(error.messages)}") from error
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        if lifted:
            LogEntry.objects.log_actions(actor.pk, [ban], CHANGE, change_message=f"lift, on the server: {reason}")
            self.stdout.write(f"Suspension {ban.pk} is lifted.")


def _person(email: str) -> User:
    person = User.objects.filter(email=email.strip().lower()).first()
    if person is None:
        raise CommandError(f"Nobody has an account with the address {email}.")
    return person
