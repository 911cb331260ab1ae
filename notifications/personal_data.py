"""What this app keeps about a person; see `accounts.personal_data`."""

from accounts.models import User
from accounts.personal_data import Facts, Rows, Section

from .models import MailPreferences, RefusedAddress, ReminderLead, SentMail, UnsubscribeLink


def kept(user: User) -> Rows:
    """The logged mails to the person and about them, their choices, and whether their address refuses mail."""
    return {
        "mails to them": SentMail.objects.filter(user=user),
        "mails about them": SentMail.objects.filter(about_whom=user),
        "what they chose to be told about": MailPreferences.objects.filter(user=user),
        "when they are reminded": ReminderLead.objects.filter(preferences=user.pk),
        "links that turn mails off": UnsubscribeLink.objects.filter(user=user),
        "addresses that refuse mail": RefusedAddress.objects.filter(user=user),
    }


def sections(user: User) -> list[Section]:
    """The mails to the person, without the job that could make each again."""
    return [Section("emails", "Emails to you", SentMail.objects.filter(user=user).order_by("created_at", "pk"), _mail)]


def _mail(row: SentMail) -> Facts:
    return {
        "kind": row.get_kind_display(),
        "about": row.about,
        "state": row.get_state_display(),
        "reason": row.reason,
        "sent_at": row.sent_at,
    }
