"""What this app keeps about a person; see `accounts.personal_data`."""

from accounts.models import User
from accounts.personal_data import Facts, Rows, Section, in_batches

from .models import InboxItem, MailPreferences, RefusedAddress, ReminderLead, SentMail, TurnedOff, UnsubscribeLink


def kept(user: User) -> Rows:
    """What the person was told, on the site and by mail, mails about them, their choices, and whether their address
    refuses mail."""
    return {
        "things they were told": InboxItem.objects.filter(reader=user),
        "mails to them": SentMail.objects.filter(user=user),
        "mails about them": SentMail.objects.filter(about_whom=user),
        "what they chose to be told about": MailPreferences.objects.filter(user=user),
        "topics they turned off": TurnedOff.objects.filter(preferences=user.pk),
        "when they are reminded": ReminderLead.objects.filter(preferences=user.pk),
        "links that turn mails off": UnsubscribeLink.objects.filter(user=user),
        "addresses that refuse mail": RefusedAddress.objects.filter(user=user),
    }


def sections(user: User) -> list[Section]:
    """What the person chose, what they were told, and the mails to them, without the job that could make each again."""
    chosen = MailPreferences.objects.filter(user=user).prefetch_related("leads", "turned_off")
    told = InboxItem.objects.filter(reader=user).order_by("told_at", "pk")
    refused = RefusedAddress.objects.filter(user=user)
    sent = SentMail.objects.filter(user=user).prefetch_related("mentions").order_by("created_at", "pk")
    return [
        Section("mail_preferences", "Choices about emails", chosen, _choices),
        Section("refused_addresses", "Addresses that refuse our emails", refused, _refusal),
        Section("notifications", "Notifications", told, _item),
        Section("emails", "Emails to you", sent, _mail),
    ]


def erase(user: User) -> None:
    """Delete their inbox, the log of mails to them and their choices; mails to others no longer say about whom they
    were."""
    for ids in in_batches(InboxItem.objects.filter(reader=user)):
        InboxItem.objects.filter(pk__in=ids).delete()
    for ids in in_batches(SentMail.objects.filter(user=user)):
        SentMail.objects.filter(pk__in=ids).delete()
    SentMail.objects.filter(about_whom=user).update(about_whom=None)
    RefusedAddress.objects.filter(user=user).delete()
    UnsubscribeLink.objects.filter(user=user).delete()
    MailPreferences.objects.filter(user=user).delete()


def _choices(row: MailPreferences) -> Facts:
    return {
        "how_much": row.get_much_display(),
        "turned_off": [{"topic": off.get_topic_display(), "channel": off.channel} for off in row.turned_off.all()],
        "reminded_minutes_before": [lead.minutes for lead in row.leads.all()],
        "quiet_from_minute": row.quiet_from,
        "quiet_until_minute": row.quiet_until,
    }


def _refusal(row: RefusedAddress) -> Facts:
    return {"email": row.email, "answer": row.code, "refused_at": row.refused_at}


def _item(row: InboxItem) -> Facts:
    return {"kind": row.get_kind_display(), "about": row.about, "told_at": row.told_at, "read_at": row.read_at}


def _mail(row: SentMail) -> Facts:
    return {
        "kind": row.get_kind_display(),
        "about": row.about or [mention.about for mention in row.mentions.all()],
        "state": row.get_state_display(),
        "reason": row.reason,
        "sent_at": row.sent_at,
    }
