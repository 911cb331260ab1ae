"""A provider's private notes about their customers: written, changed and deleted by the provider alone."""

from uuid import UUID

from django.db import transaction

from accounts.models import User
from core import clock
from core.db import retrying
from providers.exceptions import ChangedMeanwhile, ChangeRefused, NoteGone, NoteRefused
from providers.models import CustomerNote, Provider

from .locking import lock_provider

MOST_NOTES = 200


@retrying
@transaction.atomic
def write_note(*, provider: Provider, actor: User, customer: User, text: str, key: UUID) -> CustomerNote:
    """Write a note about the customer. `key` is that of its form: sent twice, it writes one.

    Raises NoteRefused for an empty text and for more than 200 notes about one customer.
    """
    provider = _lock(provider, actor)
    _check(text)
    notes = CustomerNote.objects.filter(provider=provider, customer=customer)
    if written := notes.filter(uuid=key).first():
        return written
    if notes.count() >= MOST_NOTES:
        raise NoteRefused(f"There are {MOST_NOTES} notes about this customer already. Delete one that is not needed.")
    return notes.create(provider=provider, customer=customer, uuid=key, text=text, written_at=clock.now())


@retrying
@transaction.atomic
def change_note(*, note: CustomerNote, actor: User, text: str, version: int) -> CustomerNote:
    """Give the note another text. Raises NoteGone, NoteRefused, and ChangedMeanwhile where it is not the `version` that
    the form showed."""
    _check(text)
    row = _read(note, actor)
    if row.text == text:
        return row
    if row.version != version:
        raise ChangedMeanwhile
    row.text, row.version, row.changed_at = text, row.version + 1, clock.now()
    row.save(update_fields=["text", "version", "changed_at"])
    return row


@retrying
@transaction.atomic
def delete_note(*, note: CustomerNote, actor: User) -> bool:
    """Delete the note. False where it was deleted already."""
    try:
        row = _read(note, actor)
    except NoteGone:
        return False
    row.delete()
    return True


def _lock(provider: Provider, actor: User) -> Provider:
    """The locked provider. Raises ChangeRefused for anybody but the owner: of these, staff change nothing either."""
    if provider.user_id != actor.pk:
        raise ChangeRefused("That is not yours to change.")
    return lock_provider(provider, actor=actor)


def _read(note: CustomerNote, actor: User) -> CustomerNote:
    provider = _lock(note.provider, actor)
    row = CustomerNote.objects.filter(pk=note.pk, provider=provider).first()
    if row is None:
        raise NoteGone
    return row


def _check(text: str) -> None:
    if not text.strip():
        raise NoteRefused("Write the note first.")
    if len(text) > CustomerNote.LONGEST:
        raise NoteRefused(f"Use at most {CustomerNote.LONGEST} characters.")
