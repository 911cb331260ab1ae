"""The mail to a provider that busy time of a connected calendar has come over appointments."""

from collections.abc import Sequence
from datetime import datetime

from appointments.models import KnownConflict
from appointments.queries.conflicts import known_conflicts
from appointments.rules.conflicts import pair_of_known
from appointments.services.conflicts import NOTICE, undecided_conflicts
from core.letters import Letter
from notifications import catalogue
from notifications.catalogue import Mail, Reader
from notifications.models import Kind

from .words.conflicts import conflicts as letter_about


class ConflictsMail(Mail):
    """The mail about conflicts, true while one of them waits for a decision. It leaves out what does no longer."""

    kind = Kind.CALENDAR

    def __init__(self, rows: Sequence[KnownConflict], *, key: str) -> None:
        self.rows, self.told = rows, rows
        self.provider = rows[0].appointment.provider
        self.key = key
        self.reader = Reader.of(self.provider.user)
        self.matters_at = min(row.start for row in rows)
        self._tell(rows)

    def _tell(self, rows: Sequence[KnownConflict]) -> None:
        self.told = rows
        references = tuple(dict.fromkeys(row.appointment.reference for row in rows))
        self.about, self.mentions = (references[0], ()) if len(references) == 1 else ("", references)

    def stale_because(self, now: datetime) -> str:
        if not self.provider.user.takes_part:
            return "the person takes no part any more"
        undecided = {over.pair for each in undecided_conflicts(self.provider, now=now) for over in each.over}
        true = [row for row in self.rows if pair_of_known(row) in undecided and row.kept_at is None]
        self._tell(true or self.rows)
        return "" if true else "they are decided, or the times are others"

    def letter(self) -> Letter:
        return letter_about(self.told)


@catalogue.mail(NOTICE)
def conflicts_mail(*, conflicts: list[int], known_at: str) -> Mail | None:
    """The mail about conflicts that became known at that moment, or None where none of them is left.

    One that was told of again, at other times, has a mail of its own.
    """
    found = [row for row in known_conflicts(conflicts) if row.known_at == datetime.fromisoformat(known_at)]
    return ConflictsMail(found, key=f"appointment-conflicts:{conflicts[0]}:{known_at}") if found else None
